"""docs/proven.md names tests; each of them exists, and would run."""

import ast
import functools
import os
import pathlib
import re
import unittest

from harness import ROOT

SYSTEM = pathlib.Path(ROOT, "tests", "system")
UNIT = pathlib.Path(ROOT, "tests", "unit")
NAME = re.compile(r"`((?:unit/)?[\w.]+\.(?:test|check)_\w+)`")


def source(root, name):
    """The text of the file of that name, in whatever folder below."""
    return "".join(p.read_text() for p in root.rglob(name))


@functools.cache
def methods(module):
    """{Class.test} of a system test's file, those that a class inherits among them."""
    classes = {c.name: c for c in ast.parse(source(SYSTEM, module + ".py")).body
               if isinstance(c, ast.ClassDef)}

    def of(c):
        own = {m.name for m in c.body if isinstance(m, ast.FunctionDef)}
        for base in c.bases:
            own |= of(classes[base.id]) if getattr(base, "id", "") in classes else set()
        return own
    return {f"{name}.{m}" for name, c in classes.items() for m in of(c)}


def runs(name):
    if name.startswith("unit/"):
        program, function = name[len("unit/"):].split(".")
        text = source(UNIT, program + ".c")
        # Defined, and called or in the table of those that are.
        return re.search(rf"(?m)^static \w+ {function}\(", text) and len(
            re.findall(rf"\b{function}\b", text)) > 1
    module, _, rest = name.partition(".")
    return rest in methods(module)


class Map(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(ROOT, "docs", "proven.md"), encoding="utf-8") as f:
            self.rows = [l for l in f if l.startswith("| ")][2:]

    def test_each_test_exists(self):
        names = NAME.findall("".join(self.rows))
        self.assertGreater(len(names), 100)
        missing = [n for n in names if not runs(n)]
        self.assertEqual(missing, [])

    def test_each_row_has_one(self):
        """But for those that head a part."""
        bare = [r for r in self.rows if not NAME.search(r) and not r.startswith("| **")]
        self.assertEqual(bare, [])
