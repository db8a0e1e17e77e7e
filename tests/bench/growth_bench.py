#!/usr/bin/python3
"""
How the whole exporter grows from 10 to 100,000 trunks over UDP, each with two labels and probed
every 30 s: resident memory after each was probed, CPU a probe, what a scrape is and takes, and how
long the start takes until the first probe has ended. The last line is what one trunk costs.

    tests/bench/growth_bench.py BUILD
"""

import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

COUNTS = (10, 100, 1_000, 10_000, 100_000)
BEGINS_PER_S = 5_000  # the first probes, at most
WATCH_S = 30          # an interval: each trunk is probed once
PICTURE = Path(__file__).resolve().parent.parent.parent / "docs" / "growth.svg"


class Exporter:
    def __init__(self, build, folder, port, count):
        path = os.path.join(folder, "config.json")
        Path(path).write_text(json.dumps({
            "defaults": {"interval": "30s", "timeout": "5s"},
            "trunks": [trunk(i, port) for i in range(count)]}))
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(build, "exporter", "siptrunk_exporter"), f"--config.file={path}",
             "--web.listen-address=127.0.0.1:0", "--log.format=json"],
            stderr=subprocess.PIPE, text=True)
        self.url = None
        for line in self.process.stderr:
            address = re.search(r'"http":\s*"([^",]+)', line)
            if address:
                self.url = f"http://{address[1]}/metrics"
                break
        self.log = subprocess.Popen(["cat"], stdin=self.process.stderr,
                                    stdout=subprocess.DEVNULL)

    def scrape(self, only=""):
        before = time.monotonic()
        with urllib.request.urlopen(self.url + (only and f"?name[]={only}"),
                                    timeout=60) as answer:
            body = answer.read()
        return body, time.monotonic() - before

    def status(self, field):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+)", text, re.M)[1])

    def cpu_s(self):
        """Of all its threads, as the scheduler counts them."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(t.read_text().split()[0]) for t in tasks) / 1e9

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.wait()


def trunk(i, port):
    return {"name": f"carrier-{i % 50}-trunk-{i:06}",
            "uri": f"sip:127.{1 + i // 65536}.{i // 256 % 256}.{i % 256}:{port}",
            "labels": {"carrier": f"carrier-{i % 50}", "site": f"site-{i % 400}"}}


def total(body, name):
    return sum(float(line.rpartition(b" ")[2]) for line in body.splitlines()
               if line.startswith(name + b"{"))


def first_answer_s(exporter):
    name = "siptrunk_probe_responses_total"
    while not total(exporter.scrape(name)[0], name.encode()):
        if time.monotonic() - exporter.begun > 60:
            sys.exit("growth_bench: no probe is answered")
        time.sleep(0.02)
    return time.monotonic() - exporter.begun


def measure(build, port, count):
    with tempfile.TemporaryDirectory() as folder:
        exporter = Exporter(build, folder, port, count)
        try:
            started = first_answer_s(exporter)
            time.sleep(count / BEGINS_PER_S + 2)
            probes, cpu = (total(exporter.scrape("siptrunk_probes_total")[0],
                                 b"siptrunk_probes_total"), exporter.cpu_s())
            time.sleep(WATCH_S)
            cpu = exporter.cpu_s() - cpu
            rss = exporter.status("VmRSS") * 1024
            body, seconds = exporter.scrape()
            return {"trunks": count, "started": started, "rss": rss,
                    "cpu": cpu / max(1, total(body, b"siptrunk_probes_total") - probes),
                    "size": len(body), "scrape": seconds}
        finally:
            exporter.close()


# The picture: both axes logarithmic, one line for each of these.
LINES = (("resident memory, MB", "#1f77b4", lambda r: r["rss"] / 1e6),
         ("scrape, ms", "#d62728", lambda r: r["scrape"] * 1e3),
         ("start to first answer, ms", "#2ca02c", lambda r: r["started"] * 1e3))
WIDTH, HEIGHT, LEFT, TOP, DECADES = 560, 320, 50, 20, 5


def place(trunks, value):
    x = LEFT + (math.log10(trunks) - 1) / 4 * (WIDTH - LEFT - 20)
    y = TOP + (1 - math.log10(max(value, 1)) / DECADES) * (HEIGHT - TOP - 40)
    return x, y


def picture(rows):
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT + 60}" '
             'font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="#fff"/>']
    for power in range(DECADES + 1):
        x, y = place(10, 10 ** power)
        parts.append(f'<path d="M{x:.0f} {y:.0f}H{WIDTH - 20}" stroke="#ddd"/>'
                     f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">'
                     f'{10 ** power:,}</text>')
    for row in rows:
        x, y = place(row["trunks"], 1)
        parts.append(f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">'
                     f'{row["trunks"]:,}</text>')
    for i, (name, colour, value) in enumerate(LINES):
        points = " ".join("{:.1f},{:.1f}".format(*place(r["trunks"], value(r))) for r in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" '
                     'stroke-width="2"/>'
                     f'<text x="{LEFT + i * 170}" y="{HEIGHT + 20}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT + 44}" text-anchor="middle">trunks</text>')
    return "\n".join([*parts, "</svg>", ""])


def main():
    build = sys.argv[1]
    peer = subprocess.Popen([os.path.join(build, "tests", "bench", "probed_peer")],
                            stdout=subprocess.PIPE, text=True)
    rows = []
    try:
        port = int(peer.stdout.readline())
        print(f"{'trunks':>8} {'memory':>10} {'CPU/probe':>10} {'scrape':>9} {'body':>9} "
              f"{'start':>8}", flush=True)
        for count in COUNTS:
            r = measure(build, port, count)
            rows.append(r)
            print(f"{count:8,} {r['rss'] / 1e6:7.1f} MB {r['cpu'] * 1e6:7.1f} us "
                  f"{r['scrape'] * 1e3:6.1f} ms {r['size'] / 1e6:6.2f} MB "
                  f"{r['started'] * 1e3:5.0f} ms", flush=True)
    finally:
        peer.kill()
    grown = (rows[-1]["rss"] - rows[0]["rss"]) / (COUNTS[-1] - COUNTS[0])
    print(f"a trunk: {grown:.0f} bytes")
    PICTURE.write_text(picture(rows))


if __name__ == "__main__":
    main()
