"""Kamailio and SIPp as peers, over UDP, TCP and TLS."""

import unittest

import peers
from harness import Case, config_of, trunk
from sip_peer import SipPeer, server_tls


@unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
class Kamailio(Case):
    def start_both(self, **more):
        cert, key = peers.certificate()
        self.cert = cert
        self.kamailio = self.use(
            peers.Kamailio(self.folder, cert=cert, key=key, **more))
        tls = {"ca_file": peers.authority()[0]}
        return self.start(config_of(
            trunk("udp", f"sip:127.0.0.1:{self.kamailio.udp}"),
            trunk("tcp", f"sip:127.0.0.1:{self.kamailio.tcp};transport=tcp"),
            trunk("tls", f"sip:127.0.0.1:{self.kamailio.tls};transport=tls", tls=tls),
            trunk("kept", f"sip:127.0.0.1:{self.kamailio.tls};transport=tls", tls=tls,
                  connection="reuse")))

    def test_three_transports(self):
        e = self.start_both()
        for name in ("udp", "tcp", "tls", "kept"):
            with self.subTest(name):
                m = e.settled(name, 2)
                n = int(m.get("siptrunk_probes_total", trunk=name))
                self.assertEqual(m.codes(name), {200: n})
                self.assertEqual(m.failures(name), {})
                self.assertEqual(m.state(name), "up")
                self.assertEqual(
                    m.get("siptrunk_probe_retransmissions_total", trunk=name), 0)
        m = e.scrape()
        phases = {l["phase"]: v for l, v in m.all(
            "siptrunk_probe_phase_duration_seconds", trunk="tls")}
        for phase in ("connect", "tls", "response"):
            self.assertGreater(phases[phase], 0)
        self.assertEqual(
            m.get("siptrunk_tls_certificate_not_after_timestamp_seconds", trunk="tls"),
            peers.not_after(self.cert))

    def test_503_is_degraded(self):
        e = self.start_both(code=503, phrase="Maintenance")
        for name in ("udp", "tcp", "tls"):
            m = e.settled(name, 1)
            self.assertEqual((m.state(name), list(m.codes(name))), ("degraded", [503]))
        self.assertEqual(e.log(msg="trunk changed state")[0]["phrase"], "Maintenance")

    def test_kamailio_stops(self):
        e = self.start_both()
        for name in ("udp", "tcp", "tls", "kept"):
            e.wait_metric(1, "siptrunk_up", trunk=name)
        self.kamailio.close()
        for name in ("udp", "tcp", "tls", "kept"):
            e.wait_metric(1, "siptrunk_state", trunk=name, state="down")
            reasons = set(e.scrape().failures(name))
            self.assertIn("refused", reasons)
            self.assertLessEqual(reasons, {"refused", "connect"})


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class Sipp(Case):
    def test_as_server(self):
        udp = self.use(peers.SippServer(self.folder, "udp"))
        tcp = self.use(peers.SippServer(self.folder, "tcp", 404, "Not Found"))
        e = self.start(config_of(
            trunk("udp", f"sip:127.0.0.1:{udp.port}"),
            trunk("tcp", f"sip:127.0.0.1:{tcp.port};transport=tcp")))
        for name, code in (("udp", 200), ("tcp", 404)):
            m = e.settled(name, 2)
            self.assertEqual(list(m.codes(name)), [code])
            self.assertEqual((m.state(name), m.failures(name)), ("up", {}))

    def test_as_client(self):
        e = self.start(config_of(trunk("a", "sip:127.0.0.1:9;transport=tcp"),
                                 listen=["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]))
        for transport in ("udp", "tcp"):
            with self.subTest(transport):
                code, out = peers.sipp_ping(
                    self.folder, e.sip(transport)[1], transport, 5)
                self.assertEqual(code, 0, out)
        e.wait_metric(10, "siptrunk_inbound_requests_total", trunk="a",
                      method="OPTIONS")


class Tls(Case):
    """What can be wrong with a peer's certificate, each with its own words."""

    def peer(self, **cert):
        return self.use(SipPeer(
            transport="tls", tls=server_tls(*peers.certificate(**cert))))

    def test_failures(self):
        tls = {"ca_file": peers.authority()[0]}
        plain = self.use(SipPeer(transport="tcp"))
        plain.transport = "tls"
        wrong = {
            "expired": (self.peer(days=-1), "expired"),
            "other-name": (self.peer(san="DNS:other.example"), "for other.example"),
            "other-ca": (self.peer(ca="stranger"), "not trusted"),
            "no-tls": (plain, ""),
        }
        good = self.peer()
        unchecked = self.peer(days=-1, san="DNS:unchecked.example")
        e = self.start(config_of(
            *(trunk(n, p.uri, tls=tls) for n, (p, _) in wrong.items()),
            trunk("good", good.uri, tls=tls),
            trunk("unchecked", unchecked.uri, tls={"insecure_skip_verify": True})))
        for name, (peer, words) in wrong.items():
            with self.subTest(name):
                m = e.settled(name, 2)
                n = int(m.get("siptrunk_probes_total", trunk=name))
                self.assertEqual(m.failures(name), {"tls": n})
                self.assertEqual(m.state(name), "down")
                self.assertFalse(peer.requests, "nothing is said to such a peer")
                line, = e.log(msg="trunk changed state", trunk=name)
                self.assertEqual(line["reason"], "tls")
                self.assertIn(words, line["detail"])
        for name in ("good", "unchecked"):
            self.assertEqual(e.settled(name, 1).state(name), "up")
        warning, = e.log(msg="configuration warning")
        self.assertIn("unchecked", warning["warning"])
