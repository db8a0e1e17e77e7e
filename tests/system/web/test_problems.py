"""What the page calls wrong is what the recording rule siptrunk:problem calls wrong."""

import json
import re
import threading
import unittest
from collections import defaultdict

import peers
from alerting import RULES
from dns_server import A, Server, a
from harness import Case, config_of, trunk, wait_for
from sip_peer import SipPeer, answer, mute, server_tls

# Rules that only see what a day or another exporter shows.
ELSEWHERE = {"error_budget_burn_fast", "error_budget_burn_slow", "error_codes_rising",
             "latency_above_normal", "peer_pings_stopped", "addresses_changed",
             "down_from_some_vantages", "calls_fail_often", "calls_open_too_long",
             "calls_held_back", "peer_changed"}


def every_third(rq):
    """Loses every third request on the way, and answers its repetition."""
    if rq.copy or rq.peer.branches() % 3:
        rq.reply(200)


def late(rq):
    """Answers each copy, so that nothing is lost."""
    rq.later(0.6, lambda: rq.reply(200))


@unittest.skipIf(peers.missing("prometheus"), "prometheus is not installed")
class Agreement(Case):
    """A real Prometheus with the shipped rules, asked more often; and the API."""

    def rules(self):
        text = RULES.read_text()
        return self.write("rules.yaml", re.sub(
            r"(?m)^( +interval:) \w+$", r"\1 1s", text))

    def fleet(self):
        quiet = threading.Event()

        def flappy(rq):
            if not quiet.is_set():
                rq.reply(200)
        many = [self.use(SipPeer(answer(200), host="127.0.0.2"))]
        for host, way in (("127.0.0.3", answer(200)), ("127.0.0.4", mute)):
            many.append(self.use(SipPeer(way, host=host, port=many[0].port)))
        dns = self.use(Server(lambda name, kind: [
            a(p.host) for p in many] if kind == A and name.startswith("sbc.") else 3))
        tls = self.use(SipPeer(answer(200), "tls",
                               tls=server_tls(*peers.certificate(days=5))))
        quick = {"interval": "300ms", "down_interval": "300ms", "timeout": "200ms",
                 "fall": 1, "rise": 1, "t1": "100ms"}
        ways = {"good": answer(200), "mute": mute, "busy": answer(503),
                "lossy": every_third, "flappy": flappy, "slow": late}
        more = {"lossy": {"interval": "700ms", "timeout": "650ms", "t1": "100ms"},
                "flappy": quick}
        trunks = [trunk(n, self.use(SipPeer(w)).uri, **more.get(n, {}))
                  for n, w in ways.items()]
        trunks += [
            trunk("some", f"sip:sbc.example:{many[0].port}"),
            trunk("nameless", "sip:nowhere.example"),
            trunk("asleep", "sip:127.0.0.1:9", paused=True),
            trunk("tls", tls.uri, tls={"ca_file": peers.authority()[0]})]
        return config_of(*trunks, dns={"servers": [dns.address]}), quiet

    WANT = {"good": [], "mute": ["down"], "busy": ["degraded"], "lossy": ["packet_loss"],
            "flappy": ["flapping"], "slow": ["latency_high"], "some": ["partially_down"],
            "nameless": ["down", "dns_failing"], "asleep": [],
            "tls": ["certificate_expiring"]}

    def of_the_rules(self, p):
        found = defaultdict(dict)
        for labels, value in p.query("siptrunk:problem"):
            if labels["problem"] not in ELSEWHERE:
                found[labels["trunk"]][labels["problem"]] = value
        return {n: sorted(ranks, key=ranks.get, reverse=True)
                for n, ranks in ((n, found.get(n, {})) for n in self.WANT)}

    def test_same_words(self):
        config, quiet = self.fleet()
        e = self.start(config)
        p = self.use(peers.Prometheus(self.folder, [e.base.split("//")[1]], "1s",
                                      rules=[self.rules()]))
        last = {}

        def agreed():
            last["page"] = {t["name"]: t["problems"] for t in json.loads(
                e.get("/api/v1/trunks"))["trunks"]}
            last["rules"] = self.of_the_rules(p)
            return last["page"] == last["rules"] == self.WANT

        def flapped():
            (quiet.clear if quiet.is_set() else quiet.set)()
            return "flapping" in self.of_the_rules(p)["flappy"]
        wait_for("the flapping trunk to be called that", flapped, 60, 1.5)
        quiet.clear()
        try:
            wait_for("page and rules to agree", agreed, 90, 1)
        except AssertionError:
            self.assertEqual(last["page"], self.WANT)
            self.assertEqual(last["rules"], self.WANT)
            raise
        # A trunk without a problem has no series at all.
        self.assertEqual(p.query('siptrunk:problem{trunk=~"good|asleep"}'), [])


class Words(unittest.TestCase):
    """Every word and its rank, without a Prometheus."""

    def test_each_word_is_one_of_the_rules(self):
        words = set(re.findall(r"(?s)- record: siptrunk:problem\n(?:(?!- record:).)*?"
                               r"\n +problem: (\w+)\n", RULES.read_text()))
        with open(RULES.parents[1] / "exporter" / "store" / "problems.c") as f:
            ours = re.findall(r'\[PROBLEM_\w+\] = \{\s*"(\w+)"', f.read())
        self.assertEqual(set(ours) | ELSEWHERE, words)
