// Exporter: can what it says be trusted, and what does it cost.
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
  local sel = 'job=~"$job",instance=~"$instance"';
  local by = 'job, instance';

  // An exporter that is down has no metrics of its own: its job tells what it is.
  local exporters =
    'up{%s}\nand on (job) last_over_time(siptrunk_exporter_build_info{job=~"$job"}[1d])' % sel;

  // process_* and what Prometheus notes of each scrape, for exporters only.
  local own(name) = q.ofExporters('%s{%s}' % [name, sel], sel);
  local cpu(window) = q.ofExporters('rate(process_cpu_seconds_total{%s}[%s])'
                                    % [sel, window], sel);

  local head = [
    p.stat('Exporters down',
           'Exporters that Prometheus cannot scrape now.',
           'count((%s) == 0)\nor 0 * count(%s)' % [exporters, exporters],
           more={ thresholds: f.steps(colours.blue, [[1, colours.red]]) }),
    p.stat('Trunks probed',
           'Trunks that the selected exporters probe.',
           'sum (siptrunk_exporter_trunks{%s})' % sel),
    p.stat('Probes per second',
           'Probes begun each second, over all selected exporters.',
           'sum (rate(siptrunk_probes_total{%s}[$__rate_interval]))' % sel,
           'reqps',
           { graph: 'area' }),
    p.stat('Schedule lag, worst',
           'Largest delay of a probe behind its schedule within the last minute. Beyond a '
           + 'tenth of a second the exporter lacks processor time.',
           'max (siptrunk_exporter_schedule_lag_seconds{%s})' % sel,
           's',
           { thresholds: f.steps(colours.blue, [[0.1, colours.amber], [1, colours.red]]) }),
    p.stat('Last reload worked',
           'No means that an exporter still runs with the configuration, or with the '
           + 'certificates, from before: a file on disk has errors, see its log.',
           ('min (siptrunk_exporter_config_last_reload_successful{%s} * on (job, instance) '
            + 'siptrunk_exporter_tls_last_reload_successful{%s})') % [sel, sel],
           more={ mappings: f.yesNo, thresholds: f.steps(colours.red, [[1, colours.blue]]) }),
    p.stat('Oldest configuration',
           'Time since a configuration was last applied.',
           'time() - min (siptrunk_exporter_config_last_reload_success_timestamp_seconds{%s})'
           % sel,
           'dtdurations',
           { decimals: 0 }),
  ];

  local each = p.table(
    'Exporters', 'Each selected exporter. Click one for its status page.', [24, 6], [
      ['instance', 'Instance', { links: [links.page()], 'custom.width': 150 }],
      ['shard', 'Shard', { 'custom.width': 65 }],
      ['version', 'Version', {}],
      ['revision', 'Revision', {}],
      ['libre', 'libre', {}],
      ['cversion', 'Compiler', {}],
    ], [
      ['Reachable', 'sort (max by (%s) (%s))' % [by, exporters], {
        mappings: f.yesNo,
        'custom.cellOptions': p.badge,
        'custom.width': 100,
      }],
      [
        'Trunks',
        'max by (%s) (siptrunk_exporter_trunks{%s})' % [by, sel],
        { 'custom.width': 90 },
      ],
      [
        'Shards',
        'max by (%s, shard) (siptrunk_exporter_total_shards{%s})' % [by, sel],
        { 'custom.width': 90 },
      ],
      [
        'Runs for',
        'time() - max by (%s) (%s)' % [by, own('process_start_time_seconds')],
        { unit: 'dtdurations', decimals: 1, 'custom.width': 120 },
      ],
      [
        'Memory',
        'max by (%s) (%s)' % [by, own('process_resident_memory_bytes')],
        { unit: 'bytes', decimals: 1, 'custom.width': 100 },
      ],
      [
        'Processor',
        'max by (%s) (%s)' % [by, cpu('5m')],
        { unit: 'percentunit', decimals: 1, 'custom.width': 100 },
      ],
      [null, ('max by (%s, version, revision, libre, cversion) '
              + '(siptrunk_exporter_build_info{%s})') % [by, sel], {}],
    ], [['Reachable', false], ['Instance', false]], 'No exporter matches.'
  );

  local schedule = [
    p.graph('Schedule lag',
            'Largest delay of a probe behind its schedule within the last minute.',
            [12, 8],
            p.range('max by (instance) (siptrunk_exporter_schedule_lag_seconds{%s})' % sel,
                    '{{instance}}'),
            's',
            { thresholds: f.steps(colours.blue, [[0.1, colours.amber]]) }),
    p.graph('Probes',
            'Probes begun each second, by exporter.',
            [12, 8],
            p.range('sum by (instance) (rate(siptrunk_probes_total{%s}[$__rate_interval]))'
                    % sel, '{{instance}}'),
            'reqps'),
  ];

  local cost = [
    p.graph('Processor',
            'Share of one processor core that each exporter uses.',
            [8, 8],
            p.range(cpu('$__rate_interval'), '{{instance}}'),
            'percentunit'),
    p.graph('Memory', 'What each exporter holds in RAM, and its address space.', [8, 8], [
      p.range(own('process_resident_memory_bytes'), '{{instance}} in RAM', 'A'),
      p.range(own('process_virtual_memory_bytes'), '{{instance}} address space', 'B'),
    ], 'bytes'),
    p.graph('File descriptors',
            'Open ones, as a share of those that are allowed.',
            [8, 8],
            p.range('(%s)\n/ (%s)' % [own('process_open_fds'), own('process_max_fds')],
                    '{{instance}}'),
            'percentunit',
            { thresholds: f.steps(colours.blue, [[0.8, colours.amber]]), maximum: 1 }),
  ];

  local scrapes = [
    p.graph('Scrape duration',
            'What Prometheus waited, and what the exporter itself spent on the page.',
            [8, 8],
            [
              p.range(own('scrape_duration_seconds'), '{{instance}} by Prometheus', 'A'),
              p.range('siptrunk_exporter_scrape_duration_seconds{%s}' % sel,
                      '{{instance}} by itself',
                      'B'),
            ],
            's'),
    p.graph('Scrape size',
            'As sent, compressed where Prometheus asks for it.',
            [8, 8],
            p.range('siptrunk_exporter_scrape_size_bytes{%s}' % sel, '{{instance}}'),
            'bytes'),
    p.graph('Samples',
            'Series that each scrape brings.',
            [8, 8],
            p.range(own('scrape_samples_scraped'), '{{instance}}'),
            'short'),
  ];

  local trust = [
    p.graph('Stray messages',
            'SIP messages a minute that belong to no trunk and no probe, by reason: '
            + 'scanners, peers that are not configured, answers that nobody asked for.',
            [12, 8],
            p.range('sum by (reason) (rate(siptrunk_exporter_stray_messages_total{%s}[$__rate_interval])) * 60'
                    % sel, '{{reason}}'),
            'cpm',
            shared.perMinute),
    p.graph('Failures that are ours',
            'Probes a minute that failed within the exporter, for want of ports, '
            + 'descriptors or memory. Always 0 on a healthy machine.',
            [12, 8],
            p.range(('sum by (instance) (rate(siptrunk_probe_failures_total{%s,'
                     + 'reason="internal"}[$__rate_interval])) * 60') % sel, '{{instance}}'),
            'cpm',
            { interval: '1m' }),
  ];

  local configuration = [
    p.timeline('Last reload worked',
               'No is a configuration that was refused; the one from before is still in use.',
               [12, 7],
               'min by (instance) (siptrunk_exporter_config_last_reload_successful{%s})' % sel,
               '{{instance}}',
               f.yesNo,
               'No reload in this time range'),
    p.table('Our own certificates',
            'What the exporter presents to peers, and whether they will take it.',
            [12, 7],
            [['file', 'File', {}], ['instance', 'Instance', {}]],
            [
              [
                'Expires in',
                ('min by (job, instance, file) '
                 + '(siptrunk_tls_own_certificate_not_after_timestamp_seconds{%s} or '
                 + 'siptrunk_exporter_tls_certificate_not_after_timestamp_seconds{%s}) - time()')
                % [sel, sel],
                {
                  unit: 'dtdurations',
                  decimals: 1,
                  thresholds: shared.certificateSteps(q),
                  'custom.cellOptions': p.colouredText,
                  'custom.width': 130,
                },
              ],
              [
                'Usable',
                'min by (job, instance, file) (siptrunk_tls_own_certificate_usable{%s})' % sel,
                {
                  mappings: f.yesNo,
                  'custom.cellOptions': p.colouredText,
                  'custom.width': 90,
                },
              ],
            ],
            [['Expires in', false]],
            'No certificate is configured.'),
  ];

  layout.dashboard(
    config,
    'siptrunk-exporter',
    'SIP trunks: exporter',
    'siptrunk_exporter about itself: whether it keeps its schedule, what it costs, how it '
    + 'is scraped, which configuration it uses.',
    variables.places + [variables.scheme],
    annotations.exporters(sel) + [annotations.alerts(',trunk=""')],
    [
      links.dashboard('Fleet', 'siptrunk-fleet', shared.everywhere),
      links.dashboard('One trunk', 'siptrunk-trunk', shared.everywhere),
    ],
    [
      ['', head],
      ['', [each]],
      ['Schedule', schedule],
      ['What it costs', cost],
      ['Scrapes', scrapes],
      ['Trust', trust],
      ['Configuration', configuration],
    ]
  )
