#!/usr/bin/python3
"""
A UDP peer in a process of its own, which answers 200 and remembers when each probe of each
trunk arrived, by the kernel's clock: what it is late with itself changes nothing.

Prints its port. A line on standard input is answered with one of JSON: for each user of
the Request-URI, the arrival times of different requests. Ends at the end of its input.
"""

import contextlib
import json
import select
import socket
import struct
import subprocess
import sys

SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35


class CountingPeer:
    """The process, as a test sees it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def seen(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Server:
    def __init__(self):
        self.seen = {}
        self.branches = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):  # wants root
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)

    def take(self):
        """All that has arrived: answered as quickly as can be, with the request's head."""
        while True:
            try:
                raw, control, _, source = self.socket.recvmsg(4096, 64)
            except BlockingIOError:
                return
            branch = raw[raw.index(b"z9hG4bK"):].split(b";", 1)[0]
            if branch not in self.branches:
                self.branches.add(branch)
                seconds, ns = struct.unpack("qq", control[0][2])
                user = raw[12:raw.index(b"@")].decode()
                self.seen.setdefault(user, []).append(seconds + ns / 1e9)
            head = raw[raw.index(b"Via:"):raw.index(b"Contact:")]
            self.socket.sendto(
                b"SIP/2.0 200 OK\r\n" + head + b"Content-Length: 0\r\n\r\n", source)

    def run(self):
        print(self.socket.getsockname()[1], flush=True)
        while True:
            ready, _, _ = select.select([self.socket, sys.stdin], [], [])
            self.take()
            if sys.stdin in ready:
                if not sys.stdin.readline():
                    return
                print(json.dumps(self.seen), flush=True)


if __name__ == "__main__":
    Server().run()
