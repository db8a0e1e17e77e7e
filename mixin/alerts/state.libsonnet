// What all alerts rest on: who is down, what is wrong with each trunk since when, and how it
// ended.
local problem = (import '../lib/problem.libsonnet').problem;
local watched = (import '../lib/problem.libsonnet').watched;
local vantages = import 'vantages.libsonnet';
local course = import 'course.libsonnet';
local exporter_problems = import 'exporter_problems.libsonnet';

local known = [
  {
    why:: |||
      Nothing newer is known of a trunk: its exporter restarts, or is gone for a moment. What
      was wrong with it stays so for ten minutes.
    |||,
    record: 'siptrunk:unseen',
    expr: (import '../lib/problem.libsonnet').unseen,
  },
  {
    why:: |||
      Trunks that are probed. One that was taken out, or is paused, has nothing wrong with it,
      whatever the last half hour looked like.
    |||,
    record: 'siptrunk:watched',
    expr: |||
      group by (job, instance, trunk) (siptrunk_info)
      unless on (job, instance, trunk) siptrunk_paused
      or siptrunk:watched and on (job, instance, trunk) siptrunk:unseen
    |||,
  },
  {
    why:: |||
      Down, or last known as down while nothing newer is known: an exporter that restarts
      or is gone for a moment does not make a dead trunk look recovered. A trunk taken out
      of the configuration is gone at once.
    |||,
    record: 'siptrunk:down',
    expr: |||
      siptrunk_up == 0
      or on (job, instance, trunk) (siptrunk:down and on (job, instance, trunk) siptrunk:unseen)
    |||,
  },
  {
    record: 'siptrunk:last_success:timestamp_seconds',
    expr: |||
      max without (method, address, transport) (
        max_over_time(siptrunk_probe_last_success_timestamp_seconds[10m])
      )
    |||,
  },
  {
    why:: |||
      … as it was when the trunk fell, kept while it is down: the first success on the way
      back must not become the time since when the mail says that nothing answered. One a
      trunk, though its labels were changed meanwhile.
    |||,
    record: 'siptrunk:down:last_success_timestamp_seconds',
    expr: |||
      siptrunk:down:last_success_timestamp_seconds
      and on (job, instance, trunk) siptrunk:down
      or on (job, instance, trunk)
      siptrunk:last_success:timestamp_seconds
      and on (job, instance, trunk) siptrunk:down
    |||,
  },
];

local problems = [
  problem('down', |||
    siptrunk:down
    unless on (job, instance, trunk) siptrunk:down_only_here
  |||, |||
    What is wrong with a trunk, decided once: alerts, dashboards and the status page rest on
    it. Its value is how bad it is, the larger the worse. This is the present; how long it
    has to last before somebody is told, the alerts say.
  |||),
  problem('down_from_some_vantages', |||
    siptrunk:down
    and on (job, instance, trunk) siptrunk:down_only_here
  |||, 'Another exporter gets answers from the same trunk: the path, or this site.'),
  problem('partially_down', |||
    siptrunk_addresses_up < siptrunk_addresses
    and on (job, instance, trunk) siptrunk_up == 1
  |||),
  problem('degraded', |||
    max without (state) (siptrunk_state{state="degraded"} == 1)
    unless on (job, instance, trunk) siptrunk_addresses_up < siptrunk_addresses
  |||, 'The partial case is one of its own.'),
  {
    record: 'siptrunk:flaps:count',
    expr: |||
      increase(siptrunk_state_changes_total[30m]) - resets(siptrunk_state_changes_total[30m])
      >= on () group_left () siptrunk:threshold:flaps
    |||,
  },
  watched('flapping', |||
    siptrunk:flaps:count
    unless on (job, instance, trunk) max_over_time(siptrunk_up[10m]) == 0
  |||, |||
    Three falls in half an hour. It silences what is said of the trunk's being down, so it
    must end when the trunk stays down.
  |||),
  problem('registration_lost', |||
    max without (method, address, transport) (siptrunk_registration_expires_timestamp_seconds) <= time()
    and on (job, instance, trunk) siptrunk:watched
  |||),
  problem('registration_lapsing', |||
    max without (method, address, transport) (siptrunk_registration_expires_timestamp_seconds) > time()
    and on (job, instance, trunk)
    max by (job, instance, trunk) (siptrunk_probe_success{method="REGISTER"}) == 0
    and on (job, instance, trunk) siptrunk:watched
  |||),
  watched('peer_pings_stopped', |||
    time() - siptrunk_inbound_options_last_timestamp_seconds
    > on (job, instance, trunk) group_left () (
      max by (job, instance, trunk) (min_over_time(siptrunk:inbound_options:interval_seconds[3d]))
      * on () group_left () siptrunk:threshold:inbound_missed
    )
    > on () group_left () siptrunk:threshold:inbound_silence_seconds
  |||),
];

{
  prometheusAlerts+:: {
    groups+: [
      {
        name: 'siptrunk-why',
        why:: |||
          What alerts quote of why a trunk has a problem. Half as often as what decides on
          problems, since it reads the series of every reason; failures come before the fall.
        |||,
        interval: '%ds' % $._config.whySeconds,
        rules: course.why,
      },
      {
        name: 'siptrunk-state',
        interval: '%ds' % $._config.stateSeconds,
        rules: known + vantages.rules + problems + course.trunk
               + exporter_problems.rules + course.exporter,
      },
    ],
  },
}
