"""
A way of three routers in namespaces of their own: ours - r1 - r2 - r3 - theirs. What we
send with TTL 4 arrives. Net N is 10.70.N.0/24 and fd70:N::/64, .1 and ::1 nearer to us.
"""

import os
import shutil
import socket
import struct
import subprocess
import threading

from namespaces import Namespace, ip, unavailable

OURS, THEIRS = "10.70.1.1", "10.70.4.2"
OURS6, THEIRS6 = "fd70:1::1", "fd70:4::2"
ROUTERS = ["10.70.1.2", "10.70.2.2", "10.70.3.2"]
ROUTERS6 = ["fd70:1::2", "fd70:2::2", "fd70:3::2"]


def why_not():
    """Why there can be no chain here, or None."""
    if os.geteuid():
        return "namespaces need root"
    for program in ("ip", "iptables", "ip6tables", "sysctl", "setpriv"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is not installed"
    return unavailable()


class Chain:
    def __init__(self):
        self.all = [Namespace() for _ in range(5)]
        self.ours, *self.routers, self.theirs = self.all
        for namespace in self.all:
            with namespace.inside():
                # An address is good at once, where nobody else can have it.
                subprocess.run(["sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
                                "net.ipv6.conf.default.dad_transmits=0"], check=True)
        for n, (a, b) in enumerate(zip(self.all, self.all[1:]), 1):
            a.wire(b, f"net{n}", [f"10.70.{n}.1/24", f"fd70:{n}::1/64"],
                   [f"10.70.{n}.2/24", f"fd70:{n}::2/64"])
        for at, namespace in enumerate(self.all):
            with namespace.inside():
                self.settle(at)

    @staticmethod
    def settle(at):
        """Routes, and routers that answer as often as they are asked."""
        subprocess.run(["sysctl", "-qw", "net.ipv4.ip_forward=1",
                        "net.ipv6.conf.all.forwarding=1", "net.ipv4.icmp_ratelimit=0",
                        "net.ipv6.icmp.ratelimit=0", "net.ipv4.icmp_ratemask=0",
                        "net.ipv6.icmp.ratemask="], check=False, capture_output=True)
        for n in (1, 2, 3, 4):
            if n < at:
                ip("route", "add", f"10.70.{n}.0/24", "via", f"10.70.{at}.1")
                ip("-6", "route", "add", f"fd70:{n}::/64", "via", f"fd70:{at}::1")
            elif n > at + 1:
                ip("route", "add", f"10.70.{n}.0/24", "via", f"10.70.{at + 1}.2")
                ip("-6", "route", "add", f"fd70:{n}::/64", "via", f"fd70:{at + 1}::2")

    def rule(self, router, *rule, table="filter", chain="FORWARD", v6=False):
        with self.all[router].inside():
            subprocess.run(["ip6tables" if v6 else "iptables", "-t", table, "-A", chain,
                            *rule], check=True, capture_output=True, timeout=20)

    def close(self):
        for namespace in self.all:
            namespace.close()


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


class TerseRouter:
    """
    Speaks for a router whose own time exceeded is dropped: with the eight bytes behind
    the head of IP that RFC 792 asks for, and no more. In the router's namespace.
    """

    def __init__(self, link, address):
        self.sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
        self.sniffer.bind((link, 0x800))
        self.out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.out.bind((address, 0))
        self.sent = 0
        # The kernel's own are longer.
        subprocess.run(["iptables", "-A", "OUTPUT", "-p", "icmp", "--icmp-type", "11", "-m",
                        "length", "--length", "57:", "-j", "DROP"], check=True)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                packet, where = self.sniffer.recvfrom(65535)
                if where[2] != socket.PACKET_OUTGOING and packet[8] == 1 and packet[9] == 17:
                    self.speak(packet)
            except OSError:
                return

    def speak(self, packet):
        body = packet[:28]
        head = struct.pack("!BBHI", 11, 0, checksum(struct.pack("!BBHI", 11, 0, 0, 0) + body), 0)
        self.out.sendto(head + body, (socket.inet_ntoa(packet[12:16]), 0))
        self.sent += 1

    def close(self):
        self.sniffer.close()
        self.out.close()
