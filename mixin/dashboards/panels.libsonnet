// Panels as Grafana's dashboard JSON has them. `size` is [width of 24, height] until
// layout.libsonnet has placed them; what a panel needs beyond its kind comes as `more`.
local colours = import 'colours.libsonnet';
local fields = import 'fields.libsonnet';

local datasource = { type: 'prometheus', uid: '${datasource}' };
local ref(i) = std.char(std.codepoint('A') + i);
local unhidden = { legend: false, tooltip: false, viz: false };

{
  datasource: datasource,

  // Queries

  range(expr, legend='__auto', ref='A'):: {
    datasource: datasource,
    editorMode: 'code',
    expr: expr,
    range: true,
    instant: false,
    format: 'time_series',
    legendFormat: legend,
    refId: ref,
  },

  now(expr, legend='__auto', ref='A')::
    self.range(expr, legend, ref) + { range: false, instant: true },

  rows(expr, ref='A'):: self.now(expr, '__auto', ref) + { format: 'table' },

  // Several range queries: [[legend, expr], …]
  ranges(pairs):: [
    $.range(pairs[i][1], pairs[i][0], ref(i))
    for i in std.range(0, std.length(pairs) - 1)
  ],

  // Panels

  panel(kind, title, description, size, targets, options, unit='short', noValue=null):: {
    type: kind,
    title: title,
    description: description,
    datasource: datasource,
    size:: size,
    targets: if std.isArray(targets) then targets else [targets],
    options: options,
    links: [],
    fieldConfig: {
      defaults: { unit: unit } + if noValue == null then {} else { noValue: noValue },
      overrides: [],
    },
  },

  // One number. more: thresholds, mappings, decimals, noValue, graph, size.
  stat(title, description, expr, unit='short', more={})::
    local m = {
      thresholds: fields.steps(colours.blue),
      mappings: [],
      noValue: 'No data',
      graph: 'none',
      size: [4, 4],
    } + more;
    $.panel('stat',
            title,
            description,
            m.size,
            if m.graph == 'area' then $.range(expr) else $.now(expr),
            {
              colorMode: 'value',
              graphMode: m.graph,
              justifyMode: 'auto',
              orientation: 'auto',
              percentChangeColorMode: 'standard',
              reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
              showPercentChange: false,
              textMode: 'value',
              wideLayout: true,
            },
            unit,
            m.noValue) + {
      fieldConfig+: {
        defaults+: {
          thresholds: m.thresholds,
          mappings: m.mappings,
          color: { mode: 'thresholds' },
          [if 'decimals' in m then 'decimals']: m.decimals,
        },
      },
    },

  // Lines, or with bars: true bars. more: stacked, bars, thresholds, minimum, maximum,
  // overrides, legendAtSide, legendWidth, interval, noValue.
  graph(title, description, size, targets, unit, more={})::
    local m = {
      stacked: false,
      bars: false,
      thresholds: null,
      minimum: 0,
      maximum: null,
      overrides: [],
      legendAtSide: false,
      legendWidth: null,
      interval: null,
      noValue: 'No data in this time range',
    } + more;
    $.panel('timeseries', title, description, size, targets, {
      legend: {
        displayMode: if m.legendAtSide then 'table' else 'list',
        placement: if m.legendAtSide then 'right' else 'bottom',
        showLegend: true,
        calcs: [],
        // Left to itself a legend takes more than half of the panel.
        [if m.legendWidth != null then 'width']: m.legendWidth,
      },
      tooltip: { mode: 'multi', sort: 'desc' },
    }, unit, m.noValue) + {
      [if m.interval != null then 'interval']: m.interval,
      fieldConfig+: {
        defaults+: {
          custom: {
            drawStyle: if m.bars then 'bars' else 'line',
            lineWidth: if m.bars then 1 else 2,
            // Where all is 0 the axis would else go up to 100.
            [if std.member(['none', 'short'], unit) then 'axisSoftMax']: 1,
            fillOpacity: if m.bars then 70 else if m.stacked then 25 else 0,
            gradientMode: 'none',
            showPoints: if m.bars then 'never' else 'auto',
            pointSize: 4,
            spanNulls: false,
            axisPlacement: 'auto',
            axisLabel: '',
            lineInterpolation: 'linear',
            barAlignment: 0,
            scaleDistribution: { type: 'linear' },
            stacking: { mode: if m.stacked then 'normal' else 'none', group: 'A' },
            hideFrom: unhidden,
            thresholdsStyle: { mode: if m.thresholds == null then 'off' else 'dashed' },
          },
          color: { mode: 'palette-classic' },
          thresholds: if m.thresholds == null then fields.limits(colours.blue, [])
          else m.thresholds,
          [if m.minimum != null then 'min']: m.minimum,
          [if m.maximum != null then 'max']: m.maximum,
        },
        overrides: m.overrides,
      },
    },

  // Colours come from the mappings: with color.mode "thresholds" merged values lose them. What
  // to say where there is nothing would become an entry of the legend, so it is not said.
  timeline(title, description, size, expr, legend, mappings, perPage=null)::
    $.panel('state-timeline', title, description, size, $.range(expr, legend), {
      alignValue: 'left',
      mergeValues: true,
      rowHeight: 0.85,
      showValue: 'auto',
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
      [if perPage != null then 'perPage']: perPage,
    }, 'short') + {
      fieldConfig+: {
        defaults+: {
          custom: { fillOpacity: 80, lineWidth: 0, hideFrom: unhidden },
          mappings: mappings,
          thresholds: fields.limits(colours.grey, []),
          color: fields.fixed(colours.grey),
        },
      },
    },

  // A native histogram comes as cells, the classic one as rows a bucket; where both are
  // stored the classic one stands back, for Grafana draws one of them only.
  heatmap(title, description, size, sel)::
    local name = 'siptrunk_probe_duration_seconds';
    $.panel('heatmap', title, description, size, [
      $.range('sum (increase(%s{%s}[$__rate_interval]))' % [name, sel], 'native', 'native'),
      $.range(('sum by (le) (increase(%s_bucket{%s}[$__rate_interval]))\n'
               + 'unless on () count(%s{%s})\n'
               // With classic buckets switched off +Inf is left, which is no picture.
               + 'and on () count(%s_bucket{%s,le!="+Inf"})') % [name, sel, name, sel, name, sel],
              '{{le}}',
              'classic') + { format: 'heatmap' },
    ], {
      calculate: false,
      cellGap: 1,
      cellValues: { unit: 'short', decimals: 0 },
      color: {
        mode: 'scheme',
        scheme: 'Viridis',
        fill: colours.blue,
        reverse: false,
        scale: 'exponential',
        exponent: 0.5,
        steps: 64,
      },
      exemplars: { color: colours.rose },
      filterValues: { le: 1e-9 },
      legend: { show: true },
      rowsFrame: { layout: 'auto', value: 'Probes' },
      showValue: 'never',
      tooltip: { mode: 'single', yHistogram: true, showColorScale: true },
      yAxis: { axisPlacement: 'left', unit: 's', reverse: false },
    }, 'short', 'No probe was answered, or no buckets are stored') + {
      interval: '1m',
      fieldConfig+: {
        defaults+: { custom: { hideFrom: unhidden, scaleDistribution: { type: 'linear' } } },
      },
    },

  badge: { type: 'color-background', mode: 'basic' },
  colouredText: { type: 'color-text' },

  // Columns without a width share what is left, and none gets less than this; Grafana's own
  // 150 would push the last of eleven columns out of sight.
  minColumn: 75,

  // labels: [label, heading, settings]. columns: [heading, expression, settings], each
  // expression one value a row; without a heading the value is not shown, only the labels
  // that it brings. Shown are the first label, the first value, the other labels, the
  // other values. order: [heading, descending], or none where the first expression sorts.
  // An empty table says noValue, an empty cell a dash. Rows beyond the height are paged, or
  // scrolled to.
  table(title, description, size, labels, columns, order, noValue, paged=true)::
    local count = std.length(columns);
    local values = if count == 1 then ['Value']
    else ['Value #' + ref(i) for i in std.range(0, count - 1)];
    local told = [
      [values[i], columns[i][0], columns[i][2]]
      for i in std.range(0, count - 1)
      if columns[i][0] != null
    ];
    local unseen = [values[i] for i in std.range(0, count - 1) if columns[i][0] == null];
    local shown = [s for s in [labels[0]] + told[:1] + labels[1:] + told[1:] if s != null];
    $.panel('table',
            title,
            description,
            size,
            [$.rows(columns[i][1], ref(i)) for i in std.range(0, count - 1)],
            {
              cellHeight: 'sm',
              frameIndex: 0,
              showHeader: true,
              footer: {
                show: false,
                reducer: ['sum'],
                fields: [],
                countRows: false,
                enablePagination: paged,
              },
              sortBy: [{ displayName: o[0], desc: o[1] } for o in order],
            },
            'short',
            noValue) + {
      fieldConfig+: {
        defaults+: {
          custom: {
            align: 'auto',
            inspect: false,
            filterable: false,
            minWidth: $.minColumn,
            cellOptions: { type: 'auto' },
          },
          thresholds: fields.steps(colours.blue),
        },
        overrides: [fields.override(s[1], { noValue: '–' } + s[2]) for s in shown],
      },
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'organize',
          options: {
            excludeByName: { [name]: true for name in ['Time', 'job', '_up', '_all'] + unseen },
            includeByName: {},
            indexByName: { [shown[i][0]]: i for i in std.range(0, std.length(shown) - 1) },
            renameByName: { [s[0]]: s[1] for s in shown },
          },
        },
      ],
    },
}
