#!/usr/bin/python3
"""
What the rules cost when everything is wrong: 10,000 trunks that all fall at once, scraped
and judged every 15 seconds by a real Prometheus. Prints the evaluation time of each group
beside its interval: the median and the longest after the alerts have begun to fire, and
the rules that took longest in their last turn. One set of rules after the other.

    [TRUNKS=10000] [SECONDS=100] [SLOWEST=5] [FEWEST=1] tests/bench/rules_bench.py BUILD [RULES.yaml]...
"""

import collections
import os
import signal
import statistics
import sys
import tempfile
import time

from fleet import FEWEST, Exporter, Peer, trunk, write_config
from monitor import ROOT, Prometheus, wait_for

TRUNKS = int(os.environ.get("TRUNKS", "10000"))
WELL_S = 30
FIRING_S = int(os.environ.get("SECONDS", "100"))
METRICS = FEWEST if os.environ.get("FEWEST") else {}
SLOWEST = int(os.environ.get("SLOWEST", "5"))
RULES = ROOT / "alerts" / "siptrunk.rules.yaml"


def watch(server):
    """{group: (interval, [durations])}, once a group's turn, and the cores that were busy."""
    durations, intervals = collections.defaultdict(list), {}
    [cpu], begun = server.own("process_cpu_seconds_total"), time.monotonic()
    while time.monotonic() < begun + FIRING_S:
        for group, (interval, seconds) in server.groups().items():
            intervals[group] = interval
            if seconds not in durations[group][-1:]:
                durations[group].append(seconds)
        time.sleep(3)
    cores = (server.own("process_cpu_seconds_total")[0] - cpu) / (time.monotonic() - begun)
    return {group: (intervals[group], seen) for group, seen in durations.items()}, cores


def slowest(server):
    """[(seconds, group, rule and what tells it from others of its name)]"""
    found = [(rule["evaluationTime"], group["name"],
              " ".join([rule["name"], rule.get("labels", {}).get("problem", "")]))
             for group in server.api("rules")["groups"] for rule in group["rules"]]
    return sorted(found, reverse=True)[:SLOWEST]


def tell(server, rules, groups, cores):
    alerts = server.value('count(ALERTS{alertstate="firing"})')
    samples = server.value("sum(scrape_samples_scraped)")
    [missed] = server.own("prometheus_rule_group_iterations_missed_total")
    print(f"{rules}: {TRUNKS} trunks down, {samples:.0f} series scraped, "
          f"{alerts:.0f} alerts firing, {missed:.0f} turns missed, "
          f"Prometheus kept {cores:.2f} cores busy")
    for group, (interval, seen) in sorted(groups.items()):
        print(f"  {group:28} every {interval:4.0f} s: median {statistics.median(seen):6.2f} s,"
              f" longest {max(seen):6.2f} s", flush=True)
    for seconds, group, rule in slowest(server):
        print(f"  {seconds:6.2f} s  {group}: {rule}", flush=True)


def measure(build, rules):
    with tempfile.TemporaryDirectory() as folder, Peer(build) as peer:
        path = write_config(folder, (trunk(i, peer.ports["udp"]) for i in range(TRUNKS)),
                            "30s", metrics=METRICS)
        with Exporter(build, path) as exporter, \
                Prometheus(folder, rules, exporter.target) as server:
            wait_for("all trunks up", lambda: server.value("count(siptrunk_up == 1)") == TRUNKS)
            time.sleep(WELL_S)
            peer.signal(signal.SIGSTOP)
            firing = 'count(ALERTS{alertname="SipTrunkDown",alertstate="firing"})'
            wait_for("all alerts", lambda: server.value(firing) == TRUNKS)
            tell(server, rules, *watch(server))


def main():
    for rules in sys.argv[2:] or [RULES]:
        measure(sys.argv[1], rules)


if __name__ == "__main__":
    main()
