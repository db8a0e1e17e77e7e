#!/usr/bin/python3
"""
How late probes leave behind their schedule (`siptrunk_exporter_probe_lag_seconds`): 100,000 trunks
over UDP at 30 s, at their start, at rest, while everything is scraped by gzip, and by reloads of
which the file has another label of 1 % of the trunks, the same bytes, other labels of all. Between
the histogram's bounds it is interpolated, and the last column is the bound that none was above.

Then how often 1,000 trunks that are answered at once wake the whole program, a probe.

    tests/bench/lag_bench.py BUILD
"""

import os
import re
import sys
import tempfile
import time
from pathlib import Path

from fleet import Exporter, Peer, trunk, write_config

COUNT, IDLE_COUNT = 100_000, 1_000
ROUND_S = 30  # an interval: each trunk is probed once
FAMILY = "siptrunk_exporter_probe_lag_seconds"
PROBES = "siptrunk_probes_total"


class Fleet:
    """An exporter, and the file that it was started with."""

    def __init__(self, build, folder, port, count):
        self.folder = folder
        self.trunks = [trunk(i, port) for i in range(count)]
        self.path = write_config(folder, self.trunks, interval=f"{ROUND_S}s")
        self.exporter = Exporter(build, self.path)

    def label(self, every, value):
        """Another label of each @every-th trunk, all of it in one step."""
        for t in self.trunks[::every]:
            t["labels"]["rack"] = value
        with tempfile.TemporaryDirectory(dir=self.folder) as aside:
            os.replace(write_config(aside, self.trunks, interval=f"{ROUND_S}s"), self.path)

    def lags(self):
        """[(bound in seconds, probes up to it)]"""
        body = self.exporter.scrape(FAMILY)[0].decode()
        return [(float(m[1]), float(m[2])) for m in
                re.finditer(rf'^{FAMILY}_bucket{{.*?le="([^"]+)"}} (\S+)', body, re.M)]

    def scrape_all(self):
        self.exporter.scrape(packed=True)


def quantile(lags, share):
    """As histogram_quantile() has it, in milliseconds."""
    wanted, below, before = lags[-1][1] * share, 0, 0
    for bound, count in lags:
        if count >= wanted and count > before:
            upper = below if bound == float("inf") else bound
            return 1e3 * (below + (upper - below) * (wanted - before) / (count - before))
        below, before = bound, count
    return 0


def phase(fleet, name, seconds, what=None):
    """Does it, and tells of the probes that left from then on."""
    before = dict(fleet.lags())
    end = time.monotonic() + seconds
    if what:
        what()
    time.sleep(max(0, end - time.monotonic()))
    lags = [(bound, count - before[bound]) for bound, count in fleet.lags()]
    most = next(bound for bound, count in lags if count == lags[-1][1])
    print(f"{name:24} {lags[-1][1]:8,.0f} " +
          " ".join(f"{quantile(lags, share):7.2f}" for share in (.5, .99, .999)) +
          f" {most * 1e3:7.0f}", flush=True)


def phases(fleet):
    print(f"{'lag, ms':24} {'probes':>8} {'p50':>7} {'p99':>7} {'p99.9':>7} {'below':>7}")
    phase(fleet, "start", ROUND_S)
    phase(fleet, "rest", 10)
    phase(fleet, "a scrape", 8, fleet.scrape_all)
    fleet.label(100, "a")
    phase(fleet, "reload, 1 % changed", 8, fleet.exporter.reload)
    phase(fleet, "reload, the same file", 8, fleet.exporter.reload)
    fleet.label(1, "b")
    phase(fleet, "reload, all changed", 15, fleet.exporter.reload)


def switches(pid):
    """Times that one of its threads went to sleep."""
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", path.read_text(), re.M)[1])
               for path in Path(f"/proc/{pid}/task").glob("*/status"))


def idle(fleet):
    """The second round, as the first one is closer together."""
    exporter = fleet.exporter
    time.sleep(ROUND_S)
    probes = exporter.total(PROBES)
    woken, begun = switches(exporter.process.pid), time.monotonic()
    time.sleep(ROUND_S / 2)
    woken = switches(exporter.process.pid) - woken
    seconds = time.monotonic() - begun
    probes = exporter.total(PROBES) - probes
    print(f"{IDLE_COUNT:,} trunks: {woken / seconds:.1f} wake-ups a second, "
          f"{woken / max(1, probes):.2f} a probe")


def main():
    build = sys.argv[1]
    with Peer(build) as peer:
        for count, measure in ((COUNT, phases), (IDLE_COUNT, idle)):
            with tempfile.TemporaryDirectory() as folder:
                fleet = Fleet(build, folder, peer.ports["udp"], count)
                with fleet.exporter:
                    measure(fleet)


if __name__ == "__main__":
    main()
