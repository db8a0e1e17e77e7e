// The course of a problem: since when Prometheus sees it, since when it is there, and, for
// an instant after its end, how and when it ended.
local same = 'on (job, instance, trunk, problem)';
local trunk = 'on (job, instance, trunk)';
// The right side of a join is one series a trunk, or else the rule fails for all trunks: for a
// while after a trunk's labels were changed there are two of what a window or we ourselves hold.
local one = { problem: 'max by (job, instance, trunk, problem)', trunk: 'max by (job, instance, trunk)' };
// Why probes fail, in the words of mails: by reason, and by code where an answer is the reason.
local words = [[r.reason, r.cause] for r in import '../lib/reasons.libsonnet'];
// A table to be joined with, in one step for all trunks. None is a reason too.
local row(reason, cause) =
  'label_replace(label_replace(vector(1), "reason", "' + reason + '", "", ""), "cause", "' + cause + '", "", "")';
local in_words(expr) =
  'label_replace(\nlabel_join(\n' + expr + '* on (reason) group_left (cause) (\nvector(1)\n'
  + std.join('', ['or ' + row(w[0], w[1]) + '\n' for w in words])
  + '),\n"reason_code", " ", "reason", "code"\n)'
  + ',\n"cause", "answers $1", "reason_code", "response (.+)"\n)';
// An end is looked for so long after the last sample. It is told in three turns of the group
// (lib/alert.libsonnet), be they as late as they may.
local instant = '2m';
// The same with when it ended as a label, in the first three turns after it.
local told(family, join, ended) = {
  record: family + ':told',
  expr: |||
    (%(family)s:ending and count_over_time(%(family)s:ending[%(instant)s]) <= 3)
    * %(join)s group_left (ended)
    count_values without () ("ended", %(ended)s)
  ||| % { family: family, join: join, instant: instant, ended: ended % (family + ':ended_timestamp_seconds') },
};

{
  trunk: [
    {
      why:: |||
        When Prometheus first saw the problem: what alerts wait by. Its restart does not begin
        it anew, as the last sample is still found.
      |||,
      record: 'siptrunk:problem:seen_timestamp_seconds',
      expr: |||
        siptrunk:problem * 0 + %(same)s group_left () %(one)s (siptrunk:problem:seen_timestamp_seconds)
        or %(same)s siptrunk:problem * 0 + time()
      ||| % { same: same, one: one.problem },
    },
    {
      why:: |||
        Since when it is there: as the exporter says of a state, if it entered it about when
        the problem was seen; else since the last success, or since it was seen. Kept for as
        long as it lasts: an exporter that restarts in the middle of an outage begins none.
      |||,
      record: 'siptrunk:problem:since_timestamp_seconds',
      expr: |||
        siptrunk:problem * 0 + %(same)s group_left () %(one)s (siptrunk:problem:since_timestamp_seconds)
        or %(same)s
        siptrunk:problem{problem=~"down|down_from_some_vantages|partially_down|degraded"} * 0
        + %(trunk)s group_left () %(one_trunk)s (
          siptrunk_state_changed_timestamp_seconds > (time() - 180)
          or (siptrunk_state_changed_timestamp_seconds unless %(trunk)s siptrunk_up offset 3m)
        )
        or %(same)s
        siptrunk:problem{problem=~"down|down_from_some_vantages"} * 0
        + %(trunk)s group_left () %(one_trunk)s (siptrunk:down:last_success_timestamp_seconds > 0)
        or %(same)s
        siptrunk:problem{problem="registration_lost"} * 0
        + %(trunk)s group_left () %(one_trunk)s (siptrunk_registration_expires_timestamp_seconds > 0)
        or %(same)s
        siptrunk:problem{problem="peer_pings_stopped"} * 0
        + %(trunk)s group_left () %(one_trunk)s (siptrunk_inbound_options_last_timestamp_seconds)
        or %(same)s
        siptrunk:problem{problem=~"calls_failing|calls_without_audio"} * 0
        + %(trunk)s group_left () %(one_trunk)s (siptrunk:calls:failing:since_timestamp_seconds)
        or %(same)s siptrunk:problem:seen_timestamp_seconds
      ||| % { same: same, trunk: trunk, one: one.problem, one_trunk: one.trunk },
    },
    {
      why:: |||
        When a problem ended that was there an instant ago: when the exporter says that
        another state was entered, else now.
      |||,
      record: 'siptrunk:problem:ended_timestamp_seconds',
      expr: |||
        (last_over_time(siptrunk:problem:since_timestamp_seconds[%(instant)s]) unless %(same)s siptrunk:problem) * 0
        + %(same)s group_left () %(one)s (siptrunk:problem:ended_timestamp_seconds)
        or %(same)s
        (
          last_over_time(siptrunk:problem:since_timestamp_seconds{problem=~"down|down_from_some_vantages|partially_down|degraded"}[%(instant)s])
          unless %(same)s siptrunk:problem
        ) * 0
        + %(trunk)s group_left () %(one_trunk)s (siptrunk_state_changed_timestamp_seconds > (time() - 180))
        or %(same)s
        (last_over_time(siptrunk:problem:since_timestamp_seconds[%(instant)s]) unless %(same)s siptrunk:problem) * 0
        + time()
      ||| % { same: same, trunk: trunk, instant: instant, one: one.problem, one_trunk: one.trunk },
    },
    {
      why:: |||
        How it ended, and how long it had lasted. A trunk that was taken out or is paused has
        not recovered, and of one whose state is not known nobody knows.
      |||,
      record: 'siptrunk:problem:ending',
      expr: |||
        (
          label_replace(siptrunk:problem:ended_timestamp_seconds and %(trunk)s siptrunk_paused, "ending", "paused, no longer probed", "", "")
          or %(same)s
          label_replace(
            siptrunk:problem:ended_timestamp_seconds
            unless %(trunk)s siptrunk_info
            and on (job, instance) siptrunk_exporter_build_info,
            "ending", "taken out of the configuration, no longer probed", "", ""
          )
          or %(same)s
          label_replace(
            siptrunk:problem:ended_timestamp_seconds{problem="down"}
            and %(trunk)s siptrunk:problem{problem="down_from_some_vantages"},
            "ending", "no answer here, but to others", "", ""
          )
          or %(same)s
          label_replace(
            siptrunk:problem:ended_timestamp_seconds{problem="down_from_some_vantages"}
            and %(trunk)s siptrunk:problem{problem="down"},
            "ending", "no answer to others either", "", ""
          )
          or %(same)s
          label_replace(siptrunk:problem:ended_timestamp_seconds and %(trunk)s siptrunk:down, "ending", "the trunk is down", "", "")
          or %(same)s
          label_replace(siptrunk:problem:ended_timestamp_seconds and %(trunk)s siptrunk_up, "ending", "over", "", "")
          or %(same)s
          label_replace(siptrunk:problem:ended_timestamp_seconds, "ending", "not known any more", "", "")
        )
        - %(same)s group_left ()
        %(one)s (last_over_time(siptrunk:problem:since_timestamp_seconds[%(instant)s]))
      ||| % { same: same, trunk: trunk, instant: instant, one: one.problem },
    },
    { why:: 'What alerts say of an end: how, when, and after how long.' } + told('siptrunk:problem', same, one.problem + ' (%s)'),
    {
      record: 'siptrunk:troubled',
      expr: 'group by (job, instance, trunk) (siptrunk:problem)',
    },
    {
      why:: 'What alerts say of a problem that is there: since when, and why.',
      record: 'siptrunk:problem:explained',
      expr: |||
        siptrunk:problem:since_timestamp_seconds
        * %(trunk)s group_left (cause, reason, code, check, expired) siptrunk:why
        or %(same)s siptrunk:problem:since_timestamp_seconds
      ||| % { same: same, trunk: trunk },
    },
  ],

  why: [
    {
      why:: 'What alerts quote; kept only where something happened.',
      record: 'siptrunk:failures:increase5m',
      expr: 'sum without (method, address, transport) (increase(siptrunk_probe_failures_total[5m]) > 0)',
    },
    {
      record: 'siptrunk:responses:increase5m',
      expr: 'sum without (method, address, transport) (increase(siptrunk_probe_responses_total[5m]) > 0)',
    },
    {
      why:: |||
        What mails quote of a trunk with a problem, as labels, so that no alert has to ask for
        it: why most of its probes fail, and that its name does not resolve only where that
        is all there is; that calls do where nothing else fails; the code that most answers carry that are not 2xx, if any; which of
        several checks is the one that fails; when a certificate has expired.
      |||,
      record: 'siptrunk:why',
      expr: in_words(|||
        (
          group by (job, instance, trunk, reason) (
            label_replace(
              siptrunk:calls:broken and %(trunk)s siptrunk:calls:failing, "reason", "calls", "", ""
            )
            or %(trunk)s topk by (job, instance, trunk) (1, siptrunk:failures:increase5m{reason!="dns"})
            or %(trunk)s siptrunk:failures:increase5m{reason="dns"}
          )
          or %(trunk)s siptrunk:troubled
        )
        * %(trunk)s group_left (code) (
          group by (job, instance, trunk, code) (
            topk by (job, instance, trunk) (1, siptrunk:responses:increase5m{code!~"2.."})
            or %(trunk)s topk by (job, instance, trunk) (1, siptrunk:responses:increase5m)
          ) and %(trunk)s siptrunk:troubled
          or %(trunk)s siptrunk:troubled
        )
        * %(trunk)s group_left (check) (
          label_replace(
            group by (job, instance, trunk, method) (siptrunk_probe_success == 0)
            and %(trunk)s count by (job, instance, trunk) (count by (job, instance, trunk, method) (siptrunk_probe_success)) > 1
            and %(trunk)s count by (job, instance, trunk) (count by (job, instance, trunk, method) (siptrunk_probe_success == 0)) == 1
            and %(trunk)s siptrunk:troubled,
            "check", "$1", "method", "(.*)"
          )
          or %(trunk)s siptrunk:troubled
        )
        * %(trunk)s group_left (expired) (
          count_values by (job, instance, trunk) (
            "expired",
            min by (job, instance, trunk) (
              siptrunk_tls_verified_chain_not_after_timestamp_seconds
              or siptrunk_tls_certificate_not_after_timestamp_seconds
            ) < time()
            and %(trunk)s siptrunk:troubled
          )
          or %(trunk)s siptrunk:troubled
        )
      ||| % { trunk: trunk }),
    },
  ],

  // The same for what is wrong with an exporter, which is told apart by all its labels.
  exporter: [
    {
      record: 'siptrunk:exporter_problem:seen_timestamp_seconds',
      expr: |||
        siptrunk:exporter_problem * 0 + siptrunk:exporter_problem:seen_timestamp_seconds
        or siptrunk:exporter_problem * 0 + time()
      |||,
    },
    {
      record: 'siptrunk:exporter_problem:since_timestamp_seconds',
      expr: |||
        siptrunk:exporter_problem * 0 + siptrunk:exporter_problem:since_timestamp_seconds
        or
        siptrunk:exporter_problem{problem="local_fault"} * 0
        + on (job, instance) group_left () (
          max by (job, instance) (siptrunk:last_success:timestamp_seconds) > 0
        )
        or siptrunk:exporter_problem:seen_timestamp_seconds
      |||,
    },
    {
      why:: 'The local fault is held for two minutes after its end.',
      record: 'siptrunk:exporter_problem:ended_timestamp_seconds',
      expr: |||
        (last_over_time(siptrunk:exporter_problem:since_timestamp_seconds[%(instant)s]) unless siptrunk:exporter_problem) * 0
        + siptrunk:exporter_problem:ended_timestamp_seconds
        or
        (
          last_over_time(siptrunk:exporter_problem:since_timestamp_seconds{problem="local_fault"}[%(instant)s])
          unless siptrunk:exporter_problem
        ) * 0 + (time() - 120)
        or
        (last_over_time(siptrunk:exporter_problem:since_timestamp_seconds[%(instant)s]) unless siptrunk:exporter_problem) * 0
        + time()
      ||| % { instant: instant },
    },
    {
      record: 'siptrunk:exporter_problem:ending',
      expr: |||
        (
          label_replace(
            siptrunk:exporter_problem:ended_timestamp_seconds{instance!=""}
            unless on (job, instance) up,
            "ending", "no longer a target of Prometheus", "", ""
          )
          or ignoring (ending)
          label_replace(siptrunk:exporter_problem:ended_timestamp_seconds, "ending", "over", "", "")
        )
        - ignoring (ending) group_left ()
        last_over_time(siptrunk:exporter_problem:since_timestamp_seconds[%(instant)s])
      ||| % { instant: instant },
    },
    told('siptrunk:exporter_problem', 'ignoring (ending, ended)', '%s'),
  ],
}
