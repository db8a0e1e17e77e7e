// The same trunk from several places, and all trunks of one place at once.
{
  rules: [
    {
      why:: 'Vantage points: the same name and URI seen by several exporters.',
      record: 'siptrunk:up:by_uri',
      expr: 'siptrunk_up * on (job, instance, trunk) group_left (uri) group by (job, instance, trunk, uri) (siptrunk_info)',
    },
    {
      record: 'siptrunk:down_only_here',
      expr: |||
        siptrunk:up:by_uri == 0
        and on (trunk, uri) siptrunk:up:by_uri == 1
      |||,
    },
    {
      record: 'siptrunk:down_everywhere',
      expr: |||
        siptrunk:up:by_uri == 0
        and on (trunk, uri) count by (trunk, uri) (siptrunk:up:by_uri) > 1
        unless on (trunk, uri) siptrunk:up:by_uri == 1
      |||,
    },
    {
      why:: |||
        A local fault: no probe of this exporter succeeds, at least two of its trunks on at
        least two hosts fell within ten minutes of each other, and no other vantage point
        confirms that all of them are dead. The raw results are read, as they are ahead of
        the damped states: this has to stand before the alerts that it inhibits. A call's
        result is as old as the last call: it counts only for a trunk that has no other.
      |||,
      record: 'siptrunk:fell_together:count',
      expr: |||
        count by (job, instance) (
          siptrunk:last_success:timestamp_seconds
          > on (job, instance) group_left ()
          (max by (job, instance) (siptrunk:last_success:timestamp_seconds) - 600)
        )
        or
        (
          count by (job, instance) (siptrunk:down)
          unless on (job, instance) siptrunk:last_success:timestamp_seconds
        )
      |||,
    },
    {
      record: 'siptrunk:local_fault',
      expr: |||
        count by (job, instance) (siptrunk:down)
        and siptrunk:fell_together:count >= 2
        unless
        max by (job, instance) (
          siptrunk_probe_success{method!="INVITE"}
          or on (job, instance, trunk) siptrunk_probe_success
        ) == 1
        and siptrunk:hosts:count >= 2
        unless
        count by (job, instance) (siptrunk:down_everywhere)
        == count by (job, instance) (siptrunk:down)
      |||,
    },
  ],
}
