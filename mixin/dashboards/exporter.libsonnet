// Exporter: can what it says be trusted, and what does it cost.
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
  local sel = q.selectors.exporter;
  local by = 'job, instance';

  // An exporter that is down has no metrics of its own: its job tells what it is.
  local exporters =
    'up{%s}\nand on (job) last_over_time(siptrunk_exporter_build_info{%s}[1d])'
    % [sel, q.selectors.job];

  // process_* and what Prometheus notes of each scrape, for exporters only.
  local own(name) = q.ofExporters('%s{%s}' % [name, sel], sel);
  local cpu(window) = q.ofExporters('rate(process_cpu_seconds_total{%s}[%s])'
                                    % [sel, window], sel);

  local last(metric) = 'time() - min (%s{%s})' % [metric, sel];
  local head = [
    p.stat('Down',
           'Exporters that Prometheus cannot scrape now.',
           'count((%s) == 0)\nor 0 * count(%s)' % [exporters, exporters],
           more={ thresholds: shared.count(colours.red) }),
    p.stat('Trunks',
           'Trunks that the selected exporters probe.',
           'sum (siptrunk_exporter_trunks{%s})' % sel),
    p.stat('Probes',
           'Probes begun each second, over all selected exporters.',
           'sum (rate(siptrunk_probes_total{%s}[$__rate_interval]))' % sel,
           'reqps',
           { graph: 'area' }),
    p.stat('Lag',
           'Largest delay of a probe behind its schedule within the last minute. '
           + 'Beyond a tenth of a second the exporter lacks processor time.',
           'max (siptrunk_exporter_schedule_lag_seconds{%s})' % sel,
           's',
           {
             thresholds: f.steps(colours.blue, [
               [0.1, colours.amber],
               [config.scheduleLagSeconds, colours.red],
             ]),
             decimals: 0,
           }),
    p.stat('Files read',
           'No means that an exporter still runs with the configuration, certificates or '
           + 'web configuration from before: a file on disk has errors, see its log.',
           text.fill(|||
             min (
               siptrunk_exporter_config_last_reload_successful{%(sel)s}
               or label_replace(siptrunk_exporter_tls_last_reload_successful{%(sel)s}, "of", "tls", "", "")
               or label_replace(siptrunk_exporter_web_config_last_reload_successful{%(sel)s}, "of", "web", "", "")
             )
           |||, { sel: sel }),
           more={ mappings: f.yesNo, thresholds: f.steps(colours.red, [[1, colours.blue]]) }),
    p.stat('Last turn',
           'Time since the main loop last came round, of the exporter where that is longest. '
           + 'More than a scrape interval and a few seconds: it stands still.',
           last('siptrunk_exporter_loop_last_turn_timestamp_seconds'),
           's',
           {
             thresholds: f.steps(colours.blue, [[90, colours.amber], [180, colours.red]]),
             decimals: 0,
             noValue: 'not told',
           }),
  ];

  local each = p.table(
    'Exporters', 'Each selected exporter. Click one for its status page.', [24, 7], [
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
        'custom.align': 'left',
        'custom.width': 120,
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
        shared.duration,
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
    ], [['Reachable', false], ['Instance', false]], 'No exporter matches', paged=false
  );

  local schedule = [
    p.graph('Schedule lag',
            'Largest delay of a probe behind its schedule within the last minute.',
            [8, 8],
            p.range('max by (instance) (siptrunk_exporter_schedule_lag_seconds{%s})' % sel,
                    '{{instance}}'),
            's',
            { thresholds: f.limits(colours.blue, [[0.1, colours.amber]]) }),
    p.graph('Probes late',
            'Share of probes that left more than 10 ms behind their schedule.',
            [8, 8],
            p.range(text.fill(|||
              1 - sum by (instance) (rate(siptrunk_exporter_probe_lag_seconds_bucket{%(sel)s,le="0.01"}[$__rate_interval]))
              / (sum by (instance) (rate(siptrunk_exporter_probe_lag_seconds_count{%(sel)s}[$__rate_interval])) > 0)
            |||, { sel: sel }), '{{instance}}'),
            'percentunit',
            { interval: '1m', maximum: 1 }),
    p.graph('Probes',
            'Probes begun each second, by exporter.',
            [8, 8],
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
            { thresholds: f.limits(colours.blue, [[0.8, colours.amber]]), maximum: 1 }),
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
            [8, 8],
            p.range('sum by (reason) (rate(siptrunk_exporter_stray_messages_total{%s}[$__rate_interval])) * 60'
                    % sel, '{{reason}}'),
            'cpm',
            shared.perMinute),
    p.graph('Messages mirrored',
            'SIP messages a minute that went to the collector of HEP, and those that were '
            + 'lost: it is not found, or nothing listens there. Empty where none is '
            + 'configured. No probe waits for it.',
            [8, 8],
            p.ranges([
              ['mirrored', 'sum(rate(siptrunk_exporter_hep_packets_total{%s}[$__rate_interval])) * 60' % sel],
              ['lost', 'sum(rate(siptrunk_exporter_hep_failures_total{%s}[$__rate_interval])) * 60' % sel],
            ]),
            'cpm',
            shared.perMinute),
    p.graph('Failures that are ours',
            'Probes a minute that failed within the exporter, for want of ports, '
            + 'descriptors or memory. Always 0 on a healthy machine.',
            [8, 8],
            // Where reasons are shown once seen only there is none, which is 0.
            p.range(text.fill(|||
              sum by (instance) (
                rate(siptrunk_probe_failures_total{%(sel)s,reason="internal"}[$__rate_interval])
                or 0 * rate(siptrunk_probes_total{%(sel)s}[$__rate_interval])
              ) * 60
            |||, { sel: sel }), '{{instance}}'),
            'cpm',
            { interval: '1m' }),
    p.graph('Log lines dropped',
            'Lines a minute without room on standard error, as nobody read them. Always 0 '
            + 'where the log is read.',
            [8, 8],
            p.range('rate(siptrunk_exporter_log_lines_dropped_total{%s}[$__rate_interval]) * 60'
                    % sel, '{{instance}}'),
            'cpm',
            { interval: '1m' }),
    p.graph('Own audio late',
            'Share of the packets of our own calls that left more than 5 ms late: no verdict '
            + 'on jitter is given then.',
            [16, 8],
            p.range(text.fill(|||
              1 - sum by (instance) (rate(siptrunk_exporter_media_lateness_seconds_bucket{%(sel)s,le="0.005"}[$__rate_interval]))
              / (sum by (instance) (rate(siptrunk_exporter_media_lateness_seconds_count{%(sel)s}[$__rate_interval])) > 0)
            |||, { sel: sel }), '{{instance}}'),
            'percentunit',
            { interval: '1m', maximum: 1, noValue: 'No calls are made' }),
  ];

  local configuration = [
    p.timeline('Last reload worked',
               'No is a configuration that was refused; the one from before is still in use.',
               [24, 7],
               'min by (instance) (siptrunk_exporter_config_last_reload_successful{%s})' % sel,
               '{{instance}}',
               f.yesNo,
               perPage=10),
    p.table('Files in use',
            'When each exporter last took over its configuration, and its web configuration '
            + 'where it has one; and whether the one on disk is good.',
            [24, 7],
            [['instance', 'Instance', {}]],
            [
              [
                'Configuration from',
                ('max by (job, instance) '
                 + '(siptrunk_exporter_config_last_reload_success_timestamp_seconds{%s}) * 1000')
                % sel,
                { unit: 'dateTimeAsIso', 'custom.width': 165 },
              ],
              [
                'Web configuration from',
                ('max by (job, instance) '
                 + '(siptrunk_exporter_web_config_last_reload_success_timestamp_seconds{%s}) * 1000')
                % sel,
                { unit: 'dateTimeAsIso', 'custom.width': 185 },
              ],
              [
                'Web file good',
                'min by (job, instance) (siptrunk_exporter_web_config_last_reload_successful{%s})'
                % sel,
                {
                  mappings: f.yesNo,
                  'custom.cellOptions': p.colouredText,
                  'custom.width': 110,
                },
              ],
            ],
            [['Instance', false]],
            'No exporter matches'),
    p.table('Our own certificates',
            'What the exporters present to peers and to who reads their pages, and whether '
            + 'peers will take it.',
            [24, 8],
            [
              ['file', 'File', {}],
              ['purpose', 'Shown as', { 'custom.width': 110 }],
              ['instance', 'Instance', {}],
            ],
            [
              ['Expires in', text.fill(|||
                sort(min by (job, instance, file, purpose) (
                  label_replace(siptrunk_tls_own_certificate_not_after_timestamp_seconds{%(sel)s}, "purpose", "client", "", "")
                  or label_replace(siptrunk_exporter_tls_certificate_not_after_timestamp_seconds{%(sel)s}, "purpose", "server", "", "")
                  or label_replace(label_replace(
                    siptrunk_exporter_web_certificate_not_after_timestamp_seconds{%(sel)s},
                    "purpose", "web", "", ""), "file", "web configuration", "", "")
                ) - time())
              |||, { sel: sel }), shared.duration {
                thresholds: shared.left(config),
                'custom.cellOptions': p.colouredText,
                'custom.width': 130,
              }],
              [
                'Usable',
                'min by (job, instance, file, purpose) (siptrunk_tls_own_certificate_usable{%s})'
                % sel,
                {
                  mappings: f.yesNo,
                  'custom.cellOptions': p.colouredText,
                  'custom.width': 90,
                },
              ],
            ],
            [],
            'No certificate is configured'),
  ];

  layout.dashboard(
    config,
    'exporter',
    'SIP trunks: exporter',
    'siptrunk_exporter about itself: whether it keeps its schedule, what it costs, how it '
    + 'is scraped, which configuration it uses.',
    variables.places + [variables.scheme],
    annotations.exporters(sel) + [annotations.alerts('trunk=""')],
    [
      links.dashboard('Fleet', 'fleet', shared.everywhere),
      links.dashboard('One trunk', 'trunk', shared.everywhere),
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
