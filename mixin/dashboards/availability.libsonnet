// Availability: a month of each carrier and trunk, fit to be printed and sent.
local colours = import 'colours.libsonnet';
local f = import 'fields.libsonnet';
local layout = import 'layout.libsonnet';
local p = import 'panels.libsonnet';
local text = import 'text.libsonnet';

// What is asked of the recorded minutes (mixin/rules/availability.libsonnet). A minute's
// figures are recorded one to two minutes after its end, so the ranges are that much later.
// Locals, since jsonnet would reckon a field anew at each use.
local asked(config) =
  local carrier = config.carrierLabel;
  local chosen = if config.siptrunkSelector == '' then '' else config.siptrunkSelector + ',';
  local of_job = chosen + 'job=~"$job"';
  local of_instance = of_job + ',instance=~"$instance"';
  local of_carrier = of_instance + ',%s=~"$carrier"' % carrier;
  local sel = of_carrier + ',trunk=~"$trunk"';
  local each = 'job, instance, %s, trunk' % carrier;

  // Up to when there are figures, and where the whole minutes of the range begin and end.
  local recorded = 'last_over_time(siptrunk:availability:recorded_timestamp_seconds[400d] @ end() offset -390d)';
  local clock(aggregate) = 'scalar(%s(vector(time())[$__range:1m] offset -500ms))' % aggregate;
  local from = '(%s - 60)' % clock('min_over_time');
  local to = 'scalar(clamp_max(max(%s), %s))' % [recorded, clock('max_over_time')];

  // Seconds of the range, one figure for each line.
  local seconds(what, window='[$__range]', offset='-119500ms') =
    'sum_over_time(siptrunk:%s_seconds:minute{%s}%s offset %s)' % [what, sel, window, offset];
  local monitored(by) = 'sum by (%s) (%s)' % [by, seconds('monitored')];
  // A trunk that was never down has no seconds of it, but is there.
  local other(what, by) =
    '(sum by (%s) (%s) or 0 * %s)' % [by, seconds(what), monitored(by)];
  local objective =
    '(max(last_over_time(siptrunk:objective:availability_ratio[400d] @ end() offset -390d)) or vector(%s))'
    % config.availabilityObjective;

  // Each outage has series of its own, with when it began as a label; it is of the range if
  // it was down in it.
  local down = seconds('down');
  local of_outage(aggregate, name, window='[$__range]', offset='-119500ms') =
    '%s_over_time(siptrunk:outage:%s{%s}%s offset %s)' % [aggregate, name, sel, window, offset];
  local shown(expr) = '(%s and on (%s, began) %s)' % [expr, each, down];

  // Where an exporter began anew within an outage: the part before, which it goes on from; and
  // the one which that goes on from. Prometheus 2.42 mixes up what count_values makes unless
  // its label sorts behind those of `by`.
  local goes_on = 'count_values by (%s, began) ("z_first", %s)'
                  % [each, of_outage('last', 'goes_on_from_timestamp_seconds', '[400d]')];
  local twice(parts) = std.join('\n', [
    '(sum by (%s, began, z_first) (' % each,
    'label_replace(%s, "z_via", "$1", "z_first", "(.+)")' % parts,
    '* on (%s, z_via) group_left (z_first)' % each,
    'label_replace(%s, "z_via", "$1", "began", "(.+)")' % parts,
    ') or on (%s, began) %s)' % [each, parts],
  ]);
  local earlier = twice(goes_on);
  local joined(aggregate, expr, more='') = std.join('\n', [
    '%s by (%s, z_first%s) (' % [aggregate, each, more],
    'label_replace(',
    '%s unless on (%s, began) %s' % [expr, each, earlier],
    ', "z_first", "$1", "began", "(.+)")',
    'or',
    '%s * on (%s, began) group_left (z_first) %s' % [expr, each, earlier],
    ')',
  ]);
  local began = joined('min', of_outage('max', 'begin_timestamp_seconds', '[400d]'));
  local in_range = joined('sum', down);
  local ended = joined('max', shown(of_outage('max', 'end_timestamp_seconds')));
  local seen_until = joined('max', shown(of_outage('max', 'until_timestamp_seconds')));
  local lasted = '((%s or %s) - %s)' % [ended, seen_until, began];
  // Recorded every five minutes only, up to eleven minutes after what they are of.
  local causes = joined('sum', shown(of_outage('sum', 'causes:5m', '[400d]', '-11m')), ', cause');

  {
    each: each,
    selectors: { job: of_job, instance: of_instance, carrier: of_carrier },
    from: from,
    to: to,
    recorded: recorded,
    objective: objective,
    seconds:: seconds,
    other:: other,
    availability(by):: '1 - %s / %s' % [other('down', by), monitored(by)],
    // With an objective of all the time nothing is allowed, and no share of it can be told.
    used(by):: '%s / %s / (1 - scalar(%s)) < Inf' % [other('down', by), monitored(by), objective],
    unseen(by):: 'clamp_min(count by (%s) (%s) * (%s - %s) - %s - %s, 0)'
                 % [by, seconds('monitored'), to, from, monitored(by), other('planned', by)],
    count(by):: '(count by (%s) (%s) or 0 * %s)' % [by, in_range, monitored(by)],
    longest(by):: 'max by (%s) (%s)' % [by, lasted],
    outages: {
      began: '1000 * (%s and %s)' % [began, in_range],
      // -1: goes on at the end of the range. 0: nobody saw it end.
      ended: '1000 * %s\nor\n-1 * (%s >= bool %s)' % [ended, seen_until, to],
      lasted: lasted,
      // The commonest reason of the failures of its minutes.
      cause: 'topk by (%s, z_first) (1, %s)' % [each, causes],
    },
  };

local duration = { unit: 'dthms', decimals: 0 };

local dashboard(config) =
  local a = asked(config);
  local variables = (import 'variables.libsonnet')(config);
  local links = (import 'links.libsonnet')(config);
  local carrier = config.carrierLabel;
  local recorded = 'siptrunk:monitored_seconds:minute';

  local month(title, from, to) = {
    title: title,
    type: 'link',
    icon: 'dashboard',
    url: '/d/%savailability?from=%s&to=%s&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${carrier:queryparam}&${trunk:queryparam}'
         % [config.dashboardUidPrefix, from, to],
    tooltip: title + ', for the same carriers and trunks',
    tags: [],
    asDropdown: false,
    targetBlank: false,
    includeVars: false,
    keepTime: false,
  };

  local figure(title, description, expr, unit, width, more={}) =
    p.stat(title, description, expr, unit, { size: [width, 3], thresholds: f.steps(colours.blue) } + more);

  // For each carrier, or trunk: [heading, expression, settings].
  local columns(by) = [
    ['Availability', a.availability(by), { unit: 'percentunit', decimals: 3, 'custom.width': 110 }],
    ['Down', a.other('down', by), duration { 'custom.width': 90 }],
    ['Outages', a.count(by), { decimals: 0, 'custom.width': 80 }],
    ['Longest', a.longest(by), duration { 'custom.width': 90 }],
    ['Mean', '%s / (%s > 0)' % [a.other('down', by), a.count(by)], duration { 'custom.width': 85 }],
    ['Planned', a.other('planned', by), duration { 'custom.width': 90 }],
    ['Not monitored', a.unseen(by), duration { 'custom.width': 120 }],
    ['Allowance used', a.used(by), { unit: 'percentunit', decimals: 0, 'custom.width': 125 }],
  ];

  local figures = [
    figure('From', 'Where the report begins.', '1000 * vector(%s) > 0' % a.from, 'dateTimeAsIso', 8),
    figure('Until', 'Where it ends, or up to when there are figures.',
           // Where nothing is recorded yet there is no such time, which is NaN.
           '1000 * vector(%s) > 0' % a.to, 'dateTimeAsIso', 8),
    figure('Availability', 'Of all trunks shown, weighed by the time for which each was monitored.',
           '1 - (sum(%s) or vector(0)) / sum(%s)' % [a.seconds('down'), a.seconds('monitored')],
           'percentunit', 8, { decimals: 3 }),
    figure('Objective', 'The share of monitored time for which a trunk is meant to be up.', a.objective, 'percentunit', 8, { decimals: 2 }),
    figure('Number of outages', 'How often the trunks shown were down, all together.', 'sum(%s)' % a.count(a.each), 'short', 8, { decimals: 0 }),
    figure('Not monitored', 'All trunks together: time without records, which counts neither as up nor as down.',
           'sum(%s)' % a.unseen(a.each), 'dthms', 8, { decimals: 0, thresholds: f.steps(colours.grey) }),
  ];

  local each = p.table(
    'Trunks',
    'One line for each place that a trunk is seen from. Availability is the share of monitored time that was not down; planned work and time not monitored are in neither.',
    [24, 10],
    [
      ['trunk', 'Trunk', { 'custom.width': 190 }],
      [carrier, 'Carrier', {}],
      ['instance', 'Seen from', {}],
    ],
    columns(a.each),
    [['Availability', false]],
    'No trunk was monitored in this time'
  );

  local carriers = p.table(
    'Carriers',
    'All trunks of each carrier together; a trunk that is seen from two places is in it twice, unless one is chosen above.',
    [24, 7],
    [[carrier, 'Carrier', {}]],
    columns(carrier),
    [['Availability', false]],
    'No trunk was monitored in this time'
  );

  local outages = p.table(
    'Outages',
    'An outage begins when the trunk is found down, which is after as many failed probes as its configuration says, and ends when it is found up again.',
    [24, 33],
    [
      ['trunk', 'Trunk', { 'custom.width': 260 }],
      [carrier, 'Carrier', {}],
      ['cause', 'Cause', { 'custom.width': 110, noValue: 'not known' }],
      ['instance', 'Seen from', {}],
    ],
    [
      ['Began', a.outages.began, { unit: 'dateTimeAsIso', 'custom.width': 165 }],
      ['Ended', a.outages.ended, {
        unit: 'dateTimeAsIso',
        'custom.width': 165,
        mappings: f.mapping([[-1, 'goes on', colours.grey], [0, 'not seen', colours.grey]]),
      }],
      ['Lasted', a.outages.lasted, duration { 'custom.width': 110 }],
      [null, a.outages.cause, {}],
    ],
    [['Began', false]],
    'No outage'
  ) + {
    // What its lines are told apart by says nothing to a reader.
    transformations: [
      t + if t.id == 'organize' then { options+: { excludeByName+: { z_first: true } } } else {}
      for t in super.transformations
    ],
  };

  // Bars begin with the day that they tell of.
  local days(title, what) = a.seconds(what, '[1d]', '-86519500ms');
  local byDay = p.graph(
    'By day',
    'For how many hours trunks were down, in planned work or not monitored, all trunks together; days of UTC.',
    [24, 6],
    p.ranges([
      ['Down', 'sum(%s) / 3600' % days('', 'down')],
      ['Planned', 'sum(%s) / 3600' % days('', 'planned')],
      ['Not monitored', text.fill(|||
        (
          count(%(ever)s) * (clamp_max(clamp_min(max(%(recorded)s) - time(), 0), 86400) > 0)
          - sum(%(monitored)s)
          - (sum(%(planned)s) or vector(0)) > 0
        ) / 3600
      |||, {
        ever: 'count by (%s) (%s)' % [a.each, a.seconds('monitored', '[$__range] @ end()')],
        recorded: a.recorded,
        monitored: days('', 'monitored'),
        planned: days('', 'planned'),
      })],
    ]),
    // Hours as such: of seconds the axis would have its steps at 01:23:20.
    'suffix: h',
    {
      stacked: true,
      bars: true,
      interval: '1d',
      overrides: f.coloured({ Down: colours.amber, Planned: colours.blue, 'Not monitored': colours.grey }),
      noValue: 'Nothing was down, planned or not monitored',
    }
  );

  local notes = p.panel('text', 'What the figures mean', 'How the report counts, for whoever reads it.', [24, 5], [], {
    mode: 'markdown',
    code: { language: 'plaintext', showLineNumbers: false, showMiniMap: false },
    content: |||
      - **Down** begins when a trunk is found down (after several failed probes in a row) and ends when it is found up again. Degraded is up.
      - **Availability** is the share of the monitored time that was not down. **Planned** work and time that was **not monitored** are in neither; not monitored is never counted as up.
      - **Allowance used** compares the time down with what the objective allows; 100 % is all of it.
      - **Cause** is the commonest reason for which probes failed: `timeout` no answer, a number is the code of a response.
    |||,
  }, 'short', '–');

  layout.dashboard(
    config,
    'availability',
    'SIP trunks: availability',
    'A month of each carrier and trunk: availability, outages, planned work and time not monitored.',
    [
      variables.datasource,
      variables.query('job', 'Job', 'label_values(%s, job)' % recorded, '.+', if config.dashboardShowJob then 0 else 2),
      variables.query('instance', 'From', 'label_values(%s{%s}, instance)' % [recorded, a.selectors.job], '.+'),
      variables.query('carrier', 'Carrier', 'label_values(%s{%s}, %s)' % [recorded, a.selectors.instance, carrier], '.*'),
      variables.query('trunk', 'Trunk', 'label_values(%s{%s}, trunk)' % [recorded, a.selectors.carrier], '.+'),
      variables.scheme,
    ],
    [],
    [
      month('This month', 'now%2FM', 'now%2FM'),
      month('Last month', 'now-1M%2FM', 'now-1M%2FM'),
      month('The month before', 'now-2M%2FM', 'now-2M%2FM'),
    ],
    // A page of A4 across, at 60 %, is 34 cells, and what it would divide is cut or moved: the
    // first is for the figures, the second for the list.
    [['', figures], ['', [carriers]], ['', [each]], ['', [byDay]], ['', [notes]], ['', [outages]]],
  ) + {
    refresh: '',
    time: { from: 'now-1M/M', to: 'now-1M/M' },
  };

{
  grafanaDashboards+:: {
    'siptrunk-availability.json': dashboard($._config),
  },
}
