#!/usr/bin/python3
"""
What the rules cost when everything is wrong: 10,000 trunks that all fall at once, scraped
and judged every 15 seconds by a real Prometheus. Prints the evaluation time of each group
beside its interval: the median and the longest after the alerts have begun to fire, and
the rules that took longest in their last turn. One set of rules after the other.

    [TRUNKS=10000] [SECONDS=100] [SLOWEST=5] [FEWEST=1] tests/bench/rules_bench.py BUILD [RULES.yaml]...
"""

import collections
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

TRUNKS = int(os.environ.get("TRUNKS", "10000"))
WELL_S = 30
FIRING_S = int(os.environ.get("SECONDS", "100"))
PATIENCE_S = 600
# The fewest series a trunk (docs/metrics.md), in place of those that are the default.
FEWEST = {"metrics": {"classic_histograms": False, "failure_reasons": "seen", "states": "current"}}
METRICS = FEWEST if os.environ.get("FEWEST") else {}
SLOWEST = int(os.environ.get("SLOWEST", "5"))
RULES = pathlib.Path(__file__).resolve().parents[2] / "alerts" / "siptrunk.rules.yaml"
MEASURED = re.compile(
    r'^prometheus_rule_group_(interval|last_duration)_seconds\{rule_group="[^"]*;([^"]+)"\} (\S+)$',
    re.M)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return answer.read().decode()


def wait_for(what, found):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            got = found()
            if got:
                return got
        except OSError:
            pass
        time.sleep(0.5)
    sys.exit(f"waited for {what} in vain")


def value(url, query):
    found = json.loads(get(f"{url}/api/v1/query?" + urllib.parse.urlencode({"query": query})))
    result = found["data"]["result"]
    return float(result[0]["value"][1]) if result else 0


def fleet(folder, build):
    """A peer with 10,000 addresses, and an exporter that probes each of them."""
    peer = subprocess.Popen([os.path.join(build, "tests", "bench", "probed_peer")],
                            stdout=subprocess.PIPE, text=True, start_new_session=True)
    port = int(peer.stdout.readline())
    config = os.path.join(folder, "config.json")
    with open(config, "w") as f:
        json.dump({**METRICS, "trunks": [{"name": f"t{i:05}", "labels": {"carrier": f"c{i % 97}"},
                               "uri": f"sip:127.1.{i // 256}.{i % 256}:{port}"}
                              for i in range(TRUNKS)]}, f)
    web = free_port()
    exporter = subprocess.Popen(
        [os.path.join(build, "exporter", "siptrunk_exporter"), f"--config.file={config}",
         f"--web.listen-address=127.0.0.1:{web}"], stderr=subprocess.DEVNULL)
    return peer, exporter, web


def prometheus(folder, rules, target):
    port = free_port()
    path = os.path.join(folder, "prometheus.json")
    with open(path, "w") as f:
        json.dump({"global": {"scrape_interval": "15s", "scrape_timeout": "15s"},
                   "rule_files": [os.path.abspath(rules)],
                   "scrape_configs": [{"job_name": "siptrunk", "static_configs": [
                       {"targets": [f"127.0.0.1:{target}"]}]}]}, f)
    server = subprocess.Popen(
        ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}", "--query.max-samples=500000000"],
        stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "prometheus.log"), "w"))
    return server, f"http://127.0.0.1:{port}"


def cpu_seconds(url):
    return float(re.search(r"^process_cpu_seconds_total (\S+)$", get(url + "/metrics"), re.M)[1])


def watch(url):
    """{group: (interval, [durations])}, once a group's turn, and the cores that were busy."""
    durations, intervals = collections.defaultdict(list), {}
    begun, cpu = time.monotonic(), cpu_seconds(url)
    end = begun + FIRING_S
    while time.monotonic() < end:
        for kind, group, seconds in MEASURED.findall(get(url + "/metrics")):
            if kind == "interval":
                intervals[group] = float(seconds)
            elif float(seconds) not in durations[group][-1:]:
                durations[group].append(float(seconds))
        time.sleep(3)
    cores = (cpu_seconds(url) - cpu) / (time.monotonic() - begun)
    return {group: (intervals[group], seen) for group, seen in durations.items()}, cores


def slowest(url):
    """[(seconds, group, rule and what tells it from others of its name)]"""
    groups = json.loads(get(f"{url}/api/v1/rules"))["data"]["groups"]
    found = [(rule["evaluationTime"], group["name"],
              " ".join([rule["name"], rule.get("labels", {}).get("problem", "")]))
             for group in groups for rule in group["rules"]]
    return sorted(found, reverse=True)[:SLOWEST]


def measure(build, rules):
    with tempfile.TemporaryDirectory() as folder:
        peer, exporter, web = fleet(folder, build)
        server, url = prometheus(folder, rules, web)
        try:
            wait_for("all trunks up", lambda: value(url, "count(siptrunk_up == 1)") == TRUNKS)
            time.sleep(WELL_S)
            os.killpg(peer.pid, signal.SIGSTOP)
            firing = 'count(ALERTS{alertname="SipTrunkDown",alertstate="firing"})'
            wait_for("all alerts", lambda: value(url, firing) == TRUNKS)
            groups, cores = watch(url)
            rules_of_it = slowest(url)
            alerts = value(url, 'count(ALERTS{alertstate="firing"})')
            samples = value(url, "sum(scrape_samples_scraped)")
            missed = sum(float(x) for x in re.findall(
                r"^prometheus_rule_group_iterations_missed_total\{.*\} (\S+)$",
                get(url + "/metrics"), re.M))
        finally:
            server.terminate()
            exporter.terminate()
            os.killpg(peer.pid, signal.SIGKILL)
            for p in (server, exporter, peer):
                p.wait()
        print(f"{rules}: {TRUNKS} trunks down, {samples:.0f} series scraped, "
              f"{alerts:.0f} alerts firing, {missed:.0f} turns missed, "
              f"Prometheus kept {cores:.2f} cores busy")
        for group, (interval, seen) in sorted(groups.items()):
            print(f"  {group:28} every {interval:4.0f} s: median {statistics.median(seen):6.2f} s,"
                  f" longest {max(seen):6.2f} s", flush=True)
        for seconds, group, rule in rules_of_it:
            print(f"  {seconds:6.2f} s  {group}: {rule}", flush=True)


def main():
    for rules in sys.argv[2:] or [RULES]:
        measure(sys.argv[1], rules)


if __name__ == "__main__":
    main()
