"""
PromQL that more than one panel needs. A selector is the text between the braces; BY is
what makes a trunk seen from one exporter one row.
"""

BY = "job, instance, carrier, site, trunk"

# Every vantage point has a state; a number lets panels colour it and pick the worst.
UP, UNKNOWN, DEGRADED, DOWN = 0, 1, 2, 3

# What can be wrong with a trunk, worst first: the number orders the table.
PROBLEMS = {
    100: "Down",
    80: "Degraded",
    60: "Some addresses down",
    55: "Registration lapsed",
    45: "Flapping",
    30: "Losing packets",
    20: "Certificate expires",
    10: "Not known yet",
}

# The alerts draw the line at the same places.
FLAPPING_CHANGES = 6
LOSS_BAD = 0.05
CERTIFICATE_DAYS = 30


def code(sel, by):
    """The state as one of the numbers above, the worst where several are merged."""
    return (
        f"max by ({by}) (\n"
        f'  siptrunk_state{{{sel},state="unknown"}} * {UNKNOWN}\n'
        f'  or siptrunk_state{{{sel},state="degraded"}} * {DEGRADED}\n'
        f'  or siptrunk_state{{{sel},state="down"}} * {DOWN}\n'
        ")"
    )


def count_in(sel, state):
    """How many trunks are in a state, by the worst that any exporter sees of each."""
    every = code(sel, "trunk")
    return f"count({every} == {state})\nor 0 * count({every})"


def quantile(q, sel, by="", window="$__rate_interval", more=""):
    """From the native histogram where there is one, else from the classic buckets."""
    name = "siptrunk_probe_duration_seconds"
    native = f"sum by ({by}) " if by else "sum "
    classic = f"sum by ({by}, le) " if by else "sum by (le) "
    return (
        f"histogram_quantile({q}, {native}(rate({name}{{{sel}}}[{window}]{more})))\n"
        f"or\n"
        f"histogram_quantile({q}, {classic}(rate({name}_bucket{{{sel}}}[{window}]{more})))"
    )


def failed(sel, by, window):
    """
    Share of the probes that ended which failed, never more than all. A name that does not
    resolve ends no probe, only failures, so the probes begun cannot be the denominator.
    """
    aggregate = f"sum by ({by})" if by else "sum"
    return (
        "clamp_max(\n"
        f"{aggregate} (rate(siptrunk_probe_failures_total{{{sel}}}[{window}]))\n"
        f"/ ({aggregate} (\n"
        f'  rate(siptrunk_probe_failures_total{{{sel},reason!="response"}}[{window}])\n'
        f"  or rate(siptrunk_probe_responses_total{{{sel}}}[{window}])\n"
        f") > 0), 1)"
    )


def lost(sel, by, window):
    """
    Share of the requests over UDP that nothing came back for, as a ratio of sums: a mean of
    every probe's own share would be half of it.
    """
    aggregate = f"sum by ({by})" if by else "sum"
    return (f"{aggregate} (rate(siptrunk_probe_udp_lost_total{{{sel}}}[{window}]))\n"
            f"/ ({aggregate} (rate(siptrunk_probe_udp_requests_total{{{sel}}}[{window}]))"
            " > 0)")


def problem(sel):
    """A row for every trunk with something wrong: the number of its worst problem."""
    def cases():
        yield 100, f'siptrunk_state{{{sel},state="down"}}'
        yield 80, f'siptrunk_state{{{sel},state="degraded"}}'
        yield 60, f"(siptrunk_addresses_up{{{sel}}} < bool siptrunk_addresses{{{sel}}})"
        yield 55, (f"(siptrunk_registration_expires_timestamp_seconds{{{sel}}}"
                   " < bool time())")
        yield 45, (f"(increase(siptrunk_state_changes_total{{{sel}}}[30m])"
                   f" >= bool {FLAPPING_CHANGES})")
        yield 30, f"({lost(sel, BY, '15m')} > bool {LOSS_BAD})"
        yield 20, (f"({certificate_end(sel)}"
                   f" - time() < bool {CERTIFICATE_DAYS * 86400})")
        yield 10, f'siptrunk_state{{{sel},state="unknown"}}'
    every = "\n  or ".join(f"{n} * ({expr} == 1)" for n, expr in cases())
    return f"max by ({BY}) (\n  {every}\n)"


def certificate_end(sel):
    """
    When the certificates end that peers must have: the part of the chain that was
    verified, or all that is shown where nothing was.
    """
    return (f"(siptrunk_tls_verified_chain_not_after_timestamp_seconds{{{sel}}}"
            f" or siptrunk_tls_certificate_not_after_timestamp_seconds{{{sel}}})")


def of_those(expr, others):
    """Keeps the trunks of expr that are also in others."""
    return f"(\n{expr}\n)\nand on (job, instance, trunk)\n{others}"


def commonest(metric, label, sel, window):
    """The label's commonest value of each trunk, as a label of the row."""
    rows = f"sum by ({BY}, {label}) (increase({metric}{{{sel}}}[{window}]))"
    return f"topk by ({BY}) (1, {rows} > 0)"


def of_exporters(expr, sel):
    """process_* and the like belong to many programs: keeps those of exporters."""
    return f"{expr}\nand on (job, instance) siptrunk_exporter_build_info{{{sel}}}"
