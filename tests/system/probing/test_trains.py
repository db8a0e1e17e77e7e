"""
Trains of requests (`train`): what is told of them beside what was done to them, and that no
address gets more than ten requests in two seconds, probes included.
"""

import json
import os
import random
import unittest

import peers
from harness import Bench, Case, config_of, run, trunk, wait_for
from sip_peer import SipPeer, answer

FAMILIES = ("requests", "answers", "reordered", "limited")

PIKE = """
listen=udp:127.0.9.6:{port}
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "pike.so"
modparam("pike", "sampling_time_unit", 2)
modparam("pike", "reqs_density_per_unit", 30)
modparam("pike", "remove_latency", 4)
request_route {{
    if (!pike_check_req())
        exit;
    sl_send_reply("200", "OK");
}}
"""


class Counts:
    """Answers at most so many requests of two seconds, as pike does, or loses a share."""

    def __init__(self, most=None, loss=0.0):
        self.most, self.loss = most, loss
        self.dice = random.Random(3)
        self.at = []

    def __call__(self, rq):
        self.at = [t for t in self.at if rq.at - t < 2] + [rq.at]
        if self.most and len(self.at) > self.most:
            return
        if self.dice.random() >= self.loss:
            rq.reply(200)


def swapped(rq):
    """Each answer but the probe's waits until the next request is answered."""
    held, rq.peer.held = getattr(rq.peer, "held", None), None
    if held is None and rq.copy == 0 and len(rq.peer.requests) > 2:
        rq.peer.held = rq
        rq.later(0.06, lambda: rq.peer.held is rq and rq.reply(200))
        return
    rq.reply(200)
    if held:
        held.reply(200)


def elsewhere(rq):
    """From another address and port than it was asked at."""
    rq.send_from("127.0.9.9", rq.response(200))


def busiest(requests):
    """The most requests in any two seconds."""
    at = sorted(rq.at for rq in requests)
    return max((sum(1 for t in at if a <= t < a + 2) for a in at), default=0)


class Trains(Bench):
    timed = "of ten requests in two seconds a copy that is sent again leaves nine to a train"
    defaults = {"interval": "6s", "down_interval": "6s", "timeout": "700ms",
                "t1": "200ms", "fall": 2, "rise": 1,
                "train": {"count": 10, "gap": "20ms", "every": "10s"}}

    @classmethod
    def make(cls):
        for i, (name, behaviour) in enumerate({
                "good": answer(), "lossy": Counts(loss=0.3), "limited": Counts(most=4),
                "swapped": swapped, "mute": lambda rq: None}.items()):
            cls.peers[name] = SipPeer(behaviour, "udp", f"127.0.9.{i + 1}")
        for i, name in enumerate(("anywhere", "anywhere-bound")):
            peer = SipPeer(elsewhere, "udp", f"127.0.9.{i + 10}")
            cls.addClassCleanup(peer.close)
            cls.more.append(trunk(name, peer.uri, answers_from="anywhere",
                                  size={"bytes": 1700, "every": 1},
                                  **({"local": {"address": "127.0.9.12"}} if i else {})))
        # Three at one address.
        for i in range(3):
            cls.peers[f"shared-{i}"] = SipPeer(answer(), "udp", "127.0.9.7")
        # Two at another: trains of one, and sizes that the other asks with each probe.
        for i, more in enumerate(({}, {"train": {"every": "1h"}, "interval": "3s",
                                       "size": {"bytes": 1700, "every": 1}})):
            cls.peers[f"sized-{i}"] = SipPeer(answer(), "udp", "127.0.9.13")
            cls.settings[f"sized-{i}"] = more
        cls.port = peers.free_port(peers.socket.SOCK_DGRAM)
        if not peers.missing("kamailio"):
            cls.kamailio = peers.Program(cls.folder, "kamailio", peers.kamailio(
                cls.folder, PIKE.format(port=cls.port)))
            cls.addClassCleanup(cls.kamailio.close)
            cls.more.append(trunk("pike", f"sip:127.0.9.6:{cls.port}"))

    def told(self, name):
        m = self.exporter.scrape()
        return tuple(int(m.get(f"siptrunk_train_{f}_total", trunk=name)) for f in FAMILIES)

    def after(self, name, requests=10):
        return wait_for(f"{requests} requests of {name}", lambda: (
            t := self.told(name))[0] >= requests and t, 40, step=0.2)

    def told_as_seen(self, name):
        """
        What is told once it stands beside what the peer saw: each request is a train's, a
        probe's, or a copy of one, whatever this machine made late.
        """
        def quiet():
            seen = len(self.peers[name].requests)
            m, told = self.exporter.scrape(), self.told(name)
            others = sum(int(m.sum(f"siptrunk_{f}_total", trunk=name))
                         for f in ("probes", "probe_retransmissions"))
            return told[0] + others == seen == len(self.peers[name].requests) and told
        return wait_for(f"{name} to settle", quiet, 40)

    def train(self, name):
        return json.loads(self.exporter.get(f"/api/v1/trunks/{name}"))["targets"][0][
            "train"]

    def test_good(self):
        self.after("good")
        requests, answers, *others = self.told_as_seen("good")
        self.assertEqual((requests - answers, *others), (0, 0, 0))
        m = self.exporter.scrape()
        rtt = [m.get("siptrunk_train_rtt_seconds", trunk="good", stat=s)
               for s in ("min", "median", "max")]
        self.assertEqual(rtt, sorted(rtt))
        self.assertGreaterEqual(rtt[0], 0)
        self.assertLess(rtt[0], 0.1)
        self.assertLess(m.get("siptrunk_train_jitter_seconds", trunk="good"), 0.1)
        self.assertRegex(self.exporter.get("/trunks/good"), r"\b(\d+) of \1 answered")
        self.assertEqual(self.train("good")["rate_limited"], False)
        self.assertEqual(m.codes("good"),
                         {200: int(m.get("siptrunk_probes_total", trunk="good"))})

    def test_answers_from_anywhere(self):
        """Where probes take them, trains and sizes do too."""
        for name in ("anywhere", "anywhere-bound"):
            requests, answers, _, limited = self.after(name)
            self.assertEqual((requests - answers, limited), (0, 0))
            m = self.exporter.wait_metric(1, "siptrunk_size_success", trunk=name,
                                          size="small")
            self.assertEqual([m.get("siptrunk_size_success", trunk=name, size=s)
                              for s in ("large_request", "large_both")], [1, 1])

    def test_loss(self):
        """What the peer did not answer, and no more."""
        requests, answers, _, limited = self.after("lossy")
        self.assertGreaterEqual(requests, 10)
        self.assertGreater(answers, 0)
        self.assertLess(answers, requests)

    def test_order(self):
        self.assertGreater(self.after("swapped")[2], 1)

    def test_rate_limited_is_no_loss(self):
        """Four of ten, then nothing: it counts, and nothing of it is loss."""
        wait_for("a train that is cut off", lambda: self.told("limited")[3], 40)
        requests, answers, *_ = self.told("limited")
        self.assertEqual((requests, answers), (0, 0))
        self.assertTrue(self.train("limited")["rate_limited"])
        self.assertIn("rate limited?", self.exporter.get("/trunks/limited"))
        self.assertEqual(len(self.exporter.log(msg="train was cut off: rate limited?",
                                               trunk="limited")), 1)

    @unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
    def test_pike(self):
        """The default train passes."""
        requests, answers, _, limited = self.after("pike")
        self.assertEqual((requests, limited), (answers, 0))

    def test_never_while_down(self):
        self.after("good")
        self.exporter.settled("mute", 3, 30)
        m = self.exporter.scrape()
        self.assertEqual(m.all("siptrunk_train_requests_total", trunk="mute"), [])
        # Each probe's copies, and nothing else.
        self.assertEqual(len({rq.branch for rq in self.peers["mute"].requests}),
                         int(m.get("siptrunk_probes_total", trunk="mute")))

    def test_ten_in_two_seconds(self):
        """To one address, however many trunks are there; and each gets its trains."""
        for i in range(3):
            self.after(f"shared-{i}", 3)
        self.after("good", 20)
        self.after("sized-0", 6)
        shared = [rq for i in range(3) for rq in self.peers[f"shared-{i}"].requests]
        sized = [rq for i in range(2) for rq in self.peers[f"sized-{i}"].requests]
        # Both kinds are there.
        self.assertGreater(len([rq for rq in sized if len(rq.raw) > 1200]), 3)
        for requests in (shared, sized, self.peers["good"].requests):
            self.assertLessEqual(busiest(requests), 10)
        self.assertGreaterEqual(busiest(shared), 3)


class Refused(Case):
    def test_asterisk(self):
        """Unless it is said twice."""
        for insist, code in ((False, 1), (True, 0)):
            path = os.path.join(self.folder, f"{insist}.json")
            with open(path, "w") as f:
                json.dump(config_of(trunk("a", "sip:192.0.2.1", preset="asterisk",
                                          train={"insist": insist})), f)
            done = run(f"--config.file={path}", "--config.check")
            self.assertEqual(done[0], code, done)
            self.assertEqual("\"insist\": true" in str(done), not insist)
