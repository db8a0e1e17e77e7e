"""
From a silent trunk to the mail: the exporter, a real Prometheus and a real Alertmanager
with the shipped rules and routes, and a mailbox. Every wait is a fifteenth of what is
shipped and the exporter's default, so a minute here tells of a quarter of an hour; all
else is as it ships.
"""

import contextlib
import re
import unittest

import namespaces
import peers
from alerting import Stack, keep, part
from harness import PATIENCE, Case, config_of, trunk
from sip_peer import SipPeer, answer, delay, drop_first, mute

FACTOR = 15 / PATIENCE
# fall and rise are the defaults, and the interval is the default one, shortened. A deadline
# as short as a fifteenth of its own would make a busy machine look like a lost trunk, and
# as long an interval after a failure leaves room for an answer that is late.
INTERVAL = f"{round(30_000 / FACTOR)}ms"
PACE = {"interval": INTERVAL, "down_interval": INTERVAL, "timeout": "600ms",
        "t1": "150ms"}
LATE_S = 1.0  # after the deadline, and before the next probe
MISSING = peers.missing("prometheus") or peers.missing("prometheus-alertmanager")


def once(action):
    """Does the action to the next request and its copies, and answers all others."""
    chosen = []

    def behaviour(rq):
        if not chosen and rq.copy == 0:
            chosen.append(rq.branch)
        if rq.branch in chosen:
            action(rq)
        else:
            rq.reply()
    return behaviour


@unittest.skipIf(MISSING, "prometheus or prometheus-alertmanager is not installed")
class Alerting(Case):
    """Three trunks of three carriers on three hosts, all up, and nobody told anything."""

    def watch(self, *hosts):
        self.peers = {}
        trunks = []
        for letter, host in zip("abc", hosts):
            peer = self.peers[f"isp-{letter}"] = self.use(self.peer(host))
            trunks.append(trunk(f"isp-{letter}", peer.uri, labels={
                "carrier": f"Carrier {letter.upper()}", "site": "oslo"}))
        self.exporter = self.start(config_of(*trunks) | {"defaults": PACE})
        self.stack = Stack(self, self.folder, self.exporter.base, FACTOR)
        self.stack.wait_value("count(siptrunk_up == 1)", 3)

    @staticmethod
    def peer(host):
        return SipPeer(host=host)

    def nothing_more(self, count):
        """No further mail by the next group interval, nor a little later."""
        self.stack.no_more_mails(count, self.stack.group_interval_s + 3 * PATIENCE)

    def check_links(self, mail, alert):
        for kind in ("plain", "html"):
            text = part(mail, kind)
            self.assertIn(f"https://runbooks.example/{alert}.md", text)
            self.assertNotIn("<no value>", text)
            self.assertNotIn("ZgotmplZ", text)


class Loopback(Alerting):
    def test_silent_trunk(self):
        self.watch("127.0.0.11", "127.0.0.12", "127.0.0.13")
        a, b, c = self.peers.values()
        self.lose_one(b, "isp-b")
        self.be_late_once(c, "isp-c")

        a.behaviour = mute
        down = self.stack.wait_mails(1, 60)
        self.check_down(down)
        keep("e2e-down", down)
        self.nothing_more(1)

        a.behaviour = answer()
        back = self.stack.wait_mails(2, 60)
        self.check_back(back, down)
        keep("e2e-up", back)
        self.nothing_more(2)
        self.others_untouched()

    def lose_one(self, peer, name):
        peer.behaviour = once(drop_first(1))
        self.stack.wait_value(
            f'siptrunk_probe_retransmissions_total{{trunk="{name}"}} > bool 0', 1)

    def be_late_once(self, peer, name):
        peer.behaviour = once(delay(LATE_S))
        self.stack.wait_value(
            f'siptrunk_probe_late_responses_total{{trunk="{name}"}} > bool 0', 1)
        self.stack.wait_value(
            f'siptrunk_probe_failures_total{{trunk="{name}",reason="timeout"}} > bool 0', 1)

    def check_down(self, mail):
        self.assertEqual(mail.rcpt, ["on-call@example.com"])
        self.assertRegex(mail["Subject"],
                         r"^\[DOWN\] isp-a \(oslo\): no answer, down since \S+ \d\d:\d\d UTC$")
        text = part(mail, "plain")
        self.assertIn("Trunk isp-a (carrier Carrier A, site oslo, probed from", text)
        self.assertRegex(text, r"Last success: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.")
        self.assertRegex(text, "Most probes that failed in the last 5 minutes: timeout.")
        self.check_links(mail, "SipTrunkDown")
        for other in ("isp-b", "isp-c"):
            self.assertNotIn(other, mail.as_string())

    def check_back(self, mail, down):
        self.assertEqual(mail.rcpt, ["on-call@example.com"])
        self.assertRegex(mail["Subject"], r"^\[UP\] isp-a \(oslo\): answers again at "
                         r"\d\d:\d\d UTC, the outage lasted (\d+m )?\d+(\.\d+)?s$")
        self.check_links(mail, "SipTrunkDown")

    def others_untouched(self):
        """What was lost and late has not moved a trunk, and was really lost and late."""
        m = self.exporter.scrape()
        for name in ("isp-b", "isp-c"):
            self.assertEqual(m.get("siptrunk_state_changes_total", trunk=name), 1, name)
            self.assertEqual(m.state(name), "up")
        self.assertEqual(m.codes("isp-b").keys() | m.codes("isp-c").keys(), {200})
        self.assertGreaterEqual(m.failures("isp-c").get("timeout", 0), 1)
        # Nothing was even wrong with them.
        pending = self.stack.prometheus.get("/api/v1/query", query=(
            'count_over_time(siptrunk:problem{trunk=~"isp-[bc]"}[10m])'))
        self.assertEqual(pending["data"]["result"], [])
        # One fall, one return.
        self.assertEqual(m.get("siptrunk_state_changes_total", trunk="isp-a"), 3)


class CutOff(Alerting):
    """
    All that runs here, runs in a namespace with the peers at the far end of a cable.
    Prometheus and the mail are on this side: only the way to the trunks gets lost.
    """

    HOSTS = [f"198.51.100.{n}" for n in (11, 12, 13)]

    def setUp(self):
        reason = namespaces.unavailable()
        if reason:
            self.skipTest(reason)
        super().setUp()
        self.far, near = namespaces.Namespace(), namespaces.Namespace()
        self.addCleanup(self.far.close)
        self.addCleanup(near.close)
        near.wire(self.far, "uplink", ["198.51.100.1/24"],
                  [f"{h}/24" for h in self.HOSTS])
        stay = contextlib.ExitStack()
        self.addCleanup(stay.close)
        stay.enter_context(near.inside())

    def peer(self, host):
        with self.far.inside():
            return SipPeer(host=host)

    def test_local_fault(self):
        self.watch(*self.HOSTS)
        namespaces.ip("link", "set", "uplink", "down")
        fault = self.stack.wait_mails(1, 60)
        self.check_fault(fault)
        keep("e2e-local-fault", fault)
        self.nothing_more(1)
        self.check_held_back()

        namespaces.ip("link", "set", "uplink", "up")
        over = self.stack.wait_mails(2, 60)
        self.assertRegex(over["Subject"], r"^\[OVER: LOCAL FAULT\] 127\.0\.0\.1:\d+: over since ")
        keep("e2e-local-fault-over", over)
        self.stack.wait_value("count(siptrunk_up == 1)", 3)
        self.nothing_more(2)

    def check_fault(self, mail):
        self.assertEqual(mail.rcpt, ["on-call@example.com"])
        self.assertRegex(mail["Subject"],
                         r"^\[LOCAL FAULT\] 127\.0\.0\.1:\d+: no trunk answers, its own "
                         "network is the first suspect, since .* UTC$")
        self.assertRegex(part(mail, "plain"), r"None of the 3 trunks that 127\.0\.0\.1:\d+ "
                         r"probes answers\.")
        self.check_links(mail, "SipTrunkLocalFault")

    def check_held_back(self):
        """The trunks did fall and their alerts did fire; only no mail was made of them."""
        self.stack.wait_value(
            'count(ALERTS{alertname="SipTrunkDown", alertstate="firing"})', 3)
        held = [a for a in self.stack.alertmanager.get("/api/v2/alerts")
                if a["labels"]["alertname"] == "SipTrunkDown"]
        self.assertEqual(sorted(a["labels"]["trunk"] for a in held),
                         ["isp-a", "isp-b", "isp-c"])
        for a in held:
            self.assertEqual(len(a["status"]["inhibitedBy"]), 1, a)
