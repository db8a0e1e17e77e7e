"""A trace over three routers: who is there, who rejects, where it is lost. Harmless."""

import concurrent.futures
import json
import os

import chain
from harness import Case, config_of, run, trunk, wait_for
from sip_peer import SipPeer, answer

# As the service is: nobody, without a capability.
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
          "--bounding-set=-all", "--no-new-privs")


def proxies(request):
    """Two hops of SIP and a user agent behind them, as far as Max-Forwards tells."""
    left = int(request.header("Max-Forwards"))
    server = ("edge", "inner", "agent")[min(left, 2)]
    code = 483 if left < 2 else 200
    request.send(request.response(code, "Too Many Hops" if code == 483 else "OK",
                                  extra=f"Server: {server}\r\n"))


def hops(found):
    return [(h["address"], h["answer"]) for h in found["hops"]]


class Traced(Case):
    @classmethod
    def setUpClass(cls):
        cls.reason = chain.why_not()
        cls.chain = None if cls.reason else chain.Chain()
        if cls.chain:
            cls.addClassCleanup(cls.chain.close)

    def setUp(self):
        if self.reason:
            self.skipTest(self.reason)
        super().setUp()
        os.chmod(self.folder, 0o755)
        here = self.chain.ours.inside()
        here.__enter__()
        self.addCleanup(here.__exit__, None, None, None)

    def peer(self, behaviour=None, transport="udp", host=chain.THEIRS):
        with self.chain.theirs.inside():
            return self.use(SipPeer(behaviour or answer(), transport, host))

    def probe(self, uri, *more):
        code, out, err = run("probe", uri, "--trace", "--format=json", "--timeout=1s", *more,
                             wrap=NOBODY, timeout=60)
        self.assertNotEqual(code, 3, out + err)
        return json.loads(out)["trace"]

    def serve(self, config, **more):
        return self.start(config, wrap=NOBODY, args=("--sandbox=on",), **more)


class Ways(Traced):
    def test_routers_and_proxies(self):
        p, p6 = self.peer(proxies), self.peer(proxies, host=chain.THEIRS6)
        for peer, routers, local, theirs in (
                (p, chain.ROUTERS, chain.OURS + ":", chain.THEIRS),
                (p6, chain.ROUTERS6, f"[{chain.OURS6}]:", chain.THEIRS6)):
            found = self.probe(peer.uri)
            self.assertEqual(hops(found), [(r, "router") for r in routers]
                             + [(theirs, "answered")])
            self.assertEqual([(s["max_forwards"], s["code"], s["server"])
                              for s in found["sip_hops"]],
                             [(0, 483, "edge"), (1, 483, "inner"), (2, 200, "agent")])
            self.assertEqual((found["reply_ttl"], found["reply_hops"]), (61, 3))
            self.assertEqual(found["path_mtu_bytes"], 1500)
            self.assertEqual(found["ends"], f"answered by {theirs} (hop 4)")
            self.assertTrue(found["local"].startswith(local), found["local"])
            self.assertTrue(all(h["rtt_seconds"] >= 0 for h in found["hops"]))
        self.assertLessEqual(len(p.requests), 1 + 3 + 3)

    def test_text(self):
        p = self.peer(proxies)
        code, out, err = run("probe", p.uri, "--trace")
        self.assertEqual((code, err), (0, ""))
        lines = out[out.index("trace  "):].splitlines()
        self.assertRegex(lines[0], rf"^trace  {p.address} over udp, \d+ bytes, from "
                                   rf"{chain.OURS}:\d+$")
        for n, router in enumerate(chain.ROUTERS, 1):
            self.assertRegex(lines[n], rf"^  {n}  {router} +[\d.]+ ms$")
        self.assertRegex(lines[4], rf"^  4  {chain.THEIRS} +[\d.]+ ms   SIP: 483 Too Many "
                                   r'Hops +Max-Forwards 0, "edge"$')
        self.assertRegex(lines[5], r'^     sip hop 2 .*483 Too Many Hops +Max-Forwards 1, '
                                   r'"inner"$')
        self.assertRegex(lines[6], r'^     sip hop 3 .*200 OK +Max-Forwards 2, "agent"$')
        self.assertEqual(lines[7], f"  answered by {chain.THEIRS} (hop 4).   Way back: 3 "
                                   "routers (reply TTL 61 of 64).   Path MTU 1500.")

    def test_syn(self):
        for host, routers in ((chain.THEIRS, chain.ROUTERS), (chain.THEIRS6, chain.ROUTERS6)):
            p = self.peer(proxies, "tcp", host)
            found = self.probe(p.uri)
            self.assertEqual(hops(found), [(r, "router") for r in routers]
                             + [(host, "answered")])
            self.assertEqual([s["code"] for s in found["sip_hops"]], [483, 483, 200])
            p.close()
            found = self.probe(p.uri)
            self.assertEqual(hops(found)[3:], [(host, "refused")])

    def test_agent_ignores_max_forwards(self):
        found = self.probe(self.peer().uri)
        self.assertEqual([(s["max_forwards"], s["code"]) for s in found["sip_hops"]],
                         [(0, 200)])

    def test_refused_flags(self):
        for more in (("--format=nagios",), ("--all", "--config.file=x")):
            args = ("--trace", *more) if "--all" in more else ("sip:192.0.2.1", "--trace", *more)
            code, out, _ = run("probe", *args)
            self.assertEqual(code, 3, out)
            self.assertIn("--trace", out)


class Faults(Traced):
    def test_faults(self):
        peers = {name: self.peer() for name in ("dropped", "rejected", "closed")}
        peers6 = {name: self.peer(host=chain.THEIRS6) for name in peers}
        tcp = self.peer(transport="tcp")
        for kind, v6, reject in ((peers, False, "icmp-admin-prohibited"),
                                 (peers6, True, "icmp6-adm-prohibited")):
            self.chain.rule(2, "-p", "udp", "--dport", str(kind["dropped"].port), "-j",
                            "DROP", v6=v6)
            self.chain.rule(3, "-p", "udp", "--dport", str(kind["rejected"].port), "-j",
                            "REJECT", "--reject-with", reject, v6=v6)
            kind["closed"].close()
        self.chain.rule(3, "-p", "tcp", "--dport", str(tcp.port), "-j", "REJECT",
                        "--reject-with", "icmp-host-prohibited")
        want = [
            (peers["dropped"], "lost after 10.70.2.2 (hop 2)"),
            (peers["rejected"], "rejected by 10.70.3.2 (hop 3): administratively "
                                "prohibited"),
            (peers["closed"], "refused by 10.70.4.2 (hop 4): nothing listens there"),
            (peers6["dropped"], "lost after fd70:2::2 (hop 2)"),
            (peers6["rejected"], "rejected by fd70:3::2 (hop 3): administratively "
                                 "prohibited"),
            (peers6["closed"], "refused by fd70:4::2 (hop 4): nothing listens there"),
            (tcp, "rejected by 10.70.3.2 (hop 3): host administratively prohibited"),
        ]
        with concurrent.futures.ThreadPoolExecutor(len(want)) as pool:
            found = list(pool.map(lambda w: self.probe(w[0].uri), want))
        self.assertEqual([f["ends"] for f in found], [w for _, w in want])
        rejected = found[1]["hops"][3]
        self.assertEqual((rejected["icmp_type"], rejected["icmp_code"], rejected["answer"]),
                         (3, 13, "rejected"))
        self.assertEqual(found[0]["sip_hops"], [])


class Terse(Traced):
    def test_eight_bytes(self):
        """Routers that return no more than the ports are asked one at a time."""
        with self.chain.routers[1].inside():
            self.use(chain.TerseRouter("net2", "10.70.2.2"))
        p = self.peer()
        found = self.probe(p.uri)
        self.assertTrue(found["one_by_one"])
        self.assertEqual(hops(found), [(r, "router") for r in chain.ROUTERS]
                         + [(chain.THEIRS, "answered")])


class Served(Traced):
    """From inside the program, in its sandbox and without a capability."""

    def post(self, e, name, what="trace"):
        return e.get(f"/trunks/{name}/{what}", method="POST",
                     headers={"Origin": e.base, "Sec-Fetch-Site": "same-origin"})

    def test_harmless(self):
        """Twenty traces from the socket of a trunk that is probed every 100 ms."""
        p = self.peer()
        quiet = {"interval": "1h", "down_interval": "1h", "timeout": "1s", "fall": 1}
        names = [f"t{n}" for n in range(20)]
        e = self.serve(config_of(
            trunk("busy", p.uri, interval="100ms", down_interval="100ms", timeout="90ms",
                  t1="40ms", fall=1),
            *(trunk(n, p.uri, **quiet) for n in names)))
        e.wait_metric(lambda v: v > 3, "siptrunk_probes_total", trunk="busy")

        def traced(name):
            return wait_for(f"a trace of {name}", lambda: self.post(e, name), 40, 0.3)

        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            pages = list(pool.map(traced, names))
        for page in pages:
            self.assertIn(f"answered by {chain.THEIRS} (hop 4)", page)
        m = e.settled("busy", 20)
        self.assertEqual((m.failures("busy"), m.state("busy")), ({}, "up"))
        self.assertEqual(m.sum("siptrunk_probe_udp_lost_total", trunk="busy"), 0)
        self.assertEqual(m.sum("siptrunk_state_changes_total", trunk="busy"), 1)
        self.assertEqual(m.sum("siptrunk_exporter_stray_messages_total"), 0)
        self.assertEqual(m.get("siptrunk_probe_reply_hops", trunk="busy"), 3)
        self.assertEqual(m.get("siptrunk_probe_reply_hops_changes_total", trunk="busy"), 0)
        api = json.loads(e.get("/api/v1/trunks/t0"))
        self.assertEqual(hops(api["trace"])[0], (chain.ROUTERS[0], "router"))

        self.chain.rule(4, "-p", "udp", "--sport", str(p.port), "-j", "TTL", "--ttl-set",
                        "70", table="mangle", chain="OUTPUT")
        e.wait_metric(61, "siptrunk_probe_reply_hops", trunk="busy")
        e.wait_metric(1, "siptrunk_probe_reply_hops_changes_total", trunk="busy")

    def test_down(self):
        """One trace when it goes down, kept and told; none where it is not asked for."""
        p, other, closed = self.peer(), self.peer(), self.peer()
        fixed = {"local": {"port": 5099}, "fall": 1}
        e = self.serve(config_of(
            trunk("t", p.uri, trace_on_down=True, **fixed),
            trunk("off", other.uri, **fixed),
            trunk("closed", closed.uri, trace_on_down=True, **fixed)))
        for name in ("t", "off", "closed"):
            e.wait_metric(1, "siptrunk_up", trunk=name)
        for lost in (p, other):
            self.chain.rule(2, "-p", "udp", "--dport", str(lost.port), "-j", "DROP")
        closed.close()
        line = e.wait_log(40, msg="way to a trunk traced", trunk="t")[0]
        self.assertEqual(line["way"], "lost after 10.70.2.2 (hop 2)")
        api = json.loads(e.get("/api/v1/trunks/t"))
        self.assertEqual(api["trace"]["ends"], "lost after 10.70.2.2 (hop 2)")
        self.assertEqual(api["trace"]["local"], f"{chain.OURS}:5099")
        self.assertIn("lost after 10.70.2.2 (hop 2)", e.get("/trunks/t"))
        self.assertIn("; lost after 10.70.2.2 (hop 2); ", line["why"])
        self.assertEqual(api["why"], line["why"])
        for name in ("off", "closed"):
            self.assertEqual(e.scrape().state(name), "down")
            self.assertIsNone(json.loads(e.get(f"/api/v1/trunks/{name}"))["trace"])
        self.assertEqual(len(e.log(msg="way to a trunk traced")), 1)

    def test_guarded(self):
        p = self.peer()
        e = self.serve(config_of(trunk("t", p.uri)))
        with self.assertRaises(OSError) as other:
            e.get("/trunks/t/trace", method="POST",
                  headers={"Origin": "http://elsewhere.example",
                           "Sec-Fetch-Site": "cross-site"})
        self.assertEqual(other.exception.code, 403)
        self.post(e, "t")
        with self.assertRaises(OSError) as again:
            self.post(e, "t")
        self.assertEqual(again.exception.code, 429)
