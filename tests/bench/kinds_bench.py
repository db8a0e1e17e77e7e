#!/usr/bin/python3
"""
What kinds of trunks cost beside the plainest: 20,000 of a kind at a time, over streams 10,000, each
probed every 20 s, and resident memory after all were probed twice. The plainest has one address, by
number, and is asked OPTIONS over UDP; of the others is told what a trunk takes more than one of the
kind it builds on. CPU is that of a trunk's checks in one interval, series are those of a scrape.
REGISTER that asks has one set of settings for all; that which binds has an account for each trunk.
Over TLS the peer shows a certificate (P-256) that is verified.

    tests/bench/kinds_bench.py BUILD [KIND...]
"""

import sys
import tempfile
import time
from collections import namedtuple

from fleet import BEGINS_PER_S, Exporter, Peer, address, series, trunk, write_config
from monitor import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))
from dns_server import A, Server, a

STREAMS = 10_000      # as many descriptors as a process has at once
FEW = 100             # what the program takes by itself
INTERVAL_S = 20
NETS = (1, 101, 201)  # 127.1.0.0 and on: where a name's addresses are


def by_number(i, port, **more):
    return trunk(i, port, **more)


def by_name(addresses):
    return lambda i, port: trunk(i, port, host=f"h{i}.of{addresses}.example")


def asked(i, port):
    return trunk(i, port, method=["OPTIONS", "REGISTER"])


def bound(i, port):
    return trunk(i, port, method=["OPTIONS", "REGISTER"], contact="sip:monitor@192.0.2.1",
                 register={"bind": True, "aor": f"sip:account-{i:06}@carrier.example"})


def over(transport, connection, **tls):
    def make(i, port):
        own = trunk(i, port, connection=connection, tls=tls)
        return {**own, "uri": f"{own['uri']};transport={transport}"}
    return make


def trusting(t, peer):
    """Over TLS the peer's certificate is verified."""
    known = {"ca_file": peer.ca, "server_name": peer.NAME}
    return {**t, "tls": {**known, **t["tls"]}} if "tls" in t else t


Kind = namedtuple("Kind", "name than trunk transport count", defaults=(20_000,))
KINDS = (
    Kind("one address", None, by_number, "udp"),
    Kind("a name with one address", "one address", by_name(1), "udp"),
    Kind("a second address", "a name with one address", by_name(2), "udp"),
    Kind("a third address", "a second address", by_name(3), "udp"),
    Kind("REGISTER that asks", "one address", asked, "udp"),
    Kind("REGISTER that binds", "one address", bound, "udp"),
    Kind("TCP, fresh", "one address", over("tcp", "fresh"), "tcp", STREAMS),
    Kind("TCP, kept", "TCP, fresh", over("tcp", "reuse"), "tcp", STREAMS),
    Kind("TLS, fresh", "TCP, fresh", over("tls", "fresh"), "tls", STREAMS),
    Kind("TLS, resumed", "TLS, fresh", over("tls", "fresh", session_lifetime="1h"), "tls",
         STREAMS),
    Kind("TLS, kept", "TLS, fresh", over("tls", "reuse"), "tls", STREAMS),
)


def resolve(name, kind):
    """h7.of2.example has trunk 7's address and another one."""
    host, count = name.split(".")[:2]
    if kind != A:
        return []
    return [a(address(int(host[1:]), net)) for net in NETS[:int(count[2:])]]


def measure(build, peer, dns, kind, count):
    port = peer.ports[kind.transport]
    with tempfile.TemporaryDirectory() as folder:
        path = write_config(folder, (trusting(kind.trunk(i, port), peer)
                                     for i in range(count)),
                            interval=f"{INTERVAL_S}s", dns={"servers": [dns]})
        with Exporter(build, path) as exporter:
            time.sleep(count / BEGINS_PER_S + 2 + INTERVAL_S)
            rss, cpu = exporter.status("VmRSS"), exporter.cpu_s()
            time.sleep(INTERVAL_S)
            cpu = exporter.cpu_s() - cpu
            body, _ = exporter.scrape()
            failed = exporter.total("siptrunk_probe_failures_total")
    if failed:
        print(f"{kind.name}: {failed:.0f} probes failed", flush=True)
    return {"rss": rss, "cpu": cpu, "series": series(body)}


def main():
    build, names = sys.argv[1], sys.argv[2:] or [k.name for k in KINDS]
    dns = Server(resolve)
    found = {}
    with Peer(build) as peer:
        few = measure(build, peer, dns.address, KINDS[0], FEW)
        print(f"{'':24} {'bytes':>6} {'more':>6} {'CPU':>7} {'series':>7}", flush=True)
        for kind in KINDS:
            if kind.name not in names:
                continue
            r = measure(build, peer, dns.address, kind, kind.count)
            found[kind.name] = each = (r["rss"] - few["rss"]) / (kind.count - FEW)
            more = f"{each - found[kind.than]:+6.0f}" if kind.than in found else f"{'':6}"
            print(f"{kind.name:24} {each:6.0f} {more} {r['cpu'] / kind.count * 1e6:4.0f} us "
                  f"{(r['series'] - few['series']) / (kind.count - FEW):7.1f}"
                  + (f"  than {kind.than}" if kind.than in found else ""), flush=True)
    dns.close()


if __name__ == "__main__":
    main()
