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
  local sel = q.selectors.fleet;
  local each = 'job, instance, trunk';

  local trunkColumn = ['trunk', 'Trunk', {
    links: [links.trunk(), links.status()],
    'custom.width': 175,
  }];
  local instanceColumn = ['instance', 'Instance', {
    links: [links.exporter(), links.status()],
    'custom.width': 145,
  }];
  local carrierColumn = [config.carrierLabel, 'Carrier', {}];
  local siteColumn = [config.siteLabel, 'Site', {}];

  local counts = [
    p.stat('Down',
           'Trunks that at least one exporter sees down.',
           q.countIn(sel, q.state.down),
           more={ thresholds: shared.count(colours.red) }),
    p.stat('Degraded',
           'Trunks that answer, but with a code that means trouble, such as 503, or whose '
           + 'peer is silent; counted by the worst that any exporter sees.',
           q.countIn(sel, q.state.degraded),
           more={ thresholds: shared.count(colours.amber) }),
    p.stat('Up', 'Trunks that every exporter asked sees up.', q.countIn(sel, q.state.up)),
    p.stat('Not known',
           'Trunks not probed often enough yet to have a state. After a start this goes '
           + 'to 0 within a few intervals.',
           q.countIn(sel, q.state.unknown),
           more={ thresholds: shared.count(colours.grey) }),
    p.stat('Paused',
           'Trunks that are not probed, as their configuration says.',
           'count(count by (trunk) (siptrunk_paused{%s}))\nor vector(0)' % sel,
           more={ thresholds: shared.count(colours.grey) }),
    p.stat('Alerts',
           'Alerts about SIP trunks and their exporters that fire now.',
           text.fill(|||
             count(ALERTS{alertname=~"SipTrunk.+",alertname!="SipTrunkWatchdog",alertstate="firing",%s})
             or vector(0)
           |||, q.selectors.labels),
           more={ thresholds: shared.count(colours.red) }),
  ];

  local wrongNow =
    local of(expr) = q.ofWrong(expr, sel);
    p.table(
      'What is wrong now',
      'Every trunk with a problem, by the worst problem of each, and of one problem the '
      + 'newest first. Paused and removed trunks are not in it. Click a trunk for all about '
      + "it or for its last probes on the exporter's status page.",
      [24, 14],
      [
        trunkColumn,
        ['problem', 'Problem', {
          mappings: shared.problems,
          'custom.cellOptions': p.badge,
          'custom.width': 155,
        }],
        ['answering', 'Answer', shared.answering { 'custom.width': 75 }],
        ['reason', 'Fails with', { 'custom.width': 95 }],
        ['code', 'Code', { 'custom.width': 60 }],
        carrierColumn,
        siteColumn,
        instanceColumn,
      ],
      [
        ['For', of('time() - (\n%s\n)' % q.since(sel)), shared.duration],
        [null, q.inOrder(sel), {}],
        [null, of(q.answering(sel)), {}],
        [null, of(q.commonest('siptrunk_probe_failures_total', 'reason', sel, '15m')), {}],
        [null, of(q.commonest('siptrunk_probe_responses_total', 'code', sel, '15m')), {}],
        [
          'Failed',
          of(q.failed(sel, q.by, '15m')),
          shared.share { 'custom.width': 75, thresholds: shared.failed },
        ],
        [
          'Lost',
          of(q.lost(sel, q.by, '15m')),
          shared.share { 'custom.width': 65, thresholds: shared.lost(config) },
        ],
        [
          'Mean',
          of(q.mean(sel, q.by, '15m')),
          { unit: 's', decimals: 0, 'custom.width': 75 },
        ],
      ],
      [],
      'Nothing is wrong',
      paged=false
    );

  // Sorted as the second query gives them, which therefore comes first.
  local ordered(panel) = panel {
    targets: [panel.targets[1], panel.targets[0]] + panel.targets[2:],
  };

  local states =
    local worst = text.fill(|||
      topk(40,
        sum by (job, instance, trunk) (sum_over_time(
          siptrunk_state{%s,state=~"degraded|down"}[$__range] @ end()
        )) > 0
      )
    |||, sel);
    p.timeline(
      'States of the trunks that were not always up',
      'The 40 trunks that were degraded or down for the largest part of this time range, '
      + 'one line for each exporter that probes them.',
      [24, 14],
      text.fill(|||
        %(some)s
        or (
          label_replace(label_replace(
            0 * count(siptrunk_state{%(sel)s}), "trunk", "every trunk", "", ""),
            "instance", "every exporter", "", "")
          unless on () %(worst)s
        )
      |||, { some: q.ofThose(q.code(sel, each), worst), sel: sel, worst: worst }),
      '{{trunk}} from {{instance}}',
      shared.states(q),
      perPage=14
    );

  local latency =
    local slowest = 'topk(10,\n%s\n)' % q.mean(sel, each, '$__range', ' @ end()');
    [
      p.heatmap('Latency of all trunks',
                'How many probes took how long, from the request sent to its final '
                + 'response. Two bands are two kinds of trunk; a band that widens or rises '
                + 'is trouble. Needs classic or native histograms.',
                [24, 9],
                sel),
      p.graph('The ten slowest trunks',
              'Mean latency of each, the ten highest of this time range.',
              [24, 9],
              p.range(q.ofThose(q.mean(sel, each), slowest), '{{trunk}} from {{instance}}'),
              's',
              {
                legendAtSide: true,
                legendWidth: 330,
                interval: '1m',
                noValue: shared.unanswered,
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
              'Probes a minute that failed, by reason; dns are look-ups that failed, after '
              + 'which nothing was sent.',
              [8, 8],
              p.range('sum by (reason) (rate(siptrunk_probe_failures_total{%s}[$__rate_interval])) * 60 > 0'
                      % sel, '{{reason}}'),
              'cpm',
              shared.perMinute {
                overrides: f.coloured(colours.reasons),
                noValue: 'Nothing failed in this time range',
              }),
      p.graph('Loss',
              'Requests over UDP that nothing came back for, as a share of all sent, over '
              + 'all trunks and for the worst one that is up; answers that came after the '
              + 'timeout, as a share of the probes.',
              [8, 8],
              p.ranges([
                ['lost, all trunks', lost('')],
                [
                  'lost, worst trunk that is up',
                  'max (\n%s\nand on (%s) siptrunk_up{%s} == 1\n)' % [lost(q.by), each, sel],
                ],
                ['late', q.late(sel)],
              ]),
              'percentunit',
              {
                interval: '1m',
                maximum: 1,
                thresholds: f.limits(colours.blue, [[config.lossRatio, colours.amber]]),
                overrides: f.coloured({
                  'lost, all trunks': colours.blue,
                  'lost, worst trunk that is up': colours.red,
                  late: colours.purple,
                }),
                noValue: 'No trunk is probed over UDP',
              }),
    ];

  // Who is at 0 comes first.
  local groups =
    local share(label, name) =
      local by = 'label_replace(%s, "' + label + '", "without ' + name + '", "' + label + '", "")';
      local ups = by % ('siptrunk_up{%s}' % sel);
      p.table(
        'Up, by ' + name,
        'How many trunks of each %s are up, the worst first. One %s that falls alone is '
        % [name, name] + 'its own fault; all together are more likely ours. Seen from '
        + 'several exporters a trunk counts once, and is up if all of them say so.',
        [12, 8],
        [
          [label, if name == 'carrier' then 'Carrier' else 'Site', {}],
          ['answering', 'Up now', shared.answering { 'custom.width': 90 }],
        ],
        [
          ['Share', 'sort(avg by (%s) (min by (%s, trunk) (%s)))' % [label, label, ups], {
            unit: 'percentunit',
            min: 0,
            max: 1,
            decimals: 0,
            'custom.width': 170,
            'custom.cellOptions': { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
            thresholds: f.steps(colours.red, [[0.0001, colours.amber], [1, colours.blue]]),
          }],
          [null, text.fill(|||
            label_join(
              count_values by (%(l)s) ("_up", sum by (%(l)s) (min by (%(l)s, trunk) (%(up)s)))
              * on (%(l)s) group_left (_all)
              count_values by (%(l)s) ("_all", count by (%(l)s) (min by (%(l)s, trunk) (%(up)s))),
              "answering", " of ", "_up", "_all"
            )
          |||, { l: label, up: ups }), {}],
          ['In this time', text.fill(|||
            avg by (%s) (%s)
            and on (%s) %s
          |||, [
            label,
            by % ('avg_over_time(siptrunk_up{%s}[$__range])' % sel),
            label,
            ups,
          ]), {
            unit: 'percentunit',
            decimals: 2,
            'custom.width': 105,
          }],
        ],
        [],
        'No trunk has a state'
      );
    [share(config.carrierLabel, 'carrier'), share(config.siteLabel, 'site')];

  local expiry = [
    p.table(
      'Certificates that expire first',
      'The earliest expiry in the chain that each peer presents, of what was verified of it.',
      [24, 8],
      [trunkColumn, ['address', 'Address', {}], instanceColumn],
      [['Expires in', text.fill(|||
        sort(bottomk(50,
          min by (job, instance, trunk, address) (
            %s
          ) - time()
        ))
      |||, q.certificateEnd(sel)), shared.duration {
        thresholds: shared.left(config),
        'custom.cellOptions': p.colouredText,
        'custom.width': 125,
      }]],
      [],
      'No trunk presents a certificate'
    ),
    p.table(
      "Peers' own pings and our registrations",
      'When each peer last sent us OPTIONS, for those that ever did, whether expected ones '
      + 'stay out, and how long each registration still lasts.',
      [24, 8],
      [
        trunkColumn[:2] + [trunkColumn[2] { 'custom.width': 150 }],
        // Takes what is left of a wide page.
        instanceColumn[:2] + [{ links: instanceColumn[2].links }],
      ],
      [
        ['Last ping', text.fill(|||
          sort_desc(time() - max by (job, instance, trunk) (
            siptrunk_inbound_options_last_timestamp_seconds{%s}
          ))
        |||, sel), shared.duration {
          thresholds: shared.silence(config),
          'custom.cellOptions': p.colouredText,
        }],
        ['Stay out', text.fill(|||
          max by (job, instance, trunk) (
            siptrunk_inbound_missing{%s}
          )
        |||, sel), {
          mappings: f.mapping([[0, 'No', colours.blue], [1, 'Yes', colours.amber]]),
          'custom.cellOptions': p.colouredText,
          'custom.width': 80,
        }],
        ['Registered for', text.fill(|||
          min by (job, instance, trunk) (
            siptrunk_registration_expires_timestamp_seconds{%s}
          ) - time()
        |||, sel), shared.duration {
          thresholds: shared.lapse,
          'custom.cellOptions': p.colouredText,
          'custom.width': 115,
        }],
      ],
      [],
      'No peer pings us and no trunk registers'
    ),
  ];

  // What was measured of trunks that were taken out since is no row.
  local there(expr) = q.ofThose(expr, 'siptrunk_info{%s}' % sel);
  local everyTrunk = p.table(
    'All trunks', 'Every trunk that the variables above select, paused ones too.', [24, 14], [
      trunkColumn,
      [config.carrierLabel, 'Carrier', { 'custom.width': 110 }],
      [config.siteLabel, 'Site', { 'custom.width': 100 }],
      instanceColumn,
      ['answering', 'Answer', shared.answering { 'custom.width': 75 }],
      ['uri', 'URI', {}],
    ], [
      ['State', text.fill(|||
        %s
        or max by (%s) (siptrunk_paused{%s}) * 4
      |||, [q.code(sel, q.by), q.by, sel]), {
        mappings: f.mapping([
          [q.state.up, 'Up', colours.blue],
          [q.state.degraded, 'Degraded', colours.amber],
          [q.state.down, 'Down', colours.red],
          [q.state.unknown, 'Not known', colours.grey],
          [4, 'Paused', colours.grey],
        ]),
        'custom.cellOptions': p.badge,
        'custom.align': 'left',
        'custom.width': 95,
      }],
      [
        'Failed, 1 h',
        there(q.failed(sel, q.by, '1h')),
        { unit: 'percentunit', decimals: 0, 'custom.width': 100 },
      ],
      [
        'Mean latency',
        there(q.mean(sel, q.by, '1h')),
        { unit: 's', decimals: 0, 'custom.width': 115 },
      ],
      [null, q.answering(sel), {}],
      [null, 'max by (%s, uri) (siptrunk_info{%s})' % [q.by, sel], {}],
    ], [['Trunk', false]], 'No trunk matches'
  );

  layout.dashboard(
    config,
    'fleet',
    'SIP trunks: fleet',
    'All trunks that siptrunk_exporter probes: how many are up, what is wrong now, worst '
    + 'first, and since when.',
    variables.places + variables.labels
    + [variables.trunks, variables.filters, variables.scheme],
    annotations.states(sel, false)
    + [annotations.alerts(q.selectors.labels, false)]
    + annotations.exporters(q.selectors.exporter, false),
    [
      links.dashboard('One trunk', 'trunk', shared.everywhere + ['carrier', 'site']),
      links.dashboard('Exporter', 'exporter', shared.everywhere),
      links.dashboard('Calls', 'calls', shared.everywhere + ['carrier', 'site']),
    ],
    [
      ['', counts],
      ['', [ordered(wrongNow)]],
      ['', [states]],
      ['Latency', latency],
      ['Answers', answers],
      ['Carriers and sites', groups],
      ['What runs out', expiry],
    ],
    [['All trunks', [everyTrunk]]]
  )
