#!/usr/bin/python3
"""
Runs the system tests, all of them or those named:

    run.py [--exe PATH] [--jobs N] [test_cli | test_cli.Help | test_cli.Help.test_columns]...

Prints one line a test with its time; the last line is "N passed, N failed". A test that
failed is run once more, alone, at the end. With several jobs each name is a process of its
own, and what it prints comes when it ends.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FAILED = re.compile(r"FAILED +[\d.]+s  (.*)")
CLOSING = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0
        self.skips = 0
        self.bad = set()

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def line(self, word, test, more=""):
        seconds = time.monotonic() - getattr(self, "begun", time.monotonic())
        print(f"{word:7}{seconds:6.2f}s  {test.id()}{more}", flush=True)

    def wrong(self, test, err):
        if test.id() not in self.bad:
            self.line("FAILED", test)
        self.bad.add(test.id())
        print("    " + self._exc_info_to_string(err, test).replace("\n", "\n    "),
              flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self.line("ok", test)

    def addError(self, test, err):
        self.wrong(test, err)

    def addFailure(self, test, err):
        self.wrong(test, err)

    def addSubTest(self, test, subtest, err):
        if err:
            print(f"    in {subtest}")
            self.wrong(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skips += 1
        self.line("skipped", test, f"  ({reason})")


def run_here(names, result):
    unittest.defaultTestLoader.loadTestsFromNames(names).run(result)


def run_apart(name):
    """
    One name in a process of its own; its lines stay together.

    Returns how many passed and were skipped, and the names of those that failed.
    """
    done = subprocess.run(
        [sys.executable, "-u", __file__, "--exe", os.environ["SIPTRUNK_EXPORTER"],
         "--once", name], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    closing = CLOSING.match(lines[-1]) if lines else None
    bad = {m[1] for m in map(FAILED.match, lines) if m}
    if not closing or (done.returncode and not bad):
        lines.append(f"FAILED         {name} ended with status {done.returncode}")
        bad.add(f"{name} as a whole")
    print("\n".join(line for line in lines if not CLOSING.match(line)), flush=True)
    passed, _, skips = closing.groups() if closing else (0, 0, 0)
    return int(passed), int(skips or 0), bad


def run_beside(names, result, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for passed, skips, bad in pool.map(run_apart, names):
            result.passed += passed
            result.skips += skips
            result.bad |= bad


def find_exe():
    found = glob.glob(os.path.join(ROOT, "build*", "exporter", "siptrunk_exporter"))
    return max(found, key=os.path.getmtime, default=None)


def try_again(result):
    """
    Once, alone, each test that failed: real clocks and real peers on a busy machine are
    late now and then. What fails twice has failed; what did not is said.
    """
    for name in sorted(result.bad):
        if not re.fullmatch(r"[\w.]+", name):
            continue  # a class that could not be set up
        print(f"once more: {name}")
        second = Result()
        unittest.defaultTestLoader.loadTestsFromName(name).run(second)
        if second.passed and not second.bad:
            result.bad.remove(name)
            result.passed += 1


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--exe", default=os.environ.get("SIPTRUNK_EXPORTER") or find_exe())
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--once", action="store_true", help="nothing is run once more")
    p.add_argument("tests", nargs="*")
    args = p.parse_args()
    if not args.exe or not os.access(args.exe, os.X_OK):
        p.error("no program to test: build it, or give --exe=PATH")
    exe = os.path.abspath(args.exe)
    os.environ["SIPTRUNK_EXPORTER"] = exe
    # What some tests drive beside it, from the same build.
    os.environ["RESOLVE_CLI"] = os.path.join(
        os.path.dirname(os.path.dirname(exe)), "tests", "support", "resolve_cli")
    sys.path.insert(0, HERE)

    names = args.tests or sorted(
        os.path.basename(f)[:-3] for f in glob.glob(os.path.join(HERE, "test_*.py")))
    names = [n[:-3] if n.endswith(".py") else n for n in names]
    names = [os.path.basename(n) for n in names]
    result = Result()
    begun = time.monotonic()
    if args.jobs > 1:
        run_beside(names, result, args.jobs)
    else:
        run_here(names, result)
    if not args.once:
        try_again(result)
    skipped = f", {result.skips} skipped" if result.skips else ""
    print(f"in {time.monotonic() - begun:.1f} s")
    print(f"{result.passed} passed, {len(result.bad)} failed{skipped}")
    return 1 if result.bad or not result.passed else 0


if __name__ == "__main__":
    sys.exit(main())
