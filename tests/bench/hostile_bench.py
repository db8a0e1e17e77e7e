#!/usr/bin/python3
"""
What hostile trunks cost the others: the latency of 250 healthy ones, alone and then beside as
many that are hostile in every way known (tests/system/lib/hostile.py), with strangers at the
TLS listener. The hostile ones run at the lowest priority and the healthy ones' peers at a high
one: what is measured is the exporter, not who gets the processor.

    tests/bench/hostile_bench.py BUILD [SECONDS]

Exits with 1 where a healthy probe was missed, or their 99th percentile moved by more than 5 ms.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HEALTHY = HOSTILE = 250
MOVED_MS = 5.0
TIMES = {"interval": "2s", "down_interval": "2s", "timeout": "1900ms", "fall": 2, "rise": 1}
LIB = Path(__file__).resolve().parents[1] / "system" / "lib"


def serve():
    """The healthy peers over TCP and TLS, in a process of their own."""
    import peers
    import sip_peer
    tls = sip_peer.server_tls(*peers.certificate())
    ports = {kind: sip_peer.SipPeer(transport=kind, tls=tls if kind == "tls" else None).port
             for kind in ("tcp", "tls")}
    print(json.dumps({"ports": ports, "ca": peers.authority()[0]}), flush=True)
    threading.Event().wait()


def trunks(udp_port, told):
    """Three of five over UDP, each at an address of its own; the rest over TCP and TLS."""
    found = []
    for i in range(HEALTHY):
        kind = ("udp", "udp", "udp", "tcp", "tls")[i % 5]
        port = udp_port if kind == "udp" else told["ports"][kind]
        host = f"127.55.0.{i + 1}" if kind == "udp" else "127.0.0.1"
        found.append({"name": f"ok-{i:03}-{kind}", "uri": f"sip:{host}:{port};transport={kind}",
                      "connection": "reuse" if i % 2 else "fresh",
                      "tls": {"ca_file": told["ca"]}})
    return found


def listener():
    import peers
    cert, key = peers.certificate()
    return {"listen": ["udp:127.0.0.1:0", "tls:127.0.0.1:0"], "match_certificate": True,
            "tls": {"cert_file": cert, "key_file": key, "ca_file": peers.authority()[0]}}


def latencies(e, names):
    """{transport: seconds of each probe that was answered}, and how many were not."""
    found, missed = {"udp": [], "tcp": [], "tls": []}, 0
    for name in names:
        t = json.loads(e.get(f"/api/v1/trunks/{name}"))["targets"][0]
        for probe in t["recent"]:
            if probe["outcome"] == "response":
                found[t["transport"]].append(probe["latency_s"])
            else:
                missed += 1
    return found, missed


def quantile(values, q):
    values = sorted(values)
    return values[min(int(q * len(values)), len(values) - 1)] * 1000 if values else 0.0


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def phase(what, folder, healthy, hostile, seconds):
    import harness
    from hostile import Strangers
    e = harness.Exporter(folder, {
        "defaults": TIMES, "status": {"history": 1000, "memory_mib": 64}, "sip": listener(),
        "trunks": healthy + hostile}, log_level="info")
    strangers = Strangers(e.sip("tls"), 1) if hostile else None
    try:
        time.sleep(seconds)
        found, missed = latencies(e, [t["name"] for t in healthy])
        m, used = e.scrape(), cpu_s(e.process.pid)
    finally:
        if strangers:
            strangers.close()
        e.stop()
    copies = sum(v for l, v in m.all("siptrunk_probe_retransmissions_total")
                 if l["trunk"].startswith("ok-"))
    total = [x for part in found.values() for x in part]
    print(f"{what:14} {len(total)} answers, {missed} missed, {copies:.0f} sent again; ms p50 "
          f"{quantile(total, .5):.2f} p99 {quantile(total, .99):.2f} longest "
          f"{quantile(total, 1):.2f}; p99 "
          + ", ".join(f"{k} {quantile(v, .99):.2f}" for k, v in found.items())
          + f"; {100 * used / seconds:.0f} % of a processor"
          + (f"; {strangers.tried} strangers" if strangers else ""), flush=True)
    return quantile(total, .99), missed


def measure(build, seconds):
    from hostile import Process
    udp = subprocess.Popen(["nice", "-n", "-10", build / "tests" / "bench" / "probed_peer"],
                           stdout=subprocess.PIPE, text=True)
    streams = subprocess.Popen(["nice", "-n", "-10", sys.executable, __file__, "--serve"],
                               stdout=subprocess.PIPE, text=True)
    hostile = Process(nice=19)
    folder = tempfile.mkdtemp(prefix="hostile-")
    try:
        healthy = trunks(int(udp.stdout.readline()), json.loads(streams.stdout.readline()))
        alone = phase("alone", folder, healthy, [], seconds)
        beside = phase(f"beside {HOSTILE}", folder, healthy, hostile.trunks(HOSTILE), seconds)
    finally:
        hostile.close()
        for p in (udp, streams):
            p.kill()
            p.wait()
        shutil.rmtree(folder, ignore_errors=True)
    moved = beside[0] - alone[0]
    print(f"p99 moved by {moved:+.2f} ms, {beside[1]} probes missed")
    return 0 if moved <= MOVED_MS and not beside[1] and not alone[1] else 1


def main():
    if sys.argv[1:] == ["--serve"]:
        sys.path.insert(0, str(LIB))
        return serve()
    build = Path(sys.argv[1]).resolve()
    os.environ["SIPTRUNK_EXPORTER"] = str(build / "exporter" / "siptrunk_exporter")
    sys.path.insert(0, str(LIB))
    return measure(build, float(sys.argv[2]) if len(sys.argv) > 2 else 60)


if __name__ == "__main__":
    sys.exit(main())
