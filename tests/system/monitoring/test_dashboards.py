"""The dashboards of grafana/: well formed, well laid out, and answered by a Prometheus."""

import functools
import glob
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import grafana_rules
import remote_write
import synthetic
from harness import EXE, PATIENCE, ROOT, Case, Exporter, free_port, run, wait_for

GRAFANA = os.path.join(ROOT, "grafana")
MIXIN = os.path.join(ROOT, "mixin")

# What Prometheus itself adds to every target, and to every alert.
PROMETHEUS = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}

DARK, LIGHT = "#181B1F", "#FFFFFF"


def missing(program):
    return shutil.which(program) is None


@functools.lru_cache(maxsize=None)
def dashboards():
    """{uid: dashboard}"""
    found = {}
    for path in sorted(glob.glob(os.path.join(GRAFANA, "dashboards", "*.json"))):
        with open(path, encoding="utf-8") as f:
            d = json.load(f)
        found[d["uid"]] = d
    return found


def everything(d):
    return [q for p in d["panels"] for q in (p, *p.get("panels", ()))]


def rows(d):
    """The headings."""
    return [p for p in everything(d) if p["type"] == "row"]


def panels(d):
    """All but the headings."""
    return [p for p in everything(d) if p["type"] != "row"]


def expressions(d):
    """(where, expression) of everything that a dashboard asks."""
    for p in panels(d):
        for t in p["targets"]:
            yield f"{d['uid']}: {p['title']} {t['refId']}", t["expr"]
    for a in d["annotations"]["list"]:
        yield f"{d['uid']}: annotation {a['name']}", a["expr"]


def selected(d, **chosen):
    """The variables of a dashboard as Grafana writes them into an expression."""
    values = {}
    for v in d["templating"]["list"]:
        if v["type"] != "query":
            continue
        value = chosen.get(v["name"], v.get("allValue", "alpha"))
        values[v["name"]] = (
            "(" + "|".join(map(escape, value)) + ")" if isinstance(value, list)
            else value)
    return values


def escape(value):
    """As Grafana's Prometheus data source writes chosen values into a regex."""
    return re.sub(r"[\\^$*+?.()|\[\]{}]", r"\\\\\g<0>", value)


def fill(expr, values, window="2m", span="1h"):
    expr = expr.replace("$__rate_interval", window).replace("$__range", span)
    for name, value in values.items():
        expr = re.sub(rf"\${name}\b", lambda _: value, expr)
    # Grafana leaves alone what is no variable's name: the groups of label_replace().
    if "$" in re.sub(r'"\$\d"(?=, "\w+", "[^"]*\()', "", expr):
        raise AssertionError(f"a variable is left: {expr}")
    return expr


def node(*args, text=""):
    r = subprocess.run(["node", "check.mjs", *args], cwd=GRAFANA, input=text,
                       capture_output=True, text=True)
    if r.returncode:
        raise AssertionError(r.stdout + r.stderr)
    return json.loads(r.stdout)


@functools.lru_cache(maxsize=None)
def catalogue():
    """{family: (type, labels)} as the program lists them."""
    code, out, err = run("--list-metrics")
    if code:
        raise AssertionError(err)
    lines = [line.split("\t") for line in out.splitlines()]
    return {name: (kind, set(filter(None, labels.split(","))))
            for name, kind, _, labels, *_ in lines}


def jsonnet(text):
    r = subprocess.run(["jsonnet", "-J", MIXIN, "-e", text], capture_output=True, text=True)
    if r.returncode:
        raise AssertionError(r.stderr)
    return json.loads(r.stdout)


# The rules are left out: what they print has tests of its own.
PRINTED = """((import "config.libsonnet") + (import "dashboards/dashboards.libsonnet")
  + (import "dashboards/availability.libsonnet") + { _config+:: %s }).grafanaDashboards"""

CHANGED = """{
  siptrunkSelector: 'job="sip",team="voice"',
  carrierLabel: 'provider',
  siteLabel: 'pop',
  exporterUrl: 'https://{{ $labels.instance }}/sip/',
  dashboardUidPrefix: 'voice-',
  dashboardTags: ['voice'],
  dashboardRefresh: '1m',
  dashboardFrom: 'now-24h',
  dashboardTimezone: 'utc',
  dashboardDatasource: 'Thanos',
  dashboardShowDatasource: true,
  latencySeconds: 0.3,
}"""


@unittest.skipIf(missing("jsonnet"), "jsonnet is not installed")
class Generated(unittest.TestCase):
    """
    What the mixin prints, for who changes it, too. That grafana/dashboards holds just that is
    test_alerts_static.Rules.test_printed_from_the_mixin's to say.
    """

    def test_current(self):
        """No dashboard that is not printed any more."""
        self.assertEqual([d["uid"] + ".json" for d in dashboards().values()],
                         jsonnet(f"std.objectFields({PRINTED % '{}'})"))

    def test_changed(self):
        printed = jsonnet(PRINTED % CHANGED)
        uids = {d["uid"] for d in printed.values()}
        self.assertLessEqual({"voice-fleet", "voice-trunk", "voice-exporter", "voice-wall"}, uids)
        for name, d in printed.items():
            with self.subTest(name):
                text = json.dumps(d)
                self.assertLessEqual(set(re.findall(r"/d/([a-z-]+)", text)), uids)
                # A month does not change while one reads it.
                self.assertEqual((d["tags"], d["refresh"], d["timezone"]), (
                    ["voice"], "" if d["uid"] == "voice-availability" else "1m", "utc"))
                for where, expr in expressions(d):
                    self.assertNotRegex(expr, r"\b(carrier|site)(=~|,| *\))", where)
        fleet = printed["siptrunk-fleet.json"]
        self.assertEqual(fleet["time"]["from"], "now-24h")
        self.assertIn("provider", json.dumps(fleet))
        variables = {v["name"]: v for v in fleet["templating"]["list"]}
        self.assertEqual((variables["datasource"]["current"]["value"],
                          variables["datasource"]["hide"]), ("Thanos", 0))
        self.assertEqual(variables["scheme"]["current"]["value"], "https")
        self.assertIn("${scheme}://${__data.fields.Instance}/sip/trunks/", json.dumps(fleet))
        for where, expr in expressions(fleet):
            for selector in re.findall(r"\bsiptrunk_\w+\{([^}]*)\}", expr):
                self.assertIn('job="sip",team="voice"', selector, where)

    def test_names(self):
        self.assertLessEqual({"siptrunk-calls", "siptrunk-exporter", "siptrunk-fleet",
                              "siptrunk-trunk", "siptrunk-wall"}, set(dashboards()))

    def test_every_problem_has_words(self):
        ranks = jsonnet('import "problems.libsonnet"')
        words = jsonnet('import "dashboards/words.libsonnet"')
        self.assertEqual({word for word, _, _ in words}, set(ranks))
        self.assertEqual([word for word, _, _ in words],
                         sorted(ranks, key=ranks.get, reverse=True))
        self.assertEqual({w: ranks[w] for w in synthetic.RANKS}, synthetic.RANKS)


class Lock(unittest.TestCase):
    def test_lock_names_no_host(self):
        with open(os.path.join(GRAFANA, "package-lock.json")) as f:
            text = f.read()
        self.assertIn('"integrity"', text)
        self.assertNotIn('"resolved"', text)


@unittest.skipIf(missing("node") or missing("npm"), "nodejs and npm are not installed")
class Checked(unittest.TestCase):
    """By Grafana's types and by Prometheus' grammar."""

    @classmethod
    def setUpClass(cls):
        have = os.path.join(GRAFANA, "node_modules", ".package-lock.json")
        want = os.path.join(GRAFANA, "package-lock.json")
        if os.path.exists(have) and os.path.getmtime(have) >= os.path.getmtime(want):
            return
        r = subprocess.run(["npm", "ci"], cwd=GRAFANA, capture_output=True, text=True)
        if r.returncode:
            raise AssertionError("npm ci:\n" + r.stdout + r.stderr)

    def test_schema(self):
        files = sorted(glob.glob(os.path.join(GRAFANA, "dashboards", "*.json")))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
            json.dump(self.broken(), f)
            f.flush()
            answers = node("schema", *files, f.name)
        found = "\n".join(answers.pop(f.name))
        for file, errors in answers.items():
            with self.subTest(os.path.basename(file)):
                self.assertEqual(errors, [])
        for grafana, word in itertools.product(
                ("grafana-11", "grafana-current"),
                ("nonsense", "exprr", "/hide", "drawStyle", "custom.*nowhere")):
            with self.subTest(f"{grafana} refuses {word}"):
                self.assertRegex(found, f"{grafana}: .*{word}")

    @staticmethod
    def broken():
        """A dashboard with mistakes that a check worth its name finds."""
        d = json.loads(json.dumps(dashboards()["siptrunk-fleet"]))
        d["panels"][0]["options"]["nonsense"] = 1
        d["panels"][1]["targets"][0]["exprr"] = "up"
        d["templating"]["list"][0]["hide"] = 9
        graph = next(p for p in panels(d) if p["type"] == "timeseries")
        graph["fieldConfig"]["defaults"]["custom"].update(drawStyle="pie", nowhere=1)
        return d

    def test_expressions(self):
        every = [(where, fill(expr, selected(d)))
                 for d in dashboards().values() for where, expr in expressions(d)]
        answers = node("promql", text=json.dumps([expr for _, expr in every]))
        known = set(PROMETHEUS)
        for name, (kind, _) in catalogue().items():
            known |= {name}
            if kind == "histogram":
                known |= {name + end for end in ("_bucket", "_sum", "_count")}
        with open(os.path.join(ROOT, "alerts", "siptrunk.rules.yaml"), encoding="utf-8") as f:
            known |= set(re.findall(r"record: *(\S+)", f.read()))
        for (where, _), answer in zip(every, answers):
            with self.subTest(where):
                self.assertEqual(answer["errors"], [])
                self.assertTrue(answer["metrics"] or where.startswith("siptrunk-availability: From"))
                self.assertLessEqual(set(answer["metrics"]), known)

    def test_every_family_is_shown(self):
        text = json.dumps(list(dashboards().values()))
        self.assertEqual([name for name in catalogue()
                          if not re.search(rf"\b{name}(_bucket|_sum)?\b", text)], [])


class Catalogue(unittest.TestCase):
    """The imaginary fleet speaks as the real exporter does."""

    def test_families(self):
        real = {name: labels for name, (_, labels) in catalogue().items()}
        fleet = synthetic.Fleet(1_800_000_000)
        made = {name: labels for name, labels in fleet.families().items()
                if name not in PROMETHEUS and not name.startswith("siptrunk:")}
        self.assertEqual(set(made), set(real))
        for name, labels in made.items():
            with self.subTest(name):
                self.assertEqual(
                    labels - {"job", "instance", "carrier", "site"}, real[name])


class Layout(unittest.TestCase):
    def each(self, check):
        for uid, d in dashboards().items():
            for p in panels(d):
                with self.subTest(f"{uid}: {p['title']}"):
                    check(p)

    def test_no_overlap_and_no_hole(self):
        for uid, d in dashboards().items():
            with self.subTest(uid):
                cells = [(x, y) for p in (*panels(d), *rows(d)) for g in [p["gridPos"]]
                         for x in range(g["x"], g["x"] + g["w"])
                         for y in range(g["y"], g["y"] + g["h"])]
                self.assertEqual(len(cells), len(set(cells)))
                self.assertEqual(set(cells), set(itertools.product(
                    range(24), range(max(y for _, y in cells) + 1))))

    def test_readable_at_1280(self):
        """A column is 52 pixels there: below these widths a panel cannot be read."""
        least = {"stat": 4, "table": 12, "state-timeline": 12, "heatmap": 8,
                 "timeseries": 8, "text": 12}

        def check(p):
            self.assertGreaterEqual(p["gridPos"]["w"], least[p["type"]])
        self.each(check)

    def test_an_empty_cell_is_no_message(self):
        """What an empty table says must not stand in each empty cell of one that is not."""
        def check(p):
            if p["type"] != "table":
                return
            columns = set(p["transformations"][1]["options"]["renameByName"].values())
            own = {o["matcher"]["options"]: x["value"]
                   for o in p["fieldConfig"]["overrides"]
                   for x in o["properties"] if x["id"] == "noValue"}
            self.assertEqual(set(own), columns)
            self.assertLessEqual(max(map(len, own.values())), 11)
        self.each(check)

    def test_says_what_it_is(self):
        def check(p):
            defaults = p["fieldConfig"]["defaults"]
            self.assertRegex(p["title"], r"^\S.*\S$")
            self.assertRegex(p["description"], r"^[A-Z0-9].{20,}\.$")
            if p["type"] == "text":
                # It asks for nothing, so that there is nothing to have a unit or a colour.
                self.assertEqual(p["targets"], [])
                self.assertTrue(p["options"]["content"].strip())
                return
            self.assertTrue(defaults["unit"])
            self.assertTrue(defaults.get("noValue") or p["type"] == "state-timeline")
            self.assertTrue(defaults.get("thresholds") or p["type"] == "heatmap")
            self.assertEqual(p["datasource"]["uid"], "${datasource}")
        self.each(check)

    def test_ids(self):
        for uid, d in dashboards().items():
            ids = [p["id"] for p in everything(d)]
            self.assertEqual(len(ids), len(set(ids)), uid)
            for p in panels(d):
                refs = [t["refId"] for t in p["targets"]]
                self.assertEqual(len(refs), len(set(refs)))

    def test_head(self):
        for uid, d in dashboards().items():
            with self.subTest(uid):
                self.assertIs(d["editable"], False)
                self.assertGreaterEqual(d["schemaVersion"], 39)
                self.assertIn("siptrunk", d["tags"])
                names = [v["name"] for v in d["templating"]["list"]]
                self.assertEqual(names[:3], ["datasource", "job", "instance"])
                for v in d["templating"]["list"]:
                    if v["name"] in ("job", "instance"):
                        self.assertEqual((v["multi"], v["allValue"]), (True, ".+"))
                    if v["name"] in ("carrier", "site"):
                        self.assertEqual((v["multi"], v["allValue"]), (True, ".*"))

    def test_links_lead_somewhere(self):
        """Every link names a dashboard that there is, and variables that it has."""
        for uid, d in dashboards().items():
            own = {v["name"] for v in d["templating"]["list"]}
            text = json.dumps(d)
            led = set(re.findall(r"/d/([a-z-]+)", text))
            self.assertLessEqual(led, set(dashboards()), uid)
            if uid in ("siptrunk-fleet", "siptrunk-trunk", "siptrunk-exporter"):
                self.assertGreaterEqual(
                    {to for link in d["links"]
                     for to in re.findall(r"/d/([a-z-]+)", link["url"])},
                    {"siptrunk-fleet", "siptrunk-trunk", "siptrunk-exporter"} - {uid})
            for url in re.findall(r'"url": "(/d/[^"]+)"', text):
                there = {v["name"] for v in dashboards()[
                    re.match(r"/d/([a-z-]+)", url)[1]]["templating"]["list"]}
                carried = set(re.findall(r"\$\{(\w+):queryparam\}", url))
                self.assertLessEqual(carried, own & there, url)
                self.assertLessEqual(set(re.findall(r"var-(\w+)=", url)), there, url)
        self.assertIn("/trunks/${__data.fields.Trunk:percentencode}",
                      json.dumps(dashboards()["siptrunk-fleet"]))

    def test_links_from_alerts(self):
        for path in glob.glob(os.path.join(ROOT, "alerts", "*.rules.yaml")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            for uid, rest in re.findall(r"/d/([a-z-]+)([^\n]*)", text):
                self.assertIn(uid, dashboards())
                there = {v["name"] for v in dashboards()[uid]["templating"]["list"]}
                self.assertLessEqual(set(re.findall(r"var-(\w+)=", rest)), there)


def change(found, **settings):
    """Sets what stands at the paths: a__b=1 is found["a"]["b"] = 1."""
    for path, value in settings.items():
        *way, last = path.split("__")
        at = found
        for step in way:
            at = at[step]
        at[last] = value


# How each rule of Grafana is broken: dashboard, the panel's kind and title, what is done.
def spoil(kind, name="", **settings):
    def do(d):
        p = next(p for p in panels(d) if p["type"] == kind and name in p["title"])
        change(p, **settings)
    return do


def divide(d):
    p = next(p for p in panels(d) if p["title"] == "Mean")
    p["targets"][0]["expr"] = p["targets"][0]["expr"].replace(" > 0)", ")")


def show(name):
    def do(d):
        next(v for v in d["templating"]["list"] if v["name"] == name)["hide"] = 0
    return do


def last(d):
    d["annotations"]["list"][0].update(expr="siptrunk_up == 0")


def switch(d):
    d["annotations"]["list"][0].update(hide=False)


def interpolate(d):
    p = next(p for p in panels(d) if p["title"] == "Mean")
    p["targets"][0]["expr"] = (
        "histogram_quantile(0.95, sum by (le) (rate(siptrunk_probe_duration_seconds_bucket[5m])))")


def widen(d):
    p = next(p for p in panels(d) if p["title"] == "What is wrong now")
    for o in p["fieldConfig"]["overrides"]:
        o["properties"].append({"id": "custom.width", "value": 150})


def infinite(d):
    """What an objective of 1 makes of the allowance."""
    p = next(p for p in panels(d) if p["title"] == "Trunks")
    for t in p["targets"]:
        t["expr"] = t["expr"].replace(" < Inf", "")


def bring(d):
    """A label more, that no column is for."""
    p = next(p for p in panels(d) if p["type"] == "table")
    p["targets"][0]["expr"] = p["targets"][0]["expr"].replace("by (", "by (site, ", 1)


FLEET, TRUNK, WALL = "siptrunk-fleet", "siptrunk-trunk", "siptrunk-wall"
AVAILABILITY, CALLING = "siptrunk-availability", "siptrunk-calls"
SPOILT = (
    (grafana_rules.merged_values_need_a_fixed_colour, FLEET, spoil(
        "state-timeline", fieldConfig__defaults__color={"mode": "thresholds"})),
    (grafana_rules.a_timeline_says_nothing_of_nothing, FLEET, spoil(
        "state-timeline", fieldConfig__defaults__noValue="Nothing")),
    (grafana_rules.durations_are_short, TRUNK, spoil(
        "stat", "Last ping", fieldConfig__defaults__unit="dtdurations")),
    (grafana_rules.no_value_is_grey, TRUNK, spoil(
        "stat", "Certificate", fieldConfig__defaults__thresholds={
            "mode": "absolute", "steps": [{"value": None, "color": "#C62A35"}]})),
    (grafana_rules.nothing_is_divided_by_nothing, TRUNK, divide),
    (grafana_rules.nothing_is_divided_by_nothing, AVAILABILITY, infinite),
    (grafana_rules.marks_are_points, FLEET, last),
    (grafana_rules.variables_fit_one_row, FLEET, show("job")),
    (grafana_rules.variables_fit_one_row, FLEET, show("filters")),
    (grafana_rules.variables_fit_one_row, TRUNK, show("carrier")),
    (grafana_rules.variables_fit_one_row, AVAILABILITY, show("job")),
    (grafana_rules.variables_fit_one_row, FLEET, switch),
    (grafana_rules.legends_leave_room, FLEET, spoil(
        "timeseries", "slowest", options__legend__width=None)),
    (grafana_rules.axes_have_even_steps, AVAILABILITY, spoil(
        "timeseries", "By day", fieldConfig__defaults__unit="dthms")),
    (grafana_rules.no_panel_is_divided_by_pages, AVAILABILITY, spoil(
        "table", "Outages", gridPos__h=44)),
    (grafana_rules.no_panel_is_divided_by_pages, AVAILABILITY, spoil(
        "table", "Outages", gridPos__y=32)),
    (grafana_rules.titles_of_figures_are_short, TRUNK, spoil("stat", "Mean", title="Latency, median")),
    (grafana_rules.columns_fit, FLEET, widen),
    (grafana_rules.columns_have_headings, CALLING, bring),
    (grafana_rules.what_is_wrong_is_high, FLEET, spoil("table", "What is wrong", gridPos__h=9)),
    (grafana_rules.percentiles_are_of_native_histograms, TRUNK, interpolate),
    (grafana_rules.loss_is_a_share_of_all, FLEET, spoil(
        "timeseries", "Loss", fieldConfig__defaults__max=None)),
    (grafana_rules.nothing_is_not_of_a_hundred, TRUNK, spoil(
        "timeseries", "Changes of the peer", fieldConfig__defaults__custom={})),
    (grafana_rules.nothing_is_touched_on_a_wall, WALL, show("carrier")),
    (grafana_rules.nothing_is_touched_on_a_wall, WALL, spoil("stat", "Down,", gridPos__h=30)),
)


class RulesOfGrafana(unittest.TestCase):
    """What was learnt by looking; docs/dashboards.md tells how."""

    def test_kept(self):
        for uid, d in dashboards().items():
            for rule in grafana_rules.RULES:
                with self.subTest(uid, rule=rule.__name__):
                    self.assertEqual(rule(d), [], rule.__doc__)

    def test_each_finds_what_breaks_it(self):
        self.assertEqual({rule for rule, _, _ in SPOILT}, set(grafana_rules.RULES))
        for rule, uid, do in SPOILT:
            with self.subTest(rule.__name__):
                d = json.loads(json.dumps(dashboards()[uid]))
                do(d)
                self.assertTrue(rule(d))


# Machado, Oliveira and Fernandes 2009, severity 1: linear RGB as others see it.
SIGHT = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}


def linear(colour):
    parts = (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))
    return [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]


def seen(colour, sight):
    c = linear(colour)
    return [min(max(sum(m * x for m, x in zip(row, c)), 0), 1) for row in SIGHT[sight]]


def lab(rgb):
    r, g, b = rgb
    xyz = ((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
           0.2126 * r + 0.7152 * g + 0.0722 * b,
           (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(a, b):
    low, high = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b
                       for r, g, b in (linear(a), linear(b)))
    return (high + 0.05) / (low + 0.05)


class Colours(unittest.TestCase):
    def states(self):
        """The colours that mean something, from the mapping of the states."""
        p = next(p for p in panels(dashboards()["siptrunk-trunk"])
                 if p["title"] == "State")
        options = p["fieldConfig"]["defaults"]["mappings"][0]["options"]
        self.assertEqual({o["text"] for o in options.values()},
                         {"Up", "Degraded", "Down", "Not known", "Paused"})
        return sorted({o["color"] for o in options.values()})

    def test_told_apart_by_everyone(self):
        for sight in SIGHT:
            for a, b in itertools.combinations(self.states(), 2):
                with self.subTest(sight, a=a, b=b):
                    apart = sum((x - y) ** 2 for x, y in zip(
                        lab(seen(a, sight)), lab(seen(b, sight)))) ** 0.5
                    self.assertGreaterEqual(apart, 25)

    def test_seen_on_dark_and_light(self):
        for colour in self.states():
            for ground in (DARK, LIGHT):
                with self.subTest(colour, on=ground):
                    self.assertGreaterEqual(contrast(colour, ground), 3)

    def test_not_by_colour_names(self):
        """Grafana's named colours are its own reds and greens."""
        text = json.dumps(list(dashboards().values()))
        self.assertNotRegex(text, r'"(?:fixedColor|color|iconColor)": "[a-z]')


class Provisioning(unittest.TestCase):
    def read(self, name):
        yaml = __import__("yaml")
        with open(os.path.join(GRAFANA, "provisioning", name), encoding="utf-8") as f:
            return yaml.safe_load(f)

    def setUp(self):
        try:
            __import__("yaml")
        except ImportError:
            self.skipTest("python3-yaml is not installed")

    def test_datasource(self):
        source, = self.read("datasources/prometheus.yaml")["datasources"]
        self.assertEqual(source["type"], "prometheus")
        self.assertRegex(source["jsonData"]["timeInterval"], r"^\d+s$")

    def test_dashboards(self):
        provider, = self.read("dashboards/siptrunk.yaml")["providers"]
        self.assertEqual(provider["type"], "file")
        self.assertIs(provider["allowUiUpdates"], False)


@unittest.skipIf(missing("promtool"), "promtool is not installed")
class Promtool(unittest.TestCase):
    def test_expressions(self):
        every = [fill(expr, selected(d))
                 for d in dashboards().values() for _, expr in expressions(d)]
        rules = [{"record": f"check:dashboard:{i}", "expr": expr}
                 for i, expr in enumerate(every)]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
            json.dump({"groups": [{"name": "dashboards", "rules": rules}]}, f)
            f.flush()
            r = subprocess.run(["promtool", "check", "rules", f.name],
                               capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertIn(f"{len(rules)} rules found", r.stdout)


class Prometheus:
    """A server with a folder of its own; `targets` are scraped each second."""

    def __init__(self, targets=()):
        self.folder = tempfile.mkdtemp(prefix="siptrunk-prometheus-")
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        config = os.path.join(self.folder, "prometheus.yml")
        with open(config, "w") as f:
            json.dump({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                       "scrape_configs": [{
                           "job_name": "siptrunk",
                           "static_configs": [{"targets": list(targets)}]}]}, f)
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        # One block for all, so that samples of an hour may come in any order.
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}",
             f"--storage.tsdb.path={self.folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}",
             "--storage.tsdb.min-block-duration=60d",
             "--storage.tsdb.max-block-duration=60d", "--storage.tsdb.retention.time=1y",
             "--web.enable-remote-write-receiver",
             "--enable-feature=native-histograms"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for("Prometheus", self.ready, 30)

    def ready(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise AssertionError(self.log.read().decode())
        with urllib.request.urlopen(self.base + "/-/ready", timeout=5) as r:
            return r.status == 200

    def get(self, path, **params):
        url = f"{self.base}/api/v1/{path}?" + urllib.parse.urlencode(params)
        try:
            with urllib.request.urlopen(url, timeout=30) as r:
                return json.load(r)["data"]
        except urllib.error.HTTPError as e:
            text = e.read().decode()
            # Debian 13's Prometheus, 2.53, breaks on some sums of native histograms.
            if "unexpected error: runtime error: index out of range" in text:
                raise unittest.SkipTest("this Prometheus broke: " + text)
            raise AssertionError(f"{params}: {text}")

    def now(self, expr, at):
        """[(labels, value)]"""
        return [(r["metric"], float(r["value"][1]))
                for r in self.get("query", query=expr, time=at)["result"]]

    def range(self, expr, start, end, step):
        return self.get("query_range", query=expr, start=start, end=end,
                        step=step)["result"]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def has_value(series):
    """Whether one of its points is a number or a histogram with something in it."""
    return (any(v != "NaN" for _, v in series.get("values", ()))
            or any(float(h["count"]) > 0 for _, h in series.get("histograms", ())))


class Asked:
    """Asks a Prometheus as a dashboard does, `span_s` seconds up to `end`."""

    def __init__(self, prometheus, end, span_s=3600, window="2m"):
        self.prometheus, self.end, self.span_s = prometheus, end, span_s
        self.window = window

    def fill(self, expr, values):
        return fill(expr, values, self.window, f"{self.span_s}s")

    def target(self, p, t, values):
        """What one query of a panel gives: series or rows that hold a value."""
        expr = self.fill(t["expr"], values)
        if t["instant"]:
            return [(l, v) for l, v in self.prometheus.now(expr, self.end) if v == v]
        step = min({"1m": 60, "2m": 120}.get(p.get("interval"), 15), self.span_s // 12)
        return [s for s in self.prometheus.range(
            expr, self.end - self.span_s, self.end, step) if has_value(s)]

    def panel(self, p, values):
        """{refId: number of series}"""
        return {t["refId"]: len(self.target(p, t, values)) for t in p["targets"]}

    def table(self, p, values):
        """The rows of a table as Grafana's merge, organize and sorting leave them."""
        rows, one = [], len(p["targets"]) == 1
        for t in p["targets"]:
            name = "Value" if one else "Value #" + t["refId"]
            for labels, value in self.target(p, t, values):
                new = {**labels, name: value}
                for row in rows:
                    if name not in row and all(row[k] == new[k] for k in row.keys() & new):
                        row.update(new)
                        break
                else:
                    rows.append(new)
        organize = p["transformations"][1]["options"]
        rows = [{organize["renameByName"].get(k, k): v for k, v in row.items()
                 if not organize["excludeByName"].get(k)} for row in rows]
        for by in reversed(p["options"]["sortBy"]):
            rows.sort(key=lambda r: r.get(by["displayName"], 0), reverse=by["desc"])
        return rows


class Answered:
    """With an hour of the imaginary fleet; run with either kind of histogram."""

    classic = True

    @classmethod
    def setUpClass(cls):
        cls.prometheus = Prometheus()
        cls.addClassCleanup(cls.prometheus.close)
        fleet = synthetic.Fleet(int(time.time()), cls.classic)
        remote_write.write(cls.prometheus.base, [
            remote_write.series({"__name__": name, **dict(labels)}, samples)
            for (name, labels), samples in fleet.series.items()])
        remote_write.write(cls.prometheus.base, [
            remote_write.series({"__name__": name, **dict(labels)}, (), histograms)
            for (name, labels), histograms in fleet.native.items()])
        cls.ask = Asked(cls.prometheus, fleet.end)

    def panel(self, uid, title):
        return next(p for p in panels(dashboards()[uid]) if p["title"] == title)

    def rows(self, uid, title, **chosen):
        return self.ask.table(self.panel(uid, title), selected(dashboards()[uid], **chosen))

    def value(self, uid, title, **chosen):
        p = self.panel(uid, title)
        (_, value), = self.ask.target(
            p, p["targets"][0], selected(dashboards()[uid], **chosen))
        return value

    def wanted(self, p):
        """The queries that have an answer: of a heat map's one, percentiles of native ones."""
        refs = {t["refId"] for t in p["targets"]}
        if self.classic:
            refs -= {t["refId"] for t in p["targets"] if "histogram_quantile" in t["expr"]}
        return refs - {"native" if self.classic else "classic"}

    def test_every_panel(self):
        for uid in ("siptrunk-calls", "siptrunk-fleet", "siptrunk-exporter", "siptrunk-wall"):
            values = selected(dashboards()[uid])
            for p in panels(dashboards()[uid]):
                with self.subTest(f"{uid}: {p['title']}"):
                    found = self.ask.panel(p, values)
                    self.assertEqual({r for r, n in found.items() if n}, self.wanted(p))

    def test_every_panel_of_a_trunk(self):
        """No trunk has everything; each query has an answer for one of them at least."""
        d = dashboards()["siptrunk-trunk"]
        for p in panels(d):
            with self.subTest(p["title"]):
                answered = set()
                for trunk in (*(t.name for t in synthetic.TRUNKS), "asleep"):
                    found = self.ask.panel(p, selected(d, trunk=trunk))
                    answered |= {r for r, n in found.items() if n}
                    if answered >= self.wanted(p):
                        break
                self.assertEqual(answered, self.wanted(p))

    def marks(self, uid, name, trunk):
        """The series of an annotation, asked as Grafana does: at whole minutes."""
        d = dashboards()[uid]
        a = next(a for a in d["annotations"]["list"] if a["name"] == name)
        values = selected(d, trunk=trunk)
        return self.prometheus.range(fill(a["expr"], values),
                                     (self.ask.end - 3600) // 60 * 60, self.ask.end, 60)

    def test_annotations(self):
        for uid, d in dashboards().items():
            for a in d["annotations"]["list"]:
                with self.subTest(f"{uid}: {a['name']}"):
                    found = [s for trunk in ("dead", "flappy")
                             for s in self.marks(uid, a["name"], trunk)]
                    self.assertTrue(found)
                    named = set(re.findall(r"\{\{(\w+)\}\}",
                                           a["titleFormat"] + a["textFormat"]))
                    # An alert about an exporter has no trunk.
                    self.assertLessEqual(named - {"trunk"}, set(found[0]["metric"]))

    def test_one_mark_a_change(self):
        found = self.marks("siptrunk-fleet", "Went down", "dead")
        self.assertEqual({(s["metric"]["instance"], len(s["values"])) for s in found},
                         {(synthetic.OSLO, 1), (synthetic.BERGEN, 1)})

    def wrong(self):
        return self.rows("siptrunk-fleet", "What is wrong now")

    def test_what_is_wrong(self):
        """What siptrunk:problem says, the worst first, of one problem the newest first."""
        rows = self.wrong()
        expected = [(t, i) for t in synthetic.TRUNKS if t.problem for i in t.exporters]
        self.assertEqual({(r["Trunk"], r["Instance"]): r["Problem"] for r in rows},
                         {(t.name, i): t.problem for t, i in expected})
        self.assertEqual(len(rows), len(expected))
        order = [(-synthetic.RANKS[t.problem], t.since or 120) for t, _ in expected]
        since = {t.name: t.since or 120 for t in synthetic.TRUNKS}
        self.assertEqual([(-synthetic.RANKS[r["Problem"]], since[r["Trunk"]]) for r in rows],
                         sorted(order))
        words = next(x["value"] for o in self.panel("siptrunk-fleet", "What is wrong now")
                     ["fieldConfig"]["overrides"] for x in o["properties"]
                     if o["matcher"]["options"] == "Problem" and x["id"] == "mappings")
        self.assertLessEqual({r["Problem"] for r in rows}, set(words[0]["options"]))

    def test_nothing_is_wrong_with_the_others(self):
        """Recovered, slow, taken out or paused: none of them loses packets now."""
        self.assertFalse({r["Trunk"] for r in self.wrong()}
                         & {"recovered", "slow", "removed", "asleep", "alpha"})

    def test_what_it_says_of_each(self):
        rows = {r["Trunk"]: r for r in self.wrong()}
        self.assertEqual(rows["dead"]["Fails with"], "timeout")
        self.assertEqual(rows["nodns"]["Fails with"], "dns")
        self.assertEqual(rows["busy"]["Code"], "503")
        self.assertEqual(rows["broken"]["Fails with"], "response")
        self.assertEqual(rows["partly"]["Answer"], "1 of 2")
        self.assertNotIn("Answer", rows["dead"])
        for name, share in (("dead", 1), ("broken", 1), ("partly", 0.5), ("lossy", 0)):
            self.assertAlmostEqual(rows[name]["Failed"], share, delta=0.01)
        # Nothing was sent: a look-up that fails is no probe that failed.
        self.assertNotIn("Failed", rows["nodns"])
        self.assertAlmostEqual(rows["dead"]["For"], 19 * 60, delta=30)
        self.assertAlmostEqual(rows["lossy"]["Lost"], 0.23, delta=0.12)
        # The mean is the same of both kinds of histogram.
        self.assertAlmostEqual(rows["lossy"]["Mean"], 0.69, delta=0.12)

    def test_an_older_exporter_and_no_rules(self):
        """Without the newer series a table says less, and is not empty."""
        expr = self.panel("siptrunk-fleet", "What is wrong now")["targets"][0]["expr"]
        for name in ("siptrunk:problem:since_timestamp_seconds", "siptrunk:problem",
                     "siptrunk_state_changed_timestamp_seconds"):
            expr = expr.replace(name + "{", "siptrunk:absent{")
        found = self.prometheus.now(
            self.ask.fill(expr, selected(dashboards()["siptrunk-fleet"])), self.ask.end)
        self.assertEqual(
            {(labels["trunk"], labels["problem"]) for labels, _ in found},
            {(t.name, t.problem) for t in synthetic.TRUNKS
             if t.problem in ("down", "degraded", "state_unknown")})
        # Of those that ever answered the last success says how long; the newest is first.
        self.assertEqual(found[0][0]["trunk"], "dead")

    def spared(self, uid, title, ref, name, instead):
        """What one query of a panel finds when some series are not there."""
        p = self.panel(uid, title)
        t = next(t for t in p["targets"] if t["refId"] == ref)
        self.assertIn(name, t["expr"])
        return self.ask.target(p, {**t, "expr": t["expr"].replace(name, instead)},
                               selected(dashboards()[uid], trunk="lossy"))

    def test_spared_series_are_0(self):
        """Reasons and kinds that are shown once seen only, and were not: 0, not nothing."""
        for uid, title, ref, name in (
                ("siptrunk-exporter", "Failures that are ours", "A",
                 "siptrunk_probe_failures_total{"),
                ("siptrunk-trunk", "Requests over UDP", "D",
                 "siptrunk_probe_misdirected_responses_total{")):
            with self.subTest(title):
                found = self.spared(uid, title, ref, name, "siptrunk_absent{")
                self.assertEqual({v for s in found for _, v in s["values"]}, {"0"})

    def test_no_heat_map_of_one_bucket(self):
        """With classic buckets switched off +Inf is left, which would be one block."""
        name = "siptrunk_probe_duration_seconds_bucket{"
        for uid, title in (("siptrunk-fleet", "Latency of all trunks"),
                           ("siptrunk-trunk", "Latency")):
            self.assertEqual(bool(self.spared(uid, title, "classic", name, name)), self.classic)
            self.assertEqual(self.spared(uid, title, "classic", name, name + 'le="+Inf",'), [])

    def test_no_answer_is_no_number(self):
        """NaN is a value to Grafana: no table and no figure has one, of any trunk."""
        for uid in dashboards():
            d = dashboards()[uid]
            for p in panels(d):
                if p["type"] not in ("stat", "table"):
                    continue
                for trunk in ("nodns", "fresh", "asleep"):
                    for t in p["targets"]:
                        expr = self.ask.fill(t["expr"], selected(d, trunk=trunk))
                        if t["instant"]:
                            self.assertEqual([v for _, v in self.prometheus.now(
                                expr, self.ask.end) if v != v], [], p["title"])

    def test_up_by_carrier(self):
        """Who is at 0 comes first."""
        rows = self.rows("siptrunk-fleet", "Up, by carrier")
        self.assertEqual([(r["Carrier"], r["Up now"], r["Share"]) for r in rows[:2]],
                         [("isp-e", "0 of 2", 0), ("isp-b", "1 of 2", 0.5)])
        self.assertEqual({r["Carrier"] for r in rows},
                         {"isp-a", "isp-b", "isp-c", "isp-d", "isp-e", "isp-f",
                          "without carrier"})

    def test_wall(self):
        stops = {t.name for t in synthetic.TRUNKS if t.problem == "down"}
        others = {t.name for t in synthetic.TRUNKS if t.problem} - stops
        d = dashboards()["siptrunk-wall"]
        for title, n in (("Down", len(stops)), ("Troubled", len(others)),
                         ("Fine", 5), ("Exporters lost", 1)):
            with self.subTest(title):
                self.assertEqual(self.value("siptrunk-wall", title), n)
        for title, names in (("Down, the newest first", stops),
                             ("Troubled, the worst first", others)):
            p = self.panel("siptrunk-wall", title)
            found = [l["trunk"] for l, _ in self.ask.target(p, p["targets"][0], selected(d))]
            self.assertEqual(sorted(found), sorted(names))
            self.assertEqual(found[0], {"Down, the newest first": "dead"}.get(title, "flappy"))

    def test_counts(self):
        for title, n in (("Up", 9), ("Degraded", 1), ("Down", 3), ("Not known", 1),
                         ("Paused", 1), ("Alerts", 1)):
            with self.subTest(title):
                self.assertEqual(self.value("siptrunk-fleet", title), n)
        self.assertEqual(self.value("siptrunk-fleet", "Down", carrier=["isp-a"]), 0)

    def test_labels(self):
        """All means trunks without carrier and site too; a choice means just those."""
        def names(**chosen):
            return {r["Trunk"] for r in
                    self.rows("siptrunk-fleet", "All trunks", **chosen)}
        self.assertEqual(names(), {t.name for t in synthetic.TRUNKS}
                         - {"removed"} | {"asleep"})
        self.assertEqual(names(carrier=["isp-b"]), {"dead", "busy"})
        self.assertEqual(names(carrier=["isp-a", "isp-b"], site=["oslo"]),
                         {"alpha", "dead"})
        self.assertEqual(names(trunk=["plain", "dead"]), {"plain", "dead"})
        self.assertEqual(names(instance=[synthetic.BERGEN]),
                         {"alpha", "dead", "plain", "asleep"})

    def test_variables(self):
        expected = {
            "job": {synthetic.JOB}, "instance": {synthetic.OSLO, synthetic.BERGEN},
            "carrier": {"isp-a", "isp-b", "isp-c", "isp-d", "isp-e",
                        "isp-f"},
            "site": {"oslo", "bergen"},
            "trunk": {t.name for t in synthetic.TRUNKS} | {"asleep"}}
        for uid, d in dashboards().items():
            for v in d["templating"]["list"]:
                # Availability's ask for what only its rules record, which test_availability has.
                if v["type"] != "query" or uid == AVAILABILITY:
                    continue
                with self.subTest(f"{uid}: {v['name']}"):
                    query = fill(v["query"]["query"], selected(d))
                    selector, label = re.fullmatch(
                        r"label_values\((.+), (\w+)\)", query).groups()
                    self.assertEqual(
                        set(self.prometheus.get(f"label/{label}/values",
                                                **{"match[]": selector})),
                        expected[v["name"]])

    def test_tables_order(self):
        for uid, title, first in (
                ("siptrunk-calls", "Calls of each trunk", "slow"),
                ("siptrunk-fleet", "Certificates that expire first", "secure"),
                ("siptrunk-trunk", "Seen from", "dead")):
            with self.subTest(title):
                self.assertEqual(
                    self.rows(uid, title, trunk="dead" if first == "dead" else ".*")
                    [0]["Trunk"], first)
        rows = self.rows("siptrunk-exporter", "Exporters")
        self.assertEqual([(r["Instance"], r["Reachable"]) for r in rows],
                         [(synthetic.GONE, 0), (synthetic.BERGEN, 1),
                          (synthetic.OSLO, 1)])

    def test_calls(self):
        for title, n in (("Calls fail", 0), ("Last failed", 1), ("Open", 0), ("Not ended", 0),
                         ("Limited", 0)):
            with self.subTest(title):
                self.assertEqual(self.value("siptrunk-calls", title), n)
        rows = self.rows("siptrunk-calls", "Calls of each trunk")
        self.assertEqual([(r["Trunk"], r["Last call"], r["Fails with"]) for r in rows],
                         [("slow", 0, "one_way")] + 2 * [("alpha", 1, "no_answer")])
        self.assertEqual(self.rows("siptrunk-calls", "Calls of each trunk", trunk=["plain"]), [])

    def test_only_exporters(self):
        """Other programs have process_* and an up of their own."""
        self.assertEqual(self.value("siptrunk-exporter", "Down"), 1)
        for title in ("Memory", "Processor", "File descriptors", "Samples"):
            p = self.panel("siptrunk-exporter", title)
            for t in p["targets"]:
                found = self.ask.target(p, t, selected(dashboards()["siptrunk-exporter"]))
                self.assertEqual({s["metric"]["instance"] for s in found},
                                 {synthetic.OSLO, synthetic.BERGEN})

    def test_latency(self):
        """Both kinds of histogram tell the same mean; only native ones have percentiles."""
        self.assertAlmostEqual(self.value("siptrunk-trunk", "Mean", trunk="lossy"), 0.69,
                               delta=0.12)
        self.assertAlmostEqual(self.value("siptrunk-trunk", "Largest", trunk="lossy"), 0.95,
                               delta=0.05)
        p = self.panel("siptrunk-trunk", "Latency, beside a week ago")
        found = self.ask.panel(p, selected(dashboards()["siptrunk-trunk"], trunk="lossy"))
        self.assertEqual([bool(found[ref]) for ref in "ABCD"],
                         [True, True, not self.classic, not self.classic])


@unittest.skipIf(missing("prometheus"), "prometheus is not installed")
class Classic(Answered, unittest.TestCase):
    classic = True


@unittest.skipIf(missing("prometheus"), "prometheus is not installed")
class Native(Answered, unittest.TestCase):
    classic = False


# Panels about things that the demo does not do: TLS, registration, answers that degrade,
# lost packets, alert rules, a reload, a week of history.
# No trunk of the demo makes calls.
CALLS = {"Audio lost", "Calls", "Calls that failed", "Delay of audio", "Jitter", "MOS",
         "Open calls", "Packets of audio", "R factor", "Until it rings, is answered, is heard",
         "What was said is heard"}
NOT_IN_DEMO = {
    "siptrunk-fleet": {"Certificates that expire first"},
    "siptrunk-wall": {"Troubled, the worst first"},
    "siptrunk-trunk": {
        "Asked to wait", "Certificate", "Registered", "Registration lapses in",
        "Sizes that pass", "Path MTU", "Trains: round trips",
        "Trains: lost, and out of order", "TLS failures",
        "TLS sessions resumed"} | CALLS,
    "siptrunk-exporter": {"Our own certificates", "Own audio late", "Messages mirrored"},
    "siptrunk-calls": {p["title"] for p in panels(dashboards()["siptrunk-calls"])},
}


@unittest.skipIf(missing("prometheus"), "prometheus is not installed")
@unittest.skipUnless(EXE, "no program to test")
class Real(unittest.TestCase):
    """The program itself in demo mode, scraped for a while."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="siptrunk-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        e = Exporter(folder, args=["--demo"])
        cls.addClassCleanup(Case.finish, e)
        cls.prometheus = Prometheus([e.base[len("http://"):]])
        cls.addClassCleanup(cls.prometheus.close)
        wait_for("a few probes of every trunk in Prometheus", cls.probed, 60, 0.5)
        cls.ask = Asked(cls.prometheus, time.time(), 60, "30s")

    @classmethod
    def probed(cls):
        return len(cls.prometheus.now(
            "sum by (trunk) (siptrunk_probes_total) > 5", time.time())) == 3

    def silent(self, uid, **chosen):
        """The panels without any answer."""
        d = dashboards()[uid]
        values = selected(d, **chosen)
        return {p["title"] for p in panels(d)
                if not any(self.ask.panel(p, values).values())}

    def test_panels(self):
        for uid in NOT_IN_DEMO.keys() - {"siptrunk-trunk"}:
            with self.subTest(uid):
                self.assertLessEqual(self.silent(uid), NOT_IN_DEMO[uid])

    def test_panels_of_a_trunk(self):
        silent = [self.silent("siptrunk-trunk", trunk=t)
                  for t in ("demo-udp", "demo-tcp", "demo-dead")]
        self.assertLessEqual(set.intersection(*silent), NOT_IN_DEMO["siptrunk-trunk"])

    def test_the_dead_one_is_first(self):
        d = dashboards()["siptrunk-fleet"]
        p = next(p for p in panels(d) if p["title"] == "What is wrong now")
        row, *_ = self.ask.table(p, selected(d))
        self.assertEqual((row["Trunk"], row["Problem"], row["Fails with"]),
                         ("demo-dead", "down", "refused"))
