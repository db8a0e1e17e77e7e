"""What media says of a stream, against a capture of the same packets read by tshark."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from emodel import mos
from jitter import jitters

CLI = os.path.join(os.path.dirname(os.environ.get("RESOLVE_CLI", "")), "media_cli")
DUMPCAP, TSHARK = shutil.which("dumpcap"), shutil.which("tshark")
SECONDS = 6
TRIES = 3  # on a machine that is busy, media is late and gives no verdict

# permille lost, permille twice, delay and spread in ms
FAULTS = {"lossy": (50, 0, 60, 8), "reordered": (20, 0, 60, 30), "bad": (200, 0, 40, 4),
          "twice": (30, 40, 30, 0)}


@unittest.skipUnless(DUMPCAP and TSHARK, "tshark is not installed")
class Capture(unittest.TestCase):
    alone = "jitter is measured, by two programs"

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="media")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for _ in range(TRIES):
            cls.calls, cls.streams = cls.measure()
            if not any(e["unscored"] == "late" for c in cls.calls.values() for e in c["ends"]):
                break

    @classmethod
    def measure(cls):
        """All calls at once, each at ports of its own, and what a capture has of them."""
        # Below those that the kernel gives away.
        first = 20000 + 100 * (os.getpid() % 100)
        path = os.path.join(cls.folder, "calls.pcapng")
        capture = subprocess.Popen(
            [DUMPCAP, "-q", "-i", "lo", "-f", f"udp dst portrange {first}-{first + 99}",
             "-w", path], stderr=subprocess.PIPE, text=True)
        try:
            for line in capture.stderr:
                if line.startswith("File:"):
                    break
            programs = {
                name: subprocess.Popen(
                    [CLI, str(first + 10 * i), str(SECONDS), *map(str, fault)],
                    stdout=subprocess.PIPE, text=True)
                for i, (name, fault) in enumerate(FAULTS.items())}
            calls = {name: json.loads(p.communicate(timeout=60)[0])
                     for name, p in programs.items()}
        finally:
            capture.send_signal(signal.SIGINT)
            capture.communicate(timeout=20)
        return calls, cls.read(path, first)

    @classmethod
    def tshark(cls, path, first, *args):
        r = subprocess.run(
            [TSHARK, "-n", "-r", path, "-d", f"udp.port=={first}-{first + 99},rtp", *args],
            capture_output=True, text=True, timeout=60, check=True)
        return [line.split() for line in r.stdout.splitlines()]

    @classmethod
    def read(cls, path, first):
        """{port that a stream goes to: its row of tshark's table, its packets}"""
        streams = {}
        for words in cls.tshark(path, first, "-q", "-z", "rtp,streams"):
            if len(words) > 16 and words[2] == "127.0.0.1":
                streams[int(words[5])] = {
                    "packets": int(words[8]), "lost": int(words[9]),
                    "mean": float(words[15]), "max": float(words[16]), "arrived": []}
        for port, *packet in cls.tshark(path, first, "-Y", "rtp.p_type == 0", "-T", "fields",
                                        "-e", "udp.dstport", "-e", "frame.time_epoch",
                                        "-e", "rtp.timestamp"):
            if int(port) in streams:
                streams[int(port)]["arrived"].append((float(packet[0]), int(packet[1])))
        return streams

    def ends(self, *names):
        return [(self.calls[name], i, end) for name in names
                for i, end in enumerate(self.calls[name]["ends"])]

    def scored(self, end):
        """Nothing is said of jitter and score where our own packets left late."""
        if end["unscored"] == "late":
            self.skipTest(f"the machine was too busy, {TRIES} times")
        self.assertEqual(end["unscored"], "")

    def test_jitter_is_what_tshark_says(self):
        for _, _, end in self.ends("lossy", "bad"):
            stream = self.streams[end["port"]]
            self.scored(end)
            self.assertAlmostEqual(end["jitter_ms"], stream["mean"], delta=1)
            self.assertAlmostEqual(end["jitter_max_ms"], stream["max"], delta=1)

    def test_jitter_is_what_the_rfc_says(self):
        """Also of packets that came out of order, which tshark 4.4 leaves out."""
        for _, _, end in self.ends("lossy", "reordered", "bad"):
            found = list(jitters(self.streams[end["port"]]["arrived"]))
            self.scored(end)
            self.assertAlmostEqual(end["jitter_ms"], sum(found) / len(found), delta=1)
            self.assertAlmostEqual(end["jitter_max_ms"], max(found), delta=1)

    def test_loss_is_what_the_path_did(self):
        for call, i, end in self.ends(*FAULTS):
            sent = call["ends"][1 - i]["sent"]
            self.assertAlmostEqual(end["loss_ratio"], call["lost"][i] / sent, delta=0.005)
            self.assertEqual(end["duplicate"], call["twice"][i])

    def test_loss_is_what_tshark_says(self):
        # It knows neither copies nor what is lost at both ends of a stream.
        for call, i, end in self.ends("lossy", "bad"):
            stream = self.streams[end["port"]]
            sent = call["ends"][1 - i]["sent"]
            self.assertEqual(end["received"], stream["packets"])
            self.assertAlmostEqual(end["lost"] / sent, stream["lost"] / sent, delta=0.005)

    def test_delay_and_nonce(self):
        for name, fault in FAULTS.items():
            for _, _, end in self.ends(name):
                self.assertTrue(end["nonce"])
                self.assertAlmostEqual(end["delay_ms"], fault[2] + 1, delta=6)

    def test_score_is_the_models(self):
        for _, _, end in self.ends(*FAULTS):
            self.scored(end)
            due = end["received"] + end["lost"]
            missing = 100 * (end["lost"] + end["discarded"]) / due
            want = mos(missing, end["delay_ms"] + 60, end["burst_ratio"])
            self.assertAlmostEqual(end["mos"], want, delta=0.05)
