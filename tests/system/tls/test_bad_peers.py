"""
Peers that are bad at TLS, each in a way of its own: none is up, each is told by its cause,
and none keeps the good ones beside it from being probed.
"""

import contextlib
import os
import socket
import ssl
import struct
import threading
import uuid

from harness import config_of, trunk
from peers import openssl, shared_folder
from pki import CA, Made, bundle
from sip_peer import SipPeer, answer
from test_certificates import causes
from test_faults import WEAK, Certificates, server

HANDSHAKE, ALERT = 22, 21


def record(kind, body, version=0x0303):
    return struct.pack(">BHH", kind, version, len(body)) + body


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(cipher=0xc02f, version=0x0303, renegotiates=True):
    """`renegotiates`: it knows how to do that safely (RFC 5746)."""
    extensions = b"\0\5\xff\1\0\1\0" if renegotiates else b""
    return message(2, struct.pack(">H", version) + os.urandom(32) + b"\0" +
                   struct.pack(">HB", cipher, 0) + extensions)


def alert(code, level=2):
    return record(ALERT, bytes([level, code]))


class Scripted:
    """Sends some bytes to each who says hello, then ends as it is told."""

    def __init__(self, said, end="close"):
        self.said, self.end = said, end
        self.held = []
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(16)
        self.uri = "sip:127.0.0.1:%d;transport=tls" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                c, _ = self.socket.accept()
                self.held.append(c)
                with contextlib.suppress(OSError):
                    self.serve_one(c)

    def serve_one(self, c):
        if self.end != "at once":
            c.recv(4096)
        c.sendall(self.said)
        if self.end == "reset":
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.end != "hold":
            c.close()

    def close(self):
        for s in (self.socket, *self.held):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


def signed(name, issuer, lines, days=300):
    """A certificate with these lines for its extensions."""
    stem = os.path.join(shared_folder(), uuid.uuid4().hex)
    with open(stem + ".ext", "w") as f:
        f.write(lines)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", stem + ".key", "-out", stem + ".csr", "-subj",
            f"/CN={name}")
    openssl("x509", "-req", "-in", stem + ".csr", "-CA", issuer.cert, "-CAkey",
            issuer.key, "-CAcreateserial", "-extfile", stem + ".ext", "-days", str(days),
            "-out", stem + ".pem")
    made = Made.__new__(Made)
    made.issuer, made.cert, made.key = issuer, stem + ".pem", stem + ".key"
    return made


def not_yet(issuer):
    """A certificate that begins next year."""
    stem = os.path.join(shared_folder(), uuid.uuid4().hex)
    with open(stem + ".cnf", "w") as f:
        f.write("[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=%s\ndatabase=%s.index\n"
                "serial=%s.serial\ndefault_md=sha256\npolicy=p\nunique_subject=no\n"
                "[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:sbc.test\n"
                % (shared_folder(), stem, stem))
    open(stem + ".index", "w").close()
    with open(stem + ".serial", "w") as f:
        f.write("01\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", stem + ".key", "-out", stem + ".csr", "-subj",
            "/CN=sbc.test")
    openssl("ca", "-batch", "-notext", "-config", stem + ".cnf", "-cert", issuer.cert,
            "-keyfile", issuer.key, "-in", stem + ".csr", "-out", stem + ".pem",
            "-extensions", "x", "-startdate", "20480101000000Z", "-enddate",
            "20490101000000Z")
    made = Made.__new__(Made)
    made.issuer, made.cert, made.key = issuer, stem + ".pem", stem + ".key"
    return made


SAN = "subjectAltName=DNS:sbc.test\n"


class BadPeers(Certificates):
    def certificates(self):
        """(cause, name, chain that the peer shows, how else its server is)."""
        p = self.pki
        self_signed = Made("sbc.test", san="DNS:sbc.test")
        rsa = Made("RSA Middle", p.old, ca=True, key="2048")
        past = Made("Past", p.old, ca=True, days=-1)
        no_authority = signed("Plain", p.old, "basicConstraints=critical,CA:FALSE\n")
        no_signer = signed("No Signer", p.old, "basicConstraints=critical,CA:TRUE\n"
                           "keyUsage=critical,cRLSign\n")
        last = signed("Last", p.old, "basicConstraints=critical,CA:TRUE,pathlen:0\n"
                      "keyUsage=critical,keyCertSign\n")
        beyond = Made("Beyond", last, ca=True)
        elsewhere = signed("Elsewhere", p.old,
                           CA + "nameConstraints=critical,permitted;DNS:else.test\n")
        for cause, name, chain, more in (
                ("expired", "expired", (p.leaf(days=-1), p.middle), {}),
                ("expired", "expired above", (p.leaf(past), past), {}),
                ("not_yet_valid", "begins next year", (not_yet(p.middle), p.middle), {}),
                ("name", "another name", (p.leaf(san="DNS:other.test"), p.middle), {}),
                ("name", "its name in no SAN",
                 (p.leaf(san="DNS:a.sbc.test,IP:127.0.0.2"), p.middle), {}),
                ("name", "a star for too much",
                 (p.leaf(san="DNS:*.test,DNS:*"), p.middle), {}),
                ("untrusted", "signed by itself", (self_signed,), {}),
                ("untrusted", "by an unknown root", (p.leaf(p.new), p.new), {}),
                ("untrusted", "without what is between", (p.leaf(),), {}),
                ("untrusted", "with another between", (p.leaf(), p.web), {}),
                ("untrusted", "for clients alone", (p.leaf(eku="clientAuth"), p.middle),
                 {}),
                ("untrusted", "signed by no authority",
                 (p.leaf(no_authority), no_authority), {}),
                ("untrusted", "signed by who may not sign",
                 (p.leaf(no_signer), no_signer), {}),
                ("untrusted", "a path too long", (p.leaf(beyond), beyond, last), {}),
                ("untrusted", "a name its authority may not give",
                 (p.leaf(elsewhere), elsewhere), {}),
                ("untrusted", "an extension that none knows",
                 (signed("sbc.test", p.middle, SAN + "1.2.3.4.5=critical,DER:0500\n"),
                  p.middle), {}),
                ("untrusted", "RSA of 1024 bits", (p.leaf(key="1024"), p.middle),
                 {"ciphers": WEAK}),
                ("untrusted", "SHA-1", (p.leaf(key="2048", digest="sha1"), p.middle),
                 {"ciphers": WEAK}),
                ("untrusted", "MD5", (p.leaf(rsa, digest="md5"), rsa),
                 {"ciphers": WEAK}),
                ("version", "TLS 1.0", (p.leaf(), p.middle),
                 {"ciphers": WEAK, "most": ssl.TLSVersion.TLSv1}),
                ("version", "TLS 1.1", (p.leaf(), p.middle),
                 {"ciphers": WEAK, "most": ssl.TLSVersion.TLSv1_1}),
                ("handshake", "no cipher in common",
                 (p.leaf(key="2048"), p.middle),
                 {"ciphers": "NULL-SHA256:@SECLEVEL=0", "most": ssl.TLSVersion.TLSv1_2}),
                ("handshake", "wants a certificate of ours", (p.leaf(), p.middle),
                 {"ask": p.trust}),
                ("other", "a chain of 400", (p.leaf(), *[p.middle] * 400),
                 {})):
            yield cause, name, self.peer(*chain, **more).uri

    def scripted(self):
        """(cause, name, who says it). What breaks the rules of TLS is `other`."""
        flood = record(HANDSHAKE, message(11, b"\0" * 16000)[:16384])
        hello = record(HANDSHAKE, server_hello())
        for cause, name, said, end in (
                ("handshake", "closes at once", b"", "at once"),
                ("handshake", "closes after our hello", b"", "close"),
                ("handshake", "resets after our hello", b"", "reset"),
                ("handshake", "closes after its own", hello, "close"),
                ("handshake", "closes within a record", hello[:20], "close"),
                ("timeout", "says nothing", b"", "hold"),
                ("timeout", "says half a hello", hello[:20], "hold"),
                ("timeout", "a record of 16 kB that never comes",
                 struct.pack(">BHH", HANDSHAKE, 0x0303, 16384), "hold"),
                ("handshake", "alert handshake failure", alert(40), "close"),
                ("handshake", "alert insufficient security", alert(71), "close"),
                ("handshake", "alert internal error", alert(80), "close"),
                ("handshake", "alert unrecognized name", alert(112), "close"),
                ("handshake", "alert access denied", alert(49), "close"),
                ("version", "alert protocol version", alert(70), "close"),
                ("other", "SIP in plain",
                 b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "close"),
                ("other", "HTTP in plain", b"HTTP/1.1 400 Bad Request\r\n\r\n", "close"),
                ("other", "garbage", bytes(range(64, 256)), "close"),
                ("other", "zeros", bytes(64), "hold"),
                ("version", "hello of SSL 3", record(HANDSHAKE, server_hello(
                    version=0x0300), 0x0300), "hold"),
                ("other", "renegotiates as of old",
                 record(HANDSHAKE, server_hello(renegotiates=False)), "hold"),
                ("other", "hello with a cipher that nobody named",
                 record(HANDSHAKE, server_hello(cipher=0x0004)), "hold"),
                ("other", "a certificate before its hello", flood, "hold"),
                ("other", "a handshake without end",
                 hello + record(HANDSHAKE, b"\x0b\xff\xff\xff" + b"\0" * 1000), "hold")):
            yield cause, name, self.use(Scripted(said, end)).uri

    def test_each_is_refused_with_its_cause(self):
        settings = {"interval": "4s", "down_interval": "4s", "timeout": "3s",
                    "fall": 1,
                    "tls": {"ca_file": self.pki.trust, "server_name": "sbc.test"}}
        mute = {**settings, "timeout": "500ms"}
        bad = [*self.certificates(), *self.scripted()]
        self.assertEqual(len(bad), 47)
        good = self.peer(self.pki.leaf(), self.pki.middle).uri
        e = self.start(config_of(
            trunk("good", good, **settings),
            *(trunk(name, uri, **(mute if cause == "timeout" else settings))
              for cause, name, uri in bad)))
        for cause, name, _ in bad:
            with self.subTest(name):
                m = e.settled(name, 1)
                found = {c: n for c, n in causes(m, name).items() if n}
                self.assertEqual(list(found), [cause])
                self.assertEqual(set(m.failures(name)), {"tls"})
                self.assertEqual((m.codes(name), m.state(name)), ({}, "down"))
        m = e.settled("good", 1)
        self.assertEqual((m.failures("good"), m.state("good")), ({}, "up"))
