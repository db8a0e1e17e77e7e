// Once an hour is enough for what a week or a day looks like. Alerts read these with
// last_over_time(…[3h]).
{
  prometheusRules+:: {
    groups+: [
      {
        name: 'siptrunk-baselines',
        interval: '1h',
        why:: 'Once an hour is enough for what a week or a day looks like. Alerts read these with last_over_time(…[3h]).',
        rules: [
          {
            why:: |||
              Nine tenths of the week were faster than this: working hours and weekends are both
              inside. A trunk has none before two days of data.
            |||,
            record: 'siptrunk:latency:p90_7d',
            expr: |||
              quantile_over_time(0.9, siptrunk:latency:mean15m[7d:30m])
              and count_over_time(siptrunk:latency:mean15m[7d:30m]) >= 96
            |||,
          },
          {
            record: 'siptrunk:errors:ratio1d',
            expr: |||
              avg_over_time(siptrunk:errors:ratio15m[1d:15m])
              and count_over_time(siptrunk:errors:ratio15m[1d:15m]) >= 48
            |||,
          },
          {
            why:: |||
              How often the peer pings us. None for a peer that does so less than 20 times a day.
            |||,
            record: 'siptrunk:inbound_options:interval_seconds',
            expr: |||
              86400
              / (sum without (method) (increase(siptrunk_inbound_requests_total{method="OPTIONS"}[1d])) >= 20)
            |||,
          },
        ],
      },
    ],
  },
}
