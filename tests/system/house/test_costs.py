"""What things cost, counted, is what it was."""

import os
import subprocess
import unittest

from harness import EXE, ROOT, Case

BUILD = os.path.dirname(os.path.dirname(os.path.abspath(EXE)))
COSTS = os.path.join(ROOT, "scripts", "costs")
SKIPPED = 77


class Costs(Case):
    alone = "counts what a busy machine makes more"

    @unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tests", "bench", "bench_steady")),
                         "the benches are not built")
    def test_nothing_costs_more(self):
        done = subprocess.run([COSTS, BUILD], capture_output=True, text=True, check=False)
        if done.returncode == SKIPPED:
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
