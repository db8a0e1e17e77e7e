// Units, thresholds, mappings and overrides of fields, as Grafana's dashboard JSON has them.
local colours = import 'colours.libsonnet';

{
  // steps(blue, [[0.1, amber], …]): a colour, then a colour from each value on. Grafana
  // gives the very first colour to what is no value, too ("no TLS", "never"): that is grey.
  steps(base, rest=[]):: {
    mode: 'absolute',
    steps: [{ value: null, color: colours.grey }]
           + [{ value: s[0], color: s[1] } for s in [[-1e12, base]] + rest],
  },

  // The same for the lines that a graph draws at thresholds.
  limits(base, rest):: {
    mode: 'absolute',
    steps: [{ value: null, color: base }] + [{ value: s[0], color: s[1] } for s in rest],
  },

  // rows: [value, text, colour]
  mapping(rows):: [{
    type: 'value',
    options: {
      [std.toString(rows[i][0])]: { text: rows[i][1], color: rows[i][2], index: i }
      for i in std.range(0, std.length(rows) - 1)
    },
  }],

  yesNo: self.mapping([[1, 'Yes', colours.blue], [0, 'No', colours.red]]),

  fixed(colour):: { mode: 'fixed', fixedColor: colour },

  // A field's own settings; properties: {'custom.width': 140, …}
  override(name, properties, matcher='byName'):: {
    matcher: { id: matcher, options: name },
    properties: [{ id: id, value: properties[id] } for id in std.objectFields(properties)],
  },

  // One override a series: {name: colour}; with a pattern the names are parts of it.
  coloured(byName, pattern=null):: [
    $.override(if pattern == null then name else pattern % name,
               { color: $.fixed(byName[name]) },
               if pattern == null then 'byName' else 'byRegexp')
    for name in std.objectFields(byName)
  ],
}
