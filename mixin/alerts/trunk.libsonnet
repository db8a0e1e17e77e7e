{
  prometheusAlerts+:: {
    groups+: [
      {
        name: 'siptrunk-trunk-alerts',
        interval: '15s',
        rules: [
          {
            why:: |||
              Three falls in half an hour. It silences SipTrunkDown of the same trunk, so it must
              end when the trunk stays down.
            |||,
            alert: 'SipTrunkFlapping',
            expr: |||
              increase(siptrunk_state_changes_total[30m]) - resets(siptrunk_state_changes_total[30m])
              >= on () group_left () siptrunk:threshold:flaps
              unless on (job, instance, trunk) max_over_time(siptrunk_up[10m]) == 0
            |||,
            'for': '30s',
            labels: {
              severity: 'critical',
              component: 'trunk',
            },
            annotations: {
              tag: 'FLAPPING',
              summary: 'A SIP trunk keeps going down and coming back.',
              headline: '{{ $value | printf "%.0f" }} state changes in 30 minutes',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) changed its state {{ $value | printf "%.0f" }} times in the last 30 minutes. Further mails about its being down are held back until it settles. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkFlapping\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkFlapping.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              The partial case has an alert of its own.
            |||,
            alert: 'SipTrunkDegraded',
            expr: |||
              siptrunk_state{state="degraded"} == 1
              unless on (job, instance, trunk) siptrunk_addresses_up < siptrunk_addresses
            |||,
            'for': '5m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'DEGRADED',
              summary: 'A SIP trunk answers, but says that it cannot take calls as it should.',
              headline: 'degraded{{ if printf "siptrunk_inbound_missing{job=%q,instance=%q,trunk=%q} == 1" $labels.job $labels.instance $labels.trunk | query }}, its peer stopped pinging us{{ else }}{{ with printf "topk(1, siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}, answers {{ (first .).Labels.code }}{{ end }}{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) is degraded: {{ if printf "siptrunk_inbound_missing{job=%q,instance=%q,trunk=%q} == 1" $labels.job $labels.instance $labels.trunk | query }}its peer stopped pinging us: it has sent no OPTIONS for longer than expect_inbound allows.{{ else }}it answers with a code that the configuration calls degraded (503 by default).{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkDegraded\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkDegraded.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkPartiallyDown',
            expr: |||
              siptrunk_addresses_up < siptrunk_addresses
              and on (job, instance, trunk) siptrunk_up == 1
            |||,
            'for': '5m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'PARTLY DOWN',
              summary: 'Some addresses of a SIP trunk do not answer.',
              headline: '{{ $value | printf "%.0f" }} address(es) left',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) is up, but only {{ $value | printf "%.0f" }} of its addresses answer{{ with printf "siptrunk_addresses{job=%q,instance=%q,trunk=%q}" $labels.job $labels.instance $labels.trunk | query }} (of {{ . | first | value | printf "%.0f" }}){{ end }}. Silent now:{{ with printf "max by (address) (siptrunk_probe_success{job=%q,instance=%q,trunk=%q}) == 0" $labels.job $labels.instance $labels.trunk | query }}{{ range . }} {{ .Labels.address }}{{ end }}{{ else }} none at this moment{{ end }}. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkPartiallyDown\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkPartiallyDown.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              Never known since the exporter saw it, though it tries. A paused trunk does not.
            |||,
            alert: 'SipTrunkStateUnknown',
            expr: |||
              siptrunk_state{state="unknown"} == 1
              and on (job, instance, trunk) (
                sum by (job, instance, trunk) (increase(siptrunk_probes_total[15m])) > 0
                or sum by (job, instance, trunk) (increase(siptrunk_probe_failures_total[15m])) > 0
              )
            |||,
            'for': '10m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'UNKNOWN',
              summary: 'The state of a SIP trunk has been unknown for ten minutes.',
              headline: 'state unknown{{ with printf "topk(1, siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} ({{ (first .).Labels.reason }}){{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): nobody knows whether it works, most often because its name does not resolve. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkStateUnknown\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkStateUnknown.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              Twice, at least: an increase is extrapolated, and that of a single failure is above 1.
            |||,
            alert: 'SipTrunkDnsFailing',
            expr: |||
              sum without (method, address, transport, reason) (increase(siptrunk_probe_failures_total{reason="dns"}[15m])) > 1.5
            |||,
            'for': '5m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'DNS',
              summary: 'The name of a SIP trunk does not resolve.',
              headline: 'its name does not resolve',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): its name failed to resolve {{ $value | printf "%.0f" }} times in 15 minutes. The last good addresses stay in use, so calls may still work; they stop when those addresses change. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkDnsFailing\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkDnsFailing.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              An address that was not probed an hour ago, on a trunk that was.
            |||,
            alert: 'SipTrunkAddressesChanged',
            expr: |||
              count without (method, address, transport) (
                siptrunk_probes_total
                unless on (job, instance, trunk, address) siptrunk_probes_total offset 1h
              )
              and on (job, instance, trunk) siptrunk_probes_total offset 1h
            |||,
            'for': '2m',
            labels: {
              severity: 'info',
              component: 'trunk',
            },
            annotations: {
              tag: 'ADDRESSES',
              summary: 'DNS gives new addresses for a SIP trunk.',
              headline: '{{ $value | printf "%.0f" }} new address(es)',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) has {{ $value | printf "%.0f" }} address(es) that it did not have an hour ago. Now:{{ with printf "count by (address) (siptrunk_probes_total{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}{{ range . }} {{ .Labels.address }}{{ end }}{{ end }}. Check that firewalls and the SBC know them. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkAddressesChanged\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkAddressesChanged.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              `for` is longer than the window: one late answer has left it by then.
            |||,
            alert: 'SipTrunkLatencyHigh',
            expr: |||
              siptrunk:latency:mean15m > on () group_left () siptrunk:threshold:latency_seconds
              and siptrunk:latency:median15m > on () group_left () (siptrunk:threshold:latency_seconds / 2)
            |||,
            'for': '16m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'SLOW',
              summary: 'A SIP trunk answers slowly.',
              headline: 'answers in {{ $value | humanizeDuration }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) takes {{ $value | humanizeDuration }} to answer {{ $labels.method }} at {{ $labels.address }} ({{ $labels.transport }}), mean of 15 minutes. Calls are set up late, and over UDP every request is sent more than once. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkLatencyHigh\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkLatencyHigh.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkLatencyAboveNormal',
            expr: |||
              siptrunk:latency:mean15m
              > on (job, instance, trunk, method, address, transport) group_left () (
                last_over_time(siptrunk:latency:p90_7d[3h])
                * on () group_left () siptrunk:threshold:latency_factor
                + on () group_left () siptrunk:threshold:latency_floor_seconds
              )
              and on (job, instance, trunk, method, address, transport) (
                siptrunk:latency:median15m
                > on (job, instance, trunk, method, address, transport) group_left ()
                last_over_time(siptrunk:latency:p90_7d[3h])
              )
            |||,
            'for': '20m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'SLOWER',
              summary: 'A SIP trunk answers more slowly than in its own last week.',
              headline: 'answers in {{ $value | humanizeDuration }}, slower than its last week',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) takes {{ $value | humanizeDuration }} to answer {{ $labels.method }} at {{ $labels.address }} ({{ $labels.transport }}), mean of 15 minutes{{ with printf "last_over_time(siptrunk:latency:p90_7d{job=%q,instance=%q,trunk=%q,method=%q,address=%q,transport=%q}[3h])" $labels.job $labels.instance $labels.trunk $labels.method $labels.address $labels.transport | query }}; nine tenths of its last week stayed below {{ . | first | value | humanizeDuration }}{{ end }}. Often a new route or a loaded peer. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkLatencyAboveNormal\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkLatencyAboveNormal.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              A slow peer loses nothing, however often it is asked. Not for an outage or a dead
              address, which have been told.
            |||,
            alert: 'SipTrunkPacketLoss',
            expr: |||
              siptrunk:loss:ratio30m > on () group_left () siptrunk:threshold:loss_ratio
              and siptrunk:lost_packets:increase30m >= on () group_left () siptrunk:threshold:loss_packets
              and on (job, instance, trunk) siptrunk_up == 1
              unless on (job, instance, trunk) siptrunk_addresses_up < siptrunk_addresses
              unless on (job, instance, trunk) min_over_time(siptrunk_up[35m]) == 0
            |||,
            'for': '10m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'LOSS',
              summary: 'A SIP trunk is up, but packets to or from it are lost.',
              headline: '{{ $value | humanizePercentage }} of packets lost',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) is up, but of {{ $value | humanizePercentage }} of the requests sent in the last 30 minutes nothing came back. Audio on the same path suffers too. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkPacketLoss\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkPacketLoss.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkErrorCodesRising',
            expr: |||
              siptrunk:errors:ratio15m
              - on (job, instance, trunk) group_left () last_over_time(siptrunk:errors:ratio1d[3h])
              > on () group_left () siptrunk:threshold:error_share_rise
            |||,
            'for': '5m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'ERRORS',
              summary: 'A SIP trunk answers with more errors than on the day before.',
              headline: 'more errors than usual{{ with printf "topk(1, siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}, answers {{ (first .).Labels.code }}{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): the share of 4xx, 5xx and 6xx answers is {{ $value | humanizePercentage }} above that of the last day. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkErrorCodesRising\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkErrorCodesRising.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkRegistrationLost',
            expr: |||
              max without (method, address, transport) (siptrunk_registration_expires_timestamp_seconds) <= time()
            |||,
            'for': '1m',
            labels: {
              severity: 'critical',
              component: 'trunk',
            },
            annotations: {
              tag: 'NOT REGISTERED',
              summary: 'The registration of a SIP trunk is lost.',
              headline: 'not registered{{ if $value }} since {{ ($value | toTime).Format "15:04 MST" }}{{ end }}',
              description: 'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) is not registered{{ if $value }} since {{ ($value | toTime).Format "2006-01-02 15:04 MST" }}{{ end }}. Calls out may work, calls in do not. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkRegistrationLost.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkRegistrationLapsing',
            expr: |||
              max without (method, address, transport) (siptrunk_registration_expires_timestamp_seconds) > time()
              and on (job, instance, trunk)
              max by (job, instance, trunk) (siptrunk_probe_success{method="REGISTER"}) == 0
            |||,
            'for': '1m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'REGISTRATION LAPSING',
              summary: 'The registration of a SIP trunk cannot be refreshed and is about to lapse.',
              headline: 'registration ends {{ ($value | toTime).Format "15:04 MST" }} and is not refreshed',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): refreshing the registration fails; it lapses at {{ ($value | toTime).Format "2006-01-02 15:04 MST" }}, and calls in stop then. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkRegistrationLapsing\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkRegistrationLapsing.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkPeerPingsStopped',
            expr: |||
              time() - siptrunk_inbound_options_last_timestamp_seconds
              > on (job, instance, trunk) group_left () (
                min_over_time(siptrunk:inbound_options:interval_seconds[3d])
                * on () group_left () siptrunk:threshold:inbound_missed
              )
              > on () group_left () siptrunk:threshold:inbound_silence_seconds
            |||,
            'for': '1m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'NO PINGS',
              summary: 'The peer of a SIP trunk no longer pings us.',
              headline: 'no ping from the peer for {{ $value | humanizeDuration }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): the peer used to send OPTIONS and has been silent for {{ $value | humanizeDuration }}. It may have taken us out of service: calls in then fail while calls out still work. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkPeerPingsStopped\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkPeerPingsStopped.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              Three severities of one alert; Alertmanager keeps only the worst. What counts is the
              chain that was verified: peers show more than that, such as a root that an older one
              signed, and nobody misses it when it expires. Where nothing was verified, all that
              the peer shows is told of, but is never critical.
            |||,
            alert: 'SipTrunkCertificateExpiring',
            expr: |||
              min without (method, address, transport) (
                siptrunk_tls_verified_chain_not_after_timestamp_seconds
                or siptrunk_tls_certificate_not_after_timestamp_seconds
              ) - time()
              < on () group_left () siptrunk:threshold:certificate_notice_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'info',
              component: 'trunk',
            },
            annotations: {
              tag: 'CERTIFICATE',
              summary: 'The certificate that the peer of a SIP trunk presents is about to expire.',
              headline: @'the peer''s certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): the earliest certificate in the peer''s chain {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. The trunk breaks when it does; only the peer''s owner can renew it. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkCertificateExpiring\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkCertificateExpiring',
            expr: |||
              min without (method, address, transport) (
                siptrunk_tls_verified_chain_not_after_timestamp_seconds
                or siptrunk_tls_certificate_not_after_timestamp_seconds
              ) - time()
              < on () group_left () siptrunk:threshold:certificate_warning_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'CERTIFICATE',
              summary: 'The certificate that the peer of a SIP trunk presents is about to expire.',
              headline: @'the peer''s certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): the earliest certificate in the peer''s chain {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. The trunk breaks when it does; only the peer''s owner can renew it. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkCertificateExpiring\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkCertificateExpiring',
            expr: |||
              min without (method, address, transport) (siptrunk_tls_verified_chain_not_after_timestamp_seconds) - time()
              < on () group_left () siptrunk:threshold:certificate_critical_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'critical',
              component: 'trunk',
            },
            annotations: {
              tag: 'CERTIFICATE',
              summary: 'The certificate that the peer of a SIP trunk presents is about to expire.',
              headline: @'the peer''s certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): the earliest certificate in the peer''s chain {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. The trunk breaks when it does; only the peer''s owner can renew it. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkCertificateExpiring\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkOwnCertificateExpiring',
            expr: |||
              siptrunk_tls_own_certificate_not_after_timestamp_seconds - time()
              < on () group_left () siptrunk:threshold:certificate_notice_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'info',
              component: 'trunk',
            },
            annotations: {
              tag: 'OWN CERTIFICATE',
              summary: 'A certificate of our own for a SIP trunk is about to expire.',
              headline: 'our certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): our certificate {{ $labels.file }} {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. Peers refuse us when it does. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkOwnCertificateExpiring\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkOwnCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkOwnCertificateExpiring',
            expr: |||
              siptrunk_tls_own_certificate_not_after_timestamp_seconds - time()
              < on () group_left () siptrunk:threshold:certificate_warning_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'OWN CERTIFICATE',
              summary: 'A certificate of our own for a SIP trunk is about to expire.',
              headline: 'our certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): our certificate {{ $labels.file }} {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. Peers refuse us when it does. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkOwnCertificateExpiring\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkOwnCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkOwnCertificateExpiring',
            expr: |||
              siptrunk_tls_own_certificate_not_after_timestamp_seconds - time()
              < on () group_left () siptrunk:threshold:certificate_critical_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'critical',
              component: 'trunk',
            },
            annotations: {
              tag: 'OWN CERTIFICATE',
              summary: 'A certificate of our own for a SIP trunk is about to expire.',
              headline: 'our certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}): our certificate {{ $labels.file }} {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. Peers refuse us when it does. {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkOwnCertificateExpiring\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkOwnCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              Expiry has an alert of its own.
            |||,
            alert: 'SipTrunkOwnCertificateUnfit',
            expr: |||
              siptrunk_tls_own_certificate_usable == 0
              unless ignoring (purpose) (
                siptrunk_tls_own_certificate_not_after_timestamp_seconds < time()
                or siptrunk_exporter_tls_certificate_not_after_timestamp_seconds < time()
              )
            |||,
            'for': '10m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'OWN CERTIFICATE',
              summary: 'Peers will not take a certificate of our own, by what is written in it.',
              headline: 'our certificate {{ $labels.file }} is none for a {{ $labels.purpose }}',
              description: @'{{ with $labels.trunk }}Trunk {{ . }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}){{ else }}The SIP listener of {{ $labels.instance }}{{ end }}: our certificate {{ $labels.file }} is shown as a {{ $labels.purpose }}, and a peer that looks at it refuses it: for its purpose (public authorities issue none for clients any more), too weak a key or signature, a time that has not come, or a name that is not in it. The page of the trunk and the exporter''s log say which. {{- if $labels.trunk }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }}{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkOwnCertificateUnfit\",job=%q,instance=%q,file=%q})" $labels.job $labels.instance $labels.file | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkOwnCertificateUnfit.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              Two windows each: the long one says that it matters, the short one that it goes on.
              What an alert about the trunk's state has told within the long window is not told
              again, and a few lost probes are no proof: five, or ten, are asked for.
            |||,
            alert: 'SipTrunkErrorBudgetBurnFast',
            expr: |||
              (
                (
                  siptrunk:unavailable:ratio1h > on () group_left () (14.4 * (1 - siptrunk:objective:availability_ratio))
                  and siptrunk:unavailable:ratio5m > on () group_left () (14.4 * (1 - siptrunk:objective:availability_ratio))
                  unless on (job, instance, trunk)
                  max_over_time(ALERTS{alertname=~"SipTrunk(Down.*|Flapping)",alertstate="firing"}[1h])
                  and siptrunk:failed_probes:increase1h >= 5
                )
                or
                (
                  siptrunk:unavailable:ratio6h > on () group_left () (6 * (1 - siptrunk:objective:availability_ratio))
                  and siptrunk:unavailable:ratio30m > on () group_left () (6 * (1 - siptrunk:objective:availability_ratio))
                  unless on (job, instance, trunk)
                  max_over_time(ALERTS{alertname=~"SipTrunk(Down.*|Flapping)",alertstate="firing"}[6h])
                  and siptrunk:failed_probes:increase6h >= 10
                )
              )
              and on (job, instance, trunk) siptrunk_up == 1
            |||,
            'for': '2m',
            labels: {
              severity: 'critical',
              component: 'trunk',
            },
            annotations: {
              tag: 'FAILING OFTEN',
              summary: 'A SIP trunk is not down, but fails often enough to break its objective soon.',
              headline: '{{ $value | humanizePercentage }} of the time without an answer',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) never stayed down long enough to count as down, but gave no answer for {{ $value | humanizePercentage }} of the last hour or hours. At this rate a month''s allowance is gone in a few days. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkErrorBudgetBurnFast\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkErrorBudgetBurnFast.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkErrorBudgetBurnSlow',
            expr: |||
              (
                siptrunk:unavailable:ratio1d > on () group_left () (3 * (1 - siptrunk:objective:availability_ratio))
                and siptrunk:unavailable:ratio2h > on () group_left () (3 * (1 - siptrunk:objective:availability_ratio))
              )
              or
              (
                siptrunk:unavailable:ratio3d > on () group_left () (1 - siptrunk:objective:availability_ratio)
                and siptrunk:unavailable:ratio6h > on () group_left () (1 - siptrunk:objective:availability_ratio)
              )
            |||,
            'for': '15m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'OBJECTIVE',
              summary: 'A SIP trunk is on the way to miss its availability objective.',
              headline: '{{ $value | humanizePercentage }} of the last days without an answer',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) gave no answer for {{ $value | humanizePercentage }} of the last day or days, outages already reported included. Nothing has to be done at once. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkErrorBudgetBurnSlow\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkErrorBudgetBurnSlow.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
        ],
      },
    ],
  },
}
