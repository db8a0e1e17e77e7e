#!/usr/bin/python3
"""
What networks do to packets, done to those that a rule of iptables hands over (-j NFQUEUE):
lost, late, twice, out of order. Speaks nfnetlink itself, so that it needs no library.

    nfqueue.py QUEUE SEED FAULT     runs until SIGTERM, then prints what it did, as JSON

FAULT is a JSON object: loss and twice (parts of 1), delay and spread (ms: each packet by
delay +- spread), deaf (ports that nothing reaches). What it sends itself carries MARK: the
rule leaves that alone. Packets are counted by the port that they go to.
"""

import heapq
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time

import namespaces

NETLINK_NETFILTER, SUBSYS_QUEUE = 12, 3
MSG_PACKET, MSG_VERDICT, MSG_CONFIG = 0, 1, 2
CFG_CMD, CFG_PARAMS, CFG_MAXLEN = 1, 2, 3
PACKET_HDR, VERDICT_HDR, PAYLOAD = 1, 2, 10
DROP, ACCEPT = 0, 1
REQUEST, ACK = 1, 4
MARK = 77


def message(kind, queue, attribute, value, flags=REQUEST):
    pad = b"\0" * (-len(value) % 4)
    body = (struct.pack("!BBH", socket.AF_UNSPEC, 0, queue)
            + struct.pack("=HH", 4 + len(value), attribute) + value + pad)
    return struct.pack("=IHHII", 16 + len(body), SUBSYS_QUEUE << 8 | kind, flags, 0, 0) + body


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4:
            return
        yield kind & 0x3FFF, data[4:size]
        data = data[size + 3 & ~3:]


class Queue:
    def __init__(self, number, seed, fault):
        self.number, self.fault = number, fault
        self.chance = random.Random(seed)
        self.late, self.count = [], 0
        self.ports = {}
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.bind((0, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
        self.socket.settimeout(5)
        for attribute, value in ((CFG_CMD, struct.pack("!BBH", 1, 0, socket.AF_INET)),
                                 (CFG_PARAMS, struct.pack("!IB", 0xFFFF, 2)),
                                 (CFG_MAXLEN, struct.pack("!I", 65536))):
            self.socket.send(message(MSG_CONFIG, number, attribute, value,
                                     REQUEST | ACK))
            self.check()
        self.socket.setblocking(False)

    def check(self):
        """The kernel's answer: 0, or a negative errno."""
        code, = struct.unpack_from("=i", self.socket.recv(4096), 16)
        if code:
            raise OSError(-code, os.strerror(-code))

    def verdict(self, packet, what):
        self.socket.send(message(MSG_VERDICT, self.number, VERDICT_HDR,
                                 struct.pack("!II", what, packet)))

    def hits(self, part):
        return bool(part) and self.chance.random() < part

    def packet(self, number, ip):
        port, = struct.unpack_from("!H", ip, (ip[0] & 15) * 4 + 2)
        c = self.ports.setdefault(
            port, {"seen": 0, "lost": 0, "runs": 0, "twice": 0, "last": False})
        fault = self.fault
        c["seen"] += 1
        lost = port in fault.get("deaf", ()) or self.hits(fault.get("loss"))
        c["runs"] += lost and not c["last"]
        c["last"] = lost
        if lost:
            c["lost"] += 1
            self.verdict(number, DROP)
            return
        wait = fault.get("delay", 0) + fault.get("spread", 0) * self.chance.uniform(-1, 1)
        copy = None
        if self.hits(fault.get("twice")):
            c["twice"] += 1
            copy = ip
        self.count += 1
        heapq.heappush(self.late, (time.monotonic() + wait / 1000, self.count, number,
                                   copy))

    def read(self):
        while True:
            try:
                data = self.socket.recv(70000)
            except BlockingIOError:
                return
            except OSError:  # more came than was read in time: the kernel let it go
                continue
            while len(data) >= 16:
                size, kind = struct.unpack_from("=IH", data)
                if kind == SUBSYS_QUEUE << 8 | MSG_PACKET:
                    found = dict(attributes(data[20:size]))
                    self.packet(struct.unpack_from("!I", found[PACKET_HDR])[0],
                                found[PAYLOAD])
                data = data[size + 3 & ~3:]

    def deliver(self):
        while self.late and self.late[0][0] <= time.monotonic():
            _, _, number, copy = heapq.heappop(self.late)
            self.verdict(number, ACCEPT)
            if copy:
                self.raw.sendto(copy, (socket.inet_ntoa(copy[16:20]), 0))

    def close(self):
        self.socket.close()
        self.raw.close()

    def run(self, stop):
        while not stop:
            wait = max(0, self.late[0][0] - time.monotonic()) if self.late else 0.2
            select.select([self.socket], [], [], min(wait, 0.2))
            self.read()
            self.deliver()


def rule(queue, *match):
    """Hands over what leaves here and matches."""
    subprocess.run(["iptables", "-A", "OUTPUT", "-m", "mark", "!", "--mark", str(MARK),
                    *match, "-j", "NFQUEUE", "--queue-num", str(queue)],
                   check=True, timeout=20)


def unavailable():
    """Why packets cannot be had in a namespace here, or None."""
    net = namespaces.Namespace()
    try:
        with net.inside():
            Queue(1, 1, {}).close()
            rule(1, "-p", "udp", "--dport", "9")
    except (OSError, subprocess.SubprocessError) as e:
        return f"no NFQUEUE: {e}"
    finally:
        net.close()
    return None


def main():
    stop = []
    signal.signal(signal.SIGTERM, lambda *unused: stop.append(True))
    queue = Queue(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
    print("ready", flush=True)
    queue.run(stop)
    print(json.dumps(queue.ports), flush=True)


if __name__ == "__main__":
    main()
