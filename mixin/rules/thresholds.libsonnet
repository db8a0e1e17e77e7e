{
  prometheusRules+:: {
    groups+: [
      {
        name: 'siptrunk-thresholds',
        interval: '1m',
        rules: [
          {
            why:: |||
              T1 of RFC 3261: a slower answer over UDP means that every request is sent twice.
            |||,
            record: 'siptrunk:threshold:latency_seconds',
            expr: 'vector(0.5)',
          },
          {
            why:: |||
              Slower than its own last week: 1.5 times and 20 ms more than nine tenths of it.
            |||,
            record: 'siptrunk:threshold:latency_factor',
            expr: 'vector(1.5)',
          },
          {
            record: 'siptrunk:threshold:latency_floor_seconds',
            expr: 'vector(0.02)',
          },
          {
            why:: |||
              Share of requests sent that nothing came back for, and how many at least.
            |||,
            record: 'siptrunk:threshold:loss_ratio',
            expr: 'vector(0.05)',
          },
          {
            record: 'siptrunk:threshold:loss_packets',
            expr: 'vector(5)',
          },
          {
            why:: |||
              By how much the share of 4xx, 5xx and 6xx may exceed the trunk's own last day.
            |||,
            record: 'siptrunk:threshold:error_share_rise',
            expr: 'vector(0.25)',
          },
          {
            why:: |||
              State changes in half an hour; six are three falls and three recoveries.
            |||,
            record: 'siptrunk:threshold:flaps',
            expr: 'vector(6)',
          },
          {
            record: 'siptrunk:threshold:certificate_notice_seconds',
            expr: 'vector(30 * 86400)',
          },
          {
            record: 'siptrunk:threshold:certificate_warning_seconds',
            expr: 'vector(7 * 86400)',
          },
          {
            record: 'siptrunk:threshold:certificate_critical_seconds',
            expr: 'vector(86400)',
          },
          {
            why:: |||
              A peer is silent after five of its usual intervals, but never before five minutes.
            |||,
            record: 'siptrunk:threshold:inbound_missed',
            expr: 'vector(5)',
          },
          {
            record: 'siptrunk:threshold:inbound_silence_seconds',
            expr: 'vector(300)',
          },
          {
            record: 'siptrunk:threshold:schedule_lag_seconds',
            expr: 'vector(1)',
          },
          {
            why:: |||
              99.9 % is 43 minutes in 30 days.
            |||,
            record: 'siptrunk:objective:availability_ratio',
            expr: 'vector(0.999)',
          },
        ],
      },
    ],
  },
}
