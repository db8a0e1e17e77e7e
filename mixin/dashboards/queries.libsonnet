// PromQL that more than one panel needs. A selector is the text between the braces; `by`
// is what makes a trunk seen from one exporter one row.
local text = import 'text.libsonnet';

function(config) {
  local q = self,

  by: 'job, instance, carrier, site, trunk',

  // Every vantage point has a state; a number lets panels colour it and pick the worst.
  state: { up: 0, unknown: 1, degraded: 2, down: 3 },

  // What can be wrong with a trunk, worst first: the number orders the table.
  problems: {
    '100': 'Down',
    '80': 'Degraded',
    '60': 'Some addresses down',
    '55': 'Registration lapsed',
    '45': 'Flapping',
    '30': 'Losing packets',
    '20': 'Certificate expires',
    '10': 'Not known yet',
  },

  // The alerts draw the line at the same places.
  flappingChanges: 6,
  lossBad: 0.05,
  certificateDays: 30,

  // The state as one of the numbers above, the worst where several are merged.
  code(sel, by):: text.fill(|||
    max by (%(by)s) (
      siptrunk_state{%(sel)s,state="unknown"} * %(unknown)d
      or siptrunk_state{%(sel)s,state="degraded"} * %(degraded)d
      or siptrunk_state{%(sel)s,state="down"} * %(down)d
    )
  |||, { by: by, sel: sel } + q.state),

  // How many trunks are in a state, by the worst that any exporter sees of each.
  countIn(sel, state)::
    local every = q.code(sel, 'trunk');
    'count(%s == %d)\nor 0 * count(%s)' % [every, state, every],

  // From the native histogram where there is one, else from the classic buckets.
  quantile(p, sel, by='', window='$__rate_interval', more='')::
    text.fill(|||
      histogram_quantile(%(p)g, sum %(native)s(rate(%(name)s{%(sel)s}[%(window)s]%(more)s)))
      or
      histogram_quantile(%(p)g, sum by (%(classic)s) (rate(%(name)s_bucket{%(sel)s}[%(window)s]%(more)s)))
    |||, {
      p: p,
      name: 'siptrunk_probe_duration_seconds',
      sel: sel,
      window: window,
      more: more,
      native: if by == '' then '' else 'by (%s) ' % by,
      classic: if by == '' then 'le' else by + ', le',
    }),

  local sum(by) = if by == '' then 'sum' else 'sum by (%s)' % by,

  // Share of the probes that ended which failed, never more than all. A name that does not
  // resolve ends no probe, only failures, so the probes begun cannot be the denominator.
  failed(sel, by, window):: text.fill(|||
    clamp_max(
    %(sum)s (rate(siptrunk_probe_failures_total{%(sel)s}[%(window)s]))
    / (%(sum)s (
      rate(siptrunk_probe_failures_total{%(sel)s,reason!="response"}[%(window)s])
      or rate(siptrunk_probe_responses_total{%(sel)s}[%(window)s])
    ) > 0), 1)
  |||, { sum: sum(by), sel: sel, window: window }),

  // Share of the requests over UDP that nothing came back for, as a ratio of sums: a mean of
  // every probe's own share would be half of it.
  lost(sel, by, window):: text.fill(|||
    %(sum)s (rate(siptrunk_probe_udp_lost_total{%(sel)s}[%(window)s]))
    / (%(sum)s (rate(siptrunk_probe_udp_requests_total{%(sel)s}[%(window)s])) > 0)
  |||, { sum: sum(by), sel: sel, window: window }),

  // A row for every trunk with something wrong: the number of its worst problem.
  problem(sel)::
    local cases = [
      [100, 'siptrunk_state{%s,state="down"}' % sel],
      [80, 'siptrunk_state{%s,state="degraded"}' % sel],
      [60, '(siptrunk_addresses_up{%s} < bool siptrunk_addresses{%s})' % [sel, sel]],
      [55, '(siptrunk_registration_expires_timestamp_seconds{%s} < bool time())' % sel],
      [45, '(increase(siptrunk_state_changes_total{%s}[30m]) >= bool %d)'
           % [sel, q.flappingChanges]],
      [30, '(%s > bool %g)' % [q.lost(sel, q.by, '15m'), q.lossBad]],
      [20, '(%s - time() < bool %d)' % [q.certificateEnd(sel), q.certificateDays * 86400]],
      [10, 'siptrunk_state{%s,state="unknown"}' % sel],
    ];
    'max by (%s) (\n  %s\n)' % [
      q.by,
      std.join('\n  or ', ['%d * (%s == 1)' % case for case in cases]),
    ],

  // When the certificates end that peers must have: the part of the chain that was
  // verified, or all that is shown where nothing was.
  certificateEnd(sel)::
    '(siptrunk_tls_verified_chain_not_after_timestamp_seconds{%s}' % sel
    + ' or siptrunk_tls_certificate_not_after_timestamp_seconds{%s})' % sel,

  // Keeps the trunks of expr that are also in others.
  ofThose(expr, others):: '(\n%s\n)\nand on (job, instance, trunk)\n%s' % [expr, others],

  // The label's commonest value of each trunk, as a label of the row.
  commonest(metric, label, sel, window)::
    'topk by (%(by)s) (1, sum by (%(by)s, %(label)s) (increase(%(metric)s{%(sel)s}[%(window)s])) > 0)'
    % { by: q.by, label: label, metric: metric, sel: sel, window: window },

  // process_* and the like belong to many programs: keeps those of exporters.
  ofExporters(expr, sel)::
    '%s\nand on (job, instance) siptrunk_exporter_build_info{%s}' % [expr, sel],
}
