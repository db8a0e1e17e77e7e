"""The other end of tests/support/failing_alloc.c: which allocation of a program fails."""

import bisect
import functools
import mmap
import os
import re
import struct
import subprocess

STACK_MAX, PLACES_MAX, SEEN_MAX = 40, 4, 1 << 16
WORDS = ("countdown", "row", "fresh", "places", "asked", "failed", "live", "live_bytes", "depth",
         "base")
STACK_AT = 8 * len(WORDS)
PLACES_AT = STACK_AT + 8 * STACK_MAX
SEEN_AT = PLACES_AT + 16 * PLACES_MAX
BYTES = SEEN_AT + 8 * SEEN_MAX
LIBRARY = os.path.join(os.path.dirname(os.environ.get("RESOLVE_CLI", "")),
                       "libfailing_alloc.so")


class Control:
    """The shared page. Counters and switches are attributes of the names above."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.truncate(BYTES)
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), BYTES)
        self.env = {"LD_PRELOAD": LIBRARY, "FAILING_ALLOC_FILE": path}
        self.reset()

    def reset(self):
        self.page[:] = bytes(BYTES)
        self.put("countdown", -1)

    def get(self, word):
        return struct.unpack_from("<q", self.page, 8 * WORDS.index(word))[0]

    def put(self, word, value):
        struct.pack_into("<q", self.page, 8 * WORDS.index(word), value)

    def arm(self, countdown, row=1):
        """The allocation after so many fails, and the next ones of a row."""
        self.put("row", row)
        self.put("countdown", countdown)

    def disarm(self):
        """Returns whether one failed since it was armed."""
        fired = self.get("countdown") < 0
        self.put("countdown", -1)
        self.put("fresh", 0)
        return fired

    def forget(self):
        """Every call stack is a new one again."""
        self.page[SEEN_AT:] = bytes(8 * SEEN_MAX)

    def at(self, places):
        """Only what allocates below all of these parts of the program, as symbols() has them."""
        for i, (begin, end) in enumerate(places):
            struct.pack_into("<QQ", self.page, PLACES_AT + 16 * i, begin, end)
        self.put("places", len(places))

    def stack(self):
        """The addresses that the allocation that failed last returns to, the innermost first."""
        depth = self.get("depth")
        return struct.unpack_from(f"<{depth}Q", self.page, STACK_AT)


@functools.lru_cache(maxsize=None)
def symbols(path):
    """[(begin, end, name)] of a file's functions, in order; of its exported ones if stripped."""
    found = []
    for flags in (("-S",), ("-S", "-D")):
        said = subprocess.run(["nm", *flags, "--defined-only", path], capture_output=True,
                              text=True, check=False).stdout
        for line in said.splitlines():
            m = re.match(r"([0-9a-f]+) ([0-9a-f]+) [tTwWi] ([^@\s]+)", line)
            if m:
                begin = int(m[1], 16)
                found.append((begin, begin + int(m[2], 16), m[3]))
        if found:
            break
    return sorted(found)


def place(path, name):
    """Where a function of the program is; what the compiler split off it, it is as well."""
    found = [s for s in symbols(path) if s[2].split(".")[0] == name]
    if not found:
        raise LookupError(f"no function {name} in {path}")
    return found[0][:2]


class Map:
    """What lies where in a process, taken while it runs."""

    def __init__(self, pid):
        self.parts = []
        with open(f"/proc/{pid}/maps") as f:
            for line in f:
                fields = line.split()
                if len(fields) > 5 and fields[5].startswith("/"):
                    begin, end = (int(x, 16) for x in fields[0].split("-"))
                    self.parts.append((begin, end, int(fields[2], 16), fields[5]))
        self.bases = {}
        for begin, _, offset, path in self.parts:
            self.bases.setdefault(path, begin - offset)

    def name(self, address):
        """"function" of the program, "library:function" of others."""
        for begin, end, _, path in self.parts:
            if not begin <= address < end:
                continue
            at, table = address - 1 - self.bases[path], symbols(path)
            i = bisect.bisect(table, (at, 1 << 64)) - 1
            known = table[i][2] if i >= 0 and at < table[i][1] else "?"
            library = os.path.basename(path).split(".so")[0] if ".so" in path else ""
            return f"{library}:{known}" if library else known
        return "?"

    def names(self, stack):
        return [n for n in map(self.name, stack) if not n.startswith("libfailing_alloc")]
