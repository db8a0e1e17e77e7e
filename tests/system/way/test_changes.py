"""What a peer shows of itself: each change told once, and none that is no change."""

import hashlib
import json
import os
import ssl
import unittest

import peers
from harness import Case, config_of, trunk
from pki import Made, bundle
from sip_peer import SipPeer, mute
from user_agents import Asterisk, Baresip

FAMILY = "siptrunk_peer_changes_total"
QUICK = {"interval": "100ms", "down_interval": "100ms", "timeout": "90ms"}
# For a run by hand: docs/changes.md has what 1,000 gave.
PROBES = int(os.environ.get("SIPTRUNK_CHANGES_PROBES", "20"))

LIKE = {"Allow": "INVITE, ACK, BYE", "Supported": "timer, 100rel", "Accept": "application/sdp",
        "Server": "SBC 7.2"}
BODY = ("v=0\r\no=- {0} {0} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio {1} RTP/AVP 0 96\r\n"
        "a=rtpmap:96 opus/48000/2\r\n")


def extra(fields):
    return "".join(f"{n}: {v}\r\n" for n, v in fields.items())


class Shown(SipPeer):
    """Answers with what `fields`, `body` and `code` say now; @turn: at each request anew."""

    def __init__(self, turn=None, **more):
        self.fields, self.body, self.code, self.turn = dict(LIKE), None, 200, turn
        super().__init__(self.show, **more)

    def show(self, rq):
        n = self.branches()
        if self.turn:
            self.turn(self, n)
        body = self.body.format(n, 1024 + n).encode() if self.body else b""
        rq.send(rq.response(self.code, extra=extra(self.fields), body=body))


def changes(m, name):
    """What changed, how often; the series that are 0 left out."""
    return m.counts(FAMILY, name, "what")


def shown(m, name):
    return {l["what"] for l, _ in m.all(FAMILY, trunk=name)}


class Changing(Case):
    def more_probes(self, e, name, count=3):
        """A scrape when so many probes more have ended."""
        now = e.scrape().get("siptrunk_probes_total", trunk=name)
        return e.settled(name, now + count)

    def target(self, e, name):
        return json.loads(e.get(f"/api/v1/trunks/{name}"))["targets"][0]


class Answers(Changing):
    def start_one(self, peer, **more):
        self.e = self.start(config_of(trunk("t", peer.uri, **{**QUICK, **more})))
        return self.e.settled("t", 3)

    def test_each_change_once(self):
        """One of each kind, one after the other; log, page and API have both values."""
        p = self.use(Shown())
        p.body = BODY
        m = self.start_one(p)
        self.assertEqual(shown(m, "t"), {"allow", "supported", "accept", "software", "sdp"})
        self.assertEqual(m.sum(FAMILY, trunk="t"), 0)
        counts = {}
        for what, field, value, old, new in (
                ("allow", "Allow", "INVITE,ACK", "ACK, BYE, INVITE", "ACK, INVITE"),
                ("supported", "Supported", "timer", "100rel, timer", "timer"),
                ("accept", "Accept", "a/B;q=1", "application/sdp", "a/b;q=1"),
                ("software", "Server", "SBC <8>\"&\xe9", "SBC 7.2", 'SBC <8>"&??'),
                ("sdp", None, BODY.replace("opus", "G722"), "opus/48000/2, pcmu/8000",
                 "g722/48000/2, pcmu/8000")):
            if field:
                p.fields[field] = value
            else:
                p.body = value
            self.e.wait_metric(1, FAMILY, trunk="t", what=what)
            counts[what] = 1
            self.assertEqual(changes(self.more_probes(self.e, "t"), "t"), counts)
            line = self.e.wait_log(msg="peer changed", what=what)
            self.assertEqual([(l["level"], l["trunk"], l["address"], l["from"], l["to"])
                              for l in line], [("info", "t", p.address, old, new)])
            told = [c for c in self.target(self.e, "t")["changes"] if c["what"] == what]
            self.assertEqual([(c["count"], c["from"], c["to"]) for c in told],
                             [(1, old, new)])
            self.assertLess(told[0]["from_unix_s"], told[0]["to_unix_s"])
        page = self.e.get("/trunks/t")
        self.assertIn("Changed: software", page)
        self.assertIn("SBC &lt;8&gt;", page)
        self.assertNotIn("SBC <8>", page)
        self.assertEqual(self.e.scrape().state("t"), "up")

    def test_what_goes_and_comes(self):
        """A field that is left out has changed, and one that is new; unlike a former value."""
        p = self.use(Shown())
        del p.fields["Supported"]
        m = self.start_one(p)
        self.assertNotIn("supported", shown(m, "t"))
        p.fields["Supported"] = "path"
        self.e.wait_metric(1, FAMILY, trunk="t", what="supported")
        del p.fields["Allow"]
        self.e.wait_metric(1, FAMILY, trunk="t", what="allow")
        self.assertEqual([l["to"] for l in self.e.log(msg="peer changed", what="allow")], [""])
        p.fields.update(LIKE, Supported="path")
        m = self.more_probes(self.e, "t", 5)
        self.assertEqual(changes(m, "t"), {"supported": 1, "allow": 1})

    def test_no_changes(self):
        """In other words, of other codes, by turns, late and from elsewhere: nothing."""
        def reordered(p, n):
            p.fields = {"Server": "SBC 7.2", "Allow": "bye", "Date": str(n)} if n % 2 else {
                "Allow": "BYE", "Server": "SBC  7.2"}
            p.body = BODY

        def alternating(p, n):
            p.code, p.fields = ((401, {"Server": "x"}), (200, LIKE), (503, {"Server": "e"}),
                                (404, {"Server": "y"}))[n % 4]

        def farm(p, n):
            p.fields = dict(LIKE, Server=f"node {n % 2}")

        turns = {"words": reordered, "codes": alternating, "farm": farm}
        all_peers = {n: self.use(Shown(turn)) for n, turn in turns.items()}
        late = self.use(SipPeer(lambda rq: rq.later(0.15, lambda: rq.reply(
            200, extra=f"Server: {rq.branch}\r\n"))))
        aside = self.use(SipPeer(lambda rq: rq.send_from("127.0.0.2", rq.response(
            200, extra=f"Server: {rq.branch}\r\n"))))
        off = self.use(Shown(lambda p, n: p.fields.update(Server=f"{n}")))
        e = self.start(config_of(
            *(trunk(n, p.uri, up_codes=["2xx", 401, 404], **QUICK)
              for n, p in all_peers.items()),
            trunk("late", late.uri, **QUICK), trunk("aside", aside.uri, **QUICK),
            trunk("off", off.uri, watch_changes=False, **QUICK),
            trunk("mute", self.use(SipPeer(mute)).uri, **QUICK)))
        for name in ("words", "codes", "farm", "late", "aside", "off", "mute"):
            m = e.settled(name, 40)
        self.assertEqual(changes(m, "words"), {})
        self.assertEqual(changes(m, "codes"), {})
        self.assertEqual(changes(m, "farm"), {"software": 1})
        for name in ("late", "aside", "off", "mute"):
            self.assertEqual((name, shown(m, name)), (name, set()))
        self.assertGreater(m.get("siptrunk_probe_late_responses_total", trunk="late"), 0)

    def test_other_methods(self):
        """Answers to REGISTER are not compared."""
        p = self.use(Shown(lambda p, n: p.fields.update(Server=f"{n}")))
        m = self.start_one(p, method="REGISTER", **{"from": "sip:a@127.0.0.1"})
        self.assertEqual(shown(m, "t"), set())

    def test_a_reload_keeps_what_is_known(self):
        p = self.use(Shown())
        self.start_one(p)
        config = config_of(trunk("t", p.uri, **QUICK), trunk("u", p.uri, **QUICK))
        self.e.write_config(config)
        self.e.send(1)
        self.e.settled("u", 2)
        p.fields["Server"] = "SBC 8"
        for name in ("t", "u"):
            self.e.wait_metric(1, FAMILY, trunk=name, what="software")


def context(made, chain=(), **more):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(bundle(made, *chain), made.key)
    for name, value in more.items():
        setattr(c, name, value)
    return c


def public_key(made):
    """The SHA-256 of its SubjectPublicKeyInfo, by OpenSSL."""
    path = made.cert + ".der"
    peers.openssl("pkey", "-in", made.key, "-pubout", "-outform", "DER", "-out", path)
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Handshakes(Changing):
    def test_each_change_once(self):
        """Version, key and root; a certificate renewed with the same key is no change."""
        one, two = (Made(f"Root {n}", ca=True) for n in "12")
        san = "IP:127.0.0.1"
        first = Made("sbc.test", one, san=san)
        p = self.use(Shown(transport="tls", tls=context(first)))
        tls = {"ca_file": bundle(one, two)}
        e = self.start(config_of(trunk("t", p.uri, tls=tls, **{**QUICK, "timeout": "95ms"}),
                                 trunk("kept", p.uri, tls=tls, connection="reuse",
                                       interval="100ms", timeout="95ms"),
                                 trunk("blind", p.uri, tls={"insecure_skip_verify": True},
                                       **{**QUICK, "timeout": "95ms"})))
        m = e.settled("kept", 3)
        m = e.settled("blind", 3)
        m = e.settled("t", 3)
        everything = {"allow", "supported", "accept", "software", "tls", "key", "root"}
        self.assertEqual((shown(m, "t"), shown(m, "kept")), (everything, everything))
        self.assertEqual(shown(m, "blind"), everything - {"root"})
        counts = {}
        renewed = Made("sbc.test", one, san=san, days=200, like=first)
        other = Made("sbc.test", one, san=san)
        moved = Made("sbc.test", two, san=san, like=other)
        for what, ctx in (
                (None, context(renewed)),
                ("tls", context(renewed, maximum_version=ssl.TLSVersion.TLSv1_2)),
                ("key", context(other, maximum_version=ssl.TLSVersion.TLSv1_2)),
                ("root", context(moved, maximum_version=ssl.TLSVersion.TLSv1_2))):
            p.tls = ctx
            if what:
                counts[what] = 1
                e.wait_metric(1, FAMILY, trunk="t", what=what)
            m = self.more_probes(e, "t", 4)
            self.assertEqual(changes(m, "t"), counts)
        told = {c["what"]: (c["from"], c["to"]) for c in self.target(e, "t")["changes"]}
        self.assertRegex(told["tls"][0], r"^TLSv1\.3 TLS_")
        self.assertRegex(told["tls"][1], r"^TLSv1\.2 ")
        self.assertEqual(told["key"], tuple(f"EC 256, SHA-256 {public_key(made)}"
                                            for made in (first, other)))
        self.assertRegex(told["root"][0], r"^issued by Root 1, root Root 1, key [0-9a-f]{16}$")
        self.assertRegex(told["root"][1], r"^issued by Root 2, root Root 2, key [0-9a-f]{16}$")
        self.assertEqual(m.state("t"), "up")
        self.assertEqual(changes(m, "kept"), {})
        self.assertEqual(changes(m, "blind"), {"tls": 1, "key": 1})

    def test_what_is_refused_is_not_looked_at(self):
        one, two = (Made(f"Root {n}", ca=True) for n in "12")
        p = self.use(Shown(transport="tls", tls=context(Made("a", one, san="IP:127.0.0.1"))))
        e = self.start(config_of(trunk("t", p.uri, tls={"ca_file": bundle(one)}, **QUICK)))
        e.wait_metric(0, FAMILY, trunk="t", what="key")
        p.tls = context(Made("a", two, san="IP:127.0.0.1"))
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.assertEqual(changes(e.scrape(), "t"), {})


class Real(Changing):
    """Servers as Debian has them: nothing changes while nobody changes it."""

    alone = "a hundred handshakes and probes a second"

    def unchanged(self, trunks, *traits):
        e = self.start(config_of(*trunks, defaults={
            "interval": "150ms", "down_interval": "150ms", "timeout": "140ms"}))
        for t in trunks:
            m = e.settled(t["name"], PROBES, 30 + PROBES)
            self.assertEqual((t["name"], changes(m, t["name"])), (t["name"], {}))
            self.assertLessEqual(set(traits), shown(m, t["name"]))
        for t in trunks:
            m = e.scrape()
            n = m.sum("siptrunk_probe_responses_total", trunk=t["name"])
            print(f"# {t['name']}: {n:.0f} answers, {sorted(shown(m, t['name']))}")
        self.assertEqual(e.log(msg="peer changed"), [])
        return m

    @unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
    def test_kamailio(self):
        cert, key = peers.certificate()
        k = self.use(peers.Kamailio(self.folder, cert=cert, key=key))
        tls = {"ca_file": peers.authority()[0]}
        m = self.unchanged([
            trunk("udp", f"sip:127.0.0.1:{k.udp}"),
            trunk("tcp", f"sip:127.0.0.1:{k.tcp};transport=tcp"),
            trunk("tls", f"sip:127.0.0.1:{k.tls};transport=tls", tls=tls),
            trunk("kept", f"sip:127.0.0.1:{k.tls};transport=tls", tls=tls,
                  connection="reuse")], "software")
        self.assertLessEqual({"tls", "key", "root"}, shown(m, "tls"))

    @unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
    def test_sipp(self):
        udp = self.use(peers.SippServer(self.folder, "udp"))
        tcp = self.use(peers.SippServer(self.folder, "tcp", 404, "Not Found"))
        self.unchanged([trunk("udp", f"sip:127.0.0.1:{udp.port}"),
                        trunk("tcp", f"sip:127.0.0.1:{tcp.port};transport=tcp")])

    @unittest.skipIf(Baresip.missing(), "baresip is not installed")
    def test_baresip(self):
        cert, key = peers.certificate()
        b = self.use(Baresip(self.folder, cert, key))
        tls = {"ca_file": peers.authority()[0]}
        self.unchanged([
            trunk("udp", f"sip:test@127.0.0.1:{b.port}"),
            trunk("tcp", f"sip:test@127.0.0.1:{b.port};transport=tcp"),
            trunk("tls", f"sip:test@127.0.0.1:{b.port + 1};transport=tls", tls=tls)],
            "software", "allow", "sdp")

    @unittest.skipUnless(Asterisk.root, "by scripts/asterisk-test: Debian 12 has no Asterisk")
    def test_asterisk(self):
        """By name 200 and 404, which are compared each with its own."""
        a = self.use(Asterisk(self.folder, 9))
        self.unchanged([
            trunk("udp", f"sip:127.0.0.1:{a.port}"),
            trunk("tcp", f"sip:127.0.0.1:{a.port};transport=tcp"),
            trunk("unknown", f"sip:nobody@127.0.0.1:{a.port}")],
            "software", "allow", "supported", "accept")
