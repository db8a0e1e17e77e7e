// One file a dashboard: jsonnet -S -m DIR mixin/dashboards.jsonnet
local print(mixin) = {
  [name]: std.manifestJsonEx(mixin.grafanaDashboards[name], '  ') + '\n'
  for name in std.objectFields(mixin.grafanaDashboards)
};

function(mixin=import 'mixin.libsonnet') print(mixin)
