// One file a dashboard: jsonnet -m DIR mixin/dashboards.jsonnet. Jsonnet itself writes them:
// what std.manifestJsonEx does takes minutes.
function(mixin=import 'mixin.libsonnet') mixin.grafanaDashboards
