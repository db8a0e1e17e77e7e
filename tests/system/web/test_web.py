"""Who may look at the pages: TLS, certificates, passwords, headers, paths, sockets."""

import base64
import http.client
import json
import os
import re
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from harness import EXE, PATIENCE, Case, Metrics, config_of, free_port, run, trunk, wait_for
from passwords import bcrypt

CONFIG = config_of(trunk("a", "sip:127.0.0.1:9;transport=tcp"))


def setUpModule():
    global pki
    pki = Pki()
    unittest.addModuleCleanup(pki.folder.cleanup)


class Pki:
    """Two authorities that know nothing of each other, and what they signed."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="siptrunk-pki-")
        for ca in ("ca", "other"):
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                         f"/CN=test {ca}", "-keyout", self[ca + ".key"], "-out",
                         self[ca + ".pem"], "-addext",
                         "keyUsage=critical,keyCertSign,cRLSign")
        self.issue("server", "ca", "IP:127.0.0.1,DNS:localhost", "serverAuth")
        self.issue("brief", "ca", "IP:127.0.0.1,DNS:localhost", "serverAuth", days="3")
        self.issue("second", "ca", "IP:127.0.0.1,DNS:localhost", "serverAuth")
        self.issue("rsa", "ca", "IP:127.0.0.1", "serverAuth", key="rsa")
        self.issue("client", "ca", "DNS:scraper.example,URI:spiffe://x/scraper",
                   "clientAuth")
        self.issue("guest", "ca", "DNS:guest.example", "clientAuth")
        self.issue("stranger", "other", "DNS:scraper.example", "clientAuth")

    def __getitem__(self, name):
        return os.path.join(self.folder.name, name)

    def openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, capture_output=True)

    def issue(self, name, ca, san, usage, key="ec", days="20"):
        kind = (["-newkey", "rsa:2048"] if key == "rsa" else
                ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        self.openssl("req", "-new", *kind, "-nodes", "-subj", f"/CN={name}", "-keyout",
                     self[name + ".key"], "-out", self[name + ".csr"])
        with open(self[name + ".ext"], "w") as f:
            f.write(f"subjectAltName={san}\nextendedKeyUsage={usage}\n")
        self.openssl("x509", "-req", "-in", self[name + ".csr"], "-CA", self[ca + ".pem"],
                     "-CAkey", self[ca + ".key"], "-CAcreateserial", "-days", days,
                     "-extfile", self[name + ".ext"], "-out", self[name + ".pem"])

    def read(self, name):
        with open(self[name]) as f:
            return f.read()

    def client(self, cert=None, **more):
        c = ssl.create_default_context(cafile=self["ca.pem"])
        if cert:
            c.load_cert_chain(self[cert + ".pem"], self[cert + ".key"])
        for k, v in more.items():
            setattr(c, k, v)
        return c


def basic(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": "Basic " + pair}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10 * PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Web(Case):
    """Starts exporters with a web configuration."""

    def web(self, text, **more):
        self.web_path = self.path("web.yml")
        self.replace(text)
        args = [f"--web.config.file={self.web_path}", *more.pop("args", ())]
        return self.begin(args=args, **more)

    def begin(self, **more):
        e = self.start(CONFIG, ready=False, **more)
        e.started = wait_for("the start line", lambda: self.alive(e).log(msg="started"))
        e.started = e.started[0]
        where = e.started["http"].split(",")[0]
        e.address = where.rsplit(":", 1)[0], int(where.rsplit(":", 1)[1])
        return e

    @staticmethod
    def alive(e):
        if e.process.poll() is not None:
            raise AssertionError(f"exited:\n{e.log_text()}")
        return e

    def replace(self, text, name="web.yml"):
        with open(self.path(name + ".new"), "w") as f:
            f.write(text)
        os.replace(self.path(name + ".new"), self.path(name))

    def ask(self, e, path="/-/healthy", tls=None, headers=None, method="GET"):
        """Status, headers and body; a connection of its own."""
        if tls:
            c = http.client.HTTPSConnection(*e.address, context=tls,
                                            timeout=20 * PATIENCE)
        else:
            c = http.client.HTTPConnection(*e.address, timeout=20 * PATIENCE)
        try:
            c.request(method, path, headers=headers or {})
            r = c.getresponse()
            return r.status, r.headers, r.read().decode()
        finally:
            c.close()

    def refused(self, e, tls):
        """The handshake, or with TLS 1.3 the first read, fails."""
        with self.assertRaises((ssl.SSLError, ConnectionError,
                                http.client.BadStatusLine)):
            self.ask(e, tls=tls)

    @staticmethod
    def tls(cert="server", **more):
        lines = {"cert_file": pki[cert + ".pem"], "key_file": pki[cert + ".key"], **more}
        text = "\n".join(f"  {k}: {json.dumps(v)}" for k, v in lines.items())
        return f"tls_server_config:\n{text}\n"

    @staticmethod
    def users(**users):
        return "basic_auth_users:\n" + "".join(
            f"  {u}: {h}\n" for u, h in users.items())


class Tls(Web):
    def test_serves_and_verifies(self):
        e = self.web(self.tls())
        self.assertEqual(self.ask(e, tls=pki.client())[0], 200)
        code, _, body = self.ask(e, "/metrics", tls=pki.client())
        self.assertEqual(code, 200)
        self.assertIn("siptrunk_info{", body)
        self.assertEqual(e.started["tls"], "on")
        with self.assertRaises(ssl.SSLError):
            self.ask(e, tls=ssl.create_default_context(cafile=pki["other.pem"]))
        with self.assertRaises((ConnectionError, http.client.BadStatusLine)):
            self.ask(e)

    def test_keeps_a_connection(self):
        e = self.web(self.tls())
        c = http.client.HTTPSConnection(*e.address, context=pki.client(),
                                        timeout=20 * PATIENCE)
        self.addCleanup(c.close)
        for _ in range(20):
            c.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
            r = c.getresponse()
            self.assertEqual((r.status, len(r.read()) > 100), (200, True))

    def test_versions(self):
        for low, high, good in (("TLS12", "TLS13", ("TLSv1.2", "TLSv1.3")),
                                ("TLS13", "TLS13", ("TLSv1.3",)),
                                ("TLS12", "TLS12", ("TLSv1.2",))):
            with self.subTest(low=low, high=high):
                e = self.web(self.tls(min_version=low, max_version=high))
                for name, version in (("TLSv1.2", ssl.TLSVersion.TLSv1_2),
                                      ("TLSv1.3", ssl.TLSVersion.TLSv1_3)):
                    c = pki.client(minimum_version=version, maximum_version=version)
                    if name in good:
                        self.assertEqual(self.ask(e, tls=c)[0], 200)
                    else:
                        self.refused(e, c)
                e.stop()

    def cipher(self, e, tls):
        with socket.create_connection(e.address, 10 * PATIENCE) as raw:
            with tls.wrap_socket(raw, server_hostname="127.0.0.1") as s:
                return s.cipher()[0]

    def test_suites_and_certificates_kinds(self):
        old = pki.client(maximum_version=ssl.TLSVersion.TLSv1_2)
        for cert, go, openssl in (
                ("rsa", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                 "ECDHE-RSA-AES256-GCM-SHA384"),
                ("server", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                 "ECDHE-ECDSA-CHACHA20-POLY1305"),
                ("server", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                 "ECDHE-ECDSA-AES128-SHA")):
            with self.subTest(suite=go):
                e = self.web(self.tls(cert, cipher_suites=[go],
                                      curve_preferences=["CurveP256"]))
                self.assertEqual(self.cipher(e, old), openssl)
                other = pki.client(maximum_version=ssl.TLSVersion.TLSv1_2)
                other.set_ciphers("ECDHE+AESGCM+AES128")
                self.refused(e, other)
                e.stop()

    def test_old_clients_where_asked_for(self):
        e = self.web(self.tls(min_version="TLS10"))
        tls = pki.client()
        tls.set_ciphers("DEFAULT:@SECLEVEL=0")
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = ssl.TLSVersion.TLSv1
        self.assertEqual(self.ask(e, tls=tls)[0], 200)

    def test_inline(self):
        pem = {"cert": pki.read("server.pem"), "key": pki.read("server.key"),
               "client_ca": pki.read("ca.pem"),
               "client_auth_type": "RequireAndVerifyClientCert"}
        e = self.web("tls_server_config:\n" + "".join(
            f"  {k}: {json.dumps(v)}\n" for k, v in pem.items()))
        self.assertEqual(self.ask(e, tls=pki.client("client"))[0], 200)
        self.refused(e, pki.client("stranger"))

    def test_files_relative_to_the_configuration(self):
        for f in ("server.pem", "server.key"):
            self.write(f, pki.read(f))
        e = self.web("tls_server_config:\n  cert_file: server.pem\n"
                     "  key_file: server.key\n")
        self.assertEqual(self.ask(e, tls=pki.client())[0], 200)


class ClientCertificates(Web):
    CASES = (
        # type, then with: none, a good one, one of another authority
        ("RequireAndVerifyClientCert", False, True, False),
        ("VerifyClientCertIfGiven", True, True, False),
        ("RequireAnyClientCert", False, True, True),
        ("RequireClientCert", False, True, True),
        ("RequestClientCert", True, True, True),
        ("NoClientCert", True, True, True),
    )

    def test_types(self):
        for kind, *allowed in self.CASES:
            more = {"client_ca_file": pki["ca.pem"]} if "Verify" in kind else {}
            e = self.web(self.tls(client_auth_type=kind, **more))
            for cert, good in zip((None, "client", "stranger"), allowed):
                with self.subTest(kind=kind, cert=cert):
                    if good:
                        self.assertEqual(self.ask(e, tls=pki.client(cert))[0], 200)
                    else:
                        self.refused(e, pki.client(cert))
            e.stop()

    def test_a_server_certificate_is_no_clients(self):
        e = self.web(self.tls(client_auth_type="RequireAndVerifyClientCert",
                              client_ca_file=pki["ca.pem"]))
        self.refused(e, pki.client("second"))

    def test_names(self):
        for names, client, guest in (
                (["scraper.example"], True, False),
                (["spiffe://x/scraper"], True, False),
                (["guest.example", "scraper.example"], True, True),
                (["example"], False, False)):
            with self.subTest(names=names):
                e = self.web(self.tls(client_auth_type="RequireAndVerifyClientCert",
                                      client_ca_file=pki["ca.pem"],
                                      client_allowed_sans=names))
                for cert, good in (("client", client), ("guest", guest)):
                    if good:
                        self.assertEqual(self.ask(e, tls=pki.client(cert))[0], 200)
                    else:
                        self.refused(e, pki.client(cert))
                e.stop()


class Rotation(Web):
    def serial(self, e):
        with socket.create_connection(e.address, 10 * PATIENCE) as raw:
            with pki.client().wrap_socket(raw, server_hostname="127.0.0.1") as s:
                return s.getpeercert()["serialNumber"]

    def copy(self, name):
        for kind in ("pem", "key"):
            self.replace(pki.read(f"{name}.{kind}"), "now." + kind)

    def start_copied(self, more=""):
        self.copy("server")
        return self.web("tls_server_config:\n  cert_file: now.pem\n"
                        "  key_file: now.key\n" + more)

    def test_new_certificate_without_restart(self):
        e = self.start_copied()
        first = self.serial(e)
        held = http.client.HTTPSConnection(*e.address, context=pki.client(),
                                           timeout=20 * PATIENCE)
        self.addCleanup(held.close)
        held.request("GET", "/-/healthy")
        held.getresponse().read()
        for name in ("second", "server", "rsa", "second"):
            self.copy(name)
            serial = self.serial(e)
            held.request("GET", "/-/healthy")
            self.assertEqual(held.getresponse().read(), b"healthy\n")
        self.assertNotEqual(serial, first)

    def test_half_rotated_keeps_the_old_and_logs_once(self):
        e = self.start_copied()
        first = self.serial(e)
        self.replace(pki.read("second.pem"), "now.pem")
        for _ in range(5):
            self.assertEqual(self.serial(e), first)
        line, = e.log(level="error")
        self.assertIn("now.key: not the key of", line["error"])
        self.replace(pki.read("second.key"), "now.key")
        self.assertNotEqual(self.serial(e), first)
        self.assertEqual(len(e.log(level="error")), 1)

    def metrics(self, e, tls=None):
        m = Metrics(self.ask(e, "/metrics", tls=tls)[2])
        found = (m.all("siptrunk_exporter_web_" + name) for name in (
            "certificate_not_after_timestamp_seconds", "config_last_reload_successful",
            "config_last_reload_success_timestamp_seconds"))
        return tuple(f[0][1] if f else None for f in found)

    def shown_until(self, e):
        with socket.create_connection(e.address, 10 * PATIENCE) as raw:
            with pki.client().wrap_socket(raw, server_hostname="127.0.0.1") as s:
                return ssl.cert_time_to_seconds(s.getpeercert()["notAfter"])

    def test_what_is_shown_is_a_metric(self):
        e = self.start_copied()
        until, good, at = self.metrics(e, pki.client())
        self.assertEqual((until, good), (self.shown_until(e), 1))
        self.assertLess(abs(time.time() - at), 20 * PATIENCE)
        # Half of a new pair: what is shown is the old one, and that is said.
        self.replace(pki.read("brief.pem"), "now.pem")
        self.assertEqual(self.metrics(e, pki.client()), (until, 0, at))
        self.assertEqual(self.shown_until(e), until)
        self.replace(pki.read("brief.key"), "now.key")
        brief, good, later = self.metrics(e, pki.client())
        self.assertEqual((brief, good), (self.shown_until(e), 1))
        self.assertLess(brief, until)
        self.assertGreater(later, at)
        self.replace("nonsense")
        self.assertEqual(self.metrics(e, pki.client()), (brief, 0, later))

    def test_without_tls_or_a_file_they_are_absent(self):
        e = self.web(self.users())
        until, good, at = self.metrics(e)
        self.assertEqual((until, good), (None, 1))
        self.assertGreater(at, 0)
        e.stop()
        e = self.begin()
        self.assertEqual(self.metrics(e), (None, None, None))

    def test_vanished_file_keeps_the_old(self):
        e = self.start_copied()
        first = self.serial(e)
        os.unlink(self.path("now.key"))
        self.assertEqual(self.serial(e), first)
        self.assertIn("now.key: No such file or directory",
                      e.log(level="error")[0]["error"])

    def test_new_authority(self):
        self.write("now-ca.pem", pki.read("other.pem"))
        e = self.start_copied("  client_ca_file: now-ca.pem\n"
                              "  client_auth_type: RequireAndVerifyClientCert\n")
        self.refused(e, pki.client("client"))
        self.assertEqual(self.ask(e, tls=pki.client("stranger"))[0], 200)
        self.replace(pki.read("ca.pem"), "now-ca.pem")
        self.assertEqual(self.ask(e, tls=pki.client("client"))[0], 200)
        self.refused(e, pki.client("stranger"))

    def test_verification_is_not_lost_while_written(self):
        self.write("now-ca.pem", pki.read("ca.pem"))
        e = self.start_copied("  client_ca_file: now-ca.pem\n"
                              "  client_auth_type: RequireAndVerifyClientCert\n")
        self.replace("tls_server_config:\n  cert_file: now.pem\n  key_file: now.key\n")
        self.refused(e, pki.client())

        def let_in():
            try:
                return self.ask(e, tls=pki.client())[0] == 200
            except (OSError, http.client.HTTPException):
                return False
        begin = time.monotonic()
        wait_for("everybody to be let in", let_in)
        self.assertGreater(time.monotonic() - begin, 1.5)

    def test_turning_tls_off_needs_a_restart(self):
        e = self.start_copied()
        self.replace("")
        for _ in range(3):
            self.assertEqual(self.ask(e, tls=pki.client())[0], 200)
        line, = e.log(level="error")
        self.assertIn("needs a restart", line["error"])

    def test_thousand_changes_leak_nothing_that_counts(self):
        e = self.start_copied()
        for i in range(150):
            self.copy(("server", "second")[i % 2])
            self.serial(e)

        def resident():
            with open(f"/proc/{e.process.pid}/statm") as f:
                return int(f.read().split()[1]) * 4
        before = resident()
        for i in range(300):
            self.copy(("server", "second")[i % 2])
            self.serial(e)
        self.assertLess(resident() - before, 4096, "KiB after 300 changes")


class Passwords(Web):
    alone = "latency under a flood, which takes all there is of the processor"

    def checks(self, e):
        return len(e.log(msg="password checked"))

    def test_right_and_wrong(self):
        e = self.web(self.users(prom=bcrypt("pass:word"), other=bcrypt("x" * 72)))
        for headers, code in (
                ({}, 401),
                (basic("prom", "pass:word"), 200),
                (basic("prom", "pass:wor"), 401),
                (basic("prom", ""), 401),
                (basic("", "pass:word"), 401),
                (basic("nobody", "pass:word"), 401),
                (basic("other", "x" * 72), 200),
                (basic("other", "x" * 71), 401),
                (basic("prom", "y" * 5000), 401),
                ({"Authorization": "basic  " + basic("prom", "pass:word")
                  ["Authorization"][6:]}, 200),
                ({"Authorization": "Bearer abc"}, 401),
                ({"Authorization": "Basic !!!"}, 401),
                ({"Authorization": "Basic"}, 401),
                (basic("prom", "pass:word\0"), 401)):
            with self.subTest(headers=headers):
                got, fields, _ = self.ask(e, "/metrics", headers=headers)
                self.assertEqual(got, code)
                if code == 401:
                    self.assertTrue(fields["WWW-Authenticate"].startswith("Basic "))
        for path in ("/", "/-/healthy", "/-/ready", "/-/reload", "/x"):
            self.assertEqual(self.ask(e, path)[0], 401)

    def test_every_form_of_hash(self):
        hashes = {f: bcrypt("pw").replace("$2b$", f) for f in ("$2a$", "$2b$", "$2y$")}
        e = self.web(self.users(**{f"u{i}": h for i, h in
                                   enumerate(hashes.values())}))
        for i in range(3):
            self.assertEqual(self.ask(e, headers=basic(f"u{i}", "pw"))[0], 200)

    def test_a_scrape_costs_no_bcrypt(self):
        e = self.web(self.users(prom=bcrypt("pw")))
        for _ in range(10):
            self.assertEqual(self.ask(e, headers=basic("prom", "pw"))[0], 200)
        self.assertEqual(self.checks(e), 1)
        for _ in range(10):
            self.assertEqual(self.ask(e, headers=basic("prom", "wrong"))[0], 401)
            self.assertEqual(self.ask(e, headers=basic("nobody", "pw"))[0], 401)
        self.assertEqual(self.checks(e), 3, "unknown users cost the same")

    def test_wrong_ones_drive_out_nothing(self):
        e = self.web(self.users(prom=bcrypt("pw")))
        self.assertEqual(self.ask(e, headers=basic("prom", "pw"))[0], 200)
        for i in range(600):
            self.ask(e, headers=basic("prom", f"guess {i}"))
        before = self.checks(e)
        self.assertEqual(self.ask(e, headers=basic("prom", "pw"))[0], 200)
        self.assertEqual(self.checks(e), before)

    def test_changes_at_once(self):
        e = self.web(self.users(prom=bcrypt("old")))
        self.assertEqual(self.ask(e, headers=basic("prom", "old"))[0], 200)
        self.replace(self.users(prom=bcrypt("new")))
        self.assertEqual(self.ask(e, headers=basic("prom", "old"))[0], 401)
        self.assertEqual(self.ask(e, headers=basic("prom", "new"))[0], 200)
        self.replace(self.users(else_=bcrypt("new")))
        self.assertEqual(self.ask(e, headers=basic("prom", "new"))[0], 401)

    def rewrite(self, text):
        """In place, as an editor or cp does."""
        with open(self.web_path, "w") as f:
            f.write(text)

    def test_half_written_lets_nobody_in(self):
        """For as long as somebody writes, also where each piece is valid."""
        whole = self.users(prom=bcrypt("pw"))
        e = self.web(whole)
        begin = time.monotonic()
        while time.monotonic() - begin < 4:
            for text in ("# who may look\n", "basic_auth_users:\n", "", "{}", whole):
                self.rewrite(text)
                self.assertEqual(self.ask(e)[0], 401, text)
        self.assertEqual(self.ask(e, headers=basic("prom", "pw"))[0], 200)
        self.assertNotIn("lets more people in", e.log_text())

    def test_an_open_one_counts_once_it_stands_still(self):
        e = self.web(self.users(prom=bcrypt("pw")))
        begin = time.monotonic()
        self.rewrite("basic_auth_users:\n")
        wait_for("no password to be asked for", lambda: self.ask(e)[0] == 200)
        self.assertGreater(time.monotonic() - begin, 1.9)
        self.assertEqual(len(e.log(
            level="warn", msg="web configuration read again, it lets more people in")), 1)
        self.replace(self.users(prom=bcrypt("pw")))
        self.assertEqual(self.ask(e)[0], 401, "less open counts at once")

    def test_broken_after_open_keeps_the_old(self):
        """What has not come into force is nothing to fall back to."""
        e = self.web(self.users(prom=bcrypt("pw")))
        for text in ("{}", "basic_auth_users: [\n"):
            self.rewrite(text)
            self.assertEqual(self.ask(e)[0], 401)
        time.sleep(2.5)
        self.assertEqual(self.ask(e)[0], 401)

    def test_an_empty_one_takes_nothing_away(self):
        e = self.web(self.users(prom=bcrypt("pw")))
        self.rewrite("")
        self.assertEqual(self.ask(e)[0], 401)
        time.sleep(2.5)
        self.assertEqual(self.ask(e)[0], 401)
        line, = e.log(level="error")
        self.assertIn("write {}", line["error"])
        self.rewrite("{}")
        wait_for("no password to be asked for", lambda: self.ask(e)[0] == 200)

    def test_broken_file_keeps_the_old_and_logs_once(self):
        e = self.web(self.users(prom=bcrypt("pw")))
        self.replace("basic_auth_users: [\n")
        for _ in range(5):
            self.assertEqual(self.ask(e)[0], 401)
            self.assertEqual(self.ask(e, headers=basic("prom", "pw"))[0], 200)
        self.assertEqual(len(e.log(level="error")), 1)
        os.unlink(self.web_path)
        self.assertEqual(self.ask(e)[0], 401)
        self.assertEqual(len(e.log(level="error")), 2)

    def flood(self, e, seconds):
        """Wrong passwords of a costly hash from many connections; how many were told."""
        stop = time.monotonic() + seconds
        told = []

        def one(n):
            i = 0
            while time.monotonic() < stop:
                i += 1
                try:
                    told.append(self.ask(e, headers=basic("prom", f"{n} {i}"))[0])
                except (OSError, http.client.HTTPException):
                    pass
        threads = [threading.Thread(target=one, args=(n,)) for n in range(30)]
        for t in threads:
            t.start()
        return threads, told

    def test_a_flood_does_not_stall_the_right_one(self):
        e = self.web(self.users(prom=bcrypt("pw", 10)))
        self.assertEqual(self.ask(e, headers=basic("prom", "pw"))[0], 200)
        threads, told = self.flood(e, 3)
        served, longest = 0, 0
        while any(t.is_alive() for t in threads):
            begun = time.monotonic()
            code, _, body = self.ask(e, "/metrics", headers=basic("prom", "pw"))
            longest = max(longest, time.monotonic() - begun)
            self.assertEqual(code, 200)
            served += 1
        for t in threads:
            t.join()
        self.assertGreater(served, 20)
        # Thirty checks of some 60 ms each were ahead of it all the time.
        self.assertLess(longest, 1.0 * PATIENCE)
        self.assertEqual(set(told) - {401}, set())

    def test_stops_while_passwords_wait(self):
        e = self.web(self.users(prom=bcrypt("pw", 10)))
        threads, _ = self.flood(e, 2)
        wait_for("a check", lambda: self.checks(e))
        e.stop()
        for t in threads:
            t.join()

    def test_body_is_refused(self):
        e = self.web(self.users(prom=bcrypt("pw")))
        c = http.client.HTTPConnection(*e.address, timeout=10 * PATIENCE)
        c.request("POST", "/-/reload", body=b"x" * 10)
        self.assertEqual(c.getresponse().status, 413)

    def test_with_tls(self):
        e = self.web(self.tls() + self.users(prom=bcrypt("pw")))
        self.assertEqual(self.ask(e, tls=pki.client())[0], 401)
        self.assertEqual(self.ask(e, "/metrics", tls=pki.client(),
                                  headers=basic("prom", "pw"))[0], 200)


class Headers(Web):
    def test_are_sent(self):
        e = self.web(
            "http_server_config:\n  http2: false\n  headers:\n"
            "    Strict-Transport-Security: max-age=31536000\n"
            "    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n"
            "    X-XSS-Protection: '1; mode=block'\n"
            "    Content-Security-Policy: default-src 'self'\n")
        for path in ("/", "/metrics", "/x"):
            _, fields, _ = self.ask(e, path)
            self.assertEqual(fields.get_all("X-Frame-Options"), ["deny"])
            self.assertEqual(fields.get_all("X-Content-Type-Options"), ["nosniff"])
            self.assertEqual(fields.get_all("Content-Security-Policy"),
                             ["default-src 'self'"])
            self.assertEqual(fields["X-XSS-Protection"], "1; mode=block")
            self.assertEqual(fields["Strict-Transport-Security"], "max-age=31536000")


class Bad(Web):
    """Each broken file with all that is said about it."""

    GOOD = "cert_file: s.pem, key_file: s.key"
    CASES = (
        ("x: 1\n", "1:1: x: unknown key \"x\""),
        ("tls_server_confg: {}\n",
         "1:1: tls_server_confg: unknown key \"tls_server_confg\"; did you mean "
         "\"tls_server_config\"?"),
        ("tls_server_config:\n  cert_file: []\n",
         "2:14: tls_server_config.cert_file: expected a string, found an array"),
        ("- a\n", "1:1: $: expected an object, found an array"),
        ("a: b: c\n", "1:5: $: mapping values are not allowed in this context"),
        ("basic_auth_users:\n  a: secret\n",
         "2:6: basic_auth_users.a: not a bcrypt hash ($2y$, $2b$ or $2a$), as "
         "`htpasswd -nB USER` prints it after the colon"),
        ("basic_auth_users:\n  a: $2y$20$abcdefghijklmnopqrstuu"
         "0000000000000000000000000000000\n",
         "2:6: basic_auth_users.a: the cost of a bcrypt hash must be from 4 to 16"),
        ("http_server_config: {headers: {X-Frame-Options: maybe}}\n",
         "1:49: http_server_config.headers.X-Frame-Options: must be deny or sameorigin"),
        ("http_server_config: {headers: {Set-Cookie: x}}\n",
         "1:32: http_server_config.headers.Set-Cookie: header \"Set-Cookie\": only "
         "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, "
         "X-XSS-Protection and Content-Security-Policy can be set"),
        ('http_server_config: {headers: {X-XSS-Protection: "a\\r\\nb: c"}}\n',
         "1:50: http_server_config.headers.X-XSS-Protection: \"a\\u000d\\u000ab: c\": "
         "control characters, line ends among them, are not allowed"),
        ("http_server_config: {http2: maybe}\n",
         "1:29: http_server_config.http2: expected true or false, found a string"),
        ("tls_server_config: {min_version: SSL3, " + GOOD + "}\n",
         "1:34: tls_server_config.min_version: \"SSL3\" is not known here; it must be "
         "\"TLS10\", \"TLS11\", \"TLS12\" or \"TLS13\""),
        ("http_server_config: {http2: true, http2: true}\n",
         "1:35: http_server_config.http2: duplicate key \"http2\", first used at line 1"),
        ("tls_server_config: {curve_preferences: [X25519, X25519], " + GOOD + "}\n",
         "1:49: tls_server_config.curve_preferences[1]: \"X25519\" is in "
         "the list already"),
        ("{}\n---\n{}\n", "2:1: $: a second document"),
        ("basic_auth_users: !!binary x\n",
         "1:19: basic_auth_users: tags (!name) are not taken"),
        ("http_server_config: &a\n  headers: *a\n",
         "1:21: http_server_config: anchors (&name) are not taken"),
    )
    WHOLE = (
        ("cert_file: s.pem", "key_file is missing"),
        ("key_file: s.key", "cert_file is missing"),
        (GOOD + ", cert: x", "cert and cert_file exclude each other"),
        (GOOD + ", min_version: TLS13, max_version: TLS12",
         "min_version is above max_version"),
        (GOOD + ", client_ca_file: s.pem",
         "client_ca_file without a client_auth_type asks for nothing"),
        (GOOD + ", client_auth_type: RequireAndVerifyClientCert",
         "client_auth_type verifies, but client_ca_file is missing"),
        (GOOD + ", client_allowed_sans: [a]",
         "client_allowed_sans needs a client_auth_type that verifies"),
        ("cert_file: nothing.pem, key_file: s.key",
         "nothing.pem: No such file or directory"),
        ("cert_file: s.key, key_file: s.key", "s.key: no certificate"),
        ("cert_file: s.pem, key_file: s.pem", "s.pem: no private key"),
        (GOOD + ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: s.key",
         "s.key: no certificate"),
        (GOOD + ", max_version: TLS12, "
         "cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]",
         "cipher_suites has none for the certificate's kind of key"),
    )

    def check(self, text):
        self.write("trunks.json", json.dumps(CONFIG))
        self.write("web.yml", text)
        return run("--config.file=trunks.json", "--web.config.file=web.yml",
                   "--config.check", cwd=self.folder)

    def test_places(self):
        for text, want in self.CASES:
            with self.subTest(text=text):
                code, _, err = self.check(text)
                self.assertEqual(code, 1)
                self.assertTrue(err.startswith("web.yml:" + want), err)

    def test_wholes(self):
        for name in ("pem", "key"):
            self.write("s." + name, pki.read("server." + name))
        for text, want in self.WHOLE:
            with self.subTest(text=text):
                code, _, err = self.check(f"tls_server_config: {{{text}}}\n")
                self.assertEqual(code, 1)
                self.assertRegex(err, r"^web\.yml(:1:20)?: tls_server_config: ")
                self.assertIn(want, err)

    def test_all_errors_at_once(self):
        code, out, err = self.check("x: 1\nbasic_auth_users:\n  a: b\n  'c:d': e\n")
        self.assertEqual((code, len(err.splitlines())), (1, 3))
        self.assertNotIn("web.yml", out)

    def test_good_and_empty(self):
        for text in ("", "# nothing\n", "{}\n", "tls_server_config:\n", "---\n",
                     "basic_auth_users: {}\nhttp_server_config: {http2: yes}\n"):
            with self.subTest(text=text):
                code, out, err = self.check(text)
                self.assertEqual((code, err), (0, ""))
                self.assertIn("web.yml: ok\n", out)

    def test_secrets_are_not_shown(self):
        secret = "$2y$10$secretsecretsecret"
        _, out, err = self.check(f"basic_auth_users:\n  a: {secret}\n"
                                 f"tls_server_config: {{key: {secret}}}\n")
        self.assertNotIn("secret", out + err)

    def test_start_fails(self):
        self.write("web.yml", "x: 1\n")
        e = self.start(CONFIG, ready=False,
                       args=[f"--web.config.file={self.path('web.yml')}"])
        self.assertEqual(e.wait_exit(), 1)
        self.assertEqual(e.log(level="error")[0]["error"], 'unknown key "x"')
        e.process.returncode = 0


class Slow(Web):
    """Clients that take their time take it from nobody else."""

    def test_slow_handshakes(self):
        e = self.web(self.tls())
        slow = []
        for _ in range(64):
            s = socket.create_connection(e.address, 10 * PATIENCE)
            self.addCleanup(s.close)
            s.sendall(b"\x16\x03\x01")
            slow.append(s)
        for i in range(10):
            slow[i].sendall(b"\x02")
            begun = time.monotonic()
            self.assertEqual(self.ask(e, "/metrics", tls=pki.client())[0], 200)
            self.assertLess(time.monotonic() - begun, 2 * PATIENCE)
        # A byte a second is no way to stay: the head has a deadline as a whole.
        def trickle():
            for s in slow:
                try:
                    s.send(b"\x01")
                except OSError:
                    pass
            return all(self.ended(s) for s in slow)
        wait_for("the slow ones to be closed", trickle, seconds=20, step=1)

    @staticmethod
    def ended(s):
        s.setblocking(False)
        try:
            while s.recv(4096):
                pass
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True

    def test_slow_heads_after_the_handshake(self):
        e = self.web(self.tls())
        for _ in range(64):
            raw = socket.create_connection(e.address, 10 * PATIENCE)
            s = pki.client().wrap_socket(raw, server_hostname="127.0.0.1")
            self.addCleanup(s.close)
            s.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        self.assertEqual(self.ask(e, "/metrics", tls=pki.client())[0], 200)


class Paths(Web):
    def test_prefix(self):
        for args, home in (
                (["--web.route-prefix=/sip"], "/sip/"),
                (["--web.external-url=https://x.example/sip/"], "/sip/"),
                (["--web.external-url=https://x.example/out",
                  "--web.route-prefix=/sip"], "/out/")):
            with self.subTest(args=args):
                e = self.begin(args=args)
                for path, want in (("/sip/metrics", 200), ("/metrics", 404),
                                   ("/sip/-/healthy", 200), ("/-/healthy", 404),
                                   ("/sip/", 200), ("/sip/trunks/a", 200),
                                   ("/trunks/a", 404), ("/sip/api/v1/trunks", 200),
                                   ("/sipx", 404), ("/sip", 302), ("/", 302)):
                    self.assertEqual(self.ask(e, path)[0], want, path)
                for path in ("/", "/sip"):
                    self.assertEqual(self.ask(e, path)[1]["Location"], home)
                # Links are relative, whatever a proxy made of the path.
                for path in ("/sip/", "/sip/trunks/a"):
                    links = re.findall(r'(?:href|src)="([^"]*)"', self.ask(e, path)[2])
                    self.assertTrue(links)
                    self.assertFalse([l for l in links if l.startswith(("/", "http"))])
                e.stop()

    def test_prefix_must_be_a_path(self):
        self.assertEqual(run("--demo", "--web.route-prefix=sip/x/")[0], 2)

    def test_prefix_of_slash_is_none(self):
        e = self.begin(args=["--web.external-url=http://x/a", "--web.route-prefix=/"])
        self.assertEqual(self.ask(e, "/metrics")[0], 200)
        self.assertEqual(self.ask(e, "/")[0], 200)

    def test_bad_urls(self):
        for url in ("ftp://x/", "http://", "x", "http://x/<script>", "http://x/a?b"):
            with self.subTest(url=url):
                e = self.start(CONFIG, ready=False, args=["--web.external-url=" + url])
                self.assertEqual(e.wait_exit(), 1)
                self.assertIn("--web.external-url", e.log(level="error")[0]["error"])
                e.process.returncode = 0


class Sockets(Web):
    def unix(self, path, request="/metrics"):
        c = UnixConnection(path)
        try:
            c.request("GET", request)
            r = c.getresponse()
            return r.status, r.read().decode()
        finally:
            c.close()

    def begin_unix(self, *listen):
        e = self.start(CONFIG, ready=False, listen=listen)
        wait_for("the start line", lambda: self.alive(e).log(msg="started"))
        return e

    def test_unix(self):
        path = self.path("web.sock")
        e = self.begin_unix(f"unix:{path}", f"unix:{path}2,mode=0600", "127.0.0.1:0")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        self.assertEqual(stat.S_IMODE(os.stat(path + "2").st_mode), 0o600)
        for p in (path, path + "2"):
            code, body = self.unix(p)
            self.assertEqual(code, 200)
            self.assertIn("siptrunk_info{", body)
        self.assertIn(f"unix:{path},unix:{path}2,127.0.0.1:",
                      e.log(msg="started")[0]["http"])
        e.stop()
        self.assertFalse(os.path.exists(path))
        self.assertFalse(os.path.exists(path + "2"))

    def test_stale_is_replaced_a_living_one_is_not(self):
        path = self.path("web.sock")
        e = self.begin_unix(f"unix:{path}")
        other = self.start(CONFIG, ready=False, listen=[f"unix:{path}"],
                           log_path=self.path("other.log"))
        self.assertEqual(other.wait_exit(), 1)
        self.assertIn("Address already in use", other.log(level="error")[0]["error"])
        other.process.returncode = 0
        e.process.kill()
        e.wait_exit()
        self.assertTrue(os.path.exists(path))
        e = self.begin_unix(f"unix:{path}")
        self.assertEqual(self.unix(path)[0], 200)

    def test_another_file_is_left_alone(self):
        path = self.write("notes.txt", "mine")
        e = self.start(CONFIG, ready=False, listen=[f"unix:{path}"])
        self.assertEqual(e.wait_exit(), 1)
        self.assertIn("File exists", e.log(level="error")[0]["error"])
        e.process.returncode = 0
        with open(path) as f:
            self.assertEqual(f.read(), "mine")

    def test_unix_with_tls_and_passwords(self):
        path = self.path("web.sock")
        self.replace(self.tls() + self.users(prom=bcrypt("pw")))
        e = self.start(CONFIG, ready=False, listen=[f"unix:{path}"],
                       args=[f"--web.config.file={self.path('web.yml')}"])
        wait_for("the start line", lambda: self.alive(e).log(msg="started"))
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        with pki.client().wrap_socket(s, server_hostname="localhost") as t:
            t.sendall(b"GET /-/healthy HTTP/1.0\r\nAuthorization: " +
                      basic("prom", "pw")["Authorization"].encode() + b"\r\n\r\n")
            self.assertIn(b"200 OK", t.recv(4096))

    def test_many_on_a_unix_socket(self):
        path = self.path("web.sock")
        self.begin_unix(f"unix:{path}")
        for _ in range(80):
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            self.addCleanup(s.close)
            s.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        self.assertEqual(self.unix(path)[0], 200)

    def passed(self, *sockets, args=()):
        """Starts the program as systemd does: descriptors from 3 on."""
        self.write("trunks.json", json.dumps(CONFIG))
        log = self.path("exporter.log")
        fds = [s.fileno() for s in sockets]

        def hand_over():
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
                os.set_inheritable(3 + i, True)
            os.environ["LISTEN_PID"] = str(os.getpid())
        with open(log, "wb") as out:
            p = subprocess.Popen(
                ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", EXE, "--web.systemd-socket",
                 f"--config.file={self.path('trunks.json')}", *args],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, close_fds=False,
                preexec_fn=hand_over,
                env={**os.environ, "LISTEN_FDS": str(len(fds))})
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p, log

    def test_systemd_sockets(self):
        path = self.path("s.sock")
        tcp = socket.create_server(("127.0.0.1", 0))
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(path)
        unix.listen()
        p, log = self.passed(tcp, unix)
        address = tcp.getsockname()
        tcp.close()
        unix.close()
        c = http.client.HTTPConnection(*address, timeout=10 * PATIENCE)
        c.request("GET", "/metrics")
        self.assertEqual(c.getresponse().status, 200)
        self.assertEqual(self.unix(path)[0], 200)
        p.terminate()
        self.assertEqual(p.wait(5 * PATIENCE), 0)
        self.assertTrue(os.path.exists(path), "systemd's socket stays")
        with open(log) as f:
            self.assertIn(f"{address[0]}:{address[1]},unix:{path}", f.read())

    def test_systemd_passes_what_does_not_listen(self):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        p, log = self.passed(udp)
        self.assertEqual(p.wait(10 * PATIENCE), 1)
        with open(log) as f:
            self.assertIn("--web.systemd-socket: Invalid argument", f.read())

    def test_systemd_passes_nothing(self):
        e = self.start(CONFIG, ready=False, args=["--web.systemd-socket"])
        self.assertEqual(e.wait_exit(), 1)
        self.assertIn("systemd passed no socket", e.log(level="error")[0]["error"])
        e.process.returncode = 0

    @unittest.skipUnless(os.path.exists("/usr/bin/systemd-socket-activate"),
                         "no systemd-socket-activate")
    def test_systemd_socket_activate(self):
        self.write("trunks.json", json.dumps(CONFIG))
        port = free_port()
        p = subprocess.Popen(
            ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", EXE,
             "--web.systemd-socket", f"--config.file={self.path('trunks.json')}"],
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)

        def scrape():
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * PATIENCE)
            c.request("GET", "/-/healthy")
            return c.getresponse().status == 200
        wait_for("an answer", scrape)


class Health(Web):
    """--healthcheck finds a living exporter, however it serves."""

    def check(self, e, *args):
        port = f"--web.listen-address=127.0.0.1:{e.address[1]}"
        return run("--healthcheck", port, *args)[0]

    def test_whatever_is_asked_of_clients(self):
        for text in (self.tls(), self.users(prom=bcrypt("pw")),
                     self.tls(client_auth_type="RequireAndVerifyClientCert",
                              client_ca_file=pki["ca.pem"]),
                     self.tls("rsa", max_version="TLS12") +
                     self.users(prom=bcrypt("pw"))):
            with self.subTest(text=text):
                e = self.web(text, args=["--web.route-prefix=/x"])
                args = [f"--web.config.file={self.web_path}", "--web.route-prefix=/x"]
                self.assertEqual(self.check(e, *args), 0)
                self.assertEqual(self.check(e, args[0]), 0 if "users" in text else
                                 0 if "client_ca" in text else 1)
                e.stop()
                self.assertEqual(self.check(e, *args), 1)

    def test_url(self):
        e = self.web(self.tls())
        where = f"://127.0.0.1:{e.address[1]}/-/healthy"
        self.assertEqual(run("--healthcheck=https" + where)[0], 0)
        self.assertEqual(run("--healthcheck=http" + where)[0], 1)


class Prometheus(Web):
    def test_scrapes_with_tls_and_a_password(self):
        e = self.web(self.tls(client_auth_type="RequireAndVerifyClientCert",
                              client_ca_file=pki["ca.pem"]) +
                     self.users(prom=bcrypt("pw")),
                     args=["--web.route-prefix=/sip"])
        port = free_port()
        self.write("password", "pw")
        self.write("prometheus.yml", f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: siptrunk
    scheme: https
    metrics_path: /sip/metrics
    tls_config:
      ca_file: {pki['ca.pem']}
      cert_file: {pki['client.pem']}
      key_file: {pki['client.key']}
    basic_auth: {{username: prom, password_file: {self.path('password')}}}
    static_configs:
      - targets: ["{e.address[0]}:{e.address[1]}"]
""")
        with open(self.path("prometheus.log"), "wb") as log:
            p = subprocess.Popen(
                ["prometheus", f"--config.file={self.path('prometheus.yml')}",
                 f"--storage.tsdb.path={self.path('data')}",
                 f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)

        def query():
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            c.request("GET", "/api/v1/query?query=up%7Bjob%3D%22siptrunk%22%7D")
            r = c.getresponse()
            if r.status != 200:
                return False  # it says so while it starts
            result = json.loads(r.read())["data"]["result"]
            return result and result[0]["value"][1] == "1"
        wait_for("up of Prometheus", query, seconds=30, step=0.3)
        self.assertEqual(len(e.log(msg="password checked")), 1)
