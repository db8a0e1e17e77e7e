"""
The rooms hold: scripts/rooms complains of each way to break its rule, and the linker of a
call that needs no include.
"""

import importlib.machinery
import importlib.util
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import ROOT

ROOT = pathlib.Path(ROOT)
SCRIPT = ROOT / "scripts" / "rooms"
LOW, HIGH = "sipprobe/message", "sipprobe/engine"  # and what must not be called from where
SKIPPED = shutil.ignore_patterns(".git", "build*", "node_modules", "__pycache__", "data")


def load_script():
    """scripts/rooms as a module, for what it knows of the tree."""
    loader = importlib.machinery.SourceFileLoader("rooms", str(SCRIPT))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("rooms", loader))
    loader.exec_module(module)
    return module


class Copy(unittest.TestCase):
    """A copy of the tree, to be broken."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="siptrunk-rooms-")
        self.addCleanup(shutil.rmtree, folder)
        self.root = pathlib.Path(folder, "tree")
        shutil.copytree(ROOT, self.root, ignore=SKIPPED, symlinks=True)
        self.script = load_script()
        self.rooms = self.script.table((self.root / "meson.build").read_text())

    def first(self, room, pattern):
        """The name of a file of a room, from the root."""
        path = sorted((self.root / room).glob(pattern))[0]
        return str(path.relative_to(self.root))

    def add(self, name, text):
        with open(self.root / name, "a") as f:
            f.write(text)


class Includes(Copy):
    def complaints(self):
        run = subprocess.run([SCRIPT, self.root], stdout=subprocess.PIPE, text=True)
        self.assertEqual(run.returncode, 1 if run.stdout else 0)
        return set(run.stdout.splitlines())

    def broken(self):
        """What is complained of that was not before."""
        return self.complaints() - self.before

    def setUp(self):
        super().setUp()
        self.before = self.complaints()

    def test_upwards(self):
        name, header = self.first(LOW, "*.c"), self.first(HIGH, "*.h")
        self.add(name, f'#include "{header}"\n')
        self.assertIn(f'{name}: includes "{header}", but {LOW} may not use {HIGH}',
                      self.broken())

    def test_private_header(self):
        room, other, header = next(
            (room, other, self.first(other, "*_private.h"))
            for room, uses in self.rooms.items() for other in uses
            if list((self.root / other).glob("*_private.h")))
        name = self.first(room, "*.c")
        self.add(name, f'#include "{header}"\n')
        self.assertIn(f'{name}: includes "{header}", which is private to {other}',
                      self.broken())

    def test_circle(self):
        """Three files of a room may know each other, four may not."""
        names = [f"base/circle_{i}.h" for i in range(4)]
        for count in (3, 4):
            for i in range(count):
                (self.root / names[i]).write_text(
                    f'#include "{names[(i + 1) % count]}"\n')
            self.assertEqual(self.broken(), set() if count == 3 else {
                f"a circle of 4 files: {', '.join(names)}"})

    def test_documented_table(self):
        path = self.root / "docs" / "architecture.md"
        text = path.read_text()
        path.write_text(text.replace(f"| `{LOW}/` | `base`", f"| `{LOW}/` | `{HIGH}`"))
        self.assertNotEqual(path.read_text(), text)
        self.assertEqual(self.broken(), {
            "docs/architecture.md: its table of rooms is not meson.build's"})

    def test_crowded(self):
        for i in range(self.script.FILES_MAX + 1):
            (self.root / "base" / f"more_{i}.h").write_text("")
        self.assertRegex("".join(self.broken()), "base/ holds .* files of code, over ")


class Calls(Copy):
    def build(self):
        return subprocess.run(
            ["ninja", "-C", self.root / "build", "closed_" + LOW.replace("/", "_")],
            stdout=subprocess.PIPE, text=True)

    def test_upwards(self):
        """Without an include, so that nobody but the linker can know."""
        defined = self.script.DEFINITION.findall("".join(
            path.read_text() for path in sorted((self.root / HIGH).glob("*.c"))))[0]
        setup = subprocess.run(
            ["meson", "setup", "--buildtype=plain", "-Dtests=false", self.root / "build",
             self.root], stdout=subprocess.PIPE, text=True)
        self.assertEqual(setup.returncode, 0, setup.stdout)
        good = self.build()
        self.assertEqual(good.returncode, 0, good.stdout)
        self.add(self.first(LOW, "*.c"),
                 f"void {defined}(void);\nvoid upwards(void);\n"
                 f"void upwards(void)\n{{\n\t{defined}();\n}}\n")
        bad = self.build()
        self.assertNotEqual(bad.returncode, 0)
        self.assertRegex(bad.stdout, f"undefined reference to .{re.escape(defined)}'")
