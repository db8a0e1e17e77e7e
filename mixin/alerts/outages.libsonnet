// Alerts about outages: of a trunk, or of the place that sees it.
function(config)
  local alert = (import '../lib/alert.libsonnet')(config);
  local text = (import '../lib/text.libsonnet')(config);
  [
    alert.on_exporter({
      why: |||
        It inhibits all trunk alerts of the instance, and stays until the trunks, one by
        one, are back.
      |||,
      alert: 'SipTrunkLocalFault',
      problem: 'local_fault',
      severity: 'critical',
      wait_s: 15,
      tag: 'LOCAL FAULT',
      summary: 'No SIP trunk answers this exporter; its own network is the first suspect.',
      cause: 'no trunk answers, its own network is the first suspect',
      who: '{{ $labels.instance }}',
      description: 'None of the{{ with printf "count(siptrunk_info{job=%q,instance=%q})" $labels.job $labels.instance | query }} {{ . | first | value | printf "%.0f" }}{{ end }} trunks that {{ $labels.instance }} probes answers. Either this host lost its network, or everything it probes failed at once. Mails about single trunks are held back.{{ with printf "topk(1, sum by (reason) (siptrunk:failures:increase5m{job=%q,instance=%q}))" $labels.job $labels.instance | query }} Most probes fail with: {{ (first .).Labels.reason }}.{{ end }}',
    }),

    alert.on_exporter({
      why: 'It inhibits what is said of single names.',
      alert: 'SipTrunkLocalDnsFault',
      problem: 'local_dns_fault',
      severity: 'warning',
      wait_s: 240,
      tag: 'LOCAL DNS',
      summary: 'The names of many SIP trunks do not resolve; this exporter\'s own DNS is the first suspect.',
      cause: 'names do not resolve, its own DNS is the first suspect',
      who: '{{ $labels.instance }}',
      description: 'The names of {{ $value | printf "%.0f" }} trunks{{ with printf "siptrunk:names:count{job=%q,instance=%q}" $labels.job $labels.instance | query }}, of {{ . | first | value | printf "%.0f" }} that have one,{{ end }} do not resolve at {{ $labels.instance }}: its own DNS is the first suspect. The last good addresses stay in use. Mails about single names are held back.',
    }),

    alert.on_trunk({
      why: |||
        Its value is the time since when it is down, as in all alerts about a trunk.
      |||,
      alert: 'SipTrunkDown',
      problem: 'down',
      severity: 'critical',
      wait_s: 30,
      more: |||
        count_values without () ("last", max by (job, instance, trunk) (siptrunk:down:last_success_timestamp_seconds > 0))
      |||,
      more_labels: ['last'],
      quotes: ['check', 'expired'],
      tag: 'DOWN',
      summary: 'A SIP trunk is down.',
      cause: text.why,
      since: false,
      since_told: true,
      todo: text.todo,
      headline: text.why + ', down since ' + text.at('$value'),
      over: text.answers_again,
      description: ' is down since ' + text.exactly('$value') + '.'
                   + '{{ with $labels.check }} Of its checks {{ . }} fails.{{ end }}'
                   + ' {{ with $labels.last }}Last success: ' + text.exactly('.') + '.{{ else }}It has not answered since the exporter started.{{ end }}'
                   + '{{ if eq $labels.reason "tls" }}{{ with $labels.expired }} The certificate that its peer presents expired at ' + text.at('.') + '.{{ end }}{{ end }}',
    }),

    alert.on_trunk({
      why: 'Another exporter gets answers from the same trunk: the path or this exporter\'s site.',
      alert: 'SipTrunkDownFromSomeVantages',
      problem: 'down_from_some_vantages',
      severity: 'warning',
      wait_s: 120,
      tag: 'DOWN FROM HERE',
      summary: 'A SIP trunk is down from one vantage point and up from another.',
      cause: 'down from {{ $labels.instance }}, up from elsewhere',
      over: text.answers_again,
      description: ' is down from there while another vantage point sees it up{{ with printf "siptrunk:up:by_uri{trunk=%q} == 1" $labels.trunk | query }} ({{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.instance }}{{ end }}){{ end }}. The trunk itself works; look at the path between.',
    }),
  ]
