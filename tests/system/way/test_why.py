"""Why a trunk is down, on one line: the same in the log, the API, on the page, from probe."""

import html
import json
import os
import re

from harness import ROOT, Case, config_of, run, trunk, wait_for
from sip_peer import SipPeer, answer


def reasons():
    code, out, _ = run("--list-reasons")
    assert code == 0
    return {r: (cause, advice) for r, cause, advice in
            (line.split("\t") for line in out.splitlines())}


class Why(Case):
    def test_everywhere(self):
        """The line of a trunk that answered, and then did not."""
        mute = []
        p = self.use(SipPeer(lambda r: None if mute else r.reply()))
        busy = self.use(SipPeer(answer(503)))
        e = self.start(config_of(trunk("t", p.uri, fall=1),
                                 trunk("busy", busy.uri, fall=1, up_codes=["2xx"],
                                       degraded_codes=[]),
                                 trunk("gone", "sip:gone.invalid", fall=1)))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.assertIsNone(json.loads(e.get("/api/v1/trunks/t"))["why"])
        self.assertNotIn("Why:", e.get("/trunks/t"))
        mute.append(True)
        line = e.wait_log(msg="trunk changed state", trunk="t", to="down")[0]["why"]
        cause, advice = reasons()["timeout"]
        self.assertRegex(line, rf"^{cause}: {re.escape(p.address)} over udp gave no final "
                               r"answer within 1 s \(3 requests sent\); [\d.]+ m?s before it "
                               rf"answered 200 after [\d.]+ (ms|µs|us), 0 routers away\. "
                               rf"To do: {re.escape(advice)}\.$")
        self.assertEqual(json.loads(e.get("/api/v1/trunks/t"))["why"], line)
        self.assertIn(line, html.unescape(e.get("/trunks/t")))
        code, out, _ = run("probe", p.uri, "--timeout=300ms")
        self.assertEqual(code, 2)
        said = out.splitlines()[-1]
        self.assertTrue(said.startswith(f"Why:  {cause}: {p.address} over udp"), said)
        self.assertTrue(said.endswith(f"To do: {advice}."), said)
        _, out, _ = run("probe", p.uri, "--timeout=300ms", "--format=json")
        self.assertTrue(json.loads(out)["why"].endswith(f"To do: {advice}."))
        why = json.loads(e.get("/api/v1/trunks/busy"))["why"]
        self.assertTrue(why.startswith(f"answers 503: {busy.address} over udp answered 503"),
                        why)
        why = wait_for("a name that fails", lambda: json.loads(
            e.get("/api/v1/trunks/gone"))["why"])
        self.assertTrue(why.startswith(reasons()["dns"][0] + ": gone.invalid "), why)
        mute.clear()
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.assertIsNone(json.loads(e.get("/api/v1/trunks/t"))["why"])

    def test_mails_say_the_same(self):
        """Cause and advice of each reason are those of the shipped rules, word for word."""
        with open(os.path.join(ROOT, "alerts", "siptrunk.rules.yaml")) as f:
            rules = f.read()
        found = dict(re.findall(r'eq \$labels\.reason "(\w+)" ?\}\} To do: (.*?)\.\{\{', rules))
        causes = dict(re.findall(r'"reason", "(\w+)", "", ""\s*\),\s*"cause", "([^"]*)"', rules))
        for reason, (cause, advice) in reasons().items():
            self.assertEqual(found[reason].replace("''", "'"), advice)
            self.assertEqual(causes[reason], cause)
