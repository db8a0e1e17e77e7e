"""The exporter's configuration: the trunks that were named, unless somebody has his own."""

import hashlib
import json
import re

from . import marks
from .errors import Refused
from .system import run

NAME = "/etc/siptrunk_exporter/config.json"
UNIT = "siptrunk-exporter.service"
PROGRAM = "siptrunk_exporter"
GROUP = "siptrunk-exporter"
TRUNK = re.compile(r"(?:([A-Za-z0-9._-]+)=)?(sips?:.+)", re.IGNORECASE)
HOST = re.compile(r"sips?:(?:[^@]*@)?(\[[^]]*\]|[^:;?]+)", re.IGNORECASE)


def trunk_of(text, taken):
    """One trunk as the configuration has it. Its carrier is its host, until one knows better."""
    given = TRUNK.fullmatch(text)
    host = HOST.match(given[2]) if given else None
    if not host:
        raise Refused(f"{text!r} is no trunk: sip:HOST[:PORT][;transport=udp|tcp|tls], "
                      "or NAME=sip:…")
    uri = given[2]
    if re.match(r"[^@]*:[^@:]*:[^@]*@", uri):
        raise Refused(f"the trunk at {host[1]} has a password in its URI: leave it out, and "
                      f"give it by `auth` in {NAME}")
    carrier = host[1].strip("[]").lower()
    name, n = given[1] or carrier, 1
    while name in taken:
        if given[1]:
            raise Refused(f"two trunks are called {name}")
        n += 1
        name = f"{carrier}-{n}"
    taken.add(name)
    return {"name": name, "uri": uri, "labels": {"carrier": carrier}}


def configuration(trunks):
    taken = set()
    rows = ",\n".join("    " + json.dumps(trunk_of(t, taken), ensure_ascii=False) for t in trunks)
    return ('{\n  "//": "siptrunk-setup:0000000000000000 wrote this. Once you change it, '
            'siptrunk-setup leaves it alone.",\n  "// manual": "man siptrunk_exporter.json",\n'
            f'  "trunks": [\n{rows}\n  ]\n}}\n')


def as_packaged(system, text):
    """Whether it is the file of the package, which probes nothing."""
    good, said = run("dpkg-query", f"--admindir={system.path('/var/lib/dpkg')}", "-W",
                     "-f", "${Conffiles}", "siptrunk-exporter")
    found = re.search(rf"(?m)^\s*{re.escape(NAME)} ([0-9a-f]{{32}})", said) if good else None
    return bool(found) and hashlib.md5(text.encode()).hexdigest() == found[1]


def plan(system, settings, files, notes):
    """Adds the configuration to @files, where it may be written."""
    there = system.read(NAME)
    if not settings.trunks:
        if there is None or as_packaged(system, there):
            notes.append(f"{NAME} has no trunk yet: name them (siptrunk-setup sip:TRUNK…)")
        return
    text = configuration(settings.trunks)
    if there is None or marks.sealed(there) or as_packaged(system, there):
        files.add(NAME, marks.seal(text), unit=UNIT, mode=0o640, group=GROUP,
                  copy=there is not None and not marks.sealed(there))
        return
    rows = "\n".join(l for l in text.splitlines() if l.startswith("    {"))
    files.kept.append((NAME, "a configuration of yours. Add there what is not in it yet, and "
                             f"`systemctl reload siptrunk-exporter`:\n{rows}"))


def trunks(system, settings):
    """How many there will be; 0 where the exporter itself cannot tell."""
    good, said = check(system.path(NAME)) if system.exists(NAME) else (False, "")
    found = re.search(r": ok \((\d+) trunks\)", said) if good else None
    return max(int(found[1]) if found else 0, len(settings.trunks))


def address(system):
    """Where it serves, as HOST:PORT; None where Prometheus needs to be told more than that."""
    if system.flag("siptrunk-exporter", "web.config.file"):
        return None
    host, port = system.listens("siptrunk-exporter", ":10060")
    return None if host.startswith("unix") else f"{host}:{port}"


def check(path):
    return run(PROGRAM, f"--config.file={path}", "--config.check")
