"""A real Prometheus that scrapes exporters and judges them, for the benches."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

PATIENCE_S = 600
TURN = re.compile(
    r'^prometheus_rule_group_(interval|last_duration)_seconds\{rule_group="[^"]*;([^"]+)"\} (\S+)$',
    re.M)
ROOT = Path(__file__).resolve().parents[2]


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


class Prometheus:
    """Scrapes @targets, HOST:PORT each. @rules: a file, or None. Its data stand in @folder."""

    def __init__(self, folder, rules, *targets, interval="15s", options=()):
        self.data = Path(folder, "data")
        path = os.path.join(folder, "prometheus.json")
        with open(path, "w") as f:
            json.dump({"global": {"scrape_interval": interval, "scrape_timeout": interval},
                       "rule_files": [os.path.abspath(rules)] if rules else [],
                       "scrape_configs": [{"job_name": "siptrunk", "static_configs": [
                           {"targets": list(targets)}]}]}, f)
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        with open(os.path.join(folder, "prometheus.log"), "w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.data}",
                 f"--web.listen-address={address}", "--query.max-samples=500000000", *options],
                stdout=subprocess.DEVNULL, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process.terminate()
        self.process.wait()

    def api(self, path, post=False, **query):
        url = f"{self.url}/api/v1/{path}?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(url, method="POST" if post else "GET")
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)["data"]

    def value(self, query):
        result = self.api("query", query=query)["result"]
        return float(result[0]["value"][1]) if result else 0

    def own(self, *names):
        """What it says of itself, each name's values together."""
        text = get(self.url + "/metrics")
        return [sum(float(v) for v in re.findall(rf"^{n}(?:\{{.*\}})? (\S+)$", text, re.M))
                for n in names]

    def groups(self):
        """{group of rules: (its interval, how long its last turn took)}"""
        found = {}
        # Not by its API, which would list the alerts as well.
        for kind, group, seconds in TURN.findall(get(self.url + "/metrics")):
            found.setdefault(group, {})[kind] = float(seconds)
        return {group: (t["interval"], t["last_duration"]) for group, t in found.items()}
