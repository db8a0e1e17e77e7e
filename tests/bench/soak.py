#!/usr/bin/python3
"""
Half an hour of the whole program with faults on: peers that die and come back, names that stop
resolving, reloads good and bad, scrapes in each format, pages, the API, probes on demand, and
readers that never read. Prints memory and descriptors once a minute and the slope of each in
the end; fails where one of them grows, or a trunk whose peer was well was ever down.

    tests/bench/soak.py BUILD [MINUTES]
"""

import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

SETTLE = 0.2          # of the time, which is not looked at: caches and histories fill
GROWTH = 0.02         # of its memory that may come on top in the time that is looked at
GROWTH_BYTES = 1 << 20
GROWTH_FDS = 2
LOOK_S = 10
PROTOBUF = ("application/vnd.google.protobuf;"
            "proto=io.prometheus.client.MetricFamily;encoding=delimited")
PATHS = (("/metrics", {}), ("/metrics", {"Accept-Encoding": "gzip"}),
         ("/metrics", {"Accept": "application/openmetrics-text;version=1.0.0"}),
         ("/metrics", {"Accept": PROTOBUF}), ("/", {}), ("/trunks/tls", {}),
         ("/api/v1/trunks", {}), ("/api/v1/trunks/dies-udp", {}), ("/probe?target=tcp", {}),
         ("/probe?target=nowhere", {}), ("/-/healthy", {}))


class Mortal:
    """A peer that dies, and is there again, on the same port."""

    def __init__(self, peers, transport, tls=None):
        self.peers, self.transport, self.tls = peers, transport, tls
        self.peer = peers.SipPeer(transport=transport, tls=tls)
        self.port = self.peer.port

    @property
    def uri(self):
        return f"sip:127.0.0.1:{self.port};transport={self.transport}"

    def turn(self):
        if self.peer:
            self.peer.close()
            self.peer = None
            return
        try:
            self.peer = self.peers.SipPeer(transport=self.transport, tls=self.tls, port=self.port)
        except OSError:  # what is left of its connections still has the port
            self.peer = None

    def close(self):
        if self.peer:
            self.peer.close()


class World:
    def __init__(self, folder):
        import dns_server
        import peers
        import sip_peer
        from digest_peer import Digest
        self.ca = peers.authority()[0]
        tls = sip_peer.server_tls(*peers.certificate())
        self.well = {"udp": sip_peer.SipPeer(), "tcp": sip_peer.SipPeer(transport="tcp"),
                     "tls": sip_peer.SipPeer(transport="tls", tls=tls),
                     "reg": sip_peer.SipPeer(Digest())}
        self.mortals = {f"dies-{kind}": Mortal(sip_peer, kind, tls if kind == "tls" else None)
                        for kind in ("udp", "tcp", "tls")}
        self.rcode = None
        self.dns = dns_server.Server(
            lambda name, kind: self.rcode or ([dns_server.a("127.0.0.1")]
                                              if kind == dns_server.A else []))
        self.dns.ttl = 1

    def config(self, turn):
        auth = {"auth": {"username": "u", "password": "secret"}, "method": "REGISTER",
                "register": {"bind": True}}
        uris = {**{n: p.uri for n, p in self.well.items()},
                **{n: m.uri for n, m in self.mortals.items()},
                "named": f"sip:named.test:{self.well['udp'].port}",
                "nowhere": "sip:127.0.0.1:9", f"comes-{turn % 5}": self.well["udp"].uri}
        return {
            "defaults": {"interval": "1s", "down_interval": "1s", "timeout": "800ms",
                         "t1": "100ms", "fall": 3, "rise": 1},
            "status": {"history": 20, "memory_mib": 4},
            "dns": {"servers": [self.dns.address]},
            "sip": {"listen": ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]},
            "trunks": [{"name": n, "uri": u, "tls": {"ca_file": self.ca},
                        "labels": {"turn": str(turn // 4 % 3) if n == "nowhere" else "0"},
                        **(auth if n == "reg" else {})} for n, u in uris.items()]}

    def close(self):
        for p in (*self.well.values(), *self.mortals.values()):
            p.close()
        self.dns.close()


class Faults(threading.Thread):
    """What goes wrong, and who asks, until told to stop."""

    def __init__(self, world, exporter):
        super().__init__(daemon=True)
        self.world, self.e, self.random = world, exporter, random.Random(1)
        self.stop, self.turns, self.wrong, self.unread = threading.Event(), 0, [], []

    def ask(self, path, headers):
        try:
            self.e.get(path, headers)
        except OSError as e:
            if getattr(e, "code", 0) != 503:
                self.wrong.append(f"{path}: {e!r}")
        except UnicodeDecodeError:
            pass  # gzip, protobuf

    def read_nothing(self):
        host, port = self.e.base[len("http://"):].rsplit(":", 1)
        s = socket.create_connection((host, int(port)), 5)
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        self.unread.append(s)
        if len(self.unread) > 20:
            self.unread.pop(0).close()

    def reload(self):
        if self.turns % 3 == 2:
            self.e.write_config('{"trunks": [{"name": "x", "uri": "mailto:x"}]}')
        else:
            self.e.write_config(self.world.config(self.turns))
        self.e.send(1)

    def run(self):
        while not self.stop.wait(0.2):
            self.turns += 1
            self.ask(*self.random.choice(PATHS))
            if self.turns % 5 == 0:
                self.read_nothing()
            if self.turns % 23 == 0:
                self.reload()
            if self.turns % 60 == 0:
                self.world.rcode = 2 if self.turns % 120 else None  # SERVFAIL
            if self.turns % 40 == 0:
                self.random.choice(list(self.world.mortals.values())).turn()
        for s in self.unread:
            s.close()


def memory(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("Rss:"))


def slope(points):
    """By least squares, for each unit of the first."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    over = sum((x - mx) ** 2 for x, _ in points)
    return sum((x - mx) * (y - my) for x, y in points) / over if over else 0.0


def watch(e, seconds):
    seen, begun = [], time.monotonic()
    while time.monotonic() - begun < seconds:
        time.sleep(min(LOOK_S, seconds / 20))
        if e.process.poll() is not None:
            sys.exit(f"ended with status {e.process.returncode}:\n{e.log_text()[-2000:]}")
        at = time.monotonic() - begun
        seen.append((at, memory(e.process.pid), len(os.listdir(f"/proc/{e.process.pid}/fd"))))
        if len(seen) % 6 == 1:
            print(f"{at / 60:5.1f} min  {seen[-1][1] / 1e6:6.2f} MB  {seen[-1][2]:3} descriptors",
                  flush=True)
    return [s for s in seen if s[0] > SETTLE * seconds]


def judge(e, seen, faults):
    minutes = (seen[-1][0] - seen[0][0]) / 60
    bytes_, fds = (slope([(s[0] / 60, s[i]) for s in seen]) for i in (1, 2))
    mean = sum(s[1] for s in seen) / len(seen)
    print(f"over {minutes:.1f} min: memory {bytes_ / 1024:+.2f} KiB a minute of {mean / 1e6:.2f} MB, "
          f"descriptors {fds:+.3f} a minute; {faults.turns} turns, {len(faults.wrong)} requests "
          "failed")
    m, bad = e.scrape(), list(faults.wrong[:5])
    if bytes_ * minutes > max(GROWTH * mean, GROWTH_BYTES):
        bad.append("memory grows")
    if fds * minutes > GROWTH_FDS:
        bad.append("descriptors grow")
    for trunk in ("udp", "tcp", "tls", "reg"):
        if m.sum("siptrunk_state_changes_total", trunk=trunk) > 1:
            bad.append(f"{trunk} was not up all the time: {m.failures(trunk)}")
    return bad


def main():
    build = Path(sys.argv[1]).resolve()
    seconds = 60 * float(sys.argv[2]) if len(sys.argv) > 2 else 1800
    os.environ["SIPTRUNK_EXPORTER"] = str(build / "exporter" / "siptrunk_exporter")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system" / "lib"))
    import harness
    folder = tempfile.mkdtemp(prefix="soak-")
    world = World(folder)
    try:
        bad = soak(harness.Exporter(folder, world.config(0), log_level="info"), world, seconds)
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(bad) or "flat")
    return 1 if bad else 0


def soak(e, world, seconds):
    faults = Faults(world, e)
    faults.start()
    try:
        seen = watch(e, seconds)
        faults.stop.set()
        faults.join(30)
        bad = judge(e, seen, faults)
        e.stop()
        return bad
    finally:
        e.kill()


if __name__ == "__main__":
    sys.exit(main())
