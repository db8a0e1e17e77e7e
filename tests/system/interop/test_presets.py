"""
What presets promise beyond verdicts: the settings that docs/presets.md tells, and peers
that are as strict as those they are named after, over the transports that those speak.
"""

import json
import os
import re
import socket
import ssl

from harness import ROOT, Case, config_of, run, trunk, wait_for
from peers import authority, certificate
from sip_peer import SipPeer, answer, server_tls

QUICK = {"interval": "1s", "down_interval": "1s", "timeout": "800ms"}


def plain(key, value):
    """A setting as told by people or by the API, alike."""
    if key.endswith("codes"):
        value = value.replace("–", "-")
        parts = [p.split("-") for p in re.findall(r"\d+(?:-\d+)?", value)]
        return sorted(c for p in parts for c in range(int(p[0]), int(p[-1]) + 1))
    seconds = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", str(value))
    if seconds and seconds[0]:
        return 60 * int(seconds[1] or 0) + int(seconds[2] or 0)
    return str(value)


class Told(Case):
    def rows(self):
        """docs/presets.md's table: {preset: {setting: text}}"""
        with open(os.path.join(ROOT, "docs", "presets.md"), encoding="utf-8") as f:
            lines = re.findall(r"(?m)^\| `(\w+)` \| (\S+) / (\S+) \| (\S+) \| "
                               r"(\d+) / (\d+) \| (.*) \|$", f.read())
        keys = ("interval", "down_interval", "timeout", "fall", "rise", "degraded_codes")
        return {name: dict(zip(keys, values)) for name, *values in lines}

    def test_table(self):
        """Every value of the table is the one in force."""
        rows = self.rows()
        self.assertGreaterEqual(len(rows), 11)
        peer = self.use(SipPeer(answer()))
        e = self.start({"trunks": [trunk(n, peer.uri, preset=n) for n in rows]})
        for name, row in rows.items():
            in_force = json.loads(e.get("/api/v1/trunks/" + name))["settings"]
            with self.subTest(preset=name):
                self.assertEqual({k: plain(k, in_force[k]) for k in row},
                                 {k: plain(k, v) for k, v in row.items()})

    def test_counts(self):
        """As many failures until down, and successes until up, as any SBC can be set to."""
        trunks = [trunk(f"t{n}", "sip:192.0.2.1", fall=n, rise=11 - n)
                  for n in range(1, 11)]
        path = self.write("c.json", json.dumps({"trunks": trunks}))
        code, out, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual((code, out, err), (0, f"{path}: ok (10 trunks)\n", ""))

    def test_sources(self):
        """Each preset has a paragraph that names where it comes from."""
        with open(os.path.join(ROOT, "docs", "presets.md"), encoding="utf-8") as f:
            parts = re.split(r"(?m)^## `(\w+)`\n", f.read())[1:]
        told = dict(zip(parts[::2], parts[1::2]))
        self.assertEqual(sorted(told), sorted(self.rows()))
        for name, text in told.items():
            self.assertRegex(text, r"\nSources?: .*(https?://|`)", name)


class Teams(Case):
    """
    A peer that judges as Direct Routing does: TLS with our certificate, whose name must be
    in Contact; else it answers 403. It pings as well, and marks who does not answer.
    """

    def setUp(self):
        super().setUp()
        self.cert, self.key = certificate(san="DNS:sbc1.example.com")
        context = server_tls(*certificate(san="DNS:sip.pstnhub.example"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(authority()[0])
        context.verify_mode = ssl.CERT_REQUIRED
        self.peer = self.use(SipPeer(self.judge, "tls", tls=context))

    @staticmethod
    def judge(rq):
        shown = {v for k, v in rq.connection.getpeercert()["subjectAltName"] if k == "DNS"}
        host = re.match(r"<sip:([^:;>]+)(:\d+)?;transport=tls>", rq.header("Contact"))
        rq.reply(200 if host and host[1] in shown else 403)

    def teams(self, name, **more):
        return trunk(name, self.peer.uri, preset="teams", fall=1, **{
            **QUICK, "from": "sip:sbc1.example.com",
            "contact": "sip:sbc1.example.com:5061;transport=tls",
            "tls": {"ca_file": authority()[0], "cert_file": self.cert,
                    "key_file": self.key, "server_name": "sip.pstnhub.example"}, **more})

    def test_judged(self):
        other = certificate(san="DNS:sbc2.example.com")
        plain = {"ca_file": authority()[0], "server_name": "sip.pstnhub.example"}
        e = self.start(config_of(
            self.teams("right"),
            self.teams("no-name", contact="sip:ping@{local}"),
            self.teams("other-name", tls={**plain, "cert_file": other[0],
                                          "key_file": other[1]}),
            self.teams("no-certificate", tls=plain)))
        m = e.settled("right", 3)
        self.assertEqual((m.state("right"), set(m.codes("right"))), ("up", {200}))
        rq = self.peer.requests[0]
        self.assertEqual(rq.header("From").split(";tag")[0], "<sip:sbc1.example.com>")
        for name in ("no-name", "other-name"):
            m = e.settled(name, 1)
            self.assertEqual((m.state(name), set(m.codes(name))), ("down", {403}), name)
        m = e.settled("no-certificate", 1)
        self.assertEqual((m.state("no-certificate"), set(m.failures("no-certificate"))),
                         ("down", {"tls"}))
        causes = {l["cause"] for l, v in m.all(
            "siptrunk_tls_failures_total", trunk="no-certificate") if v}
        self.assertEqual(causes, {"handshake"})
        kept = {rq.source for rq in self.peer.requests
                if rq.header("Contact").startswith("<sip:sbc1.") and
                ("DNS", "sbc1.example.com") in self.san(rq)}
        self.assertEqual(len(kept), 1, "one connection is kept")

    @staticmethod
    def san(rq):
        return rq.connection.getpeercert()["subjectAltName"]

    def test_both_ways(self):
        """Its pings come over TLS with a certificate of its own, from any address."""
        conf = config_of(self.teams("t", expect_inbound="2s"))
        conf["sip"] = {"listen": ["tls:127.0.0.1:0"], "match_certificate": True, "tls": {
            "cert_file": self.cert, "key_file": self.key, "ca_file": authority()[0]}}
        e = self.start(conf)
        wait_for("degraded", lambda: e.scrape().state("t") == "degraded")
        context = ssl.create_default_context(cafile=authority()[0])
        context.load_cert_chain(*certificate(san="DNS:sip.pstnhub.example"))
        with socket.create_connection(e.sip("tls"), 5, ("127.0.0.9", 0)) as raw:
            with context.wrap_socket(raw, server_hostname="sbc1.example.com") as s:
                s.settimeout(5)
                s.sendall(self.peer.request())
                self.assertTrue(s.recv(65535).startswith(b"SIP/2.0 200 "))
        wait_for("up", lambda: e.scrape().state("t") == "up", step=0.01)


class OnTheWire(Case):
    """The request of each preset over TCP and TLS; test_peers_named has it over UDP."""

    def test_streams(self):
        with open(os.path.join(ROOT, "docs", "presets.md"), encoding="utf-8") as f:
            names = re.findall(r"(?m)^## `(\w+)`", f.read())
        tls = server_tls(*certificate())
        peers = {(n, t): self.use(SipPeer(answer(), t, tls=tls if t == "tls" else None))
                 for n in names for t in ("tcp", "tls")}
        e = self.start(config_of(*(
            trunk(f"{n}-{t}", p.uri, preset=n, tls={"ca_file": authority()[0]}, **QUICK)
            for (n, t), p in peers.items())))
        for (name, transport), peer in peers.items():
            m = e.settled(f"{name}-{transport}", 2)
            self.assertEqual(m.failures(f"{name}-{transport}"), {})
            rq = peer.requests[0]
            us = "%s:%d" % rq.source
            self.assertEqual(rq.start, f"OPTIONS {peer.uri} SIP/2.0")
            self.assertTrue(rq.header("Via").startswith(
                f"SIP/2.0/{transport.upper()} {us};branch=z9hG4bK"))
            self.assertEqual(rq.header("Contact"), f"<sip:ping@{us};transport={transport}>")
            routes = [v for n, v in rq.headers if n == "Route"]
            self.assertEqual(
                routes, [f"<sip:{peer.address};lr>"] if name == "oracle" else [])
            kept = name in ("teams", "lync", "cucm")
            requests = list(peer.requests)
            self.assertGreaterEqual(len(requests), 2)
            self.assertEqual(len({rq.source for rq in requests}),
                             1 if kept else len(requests), name)
