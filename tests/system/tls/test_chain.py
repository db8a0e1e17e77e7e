"""The certificate chain that a peer shows, as the API, the page and the probe tell it."""

import hashlib
import json
import os
import shutil
import ssl
import uuid

from harness import Case, config_of, run, trunk, wait_for
from peers import authority, certificate, openssl, shared_folder
from sip_peer import SipPeer, answer, server_tls

NASTY = "<script>alert(1)</script>"


def sha256(path, index=0):
    """The fingerprint of a PEM file's certificate."""
    with open(path) as f:
        pem = f.read().split("-----END CERTIFICATE-----")[index]
    der = ssl.PEM_cert_to_DER_cert(pem.strip() + "\n-----END CERTIFICATE-----\n")
    return hashlib.sha256(der).hexdigest()


def with_authority(cert, key):
    """What a server shows that sends its authority along, as some do."""
    chain = os.path.join(shared_folder(), uuid.uuid4().hex + ".chain.pem")
    with open(chain, "w") as out:
        for path in (cert, authority()[0]):
            with open(path) as f:
                shutil.copyfileobj(f, out)
    return chain, key


def nasty():
    """A certificate whose names are an attack on a page."""
    stem = os.path.join(shared_folder(), uuid.uuid4().hex)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", stem + ".key", "-out", stem + ".pem", "-days", "9",
            "-subj", "/CN=" + NASTY.replace("/", "\\/"),
            "-addext", f"subjectAltName=DNS:{NASTY}")
    return stem + ".pem", stem + ".key"


class Chain(Case):
    def api(self, e, name, ready=bool):
        """The chain of the trunk's one target, once it satisfies."""
        def probe():
            targets = json.loads(e.get(f"/api/v1/trunks/{name}"))["targets"]
            chain = targets[0]["certificate_chain"] if targets else None
            return ready(chain) and chain
        return wait_for(f"the chain of {name}", probe)

    def use_tls(self, pair, **more):
        return self.use(SipPeer(answer(), "tls", tls=server_tls(*pair), **more))

    def test_each_kind(self):
        good, old = with_authority(*certificate(days=80)), certificate(days=-1)
        bad = nasty()
        peers = {"good": good, "expired": old, "nasty": bad}
        tls = {"ca_file": authority()[0]}
        plain = self.use(SipPeer(answer()))
        e = self.start(config_of(
            *(trunk(n, self.use_tls(p).uri, tls=tls) for n, p in peers.items()),
            trunk("kept", self.use_tls(good).uri, tls=tls, connection="reuse"),
            trunk("plain", plain.uri)))
        for name in ("good", "kept"):
            chain = self.api(e, name)
            self.assertEqual((chain["verified"], chain["left_out"]), (True, 0))
            self.assertTrue(chain["version"].startswith("TLSv1."), chain)
            self.assertTrue(chain["cipher"])
            self.assertEqual([c["sha256"] for c in chain["certificates"]],
                             [sha256(good[0]), sha256(good[0], 1)])
            first, second = chain["certificates"]
            self.assertEqual(first["subject"], "CN=siptrunk test peer")
            self.assertEqual(first["issuer"], second["subject"])
            self.assertEqual(first["names"], "127.0.0.1, localhost")
            self.assertEqual(first["key"], "EC 256")
            self.assertEqual(79 * 86400 < first["not_after_unix_s"]
                             - chain["shown_since_unix_s"] <= 80 * 86400, True)
        chain = self.api(e, "expired")
        self.assertEqual((chain["verified"], len(chain["certificates"])), (False, 1))
        self.assertEqual(chain["certificates"][0]["sha256"], sha256(old[0]))
        page = e.get("/trunks/expired")
        self.assertIn("not verified", page)
        self.assertIn(sha256(old[0]), page)
        self.assertIn("<details id=\"chain0\" class=\"chain\" open>", page)
        self.assertIn("CN=siptrunk test peer", e.get("/trunks/good"))
        self.api(e, "nasty")
        self.assertNotIn("<script>alert", e.get("/trunks/nasty"))
        self.assertIn("&lt;script", e.get("/trunks/nasty"))
        e.settled("plain")
        t = json.loads(e.get("/api/v1/trunks/plain"))["targets"][0]
        self.assertIsNone(t["certificate_chain"])
        self.assertNotIn("Certificate chain", e.get("/trunks/plain"))

    def test_replaced(self):
        """What is shown anew is told, and since when; what stays is not told anew."""
        first, second = certificate(days=10), certificate(days=90)
        context = server_tls(*first)
        peer = self.use(SipPeer(answer(), "tls", tls=context))
        e = self.start(config_of(trunk("a", peer.uri, tls={"ca_file": authority()[0]})))
        before = self.api(e, "a")
        e.settled("a", 3)
        self.assertEqual(self.api(e, "a"), before)
        context.load_cert_chain(*second)
        after = self.api(e, "a", lambda c: c and c != before)
        self.assertEqual(after["certificates"][0]["sha256"], sha256(second[0]))
        self.assertGreater(after["shown_since_unix_s"], before["shown_since_unix_s"])

    def test_probe(self):
        pair = with_authority(*certificate(days=80))
        peer = self.use_tls(pair)
        path = self.write("c.json", json.dumps(config_of(
            trunk("a", peer.uri, tls={"ca_file": authority()[0]}))))
        code, out, err = run("probe", "a", f"--config.file={path}", "--format=json")
        self.assertEqual((code, err), (0, ""))
        chain = json.loads(out)["answers"][0]["certificate_chain"]
        self.assertEqual([c["sha256"] for c in chain["certificates"]],
                         [sha256(pair[0]), sha256(pair[0], 1)])
        code, out, err = run("probe", "a", f"--config.file={path}", "--verbose")
        self.assertIn("sha256 " + sha256(pair[0], 1), out)
        code, out, err = run("probe", "a", f"--config.file={path}")
        self.assertNotIn("sha256", out)
