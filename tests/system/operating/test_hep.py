"""Messages mirrored to a collector of HEP: each, as it went, without credentials."""

import json
import re
import socket
import time
import unittest

import peers
from digest_peer import Digest
from harness import Case, config_of, free_port, run, trunk, wait_for
from hep_collector import Collector, SipCapture
from sip_peer import SipPeer, answer, drop_first, server_tls

SENT = "siptrunk_exporter_hep_packets_total"
LOST = "siptrunk_exporter_hep_failures_total"


def hep(port, host="127.0.0.1", **more):
    return {"collector": f"udp:{host}:{port}", "id": 2001, **more}


class Mirror(Case):
    def test_both_ways(self):
        c = self.use(Collector())
        p = self.use(SipPeer(drop_first(1)))
        v6 = self.use(SipPeer(host="::1"))
        tcp = self.use(SipPeer(transport="tcp"))
        tls = self.use(SipPeer(transport="tls", tls=server_tls(*peers.certificate())))
        begun = time.time()
        e = self.start(config_of(
            trunk("udp", p.uri), trunk("v6", v6.uri), trunk("tcp", tcp.uri),
            trunk("tls", tls.uri, tls={"ca_file": peers.authority()[0]}),
            hep=hep(c.port)))
        for name, peer, family in (("udp", p, 2), ("v6", v6, 10), ("tcp", tcp, 2),
                                   ("tls", tls, 2)):
            with self.subTest(name):
                protocol = 17 if peer.transport == "udp" else 6
                want = {"family": family, "protocol": protocol, "kind": 1, "agent": 2001}
                # A copy of a request is a message too.
                sent = c.wait(b"OPTIONS ", 2 if name == "udp" else 1, to=peer.host,
                              dport=peer.port, **want)
                got = c.wait(b"SIP/2.0 200", to=sent[0]["from"], sport=peer.port,
                             **{**want, "from": peer.host})
                self.assertEqual(sent[0]["sport"], peer.requests[0].source[1])
                rq = peer.requests[0]
                self.assertEqual(sent[0]["payload"], rq.raw)
                self.assertEqual(sent[0]["call_id"].decode(), rq.header("Call-ID"))
                self.assertIn(sent[0]["call_id"], [g["call_id"] for g in got])
                at = [x["seconds"] + x["microseconds"] / 1e6 for x in (sent[0], got[0])]
                self.assertTrue(begun - 1 < at[0] <= at[1] < time.time() + 1, at)
        c.check()
        m = e.scrape()
        self.assertGreaterEqual(m.get(SENT), 8)

    def test_credentials(self):
        c = self.use(Collector())
        digest = Digest(password="hunter2-secret")
        p = self.use(SipPeer(digest))
        self.start(config_of(trunk("a", p.uri, auth={
            "username": "u", "password": "hunter2-secret"}), hep=hep(c.port)))
        c.wait(b"SIP/2.0 401")
        c.wait(b"SIP/2.0 200")
        payloads = b"".join(x["payload"] for x in c.packets)
        self.assertIn(b'response="redacted"'.replace(b'"', b""),
                      payloads.replace(b'"', b""))
        for a in digest.accepted:
            for key in ("response", "cnonce"):
                self.assertNotIn(a[key].encode(), payloads)

    def test_the_peers_own_requests(self):
        c = self.use(Collector())
        p = self.use(SipPeer())
        e = self.start(config_of(trunk("a", p.uri), hep=hep(c.port),
                                 listen=["udp:127.0.0.1:0"]))
        e.settled("a", 1)
        p.socket.sendto(p.request(), e.sip("udp"))
        c.wait(b"OPTIONS ", sport=p.port)
        c.wait(b"SIP/2.0 200", dport=p.port)
        # A stranger is nobody's message.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.2", 0))
            s.sendto(p.request(Call_ID="stranger"), e.sip("udp"))
            e.wait_metric(lambda v: v >= 1, "siptrunk_exporter_stray_messages_total",
                          reason="stranger")
        self.assertEqual([x for x in c.packets if b"stranger" in x["payload"]], [])

    def test_no_collector(self):
        """Nobody listens, as ICMP says: counted, and no probe is the worse for it."""
        p = self.use(SipPeer())
        e = self.start(config_of(trunk("a", p.uri, interval="300ms", timeout="290ms",
                                       down_interval="300ms"),
                                 hep=hep(free_port(socket.SOCK_DGRAM))))
        m = e.settled("a", 10)
        self.assertEqual((m.failures("a"), list(m.codes("a"))), ({}, [200]))
        self.assertGreater(m.get(LOST), 0)

    def test_a_name_that_does_not_resolve(self):
        p = self.use(SipPeer())
        e = self.start(config_of(
            trunk("a", p.uri), hep=hep(9060, host="collector.invalid"),
            dns={"servers": [f"127.0.0.1@{free_port(socket.SOCK_DGRAM)}"]}))
        m = e.settled("a", 2)
        self.assertEqual((m.failures("a"), list(m.codes("a"))), ({}, [200]))
        self.assertEqual(m.get(SENT), 0)
        self.assertGreater(m.get(LOST), 0)
        e.wait_log(msg="HEP collector cannot be found", level="warn", seconds=20)

    def test_a_reload_changes_it(self):
        one, other = self.use(Collector()), self.use(Collector())
        p = self.use(SipPeer())
        config = config_of(trunk("a", p.uri, interval="300ms", timeout="200ms",
                                 down_interval="300ms"))
        e = self.start(config, args=["--web.enable-lifecycle"])
        e.settled("a", 2)
        self.assertNotIn("hep_", e.get("/metrics"))
        for collector, number in ((one, 7), (other, 8)):
            e.write_config({**config, "hep": {**hep(collector.port), "id": number}})
            e.get("/-/reload", method="POST")
            collector.wait(b"SIP/2.0 200", agent=number)
        e.write_config(config)
        e.get("/-/reload", method="POST")
        self.assertNotIn("hep_", e.get("/metrics"))
        before = len(other.packets)
        probes = e.scrape().get("siptrunk_probes_total", trunk="a")
        e.wait_metric(lambda v: v > probes + 2, "siptrunk_probes_total", trunk="a")
        self.assertEqual(len(other.packets), before)

    def test_bad_ones_are_refused(self):
        for collector, why in (
                ("tcp:127.0.0.1:9060", "udp:"), ("udp:127.0.0.1", "port"),
                ("udp:127.0.0.1:0", "port"), ("udp::9060", "host"),
                ("udp:0.0.0.0:9060", "unspecified"), ("udp:a b:9060", ""),
                ("udp:224.0.0.1:9060", "multicast"), ("udp:h:9060;x=y", ""),
                ("udp:u:secret@h:9060", "")):
            with self.subTest(collector):
                path = self.write("bad.json", json.dumps(
                    {"trunks": [], "hep": {"collector": collector}}))
                code, out, err = run(f"--config.file={path}", "--config.check")
                self.assertEqual(code, 1)
                self.assertRegex(out + err, r"bad\.json:1:\d+: hep\.collector: ")
                self.assertIn(why, out + err)
                self.assertNotIn("secret", out + err)


@unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
class Sipcapture(Case):
    def test_it_is_taken(self):
        k = self.use(SipCapture(self.folder))
        p = self.use(SipPeer(host="127.0.0.3"))
        e = self.start(config_of(trunk("a", p.uri), hep=hep(k.port)))
        lines = wait_for("messages at Kamailio's", lambda: len([
            l for l in k.lines() if l[1] in ("OPTIONS", "200")]) >= 4 and k.lines(), 20)
        calls = {rq.header("Call-ID") for rq in p.requests}
        for source, what, call_id in lines:
            self.assertIn(call_id, calls)
            # Where it came from: the peer, or our end as the peer saw it.
            want = ("127.0.0.3", p.port) if what == "200" else p.requests[0].source
            self.assertEqual(source, f"{want[0]}:{want[1]}")
        e.stop()
