"""The machine: where its files are, what its services are started with, and systemd."""

import os
import pathlib
import re
import shlex
import socket
import subprocess

from .errors import Refused

ETC = "/etc/siptrunk_monitoring"
SHARE = "/usr/share/siptrunk_monitoring"


def sources():
    """The folder with alerts/ and grafana/: the package's, or the source tree's."""
    here = pathlib.Path(__file__).resolve().parents[1]
    return here if (here / "alerts").is_dir() else here.parents[1]


class System:
    """The system below a folder; only the one below / has services that run."""

    def __init__(self, root="/"):
        self.root = pathlib.Path(root)
        self.runs = self.root == pathlib.Path("/")

    def path(self, name):
        return self.root / name.lstrip("/")

    def read(self, name):
        """The text of a file, or None."""
        try:
            with open(self.path(name), encoding="utf-8", newline="") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def exists(self, name):
        return self.path(name).exists()

    def args(self, service):
        """The words that a service is started with: its command's, and those of ARGS."""
        command = self.command(f"{service}.service")[1] or ""
        return command.split()[1:] + self.defaults(service)

    def defaults(self, service):
        """The words of ARGS in /etc/default/SERVICE, as systemd will read them."""
        found = re.findall(r"(?m)^\s*ARGS=(.*(?:\\\n.*)*)", self.read(f"/etc/default/{service}") or "")
        if not found:
            return []
        try:
            return shlex.split("".join(shlex.split(found[-1])))
        except ValueError:
            return found[-1].split()

    def flag(self, service, name):
        """The last value of a flag in ARGS, or None."""
        args, value = self.args(service), None
        for word, following in zip(args, args[1:] + [""]):
            flag, equals, rest = word.partition("=")
            if flag.lstrip("-") == name.lstrip("-"):
                value = rest if equals else following
        return value

    def listens(self, service, default):
        """(host, port) by which this machine reaches a service; the host of a wildcard is
        localhost."""
        listen = self.flag(service, "web.listen-address") or default
        host, _, port = listen.rpartition(":")
        return "localhost" if host in ("", "0.0.0.0", "[::]") else host, port

    def command(self, unit):
        """(file, ExecStart) that rules a unit, our own drop-in left out."""
        folders = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
        base = next((f"{f}/{unit}" for f in folders if self.exists(f"{f}/{unit}")), None)
        names = [base] if base else []
        for folder in folders:
            names += sorted(f"{folder}/{unit}.d/{p.name}"
                            for p in self.path(f"{folder}/{unit}.d").glob("*.conf")
                            if p.name != "siptrunk-monitoring.conf")
        ruling = (None, None)
        for name in names:
            found = re.findall(r"(?m)^ExecStart=(.+)$", self.read(name) or "")
            ruling = (name, found[-1]) if found else ruling
        return ruling

    def host(self):
        """A name of this machine that others may know it by."""
        return socket.getfqdn() if "." in socket.getfqdn() else socket.gethostname()

    def systemctl(self, *args):
        """Whether systemd did it; without one there is nothing to do."""
        if not self.runs or not os.path.isdir("/run/systemd/system"):
            return True
        return subprocess.run(["systemctl", *args], stdin=subprocess.DEVNULL).returncode == 0


def run(*command):
    """(whether it succeeded, what it said)"""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise Refused(f"there is no {command[0]}: is its Debian package installed?") from None
    return done.returncode == 0, (done.stdout + done.stderr).strip()
