"""Debian's Prometheus: rules, the scrape of the exporter, and how long it remembers."""

import re
import socket
import urllib.parse

from . import marks, rules, yamltext
from .errors import Refused
from .system import SHARE, run

NAME = "/etc/prometheus/prometheus.yml"
UNIT = "prometheus.service"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/siptrunk-monitoring.conf"
RETENTION_DAYS = 400  # 13 months, so that a month can be compared with that of last year
DAYS = {"ms": 1 / 86_400_000, "s": 1 / 86400, "m": 1 / 1440, "h": 1 / 24, "d": 1, "w": 7, "y": 365}
JOB = "siptrunk"
HEAD = ("# siptrunk-setup:0000000000000000 wrote this. A change made here stays:\n"
        "# siptrunk-setup then leaves the file alone.\n[Service]\nExecStart=\n")


def address(system):
    """Where it listens, as a URL of this machine."""
    host, port = system.listens("prometheus", ":9090")
    prefix = system.flag("prometheus", "web.route-prefix")
    external = system.flag("prometheus", "web.external-url")
    if prefix is None and external:
        prefix = urllib.parse.urlsplit(external).path
    return f"http://{host}:{port}{(prefix or '').rstrip('/')}"


def seen_as(system):
    """The address by which a reader of mails reaches it."""
    external = system.flag("prometheus", "web.external-url")
    return external.rstrip("/") if external else address(system).replace(
        "//localhost:", f"//{system.host()}:")


def local(target, address):
    """Whether @target is what answers at @address, under another of this machine's names."""
    names = ("localhost", "127.0.0.1", "[::1]", socket.gethostname(), socket.getfqdn())
    (host, _, port), (at, _, wanted) = target.rpartition(":"), address.rpartition(":")
    return port == wanted and host in names and at in names


def static_targets(entry):
    return [t for s in entry.get("static_configs") or [] for t in s.get("targets") or []]


def edit(system, alertmanager, exporter, notes):
    """The new text of prometheus.yml, with the addresses of the other two, as HOST:PORT."""
    text = system.read(NAME)
    if text is None:
        raise Refused(f"{NAME} is not there: is Debian's prometheus installed?")
    text = marks.strip(NAME, text)
    yamltext.parse(NAME, text)
    config = yamltext.load(text)

    managers = ((config.get("alerting") or {}).get("alertmanagers") or [])
    if not any(t == alertmanager or local(t, alertmanager) for m in managers for t in static_targets(m)):
        text = yamltext.insert(NAME, text, ["alerting", "alertmanagers"],
                               [{"static_configs": [{"targets": [alertmanager]}]}])
        if managers:
            notes.append(f"{NAME}: alerts go to the Alertmanagers that it named and, from now "
                         "on, to this machine's")
    text = yamltext.insert(NAME, text, ["rule_files"], [rules.NAME])
    if any(job.get("job_name") == JOB for job in config.get("scrape_configs") or []):
        notes.append(f"{NAME}: has a job `{JOB}` of yours, which is left as it is")
        return text
    return yamltext.insert(NAME, text, ["scrape_configs"], [{
        "job_name": JOB, "scrape_interval": "15s",
        "static_configs": [{"targets": [exporter], "labels": {
            "instance": exporter.replace("localhost:", f"{system.host()}:")}}]}])


def days(text):
    """A duration of Prometheus in days; None for what is none."""
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text)
    return sum(int(n) * DAYS[u] for n, u in parts) if parts else None


def extra_flags(system, notes, assets):
    """The flags that the unit gets beside those of ARGS."""
    flags = []
    kept = system.flag("prometheus", "storage.tsdb.retention.time")
    if kept is None:
        flags.append(f"--storage.tsdb.retention.time={RETENTION_DAYS}d")
    elif (days(kept) or 0) < RETENTION_DAYS:
        notes.append(f"/etc/default/prometheus keeps {kept}, and is left so; the availability "
                     f"of past months needs --storage.tsdb.retention.time={RETENTION_DAYS}d")
    if assets:
        flags.append(f"--web.user-assets={SHARE}/assets")
    return flags


def drop_in(system, unit, flags, notes):
    """The text that adds @flags to a unit's command, or None."""
    if not flags:
        return None
    name, command = system.command(unit)
    if command is None:
        raise Refused(f"there is no {unit}: is its Debian package installed?")
    if ".d/" in name:
        notes.append(f"{name} has the command of {unit}: add {' '.join(flags)} there")
        return None
    return HEAD + f"ExecStart={command} {' '.join(flags)}\n"


def check(path):
    return run("promtool", "check", "config", path)
