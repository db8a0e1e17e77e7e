"""
siptrunk-setup on systems that are only folders: what it puts into files of others, what it
refuses, and that all of it can be taken back. scripts/monitoring-test has a real systemd.
"""

import contextlib
import hashlib
import io
import json
import logging
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import unittest
import unittest.mock

import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

import peers
from harness import EXE, ROOT, Case, free_port

sys.path.insert(0, os.path.join(ROOT, "deploy", "monitoring"))
from siptrunk_setup import alertmanager, cli, marks, prometheus, relay, rules, settings, yamltext  # noqa: E402
from siptrunk_setup.errors import ByHand, Refused  # noqa: E402

ALERTS = pathlib.Path(ROOT, "alerts")
PASSWORD = "correct-horse"
# A handshake that a test has fail is no news.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
BARE_PROMETHEUS = "global:\n  scrape_interval: 1m\n"
BARE_ALERTMANAGER = "route:\n  receiver: none\nreceivers:\n- name: none\n"

# Where items are put, by the layouts that people write: (what is there, path, first?).
LAYOUTS = {
    "only comments below": "a: 1\nrule_files:\n  # - one\n  # - two\n\nb: 2\n",
    "nothing": "rule_files:\n",
    "a comment behind the key": "rule_files:   # none yet\nb: 2\n",
    "missing": "a: 1\n# the end\n",
    "items under the key": "rule_files:\n- one\n- two  # last\n# about b\nb: 2\n",
    "items further in": "rule_files:\n    - one\n\n    # two\n    - two\n\nb: {c: 1}\n",
    "quoted key, document start": "---\n'rule_files':\n  - \"one\"\n",
    "a text over several lines as the last": "rule_files:\n  - |\n    one\n    two\n\nb: 2\n",
    "a folded text without indent behind it": "rule_files:\n  - >-\n    one\n    two\nb: 2\n",
    "a mapping as the last": "rule_files:\n- x: 1\n  y:\n  - 2\n  - [3,\n     4]\nb: 2\n",
    "no line end at the end": "a: 1\nrule_files:\n  - one",
    "line ends of Windows": "a: 1\r\nrule_files:\r\n- one\r\nb: 2\r\n",
    "a document's end": "a: 1\n...\n",
    "other scripts": "a: żółw\nrule_files:\n- плаг.yml\n",
}
NOT_BY_LINES = {
    "an empty flow list": "rule_files: []\n",
    "a flow list": "rule_files: [one, two]\nb: 2\n",
    "a flow list over lines": "rule_files: [\n  one,\n]\n",
    "an alias": "x: &x\n- one\nrule_files: *x\n",
    "a text": "rule_files: one\n",
    "a written null": "rule_files: ~\n",
}
NO_CONFIGURATION = ("", "# nothing\n", "- a\n", "{a: 1}\n", "a: [\n", "a: 1\n b: 2\n", "\ta: 1\n",
                    "a: 1\n---\nb: 2\n")


def insert(text, items=("new",), first=False, path=("rule_files",)):
    return yamltext.insert("f.yml", text, list(path), list(items), first)


class Text(unittest.TestCase):
    def test_layouts(self):
        for name, text in LAYOUTS.items():
            with self.subTest(name):
                new = insert(text)
                self.assertEqual(marks.strip("f", new), text if text.endswith("\n") else text + "\n")
                said, was = yamltext.load(new), yamltext.load(text)
                self.assertEqual(said["rule_files"], (was.get("rule_files") or []) + ["new"])
                self.assertEqual({**said, "rule_files": 0}, {**was, "rule_files": 0})

    def test_first(self):
        text = "route:\n  receiver: x\n  routes:\n  # about one\n  - receiver: one\n"
        new = insert(text, [{"receiver": "new"}], True, ("route", "routes"))
        self.assertEqual([r["receiver"] for r in yamltext.load(new)["route"]["routes"]],
                         ["new", "one"])
        self.assertIn("  # about one\n  - receiver: one\n", new)

    def test_one_behind_the_other(self):
        text = "a: 1\n"
        for key in ("rule_files", "templates", "receivers"):
            text = insert(text, [key], path=(key,))
        text = insert(text, ["more"], path=("receivers",))
        self.assertEqual(yamltext.load(text), {
            "a": "1", "rule_files": ["rule_files"], "templates": ["templates"],
            "receivers": ["receivers", "more"]})
        self.assertEqual(marks.strip("f", text), "a: 1\n")

    def test_deeper(self):
        for text in ("a: 1\n", "alerting:\n", "alerting:\n  alertmanagers:\n",
                     "alerting:\n  relabel:\n  - x\nb: 1\n",
                     "alerting:\n  alertmanagers:\n  - timeout: 1s\n"):
            with self.subTest(text):
                new = insert(text, [{"x": "y"}], path=("alerting", "alertmanagers"))
                self.assertEqual(yamltext.load(new)["alerting"]["alertmanagers"][-1], {"x": "y"})
                self.assertEqual(marks.strip("f", new), text)

    def test_what_has_no_safe_place(self):
        for name, text in NOT_BY_LINES.items():
            with self.subTest(name), self.assertRaises(ByHand):
                insert(text)
        with self.assertRaises(ByHand):
            insert("alerting: {alertmanagers: []}\n", path=("alerting", "alertmanagers"))

    def test_no_configuration(self):
        for text in NO_CONFIGURATION:
            with self.subTest(text), self.assertRaisesRegex(Refused, r"^f\.yml"):
                insert(text)


class Marks(unittest.TestCase):
    def setUp(self):
        self.text = insert("rule_files:\n- one\nb: 2\n", ["two", "three"])

    def test_any_edit_between_them_is_seen(self):
        lines = self.text.splitlines(keepends=True)
        first = next(n for n, l in enumerate(lines) if "BEGIN" in l)
        last = next(n for n, l in enumerate(lines) if "END" in l and "BEGIN" not in l)
        edits = {"a word": [(first + 1, "- zwei\n")], "a line less": [(first + 1, "")],
                 "a line more": [(last, "- four\n" + lines[last])], "no end": [(last, "")],
                 "no begin": [(first, "")], "another hash": [(first, re.sub(
                     ":[0-9a-f]{16}", ":" + "0" * 16, lines[first]))]}
        for name, changes in edits.items():
            edited = lines[:]
            for n, line in changes:
                edited[n] = line
            with self.subTest(name), self.assertRaisesRegex(Refused, r"f:\d+: the part between"):
                marks.strip("f", "".join(edited))
        self.assertEqual(marks.strip("f", "x: 1\n" + self.text + "# more\n"),
                         "x: 1\nrule_files:\n- one\nb: 2\n# more\n")

    def test_a_file_of_ours(self):
        text = marks.seal(f"# siptrunk-setup:{marks.ZEROS} wrote this\nx: 1\n")
        self.assertTrue(marks.sealed(text))
        for changed in (text.replace("1", "2"), text + "\n", "x: 1\n", ""):
            self.assertFalse(marks.sealed(changed))


@unittest.skipIf(peers.missing("promtool", "amtool"), "needs promtool and amtool")
class Machine(Case):
    """A folder with what Debian's packages put there, and runs on it."""

    mail = ("--mail-to=you@example.net", "--smtp=127.0.0.1:25", "--no-smtp-check")

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.path("root"))
        for name in ("prometheus", "prometheus-alertmanager"):
            self.put(f"etc/default/{name}", 'ARGS=""\n')
            self.put(f"lib/systemd/system/{name}.service",
                     f"[Service]\nEnvironmentFile=/etc/default/{name}\n"
                     f"ExecStart=/usr/bin/{name} $ARGS\n")
        for name in ("prometheus.yml", "alertmanager.yml"):
            self.put(f"etc/prometheus/{name}", self.sample(name))
        os.symlink(EXE, self.path("siptrunk_exporter"))
        for module in (prometheus, alertmanager):
            self.enterContext(unittest.mock.patch.object(module, "check", self.once(module.check)))
        self.enterContext(self.environment(PATH=f"{self.folder}:{os.environ['PATH']}"))

    checked = {}

    def once(self, check):
        """@check, which is asked but once about each text: most tests are about other things."""
        def known(path):
            text = re.sub(r"/tmp/siptrunk-setup-\w+", "", pathlib.Path(path).read_text())
            if (check.__module__, text) not in self.checked:
                self.checked[check.__module__, text] = check(path)
            return self.checked[check.__module__, text]
        return known

    @staticmethod
    def sample(name):
        """What Debian ships, where its package is installed as it came."""
        path = pathlib.Path("/etc/prometheus", name)
        bare = BARE_PROMETHEUS if name == "prometheus.yml" else BARE_ALERTMANAGER
        return path.read_text() if path.exists() else bare

    @staticmethod
    @contextlib.contextmanager
    def environment(**changes):
        before = {k: os.environ.get(k) for k in changes}
        os.environ.update(changes)
        try:
            yield
        finally:
            for k, v in before.items():
                os.environ.pop(k) if v is None else os.environ.__setitem__(k, v)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def get(self, name):
        return (self.root / name).read_bytes().decode()

    def run_setup(self, *args, root=True):
        """(exit code, both streams)"""
        out = io.StringIO()
        words = [f"--root={self.root}", *args] if root else args
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                code = cli.main(words)
            except SystemExit as e:
                code = e.code
        return code, out.getvalue()

    def good(self, *args):
        code, said = self.run_setup(*(args or (*self.mail, "sip:sbc.isp-a.example")))
        self.assertEqual(code, 0, said)
        return said

    def refused(self, *args):
        """What it says; and that it changed nothing."""
        before = self.everything()
        code, said = self.run_setup(*args)
        self.assertEqual(code, 1, said)
        self.assertEqual(self.everything(), before)
        return said

    def everything(self):
        return {str(p): (p.read_bytes(), p.stat().st_mode) for p in self.root.rglob("*") if p.is_file()}

    def prometheus(self):
        return yaml.safe_load(self.get("etc/prometheus/prometheus.yml"))

    def alertmanager(self):
        return yaml.safe_load(self.get("etc/prometheus/alertmanager.yml"))

    def email(self):
        return next(r["email_configs"][0] for r in self.alertmanager()["receivers"]
                    if r["name"] == "siptrunk-on-call")


class Setup(Machine):
    def test_all_that_it_writes(self):
        before = self.prometheus(), self.alertmanager()
        said = self.good(*self.mail, "sip:SBC.isp-a.example;transport=tcp", "b=sip:192.0.2.1",
                         "sip:sbc.isp-a.example:5080", "sip:[2001:db8::1]")
        config = json.loads(self.get("etc/siptrunk_exporter/config.json"))
        self.assertEqual([(t["name"], t["labels"]["carrier"]) for t in config["trunks"]],
                         [("sbc.isp-a.example", "sbc.isp-a.example"), ("b", "192.0.2.1"),
                          ("sbc.isp-a.example-2", "sbc.isp-a.example"),
                          ("2001:db8::1", "2001:db8::1")])
        self.assertEqual((self.root / "etc/siptrunk_exporter/config.json").stat().st_mode & 0o777, 0o640)
        now = self.prometheus()
        self.assertIn("/etc/siptrunk_monitoring/siptrunk.rules.yaml", now["rule_files"])
        job = now["scrape_configs"][-1]
        self.assertEqual(job["job_name"], "siptrunk")
        self.assertEqual(job["static_configs"][0]["targets"], ["localhost:10060"])
        self.assertEqual(now["scrape_configs"][:-1], before[0].get("scrape_configs") or [])
        managers = [t for m in now["alerting"]["alertmanagers"]
                    for s in m["static_configs"] for t in s["targets"]]
        self.assertEqual(managers, ["localhost:9093"])
        theirs, ours = before[1], self.alertmanager()
        self.assertEqual(ours["route"]["routes"][1:], theirs["route"].get("routes") or [])
        self.assertEqual(ours["receivers"][:len(theirs["receivers"])], theirs["receivers"])
        drop_in = self.get("etc/systemd/system/prometheus.service.d/siptrunk-monitoring.conf")
        self.assertIn("ExecStart=\nExecStart=/usr/bin/prometheus $ARGS "
                      "--storage.tsdb.retention.time=400d", drop_in)
        self.assertIn("$ARGS --cluster.listen-address=\n", self.get(
            "etc/systemd/system/prometheus-alertmanager.service.d/siptrunk-monitoring.conf"))
        for name in ("prometheus.yml", "config.json", "siptrunk.rules.yaml", "siptrunk-monitoring.conf"):
            self.assertIn(name, said)
        self.assertFalse(list(self.root.rglob("*trial*")))

    def test_twice_and_back(self):
        before = self.everything()
        self.good()
        once = self.everything()
        self.assertIn("nothing was changed", self.good())
        self.assertIn("nothing was changed", self.good("--refresh"))
        code, _ = self.run_setup("--remove", "--dry-run")
        self.assertEqual((code, self.everything()), (0, once))
        self.good("--mail-to=other@example.net", "--no-smtp-check")
        self.assertNotEqual(self.everything(), once)
        self.assertIn("other@example.net", self.get("etc/prometheus/alertmanager.yml"))
        undo = pathlib.Path(ROOT, "deploy", "monitoring", "undo")
        done = subprocess.run(["sh", undo, self.root], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        left = self.everything()
        # Without a package there was no configuration to give back.
        left.pop(str(self.root / "etc/siptrunk_exporter/config.json"), None)
        self.assertEqual(left, before)

    def test_rules_of_a_large_fleet(self):
        def pace():
            rules = yaml.safe_load(self.get("etc/siptrunk_monitoring/siptrunk.rules.yaml"))
            return {g["name"]: g["interval"] for g in rules["groups"] if "interval" in g}

        self.good()
        usual = pace()
        self.good("--rules=large", "--no-smtp-check")
        large = pace()
        self.assertEqual((usual["siptrunk-state"], large["siptrunk-state"]), ("15s", "45s"))
        self.assertEqual(usual.keys(), large.keys())
        self.good("--mail-to=other@example.net", "--no-smtp-check")
        self.assertEqual(pace(), large, "it holds until it is taken back")
        self.good("--rules=usual", "--no-smtp-check")
        self.assertEqual(pace(), usual)
        many = {"trunks": [{"name": f"t{i}", "uri": "sip:192.0.2.1"} for i in range(2000)]}
        self.put("etc/siptrunk_exporter/config.json", json.dumps(many))
        self.good("--no-smtp-check")
        self.assertEqual(pace(), usual, "as it was asked for")
        said = self.good("--rules=auto", "--no-smtp-check")
        self.assertIn("2000 trunks: the rules are evaluated less often", said)
        self.assertEqual(pace(), large)
        many["trunks"].pop()
        self.put("etc/siptrunk_exporter/config.json", json.dumps(many))
        self.good("--no-smtp-check")
        self.assertEqual(pace(), usual)

    def test_a_dry_run_shows_and_changes_nothing(self):
        before = self.everything()
        said = self.good(*self.mail, "--dry-run", "sip:192.0.2.1")
        self.assertEqual(self.everything(), before)
        for line in ("+  - /etc/siptrunk_monitoring/siptrunk.rules.yaml",
                     "+++ /etc/siptrunk_exporter/config.json", "nothing was changed (--dry-run)"):
            self.assertIn(line, said)

    def test_the_former_files_stay_beside(self):
        before = self.get("etc/prometheus/alertmanager.yml")
        self.good()
        self.good("--mail-to=other@example.net", "--no-smtp-check")
        self.assertEqual(self.get("etc/prometheus/alertmanager.yml.before-siptrunk-setup"), before)

    def test_an_edit_between_the_marks_stops_it(self):
        self.good()
        for name in ("prometheus.yml", "alertmanager.yml"):
            path = f"etc/prometheus/{name}"
            text = self.get(path)
            self.put(path, text.replace("siptrunk_monitoring", "elsewhere"))
            with self.subTest(name):
                for args in ((), ("--remove",), ("--refresh",)):
                    said = self.refused(*(args or ("--mail-to=o@example.net",)))
                    self.assertRegex(said, rf"/etc/prometheus/{name}:\d+: the part between")
            self.put(path, text)
        # Outside of them everybody is free.
        self.put(path, "# mine\n" + text + "# too\n")
        self.good()
        self.assertTrue(self.get(path).startswith("# mine\n") and self.get(path).endswith("# too\n"))

    def test_purge_keeps_an_edit_beside(self):
        self.good()
        path = "etc/prometheus/prometheus.yml"
        edited = self.get(path).replace("scrape_interval: 15s\n", "scrape_interval: 20s\n")
        self.put(path, edited)
        subprocess.run(["sh", os.path.join(ROOT, "deploy", "monitoring", "undo"), self.root], check=True,
                       capture_output=True)
        self.assertEqual(self.get(path + ".changed-siptrunk-setup"), edited)
        self.assertEqual(self.get(path), self.sample("prometheus.yml"))
        self.assertFalse((self.root / "etc/prometheus/alertmanager.yml.changed-siptrunk-setup").exists())

    def test_its_own_files_stay_once_edited(self):
        self.good()
        names = ("etc/siptrunk_monitoring/siptrunk.rules.yaml",
                 "etc/systemd/system/prometheus.service.d/siptrunk-monitoring.conf")
        for name in names:
            self.put(name, self.get(name) + "# mine\n")
        said = self.good("--mail-to=other@example.net", "--no-smtp-check")
        for name in names:
            self.assertTrue(self.get(name).endswith("# mine\n"))
            self.assertIn(f"/{name}: left as it is", said)

    def test_a_service_that_does_not_start_puts_all_back(self):
        before, folders = self.everything(), sorted(p for p in self.root.rglob("*") if p.is_dir())
        with unittest.mock.patch.object(cli, "restart", side_effect=Refused("no such luck")):
            said = self.refused(*self.mail, "sip:192.0.2.1")
        self.assertIn("every file is put back as it was", said)
        self.assertIn("no such luck", said)
        self.assertEqual(sorted(p for p in self.root.rglob("*") if p.is_dir()), folders)
        self.assertEqual(self.everything(), before)

    def test_links_through_which_files_are_reached_stay(self):
        path = self.root / "etc/prometheus/prometheus.yml"
        os.rename(path, self.root / "real.yml")
        os.symlink(self.root / "real.yml", path)
        os.chmod(path, 0o600)
        self.good()
        self.assertTrue(path.is_symlink())
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertIn("job_name: siptrunk", self.get("real.yml"))


class Others(Machine):
    """Files and flags that somebody has his own ideas about."""

    def test_what_has_to_be_done_by_hand_is_said(self):
        self.put("etc/prometheus/prometheus.yml", "global: {}\nrule_files: [a.yml]\n")
        said = self.refused(*self.mail, "sip:192.0.2.1")
        self.assertIn("/etc/prometheus/prometheus.yml:2: rule_files is not written line by line", said)
        self.assertIn("add by hand under `rule_files`:\n\n- /etc/siptrunk_monitoring/", said)

    def test_what_promtool_or_amtool_refuses_is_not_written(self):
        cases = (("prometheus.yml", "global:\n  scrape_interval: 0 bananas\n"),
                 ("alertmanager.yml", "route:\n  receiver: nobody\nreceivers:\n- name: none\n"))
        for name, text in cases:
            self.put(f"etc/prometheus/{name}", text)
            with self.subTest(name):
                self.assertIn(f"/etc/prometheus/{name} would not be valid", self.refused(*self.mail, "sip:192.0.2.1"))
            self.put(f"etc/prometheus/{name}", self.sample(name))

    def test_a_job_of_theirs(self):
        self.put("etc/prometheus/prometheus.yml",
                 "scrape_configs:\n- job_name: siptrunk\n  static_configs:\n  - targets: [a:1]\n")
        self.assertIn("has a job `siptrunk` of yours", self.good())
        self.assertEqual(len(self.prometheus()["scrape_configs"]), 1)

    def test_alertmanagers_of_theirs(self):
        for target, more, noted in (("127.0.0.1:9093", 0, False), ("alerts.example:9093", 1, True)):
            self.put("etc/prometheus/prometheus.yml", "alerting:\n  alertmanagers:\n"
                     f"  - static_configs:\n    - targets: ['{target}']\n")
            said = self.good()
            self.assertEqual(len(self.prometheus()["alerting"]["alertmanagers"]), 1 + more)
            self.assertEqual("the Alertmanagers that it named" in said, noted)

    def test_flags_of_theirs(self):
        self.put("etc/default/prometheus", '# ARGS="--x"\nARGS="--web.listen-address=127.0.0.1:9999 '
                 '--storage.tsdb.retention.time=30d --web.user-assets=/srv"\n')
        self.put("etc/default/prometheus-alertmanager",
                 'ARGS="--cluster.peer=a:9094 --web.listen-address=:9994"\n')
        self.put("etc/default/siptrunk-exporter", 'ARGS="--web.listen-address=192.0.2.7:10061"\n')
        said = self.good(*self.mail, "sip:192.0.2.1")
        self.assertIn("keeps 30d, and is left so", said)
        self.assertIn("--web.user-assets=/srv", said)
        for unit in ("prometheus", "prometheus-alertmanager"):
            self.assertFalse((self.root / f"etc/systemd/system/{unit}.service.d").exists())
        config = self.prometheus()
        self.assertEqual(config["scrape_configs"][-1]["static_configs"][0]["targets"],
                         ["192.0.2.7:10061"])
        self.assertEqual(config["alerting"]["alertmanagers"][-1]["static_configs"][0]["targets"],
                         ["localhost:9994"])
        self.put("etc/default/prometheus", 'ARGS="--storage.tsdb.retention.time=2y"\n')
        self.assertNotIn("is left so", self.good())

    def test_a_command_of_theirs(self):
        self.put("etc/systemd/system/prometheus.service.d/mine.conf",
                 "[Service]\nExecStart=\nExecStart=/opt/prometheus\n")
        said = self.good()
        self.assertIn("mine.conf has the command of prometheus.service: add --storage", said)
        self.assertFalse((self.root / "etc/systemd/system/prometheus.service.d"
                          "/siptrunk-monitoring.conf").exists())

    def test_a_unit_of_theirs(self):
        self.put("etc/systemd/system/prometheus.service", "[Service]\nExecStart=/usr/bin/prometheus "
                 "--storage.tsdb.retention.time=5y --web.user-assets=/srv $ARGS\n")
        self.good()
        self.assertFalse((self.root / "etc/systemd/system/prometheus.service.d").exists())

    def test_an_exporter_that_needs_more_words(self):
        self.put("etc/default/siptrunk-exporter", 'ARGS="--web.config.file=/etc/web.yml"\n')
        self.assertIn("TLS, with passwords", self.refused(*self.mail, "sip:192.0.2.1"))

    def test_missing_packages(self):
        (self.root / "etc/prometheus/alertmanager.yml").unlink()
        self.assertIn("is Debian's prometheus-alertmanager installed?", self.refused(*self.mail, "sip:192.0.2.1"))

    def test_the_exporter_s_configuration(self):
        path = "etc/siptrunk_exporter/config.json"
        packaged = '{ "trunks": [] }\n'
        self.put("var/lib/dpkg/status", "Package: siptrunk-exporter\nStatus: install ok installed\n"
                 "Architecture: amd64\nMaintainer: x\nVersion: 1\nDescription: x\nConffiles:\n"
                 f" /{path} {hashlib.md5(packaged.encode()).hexdigest()}\n\n")
        (self.root / "var/lib/dpkg/info").mkdir()
        self.put(path, packaged)
        self.good(*self.mail, "sip:192.0.2.1")
        self.assertEqual(self.get(path + ".before-siptrunk-setup"), packaged)
        self.good("--no-smtp-check", "sip:192.0.2.2")
        self.assertIn("192.0.2.2", self.get(path))
        mine = self.get(path)
        self.good("--remove")
        self.assertEqual(self.get(path), packaged)
        self.put(path, mine.replace("192.0.2.2", "192.0.2.3"))
        said = self.good(*self.mail, "sip:192.0.2.4")
        self.assertIn("192.0.2.3", self.get(path))
        self.assertIn(f"/{path}: left as it is: a configuration of yours", said)
        self.assertIn('"uri": "sip:192.0.2.4"', said)

    def test_grafana(self):
        for kind in ("datasources", "dashboards"):
            (self.root / f"etc/grafana/provisioning/{kind}").mkdir(parents=True)
        self.put("etc/grafana/grafana.ini", "[server]\n;http_port = 1\nhttp_port = 3001\n"
                 "domain = g.example.net\nroot_url = %(protocol)s://%(domain)s/\n")
        self.good()
        (source,) = yaml.safe_load(self.get(
            "etc/grafana/provisioning/datasources/siptrunk.yaml"))["datasources"]
        self.assertEqual((source["url"], source["isDefault"]), ("http://localhost:9090", False))
        shipped = yaml.safe_load(pathlib.Path(
            ROOT, "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"][0]
        self.assertEqual({**source, "url": 0, "isDefault": 0, "name": 0},
                         {**shipped, "url": 0, "isDefault": 0, "name": 0})
        (provider,) = yaml.safe_load(self.get(
            "etc/grafana/provisioning/dashboards/siptrunk.yaml"))["providers"]
        installed = pathlib.Path(ROOT, "debian/siptrunk-monitoring.install").read_text()
        self.assertIn(f"grafana/dashboards/*.json {provider['options']['path'].lstrip('/')}\n", installed)
        self.assertIn("http://g.example.net:3001/d/siptrunk-trunk",
                      self.get("etc/siptrunk_monitoring/siptrunk.rules.yaml"))


class Routes(Machine):
    """What the shipped routes do, ours do in anybody's file."""

    def receiver(self, path, labels):
        done = subprocess.run(
            ["amtool", "config", "routes", "test", f"--config.file={path}",
             *(f"{k}={v}" for k, v in labels.items())], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_each_alert_goes_where_the_shipped_routes_send_it(self):
        self.good()
        ours = self.root / "etc/prometheus/alertmanager.yml"
        shipped = yaml.safe_load((ALERTS / "siptrunk.rules.yaml").read_text())
        kinds = {}
        for group in shipped["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    # A template there takes a label of the expression away.
                    kinds[tuple(sorted((k, v) for k, v in rule["labels"].items()
                                       if "{{" not in v))] = rule["alert"]
        self.assertGreater(len(kinds), 3)
        for labels, alert in kinds.items():
            labels = {**dict(labels), "alertname": alert}
            with self.subTest(labels):
                self.assertEqual(self.receiver(ours, labels), "siptrunk-" + self.receiver(
                    ALERTS / "alertmanager.yaml", labels))
        # … and no other alert.
        other = {"alertname": "InstanceDown", "severity": "critical", "component": "trunk"}
        root_receiver = yaml.safe_load(self.sample("alertmanager.yml"))["route"]["receiver"]
        self.assertEqual(self.receiver(ours, other), root_receiver)

    def test_inhibition_and_waits_are_the_shipped_ones(self):
        self.good()
        shipped, ours = alertmanager.shipped(), self.alertmanager()
        self.assertLessEqual(set(shipped), {"global", "templates", "route", "inhibit_rules",
                                            "receivers", "time_intervals"})
        n = len(shipped["inhibit_rules"])
        self.assertEqual(ours["inhibit_rules"][-n:], shipped["inhibit_rules"])
        branch = ours["route"]["routes"][0]
        self.assertEqual(branch["matchers"], ['alertname=~"SipTrunk.+"'])
        for wait in ("group_by", "group_wait", "group_interval", "repeat_interval"):
            self.assertEqual(branch[wait], shipped["route"][wait])
        names = {r["name"] for r in ours["receivers"]}
        self.assertEqual({n for n in names if n.startswith("siptrunk-")},
                         {"siptrunk-" + r["name"] for r in shipped["receivers"]} - {"siptrunk-voice-team"})
        self.assertNotIn("example.com", self.get("etc/prometheus/alertmanager.yml"))

    def test_a_watcher_outside(self):
        shipped = alertmanager.shipped()
        shipped["receivers"] = [r for r in shipped["receivers"] if r["name"] != "watchdog"]
        shipped["receivers"].append({"name": "watchdog"})
        with unittest.mock.patch.object(alertmanager, "shipped", lambda: shipped):
            self.assertIn("--watchdog URL", self.good())
            self.assertEqual(self.alertmanager()["receivers"][-1], {"name": "siptrunk-watchdog"})
            said = self.good(*self.mail, "--watchdog=https://w.example/secret", "--dry-run")
            self.assertNotIn("w.example", said)
            self.assertNotIn("--watchdog URL", self.good(*self.mail, "--watchdog=https://w.example/secret"))
        self.assertEqual(self.alertmanager()["receivers"][-1]["webhook_configs"],
                         [{"url": "https://w.example/secret", "send_resolved": False}])
        self.assertEqual((self.root / "etc/siptrunk_monitoring/setup.json").stat().st_mode & 0o777, 0o600)

    def test_the_sample_s_credentials_are_used_for_nobody(self):
        text = ("global:\n  smtp_smarthost: 'localhost:25'\n  smtp_auth_username: 'alertmanager'\n"
                "  smtp_auth_password: 'password'\n" + BARE_ALERTMANAGER)
        self.put("etc/prometheus/alertmanager.yml", text)
        self.good()
        self.assertEqual(self.alertmanager()["global"], {"smtp_smarthost": "localhost:25"})
        self.good()
        subprocess.run(["sh", os.path.join(ROOT, "deploy", "monitoring", "undo"), self.root], check=True,
                       capture_output=True)
        self.assertEqual(self.get("etc/prometheus/alertmanager.yml"), text)

    def test_somebody_s_own_credentials_go_nowhere_else(self):
        text = ("global:\n  smtp_smarthost: mail.example.net:587\n  smtp_auth_username: me\n"
                f"  smtp_auth_password: {PASSWORD}\n" + BARE_ALERTMANAGER)
        self.put("etc/prometheus/alertmanager.yml", text)
        said = self.refused(*self.mail, "sip:192.0.2.1")
        self.assertIn("would do so at\n127.0.0.1:25 too", said)
        self.assertNotIn(PASSWORD, said)
        said = self.good("--mail-to=a@example.net", "--smtp=mail.example.net:587", "--no-smtp-check",
                         "--dry-run", "sip:192.0.2.1")
        self.assertNotIn(PASSWORD, said)

    def test_an_inhibition_that_mixes_trunks_is_told(self):
        rule = "inhibit_rules:\n- source_match: {severity: critical}\n  target_match: {severity: warning}\n"
        for equal, noted in (("[alertname]", True), ("[alertname, trunk]", False)):
            self.put("etc/prometheus/alertmanager.yml", BARE_ALERTMANAGER + rule + f"  equal: {equal}\n")
            self.assertEqual("add `trunk` to its `equal`" in self.good(), noted)


class Rules(unittest.TestCase):
    """The links in the rules, and nothing else of them, are this machine's."""

    def setUp(self):
        self.shipped = yaml.safe_load(rules.shipped(False))

    def alerts(self, text):
        return [(r, s) for g, h in zip(yaml.safe_load(text)["groups"], self.shipped["groups"])
                for r, s in zip(g["rules"], h["rules"])]

    def test_with_grafana(self):
        text = rules.text("http://h:9090/user/runbooks/NAME.html", "http://h:3000/", False)
        for rule, shipped in self.alerts(text):
            notes = rule.get("annotations", {})
            if "alert" in rule:
                self.assertRegex(notes["runbook_url"], r"^http://h:9090/user/runbooks/SipTrunk\w+\.html$")
            wanted = {k: v.replace("https://grafana.example/", "http://h:3000/").replace(
                "https://runbooks.example/", "http://h:9090/user/runbooks/").replace(".md", ".html")
                for k, v in shipped.get("annotations", {}).items()}
            self.assertEqual(notes, wanted)
            self.assertEqual({**rule, "annotations": 0}, {**shipped, "annotations": 0})

    def test_without_grafana_no_link_pretends(self):
        text = rules.text("https://wiki.example.net/NAME.md", "", False)
        seen = 0
        for rule, shipped in self.alerts(text):
            self.assertNotIn("dashboard_url", rule.get("annotations", {}))
            seen += "dashboard_url" in shipped.get("annotations", {})
            self.assertEqual(rule["expr"] if "expr" in rule else 0, shipped.get("expr", 0))
        self.assertGreater(seen, 10)
        self.assertNotIn(".example/", text)

    def test_any_style(self):
        styles = {
            "block": "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    annotations:\n"
                     "      dashboard_url: >-\n        https://x\n        y\n      summary: s\n",
            "last": "groups:\n- name: a\n  rules:\n  - alert: A\n    annotations:\n      summary: s\n"
                    "      dashboard_url: https://x\n    expr: up\n",
            "flow": 'groups: [{name: a, rules: [{alert: A, expr: up, annotations: '
                    '{dashboard_url: "https://x", summary: s}}]}]\n',
            "anchored": "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    annotations: &n\n"
                        "      dashboard_url: https://x\n      summary: s\n  - alert: A\n    expr: up\n"
                        "    annotations: *n\n",
        }
        for name, text in styles.items():
            with self.subTest(name):
                for rule in yaml.safe_load(rules.without(text, "dashboard_url"))["groups"][0]["rules"]:
                    self.assertEqual(rule, {"alert": "A", "expr": "up", "annotations": {"summary": "s"}})


class Mailbox:
    """A mail server that refuses what it is told to."""

    def __init__(self):
        self.refuse = {}
        self.senders = []

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        self.hello = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.senders.append(address)
        if "sender" in self.refuse:
            return self.refuse["sender"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "recipient" in self.refuse:
            return self.refuse["recipient"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    @staticmethod
    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


class Relay(Machine):
    """The mail server is asked before anything is changed."""

    def serve(self, **more):
        self.box = Mailbox()
        self.port = free_port()
        smtp = Controller(self.box, hostname="127.0.0.1", port=self.port, **more)
        smtp.start()
        self.addCleanup(smtp.stop)
        return ("--mail-to=you@example.net", f"--smtp=127.0.0.1:{self.port}")

    def test_one_that_takes_the_mail(self):
        self.good(*self.serve(), "--from=trunks@example.net", "sip:192.0.2.1")
        self.assertEqual(self.box.senders, ["trunks@example.net"])
        email = self.email()
        self.assertEqual((email["smarthost"], email["require_tls"], email["from"]),
                         (f"127.0.0.1:{self.port}", False, "trunks@example.net"))

    def test_one_that_does_not(self):
        args = self.serve()
        for what, answer, said in (("sender", "553 not you", "553 to the sender siptrunk@"),
                                   ("recipient", "550 no relaying", "550 to the recipient you@example.net: no relaying")):
            self.box.refuse = {what: answer}
            with self.subTest(what):
                self.assertIn(said, self.refused(*args, "sip:192.0.2.1"))
        self.box.refuse = {"recipient": "451 later"}
        self.assertIn("for now", self.good(*args, "sip:192.0.2.1"))

    def test_none_at_all(self):
        port = free_port()
        said = self.refused("--mail-to=a@example.net", f"--smtp=127.0.0.1:{port}", "sip:192.0.2.1")
        self.assertIn(f"127.0.0.1:{port} cannot be reached", said)

    def test_a_login(self):
        args = self.serve(authenticator=Mailbox.authenticate, auth_require_tls=False)
        secret = self.write("secret", PASSWORD + "\n")
        wrong = self.write("wrong", "battery-staple\n")
        self.assertIn("refuses the login of me",
                      self.refused(*args, "--smtp-user=me", f"--smtp-password-file={wrong}", "sip:192.0.2.1"))
        said = self.good(*args, "--smtp-user=me", f"--smtp-password-file={secret}", "--dry-run", "sip:192.0.2.1")
        self.assertNotIn(PASSWORD, said)
        said = self.good(*args, "--smtp-user=me", f"--smtp-password-file={secret}", "sip:192.0.2.1")
        self.assertNotIn(PASSWORD, said)
        kept = self.root / "etc/siptrunk_monitoring/smtp.secret"
        self.assertEqual((kept.read_text(), kept.stat().st_mode & 0o777), (PASSWORD + "\n", 0o640))
        for path, (data, _) in self.everything().items():
            self.assertEqual(PASSWORD.encode() in data, path == str(kept), path)
        email = self.email()
        self.assertEqual((email["auth_username"], email["auth_password_file"]),
                         ("me", "/etc/siptrunk_monitoring/smtp.secret"))
        # The next run has it from there.
        os.unlink(secret)
        self.assertIn("nothing was changed", self.good("sip:192.0.2.1"))

    def test_tls(self):
        cert, key = certificate(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        args = self.serve(tls_context=context)
        # On one machine nobody listens, and Debian's own certificate is trusted by nobody.
        self.good(*args, "sip:192.0.2.1")
        asked = settings.Settings(["a@b.example"], f"127.0.0.1:{self.port}", smtp_tls="on",
                                  mail_from="c@d.example")
        with unittest.mock.patch.object(relay, "loopback", lambda host: False):
            with self.assertRaisesRegex(Refused, "does not trust"):
                relay.ask(asked, None, "h", [])
            with self.environment(SSL_CERT_FILE=cert):
                self.assertIs(relay.ask(asked, None, "h", []), True)
            asked.smtp_tls, notes = "off", []
            self.assertIs(relay.ask(asked, None, "h", notes), False)
            self.assertIn("in clear", notes[0])
            asked.smtp_user = "me"
            with self.assertRaisesRegex(Refused, "takes no login without TLS"):
                relay.ask(asked, PASSWORD, "h", [])

    def test_what_was_found_holds_when_nobody_asks(self):
        args = self.serve()
        with unittest.mock.patch.object(relay, "loopback", lambda host: False):
            self.assertIn("in clear", self.good(*args, "sip:192.0.2.1"))
            self.assertIn("nothing was changed", self.good("--refresh"))
            self.assertIs(self.email()["require_tls"], False)
            self.good("--smtp=127.0.0.1:26", "--no-smtp-check")
            self.assertIs(self.email()["require_tls"], True)

    def test_no_password_in_clear(self):
        self.serve(authenticator=Mailbox.authenticate, auth_require_tls=False)
        asked = settings.Settings(["a@b.example"], f"127.0.0.1:{self.port}", "me", mail_from="c@d.example")
        with unittest.mock.patch.object(relay, "loopback", lambda host: False):
            with self.assertRaisesRegex(Refused, "in clear"):
                relay.ask(asked, PASSWORD, "h", [])


def certificate(folder):
    cert, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


class Words(Machine):
    def test_what_is_no_order(self):
        mail = list(self.mail)
        for words, said in (
                ([], "say where mails go"),
                (["--mail-to=a@example.net"], "say where mails go"),
                (["--mail-to=a b@example.net", *mail[1:]], "is no mail address"),
                (["--mail-to=a@example.net\nBcc: x@example.net", *mail[1:]], "is no mail address"),
                ([mail[0], "--smtp=a:b", mail[2]], "is not HOST or HOST:PORT"),
                ([mail[0], "--smtp=a:99999", mail[2]], "is not HOST or HOST:PORT"),
                ([*mail, "tel:123"], "'tel:123' is no trunk"),
                ([*mail, "a=sip:b.example", "a=sip:c.example"], "two trunks are called a"),
                ([*mail, "sip:b.example;transport=sctp"], "config.json would not be valid"),
                ([*mail, "--grafana=grafana", "sip:b.example"], "is no http:// or https://"),
                ([*mail, "--smtp-password-file=/x", "sip:b.example"], "goes with --smtp-user"),
                ([*mail, "--smtp-user=me", "sip:b.example"], "needs --smtp-password-file"),
                ([*mail, "--smtp-user=me", "--smtp-password-file=/nowhere"], "/nowhere: No such file"),
                (["--refresh"], "nothing to refresh")):
            with self.subTest(words):
                self.assertIn(said, self.refused(*words))
        self.assertEqual(self.run_setup("--nonsense")[0], 2)

    def test_words_in_any_order(self):
        self.good("sip:192.0.2.1", *self.mail, "sip:192.0.2.2", "--from=a@example.net", "sip:192.0.2.3")
        self.assertEqual(len(json.loads(self.get("etc/siptrunk_exporter/config.json"))["trunks"]), 3)

    def test_a_password_in_a_uri_is_refused_and_not_shown(self):
        said = self.refused(*self.mail, f"sip:me:{PASSWORD}@b.example")
        self.assertIn("the trunk at b.example has a password", said)
        self.assertNotIn(PASSWORD, said)

    def test_the_manual_has_every_option(self):
        manual = pathlib.Path(ROOT, "man", "siptrunk-setup.8").read_text()
        for action in settings.parser()._actions:
            for option in action.option_strings:
                if option.startswith("--") and option != "--help":
                    self.assertIn(f"Fl -{option[2:]}", manual)

    def test_as_a_program(self):
        done = subprocess.run([os.path.join(ROOT, "deploy", "monitoring", "siptrunk-setup"), "--help"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--mail-to ADDRESS", done.stdout)


@unittest.skipIf(shutil.which("cmark-gfm") is None, "needs cmark-gfm")
class Runbooks(Case):
    def test_pages(self):
        subprocess.run([os.path.join(ROOT, "deploy", "monitoring", "runbooks"), self.path("out")], check=True)
        pages = {p.name: p.read_text() for p in pathlib.Path(self.path("out")).glob("*.html")}
        self.assertEqual(len(pages), len(list(pathlib.Path(ROOT, "docs/runbooks").glob("*.md"))))
        for name, page in pages.items():
            for link in re.findall(r'href="([^"#]+)', page):
                if "://" not in link:
                    self.assertIn(link, pages, f"{name} links to {link}")
        self.assertIn("<table>", pages["SipTrunkDown.html"])
