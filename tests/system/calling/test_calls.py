"""Calls against SIPp and Kamailio: each way to an end, asked of the peer itself."""

import concurrent.futures
import json
import signal
import socket
import ssl
import unittest
import uuid

import peers
from call_peers import Called, Echo, Proxy, soon
from harness import Case, config_of, free_port, run, trunk, wait_for

CALLS = {"numbers": ["100200", "fork"], "media": {
    "ports": "34000-34399", "networks": ["127.0.0.0/8", "::1"]}}


def calling(name, port, mode, to="100200", **call):
    return trunk(name, f"sip:127.0.0.1:{port}", method="INVITE",
                 call={"mode": mode, "to": to, "interval": "1m", "duration": "1s", **call})


def made(scrape, name):
    """What a trunk's calls cost: how many were answered, and how many were not."""
    return tuple(scrape.get("siptrunk_calls_made_total", trunk=name, answered=word)
                 for word in ("true", "false"))


class Calling(Case):
    def call(self, port, mode, seconds=40, uri=None, tls=None, **more):
        """One call now, by `probe`; its exit code and what it prints."""
        a = calling("a", port, mode, **more)
        path = self.write(f"{mode}-{port}.json", json.dumps(config_of(
            {**a, "uri": uri or a["uri"], "tls": tls or {},
             "auth": {"username": "u", "password": "p"}}, calls=CALLS)))
        code, out, err = run("probe", "a", "--config.file", path, "--method=INVITE",
                             timeout=seconds)
        self.assertEqual(err, "")
        return code, out


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class Ends(Calling):
    """Each scenario ends with exit code 0 only if we ended the call as the RFC says."""

    ROWS = (
        ("ring", "ring", 0, "rang after", {}),
        ("late", "ring", 0, "rang after", {}),
        ("late", "answer", 2, "(no_answer)", {"answer_timeout": "1s"}),
        ("ring", "answer", 2, "(no_answer)", {"answer_timeout": "1s"}),
        ("unknown", "answer", 0, "answered the call after", {}),
        ("reliable", "answer", 0, "answered the call after", {}),
        ("slow", "answer", 0, "answered the call after", {}),
        ("challenge", "answer", 0, "answered the call after", {}),
        ("longer", "answer", 0, "answered the call after", {}),
        ("busy", "answer", 2, "(rejected)", {}),
        ("busy", "ring", 2, "(rejected)", {}),
        ("elsewhere", "answer", 2, "redirects are not followed", {}),
        ("hangup", "answer", 2, "(ended_early)", {"duration": "5s"}),
    )

    def test_rows(self):
        started = [(row, self.use(Called(self.folder, row[0]))) for row in self.ROWS]
        for (scenario, mode, want, words, call), peer in started:
            with self.subTest(f"{scenario}, mode {mode}"):
                code, out = self.call(peer.port, mode, **call)
                self.assertEqual((code, words in out), (want, True), out)
                self.assertEqual(peer.ended(), 0, peer.log_text()[-2000:] + out)

    def test_tcp(self):
        for scenario, mode in (("ring", "ring"), ("unknown", "answer"), ("busy", "ring")):
            with self.subTest(scenario):
                peer = self.use(Called(self.folder, scenario, "tcp"))
                code, out = self.call(
                    peer.port, mode, uri=f"sip:127.0.0.1:{peer.port};transport=tcp")
                self.assertEqual(code, 2 if scenario == "busy" else 0, out)
                self.assertEqual(peer.ended(), 0, peer.log_text()[-2000:] + out)

    def test_ipv6(self):
        peer = self.use(Called(self.folder, "unknown", host="::1"))
        code, out = self.call(peer.port, "answer", uri=f"sip:[::1]:{peer.port}")
        self.assertEqual(code, 0, out)
        self.assertEqual(peer.ended(), 0, peer.log_text()[-2000:] + out)

    def test_nobody_there(self):
        code, out = self.call(9, "ring")
        self.assertEqual(code, 2)
        self.assertIn("(no_ringing): port unreachable (ICMP)", out)


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class Audio(Calling):
    def test_echo(self):
        peer = self.use(Echo(self.folder))
        code, out = self.call(peer.port, "echo", duration="3s")
        self.assertEqual(code, 0, out)
        self.assertIn("heard        nonce", out)
        self.assertRegex(out, r"audio        PCMU, \d+ packets sent, \d+ received, 0 lost")

    def test_an_answer_is_no_echo(self):
        peer = self.use(Called(self.folder, "unknown"))
        code, out = self.call(peer.port, "echo")
        self.assertEqual(code, 2)
        self.assertIn("(no_media): no packet of audio came", out)
        self.assertEqual(peer.ended(), 0)


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class OnDemand(Calling):
    def test_it_is_on_the_bill(self):
        """Calls by /probe are counted as made, and as none of the schedule's."""
        one, two = (self.use(Called(self.folder, way)) for way in ("unknown", "busy"))
        e = self.start(config_of(
            {**calling("a", one.port, "answer"), "paused": True},
            {**calling("b", two.port, "answer"), "paused": True}, calls=CALLS))
        self.assertEqual(made(e.scrape(), "a"), (0, 0))
        for name, want in (("a", (1, 0)), ("b", (0, 1))):
            e.get(f"/probe?target={name}&method=INVITE")
            m = e.scrape()
            self.assertEqual(made(m, name), want)
        self.assertGreater(m.get("siptrunk_calls_made_seconds_total", trunk="a"), 0.9)
        self.assertEqual(m.get("siptrunk_calls_made_seconds_total", trunk="b"), 0)
        self.assertEqual(m.sum("siptrunk_calls_total"), 0)


@unittest.skipIf(peers.missing("sipp", "kamailio", "kamcmd"), "no kamailio or sipp")
class Proxied(Calling):
    """Through a proxy that records its route, and is asked what is up."""

    def test_a_fork(self):
        """Two answer one INVITE: each is acknowledged, and the second hung up."""
        one, two = (self.use(Called(self.folder, "routed")) for _ in range(2))
        proxy = self.use(Proxy(self.folder, one.port, two.port))
        code, out = self.call(proxy.port, "answer", to="fork")
        self.assertEqual(code, 0, out)
        wait_for("no call at Kamailio", lambda: proxy.active() == 0)

    def test_tls(self):
        peer = self.use(Called(self.folder, "routed"))
        proxy = self.use(Proxy(self.folder, peer.port, 9, peers.certificate()))
        code, out = self.call(
            proxy.port, "answer", uri=f"sip:127.0.0.1:{proxy.tls};transport=tls",
            tls={"ca_file": peers.authority()[0]})
        self.assertEqual(code, 0, out)
        self.assertEqual(peer.ended(), 0)
        wait_for("no call at Kamailio", lambda: proxy.active() == 0)

    def test_routed(self):
        peer = self.use(Called(self.folder, "routed"))
        proxy = self.use(Proxy(self.folder, peer.port, 9))
        code, out = self.call(proxy.port, "answer")
        self.assertEqual(code, 0, out)
        self.assertEqual(peer.ended(), 0)
        wait_for("no call at Kamailio", lambda: proxy.active() == 0)


@unittest.skipIf(peers.missing("kamailio", "kamcmd"), "no kamailio")
class Loop(Calling):
    """Out through a proxy, and back to our own port: Call-ID and From are ours there."""

    def test_srtp(self):
        self.test_both_ways(srtp="required")

    def test_both_ways(self, **call):
        port = free_port(socket.SOCK_DGRAM)
        proxy = self.use(Proxy(self.folder, port, 9))
        e = self.start(config_of(
            calling("a", proxy.port, "loop", duration="3s", **call), calls=CALLS,
            listen=[f"udp:127.0.0.1:{port}"]))
        out = e.get("/probe?target=a&method=INVITE&debug=true")
        self.assertTrue(out.split("\n")[2].startswith(
            f"127.0.0.1:{proxy.port} udp INVITE: up, answered the call"), out)
        self.assertEqual(out.count("  heard        nonce\n"), 2, out)
        self.assertIn("  caller id    ping\n", out)
        self.assertEqual(", SRTP\n" in out, "srtp" in call)
        wait_for("no call at Kamailio", lambda: proxy.active() == 0)

    def test_cli(self):
        path = self.write("l.json", json.dumps(config_of(
            calling("a", 9, "loop"), calls=CALLS, listen=["udp:127.0.0.1:0"])))
        code, out, _ = run("probe", "a", "--config.file", path, "--method=INVITE")
        self.assertEqual(code, 3)
        self.assertIn("a loop comes back to the exporter's sip.listen", out)


INVITE = """INVITE sip:100200@127.0.0.1:{port} SIP/2.0
Via: SIP/2.0/{via} {host};branch=z9hG4bK{branch};rport
Max-Forwards: 70
From: <sip:someone@{host}>;tag=1
To: <sip:100200@127.0.0.1>
Call-ID: {branch}
CSeq: 1 INVITE
Contact: <sip:someone@{host}:9>
Content-Type: application/sdp
Content-Length: {size}

{sdp}"""
OFFER = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
         "m=audio 33998 RTP/AVP 0\r\n")


class Inviter:
    """Somebody who calls us, from an address of loopback."""

    def __init__(self, port, host, transport):
        self.port, self.host, self.transport = port, host, transport
        self.socket = socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.bind((host, 0))
        self.socket.connect(("127.0.0.1", port))
        if transport == "tls":
            context = ssl.create_default_context(cafile=peers.authority()[0])
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")

    def invite(self):
        self.socket.sendall(INVITE.format(
            port=self.port, via=self.transport.upper(), host=self.host, sdp=OFFER,
            branch=uuid.uuid4().hex, size=len(OFFER)).replace("\r", "").replace(
                "\n", "\r\n").encode())

    def answer(self):
        return self.socket.recv(65535).decode()

    def close(self):
        self.socket.close()


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class Strangers(Calling):
    """While a loop waits for its call: who is no peer gets no answer, and no audio."""

    def begin(self):
        cert, key = peers.certificate()
        peer = self.use(Called(self.folder, "ring"))
        e = self.start(config_of(
            calling("a", peer.port, "loop", answer_timeout="4s"), calls=CALLS,
            sip={"tls": {"cert_file": cert, "key_file": key}},
            listen=[f"{t}:127.0.0.1:0" for t in ("udp", "tcp", "tls")]))
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        pool.submit(e.get, "/probe?target=a&method=INVITE&debug=true")
        e.wait_metric(1, "siptrunk_calls_open", trunk="a")
        return e

    def inviter(self, e, transport, host):
        return self.use(Inviter(e.sip(transport)[1], host, transport))

    def test_a_stranger(self):
        e = self.begin()
        for transport in ("tcp", "tls"):
            with self.assertRaises(ConnectionError, msg=transport):
                stranger = self.inviter(e, transport, "127.0.0.9")
                stranger.invite()
                self.fail("answered: " + stranger.answer())
        stranger = self.inviter(e, "udp", "127.0.0.9")
        stranger.invite()
        known = self.inviter(e, "tls", "127.0.0.1")
        known.invite()
        self.assertTrue(known.answer().startswith("SIP/2.0 200 OK\r\n"))
        stranger.socket.settimeout(0)
        with self.assertRaises(BlockingIOError):
            stranger.answer()
        e.stop()

    def test_a_peer_over_each_transport(self):
        """The answer comes back on the connection that the INVITE came by, with SDP."""
        for transport in ("udp", "tcp", "tls"):
            with self.subTest(transport):
                e = self.begin()
                peer = self.inviter(e, transport, "127.0.0.1")
                peer.invite()
                head, _, body = peer.answer().partition("\r\n\r\n")
                self.assertTrue(head.startswith("SIP/2.0 200 OK\r\n"), head)
                self.assertRegex(head, r"Contact: <sip:loop@127\.0\.0\.1:"
                                 + str(e.sip(transport)[1])
                                 + ("" if transport == "udp" else ";transport=" + transport)
                                 + ">")
                self.assertIn("m=audio", body)
                e.stop()


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class Refused(Calling):
    def test_who_may_call(self):
        path = self.write("a.json", json.dumps(config_of(
            calling("a", 9, "ring"), trunk("b", "sip:127.0.0.1:9"), calls=CALLS)))
        for who in ("b", "sip:127.0.0.1:9"):
            code, out, _ = run("probe", who, "--config.file", path, "--method=INVITE")
            self.assertEqual(code, 3)
            self.assertIn("INVITE calls somebody", out)
        code, out, _ = run("probe", "a", "--config.file", path)
        self.assertNotIn("INVITE", out, "nobody is called unless asked for")

    def test_emergency(self):
        for number in ("112", "911", "0112", "9911", "00112", "1-1-2", "+112", "110"):
            path = self.write("e.json", json.dumps(config_of(
                calling("a", 9, "ring", to=number),
                calls={**CALLS, "numbers": [number]})))
            code, out, err = run("--config.file", path, "--config.check")
            self.assertEqual(code, 1, number)
            self.assertIn("never called", out + err)


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class Scheduled(Calling):
    """By the schedule, with what an exporter does to calls that are up."""

    def begin(self, duration="30s", args=("--web.enable-lifecycle",), **calls):
        peer = self.use(Echo(self.folder))
        self.name = soon(f"127.0.0.1:{peer.port}")
        e = self.start(config_of(
            calling(self.name, peer.port, "answer", duration=duration),
            calls={**CALLS, **calls}), args=args, log_level="info")
        e.wait_metric(1, "siptrunk_calls_open", seconds=70, trunk=self.name)
        return e, peer

    def ended(self, e):
        e.wait_metric(0, "siptrunk_calls_open", trunk=self.name)
        m = e.scrape()
        self.assertEqual(m.get("siptrunk_calls_not_ended_total", trunk=self.name), 0)
        return m

    def test_a_call_is_told(self):
        e, _ = self.begin(duration="1s")
        line = e.wait_log(msg="call went through")[0]
        self.assertEqual((line["trunk"], line["code"], line["heard"]),
                         (self.name, "200", "silence"))
        self.ended(e)
        m = e.wait_metric(1, "siptrunk_calls_made_total", trunk=self.name, answered="true")
        one = {"trunk": self.name, "method": "INVITE"}
        self.assertEqual(m.get("siptrunk_calls_total", answered="true", **one), 1)
        self.assertGreater(m.get("siptrunk_call_seconds_total", **one), 0.9)
        self.assertEqual(made(m, self.name), (1, 0))
        self.assertEqual(m.get("siptrunk_calls_made_seconds_total", trunk=self.name),
                         m.get("siptrunk_call_seconds_total", **one))
        self.assertEqual(m.get("siptrunk_call_answer_delay_seconds_count", **one), 1)
        self.assertGreater(m.get("siptrunk_call_packets_total", direction="out",
                                 event="sent", **one), 20)
        self.assertEqual(m.sum("siptrunk_call_failures_total", **one), 0)
        self.assertGreater(m.get("siptrunk_exporter_media_lateness_seconds_count"), 20)
        self.assertEqual(m.get("siptrunk_up", trunk=self.name), 1)

    def test_the_switch(self):
        e, _ = self.begin()
        self.assertIn("1 were open", e.get("/-/calls/stop", method="POST"))
        self.ended(e)
        # A call is told a turn of the loop after it is over, at the earliest.
        m = e.wait_metric(1, "siptrunk_calls_made_total", trunk=self.name, answered="true")
        self.assertEqual(m.state(self.name), "unknown", "it is no fault of the trunk")
        self.assertEqual(m.sum("siptrunk_calls_total", trunk=self.name), 0)
        self.assertEqual(made(m, self.name), (1, 0), "it is on the bill")
        self.assertGreater(m.get("siptrunk_calls_made_seconds_total", trunk=self.name), 0)
        e.wait_metric(1, "siptrunk_call_failures_total", trunk=self.name, reason="limit")
        self.assertEqual(e.get("/-/calls/start", method="POST"), "calls are made again\n")

    def test_the_signal(self):
        e, _ = self.begin(args=())
        self.assertEqual(e.status("/-/calls/stop", method="POST"), 403)
        e.send(signal.SIGUSR1)
        self.ended(e)
        self.assertTrue(e.log(msg="calls are stopped", ended="1"))

    def test_the_trunk_goes(self):
        e, peer = self.begin()
        e.write_config(config_of(trunk("other", f"sip:127.0.0.1:{peer.port}"), calls=CALLS))
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        e.stop()
        self.assertFalse(e.log(msg="call may not have ended at the peer"))

    def test_the_end(self):
        peer = self.use(Called(self.folder, "unknown"))
        name = soon(f"127.0.0.1:{peer.port}")
        e = self.start(config_of(calling(name, peer.port, "answer", duration="30s"),
                                 calls=CALLS), log_level="info")
        e.wait_metric(1, "siptrunk_calls_open", seconds=70, trunk=name)
        e.stop()
        self.assertEqual(peer.ended(), 0, "BYE before the exit, and its 481")
        self.assertFalse(e.log(msg="call may not have ended at the peer"))


if __name__ == "__main__":
    unittest.main()
