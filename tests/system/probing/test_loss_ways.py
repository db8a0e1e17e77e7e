"""
Loss by direction (`mark_copies`), beside what was lost on each way: a real Kamailio with and
without state, a peer that answers first copies alone. Many trunks each, side by side.
"""

import random
import unittest

import peers
from harness import trunk, wait_for
from test_wire import Wired
from wire import THEIRS

LOST = "siptrunk_probe_udp_lost_total"
REQUESTS = "siptrunk_probe_udp_requests_total"
TRUNKS = 50   # of each way
SECONDS = 12  # of loss: 600 requests each
QUIET = 7     # until all has settled: T4 and a timeout
FIRST = 5301
WAYS = {"out": (0.1, 0), "back": (0, 0.1), "both": (0.05, 0.05)}

KAMAILIO = """
children=2
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "tmx.so"
{listen}
request_route {{
    if ($Rp > {last}) {{
        t_newtran();
        t_reply("200", "OK");
    }} else {{
        sl_send_reply("200", "OK");
    }}
}}
"""


class Dice:
    """
    Loses that share each way while it is on, and counts what it lost. What a peer that has
    too little of the processor loses, it counts as well: answers that never come here.
    """

    on = False

    def __init__(self, there, back, seed):
        self.share = {True: there, False: back}
        self.lost = {True: 0, False: 0}
        self.sent = 0  # copies of requests that began while it was on
        self.came = 0  # their answers that it let through
        self.branches = set()
        self.dice = random.Random(seed)

    def __call__(self, packet):
        if Dice.on and packet.there:
            self.branches.add(packet.branch)
        asked = packet.branch in self.branches
        self.sent += asked and packet.there
        if Dice.on and self.dice.random() < self.share[packet.there]:
            self.lost[packet.there] += 1
            return []
        self.came += asked and not packet.there
        return [(0, packet.raw)]


@unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
class LossWays(Wired):
    timed = "what Kamailio and the way lose for want of the processor is loss as well"
    defaults = {"interval": "1s", "down_interval": "1s", "timeout": "950ms",
                "t1": "200ms", "fall": 3, "rise": 1, "mark_copies": True}
    ways = {}
    settled = None

    @classmethod
    def make(cls):
        super().make()
        cls.ports, cls.dice, cls.settled = {}, {}, None
        Dice.on = False
        names = [f"{kind}-{way}" for kind in ("stateless", "stateful") for way in WAYS]
        for i, name in enumerate(names):
            cls.ports[name] = FIRST + i
            cls.dice[name] = cls.wire.faults[FIRST + i] = Dice(
                *WAYS[name.split("-")[1]], seed=i)
            cls.more += [trunk(f"{name}-{n}", f"sip:{THEIRS}:{FIRST + i}")
                         for n in range(TRUNKS)]
        with cls.wire.theirs.inside():
            cls.kamailio = peers.Program(cls.folder, "kamailio", peers.kamailio(
                cls.folder, KAMAILIO.format(last=FIRST + len(WAYS) - 1, listen="\n".join(
                    f"listen=udp:{THEIRS}:{p}" for p in cls.ports.values()))))
        cls.addClassCleanup(cls.kamailio.close)

    @classmethod
    def probes(cls, m):
        """The fewest that a trunk had that loses."""
        counts = [v for _, v in m.all("siptrunk_probes_total")]
        return min(counts) if len(counts) == len(cls.dice) * TRUNKS else 0

    @classmethod
    def pass_probes(cls, n):
        """A scrape after so many more of each."""
        least = cls.probes(cls.exporter.scrape()) + n
        return wait_for(f"{n} probes of each", lambda: cls.probes(
            m := cls.exporter.scrape()) >= least and m, 90, step=0.5)

    @classmethod
    def lose(cls):
        """Once: what kind the peers are is known; then packets are lost; then all settles."""
        if not cls.settled:
            cls.pass_probes(2)
            Dice.on = True
            cls.pass_probes(SECONDS)
            Dice.on = False
            cls.settled = cls.pass_probes(QUIET)
        return cls.settled

    def told(self, name):
        """Requests, and losses by direction, of all trunks of that way."""
        m = self.lose()

        def total(family, **labels):
            return sum(v for l, v in m.all(family, **labels)
                       if l["trunk"].rpartition("-")[0] == name)
        return total(REQUESTS), {d: total(LOST, direction=d)
                                 for d in ("request", "reply", "either")}

    def test_stateful(self):
        """Within two points of what was lost on each way, of the copies then sent."""
        for way in WAYS:
            with self.subTest(way):
                _, lost = self.told(f"stateful-{way}")
                really = self.dice[f"stateful-{way}"].lost
                sent = self.dice[f"stateful-{way}"].sent
                self.assertGreater(sum(really.values()), 40)
                for direction, there in (("request", True), ("reply", False)):
                    self.assertAlmostEqual(100 * lost[direction] / sent,
                                           100 * really[there] / sent, delta=2)
                self.assertLess(lost["either"], sent / 100)

    def test_stateless(self):
        for way in WAYS:
            with self.subTest(way):
                _, lost = self.told(f"stateless-{way}")
                dice = self.dice[f"stateless-{way}"]
                self.assertEqual((lost["request"], lost["reply"]), (0, 0))
                self.assertGreater(sum(dice.lost.values()), 40)
                self.assertAlmostEqual(100 * lost["either"] / dice.sent,
                                       100 * (dice.sent - dice.came) / dice.sent, delta=1)

    def test_page_says_which_way(self):
        """In words, of a trunk that lost enough to say it."""
        m = self.lose()
        name = max((f"stateful-out-{n}" for n in range(TRUNKS)), key=lambda n: m.get(
            LOST, trunk=n, direction="request"))
        self.assertRegex(self.exporter.get(f"/trunks/{name}"),
                         r"Requests are lost on the way out: [0-9.]+ % of the last half hour")
