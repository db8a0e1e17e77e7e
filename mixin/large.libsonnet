// For ten thousand trunks and more on one Prometheus: how often rules are evaluated, so that
// they keep their interval when all of them fall at once (docs/growing.md).
//
//   scripts/mixin -c mixin/large.libsonnet -o DIR
(import 'mixin.libsonnet') {
  _config+:: {
    stateSeconds: 45,
    whySeconds: 60,
    trunkAlertsSeconds: 60,
    availabilityStepSeconds: 15,
  },
}
