#!/usr/bin/python3
"""
What a scrape of the whole program costs, from the request to the last byte, beside Prometheus' own
Go client: that renders in Debian's Pushgateway, which was given the same metrics. CPU of all
threads for a line, probes that go on meanwhile taken off, in each format that both have.

Then the peak of memory, of 100,000 trunks: one scrape by gzip, eight at once, and what is
resident before and a few seconds after.

    tests/bench/exposition_bench.py BUILD
"""

import concurrent.futures
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from fleet import BEGINS_PER_S, Exporter, Peer, cpu_s, series, status, trunk, write_config

BESIDE, WHOLE = 5_000, 100_000
SCRAPES, AT_ONCE = 10, 8
PROTOBUF = ("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
            "encoding=delimited")
FORMATS = (("text", "text/plain", ""), ("text, gzip", "text/plain", "gzip"),
           ("protobuf", PROTOBUF, ""), ("protobuf, gzip", PROTOBUF, "gzip"))


def get(url, accept, packed):
    request = urllib.request.Request(url, headers={"Accept": accept, "Accept-Encoding": packed})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return len(answer.read())


class Pushgateway:
    """Prometheus' Go client with metrics that are not its own."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        self.url = self.base + "/metrics"
        self.process = subprocess.Popen(
            ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}",
             "--push.disable-consistency-check"], stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process.kill()
        self.process.wait()

    def give(self, body):
        for _ in range(100):
            with contextlib.suppress(urllib.error.URLError):
                urllib.request.urlopen(urllib.request.Request(
                    self.base + "/metrics/job/bench", data=body, method="PUT"), timeout=60).close()
                return
            time.sleep(0.1)
        sys.exit("the Pushgateway did not take it")


def line_ns(one, lines, accept, packed):
    """(ns a line, bytes of a body); the process' CPU at rest is taken off."""
    get(one.url, accept, packed)
    begun, before = time.monotonic(), cpu_s(one.process.pid)
    for _ in range(SCRAPES):
        size = get(one.url, accept, packed)
    took, used = time.monotonic() - begun, cpu_s(one.process.pid) - before
    before = cpu_s(one.process.pid)
    time.sleep(took)
    used -= cpu_s(one.process.pid) - before
    return used / SCRAPES / lines * 1e9, size


def compare(build, peer):
    with tempfile.TemporaryDirectory() as folder:
        path = write_config(folder, (trunk(i, peer.ports["udp"]) for i in range(BESIDE)))
        with Exporter(build, path) as ours, Pushgateway() as theirs:
            time.sleep(BESIDE / BEGINS_PER_S + 2)
            body, _ = ours.scrape()
            lines = series(body)
            theirs.give(body)
            print(f"{BESIDE:,} trunks, {lines:,} lines; ns of CPU a line", flush=True)
            for name, *how in FORMATS:
                (a, size), (b, _) = line_ns(ours, lines, *how), line_ns(theirs, lines, *how)
                print(f"{name:16} {a:5.0f}   Go client {b:5.0f}   {b / a:5.1f} times   "
                      f"{size / 1e6:6.2f} MB", flush=True)
            print(f"resident at most {status(ours.process.pid, 'VmHWM') / 2**20:.0f} MiB, "
                  f"Go client {status(theirs.process.pid, 'VmHWM') / 2**20:.0f} MiB", flush=True)


def peak(exporter, at_once):
    exporter.forget_peak()
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda _: get(exporter.url, "text/plain", "gzip"), range(at_once)))
    return exporter.status("VmHWM") / 2**20


def peaks(build, peer):
    with tempfile.TemporaryDirectory() as folder:
        path = write_config(folder, (trunk(i, peer.ports["udp"]) for i in range(WHOLE)))
        with Exporter(build, path) as exporter:
            time.sleep(WHOLE / BEGINS_PER_S + 5)
            rest = exporter.status("VmRSS") / 2**20
            one, many = peak(exporter, 1), peak(exporter, AT_ONCE)
            time.sleep(10)
            print(f"{WHOLE:,} trunks by gzip, MiB: rest {rest:.0f}, peak of one scrape {one:.0f}, "
                  f"of {AT_ONCE} at once {many:.0f}, ten seconds later "
                  f"{exporter.status('VmRSS') / 2**20:.0f}", flush=True)


def main():
    build = os.path.abspath(sys.argv[1])
    with Peer(build) as peer:
        compare(build, peer)
        peaks(build, peer)


if __name__ == "__main__":
    main()
