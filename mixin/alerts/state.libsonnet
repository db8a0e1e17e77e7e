// Recording rules and the alerts that must not wait for another group's turn.
{
  prometheusAlerts+:: {
    groups+: [
      {
        name: 'siptrunk-state',
        interval: '15s',
        why:: @'Recording rules and the alerts that must not wait for another group''s turn.',
        rules: [
          {
            why:: |||
              Down, or last known as down while nothing newer is known: an exporter that restarts
              or is gone for a moment does not make a dead trunk look recovered. A trunk taken out
              of the configuration is gone at once.
            |||,
            record: 'siptrunk:down',
            expr: |||
              siptrunk_up == 0
              or (
                last_over_time(siptrunk_up[10m]) == 0
                and on (job, instance, trunk) siptrunk_state{state="unknown"} == 1
              )
              or (
                last_over_time(siptrunk_up[10m]) == 0
                unless on (job, instance) siptrunk_exporter_build_info
              )
            |||,
          },
          {
            record: 'siptrunk:last_success:timestamp_seconds',
            expr: |||
              max without (method, address, transport) (
                max_over_time(siptrunk_probe_last_success_timestamp_seconds[10m])
              )
            |||,
          },
          {
            why:: |||
              … as it was when the trunk fell, kept while it is down: the first success on the way
              back must not become the time since when the mail says that nothing answered.
            |||,
            record: 'siptrunk:down:last_success_timestamp_seconds',
            expr: |||
              siptrunk:down:last_success_timestamp_seconds
              and on (job, instance, trunk) siptrunk:down
              or
              siptrunk:last_success:timestamp_seconds
              and on (job, instance, trunk) siptrunk:down
            |||,
          },
          {
            why:: |||
              What the descriptions quote; kept only where something happened.
            |||,
            record: 'siptrunk:failures:increase5m',
            expr: 'sum without (method, address, transport) (increase(siptrunk_probe_failures_total[5m])) > 0',
          },
          {
            record: 'siptrunk:responses:increase5m',
            expr: 'sum without (method, address, transport) (increase(siptrunk_probe_responses_total[5m])) > 0',
          },
          {
            why:: |||
              Vantage points: the same name and URI seen by several exporters.
            |||,
            record: 'siptrunk:up:by_uri',
            expr: 'siptrunk_up * on (job, instance, trunk) group_left (uri) siptrunk_info',
          },
          {
            record: 'siptrunk:down_only_here',
            expr: |||
              siptrunk:up:by_uri == 0
              and on (trunk, uri) siptrunk:up:by_uri == 1
            |||,
          },
          {
            record: 'siptrunk:down_everywhere',
            expr: |||
              siptrunk:up:by_uri == 0
              and on (trunk, uri) count by (trunk, uri) (siptrunk:up:by_uri) > 1
              unless on (trunk, uri) siptrunk:up:by_uri == 1
            |||,
          },
          {
            why:: |||
              A local fault: no probe of this exporter succeeds, at least two of its trunks on at
              least two hosts fell within ten minutes of each other, and no other vantage point
              confirms that all of them are dead. The raw results are read, as they are ahead of
              the damped states: this alert has to stand before those that it inhibits.
            |||,
            record: 'siptrunk:fell_together:count',
            expr: |||
              count by (job, instance) (
                siptrunk:last_success:timestamp_seconds
                > on (job, instance) group_left ()
                (max by (job, instance) (siptrunk:last_success:timestamp_seconds) - 600)
              )
              or
              (
                count by (job, instance) (siptrunk:down)
                unless on (job, instance) siptrunk:last_success:timestamp_seconds
              )
            |||,
          },
          {
            record: 'siptrunk:local_fault',
            expr: |||
              count by (job, instance) (siptrunk:down)
              and siptrunk:fell_together:count >= 2
              unless max by (job, instance) (siptrunk_probe_success) == 1
              unless
              count by (job, instance) (
                count by (job, instance, host) (
                  label_replace(siptrunk_probe_success, "host", "$1", "address", "(.*):[0-9]+")
                )
              ) == 1
              unless
              count by (job, instance) (siptrunk:down_everywhere)
              == count by (job, instance) (siptrunk:down)
            |||,
          },
          {
            why:: |||
              It inhibits all trunk alerts of the instance, and stays until the trunks, one by
              one, are back.
            |||,
            alert: 'SipTrunkLocalFault',
            expr: 'up == 1 and on (job, instance) siptrunk:local_fault',
            'for': '15s',
            keep_firing_for: '2m',
            labels: {
              severity: 'critical',
              component: 'exporter',
            },
            annotations: {
              tag: 'LOCAL FAULT',
              summary: 'No SIP trunk answers this exporter; its own network is the first suspect.',
              headline: 'no trunk answers, its own network is the first suspect',
              description: @'None of the{{ with printf "count(siptrunk_info{job=%q,instance=%q})" $labels.job $labels.instance | query }} {{ . | first | value | printf "%.0f" }}{{ end }} trunks that {{ $labels.instance }} probes answers{{ with printf "max(siptrunk:last_success:timestamp_seconds{job=%q,instance=%q}) > 0" $labels.job $labels.instance | query }}, the last did at {{ (. | first | value | toTime).Format "2006-01-02 15:04:05 MST" }}{{ end }}. Either this host lost its network or its DNS, or everything it probes failed at once. Mails about single trunks are held back.{{ with printf "topk(1, sum by (reason) (siptrunk:failures:increase5m{job=%q,instance=%q}))" $labels.job $labels.instance | query }} Most probes fail with: {{ (first .).Labels.reason }}.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkLocalFault\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkLocalFault.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            why:: |||
              Its value is the time of the last success before the fall, or 0 if there was none
              since the exporter started.
            |||,
            alert: 'SipTrunkDown',
            expr: |||
              (
                siptrunk:down:last_success_timestamp_seconds > 0
                or on (job, instance, trunk) siptrunk:down
              )
              unless on (job, instance, trunk) siptrunk:down_only_here
            |||,
            'for': '30s',
            labels: {
              severity: 'critical',
              component: 'trunk',
            },
            annotations: {
              tag: 'DOWN',
              summary: 'A SIP trunk is down.',
              headline: '{{ with printf "topk(1, siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}{{ with (first .).Labels.reason }}{{ if eq . "timeout" }}no answer{{ else if eq . "dns" }}its name does not resolve{{ else if eq . "refused" }}port closed{{ else if eq . "unreachable" }}unreachable{{ else if eq . "connect" }}no connection{{ else if eq . "tls" }}TLS fails{{ else if eq . "protocol" }}answers are not SIP{{ else if eq . "auth" }}credentials refused{{ else if eq . "response" }}answers{{ with printf "topk(1, siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} {{ (first .).Labels.code }}{{ else }} with errors{{ end }}{{ else }}probe fails{{ end }}{{ end }}{{ else }}no answer{{ end }}{{ if $value }} since {{ ($value | toTime).Format "15:04 MST" }}{{ end }}',
              description: 'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) is down. {{- with printf "count by (method) (siptrunk_probe_success{job=%q,instance=%q,trunk=%q} == 0) and on () count(count by (method) (siptrunk_probe_success{job=%q,instance=%q,trunk=%q})) > 1" $labels.job $labels.instance $labels.trunk $labels.job $labels.instance $labels.trunk | query }} Of its checks {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.method }}{{ end }} failed last.{{ end }} {{ if $value }}Last success before that: {{ ($value | toTime).Format "2006-01-02 15:04:05 MST" }}.{{ else }}It has not answered since the exporter started.{{ end }} {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ if eq (first .).Labels.reason "tls" }}{{ with printf "min(siptrunk_tls_verified_chain_not_after_timestamp_seconds{job=%[1]q,instance=%[2]q,trunk=%[3]q} or siptrunk_tls_certificate_not_after_timestamp_seconds{job=%[1]q,instance=%[2]q,trunk=%[3]q}) < time()" $labels.job $labels.instance $labels.trunk | query }} The certificate that its peer presents expired at {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}{{ end }}{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkDown.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
          {
            why:: |||
              Another exporter gets answers from the same trunk: the path or this exporter's site.
            |||,
            alert: 'SipTrunkDownFromSomeVantages',
            expr: |||
              siptrunk:down
              and on (job, instance, trunk) siptrunk:down_only_here
            |||,
            'for': '2m',
            labels: {
              severity: 'warning',
              component: 'trunk',
            },
            annotations: {
              tag: 'DOWN FROM HERE',
              summary: 'A SIP trunk is down from one vantage point and up from another.',
              headline: 'down from {{ $labels.instance }}, up from elsewhere',
              description: @'Trunk {{ $labels.trunk }} ({{ with $labels.carrier }}carrier {{ . }}, {{ end }}{{ with $labels.site }}site {{ . }}, {{ end }}probed from {{ $labels.instance }}) is down from there while another vantage point sees it up{{ with printf "siptrunk:up:by_uri{trunk=%q} == 1" $labels.trunk | query }} ({{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.instance }}{{ end }}){{ end }}. The trunk itself works; look at the path between. {{- with printf "sort_desc(siptrunk:failures:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Failures in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.reason }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ end }} {{ with printf "sort_desc(siptrunk:responses:increase5m{job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }}Answers in the last 5 minutes: {{ range $i, $v := . }}{{ if $i }}, {{ end }}{{ .Labels.code }} ({{ .Value | printf "%.0f" }}){{ end }}.{{ else }}No answer in the last 5 minutes.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkDownFromSomeVantages\",job=%q,instance=%q,trunk=%q})" $labels.job $labels.instance $labels.trunk | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkDownFromSomeVantages.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-trunk?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
            },
          },
        ],
      },
    ],
  },
}
