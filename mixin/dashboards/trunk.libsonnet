// Trunk: everything about one, from every exporter that probes it.
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
  local sel = q.selectors.trunk;
  local target = 'instance, method, address';
  local targetLegend = '{{method}} {{address}} from {{instance}}';

  local stateLine = [
    p.stat('State',
           'The worst that any of the exporters sees now.',
           text.fill(|||
             %s
             or max by (trunk) (siptrunk_paused{%s}) * 4
           |||, [q.code(sel, 'trunk'), sel]),
           more={
             mappings: f.mapping([
               [q.state.up, 'Up', colours.blue],
               [q.state.degraded, 'Degraded', colours.amber],
               [q.state.down, 'Down', colours.red],
               [q.state.unknown, 'Not known', colours.grey],
               [4, 'Paused', colours.grey],
             ]),
             thresholds: f.steps(colours.grey),
             noValue: 'No data',
           }),
    p.stat('For',
           'How long the trunk has been in this state, by the exporter that saw it enter '
           + 'it last. Exporters before 1.1 tell it only of trunks that are down.',
           text.fill(|||
             time() - (
               max (siptrunk_state_changed_timestamp_seconds{%(sel)s})
               or max (siptrunk_probe_last_success_timestamp_seconds{%(sel)s} and on (trunk) siptrunk_up{%(sel)s} == 0)
             )
           |||, { sel: sel }),
           'dtdhms',
           { decimals: 0, noValue: '–' }),
    p.stat('Up',
           'Share of this time range in which the trunk was up or degraded, on average '
           + 'over the exporters. Times without a known state do not count.',
           'avg (avg_over_time(siptrunk_up{%s}[$__range]))' % sel,
           'percentunit',
           {
             thresholds: f.steps(colours.red, [
               [0.99, colours.amber],
               [config.availabilityObjective, colours.blue],
             ]),
             decimals: 2,
           }),
    p.stat('Failed',
           'Share of the probes in this time range that failed, before fall and rise.',
           q.failed(sel, '', '$__range'),
           'percentunit',
           {
             thresholds: shared.failed,
             decimals: 1,
             noValue: 'no probe',
           }),
    p.stat('Mean',
           'Mean latency of the probes that were answered in this time range.',
           q.mean(sel, '', '$__range'),
           's',
           {
             thresholds: shared.slow(config),
             decimals: 0,
             noValue: 'no answer',
           }),
    p.stat('Largest',
           'The largest latency in this time range, of those that a scrape saw.',
           q.largest(sel, '', '$__range'),
           's',
           {
             thresholds: shared.slow(config),
             decimals: 0,
             noValue: 'no answer',
           }),
  ];

  local detailLine = [
    p.stat('Answer',
           'How many of the addresses that the name resolves to answer.',
           text.fill(|||
             label_join(
               count_values ("_up", min (siptrunk_addresses_up{%(sel)s}))
               * on () group_left (_all) count_values ("_all", max (siptrunk_addresses{%(sel)s})),
               "answering", " of ", "_up", "_all"
             )
           |||, { sel: sel }),
           more={
             noValue: 'not known',
             mappings: f.answering,
           }) + {
      targets: [super.targets[0] { format: 'table' }],
      options+: { reduceOptions+: { fields: '/^answering$/' } },
    },
    p.stat('Lost',
           'Share of the requests over UDP in this time range that nothing came back for: '
           + 'lost on the way there or back.',
           q.lost(sel, '', '$__range'),
           'percentunit',
           {
             thresholds: shared.lost(config),
             decimals: 1,
             noValue: 'no UDP',
           }),
    p.stat('Changes',
           'State changes in this time range, over all exporters.',
           'sum (increase(siptrunk_state_changes_total{%s}[$__range]))' % sel,
           more={
             thresholds: f.steps(colours.blue, [[config.flaps, colours.amber]]),
             decimals: 0,
           }),
    p.stat('Certificate',
           'Time until the earliest expiry in the chain that the peer presents, of what was '
           + 'verified of it.',
           'min %s - time()' % q.certificateEnd(sel),
           'dtdhms',
           {
             thresholds: shared.left(config),
             decimals: 0,
             noValue: 'no TLS',
           }),
    p.stat('Registered',
           'Time until the registration ends unless it is renewed.',
           'min (siptrunk_registration_expires_timestamp_seconds{%s}) - time()' % sel,
           'dtdhms',
           { thresholds: shared.lapse, decimals: 0, noValue: 'none' }),
    p.stat('Last ping',
           'Time since the peer last sent us OPTIONS.',
           'time() - max (siptrunk_inbound_options_last_timestamp_seconds{%s})' % sel,
           'dtdhms',
           {
             thresholds: shared.silence(config),
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
      [24, 6],
      [
        ['instance', 'Instance', {
          links: [links.status('Trunk'), links.exporter()],
          'custom.width': 150,
        }],
        ['answering', 'Answer', shared.answering { 'custom.width': 80 }],
        ['trunk', 'Trunk', { 'custom.width': 130 }],
        [config.carrierLabel, 'Carrier', { 'custom.width': 100 }],
        [config.siteLabel, 'Site', { 'custom.width': 90 }],
        ['uri', 'URI', {}],
        ['transport', 'Transport', { 'custom.width': 90 }],
        ['profile', 'Profile', { 'custom.width': 75 }],
      ],
      [
        ['State', q.code(sel, by), {
          mappings: shared.states(q),
          'custom.cellOptions': p.badge,
          'custom.align': 'left',
          'custom.width': 95,
        }],
        ['For', text.fill(|||
          time() - max by (%(by)s) (
            siptrunk_state_changed_timestamp_seconds{%(sel)s}
            or siptrunk_probe_last_success_timestamp_seconds{%(sel)s} and on (%(by)s) siptrunk_up{%(sel)s} == 0
          )
        |||, { by: by, sel: sel }), shared.duration],
        ['Paused', '%s\nor 0 * %s' % [most('siptrunk_paused'), most('siptrunk_info')], {
          mappings: f.mapping([[0, 'No', colours.grey], [1, 'Yes', colours.amber]]),
          'custom.width': 75,
        }],
        [
          'Until',
          most('siptrunk_paused_until_timestamp_seconds') + ' * 1000',
          { unit: 'dateTimeAsIso', 'custom.width': 160 },
        ],
        [null, q.answering(sel), {}],
        [null, 'max by (%s, uri, transport, profile) (siptrunk_info{%s})' % [q.by, sel], {}],
      ],
      [['State', true]],
      'No exporter probes a trunk of this name',
      paged=false
    );

  local timelines = [
    p.timeline('State',
               'After fall and rise, one line for each exporter.',
               [24, 5],
               q.code(sel, 'job, instance, trunk'),
               'from {{instance}}',
               shared.states(q)),
    p.timeline('What was wrong',
               'Each problem while it was there, as alerts and mails tell it.',
               [24, 6],
               text.fill(|||
                 max by (instance, problem) (siptrunk:problem{%(sel)s} > bool 0)
                 or label_replace(
                   0 * count(siptrunk_info{%(sel)s}) unless on () count_over_time(siptrunk:problem{%(sel)s}[$__range] @ end()),
                   "problem", "nothing", "", ""
                 )
               |||, { sel: sel }),
               '{{problem}} {{instance}}',
               f.mapping([[1, 'Wrong', colours.amber], [0, 'Nothing', colours.blue]]),
               perPage=12),
    p.timeline('Probes, by address',
               'Whether the last probe of each address worked, before fall and rise. One '
               + 'bad address behind a good name shows here.',
               [24, 6],
               'max by (%s) (siptrunk_probe_success{%s})' % [target, sel],
               targetLegend,
               f.mapping([[1, 'Worked', colours.blue], [0, 'Failed', colours.red]]),
               perPage=12),
  ];

  local latency = [
    p.heatmap('Latency',
              'How many probes took how long, from the request sent to its final response.',
              [12, 9],
              sel),
    p.graph('Latency, beside a week ago',
            'The mean of all probes and the largest that a scrape saw; percentiles where '
            + 'Prometheus stores native histograms. The dashed line is the mean of the same '
            + "time a week ago, the trunk's own normal.",
            [12, 9],
            p.ranges([
              ['mean', q.mean(sel)],
              ['largest', q.largest(sel)],
              ['p95', q.quantile(0.95, sel)],
              ['p99', q.quantile(0.99, sel)],
              ['mean a week ago', q.mean(sel, more=' offset 1w')],
            ]),
            's',
            {
              interval: '1m',
              overrides: f.coloured({
                mean: colours.blue,
                largest: colours.rose,
                p95: colours.amber,
                p99: colours.purple,
              }) + [f.override('mean a week ago', {
                color: f.fixed(colours.grey),
                'custom.lineStyle': { dash: [6, 4], fill: 'dash' },
              })],
              noValue: shared.unanswered,
            }),
    p.graph('Where the time goes',
            'Phases of the last probe, on average over the addresses: resolve, connect, TLS '
            + 'handshake, response.',
            [12, 9],
            p.range('avg by (phase) (siptrunk_probe_phase_duration_seconds{%s})' % sel,
                    '{{phase}}'),
            's',
            {
              stacked: true,
              overrides: f.coloured(colours.phases),
            }),
    p.graph('Latency, by address',
            'Mean latency of each address that the name resolves to.',
            [12, 9],
            p.range(q.mean(sel, target), targetLegend),
            's',
            { interval: '1m', noValue: shared.unanswered }),
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
                noValue: 'Nothing failed in this time range',
              }),
      p.graph('Loss',
              'Requests over UDP that nothing came back for, as a share of all sent; of these, '
              + 'with mark_copies, what was lost on the way out and on the way back; answers '
              + 'that came after the timeout, as a share of the probes.',
              [8, 8],
              p.ranges([
                ['lost', q.lost(sel, '', '$__rate_interval')],
                ['lost on the way out', q.lostWay(sel, 'request')],
                ['lost on the way back', q.lostWay(sel, 'reply')],
                ['late', q.late(sel)],
              ]),
              'percentunit',
              {
                interval: '1m',
                maximum: 1,
                thresholds: f.limits(colours.blue, [[config.lossRatio, colours.amber]]),
                noValue: 'This trunk is not probed over UDP',
                overrides: f.coloured({
                  lost: colours.blue,
                  'lost on the way out': colours.amber,
                  'lost on the way back': colours.red,
                  late: colours.purple,
                }),
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
                // Counted, as 0, of what is not sent over UDP, too.
                ['sent again', text.fill(|||
                  sum (rate(siptrunk_probe_retransmissions_total{%s,transport="udp"}[$__rate_interval])) * 60
                |||, sel)],
                ['answered', aMinute('siptrunk_probe_udp_answers_total')],
                ['from elsewhere',
                 aMinute('siptrunk_probe_misdirected_responses_total')
                 + '\nor 0 * ' + aMinute('siptrunk_probe_udp_requests_total')],
              ]),
              'cpm',
              {
                interval: '1m',
                noValue: 'This trunk is not probed over UDP',
                overrides: f.coloured({
                  sent: colours.blue,
                  'sent again': colours.amber,
                  answered: colours.purple,
                  'from elsewhere': colours.red,
                }),
              }),
      p.graph('NAT and ALG',
              'How often an hour the address changed that the peer sees us at, by received and '
              + 'rport of its answers; and whether something on the way rewrites SIP, where '
              + 'mirror asks for it.',
              [24, 7],
              p.ranges([
                ['mapping changes an hour', text.fill(|||
                  sum (increase(siptrunk_nat_mapping_changes_total{%s}[1h]))
                |||, sel)],
                ['rewrites SIP', text.fill(|||
                  max (siptrunk_alg_detected{%s})
                |||, sel)],
                ['NAT', text.fill(|||
                  max (siptrunk_nat_detected{%s})
                |||, sel)],
              ]),
              'none',
              {
                noValue: 'Its peer has not answered yet',
                overrides: f.coloured({
                  'mapping changes an hour': colours.blue,
                  'rewrites SIP': colours.amber,
                  NAT: colours.grey,
                }),
              }),
      p.graph('Changes of the peer',
              'What of the peer changed within the hour, by its answers and its handshakes: '
              + 'Allow, Supported, Accept, software and codecs, over TLS version and cipher, '
              + "key and root. The exporter's page has the old and the new values.",
              [24, 7],
              p.range('sum by (what) (increase(siptrunk_peer_changes_total{%s}[1h]))' % sel,
                      '{{what}}'),
              'none',
              {
                noValue: 'Its peer has not answered yet, or nothing of it is compared',
                overrides: f.coloured(colours.traits),
              }),
      p.graph('Length of the way back',
              'Routers that answers over UDP passed, by their TTL, for each address. Where it '
              + 'changes, the way has changed. "Trace the way" on the exporter\'s page shows '
              + 'the way there.',
              [24, 7],
              p.ranges([
                ['{{address}} from {{instance}}',
                 'max by (address, instance) (siptrunk_probe_reply_hops{%s})' % sel],
                ['changes an hour', text.fill(|||
                  sum (increase(siptrunk_probe_reply_hops_changes_total{%s}[1h]))
                |||, sel)],
              ]),
              'none',
              {
                noValue: 'This trunk is not probed over UDP',
                overrides: f.coloured({ 'changes an hour': colours.grey }),
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
            { noValue: 'This trunk does not register' }),
    p.graph('Asked to wait',
            'What the peer asked for in Retry-After, with 503 mostly.',
            [8, 7],
            p.range('max by (%s) (siptrunk_probe_retry_after_seconds{%s})' % [target, sel],
                    targetLegend),
            's',
            { noValue: 'The peer did not ask for a pause' }),
    p.graph('TLS failures',
            'Failed handshakes a minute, by cause.',
            [8, 7],
            p.range('sum by (cause) (rate(siptrunk_tls_failures_total{%s}[$__rate_interval])) * 60'
                    % sel, '{{cause}}'),
            'cpm',
            shared.perMinute {
              noValue: 'No TLS failure',
            }),
    p.graph('TLS sessions resumed',
            'Handshakes a minute that resumed one, with session_lifetime: in those the peer shows no '
            + 'certificate.',
            [8, 7],
            p.range('sum by (%s) (rate(siptrunk_tls_resumptions_total{%s}[$__rate_interval])) * 60'
                    % [target, sel], targetLegend),
            'cpm',
            shared.perMinute { noValue: 'This trunk is not probed over TLS' }),
    p.graph('Sizes that pass',
            'With size: 1 where questions of that size are answered, 0 after two checks in a '
            + "row that were not. What it means is on the trunk's page.",
            [12, 7],
            p.ranges([
              ['small', 'min (siptrunk_size_success{%s,size="small"})' % sel],
              ['large request', 'min (siptrunk_size_success{%s,size="large_request"})' % sel],
              ['large answer too', 'min (siptrunk_size_success{%s,size="large_both"})' % sel],
            ]),
            'none',
            {
              maximum: 1,
              noValue: 'Sizes of this trunk are not looked at',
              overrides: f.coloured({
                small: colours.grey,
                'large request': colours.blue,
                'large answer too': colours.purple,
              }),
            }),
    p.graph('Path MTU',
            'Largest packet that the path takes, as a router said; nothing where none did.',
            [12, 7],
            p.range('min by (address) (siptrunk_path_mtu_bytes{%s})' % sel, '{{address}}'),
            'bytes',
            { noValue: 'No router said so' }),
    p.graph('Trains: round trips',
            'With train: requests at short distances, of the last one. Jitter is the mean change '
            + 'from one round trip to the next.',
            [12, 7],
            p.ranges([
              ['shortest', 'min (siptrunk_train_rtt_seconds{%s,stat="min"})' % sel],
              ['median', 'max (siptrunk_train_rtt_seconds{%s,stat="median"})' % sel],
              ['longest', 'max (siptrunk_train_rtt_seconds{%s,stat="max"})' % sel],
              ['jitter', 'max (siptrunk_train_jitter_seconds{%s})' % sel],
            ]),
            's',
            {
              noValue: 'This trunk gets no trains',
              overrides: f.coloured({
                shortest: colours.grey,
                median: colours.blue,
                longest: colours.purple,
                jitter: colours.amber,
              }),
            }),
    p.graph('Trains: lost, and out of order',
            'Share of the requests of trains within the last hour. Cut off: trains that somebody '
            + 'who counts requests did not let through, which are no loss.',
            [12, 7],
            p.ranges([
              ['lost', text.fill(|||
                1 - sum (increase(siptrunk_train_answers_total{%(sel)s}[1h]))
                / (sum (increase(siptrunk_train_requests_total{%(sel)s}[1h])) > 0)
              |||, { sel: sel })],
              ['out of order', text.fill(|||
                sum (increase(siptrunk_train_reordered_total{%(sel)s}[1h]))
                / (sum (increase(siptrunk_train_requests_total{%(sel)s}[1h])) > 0)
              |||, { sel: sel })],
              ['cut off', 'sum (increase(siptrunk_train_limited_total{%s}[1h]))' % sel],
            ]),
            'none',
            {
              noValue: 'This trunk gets no trains',
              overrides: f.coloured({
                lost: colours.blue,
                'out of order': colours.purple,
                'cut off': colours.red,
              }),
            }),
  ];

  // Of the last call, until the next: a call a quarter of an hour has few samples to draw.
  local calls =
    local none = 'This trunk makes no calls';
    local last(metric, label) = 'max by (%s) (siptrunk_call_%s{%s})' % [label, metric, sel];
    local lately(metric, label) = text.fill(
      'sum by (%(l)s) (increase(siptrunk_%(m)s{%(sel)s}[1h]))',
      { l: label, m: metric, sel: sel }
    );
    local mean(name) = text.fill(|||
      sum (increase(siptrunk_call_%(n)s_seconds_sum{%(sel)s}[1h]))
      / (sum (increase(siptrunk_call_%(n)s_seconds_count{%(sel)s}[1h])) > 0)
    |||, { n: name, sel: sel });
    [
      p.graph('Calls',
              'Calls in the hour before, by schedule and on demand, answered or not, and '
              + 'minutes talked: what they cost.',
              [8, 8],
              [
                p.range(lately('calls_made_total', 'answered'), 'answered: {{answered}}', 'A'),
                p.range('sum (increase(siptrunk_calls_made_seconds_total{%s}[1h])) / 60' % sel,
                        'minutes', 'B'),
                p.range('sum (increase(siptrunk_call_seconds_total{%s}[1h])) / 60' % sel,
                        'minutes, by schedule', 'C'),
              ],
              'short',
              { noValue: none }),
      p.graph('Calls that failed',
              'In the hour before, by reason. limit is a call that was not made, as a limit '
              + 'of calls forbade it or they are stopped.',
              [8, 8],
              p.range(lately('call_failures_total', 'reason') + ' > 0', '{{reason}}'),
              'short',
              { noValue: 'No call failed in this time range' }),
      p.graph('Open calls',
              'Calls that the peer may think are going on, and how many of the last hour may '
              + 'not have ended: their BYE or CANCEL had no answer.',
              [8, 8],
              p.ranges([
                ['open', 'max (siptrunk_calls_open{%s})' % sel],
                ['not ended', 'sum (increase(siptrunk_calls_not_ended_total{%s}[1h]))' % sel],
              ]),
              'short',
              {
                overrides: f.coloured({ open: colours.blue, 'not ended': colours.red }),
                noValue: none,
              }),
      p.graph('MOS',
              'By the E-model (G.107), from loss, delay and the configured jitter buffer; 4.4 '
              + 'is the best that G.711 has. In is towards us.',
              [12, 8],
              p.range(last('mos', 'direction'), '{{direction}}'),
              'none',
              { maximum: 5, noValue: none }),
      p.timeline('What was said is heard',
                 'Whether the tones of one end were heard at the other: music or an '
                 + 'announcement under a 200 has none. In is towards us.',
                 [12, 8],
                 last('nonce_heard', 'direction, by'),
                 '{{direction}}, {{by}}',
                 f.yesNo,
                 perPage=6),
      p.graph('Audio lost',
              'Packets of the last call that never came, of those due.',
              [8, 8],
              p.range(last('loss_ratio', 'direction'), '{{direction}}'),
              'percentunit',
              { maximum: 1, noValue: none }),
      p.graph('Jitter',
              'Mean of the last call (RFC 3550). Absent where we were late ourselves.',
              [8, 8],
              p.range(last('jitter_seconds', 'direction'), '{{direction}}'),
              's',
              { noValue: none }),
      p.graph('Delay of audio',
              'There and back, by audio that came back or by RTCP; one way, each way, where '
              + 'a call comes back to us.',
              [8, 8],
              [
                p.range(last('round_trip_seconds', 'source'), 'round trip by {{source}}', 'A'),
                p.range(last('one_way_delay_seconds', 'direction'), 'one way {{direction}}', 'B'),
              ],
              's',
              { noValue: none }),
      p.graph('Until it rings, is answered, is heard',
              'Means of the hour before: INVITE to 180 or 183, and to the answer. First audio '
              + 'is the last call\'s, from the answer on.',
              [8, 8],
              p.ranges([
                ['rings', mean('post_dial_delay')],
                ['answered', mean('answer_delay')],
                ['first audio', 'max (siptrunk_call_first_audio_seconds{%s})' % sel],
              ]),
              's',
              {
                overrides: f.coloured({
                  rings: colours.blue,
                  answered: colours.purple,
                  'first audio': colours.amber,
                }),
                noValue: none,
              }),
      p.graph('R factor',
              'The same before it is a MOS: 0 to 100, 93 at best.',
              [8, 8],
              p.range(last('r_factor', 'direction'), '{{direction}}'),
              'none',
              { maximum: 100, noValue: none }),
      p.graph('Packets of audio',
              'In the hour before, by direction and what became of them.',
              [8, 8],
              p.range(lately('call_packets_total', 'direction, event') + ' > 0',
                      '{{direction}} {{event}}'),
              'short',
              { noValue: none }),
    ];

  layout.dashboard(
    config,
    'trunk',
    'SIP trunks: one trunk',
    'Everything that siptrunk_exporter knows of one trunk, from every exporter that '
    + 'probes it.',
    variables.places + variables.hidden(variables.labels)
    + [variables.oneTrunk, variables.scheme],
    annotations.states(sel, true) + [annotations.alerts('trunk="$trunk"')]
    + annotations.exporters(q.selectors.exporter),
    [
      links.dashboard('Fleet', 'fleet', shared.everywhere + ['carrier', 'site']),
      links.dashboard('Exporter', 'exporter', shared.everywhere),
      links.dashboard('Calls', 'calls', shared.everywhere + ['carrier', 'site']),
    ],
    [
      ['', stateLine],
      ['', detailLine],
      ['', [vantagePoints]],
      ['', timelines],
      ['Latency', latency],
      ['Answers', answers],
      ['The peer', peer],
      ['Calls', calls],
    ]
  )
