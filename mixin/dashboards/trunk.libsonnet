// Trunk: everything about one, from every exporter that probes it.
local colours = import 'colours.libsonnet';
local f = import 'fields.libsonnet';
local layout = import 'layout.libsonnet';
local p = import 'panels.libsonnet';
local shared = import 'shared.libsonnet';

function(config)
  local q = (import 'queries.libsonnet')(config);
  local links = (import 'links.libsonnet')(config);
  local variables = (import 'variables.libsonnet')(config);
  local annotations = (import 'annotations.libsonnet')(config);
  local sel = 'job=~"$job",instance=~"$instance",trunk="$trunk"';
  local target = 'instance, method, address';
  local targetLegend = '{{method}} {{address}} from {{instance}}';
  local unanswered = 'No probe was answered in this time range';

  local stateLine = [
    p.stat('State',
           'The worst that any of the exporters sees now.',
           q.code(sel, 'trunk'),
           more={ mappings: shared.states(q), thresholds: f.steps(colours.grey) }),
    p.stat('Availability',
           'Share of this time range in which the trunk was up or degraded, on average '
           + 'over the exporters. Times without a known state do not count.',
           'avg (avg_over_time(siptrunk_up{%s}[$__range]))' % sel,
           'percentunit',
           {
             thresholds: f.steps(colours.red, [[0.99, colours.amber], [0.999, colours.blue]]),
             decimals: 3,
           }),
    p.stat('Probes that worked',
           'Share of the probes in this time range that ended with an answer that means '
           + 'up or degraded, before fall and rise.',
           '1 - (' + q.failed(sel, '', '$__range') + ')',
           'percentunit',
           {
             thresholds: f.steps(colours.red, [[0.95, colours.amber], [0.99, colours.blue]]),
             decimals: 2,
           }),
    p.stat('Latency, median',
           'Half of the probes in this time range were faster.',
           q.quantile(0.5, sel, window='$__range'),
           's',
           { noValue: 'no answer' }),
    p.stat('Latency, 95th percentile',
           '19 of 20 probes in this time range were faster.',
           q.quantile(0.95, sel, window='$__range'),
           's',
           {
             thresholds: f.steps(colours.blue, [[0.5, colours.amber], [2, colours.red]]),
             noValue: 'no answer',
           }),
    p.stat('Last success',
           'Time since the last probe that worked.',
           'time() - max (siptrunk_probe_last_success_timestamp_seconds{%s})' % sel,
           'dtdurations',
           {
             thresholds: f.steps(colours.blue, [[120, colours.amber], [300, colours.red]]),
             decimals: 0,
             noValue: 'never',
           }),
  ];

  local detailLine = [
    p.stat('Addresses that answer',
           'Of the addresses that the name resolves to, the share that answers.',
           'min (siptrunk_addresses_up{%s} / (siptrunk_addresses{%s} > 0))' % [sel, sel],
           'percentunit',
           {
             thresholds: f.steps(colours.red, [[0.01, colours.amber], [1, colours.blue]]),
             decimals: 0,
             noValue: 'none known',
           }),
    p.stat('Packets lost',
           'Share of the requests over UDP in this time range that nothing came back for: '
           + 'lost on the way there or back.',
           q.lost(sel, '', '$__range'),
           'percentunit',
           {
             thresholds: f.steps(colours.blue,
                                 [[q.lossBad, colours.amber], [0.25, colours.red]]),
             decimals: 1,
           }),
    p.stat('State changes',
           'In this time range, over all exporters.',
           'sum (increase(siptrunk_state_changes_total{%s}[$__range]))' % sel,
           more={
             thresholds: f.steps(colours.blue, [[q.flappingChanges, colours.amber]]),
             decimals: 0,
           }),
    p.stat('Certificate expires in',
           'The earliest expiry in the chain that the peer presents, of what was verified '
           + 'of it.',
           'min %s - time()' % q.certificateEnd(sel),
           'dtdurations',
           {
             thresholds: shared.certificateSteps(q),
             decimals: 0,
             noValue: 'no TLS',
           }),
    p.stat('Registration lapses in',
           'Time until the registration ends unless it is renewed.',
           'min (siptrunk_registration_expires_timestamp_seconds{%s}) - time()' % sel,
           'dtdurations',
           {
             thresholds: f.steps(colours.red, [[30, colours.amber], [60, colours.blue]]),
             decimals: 0,
             noValue: 'none',
           }),
    p.stat('Last ping from the peer',
           'Time since the peer last sent us OPTIONS.',
           'time() - max (siptrunk_inbound_options_last_timestamp_seconds{%s})' % sel,
           'dtdurations',
           {
             thresholds: f.steps(colours.blue, [[180, colours.amber], [900, colours.red]]),
             decimals: 0,
             noValue: 'never',
           }),
  ];

  local vantagePoints =
    local by = 'job, instance, trunk';
    local most(metric) = 'max by (%s) (%s{%s})' % [by, metric, sel];
    p.table(
      'Seen from',
      "The exporters that probe this trunk, and how. Click an exporter for the trunk's "
      + 'last probes as a message ladder on its status page.',
      [24, 5],
      [
        ['instance', 'Instance', {
          links: [links.status('Trunk'), links.exporter()],
          'custom.width': 150,
        }],
        ['trunk', 'Trunk', { 'custom.width': 120 }],
        ['carrier', 'Carrier', { 'custom.width': 85 }],
        ['site', 'Site', { 'custom.width': 85 }],
        ['uri', 'URI', {}],
        ['transport', 'Transport', { 'custom.width': 90 }],
        ['profile', 'Profile', { 'custom.width': 90 }],
      ],
      [
        ['State', q.code(sel, by), {
          mappings: shared.states(q),
          'custom.cellOptions': p.badge,
          'custom.width': 110,
        }],
        ['Addresses', most('siptrunk_addresses'), { 'custom.width': 100, noValue: '?' }],
        ['Of these up', most('siptrunk_addresses_up'), { 'custom.width': 110, noValue: '?' }],
        [
          'Paused',
          '%s\nor 0 * %s' % [most('siptrunk_paused'), most('siptrunk_info')],
          { mappings: f.yesNo, 'custom.width': 80 },
        ],
        [null, 'max by (%s, uri, transport, profile) (siptrunk_info{%s})' % [q.by, sel], {}],
      ],
      [['State', true]],
      'No exporter probes a trunk of this name.'
    );

  local timelines = [
    p.timeline('State',
               'After fall and rise, one line for each exporter.',
               [24, 5],
               q.code(sel, 'job, instance, trunk'),
               'from {{instance}}',
               shared.states(q),
               'No state in this time range'),
    p.timeline('Probes, by address',
               'Whether the last probe of each address worked, before fall and rise. One '
               + 'bad address behind a good name shows here.',
               [24, 6],
               'max by (%s) (siptrunk_probe_success{%s})' % [target, sel],
               targetLegend,
               f.yesNo,
               'No probe in this time range',
               perPage=20),
  ];

  local latency = [
    p.heatmap('Latency',
              'How many probes took how long, from the request sent to its final response.',
              [12, 9],
              sel),
    p.graph('Latency, beside a week ago',
            'Percentiles of all probes of the trunk; the dashed line is the 95th percentile '
            + "of the same time a week ago, the trunk's own normal.",
            [12, 9],
            p.ranges([
              ['median', q.quantile(0.5, sel)],
              ['p95', q.quantile(0.95, sel)],
              ['p99', q.quantile(0.99, sel)],
              ['p95 a week ago', q.quantile(0.95, sel, more=' offset 1w')],
            ]),
            's',
            {
              interval: '2m',
              overrides: f.coloured({
                median: colours.blue,
                p95: colours.amber,
                p99: colours.red,
              }) + [f.override('p95 a week ago', {
                color: f.fixed(colours.grey),
                'custom.lineStyle': { dash: [6, 4], fill: 'dash' },
              })],
              noValue: unanswered,
            }),
    p.graph('Where the time goes',
            'Phases of the last probe, on average over the addresses: resolve, connect, TLS '
            + 'handshake, response.',
            [12, 8],
            p.range('avg by (phase) (siptrunk_probe_phase_duration_seconds{%s})' % sel,
                    '{{phase}}'),
            's',
            {
              stacked: true,
              overrides: f.coloured(colours.phases),
            }),
    p.graph('Latency, by address',
            '95th percentile of each address that the name resolves to.',
            [12, 8],
            p.range(q.quantile(0.95, sel, target), targetLegend),
            's',
            { interval: '2m', noValue: unanswered }),
  ];

  local answers =
    local each(metric, label) = 'sum by (%s) (rate(%s{%s}[$__rate_interval])) * 60'
                                % [label, metric, sel];
    local aMinute(metric) = 'sum (rate(%s{%s}[$__rate_interval])) * 60' % [metric, sel];
    [
      p.graph('Response codes',
              'Final responses a minute, by status code.',
              [8, 8],
              p.range(each('siptrunk_probe_responses_total', 'code'), '{{code}}'),
              'cpm',
              shared.perMinute { overrides: f.coloured(colours.codes, '^%s..$') }),
      p.graph('Failures',
              'Failed probes a minute, by reason.',
              [8, 8],
              p.range(each('siptrunk_probe_failures_total', 'reason') + ' > 0', '{{reason}}'),
              'cpm',
              shared.perMinute {
                overrides: f.coloured(colours.reasons),
                noValue: 'No probe failed in this time range',
              }),
      p.graph('Loss',
              'Requests over UDP that nothing came back for, as a share of all sent; answers '
              + 'that came after the timeout, as a share of the probes.',
              [8, 8],
              p.ranges([
                ['lost', q.lost(sel, '', '$__rate_interval')],
                ['late', shared.late(sel)],
              ]),
              'percentunit',
              {
                interval: '2m',
                thresholds: f.steps(colours.blue, [[q.lossBad, colours.amber]]),
                overrides: f.coloured({ lost: colours.blue, late: colours.purple }),
              }),
      p.graph('Requests over UDP',
              'A minute: all that were sent, those of them that were sent again since no '
              + 'answer had come within T1, and those that something came back for. A slow '
              + 'peer gets each twice and answers each: only the distance between sent and '
              + 'answered is loss. Answers from elsewhere, another address or port than was '
              + 'asked, are no answers.',
              [24, 7],
              p.ranges([
                ['sent', aMinute('siptrunk_probe_udp_requests_total')],
                ['sent again', aMinute('siptrunk_probe_retransmissions_total')],
                ['answered', aMinute('siptrunk_probe_udp_answers_total')],
                ['from elsewhere', aMinute('siptrunk_probe_misdirected_responses_total')],
              ]),
              'cpm',
              {
                interval: '2m',
                noValue: 'This trunk is not probed over UDP',
                overrides: f.coloured({
                  sent: colours.blue,
                  'sent again': colours.amber,
                  answered: colours.purple,
                  'from elsewhere': colours.red,
                }),
              }),
    ];

  local peer = [
    p.graph('Requests from the peer',
            "Requests a minute that came from the trunk's addresses, by method.",
            [8, 8],
            p.range('sum by (method) (rate(siptrunk_inbound_requests_total{%s}[$__rate_interval])) * 60'
                    % sel, '{{method}}'),
            'cpm',
            { interval: '1m', noValue: 'The peer sends us no requests' }),
    p.graph('Addresses',
            "What the trunk's name resolves to, and how many of those answer.",
            [8, 8],
            p.ranges([
              ['resolved', 'max (siptrunk_addresses{%s})' % sel],
              ['answering', 'min (siptrunk_addresses_up{%s})' % sel],
            ]),
            'none',
            {
              overrides: f.coloured({ resolved: colours.grey, answering: colours.blue }),
            }),
    p.graph('Registration lapses in',
            'A saw tooth is healthy: each renewal lifts it. A line that falls to 0 is a '
            + 'registration lost.',
            [8, 8],
            p.range('min by (instance) (siptrunk_registration_expires_timestamp_seconds{%s}) - time()'
                    % sel, 'from {{instance}}'),
            's',
            { minimum: null, noValue: 'This trunk does not register' }),
    p.graph('Asked to wait',
            'What the peer asked for in Retry-After, with 503 mostly.',
            [12, 7],
            p.range('max by (%s) (siptrunk_probe_retry_after_seconds{%s})' % [target, sel],
                    targetLegend),
            's',
            { noValue: 'The peer did not ask for a pause' }),
    p.graph('TLS failures',
            'Failed handshakes a minute, by cause.',
            [12, 7],
            p.range('sum by (cause) (rate(siptrunk_tls_failures_total{%s}[$__rate_interval])) * 60'
                    % sel, '{{cause}}'),
            'cpm',
            shared.perMinute {
              noValue: 'No TLS failure',
            }),
  ];

  layout.dashboard(
    config,
    'siptrunk-trunk',
    'SIP trunks: one trunk',
    'Everything that siptrunk_exporter knows of one trunk, from every exporter that '
    + 'probes it.',
    variables.places + variables.labels
    + [variables.trunk(null), variables.filters, variables.scheme],
    annotations.states(sel, true) + [annotations.alerts(',trunk="$trunk"')]
    + annotations.exporters('job=~"$job",instance=~"$instance"'),
    [
      links.dashboard('Fleet', 'siptrunk-fleet', shared.everywhere + ['carrier', 'site']),
      links.dashboard('Exporter', 'siptrunk-exporter', shared.everywhere),
    ],
    [
      ['', stateLine],
      ['', detailLine],
      ['', [vantagePoints]],
      ['', timelines],
      ['Latency', latency],
      ['Answers', answers],
      ['The peer', peer],
    ]
  )
