"""
Peers that cost whoever probes them as much as they can, in every way known; and strangers who
do so uncalled. Each kind serves any number of trunks, each at an address of its own:

    hostile.py     runs all kinds, prints {kind: port} as a line of JSON, until killed
"""

import contextlib
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

from peers import authority, certificate
from pki import Made, bundle
from sip_peer import Request

LARGE = 60_000
PKTINFO = struct.Struct("=I4s4s")
RESET = struct.pack("ii", 1, 0)


class Udp:
    """Serves a port of all addresses of loopback, and answers from the one that was asked."""

    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        self.socket.bind(("0.0.0.0", 0))
        self.port = self.socket.getsockname()[1]
        self.asked = {}  # our address: (their address, when)
        threading.Thread(target=self.run, daemon=True).start()

    def send(self, raw, to, ours):
        info = PKTINFO.pack(0, ours, bytes(4))
        with contextlib.suppress(OSError):
            self.socket.sendmsg([raw], [(socket.IPPROTO_IP, 8, info)], 0, to)

    def run(self):
        while True:
            try:
                raw, control, _, source = self.socket.recvmsg(65535, 64)
            except ConnectionRefusedError:
                continue
            except OSError:
                return
            ours = PKTINFO.unpack(control[0][2][:PKTINFO.size])[2]
            self.asked[ours] = source
            with contextlib.suppress(LookupError, TypeError):
                self.behaviour(self, Request(None, raw, source), source, ours)


class Stream:
    """Serves a port over TCP; `behaviour(connection)` has a thread for each connection."""

    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.socket = socket.socket()
        self.socket.bind(("0.0.0.0", 0))
        self.socket.listen(512)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        with c, contextlib.suppress(Exception):
            c.settimeout(5)
            self.behaviour(c)


# Over UDP: what a request is answered with.

def wrong(rq):
    return rq.response(200, via="SIP/2.0/UDP h;branch=z9hG4bKother")


def flood(u, rq, source, ours):
    """As many answers to something else as go out in a tenth of a second, now and again."""
    raw, end = wrong(rq), time.monotonic() + 0.1
    while time.monotonic() < end:
        u.send(raw, source, ours)


def slow_parse(u, rq, source, ours):
    """Datagrams of one line that careless parsers read again and again."""
    for line in ("Via: " + "a," * (LARGE // 2), "X: " + "(" * LARGE, "From: " + '"\\' * (LARGE // 2)):
        u.send(rq.response(200, extra=line + "\r\n"), source, ours)
        u.send(b"SIP/2.0 200 OK\r\n" + line.encode() + b"\r\n", source, ours)


def large(u, rq, source, ours):
    """Whole messages as large as they come, a hundred at once."""
    raw = wrong(rq)[:-2] + b"X: " + b"x" * LARGE + b"\r\n\r\n"
    for _ in range(100):
        u.send(raw, source, ours)


def ringing(u, rq, source, ours):
    """Provisional responses without an end."""
    for _ in range(500):
        u.send(rq.response(180), source, ours)


def garbage(u, rq, source, ours):
    for _ in range(300):
        u.send(os.urandom(700), source, ours)


# Over TCP: what a connection is used for.

def endless_head(c):
    c.recv(4096)
    c.sendall(b"SIP/2.0 200 OK\r\n")
    while True:
        c.sendall(b"X: " + b"x" * 1000 + b"\r\n")


def stream_flood(c):
    """Whole answers to something else, as fast as they are taken."""
    rq = Request(None, c.recv(4096), None)
    raw = rq.response(200, via="SIP/2.0/TCP h;branch=z9hG4bKother") * 50
    while True:
        c.sendall(raw)


def pings(c):
    """Keep-alives, each of which wants an answer."""
    while True:
        c.sendall(b"\r\n\r\n" * 4000)
        c.recv(65536)


def drip(c):
    """An answer, one byte a packet, that is never done."""
    rq = Request(None, c.recv(4096), None)
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in rq.response(200) * 2:
        c.sendall(bytes([byte]))
        time.sleep(0.01)


def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def reset_late(c):
    c.recv(4096)
    reset(c)


# Over TLS: what is said in its place, or in it.

def record(kind, body, version=0x0303):
    return struct.pack("!BHH", kind, version, len(body)) + body


def claims_much(c):
    """A message of the handshake that says it has 16 MB, and its bytes for ever."""
    c.recv(4096)
    c.sendall(record(22, b"\x02\xff\xff\xff" + b"a" * 16000))
    while True:
        c.sendall(record(22, b"a" * 16384))


def empty_records(c):
    c.recv(4096)
    while True:
        c.sendall(record(22, b"") * 1000)


def warnings(c):
    c.recv(4096)
    while True:
        c.sendall(record(21, b"\x01\x5a") * 1000)


def shaken(context, then):
    def behaviour(c):
        with context.wrap_socket(c, server_side=True) as s:
            then(s)
    return behaviour


def read_on(s):
    while s.recv(65536):
        pass


def context_of(cert, key, **more):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    for name, value in more.items():
        setattr(context, name, value)
    return context


def long_chain():
    """A hundred certificates, each by the next, below the authority that is trusted."""
    leaf = Made("hostile.test", san="DNS:hostile.test")
    chain = [Made(f"Middle {i}", ca=True) for i in range(3)]
    return bundle(leaf, *(chain * 33)), leaf.key


class GiantGroup:
    """TLS 1.2 with a Diffie-Hellman group of 10,000 bits; it computes nothing itself."""

    def __init__(self):
        self.cert, self.key = certificate_rsa()
        with open(self.cert) as f:
            self.der = ssl.PEM_cert_to_DER_cert(f.read())
        p = (1 << 9999) | int.from_bytes(os.urandom(1240), "big") | 1
        p, y = p.to_bytes(1250, "big"), os.urandom(1249)
        self.params = b"".join(struct.pack("!H", len(x)) + x for x in (p, b"\x02", y))

    def __call__(self, c):
        hello = c.recv(4096)
        random_ = os.urandom(32)
        signed = hello[11:43] + random_ + self.params
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed,
                                   capture_output=True, check=True).stdout

        def message(kind, body):
            return struct.pack("!I", len(body) | kind << 24) + body
        cert = struct.pack("!I", len(self.der))[1:] + self.der
        said = message(2, b"\x03\x03" + random_ + b"\0\0\x9f\0\0\x05\xff\x01\0\x01\0")
        said += message(11, struct.pack("!I", len(cert))[1:] + cert)
        said += message(12, self.params + b"\x04\x01" + struct.pack("!H", len(signature)) +
                        signature)
        said += message(14, b"")
        c.sendall(record(22, said))
        c.recv(4096)


def certificate_rsa():
    made = Made("hostile.test", san="DNS:hostile.test", key="2048")
    return made.cert, made.key


def kinds():
    """{kind: (transport, server)}"""
    cert = certificate("DNS:hostile.test,IP:127.0.0.1")
    tickets = context_of(*cert, minimum_version=ssl.TLSVersion.TLSv1_3, num_tickets=1000)
    plain = context_of(*cert)
    return {
        **{f.__name__: ("udp", Udp(f)) for f in (flood, slow_parse, large, ringing, garbage)},
        **{f.__name__: ("tcp", Stream(f)) for f in (
            endless_head, stream_flood, pings, drip, reset, reset_late)},
        **{f.__name__: ("tls", Stream(f)) for f in (claims_much, empty_records, warnings)},
        "giant_group": ("tls", Stream(GiantGroup())),
        "long_chain": ("tls", Stream(shaken(context_of(*long_chain()), read_on))),
        "tickets": ("tls", Stream(shaken(tickets, read_on))),
        "tls_head": ("tls", Stream(shaken(plain, endless_head))),
        "tls_flood": ("tls", Stream(shaken(plain, stream_flood))),
        "tls_pings": ("tls", Stream(shaken(plain, pings))),
    }


KINDS = (("flood", "udp"), ("slow_parse", "udp"), ("large", "udp"), ("ringing", "udp"),
         ("garbage", "udp"), ("endless_head", "tcp"), ("stream_flood", "tcp"), ("pings", "tcp"),
         ("drip", "tcp"), ("reset", "tcp"), ("reset_late", "tcp"), ("claims_much", "tls"),
         ("empty_records", "tls"), ("warnings", "tls"), ("giant_group", "tls"),
         ("long_chain", "tls"), ("tickets", "tls"), ("tls_head", "tls"), ("tls_flood", "tls"),
         ("tls_pings", "tls"))


def trunks(ports, count, ca):
    """So many of them, of all kinds alike, each at an address of its own."""
    found = []
    for i in range(count):
        kind, transport = KINDS[i % len(KINDS)]
        where = f"127.66.{i // 250}.{i % 250 + 1}:{ports[kind]}"
        t = {"name": f"bad-{i:03}-{kind}", "uri": f"sip:{where};transport={transport}"}
        if transport == "tls":
            t["tls"] = {"ca_file": ca, "server_name": "hostile.test"}
        if kind == "giant_group":
            t["tls"]["ciphers"] = "DHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
            t["tls"]["insecure_skip_verify"] = True
        found.append(t)
    return found


class Strangers:
    """They open TLS connections to a listener of ours from many addresses, as fast as may be."""

    def __init__(self, address, threads=2):
        self.address, self.stop, self.tried, self.done = address, threading.Event(), 0, 0
        self.context = ssl._create_unverified_context()
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(threads)]
        for t in self.threads:
            t.start()

    def run(self, n):
        for i in range(1 << 30):
            if self.stop.is_set():
                return
            self.tried += 1
            with contextlib.suppress(OSError), socket.create_connection(
                    self.address, 1, (f"127.77.{n}.{i % 200 + 1}", 0)) as s:
                s.settimeout(0.2)
                with self.context.wrap_socket(s):
                    self.done += 1

    def close(self):
        self.stop.set()
        for t in self.threads:
            t.join()


class Process:
    """All kinds, in a process of their own that gives way to others."""

    def __init__(self, nice=10):
        self.process = subprocess.Popen(
            ["nice", "-n", str(nice), sys.executable, "-u", os.path.abspath(__file__)],
            stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.ports, self.ca = told["ports"], told["ca"]

    def trunks(self, count):
        return trunks(self.ports, count, self.ca)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def main():
    import signal
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.stack_size(256 * 1024)
    ports = {kind: server.port for kind, (_, server) in kinds().items()}
    print(json.dumps({"ports": ports, "ca": authority()[0]}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
