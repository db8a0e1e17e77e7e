"""
The systems that trunks are made of: what a Lync mediation server, OpenSIPS and an Acme
SBC really sent is answered and understood, we can send the ping that an Acme SBC sends,
and presets come to the settings and verdicts that they promise.
"""

import json
import os
import re
import socket
import unittest

import peers
from harness import FAST, ROOT, Case, config_of, free_port, run, trunk, wait_for
from recorded import reply_like, thread_message
from sip_peer import SipPeer, answer
from user_agents import Asterisk, Baresip

QUICK = {"interval": "1s", "down_interval": "1s", "timeout": "800ms"}


def exchange(address, raw):
    """Sends bytes over a TCP connection; the head of what comes back."""
    with socket.create_connection(address, 5) as s:
        s.sendall(raw)
        data = b""
        while b"\r\n\r\n" not in data:
            more = s.recv(65535)
            if not more:
                break
            data += more
    return data.decode()


def fields(head):
    """[(name in lower case, value)]"""
    return [(l.partition(":")[0].strip().lower(), l.partition(":")[2].strip())
            for l in head.split("\r\n")[1:] if ":" in l]


class Thread(Case):
    """The four messages of the forum thread this project answers."""

    def answered(self, raw, to=None):
        peer = self.use(SipPeer(answer(), "tcp"))
        e = self.start(config_of(trunk("peer", peer.uri), listen=["tcp:127.0.0.1:0"]))
        e.settled("peer", 1)
        text = exchange(e.sip("tcp"), raw)
        self.assertTrue(text.startswith("SIP/2.0 200 OK\r\n"), text)
        m = e.wait_metric(1, "siptrunk_inbound_requests_total", trunk="peer",
                          method="OPTIONS")
        self.assertGreater(
            m.get("siptrunk_inbound_options_last_timestamp_seconds", trunk="peer"), 0)
        return dict(fields(text))

    def test_lync_ping(self):
        got = self.answered(thread_message("lync_options_tcp.sip"))
        self.assertEqual(
            got["from"], "<sip:medsrv.lab.example;transport=Tcp;ms-opaque="
            "ecf1ab4a34dd4f06>;epid=A30F2498B7;tag=6a78177e1")
        self.assertEqual(got["cseq"], "4351 OPTIONS")
        self.assertEqual(got["call-id"], "d4e0df91996b43d087e11706fb7c3dae")
        self.assertRegex(got["via"], r"^SIP/2\.0/TCP 192\.0\.2\.10:50012;"
                                     r"(received=127\.0\.0\.1;)?branch=z9hG4bKda4bc549")
        self.assertRegex(got["to"], r"^<sip:opensips\.example\.net>;tag=\S+$")

    def test_acme_ping(self):
        got = self.answered(thread_message("acme_options_tcp.sip"))
        self.assertEqual(
            got["from"],
            "<sip:ping@192.0.2.20>;tag=3a658ae239d0f88a98319696327c3e070000090")
        self.assertEqual(got["cseq"], "18 OPTIONS")
        self.assertRegex(got["to"], r"^<sip:ping@192\.0\.2\.10>;tag=\S+$")

    def test_acme_ping_compact(self):
        """The same in compact form, oddly spaced and folded."""
        raw = thread_message("acme_options_tcp.sip").decode()
        for name, short in (("Via", "v"), ("Call-ID", "i"), ("From", "f"), ("To", "t"),
                            ("Content-Length", "l")):
            raw = re.sub(rf"(?m)^{name}: ", f"{short} :\t", raw)
        raw = raw.replace("Max-Forwards: 70", "Max-Forwards  :70")
        raw = raw.replace("18 OPTIONS", "18\r\n  OPTIONS")
        got = self.answered(raw.encode())
        self.assertRegex(got.get("cseq", ""), r"^18\s+OPTIONS$|^18$")
        self.assertIn("ping@192.0.2.20", got.get("from", got.get("f", "")))

    def test_answers_understood(self):
        lync = self.use(SipPeer(reply_like("lync_200.sip"), "tcp"))
        opensips = self.use(SipPeer(reply_like("opensips_200.sip"), "tcp"))
        e = self.start(config_of(
            trunk("lync", lync.uri, preset="lync", **QUICK),
            trunk("opensips", opensips.uri, preset="opensips", **QUICK)))
        for name in ("lync", "opensips"):
            m = e.settled(name, 2)
            self.assertEqual(set(m.codes(name)), {200})
            self.assertEqual((m.failures(name), m.state(name)), ({}, "up"))

    def test_acme_ping_sent(self):
        """The preset sends what the SBC of the thread did, header by header."""
        peer = self.use(SipPeer(answer(), "tcp"))
        e = self.start(config_of(
            trunk("acme", peer.uri, preset="oracle",
                  request_uri=f"sip:medsrv.lab.example:{peer.port};transport=tcp",
                  **QUICK)))
        e.settled("acme", 1)
        rq = peer.requests[0]
        theirs = dict(fields(thread_message("acme_options_tcp.sip").decode()))
        ours = {n.lower(): v for n, v in rq.headers}
        self.assertEqual(set(theirs) - set(ours), set())
        self.assertRegex(rq.start, r"^OPTIONS sip:medsrv\.lab\.example:\d+"
                                   r";transport=tcp SIP/2\.0$")
        self.assertEqual(ours["route"], f"<sip:{peer.address};lr>")
        self.assertEqual(ours["max-forwards"], "70")
        self.assertRegex(ours["from"], r"^<sip:ping@127\.0\.0\.1:\d+>;tag=\S+$")
        self.assertEqual(ours["to"], f"<sip:ping@{peer.address}>")
        self.assertEqual(ours["content-length"], "0")
        self.assertRegex(ours["via"], r"^SIP/2\.0/TCP 127\.0\.0\.1:\d+;branch=z9hG4bK")


# preset: what it makes of final responses. Besides, silence is always down.
VERDICTS = {
    "teams": {200: "up", 403: "down", 404: "down", 503: "degraded", 504: "degraded"},
    "lync": {200: "up", 403: "down", 503: "degraded", 504: "down"},
    "oracle": {200: "up", 404: "up", 408: "up", 503: "degraded", 500: "down"},
    "audiocodes": {200: "up", 404: "up", 500: "up", 503: "degraded", 603: "up"},
    "cube": {200: "up", 400: "up", 408: "down", 500: "up", 503: "down", 505: "down"},
    "cucm": {200: "up", 401: "up", 408: "down", 500: "up", 503: "down"},
    "kamailio": {200: "up", 404: "up", 478: "degraded", 500: "degraded", 408: "down"},
    "opensips": {200: "up", 484: "up", 500: "degraded", 503: "degraded", 408: "down"},
    "asterisk": {200: "up", 401: "up", 404: "up", 503: "degraded", 500: "down"},
    "freeswitch": {200: "up", 404: "up", 500: "up", 503: "degraded", 408: "down",
                   603: "down"},
    "itsp": {200: "up", 401: "up", 403: "degraded", 429: "degraded", 500: "down"},
}


class Presets(Case):
    def presets(self):
        path = self.write("c.json", json.dumps(
            config_of(trunk("t", "sip:a.example", preset="?"))))
        code, _, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual(code, 1)
        return re.search(r"there are (.*)", err)[1].split(", ")

    def test_every_one_is_tested_and_told(self):
        self.assertEqual(sorted(self.presets()), sorted(VERDICTS))
        with open(os.path.join(ROOT, "docs", "presets.md"), encoding="utf-8") as f:
            told = re.findall(r"(?m)^## `(\w+)`", f.read())
        self.assertEqual(sorted(told), sorted(VERDICTS))

    def test_alone(self):
        """Each is whole in itself: nothing must be set besides."""
        for name in VERDICTS:
            path = self.write("c.json", json.dumps(
                {"trunks": [trunk("t", "sip:a.example", preset=name)]}))
            code, out, err = run(f"--config.file={path}", "--config.check")
            self.assertEqual((code, err), (0, ""), name)

    def test_verdicts(self):
        trunks, want = [], {}
        for preset, codes in VERDICTS.items():
            for code, state in codes.items():
                peer = self.use(SipPeer(answer(code)))
                name = f"{preset}-{code}"
                want[name] = state
                trunks.append(trunk(name, peer.uri, preset=preset, fall=1, **QUICK))
        e = self.start(config_of(*trunks))
        for name, state in want.items():
            m = e.settled(name, 1)
            self.assertEqual((name, m.state(name)), (name, state))

    def test_requests(self):
        """The bytes that each preset sends: with what our defaults send, or not."""
        peer = {p: self.use(SipPeer(answer())) for p in ("none", *VERDICTS)}
        e = self.start(config_of(*(
            trunk(p, s.uri, **({} if p == "none" else {"preset": p}), **QUICK)
            for p, s in peer.items())))
        shape = {}
        for name, s in peer.items():
            e.settled(name, 1)
            rq = s.requests[0]
            text = rq.raw.decode()
            for value, word in ((s.address, "PEER"), ("%s:%d" % rq.source, "US"),
                                (rq.branch, "BRANCH")):
                text = text.replace(value, word)
            text = re.sub(r";tag=\w+", ";tag=TAG", text)
            text = re.sub(r"(Call-ID): \w+", r"\1: ID", text)
            text = re.sub(r"siptrunk_exporter/\S+", "AGENT", text)
            shape[name] = text.split("\r\n")
        plain = [
            "OPTIONS sip:PEER;transport=udp SIP/2.0",
            "Via: SIP/2.0/UDP US;branch=BRANCH;rport",
            "Max-Forwards: 70", "From: <sip:ping@US>;tag=TAG",
            "To: <sip:PEER;transport=udp>", "Call-ID: ID", "CSeq: 1 OPTIONS",
            "Contact: <sip:ping@US>", "Accept: application/sdp", "User-Agent: AGENT",
            "Content-Length: 0", "", ""]
        acme = list(plain)
        acme.insert(3, "Route: <sip:PEER;lr>")
        acme[5] = "To: <sip:ping@PEER>"
        for name in peer:
            self.assertEqual(shape[name], acme if name == "oracle" else plain, name)

    def test_levels(self):
        """Trunk, profile, preset, defaults, built-in: the nearest wins."""
        peer = self.use(SipPeer(answer(500)))
        e = self.start({
            "defaults": {**FAST, **QUICK, "degraded_codes": [500], "fall": 1},
            "profiles": {"p": {"degraded_codes": []},
                         "q": {"preset": "kamailio", **QUICK}},
            "trunks": [
                trunk("defaults", peer.uri),
                trunk("preset", peer.uri, preset="cube", fall=1, **QUICK),
                trunk("profile", peer.uri, preset="kamailio", profile="p", fall=1,
                      **QUICK),
                trunk("inside", peer.uri, profile="q", fall=1),
                trunk("trunk", peer.uri, preset="cube", profile="q", fall=1,
                      up_codes=["2xx"]),
            ]})
        want = {"defaults": "degraded", "preset": "up", "profile": "down",
                "inside": "degraded", "trunk": "down"}
        for name, state in want.items():
            self.assertEqual((name, e.settled(name, 1).state(name)), (name, state))

    def test_beside(self):
        """What stands beside a preset wins over it, in the defaults too."""
        peer = self.use(SipPeer(answer(500)))
        e = self.start({
            "defaults": {"preset": "cube", **QUICK, "fall": 1, "up_codes": ["2xx"]},
            "profiles": {"p": {"preset": "kamailio", **QUICK, "degraded_codes": []}},
            "trunks": [
                trunk("defaults", peer.uri),
                trunk("profile", peer.uri, profile="p", fall=1),
                trunk("trunk", peer.uri, preset="kamailio", fall=1, **QUICK),
                trunk("own", peer.uri, preset="kamailio", fall=1, degraded_codes=[],
                      up_codes=[500], **QUICK),
            ]})
        want = {"defaults": "down", "profile": "down", "trunk": "degraded", "own": "up"}
        for name, state in want.items():
            self.assertEqual((name, e.settled(name, 1).state(name)), (name, state))
        code, out, err = run("probe", peer.uri, f"--config.file={e.config_path}")
        self.assertEqual((code, err), (2, ""), out)

    def test_conflict(self):
        """What a preset sets is blamed on who names it, not on a file nobody wrote."""
        path = self.write("c.json", json.dumps({
            "defaults": {"timeout": "20s"},
            "trunks": [trunk("t", "sip:a.example", preset="kamailio", timeout="15s")]}))
        code, _, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual(code, 1)
        self.assertIn("trunks[0].timeout: timeout (15s) must be shorter than interval "
                      "(10s)", err)
        path = self.write("c.json", json.dumps({
            "defaults": {"interval": "40s"},
            "profiles": {"p": {"timeout": "30s"}},
            "trunks": [trunk("t", "sip:a.example", preset="kamailio", profile="p")]}))
        code, _, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"(profiles\.p\.timeout|trunks\[0\]\.preset): timeout "
                              r"\(30s\) must be shorter than interval \(10s\)")


@unittest.skipIf(Baresip.missing(), "baresip is not installed")
class BaresipPeer(Case):
    def test_three_transports(self):
        cert, key = peers.certificate()
        b = self.use(Baresip(self.folder, cert, key))
        tls = {"ca_file": peers.authority()[0]}
        user = f"sip:test@127.0.0.1:{b.port}"
        e = self.start(config_of(
            trunk("udp", user), trunk("tcp", user + ";transport=tcp"),
            trunk("kept", user + ";transport=tcp", connection="reuse"),
            trunk("tls", f"sip:test@127.0.0.1:{b.port + 1};transport=tls", tls=tls),
            trunk("nobody", f"sip:127.0.0.1:{b.port}")))
        for name in ("udp", "tcp", "kept", "tls", "nobody"):
            m = e.settled(name, 2)
            # Who it does not know, baresip 1 answers with 404, later ones with 200.
            self.assertIn(set(m.codes(name)),
                          ({200}, {404}) if name == "nobody" else ({200},))
            self.assertEqual((m.failures(name), m.state(name)), ({}, "up"))


@unittest.skipIf(not Asterisk.root, "needs a folder with Asterisk, scripts/asterisk-test")
class AsteriskPeer(Case):
    def test_both_ways(self):
        """It answers our OPTIONS, 200 or 404, and we answer its qualify."""
        back = free_port(socket.SOCK_DGRAM)
        a = self.use(Asterisk(self.folder, back))
        e = self.start(config_of(
            trunk("udp", f"sip:127.0.0.1:{a.port}", preset="asterisk", **QUICK),
            trunk("tcp", f"sip:127.0.0.1:{a.port};transport=tcp", preset="asterisk",
                  **QUICK),
            trunk("unknown", f"sip:nobody@127.0.0.1:{a.port}", preset="asterisk",
                  **QUICK),
            listen=[f"udp:127.0.0.1:{back}"]))
        for name in ("udp", "tcp", "unknown"):
            m = e.settled(name, 2)
            self.assertEqual(set(m.codes(name)), {404 if name == "unknown" else 200})
            self.assertEqual((m.failures(name), m.state(name)), ({}, "up"))
        wait_for("a qualify", lambda: e.scrape().sum(
            "siptrunk_inbound_requests_total", method="OPTIONS") > 1)
