"""
What peers really send: odd and right is read, wrong is refused in words, over UDP and TCP;
their pings and keep-alives; answers that come from somewhere else.
"""

import json
import socket
import subprocess

from harness import Bench, Case, config_of, run, trunk, wait_for
from namespaces import Namespace, unavailable
from sip_peer import SipPeer, script, server_tls

BINDINGS = "Contact: " + ", ".join(
    f"<sip:trunk@192.0.2.{i}:5060;transport=tcp;ob>;expires={60 + i};q=1" for i in
    range(1, 255)) + "\r\n"


def sends(change=lambda b: b, extra="", **fields):
    return lambda rq: rq.send(change(rq.response(200, extra=extra, **fields)))


def via(**parts):
    """The request's own Via with something behind its branch."""
    more = parts["more"]
    return lambda rq: rq.send(rq.response(200, via=rq.header("Via") + more))


def to(text):
    return lambda rq: rq.send(rq.response(200, to=text))


# Read, and the trunk is up.
ODD = {
    "no-colon": sends(extra="SBC 1 (Example Group)\r\n"),
    "space-in-name": sends(extra="X Bad Name: 1\r\n"),
    "control": sends(extra="X-Info: a\x01b\x00\r\n"),
    "bare-lf": sends(extra="Contact: <sip:a@192.0.2.1\n>\r\n"),
    "bare-cr": sends(extra="X-Info: a\rb\r\n"),
    "max-forwards-twice": sends(extra="Max-Forwards: 70\r\nMax-Forwards: 69\r\n"),
    "max-forwards-300": sends(extra="Max-Forwards: 300\r\n"),
    "length-twice": sends(extra="Content-Length: 0\r\n"),
    "id-twice": lambda rq: rq.send(rq.response(
        200, extra=f"i: {rq.header('Call-ID')}\r\n")),
    "bindings": sends(extra=BINDINGS),
    "line-40000": sends(extra="X-Long: " + "a" * 40000 + "\r\n"),
    "fields-4000": sends(extra="X-H: 1\r\n" * 4000),
    "message-60000": lambda rq: rq.send(rq.response(200, body=b"z" * 59000)),
    "lf-only": sends(lambda b: b.replace(b"\r\n", b"\n")),
    "version-lower": sends(lambda b: b.replace(b"SIP/2.0 200", b"sip/2.0 200")),
    "blank-before": sends(lambda b: b"\r\n\0\r\n" + b),
    "via-received-twice": via(more=";received=127.0.0.1;received=127.0.0.1"),
    "via-rport-twice": via(more=";rport=1;rport=2"),
    "via-received-empty": via(more=";received="),
    "via-semicolon": via(more=";"),
    "branch-upper": lambda rq: rq.send(rq.response(200, via=rq.header("Via").replace(
        rq.branch, rq.branch.upper()))),
    "to-missing": to(None),
    "to-tag-empty": to("<sip:a@b>;tag="),
    "to-two-tags": to("<sip:a@b>;tag=1;tag=2"),
    "to-odd-name": to("Foo & Bar GmbH, Oslo <sip:a@b>;tag=1"),
    "to-utf8": to("M\u00fcller <sip:a@b>;tag=1"),
}

# Refused, and why; in both cases an answer, never a web server.
REFUSED = {
    "two-ids": (sends(extra="Call-ID: another\r\n"), "two Call-IDs that differ"),
    "two-cseqs": (sends(extra="CSeq: 9 OPTIONS\r\n"), "two CSeqs that differ"),
    "two-vias": (sends(extra="Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"),
                 "response with more than one Via"),
    "code-700": (sends(lambda b: b.replace(b"200", b"700", 1)),
                 "status code out of range"),
    "no-id": (sends(call_id=None), "no Call-ID"),
    "no-from": (sends(_from=None), "no From"),
    "via": (sends(via="SIP/2.0/UDP"), "malformed Via"),
    "control": (sends(lambda b: b.replace(b"OK", b"O\x01K", 1)),
                "control byte in the status line"),
}
LENGTHS = "Content-Length is not one number"


class Answers(Bench):
    @classmethod
    def make(cls):
        for name, how in ODD.items():
            cls.peers["udp-" + name] = SipPeer(how)
            cls.peers["tcp-" + name] = SipPeer(how, "tcp")
        for name, (how, _) in REFUSED.items():
            cls.peers["udp-bad-" + name] = SipPeer(how)
            cls.peers["tcp-bad-" + name] = SipPeer(how, "tcp")
        cls.peers["udp-end"] = SipPeer(sends(lambda b: b[:-2]))
        cls.peers["udp-lengths"] = SipPeer(sends(extra="Content-Length: 9\r\n"))
        cls.peers["tcp-lengths"] = SipPeer(sends(extra="Content-Length: 9\r\n"), "tcp")

    def ups(self):
        m = self.exporter.scrape()
        return {l["trunk"]: v for l, v in m.all("siptrunk_up")}

    def test_odd_is_up(self):
        names = [f"{t}-{n}" for n in ODD for t in ("udp", "tcp")]
        names += ["udp-end", "udp-lengths"]
        wait_for("all states", lambda: len(self.ups()) == len(self.peers), 20)
        ups = self.ups()
        self.assertEqual([n for n in names if ups[n] != 1], [])

    def failure(self, name):
        self.exporter.settled(name)
        page = json.loads(self.exporter.get("/api/v1/trunks/" + name))
        return page["targets"][0]["failures"][0]

    def test_refused_says_why(self):
        for name, (_, why) in REFUSED.items():
            for transport in ("udp", "tcp"):
                with self.subTest(transport=transport, name=name):
                    told = self.failure(f"{transport}-bad-{name}")
                    self.assertEqual((told["outcome"], told["detail"]),
                                     ("protocol", why))
        self.assertEqual(self.failure("tcp-lengths")["detail"], LENGTHS)

    def test_never_a_web_server(self):
        for transport in ("udp", "tcp"):
            peer = self.peers[f"{transport}-bad-two-ids"]
            code, out, _ = run("probe", peer.uri, "-t1s")
            self.assertEqual(code, 2)
            self.assertIn("gave an answer that cannot be read: two Call-IDs", out)
            self.assertNotIn("web server", out)

    def test_oddities_are_in_the_ladder(self):
        for name, words in (("no-colon", "a line that is no header field"),
                            ("max-forwards-twice", "a header field given twice"),
                            ("lf-only", "lines that end in LF alone")):
            code, out, _ = run("probe", self.peers["udp-" + name].uri, "-t1s")
            self.assertEqual(code, 0)
            self.assertIn("odd: " + words, out)


class Pings(Case):
    """The peer's own requests and keep-alives, on a connection of its."""

    def setUp(self):
        super().setUp()
        self.peer = self.use(SipPeer())
        self.e = self.start(config_of(
            trunk("a", self.peer.uri), listen=["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]))

    def ask(self, raw):
        """The answer to a datagram of the peer's."""
        with self.peer.lock:
            self.peer.responses.clear()
        self.peer.socket.sendto(raw, self.e.sip("udp"))
        wait_for("an answer", lambda: self.peer.responses, 5)
        return self.peer.responses[0][0].split(b"\r\n")[0].decode()

    def test_over_udp(self):
        ping = self.peer.request
        fields = b"Via: "
        for what, raw in {
                "no colon": ping().replace(fields, b"ASBC 1 (x)\r\nVia: "),
                "Max-Forwards": ping().replace(fields, b"Max-Forwards: 0\r\nVia: "),
                "length": ping().replace(fields, b"Content-Length: 0\r\nVia: "),
                "long": ping().replace(fields, b"X: " + b"a" * 30000 + b"\r\nVia: "),
                "name": ping(From="SBC, Oslo (ping) <sip:p@127.0.0.1>;tag=1"),
                "zeros": b"\r\n\0" + ping()}.items():
            with self.subTest(what):
                self.assertEqual(self.ask(raw), "SIP/2.0 200 OK")
        for why, raw in {
                "malformed Call-ID": ping(Call_ID="a b"),
                "CSeq without a number under 2^31": ping(CSeq="4294967295 OPTIONS"),
                "CSeq names another method": ping(CSeq="1 INVITE"),
                "malformed Request-URI": ping().replace(b"sip:exporter", b"<sip:exporter"),
                "no From": ping(From=None),
                "datagram shorter than its Content-Length": ping(Content_Length="9"),
                "malformed Via": ping(Via=f"SIP/2.0 {self.peer.address};rport")}.items():
            with self.subTest(why):
                self.assertEqual(self.ask(raw), "SIP/2.0 400 Bad Request: " + why)
        m = self.e.scrape()
        self.assertEqual(m.get("siptrunk_exporter_stray_messages_total",
                               reason="malformed"), 7)

    def test_a_stranger_gets_nothing(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.2", 0))
            s.sendto(self.peer.request(Call_ID="a b"), self.e.sip("udp"))
            self.e.wait_metric(1, "siptrunk_exporter_stray_messages_total",
                               reason="malformed")
            s.setblocking(False)
            with self.assertRaises(BlockingIOError):
                s.recv(100)

    def test_a_connection_is_held(self):
        ping = self.peer.request()
        with socket.create_connection(self.e.sip("tcp"), 5) as s:
            for idle in (b"\r\n\0", b"\0\0\0\0", b"\n\r\n", b" \r\n", b"\r"):
                s.sendall(idle + ping)
                self.assertTrue(s.recv(4096).startswith(b"SIP/2.0 200 "), idle)
            s.sendall(b"\r\n\r\n")
            self.assertEqual(s.recv(10), b"\r\n")
            s.sendall(self.peer.request(Call_ID="a b") + ping)
            got = b""
            while got.count(b"\r\n\r\n") < 2:
                got += s.recv(4096)
            self.assertEqual([l for l in got.split(b"\r\n") if l[:4] == b"SIP/"],
                             [b"SIP/2.0 400 Bad Request: malformed Call-ID",
                              b"SIP/2.0 200 OK"])

    def test_no_length_is_the_end(self):
        with socket.create_connection(self.e.sip("tcp"), 5) as s:
            s.sendall(self.peer.request(Content_Length=None))
            got = b""
            while more := s.recv(4096):
                got += more
            self.assertIn(b"400 Bad Request: stream message without Content-Length", got)


class Elsewhere(Case):
    """An answer with our branch, from another port or address."""

    def elsewhere(self, host="127.0.0.1", other=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        s = self.use(socket.socket(family, socket.SOCK_DGRAM))
        s.bind((other or host, 0))
        peer = self.use(SipPeer(lambda rq: s.sendto(rq.response(200), rq.source),
                                host=host))
        return peer, "%s%s%s:%d" % ("[" if ":" in host else "", other or host,
                                    "]" if ":" in host else "", s.getsockname()[1])

    def test_is_told(self):
        kinds = {"port": self.elsewhere(), "address": self.elsewhere(other="127.0.0.2"),
                 "six": self.elsewhere(host="::1")}
        e = self.start(config_of(*(trunk(n, p.uri) for n, (p, _) in kinds.items())),
                       log_level="info")
        for name, (peer, place) in kinds.items():
            with self.subTest(name):
                m = e.settled(name)
                self.assertEqual(set(m.failures(name)), {"elsewhere"})
                kind = "address" if name == "address" else "port"
                counts = m.counts("siptrunk_probe_misdirected_responses_total", name,
                                  "kind")
                self.assertEqual(set(counts), {kind})
                line = e.wait_log(msg="trunk changed state", trunk=name)[0]
                self.assertEqual(line["reason"], "elsewhere")
                self.assertIn("200 from " + place, line["detail"])
                told = json.loads(e.get("/api/v1/trunks/" + name))["targets"][0]
                self.assertIn("elsewhere", [
                    x["kind"] for x in told["failures"][0]["entries"]])
                page = e.get("/trunks/" + name)
                self.assertIn("answered from elsewhere", page)
                self.assertIn("200 from " + place, page)
                code, out, _ = run("probe", peer.uri, "-t600ms")
                self.assertEqual(code, 2)
                self.assertIn("not taken: 200 from " + place, out)
                self.assertIn("answers_from", out)
        self.assertEqual(e.scrape().get("siptrunk_exporter_stray_messages_total",
                                        reason="unmatched"), 0)

    def test_anywhere(self):
        peers = {"port": self.elsewhere()[0], "six": self.elsewhere(host="::1")[0],
                 "address": self.elsewhere(other="127.0.0.2")[0]}
        e = self.start(config_of(*(
            trunk(n, p.uri, answers_from="anywhere") for n, p in peers.items())))
        for name in peers:
            m = e.wait_metric(1, "siptrunk_up", trunk=name)
            self.assertEqual(m.failures(name), {})
        code, out, _ = run("probe", "port", "-t1s", "--config.file", e.config_path)
        self.assertEqual(code, 0, out)

    def test_a_forged_one_is_nobodys(self):
        def forge(rq):
            branch = rq.branch[:-1] + ("0" if rq.branch[-1] != "0" else "1")
            rq.send_from("127.0.0.2", rq.response(
                200, via=rq.header("Via").replace(rq.branch, branch)))
        peer = self.use(SipPeer(forge))
        e = self.start(config_of(trunk("a", peer.uri, answers_from="anywhere")))
        m = e.settled("a")
        self.assertEqual(set(m.failures("a")), {"timeout"})
        self.assertGreater(m.get("siptrunk_exporter_stray_messages_total",
                                 reason="unmatched"), 0)
        self.assertEqual(m.sum("siptrunk_probe_misdirected_responses_total"), 0)


class Kept(Case):
    """A kept connection whose peer is gone without a word: the firewall forgot the flow."""

    timed = "half a second decides whether a connection is replaced in time"

    def setUp(self):
        reason = unavailable()
        if reason:
            self.skipTest(reason)
        super().setUp()
        ours, self.theirs = self.use(Namespace()), self.use(Namespace())
        self.theirs.wire(ours, "way", ["192.168.8.1/24"], ["192.168.8.2/24"])
        inside = ours.inside()
        inside.__enter__()
        self.addCleanup(inside.__exit__, None, None, None)

    def forget(self, flows):
        """Drops what belongs to these connections, both ways."""
        with self.theirs.inside():
            for port in flows:
                for chain, side in (("INPUT", "--sport"), ("OUTPUT", "--dport")):
                    r = subprocess.run(
                        ["iptables", "-A", chain, "-p", "tcp", side, str(port), "-j",
                         "DROP"], capture_output=True, text=True)
                    if r.returncode:
                        self.skipTest(r.stderr)

    def lost(self, transport, behaviour=None, **more):
        with self.theirs.inside():
            peer = self.use(SipPeer(behaviour, transport, host="192.168.8.1", **more))
        e = self.start(config_of(trunk(
            "a", peer.uri, connection="reuse", interval="3s", down_interval="3s",
            timeout="2s", tls={"insecure_skip_verify": True}
            if transport == "tls" else {})))
        e.settled("a", 2)
        e.get("/api/v1/trunks/a")  # whoever looks is shown successes too
        self.assertEqual(peer.connections, 1)
        return peer, e

    def replaced(self, peer, e):
        self.forget({rq.source[1] for rq in peer.requests})
        wait_for("another connection", lambda: peer.connections == 2, 10)
        before = e.scrape().sum("siptrunk_probes_total", trunk="a")
        m = e.settled("a", before + 1)
        self.assertEqual(m.failures("a"), {})
        self.assertEqual(m.state("a"), "up")
        self.assertEqual(peer.connections, 2)
        return m

    def test_over_tcp(self):
        peer, e = self.lost("tcp")
        self.forget({rq.source[1] for rq in peer.requests})

        def ladder():
            told = json.loads(e.get("/api/v1/trunks/a"))["targets"][0]["success"]
            kinds = [x["kind"] for x in told["entries"]]
            return "replaced" in kinds and told
        told = wait_for("the ladder", ladder, 10)
        self.assertEqual([x["kind"] for x in told["entries"]],
                         ["sent", "replaced", "connect", "sent", "received"])
        times = [x["offset_s"] for x in told["entries"]]
        self.assertEqual(times, sorted(times))
        # Twice T1, and not before.
        self.assertGreater(times[1], 0.39)
        self.assertLess(times[1], 1.2)
        self.assertEqual(e.scrape().failures("a"), {})
        self.assertEqual(peer.connections, 2)

    def test_over_tls(self):
        cert, key = self.path("c.pem"), self.path("k.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days",
             "1", "-subj", "/CN=peer.example"], check=True, capture_output=True)
        self.replaced(*self.lost("tls", tls=server_tls(cert, key)))

    def test_a_silent_peer_is_a_timeout(self):
        """It acknowledges: nothing is replaced within the probe."""
        peer, e = self.lost("tcp", script(200, 200, None, 200))
        m = wait_for("a failure", lambda: (m := e.scrape()).failures("a") and m, 10)
        self.assertEqual(m.failures("a"), {"timeout": 1})
        self.assertEqual((peer.connections, len(peer.requests)), (1, 3))


class Size(Case):
    """RFC 3261 18.1.1: the check tells of requests that are too long for UDP."""

    PAD = {"X-Pad": "a" * 700, "X-Pad2": "b" * 800}

    def warnings(self, **settings):
        e = self.write("size.json", json.dumps(
            {"trunks": [{"name": "b", "uri": "sip:127.0.0.1:5999", **settings}]}))
        code, _, err = run("--config.file", e, "--config.check")
        self.assertEqual(code, 0)
        return [l for l in err.splitlines() if "bytes" in l]

    def test_as_on_the_wire(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("b", peer.uri, headers=self.PAD)))
        e.settled("b", 1)
        size = len(peer.requests[0].raw)
        line, = e.log(msg="configuration warning")
        self.assertIn(f'trunk "b": its requests have {size} bytes over UDP',
                      line["warning"])
        _, _, err = run("--config.file", e.config_path, "--config.check")
        self.assertIn(f"warning: trunk \"b\": its requests have {size} bytes", err)

    def test_who_is_warned(self):
        long = "sip:" + "u" * 400 + "@127.0.0.1"
        for what, count, settings in (
                ("short", 0, {}),
                ("padded", 1, {"headers": self.PAD}),
                ("From, To and Contact", 1, {"from": long, "to": long, "contact": long}),
                ("over TCP", 0, {"headers": self.PAD,
                                 "uri": "sip:127.0.0.1;transport=tcp"}),
                ("over TLS", 0, {"headers": self.PAD, "uri": "sips:127.0.0.1"}),
                ("paused", 0, {"headers": self.PAD, "paused": True}),
                ("almost", 0, {"headers": {"X": "a" * 840}}),
                ("almost, with credentials", 1, {
                    "headers": {"X": "a" * 840},
                    "auth": {"username": "u", "password": "p"}}),
                ("REGISTER", 1, {"method": "REGISTER", "headers": self.PAD})):
            with self.subTest(what):
                self.assertEqual(len(self.warnings(**settings)), count)
