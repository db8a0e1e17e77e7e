// Alerts about trunks. What is wrong is decided in siptrunk:problem; here stands how long it
// has to last, and what is said of it.
local certificate(text, label) =
  '{{ if match "^-" $labels.%s }}has expired{{ else }}expires in {{ $labels.%s | humanizeDuration }}{{ end }}' % [label, label];

{
  prometheusAlerts+:: {
    local alert = (import '../lib/alert.libsonnet')($._config),
    local text = (import '../lib/text.libsonnet')($._config),
    local percent = '{{ $labels.measure | humanizePercentage }}',
    local duration = '{{ $labels.measure | humanizeDuration }}',
    // One figure a trunk: more would fail what is joined with it, for all trunks, and there are
    // two in a window in which its labels were changed.
    local figure(name, expr) = 'count_values without () ("%s", max by (job, instance, trunk) (%s))' % [name, expr],
    local measure(expr) = figure('measure', expr),
    // The worst of a trunk's addresses and checks, which are told by name.
    local slowest = |||
      count_values without () (
        "measure",
        topk by (job, instance, trunk) (
          1,
          siptrunk:latency:mean15m and on (job, instance, trunk) siptrunk:problem{problem="%s"}
        )
      )
    |||,
    local slow = { more_labels: ['measure', 'method', 'address', 'transport'] },
    local where = '{{ $labels.method }} at {{ $labels.address }} ({{ $labels.transport }})',

    local state = [
      alert.on_trunk({
        alert: 'SipTrunkFlapping',
        problem: 'flapping',
        severity: 'critical',
        wait_s: 30,
        tag: 'FLAPPING',
        summary: 'A SIP trunk keeps going down and coming back.',
        more: measure('floor(siptrunk:flaps:count)'),
        more_labels: ['measure'],
        cause: '{{ $labels.measure }} state changes in 30 minutes',
        description: ' changed its state {{ $labels.measure }} times in the last 30 minutes. Further mails about its being down are held back until it settles.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkDegraded',
        problem: 'degraded',
        severity: 'warning',
        wait_s: 300,
        tag: 'DEGRADED',
        summary: 'A SIP trunk answers, but says that it cannot take calls as it should.',
        more: |||
          label_replace(group by (job, instance, trunk) (siptrunk_inbound_missing == 1), "silent", "yes", "", "")
          or on (job, instance, trunk)
          count_values without () (
            "of",
            max by (job, instance, trunk) (siptrunk_addresses > 1) and on (job, instance, trunk) siptrunk:problem{problem="degraded"}
          )
          * on (job, instance, trunk) group_left (with)
          count_values by (job, instance, trunk) (
            "with",
            count by (job, instance, trunk) (
              count by (job, instance, trunk, address) (
                (increase(siptrunk_probe_responses_total[5m]) > 0)
                * on (job, instance, trunk, code) group_left () siptrunk:why
              )
            )
          )
        |||,
        more_labels: ['silent', 'of', 'with'],
        cause: '{{ if $labels.silent }}degraded, its peer stopped pinging us{{ else if match "^2" $labels.code }}degraded, its calls are not well{{ else }}degraded{{ with $labels.code }}, answers {{ . }}{{ end }}{{ if $labels.of }} at {{ $labels.with }} of {{ $labels.of }} addresses{{ end }}{{ end }}',
        description: ' is degraded: {{ if $labels.silent }}its peer stopped pinging us: it has sent no OPTIONS for longer than expect_inbound allows.{{ else if match "^2" $labels.code }}it answers, but of its calls one went through worse than `call.degraded` allows, or was not ended.{{ else }}it answers with {{ with $labels.code }}{{ . }}, {{ end }}a code that the configuration calls degraded (503 by default){{ if $labels.of }}, at {{ $labels.with }} of its {{ $labels.of }} addresses{{ end }}.{{ end }}',
        lately: false,
      }),

      alert.on_trunk({
        why: 'The one query lists addresses, of which there may be many.',
        alert: 'SipTrunkPartiallyDown',
        problem: 'partially_down',
        severity: 'warning',
        wait_s: 300,
        tag: 'PARTLY DOWN',
        summary: 'Some addresses of a SIP trunk do not answer.',
        more: |||
          %s
          * on (job, instance, trunk) group_left (of)
          %s
        ||| % [
          figure('left', 'siptrunk_addresses_up and on (job, instance, trunk) siptrunk:problem{problem="partially_down"}'),
          figure('of', 'siptrunk_addresses and on (job, instance, trunk) siptrunk:problem{problem="partially_down"}'),
        ],
        more_labels: ['left', 'of'],
        cause: '{{ with $labels.left }}{{ . }} of {{ $labels.of }} addresses answer{{ else }}some addresses do not answer{{ end }}',
        description: ' is up, but {{ with $labels.left }}only {{ . }} of its {{ $labels.of }}{{ else }}only some of its{{ end }} addresses answer. Silent now:{{ with printf "max by (address) (siptrunk_probe_success{job=%q,instance=%q,trunk=%q}) == 0" $labels.job $labels.instance $labels.trunk | query }}{{ range . | sortByLabel "address" }} {{ .Labels.address }}{{ end }}{{ else }} none at this moment{{ end }}.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkStateUnknown',
        problem: 'state_unknown',
        severity: 'warning',
        wait_s: 600,
        tag: 'UNKNOWN',
        summary: 'The state of a SIP trunk has been unknown for ten minutes.',
        cause: 'state unknown{{ with $labels.reason }} ({{ . }}){{ end }}',
        description: ': nobody knows whether it works{{ if not $labels.reason }}, most often because its name does not resolve{{ end }}.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkDnsFailing',
        problem: 'dns_failing',
        severity: 'warning',
        wait_s: 300,
        tag: 'DNS',
        summary: 'The name of a SIP trunk does not resolve.',
        more: 'label_replace(group by (job, instance, trunk) (siptrunk_state{state="unknown"} == 1), "never", "yes", "", "")',
        more_labels: ['never'],
        cause: 'its name does not resolve',
        description: ': its name does not resolve. {{ if $labels.never }}There is no address to probe, so nobody knows whether calls work.{{ else }}The last good addresses stay in use, so calls may still work; they stop when those addresses change.{{ end }}',
      }),

      alert.on_trunk({
        alert: 'SipTrunkAddressesChanged',
        problem: 'addresses_changed',
        severity: 'info',
        wait_s: 120,
        tag: 'ADDRESSES',
        summary: 'DNS gives new addresses for a SIP trunk.',
        more: measure('siptrunk:new_addresses:count'),
        more_labels: ['measure'],
        cause: 'new addresses in DNS: {{ $labels.measure }}',
        description: ' has {{ $labels.measure }} address(es) that it did not have an hour ago. Now:{{ with printf "count by (address) (siptrunk_probes_total{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}{{ range . | sortByLabel "address" }} {{ .Labels.address }}{{ end }}{{ end }}. Check that firewalls and the SBC know them.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkPeerChanged',
        problem: 'peer_changed',
        severity: 'info',
        wait_s: 120,
        tag: 'PEER CHANGED',
        summary: 'The peer of a SIP trunk is not what it was an hour ago.',
        more: 'group by (job, instance, trunk, what) (siptrunk:peer_changes:what)',
        more_labels: ['what'],
        cause: 'its peer changed{{ with $labels.what }}: {{ . }}{{ end }}',
        description: ' answers as another than an hour ago{{ with $labels.what }}: {{ . }}{{ end }}. Its page has the old and the new values, and when. An upgrade at the peer, most often; look there first when calls go wrong since.',
        lately: false,
      }),
    ],

    local windows = [
      alert.on_trunk(slow {
        why: 'It waits for longer than the window is: one late answer has left it by then.',
        alert: 'SipTrunkLatencyHigh',
        problem: 'latency_high',
        severity: 'warning',
        wait_s: 960,
        tag: 'SLOW',
        summary: 'A SIP trunk answers slowly.',
        more: slowest % 'latency_high',
        cause: 'answers in ' + duration,
        description: ' takes ' + duration + ' to answer ' + where + ', mean of 15 minutes. Calls are set up late, and over UDP every request is sent more than once.',
      }),

      alert.on_trunk(slow {
        alert: 'SipTrunkLatencyAboveNormal',
        problem: 'latency_above_normal',
        severity: 'warning',
        wait_s: 1200,
        tag: 'SLOWER',
        summary: 'A SIP trunk answers more slowly than in its own last week.',
        more: |||
          %s
          * on (job, instance, trunk, method, address, transport) group_left (normal)
          count_values without () (
            "normal",
            max by (job, instance, trunk, method, address, transport) (last_over_time(siptrunk:latency:p90_7d[3h]))
          )
        ||| % slowest % 'latency_above_normal',
        more_labels: slow.more_labels + ['normal'],
        cause: 'answers in ' + duration + ', slower than its last week',
        description: ' takes ' + duration + ' to answer ' + where + ', mean of 15 minutes{{ with $labels.normal }}; nine tenths of its last week stayed below {{ . | humanizeDuration }}{{ end }}. Often a new route or a loaded peer.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkPacketLoss',
        problem: 'packet_loss',
        severity: 'warning',
        wait_s: 600,
        tag: 'LOSS',
        summary: 'A SIP trunk is up, but packets to or from it are lost.',
        more: measure('siptrunk:loss:ratio30m and on (job, instance, trunk) siptrunk:problem{problem="packet_loss"}'),
        more_labels: ['measure'],
        cause: percent + ' of packets lost',
        description: ' is up, but of ' + percent + ' of the requests sent in the last 30 minutes nothing came back. Audio on the same path suffers too.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkErrorCodesRising',
        problem: 'error_codes_rising',
        severity: 'warning',
        wait_s: 300,
        tag: 'ERRORS',
        summary: 'A SIP trunk answers with more errors than on the day before.',
        more: |||
          %s
          * on (job, instance, trunk) group_left (normal)
          %s
        ||| % [
          measure('siptrunk:errors:ratio15m and on (job, instance, trunk) siptrunk:problem{problem="error_codes_rising"}'),
          figure('normal', 'last_over_time(siptrunk:errors:ratio1d[3h])'),
        ],
        more_labels: ['measure', 'normal'],
        cause: 'more errors than usual{{ with $labels.code }}, answers {{ . }}{{ end }}',
        description: ' answers with more errors than usual{{ with $labels.normal }}: ' + percent + ' of its answers in the last 15 minutes are 4xx, 5xx or 6xx, {{ . | humanizePercentage }} in the last day{{ end }}.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkErrorBudgetBurnFast',
        problem: 'error_budget_burn_fast',
        severity: 'critical',
        wait_s: 120,
        tag: 'FAILING OFTEN',
        summary: 'A SIP trunk is not down, but fails often enough to break its objective soon.',
        more: measure('siptrunk:unavailable:ratio1h and on (job, instance, trunk) siptrunk:problem{problem="error_budget_burn_fast"}'),
        more_labels: ['measure'],
        cause: percent + ' of the last hour without an answer',
        description: ' never stayed down long enough to count as down, but gave no answer for ' + percent + ' of the last hour. At this rate a month\'s allowance is gone in a few days.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkErrorBudgetBurnSlow',
        problem: 'error_budget_burn_slow',
        severity: 'warning',
        wait_s: 900,
        tag: 'OBJECTIVE',
        summary: 'A SIP trunk is on the way to miss its availability objective.',
        more: measure('siptrunk:unavailable:ratio3d and on (job, instance, trunk) siptrunk:problem{problem="error_budget_burn_slow"}'),
        more_labels: ['measure'],
        cause: percent + ' of three days without an answer',
        description: ' gave no answer for ' + percent + ' of the last three days, outages already reported included. Nothing has to be done at once.',
      }),
    ],

    local registration = [
      alert.on_trunk({
        alert: 'SipTrunkRegistrationLost',
        problem: 'registration_lost',
        severity: 'critical',
        wait_s: 60,
        tag: 'NOT REGISTERED',
        summary: 'The registration of a SIP trunk is lost.',
        cause: 'not registered',
        over: 'registered again at ' + text.clock('$labels.ended') + ', it was not for {{ $value | humanizeDuration }}',
        description: ' is not registered. Calls out may work, calls in do not.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkRegistrationLapsing',
        problem: 'registration_lapsing',
        severity: 'warning',
        wait_s: 60,
        tag: 'REGISTRATION LAPSING',
        summary: 'The registration of a SIP trunk cannot be refreshed and is about to lapse.',
        more: measure('siptrunk_registration_expires_timestamp_seconds'),
        more_labels: ['measure'],
        cause: 'registration{{ with $labels.measure }} ends ' + text.clock('.') + ' and{{ end }} is not refreshed',
        description: ': refreshing the registration fails{{ with $labels.measure }}; it lapses at ' + text.at('.') + '{{ end }}, and calls in stop then.',
      }),

      alert.on_trunk({
        alert: 'SipTrunkPeerPingsStopped',
        problem: 'peer_pings_stopped',
        severity: 'warning',
        wait_s: 60,
        tag: 'NO PINGS',
        summary: 'The peer of a SIP trunk no longer pings us.',
        cause: 'no ping from the peer',
        description: ': the peer used to send OPTIONS and is silent. It may have taken us out of service: calls in then fail while calls out still work.',
      }),
    ],

    // Three severities of one alert; Alertmanager keeps only the worst.
    local certificates = std.flattenArrays([
      [
        alert.on_trunk({
          alert: 'SipTrunkCertificateExpiring',
          problem: 'certificate_expiring',
          severity: level.severity,
          wait_s: 600,
          only: level.peers + ' < on () group_left () siptrunk:threshold:certificate_%s_seconds' % level.threshold,
          tag: 'CERTIFICATE',
          summary: 'The certificate that the peer of a SIP trunk presents is about to expire.',
          more: figure('left', 'siptrunk:certificate:left_seconds'),
          more_labels: ['left'],
          since: false,
          cause: "the peer's certificate {{ with $labels.left }}" + certificate(text, 'left') + '{{ else }}expires{{ end }}',
          description: ": the earliest certificate in the peer's chain {{ with $labels.left }}" + certificate(text, 'left') + "{{ else }}expires{{ end }}. An expired one breaks the trunk; only the peer's owner can renew it.",
        }),
        alert.on_trunk({
          alert: 'SipTrunkOwnCertificateExpiring',
          problem: 'own_certificate_expiring',
          severity: level.severity,
          wait_s: 600,
          only: 'siptrunk:own_certificate:left_seconds < on () group_left () siptrunk:threshold:certificate_%s_seconds' % level.threshold,
          tag: 'OWN CERTIFICATE',
          summary: 'A certificate of our own for a SIP trunk is about to expire.',
          more: |||
            count_values without () (
              "left",
              bottomk by (job, instance, trunk) (1, siptrunk_tls_own_certificate_not_after_timestamp_seconds) - time()
            )
          |||,
          more_labels: ['left', 'file'],
          since: false,
          cause: 'our certificate {{ with $labels.left }}' + certificate(text, 'left') + '{{ else }}expires{{ end }}',
          description: ': our certificate {{ $labels.file }} {{ with $labels.left }}' + certificate(text, 'left') + '{{ else }}expires{{ end }}. Peers refuse us with an expired one.',
        }),
      ]
      for level in [
        { severity: 'info', threshold: 'notice', peers: 'siptrunk:certificate:left_seconds' },
        { severity: 'warning', threshold: 'warning', peers: 'siptrunk:certificate:left_seconds' },
        {
          severity: 'critical',
          threshold: 'critical',
          peers: 'siptrunk:verified_certificate:left_seconds',
        },
      ]
    ]) + [
      alert.on_trunk({
        alert: 'SipTrunkOwnCertificateUnfit',
        problem: 'own_certificate_unfit',
        severity: 'warning',
        wait_s: 600,
        tag: 'OWN CERTIFICATE',
        summary: 'Peers will not take a certificate of our own, by what is written in it.',
        more: |||
          topk by (job, instance, trunk) (1, siptrunk_tls_own_certificate_usable{trunk!=""} == 0) + 1
        |||,
        more_labels: ['file', 'purpose'],
        cause: 'peers refuse our certificate {{ $labels.file }} (as a {{ $labels.purpose }})',
        description: ': our certificate {{ $labels.file }} is what we show as a {{ $labels.purpose }}, and a peer that looks at it refuses it: for its purpose (public authorities issue none for clients any more), too weak a key or signature, a time that has not come, or a name that is not in it. The page of the trunk and the exporter\'s log say which.',
      }),
    ],

    groups+: [
      {
        name: 'siptrunk-trunk-alerts',
        why:: |||
          Twice a minute: Prometheus writes an alert's texts anew at every turn, and those of
          10,000 trunks that are down take it ten seconds and more. Outages come first.
        |||,
        interval: '%ds' % $._config.trunkAlertsSeconds,
        rules: (import 'outages.libsonnet')($._config) + (import 'calls.libsonnet')($._config)
               + state + windows + registration + certificates,
      },
    ],
  },
}
