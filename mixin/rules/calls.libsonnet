// What is wrong with a trunk's calls. They are few, one in a quarter of an hour: what is
// judged is the last of them, counted, and no rate.
local problem = import '../lib/problem.libsonnet';
local watched(word, expr, why='') = problem.watched(word, expr, why, 'siptrunk:calls:unseen');
local trunk = 'on (job, instance, trunk)';
local probes = 'without (method, address, transport)';

// What @count was before the calls of which @bad is true, which is a series of the trunk.
// A counter that begins anew leaves one such call.
local before(name, count, bad) = {
  record: name,
  expr: |||
    (%(count)s unless %(trunk)s %(bad)s)
    or %(trunk)s
    (%(name)s <= %(trunk)s group_left () max by (job, instance, trunk) (%(count)s))
    or %(trunk)s
    clamp_min(%(count)s - 1, 0)
  ||| % { name: name, count: count, bad: bad, trunk: trunk },
};

// Why calls fail, in the words of mails.
local words = [
  ['no_ringing', 'no ringing, no answer'],
  ['no_answer', 'nobody answers'],
  ['rejected', 'they are rejected'],
  ['no_media', 'no audio comes'],
  ['one_way', 'audio goes one way'],
  ['nonce', 'other audio than ours is heard'],
  ['codec', 'no audio can be agreed on'],
  ['ended_early', 'the peer hangs up'],
  ['internal', 'this machine cannot make them'],
];
local row(reason, calls) =
  'label_replace(label_replace(vector(1), "reason", "' + reason + '", "", ""), "calls", "' + calls + '", "", "")';
local audio = 'no_media|one_way|nonce';

{
  prometheusRules+:: {
    groups+: [
      {
        name: 'siptrunk-calls',
        why:: 'A trunk is called once a minute at most: each result is seen.',
        interval: '30s',
        rules: [
          {
            why:: "As siptrunk:unseen, at this group's turns.",
            record: 'siptrunk:calls:unseen',
            expr: problem.unseen,
          },
          {
            why:: |||
              The last call failed, at every address. While nothing else of the trunk answers
              either, it is the trunk and not its calls.
            |||,
            record: 'siptrunk:calls:failing',
            expr: |||
              max %(probes)s (siptrunk_probe_success{method="INVITE"}) == 0
              unless %(trunk)s
              max by (job, instance, trunk) (max_over_time(siptrunk_probe_success{method!="INVITE"}[3m])) == 0
            ||| % { probes: probes, trunk: trunk },
          },
          {
            record: 'siptrunk:calls:failures:count',
            expr: 'sum without (method, address, transport, reason) (siptrunk_call_failures_total{reason!="limit"})',
          },
          before('siptrunk:calls:failures_before', 'siptrunk:calls:failures:count', 'siptrunk:calls:failing'),
          {
            why:: |||
              Calls fail, one after the other; until one succeeds. An exporter that restarts
              knows of no last call until it made the next.
            |||,
            record: 'siptrunk:calls:broken',
            expr: |||
              (
                (siptrunk:calls:failures:count - %(trunk)s group_left () max by (job, instance, trunk) (siptrunk:calls:failures_before))
                >= on () group_left () siptrunk:threshold:calls_failed
                and %(trunk)s siptrunk:calls:failing
              )
              or %(trunk)s
              (
                siptrunk:calls:broken
                and %(trunk)s (siptrunk_calls_open or %(trunk)s siptrunk:calls:unseen)
                unless %(trunk)s max by (job, instance, trunk) (siptrunk_probe_success{method="INVITE"}) == 1
              )
            ||| % { trunk: trunk },
          },
          {
            why:: 'Since when: since the first that failed, and not since enough of them did.',
            record: 'siptrunk:calls:failing:since_timestamp_seconds',
            expr: |||
              (
                siptrunk:calls:failing:since_timestamp_seconds
                and %(trunk)s (siptrunk:calls:failing or %(trunk)s siptrunk:calls:broken)
              )
              or %(trunk)s siptrunk:calls:failing * 0 + time()
            ||| % { trunk: trunk },
          },
          {
            why:: |||
              Why most of them failed in the last hour. Where they are further apart, why the
              last did.
            |||,
            record: 'siptrunk:calls:reason',
            expr: |||
              topk by (job, instance, trunk) (
                1, sum %(probes)s (increase(siptrunk_call_failures_total{reason!="limit"}[1h])) > 0
              )
              or %(trunk)s
              (siptrunk:calls:reason and %(trunk)s siptrunk:calls:broken)
            ||| % { probes: probes, trunk: trunk },
          },
          {
            why:: 'The same as alerts quote it: in words, and with the code of most that were rejected.',
            record: 'siptrunk:calls:why',
            expr: |||
              group by (job, instance, trunk, reason) (siptrunk:calls:reason)
              * on (reason) group_left (calls) (
                %(table)s
              )
              * %(trunk)s group_left (answer) (
                label_replace(
                  group by (job, instance, trunk, code) (
                    topk by (job, instance, trunk) (
                      1,
                      sum by (job, instance, trunk, code) (
                        increase(siptrunk_probe_responses_total{method="INVITE",code!~"2..|487"}[1h])
                      ) > 0
                    )
                    and %(trunk)s siptrunk:calls:reason{reason=~"rejected|codec"}
                  ),
                  "answer", "$1", "code", "(.*)"
                )
                or %(trunk)s group by (job, instance, trunk) (siptrunk:calls:reason)
              )
            ||| % {
              trunk: trunk,
              table: std.join('\n  or ', [row(w[0], w[1]) for w in words]),
            },
          },
          watched('calls_failing', |||
            siptrunk:calls:broken
            unless %(trunk)s
            (siptrunk:calls:reason{reason=~"%(audio)s"} unless %(trunk)s siptrunk:problem{problem="calls_failing"})
            unless %(trunk)s siptrunk:problem{problem="calls_without_audio"}
          ||| % { trunk: trunk, audio: audio }, |||
            One or the other for as long as the row lasts, whatever most calls fail for later:
            two mails for one row say no more.
          |||),
          watched('calls_without_audio', |||
            siptrunk:calls:broken
            and %(trunk)s
            (siptrunk:calls:reason{reason=~"%(audio)s"} or %(trunk)s siptrunk:problem{problem="calls_without_audio"})
            unless %(trunk)s siptrunk:problem{problem="calls_failing"}
          ||| % { trunk: trunk, audio: audio }),
          {
            record: 'siptrunk:calls:failures:increase6h',
            expr: 'sum without (method, address, transport, reason) (increase(siptrunk_call_failures_total{reason!="limit"}[6h])) > 0',
          },
          {
            record: 'siptrunk:calls:failed:ratio6h',
            expr: |||
              siptrunk:calls:failures:increase6h
              / %(trunk)s group_left ()
              (sum by (job, instance, trunk) (increase(siptrunk_probes_total{method="INVITE"}[6h])) > 0)
            ||| % { trunk: trunk },
          },
          watched('calls_fail_often', |||
            siptrunk:calls:failed:ratio6h >= on () group_left () siptrunk:threshold:calls_failed_ratio
            and %(trunk)s
            siptrunk:calls:failures:increase6h > on () group_left () (siptrunk:threshold:calls_failed_often - 0.5)
            and %(trunk)s siptrunk_up == 1
            unless %(trunk)s
            max_over_time(siptrunk:problem{problem=~"down.*|calls_failing|calls_without_audio"}[6h])
          ||| % { trunk: trunk }, |||
            Now and then, which no row of failed calls tells. Half a call less, as an increase is
            extrapolated. What was told as an outage is not told again.
          |||),
          {
            why:: 'Of both directions the worse one.',
            record: 'siptrunk:calls:mos',
            expr: 'min without (method, address, transport, direction) (siptrunk_call_mos)',
          },
          {
            record: 'siptrunk:calls:sounds_bad',
            expr: 'siptrunk:calls:mos < on () group_left () siptrunk:threshold:call_mos',
          },
          {
            record: 'siptrunk:calls:answered:count',
            expr: 'sum without (method, address, transport, answered) (siptrunk_calls_total{answered="true"})',
          },
          before('siptrunk:calls:answered_before', 'siptrunk:calls:answered:count', 'siptrunk:calls:sounds_bad'),
          watched('call_quality_low', |||
            (
              (siptrunk:calls:answered:count - %(trunk)s group_left () max by (job, instance, trunk) (siptrunk:calls:answered_before))
              >= on () group_left () siptrunk:threshold:calls_failed
              and %(trunk)s siptrunk:calls:sounds_bad
            )
            or %(trunk)s
            (
              siptrunk:problem{problem="call_quality_low"}
              and %(trunk)s (
                siptrunk:calls:sounds_bad
                or %(trunk)s
                (siptrunk_calls_open unless %(trunk)s group by (job, instance, trunk) (siptrunk_probe_success{method="INVITE"}))
              )
            )
          ||| % { trunk: trunk }, 'As many in a row as calls must fail; a restart of the exporter ends it no more.'),
          {
            record: 'siptrunk:calls:not_ended:increase1h',
            expr: 'increase(siptrunk_calls_not_ended_total[1h]) > 0',
          },
          watched('calls_not_ended', 'siptrunk:calls:not_ended:increase1h'),
          watched('calls_open_too_long', |||
            (min_over_time(siptrunk_calls_open[10m]) > 0)
            and %(trunk)s (siptrunk_calls_open offset 10m > 0)
            unless %(trunk)s
            sum %(probes)s (changes(siptrunk_calls_total[10m])) > 0
          ||| % { trunk: trunk, probes: probes }, |||
            No call lasts for ten minutes: two to be answered, one to talk, half of one to be let
            go. Where one follows the other all the time, each end is counted.
          |||),
          {
            record: 'siptrunk:calls:held_back:increase1h',
            expr: 'sum without (method, address, transport, reason) (increase(siptrunk_call_failures_total{reason="limit"}[1h])) > 0',
          },
          watched('calls_held_back', 'siptrunk:calls:held_back:increase1h'),
        ],
      },
    ],
  },
}
