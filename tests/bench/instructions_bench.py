#!/usr/bin/python3
"""
Instructions that a probe over UDP costs the engine in user space, counted by callgrind: two
runs of different length, the difference of their instructions by that of their probes. What
the machine does besides moves it little.

    tests/bench/instructions_bench.py BUILD
"""

import os
import re
import subprocess
import sys
import tempfile

SHORT_S, LONG_S = 4, 14


def run(build, seconds):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + os.path.join(folder, "out"),
             os.path.join(build, "tests", "bench", "bench_steady"), str(seconds)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"bench_steady: {done.stdout}{done.stderr}")
    probes = int(re.search(r"^(\d+) probes", done.stdout, re.M)[1])
    # The processes that it makes for itself end before it does.
    instructions = int(re.findall(r"Collected : (\d+)", done.stderr)[-1])
    return probes, instructions


def main():
    short, long = run(sys.argv[1], SHORT_S), run(sys.argv[1], LONG_S)
    probes, instructions = long[0] - short[0], long[1] - short[1]
    print(f"{instructions / probes:.0f} instructions a probe, of {probes} probes")


if __name__ == "__main__":
    main()
