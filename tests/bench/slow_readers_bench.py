#!/usr/bin/python3
"""
What clients cost that ask for a scrape and never read it: 10,000 trunks, 300 of them, who
come again as soon as they are closed, from an address of their own and from the scraper's.
Prints memory at rest, its peak above that, what is left ten seconds after the last of them
went, and the times of an honest scraper that comes every second meanwhile.

    tests/bench/slow_readers_bench.py BUILD [SECONDS]
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TRUNKS = 10_000
READERS = 300
PATIENCE_S = 300
PROTOBUF = ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
            "encoding=delimited")
FORMATS = (("text", {}),
           ("text, gzip", {"Accept-Encoding": "gzip"}),
           ("protobuf", {"Accept": PROTOBUF}),
           ("OpenMetrics, gzip", {"Accept": "application/openmetrics-text;version=1.0.0",
                                  "Accept-Encoding": "gzip"}))


def memory(pid, what):
    with open(f"/proc/{pid}/status") as f:
        return next(int(l.split()[1]) * 1024 for l in f if l.startswith(what + ":"))


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as f:
        f.write("5")


class Readers:
    """Sockets that ask and do not read; one that is closed is opened anew."""

    def __init__(self, port, address, fields):
        self.port, self.address = port, address
        head = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.request = f"GET /metrics HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode()
        self.stop, self.asked, self.refused = threading.Event(), 0, 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def ask(self):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.settimeout(1)
        s.bind((self.address, 0))
        try:
            s.connect(("127.0.0.1", self.port))
            s.sendall(self.request)
            s.setblocking(False)
        except OSError:
            s.close()
            return None
        self.asked += 1
        return s

    def is_over(self, s):
        """Closed by the exporter, or told no: what has come is looked at, never taken."""
        try:
            seen = s.recv(4096, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        self.refused += seen.startswith(b"HTTP/1.1 503")
        return not seen or seen.startswith(b"HTTP/1.1 503") or closing(s)

    def run(self):
        held = []
        while not self.stop.wait(0.05):
            over = [s for s in held if self.is_over(s)]
            for s in over:
                s.close()
            held = [s for s in held if s not in over]
            fresh = [self.ask() for _ in range(READERS - len(held))]
            held += [s for s in fresh if s]
        for s in held:
            s.close()

    def end(self):
        self.stop.set()
        self.thread.join()


def closing(s):
    """The peer's FIN or RST is there, behind what was never read."""
    return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1


def scrape(port, fields):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=fields)
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            size = len(answer.read())
            return time.monotonic() - begun, size
    except (OSError, urllib.error.HTTPError) as e:
        return time.monotonic() - begun, e


def phase(exporter, port, name, fields, address, seconds):
    rest = memory(exporter.pid, "VmRSS")
    forget_peak(exporter.pid)
    readers = Readers(port, address, fields)
    end, took = time.monotonic() + seconds, []
    while time.monotonic() < end:
        took.append(scrape(port, {"Accept-Encoding": "gzip"}))
        time.sleep(max(0.0, 1 - took[-1][0]))
    readers.end()
    peak = memory(exporter.pid, "VmHWM")
    time.sleep(10)
    after = memory(exporter.pid, "VmRSS")
    good = sorted(t for t, size in took if isinstance(size, int))
    failed = [str(size) for _, size in took if not isinstance(size, int)]
    print(f"{name:18} from {address}: rest {rest / 1e6:.0f} MB, peak +{(peak - rest) / 1e6:.0f} "
          f"MB, after 10 s +{(after - rest) / 1e6:.0f} MB; {readers.asked} asked, "
          f"{readers.refused} told 503; {len(good)} scrapes"
          + (f", median {good[len(good) // 2]:.2f} s, longest {good[-1]:.2f} s" if good else "")
          + (f"; {len(failed)} failed: {failed[0]}" if failed else ""), flush=True)


def started_port(path):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with open(path) as log:
            found = re.search(r"msg=started.*http=\S+:(\d+)", log.read())
        if found:
            return int(found[1])
        time.sleep(0.1)
    sys.exit(f"did not start:\n{open(path).read()}")


def measure(exporter, port, seconds):
    time.sleep(20)  # every trunk has been probed
    print(f"{TRUNKS:,} trunks, rest before any scrape "
          f"{memory(exporter.pid, 'VmRSS') / 1e6:.0f} MB")
    for name, fields in FORMATS:
        took, size = scrape(port, fields)
        print(f"{name:18} alone: {size / 1e6:.1f} MB in {took:.2f} s")
    for address in ("127.0.0.1", "127.0.0.9"):
        for name, fields in FORMATS[:3]:
            phase(exporter, port, name, fields, address, seconds)


def main():
    build = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20
    peer = subprocess.Popen([os.path.join(build, "tests", "bench", "probed_peer")],
                            stdout=subprocess.PIPE, text=True)
    peer_port = int(peer.stdout.readline())
    with tempfile.TemporaryDirectory() as folder:
        path, log = os.path.join(folder, "config.json"), os.path.join(folder, "log")
        with open(path, "w") as f:
            json.dump({"defaults": {"interval": "15s", "timeout": "2s"},
                       "trunks": [{"name": f"t{i:05}", "labels": {"carrier": f"c{i % 9}"},
                                   "uri": f"sip:127.1.{i // 256}.{i % 256}:{peer_port}"}
                                  for i in range(TRUNKS)]}, f)
        with open(log, "w") as err:
            exporter = subprocess.Popen(
                [os.environ.get("EXPORTER") or
                 os.path.join(build, "exporter", "siptrunk_exporter"),
                 f"--config.file={path}", "--web.listen-address=127.0.0.1:0"], stderr=err)
        try:
            measure(exporter, started_port(log), seconds)
        finally:
            exporter.send_signal(signal.SIGTERM)
            exporter.wait()
            peer.kill()


if __name__ == "__main__":
    main()
