"""A DNS server with a script, on loopback, and the records that it gives."""

import socket
import struct
import threading

A, CNAME, SOA, TXT, AAAA, SRV, NAPTR = 1, 5, 6, 16, 28, 33, 35


def free_port():
    """A port that is free over UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u, socket.socket() as t:
            u.bind(("127.0.0.1", 0))
            try:
                t.bind(u.getsockname())
            except OSError:
                continue
            return u.getsockname()[1]


def wire(name):
    labels = [part.encode() for part in name.rstrip(".").split(".") if part]
    return b"".join(bytes([len(part)]) + part for part in labels) + b"\0"


def srv(priority, weight, port, target):
    return SRV, struct.pack("!3H", priority, weight, port) + wire(target)


def a(address):
    return A, socket.inet_aton(address)


class Server:
    """
    A DNS server with a script: @script(name, type) returns a list of (type, rdata), a
    number (the rcode), None (silence), or a function of (server, query, peer) that does
    the sending itself. Names without records get NOERROR without an SOA.
    """

    ttl = 60

    def __init__(self, script):
        self.script = script
        self.asked = []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.sock.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1@%d" % self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"stop", self.sock.getsockname())
        self.thread.join()
        self.sock.close()

    def run(self):
        while True:
            query, peer = self.sock.recvfrom(65535)
            if query == b"stop":
                return
            end = query.index(b"\0", 12) + 1
            name, at = [], 12
            while query[at]:
                name.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name = ".".join(name).lower()
            qtype = struct.unpack_from("!H", query, end)[0]
            self.asked.append((name, qtype))
            what = self.script(name, qtype)
            if callable(what):
                what(self, query, peer)
            elif what is not None:
                self.sock.sendto(self.answer(query, what), peer)

    def answer(self, query, what, ident=None):
        end = query.index(b"\0", 12) + 5
        rcode = what if isinstance(what, int) else 0
        records = [] if isinstance(what, int) else what
        head = struct.pack("!6H", ident if ident is not None else
                           struct.unpack_from("!H", query)[0], 0x8180 | rcode, 1,
                           len(records), 0, 0)
        body = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", rtype, 1, self.ttl, len(rdata)) + rdata
            for rtype, rdata in records)
        return head + query[12:end] + body
