"""
What a bad network does to probes, exactly: each packet's fate is chosen by the test, so
that every loss, duplicate and delay has its place in the metrics, and none is invented.
"""

import itertools
import unittest

from harness import Bench, wait_for
from sip_peer import SipPeer, answer, first_copy
from wire import TCP, THEIRS, Wire, whole, why_not

SYN = 2
SLOW = {"interval": "5s", "down_interval": "5s", "timeout": "4900ms"}


def lost(packet):
    return []


def thrice(packet):
    return [(0, packet.raw)] * 3


def late(there, back):
    return lambda packet: [(there if packet.there else back, packet.raw)]


def damaged(packet):
    return [(0, packet.damaged())]


def garbled(packet):
    return [(0, packet.rewritten(b"SIP/2.0 200", b"SIP/2.0 2x0"))]


def nth(n, there, fate):
    """That fate for the n-th packet of each transaction in that direction, else none."""
    def fault(packet):
        return (fate if packet.copy == n and packet.there == there else whole)(packet)
    return fault


def both(one, other):
    """The second fault for what the first lets through."""
    return lambda packet: one(packet) and other(packet)


def every_third_lost():
    turn = itertools.count(1)
    return lambda packet: whole(packet) if next(turn) % 3 else []


def first_syn_lost():
    seen = set()

    def fault(packet):
        if packet.protocol == TCP and packet.there and packet.flags == SYN and (
                packet.ours not in seen):
            seen.add(packet.ours)
            return []
        return whole(packet)
    return fault


def some_lost_some_doubled():
    turn = itertools.count(1)

    def fault(packet):
        i = next(turn)
        return [(0, packet.raw)] * (0 if i % 7 == 0 else 2 if i % 5 == 0 else 1)
    return fault


def trying_overtaken(packet):
    slow = not packet.there and packet.payload.startswith(b"SIP/2.0 100")
    return [(0.2 if slow else 0, packet.raw)]


def trying_and_ok(rq):
    rq.reply(100)
    rq.reply(200)


# What is on the way of each: (transport, fault, what the peer does, settings).
WAYS = {
    "good": ("udp", whole, answer(), {}),
    "request-lost": ("udp", nth(1, True, lost), answer(), {}),
    "answer-lost": ("udp", nth(1, False, lost), answer(), {}),
    "both-lost": ("udp", both(nth(1, True, lost), nth(1, False, lost)), answer(), {}),
    "every-third": ("udp", every_third_lost(), answer(), {}),
    "all-lost": ("udp", lost, answer(), {}),
    "thrice": ("udp", thrice, answer(), {}),
    "slow": ("udp", late(0.25, 0.25), answer(), {}),
    "too-late": ("udp", late(0.5, 0.7), first_copy(lambda rq: rq.reply(200)),
                 {"timeout": "1s"}),
    "reordered": ("udp", trying_overtaken, trying_and_ok, {}),
    "overtaken": ("udp", nth(1, True, late(0.5, 0)), answer(), {}),
    "damaged": ("udp", nth(1, False, damaged), answer(), {}),
    "garbled-once": ("udp", nth(1, False, garbled), answer(), {}),
    "garbled": ("udp", lambda p: whole(p) if p.there else garbled(p), answer(), {}),
    "syn-lost": ("tcp", first_syn_lost(), answer(), SLOW),
    "segments": ("tcp", some_lost_some_doubled(), answer(),
                 {**SLOW, "connection": "reuse"}),
}


class Wired(Bench):
    ways = WAYS
    timed = "copies of a request are 200 ms apart, and each is counted"
    defaults = {"interval": "2s", "down_interval": "2s", "timeout": "1900ms",
                "t1": "300ms", "fall": 2, "rise": 1}

    @classmethod
    def make(cls):
        reason = why_not()
        if reason:
            raise unittest.SkipTest(reason)
        cls.wire = Wire()
        cls.addClassCleanup(cls.wire.close)
        for name, (transport, fault, behaviour, settings) in cls.ways.items():
            with cls.wire.theirs.inside():
                peer = cls.peers[name] = SipPeer(behaviour, transport, THEIRS)
            cls.wire.faults[peer.port] = fault
            cls.settings[name] = settings
        # The exporter and whoever reads its metrics are at our end.
        inside = cls.wire.ours.inside()
        inside.__enter__()
        cls.addClassCleanup(inside.__exit__, None, None, None)

    def after(self, name, probes=3):
        """A scrape after so many probes, and their number."""
        m = self.exporter.settled(name, probes, 30)
        peer = self.peers[name]
        sent_again = self.wire.copies(peer.port) if peer.transport == "udp" else 0
        self.assertEqual(m.get("siptrunk_probe_retransmissions_total", trunk=name),
                         sent_again, "counted as sent")
        return m, m.get("siptrunk_probes_total", trunk=name)

    def well(self, name, again=None):
        """Every probe answered by a 200, nothing late or failed besides."""
        m, n = self.after(name)
        self.assertEqual((m.codes(name), m.failures(name), m.state(name)),
                         ({200: n}, {}, "up"))
        self.assertEqual(m.get("siptrunk_probe_late_responses_total", trunk=name), 0)
        self.assertEqual(m.get("siptrunk_probe_duration_seconds_count", trunk=name), n)
        if again is not None:
            self.assertEqual(
                m.get("siptrunk_probe_retransmissions_total", trunk=name), n * again)
        return m, n

    def mean(self, m, name):
        return (m.get("siptrunk_probe_duration_seconds_sum", trunk=name) /
                m.get("siptrunk_probe_duration_seconds_count", trunk=name))


class Faults(Wired):
    def test_good(self):
        self.well("good", again=0)

    def test_request_lost(self):
        """The first copy of every request: nobody's outage, and seen as loss."""
        m, _ = self.well("request-lost", again=1)
        self.assertGreater(self.mean(m, "request-lost"), 0.3, "from the first copy on")
        self.assertLess(self.mean(m, "request-lost"), 0.6)

    def test_answer_lost(self):
        self.well("answer-lost", again=1)
        self.assertEqual(self.peers["answer-lost"].copies(),
                         self.peers["answer-lost"].branches())

    def test_both_lost(self):
        self.well("both-lost", again=2)

    def test_every_third_packet_lost(self):
        """In both directions, whatever it is: what is counted is what was sent."""
        m, n = self.well("every-third")
        self.assertGreaterEqual(
            m.get("siptrunk_probe_retransmissions_total", trunk="every-third"), n // 3)

    def test_all_lost(self):
        m, n = self.after("all-lost")
        # At 0, 300, 900 ms; the next would be due at 2.1 s, past the deadline.
        self.assertEqual(
            m.get("siptrunk_probe_retransmissions_total", trunk="all-lost"), 2 * n)
        self.assertEqual((m.codes("all-lost"), m.failures("all-lost")),
                         ({}, {"timeout": n}))
        self.assertEqual(self.peers["all-lost"].requests, [])

    def test_duplicated(self):
        """Every packet three times, both ways: nine answers to each, one is counted."""
        self.well("thrice", again=0)
        peer = self.peers["thrice"]
        wait_for("copies", lambda: peer.copies() == 2 * peer.branches())

    def test_delayed(self):
        """Half a second there and back: latency, one retransmission, no failure."""
        m, _ = self.well("slow", again=1)
        self.assertGreater(self.mean(m, "slow"), 0.5)
        self.assertLess(self.mean(m, "slow"), 0.8)

    def test_too_late(self):
        """Past the deadline: no code 408, but a timeout, and a late answer each."""
        m, n = self.after("too-late")
        self.assertEqual((m.codes("too-late"), m.failures("too-late")),
                         ({}, {"timeout": n}))
        self.assertEqual(m.state("too-late"), "down")
        self.exporter.wait_metric(
            lambda v: v >= n, "siptrunk_probe_late_responses_total", trunk="too-late")

    def test_reordered(self):
        """The 200 overtakes the 100 that was sent before it."""
        m, _ = self.well("reordered", again=0)
        self.assertLess(self.mean(m, "reordered"), 0.2)

    def test_overtaken_copies(self):
        """The first copy arrives after the second, and its answer after the probe."""
        self.well("overtaken", again=1)

    def test_damaged(self):
        """What the checksum gives away is a loss like any."""
        self.well("damaged", again=1)

    def test_garbled(self):
        """A middlebox that rewrites: never an answer, and not the end of the probe."""
        self.well("garbled-once", again=1)
        m, n = self.after("garbled")
        self.assertEqual((m.codes("garbled"), m.failures("garbled")),
                         ({}, {"protocol": n}))
        self.assertGreater(m.get("siptrunk_exporter_stray_messages_total",
                                 reason="malformed"), n)

    def test_no_stray_is_made_up(self):
        self.well("thrice")
        m, _ = self.after("overtaken")
        for reason in ("stranger", "unmatched"):
            self.assertEqual(m.get("siptrunk_exporter_stray_messages_total",
                                   reason=reason), 0)

    def test_first_syn_lost(self):
        """The kernel asks again after a second: slow to connect, quick to answer."""
        m, _ = self.well("syn-lost", again=0)
        phase = {l["phase"]: v for l, v in m.all(
            "siptrunk_probe_phase_duration_seconds", trunk="syn-lost")}
        self.assertGreater(phase["connect"], 0.9)
        self.assertLess(phase["response"], 0.5)

    def test_segments_lost_and_doubled(self):
        """TCP mends it; none of it is a retransmission of ours."""
        self.well("segments", again=0)
