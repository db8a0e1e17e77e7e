#!/usr/bin/python3
"""
What a shard costs the Prometheus that scrapes it, on the two cores that it shares with exporter and
peer: series and samples, memory, processor, its log of samples (WAL), the slowest groups of rules
while all is well. 25,000 trunks with the fewest series (docs/metrics.md), scraped every
30 s, without rules and with the large ones.

Then what a sample takes on disk: 1,000 trunks that are probed and scraped every second for two
minutes, as many samples a series as two hours have at 60 s, written as a block.

    [TRUNKS=25000] [SECONDS=60] tests/bench/prometheus_bench.py BUILD [PART...]
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from fleet import FEWEST, Exporter, Peer, trunk, write_config
from monitor import ROOT, Prometheus, wait_for

TRUNKS = int(os.environ.get("TRUNKS", "25000"))
WATCH_S = int(os.environ.get("SECONDS", "60"))
SCRAPE_S = 30
RULES = ROOT / "alerts" / "siptrunk.large.rules.yaml"
SLOWEST = 3

PARTS = {"without rules": None, "with large rules": RULES}
BLOCK, BLOCK_TRUNKS, BLOCK_S = "a block", 1000, 120


def size_of(folder):
    return sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file())


def fleet(folder, build, port, trunks, *times):
    path = write_config(folder, (trunk(i, port) for i in range(trunks)), *times,
                        metrics=FEWEST)
    return Exporter(build, path)


def watch(server):
    """What grew in the time, the peak of its memory, and the turns that each group took."""
    counters = ("prometheus_tsdb_head_samples_appended_total", "process_cpu_seconds_total")
    before, wal, begun = server.own(*counters), size_of(server.data), time.monotonic()
    memory, turns = [], {}
    while time.monotonic() < begun + WATCH_S:
        memory.append(server.own("process_resident_memory_bytes", "go_memstats_heap_inuse_bytes"))
        for group, turn in server.groups().items():
            turns.setdefault(group, []).append(turn)
        time.sleep(2)
    samples, cpu = (now - was for now, was in zip(server.own(*counters), before))
    return {"seconds": time.monotonic() - begun, "samples": samples, "cpu": cpu,
            "wal": size_of(server.data) - wal, "rss": max(m[0] for m in memory),
            "heap": statistics.median(m[1] for m in memory), "turns": turns}


def tell(name, server, r):
    [series], scraped = server.own("prometheus_tsdb_head_series"), server.value(
        "sum(scrape_samples_scraped)")
    print(f"{TRUNKS:,} trunks {name}: {scraped / TRUNKS:.1f} series a trunk scraped, "
          f"{series / TRUNKS:.1f} kept; peak {r['rss'] / 2**30:.1f} GiB, "
          f"{r['rss'] / series:.0f} bytes a series, {r['heap'] / series:.0f} of them in use")
    print(f"  {r['samples'] / r['seconds']:,.0f} samples/s, {r['cpu'] / r['seconds']:.2f} cores, "
          f"{r['cpu'] / r['samples'] * 1e6:.1f} us a sample; a scrape "
          f"{server.value('max(scrape_duration_seconds)'):.1f} s; "
          f"{r['wal'] / r['samples']:.1f} bytes of WAL a sample", flush=True)
    slowest = sorted(((max(t[1] for t in turns), turns[0][0], group)
                      for group, turns in r["turns"].items()), reverse=True)
    for longest, interval, group in slowest[:SLOWEST]:
        print(f"  {group}: {longest:.1f} s of {interval:.0f}", flush=True)


def measure(build, port, name):
    with tempfile.TemporaryDirectory() as folder, \
            fleet(folder, build, port, TRUNKS, "60s") as exporter, \
            Prometheus(folder, PARTS[name], exporter.target, interval=f"{SCRAPE_S}s") as server:
        wait_for("all trunks up", lambda: server.value("count(siptrunk_up == 1)") == TRUNKS)
        time.sleep(SCRAPE_S)
        tell(name, server, watch(server))


def measure_block(build, port):
    with tempfile.TemporaryDirectory() as folder, \
            fleet(folder, build, port, BLOCK_TRUNKS, "1s", "500ms") as exporter, \
            Prometheus(folder, None, exporter.target, interval="1s",
                       options=["--web.enable-admin-api"]) as server:
        wait_for("it to be ready", lambda: server.value("count(siptrunk_up)") == BLOCK_TRUNKS)
        time.sleep(BLOCK_S)
        samples, series = server.own("prometheus_tsdb_head_samples_appended_total",
                                     "prometheus_tsdb_head_series")
        made = server.data / "snapshots" / server.api("admin/tsdb/snapshot", post=True)["name"]
        chunks = size_of(next(made.iterdir()) / "chunks")
        rest = size_of(made) - chunks
        print(f"{BLOCK}: {samples / series:.0f} samples of each of {series:,.0f} series: "
              f"{chunks / samples:.2f} bytes a sample, and {rest / series:.0f} bytes of index a "
              "series")


def main():
    build, names = sys.argv[1], sys.argv[2:] or [*PARTS, BLOCK]
    with Peer(build) as peer:
        for name in names:
            if name == BLOCK:
                measure_block(build, peer.ports["udp"])
            else:
                measure(build, peer.ports["udp"], name)


if __name__ == "__main__":
    main()
