"""Starts the real program in a folder of its own, reads its metrics and log, stops it."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = str(pathlib.Path(__file__).resolve().parents[3])
EXE = os.environ.get("SIPTRUNK_EXPORTER", "")

# Sanitizers and valgrind make everything slower; deadlines grow by this.
PATIENCE = float(os.environ.get("PATIENCE", "1"))
STEP_MAX_S = 0.15  # between two looks, where none of its own is asked for
SANITIZER = re.compile(
    r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|ThreadSanitizer"
    r"|runtime error:"
)

REASONS = (
    "timeout", "dns", "refused", "unreachable", "connect", "tls", "protocol", "auth",
    "response", "internal", "elsewhere",
)

# Fast enough for tests, and a pause between probes in which nothing is under way. With
# these a mute peer sees three copies of a request over UDP: at 0, 200 and 600 ms.
FAST = {
    "interval": "1500ms", "down_interval": "1500ms", "timeout": "1s", "t1": "200ms",
    "fall": 2, "rise": 1,
}


def wait_for(what, probe, seconds=10.0, step=0.02):
    """
    Calls probe() until it returns something true; returns that. What takes time itself is done
    less often: whoever looks all the time leaves less to what is looked at, and to others.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    last = None
    while (begun := time.monotonic()) < deadline:
        try:
            last = probe()
        except (LookupError, OSError) as e:
            last = e
        if last and not isinstance(last, Exception):
            return last
        time.sleep(max(step, min(3 * (time.monotonic() - begun), STEP_MAX_S)))
    raise AssertionError(f"waited {seconds * PATIENCE:g} s for {what}; last: {last!r}")


def free_port(kind=socket.SOCK_STREAM, host="127.0.0.1"):
    """A port that nobody has now. For programs that cannot take port 0."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


class Metrics:
    """One scrape in the text format 0.0.4."""

    LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
    LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(,|$)')
    ESCAPE = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}

    def __init__(self, text):
        self.text = text
        self.series = []
        self.types = {}
        for line in text.split("\n"):
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif line and not line.startswith("#"):
                self.series.append(self.parse(line))

    @classmethod
    def parse(cls, line):
        m = cls.LINE.match(line)
        if not m:
            raise AssertionError(f"not a line of the text format: {line!r}")
        labels, rest = {}, m[2] or ""
        while rest:
            pair = cls.LABEL.match(rest)
            if not pair:
                raise AssertionError(f"bad labels in {line!r}")
            labels[pair[1]] = re.sub(
                r'\\[\\"n]', lambda e: cls.ESCAPE[e[0]], pair[2])
            rest = rest[pair.end():]
        return m[1], labels, float(m[3])

    def all(self, name, **labels):
        """(labels, value) of every series with this name and at least these labels."""
        want = labels.items()
        return [(l, v) for n, l, v in self.series if n == name and want <= l.items()]

    def get(self, name, **labels):
        found = self.all(name, **labels)
        if len(found) != 1:
            raise LookupError(f"{len(found)} series {name} {labels}: {found}")
        return found[0][1]

    def sum(self, name, **labels):
        return sum(v for _, v in self.all(name, **labels))

    def state(self, trunk):
        """The one state that is 1."""
        on = [l["state"] for l, v in self.all("siptrunk_state", trunk=trunk) if v == 1]
        if len(on) != 1:
            raise LookupError(f"{trunk} has states {on}")
        return on[0]

    def failures(self, trunk):
        """The reasons that are not 0, with their counts."""
        return self.counts("siptrunk_probe_failures_total", trunk, "reason")

    def codes(self, trunk):
        counts = self.counts("siptrunk_probe_responses_total", trunk, "code")
        return {int(code): n for code, n in counts.items()}

    def counts(self, name, trunk, label):
        """What is not 0 by a label's value, over all addresses and methods."""
        sums = {}
        for l, v in self.all(name, trunk=trunk):
            if v:
                sums[l[label]] = sums.get(l[label], 0) + int(v)
        return sums


def parse_logfmt(line):
    fields = {}
    for m in re.finditer(r'([^\s=]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)', line):
        value = m[2]
        fields[m[1]] = json.loads(value) if value.startswith('"') else value
    return fields


class Exporter:
    """A running siptrunk_exporter. Port 0 everywhere: the log says what was taken."""

    def __init__(self, folder, config=None, args=(), log_level="debug", env=None,
                 listen=("127.0.0.1:0",), ready=True, log_path=None, wrap=()):
        self.folder = folder
        self.log_path = log_path or os.path.join(folder, "exporter.log")
        self.config_path = os.path.join(folder, "trunks.json")
        argv = [*wrap, EXE, f"--log.level={log_level}", *args]
        argv += [f"--web.listen-address={a}" for a in listen]
        if config is not None:
            self.write_config(config)
            argv.append(f"--config.file={self.config_path}")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                env={**os.environ, **(env or {})})
        self.started = None
        if ready:
            self.wait_ready()

    def write_config(self, config):
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        # Whole or not at all, as a careful operator replaces a file.
        with open(self.config_path + ".new", "w") as f:
            f.write(text)
        os.replace(self.config_path + ".new", self.config_path)

    def log_text(self):
        if not os.path.isfile(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="backslashreplace") as f:
            return f.read()

    def log(self, **want):
        """Log lines, as dicts, that have at least these fields."""
        lines = []
        for line in self.log_text().splitlines():
            fields = json.loads(line) if line.startswith("{") else parse_logfmt(line)
            if want.items() <= fields.items():
                lines.append(fields)
        return lines

    def wait_log(self, seconds=10.0, **want):
        return wait_for(f"log line {want}", lambda: self.log(**want), seconds)

    def wait_ready(self):
        def started():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"exited with {self.process.returncode}:\n{self.log_text()}")
            return self.log(msg="started")
        self.started = wait_for("the start line", started)[0]
        self.base = "http://" + self.started["http"].split(",")[0]
        wait_for("/-/ready", lambda: self.status("/-/ready") == 200)

    def get(self, path, headers=None, method="GET"):
        rq = urllib.request.Request(self.base + path, headers=headers or {},
                                    method=method)
        with urllib.request.urlopen(rq, timeout=10 * PATIENCE) as r:
            return r.read().decode()

    def status(self, path, method="GET"):
        try:
            self.get(path, method=method)
            return 200
        except urllib.error.HTTPError as e:
            return e.code

    def scrape(self):
        return Metrics(self.get("/metrics"))

    def sip(self, transport):
        """(host, port) listened on for SIP."""
        for text in self.started["sip"].split(","):
            kind, rest = text.split(":", 1)
            if kind == transport:
                host, port = rest.rsplit(":", 1)
                return host.strip("[]"), int(port)
        raise LookupError(transport)

    def wait_metric(self, value, name, seconds=10.0, **labels):
        """Polls until the one series has the value (or satisfies it); the scrape."""
        ok = value if callable(value) else lambda v: v == value

        def probe():
            m = self.scrape()
            return ok(m.get(name, **labels)) and m
        return wait_for(f"{name} {labels} to be {value}", probe, seconds)

    def settled(self, trunk, probes=2, seconds=15.0):
        """
        A scrape after so many probes of the trunk at least, taken while none is under
        way: every probe begun has ended in a response or a failure.
        """
        def probe():
            m = self.scrape()
            begun = m.sum("siptrunk_probes_total", trunk=trunk)
            ended = sum(m.codes(trunk).values()) + sum(
                n for r, n in m.failures(trunk).items()
                if r not in ("response", "auth"))
            return begun >= probes and begun == ended and m
        return wait_for(f"{probes} probes of {trunk}", probe, seconds)

    def send(self, sig):
        self.process.send_signal(sig)

    def wait_exit(self, seconds=10.0):
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"still runs after {seconds * PATIENCE:g} s:\n{self.log_text()}")

    def stop(self, sig=signal.SIGTERM, seconds=10.0):
        """Stops it the clean way: code 0, nothing leaked or overrun."""
        self.send(sig)
        code = self.wait_exit(seconds)
        text = self.log_text()
        if SANITIZER.search(text):
            raise AssertionError("sanitizer:\n" + text)
        if code != 0:
            raise AssertionError(f"exit code {code}:\n{text[-4000:]}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run(*args, cwd=None, wrap=(), env=None, timeout=30.0):
    """Runs the program to its end; returns code, standard output, standard error."""
    r = subprocess.run([*wrap, EXE, *args], cwd=cwd, stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=timeout * PATIENCE, text=True,
                       errors="backslashreplace", env={**os.environ, **(env or {})})
    if SANITIZER.search(r.stderr):
        raise AssertionError("sanitizer:\n" + r.stderr)
    return r.returncode, r.stdout, r.stderr


class Case(unittest.TestCase):
    """A test with a folder of its own; what it starts is stopped after it."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="siptrunk-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def start(self, config=None, **more):
        e = Exporter(self.folder, config, **more)
        self.addCleanup(self.finish, e)
        return e

    @staticmethod
    def finish(e):
        """Also a test that does not stop its exporter itself proves a clean end."""
        try:
            if e.process.poll() is None:
                e.stop()
            elif e.process.returncode < 0 and e.process.returncode != -signal.SIGKILL:
                raise AssertionError(
                    f"died of signal {-e.process.returncode}:\n{e.log_text()[-4000:]}")
        finally:
            e.kill()

    def use(self, peer):
        """Closes a peer after the test."""
        self.addCleanup(peer.close)
        return peer


class Bench(unittest.TestCase):
    """
    Many trunks, each with a peer of its own, probed by one exporter at the same time; a
    test looks at one. `make(cls)` fills in `peers` (by trunk name) and `more` (trunks
    without one), and is called once.
    """

    maxDiff = None
    defaults = FAST
    extra = {}
    listen = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="siptrunk-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.peers, cls.more, cls.settings = {}, [], {}
        cls.make()
        for p in cls.peers.values():
            cls.addClassCleanup(p.close)
        trunks = [trunk(n, p.uri, **cls.settings.get(n, {}))
                  for n, p in cls.peers.items()]
        config = config_of(*trunks, *cls.more, listen=cls.listen, **cls.extra)
        config["defaults"] = dict(cls.defaults)
        cls.exporter = Exporter(cls.folder, config)
        cls.addClassCleanup(Case.finish, cls.exporter)


def trunk(name, uri, **settings):
    return {"name": name, "uri": uri, **settings}


def config_of(*trunks, listen=None, **more):
    c = {"defaults": dict(FAST), "trunks": list(trunks), **more}
    if listen is not None:
        c.setdefault("sip", {})["listen"] = list(listen)
    return c
