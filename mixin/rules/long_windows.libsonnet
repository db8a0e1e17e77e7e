{
  prometheusRules+:: {
    groups+: [
      {
        name: 'siptrunk-long-windows',
        interval: '4m',
        rules: [
          {
            record: 'siptrunk:unavailable:ratio2h',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[2h:5m]) / 24',
          },
          {
            record: 'siptrunk:unavailable:ratio6h',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[6h:5m]) / 72',
          },
          {
            record: 'siptrunk:unavailable:ratio1d',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[1d:5m]) / 288',
          },
          {
            record: 'siptrunk:unavailable:ratio3d',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[3d:5m]) / 864',
          },
          {
            record: 'siptrunk:failed_probes:increase6h',
            expr: 'sum without (method, address, transport, reason) (increase(siptrunk_probe_failures_total{reason!="dns"}[6h]) > 0)',
          },
        ],
      },
    ],
  },
}
