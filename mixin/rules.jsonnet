// The text of alerts/siptrunk.rules.yaml: jsonnet -S mixin/rules.jsonnet
local yaml = import 'lib/yaml.libsonnet';
local head = |||
  # Made by `make mixin` from mixin/; what stands here is overwritten.
  #
  # Recording rules and alerts for siptrunk_exporter. Prometheus 2.42 or newer.
  #
  # How a rule decides is written above it. What it may rest on:
  #  - siptrunk_up is damped by the exporter's fall and rise already and is absent while a
  #    trunk's state is unknown, so a `for` here never has to cover a lost packet.
  #  - A trunk is told apart by (job, instance, trunk). Its own labels (carrier, site, team,
  #    …) ride along when they are there, and no rule needs them.
  #  - The same trunk seen from another place is one with the same name and URI.
  #
  # Every number that people may want to change stands in the first group.
|||;
local print(mixin) = head + yaml.groups(mixin.prometheusRules.groups + mixin.prometheusAlerts.groups);

function(mixin=import 'mixin.libsonnet') print(mixin)
