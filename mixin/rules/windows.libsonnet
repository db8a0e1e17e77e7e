{
  prometheusRules+:: {
    groups+: [
      {
        name: 'siptrunk-windows',
        interval: '1m',
        rules: [
          {
            why:: |||
              The mean is exact whatever the bucket edges are; the median, which they blur, only
              has to agree, so that one late answer cannot speak for the rest.
            |||,
            record: 'siptrunk:latency:mean15m',
            expr: |||
              rate(siptrunk_probe_duration_seconds_sum[15m])
              / (rate(siptrunk_probe_duration_seconds_count[15m]) > 0)
              or
              histogram_sum(rate(siptrunk_probe_duration_seconds[15m]))
              / (histogram_count(rate(siptrunk_probe_duration_seconds[15m])) > 0)
            |||,
          },
          {
            record: 'siptrunk:latency:median15m',
            expr: |||
              histogram_quantile(0.5, rate(siptrunk_probe_duration_seconds_bucket[15m]))
              or
              histogram_quantile(0.5, rate(siptrunk_probe_duration_seconds[15m]))
            |||,
          },
          {
            why:: |||
              Copies of requests over UDP that nothing came back for, however late. The share is a
              ratio of sums: a mean of each probe's own share would be half of it.
            |||,
            record: 'siptrunk:lost_packets:increase30m',
            expr: |||
              sum without (method, address, transport, direction) (increase(siptrunk_probe_udp_lost_total[30m]))
            |||,
          },
          {
            record: 'siptrunk:loss:ratio30m',
            expr: |||
              siptrunk:lost_packets:increase30m
              / (sum without (method, address, transport) (increase(siptrunk_probe_udp_requests_total[30m])) > 0)
            |||,
          },
          {
            why:: |||
              Share of final responses that are errors. Some trunks always answer 404: their
              share is 1, and that is their normal.
            |||,
            record: 'siptrunk:errors:ratio15m',
            expr: |||
              (
                sum without (method, address, transport, code) (increase(siptrunk_probe_responses_total{code=~"[456].."}[15m]))
                or 0 * sum without (method, address, transport, code) (increase(siptrunk_probe_responses_total[15m]))
              )
              / (sum without (method, address, transport, code) (increase(siptrunk_probe_responses_total[15m])) > 0)
            |||,
          },
          {
            why:: |||
              Share of time in which no address answered, from raw results: what fall and rise
              damp away counts here. A trunk with several methods is as good as its worst one.
              Windows add up samples at fixed steps and divide by the whole window, so
              that a new trunk's first bad minute is a minute and not all there is.
            |||,
            record: 'siptrunk:unavailable:now',
            expr: '1 - min without (method) (max without (address, transport) (siptrunk_probe_success))',
          },
          {
            record: 'siptrunk:unavailable:ratio5m',
            expr: 'sum_over_time(siptrunk:unavailable:now[5m:1m]) / 5',
          },
          {
            record: 'siptrunk:unavailable:ratio30m',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[30m:1m]) / 30',
          },
          {
            record: 'siptrunk:unavailable:ratio1h',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[1h:1m]) / 60',
          },
          {
            record: 'siptrunk:failed_probes:increase1h',
            expr: 'sum without (method, address, transport, reason) (increase(siptrunk_probe_failures_total[1h]))',
          },
          {
            why:: |||
              How many exporters a job has, be they reachable or not.
            |||,
            record: 'siptrunk:exporters:count',
            expr: 'count by (job) (up and on (job, instance) last_over_time(siptrunk_exporter_build_info[1d]))',
          },
        ],
      },
    ],
  },
}
