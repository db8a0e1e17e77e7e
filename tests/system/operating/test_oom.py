"""
Out of memory: a sample of what `make oom` does in full. Its seed is of the day, and printed;
SEED=N repeats it. Those that once failed are tried always.
"""

import os
import random
import time
import unittest

import failing_alloc
import oom
from harness import EXE, Case

SEED = int(os.environ.get("SEED", time.strftime("%Y%m%d")))
WHOLE = 60       # an operation with no more allocations is tried whole
OF_OPERATION = 12
OF_START = 24
OF_STOP = 4

# Functions in which an allocation that failed at the start once crashed the program, had it
# hang, or left it running with half of what it needs; and how many of theirs are tried.
ONCE_FAILED = (
    ("sandbox_calls", 4),      # libseccomp made a filter without some calls, or never ended
    ("loop_init", 12),         # OpenSSL not ready, and used
    ("tls_trust_load", 8),     # an authority without its key: nobody was trusted any more
    ("tls_profile_alloc", 8),  # a context without some ciphers
    ("store_prepare", 6),      # a trunk without series
    ("store_target_add", 4),   # an address without series; a first answer that did not count
)


def sample(random_, count, size):
    return sorted(random_.sample(range(count), min(size, count)))


@unittest.skipUnless(os.path.exists(failing_alloc.LIBRARY), "no libfailing_alloc.so")
class OutOfMemory(Case):
    timed = "counts the allocations and descriptors of one process"

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.peers = self.use(oom.Peers(self.folder))

    def check(self, fired, findings):
        print(f"    seed {SEED}: {fired} allocations failed")
        self.assertGreater(fired, 0)
        self.assertFalse(findings, "\n".join(map(str, findings)))

    def test_start(self):
        """The program says so in one line and ends, or goes on as if nothing was."""
        count = oom.measure_start(self.peers, "json")
        for kind in ("json", "yaml"):
            self.check(*oom.sweep_lives(
                f"start {kind}", lambda n, kind=kind: oom.start_once(self.peers, kind, n),
                sample(self.random, count, OF_START // 2)))

    def test_requests(self):
        """Whatever is asked fails or not; what is asked next does not."""
        self.check(*oom.sweep_all(self.peers, lambda count: sample(
            self.random, count, count if count <= WHOLE else OF_OPERATION)))

    def test_stop(self):
        count = oom.measure_stop(self.peers)
        self.check(*oom.sweep_lives("stop", lambda n: oom.stop_once(self.peers, n),
                                    sample(self.random, count, OF_STOP)))

    def test_once_failed(self):
        for place, size in ONCE_FAILED:
            count = oom.measure_start(self.peers, "json", (place,))
            fired, findings = oom.sweep_lives(place, lambda n, place=place: oom.start_once(
                self.peers, "json", n, places=(place,)), sample(self.random, count, size))
            self.assertFalse(findings, "\n".join(map(str, findings)))
            # The last ones may come after the start: a name that is resolved a little later.
            self.assertGreaterEqual(fired, min(size, count) // 2, place)


@unittest.skipUnless(os.path.exists(failing_alloc.LIBRARY), "no libfailing_alloc.so")
class UnderWay(Case):
    timed = "counts the allocations and descriptors of one process"

    def test_schedule(self):
        """Probes of the schedule, reloads and requests, all at once."""
        peers = self.use(oom.Peers(self.folder, interval="200ms"))
        fired, findings = oom.sweep_stacks(peers, turns=4)
        print(f"    {fired} call stacks failed")
        self.assertGreater(fired, 100)
        self.assertFalse(findings, "\n".join(map(str, findings)))
