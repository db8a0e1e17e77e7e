"""The page of figures: each bench has its part, and one that is measured anew replaces its own."""

import importlib.machinery
import importlib.util
import os
import re
import unittest

from harness import ROOT

PAGE = "# Figures\n\nwords\n\n## b\n\nold b\n\n```\n1\n```\n\n## d\n\nold d\n"


def bench():
    loader = importlib.machinery.SourceFileLoader("bench", os.path.join(ROOT, "scripts", "bench"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
    loader.exec_module(module)
    return module


class Figures(unittest.TestCase):
    def test_each_bench_has_its_part(self):
        names = {re.sub(r"_bench\.(c|py)$", "", f)
                 for f in os.listdir(os.path.join(ROOT, "tests", "bench"))
                 if re.search(r"_bench\.(c|py)$", f)}
        with open(os.path.join(ROOT, "docs", "figures.md")) as f:
            parts = re.findall(r"^## (\S+)", f.read(), re.M)
        self.assertEqual(sorted(parts), sorted(names))

    def test_a_whole_page(self):
        page = bench().renewed("# Figures\n\nwords\n", ["b", "a"], {"a": "## a\n", "b": "## b\n"})
        self.assertEqual(page, "# Figures\n\nwords\n\n## b\n\n## a\n")

    def test_one_is_replaced_and_the_others_stay(self):
        page = bench().renewed(PAGE, "abcd", {"b": "## b\n\nnew b\n"})
        self.assertEqual(page, PAGE.replace("old b\n\n```\n1\n```\n", "new b\n"))

    def test_a_new_one_finds_its_place(self):
        page = bench().renewed(PAGE, "abcd", {"c": "## c\n\nnew c\n"})
        self.assertEqual(re.findall(r"^## (\S)", page, re.M), ["b", "c", "d"])
        self.assertIn("old b", page)

    def test_it_says_when(self):
        module = bench()
        source = os.path.join(ROOT, "tests", "bench", "growth_bench.py")
        part = module.section("growth", module.Path(source), ["1"], "2026-01-01, abc: 2 × CPU")
        self.assertIn("\n\nMeasured later: 2026-01-01, abc: 2 × CPU\n\n![growth]", part)
        self.assertNotIn("Measured later", module.section("growth", module.Path(source), ["1"]))
