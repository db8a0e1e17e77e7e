// What several dashboards show alike.
local colours = import 'colours.libsonnet';
local f = import 'fields.libsonnet';
local p = import 'panels.libsonnet';
local words = import 'words.libsonnet';

{
  everywhere: ['datasource', 'job', 'instance', 'scheme'],

  states(q):: f.mapping([
    [q.state.up, 'Up', colours.blue],
    [q.state.degraded, 'Degraded', colours.amber],
    [q.state.down, 'Down', colours.red],
    [q.state.unknown, 'Not known', colours.grey],
  ]),

  // A trunk that a table tells of has no problem where it has no word.
  problems: f.mapping(words),

  ok: f.steps(colours.blue),
  count(colour):: f.steps(colours.blue, [[1, colour]]),
  failed: f.steps(colours.blue, [[0.01, colours.amber], [0.5, colours.red]]),
  lost(config):: f.steps(colours.blue, [[config.lossRatio, colours.amber], [0.25, colours.red]]),
  slow(config):: f.steps(colours.blue, [[config.latencySeconds, colours.amber]]),

  // Seconds that are left.
  left(config):: f.steps(colours.red, [
    [config.certificateCriticalDays * 86400, colours.amber],
    [config.certificateNoticeDays * 86400, colours.blue],
  ]),
  lapse: f.steps(colours.red, [[30, colours.amber], [60, colours.blue]]),
  silence(config):: f.steps(colours.blue, [[config.inboundSilenceSeconds, colours.amber]]),

  // A column of durations. "3 days, 4 hours" would lose its beginning in a narrow cell.
  duration: { unit: 'dtdhms', decimals: 0, 'custom.width': 110, 'custom.align': 'left' },
  share: { unit: 'percentunit', decimals: 0, 'custom.cellOptions': p.colouredText },

  // Bars of events a minute.
  perMinute: { stacked: true, bars: true, interval: '1m' },

  unanswered: 'No probe was answered in this time range',
}
