"""
Out of memory anywhere: the program with trunks of each kind, the things that are asked of it,
and what must hold after one of its allocations failed. scripts/oom asks for all of them,
operating/test_oom.py for a sample.
"""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

from digest_peer import Digest
from failing_alloc import Control, Map, place
from harness import EXE, PATIENCE, Metrics, wait_for
from peers import authority, certificate
from sip_peer import SipPeer, answer, mute, server_tls

PROTOBUF = ("application/vnd.google.protobuf;"
            "proto=io.prometheus.client.MetricFamily;encoding=delimited")
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
ANSWER_S = 3.0        # a request that failed is over by then
LIVE_ALLOWED = 64     # allocations that may stay after thousands that failed: caches, arenas
TRUNKS = ("udp", "tcp", "tls", "reg")


class Lost(AssertionError):
    """The program did not go on."""


class Peers:
    """Somebody for each trunk, and the configurations that name them."""

    def __init__(self, folder, interval="60s"):
        self.folder, self.interval = folder, interval
        self.cert = certificate()
        self.udp = SipPeer(answer())
        self.tcp = SipPeer(answer(), "tcp")
        self.tls = SipPeer(answer(), "tls", tls=server_tls(*self.cert))
        self.reg = SipPeer(Digest())
        self.dead = SipPeer(mute)

    def close(self):
        for p in (self.udp, self.tcp, self.tls, self.reg, self.dead):
            p.close()

    def config(self, extra=0):
        tls = {"ca_file": authority()[0]}
        kept = {"status": {"history": 4, "memory_mib": 1}}
        trunks = [
            {"name": "udp", "uri": self.udp.uri, "labels": {"carrier": "a"}},
            {"name": "tcp", "uri": self.tcp.uri},
            {"name": "tls", "uri": self.tls.uri, "tls": tls},
            {"name": "reg", "uri": self.reg.uri, "method": "REGISTER",
             "auth": {"username": "u", "password": "secret"}, "register": {"bind": True}},
            *({"name": f"extra-{extra}-{i}", "uri": self.dead.uri, "paused": True}
              for i in range(2 if extra else 0))]
        return {
            "defaults": {"interval": self.interval, "down_interval": self.interval,
                         "timeout": "150ms" if self.interval != "60s" else "1s",
                         "t1": "50ms", "fall": 1, "rise": 1},
            "probe": {"allow": ["127.0.0.0/8", "::1/128"]}, **kept,
            "sip": {"listen": ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]}, "trunks": trunks}


def as_yaml(value, depth=0):
    """Enough of YAML for a configuration: blocks, with scalars as JSON writes them."""
    pad = "  " * depth
    if isinstance(value, dict) and value:
        return "".join(
            f"\n{pad}{json.dumps(k)}: {as_yaml(v, depth + 1)}" for k, v in value.items())
    if isinstance(value, list) and value:
        return "".join(f"\n{pad}- {as_yaml(v, depth + 1).lstrip()}" for v in value)
    return json.dumps(value)


class Victim:
    """The program with an allocation of it in hand."""

    def __init__(self, peers, kind="json", countdown=-1, row=1, places=(), args=()):
        self.peers, self.kind = peers, kind
        self.path = os.path.join(peers.folder, f"config.{kind}")
        self.control = Control(os.path.join(peers.folder, "page"))
        self.log_path = os.path.join(peers.folder, "log")
        self.turn, self.families, self.base, self.sip = 0, set(), None, None
        self.put_config(peers.config())
        if places:
            self.control.at([place(EXE, p) for p in places])
        self.control.arm(countdown, row)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [EXE, f"--config.file={self.path}", "--web.listen-address=127.0.0.1:0",
                 "--web.enable-lifecycle", "--log.level=info", *args], stderr=log,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                env={**os.environ, **self.control.env})

    def put_config(self, config):
        text = json.dumps(config) if self.kind == "json" else as_yaml(config)
        with open(self.path + ".new", "w") as f:
            f.write(text + "\n")
        os.replace(self.path + ".new", self.path)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def await_start(self):
        """Whether it runs; False: it has ended."""
        end = time.monotonic() + 10 * PATIENCE
        while time.monotonic() < end:
            text = self.log()
            found = re.search(r"msg=started.*\n", text)
            if found:
                self.base = re.search(r"http=(\S+?:\d+)", found[0])[1]
                self.sip = {k: int(p) for k, p in
                            re.findall(r"(udp|tcp):127\.0\.0\.1:(\d+)", found[0])}
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.002)
        raise Lost("neither started nor ended")

    def names(self):
        """The functions on the stack of what failed last."""
        with contextlib.suppress(OSError):
            self.map = Map(self.process.pid)
        return self.map.names(self.control.stack()) if hasattr(self, "map") else []

    def alive(self):
        if self.process.poll() is not None:
            raise Lost(f"ended with status {self.process.returncode}:\n{self.log()[-600:]}")

    def ask(self, path, headers=None, method="GET"):
        """(status, body); (0, b"") for a request that was given up. Never without an end."""
        host, port = self.base.rsplit(":", 1)
        c = http.client.HTTPConnection(host, int(port), timeout=ANSWER_S * PATIENCE)
        try:
            c.request(method, path, headers=headers or {})
            r = c.getresponse()
            return r.status, r.read()
        except TimeoutError as e:
            self.alive()
            raise Lost(f"{method} {path} has no end") from e
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            c.close()

    def good(self, path, **more):
        status, body = self.ask(path, **more)
        if status != 200 or not body:
            self.alive()
            raise Lost(f"afterwards {path} gives {status}: {body[-200:]!r}")
        return body

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def scrape(self):
        return Metrics(self.good("/metrics").decode())

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


# What is asked of it: each does one thing, whatever comes of it.

def getter(path, headers=None, method="GET"):
    return lambda v: v.ask(path, headers, method)


def reload_good(v):
    v.turn += 1
    v.put_config(v.peers.config(1 + v.turn % 2))
    v.ask("/-/reload", method="POST")


def reload_bad(v):
    text = json.dumps({**v.peers.config(), "surplus": 1, "defaults": {"interval": "x"}})
    with open(v.path, "w") as f:
        f.write(text)
    v.ask("/-/reload", method="POST")
    v.put_config(v.peers.config(1 + v.turn % 2))


def ping(v):
    """An OPTIONS of the peer's, over UDP from where it is known by."""
    got = len(v.peers.udp.responses)
    with contextlib.suppress(AssertionError):
        v.peers.udp.socket.sendto(v.peers.udp.request(), ("127.0.0.1", v.sip["udp"]))
        wait_for("answer", lambda: len(v.peers.udp.responses) > got, 0.1, 0.001)


def ping_stream(v):
    with contextlib.suppress(OSError), \
            socket.create_connection(("127.0.0.1", v.sip["tcp"]), ANSWER_S) as s:
        s.settimeout(0.1)
        s.sendall(v.peers.tcp.request())
        s.recv(4096)


def probe(target):
    return getter(f"/probe?debug=true&target={target}")


OPERATIONS = {
    "probe udp": probe("udp"),
    "probe tcp": probe("tcp"),
    "probe tls": probe("tls"),
    "probe register": probe("reg"),
    "probe name": lambda v: v.ask(f"/probe?target=sip:localhost:{v.peers.udp.port}"),
    "probe now": getter("/trunks/udp/probe", method="POST"),
    "ping": ping,
    "ping stream": ping_stream,
    "scrape text": getter("/metrics"),
    "scrape gzip": getter("/metrics", {"Accept-Encoding": "gzip"}),
    "scrape openmetrics": getter("/metrics", {"Accept": OPENMETRICS}),
    "scrape protobuf": getter("/metrics", {"Accept": PROTOBUF, "Accept-Encoding": "gzip"}),
    "scrape some": getter("/metrics?name[]=siptrunk_up&name[]=siptrunk_state"),
    "page": getter("/", {"Accept-Encoding": "gzip"}),
    "page trunk": getter("/trunks/tls"),
    "api": getter("/api/v1/trunks"),
    "api trunk": getter("/api/v1/trunks/tls"),
    "healthy": getter("/-/healthy"),
    "reload": reload_good,
    "reload bad": reload_bad,
}


def succeeds(v, target):
    body = v.good(f"/probe?target={target}").decode()
    if Metrics(body).get("probe_success") != 1:
        raise Lost(f"afterwards the probe of {target} fails:\n{body[-400:]}")


def look(v):
    """After each failure: probes are up, the scrape is whole."""
    v.alive()
    m = v.scrape()
    left_out = v.families - set(m.types)
    if left_out or len(m.all("siptrunk_info")) < len(TRUNKS):
        raise Lost(f"afterwards a scrape is without {sorted(left_out)}")
    v.families |= set(m.types)
    succeeds(v, "udp")
    return m


def look_closely(v):
    """Now and then, and at the end: each kind of probe, and a reload that is applied."""
    look(v)
    for target in TRUNKS:
        succeeds(v, target)
    v.turn += 1
    v.put_config(v.peers.config(1 + v.turn % 2))
    v.good("/-/reload", method="POST")
    m = v.scrape()
    names = {labels["trunk"] for labels, _ in m.all("siptrunk_info")}
    if f"extra-{1 + v.turn % 2}-0" not in names or not set(TRUNKS) <= names:
        raise Lost(f"afterwards a reload leaves {sorted(names)}")
    if m.get("siptrunk_exporter_config_last_reload_successful") != 1:
        raise Lost("afterwards a reload is not told as successful")


def uneven(v):
    """The trunks of which a probe that was begun has not ended once."""
    m, found = v.scrape(), {}
    for trunk in TRUNKS:
        begun = m.sum("siptrunk_probes_total", trunk=trunk)
        ended = sum(m.codes(trunk).values()) + sum(
            n for r, n in m.failures(trunk).items() if r not in ("response", "auth"))
        if begun != ended:
            found[trunk] = (begun, ended)
    return found


def counters_add_up(v):
    """Once nothing is under way."""
    try:
        wait_for("counters to add up", lambda: not uneven(v), 3, 0.05)
    except AssertionError as e:
        raise Lost(f"probes begun and ended: {uneven(v)}") from e


def rest(v):
    """(descriptors, live allocations) while nothing is under way: the least of several looks."""
    seen = []
    for _ in range(8):
        time.sleep(0.01)
        seen.append((v.descriptors(), v.control.get("live")))
    return min(fd for fd, _ in seen), min(live for _, live in seen)


class Finding:
    def __init__(self, unit, n, what, names):
        self.unit, self.n, self.what, self.names = unit, n, what, names

    def __str__(self):
        ours = [n for n in self.names if ":" not in n]
        inner = next((n for n in self.names if not n.startswith("libc:")), "?")
        return (f"{self.unit} {self.n}: {self.what}\n    {inner} < "
                f"{' < '.join(ours[:10]) or '(no function of ours)'}")


def started(peers, **more):
    v = Victim(peers, **more)
    if not v.await_start():
        raise Lost(f"does not start:\n{v.log()}")
    v.map = Map(v.process.pid)
    return v


def warmed(peers, operation):
    v = started(peers)
    look_closely(v)
    for _ in range(3):
        operation(v)
        look_closely(v)
    return v


def count(v, operation):
    """How many allocations it takes, at most."""
    counts = []
    for _ in range(3):
        before = v.control.get("asked")
        operation(v)
        counts.append(v.control.get("asked") - before)
        time.sleep(0.02)
    return max(counts)


def measure(peers, operation):
    v = warmed(peers, operation)
    counted = count(v, operation)
    v.kill()
    return counted


def fail_one(v, operation, n, row):
    """Returns whether one failed."""
    v.control.arm(n, row)
    operation(v)
    fired = v.control.disarm()
    if fired:
        look(v)
    return fired


def sweep(peers, name, numbers, row=1, every=50):
    """
    Fails the allocations of these numbers in an operation, one after the other. Returns how
    many failed, and the findings.
    """
    operation, findings, fired, grew = OPERATIONS[name], [], 0, {}
    v = warmed(peers, operation)
    begin = rest(v)
    for i, n in enumerate(numbers):
        before = v.control.get("live")
        try:
            fired += fail_one(v, operation, n, row)
            if i % every == every - 1:
                look_closely(v)
        except Lost as e:
            findings.append(Finding(name, n, str(e), v.names()))
            v.kill()
            v = warmed(peers, operation)
            begin, grew = rest(v), {}
            continue
        grew[n] = v.control.get("live") - before
    findings += at_rest(v, name, begin, grew)
    v.kill()
    return fired, findings


def sweep_all(peers, choose):
    """
    The same for every operation, one after the other in one process. @choose: of so many
    allocations the numbers that are to fail. Returns as sweep().
    """
    v, fired, findings = started(peers), 0, []
    for operation in OPERATIONS.values():
        operation(v)
    look_closely(v)
    begin = rest(v)
    for name, operation in OPERATIONS.items():
        n = 0
        try:
            for n in choose(count(v, operation)):
                fired += fail_one(v, operation, n, 1)
            look_closely(v)
        except Lost as e:
            findings.append(Finding(name, n, str(e), v.names()))
            v.kill()
            v = started(peers)
            look_closely(v)
            begin = rest(v)
    findings += at_rest(v, "all", begin, {})
    v.kill()
    return fired, findings


def at_rest(v, name, begin, grew):
    """Nothing stays lost: descriptors and allocations are as many as at the beginning."""
    try:
        look_closely(v)
        counters_add_up(v)
        fds, live = rest(v)
    except (Lost, AssertionError) as e:
        return [Finding(name, "end", str(e), [])]
    if fds > begin[0]:
        return [Finding(name, "end", f"{fds - begin[0]} descriptors stay open", [])]
    if live - begin[1] > LIVE_ALLOWED:
        most = sorted(grew, key=grew.get, reverse=True)[:5]
        return [Finding(name, "end", f"{live - begin[1]} allocations stay; most after "
                        f"{[(n, grew[n]) for n in most]}", [])]
    return []


def ends_well(v):
    code = v.process.wait(5 * PATIENCE)
    if code != 0:
        raise Lost(f"stops with status {code}:\n{v.log()[-600:]}")


def told(v):
    """A start that failed says so in a line, or two where one is of the cause."""
    code, text = v.process.wait(), v.log()
    lines = [line for line in text.splitlines() if line.strip()]
    if code not in (1, 2) or not 1 <= len(lines) <= 2:
        raise Lost(f"ends with status {code} and says:\n{text[-600:] or '(nothing)'}")
    if not re.search(r"level=error|siptrunk_exporter:|Error in GnuTLS", lines[-1]):
        raise Lost(f"says what is no error:\n{text[-600:]}")


def start_once(peers, kind, n, row=1, places=()):
    """Returns whether one failed."""
    v = Victim(peers, kind, countdown=n, row=row, places=places)
    try:
        if not v.await_start():
            v.control.disarm()
            told(v)
            return True
        v.map = Map(v.process.pid)
        fired = v.control.disarm()
        if not fired:
            return False
        look_closely(v)
        v.process.send_signal(signal.SIGTERM)
        ends_well(v)
        return True
    except (Lost, AssertionError, subprocess.TimeoutExpired) as e:
        e.names = v.names()
        raise
    finally:
        v.kill()


def stop_once(peers, n):
    v = started(peers)
    try:
        look(v)
        v.control.arm(n)
        v.process.send_signal(signal.SIGTERM)
        ends_well(v)
        return v.control.disarm()
    except (Lost, AssertionError, subprocess.TimeoutExpired) as e:
        e.names = v.names()
        raise
    finally:
        v.kill()


def sweep_lives(name, once, numbers):
    """The same for what takes a process each."""
    fired, findings = 0, []
    for n in numbers:
        try:
            fired += once(n)
        except (Lost, AssertionError, subprocess.TimeoutExpired) as e:
            fired += 1
            findings.append(Finding(name, n, str(e), getattr(e, "names", [])))
    return fired, findings


def measure_start(peers, kind, places=()):
    """How many allocations it takes, or those below these functions."""
    far = 1 << 40
    v = started(peers, kind=kind, places=places, countdown=far if places else -1)
    asked = far - v.control.get("countdown") if places else v.control.get("asked")
    v.kill()
    return asked


def measure_stop(peers):
    v = started(peers)
    look(v)
    before = v.control.get("asked")
    v.process.send_signal(signal.SIGTERM)
    ends_well(v)
    return v.control.get("asked") - before


def work(v, turns):
    """All of it at once, for a while: what schedules and threads do of themselves."""
    for i in range(turns):
        for operation in OPERATIONS.values():
            operation(v)
        if i % 3 == 2:
            v.process.send_signal(signal.SIGHUP)


def sweep_stacks(peers, turns=20):
    """
    Under way: probes of the schedule, reloads and requests, while each call stack that
    allocates fails once, the ones that failures lead to as well. Returns as sweep().
    """
    v = started(peers)
    try:
        look_closely(v)
        begin = rest(v)
        v.control.put("fresh", 1)
        work(v, turns)
        v.control.put("fresh", 0)
        failed = v.control.get("failed")
        wait_for("probes to be up", lambda: v.alive() or all(
            v.scrape().state(t) == "up" for t in TRUNKS), 5)
        return failed, at_rest(v, "under way", begin, {})
    except AssertionError as e:
        return v.control.get("failed"), [Finding("under way", "?", str(e), v.names())]
    finally:
        v.kill()
