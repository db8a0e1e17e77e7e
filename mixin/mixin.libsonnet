// The monitoring mixin of siptrunk_exporter: what alerts, recording rules and dashboards
// say, once. `make mixin` prints the shipped files from it (README.md).
(import 'config.libsonnet') +
(import 'rules/thresholds.libsonnet') +
(import 'rules/windows.libsonnet') +
(import 'rules/calls.libsonnet') +
(import 'rules/long_windows.libsonnet') +
(import 'rules/baselines.libsonnet') +
(import 'rules/availability.libsonnet') +
(import 'alerts/state.libsonnet') +
(import 'alerts/trunk.libsonnet') +
(import 'alerts/exporter.libsonnet') +
(import 'dashboards/dashboards.libsonnet') +
(import 'dashboards/availability.libsonnet')
