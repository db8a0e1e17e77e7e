// Fleet: is anything wrong, what is worst, since when.
local colours = import 'colours.libsonnet';
local f = import 'fields.libsonnet';
local layout = import 'layout.libsonnet';
local p = import 'panels.libsonnet';
local shared = import 'shared.libsonnet';
local text = import 'text.libsonnet';

function(config)
  local q = (import 'queries.libsonnet')(config);
  local links = (import 'links.libsonnet')(config);
  local variables = (import 'variables.libsonnet')(config);
  local annotations = (import 'annotations.libsonnet')(config);
  local sel = 'job=~"$job",instance=~"$instance",carrier=~"$carrier",site=~"$site",trunk=~"$trunk"';

  local trunkLabels = [
    ['trunk', 'Trunk', { links: [links.trunk(), links.status()], 'custom.width': 140 }],
    ['carrier', 'Carrier', {}],
    ['site', 'Site', {}],
    ['instance', 'Instance', {
      links: [links.exporter(), links.status()],
      'custom.width': 150,
    }],
  ];

  local counts = [
    p.stat('Up', 'Trunks that every exporter asked sees up.', q.countIn(sel, q.state.up)),
    p.stat('Degraded',
           'Trunks that answer, but with a code that means trouble, such as 503; counted '
           + 'by the worst that any exporter sees.',
           q.countIn(sel, q.state.degraded),
           more={
             thresholds: f.steps(colours.blue, [[1, colours.amber]]),
           }),
    p.stat('Down',
           'Trunks that at least one exporter sees down.',
           q.countIn(sel, q.state.down),
           more={
             thresholds: f.steps(colours.blue, [[1, colours.red]]),
           }),
    p.stat('Not known',
           'Trunks not probed often enough yet to have a state. After a start this goes '
           + 'to 0 within a few intervals.',
           q.countIn(sel, q.state.unknown),
           more={
             thresholds: f.steps(colours.blue, [[1, colours.grey]]),
           }),
    p.stat('Probes that worked',
           'Share of all probes in this time range that ended with an answer that means '
           + 'up or degraded.',
           '1 - (' + q.failed(sel, '', '$__range') + ')',
           'percentunit',
           {
             thresholds: f.steps(colours.red, [[0.95, colours.amber], [0.99, colours.blue]]),
             decimals: 2,
           }),
    p.stat('Alerts firing',
           'Alerts about SIP trunks that fire now.',
           'count(ALERTS{alertname=~"SipTrunk.+",alertstate="firing",carrier=~"$carrier",'
           + 'site=~"$site",trunk=~"$trunk"})\nor vector(0)',
           more={
             thresholds: f.steps(colours.blue, [[1, colours.red]]),
           }),
  ];

  local wrongNow =
    local wrong = q.problem(sel);
    local of(expr) = q.ofThose(expr, wrong);
    p.table(
      'What is wrong now',
      'Every trunk with a problem, worst first, by the worst problem of each. Click a '
      + "trunk for all about it or for its last probes on the exporter's status page.",
      [24, 9],
      trunkLabels + [
        ['reason', 'Fails with', { 'custom.width': 100 }],
        ['code', 'Answers', { 'custom.width': 80 }],
      ],
      [
        ['Problem', 'sort_desc(\n%s\n)' % wrong, {
          mappings: f.mapping([
            [n, q.problems[n], if std.parseInt(n) > 80 then colours.red
            else if std.parseInt(n) > 10 then colours.amber else colours.grey]
            for n in ['100', '80', '60', '55', '45', '30', '20', '10']
          ]),
          'custom.cellOptions': p.badge,
          'custom.width': 172,
          color: { mode: 'thresholds' },
        }],
        ['Failed, 15 min', of(q.failed(sel, q.by, '15m')), {
          unit: 'percentunit',
          decimals: 0,
          'custom.width': 112,
          thresholds: f.steps(colours.blue, [[0.01, colours.amber], [0.5, colours.red]]),
          'custom.cellOptions': p.colouredText,
        }],
        ['Lost', of(q.lost(sel, q.by, '15m')), {
          unit: 'percentunit',
          decimals: 0,
          'custom.width': 90,
          thresholds: f.steps(colours.blue,
                              [[q.lossBad, colours.amber], [0.25, colours.red]]),
          'custom.cellOptions': p.colouredText,
        }],
        [
          'Latency p95',
          of(q.quantile(0.95, sel, q.by, '15m')),
          { unit: 's', decimals: 1, 'custom.width': 104, noValue: 'no answer' },
        ],
        [
          'Last success',
          of('time() - max by (%s) (\n  siptrunk_probe_last_success_timestamp_seconds{%s}\n)'
             % [q.by, sel]),
          { unit: 'dtdurations', decimals: 1, 'custom.width': 118, noValue: 'never' },
        ],
        [null, of(q.commonest('siptrunk_probe_failures_total', 'reason', sel, '15m')), {}],
        [null, of(q.commonest('siptrunk_probe_responses_total', 'code', sel, '15m')), {}],
      ],
      [['Problem', true], ['Failed, 15 min', true]],
      'Nothing is wrong.'
    );

  local states = p.timeline(
    'States of the trunks that were not always up',
    'The 40 trunks that were degraded or down for the largest part of this time range, '
    + 'one line for each exporter that probes them.',
    [24, 10],
    q.ofThose(q.code(sel, 'job, instance, trunk'), text.fill(|||
      topk(40,
        sum by (job, instance, trunk) (avg_over_time(
          siptrunk_state{%s,state=~"degraded|down"}[$__range] @ end()
        )) > 0
      )
    |||, sel)),
    '{{trunk}} from {{instance}}',
    shared.states(q),
    'Every trunk was up in all of this time range.',
    perPage=20
  );

  local latency =
    local by = 'job, instance, trunk';
    local slowest = 'topk(10,\n%s\n)' % q.quantile(0.95, sel, by, '$__range', ' @ end()');
    [
      p.heatmap('Latency of all trunks',
                'How many probes took how long, from the request sent to its final '
                + 'response. Two bands are two kinds of trunk; a band that widens or rises '
                + 'is trouble.',
                [12, 9],
                sel),
      p.graph('The ten slowest trunks',
              '95th percentile of each, the ten highest of this time range.',
              [12, 9],
              p.range(q.ofThose(q.quantile(0.95, sel, by), slowest),
                      '{{trunk}} from {{instance}}'),
              's',
              {
                legendAtSide: true,
                interval: '2m',
                noValue: 'No probe was answered in this time range',
              }),
    ];

  local answers =
    local lost(by) = q.lost(sel, by, '$__rate_interval');
    [
      p.graph('Response codes',
              'Final responses a minute, by status code.',
              [8, 8],
              p.range('sum by (code) (rate(siptrunk_probe_responses_total{%s}[$__rate_interval])) * 60'
                      % sel, '{{code}}'),
              'cpm',
              shared.perMinute {
                overrides: f.coloured(colours.codes, '^%s..$'),
              }),
      p.graph('Failures',
              'Failed probes a minute, by reason.',
              [8, 8],
              p.range('sum by (reason) (rate(siptrunk_probe_failures_total{%s}[$__rate_interval])) * 60 > 0'
                      % sel, '{{reason}}'),
              'cpm',
              shared.perMinute {
                overrides: f.coloured(colours.reasons),
                noValue: 'No probe failed in this time range',
              }),
      p.graph('Loss',
              'Requests over UDP that nothing came back for, as a share of all sent, over '
              + 'all trunks and for the worst one; answers that came after the timeout, as a '
              + 'share of the probes.',
              [8, 8],
              p.ranges([
                ['lost', lost('')],
                ['worst trunk', 'max (%s)' % lost(q.by)],
                ['late', shared.late(sel)],
              ]),
              'percentunit',
              {
                interval: '2m',
                thresholds: f.steps(colours.blue, [[q.lossBad, colours.amber]]),
                overrides: f.coloured({
                  lost: colours.blue,
                  'worst trunk': colours.red,
                  late: colours.purple,
                }),
              }),
    ];

  local groups =
    local share(label) = p.graph(
      'Up, by ' + label,
      'Share of the trunks of each %s that are up. One %s that falls alone is its own '
      % [label, label] + 'fault; all together are more likely ours.',
      [12, 7],
      p.range('avg by (%(l)s) (label_replace(siptrunk_up{%(sel)s}, "%(l)s", "without %(l)s", "%(l)s", ""))'
              % { l: label, sel: sel }, '{{%s}}' % label),
      'percentunit',
      { maximum: 1 }
    );
    [share('carrier'), share('site')];

  local expiry =
    local left = {
      unit: 'dtdurations',
      decimals: 1,
      'custom.cellOptions': p.colouredText,
    };
    [
      p.table(
        'Certificates that expire first',
        'The earliest expiry in the chain that each peer presents, of what was verified of '
        + 'it.',
        [12, 8],
        [trunkLabels[0], ['address', 'Address', {}], trunkLabels[3]],
        [['Expires in', text.fill(|||
          bottomk(50,
            min by (job, instance, trunk, address) (
              %s
            ) - time()
          )
        |||, q.certificateEnd(sel)), left {
          thresholds: shared.certificateSteps(q),
          'custom.width': 130,
        }]],
        [['Expires in', false]],
        'No trunk presents a certificate.'
      ),
      p.table(
        "Peers' own pings and our registrations",
        'When each peer last sent us OPTIONS, for those that ever did, whether expected '
        + 'ones stay out, and how long each registration still lasts.',
        [12, 8],
        [trunkLabels[0], trunkLabels[3]],
        [
          ['Last ping', text.fill(|||
            time() - max by (job, instance, trunk) (
              siptrunk_inbound_options_last_timestamp_seconds{%s}
            )
          |||, sel), left {
            'custom.width': 118,
            thresholds: f.steps(colours.blue, [[180, colours.amber], [900, colours.red]]),
          }],
          ['Stay out', text.fill(|||
            max by (job, instance, trunk) (
              siptrunk_inbound_missing{%s}
            )
          |||, sel), {
            mappings: f.mapping([[0, 'No', colours.blue], [1, 'Yes', colours.amber]]),
            'custom.cellOptions': p.badge,
            'custom.width': 80,
          }],
          ['Registered for', text.fill(|||
            min by (job, instance, trunk) (
              siptrunk_registration_expires_timestamp_seconds{%s}
            ) - time()
          |||, sel), left {
            thresholds: f.steps(colours.red, [[30, colours.amber], [60, colours.blue]]),
          }],
        ],
        [['Last ping', true]],
        'No peer pings us and no trunk registers.'
      ),
    ];

  local everyTrunk = p.table(
    'All trunks', 'Every trunk that the variables above select.', [24, 12], [
      trunkLabels[0],
      ['carrier', 'Carrier', { 'custom.width': 110 }],
      ['site', 'Site', { 'custom.width': 100 }],
      trunkLabels[3],
      ['uri', 'URI', {}],
    ], [
      ['State', q.code(sel, q.by), {
        mappings: shared.states(q),
        'custom.cellOptions': p.badge,
        'custom.width': 105,
      }],
      [
        'Failed, 1 h',
        q.failed(sel, q.by, '1h'),
        { unit: 'percentunit', decimals: 1, 'custom.width': 105 },
      ],
      [
        'Latency p95',
        q.quantile(0.95, sel, q.by, '1h'),
        { unit: 's', decimals: 1, 'custom.width': 110, noValue: 'no answer' },
      ],
      [
        'Addresses up',
        'max by (%s) (siptrunk_addresses_up{%s})' % [q.by, sel],
        { 'custom.width': 120 },
      ],
      [null, 'max by (%s, uri) (siptrunk_info{%s})' % [q.by, sel], {}],
    ], [['Trunk', false]], 'No trunk matches.'
  );

  layout.dashboard(
    config,
    'siptrunk-fleet',
    'SIP trunks: fleet',
    'All trunks that siptrunk_exporter probes: how many are up, what is wrong now, worst '
    + 'first, and since when.',
    variables.places + variables.labels
    + [variables.trunk('.*'), variables.filters, variables.scheme],
    annotations.states(sel, false)
    + [annotations.alerts(',carrier=~"$carrier",site=~"$site",trunk=~"$trunk"')]
    + annotations.exporters('job=~"$job",instance=~"$instance"', false),
    [
      links.dashboard('One trunk', 'siptrunk-trunk', shared.everywhere + ['carrier', 'site']),
      links.dashboard('Exporter', 'siptrunk-exporter', shared.everywhere),
    ],
    [
      ['', counts],
      ['', [wrongNow]],
      ['', [states]],
      ['Latency', latency],
      ['Answers', answers],
      ['Carriers and sites', groups],
      ['What runs out', expiry],
    ],
    [['All trunks', [everyTrunk]]]
  )
