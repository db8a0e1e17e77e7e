"""
What compose.yaml promises and can be checked without its images: scripts/stack-test runs it.
"""

import json
import os
import pathlib
import re
import smtplib
import subprocess
import unittest
import urllib.error
import urllib.request
from email.message import EmailMessage

import yaml

import peers
from alerting import ALERTS, ROOT
from harness import Case, free_port, run, wait_for

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
HERE = ROOT / "deploy" / "compose"


def mounts(service):
    """{path inside: path here} of what a service mounts."""
    return {inside: ROOT / here for here, inside, _ in
            (m.split(":") for m in SERVICES[service].get("volumes", ())
             if not m.startswith("${"))}


class Compose(Case):
    def test_images_are_named_and_pinned(self):
        for name, service in SERVICES.items():
            with self.subTest(name):
                registry, _, version = re.fullmatch(
                    r"([a-z.]+)/(.+):(.+)", service["image"]).groups()
                self.assertEqual(registry, "localhost" if "build" in service
                                 else "docker.io")
                if registry != "localhost":
                    self.assertRegex(version, r"^v?\d+\.\d+\.\d+$")

    def test_loopback_only(self):
        for name, service in SERVICES.items():
            for port in service.get("ports", ()):
                self.assertRegex(port, r"^127\.0\.0\.1:(\d+):\1$", name)

    def test_what_is_mounted_and_built_exists(self):
        for name, service in SERVICES.items():
            with self.subTest(name):
                for here in mounts(name).values():
                    self.assertTrue(here.exists(), here)
                if "build" in service:
                    build = service["build"]
                    folder = build["context"] if isinstance(build, dict) else build
                    self.assertTrue((ROOT / folder / "Dockerfile").is_file())
                for other in service.get("depends_on", ()):
                    self.assertIn(other, SERVICES)

    @unittest.skipIf(peers.missing("docker-compose"), "docker-compose is not installed")
    def test_compose_takes_it(self):
        done = subprocess.run(
            ["docker-compose", "-f", ROOT / "compose.yaml", "config", "--quiet"],
            capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_trunks(self):
        code, out, err = run("--config.check", "--config.file", str(HERE / "exporter.json"))
        self.assertEqual((code, err), (0, ""))
        self.assertIn("ok (2 trunks)", out)
        for trunk in json.loads((HERE / "exporter.json").read_text())["trunks"]:
            host = re.match(r"sip:([\w-]+):5060", trunk["uri"])[1]
            self.assertIn(host, SERVICES)


class Starts(Case):
    """The start scripts, with programs that only check what they are started with."""

    def start(self, service, program, checks, **environment):
        text = (HERE / service / "start").read_text().replace("/tmp", self.folder)
        for inside, here in mounts(service).items():
            text = text.replace(inside, str(here))
        script = self.write("start", text)
        stub = self.write(program, f"#!/bin/sh\nexec {checks}\n")
        os.chmod(stub, 0o755)
        done = subprocess.run(
            ["sh", script], capture_output=True, text=True, timeout=60, cwd=self.folder,
            env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", **environment})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipIf(peers.missing("promtool"), "promtool is not installed")
    def test_prometheus(self):
        config = (HERE / "prometheus" / "prometheus.yaml").read_text()
        checked = self.write("checked.yaml", config.replace("/tmp", self.folder))
        self.start("prometheus", "prometheus", f"promtool check config {checked}")
        text = pathlib.Path(self.path("siptrunk.rules.yaml")).read_text()
        self.assertNotIn(".example/", text)
        shipped = (ALERTS / "siptrunk.rules.yaml").read_text()
        self.assertEqual(len(text.splitlines()), len(shipped.splitlines()))
        for link in set(re.findall(r"http://localhost:(\d+)/", text)):
            self.assertIn(f"127.0.0.1:{link}:{link}",
                          sum((s.get("ports", []) for s in SERVICES.values()), []))

    @unittest.skipIf(peers.missing("amtool"), "amtool is not installed")
    def test_alertmanager(self):
        checked = self.path("alertmanager.yaml")
        self.start("alertmanager", "alertmanager", f"amtool check-config {checked}")
        config = yaml.safe_load(pathlib.Path(checked).read_text())
        self.assertEqual(config["global"]["smtp_smarthost"], "mail:2525")
        self.assertIs(config["global"]["smtp_require_tls"], False)

    @unittest.skipIf(peers.missing("amtool"), "amtool is not installed")
    def test_alertmanager_mails_a_person(self):
        checked = self.path("alertmanager.yaml")
        self.start("alertmanager", "alertmanager", f"amtool check-config {checked}",
                   MAIL_TO="you@example.net", SMTP="mail.example.net:587", SMTP_USER="me@example.net")
        config = yaml.safe_load(pathlib.Path(checked).read_text())
        how = config["global"]
        self.assertEqual((how["smtp_smarthost"], how["smtp_require_tls"], how["smtp_auth_username"],
                          how["smtp_auth_password_file"]),
                         ("mail.example.net:587", True, "me@example.net", "/run/secrets/smtp"))
        self.assertIn("you@example.net", how["smtp_from"])
        self.assertEqual({e["to"] for r in config["receivers"] for e in r.get("email_configs", ())},
                         {"you@example.net"})
        self.start("alertmanager", "alertmanager", f"amtool check-config {checked}",
                   MAIL_TO="you@example.net", SMTP="mail:25", SMTP_TLS="off", SMTP_FROM="s@example.net")
        how = yaml.safe_load(pathlib.Path(checked).read_text())["global"]
        self.assertIs(how["smtp_require_tls"], False)
        self.assertIn("s@example.net", how["smtp_from"])
        self.assertNotIn("smtp_auth_username", how)

    def test_what_is_no_address_goes_nowhere(self):
        for bad in ({"MAIL_TO": "you@example.net"}, {"SMTP": "mail:25"},
                    {"MAIL_TO": "a, b", "SMTP": "mail:25"}, {"MAIL_TO": "a@b", "SMTP": "mail"},
                    {"MAIL_TO": "a@b\nto: c@d", "SMTP": "mail:25"},
                    {"MAIL_TO": "a@b", "SMTP": "mail:25", "SMTP_USER": "me"},
                    {"MAIL_TO": "a@b", "SMTP": "mail:25", "SMTP_FROM": "'x"}):
            with self.subTest(bad):
                done = subprocess.run([ROOT / "scripts" / "stack", "up"], capture_output=True,
                                      text=True, timeout=30, env={**os.environ, "COMPOSE": "false", **bad})
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertRegex(done.stderr, "^scripts/stack: (MAIL_TO|SMTP)")


class Catcher(Case):
    def setUp(self):
        super().setUp()
        self.smtp, self.web = free_port(), free_port()
        process = subprocess.Popen(
            ["/usr/bin/python3", HERE / "mail" / "catcher.py", "--host=127.0.0.1",
             f"--smtp-port={self.smtp}", f"--web-port={self.web}"],
            stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_for("the mail catcher", lambda: self.get("/mails"), 60)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}", timeout=5) as r:
            self.policy = r.headers["Content-Security-Policy"]
            return r.read().decode()

    def send(self, subject, text, html):
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = subject, "a@example", "b@example"
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as s:
            s.send_message(mail)

    def test_mails(self):
        self.assertEqual(self.get("/mails"), "0\n")
        self.assertIn("Nothing yet", self.get("/"))
        self.send("[DOWN] <script>é", "in words", "<b>in colour</b>")
        self.send("[UP]", "again", "<i>again</i>")
        self.assertEqual(self.get("/mails"), "2\n")
        page = self.get("/")
        self.assertIn("[DOWN] &lt;script&gt;é", page)
        self.assertLess(page.index("/mails/2.html"), page.index("/mails/1.html"))
        self.assertIn("Subject: [DOWN] <script>é\nTo: b@example\n\nin words\n",
                      self.get("/mails/1.txt"))
        self.assertIn("<b>in colour</b>", self.get("/mails/1.html"))
        self.assertIn("default-src 'none'", self.policy)

    def test_nothing_else(self):
        for path in ("/mails/1.html", "/mails/0.txt", "/x", "/runbooks/../mails",
                     "/runbooks/..%2f..%2fetc%2fpasswd", "/runbooks/Nothing.md"):
            with self.subTest(path), self.assertRaises(urllib.error.HTTPError) as e:
                self.get(path)
            self.assertEqual(e.exception.code, 404)
            e.exception.close()


class Grafana(unittest.TestCase):
    """Grafana's own image is not to be had here; what it is given must fit together."""

    def setUp(self):
        self.mounts = mounts("grafana")
        self.environment = SERVICES["grafana"]["environment"]

    def inside(self, path):
        """The file here that a path in the container leads to."""
        for inside, here in self.mounts.items():
            if path == inside or path.startswith(inside + "/"):
                return here / path[len(inside):].lstrip("/")
        raise AssertionError(f"{path} is not mounted")

    def provisioned(self, kind):
        files = sorted(self.inside(f"/etc/grafana/provisioning/{kind}").glob("*.y*ml"))
        self.assertTrue(files)
        return [yaml.safe_load(f.read_text()) for f in files]

    def test_data_source(self):
        (source,) = (s for f in self.provisioned("datasources") for s in f["datasources"])
        self.assertEqual(source["type"], "prometheus")
        url = re.sub(r"\$\{(\w+)\}", lambda m: self.environment[m[1]], source["url"])
        host, port = re.fullmatch(r"http://([a-z]+):(\d+)", url).groups()
        self.assertIn(f"127.0.0.1:{port}:{port}", SERVICES[host]["ports"])

    def test_dashboards(self):
        (provider,) = (p for f in self.provisioned("dashboards") for p in f["providers"])
        found = {json.loads(f.read_text())["uid"]: f
                 for f in self.inside(provider["options"]["path"]).glob("*.json")}
        # Where the mails' links lead.
        rules = (ALERTS / "siptrunk.rules.yaml").read_text()
        linked = set(re.findall(r"https://grafana\.example/d/([\w-]+)", rules))
        self.assertTrue(linked)
        self.assertLessEqual(linked, set(found))
        home = self.environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertIn(self.inside(home), found.values())
