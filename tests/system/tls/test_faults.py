"""
What is said of certificates: each fault in words of its own, what is well not at all; our
own as the peer will read them; and the peer's by other authorities.
"""

import contextlib
import json
import os
import shutil
import socket
import ssl
import threading
import time
import unittest

from harness import Case, config_of, free_port, run, trunk, wait_for
from peers import Kamailio, Program, missing, not_after
from pki import Authorities, bundle
from sip_peer import SipPeer, answer

WEAK = "DEFAULT@SECLEVEL=0"


def server(leaf, *above, ask=None, ciphers=None, most=None, only=None):
    """A server's context that shows a chain, and may ask for what `ask` signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if ciphers:
        context.set_ciphers(ciphers)
    context.load_cert_chain(bundle(leaf, *above), leaf.key)
    if ask:
        context.load_verify_locations(ask)
        context.verify_mode = ssl.CERT_REQUIRED
    if most:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = most
    return context


def plain_sip(case):
    """The URI of who answers a TLS hello as SIP servers do over TCP."""
    s = socket.socket()
    case.addCleanup(s.close)
    s.bind(("127.0.0.1", 0))
    s.listen(8)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                c, _ = s.accept()
                with c:
                    c.recv(4096)
                    c.sendall(b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    threading.Thread(target=serve, daemon=True).start()
    return "sip:127.0.0.1:%d;transport=tls" % s.getsockname()[1]


class Certificates(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pki = Authorities()

    def peer(self, *args, **more):
        return self.use(SipPeer(answer(), "tls", tls=server(*args, **more)))

    def probe(self, uri, *more, contact=None, form="json", **tls):
        """(exit code, what it says) of one probe."""
        tls = {"ca_file": self.pki.trust, "server_name": "sbc.test", **tls}
        own = {"contact": contact} if contact else {}
        path = self.write("c.json", json.dumps(config_of(trunk("t", uri, tls=tls, **own))))
        code, out, err = run("probe", "t", f"--config.file={path}", f"--format={form}",
                             "--timeout=3s", *more)
        self.assertEqual(err, "")
        return code, json.loads(out) if form == "json" else out

    def own(self, made, *above):
        return {"cert_file": bundle(made, *above), "key_file": made.key}


class Faults(Certificates):
    def cases(self):
        """(fault, what its sentence says, the probe's result)."""
        p = self.pki
        good = p.leaf()
        fine = (good, p.middle)
        asks = self.peer(*fine, ask=p.trust)
        client = p.leaf(eku="clientAuth")
        weak = p.leaf(key="1024")
        sha1 = p.leaf(key="2048", digest="sha1")
        old = p.leaf(days=-1)
        mute = socket.socket()
        self.addCleanup(mute.close)
        mute.bind(("127.0.0.1", 0))
        mute.listen(8)
        for fault, words, uri, tls in (
                ("ours_purpose", "is for servers only", asks.uri,
                 self.own(p.leaf(eku="serverAuth"), p.middle)),
                ("ours_untrusted", "does not trust who signed our certificate", asks.uri,
                 self.own(p.leaf(p.new))),
                ("ours_expired", "expired 20", asks.uri, self.own(old, p.middle)),
                ("ours_wanted", "set cert_file", asks.uri, {}),
                ("purpose", "is for clients only", self.peer(client, p.middle).uri, {}),
                ("root", "is by New Root G2, not trusted", self.peer(p.leaf(p.new)).uri,
                 {}),
                ("intermediate", "is by Middle, which was not sent",
                 self.peer(p.leaf(aia=True)).uri, {}),
                ("weak", "key too weak", self.peer(weak, p.middle, ciphers=WEAK).uri, {}),
                ("weak", "digest algorithm too weak",
                 self.peer(sha1, p.middle, ciphers=WEAK).uri, {}),
                ("name", "is for sbc.test, 127.0.0.1, not other.test",
                 self.peer(*fine).uri, {"server_name": "other.test"}),
                ("version", "alert protocol version",
                 self.peer(*fine, ciphers=WEAK, most=ssl.TLSVersion.TLSv1_1).uri, {}),
                ("expired", "expired 20", self.peer(old, p.middle).uri, {}),
                ("timeout", "not done before the deadline",
                 "sip:127.0.0.1:%d;transport=tls" % mute.getsockname()[1], {}),
                ("not_tls", "does not speak TLS",
                 plain_sip(self), {})):
            yield fault, words, self.probe(uri, **tls)

    def test_each_has_its_sentence(self):
        said = {}
        for fault, words, (code, told) in self.cases():
            with self.subTest(fault=fault, words=words):
                self.assertEqual((code, told["reason"], told["tls_fault"]),
                                 (2, "tls", fault))
                self.assertIn(words, told["verdict"] + " " + told["advice"])
                self.assertNotIn(told["verdict"].split(":", 2)[2], said)
                said[told["verdict"].split(":", 2)[2]] = fault
                said.setdefault(told["advice"], fault)
                self.assertEqual(said[told["advice"]], fault)
        self.assertGreaterEqual(len(said), 24)

    def test_good_ones_have_none(self):
        p = self.pki
        asks = {"ask": p.trust}
        mine = self.own(p.leaf(eku="serverAuth,clientAuth"), p.middle)
        good = (
            ((p.leaf(), p.middle), {}, {}),
            ((p.leaf(), p.middle, p.old), {}, {}),
            ((p.leaf(eku="serverAuth"), p.middle), {}, {}),
            ((p.leaf(eku="serverAuth,clientAuth"), p.middle), {}, {}),
            ((p.leaf(p.old),), {}, {}),
            ((p.leaf(p.web), p.web), {}, {}),
            ((p.leaf(key="2048"), p.middle), {}, {}),
            ((p.leaf(key="3072", digest="sha384"), p.middle), {}, {}),
            ((p.leaf(digest="sha512"), p.middle), {}, {}),
            ((p.leaf(key="ed25519"), p.middle), {}, {}),
            ((p.leaf(san="DNS:*.voice.test"), p.middle), {},
             {"server_name": "a.voice.test"}),
            ((p.leaf(san="URI:sip:sbc.test"), p.middle), {}, {}),
            ((p.leaf(san="IP:127.0.0.1"), p.middle), {}, {"server_name": "127.0.0.1"}),
            ((p.leaf(san=None), p.middle), {}, {}),
            ((p.leaf(p.new), p.cross), {}, {"ca_file": p.trust_both}),
            ((p.leaf(p.new), p.new, p.cross), {}, {"ca_file": p.trust_new}),
            ((p.leaf(p.short), p.short), {}, {}),
            ((p.leaf(), p.middle), asks, mine),
            ((p.leaf(), p.middle), asks, self.own(p.leaf(eku="clientAuth"), p.middle)),
            ((p.leaf(), p.middle), asks, self.own(p.leaf(), p.middle, p.old)),
            ((p.leaf(), p.middle), {"most": ssl.TLSVersion.TLSv1_2, **asks}, mine),
        )
        for i, (chain, more, tls) in enumerate(good):
            with self.subTest(i):
                code, told = self.probe(self.peer(*chain, **more).uri, **tls)
                self.assertEqual((code, told["advice"]), (0, ""), told["verdict"])
                self.assertNotIn(";", told["verdict"])
                code, out, err = run(f"--config.file={self.path('c.json')}",
                                     "--config.check")
                self.assertEqual((code, err), (0, ""))


class Expiry(Certificates):
    def test_what_is_shown_and_what_is_verified(self):
        """An expired root that an older one signed is nobody's outage."""
        p = self.pki
        leaf, under = p.leaf(p.new), p.leaf(p.short)
        both = {"ca_file": p.trust_both, "server_name": "sbc.test"}
        e = self.start(config_of(
            trunk("cross", self.peer(leaf, p.cross).uri, tls=both),
            trunk("short", self.peer(under, p.short).uri, tls=both, connection="reuse"),
            trunk("skip", self.peer(leaf, p.cross).uri,
                  tls={**both, "insecure_skip_verify": True}),
            trunk("bad", self.peer(p.leaf(days=-1), p.middle).uri, tls=both)))
        shown = "siptrunk_tls_certificate_not_after_timestamp_seconds"
        verified = "siptrunk_tls_verified_chain_not_after_timestamp_seconds"
        for name in ("cross", "short", "skip", "bad"):
            m = e.settled(name, 2)
        self.assertEqual(m.get(shown, trunk="cross"), not_after(p.cross.cert))
        self.assertEqual(m.get(verified, trunk="cross"), not_after(leaf.cert))
        self.assertEqual(m.get(verified, trunk="short"), not_after(p.short.cert))
        self.assertEqual(m.get(shown, trunk="skip"), not_after(p.cross.cert))
        self.assertEqual(m.all(verified, trunk="skip"), [])
        self.assertEqual(m.all(verified, trunk="bad"), [])
        page = e.get("/trunks/cross")
        self.assertRegex(page[:page.index("Certificate chain")], "(299|300) days")
        one = json.loads(e.get("/api/v1/trunks/cross"))["targets"][0]
        self.assertEqual(one["verified_chain_not_after_unix_s"], not_after(leaf.cert))

    def test_it_stays_when_verification_fails(self):
        """The end of the chain that was verified last is what has passed."""
        p = self.pki
        first = p.leaf(days=40)
        context = server(first, p.middle)
        peer = self.use(SipPeer(answer(), "tls", tls=context))
        e = self.start(config_of(trunk("t", peer.uri, tls={
            "ca_file": p.trust, "server_name": "sbc.test"})))
        verified = "siptrunk_tls_verified_chain_not_after_timestamp_seconds"
        e.wait_metric(not_after(first.cert), verified, trunk="t")
        strange = p.leaf(p.new, days=10)
        context.load_cert_chain(strange.cert, strange.key)
        e.wait_metric(0, "siptrunk_up", trunk="t")
        e.wait_metric(not_after(first.cert), verified, trunk="t")

    def test_the_first_to_end_is_named(self):
        p = self.pki
        code, told = self.probe(self.peer(p.leaf(p.short), p.short).uri)
        cert = told["answers"][0]["certificate"]
        self.assertEqual((code, cert["ends_first"]), (0, "Short"))
        self.assertIn(cert["days_left"], (3, 4))
        code, out = self.probe(self.peer(p.leaf(p.short), p.short).uri, form="text")
        self.assertRegex(out, "the chain for [34] more days; Short above it ends first")
        code, told = self.probe(self.peer(p.leaf(p.new), p.cross).uri,
                                ca_file=p.trust_both)
        cert = told["answers"][0]["certificate"]
        self.assertEqual(cert["ends_first"], "")
        self.assertIn(cert["days_left"], (299, 300))
        code, out = self.probe(self.peer(p.leaf(p.new), p.cross).uri, form="nagios",
                               ca_file=p.trust_both)
        self.assertRegex(out, "certificate_days=(299|300)")


class Own(Certificates):
    """Read as the peer will read them, at the load, before any peer does."""

    def unfit(self):
        p = self.pki
        return (
            ((p.leaf(eku="serverAuth"), p.middle),
             "may not be shown as a client: it is for servers only"),
            ((p.leaf(p.web, eku="serverAuth,clientAuth"), p.web),
             "may not be shown as a client: its authority Web Only is for servers only"),
            ((p.leaf(key="1024"), p.middle), "has too weak a key: it has RSA 1024"),
            ((p.leaf(key="2048", digest="sha1"), p.middle),
             "has too weak a signature: it is signed by ecdsa-with-SHA1"),
            ((p.leaf(days=-1), p.middle), "expired 20"),
            ((p.leaf(san="DNS:else.test"), p.middle),
             "is not for sbc.test, the host of contact"),
        )

    def test_told_everywhere(self):
        p = self.pki
        peer = self.peer(p.leaf(), p.middle)
        cases = self.unfit()
        trunks = [
            trunk(f"t{i}", peer.uri, contact="sip:sbc.test:5061;transport=tls",
                  tls={"ca_file": p.trust, "server_name": "sbc.test", **self.own(*chain)})
            for i, (chain, _) in enumerate(cases)]
        trunks.append(trunk("fine", peer.uri, contact="sip:sbc.test",
                            tls={"ca_file": p.trust, "server_name": "sbc.test",
                                 **self.own(p.leaf(), p.middle)}))
        listener = p.leaf(eku="clientAuth")
        conf = config_of(*trunks, listen=["tls:127.0.0.1:0"])
        conf["sip"]["tls"] = self.own(listener, p.middle)
        path = self.write("own.json", json.dumps(conf))
        code, out, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual(code, 0)
        e = self.start(conf)
        usable = "siptrunk_tls_own_certificate_usable"
        for i, (_, words) in enumerate(cases):
            with self.subTest(words):
                self.assertIn(f"trunks[{i}].tls.cert_file: warning: ", err)
                self.assertIn(words, err)
                m = e.settled(f"t{i}", 1)
                self.assertEqual(m.get(usable, trunk=f"t{i}", purpose="client"), 0)
                self.assertIn(words, e.get(f"/trunks/t{i}"))
                own = json.loads(e.get(f"/api/v1/trunks/t{i}"))["own_certificate"]
                self.assertIn(words, own["complaint"])
                code, out, _ = run("probe", f"t{i}", f"--config.file={path}")
                self.assertEqual(code, 0, out)
                self.assertIn(words, out)
                self.assertIn("Next: Replace our certificate", out)
        self.assertEqual(e.settled("fine", 1).get(usable, trunk="fine"), 1)
        self.assertNotIn("trunks[6]", err)
        self.assertIn("sip.tls.cert_file: warning: ", err)
        self.assertIn("may not be shown as a server: it is for clients only", err)
        server_side = [v for l, v in e.scrape().all(usable, purpose="server")
                       if "trunk" not in l]
        self.assertEqual(server_side, [0])
        lines = e.log(msg="configuration warning")
        self.assertEqual(len(lines), len(cases) + 1, lines)

    def test_shared_by_many_is_told_once(self):
        p = self.pki
        tls = {"ca_file": p.trust, **self.own(p.leaf(eku="serverAuth"), p.middle)}
        path = self.write("c.json", json.dumps(config_of(
            *(trunk(f"t{i}", "sip:127.0.0.1:9;transport=tls", tls=tls)
              for i in range(300)))))
        code, out, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual((code, err.count("warning:")), (0, 1), err)

    def test_replaced_by_a_worse_one(self):
        """As when an authority stops to issue for clients, and ACME renews."""
        p = self.pki
        for made in (p.leaf(eku="serverAuth,clientAuth"), p.leaf(eku="serverAuth")):
            shutil.copy(bundle(made, p.middle), self.path("me.new"))
            shutil.copy(made.key, self.path("key.new"))
            os.replace(self.path("key.new"), self.path("me.key"))
            os.replace(self.path("me.new"), self.path("me.pem"))
            if made.key and not os.path.exists(self.path("begun")):
                self.write("begun", "")
                e = self.start(config_of(trunk(
                    "t", self.peer(p.leaf(), p.middle).uri,
                    tls={"ca_file": p.trust, "server_name": "sbc.test",
                         "cert_file": "me.pem", "key_file": "me.key"})))
                e.wait_metric(1, "siptrunk_tls_own_certificate_usable", trunk="t",
                              file="me.pem")
        e.wait_metric(0, "siptrunk_tls_own_certificate_usable", trunk="t", seconds=20)
        line = e.wait_log(msg="peers may refuse our certificate")[0]
        self.assertEqual(line["trunk"], "t")
        self.assertIn("for servers only", line["why"])


class Rehearsal(Certificates):
    def test_by_other_authorities(self):
        p = self.pki
        peer = self.peer(p.leaf(), p.middle)
        for trust, code, words in (
                (p.trust, 0, "its certificates would verify"),
                (p.trust_both, 0, "its certificates would verify"),
                (p.trust_new, 1, "would not verify: certificate of Middle is by "
                                 "Old Root G1, not trusted")):
            for form in ("json", "text", "nagios"):
                got, told = self.probe(peer.uri, f"--trust-with={trust}", form=form)
                self.assertEqual(got, code, told)
                self.assertIn(words, told["verdict"] if form == "json" else told)
            got, told = self.probe(peer.uri, f"--trust-with={trust}")
            self.assertEqual(told["state"], "up")
            self.assertEqual(told["answers"][0]["trust_with"]["success"], code == 0)
        got, out = self.probe(peer.uri, f"--trust-with={p.trust_new}", form="solarwinds")
        self.assertEqual(got, 2, out)

    def test_one_that_is_refused_now(self):
        """The peer changed its root already: would the new bundle mend it?"""
        p = self.pki
        peer = self.peer(p.leaf(p.new))
        code, told = self.probe(peer.uri, f"--trust-with={p.trust_new}")
        self.assertEqual((code, told["reason"]), (2, "tls"))
        self.assertTrue(told["answers"][0]["trust_with"]["success"])

    def test_on_another_day(self):
        p = self.pki
        peer = self.peer(p.leaf(p.short), p.short)
        day = lambda n: time.strftime("%Y-%m-%d", time.gmtime(time.time() + n * 86400))
        code, told = self.probe(peer.uri, f"--trust-with={p.trust}", f"--at={day(2)}")
        self.assertEqual(code, 0, told["verdict"])
        self.assertIn(f"on {day(2)} its certificates would verify", told["verdict"])
        code, told = self.probe(peer.uri, f"--trust-with={p.trust}", f"--at={day(30)}")
        self.assertEqual(code, 1, told["verdict"])
        self.assertIn("certificate of Short expired", told["verdict"])

    def test_what_cannot_be_judged(self):
        p = self.pki
        code, told = self.probe(self.use(SipPeer(answer())).uri,
                                f"--trust-with={p.trust}")
        self.assertEqual(code, 3)
        self.assertIn("no certificate was shown", told["verdict"])
        code, told = self.probe(self.peer(p.leaf(), p.middle).uri,
                                "--trust-with=/nowhere/ca.pem")
        self.assertEqual(code, 3)
        self.assertIn("/nowhere/ca.pem: No such file", told["verdict"])
        for more in (["--at=2027-03-15"], ["--trust-with=x", "--at=soon"]):
            code, out, err = run("probe", "sip:127.0.0.1", *more)
            self.assertEqual(code, 3)
            self.assertIn("--at", out + err)


@unittest.skipIf(missing("kamailio"), "kamailio is not installed")
class RealPeer(Certificates):
    def test_kamailio_asks_for_ours(self):
        """What Kamailio says of each certificate of ours, and what we make of it."""
        p = self.pki
        leaf = p.leaf()
        k = self.use(Kamailio(self.path(""), cert=bundle(leaf, p.middle), key=leaf.key,
                              ask=p.trust))
        uri = f"sip:127.0.0.1:{k.tls};transport=tls"
        code, told = self.probe(uri, **self.own(p.leaf(eku="clientAuth"), p.middle))
        self.assertEqual((code, told["advice"]), (0, ""), told["verdict"])
        for fault, tls in (
                ("ours_wanted", {}),
                ("ours_purpose", self.own(p.leaf(eku="serverAuth"), p.middle)),
                ("ours_untrusted", self.own(p.leaf(p.new))),
                ("ours_expired", self.own(p.leaf(days=-1), p.middle))):
            with self.subTest(fault):
                code, told = self.probe(uri, **tls)
                self.assertEqual((code, told["tls_fault"]), (2, fault), told["verdict"])


class FiniteFields(Certificates):
    """A group that the peer chooses may cost us a second: not unless we ask for it."""

    def serve(self, *more):
        p, port = self.pki, free_port()
        leaf = p.leaf(key="2048")
        s = self.use(Program(self.path(""), f"s_server{port}", [
            "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", leaf.cert,
            "-key", leaf.key, "-cert_chain", bundle(p.middle), "-quiet", *more]))

        def listens():
            s.check()
            with contextlib.suppress(OSError), socket.create_connection(
                    ("127.0.0.1", port), 1):
                return True
        wait_for("s_server", listens)
        return f"sip:127.0.0.1:{port};transport=tls"

    def test_only_where_named(self):
        cipher = "DHE-RSA-AES256-GCM-SHA384"
        for uri in (self.serve("-tls1_2", "-cipher", cipher),
                    self.serve("-tls1_3", "-groups", "ffdhe2048:ffdhe8192")):
            for ciphers in ({}, {"ciphers": "HIGH:!aNULL"}):
                code, told = self.probe(uri, **ciphers)
                self.assertEqual((told["reason"], told["tls_fault"]),
                                 ("tls", "parameters"), told["verdict"])
                self.assertIn(cipher, told["advice"])
            code, told = self.probe(uri, ciphers=cipher + ":ECDHE")
            # Shaken hands, and then nobody who speaks SIP.
            self.assertIn(told["reason"], ("timeout", "connect"), told["verdict"])
            self.assertGreater(told["phases"]["tls"], 0)
