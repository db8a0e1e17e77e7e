"""Probes on demand by the method of a trunk's settings, or by the one asked for."""

import json

from digest_peer import Digest
from harness import run, trunk
from ondemand_case import Probed
from sip_peer import answer, mute

GOOD = {"username": "u", "password": "secret"}


class Line:
    """Answers each method in its own way and notes every first copy."""

    def __init__(self, options, register):
        self.ways = {"OPTIONS": options, "REGISTER": register}
        self.asked = []

    def __call__(self, rq):
        if rq.copy == 0:
            self.asked.append(rq)
        self.ways[rq.method](rq)

    def methods(self):
        return [rq.method for rq in self.asked]

    def contacts(self):
        return [v for rq in self.asked for n, v in rq.headers
                if rq.method == "REGISTER" and n in ("Contact", "Expires")]


class Methods(Probed):
    def paused(self, line, **settings):
        """The line, and an exporter that has it as a trunk but leaves it alone."""
        p = self.peer(line)
        return p, self.serve(trunk("a", p.uri, paused=True, **settings))

    def by_method(self, m, name="probe_sip_address_success"):
        return {l["method"]: int(v) for l, v in m.all(name)}

    def test_as_the_trunk_says(self):
        for method, want in (("OPTIONS", {"OPTIONS": 1}), ("REGISTER", {"REGISTER": 1}),
                             (["OPTIONS", "REGISTER"], {"OPTIONS": 1, "REGISTER": 1})):
            line = Line(answer(200), answer(200))
            _, e = self.paused(line, method=method)
            m = self.metrics(e, "a")
            self.assertEqual(self.by_method(m), want)
            self.assertEqual((m.get("probe_success"), m.get("probe_sip_addresses_up")),
                             (1, 1))
            self.assertEqual(sorted(line.methods()), sorted(want))
            e.stop()

    def test_as_it_is_asked(self):
        line = Line(answer(200), mute)
        p, e = self.paused(line, method=["OPTIONS", "REGISTER"])
        m = self.metrics(e, "a", method="OPTIONS")
        self.assertEqual((m.get("probe_success"), self.by_method(m)), (1, {"OPTIONS": 1}))
        m = self.metrics(e, "a", method="REGISTER", timeout=1)
        self.assertEqual((m.get("probe_success"), self.by_method(m)),
                         (0, {"REGISTER": 0}))
        m = self.metrics(e, p.uri, method="OPTIONS")
        self.assertEqual(m.get("probe_success"), 1)
        for wrong in ("INFO", "options", "OPTIONS REGISTER", "x" * 2000):
            status, body, _ = self.ask(e, "a", method=wrong)
            self.assertEqual((status, body),
                             (400, "method must be OPTIONS, REGISTER or INVITE\n"))
        status, body, _ = self.ask(e, "a", method="INVITE")
        self.assertEqual(status, 400)
        self.assertIn("INVITE calls somebody", body)
        self.assertEqual(self.ask(e, "a", method="")[0], 200, "empty: as the trunk says")

    def test_the_worse_of_two_decides(self):
        """An address that does not let us register is down, however it answers."""
        line = Line(answer(200), mute)
        _, e = self.paused(line, method=["OPTIONS", "REGISTER"])
        m = self.metrics(e, "a", timeout=1)
        self.assertEqual(m.get("probe_success"), 0)
        self.assertEqual(self.by_method(m), {"OPTIONS": 1, "REGISTER": 0})
        self.assertEqual(m.get("probe_sip_failure", reason="timeout"), 1)
        self.assertEqual((m.get("probe_sip_addresses"), m.get("probe_sip_addresses_up")),
                         (1, 0))
        body = self.ask(e, "a", timeout=1, debug="true")[1]
        self.assertIn("by REGISTER gave no final answer", body)

    def test_nothing_is_bound(self):
        """The schedule keeps the registration; a probe on demand may not touch it."""
        line = Line(answer(200), Digest())
        _, e = self.paused(line, method="REGISTER", auth=GOOD,
                           register={"bind": True, "expires": "10m"})
        m = self.metrics(e, "a")
        self.assertEqual((m.get("probe_success"), m.get("probe_sip_status_code")), (1, 200))
        self.assertEqual(line.methods(), ["REGISTER", "REGISTER"], "challenged, answered")
        self.assertEqual(line.contacts(), [])

    def test_judged_as_on_schedule(self):
        """A trunk that binds is up by a 2xx to its REGISTER, and by nothing else."""
        for code, state, want in ((200, "up", 0), (403, "down", 2), (404, "down", 2),
                                  (503, "down", 2)):
            with self.subTest(code):
                line = Line(answer(200), answer(code))
                p, e = self.paused(line, method="REGISTER", register={"bind": True})
                m = self.metrics(e, "a")
                self.assertEqual(m.get("probe_sip_state", state=state), 1)
                path = self.write("c.json", json.dumps({"trunks": [
                    trunk("a", p.uri, method="REGISTER", register={"bind": True})]}))
                exit_code, out, err = run("probe", "a", f"--config.file={path}")
                self.assertEqual(exit_code, want, out + err)
                self.assertEqual(line.contacts(), [])
                e.stop()

    def test_forbidden_credentials(self):
        """403 to our answer to a challenge is refused credentials, by either method."""
        bad = {"username": "u", "password": "wrong"}
        for method in ("OPTIONS", "REGISTER"):
            with self.subTest(method):
                p, e = self.paused(Digest(refusal=403), method=method, auth=bad)
                m = self.metrics(e, "a")
                self.assertEqual((m.get("probe_success"),
                                  m.get("probe_sip_failure", reason="auth"),
                                  m.get("probe_sip_status_code")), (0, 1, 403))
                path = self.write("c.json", json.dumps({"trunks": [
                    trunk("a", p.uri, method=method, auth=bad,
                          up_codes=["2xx", "4xx"])]}))
                code, out, err = run("probe", "a", f"--config.file={path}",
                                     "--format=json")
                told = json.loads(out)
                self.assertEqual((code, told["reason"], told["code"]), (2, "auth", 403))
                e.stop()

    def test_profile(self):
        line = Line(answer(200), answer(200))
        p = self.peer(line)
        e = self.serve(more={"profiles": {"reg": {"method": "REGISTER",
                                                  "from": "sip:me@us.example"}}})
        m = self.metrics(e, p.uri, profile="reg")
        self.assertEqual(self.by_method(m), {"REGISTER": 1})
        self.assertIn("sip:me@us.example", line.asked[0].header("To"))

    def test_command_line(self):
        line = Line(answer(200), answer(403))
        p = self.peer(line)
        path = self.write("c.json", json.dumps({"trunks": [
            trunk("a", p.uri, method=["OPTIONS", "REGISTER"])]}))
        code, out, err = run("probe", p.uri, "--format=json")
        self.assertEqual((code, line.methods()), (0, ["OPTIONS"]), err)
        code, out, err = run("probe", p.uri, "--method=REGISTER", "--format=json")
        found = json.loads(out)["answers"]
        self.assertEqual([(a["method"], a["code"]) for a in found], [("REGISTER", 403)])
        code, out, err = run("probe", "a", f"--config.file={path}", "--format=json")
        told = json.loads(out)
        self.assertEqual(sorted(a["method"] for a in told["answers"]),
                         ["OPTIONS", "REGISTER"])
        self.assertEqual((told["addresses"], told["addresses_up"]), (1, 1))
        code, out, err = run("probe", "a", f"--config.file={path}", "--format=nagios")
        self.assertIn("addresses_up=1;;;0;1", out)
        self.assertIn(f"{p.address} udp by REGISTER: answered 403", out)
        code, out, err = run("probe", p.uri, "--method=INFO")
        self.assertEqual(code, 3)
        self.assertIn("\"INFO\" is none of OPTIONS, REGISTER, INVITE", err + out)
        code, out, err = run("probe", p.uri, "--method=INVITE")
        self.assertEqual(code, 3)
        self.assertIn("INVITE calls somebody", err + out)
