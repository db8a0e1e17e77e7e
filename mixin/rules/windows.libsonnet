local problem = import '../lib/problem.libsonnet';
local watched(word, expr, why='') = problem.watched(word, expr, why, 'siptrunk:windows:unseen');

// The names of what changed at a trunk's peer in one label: "allow software".
local changed = {
  local trunk = 'on (job, instance, trunk)',
  local count = 'siptrunk:peer_changes:count',
  local traits = ['allow', 'supported', 'accept', 'software', 'sdp', 'tls', 'key', 'root'],
  local any = 'group by (job, instance, trunk) (' + count + ')',

  what:
    'group by (job, instance, trunk, what) (\nlabel_replace(\nlabel_join(\n' + any + '\n'
    + std.join('', [
      '* ' + trunk + ' group_left (' + t + ') (\nlabel_replace(group by (job, instance, trunk) ('
      + count + '{what="' + t + '"}), "' + t + '", "' + t + ' ", "", "")\nor ' + trunk + ' ' + any + '\n)\n'
      for t in traits
    ])
    + ',\n"what", "", ' + std.join(', ', ['"' + t + '"' for t in traits])
    + '),\n"what", "$1", "what", "(.*) "\n)\n)',
};

{
  prometheusRules+:: {
    groups+: [
      {
        name: 'siptrunk-windows',
        interval: '1m',
        rules: [
          {
            why:: |||
              The mean is exact whatever the bucket edges are; the median, which they blur, only
              has to agree, so that one late answer cannot speak for the rest.
            |||,
            record: 'siptrunk:latency:mean15m',
            expr: |||
              rate(siptrunk_probe_duration_seconds_sum[15m])
              / (rate(siptrunk_probe_duration_seconds_count[15m]) > 0)
              or
              histogram_sum(rate(siptrunk_probe_duration_seconds[15m]))
              / (histogram_count(rate(siptrunk_probe_duration_seconds[15m])) > 0)
            |||,
          },
          {
            why:: |||
              Of +Inf alone, which is there without classic buckets, the quantile is NaN. Without
              native histograms either, the mean is all there is.
            |||,
            record: 'siptrunk:latency:median15m',
            expr: |||
              histogram_quantile(0.5, rate(siptrunk_probe_duration_seconds_bucket[15m])) >= 0
              or
              histogram_quantile(0.5, rate(siptrunk_probe_duration_seconds[15m]))
              or
              siptrunk:latency:mean15m
            |||,
          },
          {
            why:: |||
              Copies of requests over UDP that nothing came back for, however late. The share is a
              ratio of sums: a mean of each probe's own share would be half of it.
            |||,
            record: 'siptrunk:lost_packets:increase30m',
            expr: |||
              sum without (method, address, transport, direction) (increase(siptrunk_probe_udp_lost_total[30m]))
            |||,
          },
          {
            record: 'siptrunk:loss:ratio30m',
            expr: |||
              siptrunk:lost_packets:increase30m
              / (sum without (method, address, transport) (increase(siptrunk_probe_udp_requests_total[30m])) > 0)
            |||,
          },
          {
            why:: |||
              Share of final responses that are errors. Some trunks always answer 404: their
              share is 1, and that is their normal.
            |||,
            record: 'siptrunk:errors:ratio15m',
            expr: |||
              (
                sum without (method, address, transport, code) (increase(siptrunk_probe_responses_total{code=~"[456].."}[15m]))
                or 0 * sum without (method, address, transport, code) (increase(siptrunk_probe_responses_total[15m]))
              )
              / (sum without (method, address, transport, code) (increase(siptrunk_probe_responses_total[15m])) > 0)
            |||,
          },
          {
            why:: |||
              Share of time in which no address answered, from raw results: what fall and rise
              damp away counts here. A trunk with several methods is as good as its worst one.
              Windows add up samples at fixed steps and divide by the whole window, so
              that a new trunk's first bad minute is a minute and not all there is. A call
              stands for a quarter of an hour, which would be a day's allowance many times:
              rules/calls.libsonnet counts calls.
            |||,
            record: 'siptrunk:unavailable:now',
            expr: '1 - min without (method) (max without (address, transport) (siptrunk_probe_success{method!="INVITE"}))',
          },
          {
            record: 'siptrunk:unavailable:ratio5m',
            expr: 'sum_over_time(siptrunk:unavailable:now[5m:1m]) / 5',
          },
          {
            record: 'siptrunk:unavailable:ratio30m',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[30m:1m]) / 30',
          },
          {
            record: 'siptrunk:unavailable:ratio1h',
            expr: 'sum_over_time(siptrunk:unavailable:ratio5m[1h:1m]) / 60',
          },
          {
            record: 'siptrunk:failed_probes:increase1h',
            expr: 'sum without (method, address, transport, reason) (increase(siptrunk_probe_failures_total{reason!="dns"}[1h]) > 0)',
          },
          {
            why:: 'On how many hosts an exporter\'s trunks are.',
            record: 'siptrunk:hosts:count',
            expr: |||
              count by (job, instance) (
                count by (job, instance, host) (
                  label_replace(siptrunk_probe_success, "host", "$1", "address", "(.*):[0-9]+")
                )
              )
            |||,
          },
          {
            why:: |||
              How many exporters a job has, be they reachable or not.
            |||,
            record: 'siptrunk:exporters:count',
            expr: 'count by (job) (up and on (job, instance) last_over_time(siptrunk_exporter_build_info[1d]))',
          },
          {
            why:: 'As siptrunk:unseen, at this group\'s turns.',
            record: 'siptrunk:windows:unseen',
            expr: problem.unseen,
          },
          watched('state_unknown', |||
            max without (state) (siptrunk_state{state="unknown"} == 1)
            and on (job, instance, trunk) (
              sum by (job, instance, trunk) (increase(siptrunk_probes_total[15m])) > 0
              or sum by (job, instance, trunk) (increase(siptrunk_probe_failures_total{reason="dns"}[15m])) > 0
            )
          |||, |||
            Not known, though the exporter tries: it probes, or asks for addresses in vain. A paused
            trunk does not.
          |||),
          watched('dns_failing', |||
            sum without (method, address, transport, reason) (increase(siptrunk_probe_failures_total{reason="dns"}[15m])) > 1.5
          |||, 'Twice, at least: an increase is extrapolated, and that of a single failure is above 1.'),
          // What is wrong over a window. None of it is said of a trunk that is not up: that it
          // is down says it, and a trunk that was taken out or is paused has no windows.
          watched('latency_high', |||
            max without (method, address, transport) (
              siptrunk:latency:mean15m > on () group_left () siptrunk:threshold:latency_seconds
              and siptrunk:latency:median15m > on () group_left () (siptrunk:threshold:latency_seconds / 2)
            )
            and on (job, instance, trunk) siptrunk_up == 1
          |||),
          watched('latency_above_normal', |||
            max without (method, address, transport) (
              siptrunk:latency:mean15m
              > on (job, instance, trunk, method, address, transport) group_left () (
                max by (job, instance, trunk, method, address, transport) (
                  last_over_time(siptrunk:latency:p90_7d[3h])
                )
                * on () group_left () siptrunk:threshold:latency_factor
                + on () group_left () siptrunk:threshold:latency_floor_seconds
              )
              and on (job, instance, trunk, method, address, transport) (
                siptrunk:latency:median15m
                > on (job, instance, trunk, method, address, transport) group_left ()
                max by (job, instance, trunk, method, address, transport) (
                  last_over_time(siptrunk:latency:p90_7d[3h])
                )
              )
            )
            and on (job, instance, trunk) siptrunk_up == 1
          |||),
          watched('packet_loss', |||
            siptrunk:loss:ratio30m > on () group_left () siptrunk:threshold:loss_ratio
            and siptrunk:lost_packets:increase30m >= on () group_left () siptrunk:threshold:loss_packets
            and on (job, instance, trunk) siptrunk_up == 1
            unless on (job, instance, trunk) siptrunk_addresses_up < siptrunk_addresses
            unless on (job, instance, trunk) min_over_time(siptrunk_up[35m]) == 0
          |||, |||
            A slow peer loses nothing, however often it is asked. Not for an outage or a dead
            address, which have been told.
          |||),
          {
            record: 'siptrunk:errors:rise',
            expr: |||
              siptrunk:errors:ratio15m
              - on (job, instance, trunk) group_left ()
              max by (job, instance, trunk) (last_over_time(siptrunk:errors:ratio1d[3h]))
            |||,
          },
          watched('error_codes_rising', |||
            siptrunk:errors:rise > on () group_left () siptrunk:threshold:error_share_rise
          |||),
          {
            why:: 'Addresses that were not probed an hour ago, on a trunk that was.',
            record: 'siptrunk:new_addresses:count',
            expr: |||
              count without (method, address, transport) (
                siptrunk_probes_total
                unless on (job, instance, trunk, address) siptrunk_probes_total offset 1h
              )
              and on (job, instance, trunk) siptrunk_probes_total offset 1h
            |||,
          },
          watched('addresses_changed', 'siptrunk:new_addresses:count'),
          {
            why:: |||
              What a peer shows of itself and did not show an hour ago. Compared with then and
              not by increase(), which would read an hour of every series; so servers that take
              turns, which count once after each start of the exporter, are none either. What a
              peer never showed before has a series from its first value on.
            |||,
            record: 'siptrunk:peer_changes:count',
            expr: |||
              sum without (method, address, transport) (
                siptrunk_peer_changes_total - siptrunk_peer_changes_total offset 1h > 0
                or
                (siptrunk_peer_changes_total > 0 unless siptrunk_peer_changes_total offset 1h)
                and on (job, instance, trunk, method, address, transport)
                siptrunk_probes_total offset 1h
              )
            |||,
          },
          {
            why:: 'All of it as one label, for mails: they have no room for a list of alerts.',
            record: 'siptrunk:peer_changes:what',
            expr: changed.what,
          },
          watched('peer_changed', 'group without (what) (siptrunk:peer_changes:count)'),
          {
            why:: |||
              What counts is the chain that was verified: peers show more than that, such as a
              root that an older one signed, and nobody misses it when it expires. Where nothing
              was verified, all that the peer shows is told of, but is never critical.
            |||,
            record: 'siptrunk:certificate:left_seconds',
            expr: |||
              min without (method, address, transport) (
                siptrunk_tls_verified_chain_not_after_timestamp_seconds
                or siptrunk_tls_certificate_not_after_timestamp_seconds
              ) - time()
            |||,
          },
          {
            why:: 'The alerts\' levels come and go with the problem, in the same turn.',
            record: 'siptrunk:verified_certificate:left_seconds',
            expr: 'min without (method, address, transport) (siptrunk_tls_verified_chain_not_after_timestamp_seconds) - time()',
          },
          {
            record: 'siptrunk:own_certificate:left_seconds',
            expr: 'min without (file) (siptrunk_tls_own_certificate_not_after_timestamp_seconds) - time()',
          },
          watched('certificate_expiring', |||
            siptrunk:certificate:left_seconds < on () group_left () siptrunk:threshold:certificate_notice_seconds
          |||),
          watched('own_certificate_expiring', |||
            siptrunk:own_certificate:left_seconds
            < on () group_left () siptrunk:threshold:certificate_notice_seconds
          |||),
          watched('own_certificate_unfit', |||
            min without (file, purpose) (
              siptrunk_tls_own_certificate_usable{trunk!=""} == 0
              unless ignoring (purpose) siptrunk_tls_own_certificate_not_after_timestamp_seconds < time()
            )
          |||, 'Expiry is a problem of its own.'),
          watched('error_budget_burn_fast', |||
            (
              (
                siptrunk:unavailable:ratio1h > on () group_left () (14.4 * (1 - siptrunk:objective:availability_ratio))
                and siptrunk:unavailable:ratio5m > on () group_left () (14.4 * (1 - siptrunk:objective:availability_ratio))
                unless on (job, instance, trunk)
                max_over_time(ALERTS{alertname=~"SipTrunk(Down.*|Flapping)",alertstate="firing"}[1h])
                and siptrunk:failed_probes:increase1h >= 5
              )
              or
              (
                last_over_time(siptrunk:unavailable:ratio6h[10m]) > on () group_left () (6 * (1 - siptrunk:objective:availability_ratio))
                and siptrunk:unavailable:ratio30m > on () group_left () (6 * (1 - siptrunk:objective:availability_ratio))
                unless on (job, instance, trunk)
                max_over_time(ALERTS{alertname=~"SipTrunk(Down.*|Flapping)",alertstate="firing"}[6h])
                and last_over_time(siptrunk:failed_probes:increase6h[10m]) >= 10
              )
            )
            and on (job, instance, trunk) siptrunk_up == 1
          |||, |||
            Two windows each: the long one says that it matters, the short one that it goes on.
            What an alert about the trunk's state has told within the long window is not told
            again, and a few lost probes are no proof: five, or ten, are asked for.
          |||),
          watched('error_budget_burn_slow', |||
            (
              last_over_time(siptrunk:unavailable:ratio1d[10m]) > on () group_left () (3 * (1 - siptrunk:objective:availability_ratio))
              and last_over_time(siptrunk:unavailable:ratio2h[10m]) > on () group_left () (3 * (1 - siptrunk:objective:availability_ratio))
            )
            or
            (
              last_over_time(siptrunk:unavailable:ratio3d[10m]) > on () group_left () (1 - siptrunk:objective:availability_ratio)
              and last_over_time(siptrunk:unavailable:ratio6h[10m]) > on () group_left () (1 - siptrunk:objective:availability_ratio)
            )
          |||, |||
            The long windows come round every four minutes: one turn that a restart of
            Prometheus swallows must not end an alert.
          |||),
        ],
      },
    ],
  },
}
