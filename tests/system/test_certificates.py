"""
Certificates over time: our own and their expiry, files that are replaced while the
exporter runs, and why TLS failed, by cause.
"""

import os
import shutil
import signal
import socket
import ssl
import time

from harness import Case, FAST, config_of, trunk, wait_for
from peers import authority, certificate, not_after
from sip_peer import SipPeer, answer, server_tls

CAUSES = ("expired", "not_yet_valid", "untrusted", "name", "version", "handshake",
          "timeout", "other")


def tls(**more):
    return {"ca_file": authority()[0], **more}


def causes(m, name):
    every = m.all("siptrunk_tls_failures_total", trunk=name)
    return {l["cause"]: int(v) for l, v in every}


def refuse(c):
    """Takes the connection and closes it before a handshake."""
    time.sleep(0.05)


def dead_end():
    """A port that accepts and never says a word."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    return s


class Failures(Case):
    def test_by_cause(self):
        good = certificate()
        old = certificate(days=-1)
        strange = certificate(ca="other")
        named = certificate(san="DNS:elsewhere.example")
        ancient = server_tls(*good)
        ancient.maximum_version = ssl.TLSVersion.TLSv1_2
        fine = answer()

        def hang_up(rq):
            pass
        hang_up.on_accept = lambda c: False
        mute = dead_end()
        self.addCleanup(mute.close)
        peers = {
            "fine": SipPeer(fine, "tls", tls=server_tls(*good)),
            "expired": SipPeer(fine, "tls", tls=server_tls(*old)),
            "untrusted": SipPeer(fine, "tls", tls=server_tls(*strange)),
            "name": SipPeer(fine, "tls", tls=server_tls(*named)),
            "version": SipPeer(fine, "tls", tls=ancient),
            "handshake": SipPeer(hang_up, "tls", tls=server_tls(*good)),
        }
        for p in peers.values():
            self.use(p)
        plain = self.use(SipPeer(answer()))
        e = self.start(config_of(
            *(trunk(n, p.uri, tls=tls(**({"min_version": "TLS1.3"} if n == "version"
                                         else {}))) for n, p in peers.items()),
            trunk("timeout", "sip:127.0.0.1:%d;transport=tls" % mute.getsockname()[1],
                  tls=tls()),
            trunk("plain", plain.uri)))
        for name in (*peers, "timeout"):
            m = e.settled(name, 1)
            found = causes(m, name)
            self.assertEqual(sorted(found), sorted(CAUSES), name)
            n = m.failures(name).get("tls", 0)
            want = {name: n} if name != "fine" else {}
            self.assertEqual({c: v for c, v in found.items() if v}, want, name)
            self.assertEqual(n > 0, name != "fine", name)
        self.assertEqual(m.all("siptrunk_tls_failures_total", trunk="plain"), [])
        line = e.wait_log(msg="trunk changed state", trunk="name")[0]
        self.assertEqual((line["reason"], line["cause"]), ("tls", "name"))
        self.assertIn("elsewhere.example", line["detail"])


class Own(Case):
    def setUp(self):
        super().setUp()
        self.first = certificate(san="DNS:us.example", days=20)
        self.second = certificate(san="DNS:us.example", days=90)
        self.put(self.first)

    def put(self, pair):
        """Replaces both files, each in one step, as an ACME client does."""
        for source, name in zip(pair, ("me.pem", "me.key")):
            shutil.copy(source, self.path(name + ".new"))
            os.replace(self.path(name + ".new"), self.path(name))

    def mutual_peer(self):
        """Notes the serial numbers of the certificates that clients show."""
        context = server_tls(*certificate())
        context.load_verify_locations(authority()[0])
        context.verify_mode = ssl.CERT_REQUIRED
        self.shown = []

        def behaviour(rq):
            self.shown.append((rq.connection.getpeercert()["serialNumber"],
                               rq.source))
            rq.reply(200)
        return self.use(SipPeer(behaviour, "tls", tls=context))

    def expiry(self, e, **labels):
        m = e.scrape()
        return m.get("siptrunk_tls_own_certificate_not_after_timestamp_seconds", **labels)

    def listening(self, e):
        m = e.scrape()
        return m.get("siptrunk_exporter_tls_certificate_not_after_timestamp_seconds",
                     file="me.pem")

    def served(self, e):
        """The serial number of what a client of the listening socket is shown."""
        context = ssl.create_default_context(cafile=authority()[0])
        with socket.create_connection(e.sip("tls"), 5) as s:
            with context.wrap_socket(s, server_hostname="us.example") as t:
                return t.getpeercert()["serialNumber"]

    def start_all(self):
        peer = self.mutual_peer()
        mine = {"cert_file": "me.pem", "key_file": "me.key"}
        conf = config_of(trunk("fresh", peer.uri, tls=tls(**mine)),
                         trunk("kept", peer.uri, tls=tls(**mine), connection="reuse"),
                         listen=["tls:127.0.0.1:0"])
        conf["sip"]["tls"] = mine
        for t in conf["trunks"]:
            t.update(interval="1s", down_interval="1s", timeout="900ms")
        return self.start(conf)

    def test_rotation(self):
        e = self.start_all()
        e.settled("fresh", 2)
        e.settled("kept", 2)
        for name in ("fresh", "kept"):
            self.assertEqual(self.expiry(e, trunk=name, file="me.pem"),
                             not_after(self.first[0]))
        self.assertEqual(self.listening(e), not_after(self.first[0]))
        before, old = self.served(e), {s for s, _ in self.shown}
        self.assertEqual(len(old), 1)
        kept = {a for s, a in self.shown}

        self.put(self.second)
        e.wait_log(20, msg="certificate files read again")
        for name in ("fresh", "kept"):
            self.assertEqual(self.expiry(e, trunk=name), not_after(self.second[0]))
        self.assertEqual(self.listening(e), not_after(self.second[0]))
        self.assertNotEqual(self.served(e), before)
        wait_for("the new certificate", lambda: {s for s, _ in self.shown} - old)
        m = e.scrape()
        for name in ("fresh", "kept"):
            self.assertEqual((m.state(name), m.failures(name)), ("up", {}))
        # The kept connection went on, with what it was made with.
        n = len(self.shown)
        wait_for("probes", lambda: len(self.shown) > n + 4)
        late = [(s, a) for s, a in self.shown[n:] if a in kept]
        self.assertEqual({s for s, _ in late}, old)
        self.assertEqual(len({a for _, a in late}), 1)
        self.assertEqual(m.get("siptrunk_exporter_tls_last_reload_successful"), 1)

    def test_unreadable(self):
        """Broken files: the former certificate stays, one line tells, a gauge too."""
        e = self.start_all()
        e.settled("fresh", 1)
        os.replace(self.path("me.pem"), self.path("away.pem"))
        e.wait_metric(0, "siptrunk_exporter_tls_last_reload_successful", 20)
        begun = e.scrape().sum("siptrunk_probes_total", trunk="fresh")
        m = e.settled("fresh", begun + 3)
        self.assertEqual((m.state("fresh"), m.failures("fresh")), ("up", {}))
        lines = e.log(msg="certificate files changed but cannot be used")
        self.assertEqual(len(lines), 1)
        self.assertIn("me.pem", lines[0]["error"])
        # The whole reload fails as well, and changes nothing.
        e.send(signal.SIGHUP)
        e.wait_metric(0, "siptrunk_exporter_config_last_reload_successful")
        self.assertEqual(e.scrape().state("fresh"), "up")
        self.put(self.second)
        e.wait_metric(1, "siptrunk_exporter_tls_last_reload_successful", 20)
        self.assertEqual(self.expiry(e, trunk="fresh"), not_after(self.second[0]))

    def test_half_a_change(self):
        """A new certificate beside the old key is not used; with its key it is."""
        e = self.start_all()
        e.settled("fresh", 1)
        shutil.copy(self.second[0], self.path("me.pem"))
        e.wait_metric(0, "siptrunk_exporter_tls_last_reload_successful", 20)
        self.assertEqual(self.expiry(e, trunk="fresh"), not_after(self.first[0]))
        shutil.copy(self.second[1], self.path("me.key"))
        e.wait_metric(1, "siptrunk_exporter_tls_last_reload_successful", 20)
        self.assertEqual(self.expiry(e, trunk="fresh"), not_after(self.second[0]))
        m = e.settled("fresh", 3)
        self.assertEqual(m.failures("fresh"), {})

    def test_reload_reads_at_once(self):
        e = self.start_all()
        e.settled("fresh", 1)
        self.put(self.second)
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        self.assertEqual(self.expiry(e, trunk="kept"), not_after(self.second[0]))

    def test_not_shown(self):
        """Without a certificate of our own there is no series of one."""
        peer = self.use(SipPeer(answer(), "tls", tls=server_tls(*certificate())))
        udp = self.use(SipPeer(answer()))
        mine = {"cert_file": "me.pem", "key_file": "me.key"}
        e = self.start(config_of(trunk("t", peer.uri, tls=tls()),
                                 trunk("u", udp.uri, tls=tls(**mine))))
        e.settled("t", 1)
        m = e.settled("u", 1)
        for family in ("siptrunk_tls_own_certificate_not_after_timestamp_seconds",
                       "siptrunk_exporter_tls_certificate_not_after_timestamp_seconds"):
            self.assertEqual(m.all(family), [])
