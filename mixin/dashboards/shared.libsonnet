// What several dashboards show alike.
local colours = import 'colours.libsonnet';
local f = import 'fields.libsonnet';
local text = import 'text.libsonnet';

{
  everywhere: ['datasource', 'job', 'instance', 'scheme'],

  states(q):: f.mapping([
    [q.state.up, 'Up', colours.blue],
    [q.state.degraded, 'Degraded', colours.amber],
    [q.state.down, 'Down', colours.red],
    [q.state.unknown, 'Not known', colours.grey],
  ]),

  certificateSteps(q):: f.steps(colours.red, [
    [86400, colours.amber],
    [q.certificateDays * 86400, colours.blue],
  ]),

  // Bars of events a minute.
  perMinute: { stacked: true, bars: true, interval: '1m' },

  // Answers after the timeout, as a share of the probes.
  late(sel):: text.fill(|||
    sum (rate(siptrunk_probe_late_responses_total{%(sel)s}[$__rate_interval]))
    / (sum (rate(siptrunk_probes_total{%(sel)s}[$__rate_interval])) > 0)
  |||, { sel: sel }),
}
