"""
What this machine or the path says when something is sent: each must be told as what it is,
and never of a trunk that it does not concern.
"""

import subprocess
import threading

from harness import Case, config_of, trunk
from namespaces import Namespace, unavailable
from sip_peer import SipPeer, answer


class WaysOut(Case):
    timed = "copies of a request are counted"

    def setUp(self):
        if reason := unavailable():
            self.skipTest(reason)
        super().setUp()
        self.ours, self.router, self.theirs = (self.use(Namespace()) for _ in range(3))
        self.router.wire(self.ours, "in", ["192.168.7.1/24"], ["192.168.7.2/24"])
        self.router.wire(self.theirs, "out", ["203.0.113.1/24"],
                         [f"203.0.113.{n}/24" for n in range(2, 8)])
        with self.router.inside(), open("/proc/sys/net/ipv4/ip_forward", "w") as f:
            f.write("1")
        with self.theirs.inside():
            self.sh("ip", "route", "add", "default", "via", "203.0.113.1")
        for namespace in (self.router, self.theirs):
            with namespace.inside():
                subprocess.run(["sysctl", "-qw", "net.ipv4.icmp_ratelimit=0",
                                "net.ipv4.icmp_ratemask=0"], capture_output=True,
                               check=False)
        inside = self.ours.inside()
        inside.__enter__()
        self.addCleanup(inside.__exit__, None, None, None)
        self.sh("ip", "route", "add", "default", "via", "192.168.7.1")

    def sh(self, *argv):
        r = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if r.returncode:
            self.skipTest(f"{argv}: {r.stderr}")

    def peer(self, transport="udp", host="203.0.113.2"):
        with self.theirs.inside():
            return self.use(SipPeer(answer(), transport, host))

    def told(self, e, name, want, state="down"):
        """The reasons of its failures, and the words of the change of its state."""
        m = e.settled(name, 2)
        self.assertEqual((name, set(m.failures(name)), m.state(name)),
                         (name, want, state))
        lines = e.log(msg="trunk changed state", trunk=name)
        return lines[-1].get("detail", lines[-1].get("error", ""))

    def unreachable(self):
        """How many ICMP errors came in here."""
        with open("/proc/thread-self/net/snmp") as f:
            names, values = (line.split() for line in f if line.startswith("Icmp:"))
        return int(values[names.index("InDestUnreachs")])

    def test_path_mtu(self):
        """
        The path takes less than 1,366 bytes, as ICMP says again and again: nobody fails,
        and none of it is loss.
        """
        with self.router.inside():
            self.sh("ip", "link", "set", "out", "mtu", "1280")
        with self.theirs.inside():
            self.sh("ip", "link", "set", "out", "mtu", "1280")
        peers = [self.peer(host=f"203.0.113.{n}") for n in range(2, 8)]
        trunks = [trunk(f"big{n}", p.uri, **{"from": "sip:" + "x" * 980 + "@a.example"})
                  for n, p in enumerate(peers[:3])]
        trunks += [trunk(f"small{n}-{k}", p.uri) for n, p in enumerate(peers)
                   for k in range(10)]
        config = config_of(*trunks)
        # None is slow enough to be asked again.
        config["defaults"] = {"interval": "1s", "timeout": "900ms", "t1": "800ms",
                              "down_interval": "1s", "fall": 1, "rise": 1}
        e = self.start(config, log_level="info")
        done = threading.Event()

        def forget():
            while not done.wait(0.02):
                subprocess.run(["ip", "route", "flush", "cache"], check=False)
        with self.ours.inside():
            forgetful = threading.Thread(target=forget, daemon=True)
            forgetful.start()
        e.wait_metric(lambda v: v >= 12, "siptrunk_probes_total", 30, trunk="big0")
        done.set()
        forgetful.join()
        for n in range(3):
            m = e.settled(f"big{n}", 12)
        self.assertGreater(self.unreachable(), 5, "ICMP said so")
        for name in (t["name"] for t in trunks):
            self.assertEqual((name, m.failures(name), m.state(name)), (name, {}, "up"))
        self.assertEqual(m.sum("siptrunk_probe_retransmissions_total"), 0)
        for n in range(3):
            requests, answers = (m.get(f"siptrunk_probe_udp_{what}_total",
                                       trunk=f"big{n}") for what in ("requests", "answers"))
            self.assertEqual(requests, answers, "a copy that was too long is none")
        self.assertEqual(m.sum("siptrunk_probe_udp_lost_total"), 0)

    def test_a_path_that_takes_little(self):
        """Our own route takes 600 bytes: requests of 900 and 1,400 leave in fragments."""
        self.sh("ip", "route", "add", "203.0.113.0/24", "via", "192.168.7.1", "mtu", "600")
        peer = self.peer()
        e = self.start(config_of(*(
            trunk(f"of{n}", peer.uri, **{"from": "sip:" + "x" * n + "@a.example"})
            for n in (10, 500, 1000))))
        for n in (10, 500, 1000):
            m = e.settled(f"of{n}", 2)
            self.assertEqual((n, m.failures(f"of{n}"), m.state(f"of{n}")), (n, {}, "up"))
        self.assertEqual(m.sum("siptrunk_probe_retransmissions_total"), 0)
        sizes = sorted({len(r.raw) // 100 for r in peer.requests})
        self.assertTrue(sizes[0] < 6 < sizes[-2] < 12 < sizes[-1], sizes)

    def test_firewall_of_our_own(self):
        """Not the peer: and each copy is tried, since the next may pass."""
        drop, reject, once, fine = (self.peer() for _ in range(4))
        for p, rule in ((drop, ["-j", "DROP"]), (reject, ["-j", "REJECT"]),
                        (once, ["-m", "statistic", "--mode", "nth", "--every", "2",
                                "--packet", "0", "-j", "DROP"])):
            self.sh("iptables", "-A", "OUTPUT", "-p", "udp", "--dport", str(p.port), *rule)
        e = self.start(config_of(trunk("drop", drop.uri), trunk("reject", reject.uri),
                                 trunk("once", once.uri), trunk("fine", fine.uri)))
        for name in ("drop", "reject"):
            self.assertIn("firewall", self.told(e, name, {"internal"}))
        self.told(e, "fine", set(), "up")
        self.told(e, "once", set(), "up")
        m = e.settled("drop", 2)
        self.assertEqual(m.get("siptrunk_probe_retransmissions_total", trunk="drop"),
                         2 * m.get("siptrunk_probes_total", trunk="drop"))

    def test_routes_of_our_own(self):
        kinds = ("blackhole", "prohibit", "unreachable")
        for n, kind in enumerate(kinds, 2):
            self.sh("ip", "route", "add", kind, f"198.51.100.{n}/32")
        fine = self.peer()
        e = self.start(config_of(
            trunk("fine", fine.uri),
            *(trunk(f"{kind}-{transport}",
                    f"sip:198.51.100.{n}:5060;transport={transport}")
              for n, kind in enumerate(kinds, 2) for transport in ("udp", "tcp"))))
        for kind in kinds:
            for transport in ("udp", "tcp"):
                words = self.told(e, f"{kind}-{transport}", {"unreachable"})
                self.assertIn({"blackhole": "blackhole route",
                               "prohibit": "Permission denied",
                               "unreachable": "No route"}[kind], words)
        self.told(e, "fine", set(), "up")

    def test_no_udp_there(self):
        """ICMP protocol unreachable, of one peer among others on the same socket."""
        none, fine = self.peer(), [self.peer(host="203.0.113.3") for _ in range(5)]
        with self.theirs.inside():
            self.sh("iptables", "-A", "INPUT", "-p", "udp", "--dport", str(none.port), "-j",
                    "REJECT", "--reject-with", "icmp-proto-unreachable")
        e = self.start(config_of(
            *(trunk(f"none{n}", none.uri) for n in range(10)),
            *(trunk(f"fine{n}-{k}", p.uri) for n, p in enumerate(fine)
              for k in range(10))))
        self.assertIn("protocol unreachable", self.told(e, "none0", {"unreachable"}))
        m = e.settled("fine4-9", 3)
        for n in range(5):
            for k in range(10):
                self.assertEqual(m.failures(f"fine{n}-{k}"), {})
