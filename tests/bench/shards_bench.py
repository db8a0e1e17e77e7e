#!/usr/bin/python3
"""
A million trunks by shards: one file of 1,000,000 trunks over UDP, each with two labels and probed
every 60 s, and three of ten exporters side by side that take their share of it. Ten, because
100,000 trunks are the most that growth measures of one. The peer is on the same two cores.

Told of each shard: how long it read the file and what memory that took, what it keeps when every
trunk was probed, processor, probes and how late they left while nobody scrapes, and a scrape by
gzip as Prometheus asks for one. Then the same scrape with fewest series (docs/metrics.md), taken by
a reload, and with the families alone that say whether trunks are up, by name[]; and what the peak
is where the million stand in ten files that `trunk_files` names.

    [TRUNKS=1000000] tests/bench/shards_bench.py BUILD
"""

import contextlib
import gzip
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from fleet import BEGINS_PER_S, FEWEST, Exporter, Peer, series, trunk, write_config

TRUNKS = int(os.environ.get("TRUNKS", "1000000"))
SHARDS, MEASURED = 10, 3
INTERVAL_S = 60
UP = ("siptrunk_up", "siptrunk_state_changes_total", "siptrunk_probe_success")


def shard_of(name, total):
    """As docs/growing.md writes it."""
    h = 0xcbf29ce484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001b3 % 2**64
    h ^= h >> 33
    h = h * 0xff51afd7ed558ccd % 2**64
    return (h ^ h >> 33) % total


def mib(size):
    return f"{size / 2**20:.0f} MiB"


def tell_shares(trunks):
    shares = [0] * SHARDS
    for each in trunks:
        shares[shard_of(each["name"], SHARDS)] += 1
    print(f"{SHARDS} shares of {len(trunks):,}: {min(shares):,} to {max(shares):,} trunks, "
          f"{100 * (max(shares) * SHARDS / len(trunks) - 1):+.2f} % the largest", flush=True)


def start(build, path, index):
    exporter = Exporter(build, path, f"--shard={index}", f"--total-shards={SHARDS}")
    took = time.monotonic() - exporter.begun
    print(f"shard {index}: listens after {took:.1f} s, {exporter.cpu_s():.1f} s of CPU; "
          f"peak {mib(exporter.status('VmHWM'))}, then {mib(exporter.status('VmRSS'))}", flush=True)
    return exporter


def on_loopback():
    """(bytes, packets) that it has carried; its bytes count a header as Ethernet's."""
    line = re.search(r"^ *lo: *(.*)", Path("/proc/net/dev").read_text(), re.M)[1].split()
    return int(line[0]), int(line[1])


def tell_shard(i, e, cores):
    trunks, rss = e.total("siptrunk_exporter_trunks"), e.status("VmRSS")
    print(f"shard {i}: {trunks:,.0f} trunks, {mib(rss)}, {rss / trunks:.0f} bytes a trunk; "
          f"{cores:.3f} cores; {e.total('siptrunk_up'):,.0f} up, "
          f"{e.total('siptrunk_probe_failures_total'):.0f} probes failed, "
          f"{e.total('siptrunk_probe_retransmissions_total'):.0f} sent again; latest by "
          f"{e.total('siptrunk_exporter_schedule_lag_seconds') * 1e3:.0f} ms", flush=True)


def tell_round(shards):
    """A minute in which all trunks are probed and nobody scrapes."""
    probes = [e.total("siptrunk_probes_total") for e in shards]
    begun, wire, cpu = time.monotonic(), on_loopback(), [e.cpu_s() for e in shards]
    time.sleep(INTERVAL_S)
    seconds = time.monotonic() - begun
    size, packets = (now - was for now, was in zip(on_loopback(), wire))
    cores = [(e.cpu_s() - was) / seconds for e, was in zip(shards, cpu)]
    sent = sum(e.total("siptrunk_probes_total") - was for e, was in zip(shards, probes))
    for i, e in enumerate(shards):
        tell_shard(i, e, cores[i])
    print(f"together {sent / seconds:,.0f} probes/s; on loopback {packets / seconds:,.0f} "
          f"packets/s of {size / packets:.0f} bytes, {8 * size / seconds / 1e6:.1f} Mbit/s",
          flush=True)


def tell_scrape(what, exporter, only=()):
    trunks = exporter.total("siptrunk_exporter_trunks")
    cpu = exporter.cpu_s()
    body, seconds = exporter.scrape(*only, packed=True)
    cpu = exporter.cpu_s() - cpu
    text = gzip.decompress(body)
    print(f"{what}: {series(text) / trunks:.1f} series a trunk, {len(text) / 1e6:.0f} MB of text, "
          f"{len(body) / 1e6:.1f} MB sent, in {seconds:.2f} s; {cpu:.2f} s of CPU", flush=True)


def tell_reload(exporter, what):
    """By the file that stands there now, written anew."""
    name = "siptrunk_exporter_config_last_reload_success_timestamp_seconds"
    exporter.forget_peak()
    last, begun = exporter.total(name), time.monotonic()
    exporter.reload()
    while exporter.total(name) == last:
        time.sleep(0.1)
    print(f"reload of {what}: {time.monotonic() - begun:.1f} s, peak "
          f"{mib(exporter.status('VmHWM'))}, then {mib(exporter.status('VmRSS'))}", flush=True)


def tell_parts(build, folder, trunks):
    names = [f"part{i}.json" for i in range(SHARDS)]
    for i, name in enumerate(names):
        Path(folder, name).write_text(json.dumps({"trunks": trunks[i::SHARDS]}))
    path = write_config(folder, [], f"{INTERVAL_S}s", trunk_files=names)
    print(f"the same in {SHARDS} files:")
    with start(build, path, 0) as exporter:
        time.sleep(TRUNKS / SHARDS / BEGINS_PER_S)
        write_config(folder, [], f"{INTERVAL_S}s", trunk_files=names, metrics=FEWEST)
        tell_reload(exporter, f"{SHARDS} files")


def measure(build, folder, port):
    trunks = [trunk(i, port) for i in range(TRUNKS)]
    tell_shares(trunks)
    path = write_config(folder, trunks, f"{INTERVAL_S}s")
    print(f"one file: {mib(os.path.getsize(path))}")
    with contextlib.ExitStack() as stack:
        shards = [stack.enter_context(start(build, path, i)) for i in range(MEASURED)]
        time.sleep(TRUNKS / SHARDS / BEGINS_PER_S + INTERVAL_S)
        tell_round(shards)
        tell_scrape("a scrape, as it is", shards[0])
        tell_scrape("a scrape by name[]", shards[0], UP)
        write_config(folder, trunks, f"{INTERVAL_S}s", metrics=FEWEST)
        tell_reload(shards[0], "one file")
        tell_scrape("a scrape, fewest series", shards[0])
    tell_parts(build, folder, trunks)


def main():
    with Peer(sys.argv[1]) as peer, tempfile.TemporaryDirectory() as folder:
        measure(sys.argv[1], folder, peer.ports["udp"])


if __name__ == "__main__":
    main()
