// PromQL that more than one panel needs. A selector is the text between the braces; `by`
// is what makes a trunk seen from one exporter one row.
local text = import 'text.libsonnet';

function(config) {
  local q = self,
  local carrier = config.carrierLabel,
  local site = config.siteLabel,
  local chosen = if config.siptrunkSelector == '' then '' else config.siptrunkSelector + ',',
  local each = 'job, instance, trunk',
  local sum(by) = if by == '' then 'sum' else 'sum by (%s)' % by,
  local max(by) = if by == '' then 'max' else 'max by (%s)' % by,

  // What the variables select.
  selectors: {
    job: chosen + 'job=~"$job"',
    exporter: self.job + ',instance=~"$instance"',
    carrier: self.exporter + ',%s=~"$carrier"' % carrier,
    // Of series that have no job of a trunk's, such as ALERTS.
    labels: '%s=~"$carrier",%s=~"$site",trunk=~"$trunk"' % [carrier, site],
    fleet: self.exporter + ',' + self.labels,
    site: self.carrier + ',%s=~"$site"' % site,
    trunk: self.exporter + ',trunk="$trunk"',
  },

  by: 'job, instance, %s, %s, trunk' % [carrier, site],

  // Every vantage point has a state; a number lets panels colour it and pick the worst.
  state: { up: 0, unknown: 1, degraded: 2, down: 3 },

  // The state as one of the numbers above, the worst where several are merged. Up is named
  // too: an exporter may show the series of the present state alone.
  code(sel, by):: text.fill(|||
    max by (%(by)s) (
      siptrunk_state{%(sel)s,state="up"} * %(up)d
      or siptrunk_state{%(sel)s,state="unknown"} * %(unknown)d
      or siptrunk_state{%(sel)s,state="degraded"} * %(degraded)d
      or siptrunk_state{%(sel)s,state="down"} * %(down)d
    )
  |||, { by: by, sel: sel } + q.state),

  // How many trunks are in a state, by the worst that any exporter sees of each.
  countIn(sel, state)::
    local every = q.code(sel, 'trunk');
    'count(%s == %d)\nor 0 * count(%s)' % [every, state, every],

  // A series that has just become so: a minute ago it was not, and its trunk was there.
  became(selector, sel):: text.fill(|||
    (%(s)s == 1 unless %(s)s offset 1m == 1)
    and on (job, instance, trunk) siptrunk_info{%(sel)s} offset 1m
  |||, { s: selector, sel: sel }),

  // Latency. The mean is exact whatever the buckets are; so is the largest, of those probes
  // that a scrape saw as the last one. Classic buckets would only tell their own edges.

  mean(sel, by='', window='$__rate_interval', more='')::
    text.fill(|||
      %(sum)s (
        rate(%(name)s_sum{%(sel)s}[%(window)s]%(more)s)
        or histogram_sum(rate(%(name)s{%(sel)s}[%(window)s]%(more)s))
      )
      / (%(sum)s (
        rate(%(name)s_count{%(sel)s}[%(window)s]%(more)s)
        or histogram_count(rate(%(name)s{%(sel)s}[%(window)s]%(more)s))
      ) > 0)
    |||, {
      sum: sum(by),
      name: 'siptrunk_probe_duration_seconds',
      sel: sel,
      window: window,
      more: more,
    }),

  largest(sel, by='', window='$__rate_interval')::
    '%s (max_over_time(siptrunk_probe_phase_duration_seconds{%s,phase="response"}[%s]))'
    % [max(by), sel, window],

  // Of native histograms alone.
  quantile(p, sel, by='', window='$__rate_interval')::
    'histogram_quantile(%g, %s (rate(siptrunk_probe_duration_seconds{%s}[%s])))'
    % [p, sum(by), sel, window],

  // Share of the probes that ended which failed. A name that does not resolve is no probe:
  // nothing was sent.
  failed(sel, by, window):: text.fill(|||
    clamp_max((
      %(sum)s (rate(siptrunk_probe_failures_total{%(sel)s,reason!="dns"}[%(window)s]))
      or 0 * %(sum)s (rate(siptrunk_probe_responses_total{%(sel)s}[%(window)s]))
    ) / (%(sum)s (
      rate(siptrunk_probe_failures_total{%(sel)s,reason!~"dns|response"}[%(window)s])
      or rate(siptrunk_probe_responses_total{%(sel)s}[%(window)s])
    ) > 0), 1)
  |||, { sum: sum(by), sel: sel, window: window }),

  // Share of the requests over UDP that nothing came back for, as a ratio of sums: a mean of
  // every probe's own share would be half of it.
  lost(sel, by, window):: text.fill(|||
    %(sum)s (rate(siptrunk_probe_udp_lost_total{%(sel)s}[%(window)s]))
    / (%(sum)s (rate(siptrunk_probe_udp_requests_total{%(sel)s}[%(window)s])) > 0)
  |||, { sum: sum(by), sel: sel, window: window }),

  // The same of one direction, which only trunks with mark_copies have.
  lostWay(sel, direction):: text.fill(|||
    sum (rate(siptrunk_probe_udp_lost_total{%(sel)s,direction="%(direction)s"}[$__rate_interval]))
    / (sum (rate(siptrunk_probe_udp_requests_total{%(sel)s}[$__rate_interval])) > 0)
  |||, { sel: sel, direction: direction }),

  // Answers after the timeout, as a share of the probes.
  late(sel):: text.fill(|||
    sum (rate(siptrunk_probe_late_responses_total{%(sel)s}[$__rate_interval]))
    / (sum (rate(siptrunk_probes_total{%(sel)s}[$__rate_interval])) > 0)
  |||, { sel: sel }),

  // What is wrong. The recording rule decides, for alerts and pages too. Of trunks that it has
  // nothing to say of (it is not loaded, or has not run yet) the state is told: better than a
  // table that says all is well.

  ranks: import '../problems.libsonnet',
  local stateAs(sel, state, problem) =
    'label_replace(%d * (siptrunk_state{%s,state="%s"} == 1), "problem", "%s", "", "")'
    % [q.ranks[problem], sel, state, problem],

  // The rank of each problem of each trunk.
  problems(sel)::
    text.fill(|||
      max by (%(by)s, problem) (
        siptrunk:problem{%(sel)s}
        or (
          %(states)s
        ) unless on (job, instance, trunk) siptrunk:problem{%(sel)s}
      )
    |||, {
      by: q.by,
      sel: sel,
      states: std.join('\n    or ', [
        stateAs(sel, 'down', 'down'),
        stateAs(sel, 'degraded', 'degraded'),
        stateAs(sel, 'unknown', 'state_unknown'),
      ]),
    }),

  // Of the worst problem of each trunk.
  worst(sel):: 'topk by (%s) (1, %s)' % [q.by, q.problems(sel)],

  // Keeps the trunks of expr that have a problem.
  ofWrong(expr, sel):: text.fill(|||
    (
    %(expr)s
    )
    and on (job, instance, trunk) (
      siptrunk:problem{%(sel)s}
      or siptrunk_state{%(sel)s,state!="up"} == 1
    )
  |||, { expr: expr, sel: sel }),

  // Since when the worst problem of each trunk is there. Without the rules: when its state
  // was entered, or the last success of addresses that fail, for exporters that do not tell.
  since(sel):: text.fill(|||
    max by (%(by)s) (
      siptrunk:problem:since_timestamp_seconds{%(sel)s}
      and on (job, instance, trunk, problem) topk by (job, instance, trunk) (1, siptrunk:problem{%(sel)s})
    ) or max by (%(by)s) (
      siptrunk_state_changed_timestamp_seconds{%(sel)s}
      and on (job, instance, trunk) siptrunk_state{%(sel)s,state=~"degraded|down"} == 1
    ) or max by (%(by)s) (
      siptrunk_probe_last_success_timestamp_seconds{%(sel)s}
      and siptrunk_probe_success{%(sel)s} == 0
      and on (job, instance, trunk) (
        siptrunk_up{%(sel)s} == 0 or siptrunk_addresses_up{%(sel)s} < siptrunk_addresses{%(sel)s}
      )
    )
  |||, { by: q.by, sel: sel }),

  // The worst problems, by rank, and of one rank the newest first.
  inOrder(sel):: text.fill(|||
    sort_desc(
      (%(worst)s) * 1e10 + on (job, instance, trunk) group_left () (
        %(since)s
      )
      or on (job, instance, trunk) (%(worst)s) * 1e10
    )
  |||, { worst: q.worst(sel), since: q.since(sel) }),

  // "2 of 3" as the label `answering`, for names with more than one address.
  answering(sel):: text.fill(|||
    label_join(
      count_values by (%(by)s) ("_up", max by (%(by)s) (siptrunk_addresses_up{%(sel)s}))
      * on (job, instance, trunk) group_left (_all)
      count_values by (%(by)s) ("_all", max by (%(by)s) (siptrunk_addresses{%(sel)s}) > 1),
      "answering", " of ", "_up", "_all"
    )
  |||, { by: q.by, sel: sel }),

  // When the certificates end that peers must have: the part of the chain that was
  // verified, or all that is shown where nothing was.
  certificateEnd(sel)::
    '(siptrunk_tls_verified_chain_not_after_timestamp_seconds{%s}' % sel
    + ' or siptrunk_tls_certificate_not_after_timestamp_seconds{%s})' % sel,

  // Keeps the trunks of expr that are also in others.
  ofThose(expr, others):: '(\n%s\n)\nand on (%s)\n%s' % [expr, each, others],

  // The label's commonest value of each trunk, as a label of the row. A series that was not
  // there when the window began is counted whole: reasons may be shown only once seen.
  commonest(metric, label, sel, window):: text.fill(|||
    topk by (%(by)s) (1, sum by (%(by)s, %(label)s) (
      (
        %(m)s unless %(m)s offset %(window)s
        and on (job, instance, trunk) siptrunk_info{%(sel)s} offset %(window)s
      )
      or increase(%(m)s[%(window)s])
    ) > 0)
  |||, { by: q.by, label: label, m: '%s{%s}' % [metric, sel], sel: sel, window: window }),

  // process_* and the like belong to many programs: keeps those of exporters.
  ofExporters(expr, sel)::
    '%s\nand on (job, instance) siptrunk_exporter_build_info{%s}' % [expr, sel],
}
