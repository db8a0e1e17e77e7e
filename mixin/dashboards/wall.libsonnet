// Wall: read from five metres, touched by nobody. Few words, each as large as its place; the
// headings of panels cannot be made larger, so that what matters stands in the tiles.
local colours = import 'colours.libsonnet';
local f = import 'fields.libsonnet';
local layout = import 'layout.libsonnet';
local p = import 'panels.libsonnet';
local shared = import 'shared.libsonnet';
local text = import 'text.libsonnet';
local words = import 'words.libsonnet';

function(config)
  local q = (import 'queries.libsonnet')(config);
  local variables = (import 'variables.libsonnet')(config);
  local sel = q.selectors.fleet;

  // A tile for each series: its name above its value, on its colour.
  local tiles(title, description, size, expr, legend, unit, sizes, more) =
    p.stat(title, description, expr, unit, { size: size } + more) + {
      targets: [p.now(expr, legend)],
      options+: {
        colorMode: 'background_solid',
        textMode: 'value_and_name',
        justifyMode: 'center',
        text: { titleSize: sizes[0], valueSize: sizes[1] },
      },
    };

  local figure(name, description, expr, thresholds) =
    tiles(name,
          description,
          [6, 6],
          expr,
          name,
          'none',
          [38, 92],
          { thresholds: thresholds, noValue: 'No data' });

  // A trunk seen from several exporters counts once, by its worst problem. The ranks of
  // problems that stop calls are the highest.
  local worst = 'max by (trunk) (%s)' % q.worst(sel);
  local stops = std.foldl(
    std.min, [q.ranks[w[0]] for w in words if w[2] == colours.red], 100
  );
  local count(expr) = 'count(%s)\nor 0 * count(siptrunk_info{%s})' % [expr, sel];

  local figures = [
    figure('Down',
           'Trunks that at least one exporter sees down, or whose registration is lost.',
           count('%s >= %d' % [worst, stops]),
           shared.count(colours.red)),
    figure('Troubled',
           'Trunks that take calls and have another problem.',
           count('%s < %d' % [worst, stops]),
           shared.count(colours.amber)),
    figure('Fine', 'Trunks that are up and have no problem.', count(text.fill(|||
      max by (trunk) (siptrunk_up{%(sel)s} == 1)
      unless on (trunk) (%(worst)s)
    |||, { sel: sel, worst: worst })), shared.ok),
    figure('Exporters lost',
           'Exporters that Prometheus cannot scrape: what they see is not here.',
           text.fill(|||
             count(up{%(one)s} == 0 and on (job) last_over_time(siptrunk_exporter_build_info{%(job)s}[1d]))
             or 0 * count(up{%(one)s} and on (job) last_over_time(siptrunk_exporter_build_info{%(job)s}[1d]))
           |||, { one: q.selectors.exporter, job: q.selectors.job }),
           shared.count(colours.red)),
  ];

  // Stands for a time that nobody knows, behind all that are known.
  local never = 10000000000;

  local down = tiles(
    'Down, the newest first',
    'The twelve trunks that went down last, and how long ago that is.',
    [24, 12],
    text.fill(|||
      sort(bottomk(12,
        time() - max by (trunk) (
          (
          %(since)s
          ) and on (job, instance, trunk) %(worst)s >= %(stops)d
        )
        or on (trunk) 0 * (%(all)s >= %(stops)d) + %(never)d
      ))
    |||, { since: q.since(sel), worst: q.worst(sel), all: worst, stops: stops, never: never }),
    '{{trunk}}',
    'dtdhms',
    [28, 42],
    {
      decimals: 0,
      noValue: 'No trunk is down',
      thresholds: f.steps(colours.red),
      mappings: f.mapping([[never, 'no success yet', colours.red]]),
    }
  );

  local troubled = tiles(
    'Troubled, the worst first',
    'The eight worst of the trunks that take calls and have a problem.',
    [24, 9],
    'sort_desc(topk(8, %s < %d))' % [worst, stops],
    '{{trunk}}',
    'none',
    [26, 34],
    {
      noValue: 'No other trouble',
      thresholds: f.steps(colours.amber),
      mappings: f.mapping([[q.ranks[w[0]], w[1], w[2]] for w in words]),
    }
  );

  layout.dashboard(
    config,
    'wall',
    'SIP trunks: wall',
    'For a screen on the wall: open it with ?kiosk behind its address.',
    variables.hidden(variables.places + variables.labels + [variables.trunk('.*')]),
    [],
    [],
    [['', figures], ['', [down]], ['', [troubled]]]
  ) + { timepicker+: { hidden: true } }
