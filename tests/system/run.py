#!/usr/bin/python3
"""
Runs the system tests, all of them or those named:

    run.py [--exe PATH] [--jobs N] [NAME]...

A name is a folder (dns), a module (test_cli), a class (test_cli.Help) or a test
(test_cli.Help.test_columns). Prints one line a test with its time; the last line is
"N passed, N failed". A test that failed is run once more, alone, at the end; twice if it
measures time.

With several jobs each module is a process of its own, and what it prints comes when it
ends. A class with an attribute `timed`, which says why, measures time: one such class after
the other has the processor whenever it wants it, as all others are niced. A class with an
attribute `alone`, which says why, waits until all of them are done: it takes all there is.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SLOWEST = 15  # that are told of at the end
GIVE_WAY = ("nice", "-n", "10")  # to those that measure time; what CI runs beside gives more
# What takes a minute and more begins first, as nothing shares a module out.
LONG = ("test_alerts_static", "test_page", "test_rotation", "test_e2e_alert", "test_web",
        "test_dashboards")
LINE = re.compile(r"(ok|FAILED|skipped) +([\d.]+)s  (\S.*?)(?:  \(.*)?$")
CLOSING = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
MODULES = {os.path.basename(f)[:-3]: os.path.basename(os.path.dirname(f))
           for f in glob.glob(os.path.join(HERE, "*", "test_*.py"))}


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0
        self.skips = 0
        self.bad = set()
        self.times = {}

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        del self.begun  # what fails or is skipped outside a test took no time of its own

    def line(self, word, test, more=""):
        seconds = time.monotonic() - getattr(self, "begun", time.monotonic())
        self.times[test.id()] = seconds
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


def expand(names):
    """The modules of a folder for its name; what else is named, as it is."""
    for name in names:
        name = os.path.basename(name.rstrip("/").removesuffix(".py"))
        if name in MODULES.values():
            yield from sorted(m for m, folder in MODULES.items() if folder == name)
        else:
            yield name


def load(names):
    return unittest.defaultTestLoader.loadTestsFromNames(names)


def run_here(names, result):
    load(names).run(result)


def tests_of(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_of(part)
        else:
            yield part


def order(group):
    """Those of LONG first, then by the number of tests."""
    module = group[0].partition(".")[0]
    return LONG.index(module) if module in LONG else len(LONG), -len(group)


def share_out(names):
    """
    The names of tests: of those that may run beside others, for each module, what takes
    longest first; of those that measure time, for each module; of those that run alone.
    """
    beside, timed, alone = {}, {}, []
    for test in tests_of(load(names)):
        name = test.id().removeprefix("unittest.loader._FailedTest.")  # fails there as well
        module = name.partition(".")[0]
        if getattr(test, "alone", None):
            alone.append(name)
        else:
            kind = timed if getattr(test, "timed", None) else beside
            kind.setdefault(module, []).append(name)
    return sorted(beside.values(), key=order), list(timed.values()), alone


def run_apart(names, way=()):
    """
    Tests of one module in a process of their own, started that way; their lines stay together.

    Returns how many passed and were skipped, the names of those that failed, and the time
    that each took.
    """
    done = subprocess.run(
        [*way, sys.executable, "-u", __file__, "--exe", os.environ["SIPTRUNK_EXPORTER"],
         "--apart", *names], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    closing = CLOSING.match(lines[-1]) if lines else None
    told = [m.groups() for m in map(LINE.match, lines) if m]
    bad = {name for word, _, name in told if word == "FAILED"}
    if not closing or (done.returncode and not bad):
        module = names[0].partition(".")[0]
        lines.append(f"FAILED         {module} ended with status {done.returncode}")
        bad.add(f"{module} as a whole")
    print("\n".join(line for line in lines if not CLOSING.match(line)), flush=True)
    passed, _, skips = closing.groups() if closing else (0, 0, 0)
    return int(passed), int(skips or 0), bad, {name: float(s) for _, s, name in told}


def run_beside(names, result, jobs):
    """So many at a time, and one of those that measure time besides."""
    beside, timed, alone = share_out(names)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool, \
            concurrent.futures.ThreadPoolExecutor(1) as clock:
        runs = [clock.submit(run_apart, group) for group in timed]
        runs += [pool.submit(run_apart, group, GIVE_WAY) for group in beside]
        for run in concurrent.futures.as_completed(runs):
            passed, skips, bad, times = run.result()
            result.passed += passed
            result.skips += skips
            result.bad |= bad
            result.times.update(times)
    run_here(alone, result)


def find_exe():
    found = glob.glob(os.path.join(ROOT, "build*", "exporter", "siptrunk_exporter"))
    return max(found, key=os.path.getmtime, default=None)


def try_again(result):
    """
    Once, alone, each test that failed: real clocks and real peers on a busy machine are
    late now and then. What fails twice has failed, but of those that measure time, which
    have a third try; what did not is said.
    """
    for name in sorted(result.bad):
        if not re.fullmatch(r"[\w.]+", name):
            continue  # a class that could not be set up
        if any(passes_now(name) for _ in range(2 if measures_time(name) else 1)):
            result.bad.remove(name)
            result.passed += 1


def measures_time(name):
    return any(getattr(test, "timed", None) for test in tests_of(load([name])))


def passes_now(name):
    print(f"once more: {name}")
    again = Result()
    load([name]).run(again)
    return again.passed and not again.bad


def tell_slowest(result):
    print("slowest:")
    for name in sorted(result.times, key=result.times.get, reverse=True)[:SLOWEST]:
        print(f"{result.times[name]:8.2f}s  {name}")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--exe", default=os.environ.get("SIPTRUNK_EXPORTER") or find_exe())
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    p.add_argument("tests", nargs="*")
    args = p.parse_args()
    if not args.exe or not os.access(args.exe, os.X_OK):
        p.error("no program to test: build it, or give --exe=PATH")
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup's would be that of all it starts
    exe = os.path.abspath(args.exe)
    os.environ["SIPTRUNK_EXPORTER"] = exe
    # What some tests drive beside it, from the same build.
    os.environ["RESOLVE_CLI"] = os.path.join(
        os.path.dirname(os.path.dirname(exe)), "tests", "support", "resolve_cli")
    sys.path[:0] = [os.path.join(HERE, folder) for folder in ("lib", *set(MODULES.values()))]

    names = args.tests if args.apart else list(expand(args.tests)) or sorted(MODULES)
    result = Result()
    begun = time.monotonic()
    if args.jobs > 1:
        run_beside(names, result, args.jobs)
    else:
        run_here(names, result)
    if not args.apart:
        try_again(result)
        tell_slowest(result)
        print(f"in {time.monotonic() - begun:.1f} s")
    skipped = f", {result.skips} skipped" if result.skips else ""
    print(f"{result.passed} passed, {len(result.bad)} failed{skipped}")
    # A whole module may be for other machines; a run in which nothing is tested is a mistake.
    tested = result.passed or (args.apart and result.skips)
    return 1 if result.bad or not tested else 0


if __name__ == "__main__":
    sys.exit(main())
