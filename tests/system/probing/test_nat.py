"""
A trunk behind NAT: the binding lives as long as something passes through it, and nobody is
told when it is gone. Our pings keep it; and where they do not, the peer's own stay away.
"""

import contextlib
import subprocess

from harness import Case, config_of, trunk, wait_for
from namespaces import Namespace, unavailable
from sip_peer import SipPeer

# The binding's life in seconds, and when the peer pings after a request of ours.
LIFE_S, PING_S = 2, 3


class Nat(Case):
    def setUp(self):
        reason = unavailable()
        if reason:
            self.skipTest(reason)
        super().setUp()
        ours, router, theirs = (self.use(Namespace()) for _ in range(3))
        self.theirs = theirs
        router.wire(ours, "in", ["192.168.7.1/24"], ["192.168.7.2/24"])
        router.wire(theirs, "out", ["203.0.113.1/24"], ["203.0.113.2/24"])
        with ours.inside():
            self.sh("ip", "route", "add", "default", "via", "192.168.7.1")
        with router.inside():
            self.sysctl("net/ipv4/ip_forward", 1)
            for name in ("udp_timeout", "udp_timeout_stream"):
                self.sysctl("net/netfilter/nf_conntrack_" + name, LIFE_S)
            self.sh("iptables", "-t", "nat", "-A", "POSTROUTING", "-o", "out", "-j",
                    "MASQUERADE")
            self.sh("iptables", "-A", "FORWARD", "-i", "out", "-m", "conntrack",
                    "--ctstate", "NEW,INVALID", "-j", "DROP")
        inside = ours.inside()
        inside.__enter__()
        self.addCleanup(inside.__exit__, None, None, None)

    def sysctl(self, name, value):
        try:
            with open("/proc/sys/" + name, "w") as f:
                f.write(str(value))
        except OSError as e:
            self.skipTest(f"{name}: {e}")

    def sh(self, *argv):
        r = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if r.returncode:
            self.skipTest(f"{argv}: {r.stderr}")

    def caller(self):
        """Answers, and pings us some seconds after each request, where that came from."""
        def behaviour(rq):
            rq.reply(200)
            rq.later(PING_S, lambda: ping(rq.source))

        def ping(back):
            peer.pings += 1
            with contextlib.suppress(OSError):
                peer.socket.sendto(peer.request(), back)
        with self.theirs.inside():
            peer = self.use(SipPeer(behaviour, host="203.0.113.2"))
        peer.pings = 0
        return peer

    def test_bindings(self):
        kept, lost = self.caller(), self.caller()
        e = self.start(config_of(
            trunk("kept", kept.uri, interval="1s", down_interval="1s", timeout="900ms",
                  expect_inbound="4s"),
            trunk("lost", lost.uri, interval="5s", down_interval="5s",
                  expect_inbound="6s"),
            listen=["udp:192.168.7.2:0"]))
        wait_for("degraded", lambda: e.scrape().state("lost") == "degraded", 20)
        m = e.scrape()
        # Its own probes say that all is well: each makes a binding of its own.
        self.assertEqual(m.failures("lost"), {})
        self.assertGreaterEqual(lost.pings, 1)
        self.assertEqual(m.sum("siptrunk_inbound_requests_total", trunk="lost"), 0)
        self.assertEqual(m.get("siptrunk_up", trunk="lost"), 1)
        self.assertEqual(m.state("kept"), "up")
        self.assertGreaterEqual(
            m.get("siptrunk_inbound_requests_total", trunk="kept", method="OPTIONS"), 2)
        line, = [l for l in e.log(msg="trunk changed state", trunk="lost")
                 if l["to"] == "degraded"]
        self.assertEqual(line["reason"], "inbound")
        # All of it came through the router: nobody there has our address.
        sources = {rq.source[0] for rq in kept.requests + lost.requests}
        self.assertEqual(sources, {"203.0.113.1"})
