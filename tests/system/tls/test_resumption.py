"""
Sessions that are resumed where a setting says so: with peers that bear it, and with one that
does not; what is told of the certificate meanwhile, and until when.
"""

import contextlib
import json
import socket
import struct
import threading
import time
import unittest

from harness import Case, config_of, trunk, wait_for
from peers import Kamailio, authority, certificate, missing, not_after
from sip_peer import SipPeer, answer, server_tls
from wire import THEIRS, Wire, why_not

RESUMED = "siptrunk_tls_resumptions_total"
PRE_SHARED_KEY = 41  # RFC 8446 4.2


def offers_session(hello):
    """Whether a ClientHello, from its handshake header on, has pre_shared_key."""
    at = 4 + 2 + 32                                   # header, version, random
    at += 1 + hello[at]                               # session identifier
    at += 2 + struct.unpack_from("!H", hello, at)[0]  # ciphers
    at += 1 + hello[at]                               # compression
    at += 2
    while at + 4 <= len(hello):
        kind, size = struct.unpack_from("!HH", hello, at)
        if kind == PRE_SHARED_KEY:
            return True
        at += 4 + size
    return False


class Front:
    """Stands before a TLS peer, as far away as that."""

    def __init__(self, peer, seconds=0.0):
        self.peer, self.seconds, self.offered, self.whole = peer, seconds, 0, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.socket.accept()[0]
                threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        with contextlib.suppress(OSError), client:
            first = client.recv(65535)
            offered = offers_session(first[5:])
            self.offered += offered
            self.whole += not offered
            time.sleep(self.seconds)
            if offered and self.refuses(client):
                return
            with socket.create_connection((self.peer.host, self.peer.port)) as server:
                server.sendall(first)
                back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
                back.start()
                self.pump(client, server)
                back.join(5)

    def refuses(self, client):
        """Who offers a session."""

    @staticmethod
    def pump(source, to):
        with contextlib.suppress(OSError):
            while data := source.recv(65535):
                to.sendall(data)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()


class Unbearing(Front):
    """Hangs up on who offers a session, or falls silent."""

    def __init__(self, peer, silent=False):
        super().__init__(peer)
        self.silent = silent

    def refuses(self, client):
        while self.silent and client.recv(65535):
            pass
        return True


def closes_late(rq):
    """The connection, once: past half of the probe's time."""
    if len(rq.peer.requests) != 2:
        rq.reply(200)
        return
    time.sleep(0.7)
    if rq.peer.politely:
        rq.connection.unwrap()
    rq.connection.close()


class SynLost:
    """A way that loses the first SYN of each connection, and takes 300 ms back."""

    def __init__(self):
        self.connections = set()

    def __call__(self, packet):
        if packet.there and packet.flags == 0x02 and packet.ours not in self.connections:
            self.connections.add(packet.ours)
            return []
        return [(0 if packet.there else 0.3, packet.raw)]


class LateConnections(Case):
    """Which stand after a second: a handshake has half of what is left then."""

    timed = "a lost SYN is sent again after a second, and half of two is left for a handshake"

    def test_they_resume(self):
        if reason := why_not():
            self.skipTest(reason)
        wire = Wire()
        self.addCleanup(wire.close)
        tls = server_tls(*certificate(f"IP:{THEIRS}"))
        with wire.theirs.inside():
            peer = self.use(SipPeer(answer(), "tls", THEIRS, tls=tls))
        wire.faults[peer.port] = SynLost()
        with wire.ours.inside():
            e = self.start(config_of(trunk(
                "a", peer.uri, interval="4s", down_interval="4s", timeout="3s",
                tls={"ca_file": authority()[0], "session_lifetime": "1h"})))
            m = e.settled("a", 3, seconds=30)
        self.assertEqual((m.failures("a"), m.sum(RESUMED, trunk="a")), ({}, 2))


class Resumption(Case):
    def peer(self, pair=None):
        return self.use(SipPeer(answer(), "tls", tls=server_tls(*(pair or certificate()))))

    def trunk(self, name, uri, lifetime="1m", **more):
        return trunk(name, uri, tls={"ca_file": authority()[0], "session_lifetime": lifetime},
                     **more)

    def test_where_it_is_set(self):
        pair = certificate()
        peer = self.peer(pair)
        e = self.start(config_of(self.trunk("a", peer.uri),
                                 self.trunk("whole", peer.uri, lifetime="0s"),
                                 trunk("udp", self.use(SipPeer(answer())).uri)))
        wait_for("some that are resumed", lambda: e.scrape().sum(RESUMED, trunk="a") >= 3, 15)
        m = e.settled("a", 5)
        probes = m.sum("siptrunk_probes_total", trunk="a")
        self.assertEqual(m.sum(RESUMED, trunk="a"), probes - 1)
        self.assertEqual(m.failures("a"), {})
        self.assertEqual(
            m.sum("siptrunk_tls_verified_chain_not_after_timestamp_seconds", trunk="a"),
            m.sum("siptrunk_tls_verified_chain_not_after_timestamp_seconds", trunk="whole"))
        self.assertEqual(
            m.sum("siptrunk_tls_certificate_not_after_timestamp_seconds", trunk="a"),
            not_after(pair[0]))
        m = e.settled("whole", 3)
        self.assertEqual(m.all(RESUMED, trunk="udp"), [])
        self.assertEqual([v for _, v in m.all(RESUMED, trunk="whole")], [0])

    def test_a_ladder_says_so(self):
        peer = self.use(SipPeer(lambda rq: rq.number > 1 or rq.reply(), "tls",
                                tls=server_tls(*certificate())))
        e = self.start(config_of(self.trunk("a", peer.uri)))
        e.wait_metric(1, "siptrunk_probe_failures_total", trunk="a", reason="timeout")
        failed = json.loads(e.get("/api/v1/trunks/a"))["targets"][0]["failures"][0]
        self.assertEqual([x["kind"] for x in failed["entries"]],
                         ["connect", "tls_resumed", "sent", "deadline"])

    def test_whole_again_after_the_lifetime(self):
        peer = self.peer()
        e = self.start(config_of(self.trunk("a", peer.uri, lifetime="4s")))

        def both():
            m = e.settled("a")
            resumed = m.sum(RESUMED, trunk="a")
            return resumed >= 2 and m.sum("siptrunk_probes_total", trunk="a") - resumed >= 3
        wait_for("three whole ones, and some between", both, 40)
        self.assertEqual(e.scrape().failures("a"), {})

    def test_one_that_does_not_bear_it(self):
        self.unbearing()

    def test_one_that_falls_silent_over_it(self):
        self.unbearing(silent=True)

    def unbearing(self, **how):
        """No probe fails for it, and it is asked no second time."""
        front = self.use(Unbearing(self.peer(), **how))
        e = self.start(config_of(self.trunk("a", f"sip:127.0.0.1:{front.port};transport=tls",
                                            lifetime="1h")))
        m = e.settled("a", 5)
        self.assertEqual((m.failures("a"), m.state("a")), ({}, "up"))
        self.assertEqual(m.sum(RESUMED, trunk="a"), 0)
        self.assertEqual(front.offered, 1)
        self.assertEqual(front.whole, m.sum("siptrunk_probes_total", trunk="a"))

    def test_kept_connection_that_closes_late(self):
        """
        Politely or not. The next one has half of what is left to show that it bears the
        session.
        """
        for politely in (True, False):
            peer = self.use(SipPeer(closes_late, "tls", tls=server_tls(*certificate())))
            peer.politely = politely
            front = self.use(Front(peer, seconds=0.05))
            uri = f"sip:127.0.0.1:{front.port};transport=tls"
            e = self.start(config_of(self.trunk("a", uri, lifetime="1h",
                                                connection="reuse")))
            m = e.settled("a", 3)
            with self.subTest(politely=politely):
                self.assertEqual((m.failures("a"), m.sum(RESUMED, trunk="a")), ({}, 1))
                self.assertEqual((front.whole, front.offered), (1, 1))

    def test_another_authority_ends_them(self):
        """Files of ours that change: what the peer showed is looked at again at once."""
        path = self.path("ca.pem")
        with open(path, "w") as f, open(authority()[0]) as good:
            f.write(good.read())
        peer = self.peer()
        e = self.start(config_of(trunk("a", peer.uri, tls={"ca_file": path,
                                                           "session_lifetime": "1h"})))
        wait_for("one that is resumed", lambda: e.scrape().sum(RESUMED, trunk="a") >= 1, 15)
        with open(path, "w") as f, open(authority("other")[0]) as other:
            f.write(other.read())
        e.wait_metric(0, "siptrunk_up", trunk="a", seconds=20)

    @unittest.skipIf(missing("kamailio"), "kamailio is not installed")
    def test_kamailio(self):
        cert, key = certificate()
        k = self.use(Kamailio(self.folder, cert=cert, key=key))
        e = self.start(config_of(
            self.trunk("a", f"sip:127.0.0.1:{k.tls};transport=tls"),
            self.trunk("kept", f"sip:127.0.0.1:{k.tls};transport=tls", connection="reuse")))
        m = e.settled("a", 5)
        self.assertEqual((m.failures("a"), m.state("a")), ({}, "up"))
        self.assertGreaterEqual(m.sum(RESUMED, trunk="a"), 3)
        m = e.settled("kept", 5)
        self.assertEqual((m.failures("kept"), m.sum(RESUMED, trunk="kept")), ({}, 0))
