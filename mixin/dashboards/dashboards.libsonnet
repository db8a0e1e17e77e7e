// Dashboards by the name of their file.
{
  grafanaDashboards+:: {
    'siptrunk-fleet.json': (import 'fleet.libsonnet')($._config),
    'siptrunk-trunk.json': (import 'trunk.libsonnet')($._config),
    'siptrunk-exporter.json': (import 'exporter.libsonnet')($._config),
    'siptrunk-calls.json': (import 'calls.libsonnet')($._config),
    'siptrunk-wall.json': (import 'wall.libsonnet')($._config),
  },
}
