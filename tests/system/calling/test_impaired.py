"""
Calls over a network that loses, delays, doubles and reorders packets: what is told of them
beside what was done to them (lib/nfqueue.py) and beside tshark, that sees the same packets.
Each call is a loop through Kamailio and rtpengine in another namespace.
"""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import namespaces
import nfqueue
import peers
from call_peers import Called, soon_many
from emodel import mos
from harness import Case, Exporter, config_of, run, trunk, wait_for
from jitter import jitters
from peers import Program, find
from voice_peers import Route, Rtpengine, VoiceProxy, bridged

OURS, THEIRS = "192.0.2.1", "192.0.2.2"
# Calls at once whose nonces must be heard; by hand far more, see docs/media.md.
NONCES = int(os.environ.get("SIPTRUNK_NONCES", "30"))
SECONDS = 6

# What is done to the packets of whom, how many calls, their length.
WORLDS = {
    "clean": ({}, 10, 4),
    "lossy": ({"loss": 0.05, "delay": 60, "spread": 8}, 1, SECONDS),
    "reordered": ({"loss": 0.02, "twice": 0.03, "delay": 60, "spread": 30}, 1, SECONDS),
    "late": ({"delay": 150}, 1, SECONDS),
    "bad": ({"loss": 0.2}, NONCES, 4),
    "deaf": ({}, 1, 3),
}
# First those whose jitter is measured, then many, which are heavy for a machine.
MEASURED, MANY = ("lossy", "reordered", "late", "deaf"), ("clean", "bad")
TRIES = 3  # where our own packets left late, as on a machine that is busy
PORTS = max(400, 4 * NONCES + 100)  # of each
INDEXES = len(MEASURED) * TRIES + len(MANY)
FIRST, LAST = 20000, 20000 + PORTS * INDEXES


def reason():
    missing = peers.missing("kamailio", "kamcmd", "rtpengine", "sipp", "ip", "iptables",
                            "tshark", "dumpcap")
    return f"{missing} is not installed" if missing else (
        namespaces.unavailable() or nfqueue.unavailable())


def sit_tones(path):
    """Three rising tones as G.711, as before a recorded announcement; 2 s."""
    def ulaw(x):
        sign, x = (0x80, -x) if x < 0 else (0, x)
        x = min(x, 32635) + 132
        e = x.bit_length() - 8
        return ~(sign | e << 4 | x >> (e + 3) & 15) & 255
    with open(path, "wb") as f:
        for hz in (950, 1400, 1800, 0):
            f.write(bytes(ulaw(int(9000 * math.sin(2 * math.pi * hz * n / 8000)))
                          for n in range(4000)))


class World:
    """An exporter whose calls come back to it, and what is done to their packets."""

    def __init__(self, test, index, name):
        self.fault, self.count, seconds = WORLDS[name]
        self.index, self.ports, self.listen = index, FIRST + PORTS * index, 5100 + index
        prefix = f"555{chr(ord('A') + index)}"
        self.folder = os.path.join(test.folder, f"{name}-{index}")
        os.mkdir(self.folder)
        if name == "deaf":
            # The caller's pair is the first of the range, the called end's the next.
            self.fault = {"deaf": [self.ports + 2]}
        address = f"{THEIRS}:{test.proxy.port}"
        self.names = soon_many(address, self.count, 3.5)
        self.config = config_of(
            *(trunk(n, f"sip:{address}", method="INVITE", call={
                "mode": "loop", "to": f"{prefix}{k:03}", "duration": f"{seconds}s",
                "interval": "10m"}) for k, n in enumerate(self.names)),
            calls={"numbers": [f"{prefix}{k:03}" for k in range(self.count)],
                   "max_concurrent": 1000, "max_per_hour": 10000, "max_per_day": 10000,
                   "media": {"ports": f"{self.ports}-{self.ports + PORTS - 1}",
                             "networks": [THEIRS]}},
            listen=[f"udp:{OURS}:{self.listen}"])

    def queue(self, test):
        """In the peer's namespace, on packets as they leave: ours sees what is left."""
        with test.theirs.inside():
            self.faults = test.use(Program(self.folder, "nfqueue", [
                sys.executable, nfqueue.__file__, str(self.index), "1",
                json.dumps(self.fault)]))
            wait_for("the queue", lambda: self.faults.check()
                     or "ready" in self.faults.log_text())
            nfqueue.rule(self.index, "-p", "udp", "-d", OURS, "--dport",
                         f"{self.ports}:{self.ports + PORTS - 1}")

    def start(self, test):
        self.exporter = Exporter(self.folder, self.config, log_level="info")
        test.addClassCleanup(Case.finish, self.exporter)

    def finish(self):
        """Waits for all calls; what was told of them, and what was done to them."""
        self.scrape = wait_for("the calls to be over", lambda: (
            m := self.exporter.scrape()).sum("siptrunk_calls_total") == self.count
            and m.sum("siptrunk_calls_open") == 0 and m, 100, 0.2)
        self.faults.process.send_signal(signal.SIGTERM)
        self.faults.process.wait(10)
        self.done = {int(p): c for p, c in json.loads(
            self.faults.log_text().split("\n")[1]).items() if int(p) % 2 == 0}

    def get(self, name, direction, **labels):
        return self.scrape.get(f"siptrunk_call_{name}", direction=direction, **labels)

    def heard(self):
        return [v for d in ("in", "out") for _, v in self.scrape.all(
            "siptrunk_call_nonce_heard", direction=d, by="inband")]

    def is_scored(self):
        """Both ends, but one that nothing reaches."""
        return len(self.scrape.all("siptrunk_call_mos")) == 2 - ("deaf" in self.fault)

    def ends(self):
        """(direction, port that its packets go to)"""
        return ("in", self.ports), ("out", self.ports + 2)


class Impaired(unittest.TestCase):
    alone = "jitter is measured, by two programs"

    @classmethod
    def setUpClass(cls):
        if reason():
            raise unittest.SkipTest(reason())
        cls.folder = tempfile.mkdtemp(prefix="siptrunk-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.ours, cls.theirs = (namespaces.Namespace() for _ in range(2))
        for net in (cls.ours, cls.theirs):
            cls.addClassCleanup(net.close)
        cls.ours.wire(cls.theirs, "v0", [f"{OURS}/24"], [f"{THEIRS}/24"])
        inside = cls.ours.inside()
        inside.__enter__()
        cls.addClassCleanup(inside.__exit__, None, None, None)
        cls.peers()
        cls.indexes = iter(range(INDEXES))
        for _ in range(TRIES):
            cls.worlds = cls.measure(MEASURED)
            if all(world.is_scored() for world in cls.worlds.values()):
                break
        cls.streams = cls.read(cls.capture)
        cls.worlds |= cls.measure(MANY)

    @classmethod
    def peers(cls):
        with cls.theirs.inside():
            media = cls.use(Rtpengine(cls.folder, {"v4": THEIRS}, "40000-59999"))
            cls.proxy = cls.use(VoiceProxy(
                cls.folder, {f"^555{chr(ord('A') + i)}": Route(
                    f"sip:{OURS}:{5100 + i}", **bridged()) for i in range(INDEXES)},
                media.control, (THEIRS,)))
            sit_tones(os.path.join(cls.folder, "announcement.ul"))

    @classmethod
    def use(cls, peer):
        cls.addClassCleanup(peer.close)
        return peer

    @classmethod
    def measure(cls, names):
        """Their calls, all at once."""
        worlds = {name: World(cls, next(cls.indexes), name) for name in names}
        for world in worlds.values():
            world.queue(cls)
        cls.capture = os.path.join(cls.folder, f"{names[0]}-{id(worlds)}.pcapng")
        capture = cls.use(Program(cls.folder, "dumpcap", [
            "dumpcap", "-q", "-i", "v0", "-f", f"udp and dst host {OURS} and dst portrange "
            f"{FIRST}-{LAST}", "-w", cls.capture]))
        wait_for("dumpcap", lambda: capture.check() or "File:" in capture.log_text())
        for world in worlds.values():
            world.start(cls)
        for world in worlds.values():
            world.finish()
        capture.process.send_signal(signal.SIGINT)
        capture.process.wait(20)
        return worlds

    @classmethod
    def tshark(cls, path, ports, *args):
        r = subprocess.run(
            [find("tshark"), "-n", "-r", path, "-d", f"udp.port=={ports},rtp", *args],
            capture_output=True, text=True, timeout=120, check=True)
        return [line.split() for line in r.stdout.splitlines()]

    @classmethod
    def read(cls, path):
        """{port that a stream goes to: its row of tshark's table}"""
        ports = f"{FIRST}-{LAST}"
        streams = {}
        for words in cls.tshark(path, ports, "-q", "-z", "rtp,streams"):
            if len(words) > 16 and words[4] == OURS:
                streams[int(words[5])] = {
                    "packets": int(words[8]), "lost": int(words[9]),
                    "mean": float(words[15]), "arrived": []}
        for port, *packet in cls.tshark(path, ports, "-Y", "rtp.p_type == 0", "-T", "fields",
                                        "-e", "udp.dstport", "-e", "frame.time_epoch",
                                        "-e", "rtp.timestamp"):
            if int(port) in streams:
                streams[int(port)]["arrived"].append((float(packet[0]), int(packet[1])))
        return streams

    def scored(self, world):
        """Nothing is said of jitter and score where our own packets left late."""
        if not world.is_scored():
            self.skipTest("the machine was too busy: our own packets left late")

    def test_loss_is_what_was_done(self):
        for name in ("lossy", "reordered", "late"):
            world = self.worlds[name]
            for direction, port in world.ends():
                done = world.done[port]
                with self.subTest(name, direction=direction):
                    self.assertAlmostEqual(
                        world.get("loss_ratio", direction),
                        done["lost"] / done["seen"], delta=0.005)
                    self.assertEqual(world.get("packets_total", direction,
                                               event="duplicate"), done["twice"])

    def test_loss_is_what_tshark_says(self):
        """It knows no copies: only where there are none."""
        world = self.worlds["lossy"]
        for direction, port in world.ends():
            stream = self.streams[port]
            self.assertAlmostEqual(
                world.get("loss_ratio", direction),
                stream["lost"] / (stream["packets"] + stream["lost"]), delta=0.005)

    def test_reordering_is_told(self):
        world = self.worlds["reordered"]
        for direction, port in world.ends():
            late = world.get("packets_total", direction, event="reordered")
            self.assertGreater(late, 0.1 * world.done[port]["seen"])
        for direction, _ in self.worlds["lossy"].ends():
            self.assertEqual(self.worlds["late"].get(
                "packets_total", direction, event="reordered"), 0)

    def test_jitter_is_what_tshark_says(self):
        for name in ("lossy", "reordered"):
            world = self.worlds[name]
            self.scored(world)
            for direction, port in world.ends():
                found = list(jitters(self.streams[port]["arrived"]))
                jitter = 1000 * world.get("jitter_seconds", direction)
                self.assertAlmostEqual(jitter, sum(found) / len(found), delta=1)
                if name == "lossy":
                    self.assertAlmostEqual(jitter, self.streams[port]["mean"], delta=1)

    def test_delay_is_what_was_done(self):
        for name in ("lossy", "late"):
            world = self.worlds[name]
            least = world.fault["delay"] - world.fault.get("spread", 0)
            for direction, _ in world.ends():
                delay = 1000 * world.get("one_way_delay_seconds", direction)
                self.assertGreaterEqual(delay, least - 1)
                self.assertLess(delay, world.fault["delay"] + 20)

    def test_score_is_the_tables(self):
        for name in ("lossy", "late"):
            world = self.worlds[name]
            self.scored(world)
            for direction, port in world.ends():
                done = world.done[port]
                part = done["lost"] / done["seen"]
                burst = max(1, done["lost"] / max(1, done["runs"]) * (1 - part))
                late = world.get("packets_total", direction, event="discarded")
                delay = 1000 * world.get("one_way_delay_seconds", direction)
                want = mos(100 * (part + late / done["seen"]), delay + 60, burst)
                self.assertAlmostEqual(world.get("mos", direction), want, delta=0.05)

    def test_nonces(self):
        """At no loss all of them, at 20 % nearly all."""
        self.assertEqual(self.worlds["clean"].heard(), [1] * 20)
        heard = self.worlds["bad"].heard()
        self.assertEqual(len(heard), 2 * NONCES)
        self.assertGreaterEqual(sum(heard), 0.98 * 2 * NONCES)
        lost = [c["lost"] / c["seen"] for c in self.worlds["bad"].done.values()]
        self.assertAlmostEqual(sum(lost) / len(lost), 0.2, delta=0.03)
        print(f"# {sum(heard):.0f} of {len(heard)} nonces heard at "
              f"{100 * sum(lost) / len(lost):.1f} % of packets lost")

    def test_one_way(self):
        world = self.worlds["deaf"]
        self.assertEqual(world.scrape.sum("siptrunk_call_failures_total",
                                          reason="one_way"), 1)
        self.assertEqual(world.get("nonce_heard", "in", by="inband"), 1)
        self.assertTrue(world.exporter.log(msg="call failed", failure="one_way"))

    def test_announcement(self):
        with self.theirs.inside():
            announcer = self.use(Called(self.folder, "announcement", host=THEIRS))
        config = config_of(
            trunk("a", f"sip:{THEIRS}:{announcer.port}", method="INVITE", call={
                "mode": "echo", "to": "5550000", "duration": "2s"}),
            calls={"numbers": ["5550000"], "media": {"ports": "19000-19099",
                                                     "networks": [THEIRS]}})
        path = os.path.join(self.folder, "a.json")
        with open(path, "w") as f:
            json.dump(config, f)
        code, out, err = run("probe", "a", "--config.file", path, "--method=INVITE")
        self.assertEqual((code, err), (2, ""), out)
        self.assertIn("(nonce): ", out)
        self.assertIn("  heard        sound\n", out)
        self.assertEqual(announcer.ended(), 0)

    def test_nothing_is_left_up(self):
        wait_for("no call at Kamailio", lambda: self.proxy.active() == 0)
        for world in self.worlds.values():
            self.assertEqual(world.scrape.sum("siptrunk_calls_not_ended_total"), 0)


if __name__ == "__main__":
    unittest.main()
