// For ten thousand trunks and more on one Prometheus: how often rules are evaluated, so that
// they keep their interval when all of them fall at once (docs/growing.md).
// Printed as alerts/siptrunk.large.rules.yaml. With settings of your own:
//
//   (import 'large.libsonnet') { _config+:: { … } }
(import 'mixin.libsonnet') {
  _config+:: {
    stateSeconds: 45,
    whySeconds: 60,
    trunkAlertsSeconds: 60,
    availabilityStepSeconds: 15,
  },
}
