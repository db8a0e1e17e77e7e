"""
The report on availability against a month with 40 outages, restarts and gaps, in a real
Prometheus: what the dashboard's own expressions say is what was true of the month.

The scrapes of the month become blocks; the shipped rules, asked for every minute near anything
that happens, become the recorded series. Where nothing happens, minutes are alike: the last one
asked for is written for all of them, and some of those are asked for as well.
"""

import calendar
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

import month
import yaml
from harness import ROOT, free_port, wait_for

BASE = calendar.timegm((2026, 10, 1, 0, 0, 0))
DASHBOARD = os.path.join(ROOT, "grafana", "dashboards", "siptrunk-availability.json")
RULES = os.path.join(ROOT, "alerts", "siptrunk.rules.yaml")

NORTH = {"job": "siptrunk", "instance": "a:10060", "trunk": "north", "carrier": "isp-a"}
SOUTH = {"job": "siptrunk", "instance": "b:10060", "trunk": "south", "carrier": "isp-b"}
OF_EXPORTERS = {"up", "siptrunk_exporter_build_info",
                "siptrunk_exporter_config_last_reload_success_timestamp_seconds"}
KINDS = {"siptrunk_state_changes_total": "counter", "siptrunk_probe_failures_total": "counter",
         "siptrunk_probe_responses_total": "counter"}


def rules():
    """(rule, every how many minutes it has its turn)"""
    with open(RULES, encoding="utf-8") as f:
        groups = {g["name"]: g for g in yaml.safe_load(f)["groups"]}
    for name, every in (("siptrunk-availability", 1), ("siptrunk-outage-causes", 5)):
        if groups[name]["interval"] != f"{every}m":
            raise AssertionError(name)
        yield from ((rule, every) for rule in groups[name]["rules"])


def write_openmetrics(path, series):
    """series: {name: [(labels, [(time, value)])]}"""
    with open(path, "w", encoding="utf-8") as f:
        for name, rows in series.items():
            counter = KINDS.get(name) == "counter"
            f.write(f"# TYPE {name[:-6] if counter else name} {KINDS.get(name, 'gauge')}\n")
            for labels, points in rows:
                text = ",".join(f'{k}="{v}"' for k, v in labels.items())
                f.writelines(f"{name}{{{text}}} {v!r} {t:.3f}\n" for t, v in points)
        f.write("# EOF\n")


class Prometheus:
    def __init__(self, folder):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.process = None
        with open(os.path.join(folder, "prometheus.yaml"), "w") as f:
            f.write("global: {}\n")

    def add(self, series):
        path = os.path.join(self.folder, "series.txt")
        write_openmetrics(path, series)
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics",
                        "--max-block-duration=744h", path, self.data], check=True,
                       stdout=subprocess.DEVNULL)
        os.unlink(path)

    def start(self):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yaml",
             f"--storage.tsdb.path={self.data}", "--storage.tsdb.retention.time=100y",
             f"--web.listen-address={self.url[7:]}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("Prometheus", self.ready, 30)

    def ready(self):
        try:
            with urllib.request.urlopen(self.url + "/-/ready"):
                return True
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def ask(self, path, **params):
        body = urllib.parse.urlencode(params).encode()
        try:
            with urllib.request.urlopen(self.url + path, body, timeout=120) as r:
                return json.load(r)["data"]["result"]
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{params}: {e.read()}") from e

    def range(self, expr, start, end):
        return self.ask("/api/v1/query_range", query=expr, start=start, end=end, step=60)

    def now(self, expr, at):
        return self.ask("/api/v1/query", query=expr, time=at)


def spans_near(months, every):
    """Minutes in a row near something that happens, as (first, last)."""
    within = month.NEAR_S + 60 * (every - 1)
    last = months[0].days * 1440 + 10
    near = [m for m in range(-10, last)
            if any(x.near(m * 60 + 30, within) for x in months) or m in (-10, last - 1)]
    begin = near[0]
    for a, b in zip(near, near[1:] + [None]):
        if b != a + 1:
            yield begin, a
            begin = b


def turn(minute):
    return BASE + (minute + 2) * 60 + month.TURN_S


def record(prometheus, months):
    """What the rules record in the month: {name: [(labels, points)]}."""
    out, quiet = {}, []
    told = months[0].watched
    for rule, every in rules():
        series = {}
        before = {}
        for first, last in spans_near(months, every):
            found = prometheus.range(rule["expr"], turn(first), turn(last))
            heads = {}
            for row in found:
                labels = {**row["metric"], **rule.get("labels", {})}
                labels.pop("__name__", None)
                key = tuple(sorted(labels.items()))
                points = [(float(t), float(v)) for t, v in row["values"]]
                if points[0][0] == turn(first):
                    heads[key] = points[0][1]
                # Since the span before: every minute as its last one.
                if key in before and before[key][0] < first:
                    since, value = before[key]
                    until = "until" in rule["record"]
                    series[key] += [(turn(m), BASE + 60 * (m + 1) if until else value)
                                    for m in range(since, first)]
                series.setdefault(key, []).extend(points)
            filled = {k: v for k, (_, v) in before.items()}
            if not {"until", "recorded", "causes"} & set(re.findall("[a-z]+", rule["record"])):
                quiet.append((rule["record"], first, filled, heads))
            before = {k: (last + 1, p[-1][1]) for k, p in series.items()
                      if p[-1][0] == turn(last)}
        rows = out.setdefault(rule["record"], [])
        for key, points in series.items():
            kept = [(t, v) for t, v in points
                    if told(t - BASE) and (t - turn(0)) % (60 * every) == 0]
            rows.append((dict(key), kept))
    return out, quiet


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"),
                     "prometheus is not installed")
class Availability(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="siptrunk-availability-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.month = month.ordinary(1)
        cls.calm = month.Month(cls.month.days, [month.Run(-3600, cls.month.length + 3600, [(-3600, "up")])],
                               cls.month.gaps, {})
        cls.prometheus = Prometheus(cls.folder)
        cls.addClassCleanup(cls.prometheus.stop)
        cls.prometheus.add(cls.scrapes())
        cls.prometheus.start()
        cls.recorded, cls.quiet = record(cls.prometheus, [cls.month, cls.calm])
        cls.prometheus.stop()
        cls.prometheus.add(cls.recorded)
        cls.prometheus.start()
        with open(DASHBOARD, encoding="utf-8") as f:
            cls.dashboard = json.load(f)

    @classmethod
    def scrapes(cls):
        series = {}
        for labels, life in ((NORTH, cls.month), (SOUTH, cls.calm)):
            for (name, more), points in life.samples(BASE).items():
                own = {k: v for k, v in labels.items()
                       if name not in OF_EXPORTERS or k in ("job", "instance")}
                series.setdefault(name, []).append(({**own, **dict(more)}, points))
        return series

    def table(self, title):
        """{heading: {row: value}} of a table or a number, as Grafana asks for it."""
        panel = next(p for p in self.dashboard["panels"] if p["title"] == title)
        names = {}
        for t in panel.get("transformations", []):
            names.update(t["options"].get("renameByName", {}))
        out = {}
        for target in panel["targets"]:
            expr = target["expr"].replace("$__range", f"{self.month.length}s")
            for name in ("job", "instance", "trunk", "carrier"):
                expr = expr.replace(f'"${name}"', '".+"')
            self.assertNotIn("$", expr.replace('"$1"', ""))
            found = self.prometheus.now(expr, BASE + self.month.length - 0.001)
            ref = "Value" if len(panel["targets"]) == 1 else f"Value #{target['refId']}"
            out[names.get(ref, ref)] = [(r["metric"], float(r["value"][1])) for r in found]
        return out

    def of(self, rows, **labels):
        found = [v for m, v in rows if all(m.get(k) == w for k, w in labels.items())]
        self.assertEqual(len(found), 1, (labels, rows))
        return found[0]

    # A second at each end of what is known is not looked at whole.
    def assertSeconds(self, a, b, edges=1):
        self.assertAlmostEqual(a, b, delta=edges)

    def test_quiet_minutes_are_alike(self):
        for name, first, filled, heads in self.quiet:
            for key in set(filled) | set(heads):
                self.assertEqual(filled.get(key, heads.get(key)), heads.get(key, filled.get(key)),
                                 (name, first, key))

    def test_trunks(self):
        self.check(self.table("Trunks"), "trunk", ("north", "south"))

    def test_carriers(self):
        self.check(self.table("Carriers"), "carrier", ("isp-a", "isp-b"))

    def check(self, table, label, names):
        listed = self.month.listed()
        for name, life in zip(names, (self.month, self.calm)):
            want = life.figures()
            row = {h: self.of(rows, **{label: name}) for h, rows in table.items()
                   if name == names[0] or h not in ("Longest", "Mean")}
            edges = len(life.runs) + len(life.gaps) * 2
            with self.subTest(name):
                self.assertSeconds(row["Not monitored"], want["unseen"], edges)
                self.assertSeconds(row["Planned"], want["planned"])
                self.assertSeconds(row["Down"], want["down"])
                share = 1 - want["down"] / want["monitored"]
                self.assertAlmostEqual(row["Availability"], share, delta=1e-6)
                self.assertAlmostEqual(row["Allowance used"], (1 - share) / 0.001, delta=1e-3)
                self.assertEqual(row["Outages"], len(listed) if life is self.month else 0)
        lasted = [(e or seen) - b for b, (e, seen) in listed.items()]
        rows = {h: self.of(rows, **{label: names[0]}) for h, rows in table.items()}
        self.assertSeconds(rows["Longest"], max(lasted))
        self.assertSeconds(rows["Mean"], self.month.figures()["down"] / len(lasted))

    def test_outages(self):
        table = self.table("Outages")
        want = self.month.listed()
        self.assertEqual(len(want), 40)
        began = {m["z_first"]: v / 1000 - BASE for m, v in table["Began"]}
        self.assertEqual(len(began), len(want))
        ended = {m["z_first"]: v for m, v in table["Ended"]}
        lasted = {m["z_first"]: v for m, v in table["Lasted"]}
        causes = {m["z_first"]: m["cause"] for m, v in table["Value #D"]}
        for row, (begin, (end, seen)) in zip(sorted(began, key=began.get), sorted(want.items())):
            with self.subTest(begin=begin):
                self.assertAlmostEqual(began[row], begin, delta=0.001)
                if end is not None and end < self.month.length:
                    self.assertAlmostEqual(ended[row] / 1000 - BASE, end, delta=0.001)
                    self.assertAlmostEqual(lasted[row], end - begin, delta=0.002)
                else:
                    self.assertEqual(ended[row], -1 if seen > self.month.length - 1 else 0)
                    self.assertSeconds(lasted[row], seen - begin)
                self.assertEqual(causes[row], self.month.causes[begin])

    def test_variables(self):
        """All that can be chosen, and nothing else: who was recorded."""
        want = {"job": {"siptrunk"}, "instance": {"a:10060", "b:10060"},
                "carrier": {"isp-a", "isp-b"}, "trunk": {"north", "south"}}
        for v in self.dashboard["templating"]["list"]:
            if v["type"] != "query":
                continue
            query = re.sub(r'"\$\w+"', '".+"', v["query"]["query"])
            selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()
            found = self.prometheus.ask(
                "/api/v1/query", query=f"count by ({label}) ({selector})",
                time=turn(self.month.days * 720))
            self.assertEqual({r["metric"][label] for r in found}, want.pop(v["name"]))
        self.assertEqual(want, {})

    def test_numbers(self):
        unseen = self.month.figures()["unseen"] + self.calm.figures()["unseen"]
        (_, value), = self.table("Not monitored")["Value"]
        self.assertSeconds(value, unseen, 40)
        (_, value), = self.table("Number of outages")["Value"]
        self.assertEqual(value, 40)
        down, monitored = (sum(x.figures()[name] for x in (self.month, self.calm))
                           for name in ("down", "monitored"))
        (_, value), = self.table("Availability")["Value"]
        self.assertAlmostEqual(value, 1 - down / monitored, delta=1e-6)
        (_, value), = self.table("Objective")["Value"]
        self.assertEqual(value, 0.999)
        (_, value), = self.table("From")["Value"]
        self.assertEqual(value / 1000, BASE)
        (_, value), = self.table("Until")["Value"]
        self.assertEqual(value / 1000, BASE + self.month.length)


if __name__ == "__main__":
    unittest.main()
