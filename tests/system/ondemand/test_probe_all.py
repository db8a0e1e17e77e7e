"""`probe --all`, and the days that a certificate must have left."""

import json
import time

import peers
from harness import Case, config_of, run, trunk
from sip_peer import SipPeer, answer, mute, server_tls
from test_probecli import nagios, probe


class All(Case):
    def config(self, *trunks, **more):
        return self.write("c.json", json.dumps(config_of(*trunks, **more)))

    def fates(self, *names):
        ways = {"up": answer(200), "busy": answer(503, "Over | loaded"), "mute": mute}
        more = [trunk("asleep", "sip:127.0.0.1:9", paused=True)]
        return self.config(*more, *(
            trunk(n, self.use(SipPeer(ways[n])).uri) for n in names))

    def test_text(self):
        config = self.fates("up", "busy", "mute")
        code, out, err = probe("--all", f"--config.file={config}")
        self.assertEqual((code, err), (2, ""))
        lines = out.splitlines()
        # In the order of the file, whoever answers first.
        self.assertEqual([l.split(":")[0].split() for l in lines[:4]],
                         [["paused", "asleep"], ["up", "up"], ["degraded", "busy"],
                          ["down", "mute"]])
        self.assertRegex(lines[5],
                         r"^4 trunks: 1 down, 1 degraded, 1 up, 1 paused, in ")

    def test_json(self):
        config = self.fates("up", "mute")
        code, out, _ = probe("--all", f"--config.file={config}", "--format=json")
        told = json.loads(out)
        self.assertEqual(out.count("\n"), 1)
        self.assertEqual((code, told["exit_code"], told["format"]), (2, 2, 1))
        self.assertEqual(told["paused"], ["asleep"])
        self.assertEqual(told["states"],
                         {"up": 1, "degraded": 0, "down": 1, "unknown": 0})
        self.assertEqual([(t["trunk"], t["state"]) for t in told["trunks"]],
                         [("up", "up"), ("mute", "down")])
        self.assertEqual(told["trunks"][0]["answers"][0]["ladder"], [])
        _, out, _ = probe("--all", f"--config.file={config}", "--format=json", "-v")
        told = json.loads(out)
        self.assertEqual(len(told["trunks"][0]["answers"][0]["ladder"]), 2)

    def test_nagios(self):
        config = self.fates("up", "busy", "mute")
        code, out, _ = probe("--all", f"--config.file={config}", "-f", "nagios")
        word, text, perf = nagios(out)
        self.assertEqual((code, word), (2, "CRITICAL"))
        self.assertEqual(text, "1 of 3 trunks up, 1 critical (mute), 1 warning (busy), "
                         "1 paused")
        self.assertEqual(perf["critical"], "1;;;0;3")
        # What is wrong first: some that show this cut it. No bar but the one.
        self.assertEqual([l.split(":")[0] for l in out.splitlines()[1:]],
                         ["CRITICAL mute", "WARNING busy", "OK up", "PAUSED asleep"])
        self.assertEqual(out.count("|"), 1)

    def test_exit_codes(self):
        """Down before a fault of our own, before degraded, before up."""
        for names, want in ((["up"], 0), (["up", "busy"], 1), (["busy", "mute"], 2), ([], 0)):
            with self.subTest(names=names):
                config = self.fates(*names)
                self.assertEqual(probe("--all", f"--config.file={config}")[0], want)

    def test_wrong(self):
        config = self.config()
        for args, why in (
                (["--all"], "--all needs --config.file=PATH"),
                (["--all", "x", f"--config.file={config}"], "there can be no target"),
                (["--all", f"--config.file={config}", "-f", "solarwinds"],
                 "--all needs --format=text, json or nagios"),
                (["--all", f"--config.file={config}", "--pcap=x"], "for one target"),
                (["--all", f"--config.file={config}"], "there is no trunk in"),
                (["--all", f"--config.file={config}", "--profile=x"], "no trunk in")):
            with self.subTest(args=args):
                code, out, err = run("probe", *args)
                self.assertEqual(code, 4 if "solarwinds" in args else 3)
                self.assertIn(why, out + err)

    def test_no_burst(self):
        """Forty trunks of one peer: all are probed, and one after the other."""
        at = []

        def note(rq):
            at.append(time.monotonic())
            rq.reply(200)
        p = self.use(SipPeer(note))
        config = self.config(*(trunk(f"t{i}", f"sip:{i}@{p.address}") for i in range(40)))
        code, out, _ = probe("--all", f"--config.file={config}")
        self.assertEqual((code, out.count("\nup ") + out.startswith("up ")), (0, 40))
        self.assertGreater(at[-1] - at[0], 39 * 0.015)

    def test_many_at_once(self):
        """Silent ones do not wait for each other."""
        config = self.config(*(
            trunk(f"m{i}", self.use(SipPeer(mute, host=f"127.2.0.{i + 1}")).uri)
            for i in range(20)))
        begun = time.monotonic()
        code, out, _ = probe("--all", f"--config.file={config}", "--timeout=1s")
        self.assertEqual(code, 2)
        self.assertLess(time.monotonic() - begun, 15)
        self.assertIn("20 trunks: 20 down", out)


class Days(Case):
    def test_thresholds(self):
        p = self.use(SipPeer(answer(200), "tls", tls=server_tls(*peers.certificate(days=20))))
        config = self.write("c.json", json.dumps(config_of(trunk(
            "isp", p.uri, tls={"ca_file": peers.authority()[0]}))))
        for days, want in (("10,5", "OK"), ("30", "WARNING"), ("30,7", "WARNING"),
                           ("40,30", "CRITICAL"), ("30:,7:", "WARNING"),
                           ("@0:30,@0:7", "WARNING")):
            with self.subTest(days=days):
                code, out, _ = probe("isp", f"--config.file={config}", "-f", "nagios",
                                     "-C", days)
                word, text, perf = nagios(out)
                self.assertEqual((word, code),
                                 (want, ["OK", "WARNING", "CRITICAL"].index(want)))
                self.assertRegex(perf["certificate_days"], r"^(19|20);")
                self.assertEqual("days left" in text, want != "OK")
        _, out, _ = probe("isp", f"--config.file={config}", "-f", "nagios",
                          "--certificate=30,7")
        self.assertRegex(nagios(out)[2]["certificate_days"], r"^\d+;30:;7:$")
        code, out, _ = probe("--all", f"--config.file={config}", "-f", "nagios", "-C", "30")
        self.assertEqual(code, 1)

    def test_none_shown(self):
        p = self.use(SipPeer())
        code, out, _ = probe(p.uri, "-f", "nagios", "-C", "30,7")
        self.assertEqual((code, nagios(out)[0]), (3, "UNKNOWN"))
        self.assertIn("it showed no certificate", out)
        config = self.write("c.json", json.dumps(config_of(trunk("a", p.uri))))
        self.assertEqual(probe("--all", f"--config.file={config}", "-f", "nagios",
                               "-C", "30,7")[0], 0, "over UDP there is none")

    def test_wrong(self):
        for days in ("", "x", "30,", ",7", "30,7,1", "-", "1e3", "9" * 40):
            code, _, err = run("probe", "sip:127.0.0.1", "-f", "nagios", f"--certificate={days}")
            self.assertEqual(code, 3, days)
        code, _, err = run("probe", "sip:127.0.0.1", "-C", "30")
        self.assertEqual(code, 3)
