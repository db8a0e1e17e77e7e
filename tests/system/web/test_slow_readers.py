"""Clients that ask for a scrape and never read it: what they hold, and whom they hold up."""

import gzip
import socket
import threading
import time
import urllib.request

from harness import PATIENCE, Case, config_of, trunk, wait_for

TRUNKS = 3000
READERS = 100
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
MB = 1_000_000


class Readers:
    """From one address, each with a small window. One that is cut off comes again."""

    def __init__(self, port, address, again):
        self.where, self.address, self.again = ("127.0.0.1", port), address, again
        self.held, self.asked, self.stop = [], 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def ask(self):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(5)
        s.bind((self.address, 0))
        try:
            s.connect(self.where)
            s.sendall(REQUEST)
        except OSError:
            s.close()
            return
        self.held.append(s)
        self.asked += 1

    def open(self):
        """Those whom the exporter has not closed."""
        return [s for s in self.held
                if s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1]

    def run(self):
        while not self.stop.wait(0.02):
            alive = self.open()
            for s in set(self.held) - set(alive):
                s.close()
            self.held = alive
            while (self.again or not self.asked) and len(self.held) < READERS:
                for _ in range(READERS - len(self.held)):
                    self.ask()

    def cleanup(self):
        self.stop.set()
        self.thread.join()
        for s in self.held:
            s.close()


class SlowReaders(Case):
    def setUp(self):
        super().setUp()
        self.e = self.start(config_of(*(
            trunk(f"t{i:04}", "sip:127.0.0.1:9", interval="1h") for i in range(TRUNKS))))
        self.port = int(self.e.base.rsplit(":", 1)[1])
        self.text = wait_for("every trunk's series", self.whole, 30)

    def whole(self):
        body = self.scrape()
        done = body.count(b"\nsiptrunk_probe_duration_seconds_count{") == TRUNKS
        return len(body) if done else None

    def memory(self, what="VmRSS"):
        with open(f"/proc/{self.e.process.pid}/status") as f:
            return next(int(l.split()[1]) * 1024 for l in f if l.startswith(what + ":"))

    def scrape(self, **fields):
        request = urllib.request.Request(
            self.e.base + "/metrics", headers={k.replace("_", "-"): v
                                               for k, v in fields.items()})
        with urllib.request.urlopen(request, timeout=20 * PATIENCE) as answer:
            body = answer.read()
            if answer.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
        self.assertEqual(body.count(b"\nsiptrunk_info{"), TRUNKS)
        return body

    def readers(self, address, again):
        readers = Readers(self.port, address, again)
        self.addCleanup(readers.cleanup)
        wait_for("readers", lambda: readers.asked >= READERS)
        return readers

    def test_memory_is_bounded_and_given_back(self):
        rest = self.memory()
        with open(f"/proc/{self.e.process.pid}/clear_refs", "w") as f:
            f.write("5")
        readers = self.readers("127.0.0.9", again=False)
        for _ in range(3):
            self.scrape()
        self.assertLess(self.memory("VmHWM") - rest, 3 * self.text + 20 * MB)
        wait_for("who does not read to be cut off", lambda: not readers.open(), 20)
        wait_for("the memory", lambda: self.memory() - rest < self.text / 2 + 5 * MB)

    def test_none_keeps_a_scrape_of_the_same_address_out(self):
        readers = self.readers("127.0.0.1", again=True)
        for encoding in ("identity", "gzip") * 3:
            self.scrape(Accept_Encoding=encoding)
        self.assertGreater(readers.asked, READERS)
