"""SIP over WebSocket against a scripted server: what is sent, and what is made of it."""

import json
import re
import unittest

from harness import Bench, Case, FAST, config_of, run, trunk, wait_for
from peers import authority, certificate
from sip_peer import answer, mute, server_tls
from websocket_peer import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocketPeer,
                            accept_of, frame, http, switch)


def fragments(raw):
    """In three, with a ping between and an empty one."""
    return (frame(TEXT, raw[:20], final=False) + frame(PING, b"are you there")
            + frame(CONTINUATION, b"", final=False) + frame(CONTINUATION, raw[20:]))


def padded(raw):
    """So long that its length takes 16 bits, and near the most there is."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    return frame(TEXT, head + b"\r\nX-Pad: " + b"x" * 60000 + b"\r\n\r\n")


def early(head):
    """The first frame comes with the answer: a ping of the server's."""
    return switch(head) + frame(PING, b"hello")


def reset(head):
    raise EOFError


def closing(raw):
    return frame(CLOSE, b"\x03\xeaunmasked?")


# What is answered, and what is made of it: reason and detail, or None where it is up.
FORMS = {
    "plain": ({}, None),
    "no-subprotocol": ({"shake": lambda h: switch(h, "")}, None),
    "other-case": ({"shake": lambda h: switch(h, "sec-websocket-protocol:SIP\r\n")}, None),
    "binary": ({"form": lambda raw: frame(BINARY, raw)}, None),
    "fragments": ({"form": fragments}, None),
    "byte-by-byte": ({"form": fragments, "step": 1}, None),
    "threes": ({"form": fragments, "step": 3}, None),
    "ping-first": ({"shake": early}, None),
    "ping-before-answer": ({"form": lambda raw: frame(PING, b"") + frame(TEXT, raw)}, None),
    "pong-unasked": ({"form": lambda raw: frame(PONG, b"x") + frame(TEXT, raw)}, None),
    "line-ends": ({"form": lambda raw: frame(TEXT, b"\r\n\r\n") + frame(TEXT, raw)}, None),
    "long": ({"form": padded}, None),
    "301": ({"shake": http(301, "Moved", "Location: https://x/\r\n")}, "HTTP 301"),
    "302": ({"shake": http(302)}, "HTTP 302"),
    "400": ({"shake": http(400)}, "HTTP 400"),
    "401": ({"shake": http(401, extra="WWW-Authenticate: Basic\r\n")}, "HTTP 401"),
    "403": ({"shake": http(403)}, "HTTP 403"),
    "404": ({"shake": http(404, body=b"<html>")}, "HTTP 404"),
    "426": ({"shake": http(426, extra="Sec-WebSocket-Version: 8\r\n")}, "HTTP 426"),
    "502": ({"shake": http(502)}, "HTTP 502"),
    "html": ({"shake": http(200, body=b"<html>" * 2000)}, "HTTP 200"),
    "accept": ({"shake": lambda h: switch(h, accept="x" + accept_of(h)[1:])},
               "its Sec-WebSocket-Accept is not for our key"),
    "subprotocol": ({"shake": lambda h: switch(h, "Sec-WebSocket-Protocol: xmpp\r\n")},
                    'it chose another subprotocol than sip: "xmpp"'),
    "extension": ({"shake": lambda h: switch(
        h, "Sec-WebSocket-Extensions: permessage-deflate\r\n")},
        'nobody asked for its extension "permessage-deflate"'),
    "garbage": ({"shake": lambda h: b"\x00\x01\x02 rubbish"}, "its answer is not HTTP"),
    "sip": ({"shake": lambda h: b"SIP/2.0 400 Bad Request\r\n\r\n"},
            "its answer is not HTTP"),
    "endless": ({"shake": lambda h: switch(h)[:-2] + b"X: y\r\n" * 5000},
                "the head of its answer does not end"),
    "mute-http": ({"shake": lambda h: b""}, "WebSocket handshake not done before the deadline"),
    "gone": ({"shake": reset}, "connection closed by the peer"),
    "masked": ({"form": lambda raw: b"\x81\x85\0\0\0\0hello"}, "a server's frame is masked"),
    "reserved": ({"form": lambda raw: frame(TEXT, raw, first=0xc1)},
                 "a frame has reserved bits set"),
    "opcode": ({"form": lambda raw: frame(TEXT, raw, first=0x83)},
               "a frame has an unknown opcode"),
    "70-kB": ({"form": lambda raw: frame(TEXT, raw + b"x" * 70000)},
              "a message is longer than 65535 bytes"),
    "endless-frame": ({"form": lambda raw: b"\x82\x7f\x7f" + b"\xff" * 7},
                      "a message is longer than 65535 bytes"),
    "close": ({"form": closing}, "closed by the peer: 1002 unmasked?"),
}


class Forms(Bench):
    """Every form at once, a trunk each."""

    @classmethod
    def make(cls):
        for name, (more, _) in FORMS.items():
            cls.peers[name] = WebSocketPeer(**more)
        cls.peers["mute"] = WebSocketPeer(mute)
        cls.peers["no-sip"] = WebSocketPeer(form=lambda raw: frame(TEXT, b"{\"hello\": 1}"))
        cls.peers["bad-sip"] = WebSocketPeer(
            form=lambda raw: frame(TEXT, re.sub(rb"CSeq: \d+", b"CSeq: x", raw)))

    def check(self, name, reason, detail):
        m = self.exporter.settled(name, 1)
        self.assertEqual(set(m.failures(name)), {reason}, name)
        self.assertEqual(set(m.failures(name).values()), {m.sum(
            "siptrunk_probes_total", trunk=name)})
        self.exporter.wait_metric(1, "siptrunk_state", trunk=name, state="down")
        line = self.exporter.log(msg="trunk changed state", trunk=name, to="down")[0]
        self.assertEqual(line["reason"], reason)
        self.assertRegex(line.get("detail", ""), detail)
        self.assertEqual(line.get("transport"), "ws")

    def test_good_ones(self):
        for name, (_, detail) in FORMS.items():
            if detail is not None:
                continue
            with self.subTest(name):
                m = self.exporter.settled(name, 1)
                self.assertEqual((m.failures(name), list(m.codes(name))), ({}, [200]))

    def test_bad_ones(self):
        for name, (_, detail) in FORMS.items():
            if detail is None:
                continue
            with self.subTest(name):
                self.check(name, "websocket", "^" + re.escape(detail) + "$")

    def test_sip_in_it(self):
        self.check("mute", "timeout", "^$")
        self.check("no-sip", "protocol", ".")
        self.check("bad-sip", "protocol", "CSeq")

    def test_pings_are_answered(self):
        for name in ("ping-first", "fragments", "byte-by-byte"):
            self.exporter.settled(name, 1)
            pongs = [data for op, mask, data in self.peers[name].frames
                     if op == PONG and mask]
            self.assertIn(b"hello" if name == "ping-first" else b"are you there", pongs)

    def test_what_we_send(self):
        self.exporter.settled("plain", 2)
        peer = self.peers["plain"]
        head = peer.heads[0].decode()
        self.assertTrue(head.startswith("GET / HTTP/1.1\r\n"), head)
        for line in (f"Host: 127.0.0.1:{peer.port}", "Upgrade: websocket",
                     "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                     "Sec-WebSocket-Protocol: sip"):
            self.assertIn(f"\r\n{line}\r\n", head)
        self.assertNotIn("Extensions", head)
        self.assertNotIn("Origin", head)
        keys = [re.search(rb"Key: (.*)\r", h)[1] for h in peer.heads]
        self.assertEqual(len(set(keys)), len(keys))
        masks = [mask for _, mask, _ in peer.frames]
        self.assertNotIn(None, masks)
        self.assertGreater(len(set(masks)), 1)
        for rq in peer.requests:
            via = re.fullmatch(r"SIP/2\.0/WS ([0-9a-f]{12}\.invalid);branch=\S+;rport",
                               rq.header("Via"))
            self.assertTrue(via, rq.header("Via"))
            self.assertEqual(rq.header("Contact"), f"<sip:ping@{via[1]};transport=ws>")
            self.assertTrue(rq.raw.endswith(b"Content-Length: 0\r\n\r\n"))

    def test_a_fresh_connection_is_closed_politely(self):
        self.exporter.settled("plain", 2)
        closes = [d for op, _, d in self.peers["plain"].frames if op == CLOSE]
        self.assertIn(b"\x03\xe8", closes)

    def test_phases(self):
        m = self.exporter.settled("plain", 1)
        phases = {l["phase"]: v for l, v in m.all(
            "siptrunk_probe_phase_duration_seconds", trunk="plain")}
        self.assertEqual(set(phases), {"connect", "websocket", "response"})
        self.assertEqual({l["transport"] for l, _ in m.all(
            "siptrunk_probes_total", trunk="plain")}, {"ws"})


class Settings(Case):
    def test_what_a_proxy_wants(self):
        cert, key = certificate()
        peer = self.use(WebSocketPeer(tls=server_tls(cert, key)))
        e = self.start(config_of(trunk(
            "a", f"wss://127.0.0.1:{peer.port}/sip/ws?tenant=7",
            tls={"ca_file": authority()[0]},
            websocket={"origin": "https://phones.example", "host": "pbx.example",
                       "headers": {"Cookie": "session=S3CRET"}})))
        m = e.settled("a", 1)
        self.assertEqual((m.failures("a"), list(m.codes("a"))), ({}, [200]))
        head = peer.heads[0].decode()
        self.assertTrue(head.startswith("GET /sip/ws?tenant=7 HTTP/1.1\r\n"))
        for line in ("Host: pbx.example", "Origin: https://phones.example",
                     "Cookie: session=S3CRET"):
            self.assertIn(f"\r\n{line}\r\n", head)
        self.assertTrue(peer.requests[0].header("Via").startswith("SIP/2.0/WSS "))
        self.assertIn(";transport=ws>", peer.requests[0].header("Contact"))
        phases = {l["phase"] for l, v in m.all("siptrunk_probe_phase_duration_seconds")}
        self.assertEqual(phases, {"connect", "tls", "websocket", "response"})
        self.assertGreater(
            m.get("siptrunk_tls_certificate_not_after_timestamp_seconds", trunk="a"), 0)
        for path in ("/metrics", "/trunks/a", "/api/v1/trunks/a"):
            self.assertNotIn("S3CRET", e.get(path))
        self.assertNotIn("S3CRET", e.log_text())

    def test_a_certificate_is_verified(self):
        cert, key = certificate(ca="stranger")
        peer = self.use(WebSocketPeer(tls=server_tls(cert, key)))
        e = self.start(config_of(trunk("a", peer.url, tls={"ca_file": authority()[0]})))
        m = e.settled("a", 1)
        self.assertEqual(set(m.failures("a")), {"tls"})
        self.assertEqual(m.counts("siptrunk_tls_failures_total", "a", "cause")
                         .keys(), {"untrusted"})
        self.assertEqual(peer.heads, [])

    def test_headers_are_not_shown_where_they_are_wrong(self):
        path = self.write("bad.json", json.dumps(config_of(trunk(
            "a", "ws://127.0.0.1/", websocket={"headers": {"Cookie": "S3CRET\r\nX: y"}}))))
        code, out, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual(code, 1)
        self.assertIn("trunks[0].websocket.headers.Cookie: control characters", err + out)
        self.assertNotIn("S3CRET", err + out)


class Kept(Case):
    def test_one_connection_for_all(self):
        peer = self.use(WebSocketPeer())
        e = self.start(config_of(trunk("a", peer.url, connection="reuse")))
        m = e.settled("a", 3)
        self.assertEqual((m.failures("a"), list(m.codes("a"))), ({}, [200]))
        self.assertEqual((peer.connections, len(peer.heads)), (1, 1))
        phases = {l["phase"] for l, v in m.all("siptrunk_probe_phase_duration_seconds")}
        self.assertEqual(phases, {"response"})

    def test_closed_between_probes(self):
        peer = self.use(WebSocketPeer(
            form=lambda raw: frame(TEXT, raw) + frame(CLOSE, b"\x03\xe9")))
        e = self.start(config_of(trunk("a", peer.url, connection="reuse")))
        m = e.settled("a", 3)
        self.assertEqual((m.failures("a"), list(m.codes("a"))), ({}, [200]))
        self.assertGreaterEqual(peer.connections, 3)
        self.assertIn((CLOSE, b"\x03\xe9"), [(op, d) for op, _, d in peer.frames])

    def test_a_peer_that_asks_is_answered(self):
        peer = self.use(WebSocketPeer())
        peer.form = lambda raw: frame(TEXT, raw) + frame(TEXT, peer.request())
        e = self.start(config_of(trunk("a", peer.url, connection="reuse")))
        e.wait_metric(lambda v: v >= 1, "siptrunk_inbound_requests_total", trunk="a",
                      method="OPTIONS")
        answers = wait_for("an answer", lambda: [
            d for _, _, d in peer.frames if d.startswith(b"SIP/2.0 200")])
        self.assertIn(b"Via: SIP/2.0/WS ", answers[0])


class Probe(Case):
    def probe(self, *args):
        code, out, err = run("probe", *args, "--format=json", cwd=self.folder)
        self.assertEqual(err, "")
        return code, json.loads(out)

    def test_an_address_of_the_web(self):
        peer = self.use(WebSocketPeer())
        code, told = self.probe(peer.url)
        self.assertEqual((code, told["state"]), (0, "up"))
        self.assertTrue(peer.heads[0].startswith(b"GET /ws HTTP/1.1\r\n"))
        one = told["answers"][0]
        self.assertEqual(one["transport"], "ws")

    def test_a_trace_asks_at_the_same_path(self):
        peer = self.use(WebSocketPeer())
        code, told = self.probe(peer.url, "--trace")
        self.assertEqual(code, 0)
        self.assertEqual([h["code"] for h in told["trace"]["sip_hops"]], [200])
        self.assertEqual([h.split(b"\r\n")[0] for h in peer.heads],
                         [b"GET /ws HTTP/1.1"] * 2)

    def test_as_text(self):
        peer = self.use(WebSocketPeer())
        code, out, err = run("probe", peer.url)
        self.assertEqual((code, err), (0, ""))
        for line in (r"--- .*WebSocket handshake done", "--> .*OPTIONS", "<-- .*200"):
            self.assertRegex(out, line)
        self.assertRegex(out, r"websocket [0-9.]+ ms")

    def test_a_refusal_is_explained(self):
        peer = self.use(WebSocketPeer(shake=http(404)))
        code, out, err = run("probe", peer.url)
        self.assertEqual(code, 2)
        self.assertIn("failed at WebSocket: HTTP 404", out)
        self.assertIn("websocket.path", out)

    def test_on_demand(self):
        peer = self.use(WebSocketPeer())
        e = self.start(config_of(
            trunk("a", "sip:127.0.0.1:9;transport=tcp"),
            probe={"allow": ["127.0.0.0/8"]}))
        text = e.get(f"/probe?target={peer.url}")
        self.assertIn("\nprobe_success 1", text)
        self.assertIn('phase="websocket"', text)
        self.assertTrue(peer.heads[0].startswith(b"GET /ws "))

    def test_calls_are_refused(self):
        path = self.write("bad.json", json.dumps(config_of(
            trunk("a", "ws://127.0.0.1/", method="INVITE",
                  call={"mode": "ring", "to": "600"}),
            calls={"numbers": ["600"], "media": {
                "ports": "20000-20019", "networks": ["192.0.2.0/24"]}})))
        code, out, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual(code, 1)
        self.assertIn("calls do not go over WebSocket", out + err)
