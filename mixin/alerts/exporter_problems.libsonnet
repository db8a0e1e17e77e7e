// What is wrong with an exporter, or with what Prometheus knows of them. The value is what
// the alert tells: a count, a time, a number of seconds.
local problem = function(word, expr, why=null) {
  [if why != null then 'why']:: why,
  record: 'siptrunk:exporter_problem',
  expr: expr,
  labels: { problem: word },
};
// What an exporter says of itself stays so while it says nothing, be it for one scrape.
local said = function(word, expr, why=null) problem(
  word,
  expr + '\nor ignoring (problem) (\nsiptrunk:exporter_problem{problem="' + word + '"}\nand on (job, instance) up == 0\n)\n',
  why
);

{
  rules: [
    said('local_fault', |||
      up == 1 and on (job, instance) siptrunk:local_fault
      or
      (
        up == 1
        and on (job, instance) last_over_time(siptrunk:local_fault[2m])
        and on (job, instance) ALERTS{alertname="SipTrunkLocalFault",alertstate="firing"}
      )
    |||, |||
      What is wrong with an exporter. Its local fault is told of until two minutes after its
      end, as trunks come back one by one. Both have the labels of `up`, of which a target
      may have more than two.
    |||),
    {
      why:: |||
        Trunks whose names do not resolve, and trunks that have a name at all: addresses need
        no DNS.
      |||,
      record: 'siptrunk:dns_failing:count',
      expr: 'count by (job, instance) (siptrunk:problem{problem="dns_failing"})',
    },
    {
      record: 'siptrunk:names:count',
      expr: |||
        count by (job, instance) (
          siptrunk_info{uri!~"sips?:([^@]*@)?([0-9.]+|\\[.*\\])([:;?].*)?"}
          and on (job, instance, trunk) siptrunk:watched
        )
      |||,
    },
    problem('local_dns_fault', |||
      siptrunk:dns_failing:count >= 2 and siptrunk:dns_failing:count >= siptrunk:names:count / 2
      or siptrunk:dns_failing:count >= 2 and on (job, instance) siptrunk:exporter_problem{problem="local_dns_fault"}
    |||, |||
      The names of at least two trunks and of half of all that have one: not two carriers,
      but this exporter's DNS. It stays while two are left: one name is that trunk's own matter.
    |||),
    problem('exporter_down', |||
      up{job=~".*siptrunk.*"} == 0
      or up == 0 and on (job, instance) last_over_time(siptrunk_exporter_build_info[1d])
    |||, 'By job name, or by having been one of ours within the last day.'),
    problem('exporter_absent', |||
      absent(siptrunk_exporter_build_info)
      unless on () siptrunk:exporter_problem{problem="exporter_down"}
    |||, 'Those that are there and cannot be scraped have been told of, one by one.'),
    problem('shard_missing', |||
      max by (job) (siptrunk_exporter_total_shards)
      * max by (job) (count by (job, shard) (siptrunk_exporter_total_shards))
      - count by (job) (siptrunk_exporter_total_shards)
      > 0
    |||, |||
      Each shard as often as that which is there most often: a job may hold several vantage
      points, with a whole set of shards each.
    |||),
    problem('vantage_missing', |||
      quantile_over_time(0.5, siptrunk:exporters:count[1d])
      - (siptrunk:exporters:count or 0 * last_over_time(siptrunk:exporters:count[1d]))
      > 0
      unless on () absent(siptrunk_exporter_build_info)
    |||, |||
      Fewer exporters than for most of the last day, and not for being unreachable: what
      Prometheus scrapes has changed. An exporter that comes back under another name is none
      less, and after half a day without it fewer are the new normal.
    |||),
    said('probing_stalled', |||
      up == 1
      and on (job, instance) sum by (job, instance) (increase(siptrunk_probes_total[15m])) == 0
      and on (job, instance) siptrunk_up
    |||),
    said('exporter_loop_stalled', |||
      siptrunk_exporter_loop_last_turn_timestamp_seconds
      == siptrunk_exporter_loop_last_turn_timestamp_seconds offset 2m
      and on (job, instance) up == 1
    |||, |||
      The loop turns every second, and the scrape is answered by another thread. Its clock is
      not compared with ours: they may differ.
    |||),
    said('schedule_lagging', |||
      siptrunk_exporter_schedule_lag_seconds > on () group_left () siptrunk:threshold:schedule_lag_seconds
    |||),
    problem('rules_late', |||
      sum by (job, instance) (
        increase(prometheus_rule_group_iterations_missed_total{rule_group=~".+;siptrunk-.+"}[10m])
      ) >= 1
    |||, |||
      What a Prometheus says of itself, where it is scraped: turns of these very rules that
      were left out, as the turn before took longer than its interval.
    |||),
    problem('rules_failing', |||
      sum by (job, instance) (
        increase(prometheus_rule_evaluation_failures_total{rule_group=~".+;siptrunk-.+"}[10m])
      ) > 0
    |||, |||
      The same of rules that ended with an error. A single one counts: some have a turn an
      hour.
    |||),
    said('reload_failed', 'siptrunk_exporter_config_last_reload_successful == 0'),
    said('web_config_broken', 'siptrunk_exporter_web_config_last_reload_successful == 0'),
    said('certificate_reload_failed', 'siptrunk_exporter_tls_last_reload_successful == 0'),
    said('exporter_certificate_expiring', |||
      siptrunk_exporter_tls_certificate_not_after_timestamp_seconds - time()
      < on () group_left () siptrunk:threshold:certificate_notice_seconds
    |||, 'What the SIP listener shows to peers that connect.'),
    said('web_certificate_expiring', |||
      siptrunk_exporter_web_certificate_not_after_timestamp_seconds - time()
      < on () group_left () siptrunk:threshold:certificate_notice_seconds
    |||),
    said('own_certificate_unfit', |||
      siptrunk_tls_own_certificate_usable{trunk=""} == 0
      unless on (job, instance, file) siptrunk_exporter_tls_certificate_not_after_timestamp_seconds < time()
    |||),
    said('exporter_restarting', |||
      changes(process_start_time_seconds[30m]) > 3
      and on (job, instance) siptrunk_exporter_build_info
    |||),
  ],
}
