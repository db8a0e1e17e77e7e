"""
A cable that does what a test tells it to: two namespaces joined by a pair of TUN devices,
and a thread that carries each packet over, once, twice, late, changed, or never.
"""

import contextlib
import fcntl
import heapq
import itertools
import os
import re
import select
import struct
import subprocess
import threading
import time

from namespaces import Namespace, ip, unavailable

TUNSETIFF = 0x400454CA
TUN_NO_HEADER = 0x0001 | 0x1000
UDP, TCP = 17, 6
OURS, THEIRS = "192.0.2.1", "192.0.2.2"


def why_not():
    """Why there can be no such cable here, or None."""
    if reason := unavailable():
        return reason
    try:
        Wire().close()
    except (OSError, subprocess.SubprocessError) as e:
        return f"no TUN device can be made: {e}"
    return None


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """An IPv4 packet on its way: `there` to the peer, else from it."""

    def __init__(self, raw, there):
        self.raw, self.there = raw, there
        self.protocol = raw[9]
        self.head = (raw[0] & 15) * 4
        ports = struct.unpack_from("!HH", raw, self.head)
        self.ours, self.theirs = ports if there else ports[::-1]
        self.copy = 0  # of its transaction in its direction: 1, 2, ...; 0: of none
        if self.protocol == UDP:
            self.payload = raw[self.head + 8:]
        elif self.protocol == TCP:
            self.payload = raw[self.head + (raw[self.head + 12] >> 4) * 4:]
            self.flags = raw[self.head + 13]
        found = re.search(rb"branch=([^;,\s]+)", getattr(self, "payload", b""))
        self.branch = found[1] if found else None

    def damaged(self):
        """A bit flipped on the way: the checksum tells."""
        return self.raw[:-1] + bytes([self.raw[-1] ^ 4])

    def rewritten(self, old, new):
        """Changed by something that makes the UDP checksum right again."""
        if old not in self.payload:
            raise AssertionError(f"no {old} in {self.payload}")
        body = self.payload.replace(old, new, 1)
        size = 8 + len(body)
        udp = self.raw[self.head:self.head + 4] + struct.pack("!HH", size, 0) + body
        pseudo = self.raw[12:20] + struct.pack("!BBH", 0, UDP, size)
        udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
        head = (self.raw[:2] + struct.pack("!H", self.head + size) + self.raw[4:10] +
                b"\0\0" + self.raw[12:self.head])
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        return head + udp


def whole(packet):
    """The fault of a cable without one: `[(seconds, bytes)]`, what arrives and when."""
    return [(0, packet.raw)]


class Wire:
    """
    `faults` says by the peer's port what becomes of a packet; `sent` counts what entered,
    by (there, port) and branch.
    """

    def __init__(self):
        self.faults = {}
        self.lock = threading.Lock()
        self.sent = {}
        self.ours, self.theirs = Namespace(), Namespace()
        self.ends = [self.plug(self.ours, OURS, THEIRS),
                     self.plug(self.theirs, THEIRS, OURS)]
        self.pipe = os.pipe()
        self.late, self.number = [], itertools.count()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    @staticmethod
    def plug(namespace, address, peer):
        with namespace.inside():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"wire", TUN_NO_HEADER))
            # No IPv6: nobody's neighbour discovery is to be carried.
            with contextlib.suppress(OSError), open(
                    "/proc/sys/net/ipv6/conf/wire/disable_ipv6", "w") as f:
                f.write("1")
            ip("address", "add", address, "peer", peer, "dev", "wire")
            ip("link", "set", "wire", "up")
        return fd

    def take(self, end):
        there = end == 0
        raw = os.read(self.ends[end], 65535)
        if raw[0] >> 4 != 4 or raw[9] not in (UDP, TCP):
            return
        packet = Packet(raw, there)
        if packet.branch:
            with self.lock:
                seen = self.sent.setdefault((there, packet.theirs), {})
                packet.copy = seen[packet.branch] = seen.get(packet.branch, 0) + 1
        for seconds, raw in self.faults.get(packet.theirs, whole)(packet):
            heapq.heappush(self.late, (time.monotonic() + seconds, next(self.number),
                                       self.ends[1 - end], raw))

    def deliver(self):
        while self.late and self.late[0][0] <= time.monotonic():
            with contextlib.suppress(OSError):
                os.write(self.late[0][2], self.late[0][3])
            heapq.heappop(self.late)

    def carry(self):
        while True:
            wait = self.late[0][0] - time.monotonic() if self.late else None
            ready, _, _ = select.select([*self.ends, self.pipe[0]], [], [],
                                        wait and max(wait, 0))
            if self.pipe[0] in ready:
                return
            for end, fd in enumerate(self.ends):
                if fd in ready:
                    self.take(end)
            self.deliver()

    def copies(self, port):
        """How many requests entered beside the first of each transaction."""
        with self.lock:
            seen = self.sent.get((True, port), {})
            return sum(seen.values()) - len(seen)

    def close(self):
        os.write(self.pipe[1], b"x")
        self.thread.join(5)
        for fd in (*self.ends, *self.pipe):
            os.close(fd)
        self.ours.close()
        self.theirs.close()
