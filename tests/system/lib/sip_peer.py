"""
A SIP peer that does what a test tells it to: answer, stay mute, lose, delay, lie. It
serves UDP, TCP or TLS on one port of loopback.
"""

import contextlib
import re
import socket
import ssl
import threading
import time
import uuid

PHRASES = {100: "Trying", 180: "Ringing", 200: "OK", 503: "Service Unavailable"}


class Request:
    """One request as it arrived, with the means to answer it, rightly or wrongly."""

    def __init__(self, peer, raw, source, connection=None):
        self.peer = peer
        self.raw = raw
        self.source = source
        self.connection = connection  # None: UDP
        self.at = time.monotonic()
        self.copy = 0  # which copy of the request this is; 0 is the first
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        self.start = lines[0]
        self.method = self.start.split(" ")[0]
        self.headers = [tuple(p.strip() for p in l.split(":", 1)) for l in lines[1:]]
        self.branch = re.search(r"branch=([^;,\s]+)", self.header("Via"))[1]

    def header(self, name):
        for n, v in self.headers:
            if n.lower() == name.lower():
                return v
        raise LookupError(f"no {name} in {self.headers}")

    def response(self, code, phrase=None, extra="", body=b"", **changed):
        """
        The bytes of a response. `changed` replaces header fields, by their names with
        '_' for '-', e.g. call_id="other"; None leaves a field out.
        """
        fields = {
            "Via": self.header("Via"),
            "From": self.header("From"),
            "To": self.header("To") + (";tag=peer" if code > 100 else ""),
            "Call-ID": self.header("Call-ID"),
            "CSeq": self.header("CSeq"),
            "Content-Length": str(len(body)),
        }
        for key, value in changed.items():
            key = key.strip("_").lower().replace("_", "-")
            name = next(n for n in fields if n.lower() == key)
            fields[name] = value
        phrase = PHRASES.get(code, "Whatever") if phrase is None else phrase
        text = f"SIP/2.0 {code} {phrase}\r\n"
        text += "".join(f"{n}: {v}\r\n" for n, v in fields.items() if v is not None)
        return (text + extra + "\r\n").encode("utf-8", "surrogateescape") + body

    def reply(self, code=200, phrase=None, **changed):
        self.send(self.response(code, phrase, **changed))

    def send(self, raw):
        # The exporter may be gone by now; that is its business.
        with contextlib.suppress(OSError):
            if self.connection:
                self.connection.sendall(raw)
            else:
                self.peer.socket.sendto(raw, self.source)

    def send_from(self, host, raw):
        """The same bytes over UDP, from another socket on `host`."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((host, 0))
            s.sendto(raw, self.source)

    def later(self, seconds, action):
        t = threading.Timer(seconds, action)
        t.daemon = True
        t.start()


class SipPeer:
    """
    `behaviour(request)` runs for every copy of every request, in a thread of the peer.
    What arrived is in `requests`.
    """

    def __init__(self, behaviour=None, transport="udp", host="127.0.0.1", tls=None,
                 port=0):
        self.behaviour = behaviour or answer()
        self.transport = transport
        self.tls = tls
        self.requests = []
        self.responses = []  # to requests that a test sent through `socket`
        self.connections = 0
        self.lock = threading.Lock()
        self.seen = {}
        self.open = True
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(
            socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        self.socket.bind(socket.getaddrinfo(host, port, type=kind)[0][4])
        self.host, self.port = host, self.socket.getsockname()[1]
        if transport != "udp":
            self.socket.listen(64)
        target = self.serve_udp if transport == "udp" else self.serve_stream
        self.thread = threading.Thread(target=target, daemon=True)
        self.thread.start()

    @property
    def address(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else (
            f"{self.host}:{self.port}")

    @property
    def uri(self):
        return f"sip:{self.address};transport={self.transport}"

    def close(self):
        self.open = False
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(2)

    def branches(self):
        """How many different requests arrived."""
        with self.lock:
            return len(self.seen)

    def copies(self):
        """How many came again."""
        with self.lock:
            return len(self.requests) - len(self.seen)

    def take(self, raw, source, connection=None):
        rq = Request(self, raw, source, connection)
        with self.lock:
            rq.copy = self.seen.get(rq.branch, 0)
            self.seen[rq.branch] = rq.copy + 1
            rq.number = len(self.seen) - 1 if rq.copy == 0 else None
            self.requests.append(rq)
        self.behaviour(rq)

    def serve_udp(self):
        while self.open:
            try:
                raw, source = self.socket.recvfrom(65535)
            except ConnectionRefusedError:
                continue
            except OSError:
                return
            # Responses to what a test sent through this socket are the test's.
            if raw.startswith(b"SIP/2.0"):
                self.responses.append((raw, source))
            elif raw.strip():
                self.take(raw, source)

    def serve_stream(self):
        while self.open:
            try:
                c, source = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(
                target=self.serve_connection, args=(c, source), daemon=True).start()

    def serve_connection(self, c, source):
        hello = getattr(self.behaviour, "on_accept", None)
        with c, contextlib.suppress(OSError):
            if hello and not hello(c):
                return
            if self.tls:
                c = self.tls.wrap_socket(c, server_side=True)
            data = b""
            while self.open:
                more = c.recv(65535)
                if not more:
                    return
                data = self.cut(data + more, source, c)

    def cut(self, data, source, c):
        """Takes whole messages without bodies off the front; returns the rest."""
        data = data.lstrip(b"\r\n")
        while b"\r\n\r\n" in data:
            head, _, data = data.partition(b"\r\n\r\n")
            self.take(head + b"\r\n\r\n", source, c)
        return data

    def request(self, method="OPTIONS", **changed):
        """The bytes of a request of the peer's own."""
        fields = {
            "Via": f"SIP/2.0/{self.transport.upper()} {self.address}"
                   f";branch=z9hG4bK{uuid.uuid4().hex};rport",
            "Max-Forwards": "70",
            "From": "<sip:ping@peer.example>;tag=" + uuid.uuid4().hex[:8],
            "To": "<sip:exporter.example>",
            "Call-ID": uuid.uuid4().hex,
            "CSeq": f"1 {method}",
            "Content-Length": "0",
        }
        for key, value in changed.items():
            fields[key.replace("_", "-")] = value
        text = f"{method} sip:exporter.example SIP/2.0\r\n"
        return (text + "".join(f"{n}: {v}\r\n" for n, v in fields.items()
                               if v is not None) + "\r\n").encode()


def answer(code=200, phrase=None, **changed):
    return lambda rq: rq.reply(code, phrase, **changed)


def mute(rq):
    pass


def first_copy(action):
    """Does the action for the first copy only."""
    return lambda rq: action(rq) if rq.copy == 0 else None


def drop_first(n, code=200):
    return lambda rq: rq.reply(code) if rq.copy >= n else None


def delay(seconds, code=200):
    """Answers once, so late."""
    return first_copy(lambda rq: rq.later(seconds, lambda: rq.reply(code)))


def script(*codes):
    """One entry a request, in turn: a code, or None for silence; the last one stays."""
    turn = {}
    lock = threading.Lock()

    def behaviour(rq):
        with lock:
            n = turn.setdefault(rq.branch, len(turn))
        code = codes[min(n, len(codes) - 1)]
        if code:
            rq.reply(code)
    return behaviour


def server_tls(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
