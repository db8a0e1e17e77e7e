"""
Names that give other addresses each time: the state after fall and rise is the trunk's,
and neither begins anew nor blinks with its addresses.
"""

import time
import unittest

import peers
from alerting import Stack
from dns_server import A, Server, a
from harness import PATIENCE, Case, config_of, trunk, wait_for
from sip_peer import SipPeer, answer, mute

FACTOR = 15 / PATIENCE
PACE = {"interval": "2s", "down_interval": "1s", "timeout": "600ms", "t1": "150ms",
        "fall": 3, "rise": 2, "family": "ipv4"}
HOSTS = [f"127.0.0.{n}" for n in (2, 3, 4, 5)]
MISSING = peers.missing("prometheus") or peers.missing("prometheus-alertmanager")


class Turning(Server):
    """Each answer to a name has the next of its sets of addresses."""

    def __init__(self, ttl, sets):
        self.ttl = ttl
        self.sets = sets
        self.turns = dict.fromkeys(sets, 0)
        super().__init__(self.records)

    def records(self, name, qtype):
        if name not in self.sets or qtype != A:
            return []
        turn = self.turns[name]
        self.turns[name] += 1
        return [a(h) for h in self.sets[name][turn % len(self.sets[name])]]


class Turned(Case):
    """Peers on one port of four addresses, behind names that turn."""

    def run_names(self, sets, ttl=1, **settings):
        self.peers = [self.use(SipPeer(host=HOSTS[0]))]
        port = self.peers[0].port
        self.peers += [self.use(SipPeer(host=h, port=port)) for h in HOSTS[1:]]
        self.dns = self.use(Turning(ttl, {f"{n}.test": s for n, s in sets.items()}))
        return self.start(config_of(
            *(trunk(n, f"sip:{n}.test:{port}", **settings) for n in sets),
            dns={"servers": [self.dns.address]}) | {"defaults": PACE})

    def behave(self, behaviour):
        for p in self.peers:
            p.behaviour = behaviour

    def steadily(self, e, name, turns):
        """What was seen of a trunk while its name gave that many answers."""
        seen = set()
        end = self.dns.turns[f"{name}.test"] + turns
        while self.dns.turns[f"{name}.test"] < end:
            m = e.scrape()
            seen.add((m.get("siptrunk_up", trunk=name), m.state(name),
                      m.get("siptrunk_state_changes_total", trunk=name)))
            up, total = (m.get(f"siptrunk_addresses{x}", trunk=name) for x in ("_up", ""))
            self.assertLessEqual(up, len([1 for labels, v in m.all(
                "siptrunk_probe_success", trunk=name) if v]), "who was not probed is not up")
            self.assertLessEqual(up, total)
            time.sleep(0.05)
        return seen


class Rotation(Turned):
    def test_well_dead_and_well_again(self):
        sets = {"one": [[h] for h in HOSTS],
                "pool": [HOSTS[:2], HOSTS[1:3], HOSTS[2:], [HOSTS[3], HOSTS[0]]]}
        for ttl in (1, 0):
            with self.subTest(ttl=ttl):
                self.well_dead_and_well_again(sets, ttl)

    def well_dead_and_well_again(self, sets, ttl):
        e = self.run_names(sets, ttl)
        for name in sets:
            e.wait_metric(1, "siptrunk_up", trunk=name)
            self.assertEqual(self.steadily(e, name, 4), {(1, "up", 1)})
        self.behave(mute)
        for name in sets:
            e.wait_metric(0, "siptrunk_up", trunk=name, seconds=20)
            seen, = self.steadily(e, name, 3)
            self.assertEqual(seen[:2], (0, "down"))
        self.behave(answer())
        for name in sets:
            e.wait_metric(1, "siptrunk_state", trunk=name, state="up")
            self.assertEqual({up for up, _, _ in self.steadily(e, name, 4)}, {1})
            changes = e.scrape().get("siptrunk_state_changes_total", trunk=name)
            lines = [(line["from"], line["to"]) for line in
                     e.log(msg="trunk changed state", trunk=name)]
            self.assertEqual(lines[0], ("unknown", "up"))
            self.assertNotIn("unknown", [to for _, to in lines])
            self.assertLessEqual(changes, len(lines))
        e.stop()

    def test_dead_from_the_start(self):
        begun = time.monotonic()
        e = self.run_names({"one": [[h] for h in HOSTS]})
        self.behave(mute)
        e.wait_metric(0, "siptrunk_up", trunk="one")
        self.assertLess(time.monotonic() - begun, 12 * PATIENCE)
        line, = e.log(msg="trunk changed state", trunk="one")
        self.assertEqual((line["to"], line["reason"]), ("down", "timeout"))

    def test_one_that_was_down_is_replaced(self):
        """The one that comes is not down for it, and up when it answers."""
        e = self.run_names({"t": [HOSTS[:2]]})
        e.wait_metric(2, "siptrunk_addresses_up", trunk="t")
        self.peers[1].behaviour = mute
        wait_for("degraded", lambda: e.scrape().state("t") == "degraded")
        self.dns.sets["t.test"] = [[HOSTS[0], HOSTS[2]]]
        m = e.wait_metric(2, "siptrunk_addresses_up", trunk="t")
        self.assertEqual(m.state("t"), "up")
        self.assertEqual(m.get("siptrunk_probes_total", trunk="t",
                               address=self.peers[2].address), 1)


@unittest.skipIf(MISSING, "prometheus or prometheus-alertmanager is not installed")
class Alerts(Turned):
    """The same before a real Prometheus with the shipped rules, fifteen times as fast."""

    def test_who_is_told_of_what(self):
        e = self.run_names({"well": [[h] for h in HOSTS[:2]],
                            "dead": [[h] for h in HOSTS[2:]]})
        self.peers[2].behaviour = self.peers[3].behaviour = mute
        stack = Stack(self, self.folder, e.base, FACTOR)
        stack.wait_value('siptrunk_up{trunk="well"}', 1)
        wait_for("the dead one's alert",
                 lambda: "SipTrunkDown dead firing" in stack.alerts(), 60 * PATIENCE)
        turns = self.dns.turns["well.test"]
        wait_for("many turns", lambda: self.dns.turns["well.test"] > turns + 12,
                 60 * PATIENCE)
        # One that is pending for a moment, of an address not yet probed, tells nobody.
        self.assertEqual([x for x in stack.alerts() if x.endswith(" well firing")], [])
        self.assertEqual(stack.value(
            'max_over_time(siptrunk_state_changes_total{trunk="well"}[1h])'), 1)
        self.assertEqual(stack.value('min_over_time(siptrunk_up{trunk="well"}[1h])'), 1)
        self.assertEqual(stack.value(
            'count_over_time(siptrunk_up{trunk="well"}[1h])'
            ' - on () count_over_time(up[1h])'), 0, "without a gap")
