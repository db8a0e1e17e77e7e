"""Trunk: everything about one, from every exporter that probes it."""

import parts as p
import queries as q

SEL = 'job=~"$job",instance=~"$instance",trunk="$trunk"'
EVERYWHERE = ("datasource", "job", "instance", "scheme")
TARGET = "instance, method, address"
TARGET_LEGEND = "{{method}} {{address}} from {{instance}}"


def state_line():
    since = f"time() - max (siptrunk_probe_last_success_timestamp_seconds{{{SEL}}})"
    return [
        p.stat("State", "The worst that any of the exporters sees now.",
               q.code(SEL, "trunk"), mappings=p.STATES, thresholds=p.steps(p.GREY)),
        p.stat("Availability",
               "Share of this time range in which the trunk was up or degraded, on "
               "average over the exporters. Times without a known state do not count.",
               f"avg (avg_over_time(siptrunk_up{{{SEL}}}[$__range]))", "percentunit",
               p.steps(p.RED, (0.99, p.AMBER), (0.999, p.BLUE)), decimals=3),
        p.stat("Probes that worked",
               "Share of the probes in this time range that ended with an answer that "
               "means up or degraded, before fall and rise.",
               "1 - (" + q.failed(SEL, "", "$__range") + ")", "percentunit",
               p.steps(p.RED, (0.95, p.AMBER), (0.99, p.BLUE)), decimals=2),
        p.stat("Latency, median", "Half of the probes in this time range were faster.",
               q.quantile(0.5, SEL, window="$__range"), "s", no_value="no answer"),
        p.stat("Latency, 95th percentile",
               "19 of 20 probes in this time range were faster.",
               q.quantile(0.95, SEL, window="$__range"), "s",
               p.steps(p.BLUE, (0.5, p.AMBER), (2, p.RED)), no_value="no answer"),
        p.stat("Last success", "Time since the last probe that worked.", since,
               "dtdurations", p.steps(p.BLUE, (120, p.AMBER), (300, p.RED)),
               decimals=0, no_value="never"),
    ]


def detail_line():
    cert = f"min {q.certificate_end(SEL)} - time()"
    lapse = f"min (siptrunk_registration_expires_timestamp_seconds{{{SEL}}}) - time()"
    ping = f"time() - max (siptrunk_inbound_options_last_timestamp_seconds{{{SEL}}})"
    return [
        p.stat("Addresses that answer",
               "Of the addresses that the name resolves to, the share that answers.",
               f"min (siptrunk_addresses_up{{{SEL}}} / (siptrunk_addresses{{{SEL}}} > 0))",
               "percentunit", p.steps(p.RED, (0.01, p.AMBER), (1, p.BLUE)), decimals=0,
               no_value="none known"),
        p.stat("Packets lost",
               "Share of the requests over UDP in this time range that nothing came back "
               "for: lost on the way there or back.",
               q.lost(SEL, "", "$__range"), "percentunit",
               p.steps(p.BLUE, (q.LOSS_BAD, p.AMBER), (0.25, p.RED)), decimals=1),
        p.stat("State changes", "In this time range, over all exporters.",
               f"sum (increase(siptrunk_state_changes_total{{{SEL}}}[$__range]))",
               thresholds=p.steps(p.BLUE, (q.FLAPPING_CHANGES, p.AMBER)), decimals=0),
        p.stat("Certificate expires in",
               "The earliest expiry in the chain that the peer presents, of what was "
               "verified of it.", cert,
               "dtdurations",
               p.steps(p.RED, (86400, p.AMBER), (q.CERTIFICATE_DAYS * 86400, p.BLUE)),
               decimals=0, no_value="no TLS"),
        p.stat("Registration lapses in", "Time until the registration ends unless it is "
               "renewed.", lapse, "dtdurations",
               p.steps(p.RED, (30, p.AMBER), (60, p.BLUE)), decimals=0,
               no_value="none"),
        p.stat("Last ping from the peer", "Time since the peer last sent us OPTIONS.",
               ping, "dtdurations", p.steps(p.BLUE, (180, p.AMBER), (900, p.RED)),
               decimals=0, no_value="never"),
    ]


def vantage_points():
    by = "job, instance, trunk"
    return p.table(
        "Seen from", "The exporters that probe this trunk, and how. Click an exporter "
        "for the trunk's last probes as a message ladder on its status page.", (24, 5),
        [("instance", "Instance", {"links": [p.status_link("Trunk"), p.exporter_link()],
                                   "custom__width": 150}),
         ("trunk", "Trunk", {"custom__width": 120}),
         ("carrier", "Carrier", {"custom__width": 85}),
         ("site", "Site", {"custom__width": 85}), ("uri", "URI", {}),
         ("transport", "Transport", {"custom__width": 90}),
         ("profile", "Profile", {"custom__width": 90})],
        [("State", q.code(SEL, by),
          {"mappings": p.STATES, "custom__cellOptions": p.BADGE, "custom__width": 110}),
         ("Addresses", f"max by ({by}) (siptrunk_addresses{{{SEL}}})",
          {"custom__width": 100, "noValue": "?"}),
         ("Of these up", f"max by ({by}) (siptrunk_addresses_up{{{SEL}}})",
          {"custom__width": 110, "noValue": "?"}),
         ("Paused", f"max by ({by}) (siptrunk_paused{{{SEL}}})\n"
                    f"or 0 * max by ({by}) (siptrunk_info{{{SEL}}})",
          {"mappings": p.YES_NO, "custom__width": 80}),
         (None, f"max by ({q.BY}, uri, transport, profile) (siptrunk_info{{{SEL}}})",
          {})],
        [("State", True)], "No exporter probes a trunk of this name.")


def timelines():
    return [
        p.timeline("State", "After fall and rise, one line for each exporter.", (24, 5),
                   q.code(SEL, "job, instance, trunk"), "from {{instance}}", p.STATES,
                   "No state in this time range"),
        p.timeline("Probes, by address",
                   "Whether the last probe of each address worked, before fall and rise. "
                   "One bad address behind a good name shows here.", (24, 6),
                   f"max by ({TARGET}) (siptrunk_probe_success{{{SEL}}})", TARGET_LEGEND,
                   p.YES_NO, "No probe in this time range", per_page=20),
    ]


def latency():
    every = "$__rate_interval"
    phases = f"avg by (phase) (siptrunk_probe_phase_duration_seconds{{{SEL}}})"
    return [
        p.heatmap("Latency", "How many probes took how long, from the request sent to "
                  "its final response.", (12, 9), SEL),
        p.graph("Latency, beside a week ago",
                "Percentiles of all probes of the trunk; the dashed line is the 95th "
                "percentile of the same time a week ago, the trunk's own normal.",
                (12, 9),
                p.ranges(median=q.quantile(0.5, SEL), p95=q.quantile(0.95, SEL),
                         p99=q.quantile(0.99, SEL),
                         p95_a_week_ago=q.quantile(0.95, SEL, "", every, " offset 1w")),
                "s", interval="2m",
                overrides=[
                    *p.coloured({"median": p.BLUE, "p95": p.AMBER, "p99": p.RED}),
                    p.override("p95 a week ago", color=p.fixed(p.GREY),
                               custom__lineStyle={"dash": [6, 4], "fill": "dash"})],
                no_value="No probe was answered in this time range"),
        p.graph("Where the time goes", "Phases of the last probe, on average over the "
                "addresses: resolve, connect, TLS handshake, response.", (12, 8),
                p.range_(phases, "{{phase}}"), "s", stacked=True,
                overrides=p.coloured(p.PHASE_COLOURS)),
        p.graph("Latency, by address",
                "95th percentile of each address that the name resolves to.", (12, 8),
                p.range_(q.quantile(0.95, SEL, TARGET), TARGET_LEGEND), "s",
                interval="2m", no_value="No probe was answered in this time range"),
    ]


def answers():
    def each(metric, label):
        return f"sum by ({label}) (rate({metric}{{{SEL}}}[$__rate_interval])) * 60"

    def a_minute(metric):
        return f"sum (rate({metric}{{{SEL}}}[$__rate_interval])) * 60"
    late = (f"sum (rate(siptrunk_probe_late_responses_total{{{SEL}}}[$__rate_interval]))\n"
            f"/ (sum (rate(siptrunk_probes_total{{{SEL}}}[$__rate_interval])) > 0)")
    return [
        p.graph("Response codes", "Final responses a minute, by status code.", (8, 8),
                p.range_(each("siptrunk_probe_responses_total", "code"), "{{code}}"),
                "cpm", stacked=True, bars=True, interval="1m",
                overrides=p.coloured(p.CODE_COLOURS, "^{}..$")),
        p.graph("Failures", "Failed probes a minute, by reason.", (8, 8),
                p.range_(each("siptrunk_probe_failures_total", "reason") + " > 0",
                         "{{reason}}"),
                "cpm", stacked=True, bars=True, interval="1m",
                overrides=p.coloured(p.REASON_COLOURS),
                no_value="No probe failed in this time range"),
        p.graph("Loss", "Requests over UDP that nothing came back for, as a share of all "
                "sent; answers that came after the timeout, as a share of the probes.",
                (8, 8),
                p.ranges(lost=q.lost(SEL, "", "$__rate_interval"), late=late),
                "percentunit", interval="2m",
                thresholds=p.steps(p.BLUE, (q.LOSS_BAD, p.AMBER)),
                overrides=p.coloured({"lost": p.BLUE, "late": p.PURPLE})),
        p.graph("Requests over UDP", "A minute: all that were sent, those of them that "
                "were sent again since no answer had come within T1, and those that "
                "something came back for. A slow peer gets each twice and answers each: "
                "only the distance between sent and answered is loss. Answers from elsewhere, "
                "another address or port than was asked, are no answers.", (24, 7),
                p.ranges(sent=a_minute("siptrunk_probe_udp_requests_total"),
                         sent_again=a_minute("siptrunk_probe_retransmissions_total"),
                         answered=a_minute("siptrunk_probe_udp_answers_total"),
                         from_elsewhere=a_minute(
                             "siptrunk_probe_misdirected_responses_total")),
                "cpm", interval="2m", no_value="This trunk is not probed over UDP",
                overrides=p.coloured({"sent": p.BLUE, "sent again": p.AMBER,
                                      "answered": p.PURPLE, "from elsewhere": p.RED})),
    ]


def peer():
    inbound = (f"sum by (method) (rate(siptrunk_inbound_requests_total{{{SEL}}}"
               "[$__rate_interval])) * 60")
    lapse = (f"min by (instance) (siptrunk_registration_expires_timestamp_seconds{{{SEL}}})"
             " - time()")
    return [
        p.graph("Requests from the peer", "Requests a minute that came from the trunk's "
                "addresses, by method.", (8, 8), p.range_(inbound, "{{method}}"), "cpm",
                interval="1m", no_value="The peer sends us no requests"),
        p.graph("Addresses", "What the trunk's name resolves to, and how many of those "
                "answer.", (8, 8),
                p.ranges(
                    resolved=f"max (siptrunk_addresses{{{SEL}}})",
                    answering=f"min (siptrunk_addresses_up{{{SEL}}})"),
                "none", overrides=p.coloured({"resolved": p.GREY, "answering": p.BLUE})),
        p.graph("Registration lapses in", "A saw tooth is healthy: each renewal lifts "
                "it. A line that falls to 0 is a registration lost.", (8, 8),
                p.range_(lapse, "from {{instance}}"), "s", minimum=None,
                no_value="This trunk does not register"),
        p.graph("Asked to wait", "What the peer asked for in Retry-After, with 503 "
                "mostly.", (12, 7),
                p.range_(f"max by ({TARGET}) (siptrunk_probe_retry_after_seconds{{{SEL}}})",
                         TARGET_LEGEND), "s",
                no_value="The peer did not ask for a pause"),
        p.graph("TLS failures", "Failed handshakes a minute, by cause.", (12, 7),
                p.range_("sum by (cause) (rate(siptrunk_tls_failures_total"
                         f"{{{SEL}}}[$__rate_interval])) * 60", "{{cause}}"),
                "cpm", stacked=True, bars=True, interval="1m", no_value="No TLS failure"),
    ]


def make():
    return p.dashboard(
        "siptrunk-trunk", "SIP trunks: one trunk",
        "Everything that siptrunk_exporter knows of one trunk, from every exporter that "
        "probes it.",
        [*p.place_variables(), *p.label_variables(), p.trunk_variable(None),
         p.label_filter(), p.scheme_variable()],
        [*p.state_annotations(SEL, True), p.alert_annotation(',trunk="$trunk"'),
         *p.exporter_annotations('job=~"$job",instance=~"$instance"')],
        [p.to_dashboard("Fleet", "siptrunk-fleet", (*EVERYWHERE, "carrier", "site")),
         p.to_dashboard("Exporter", "siptrunk-exporter", EVERYWHERE)],
        [("", state_line()),
         ("", detail_line()),
         ("", [vantage_points()]),
         ("", timelines()),
         ("Latency", latency()),
         ("Answers", answers()),
         ("The peer", peer())])
