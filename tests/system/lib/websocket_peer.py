"""A SIP peer over WebSocket (RFC 7118) that shakes hands, and frames, as a test says."""

import base64
import contextlib
import hashlib
import os
import re
import socket
import struct

from harness import free_port, wait_for
from peers import KAMAILIO_TLS, Program, kamailio
from sip_peer import SipPeer

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def accept_of(head):
    """RFC 6455 1.3"""
    key = re.search(rb"(?i)^Sec-WebSocket-Key: (.*)\r$", head, re.MULTILINE)[1]
    return base64.b64encode(hashlib.sha1(
        key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def frame(opcode, payload, final=True, first=None):
    """A server's frame; `first` replaces its first byte."""
    n = len(payload)
    head = bytes([opcode | (0x80 if final else 0)]) if first is None else bytes([first])
    if n < 126:
        head += bytes([n])
    elif n < 65536:
        head += b"\x7e" + struct.pack("!H", n)
    else:
        head += b"\x7f" + struct.pack("!Q", n)
    return head + payload


def switch(head, extra="Sec-WebSocket-Protocol: sip\r\n", accept=None):
    return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept or accept_of(head)}\r\n"
            f"{extra}\r\n").encode()


def http(code, phrase="Whatever", extra="", body=b""):
    """An answer of HTTP that is no upgrade."""
    return lambda head: (f"HTTP/1.1 {code} {phrase}\r\n{extra}"
                         f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def text(raw):
    return frame(TEXT, raw)


class Wire:
    """What a request of sip_peer answers on: messages become frames."""

    def __init__(self, peer, connection):
        self.peer, self.connection = peer, connection

    def sendall(self, raw):
        self.peer.put(self.connection, self.peer.form(raw))


class WebSocketPeer(SipPeer):
    """
    `shake(head)`: the bytes to answer the handshake with. `form(raw)`: those of a message.
    `step`: bytes of ours at once, 0: all. What clients sent is in `heads` and `frames`.
    """

    def __init__(self, behaviour=None, shake=switch, form=text, tls=None, step=0,
                 pongs=True, **more):
        self.shake, self.form, self.step, self.pongs = shake, form, step, pongs
        self.heads, self.frames = [], []
        super().__init__(behaviour, transport="wss" if tls else "ws", tls=tls, **more)

    @property
    def url(self):
        return f"{self.transport}://{self.address}/ws"

    def put(self, c, raw):
        for i in range(0, len(raw), self.step or len(raw) or 1):
            c.sendall(raw[i:i + (self.step or len(raw))])

    def serve_connection(self, c, source):
        with c, contextlib.suppress(OSError, EOFError):
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                c = self.tls.wrap_socket(c, server_side=True)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.read(c, 1)
            self.heads.append(head)
            self.put(c, self.shake(head))
            while self.open:
                self.take_frame(c, source)

    @staticmethod
    def read(c, n):
        data = b""
        while len(data) < n:
            more = c.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def take_frame(self, c, source):
        first, second = self.read(c, 2)
        n = second & 0x7f
        if n > 125:
            n = int.from_bytes(self.read(c, 2 if n == 126 else 8), "big")
        mask = self.read(c, 4) if second & 0x80 else None
        data = self.read(c, n)
        if mask:
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        opcode = first & 0xf
        self.frames.append((opcode, mask, data))
        if opcode == PING and self.pongs:
            c.sendall(frame(PONG, data))
        if opcode == CLOSE:
            raise EOFError
        if opcode in (TEXT, BINARY) and data.strip():
            self.take(data, source, Wire(self, c))

    def opcodes(self):
        return [opcode for opcode, _, _ in self.frames]


KAMAILIO = """
listen=tcp:127.0.0.1:{ws}
listen=tls:127.0.0.1:{wss}
enable_tls=yes
tcp_accept_no_cl=yes
server_header="Server: kamailio under test"
loadmodule "tls.so"
modparam("tls", "config", "{folder}/tls.cfg")
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "xhttp.so"
loadmodule "usrloc.so"
loadmodule "nathelper.so"
loadmodule "websocket.so"
loadmodule "registrar.so"
loadmodule "db_text.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
modparam("websocket", "keepalive_mechanism", 1)
modparam("websocket", "keepalive_timeout", 1)
modparam("websocket", "keepalive_interval", 1)
modparam("nathelper|registrar", "received_avp", "$avp(RECEIVED)")
modparam("registrar", "method_filtering", 0)
modparam("auth_db", "db_url", "text://{folder}/db")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
request_route {{
    if (is_method("OPTIONS")) {{
        sl_send_reply("200", "OK");
        exit;
    }}
    if (!auth_check("example.com", "subscriber", "0")) {{
        auth_challenge("example.com", "1");
        exit;
    }}
    force_rport();
    fix_nated_register();
    save("location");
}}
event_route[xhttp:request] {{
    if ($hu != "/ws") {{
        xhttp_reply("404", "Not Found", "text/plain", "none");
        exit;
    }}
    if ($hdr(Origin) != "https://phones.example") {{
        xhttp_reply("403", "Forbidden", "text/plain", "none");
        exit;
    }}
    if ($hdr(Upgrade) =~ "websocket" && ws_handle_handshake()) {{
        exit;
    }}
    xhttp_reply("400", "Bad Request", "text/plain", "none");
}}
"""


class WebSocketKamailio(Program):
    """
    Kamailio over ws and wss, at /ws alone and for one Origin alone: it answers OPTIONS,
    and REGISTER of u with the password secret.
    """

    def __init__(self, folder, cert, key):
        self.ws, self.wss = free_port(), free_port()
        db = os.path.join(folder, "db")
        os.mkdir(db)
        for name, rows in (
                ("version", "table_name(string) table_version(int)\nsubscriber:7\n"),
                ("subscriber", "id(int,auto) username(string) domain(string) "
                 "password(string)\n1:u:example.com:secret\n")):
            with open(os.path.join(db, name), "w") as f:
                f.write(rows)
        with open(os.path.join(folder, "tls.cfg"), "w") as f:
            f.write(KAMAILIO_TLS.format(cert=cert, key=key))
        super().__init__(folder, "kamailio-ws", kamailio(folder, KAMAILIO.format(
            folder=folder, ws=self.ws, wss=self.wss)))
        wait_for("Kamailio", lambda: self.check() or self.listens(self.wss), 20)

    @staticmethod
    def listens(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
