// All groups of rules, with what is said above them, for scripts/mixin.
local shown(object) = object + (if std.objectHasAll(object, 'why') then { why::: super.why } else {});
local print(mixin) = [
  shown(group) + { rules: [shown(rule) for rule in group.rules] }
  for group in mixin.prometheusRules.groups + mixin.prometheusAlerts.groups
];

function(mixin=import 'mixin.libsonnet') print(mixin)
