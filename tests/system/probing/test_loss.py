"""
Loss as it is told, beside what the way counted: every copy that went in, every answer that
came out. The way loses at random, by a seed; the two must be equal, not near.
"""

import json
import random

from harness import wait_for
from sip_peer import answer, first_copy
from test_wire import Wired, garbled, lost, nth, thrice, whole

FAMILIES = ("siptrunk_probe_udp_requests_total", "siptrunk_probe_udp_answers_total",
            "siptrunk_probe_udp_lost_total")


class Way:
    """Loses that share of packets each way and keeps the others for so long."""

    def __init__(self, there=0.0, back=0.0, seconds=0.0, seed=1):
        self.share = {True: there, False: back}
        self.seconds = seconds
        self.dice = random.Random(seed)
        self.answers = 0

    def __call__(self, packet):
        if self.dice.random() < self.share[packet.there]:
            return []
        if not packet.there and packet.branch:
            self.answers += 1
        return [(self.seconds, packet.raw)]


def udp(fault, behaviour=None, **settings):
    return "udp", fault, behaviour or answer(), settings


LOSSES = {f"{there}-{back}-{ms}": Way(there / 100, back / 100, ms / 2000, seed)
          for seed, (there, back, ms) in enumerate(
              [(0, 0, 0), (0, 0, 700), (5, 5, 10), (5, 5, 700), (20, 20, 10),
               (20, 20, 700), (30, 0, 10), (0, 30, 700), (30, 30, 300)])}


class Loss(Wired):
    """
    Each trunk is quiet for a second before its next probe: all has settled then, after 2 s
    for its probe and 5 s for what may come after it.
    """

    defaults = {"interval": "8s", "down_interval": "8s", "timeout": "2s", "t1": "300ms",
                "fall": 2, "rise": 1}
    ways = {
        **{name: udp(way) for name, way in LOSSES.items()},
        "first-lost": udp(nth(1, True, lost)),
        "all-lost": udp(lost),
        "thrice": udp(thrice),
        "late": udp(Way(seconds=1.2)),
        "garbled": udp(lambda p: whole(p) if p.there else garbled(p)),
        "first-copy": udp(Way(seconds=0.35), first_copy(lambda rq: rq.reply(200))),
        "first-copy-marked": udp(Way(seconds=0.35), first_copy(lambda rq: rq.reply(200)),
                                 mark_copies=True),
        "trying": udp(Way(), lambda rq: rq.reply(200 if rq.copy else 100)),
        "over-tcp": ("tcp", whole, answer(), {}),
    }

    def told(self, name, m=None):
        m = m or self.exporter.scrape()
        return tuple(int(m.get(f, trunk=name)) for f in FAMILIES)

    def sent(self, name):
        """Copies that went in."""
        with self.wire.lock:
            return sum(self.wire.sent.get((True, self.peers[name].port), {}).values())

    def equal(self, name, answers, probes=3):
        """Once so many probes are done: exactly what the way counted."""
        def quiet():
            before = self.sent(name), answers()
            m = self.exporter.scrape()
            told = self.told(name, m)
            same = told[:2] == before == (self.sent(name), answers())
            return same and m.get("siptrunk_probes_total", trunk=name) >= probes and told
        requests, came, gone = wait_for(f"{name} to settle", quiet, 60, step=0.05)
        self.assertEqual(gone, requests - came, "what did not come back")
        return requests, gone

    def test_counted_exactly(self):
        total = {}
        for name, way in LOSSES.items():
            with self.subTest(name):
                total[name] = self.equal(name, lambda way=way: way.answers)
        for name in ("0-0-0", "0-0-700"):
            self.assertEqual(total[name][1], 0, "nothing is lost on a good way")
        self.assertGreater(total["0-0-700"][0], 5, "though all is sent twice")
        self.assertGreater(total["30-30-300"][1], 0)

    def test_first_copies_lost(self):
        """Half of what is sent."""
        requests, gone = self.equal("first-lost",
                                    lambda: self.sent("first-lost") // 2)
        self.assertEqual(gone * 2, requests)

    def test_all_lost(self):
        requests, gone = self.equal("all-lost", lambda: 0)
        self.assertEqual(gone, requests)
        self.assertGreaterEqual(requests, 6)

    def test_doubled_answers(self):
        """Nine to each request: all are counted, and none is lost less than nothing."""
        def quiet():
            requests, answers, gone = self.told("thrice")
            return requests >= 3 and answers == 9 * requests and gone == 0
        wait_for("nine answers each", quiet, 60)

    def test_late_answers(self):
        """Past the copies that were sent meanwhile, none is lost."""
        way = self.ways["late"][1]
        self.assertEqual(self.equal("late", lambda: way.answers)[1], 0)

    def test_no_loss_where_something_came(self):
        """Garbage is a failure, but nothing that was lost; nor is a copy's 100."""
        self.exporter.settled("garbled", 2, 30)
        self.assertEqual(self.told("garbled"), (0, 0, 0))
        m = self.exporter.settled("trying", 2, 30)
        # Copies are there if the 100 took longer than T1: this machine's doing.
        self.assertLessEqual(
            self.told("trying", m)[2],
            m.get("siptrunk_probe_retransmissions_total", trunk="trying"))

    def test_only_the_first_copy_is_answered(self):
        """
        Slowly: not half of the packets lost, from the first probe on. But for probes that
        this machine held up, which look as if a copy of theirs was answered.
        """
        m = self.exporter.settled("first-copy", 3, 60)
        recent = json.loads(self.exporter.get("/api/v1/trunks/first-copy"))[
            "targets"][0]["recent"]
        slow = [p for p in recent if not 0.7 <= (p["latency_s"] or 0) < 0.8]
        self.assertLessEqual(self.told("first-copy", m)[2], 2 * len(slow))

    def test_the_same_with_numbers(self):
        m = self.exporter.settled("first-copy-marked", 3, 60)
        self.assertEqual([v for _, v in m.all(FAMILIES[2], trunk="first-copy-marked")],
                         [0, 0, 0])
        first, second = self.peers["first-copy-marked"].requests[:2]
        self.assertIn(";siptrunk-copy=01", first.header("Via"))
        self.assertIn(";siptrunk-copy=02", second.header("Via"))

    def test_over_udp_only(self):
        m = self.exporter.scrape()
        for family in FAMILIES:
            self.assertEqual(m.all(family, trunk="over-tcp"), [])
            self.assertTrue(m.all(family, trunk="0-0-0"))
        self.assertEqual({l["direction"] for l, _ in m.all(FAMILIES[2], trunk="0-0-0")},
                         {"either"})
