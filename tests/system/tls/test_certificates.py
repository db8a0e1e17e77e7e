"""
Certificates over time: our own and their expiry, files that are replaced while the
exporter runs, and why TLS failed, by cause.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import ssl
import time
from types import SimpleNamespace

from harness import Case, config_of, trunk, wait_for
from namespaces import Namespace, ip, unavailable
from peers import authority, certificate, not_after
from sip_peer import SipPeer, answer, server_tls

CAUSES = ("expired", "not_yet_valid", "untrusted", "name", "version", "handshake",
          "timeout", "other")


def tls(**more):
    return {"ca_file": authority()[0], **more}


def causes(m, name):
    every = m.all("siptrunk_tls_failures_total", trunk=name)
    return {l["cause"]: int(v) for l, v in every}


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


class Authorities(Case):
    """Whom we trust: the system's store unless told otherwise, and files that change."""

    def peer(self):
        return self.use(SipPeer(answer(), "tls", tls=server_tls(*certificate())))

    def test_system_store(self):
        known = self.start(config_of(trunk("t", self.peer().uri)),
                           env={"SSL_CERT_FILE": authority()[0]})
        m = known.settled("t", 1)
        self.assertEqual((m.failures("t"), m.state("t")), ({}, "up"))
        known.stop()
        other = self.start(config_of(trunk("t", self.peer().uri)),
                           env={"SSL_CERT_FILE": authority("other")[0]})
        m = other.settled("t", 1)
        self.assertGreater(causes(m, "t")["untrusted"], 0)

    def test_ciphers(self):
        """Only those that the trunk allows are offered."""
        ours = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256")
        context = server_tls(*certificate())
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ours[0])
        peer = self.use(SipPeer(answer(), "tls", tls=context))
        e = self.start(config_of(
            *(trunk(f"t{i}", peer.uri, tls=tls(ciphers=c)) for i, c in enumerate(ours))))
        self.assertEqual(e.settled("t0", 1).state("t0"), "up")
        m = e.settled("t1", 1)
        self.assertGreater(causes(m, "t1")["handshake"], 0)

    def test_a_changed_authority_counts(self):
        """Without a reload: another CA, and what it did not sign is trusted no more."""
        shutil.copy(authority("other")[0], self.path("ca.pem"))
        e = self.start(config_of(trunk("t", self.peer().uri, tls={"ca_file": "ca.pem"})))
        e.wait_metric(0, "siptrunk_up", trunk="t")
        for name, up in (("ca", 1), ("other", 0)):
            shutil.copy(authority(name)[0], self.path("ca.new"))
            os.replace(self.path("ca.new"), self.path("ca.pem"))
            e.wait_metric(up, "siptrunk_up", trunk="t", seconds=20)
        self.assertEqual(len(e.log(msg="certificate files read again")), 2)
        self.assertEqual(e.log(msg="configuration reloaded"), [])


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
            t.update(interval="2s", down_interval="2s", timeout="1900ms")
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

    def bend(self, name, pair):
        """As Kubernetes replaces a mounted secret: the files' links stay as they are."""
        os.makedirs(self.path("secret/" + name))
        for source, file in zip(pair, ("me.pem", "me.key")):
            shutil.copy(source, self.path(f"secret/{name}/{file}"))
        os.symlink(name, self.path("secret/..new"))
        os.replace(self.path("secret/..new"), self.path("secret/..data"))

    def test_mounted_secret(self):
        self.bend("..1", self.first)
        for file in ("me.pem", "me.key"):
            os.symlink("..data/" + file, self.path("secret/" + file))
        peer = self.mutual_peer()
        e = self.start(config_of(trunk("a", peer.uri, tls=tls(
            cert_file="secret/me.pem", key_file="secret/me.key"))))
        e.settled("a", 1)
        self.assertEqual(self.expiry(e, trunk="a"), not_after(self.first[0]))
        self.bend("..2", self.second)
        e.wait_log(20, msg="certificate files read again")
        self.assertEqual(self.expiry(e, trunk="a"), not_after(self.second[0]))

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


class ByCertificate(Case):
    """A peer that calls from an address of no trunk, with a trunk's certificate."""

    def start_listening(self, **sip):
        sbc = certificate(san="DNS:sbc.example")
        peer = self.use(SipPeer(answer(), "tls", tls=server_tls(*sbc)))
        mine = certificate(san="DNS:us.example")
        conf = config_of(
            trunk("sbc", peer.uri, tls=tls(server_name="sbc.example"),
                  expect_inbound="2s"),
            trunk("other", self.use(SipPeer(answer())).uri))
        conf["sip"] = {"listen": ["tls:127.0.0.1:0"], **sip, "tls": {
            "cert_file": mine[0], "key_file": mine[1], "ca_file": authority()[0]}}
        e = self.start(conf)
        e.settled("sbc", 1)
        return e

    def call(self, e, pair, host="127.0.0.5", count=1):
        """So many OPTIONS over one connection; what came back."""
        context = ssl.create_default_context(cafile=authority()[0])
        if pair:
            context.load_cert_chain(*pair)
        named = f"[{host}]" if ":" in host else host
        ping = SipPeer.request(SimpleNamespace(transport="tls", address=named))
        with socket.create_connection(e.sip("tls"), 5, (host, 0)) as raw:
            with context.wrap_socket(raw, server_hostname="us.example") as s:
                s.settimeout(1)
                data = b""
                for _ in range(count):
                    s.sendall(ping)
                    try:
                        data += s.recv(65535)
                    except TimeoutError:
                        pass
        return data

    def test_who_may(self):
        e = self.start_listening(match_certificate=True)
        sbc, other = certificate(san="DNS:sbc.example"), certificate(san="DNS:x.example")
        wait_for("degraded", lambda: e.scrape().state("sbc") == "degraded")
        data = self.call(e, sbc, count=3)
        self.assertEqual(data.count(b"SIP/2.0 200 OK"), 3)
        m = e.wait_metric(3, "siptrunk_inbound_requests_total", trunk="sbc")
        wait_for("up", lambda: e.scrape().state("sbc") == "up")
        strangers = m.get("siptrunk_exporter_stray_messages_total", reason="stranger")
        self.assertEqual(self.call(e, other), b"")
        e.wait_metric(strangers + 1, "siptrunk_exporter_stray_messages_total",
                      reason="stranger")
        with self.assertRaises(OSError):
            self.call(e, None)
        self.assertEqual(e.scrape().sum("siptrunk_inbound_requests_total"), 3)

    def test_not_unless_asked(self):
        e = self.start_listening()
        with self.assertRaises(OSError):
            self.call(e, certificate(san="DNS:sbc.example"))
        self.assertEqual(
            self.call(e, certificate(san="DNS:x.example"), "127.0.0.1").count(b"200 OK"),
            1)

    def test_strangers_make_room(self):
        """
        One who has all of an IPv6 /64, or many networks, opens connections and says
        nothing: peers known by their address or certificate get in as before.
        """
        reason = unavailable()
        if reason:
            self.skipTest(reason)
        ours = self.use(Namespace())
        inside = ours.inside()
        inside.__enter__()
        self.addCleanup(inside.__exit__, None, None, None)
        with open("/proc/sys/net/ipv6/ip_nonlocal_bind", "w") as f:
            f.write("1")
        ip("address", "add", "fd00::1/128", "dev", "lo")
        ip("-6", "route", "add", "local", "fd00:2::/32", "dev", "lo")
        sbc = certificate(san="DNS:sbc.example")
        mine = certificate(san="DNS:us.example")
        conf = config_of(trunk("sbc", "sip:[fd00:1::1]:5061;transport=tls", paused=True,
                               tls=tls(server_name="sbc.example")))
        conf["sip"] = {"listen": ["tls:[fd00::1]:0"], "match_certificate": True, "tls": {
            "cert_file": mine[0], "key_file": mine[1], "ca_file": authority()[0]}}
        ip("address", "add", "fd00:1::1/128", "dev", "lo")
        e = self.start(conf)
        held = []
        self.addCleanup(lambda: [s.close() for s in held])

        def fill(address, count):
            for i in range(count):
                with contextlib.suppress(OSError):
                    held.append(socket.create_connection(
                        e.sip("tls"), 1, (address(i), 0)))

        for address, count in ((lambda i: f"fd00:2::{i // 16:x}", 600),
                               (lambda i: f"fd00:2:{i // 16:x}::1", 800)):
            fill(address, count)
            for host in ("fd00:1::1", "fd00:2:fff0::1", "fd00:2::ffff"):
                with self.subTest(host):
                    time.sleep(0.15)
                    self.assertIn(b"200 OK", self.call(e, sbc, host))
        stray = functools.partial(e.scrape().get,
                                  "siptrunk_exporter_stray_messages_total")
        self.assertGreater(stray(reason="full") + stray(reason="displaced"), 500)
        kinds = [line["why"] for line in e.log(msg="connections refused")]
        self.assertEqual(len(kinds), len(set(kinds)), "a line a minute of each kind")
        self.assertIn("full", kinds)

    def test_an_address_that_became_nobodys(self):
        """What was remembered of a connection goes with the trunk."""
        e = self.start_listening(match_certificate=True)
        sbc = certificate(san="DNS:sbc.example")
        context = ssl.create_default_context(cafile=authority()[0])
        context.load_cert_chain(*sbc)
        ping = SipPeer.request(SimpleNamespace(transport="tls", address="127.0.0.5"))
        with socket.create_connection(e.sip("tls"), 5, ("127.0.0.5", 0)) as raw:
            with context.wrap_socket(raw, server_hostname="us.example") as s:
                s.settimeout(5)
                s.sendall(ping)
                self.assertIn(b"200 OK", s.recv(65535))
                with open(e.config_path) as f:
                    conf = json.load(f)
                del conf["trunks"][0]
                e.write_config(conf)
                e.send(signal.SIGHUP)
                e.wait_log(msg="configuration reloaded")
                s.settimeout(1)
                s.sendall(ping)
                with self.assertRaises(TimeoutError):
                    s.recv(65535)
