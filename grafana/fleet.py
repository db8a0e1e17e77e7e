"""Fleet: is anything wrong, what is worst, since when."""

import parts as p
import queries as q

SEL = 'job=~"$job",instance=~"$instance",carrier=~"$carrier",site=~"$site",trunk=~"$trunk"'
EVERYWHERE = ("datasource", "job", "instance", "scheme")

BY = q.BY

TRUNK_LABELS = [
    ("trunk", "Trunk", {"links": [p.trunk_link(), p.status_link()],
                        "custom__width": 140}),
    ("carrier", "Carrier", {}),
    ("site", "Site", {}),
    ("instance", "Instance", {"links": [p.exporter_link(), p.status_link()],
                              "custom__width": 150}),
]


def ago(expr):
    return f"time() - max by ({BY}) (\n  {expr}\n)"


def counts():
    shares = "1 - (" + q.failed(SEL, "", "$__range") + ")"
    firing = (f'count(ALERTS{{alertname=~"SipTrunk.+",alertstate="firing",'
              f'carrier=~"$carrier",site=~"$site",trunk=~"$trunk"}})\nor vector(0)')
    return [
        p.stat("Up", "Trunks that every exporter asked sees up.",
               q.count_in(SEL, q.UP)),
        p.stat("Degraded",
               "Trunks that answer, but with a code that means trouble, such as 503; "
               "counted by the worst that any exporter sees.",
               q.count_in(SEL, q.DEGRADED), thresholds=p.steps(p.BLUE, (1, p.AMBER))),
        p.stat("Down", "Trunks that at least one exporter sees down.",
               q.count_in(SEL, q.DOWN), thresholds=p.steps(p.BLUE, (1, p.RED))),
        p.stat("Not known",
               "Trunks not probed often enough yet to have a state. After a start this "
               "goes to 0 within a few intervals.",
               q.count_in(SEL, q.UNKNOWN), thresholds=p.steps(p.BLUE, (1, p.GREY))),
        p.stat("Probes that worked",
               "Share of all probes in this time range that ended with an answer that "
               "means up or degraded.",
               shares, "percentunit", p.steps(p.RED, (0.95, p.AMBER), (0.99, p.BLUE)),
               decimals=2),
        p.stat("Alerts firing", "Alerts about SIP trunks that fire now.", firing,
               thresholds=p.steps(p.BLUE, (1, p.RED))),
    ]


def wrong_now():
    wrong = q.problem(SEL)

    def of(expr):
        return q.of_those(expr, wrong)

    return p.table(
        "What is wrong now",
        "Every trunk with a problem, worst first, by the worst problem of each. Click a "
        "trunk for all about it or for its last probes on the exporter's status page.",
        (24, 9), [*TRUNK_LABELS, ("reason", "Fails with", {"custom__width": 100}),
                  ("code", "Answers", {"custom__width": 80})],
        [
            ("Problem", f"sort_desc(\n{wrong}\n)",
             {"mappings": p.PROBLEMS, "custom__cellOptions": p.BADGE,
              "custom__width": 172, "color": {"mode": "thresholds"}}),
            ("Failed, 15 min", of(q.failed(SEL, BY, "15m")),
             {"unit": "percentunit", "decimals": 0, "custom__width": 112,
              "thresholds": p.steps(p.BLUE, (0.01, p.AMBER), (0.5, p.RED)),
              "custom__cellOptions": p.COLOUR_TEXT}),
            ("Lost", of(q.lost(SEL, BY, "15m")),
             {"unit": "percentunit", "decimals": 0, "custom__width": 90,
              "thresholds": p.steps(p.BLUE, (q.LOSS_BAD, p.AMBER), (0.25, p.RED)),
              "custom__cellOptions": p.COLOUR_TEXT}),
            ("Latency p95", of(q.quantile(0.95, SEL, BY, "15m")),
             {"unit": "s", "decimals": 1, "custom__width": 104, "noValue": "no answer"}),
            ("Last success",
             of(ago(f"siptrunk_probe_last_success_timestamp_seconds{{{SEL}}}")),
             {"unit": "dtdurations", "decimals": 1, "custom__width": 118,
              "noValue": "never"}),
            (None, of(q.commonest("siptrunk_probe_failures_total", "reason", SEL, "15m")),
             {}),
            (None, of(q.commonest("siptrunk_probe_responses_total", "code", SEL, "15m")),
             {}),
        ],
        [("Problem", True), ("Failed, 15 min", True)], "Nothing is wrong.")


def states():
    worst = (
        "topk(40,\n"
        "  sum by (job, instance, trunk) (avg_over_time(\n"
        f'    siptrunk_state{{{SEL},state=~"degraded|down"}}[$__range] @ end()\n'
        "  )) > 0\n)")
    return p.timeline(
        "States of the trunks that were not always up",
        "The 40 trunks that were degraded or down for the largest part of this time "
        "range, one line for each exporter that probes them.",
        (24, 10),
        q.of_those(q.code(SEL, "job, instance, trunk"), worst),
        "{{trunk}} from {{instance}}", p.STATES,
        "Every trunk was up in all of this time range.", per_page=20)


def latency():
    by = "job, instance, trunk"
    slowest = (f"topk(10,\n{q.quantile(0.95, SEL, by, '$__range', ' @ end()')}\n)")
    return [
        p.heatmap("Latency of all trunks",
                  "How many probes took how long, from the request sent to its final "
                  "response. Two bands are two kinds of trunk; a band that widens or "
                  "rises is trouble.", (12, 9), SEL),
        p.graph("The ten slowest trunks",
                "95th percentile of each, the ten highest of this time range.", (12, 9),
                p.range_(q.of_those(q.quantile(0.95, SEL, by), slowest),
                         "{{trunk}} from {{instance}}"),
                "s", legend_side=True, interval="2m",
                no_value="No probe was answered in this time range"),
    ]


def answers():
    codes = (f"sum by (code) (rate(siptrunk_probe_responses_total{{{SEL}}}"
             "[$__rate_interval])) * 60")
    reasons = (f"sum by (reason) (rate(siptrunk_probe_failures_total{{{SEL}}}"
               "[$__rate_interval])) * 60 > 0")
    late = (f"sum (rate(siptrunk_probe_late_responses_total{{{SEL}}}[$__rate_interval]))\n"
            f"/ (sum (rate(siptrunk_probes_total{{{SEL}}}[$__rate_interval])) > 0)")
    return [
        p.graph("Response codes", "Final responses a minute, by status code.", (8, 8),
                p.range_(codes, "{{code}}"), "cpm", stacked=True, bars=True,
                interval="1m", overrides=p.coloured(p.CODE_COLOURS, "^{}..$")),
        p.graph("Failures", "Failed probes a minute, by reason.", (8, 8),
                p.range_(reasons, "{{reason}}"), "cpm", stacked=True, bars=True,
                interval="1m", overrides=p.coloured(p.REASON_COLOURS),
                no_value="No probe failed in this time range"),
        p.graph("Loss", "Requests over UDP that nothing came back for, as a share of all "
                "sent, over all trunks and for the worst one; answers that came after "
                "the timeout, as a share of the probes.", (8, 8),
                p.ranges(lost=q.lost(SEL, "", "$__rate_interval"),
                         worst_trunk=f"max ({q.lost(SEL, BY, '$__rate_interval')})",
                         late=late),
                "percentunit", interval="2m",
                thresholds=p.steps(p.BLUE, (q.LOSS_BAD, p.AMBER)),
                overrides=p.coloured({"lost": p.BLUE, "worst trunk": p.RED,
                                      "late": p.PURPLE})),
    ]


def groups():
    def share(label):
        return p.graph(
            f"Up, by {label}",
            f"Share of the trunks of each {label} that are up. One {label} that falls "
            "alone is its own fault; all together are more likely ours.", (12, 7),
            p.range_(f"avg by ({label}) (label_replace(siptrunk_up{{{SEL}}}, "
                     f'"{label}", "without {label}", "{label}", ""))',
                     f"{{{{{label}}}}}"),
            "percentunit", maximum=1)
    return [share("carrier"), share("site")]


def expiry():
    days = p.steps(p.RED, (86400, p.AMBER), (q.CERTIFICATE_DAYS * 86400, p.BLUE))
    who = [TRUNK_LABELS[0], ("address", "Address", {}), TRUNK_LABELS[3]]
    left = {"unit": "dtdurations", "decimals": 1, "thresholds": days,
            "custom__cellOptions": p.COLOUR_TEXT, "custom__width": 130}
    return [
        p.table("Certificates that expire first",
                "The earliest expiry in the chain that each peer presents, of what was "
                "verified of it.", (12, 8), who,
                [("Expires in",
                  "bottomk(50,\n  min by (job, instance, trunk, address) (\n"
                  f"    {q.certificate_end(SEL)}\n"
                  "  ) - time()\n)", left)],
                [("Expires in", False)], "No trunk presents a certificate."),
        p.table("Peers' own pings and our registrations",
                "When each peer last sent us OPTIONS, for those that ever did, whether "
                "expected ones stay out, and how long each registration still lasts.", (12, 8),
                [TRUNK_LABELS[0], TRUNK_LABELS[3]],
                [("Last ping",
                  "time() - max by (job, instance, trunk) (\n"
                  f"  siptrunk_inbound_options_last_timestamp_seconds{{{SEL}}}\n)",
                  {"unit": "dtdurations", "decimals": 1, "custom__width": 118,
                   "thresholds": p.steps(p.BLUE, (180, p.AMBER), (900, p.RED)),
                   "custom__cellOptions": p.COLOUR_TEXT}),
                 ("Stay out",
                  "max by (job, instance, trunk) (\n"
                  f"  siptrunk_inbound_missing{{{SEL}}}\n)",
                  {"mappings": p.mapping({0: ("No", p.BLUE), 1: ("Yes", p.AMBER)}),
                   "custom__cellOptions": p.BADGE, "custom__width": 80}),
                 ("Registered for",
                  "min by (job, instance, trunk) (\n"
                  f"  siptrunk_registration_expires_timestamp_seconds{{{SEL}}}\n"
                  ") - time()",
                  {"unit": "dtdurations", "decimals": 1,
                   "thresholds": p.steps(p.RED, (30, p.AMBER), (60, p.BLUE)),
                   "custom__cellOptions": p.COLOUR_TEXT})],
                [("Last ping", True)],
                "No peer pings us and no trunk registers."),
    ]


def every_trunk():
    return p.table(
        "All trunks", "Every trunk that the variables above select.", (24, 12),
        [TRUNK_LABELS[0], ("carrier", "Carrier", {"custom__width": 110}),
         ("site", "Site", {"custom__width": 100}), TRUNK_LABELS[3], ("uri", "URI", {})],
        [
            ("State", q.code(SEL, BY),
             {"mappings": p.STATES, "custom__cellOptions": p.BADGE,
              "custom__width": 105}),
            ("Failed, 1 h", q.failed(SEL, BY, "1h"),
             {"unit": "percentunit", "decimals": 1, "custom__width": 105}),
            ("Latency p95", q.quantile(0.95, SEL, BY, "1h"),
             {"unit": "s", "decimals": 1, "custom__width": 110, "noValue": "no answer"}),
            ("Addresses up",
             f"max by ({BY}) (siptrunk_addresses_up{{{SEL}}})", {"custom__width": 120}),
            (None, f"max by ({BY}, uri) (siptrunk_info{{{SEL}}})", {}),
        ],
        [("Trunk", False)], "No trunk matches.")


def make():
    alerts = ',carrier=~"$carrier",site=~"$site",trunk=~"$trunk"'
    return p.dashboard(
        "siptrunk-fleet", "SIP trunks: fleet",
        "All trunks that siptrunk_exporter probes: how many are up, what is wrong now, "
        "worst first, and since when.",
        [*p.place_variables(), *p.label_variables(), p.trunk_variable(".*"),
         p.label_filter(), p.scheme_variable()],
        [*p.state_annotations(SEL, False), p.alert_annotation(alerts),
         *p.exporter_annotations('job=~"$job",instance=~"$instance"', False)],
        [p.to_dashboard("One trunk", "siptrunk-trunk",
                        (*EVERYWHERE, "carrier", "site")),
         p.to_dashboard("Exporter", "siptrunk-exporter", EVERYWHERE)],
        [("", counts()),
         ("", [wrong_now()]),
         ("", [states()]),
         ("Latency", latency()),
         ("Answers", answers()),
         ("Carriers and sites", groups()),
         ("What runs out", expiry())],
        [("All trunks", [every_trunk()])])
