#!/usr/bin/python3
"""
How the whole exporter grows from 10 to 100,000 trunks over UDP, each with two labels and probed
every 30 s: resident memory after each was probed, CPU a probe, what a scrape is and takes, and how
long the start takes until the first probe has ended. The last line is what one trunk costs.

    tests/bench/growth_bench.py BUILD
"""

import math
import sys
import tempfile
import time
from pathlib import Path

from fleet import BEGINS_PER_S, Exporter, Peer, total, trunk, write_config

COUNTS = (10, 100, 1_000, 10_000, 100_000)
WATCH_S = 30          # an interval: each trunk is probed once
PICTURE = Path(__file__).resolve().parent.parent.parent / "docs" / "growth.svg"


def first_answer_s(exporter):
    while not exporter.total("siptrunk_probe_responses_total"):
        if time.monotonic() - exporter.begun > 60:
            sys.exit("growth_bench: no probe is answered")
        time.sleep(0.02)
    return time.monotonic() - exporter.begun


def measure(build, port, count):
    with tempfile.TemporaryDirectory() as folder:
        path = write_config(folder, (trunk(i, port) for i in range(count)))
        with Exporter(build, path) as exporter:
            started = first_answer_s(exporter)
            time.sleep(count / BEGINS_PER_S + 2)
            probes, cpu = exporter.total("siptrunk_probes_total"), exporter.cpu_s()
            time.sleep(WATCH_S)
            cpu = exporter.cpu_s() - cpu
            rss = exporter.status("VmRSS")
            body, seconds = exporter.scrape()
            return {"trunks": count, "started": started, "rss": rss,
                    "cpu": cpu / max(1, total(body, b"siptrunk_probes_total") - probes),
                    "size": len(body), "scrape": seconds}


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
    rows = []
    with Peer(build) as peer:
        print(f"{'trunks':>8} {'memory':>10} {'CPU/probe':>10} {'scrape':>9} {'body':>9} "
              f"{'start':>8}", flush=True)
        for count in COUNTS:
            r = measure(build, peer.ports["udp"], count)
            rows.append(r)
            print(f"{count:8,} {r['rss'] / 1e6:7.1f} MB {r['cpu'] * 1e6:7.1f} us "
                  f"{r['scrape'] * 1e3:6.1f} ms {r['size'] / 1e6:6.2f} MB "
                  f"{r['started'] * 1e3:5.0f} ms", flush=True)
    grown = (rows[-1]["rss"] - rows[0]["rss"]) / (COUNTS[-1] - COUNTS[0])
    print(f"a trunk: {grown:.0f} bytes")
    PICTURE.write_text(picture(rows))


if __name__ == "__main__":
    main()
