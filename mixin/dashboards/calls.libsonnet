// Calls: whose calls fail and why, how they sound, and what they cost.
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
  local none = 'No calls are made';
  local unknown = 'Not measured in this time range';

  // What counts is 0 where calls are made at all.
  local made = '0 * count(siptrunk_calls_open{%s})' % sel;
  local count(expr) = 'count(%s)\nor %s' % [expr, made];
  local within(metric, window) = 'sum (increase(siptrunk_%s{%s}[%s]))' % [metric, sel, window];
  local counted(metric, window) = 'round(%s)' % within(metric, window);

  // Of those whose value is the worst on average over the time range, ten: more lines than
  // that nobody reads.
  local ten(metric, labels, worst='topk', largest='max') = q.ofThose(
    '%s by (%s) (siptrunk_call_%s{%s})' % [largest, each + labels, metric, sel],
    '%s(10, %s by (%s) (avg_over_time(siptrunk_call_%s{%s}[$__range] @ end())))'
    % [worst, largest, each, metric, sel]
  );
  local directed = '{{trunk}} {{direction}} from {{instance}}';
  // Calls are few: the mean of those of the hour before.
  local mean(name, by, window) = text.fill(|||
    sum by (%(by)s) (increase(siptrunk_call_%(name)s_delay_seconds_sum{%(sel)s}[%(window)s]))
    / (sum by (%(by)s) (increase(siptrunk_call_%(name)s_delay_seconds_count{%(sel)s}[%(window)s])) > 0)
  |||, { by: by, name: name, sel: sel, window: window });

  local head = [
    p.stat('Calls fail',
           'Trunks whose calls fail or carry no audio, while they answer what else is '
           + 'asked of them: two calls or more in a row. The rules decide it.',
           count('count by (trunk) (siptrunk:problem{%s,problem=~"calls_failing|calls_without_audio"})'
                 % sel),
           more={ thresholds: shared.count(colours.red), noValue: none }),
    p.stat('Last failed',
           'Trunks whose last call failed, by whatever exporter made it.',
           count('min by (trunk) (siptrunk_probe_success{%s,method="INVITE"}) == 0' % sel),
           more={ thresholds: shared.count(colours.amber), noValue: none }),
    p.stat('Open',
           'Calls that peers may think are going on now.',
           'sum (siptrunk_calls_open{%s})' % sel,
           more={ noValue: none }),
    p.stat('Not ended',
           'Calls of the last day whose BYE or CANCEL had no answer that ends them: they may '
           + 'have been billed on.',
           counted('calls_not_ended_total', '1d'),
           more={ thresholds: shared.count(colours.red), noValue: none }),
    p.stat('Limited',
           'Calls of the last day that were not made, as a limit of `calls` forbade them or '
           + 'calls were stopped.',
           'round(sum (increase(siptrunk_call_failures_total{%s,reason="limit"}[1d])))\nor %s'
           % [sel, made],
           more={ thresholds: shared.count(colours.amber), noValue: none }),
    p.stat('Talked',
           'Time from answer to end of all calls of the last day, those on demand too: what '
           + 'they cost.',
           within('calls_made_seconds_total', '1d'),
           'dtdhms',
           { noValue: none, decimals: 0 }),
  ];

  local lasts = p.table(
    'Calls of each trunk',
    'The last call, and what failed of those of the last six hours; not ended are those of '
    + 'the last day. MOS and loss are those of the worse direction. Click one for everything about it.',
    [24, 11],
    [
      ['trunk', 'Trunk', { links: [links.trunk(), links.status()] }],
      ['reason', 'Fails with', { 'custom.width': 100 }],
      ['instance', 'Instance', { 'custom.width': 140 }],
    ],
    [
      [
        'Last call',
        'sort(min by (%s) (siptrunk_probe_success{%s,method="INVITE"}))' % [each, sel],
        {
          mappings: f.mapping([[1, 'Good', colours.blue], [0, 'Failed', colours.red]]),
          'custom.cellOptions': p.badge,
          'custom.align': 'left',
          'custom.width': 80,
        },
      ],
      [
        'Failed',
        text.fill(|||
          clamp_max(
            sum by (%(by)s) (increase(siptrunk_call_failures_total{%(sel)s,reason!="limit"}[6h]))
            / (sum by (%(by)s) (increase(siptrunk_probes_total{%(sel)s,method="INVITE"}[6h])) > 0),
            1
          )
        |||, { by: each, sel: sel }),
        shared.share { thresholds: shared.failed, 'custom.width': 70 },
      ],
      [
        'MOS',
        'min by (%s) (siptrunk_call_mos{%s})' % [each, sel],
        {
          decimals: 2,
          thresholds: f.steps(colours.amber, [[config.callMos, colours.blue]]),
          'custom.cellOptions': p.colouredText,
          'custom.width': 65,
        },
      ],
      [
        'Lost',
        'max by (%s) (siptrunk_call_loss_ratio{%s})' % [each, sel],
        { unit: 'percentunit', decimals: 1, 'custom.width': 65 },
      ],
      [
        'Rings after',
        mean('post_dial', each, '6h'),
        { unit: 's', decimals: 1, 'custom.width': 95 },
      ],
      [
        'Open',
        'max by (%s) (siptrunk_calls_open{%s})' % [each, sel],
        { 'custom.width': 65 },
      ],
      [
        'Not ended',
        'round(sum by (%s) (increase(siptrunk_calls_not_ended_total{%s}[1d])))' % [each, sel],
        {
          thresholds: shared.count(colours.red),
          'custom.cellOptions': p.colouredText,
          'custom.width': 90,
        },
      ],
      [
        null,
        'max by (%s, reason) (\n%s\n)'
        % [each, q.commonest('siptrunk_call_failures_total', 'reason', sel + ',reason!="limit"', '6h')],
        {},
      ],
    ],
    [],
    none
  );

  local outcome = [
    p.graph('Calls that failed',
            'In the hour before, by reason. limit is a call that was not made.',
            [12, 9],
            p.range('sum by (reason) (increase(siptrunk_call_failures_total{%s}[1h])) > 0' % sel,
                    '{{reason}}'),
            'short',
            { noValue: 'No call failed in this time range' }),
    p.graph('Calls made',
            'In the hour before, by schedule and on demand, and those that were held back by a '
            + 'limit (`max_per_hour`, `max_per_day` and `max_concurrent` of `calls`), all '
            + 'trunks together.',
            [12, 9],
            [
              p.range('sum by (answered) (increase(siptrunk_calls_made_total{%s}[1h]))' % sel,
                      'answered: {{answered}}',
                      'A'),
              p.range('sum (increase(siptrunk_call_failures_total{%s,reason="limit"}[1h]))\nor %s'
                      % [sel, made],
                      'held back',
                      'B'),
              p.range('sum (increase(siptrunk_calls_total{%s}[1h]))' % sel,
                      'by schedule',
                      'D'),
              p.range('sum (increase(siptrunk_calls_made_seconds_total{%s}[1h])) / 60' % sel,
                      'minutes talked',
                      'C'),
            ],
            'short',
            { noValue: none }),
  ];

  local delays = [
    p.graph('Until it rings',
            'Post-dial delay: INVITE to the first 180 or 183, mean of the hour before.',
            [8, 9],
            p.range(mean('post_dial', each, '1h'), '{{trunk}} from {{instance}}'),
            's',
            { noValue: 'Nothing rang in this time range' }),
    p.graph('Until it is answered',
            'INVITE to its 200, mean of the hour before.',
            [8, 9],
            p.range(mean('answer', each, '1h'), '{{trunk}} from {{instance}}'),
            's',
            { noValue: 'Nothing was answered in this time range' }),
    p.graph('Until audio comes',
            "Of the last call: its answer, or SDP before that, to the first packet of audio. "
            + 'The ten longest.',
            [8, 9],
            p.range(ten('first_audio_seconds', ''), '{{trunk}} from {{instance}}'),
            's',
            { noValue: unknown }),
  ];

  local quality = [
    p.graph('MOS',
            'Of the last call, by the E-model (G.107): 4.4 is the best that G.711 has. In is '
            + 'towards us. The ten worst.',
            [12, 9],
            p.range(ten('mos', ', direction', 'bottomk', 'min'), directed),
            'none',
            {
              minimum: 1,
              maximum: 5,
              thresholds: f.limits(colours.blue, [[config.callMos, colours.amber]]),
              noValue: unknown,
            }),
    p.graph('R factor',
            'The same before it is a MOS: 0 to 100, 93 at best.',
            [12, 9],
            p.range(ten('r_factor', ', direction', 'bottomk', 'min'), directed),
            'none',
            { maximum: 100, noValue: unknown }),
    p.graph('Loss',
            'Packets of the last call that never came, of those due. The ten worst.',
            [12, 9],
            p.range(ten('loss_ratio', ', direction'), directed),
            'percentunit',
            { maximum: 1, noValue: unknown }),
    p.graph('Jitter',
            'Mean of the last call (RFC 3550); absent where we were late ourselves. The ten '
            + 'worst.',
            [12, 9],
            p.range(ten('jitter_seconds', ', direction'), directed),
            's',
            { noValue: unknown }),
    p.graph('Delay one way',
            'Of the last call, each way, where it comes back to us. The ten longest.',
            [12, 9],
            p.range(ten('one_way_delay_seconds', ', direction'), directed),
            's',
            { noValue: unknown }),
    p.graph('Round trip',
            'Of the last call, by audio that came back or by the peer\'s RTCP. The ten longest.',
            [12, 9],
            p.range(ten('round_trip_seconds', ', source'),
                    '{{trunk}} by {{source}} from {{instance}}'),
            's',
            { noValue: unknown }),
  ];

  local heard = p.timeline(
    'What was said is heard',
    'Whether the tones of one end were heard at the other, as tones or as events: music or an '
    + 'announcement under a 200 has none. In is towards us.',
    [24, 12],
    'max by (%s, direction) (siptrunk_call_nonce_heard{%s})' % [each, sel],
    directed,
    f.yesNo,
    perPage=12
  );

  local ends = [
    p.graph('Open calls',
            'Calls that a peer may think are going on, by trunk. None lasts for four minutes.',
            [12, 8],
            p.range('max by (%s) (siptrunk_calls_open{%s}) > 0' % [each, sel],
                    '{{trunk}} from {{instance}}'),
            'short',
            { noValue: 'No call was open at a scrape' }),
    p.graph('Own audio late',
            'Share of the packets of our own calls that left more than 5 ms late: no verdict '
            + 'on jitter and MOS is given then.',
            [12, 8],
            p.range(text.fill(|||
              1 - sum by (instance) (rate(siptrunk_exporter_media_lateness_seconds_bucket{%(sel)s,le="0.005"}[$__rate_interval]))
              / (sum by (instance) (rate(siptrunk_exporter_media_lateness_seconds_count{%(sel)s}[$__rate_interval])) > 0)
            |||, { sel: q.selectors.exporter }), '{{instance}}'),
            'percentunit',
            { interval: '1m', maximum: 1, noValue: none }),
  ];

  layout.dashboard(
    config,
    'calls',
    'SIP trunks: calls',
    'The calls that siptrunk_exporter makes over trunks: whose fail and why, how they sound, '
    + 'how long they take, what they cost.',
    variables.places + variables.labels + [variables.trunks, variables.scheme],
    [annotations.alerts(q.selectors.labels)] + annotations.exporters(q.selectors.exporter, false),
    [
      links.dashboard('Fleet', 'fleet', shared.everywhere + ['carrier', 'site']),
      links.dashboard('One trunk', 'trunk', shared.everywhere + ['carrier', 'site']),
    ],
    [
      ['', head],
      ['', [lasts]],
      ['What becomes of them', outcome],
      ['How long they take', delays],
      ['How they sound', quality],
      ['', [heard]],
      ['How they end, and we', ends],
    ]
  )
