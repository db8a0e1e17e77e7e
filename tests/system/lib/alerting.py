"""
The shipped rules and routes at work: Prometheus, Alertmanager and a mailbox, started in a
folder, with every wait shortened by the same factor where a test asks for it.
"""

import contextlib
import datetime
import email
import email.policy
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

import yaml
from aiosmtpd.controller import Controller

from harness import free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[3]
ALERTS = ROOT / "alerts"
RULES = ALERTS / "siptrunk.rules.yaml"
ROUTES = ALERTS / "alertmanager.yaml"

DURATION = re.compile(r"(?<!\w)(\d+)(ms|s|m|h|d|w)(?!\w)")
UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
           "w": 604_800_000}
# What rules write as a number of seconds: how long a problem has to be there, or was.
SECONDS = re.compile(r"(time\(\)|timestamp_seconds\)) - (\d+)\)")

RESEND_S = 60  # Prometheus' default


def shorten(text, factor):
    """Every duration of a YAML text, whatever it is for, divided by @factor."""
    def shorter(m):
        return f"{max(1, round(int(m[1]) * UNIT_MS[m[2]] / factor))}ms"
    return DURATION.sub(shorter, text)


def short_rules(factor):
    text, found = SECONDS.subn(
        lambda m: f"{m[1]} - {int(m[2]) / factor:g})", RULES.read_text())
    if found < 60:
        raise AssertionError("rules write their seconds differently now")
    return shorten(text, factor)


def routes_to(port, text=None):
    """The shipped routes with a mailbox on loopback as their smarthost."""
    text = text or ROUTES.read_text()
    text = text.replace("smtp.example.com:587", f"127.0.0.1:{port}")
    return text.replace("global:\n", "global:\n  smtp_require_tls: false\n", 1)


class Sink:
    """Keeps every mail with its recipients and the time at which it came."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail.rcpt = envelope.rcpt_tos
        mail.at = time.monotonic()
        self.mails.append(mail)
        return "250 OK"

    def subjects(self):
        return [m["Subject"] for m in self.mails]


def mailbox(case):
    """A sink behind SMTP on loopback; returns it and its port."""
    sink = Sink()
    smtp = Controller(sink, hostname="127.0.0.1", port=free_port())
    smtp.start()
    case.addCleanup(smtp.stop)
    return sink, smtp.port


def part(mail, kind):
    return mail.get_body((kind,)).get_content()


def keep(name, mail):
    """For people who want to look: SIPTRUNK_MAILS names a folder."""
    folder = os.environ.get("SIPTRUNK_MAILS")
    if folder:
        for kind, end in (("plain", "txt"), ("html", "html")):
            text = part(mail, kind)
            if kind == "plain":
                text = f"Subject: {mail['Subject']}\n\n{text}"
            pathlib.Path(folder, f"{name}.{end}").write_text(text)


class Server:
    """A program with a port and /-/ready, stopped after the test. Its clock shows UTC."""

    def __init__(self, case, folder, name, argv, zone="UTC"):
        self.log_path = pathlib.Path(folder, name + ".log")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.argv = [*argv, f"--web.listen-address={self.url[7:]}"]
        self.folder, self.name, self.zone = folder, name, zone
        self.start()
        case.addCleanup(self.stop)

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env={**os.environ, "TZ": self.zone})
        wait_for(f"{self.name} to be ready", self.ready, 30)

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(self.log())
        with urllib.request.urlopen(self.url + "/-/ready", timeout=2) as r:
            return r.status == 200

    def log(self):
        return self.log_path.read_text()[-3000:]

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(self.url + path, timeout=10) as r:
            return json.load(r)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def heard_by(url, text):
    """The routes with the ping of the dead man's switch sent to @url."""
    shipped = """\
    # webhook_configs:
    #   - url: https://watcher.example.com/ping/siptrunk
    #     send_resolved: false
"""
    if shipped not in text:
        raise AssertionError("the receiver of the watchdog is written differently now")
    return text.replace(shipped, re.sub(r"https://\S+", url, shipped.replace("# ", "", 3)))


def alertmanager(case, folder, text, zone="UTC"):
    folder = pathlib.Path(folder, "alertmanager")
    shutil.copytree(ALERTS / "templates", folder / "templates")
    (folder / "alertmanager.yaml").write_text(text)
    return Server(case, folder, "alertmanager", [
        "prometheus-alertmanager", "--config.file=alertmanager.yaml",
        "--storage.path=data", "--cluster.listen-address=",
        "--web.external-url=http://alertmanager.example:9093"], zone)


def prometheus(case, folder, rules, scrape_ms, alerting_url, *targets, options=()):
    folder = pathlib.Path(folder, "prometheus")
    folder.mkdir()
    (folder / "rules.yaml").write_text(rules)
    (folder / "prometheus.yaml").write_text(yaml.safe_dump({
        "global": {"scrape_interval": f"{scrape_ms}ms",
                   "scrape_timeout": f"{scrape_ms}ms"},
        "rule_files": ["rules.yaml"],
        "alerting": {"alertmanagers": [
            {"static_configs": [{"targets": [alerting_url[7:]]}]}]},
        "scrape_configs": [{"job_name": "siptrunk", "static_configs": [
            {"targets": [t.removeprefix("http://") for t in targets]}]}],
    }))
    return Server(case, folder, "prometheus", [
        "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data",
        "--web.external-url=http://prometheus.example:9090", *options])


class Stack:
    """An exporter's url in, mails out: mailbox, Alertmanager, Prometheus, all shortened."""

    def __init__(self, case, folder, target, factor, *targets, watcher=None,
                 resend_s=RESEND_S):
        self.factor = factor
        self.sink, port = mailbox(case)
        routes = ROUTES.read_text()
        if watcher:
            routes = heard_by(watcher, routes)
        routes = shorten(routes, factor)
        self.alertmanager = alertmanager(case, folder, routes_to(port, routes))
        self.prometheus = prometheus(
            case, folder, short_rules(factor), round(15_000 / factor),
            self.alertmanager.url, target, *targets,
            # The defaults, shortened like all else. An alert of which no more is heard is
            # believed for four resend delays.
            options=[f"--rules.alert.{name}={round(s * 1000 / factor)}ms" for name, s in (
                ("resend-delay", resend_s), ("for-grace-period", 600),
                ("for-outage-tolerance", 3600))])
        self.group_interval_s = 120 / factor  # of critical alerts
        self.believed_s = 4 * resend_s / factor

    def value(self, query):
        """The value of a query that has one result; LookupError if it has none."""
        result = self.prometheus.get("/api/v1/query", query=query)["data"]["result"]
        return float(result[0]["value"][1])

    def silence(self, alert):
        """No mails of @alert for a day."""
        now = datetime.datetime.now(datetime.timezone.utc)
        body = {"matchers": [{"name": "alertname", "value": alert, "isRegex": False}],
                "startsAt": now.isoformat(), "createdBy": "test", "comment": "test",
                "endsAt": (now + datetime.timedelta(days=1)).isoformat()}
        request = urllib.request.Request(
            self.alertmanager.url + "/api/v2/silences", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def wait_value(self, query, want, seconds=30):
        wait_for(f"{query} to be {want}", lambda: self.value(query) == want, seconds)

    def alerts(self):
        """Who is firing or pending, as Prometheus sees it."""
        every = self.prometheus.get("/api/v1/alerts")["data"]["alerts"]
        return sorted(f"{a['labels']['alertname']} {a['labels'].get('trunk', '-')} "
                      f"{a['state']}" for a in every)

    def state(self):
        with contextlib.suppress(OSError):
            return f"mails {self.sink.subjects()}, alerts {self.alerts()}"
        return f"mails {self.sink.subjects()}"

    def mails(self):
        """
        All but the ticket that an outage of more than four minutes may leave behind for
        the next day (alerts/README.md), should this one have lasted so long.
        """
        return [m for m in self.sink.mails if not m["Subject"].startswith("[OBJECTIVE]")]

    def wait_mails(self, count, seconds):
        """Waits for mail number @count, and returns it."""
        try:
            wait_for(f"mail {count}", lambda: len(self.mails()) >= count, seconds)
        except AssertionError as e:
            raise AssertionError(f"{e}; {self.state()}\n{self.alertmanager.log()}") from e
        return self.mails()[count - 1]

    def no_more_mails(self, count, seconds):
        """Watches for so long that mail number @count stays the last one."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(self.mails()) > count:
                raise AssertionError(f"more than {count} mails: {self.state()}")
            time.sleep(0.1)
