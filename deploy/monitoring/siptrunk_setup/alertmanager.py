"""
Debian's Alertmanager: the shipped routes, inhibition and mails, as a branch of its tree that
takes our alerts and no other.
"""

import copy

import yaml

from . import marks, yamltext
from .errors import Refused
from .system import ETC, run, sources

NAME = "/etc/prometheus/alertmanager.yml"
UNIT = "prometheus-alertmanager.service"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/siptrunk-monitoring.conf"
TEMPLATES = f"{ETC}/templates"
SECRET = f"{ETC}/smtp.secret"
OURS = 'alertname=~"SipTrunk.+"'
PREFIX = "siptrunk-"
# Receivers of the shipped file that are there to be copied, for a label of your own.
EXAMPLES = {"voice-team"}
# Who is called as long as all is well, and misses the call when this machine is gone.
WATCHDOG = "watchdog"
# What Debian's sample logs in with: nobody's credentials, and yet used for all mails.
SAMPLE = {"smtp_auth_username": "alertmanager", "smtp_auth_password": "password"}


def shipped():
    return yaml.safe_load((sources() / "alerts" / "alertmanager.yaml").read_text(encoding="utf-8"))


def templates():
    """{name: text} of the shipped templates."""
    folder = sources() / "alerts" / "templates"
    return {p.name: p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.tmpl"))}


def renamed(route):
    """A route and those below it with our names for the receivers, the examples left out."""
    route = dict(route)
    if "receiver" in route:
        route["receiver"] = PREFIX + route["receiver"]
    if "routes" in route:
        route["routes"] = [renamed(r) for r in route["routes"]
                           if r.get("receiver") not in EXAMPLES]
    return route


def mail(settings, host, tls):
    """How a mail leaves, all of it said, since what is not said the file's global part says."""
    how = {"to": ", ".join(settings.mail_to), "from": settings.mail_from,
           "smarthost": settings.smarthost(), "hello": host, "require_tls": tls}
    if settings.smtp_user:
        how.update(auth_username=settings.smtp_user, auth_password_file=SECRET)
    return how


def receivers(config, how, watchdog):
    """
    The shipped receivers with our addresses. Other ways than mail are examples there, but for
    the watcher outside, whom @watchdog, if it is given, reaches.
    """
    ours = []
    for receiver in copy.deepcopy(config["receivers"]):
        if receiver["name"] in EXAMPLES:
            continue
        receiver = {k: v for k, v in receiver.items() if k in ("name", "email_configs")}
        receiver["name"] = PREFIX + receiver["name"]
        for email in receiver.get("email_configs", ()):
            email.update(how)
        if receiver["name"] == PREFIX + WATCHDOG and watchdog:
            receiver["webhook_configs"] = [{"url": watchdog, "send_resolved": False}]
        ours.append(receiver)
    return ours


def without_sample(text, config, settings):
    """Refused where the file's own credentials would go to another server."""
    auth = {k: v for k, v in (config.get("global") or {}).items() if k.startswith("smtp_auth_")}
    if settings.smtp_user or not auth:
        return text
    if auth == SAMPLE:
        pairs = yamltext.find(yamltext.parse(NAME, text), "global")[1].value
        numbers = [k.start_mark.line for k, v in pairs if k.value in SAMPLE]
        if numbers[1] == numbers[0] + 1:
            return yamltext.switch_off(text, numbers)
    if config["global"].get("smtp_smarthost") == settings.smarthost():
        return text
    raise Refused(
        f"{NAME}: its global part logs in with smtp_auth_username, and Alertmanager would do so at\n"
        f"{settings.smarthost()} too. Give --smtp-user and --smtp-password-file for that server, or\n"
        "take those lines out of the global part. Nothing is changed.")


def warn_inhibition(config, notes):
    for rule in config.get("inhibit_rules") or []:
        named = str(rule.get("target_matchers") or rule.get("target_match") or "")
        if "trunk" not in (rule.get("equal") or []) and "severity" in named:
            notes.append(
                f"{NAME}: an inhibit rule that was there also holds for alerts about trunks, and lets "
                "one trunk's hold back another's: add `trunk` to its `equal`")


def edit(system, settings, tls, notes):
    """The new text of alertmanager.yml."""
    text = system.read(NAME)
    if text is None:
        raise Refused(f"{NAME} is not there: is Debian's prometheus-alertmanager installed?")
    text = marks.strip(NAME, text)
    yamltext.parse(NAME, text)
    config, ours = yamltext.load(text), shipped()
    warn_inhibition(config, notes)
    text = without_sample(text, config, settings)
    if not settings.watchdog and any(r["name"] == WATCHDOG for r in ours["receivers"]):
        notes.append("nobody notices when this machine itself is gone: --watchdog URL has a watcher "
                     "outside called once a minute, who tells you when the calls stay out")
    text = yamltext.insert(NAME, text, ["templates"], [f"{TEMPLATES}/*.tmpl"])
    if not isinstance(config.get("route"), dict):
        raise Refused(f"{NAME} has no route, so it was never valid; mend it first")
    text = yamltext.insert(NAME, text, ["route", "routes"],
                           [{"matchers": [OURS], **renamed(ours["route"])}], first=True)
    text = yamltext.insert(NAME, text, ["inhibit_rules"], ours["inhibit_rules"])
    return yamltext.insert(NAME, text, ["receivers"],
                           receivers(ours, mail(settings, system.host(), tls), settings.watchdog))


def extra_flags(system):
    """Alone it has nobody to gossip with, and no private address to do so from, perhaps."""
    words = system.args("prometheus-alertmanager")
    return [] if any("cluster." in w for w in words) else ["--cluster.listen-address="]


def address(system):
    """Where it listens, as HOST:PORT."""
    return ":".join(system.listens("prometheus-alertmanager", ":9093"))


def check(path):
    return run("amtool", "check-config", path)
