"""What a run does, in order."""

import fcntl
import os
import subprocess
import sys
import time

from . import alertmanager, exporter, marks, plan, proof, prometheus, settings as asked
from .errors import Refused
from .files import COPY
from .system import ETC, System, sources

LOCK = "/run/siptrunk-setup.lock"


def say(text):
    print(f"siptrunk-setup: {text}", flush=True)


def only_one():
    """Held until the program ends."""
    lock = open(LOCK, "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refused("another siptrunk-setup runs") from None
    return lock


def wanted(args, system):
    """What this run is to do."""
    before = asked.load(system)
    if args.refresh and before is None:
        raise Refused("there is nothing to refresh: no earlier run")
    settings = asked.merge(args, before or asked.Settings())
    if args.refresh:
        settings.smtp_check = False
    asked.check(settings)
    return settings


def tell(files, notes, past):
    for f in files.changed():
        there = f"; the former one is {os.path.basename(f.name)}{COPY}" if f.copied else ""
        how = "written" if f.before is None else "edited"
        say(f"{f.name}: {'would be ' if not past else ''}{how}{there}")
    for name, why in files.kept:
        say(f"{name}: left as it is: {why}")
    for note in notes:
        say(f"note: {note}")


def restart(system, units):
    """Refused where systemd could not."""
    system.systemctl("daemon-reload")
    # What failed again and again before, for want of what is there now, may start.
    system.systemctl("reset-failed", *plan.UNITS[:3])
    for unit in plan.UNITS:
        if unit in units and not system.systemctl("restart", unit):
            raise Refused(f"systemd could not restart {unit}: journalctl -u {unit} says why")
    for unit in plan.UNITS[:3]:
        if not system.systemctl("start", unit):
            raise Refused(f"systemd could not start {unit}: journalctl -u {unit} says why")


def put_in_force(system, files):
    """All of it, or all as it was before."""
    units, since = files.units(), time.time()
    try:
        files.write()
        restart(system, units)
        if system.runs and os.path.isdir("/run/systemd/system"):
            proof.wait(prometheus.address(system), f"http://{alertmanager.address(system)}", say,
                       since if units else 0)
    except BaseException:
        say("it did not work: every file is put back as it was")
        files.roll_back()
        try:
            restart(system, units)
        except Refused as e:
            say(str(e))
        raise


def set_up(args, system):
    notes = []
    settings = wanted(args, system)
    files = plan.make(system, settings, notes)
    plan.check(files)
    if settings.dry_run:
        print(files.diff(), end="")
        tell(files, notes, past=False)
        say("all of it is valid; nothing was changed (--dry-run)")
        return
    changed = files.changed()
    put_in_force(system, files)
    tell(files, notes, past=True)
    if not changed:
        say("all was as it should be; nothing was changed")
    say(f"mails go to {', '.join(settings.mail_to)} through {settings.smarthost()}")
    page = exporter.address(system).replace("localhost:", f"{system.host()}:")
    say(f"trunks: http://{page}/   alerts: {prometheus.seen_as(system)}/alerts")


def remove(args, system):
    """As a purge does it; by hand it stops where something of ours was changed."""
    for name in (prometheus.NAME, alertmanager.NAME):
        text = system.read(name)
        if text is not None:
            marks.strip(name, text)
    if args.dry_run:
        say("would take back what it has changed; nothing was changed (--dry-run)")
        return
    undo = sources() / "undo" if (sources() / "undo").exists() else \
        sources() / "deploy" / "monitoring" / "undo"
    if subprocess.run(["sh", str(undo), str(system.root)], check=False).returncode:
        raise Refused("not all could be taken back")
    say(f"{ETC} is gone, and with it what was asked for")


def main(words):
    args = asked.parser().parse_intermixed_args(words)
    system = System(args.root)
    try:
        if os.geteuid() != 0 and system.runs:
            raise Refused("must be root")
        lock = only_one() if system.runs else None
        (remove if args.remove else set_up)(args, system)
        del lock
    except Refused as e:
        print(f"siptrunk-setup: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
