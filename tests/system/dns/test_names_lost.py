"""
An outage that is mended in DNS, whose records still have an hour to live: who holds
addresses that all fail asks again soon, and who holds one that works leaves DNS alone.
"""

import signal
import struct
import time

from dns_server import SOA, A, Server, a, srv, wire
from harness import Case, config_of, trunk, wait_for
from sip_peer import SipPeer, mute


class Hour(Server):
    ttl = 3600


def nobody(server, query, peer):
    """NXDOMAIN, for an hour."""
    end = query.index(b"\0", 12) + 5
    soa = wire("ns.test") + wire("x.test") + struct.pack("!5I", 1, 60, 60, 60, 3600)
    server.sock.sendto(
        query[:2] + struct.pack("!5H", 0x8183, 1, 0, 1, 0) + query[12:end] +
        wire("test") + struct.pack("!HHIH", SOA, 1, 3600, len(soa)) + soa, peer)


class Lost(Case):
    def setUp(self):
        super().setUp()
        self.fine = self.use(SipPeer(host="127.0.0.3"))
        self.dead = self.use(SipPeer(mute, host="127.0.0.2", port=self.fine.port))
        self.zone = {"moved.test": "127.0.0.2", "steady.test": "127.0.0.3"}
        self.dns = self.use(Hour(self.records))
        self.conf = config_of(
            *(trunk(n, f"sip:{n}.test:{self.fine.port}", family="ipv4")
              for n in ("moved", "steady", "new")),
            trunk("half", "sip:half.test;transport=udp", family="ipv4"),
            dns={"servers": [self.dns.address]})

    def records(self, name, qtype):
        if name == "_sip._udp.half.test":
            return [srv(1, 1, self.fine.port, "moved.test"),
                    srv(2, 1, self.fine.port, "steady.test")]
        if name not in self.zone:
            return nobody
        return [a(self.zone[name])] if qtype == A else []

    def asked(self, name):
        return self.dns.asked.count((name, A))

    def outage(self):
        e = self.start(self.conf)
        e.wait_metric(0, "siptrunk_up", trunk="moved")
        e.wait_metric(0, "siptrunk_up", trunk="new")
        wait_for("half", lambda: e.scrape().state("half") == "degraded")
        self.zone.update({"moved.test": "127.0.0.3", "new.test": "127.0.0.3"})
        return e

    def test_asked_again_soon(self):
        begun = time.monotonic()
        e = self.outage()
        e.wait_metric(1, "siptrunk_up", trunk="moved", seconds=60)
        self.assertGreater(time.monotonic() - begun, 25, "but not every moment")
        m = e.wait_metric(1, "siptrunk_up", trunk="new", seconds=60)
        self.assertEqual(m.get("siptrunk_addresses", trunk="moved"), 1)
        self.assertNotIn(self.dead.address, {
            l["address"] for l, _ in m.all("siptrunk_probe_success", trunk="moved")})
        # Whoever has an address that answers keeps to the TTL.
        self.assertEqual(self.asked("steady.test"), 1)
        self.assertEqual(m.state("half"), "degraded")
        self.assertLessEqual(self.asked("moved.test"), 3)

    def test_asked_again_at_a_reload(self):
        e = self.outage()
        begun = time.monotonic()
        e.send(signal.SIGHUP)
        e.wait_metric(1, "siptrunk_up", trunk="moved")
        e.wait_metric(1, "siptrunk_up", trunk="new")
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(self.asked("steady.test"), 1)


class Mute(Case):
    """A DNS server that says nothing, which is asked for 5 s before it is given up."""

    def test_a_probe_waits_no_longer_than_its_timeout(self):
        silent = self.use(Server(lambda name, qtype: None))
        fine = self.use(SipPeer())
        begun = time.monotonic()
        e = self.start(config_of(
            trunk("named", "sip:sbc.test"), trunk("numbered", fine.uri),
            dns={"servers": [silent.address]}))
        e.wait_metric(1, "siptrunk_probe_failures_total", trunk="named", reason="dns")
        self.assertLess(time.monotonic() - begun, 4)
        e.wait_metric(0, "siptrunk_up", trunk="named")
        line, = e.log(msg="trunk changed state", trunk="named")
        self.assertEqual((line["to"], line["reason"]), ("down", "dns"))
        # A reload while it is asked takes nothing along, whenever it comes.
        for _ in range(6):
            e.send(signal.SIGHUP)
            time.sleep(0.3)
        failures = e.scrape().get("siptrunk_probe_failures_total", trunk="named",
                                  reason="dns")
        e.wait_metric(lambda v: v > failures + 1, "siptrunk_probe_failures_total",
                      trunk="named", reason="dns")
        m = e.settled("numbered", 3)
        self.assertEqual((m.failures("numbered"), m.state("numbered")), ({}, "up"))
