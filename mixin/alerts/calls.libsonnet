// Alerts about a trunk's calls (rules/calls.libsonnet).
function(config)
  local alert = (import '../lib/alert.libsonnet')(config);
  // One a trunk, as in trunk.libsonnet.
  local measure(expr) = 'count_values without () ("measure", max by (job, instance, trunk) (' + expr + '))';
  local why = { more: 'siptrunk:calls:why', more_labels: ['calls', 'answer'], lately: false };
  // "they are rejected with 503"
  local because(before) = '{{ with $labels.calls }}' + before + '{{ . }}{{ with $labels.answer }} with {{ . }}{{ end }}{{ end }}';
  [
    alert.on_trunk(why {
      why: |||
        What a ping does not see. What is recorded has counted the calls; there is nothing to
        wait for.
      |||,
      alert: 'SipTrunkCallsFailing',
      problem: 'calls_failing',
      severity: 'critical',
      wait_s: 0,
      tag: 'CALLS FAIL',
      summary: 'Calls over a SIP trunk fail, though it answers.',
      cause: 'calls fail' + because(', '),
      description: ' answers, but calls over it fail' + because(': ') + '. Whoever calls over it feels that.',
    }),

    alert.on_trunk(why {
      alert: 'SipTrunkCallsWithoutAudio',
      problem: 'calls_without_audio',
      severity: 'critical',
      wait_s: 0,
      tag: 'NO AUDIO',
      summary: 'Calls over a SIP trunk are answered, but do not carry audio both ways.',
      cause: 'calls without audio' + because(', '),
      description: ' takes calls, but they do not carry audio both ways' + because(': ') + '. People hear nothing, are not heard, or hear somebody else.',
    }),

    alert.on_trunk(why {
      alert: 'SipTrunkCallsFailOften',
      problem: 'calls_fail_often',
      severity: 'warning',
      wait_s: 60,
      tag: 'CALLS FAIL OFTEN',
      summary: 'Some of the calls over a SIP trunk fail, others do not.',
      more: |||
        siptrunk:calls:why
        * on (job, instance, trunk) group_left (measure)
        %s
      ||| % measure('siptrunk:calls:failed:ratio6h and on (job, instance, trunk) siptrunk:problem{problem="calls_fail_often"}'),
      more_labels: ['calls', 'answer', 'measure'],
      cause: '{{ with $labels.measure }}{{ . | humanizePercentage }}{{ else }}some{{ end }} of calls fail',
      description: ': {{ with $labels.measure }}{{ . | humanizePercentage }}{{ else }}some{{ end }} of its calls in the last 6 hours failed, never two in a row' + because('; of the last most: ') + '.',
    }),

    alert.on_trunk({
      alert: 'SipTrunkCallQualityLow',
      problem: 'call_quality_low',
      severity: 'warning',
      wait_s: 0,
      tag: 'BAD AUDIO',
      summary: 'Calls over a SIP trunk sound bad.',
      more: measure('round(siptrunk:calls:sounds_bad, 0.01)'),
      more_labels: ['measure'],
      cause: 'calls sound bad{{ with $labels.measure }}, MOS {{ . }}{{ end }}',
      description: ' carries calls that sound bad: {{ with $labels.measure }}MOS {{ . }} of 4.41{{ else }}a low MOS{{ end }} in the worse direction of the last call, and those before it were no better. Its page has loss, jitter and delay.',
      lately: false,
    }),

    alert.on_trunk({
      alert: 'SipTrunkCallsNotEnded',
      problem: 'calls_not_ended',
      severity: 'critical',
      wait_s: 0,
      tag: 'CALLS NOT ENDED',
      summary: 'The peer of a SIP trunk did not confirm the end of a call.',
      more: measure('round(siptrunk:calls:not_ended:increase1h)'),
      more_labels: ['measure'],
      cause: '{{ with $labels.measure }}{{ . }} {{ end }}call(s) whose end the peer did not confirm',
      over: 'none for an hour',
      description: ': of {{ or $labels.measure "some" }} call(s) in the last hour the peer did not answer BYE or CANCEL. It may think that they are up, and bill them, until its session timer ends them.',
      lately: false,
    }),

    alert.on_trunk({
      alert: 'SipTrunkCallsOpenTooLong',
      problem: 'calls_open_too_long',
      severity: 'critical',
      wait_s: 0,
      tag: 'CALL OPEN',
      summary: 'A call over a SIP trunk has been open for longer than any may be.',
      cause: 'a call is open for more than ten minutes',
      description: ' has a call open for more than ten minutes, and no other ended meanwhile. None may last for four. It costs, and no other is made before it ends.',
      lately: false,
    }),

    alert.on_trunk({
      alert: 'SipTrunkCallsHeldBack',
      problem: 'calls_held_back',
      severity: 'info',
      wait_s: 60,
      tag: 'CALLS HELD BACK',
      summary: 'Calls over a SIP trunk were not made, as a limit forbade them or they are stopped.',
      more: measure('round(siptrunk:calls:held_back:increase1h)'),
      more_labels: ['measure'],
      cause: '{{ with $labels.measure }}{{ . }} {{ end }}call(s) not made, by a limit',
      over: 'none for an hour',
      description: ': {{ or $labels.measure "some" }} call(s) in the last hour were not made, since a limit of `calls` (max_concurrent, max_per_hour, max_per_day) forbade them, or calls are stopped. Nothing is known of what they would have shown.',
      lately: false,
    }),
  ]
