"""A collector of HEPv3 with a decoder of its own, and Kamailio's sipcapture as another."""

import os
import socket
import struct
import threading

from harness import free_port, wait_for
from peers import Program, kamailio

NAMES = {1: "family", 2: "protocol", 3: "from", 4: "to", 5: "from", 6: "to", 7: "sport",
         8: "dport", 9: "seconds", 10: "microseconds", 11: "kind", 12: "agent",
         15: "payload", 17: "call_id"}
SIZES = {1: 1, 2: 1, 3: 4, 4: 4, 5: 16, 6: 16, 7: 2, 8: 2, 9: 4, 10: 4, 11: 1, 12: 4}


def decode(packet):
    """The chunks of a packet, byte by byte; whatever is not as it must be is an error."""
    if packet[:4] != b"HEP3":
        raise AssertionError(f"no HEP3: {packet[:20]!r}")
    if struct.unpack("!H", packet[4:6])[0] != len(packet):
        raise AssertionError("the packet is not as long as it says")
    at, found = 6, {}
    while at < len(packet):
        vendor, kind, size = struct.unpack("!HHH", packet[at:at + 6])
        if vendor or kind not in NAMES or size < 6 or at + size > len(packet):
            raise AssertionError(f"chunk {vendor}/{kind} of {size} at {at}")
        if NAMES[kind] in found or SIZES.get(kind, size - 6) != size - 6:
            raise AssertionError(f"chunk {kind} of {size} bytes")
        found[NAMES[kind]] = packet[at + 6:at + size]
        at += size
    family = {2: socket.AF_INET, 10: socket.AF_INET6}[found["family"][0]]
    for key, value in found.items():
        if key in ("from", "to"):
            found[key] = socket.inet_ntop(family, value)
        elif key not in ("payload", "call_id"):
            found[key] = int.from_bytes(value, "big")
    return found


class Collector:
    """Keeps what comes; each must decode."""

    def __init__(self, host="127.0.0.1", port=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.port = self.socket.getsockname()[1]
        self.packets, self.faults = [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                raw = self.socket.recv(65535)
            except OSError:
                return
            try:
                self.packets.append(decode(raw))
            except AssertionError as e:
                self.faults.append(e)

    def close(self):
        self.socket.close()

    def of(self, first, **want):
        """Those whose message begins so, and that have these values."""
        return [p for p in self.packets if p["payload"].startswith(first)
                and want.items() <= p.items()]

    def wait(self, first, count=1, **want):
        return wait_for(f"{count} of {first} {want}", lambda: (
            self.check() or len(self.of(first, **want)) >= count)
            and self.of(first, **want))

    def check(self):
        if self.faults:
            raise AssertionError(self.faults)


SIPCAPTURE = """
listen=udp:127.0.0.1:{port}
disable_tcp=yes
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "db_text.so"
loadmodule "sipcapture.so"
modparam("sipcapture", "db_url", "text://{folder}/hepdb")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
modparam("sipcapture", "insert_retries", 1)
request_route {{
    xlog("L_ALERT", "HEP $si:$sp $rm $ci\\n");
    exit;
}}
onreply_route {{
    xlog("L_ALERT", "HEP $si:$sp $rs $ci\\n");
    drop;
}}
"""


class SipCapture(Program):
    """Kamailio as a collector: a line of its log for each message, with where it was from."""

    def __init__(self, folder):
        self.port = free_port(socket.SOCK_DGRAM)
        os.mkdir(os.path.join(folder, "hepdb"))
        with open(os.path.join(folder, "hepdb", "version"), "w") as f:
            f.write("table_name(string) table_version(int)\n")
        super().__init__(folder, "sipcapture", kamailio(folder, SIPCAPTURE.format(
            folder=folder, port=self.port)))

    def lines(self):
        self.check()
        return [l.split("HEP ", 1)[1].split() for l in self.log_text().splitlines()
                if "HEP " in l]
