"""The whole program with a fleet of trunks, and the peer that answers them, for the benches."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

BEGINS_PER_S = 5_000  # the first probes, at most
# The fewest series a trunk (docs/metrics.md), in place of those that are the default.
FEWEST = {"classic_histograms": False, "failure_reasons": "seen", "states": "current"}


def status(pid, field):
    """Bytes, of a line of /proc that tells kB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.M)[1]) * 1024


def cpu_s(pid):
    """Of all its threads, as the scheduler counts them."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(t.read_text().split()[0]) for t in tasks) / 1e9


class Peer:
    """Answers every request with 200. Its ports by transport, on each address of 127.0.0.0/8."""

    NAME = "peer.example"  # that its certificate is for

    def __init__(self, build):
        self.folder = tempfile.TemporaryDirectory()
        self.ca = os.path.join(self.folder.name, "ca.pem")
        self.process = subprocess.Popen(
            [os.path.join(build, "tests", "bench", "probed_peer"), self.folder.name],
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.ports = dict(zip(("udp", "tcp", "tls"),
                              map(int, self.process.stdout.readline().split()), strict=True))

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()

    def signal(self, number):
        """To all of its processes."""
        os.killpg(self.process.pid, number)


class Exporter:
    """Started with a file that is there, and listening: its trunks begin to be probed."""

    def __init__(self, build, path, *options):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(build, "exporter", "siptrunk_exporter"), f"--config.file={path}",
             "--web.listen-address=127.0.0.1:0", "--log.format=json", *options],
            stderr=subprocess.PIPE, text=True)
        self.target = self.started()
        self.url = f"http://{self.target}/metrics"
        self.log = subprocess.Popen(["cat"], stdin=self.process.stderr,
                                    stdout=subprocess.DEVNULL)

    def started(self):
        """Where it is scraped, as its first lines say; the rest of them nobody reads."""
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            where = re.search(r'"http":\s*"([^",]+)', line)
            if where:
                return where[1]
        sys.exit("it did not start:\n" + "".join(lines))

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()

    def scrape(self, *only, packed=False):
        """The body as it came, by gzip or not, and the seconds that it took. @only: families"""
        query = "&".join(f"name[]={name}" for name in only)
        request = urllib.request.Request(self.url + (query and "?" + query),
                                         headers={"Accept-Encoding": "gzip"} if packed else {})
        before = time.monotonic()
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
        return body, time.monotonic() - before

    def total(self, name):
        """A family's values, all trunks together."""
        return total(self.scrape(name)[0], name.encode())

    def status(self, field):
        return status(self.process.pid, field)

    def forget_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def cpu_s(self):
        return cpu_s(self.process.pid)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.wait()


def address(i, net=1):
    return f"127.{net + i // 65536}.{i // 256 % 256}.{i % 256}"


def trunk(i, port, host=None, **more):
    """Number @i of a fleet: an address of its own, unless @host is a name, and two labels."""
    return {"name": f"carrier-{i % 50}-trunk-{i:06}", "uri": f"sip:{host or address(i)}:{port}",
            "labels": {"carrier": f"carrier-{i % 50}", "site": f"site-{i % 400}"}, **more}


def write_config(folder, trunks, interval="30s", timeout="5s", **sections):
    path = os.path.join(folder, "config.json")
    with open(path, "w") as f:
        json.dump({"defaults": {"interval": interval, "timeout": timeout}, **sections,
                   "trunks": list(trunks)}, f)
    return path


def total(body, name):
    return sum(float(line.rpartition(b" ")[2]) for line in body.splitlines()
               if line.startswith((name + b"{", name + b" ")))


def series(body):
    """Lines of a scrape that are no comments."""
    return sum(not line.startswith(b"#") for line in body.splitlines())
