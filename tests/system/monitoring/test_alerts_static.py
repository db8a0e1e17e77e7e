"""What alerts/ and docs/runbooks/ promise, checked with promtool, amtool and a real
Alertmanager that mails to a sink. Of the exporter only --list-metrics is asked."""

import datetime
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import yaml

import alerting
from alerting import ALERTS, ROOT, ROUTES, RULES, keep, part

RUNBOOKS = ROOT / "docs" / "runbooks"
MIGRATION = ALERTS / "migration.rules.yaml"
RUNBOOK_BASE = "https://runbooks.example/"

# What Prometheus adds to every series, and people to a trunk's.
ADDED = {"job", "instance", "carrier", "site", "team"}

# How long alerts wait for others of their group, and how long a mail too many is waited for.
GROUP_MS = 400
SETTLED_S = 1.2

# The rules' unit tests, each a minute of work: they run beside the tests that only wait for
# mails, and give way to those of other modules.
unit_tests = {}


def setUpModule():
    for path in sorted(ALERTS.glob("*_test.yaml")):
        folder = tempfile.TemporaryDirectory()
        unittest.addModuleCleanup(folder.cleanup)
        unit_tests[path.name] = subprocess.Popen(
            ["nice", "-n", "5", "promtool", "test", "rules", path.name],
            cwd=spared(path, folder.name), text=True,
            env={**os.environ, "TZ": "UTC", "GOGC": "400"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        unittest.addModuleCleanup(end, unit_tests[path.name])


def spared(path, folder):
    """Where @path's test runs: with those groups of the rules that it names, as promtool would
    evaluate all of them at each of its turns."""
    order = yaml.safe_load(path.read_text()).get("group_eval_order")
    if not order:
        return ALERTS
    doc = yaml.safe_load(RULES.read_text())
    doc["groups"] = [g for g in doc["groups"] if g["name"] in order]
    pathlib.Path(folder, RULES.name).write_text(yaml.safe_dump(doc, sort_keys=False))
    shutil.copy(path, folder)
    return folder


def end(process):
    process.kill()
    process.communicate()


def run(*args, cwd=ALERTS):
    return subprocess.run([str(a) for a in args], cwd=cwd, text=True, timeout=500,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@functools.lru_cache(maxsize=None)
def rules(path=RULES):
    return [r for g in yaml.safe_load(path.read_text())["groups"] for r in g["rules"]]


def alerts():
    return [r for r in rules() if "alert" in r]


def expressions(rule):
    """The expression of a rule and the queries inside its templates."""
    yield rule["expr"]
    for text in rule.get("annotations", {}).values():
        yield from re.findall(r'printf "((?:[^"\\]|\\.)*)"', text)


def contract_metrics():
    """Family names of the contract's table, where a row may name several."""
    found = set()
    for line in (ROOT / "docs" / "contract.md").read_text().splitlines():
        if line.startswith("| `siptrunk_") and "`siptrunk_exporter " not in line:
            found |= set(re.findall(r"`((?:siptrunk|process)_[a-z_]+)`", line))
    return found


def selectors(expr):
    """(family, labels asked for) of every metric of ours in an expression."""
    for name, labels in re.findall(
            r"(?<![\w:])((?:siptrunk|process)_[a-z0-9_]+)(?![\w:])(\{[^}]*\})?", expr):
        name = re.sub(r"(duration_seconds)_(bucket|sum|count)$", r"\1", name)
        yield name, set(re.findall(r"(\w+) *(?:=~|!=|!~|=)", labels))


class Rules(unittest.TestCase):
    def check(self, *args):
        done = run(*args)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_rules_parse(self):
        for path in (RULES, MIGRATION):
            self.check("promtool", "check", "rules", path.name)

    def test_unit_tests(self):
        self.assertIn("siptrunk_test.yaml", unit_tests)
        for name, promtool in unit_tests.items():
            with self.subTest(name):
                told, _ = promtool.communicate(timeout=1200)
                self.assertEqual(promtool.returncode, 0, told[:20_000])

    def test_every_alert_has_its_unit_tests(self):
        """It fires, it does not, and its text is read; each severity of it."""
        fired, quiet, read = set(), set(), set()
        every = {(a["alert"], a["labels"]["severity"]) for a in alerts()}
        for path in ALERTS.glob("siptrunk*_test.yaml"):
            for test in yaml.safe_load(path.read_text())["tests"]:
                for check in test.get("promql_expr_test", ()):
                    now = set(re.findall(r'alertname="(\w+)",severity="(\w+)"',
                                         " ".join(s["labels"] for s in check["exp_samples"])))
                    fired |= now
                    quiet |= every - now
                for check in test.get("alert_rule_test", ()):
                    read |= {(check["alertname"], a["exp_labels"]["severity"])
                             for a in check["exp_alerts"] if a["exp_annotations"]}
        # The watchdog always fires and says so; the tests' own queries leave it out.
        every.discard(("SipTrunkWatchdog", "none"))
        self.assertEqual((every - fired, every - quiet, every - read), (set(),) * 3)

    def test_large_fleets(self):
        """Other turns, and nothing else that is other."""
        large = ALERTS / "siptrunk.large.rules.yaml"
        self.check("promtool", "check", "rules", large)
        ours, theirs = ({g["name"]: g for g in yaml.safe_load(path.read_text())["groups"]}
                        for path in (RULES, large))
        self.assertEqual(
            {name: g["interval"] for name, g in theirs.items()
             if g["interval"] != ours[name]["interval"]},
            {"siptrunk-why": "60s", "siptrunk-state": "45s", "siptrunk-trunk-alerts": "60s"})
        for group in ours.values():
            if group["name"] not in ("siptrunk-availability", "siptrunk-outage-causes"):
                self.assertEqual(group["rules"], theirs[group["name"]]["rules"])

    def test_printed_from_the_mixin(self):
        """The rules, and the dashboards."""
        self.check(ROOT / "scripts" / "mixin", "--check")

    def test_thresholds_and_addresses_are_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "my.libsonnet").write_text("""(import 'mixin.libsonnet') { _config+:: {
                siptrunkSelector: 'job="voice"', lossRatio: 0.25, siteLabel: 'town',
                dashboardUidPrefix: 'voice-',
                runbooksUrl: 'https://wiki.my.net/', exporterUrl: 'https://x.my.net/' } }""")
            self.check(ROOT / "scripts" / "mixin", "--rules", "-o", folder,
                       "-c", folder / "my.libsonnet")
            path = folder / "alerts" / RULES.name
            self.check("promtool", "check", "rules", path)
            mine = rules(path)
        text = "".join(str(r) for r in mine)
        self.assertIn("vector(0.25)", text)
        self.assertIn("$labels.town", text)
        self.assertNotIn("runbooks.example", text)
        self.assertIn("https://grafana.example/d/voice-trunk?", text)
        self.assertNotIn("/d/siptrunk-", text)
        down = next(r for r in mine if r.get("alert") == "SipTrunkDown")
        self.assertTrue(down["annotations"]["page_url"].startswith("https://x.my.net/trunks/"))
        for rule in mine:
            for selector in re.findall(r"(?<![:\w])siptrunk_\w+(?:\{[^}]*\})?", rule["expr"]):
                self.assertIn('job="voice"', selector)

    def test_alerts_about_trunks_ask_little(self):
        """One query at most for each: with 10,000 that fire the group keeps its interval."""
        for a in alerts():
            if a["labels"]["component"] == "trunk":
                asked = sum(text.count("| query") for text in a["annotations"].values())
                self.assertLessEqual(asked, 1, a["alert"])

    def test_joins_have_one_series_on_the_right(self):
        """By what is joined on, that is: a second one, such as under labels that a trunk had
        before, would fail the rule for all trunks. What is recorded may be so already."""
        aggregated = re.compile(
            r'(?:count_values without \(\) \(\s*"\w+",\s*)?'
            r"(?:group|max|min|sum|count|topk|bottomk|count_values) by \("
            r"|(?:siptrunk:why|siptrunk:calls:why)\b|vector\(")
        for rule in rules():
            for join in re.finditer(r"\bon \((\w[^)]*)\) group_left \(([^)]*)\)\s*", rule["expr"]):
                # Labels may be added to it, and there may be another for what it has none of.
                right = re.sub(r"(?:(?:label_replace|label_join)?\(\s*)*", "",
                               rule["expr"][join.end():], count=1)
                m = aggregated.match(right)
                self.assertTrue(m, (rule.get("record") or rule["alert"], join[0], right[:100]))

    def test_unit_test_notices_a_broken_rule(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            text = MIGRATION.read_text().replace("expr: siptrunk_up", "expr: siptrunk_up + 1")
            (folder / MIGRATION.name).write_text(text)
            shutil.copy(ALERTS / "migration_test.yaml", folder)
            done = run("promtool", "test", "rules", "migration_test.yaml", cwd=folder)
            self.assertNotEqual(done.returncode, 0)

    def test_metrics_are_listed(self):
        """By the program and by the contract, with the labels that a rule reads."""
        binary = os.environ.get("SIPTRUNK_EXPORTER")
        if not binary:
            self.skipTest("SIPTRUNK_EXPORTER names no program")
        out = subprocess.run([binary, "--list-metrics"], check=True, text=True,
                             stdout=subprocess.PIPE, timeout=10).stdout
        listed = {name: set(labels.split(",")) for name, _, _, labels, *_ in
                  (line.split("\t") for line in out.splitlines())}
        self.assertLessEqual(contract_metrics(), set(listed))
        for rule in rules() + rules(MIGRATION):
            for expr in expressions(rule):
                for name, labels in selectors(expr):
                    with self.subTest(name, rule=rule.get("alert") or rule["record"]):
                        self.assertIn(name, contract_metrics() | {"process_start_time_seconds"})
                        self.assertLessEqual(labels, listed[name] | ADDED)

    def test_recorded_names_exist(self):
        recorded = {r["record"] for r in rules() if "record" in r}
        used = set()
        for rule in rules():
            self.assertNotIn("for", rule, "Prometheus forgets it when it restarts")
            for expr in expressions(rule):
                used |= set(re.findall(r"siptrunk:[a-z0-9_:]+", expr))
        self.assertEqual(used - recorded, set(), "used and not recorded")
        readers = [ALERTS / "README.md", *(ROOT / "grafana" / "dashboards").glob("*.json")]
        for path in readers:
            used |= set(re.findall(r"siptrunk:[a-z0-9_:]+", path.read_text()))
        self.assertEqual(recorded - used, set(), "recorded and not used")


class Conventions(unittest.TestCase):
    def test_labels_and_annotations(self):
        for a in alerts():
            with self.subTest(a["alert"], severity=a["labels"].get("severity")):
                self.assertRegex(a["alert"], r"^SipTrunk[A-Z][A-Za-z]+$")
                self.assertIn(a["labels"]["severity"], ("critical", "warning", "info", "none"))
                self.assertIn(a["labels"]["component"], ("trunk", "exporter", "watchdog"))
                note = a["annotations"]
                self.assertNotIn("{{", note["summary"])
                self.assertTrue(note["summary"].endswith("."))
                self.assertRegex(note["tag"], r"^[A-Z ]+$")
                self.assertTrue(note["headline"])
                self.assertTrue(note["dashboard_url"].startswith("https://grafana.example/d/"))
                self.assertEqual(note["runbook_url"], f"{RUNBOOK_BASE}{a['alert']}.md")

    def test_descriptions_name_what_matters(self):
        for a in alerts():
            note = a["annotations"]
            with self.subTest(a["alert"]):
                if a["labels"]["component"] == "trunk":
                    for part in ("$labels.trunk", "$labels.carrier", "$labels.site"):
                        self.assertIn(part, note["description"])
                    self.assertIn("/trunks/{{ $labels.trunk", note["page_url"])
                elif a["alert"] not in ("SipTrunkExporterAbsent", "SipTrunkWatchdog"):
                    self.assertRegex(note["description"], r"\$labels\.(instance|job)")
                if a["labels"]["component"] != "watchdog":
                    self.assertIn("$labels.ending", note["ending"])
                    if "CertificateExpiring" not in a["alert"]:  # which tell a time to come
                        self.assertRegex(note["since"], r"\$value|\$labels\.since")

    def test_dashboard_of_each(self):
        """The address leads to a dashboard that there is, and chooses what the alert names."""
        there = {p.stem for p in (ROOT / "grafana" / "dashboards").glob("*.json")}
        for a in alerts():
            with self.subTest(a["alert"]):
                url = urllib.parse.urlsplit(a["annotations"]["dashboard_url"])
                kind = a["labels"]["component"].replace("watchdog", "exporter")
                self.assertEqual(url.path, f"/d/siptrunk-{kind}")
                self.assertIn(url.path[3:], there)
                if kind == "trunk":
                    self.assertEqual(url.query, "var-instance={{ $labels.instance | urlquery }}"
                                     "&var-trunk={{ $labels.trunk | urlquery }}")

    def test_one_runbook_an_alert(self):
        named = {a["alert"] for a in alerts()}
        pages = {p.stem: p for p in RUNBOOKS.glob("*.md") if p.stem != "README"}
        self.assertEqual(named, set(pages))
        for name, page in pages.items():
            with self.subTest(name):
                text = page.read_text()
                self.assertTrue(text.startswith(f"# {name}\n"))
                for part in ("## What it means", "## Check, in order", "## Silence"):
                    self.assertIn(part, text)
                steps = re.findall(r"^(\d+)\. \S", text, re.MULTILINE)
                self.assertEqual(steps, [str(n + 1) for n in range(len(steps))])
                self.assertGreaterEqual(len(steps), 3)
                self.assertLess(len(text.splitlines()), 90, "too long for the night")
        index = (RUNBOOKS / "README.md").read_text()
        for name in named:
            self.assertIn(f"({name}.md)", index)

    def test_runbooks_say_where_to_look(self):
        """As the mail has a link to the exporter that saw it."""
        for a in alerts():
            if "page_url" in a["annotations"]:
                with self.subTest(a["alert"]):
                    self.assertIn(":10060/", (RUNBOOKS / f"{a['alert']}.md").read_text())

    def test_runbooks_name_what_there_is(self):
        """Units, other pages, and the names that a person asks Prometheus for."""
        units = {p.name.split(".")[0] for p in (ROOT / "systemd").glob("*.service.in")}
        recorded = {r["record"] for r in rules() if "record" in r}
        for page in RUNBOOKS.glob("*.md"):
            text = page.read_text()
            with self.subTest(page.name):
                self.assertLessEqual(set(re.findall(
                    r"(?:systemctl \w+|journalctl -u) ([\w-]*siptrunk[\w-]*)", text)), units)
                for link in re.findall(r"\]\(([^):]+)\)", text):
                    self.assertTrue((RUNBOOKS / link).exists(), link)
                self.assertLessEqual(set(re.findall(r"siptrunk:[a-z0-9_:]+", text)), recorded)
                self.assertLessEqual(
                    set(re.findall(r"\b(siptrunk_[a-z_]+)", text)) - {"siptrunk_exporter"},
                    contract_metrics())


class Routes(unittest.TestCase):
    CASES = (
        ("on-call", "component=trunk severity=critical trunk=a carrier=c site=s"),
        ("on-call", "component=trunk severity=critical trunk=a"),
        ("operations", "component=trunk severity=warning trunk=a"),
        ("operations", "component=trunk severity=info trunk=a"),
        ("voice-team", "component=trunk severity=critical trunk=a team=voice"),
        ("voice-team", "component=trunk severity=warning trunk=a team=voice"),
        ("voice-team", "component=trunk severity=info trunk=a team=voice"),
        ("on-call", "component=trunk severity=critical trunk=a team=other"),
        ("on-call", "component=exporter severity=critical instance=e:1"),
        ("operations", "component=exporter severity=warning instance=e:1"),
        ("on-call", "component=exporter severity=critical job=j"),
        ("on-call", "component=exporter severity=critical instance=e:1 team=voice"),
        ("operations", "component=exporter severity=info instance=e:1"),
        ("operations", "alertname=SomethingElse"),
    )

    def test_configuration(self):
        done = run("amtool", "check-config", ROUTES.name)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_repeats_fit_what_alertmanager_remembers(self):
        """What it has forgotten to have told, it tells again too early."""
        told = run("prometheus-alertmanager", "--help").stdout
        kept_h = int(re.search(r"--data\.retention=(\d+)h", told)[1])
        repeats = re.findall(r"^ *repeat_interval: (\d+)([mhd])$", ROUTES.read_text(), re.M)
        self.assertGreater(len(repeats), 5)
        hours = {"m": 1 / 60, "h": 1, "d": 24}
        self.assertLess(max(int(n) * hours[unit] for n, unit in repeats), kept_h)

    def test_routes(self):
        for receiver, labels in self.CASES:
            with self.subTest(labels):
                done = run("amtool", "config", "routes", "test", "--config.file", ROUTES.name,
                           f"--verify.receivers={receiver}", *labels.split())
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_route_of_every_alert(self):
        """Whatever wakes somebody is critical, and nothing else is."""
        for a in alerts():
            want = {"critical": "on-call", "none": "watchdog"}.get(
                a["labels"]["severity"], "operations")
            fixed = {k: v for k, v in a["labels"].items() if "{{" not in v}
            labels = {"alertname": a["alert"], **fixed, "trunk": "isp-a"}
            with self.subTest(labels):
                done = run("amtool", "config", "routes", "test", "--config.file",
                           ROUTES.name, f"--verify.receivers={want}",
                           *(f"{k}={v}" for k, v in labels.items()))
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_inhibition_names_alerts_that_exist(self):
        named = {a["alert"] for a in alerts()}
        for rule in yaml.safe_load(ROUTES.read_text())["inhibit_rules"]:
            for side in rule["source_matchers"] + rule["target_matchers"]:
                m = re.match(r'alertname=~?"(.*)"$', side)
                if m:
                    for part in re.split(r"\|(?![^(]*\))", m.group(1)):
                        self.assertTrue([n for n in named if re.fullmatch(part, n)], part)


class Mailed(unittest.TestCase):
    """The shipped configuration with its waits shortened, and its smarthost a sink."""

    zone = "UTC"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.sink, port = alerting.mailbox(self)
        text = alerting.routes_to(port)
        text = re.sub(r"group_(wait|interval): \w+", rf"group_\1: {GROUP_MS}ms", text)
        self.server = alerting.alertmanager(self, folder.name, text, self.zone)
        self.url = self.server.url

    def wait(self, what, message, limit_s=20):
        end = time.monotonic() + limit_s
        while not what():
            if time.monotonic() > end:
                self.fail(f"{message}: {self.sink.subjects()}\n{self.server.log()}")
            time.sleep(0.05)

    def mails(self, count):
        """Waits for @count mails, and a while to see that there are no more."""
        self.wait(lambda: len(self.sink.mails) >= count, f"no {count} mails")
        end = time.monotonic() + SETTLED_S
        while time.monotonic() < end:
            self.assertLessEqual(len(self.sink.mails), count,
                                 self.sink.subjects())
            time.sleep(0.05)
        return self.sink.mails

    def post(self, *alerts_, over=False):
        # As from Prometheus: an alert starts when it is first sent. One that seems old is
        # mailed at once, without group_wait.
        now = time.time()
        self.began = getattr(self, "began", now) if over else now
        body = [{"labels": labels, "annotations": notes, "startsAt": self.stamp(self.began),
                 "endsAt": self.stamp(now if over else now + 600)}
                for labels, notes in alerts_]
        request = urllib.request.Request(self.url + "/api/v2/alerts",
                                         json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=5).close()

    @staticmethod
    def stamp(unix_s):
        return datetime.datetime.fromtimestamp(unix_s, datetime.timezone.utc).isoformat()

    @staticmethod
    def proven(name, **change):
        """An alert as the rules' unit tests prove that it comes."""
        files = [ALERTS / f"siptrunk{part}_test.yaml" for part in ("", "_vantages")]
        for test in [t for f in files for t in yaml.safe_load(f.read_text())["tests"]]:
            for check in test.get("alert_rule_test", ()):
                if check["alertname"] == name:
                    alert = check["exp_alerts"][0]
                    labels = {"alertname": name, **alert["exp_labels"], **change}
                    return ({k: v for k, v in labels.items() if v},
                            alert["exp_annotations"])
        raise AssertionError(name)

    @staticmethod
    def plain(name, **change):
        """An alert with the labels and the static annotations of its rule."""
        for a in alerts():
            if a["alert"] == name:
                labels = {"alertname": name, **a["labels"], "job": "siptrunk",
                          "instance": "exp-a:10060", "trunk": "isp-a", "carrier": "isp-a",
                          "site": "oslo", **change}
                return labels, {"tag": a["annotations"]["tag"], "headline": "headline",
                                "cause": "cause", "since": "2026-11-28 02:57:10 CET",
                                "summary": a["annotations"]["summary"],
                                "description": "description"}
        raise AssertionError(name)


class Mail(Mailed):
    def test_down_and_up(self):
        down = self.proven("SipTrunkDown")
        self.post(down)
        mail = self.mails(1)[0]
        self.assertEqual(mail["Subject"], "[DOWN] isp-a (oslo): no answer, down since 1970-01-01 00:09 UTC")
        self.assertEqual(mail.rcpt, ["on-call@example.com"])
        for kind in ("plain", "html"):
            text = part(mail, kind)
            self.assertIn("isp-a (oslo): no answer, down since 1970-01-01 00:09 UTC", text)
            self.assertIn("Most probes that failed in the last 5 minutes: timeout.", text)
            self.assertIn("http://exp-a:10060/trunks/isp-a", text)
            self.assertIn("https://runbooks.example/SipTrunkDown.md", text)
            self.assertIn("d/siptrunk-trunk?var-instance=exp-a%3A10060", text)
            self.assertIn("silences/new?filter=%7Btrunk%3D%22isp-a%22%7D", text)
            self.assertNotIn("<no value>", text)
        self.assertNotRegex(part(mail, "plain"), r"\n\n\n|<[a-z]")
        self.assertRegex(part(mail, "html"), r"pre-line\">Trunk isp-a \(carrier isp-a, site "
                         r"oslo, probed from exp-a:10060\) is down since .*\.\r?\nLast success")
        labels, notes = down
        ending = "answers again at 00:25 UTC, the outage lasted 15m 15s"
        self.post((labels, notes | {"ending": ending, "headline": ending, "since": ""}),
                  over=True)
        back = self.mails(2)[1]
        self.assertEqual(back["Subject"], f"[UP] isp-a (oslo): {ending}")
        self.assertNotIn("Silence", part(back, "plain"))
        keep("down", mail)
        keep("up", back)

    def test_end_of_which_nothing_is_known(self):
        """Prometheus said no last words: then "answers again" would be a guess."""
        down = self.proven("SipTrunkDown")
        self.post(down)
        self.mails(1)
        self.post(down, over=True)
        over = self.mails(2)[1]
        self.assertRegex(over["Subject"], r"^\[NO LONGER REPORTED: DOWN\] isp-a \(oslo\): no longer "
                         r"reported since \d\d:\d\d UTC \(was: no answer, down since ")
        self.assertNotIn("again", part(over, "plain"))

    def test_watchdog_is_no_mail(self):
        """Nobody is woken by it."""
        self.post(({"alertname": "SipTrunkWatchdog", "severity": "none",
                    "component": "watchdog"}, {"summary": "All is well."}))
        self.mails(0)

    def test_local_fault_alone(self):
        trunks = [self.plain("SipTrunkDown", trunk=t, carrier=t) for t in ("a", "b", "c")]
        fault = self.proven("SipTrunkLocalFault")
        self.post(fault, *trunks)
        mail = self.mails(1)[0]
        self.assertEqual(mail["Subject"], "[LOCAL FAULT] exp-a:10060: no trunk answers, "
                         "its own network is the first suspect, since 1970-01-01 00:10 UTC")
        keep("local-fault", mail)
        self.post(*trunks, over=True)
        self.mails(1)
        self.post(fault, over=True)
        self.assertRegex(self.mails(2)[1]["Subject"], r"^\[NO LONGER REPORTED: \w+( \w+)*\] exp-a:10060: ")

    def test_other_instances_are_heard(self):
        self.post(self.proven("SipTrunkLocalFault"),
                  self.plain("SipTrunkDown", instance="exp-b:10060"))
        tags = sorted(m["Subject"].split("]")[0] for m in self.mails(2))
        self.assertEqual(tags, ["[DOWN", "[LOCAL FAULT"])

    def test_place_missing(self):
        """A mail about a shard; none that it is also one exporter less, or down."""
        nowhere = {"trunk": "", "carrier": "", "site": "", "instance": ""}
        def of(name, **change):
            labels, notes = self.plain(name, **change)
            return {k: v for k, v in labels.items() if v}, notes
        shard = of("SipTrunkShardMissing", **nowhere)
        self.post(shard, of("SipTrunkVantageMissing", **nowhere))
        self.assertEqual(self.mails(1)[0]["Subject"], "[BLIND] siptrunk: headline")
        self.post(of("SipTrunkVantageMissing", **nowhere | {"job": "other"}))
        self.assertEqual(self.mails(2)[1]["Subject"], "[FEWER EYES] other: headline")
        third = {**nowhere, "job": "third"}
        self.post(of("SipTrunkExporterDown", **third | {"instance": "exp-c:10060"}),
                  of("SipTrunkShardMissing", **third))
        self.assertEqual(self.mails(3)[2]["Subject"], "[BLIND] exp-c:10060: headline")

    def test_down_over_effects(self):
        effects = [a["alert"] for a in alerts() if a["labels"]["component"] == "trunk"
                   and not a["alert"].startswith(("SipTrunkDown", "SipTrunkFlapping"))]
        self.assertGreater(len(effects), 10)
        down = self.plain("SipTrunkDown")
        self.post(down, *(self.plain(n, address="192.0.2.1:5060") for n in effects))
        self.assertEqual(self.mails(1)[0]["Subject"], "[DOWN] isp-a (oslo): headline")
        self.post(self.plain("SipTrunkLatencyHigh", trunk="isp-z"))
        self.assertEqual(self.mails(2)[1]["Subject"], "[SLOW] isp-z (oslo): headline")

    def test_flapping_over_down(self):
        self.post(self.plain("SipTrunkFlapping"), self.plain("SipTrunkDown"))
        self.assertEqual(self.mails(1)[0]["Subject"], "[FLAPPING] isp-a (oslo): headline")

    def test_one_certificate_one_mail(self):
        self.post(*(self.plain("SipTrunkCertificateExpiring", severity=s)
                    for s in ("info", "warning", "critical")))
        mail = self.mails(1)[0]
        self.assertEqual(mail.rcpt, ["on-call@example.com"])

    def test_one_outage_one_mail(self):
        self.post(*(self.plain("SipTrunkDown", trunk=f"t{i}") for i in range(7)))
        mail = self.mails(1)[0]
        self.assertEqual(mail["Subject"], "[DOWN] isp-a: 7 trunks: t0 (oslo), t1 (oslo), "
                         "t2 (oslo), t3 (oslo), t4 (oslo), …: cause, since 2026-11-28 02:57 CET")
        lines = [f"  DOWN  t{i} (oslo): headline" for i in range(7)]
        self.assertEqual(part(mail, "plain").splitlines()[:8], ["7 ALERTS", *lines])
        self.assertEqual(part(mail, "html").count("<li>DOWN"), 7)
        keep("several", mail)

    def test_two_vantage_points_one_mail(self):
        self.post(*(self.plain("SipTrunkDown", instance=f"exp-{x}:10060") for x in "ab"))
        self.assertEqual(self.mails(1)[0]["Subject"],
                         "[DOWN] isp-a (oslo): headline (2 alerts)")

    def test_trunks_of_several_places_are_named_once(self):
        """Whatever their names are; with each cause, and since when the first of them is."""
        down = [self.plain("SipTrunkDown", trunk=t, site="", instance=f"exp-{x}:10060")
                for t in ("a.b", "a-b", "+47 (x)[", "é") for x in "ab"]
        down[3][1].update(cause="answers 503", since="2026-11-28 01:02:03 CET")
        self.post(*down)
        mail = self.mails(1)[0]
        self.assertEqual(mail["Subject"], "[DOWN] isp-a: 4 trunks: +47 (x)[, a-b, a.b, é: "
                         "cause, answers 503, since 2026-11-28 01:02 CET")
        self.assertIn("  DOWN  a.b: headline [exp-b:10060]", part(mail, "plain"))

    def test_labels_absent(self):
        bare = [self.proven("SipTrunkDown", carrier="", site="", trunk=t) for t in "ab"]
        self.post(bare[0])
        self.assertEqual(self.mails(1)[0]["Subject"], "[DOWN] a: no answer, down since 1970-01-01 00:09 UTC")
        self.post(bare[1])
        self.assertEqual(self.mails(2)[1]["Subject"], "[DOWN] 2 trunks: a, b: no answer, since 1970-01-01 00:09 UTC")
        self.post(bare[0], over=True)
        mail = self.mails(3)[2]
        self.assertEqual(mail["Subject"], "[DOWN] b: no answer, down since 1970-01-01 00:09 UTC")
        self.assertIn("OVER SINCE THE LAST MAIL", part(mail, "plain"))
        self.assertNotIn("Carrier", part(mail, "plain"))

    def test_team_and_hostile_text(self):
        labels, notes = self.plain("SipTrunkDegraded", team="voice",
                                   trunk='<img src=x onerror="a">')
        self.post((labels, {**notes, "description": "<script>alert(1)</script>",
                            "dashboard_url": "javascript:alert(1)"}))
        mail = self.mails(1)[0]
        self.assertEqual(mail.rcpt, ["voice@example.com"])
        html = part(mail, "html")
        for bad in ("<img", "<script", 'href="javascript'):
            self.assertNotIn(bad, html)

    def test_alert_of_other_origin(self):
        self.post(({"alertname": "DiskFull", "severity": "warning"},
                   {"summary": "A disk is full."}))
        mail = self.mails(1)[0]
        self.assertEqual(mail["Subject"], "[WARNING] DiskFull: A disk is full.")
        self.assertNotIn("<no value>", part(mail, "plain"))


class LocalTime(Mailed):
    """Whoever is woken is told the time on the wall, with its zone."""

    zone = "Asia/Kolkata"

    def test_mail(self):
        down = self.proven("SipTrunkDown")
        self.post(down)
        self.mails(1)
        self.post(down, over=True)
        self.assertRegex(self.mails(2)[1]["Subject"], r"no longer reported since \d\d:\d\d IST ")

    def test_rules(self):
        """What Prometheus writes into alerts: the same unit test, five and a half hours later."""
        doc = yaml.safe_load((ALERTS / "siptrunk_test.yaml").read_text())
        doc["tests"] = [t for t in doc["tests"] if t["name"] == "never up, and no labels of its own"]
        self.assertEqual(len(doc["tests"]), 1)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(RULES, folder)
            pathlib.Path(folder, "zone_test.yaml").write_text(yaml.safe_dump(doc))
            told = subprocess.run(["promtool", "test", "rules", "zone_test.yaml"], cwd=folder,
                                  env={**os.environ, "TZ": self.zone}, text=True, timeout=300,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        exp, got = told.split("got:", 1)
        since = re.search(r'since="1970-01-01 00:(\d\d:\d\d) UTC"', exp)[1]
        minutes, seconds = map(int, since.split(":"))
        at = 5 * 60 + 30 + minutes
        self.assertIn(f'since="1970-01-01 {at // 60:02}:{at % 60:02}:{seconds:02} IST"', got)
