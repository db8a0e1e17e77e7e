"""Exporter: can what it says be trusted, and what does it cost."""

import parts as p
import queries as q

SEL = 'job=~"$job",instance=~"$instance"'
EVERYWHERE = ("datasource", "job", "instance", "scheme")
BY = "job, instance"

# An exporter that is down has no metrics of its own: its job tells what it is.
EXPORTERS = (
    f"up{{{SEL}}}\n"
    'and on (job) last_over_time(siptrunk_exporter_build_info{job=~"$job"}[1d])')


def process(name):
    return q.of_exporters(f"{name}{{{SEL}}}", SEL)


def scrapes(name):
    """What Prometheus notes of each scrape, for exporters only."""
    return q.of_exporters(f"{name}{{{SEL}}}", SEL)


def head():
    age = ("time() - min (siptrunk_exporter_config_last_reload_success_timestamp_seconds"
           f"{{{SEL}}})")
    return [
        p.stat("Exporters down", "Exporters that Prometheus cannot scrape now.",
               f"count(({EXPORTERS}) == 0)\nor 0 * count({EXPORTERS})",
               thresholds=p.steps(p.BLUE, (1, p.RED))),
        p.stat("Trunks probed", "Trunks that the selected exporters probe.",
               f"sum (siptrunk_exporter_trunks{{{SEL}}})"),
        p.stat("Probes per second", "Probes begun each second, over all selected exporters.",
               f"sum (rate(siptrunk_probes_total{{{SEL}}}[$__rate_interval]))", "reqps",
               graph="area"),
        p.stat("Schedule lag, worst",
               "Largest delay of a probe behind its schedule within the last minute. "
               "Beyond a tenth of a second the exporter lacks processor time.",
               f"max (siptrunk_exporter_schedule_lag_seconds{{{SEL}}})", "s",
               p.steps(p.BLUE, (0.1, p.AMBER), (1, p.RED))),
        p.stat("Last reload worked",
               "No means that an exporter still runs with the configuration, or with the "
               "certificates, from before: a file on disk has errors, see its log.",
               f"min (siptrunk_exporter_config_last_reload_successful{{{SEL}}} * on (job, "
               f"instance) siptrunk_exporter_tls_last_reload_successful{{{SEL}}})",
               mappings=p.YES_NO, thresholds=p.steps(p.RED, (1, p.BLUE))),
        p.stat("Oldest configuration", "Time since a configuration was last applied.",
               age, "dtdurations", decimals=0),
    ]


def exporters():
    return p.table(
        "Exporters", "Each selected exporter. Click one for its status page.", (24, 6),
        [("instance", "Instance", {"links": [p.page_link()], "custom__width": 150}),
         ("shard", "Shard", {"custom__width": 65}), ("version", "Version", {}),
         ("revision", "Revision", {}), ("libre", "libre", {}), ("cversion", "Compiler", {})],
        [("Reachable", f"sort (max by ({BY}) ({EXPORTERS}))",
          {"mappings": p.YES_NO, "custom__cellOptions": p.BADGE, "custom__width": 100}),
         ("Trunks", f"max by ({BY}) (siptrunk_exporter_trunks{{{SEL}}})",
          {"custom__width": 90}),
         ("Shards", f"max by ({BY}, shard) (siptrunk_exporter_total_shards{{{SEL}}})",
          {"custom__width": 90}),
         ("Runs for", f"time() - max by ({BY}) ({process('process_start_time_seconds')})",
          {"unit": "dtdurations", "decimals": 1, "custom__width": 120}),
         ("Memory", f"max by ({BY}) ({process('process_resident_memory_bytes')})",
          {"unit": "bytes", "decimals": 1, "custom__width": 100}),
         ("Processor",
          f"max by ({BY}) ("
          + q.of_exporters(f"rate(process_cpu_seconds_total{{{SEL}}}[5m])", SEL) + ")",
          {"unit": "percentunit", "decimals": 1, "custom__width": 100}),
         (None, f"max by ({BY}, version, revision, libre, cversion) "
                f"(siptrunk_exporter_build_info{{{SEL}}})", {})],
        [("Reachable", False), ("Instance", False)], "No exporter matches.")


def schedule():
    return [
        p.graph("Schedule lag", "Largest delay of a probe behind its schedule within the "
                "last minute.", (12, 8),
                p.range_(f"max by (instance) (siptrunk_exporter_schedule_lag_seconds"
                         f"{{{SEL}}})", "{{instance}}"),
                "s", thresholds=p.steps(p.BLUE, (0.1, p.AMBER))),
        p.graph("Probes", "Probes begun each second, by exporter.", (12, 8),
                p.range_(f"sum by (instance) (rate(siptrunk_probes_total{{{SEL}}}"
                         "[$__rate_interval]))", "{{instance}}"), "reqps"),
    ]


def resources():
    cpu = q.of_exporters(
        f"rate(process_cpu_seconds_total{{{SEL}}}[$__rate_interval])", SEL)
    fds, limit = process("process_open_fds"), process("process_max_fds")
    return [
        p.graph("Processor", "Share of one processor core that each exporter uses.",
                (8, 8), p.range_(cpu, "{{instance}}"), "percentunit"),
        p.graph("Memory", "What each exporter holds in RAM, and its address space.",
                (8, 8),
                [p.range_(process("process_resident_memory_bytes"),
                          "{{instance}} in RAM", "A"),
                 p.range_(process("process_virtual_memory_bytes"),
                          "{{instance}} address space", "B")],
                "bytes"),
        p.graph("File descriptors", "Open ones, as a share of those that are allowed.",
                (8, 8),
                p.range_(f"({fds})\n/ ({limit})", "{{instance}}"),
                "percentunit", thresholds=p.steps(p.BLUE, (0.8, p.AMBER)), maximum=1),
    ]


def scraping():
    return [
        p.graph("Scrape duration", "What Prometheus waited, and what the exporter itself "
                "spent on the page.", (8, 8),
                [p.range_(scrapes("scrape_duration_seconds"),
                          "{{instance}} by Prometheus", "A"),
                 p.range_(f"siptrunk_exporter_scrape_duration_seconds{{{SEL}}}",
                          "{{instance}} by itself", "B")], "s"),
        p.graph("Scrape size", "As sent, compressed where Prometheus asks for it.",
                (8, 8), p.range_(f"siptrunk_exporter_scrape_size_bytes{{{SEL}}}",
                                 "{{instance}}"), "bytes"),
        p.graph("Samples", "Series that each scrape brings.", (8, 8),
                p.range_(scrapes("scrape_samples_scraped"), "{{instance}}"), "short"),
    ]


def trust():
    def each(metric, more, label):
        return (f"sum by (instance{label}) (rate({metric}{{{SEL}{more}}}"
                "[$__rate_interval])) * 60")
    return [
        p.graph("Stray messages", "SIP messages a minute that belong to no trunk and no "
                "probe, by reason: scanners, peers that are not configured, answers that "
                "nobody asked for.", (12, 8),
                p.range_("sum by (reason) (rate(siptrunk_exporter_stray_messages_total"
                         f"{{{SEL}}}[$__rate_interval])) * 60", "{{reason}}"),
                "cpm", stacked=True, bars=True, interval="1m"),
        p.graph("Failures that are ours",
                "Probes a minute that failed within the exporter, for want of ports, "
                "descriptors or memory. Always 0 on a healthy machine.", (12, 8),
                p.range_(each("siptrunk_probe_failures_total", ',reason="internal"', ""),
                         "{{instance}}"), "cpm", interval="1m"),
    ]


def configuration():
    days = p.steps(p.RED, (86400, p.AMBER), (q.CERTIFICATE_DAYS * 86400, p.BLUE))
    return [
        p.timeline("Last reload worked", "No is a configuration that was refused; the "
                   "one from before is still in use.", (12, 7),
                   "min by (instance) "
                   f"(siptrunk_exporter_config_last_reload_successful{{{SEL}}})",
                   "{{instance}}", p.YES_NO, "No reload in this time range"),
        p.table("Our own certificates", "What the exporter presents to peers, and whether "
                "they will take it.", (12, 7),
                [("file", "File", {}), ("instance", "Instance", {})],
                [("Expires in",
                  "min by (job, instance, file) "
                  f"(siptrunk_tls_own_certificate_not_after_timestamp_seconds{{{SEL}}}"
                  f" or siptrunk_exporter_tls_certificate_not_after_timestamp_seconds"
                  f"{{{SEL}}}) - time()",
                  {"unit": "dtdurations", "decimals": 1, "thresholds": days,
                   "custom__cellOptions": p.COLOUR_TEXT, "custom__width": 130}),
                 ("Usable",
                  "min by (job, instance, file) "
                  f"(siptrunk_tls_own_certificate_usable{{{SEL}}})",
                  {"mappings": p.YES_NO, "custom__cellOptions": p.COLOUR_TEXT,
                   "custom__width": 90})],
                [("Expires in", False)], "No certificate is configured."),
    ]


def make():
    return p.dashboard(
        "siptrunk-exporter", "SIP trunks: exporter",
        "siptrunk_exporter about itself: whether it keeps its schedule, what it costs, "
        "how it is scraped, which configuration it uses.",
        [*p.place_variables(), p.scheme_variable()],
        [*p.exporter_annotations(SEL), p.alert_annotation(',trunk=""')],
        [p.to_dashboard("Fleet", "siptrunk-fleet", EVERYWHERE),
         p.to_dashboard("One trunk", "siptrunk-trunk", EVERYWHERE)],
        [("", head()),
         ("", [exporters()]),
         ("Schedule", schedule()),
         ("What it costs", resources()),
         ("Scrapes", scraping()),
         ("Trust", trust()),
         ("Configuration", configuration())])
