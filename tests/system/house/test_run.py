"""
run.py itself, over modules made for it: who runs beside others, who has the clock, who is alone,
and what is told.
"""

import os
import re
import shutil
import subprocess
import sys

from harness import ROOT, Case

BESIDE = """
import fcntl
import os
import time
import unittest


class Plain(unittest.TestCase):
    def test_good(self):
        print("priority", os.nice(0))
        time.sleep(0.3)

    @unittest.skip("not here")
    def test_skipped(self):
        pass


class Clock(unittest.TestCase):
    timed = "times"

    def test_time(self):
        print("priority", os.nice(0))
        with open(__file__.replace("test_b", "test_a")) as one:
            fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
            time.sleep(0.3)


class Greedy(unittest.TestCase):
    alone = "takes all there is"

    def test_all(self):
        print("priority", os.nice(0))
"""
ELSEWHERE = """
import unittest


@unittest.skip("for another machine")
class Elsewhere(unittest.TestCase):
    def test_nothing(self):
        pass
"""
BAD = """
import unittest


class Bad(unittest.TestCase):
    def test_bad(self):
        self.fail("as it shall")
"""


LATE = """
import unittest


class Late(unittest.TestCase):
    timed = "times"

    def test_third(self):
        with open(__file__ + ".tries", "a+") as f:
            f.write("x")
            self.assertGreaterEqual(f.tell(), 3)


class Never(unittest.TestCase):
    timed = "times"

    def test_never(self):
        self.fail("as it shall")
"""


class Run(Case):
    def run_all(self, *names, jobs):
        folder = self.path("system")
        os.makedirs(os.path.join(folder, "one"))
        os.makedirs(os.path.join(folder, "two"))
        shutil.copy(os.path.join(ROOT, "tests", "system", "run.py"), folder)
        self.write("system/one/test_a.py", BESIDE)
        self.write("system/one/test_b.py", BESIDE)
        os.makedirs(os.path.join(folder, "three"))
        self.write("system/three/test_elsewhere.py", ELSEWHERE)
        os.makedirs(os.path.join(folder, "four"))
        self.write("system/four/test_late.py", LATE)
        self.write("system/two/test_bad.py", BAD)
        self.write("system/two/test_broken.py", "import nothing_of_this_name\n")
        done = subprocess.run(
            [sys.executable, os.path.join(folder, "run.py"), "--exe=/bin/true",
             f"--jobs={jobs}", *names], stdout=subprocess.PIPE, text=True, timeout=60)
        shutil.rmtree(folder)
        return done.returncode, done.stdout

    @staticmethod
    def order(out):
        return re.findall(r"^ok +[\d.]+s  (\S+)$", out, re.MULTILINE)

    def test_closing_line(self):
        """It counts alike whoever ran where; what failed is run once more, and told."""
        for jobs in (1, 3):
            with self.subTest(jobs=jobs):
                code, out = self.run_all("one", "two", "three", jobs=jobs)
                self.assertEqual(code, 1)
                self.assertEqual(out.splitlines()[-1], "6 passed, 2 failed, 3 skipped")
                self.assertEqual(len(re.findall("^once more: test_bad.Bad.test_bad$", out,
                                                re.MULTILINE)), 1)
                self.assertIn("as it shall", out)
                self.assertIn("nothing_of_this_name", out)

    def test_who_measures_time_has_a_third_try(self):
        code, out = self.run_all("four", jobs=1)
        self.assertEqual((code, out.splitlines()[-1]), (1, "1 passed, 1 failed"))
        self.assertEqual(re.findall("^once more: (.*)$", out, re.MULTILINE),
                         2 * ["test_late.Late.test_third"] +
                         2 * ["test_late.Never.test_never"])

    def test_alone_is_last(self):
        _, out = self.run_all("one", jobs=3)
        order = self.order(out)
        self.assertEqual(sorted(order[:4]), [
            "test_a.Clock.test_time", "test_a.Plain.test_good",
            "test_b.Clock.test_time", "test_b.Plain.test_good"])
        self.assertEqual(order[4:], ["test_a.Greedy.test_all", "test_b.Greedy.test_all"])

    def test_who_gives_way(self):
        """Whoever measures nothing, while nobody or somebody does; never in one job."""
        for jobs, more in ((1, 0), (3, min(10, 19 - os.nice(0)))):
            _, out = self.run_all("one", jobs=jobs)
            had = re.findall(r"^priority (-?\d+)\nok +[\d.]+s  test_[ab]\.(\w+)\.", out,
                             re.MULTILINE)
            self.assertEqual(sorted((name, int(n) - os.nice(0)) for n, name in had), [
                ("Clock", 0), ("Clock", 0), ("Greedy", 0), ("Greedy", 0),
                ("Plain", more), ("Plain", more)])

    def test_skipped_module(self):
        """One beside others is no failure; a run of nothing else is."""
        code, out = self.run_all("test_elsewhere", "test_a", jobs=2)
        self.assertEqual((code, out.splitlines()[-1]), (0, "3 passed, 0 failed, 2 skipped"))
        code, _ = self.run_all("test_elsewhere", jobs=1)
        self.assertEqual(code, 1)

    def test_names(self):
        """A folder, a module by name or by path, a class and a test."""
        for names, passed in ((["one"], 6), (["test_a"], 3), (["one/test_a.py"], 3),
                              (["test_a.Plain"], 1), (["test_b.Clock.test_time"], 1)):
            for jobs in (1, 2):
                with self.subTest(names=names, jobs=jobs):
                    code, out = self.run_all(*names, jobs=jobs)
                    self.assertEqual((code, len(self.order(out))), (0, passed), out)

    def test_slowest(self):
        _, out = self.run_all("one", jobs=2)
        slowest = out[out.index("slowest:\n"):].splitlines()
        self.assertRegex(slowest[1], r"^ +[\d.]+s  test_[ab]\.(Plain|Clock)\.test_\w+$")
