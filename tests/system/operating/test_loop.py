"""The main loop stands still, and the metrics, which other threads serve, say so."""

import ctypes
import os
import time

from harness import Case, config_of, trunk, wait_for
from sip_peer import SipPeer, answer

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000
NAME = "siptrunk_exporter_loop_last_turn_timestamp_seconds"

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, pid):
    if libc.ptrace(request, pid, None, None):
        raise OSError(ctypes.get_errno(), "ptrace")


class Held:
    """The first thread of a process does not run; all others do."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        ptrace(PTRACE_SEIZE, self.pid)
        ptrace(PTRACE_INTERRUPT, self.pid)
        os.waitpid(self.pid, WALL)

    def __exit__(self, *exc):
        ptrace(PTRACE_DETACH, self.pid)


class Loop(Case):
    def age(self, e):
        return time.time() - e.scrape().get(NAME)

    def test_a_loop_that_stands_still_is_seen(self):
        peer = self.use(SipPeer(answer()))
        e = self.start(config_of(trunk("a", peer.uri)))
        e.wait_metric(1, "siptrunk_up", trunk="a")
        wait_for("turns, a second apart", lambda: self.age(e) < 1.2)
        with Held(e.process.pid):
            wait_for("a turn long ago", lambda: self.age(e) > 3.5)
            first = e.scrape()
            probes = first.get("siptrunk_probes_total", trunk="a")
            wait_for("no turn since", lambda: self.age(e) > 5)
            # Read on the wall clock at each scrape, it moves by the clocks' grain alone.
            self.assertAlmostEqual(e.scrape().get(NAME), first.get(NAME), delta=0.05)
            self.assertEqual(e.scrape().get("siptrunk_probes_total", trunk="a"), probes)
            self.assertEqual(e.status("/"), 200)
            self.assertEqual(e.status("/-/healthy"), 200)
        wait_for("turns again", lambda: self.age(e) < 1.2)
        wait_for("probes again", lambda: e.scrape().get(
            "siptrunk_probes_total", trunk="a") > probes)
