"""What was asked for: the command line, and where it is silent what an earlier run was told."""

import argparse
import dataclasses
import json
import re

from .errors import Refused
from .system import ETC

SAVED = f"{ETC}/setup.json"
ADDRESS = re.compile(r"[^\s@<>,;:\"()\\]+@[A-Za-z0-9.\[\]:-]+")
RELAY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?")
BASE = re.compile(r"https?://[^\s'\"{}]+")


@dataclasses.dataclass
class Settings:
    mail_to: list = dataclasses.field(default_factory=list)
    smtp: str = ""
    smtp_user: str = ""
    smtp_tls: str = "auto"
    mail_from: str = ""
    grafana: str = ""
    runbooks: str = ""
    watchdog: str = ""
    rules: str = "auto"
    trunks: list = dataclasses.field(default_factory=list)
    smtp_uses_tls: bool = None      # what the mail server was found to offer
    # Of this run alone.
    smtp_password_file: str = ""
    smtp_check: bool = True
    dry_run: bool = False

    def saved(self):
        kept = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name in ("smtp_password_file", "smtp_check", "dry_run"):
            del kept[name]
        return json.dumps(kept, indent=2) + "\n"

    def relay(self):
        """(host, port) of the mail server; 587 is where one logs in."""
        six, name, port = RELAY.fullmatch(self.smtp).groups()
        return six or name, int(port or (587 if self.smtp_user else 25))

    def smarthost(self):
        host, port = self.relay()
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parser():
    p = argparse.ArgumentParser(
        prog="siptrunk-setup", allow_abbrev=False,
        description="Has Debian's Prometheus and Alertmanager watch SIP trunks and send mail.",
        epilog="Without TRUNK or other options, what an earlier run was told holds. "
               "See siptrunk-setup(8).")
    p.add_argument("trunks", nargs="*", metavar="TRUNK",
                   help="sip:HOST[:PORT][;transport=udp|tcp|tls], or NAME=sip:…")
    p.add_argument("--mail-to", action="append", metavar="ADDRESS",
                   help="who gets the mails; repeatable")
    p.add_argument("--smtp", metavar="HOST[:PORT]",
                   help="the mail server; port 25, or 587 with --smtp-user")
    p.add_argument("--smtp-user", metavar="NAME", help="log in there as this user, …")
    p.add_argument("--smtp-password-file", metavar="FILE", help="… with what this file holds")
    p.add_argument("--smtp-tls", choices=("auto", "on", "off"),
                   help="STARTTLS; auto, the default: if the server offers it")
    p.add_argument("--no-smtp-check", action="store_true",
                   help="do not ask the mail server whether it takes such mails")
    p.add_argument("--from", dest="mail_from", metavar="ADDRESS",
                   help="sender of the mails; default siptrunk@HOST")
    p.add_argument("--grafana", metavar="URL",
                   help="address of Grafana in mails; default: this host's, if it is installed")
    p.add_argument("--runbooks", metavar="URL",
                   help="address of the runbooks in mails; default: served by Prometheus")
    p.add_argument("--watchdog", metavar="URL",
                   help="a watcher outside, called once a minute as long as all is well")
    p.add_argument("--rules", choices=("auto", "usual", "large"),
                   help="large: evaluated less often, for thousands of trunks that fall together; "
                        "auto, the default: from 2,000 on")
    p.add_argument("--dry-run", action="store_true",
                   help="check all, show what would be changed, change nothing")
    p.add_argument("--remove", action="store_true", help="take back what it has changed")
    p.add_argument("--refresh", action="store_true",
                   help="write anew, for the installed version, what an earlier run wrote")
    p.add_argument("--root", default="/", metavar="FOLDER",
                   help="work on the system below FOLDER, and start nothing there")
    return p


def load(system):
    """What an earlier run was told, or None."""
    text = system.read(SAVED)
    try:
        return Settings(**json.loads(text)) if text else None
    except (ValueError, TypeError) as e:
        raise Refused(f"{SAVED}: cannot be read: {e}") from None


def merge(args, settings):
    """The command line over what an earlier run was told."""
    for name in ("mail_to", "smtp", "smtp_user", "smtp_tls", "mail_from", "grafana",
                 "runbooks", "watchdog", "rules", "trunks", "smtp_password_file"):
        if given := getattr(args, name):
            setattr(settings, name, given)
    if args.smtp and not args.smtp_user:
        settings.smtp_user = ""
    if args.smtp or args.smtp_tls:
        settings.smtp_uses_tls = None
    settings.smtp_check = not args.no_smtp_check
    settings.dry_run = args.dry_run
    return settings


def check(settings):
    """Refused where something is missing or would not be what it looks like."""
    if not settings.mail_to or not settings.smtp:
        raise Refused("say where mails go: --mail-to ADDRESS --smtp HOST[:PORT]")
    for address in settings.mail_to + [settings.mail_from] * bool(settings.mail_from):
        if not ADDRESS.fullmatch(address):
            raise Refused(f"{address!r} is no mail address of the form NAME@DOMAIN")
    relay = RELAY.fullmatch(settings.smtp)
    if not relay or not 0 < int(relay[3] or 25) < 65536:
        raise Refused(f"--smtp {settings.smtp!r} is not HOST or HOST:PORT")
    for option in ("grafana", "runbooks", "watchdog"):
        base = getattr(settings, option)
        if base and not BASE.fullmatch(base):
            raise Refused(f"--{option} is no http:// or https:// address")
    if settings.smtp_password_file and not settings.smtp_user:
        raise Refused("--smtp-password-file goes with --smtp-user")
