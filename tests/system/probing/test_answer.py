"""Pings from the peers: answered when they are a trunk's, met with silence when not."""

import os
import socket
import ssl
import time

import peers
from harness import Case, Exporter, config_of, free_port, trunk, wait_for
from sip_peer import SipPeer


def header(raw, name):
    for line in raw.decode().split("\r\n")[1:]:
        n, _, v = line.partition(":")
        if n.lower() == name.lower():
            return v.strip()
    raise LookupError(name)


class Answer(Case):
    def setUp(self):
        super().setUp()
        cert, key = peers.certificate()
        self.peer = self.use(SipPeer())
        self.exporter = self.start(config_of(
            trunk("a", self.peer.uri),
            sip={"tls": {"cert_file": cert, "key_file": key}},
            listen=[f"{t}:127.0.0.1:0" for t in ("udp", "tcp", "tls")]))

    def connect(self, transport, source="127.0.0.1"):
        """A connected socket to where the exporter listens."""
        address = self.exporter.sip(transport)
        if transport == "udp":
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((source, 0))
            s.connect(address)
        else:
            s = socket.create_connection(address, 5, (source, 0))
        self.addCleanup(s.close)
        s.settimeout(5)
        if transport == "tls":
            context = ssl.create_default_context(cafile=peers.authority()[0])
            s = context.wrap_socket(s, server_hostname="127.0.0.1")
            self.addCleanup(s.close)
        return s

    def inbound(self, n, **labels):
        return self.exporter.wait_metric(
            n, "siptrunk_inbound_requests_total", trunk="a", **labels)

    def test_ping_is_answered_and_counted(self):
        for n, transport in enumerate(("udp", "tcp", "tls"), 1):
            with self.subTest(transport):
                s = self.connect(transport)
                rq = self.peer.request(To="<sip:x@exporter.example>")
                s.sendall(rq)
                raw = s.recv(65535)
                self.assertTrue(raw.startswith(b"SIP/2.0 200 "), raw)
                for name in ("From", "Call-ID", "CSeq"):
                    self.assertEqual(header(raw, name), header(rq, name))
                asked = set(header(rq, "Via").removesuffix(";rport").split(";"))
                self.assertLessEqual(asked, set(header(raw, "Via").split(";")))
                self.assertIn(f";rport={s.getsockname()[1]}", header(raw, "Via"))
                self.assertRegex(header(raw, "To"),
                                 r"^<sip:x@exporter\.example>;tag=\S+$")
                self.assertEqual(header(raw, "Accept"), "application/sdp")
                self.assertIn("OPTIONS", header(raw, "Allow"))
                self.assertIsNotNone(header(raw, "Supported"))
                self.assertEqual(header(raw, "Content-Length"), "0")
                self.inbound(n, method="OPTIONS")
        m = self.exporter.scrape()
        last = m.get("siptrunk_inbound_options_last_timestamp_seconds", trunk="a")
        self.assertGreater(last, 1.6e9)

    def test_several_over_one_connection(self):
        s = self.connect("tcp")
        first, second = self.peer.request(), self.peer.request()
        both = first + b"\r\n\r\n" + second
        for i in range(0, len(both), 11):
            s.sendall(both[i:i + 11])
        data = b""
        while data.count(b"\r\n\r\n") < 2 or header(second, "Call-ID").encode() not in data:
            more = s.recv(65535)
            self.assertTrue(more)
            data += more
        self.assertEqual(data.count(b"SIP/2.0 200 "), 2)
        self.inbound(2, method="OPTIONS")

    def test_tagged_to_keeps_its_tag(self):
        s = self.connect("udp")
        s.send(self.peer.request(To="<sip:x@y>;tag=abc"))
        self.assertEqual(header(s.recv(65535), "To"), "<sip:x@y>;tag=abc")

    def test_all_vias_come_back_in_order(self):
        s = self.connect("udp")
        raw = self.peer.request()
        raw = raw.replace(b"Max-Forwards", b"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb"
                                           b"\r\nv: SIP/2.0/TCP 192.0.2.8;branch=c"
                                           b"\r\nMax-Forwards", 1)
        s.send(raw)
        text = s.recv(65535).decode()
        self.assertLess(text.index("192.0.2.9"), text.index("192.0.2.8"))

    def test_stranger_gets_silence(self):
        for n, transport in enumerate(("udp", "tcp"), 1):
            with self.subTest(transport):
                try:
                    s = self.connect(transport, source="127.0.0.77")
                    s.sendall(self.peer.request())
                    s.settimeout(0.3)
                    self.assertEqual(s.recv(100), b"")
                except (TimeoutError, ConnectionResetError, BrokenPipeError):
                    pass
                self.exporter.wait_metric(
                    n, "siptrunk_exporter_stray_messages_total", reason="stranger")
        m = self.exporter.scrape()
        self.assertEqual(m.sum("siptrunk_inbound_requests_total", trunk="a"), 0)

    def test_garbage_and_strays_are_counted_not_answered(self):
        s = self.connect("udp")
        s.send(b"\0" * 500)
        s.send(b"SIP/2.0 200 OK\r\n\r\n")
        s.send(b"\r\n\r\n")
        self.exporter.wait_metric(
            lambda v: v >= 2, "siptrunk_exporter_stray_messages_total",
            reason="malformed")
        s.send(self.peer.request().replace(
            b"OPTIONS sip:exporter.example SIP/2.0", b"SIP/2.0 200 OK"))
        self.exporter.wait_metric(
            1, "siptrunk_exporter_stray_messages_total", reason="unmatched")
        s.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            s.recv(100)
        # And it still does its work.
        s.settimeout(5)
        s.send(self.peer.request())
        self.assertTrue(s.recv(65535).startswith(b"SIP/2.0 200 "))

    def test_other_methods_are_refused(self):
        s = self.connect("udp")
        for method in ("INVITE", "REGISTER", "MESSAGE", "NONSENSE"):
            with self.subTest(method):
                s.send(self.peer.request(method))
                self.assertRegex(s.recv(65535), rb"^SIP/2\.0 (405|501) ")
        s.settimeout(0.3)
        s.send(self.peer.request("ACK"))
        with self.assertRaises(TimeoutError):
            s.recv(100)

    def test_probes_leave_from_the_listening_socket(self):
        rq = wait_for("a probe", lambda: self.peer.requests)[0]
        self.assertEqual(rq.source, self.exporter.sip("udp"))
        host, port = rq.source
        self.assertIn(f" {host}:{port};", rq.header("Via"))

    def test_answering_does_not_disturb_probes(self):
        s = self.connect("udp")
        for _ in range(500):
            s.send(self.peer.request())
            s.recv(65535)
        m = self.exporter.settled("a", 2)
        self.assertEqual(m.failures("a"), {})
        self.inbound(500, method="OPTIONS")


class Credit(Case):
    """Pings of one peer, which trunks at its address over other transports do not get."""

    def test_transport(self):
        cert, key = peers.certificate()
        peer = self.use(SipPeer())
        port = peer.socket.getsockname()[1]
        c = config_of(
            *(trunk(t, f"sip:127.0.0.1:{port};transport={t}", expect_inbound="3s")
              for t in ("udp", "tcp", "tls")),
            sip={"tls": {"cert_file": cert, "key_file": key}},
            listen=[f"{t}:127.0.0.1:0" for t in ("udp", "tcp", "tls")])
        e = self.start(c)
        context = ssl.create_default_context(cafile=peers.authority()[0])
        with socket.create_connection(e.sip("tcp"), 5) as tcp, \
                socket.create_connection(e.sip("tls"), 5) as raw, \
                context.wrap_socket(raw, server_hostname="127.0.0.1") as tls:
            for n, (name, s) in enumerate((("tcp", tcp), ("tls", tls), ("udp", None))):
                for _ in range(n + 1):
                    if s:
                        s.sendall(peer.request())
                        self.assertTrue(s.recv(65535).startswith(b"SIP/2.0 200 "))
                    else:
                        peer.socket.sendto(peer.request(), e.sip("udp"))
                e.wait_metric(n + 1, "siptrunk_inbound_requests_total", trunk=name)
            self.assertEqual(e.scrape().sum("siptrunk_inbound_requests_total"), 6)
            # TCP goes on, UDP does not.
            wait_for("udp's pings stay out", lambda: tcp.sendall(peer.request()) or
                     e.scrape().get("siptrunk_inbound_missing", trunk="udp") == 1)
            m = e.scrape()
            self.assertEqual(m.get("siptrunk_inbound_missing", trunk="tcp"), 0)

    def test_contact(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(
            trunk("a", peer.uri, contact="sip:us@{local};transport=udp"),
            listen=["udp:0.0.0.0:0"]))
        port = e.sip("udp")[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.sendto(peer.request(), ("127.0.0.1", port))
            raw = s.recv(65535)
        self.assertEqual(header(raw, "Contact"), f"<sip:us@127.0.0.1:{port};transport=udp>")

    def test_rate(self):
        """A peer in a loop gets so many answers a second, and a line in the log."""
        peer = self.use(SipPeer())
        c = config_of(trunk("a", peer.uri), listen=["udp:127.0.0.1:0"])
        c["sip"]["answers_per_second"] = 10
        e = self.start(c)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            begun = time.monotonic()
            for _ in range(400):
                s.sendto(peer.request(), e.sip("udp"))
            e.wait_metric(400, "siptrunk_inbound_requests_total", trunk="a")
            limit = 50 + 10 * (time.monotonic() - begun) + 1
            s.setblocking(False)
            answered = 0
            with self.assertRaises(BlockingIOError):
                while s.recv(65535):
                    answered += 1
        self.assertGreaterEqual(answered, 50)
        self.assertLessEqual(answered, limit)
        # A scrape copies the exporter's own counters before those of trunks.
        self.assertEqual(e.scrape().get("siptrunk_exporter_stray_messages_total",
                                        reason="rate"), 400 - answered)
        self.assertEqual([line["why"] for line in e.log(msg="requests not answered")],
                         ["rate"])

    def test_gain(self):
        """Nobody gets four times the bytes that he sends."""
        peer = self.use(SipPeer())
        e = self.start(config_of(
            trunk("a", peer.uri, contact="sip:" + "u" * 900 + "@us.example"),
            listen=["udp:127.0.0.1:0"]))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            for method in ("OPTIONS", "INVITE", "CANCEL"):
                raw = (f"{method} sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;rport\r\nf:a:b\r\n"
                       f"t:a:b\r\ni:a\r\nCSeq:1 {method}\r\n\r\n").encode()
                s.sendto(raw, e.sip("udp"))
                self.assertLess(len(s.recv(65535)), 4 * len(raw), method)


class TwoWays(Case):
    def test_two_exporters_ping_each_other(self):
        """Each is the other's trunk, over UDP and TCP; both are up and count pings."""
        ports = [free_port(socket.SOCK_DGRAM) for _ in range(2)]
        both = []
        for i in (0, 1):
            os.mkdir(self.path(str(i)))
            both.append(Exporter(self.path(str(i)), config_of(
                trunk("other", f"sip:127.0.0.1:{ports[1 - i]}"),
                listen=[f"udp:127.0.0.1:{ports[i]}"])))
            self.addCleanup(self.finish, both[-1])
        for e in both:
            e.wait_metric(1, "siptrunk_up", trunk="other")
            e.wait_metric(lambda v: v >= 2, "siptrunk_inbound_requests_total",
                          trunk="other", method="OPTIONS")
