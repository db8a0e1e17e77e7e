"""
What sizes pass (`size`), over routers that do to large packets what routers do: each path has
its own router and server, IPv4 and IPv6, all looked at by one exporter.
"""

import json
import subprocess
import unittest

import namespaces
import peers
from harness import Bench, trunk, wait_for
from namespaces import Namespace, ip
from sip_peer import SipPeer, answer


def tables(family):
    return "ip6tables" if family == 6 else "iptables"


def run(*argv):
    subprocess.run(argv, check=True, timeout=20, stdin=subprocess.DEVNULL)


def drop_fragments(end):
    """Of what comes from that end: all but the first."""
    def fault(family):
        match = (["-m", "frag", "--fraglast"] if family == 6 else ["-f"])
        run(tables(family), "-A", "FORWARD", "-i", end, *match, "-j", "DROP")
    return fault


def narrow(family):
    ip("link", "set", "far", "mtu", "1400")


def hole(family):
    """No ICMP that says so."""
    narrow(family)
    kind = (["icmpv6", "--icmpv6-type", "packet-too-big"] if family == 6 else
            ["icmp", "--icmp-type", "fragmentation-needed"])
    run(tables(family), "-A", "OUTPUT", "-p", *kind, "-j", "DROP")


def clean(family):
    pass


def limits(rq):
    rq.reply(513 if len(rq.raw) > 1300 else 200, "Message Too Large")


OUT = "small passes, large does not: fragments of our requests are dropped on the way"
BACK = "small passes, large does not: fragments of its answers are dropped on the way"
HOLE = {4: "a datagram of 1,472 B with DF vanishes, without DF it passes: "
           "a path-MTU black hole",
        6: "a datagram of 1,452 B vanishes whole, larger ones pass in fragments of "
           "1,280 B: a path-MTU black hole"}
# What the router does, the peer, the verdict and the gauges: small, request, both.
PATHS = {
    "clean": (clean, answer(), "fine", (1, 1, 1)),
    "out": (drop_fragments("near"), answer(), "fragments_out", (1, 0, 0)),
    "back": (drop_fragments("far"), answer(), "fragments_back", (1, 1, 0)),
    "told": (narrow, answer(), "fine", (1, 1, 1)),
    "hole": (hole, answer(), "black_hole", None),
    "limits": (clean, limits, "limited", (1, 1, 1)),
}


def reason():
    missing = peers.missing("ip", "iptables", "ip6tables")
    return f"{missing} is not installed" if missing else namespaces.unavailable()


class Path:
    """A router and a server behind it, at the end of a cable of @ours."""

    def __init__(self, ours, number, family, fault, behaviour):
        self.router, self.theirs = Namespace(), Namespace()
        net = (lambda n, h: f"fd70:{number:x}{n}::{h}") if family == 6 else (
            lambda n, h: f"10.70.{2 * number + n}.{h}")
        bits = 64 if family == 6 else 24
        flag = [f"-{family}"]
        for ns in (self.router, self.theirs):
            with ns.inside():
                self.set("ipv6/conf/default/accept_dad", 0)
        ours.wire(self.router, f"p{number}", [f"{net(0, 1)}/{bits}"],
                  [f"{net(0, 2)}/{bits}"])
        self.router.wire(self.theirs, "far", [f"{net(1, 1)}/{bits}"],
                         [f"{net(1, 2)}/{bits}"])
        self.says = net(0, 2)
        with self.router.inside():
            ip("link", "set", f"p{number}", "down")
            ip("link", "set", f"p{number}", "name", "near")
            ip("link", "set", "near", "up")
            if family == 6:  # it went with the link
                ip(*flag, "address", "add", f"{net(0, 2)}/{bits}", "dev", "near")
            self.set("ipv4/ip_forward", 1)
            self.set("ipv6/conf/all/forwarding", 1)
            for name in ("ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"):
                self.set(name, 0)
            fault(family)
        with self.theirs.inside():
            ip(*flag, "route", "add", "default", "via", net(1, 1))
            if fault in (narrow, hole):
                ip("link", "set", "far", "mtu", "1400")
            self.peer = SipPeer(behaviour, "udp", net(1, 2))
        with ours.inside():
            ip(*flag, "route", "add", f"{net(1, 0)}/{bits}" if family == 4 else
               f"fd70:{number:x}1::/64", "via", net(0, 2))

    @staticmethod
    def set(name, value):
        with open(f"/proc/sys/net/{name}", "w") as f:
            f.write(str(value))

    def close(self):
        self.peer.close()
        self.router.close()
        self.theirs.close()


@unittest.skipIf(reason(), reason())
class Sizes(Bench):
    defaults = {"interval": "500ms", "down_interval": "500ms", "timeout": "300ms",
                "t1": "60ms", "fall": 2, "rise": 1, "size": {"bytes": 1700, "every": 2}}

    @classmethod
    def make(cls):
        ours = Namespace()
        cls.addClassCleanup(ours.close)
        inside = ours.inside()
        inside.__enter__()
        cls.addClassCleanup(inside.__exit__, None, None, None)
        Path.set("ipv6/conf/default/accept_dad", 0)
        cls.paths = {}
        for family in (4, 6):
            for name, (fault, behaviour, _, _) in PATHS.items():
                path = Path(ours, len(cls.paths) + 1, family, fault, behaviour)
                cls.paths[f"{name}-{family}"] = path
                cls.addClassCleanup(path.close)
                cls.more.append(trunk(f"{name}-{family}", path.peer.uri))

    def size(self, name):
        """What the API says of a trunk."""
        t = json.loads(self.exporter.get(f"/api/v1/trunks/{name}"))
        return t["targets"][0]["size"]

    def said(self, name, verdict):
        """Once it is said: by the API, the page and the metrics; its state untouched."""
        size = wait_for(f"{name}: {verdict}", lambda: (
            s := self.size(name)) and s["verdict"] == verdict and s, 25, step=0.2)
        self.assertIn(size["words"], self.exporter.get(f"/trunks/{name}"))
        m = self.exporter.scrape()
        self.assertEqual((m.state(name), m.failures(name)), ("up", {}))
        return size, m

    def gauges(self, m, name):
        return tuple(int(m.get("siptrunk_size_success", trunk=name, size=s))
                     for s in ("small", "large_request", "large_both"))

    def test_paths(self):
        for family in (4, 6):
            for name, (_, _, verdict, gauges) in PATHS.items():
                with self.subTest(f"{name}-{family}"):
                    size, m = self.said(f"{name}-{family}", verdict)
                    if gauges:
                        self.assertEqual(self.gauges(m, f"{name}-{family}"), gauges)
                    if name != "told":
                        self.assertEqual(m.all("siptrunk_path_mtu_bytes",
                                               trunk=f"{name}-{family}"), [])
                    self.assertIn({"out": OUT, "back": BACK, "hole": HOLE[family],
                                   "limits": "the peer limits the size: it answers 513 "
                                             "to 1,700 B"}.get(name, "pass both ways"),
                                  size["words"])

    def test_router_that_says_it(self):
        """Every time it is asked, whatever the kernel remembers."""
        for family in (4, 6):
            name = f"told-{family}"
            wait_for(f"{name} to be told", lambda name=name: self.exporter.scrape().get(
                "siptrunk_path_mtu_bytes", trunk=name) == 1400, 20)
            size = self.size(name)
            self.assertEqual(size["path_mtu_router"], self.paths[name].says)
            self.assertIn(f"{self.paths[name].says} says the path takes 1,400 B",
                          size["words"])

    def test_log(self):
        self.said("out-4", "fragments_out")
        line = wait_for("a line", lambda: [
            l for l in self.exporter.log(msg="sizes checked", trunk="out-4")
            if l["size"] == "fragments_out"])
        self.assertEqual((len(line), line[0]["detail"]), (1, OUT))

    def test_small_ones_alone_count(self):
        """Questions are no probes: none is counted as one, or as lost."""
        self.said("out-4", "fragments_out")
        m = self.exporter.settled("out-4", 8, 30)
        self.assertEqual(m.sum("siptrunk_probe_udp_lost_total"), 0)
        self.assertEqual(m.codes("out-4"),
                         {200: int(m.get("siptrunk_probes_total", trunk="out-4"))})


class SizesFromAnywhere(Sizes):
    """The same over sockets that are not connected."""

    defaults = {**Sizes.defaults, "answers_from": "anywhere"}
