"""
Real network faults between namespaces: loss, refusals by ICMP, silence, IPv6 with a zone.
Each must come to the outcome that tells an operator where to look.
"""

import ctypes
import os
import shutil
import subprocess

from harness import Case, config_of, trunk, wait_for
from sip_peer import SipPeer, answer

CLONE_NEWNET = 0x40000000
PORTS = {"port-unreachable": "refused", "host-unreachable": "unreachable",
         "net-unreachable": "unreachable", "host-prohibited": "unreachable",
         "admin-prohibited": "unreachable"}


def sh(*argv):
    r = subprocess.run(argv, capture_output=True, text=True)
    if r.returncode:
        raise AssertionError(f"{argv}: {r.stdout}{r.stderr}")
    return r.stdout


def why_not():
    """Why these tests cannot run here, or None."""
    if os.geteuid():
        return "namespaces need root"
    for program in ("ip", "iptables", "ip6tables"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is not installed"
    name = f"siptrunk-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if tried.returncode:
        return "no namespace can be made: " + tried.stderr.strip()
    r = subprocess.run(["ip", "netns", "exec", name, "iptables", "-A", "INPUT", "-m",
                        "statistic", "--mode", "nth", "--every", "3", "--packet", "0",
                        "-j", "DROP"], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "del", name], check=False)
    return "iptables does not work: " + r.stderr.strip() if r.returncode else None


class inside:
    """With the calling thread in a namespace; threads that it starts stay there."""

    def __init__(self, name):
        self.path = f"/run/netns/{name}"
        self.libc = ctypes.CDLL(None, use_errno=True)

    def enter(self, path):
        fd = os.open(path, os.O_RDONLY)
        try:
            if self.libc.setns(fd, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns {path}")
        finally:
            os.close(fd)

    def __enter__(self):
        self.back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.enter(self.path)

    def __exit__(self, *unused):
        self.libc.setns(self.back, CLONE_NEWNET)
        os.close(self.back)


_reason = []


def reason():
    if not _reason:
        _reason.append(why_not())
    return _reason[0]


class Network(Case):
    """
    Two namespaces, ours and the peer's, joined by a veth pair: 192.0.2.1 and .2,
    2001:db8::1 and ::2, and link-local addresses. The exporter and whoever reads its
    metrics are in ours.
    """

    timed = "copies of a request are counted"

    def setUp(self):
        if reason():
            self.skipTest(reason())
        super().setUp()
        self.ours, self.theirs = (f"siptrunk-{s}-{os.getpid()}" for s in "ab")
        for name in (self.ours, self.theirs):
            sh("ip", "netns", "add", name)
            self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=False)
        sh("ip", "-n", self.ours, "link", "add", "v0", "type", "veth", "peer", "name",
           "v1", "netns", self.theirs)
        for name, link, n in ((self.ours, "v0", 1), (self.theirs, "v1", 2)):
            sh("ip", "-n", name, "link", "set", "lo", "up")
            sh("ip", "-n", name, "link", "set", link, "up")
            sh("ip", "-n", name, "addr", "add", f"192.0.2.{n}/24", "dev", link)
            sh("ip", "-n", name, "addr", "add", f"2001:db8::{n}/64", "dev", link, "nodad")
        # Many ICMP errors to one host in a second are what these tests are about. The
        # masks keep them out of the limit that all namespaces share, too.
        for name in (self.ours, self.theirs):
            subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw",
                            "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0",
                            "net.ipv4.icmp_ratemask=0", "net.ipv6.icmp.ratemask="],
                           capture_output=True, check=False)
        inside_ours = inside(self.ours)
        inside_ours.__enter__()
        self.addCleanup(inside_ours.__exit__)

    def peer(self, transport="udp", host="192.0.2.2", behaviour=None):
        with inside(self.theirs):
            return self.use(SipPeer(behaviour or answer(), transport, host))

    def rule(self, *rule, v6=False):
        """At the peer's door; the first one that fits decides."""
        sh("ip", "netns", "exec", self.theirs, "ip6tables" if v6 else "iptables", "-A",
           "INPUT", *rule)

    def link_local(self, name, link):
        def found():
            text = sh("ip", "-n", name, "-6", "addr", "show", "dev", link, "scope", "link")
            return "tentative" not in text and "inet6" in text and text
        return wait_for("a link-local address", found).split("inet6 ")[1].split("/")[0]

    def expect(self, e, name, failures, state):
        m = e.settled(name, 2)
        self.assertEqual((name, set(m.failures(name)), m.state(name)),
                         (name, failures, state))

    def test_refusals_over_udp(self):
        want, trunks = {}, []
        for kind, outcome in PORTS.items():
            p = self.peer()
            self.rule("-p", "udp", "--dport", str(p.port), "-j", "REJECT",
                      "--reject-with", "icmp-" + kind)
            want[kind] = outcome
            trunks.append(trunk(kind, p.uri))
        silent = self.peer()
        self.rule("-p", "udp", "--dport", str(silent.port), "-j", "DROP")
        fine = self.peer()
        closed = self.peer()
        closed.close()
        e = self.start(config_of(*trunks, trunk("fine", fine.uri),
                                 trunk("silent", silent.uri), trunk("closed", closed.uri)))
        for kind, outcome in want.items():
            self.expect(e, kind, {outcome}, "down")
        self.expect(e, "silent", {"timeout"}, "down")
        self.expect(e, "closed", {"refused"}, "down")
        self.expect(e, "fine", set(), "up")
        self.assertEqual(e.scrape().get(
            "siptrunk_probe_retransmissions_total", trunk="fine"), 0)

    def test_refusals_over_tcp(self):
        want = {**PORTS, "tcp-reset": "refused"}
        trunks = []
        for kind in want:
            p = self.peer("tcp")
            self.rule("-p", "tcp", "--dport", str(p.port), "-j", "REJECT",
                      "--reject-with", kind if kind == "tcp-reset" else "icmp-" + kind)
            trunks.append(trunk(kind, p.uri))
        silent = self.peer("tcp")
        self.rule("-p", "tcp", "--dport", str(silent.port), "-j", "DROP")
        fine = self.peer("tcp")
        e = self.start(config_of(*trunks, trunk("fine", fine.uri),
                                 trunk("silent", silent.uri)))
        for kind in want:
            m = e.settled(kind, 2)
            self.assertEqual((kind, set(m.failures(kind))), (kind, {want[kind]}))
            self.assertEqual(m.state(kind), "down")
        self.expect(e, "silent", {"connect"}, "down")
        self.expect(e, "fine", set(), "up")

    def test_over_ipv6(self):
        port, admin = self.peer(host="2001:db8::2"), self.peer(host="2001:db8::2")
        fine, tcp = self.peer(host="2001:db8::2"), self.peer("tcp", host="2001:db8::2")
        zone = self.link_local(self.ours, "v0") and "%v0"
        far = self.link_local(self.theirs, "v1")
        with inside(self.theirs):
            local = self.use(SipPeer(answer(), "udp", far + "%v1"))
            local_tcp = self.use(SipPeer(answer(), "tcp", far + "%v1"))
        for p, kind in ((port, "icmp6-port-unreachable"),
                        (admin, "icmp6-adm-prohibited")):
            self.rule("-p", "udp", "--dport", str(p.port), "-j", "REJECT",
                      "--reject-with", kind, v6=True)
        e = self.start(config_of(
            trunk("port", port.uri), trunk("admin", admin.uri), trunk("fine", fine.uri),
            trunk("tcp", tcp.uri),
            trunk("zone", f"sip:[{far}{zone}]:{local.port}"),
            trunk("zone-tcp", f"sip:[{far}{zone}]:{local_tcp.port};transport=tcp"),
            trunk("no-zone", f"sip:[{far}%nowhere]:{local.port}")))
        self.expect(e, "port", {"refused"}, "down")
        self.expect(e, "admin", {"unreachable"}, "down")
        for name in ("fine", "tcp", "zone", "zone-tcp"):
            self.expect(e, name, set(), "up")
        wait_for("no such zone", lambda: e.scrape().state("no-zone") == "down")

    def dropped(self, port):
        """How many packets to that port the rules at the peer's door have dropped."""
        text = sh("ip", "netns", "exec", self.theirs, "iptables", "-nvxL", "INPUT")
        return sum(int(l.split()[0]) for l in text.splitlines() if f"dpt:{port} " in l)

    def test_loss(self):
        """Every n-th datagram lost: up, without a failure, and each loss is counted."""
        peers = {n: self.peer() for n in (2, 3, 5)}
        for n, p in peers.items():
            self.rule("-p", "udp", "--dport", str(p.port), "-m", "statistic", "--mode",
                      "nth", "--every", str(n), "--packet", "0", "-j", "DROP")
        e = self.start(config_of(*(
            trunk(f"t{n}", p.uri, interval="2s", timeout="1900ms", down_interval="2s",
                  t1="300ms") for n, p in peers.items())))
        for n, p in peers.items():
            m = e.settled(f"t{n}", 4, 30)
            probes = m.get("siptrunk_probes_total", trunk=f"t{n}")
            self.assertEqual((m.codes(f"t{n}"), m.failures(f"t{n}"), m.state(f"t{n}")),
                             ({200: probes}, {}, "up"))
            # Never two in a row are lost, so each loss costs one copy more.
            dropped = self.dropped(p.port)
            self.assertEqual(
                m.get("siptrunk_probe_retransmissions_total", trunk=f"t{n}"), dropped)
            self.assertEqual(dropped, -(-(len(p.requests) + dropped) // n))

    def test_link_goes_and_comes(self):
        """No route: unreachable, at once; and up again without a restart."""
        p = self.peer()
        e = self.start(config_of(trunk("t", p.uri, fall=1, interval="1s",
                                       down_interval="1s", timeout="900ms")))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        sh("ip", "-n", self.ours, "link", "set", "v0", "down")
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.assertEqual(set(e.scrape().failures("t")) - {"timeout"}, {"unreachable"})
        sh("ip", "-n", self.ours, "link", "set", "v0", "up")
        e.wait_metric(1, "siptrunk_up", trunk="t")

    def test_local_address_that_comes(self):
        """A trunk whose address is not there yet works as soon as it is."""
        p = self.peer()
        e = self.start(config_of(trunk("t", p.uri, local={"address": "192.0.2.9"},
                                       fall=1, interval="1s", down_interval="1s",
                                       timeout="900ms")))
        e.wait_metric(0, "siptrunk_up", trunk="t")
        sh("ip", "-n", self.ours, "addr", "add", "192.0.2.9/24", "dev", "v0")
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.assertEqual(p.requests[0].source[0], "192.0.2.9")
