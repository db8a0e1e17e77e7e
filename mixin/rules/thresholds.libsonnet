// What is asked of a trunk, as series: a rule file that was printed can still be changed by
// hand, here and nowhere else.
// A number as people write it: std.toString(0.3) is 0.29999999999999999.
local number(value) =
  if std.isNumber(value) && value != std.floor(value) then std.format('%.6g', value) else std.toString(value);

{
  prometheusRules+:: {
    local c = $._config,
    local threshold(name, value, why=null) = {
      [if why != null then 'why']:: why,
      record: 'siptrunk:threshold:' + name,
      expr: 'vector(%s)' % number(value),
    },
    groups+: [
      {
        name: 'siptrunk-thresholds',
        interval: '1m',
        rules: [
          threshold('latency_seconds', c.latencySeconds, |||
            T1 of RFC 3261: a slower answer over UDP means that every request is sent twice.
          |||),
          threshold('latency_factor', c.latencyFactor, |||
            Slower than its own last week: so many times nine tenths of it, and so much more.
          |||),
          threshold('latency_floor_seconds', c.latencyFloorSeconds),
          threshold('loss_ratio', c.lossRatio, |||
            Share of requests sent that nothing came back for, and how many at least.
          |||),
          threshold('loss_packets', c.lossPackets),
          threshold('error_share_rise', c.errorShareRise, |||
            By how much the share of 4xx, 5xx and 6xx may exceed the trunk's own last day.
          |||),
          threshold('flaps', c.flaps, |||
            State changes in half an hour; six are three falls and three recoveries.
          |||),
          threshold('certificate_notice_seconds', c.certificateNoticeDays + ' * 86400'),
          threshold('certificate_warning_seconds', c.certificateWarningDays + ' * 86400'),
          threshold('certificate_critical_seconds', c.certificateCriticalDays + ' * 86400'),
          threshold('inbound_missed', c.inboundMissed, |||
            A peer is silent after so many of its usual intervals, but never before so long.
          |||),
          threshold('inbound_silence_seconds', c.inboundSilenceSeconds),
          threshold('schedule_lag_seconds', c.scheduleLagSeconds),
          threshold('calls_failed', c.callsFailed, |||
            So many calls that fail, or sound bad, one after the other.
          |||),
          threshold('calls_failed_ratio', c.callsFailedRatio, |||
            That share of six hours' calls that fail, and how many at least.
          |||),
          threshold('calls_failed_often', c.callsFailedOften),
          threshold('call_mos', c.callMos, |||
            Below it many people are dissatisfied (G.107 Annex B: R 70).
          |||),
          {
            why:: '99.9 % is 43 minutes in 30 days.',
            record: 'siptrunk:objective:availability_ratio',
            expr: 'vector(%s)' % std.format('%.10g', c.availabilityObjective),
          },
        ],
      },
    ],
  },
}
