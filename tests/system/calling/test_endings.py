"""
Many calls, with messages lost at random, reloads, the switch, SIGTERM and SIGKILL in the
middle of them: none is left up at the peers, who are asked. Those that we could not end
ourselves are ended by session timers, which take their 90 s: by hand alone, with

    SIPTRUNK_CALLS=300 tests/system/run.py test_endings
"""

import math
import os
import shutil
import signal
import tempfile
import time
import unittest

import namespaces
import peers
from call_peers import Called, soon_many
from harness import Case, Exporter, config_of, trunk, wait_for
from test_network import sh
from voice_peers import ADDRESS, Route, Talker, VoiceProxy

OURS, THEIRS = "192.0.2.2", ADDRESS
CALLS = int(os.environ.get("SIPTRUNK_CALLS", "0"))
LOSS = 0.15
ROUND = 48  # calls at once
SESSION = 90  # seconds that a session timer runs

# What happens in the middle of calls, and whether messages are lost then.
KINDS = {"nothing": True, "reload": True, "switch": True, "term": False}
BY_HAND = {**KINDS, "term-lossy": True, "kill": True}
# How, and by whom they are answered; the last goes past the proxy.
MODES = ("answer", "ring", "loop", "echo", "direct")


def reason():
    missing = peers.missing("kamailio", "kamcmd", "baresip", "sipp", "ip", "iptables")
    return f"{missing} is not installed" if missing else namespaces.unavailable()


class Group:
    """Calls that begin together, of one exporter, and what happens in the middle."""

    def __init__(self, test, kind, number, count):
        self.kind, self.count, self.test = kind, count, test
        self.folder = os.path.join(test.folder, f"{kind}-{number}")
        os.mkdir(self.folder)
        self.listen = test.listen[kind]
        # Past the proxy there is no session timer, as SIPp has none.
        modes = MODES if kind in ("nothing", "reload", "switch") else MODES[:-1]
        self.modes = [modes[i % len(modes)] for i in range(count)]
        self.direct = None
        with test.theirs.inside():
            if "direct" in self.modes:
                self.direct = test.use(Called(self.folder, "sturdy", host=THEIRS,
                                              count=self.modes.count("direct")))
                test.lossy(self.direct.port)
        self.exporter = Exporter(self.folder, self.config(), log_level="info",
                                 args=("--web.enable-lifecycle",))
        test.addClassCleanup(Case.finish, self.exporter)

    def config(self):
        """Trunks whose first calls come soon; they talk until something happens."""
        span = "2s" if self.kind == "nothing" else "40s"
        proxy = f"{THEIRS}:{self.test.proxies[BY_HAND[self.kind]].port}"
        direct = f"{THEIRS}:{self.direct.port}" if self.direct else ""
        names = iter(soon_many(proxy, self.count))
        more = iter(soon_many(direct, self.modes.count("direct"), stem="direct")
                    if direct else ())
        trunks = []
        for i, mode in enumerate(self.modes):
            past = mode == "direct"
            to = f"555{self.kind}{i:03}" if mode == "loop" else "answer" if past else mode
            trunks.append(trunk(
                next(more if past else names), f"sip:{direct if past else proxy}",
                method="INVITE", call={
                    "mode": "answer" if past else mode, "to": to, "interval": "10m",
                    "duration": span, "ring_for": span}))
        self.names = [t["name"] for t in trunks]
        return config_of(*trunks, calls={
            "numbers": sorted({t["call"]["to"] for t in trunks}), "max_concurrent": 1000,
            "max_per_hour": 10000, "max_per_day": 10000,
            "media": {"ports": f"{20000 + 1000 * (self.listen - 5100)}-"
                               f"{20999 + 1000 * (self.listen - 5100)}",
                      "networks": ["192.0.2.0/24"]}},
            listen=[f"udp:{OURS}:{self.listen}"])

    def up(self):
        """Whether all are under way, or were."""
        m = self.exporter.scrape()
        return m.sum("siptrunk_calls_open") + m.sum("siptrunk_calls_total") >= self.count

    def happen(self):
        getattr(self, "happen_" + self.kind.partition("-")[0])()

    def happen_nothing(self):
        wait_for("the calls to be over", lambda: self.exporter.scrape().sum(
            "siptrunk_calls_total") == self.count, 60, 0.1)

    def happen_reload(self):
        self.exporter.write_config(config_of(trunk("other", "sip:192.0.2.9")))
        self.exporter.send(signal.SIGHUP)
        self.exporter.wait_log(msg="configuration reloaded")

    def happen_switch(self):
        self.exporter.get("/-/calls/stop", method="POST")

    def happen_term(self):
        begun = time.monotonic()
        self.exporter.stop()
        self.seconds = time.monotonic() - begun

    def happen_kill(self):
        self.exporter.kill()

    def left(self):
        return len(self.exporter.log(msg="call may not have ended at the peer"))


@unittest.skipIf(reason(), reason())
class Endings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="siptrunk-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.ours, cls.theirs = (namespaces.Namespace() for _ in range(2))
        for net in (cls.ours, cls.theirs):
            cls.addClassCleanup(net.close)
        cls.ours.wire(cls.theirs, "v0", [f"{OURS}/24"], [f"{THEIRS}/24"])
        inside = cls.ours.inside()
        inside.__enter__()
        cls.addClassCleanup(inside.__exit__, None, None, None)
        cls.kinds = BY_HAND if CALLS else KINDS
        cls.listen = {kind: 5100 + i for i, kind in enumerate(BY_HAND)}
        with cls.theirs.inside():
            cls.answers = cls.use(Called(cls.folder, "sturdy-routed", host=THEIRS,
                                         count=100000, seconds=3600))
            pair = peers.certificate()
            echo, ringer = (cls.use(Talker(cls.folder, pair, echo=e)) for e in (1, 0))
            routes = {"answer": Route(f"sip:{THEIRS}:{cls.answers.port}"),
                      "echo": Route(f"sip:{THEIRS}:{echo.port}"),
                      "ring": Route(f"sip:{THEIRS}:{ringer.port}"),
                      **{f"^555{kind}[0-9]": Route(f"sip:{OURS}:{port}")
                         for kind, port in cls.listen.items()}}
            cls.proxies = {}
            for lossy in (True, False):
                folder = os.path.join(cls.folder, f"proxy-{lossy}")
                os.mkdir(folder)
                cls.proxies[lossy] = cls.use(VoiceProxy(folder, routes,
                                                        addresses=(THEIRS,)))
            cls.lossy(cls.proxies[True].port)

    @classmethod
    def use(cls, peer):
        cls.addClassCleanup(peer.close)
        return peer

    @classmethod
    def lossy(cls, port):
        """
        Each message between us and that port may be lost, either way, where it arrives: who
        sends what is dropped as it leaves is told so.
        """
        for net, end in ((cls.theirs, "--dport"), (cls.ours, "--sport")):
            with net.inside():
                sh("iptables", "-A", "INPUT", "-i", "v0", "-p", "udp", end, str(port),
                   "-m", "statistic", "--mode", "random", "--probability", str(LOSS),
                   "-j", "DROP")

    def active(self):
        return sum(proxy.active() for proxy in self.proxies.values())

    def round(self, number, kinds, count):
        """So many calls of each kind, all at once."""
        groups = [Group(self, kind, number, count) for kind in kinds]
        for g in groups:
            wait_for(f"{g.count} calls, {g.kind}", g.up, 30, 0.1)
        # Those that nothing happened to may be over already; a loop is one call there.
        up = sum(g.modes.count(m) for g in groups if g.kind != "nothing"
                 for m in ("answer", "loop", "echo"))
        wait_for(f"{up} calls at Kamailio", lambda: self.active() >= 0.9 * up, 20)
        for g in groups:
            g.happen()
        for g in groups:
            if g.kind == "term":
                self.assertLess(g.seconds, 3)
                self.assertEqual(g.left(), 0, g.exporter.log_text()[-2000:])
            if g.direct:
                self.assertEqual(g.direct.ended(60), 0, g.direct.errors()[:3000])
        return groups

    def test_none_is_left_up(self):
        kinds = [kind for kind in self.kinds if kind not in ("term-lossy", "kill")]
        total = 0
        for number in range(max(1, math.ceil(CALLS / ROUND))):
            groups = self.round(number, kinds, ROUND // len(kinds) if CALLS else 5)
            total += sum(g.count for g in groups)
            wait_for("no call at Kamailio", lambda: self.active() == 0, 45, 0.2)
            for g in groups:
                Case.finish(g.exporter)
        self.assertEqual(self.answers.process.poll(), None, self.answers.log_text())
        print(f"# {total} calls, none left up")

    @unittest.skipUnless(CALLS, "takes minutes: with SIPTRUNK_CALLS alone")
    def test_session_timers_end_the_rest(self):
        begun = time.monotonic()
        groups = self.round(999, ("term-lossy", "kill"), ROUND // 2)
        killed = [g for g in groups if g.kind == "kill"]
        told = sum(g.left() for g in groups)
        wait_for("what we could not end to be all that is up",
                 lambda: self.active() <= told + sum(g.count for g in killed), 40, 0.2)
        left = self.active()
        try:
            wait_for("no call at Kamailio", lambda: self.active() == 0, SESSION + 40, 0.5)
        except AssertionError:
            self.fail("".join(proxy.dialogs() for proxy in self.proxies.values()))
        print(f"# {left} were left up by a lost BYE or SIGKILL ({told} told of), none "
              f"{time.monotonic() - begun:.0f} s after they began")


if __name__ == "__main__":
    unittest.main()
