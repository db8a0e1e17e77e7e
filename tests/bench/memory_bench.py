#!/usr/bin/python3
"""
Memory a trunk: the whole exporter with 100,000 trunks over UDP, each with two labels,
after every one has been probed, less the same program with one trunk.

    tests/bench/memory_bench.py BUILD
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

TRUNKS = 100_000


def rss_bytes(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(l.split()[1]) * 1024 for l in f if l.startswith("VmRSS"))


def measure(build, port, count, seconds):
    trunks = [{"name": f"carrier-{i % 50}-trunk-{i:06}",
               "uri": f"sip:127.{1 + i // 65536}.{i // 256 % 256}.{i % 256}:{port}",
               "labels": {"carrier": f"carrier-{i % 50}", "site": f"site-{i % 400}"}}
              for i in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "config.json")
        with open(path, "w") as f:
            json.dump({"defaults": {"interval": "30s", "timeout": "5s"},
                       "trunks": trunks}, f)
        exporter = subprocess.Popen(
            [os.path.join(build, "exporter", "siptrunk_exporter"),
             f"--config.file={path}", "--web.listen-address=127.0.0.1:0",
             "--log.level=error"])
        time.sleep(seconds)
        used = rss_bytes(exporter.pid)
        exporter.send_signal(signal.SIGTERM)
        exporter.wait()
    return used


def main():
    build = sys.argv[1]
    peer = subprocess.Popen([os.path.join(build, "tests", "bench", "probed_peer")],
                            stdout=subprocess.PIPE, text=True)
    try:
        port = int(peer.stdout.readline())
        one = measure(build, port, 1, 3)
        # The first probes begin at 5,000 a second; then one round on the schedule.
        many = measure(build, port, TRUNKS, 60)
    finally:
        peer.kill()
    print(f"1 trunk:        {one / 1e6:.1f} MB resident")
    print(f"{TRUNKS:,} trunks: {many / 1e6:.1f} MB resident")
    print(f"a trunk:        {(many - one) / TRUNKS:.0f} bytes")


if __name__ == "__main__":
    main()
