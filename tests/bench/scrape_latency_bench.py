#!/usr/bin/python3
"""
Whether a scrape moves what probes measure: 10,000 trunks, first left alone, then scraped
back to back by gzip as Prometheus does. Both quantiles come from the exporter's own
histogram, with fine buckets.

    tests/bench/scrape_latency_bench.py BUILD
"""

import collections
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

TRUNKS = 10_000
SECONDS = 20
PATIENCE_S = 300  # on a busy machine it shall end too, whatever its figures are worth
BUCKETS = [round(1e-5 * 1.15 ** i, 9) for i in range(60)]
LINE = re.compile(rb'^siptrunk_probe_duration_seconds_bucket\{.*le="([^"]+)"\} (\d+)$', re.M)


def scrape(url):
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return answer.read()


def histogram(url):
    """Cumulative counts by upper bound, over all trunks."""
    sums = collections.Counter()
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        for bound, count in LINE.findall(answer.read()):
            sums[float(bound)] += int(count)
    return sums


def quantile_us(before, after, q):
    counts = {b: after[b] - before[b] for b in after}
    total = counts[float("inf")]
    bound = min(b for b, n in counts.items() if n >= q * total)
    return bound * 1e6, total


def phase(url, busy):
    before = histogram(url)
    end = time.monotonic() + SECONDS
    scrapes = 0
    while time.monotonic() < end:
        if busy:
            scrape(url)
            scrapes += 1
        else:
            time.sleep(0.1)
    after = histogram(url)
    p50, total = quantile_us(before, after, 0.5)
    p99, _ = quantile_us(before, after, 0.99)
    print(f"{'scraped' if busy else 'alone':8} {total:7} probes, {scrapes:3} scrapes: "
          f"p50 {p50:6.0f} us, p99 {p99:6.0f} us (upper bounds of buckets 15 % apart)")


def wait_started(path):
    """The line of the log that says where it listens."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with open(path) as log:
            found = [line for line in log if "msg=started" in line]
        if found:
            return found[0]
        time.sleep(0.1)
    sys.exit(f"did not start:\n{open(path).read()}")


def main():
    build = sys.argv[1]
    peer = subprocess.Popen([os.path.join(build, "tests", "bench", "probed_peer")],
                            stdout=subprocess.PIPE, text=True)
    port = int(peer.stdout.readline())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "config.json")
        with open(path, "w") as f:
            json.dump({"defaults": {"interval": "5s", "timeout": "2s"},
                       "histogram": {"buckets": BUCKETS},
                       "trunks": [{"name": f"t{i:05}", "labels": {"carrier": f"c{i % 9}"},
                                   "uri": f"sip:127.1.{i // 256}.{i % 256}:{port}"}
                                  for i in range(TRUNKS)]}, f)
        exporter = subprocess.Popen(
            [os.path.join(build, "exporter", "siptrunk_exporter"), f"--config.file={path}",
             "--web.listen-address=127.0.0.1:0"],
            stderr=open(os.path.join(folder, "log"), "w"))
        started = wait_started(os.path.join(folder, "log"))
        url = "http://" + re.search(r"http=(\S+)", started).group(1) + "/metrics"
        time.sleep(10)  # two rounds of all trunks
        try:
            for _ in range(2):
                phase(url, busy=False)
                phase(url, busy=True)
        finally:
            exporter.send_signal(signal.SIGTERM)
            exporter.wait()
            peer.kill()


if __name__ == "__main__":
    main()
