{
  prometheusAlerts+:: {
    groups+: [
      {
        name: 'siptrunk-exporter-alerts',
        interval: '15s',
        rules: [
          {
            why:: |||
              By job name, or by having been one of ours within the last day.
            |||,
            alert: 'SipTrunkExporterDown',
            expr: |||
              up{job=~".*siptrunk.*"} == 0
              or up == 0 and on (job, instance) last_over_time(siptrunk_exporter_build_info[1d])
            |||,
            'for': '3m',
            labels: {
              severity: 'critical',
              component: 'exporter',
            },
            annotations: {
              tag: 'BLIND',
              summary: 'A SIP trunk exporter cannot be scraped; its trunks are not watched.',
              headline: 'exporter cannot be scraped, its trunks are not watched',
              description: @'Prometheus cannot scrape {{ $labels.instance }} (job {{ $labels.job }}). Calls are not affected by this, but nobody would see a trunk fail. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkExporterDown\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkExporterDown.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkExporterAbsent',
            expr: 'absent(siptrunk_exporter_build_info)',
            'for': '10m',
            labels: {
              severity: 'critical',
              component: 'exporter',
            },
            annotations: {
              tag: 'BLIND',
              summary: 'Prometheus has no SIP trunk exporter at all.',
              headline: 'no SIP trunk exporter is scraped',
              description: 'Prometheus has had no data from any siptrunk_exporter for ten minutes: no trunk is watched. Check the scrape configuration and service discovery.',
              runbook_url: 'https://runbooks.example/SipTrunkExporterAbsent.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter',
            },
          },
          {
            why:: |||
              Each shard as often as that which is there most often: a job may hold several vantage
              points, with a whole set of shards each.
            |||,
            alert: 'SipTrunkShardMissing',
            expr: |||
              max by (job) (siptrunk_exporter_total_shards)
              * max by (job) (count by (job, shard) (siptrunk_exporter_total_shards))
              - count by (job) (siptrunk_exporter_total_shards)
              > 0
            |||,
            'for': '5m',
            labels: {
              severity: 'critical',
              component: 'exporter',
            },
            annotations: {
              tag: 'BLIND',
              summary: 'A shard of the SIP trunk exporters is missing; its trunks are not watched.',
              headline: 'shards missing: {{ $value | printf "%.0f" }}, their trunks are not watched',
              description: @'The exporters of job {{ $labels.job }} share their trunks {{ with printf "max(siptrunk_exporter_total_shards{job=%q})" $labels.job | query }}among {{ . | first | value | printf "%.0f" }}{{ end }}, and {{ $value | printf "%.0f" }} of them are not there. Calls are not affected by this, but nobody would see a trunk of theirs fail.{{ with printf "siptrunk_exporter_total_shards{job=%q}" $labels.job | query }} Left: {{ range $i, $v := . | sortByLabel "instance" }}{{ if $i }}, {{ end }}{{ .Labels.shard }} ({{ .Labels.instance }}){{ end }}.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkShardMissing\",job=%q})" $labels.job | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkShardMissing.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-job={{ $labels.job | urlquery }}',
            },
          },
          {
            why:: |||
              Fewer exporters than for most of the last day, and not for being unreachable: what
              Prometheus scrapes has changed. An exporter that comes back under another name is none
              less, and after half a day without it fewer are the new normal.
            |||,
            alert: 'SipTrunkVantageMissing',
            expr: |||
              quantile_over_time(0.5, siptrunk:exporters:count[1d])
              - (siptrunk:exporters:count or 0 * last_over_time(siptrunk:exporters:count[1d]))
              > 0
              unless on () absent(siptrunk_exporter_build_info)
            |||,
            'for': '10m',
            labels: {
              severity: 'warning',
              component: 'exporter',
            },
            annotations: {
              tag: 'FEWER EYES',
              summary: 'Prometheus no longer knows a SIP trunk exporter that it used to scrape.',
              headline: 'exporters gone from Prometheus: {{ $value | printf "%.0f" }}',
              description: @'Job {{ $labels.job }} has had more siptrunk_exporters for most of the last day; missing now: {{ $value | printf "%.0f" }}. A trunk that two places watched may now have only one: a dead trunk and a broken road look the same from there.{{ with printf "last_over_time(siptrunk_exporter_build_info{job=%q}[1d]) unless on (job, instance) up" $labels.job | query }} Gone within that day: {{ range $i, $v := . | sortByLabel "instance" }}{{ if $i }}, {{ end }}{{ .Labels.instance }}{{ end }}.{{ end }} {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkVantageMissing\",job=%q})" $labels.job | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkVantageMissing.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-job={{ $labels.job | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkProbingStalled',
            expr: |||
              up == 1
              and on (job, instance) sum by (job, instance) (increase(siptrunk_probes_total[15m])) == 0
              and on (job, instance) siptrunk_up
            |||,
            'for': '5m',
            labels: {
              severity: 'critical',
              component: 'exporter',
            },
            annotations: {
              tag: 'BLIND',
              summary: 'A SIP trunk exporter is up but has stopped probing.',
              headline: 'up, but has sent no probe for 15 minutes',
              description: @'{{ $labels.instance }} answers scrapes but has begun no probe for 15 minutes: the states it shows are old. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkProbingStalled\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkProbingStalled.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkScheduleLagging',
            expr: |||
              siptrunk_exporter_schedule_lag_seconds > on () group_left () siptrunk:threshold:schedule_lag_seconds
            |||,
            'for': '5m',
            labels: {
              severity: 'warning',
              component: 'exporter',
            },
            annotations: {
              tag: 'LAGGING',
              summary: 'A SIP trunk exporter probes later than scheduled.',
              headline: 'probes {{ $value | humanizeDuration }} late',
              description: @'{{ $labels.instance }} begins its probes {{ $value | humanizeDuration }} late: the host is overloaded, or has too many trunks for one exporter. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkScheduleLagging\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkScheduleLagging.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkReloadFailed',
            expr: 'siptrunk_exporter_config_last_reload_successful == 0',
            'for': '5m',
            labels: {
              severity: 'warning',
              component: 'exporter',
            },
            annotations: {
              tag: 'CONFIGURATION',
              summary: 'A SIP trunk exporter refused its new configuration and runs on the old one.',
              headline: 'new configuration refused',
              description: @'{{ $labels.instance }} refused its new configuration{{ with printf "siptrunk_exporter_config_last_reload_success_timestamp_seconds{job=%q,instance=%q}" $labels.job $labels.instance | query }} and runs on that of {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}{{ end }}. Its log names every error with line and path. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkReloadFailed\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkReloadFailed.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            why:: |||
              What the exporter shows to Prometheus and to browsers; three severities of one alert.
            |||,
            alert: 'SipTrunkExporterCertificateExpiring',
            expr: |||
              siptrunk_exporter_tls_certificate_not_after_timestamp_seconds - time()
              < on () group_left () siptrunk:threshold:certificate_notice_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'info',
              component: 'exporter',
            },
            annotations: {
              tag: 'WEB CERTIFICATE',
              summary: 'The certificate that a SIP trunk exporter serves its metrics with is about to expire.',
              headline: 'its web certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'The certificate {{ $labels.file }} that {{ $labels.instance }} shows to who connects to it {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. Prometheus cannot scrape it then, and nobody would see a trunk fail. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkExporterCertificateExpiring\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkExporterCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkExporterCertificateExpiring',
            expr: |||
              siptrunk_exporter_tls_certificate_not_after_timestamp_seconds - time()
              < on () group_left () siptrunk:threshold:certificate_warning_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'warning',
              component: 'exporter',
            },
            annotations: {
              tag: 'WEB CERTIFICATE',
              summary: 'The certificate that a SIP trunk exporter serves its metrics with is about to expire.',
              headline: 'its web certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'The certificate {{ $labels.file }} that {{ $labels.instance }} shows to who connects to it {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. Prometheus cannot scrape it then, and nobody would see a trunk fail. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkExporterCertificateExpiring\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkExporterCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkExporterCertificateExpiring',
            expr: |||
              siptrunk_exporter_tls_certificate_not_after_timestamp_seconds - time()
              < on () group_left () siptrunk:threshold:certificate_critical_seconds
            |||,
            'for': '10m',
            labels: {
              severity: 'critical',
              component: 'exporter',
            },
            annotations: {
              tag: 'WEB CERTIFICATE',
              summary: 'The certificate that a SIP trunk exporter serves its metrics with is about to expire.',
              headline: 'its web certificate {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}',
              description: @'The certificate {{ $labels.file }} that {{ $labels.instance }} shows to who connects to it {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}{{ else }}has expired{{ end }}. Prometheus cannot scrape it then, and nobody would see a trunk fail. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkExporterCertificateExpiring\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkExporterCertificateExpiring.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkCertificateReloadFailed',
            expr: 'siptrunk_exporter_tls_last_reload_successful == 0',
            'for': '5m',
            labels: {
              severity: 'warning',
              component: 'exporter',
            },
            annotations: {
              tag: 'CERTIFICATE FILES',
              summary: 'A SIP trunk exporter cannot use certificate files that changed, and keeps the old ones.',
              headline: 'changed certificate files cannot be used',
              description: @'Certificate files of {{ $labels.instance }} have changed and cannot be used; it goes on with the old ones until those expire. Its log names the file and what is wrong. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkCertificateReloadFailed\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkCertificateReloadFailed.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
          {
            alert: 'SipTrunkExporterRestarting',
            expr: |||
              changes(process_start_time_seconds[30m]) > 3
              and on (job, instance) siptrunk_exporter_build_info
            |||,
            'for': '1m',
            labels: {
              severity: 'warning',
              component: 'exporter',
            },
            annotations: {
              tag: 'RESTARTING',
              summary: 'A SIP trunk exporter keeps restarting.',
              headline: 'started {{ $value | printf "%.0f" }} times in 30 minutes',
              description: @'{{ $labels.instance }} started {{ $value | printf "%.0f" }} times in 30 minutes. After each start every trunk is unknown until its first answer. {{- with printf "min(ALERTS_FOR_STATE{alertname=\"SipTrunkExporterRestarting\",job=%q,instance=%q})" $labels.job $labels.instance | query }} Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',
              runbook_url: 'https://runbooks.example/SipTrunkExporterRestarting.md',
              dashboard_url: 'https://grafana.example/d/siptrunk-exporter?var-instance={{ $labels.instance | urlquery }}',
            },
          },
        ],
      },
    ],
  },
}
