#!/usr/bin/python3
"""
Breaks the rules one at a time, each in a way that somebody might, and says which breaks no
unit test notices.

    alerts/mutants.py [--jobs N] [--list] [WORD]...

With words, only mutants whose name holds one of them. Exits with 1 if any survived. All of
them take hours, so it is for whoever changes a rule, not for every run of the tests.

A mutant is tried on as little as can notice it: the rules that it can reach and those that
they read, on every unit test, the likely ones first.
"""

import argparse
import collections
import concurrent.futures
import copy
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
RULES = "siptrunk.rules.yaml"

# Breaks that no test can notice, and why: (part of the name, reason).
EQUAL = tuple((part, "an increase is extrapolated, and never just at the edge") for part in (
    "siptrunk:problem flapping: >= to >",
    "siptrunk:problem packet_loss: >= to >",
    "siptrunk:inbound_options:interval_seconds: >= to >",
))

TOKEN = re.compile(r"""
    (?P<string>"(?:[^"\\]|\\.)*") | (?P<range>\[[^\]]*\]) | (?P<labels>\{[^}]*\})
  | (?P<compare>==|!=|>=|<=|>|<) | (?P<word>[A-Za-z_:][\w:]*) | (?P<number>\d+(?:\.\d+)?)
  | (?P<other>.)""", re.VERBOSE | re.DOTALL)
FLIPPED = {"==": "!=", "!=": "==", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}
EDGE = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}
TURNED = {"min": "max", "max": "min", "min_over_time": "max_over_time",
          "max_over_time": "min_over_time", "+": "-", "-": "+", "/": "*", "*": "/"}
DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w)")
SET_WORDS = ("and", "or", "unless")

Mutant = collections.namedtuple("Mutant", "name rule field value")


def tokens(expr):
    return [(m.lastgroup, m[0]) for m in TOKEN.finditer(expr)]


def text(parts):
    return "".join(t for _, t in parts)


def name_of(rule):
    """The record, with the problem that it is of, or the alert with its severity."""
    if "alert" in rule:
        return f"{rule['alert']} {rule['labels']['severity']}"
    problem = rule.get("labels", {}).get("problem")
    return f"{rule['record']} {problem}" if problem else rule["record"]


# Breaks of an expression: (what, expression)

def comparisons(expr):
    parts = tokens(expr)
    for i, (kind, word) in enumerate(parts):
        if kind != "compare":
            continue
        yield f"{word} to {FLIPPED[word]}", text(
            parts[:i] + [(kind, FLIPPED[word])] + parts[i + 1:])
        # Whether the edge counts matters where things are counted.
        if word in EDGE and re.match(r"\s*([1-9]\d*(?![\d.])|on \(\) group_left \(\) "
                                     r"siptrunk:threshold:(flaps|loss_packets))",
                                     text(parts[i + 1:])):
            yield f"{word} to {EDGE[word]}", text(
                parts[:i] + [(kind, EDGE[word])] + parts[i + 1:])


# How long a problem has to be seen before its alert fires; it stands in the expression.
WAIT = re.compile(r"(?<=seen_timestamp_seconds <= \(time\(\) - )\d+(?=\))")


def waits(expr):
    for m in WAIT.finditer(expr):
        for value, what in (("0", "no wait"), (str(int(m[0]) * 4), f"wait of {m[0]} s longer")):
            yield what, expr[:m.start()] + value + expr[m.end():]


def numbers(expr):
    parts = tokens(expr)
    waited = {m.start() for m in WAIT.finditer(expr)}
    for i, (kind, word) in enumerate(parts):
        if kind == "number" and float(word) > 1 and len(text(parts[:i])) not in waited:
            for factor in (0.5, 2):
                yield f"{word} times {factor}", text(
                    parts[:i] + [(kind, f"{float(word) * factor:g}")] + parts[i + 1:])


def windows(expr):
    parts = tokens(expr)
    for i, (kind, word) in enumerate(parts):
        if kind == "range":
            for factor, what in ((4, "longer"), (0.25, "shorter")):
                yield f"{word} {what}", text(
                    parts[:i] + [(kind, scaled(word, factor))] + parts[i + 1:])


def scaled(duration, factor):
    """The first duration of a text, times @factor."""
    unit_s = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return DURATION.sub(
        lambda m: f"{max(1, round(int(m[1]) * unit_s[m[2]] * factor))}s", duration, count=1)


def depths(parts):
    depth = 0
    for _, word in parts:
        depth -= word == ")"
        yield depth
        depth += word == "("


def clauses(expr):
    """Leaves out what a set operator joins: `and X`, `unless X`, `or X`, and `X or`."""
    parts = tokens(expr)
    depth = list(depths(parts))
    for i, (kind, word) in enumerate(parts):
        if kind != "word" or word not in SET_WORDS:
            continue
        ends = ("or",) if word == "or" else SET_WORDS
        stop = next((k for k in range(i + 1, len(parts))
                     if depth[k] < depth[i] or depth[k] == depth[i] and parts[k][1] in ends),
                    len(parts))
        yield f"without {shown(parts[i:stop])}", text(parts[:i] + parts[stop:])
        if word == "or":
            start = next((k + 1 for k in range(i - 1, -1, -1)
                          if depth[k] < depth[i] or depth[k] == depth[i]
                          and (parts[k][1] in ("or", "("))), 0)
            yield f"without {shown(parts[start:i])} or", text(parts[:start] + parts[i + 1:])


def shown(parts):
    return " ".join(text(parts).split())[:60]


def signs(expr):
    parts = tokens(expr)
    for i, (_, word) in enumerate(parts):
        if word in TURNED:
            yield f"{word} to {TURNED[word]}", text(
                parts[:i] + [("word", TURNED[word])] + parts[i + 1:])


def mutants(doc):
    for g, group in enumerate(doc["groups"]):
        for r, rule in enumerate(group["rules"]):
            who = name_of(rule)
            seen = collections.Counter()
            for breaks in (comparisons, numbers, waits, windows, clauses, signs):
                for what, expr in breaks(rule["expr"]):
                    seen[what] += 1
                    nth = f" #{seen[what]}" if seen[what] > 1 else ""
                    yield Mutant(f"{who}: {what}{nth}", (g, r), "expr", expr)
            for field in ("for", "keep_firing_for"):
                if field in rule:
                    yield Mutant(f"{who}: {field} 0s", (g, r), field, "0s")
                    yield Mutant(f"{who}: {field} longer", (g, r), field,
                                 scaled(rule[field], 4))


# What a mutant can reach

READ = re.compile(r'(siptrunk:[a-z0-9_:]+)(?:\{problem=(~?)"([a-z_|]+)"\})?')


def reads(rule):
    """What is recorded that a rule reads, in its expression and in its templates: names, each
    with a regular expression of the problems that it asks for."""
    texts = [rule["expr"], *rule.get("annotations", {}).values()]
    return {(name, problems or ".*") for t in texts for name, _, problems in READ.findall(t)}


def records(rule, wanted):
    """Whether a rule records something of @wanted, which is as reads() has it."""
    problem = rule.get("labels", {}).get("problem", "")
    return any(rule.get("record") == name and re.fullmatch(problems, problem)
               for name, problems in wanted)


def alerts_read(rule):
    """What an expression asks of other alerts, as regular expressions."""
    return set(re.findall(r'alertname=~?"([^"]*)"', rule["expr"]))


def reached(rules, start):
    """Every rule that changes when the rule @start does."""
    found = {start}
    while True:
        told = {rules[i]["alert"] for i in found if "alert" in rules[i]}
        more = {i for i, rule in enumerate(rules)
                if any(records(rules[k], reads(rule)) for k in found)
                or any(re.fullmatch(p, t) for p in alerts_read(rule) for t in told)}
        if more <= found:
            return found
        found |= more


def needed(rules, wanted):
    """The rules of @wanted and all that they read."""
    found = set(wanted)
    while True:
        wanted = set().union(*(reads(rules[i]) for i in found))
        told = set().union(*(alerts_read(rules[i]) for i in found))
        more = {i for i, rule in enumerate(rules)
                if records(rule, wanted)
                or any(re.fullmatch(p, rule.get("alert", "")) for p in told)}
        if more <= found:
            return found
        found |= more


def only(doc, keep, plain):
    """The rules number @keep alone; @plain ones say nothing."""
    doc = copy.deepcopy(doc)
    n = 0
    for group in doc["groups"]:
        kept = []
        for rule in group["rules"]:
            if n in keep:
                kept.append(rule)
                if plain:
                    rule.pop("annotations", None)
            n += 1
        group["rules"] = kept
    doc["groups"] = [g for g in doc["groups"] if g["rules"]]
    return doc


def about(test, names, plain):
    """A unit test with what it says of the alerts @names; and how much that is."""
    test = copy.deepcopy(test)
    said = 0
    # What is asked of recorded series is left out: a part of the rules records only a part.
    asked = [c for c in test.pop("promql_expr_test", ()) if "by (alertname" in c["expr"]]
    for check in asked:
        check["expr"] = check["expr"].replace(
            'alertstate="firing"', f'alertstate="firing",alertname=~"{"|".join(names)}"')
        check["exp_samples"] = [s for s in check["exp_samples"] or ()
                                if re.search(r'alertname="(\w+)"', s["labels"])[1] in names]
        said += len(check["exp_samples"])
    if asked:
        test["promql_expr_test"] = asked
    told = [c for c in test.pop("alert_rule_test", ()) if c["alertname"] in names]
    if plain:
        for check in told:
            for alert in check["exp_alerts"]:
                alert.pop("exp_annotations", None)
    if told:
        test["alert_rule_test"] = told
    return test, said + len(told)


class Shop:
    def __init__(self):
        self.doc = yaml.safe_load((HERE / RULES).read_text())
        self.rules = [rule for g in self.doc["groups"] for rule in g["rules"]]
        self.files = [yaml.safe_load(p.read_text())
                      for p in sorted(HERE.glob("siptrunk*_test.yaml"))]
        self.sound = {}

    def survives(self, mutant):
        g, r = mutant.rule
        if mutant.rule not in self.sound:
            whole = self.doc["groups"][g]["rules"][r]["expr"]
            self.sound[mutant.rule] = True
            if not self.survives(Mutant("", mutant.rule, "expr", whole)):
                raise SystemExit(f"the unit tests fail without a mutant: {mutant.name}")
        doc = copy.deepcopy(self.doc)
        doc["groups"][g]["rules"][r][mutant.field] = mutant.value
        start = sum(len(x["rules"]) for x in self.doc["groups"][:g]) + r
        hit = reached(self.rules, start)
        word = self.rules[start].get("labels", {}).get("problem")
        if word:
            # The course of all problems is recorded by the same rules: what this one reaches
            # are its own alerts, and those that ask for them.
            own = {i for i in hit if f'{{problem="{word}"}}' in self.rules[i]["expr"]
                   and "alert" in self.rules[i]}
            told = {self.rules[i]["alert"] for i in own}
            hit = {start} | own | {i for i in hit if any(
                re.fullmatch(p, a) for p in alerts_read(self.rules[i]) for a in told)
                and "alert" in self.rules[i]}
        names = sorted({self.rules[i]["alert"] for i in hit if "alert" in self.rules[i]})
        hit |= {i for i, rule in enumerate(self.rules) if rule.get("alert") in names}
        # Templates are worth reading only where the mutant is quoted by one.
        record = self.rules[start].get("record", "-")
        plain = not any(record in yaml.safe_dump(rule.get("annotations", {}))
                        for rule in self.rules)
        doc = only(doc, needed(self.rules, hit), plain)
        return not any(self.notices(doc, tests, head)
                       for head, tests in self.batches(names, plain))

    def batches(self, names, plain):
        """Unit tests that expect something of the alerts before those that do not."""
        for wanted in (True, False):
            for head in self.files:
                tests = [test for test, said in (about(t, names, plain)
                                                 for t in head["tests"])
                         if bool(said) == wanted]
                if tests:
                    yield head, tests

    @staticmethod
    def notices(doc, tests, head):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / RULES).write_text(yaml.safe_dump(doc, sort_keys=False))
            groups = [g["name"] for g in doc["groups"]]
            (folder / "test.yaml").write_text(yaml.safe_dump({
                **head, "tests": tests,
                "group_eval_order": [g for g in head["group_eval_order"] if g in groups],
            }, sort_keys=False))
            parses = subprocess.run(["promtool", "check", "rules", RULES], cwd=folder,
                                    capture_output=True)
            if parses.returncode:
                return True
            return subprocess.run(["promtool", "test", "rules", "test.yaml"], cwd=folder,
                                  capture_output=True).returncode != 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--list", action="store_true")
    p.add_argument("words", nargs="*", metavar="WORD")
    args = p.parse_args()
    shop = Shop()
    chosen = [m for m in mutants(shop.doc)
              if not args.words or any(w in m.name for w in args.words)]
    if args.list:
        print(*(m.name for m in chosen), sep="\n")
        return 0
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for mutant, lives in zip(chosen, pool.map(shop.survives, chosen)):
            reason = next((why for part, why in EQUAL if part in mutant.name), None)
            survivors += bool(lives and not reason)
            word = ("equal" if reason else "SURVIVED") if lives else "noticed"
            print(f"{word:9} {mutant.name}", flush=True)
    print(f"{len(chosen)} mutants, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
