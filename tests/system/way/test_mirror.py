"""As whom a peer sees us, and who rewrites SIP on the way: the kernel's own ALG, and others."""

import json
import re
import subprocess

import chain
from harness import Case, config_of, run, trunk, wait_for
from sip_peer import SipPeer

SIGNS = ("via", "from", "call_id", "rport", "hidden")
PUBLIC = "203.0.113.7"


def sees(request, received=None, by=None, rport=True, **changed):
    """Answers as RFC 3261 18.2.1 and RFC 3581 ask; @by: as if another sent-by had come."""
    via = request.header("Via")
    host, port = request.source[:2]
    if by:
        via = re.sub(r"(SIP/2.0/\w+ )[^;]+", r"\g<1>" + by, via)
    via = re.sub(r";rport(?=;|$)", f";rport={port}" if rport else "", via)
    request.send(request.response(200, via=f"{via};received={received or host}", **changed))


def truly(request):
    sees(request)


def is_canary(request):
    return "canary.invalid" in request.header("Via")


# What a middlebox makes of both ends' messages, played by the peer.
FORMS = {
    "via": lambda r: sees(r, PUBLIC, None if is_canary(r) else PUBLIC + ":1"),
    "from": lambda r: sees(r, PUBLIC, **{"from": re.sub(r"@[^>]+", "@" + PUBLIC,
                                                        r.header("From"))}),
    "call_id": lambda r: sees(r, PUBLIC, call_id=r.header("Call-ID").split("@")[0] + "@x"
                              if "@" in r.header("Call-ID") else r.header("Call-ID")),
    "rport": lambda r: sees(r, PUBLIC, rport=False),
    "hidden": lambda r: sees(r, PUBLIC if is_canary(r) else None),
}
ASK = {"mirror": {"every": "1m"}, "interval": "500ms", "down_interval": "500ms",
       "timeout": "400ms"}


def signs(metrics, name):
    return {l["sign"] for l, v in metrics.all("siptrunk_alg_detected", trunk=name) if v}


class Mirrored(Case):
    def known(self, e, *names):
        """A scrape when rounds have found what there is of all of these."""
        def probe():
            m = e.scrape()
            return all(len(m.all("siptrunk_alg_detected", trunk=n)) == 5
                       for n in names) and m
        return wait_for("rounds of questions", probe, 20)


class Forms(Mirrored):
    def test_forms(self):
        """Each sign by itself, over UDP and TCP, and none at a peer that tells the truth."""
        peers = {f"{sign}-{t}": self.use(SipPeer(FORMS[sign], t))
                 for sign in SIGNS for t in ("udp", "tcp")}
        for t in ("udp", "tcp"):
            peers["well-" + t] = self.use(SipPeer(truly, t))
            # It knows nothing of rport's value, and shows it as it came.
            peers["plain-" + t] = self.use(SipPeer(transport=t))
        e = self.start(config_of(*(trunk(n, p.uri, **ASK) for n, p in peers.items()),
                                 trunk("off", peers["via-udp"].uri)))
        m = self.known(e, *peers)
        m = e.settled("via-udp", 8)
        for name in peers:
            sign = name.split("-")[0]
            want = {sign} if sign in SIGNS else set()
            self.assertEqual((name, signs(m, name)), (name, want))
        self.assertEqual(m.all("siptrunk_alg_detected", trunk="off"), [])
        self.assertTrue(all(m.state(n) == "up" for n in peers))
        self.assertEqual(m.sum("siptrunk_exporter_stray_messages_total"), 0)
        line = e.wait_log(msg="something on the way rewrites SIP", trunk="hidden-udp")
        self.assertEqual([l["signs"] for l in line], ["hidden"])
        self.assertIn("ALG", e.get("/trunks/hidden-udp"))
        self.assertNotIn("ALG", e.get("/trunks/well-udp"))
        target = json.loads(e.get("/api/v1/trunks/hidden-udp"))["targets"][0]
        self.assertEqual(target["mirror"]["alg_signs"], ["hidden"])
        self.assertEqual(
            json.loads(e.get("/api/v1/trunks/well-udp"))["targets"][0]["mirror"]["alg_signs"],
            [])

    def test_pieces(self):
        """Over TCP: line ends before an answer, and a 100 and the 200 in one segment."""
        def idle(r):
            r.send(b"\r\n\r\n" + r.response(200))

        def both(r):
            r.send(r.response(100) + r.response(200))

        def cut(r):
            r.send(r.response(100) + b"\r\n" + r.response(200)[:30])
            r.later(0.1, lambda: r.send(r.response(200)[30:]))

        def twice(r):
            r.send(r.response(200) + r.response(200))
        peers = {b.__name__: self.use(SipPeer(b, "tcp")) for b in (idle, both, cut, twice)}
        e = self.start(config_of(*(trunk(n, p.uri, **ASK) for n, p in peers.items())))
        m = self.known(e, *peers)
        self.assertEqual([signs(m, n) for n in peers], [set()] * 4)

    def test_mapping_changes(self):
        """Each other address is a change, the same is none; what was sent from is no NAT."""
        now = [None]
        p = self.use(SipPeer(lambda r: sees(r, now[0])))
        e = self.start(config_of(trunk("t", p.uri, interval="200ms", down_interval="200ms",
                                       timeout="190ms")))
        e.wait_metric(0, "siptrunk_nat_detected", trunk="t")
        for changes, address in enumerate((PUBLIC, "198.51.100.9", None), 1):
            now[0] = address
            e.wait_metric(changes, "siptrunk_nat_mapping_changes_total", trunk="t")
            self.assertEqual(e.scrape().get("siptrunk_nat_detected", trunk="t"),
                             1 if address else 0)
        m = e.settled("t", 30)
        self.assertEqual(m.get("siptrunk_nat_mapping_changes_total", trunk="t"), 3)
        seen = json.loads(e.get("/api/v1/trunks/t"))["targets"][0]["mirror"]
        self.assertTrue(seen["seen_as"].startswith("127.0.0.1:"), seen)
        self.assertEqual((seen["nat"], seen["changes"]), (False, 3))
        self.assertIn("(no NAT), since", e.get("/trunks/t"))

    def test_bad_settings(self):
        for value, why in (({}, "every"), ({"every": "1s"}, "every"), (True, "mirror"),
                           ({"every": "1h", "x": 1}, "x")):
            config = config_of(trunk("t", "sip:192.0.2.1", mirror=value))
            path = self.write("bad.json", json.dumps(config))
            code, _, err = run(f"--config.file={path}", "--config.check")
            self.assertEqual(code, 1, err)
            self.assertIn(why, err)


class Routers(Mirrored):
    """The first router has a NAT, and the kernel's ALG, or neither."""

    def setUp(self):
        reason = chain.why_not()
        if reason:
            self.skipTest(reason)
        super().setUp()
        self.chain = chain.Chain()
        self.addCleanup(self.chain.close)
        here = self.chain.ours.inside()
        here.__enter__()
        self.addCleanup(here.__exit__, None, None, None)

    def peers(self):
        found = {}
        with self.chain.theirs.inside():
            for transport in ("udp", "tcp"):
                for host in (chain.THEIRS, chain.THEIRS6):
                    name = f"{transport}-{6 if ':' in host else 4}"
                    found[name] = self.use(SipPeer(truly, transport, host, port=5060))
        return found

    def rules(self, nat=False, alg=False):
        for v6 in (False, True):
            if nat:
                self.chain.rule(1, "-o", "net2", "-j", "MASQUERADE", table="nat",
                                chain="POSTROUTING", v6=v6)
            for transport in ("udp", "tcp") if alg else ():
                try:
                    self.chain.rule(1, "-p", transport, "--dport", "5060", "-j", "CT",
                                    "--helper", "sip", table="raw", chain="PREROUTING", v6=v6)
                except subprocess.CalledProcessError:
                    self.skipTest("this kernel has no SIP helper")

    def found(self):
        peers = self.peers()
        e = self.start(config_of(*(trunk(n, p.uri, **ASK) for n, p in peers.items())))
        m = self.known(e, *peers)
        return {n: (int(m.get("siptrunk_nat_detected", trunk=n)), signs(m, n))
                for n in peers}

    def test_no_nat(self):
        self.assertEqual(set(map(str, self.found().values())), {str((0, set()))})

    def test_nat(self):
        self.rules(nat=True)
        self.assertEqual(set(map(str, self.found().values())), {str((1, set()))})

    def test_kernel_alg(self):
        self.rules(nat=True, alg=True)
        found = self.found()
        for name in ("udp-4", "tcp-4"):
            self.assertEqual((name, found[name][1]), (name, {"hidden"}))
