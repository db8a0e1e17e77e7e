"""All that a run would change, as files; nothing is written here."""

from . import alertmanager, exporter, grafana, marks, prometheus, relay, rules, settings as asked, yamltext
from .errors import ByHand, Refused
from .files import Files
from .system import SHARE

UNITS = (exporter.UNIT, alertmanager.UNIT, prometheus.UNIT, grafana.UNIT)


def password(system, settings):
    """The password for the mail server: the file's, or that of an earlier run."""
    if not settings.smtp_user:
        return None
    if settings.smtp_password_file:
        try:
            with open(settings.smtp_password_file, encoding="utf-8") as f:
                secret = f.read().strip()
        except (OSError, UnicodeDecodeError) as e:
            why = getattr(e, "strerror", None) or "no text"
            raise Refused(f"--smtp-password-file {settings.smtp_password_file}: {why}") from None
    else:
        secret = (system.read(alertmanager.SECRET) or "").strip()
    if not secret or "\n" in secret:
        raise Refused("--smtp-user needs --smtp-password-file, a file with one line")
    return secret


def by_hand(name, e):
    text = yamltext.dump(e.items, 0)
    return Refused(
        f"{name}:{e.line}: {e.why}, so it cannot be edited safely, and nothing is changed.\n"
        f"Write `{e.path[-1]}` line by line, as in\n\n  {e.path[-1]}:\n  - …\n\n"
        f"and run it again, or add by hand under `{'.'.join(e.path)}`:\n\n{text}")


def edited(name, edit, *args):
    try:
        return edit(*args)
    except ByHand as e:
        raise by_hand(name, e) from None


def links(system, settings, notes):
    """(runbooks, Grafana, whether Prometheus serves the runbooks) for the links in mails."""
    board = settings.grafana or (grafana.address(system) if grafana.installed(system) else "")
    if settings.runbooks:
        return settings.runbooks.rstrip("/") + "/NAME.md", board, False
    own = system.flag("prometheus", "web.user-assets")
    if own:
        notes.append(f"/etc/default/prometheus has --web.user-assets={own}: runbooks are served "
                     f"if {own}/runbooks is a link to {SHARE}/assets/runbooks")
    return f"{prometheus.seen_as(system)}/user/runbooks/NAME.html", board, not own


def own_files(system, settings, files, notes):
    runbooks, board, assets = links(system, settings, notes)
    large = rules.large(settings, exporter.trunks(system, settings), notes)
    files.own(rules.NAME, rules.text(runbooks, board, large), unit=prometheus.UNIT)
    for name, text in alertmanager.templates().items():
        files.own(f"{alertmanager.TEMPLATES}/{name}",
                  "{{/* siptrunk-setup:0000000000000000 wrote this; a change made here stays. */ -}}\n"
                  + text, unit=alertmanager.UNIT)
    for module, flags in ((prometheus, prometheus.extra_flags(system, notes, assets)),
                          (alertmanager, alertmanager.extra_flags(system))):
        text = prometheus.drop_in(system, module.UNIT, flags, notes)
        if text:
            files.own(module.DROP_IN, text, unit=module.UNIT)
    grafana.plan(system, files, prometheus.address(system))


def make(system, settings, notes):
    """The Files of a run. Refused where one of them cannot be."""
    for name in (prometheus.NAME, alertmanager.NAME):
        marks.strip(name, system.read(name) or "")
    settings.mail_from = settings.mail_from or f"siptrunk@{system.host()}"
    secret = password(system, settings)
    serves = exporter.address(system)
    if serves is None:
        raise Refused("/etc/default/siptrunk-exporter has the exporter serve by TLS, with passwords or "
                      "on a Unix socket, which\nPrometheus has to be told in its own words: docs/web.md "
                      "of siptrunk-exporter has them. Nothing is changed.")
    files = Files(system)
    exporter.plan(system, settings, files, notes)
    own_files(system, settings, files, notes)
    if secret:
        files.add(alertmanager.SECRET, secret + "\n", unit=alertmanager.UNIT, mode=0o640,
                  group="prometheus", secret=True)
    files.add(prometheus.NAME, edited(
        prometheus.NAME, prometheus.edit, system, alertmanager.address(system), serves, notes),
        unit=prometheus.UNIT, copy=True)
    tls = settings.smtp_uses_tls = relay.ask(settings, secret, system.host(), notes)
    files.add(alertmanager.NAME, edited(alertmanager.NAME, alertmanager.edit, system, settings,
                                        tls, notes), unit=alertmanager.UNIT, copy=True)
    files.add(asked.SAVED, settings.saved(), mode=0o600)
    files.look()
    return files


def check(files):
    """Every file by the program that reads it; what they say beside `yes` is of use to nobody."""
    names = {f.name for f in files.files}
    for module in (exporter, prometheus, alertmanager):
        if module.NAME in names:
            files.trial(module.NAME, module.check)
