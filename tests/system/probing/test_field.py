"""
What existing exporters and the SIP stack below us get wrong, in whole: a probe a scrape,
series that come and go with the state, a name for what is not measured, messages that
cost seconds to read, strangers that are answered, clocks that jump.
"""

import glob
import os
import re
import socket
import struct
import time
import unittest

from harness import ROOT, Bench, Case, config_of, run, trunk, wait_for
from sip_peer import SipPeer, answer, mute, script

DATA = os.path.join(ROOT, "tests", "data")
WALLCLOCK = os.path.join(os.path.dirname(os.environ.get("RESOLVE_CLI", "")),
                         "libwallclock.so")


def recorded(folder, name):
    with open(os.path.join(DATA, folder, name), "rb") as f:
        return f.read()


class Scrapes(Case):
    def test_a_scrape_probes_nothing(self):
        """Who looks often asks the peer no more often, and who never looks misses none."""
        peers = [self.use(SipPeer(answer(), t)) for t in ("udp", "tcp")]
        e = self.start(config_of(*(
            trunk(p.transport, p.uri, interval="2s", timeout="1s") for p in peers)))
        begun = time.monotonic()
        for p in peers:
            e.settled(p.transport, 1)
        scrapes = 0
        while time.monotonic() - begun < 5:
            e.get("/metrics")
            scrapes += 1
        self.assertGreater(scrapes, 30)
        e.settled("tcp", 3)
        elapsed = time.monotonic() - begun
        for p in peers:
            self.assertLessEqual(p.branches(), elapsed / 2 + 2)
            self.assertGreaterEqual(p.branches(), elapsed / 2 - 2)

    def test_no_program_is_started(self):
        """No shell, no fping, no sipsak: one process, before and after."""
        peer = self.use(SipPeer())
        e = self.start(config_of(*(trunk(f"t{i}", peer.uri, interval="200ms",
                                         timeout="150ms") for i in range(20))))

        def children():
            pid = e.process.pid
            return "".join(open(f).read() for f in glob.glob(
                f"/proc/{pid}/task/*/children"))
        before = peer.branches()
        seen = set()
        wait_for("probes", lambda: seen.add(children()) or
                 peer.branches() > before + 200, 20)
        self.assertEqual(seen, {""})


class Series(Case):
    """Which series there are is the configuration's and DNS's choice, not the peer's."""

    def names(self, e, trunk_name):
        return {(n, tuple(sorted(l.items()))) for n, l, _ in e.scrape().series
                if l.get("trunk") == trunk_name}

    def test_none_comes_or_goes_with_the_state(self):
        peer = self.use(SipPeer(script(200, 503, 404, None, None, 500, 200)))
        e = self.start(config_of(trunk(
            "t", peer.uri, labels={"carrier": "isp"}, interval="1s", down_interval="1s",
            timeout="800ms", fall=1)))
        e.settled("t", 1)
        first = self.names(e, "t")
        seen = {}
        wait_for("all of it", lambda: seen.update(
            {e.scrape().state("t"): 1}) or peer.branches() >= 8, 30)
        self.assertEqual(set(seen), {"up", "degraded", "down"})
        last = self.names(e, "t")
        self.assertEqual(first - last, set())
        # A code that was never seen before is the only thing that can be new.
        new = last - first
        self.assertEqual({n for n, _ in new}, {"siptrunk_probe_responses_total"})
        self.assertEqual({dict(l)["code"] for _, l in new}, {"404", "500", "503"})
        for name in ("siptrunk_up", "siptrunk_state_changes_total"):
            (_, labels), = [s for s in last if s[0] == name]
            self.assertEqual(dict(labels), {"trunk": "t", "carrier": "isp"})
        for name in ("siptrunk_probe_success", "siptrunk_probes_total"):
            (_, labels), = [s for s in last if s[0] == name]
            self.assertEqual(set(dict(labels)), {
                "trunk", "carrier", "address", "transport", "method"})

    def test_few(self):
        """By default, and with the buckets one asks for."""
        peer = self.use(SipPeer())
        for buckets in (None, [0.01, 0.1, 1]):
            more = {"histogram": {"buckets": buckets}} if buckets else {}
            e = self.start(config_of(trunk("t", peer.uri), **more))
            m = e.settled("t", 1)
            self.assertLessEqual(len(self.names(e, "t")), 52)
            if buckets:
                bounds = {l["le"] for l, _ in m.all(
                    "siptrunk_probe_duration_seconds_bucket", trunk="t")}
                self.assertEqual(bounds, {"0.01", "0.1", "1", "+Inf"})
            e.stop()

    def test_nothing_but_calls_has_a_mos(self):
        """How soon OPTIONS is answered says nothing of how speech sounds."""
        code, out, _ = run("--list-metrics")
        self.assertEqual(code, 0)
        names = [l.split("\t")[0] for l in out.splitlines()]
        self.assertGreater(len(names), 20)
        self.assertEqual([n for n in names if re.search(r"mos|quality|r_?factor", n)],
                         ["siptrunk_call_mos", "siptrunk_call_r_factor"])


def lie(name):
    """A reply that must not pass for a 200, made to fit the request in all else."""
    text = recorded("hostile_responses", name).decode()

    def behaviour(rq):
        lines = []
        for line in text.split("\r\n"):
            field = line.partition(":")[0].lower()
            if field in ("via", "from", "call-id", "cseq"):
                line = f"{field}: {rq.header(field)}"
            elif field == "to":
                line = f"To: {rq.header('To')};tag=x"
            lines.append(line)
        rq.send("\r\n".join(lines).encode())
    return behaviour


class Lies(Bench):
    @classmethod
    def make(cls):
        for name in os.listdir(os.path.join(DATA, "hostile_responses")):
            for transport in ("udp", "tcp"):
                cls.peers[f"{name}-{transport}"] = SipPeer(lie(name), transport)

    def test_none_counts(self):
        self.assertGreaterEqual(len(self.peers), 10)
        for name in self.peers:
            with self.subTest(name):
                m = self.exporter.settled(name, 2)
                self.assertEqual((m.codes(name), set(m.failures(name)), m.state(name)),
                                 ({}, {"protocol"}, "down"))


class Strangers(Case):
    timed = "processor time"

    def start_both(self):
        self.good = self.use(SipPeer())
        self.slow = self.use(SipPeer(lambda rq: [
            rq.send(recorded("slow_parse", n)) for n in self.files]))
        self.files = sorted(os.listdir(os.path.join(DATA, "slow_parse")))
        return self.start(config_of(
            trunk("good", self.good.uri, interval="500ms", timeout="400ms"),
            trunk("slow", self.slow.uri), listen=["udp:127.0.0.1:0"]), log_level="info")

    def test_slow_messages_cost_nothing(self):
        """
        Each of these costs a quadratic parser up to 23 seconds: five a second moved a
        healthy trunk's latency from 5 ms to 4.5 s. Here it is hundreds, from a stranger
        and from a peer.
        """
        e = self.start_both()
        m = e.settled("good", 1)
        cpu, lines = m.get("process_cpu_seconds_total"), e.log_text()
        sent = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.66", 0))
            until = time.monotonic() + 4
            while time.monotonic() < until:
                for name in self.files:
                    s.sendto(recorded("slow_parse", name), e.sip("udp"))
                    sent += 1
                time.sleep(0.05)
        begun = m.get("siptrunk_probes_total", trunk="good")
        m = e.settled("good", begun + 6)
        self.assertGreater(sent, 400)
        self.assertGreater(m.sum("siptrunk_exporter_stray_messages_total"), sent / 2)
        self.assertLess(m.get("process_cpu_seconds_total") - cpu, 2)
        self.assertEqual((m.failures("good"), m.state("good")), ({}, "up"))
        quick = m.get("siptrunk_probe_duration_seconds_bucket", trunk="good", le="0.1")
        self.assertEqual(quick, m.get("siptrunk_probe_duration_seconds_count",
                                      trunk="good"))
        self.assertEqual(set(m.failures("slow")), {"protocol"})
        # Nobody can fill the log: the slow trunk's own change of state is all there is.
        new = e.log_text()[len(lines):].splitlines()
        self.assertLessEqual(len(new), 1, new)

    def test_stun_is_not_answered(self):
        e = self.start_both()
        e.settled("good", 1)
        before = e.scrape().sum("siptrunk_exporter_stray_messages_total")
        stun = b"\0\1\0\0\x21\x12\xa4\x42" + os.urandom(12)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            s.sendto(stun, e.sip("udp"))
            wait_for("the count", lambda: e.scrape().sum(
                "siptrunk_exporter_stray_messages_total") > before)
            s.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                s.recv(100)


class Connections(Case):
    def test_more_than_libre_allows_by_default(self):
        """128 descriptors are its limit, by number; here 300 connections are kept."""
        peer = self.use(SipPeer(answer(), "tcp"))
        count = 300
        e = self.start(config_of(*(
            trunk(f"t{i}", peer.uri, connection="reuse", interval="10s",
                  timeout="8s", down_interval="10s") for i in range(count))))
        m = wait_for("all to be up", lambda: (lambda m: m if m.sum(
            "siptrunk_up") == count else None)(e.scrape()), 40)
        self.assertEqual(peer.connections, count)
        self.assertGreater(m.get("process_open_fds"), count)
        self.assertEqual(m.sum("siptrunk_probe_failures_total"), 0)


@unittest.skipUnless(os.path.exists(WALLCLOCK), "no libwallclock.so beside resolve_cli")
class Clock(Case):
    timed = "times of probes"

    def step(self, seconds):
        with open(self.path("clock"), "r+b") as f:
            f.write(struct.pack("q", seconds))

    def test_steps_move_nothing(self):
        """The wall clock goes an hour ahead, and then back: probes keep their places."""
        peer, dead = self.use(SipPeer()), self.use(SipPeer(mute))
        stamp = self.write("clock", "\0" * 8)
        e = self.start(
            config_of(*(trunk(n, p.uri, interval="1s", down_interval="1s", timeout="800ms")
                        for n, p in (("t", peer), ("dead", dead)))),
            env={"LD_PRELOAD": WALLCLOCK, "WALLCLOCK_FILE": stamp,
                 "ASAN_OPTIONS": "verify_asan_link_order=0"})
        e.settled("t", 2)
        for n, seconds in enumerate((3600, -3600), 1):
            self.step(seconds)
            m = e.settled("t", 2 + 3 * n)
            last = m.get("siptrunk_probe_last_success_timestamp_seconds", trunk="t")
            self.assertAlmostEqual(last - time.time(), seconds, delta=10)
        self.assertEqual((m.state("t"), m.failures("t")), ("up", {}))
        took = m.get("siptrunk_probe_duration_seconds_sum", trunk="t")
        self.assertGreaterEqual(took, 0)
        self.assertLess(took, 1)
        # Within each probe: copies at 0, 200 and 600 ms, and a deadline.
        self.assertEqual(set(e.settled("dead", 6).failures("dead")), {"timeout"})
        times = [rq.at for rq in peer.requests][1:]
        gaps = [b - a for a, b in zip(times, times[1:])]
        self.assertAlmostEqual(sorted(gaps)[len(gaps) // 2], 1, delta=0.1)
        self.assertLess(max(gaps), 2.5)
