// Wall: read from five metres, touched by nobody. Few words, each as large as its place.
local colours = import 'colours.libsonnet';
local f = import 'fields.libsonnet';
local layout = import 'layout.libsonnet';
local p = import 'panels.libsonnet';
local shared = import 'shared.libsonnet';
local text = import 'text.libsonnet';

function(config)
  local q = (import 'queries.libsonnet')(config);
  local variables = (import 'variables.libsonnet')(config);
  local sel = q.selectors.fleet;

  // Stands for a time that nobody knows, behind all that are known.
  local never = 10000000000;

  // A tile for each series: its name above its value, on its colour.
  local tiles(title, description, size, expr, legend, unit, more) =
    p.stat(title, description, expr, unit, { size: size } + more) + {
      targets: [p.now(expr, legend)],
      options+: {
        colorMode: 'background_solid',
        textMode: 'value_and_name',
        justifyMode: 'center',
      },
    };

  local figure(title, description, expr, thresholds, noValue='0') =
    p.stat(title, description, expr, more={
      size: [6, 5],
      thresholds: thresholds,
      noValue: noValue,
    }) + { options+: { colorMode: 'background_solid', justifyMode: 'center' } };

  // Down by any exporter counts once.
  local byTrunk(problems) =
    'max by (trunk, problem) (%s\nand on (job, instance, trunk, problem) %s)'
    % [q.problems(sel), problems];
  local down = 'problem=~"down|down_from_some_vantages|registration_lost"';
  local others = 'problem!~"down|down_from_some_vantages|registration_lost|state_unknown|addresses_changed"';
  local worstOther = text.fill(|||
    max by (trunk, problem) (%s)
  |||, q.worst(sel));

  local figures = [
    figure('Down',
           'Trunks that at least one exporter sees down.',
           q.countIn(sel, q.state.down),
           shared.count(colours.red)),
    figure('Other trouble',
           'Trunks that are not down and have another problem.',
           text.fill(|||
             count(count by (trunk) (%s) unless on (trunk) siptrunk_up{%s} == 0)
             or vector(0)
           |||, [q.problems(sel), sel]),
           shared.count(colours.amber)),
    figure('Up',
           'Trunks that every exporter asked sees up or degraded.',
           text.fill(|||
             count(min by (trunk) (siptrunk_up{%(sel)s}) == 1)
             or 0 * count(siptrunk_info{%(sel)s})
           |||, { sel: sel }),
           shared.ok,
           'No data'),
    figure('Blind',
           'Exporters that Prometheus cannot scrape: what they see is not here.',
           text.fill(|||
             count(up{%(one)s} == 0 and on (job) last_over_time(siptrunk_exporter_build_info{%(job)s}[1d]))
             or vector(0)
           |||, { one: q.selectors.exporter, job: q.selectors.job }),
           shared.count(colours.red)),
  ];

  local downNow = tiles(
    'Down, the newest first',
    'The twelve trunks that went down last, and how long ago that is.',
    [24, 11],
    text.fill(|||
      sort(bottomk(12,
        time() - max by (trunk) (
          (
          %(since)s
          ) and on (job, instance, trunk) siptrunk_up{%(sel)s} == 0
        )
        or on (trunk) max by (trunk) (siptrunk_up{%(sel)s} == 0) + %(never)d
      ))
    |||, { since: q.since(sel), sel: sel, never: never }),
    '{{trunk}}',
    'dtdhms',
    {
      decimals: 0,
      noValue: 'None',
      thresholds: f.steps(colours.red),
      mappings: f.mapping([[never, 'no success yet', colours.red]]),
    }
  );

  local troubled = tiles(
    'Other trouble, the worst first',
    'The eight worst of the trunks that are not down.',
    [24, 7],
    text.fill(|||
      sort_desc(topk(8,
        max by (trunk) (%(worst)s) unless on (trunk) siptrunk_up{%(sel)s} == 0
      ))
    |||, { worst: q.worst(sel), sel: sel }),
    '{{trunk}}',
    'none',
    {
      noValue: 'None',
      thresholds: f.steps(colours.amber),
      mappings: f.mapping([
        [q.ranks[w[0]], w[1], w[2]]
        for w in import 'words.libsonnet'
        if w[0] in q.ranks
      ]),
    }
  );

  local course = p.graph(
    'Trunks that are not up, in the last hours',
    'How many trunks were down, and how many degraded.',
    [24, 5],
    p.ranges([
      ['down', q.countIn(sel, q.state.down)],
      ['degraded', q.countIn(sel, q.state.degraded)],
    ]),
    'none',
    {
      stacked: true,
      bars: true,
      interval: '1m',
      overrides: f.coloured({ down: colours.red, degraded: colours.amber }),
      noValue: 'No data',
    }
  ) + { options+: { legend+: { showLegend: false } } };

  layout.dashboard(
    config,
    'wall',
    'SIP trunks: wall',
    'For a screen on the wall: open it with ?kiosk behind its address.',
    variables.hidden(variables.places + variables.labels + [variables.trunk('.*')]),
    [],
    [],
    [['', figures], ['', [downNow]], ['', [troubled]], ['', [course]]]
  ) + { timepicker+: { hidden: true } }
