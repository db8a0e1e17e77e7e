"""The files that a run writes: what changes, a trial of them, and all of them or none."""

import difflib
import os
import pathlib
import re
import shutil
import tempfile

from . import marks
from .errors import Refused
from .system import ETC

COPY = ".before-siptrunk-setup"
# A line of somebody's file that a diff would show around ours.
SECRET = re.compile(r"((?:password|secret|token|credentials|url|watchdog|\w*_key)['\"]?\s*:\s*).+", re.IGNORECASE)


class File:
    """One file and what it shall say."""

    def __init__(self, name, text, unit=None, mode=0o644, group=None, copy=False,
                 secret=False, what=""):
        self.name, self.text, self.unit = name, text, unit
        self.mode, self.group = mode, group
        self.copy = copy        # the former one is kept beside it
        self.secret = secret    # never shown
        self.what = what
        self.before = None      # bytes, once looked at
        self.copied = False
        self.status = None


class Files:
    def __init__(self, system):
        self.system = system
        self.files = []
        self.kept = []          # (name, why): those left alone
        self.folders = []       # those that were not there before

    def add(self, name, text, **options):
        """A file of others, with our parts in it, or one that nobody edits."""
        self.files.append(File(name, text, **options))

    def own(self, name, text, **options):
        """A file of ours, which is left alone once somebody changed it."""
        there = self.system.read(name)
        if there is not None and not marks.sealed(there):
            self.kept.append((name, "somebody changed it since; to have it written anew, "
                                    "remove it and run this again"))
        else:
            self.add(name, marks.seal(text), **options)

    def look(self):
        for f in self.files:
            path = self.system.path(f.name)
            f.before = path.read_bytes() if path.exists() else None
            f.status = path.stat() if path.exists() else None

    def changed(self):
        return [f for f in self.files if f.before != f.text.encode()]

    def units(self):
        return {f.unit for f in self.changed() if f.unit}

    def diff(self):
        """What would change, as diff -u says it; secrets stay secret."""
        out = []
        for f in self.changed():
            if f.secret:
                out.append(f"{f.name}: a secret, not shown\n")
                continue
            before = (f.before or b"").decode("utf-8", "replace")
            new = f.before is None
            lines = difflib.unified_diff(
                before.splitlines(), f.text.splitlines(),
                "/dev/null" if new else f.name, f.name, n=1, lineterm="")
            lines = list(lines)
            if new and len(lines) > 40:
                lines = lines[:2] + [f"new, {len(lines) - 3} lines"]
            out.append("".join(SECRET.sub(r"\1…", line) + "\n" for line in lines))
        return "".join(out)

    def trial(self, name, command):
        """Refused unless @command takes the new text of @name, with our new files beside it."""
        f = next(f for f in self.files if f.name == name)
        path = self.system.path(name)
        with tempfile.TemporaryDirectory(prefix="siptrunk-setup-") as folder:
            there = self.system.path(ETC)
            if there.is_dir():
                shutil.copytree(there, folder, dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("*.secret"))
            for other in self.files:
                if other.name.startswith(ETC + "/") and not other.secret:
                    at = pathlib.Path(folder, other.name[len(ETC) + 1:])
                    at.parent.mkdir(parents=True, exist_ok=True)
                    at.write_text(other.text, encoding="utf-8")
            # Beside the real one, since the paths in it may count from there.
            beside = path.parent if path.parent.is_dir() else pathlib.Path(folder)
            trial = beside / f".siptrunk-setup-trial{path.suffix}"
            try:
                write(trial, f.text.replace(ETC + "/", folder + "/").encode(), 0o600)
                good, said = command(str(trial))
            finally:
                trial.unlink(missing_ok=True)
        said = said.replace(str(trial), name).replace(folder, ETC)
        if not good:
            raise Refused(f"{name} would not be valid, so nothing is changed:\n{said}")
        return said

    def write(self):
        for f in self.changed():
            path = self.system.path(f.name)
            self.make_folder(path.parent)
            if f.copy and f.before is not None and b"# BEGIN siptrunk-setup:" not in f.before:
                write(pathlib.Path(f"{path}{COPY}"), f.before, f.mode, None, f.status)
                f.copied = True
            write(path, f.text.encode(), f.mode, f.group if self.system.runs else None, f.status)

    def make_folder(self, path):
        if not path.is_dir():
            self.make_folder(path.parent)
            path.mkdir()
            self.folders.append(path)

    def roll_back(self):
        for f in self.changed():
            path = self.system.path(f.name)
            if f.before is None:
                path.unlink(missing_ok=True)
            else:
                write(path, f.before, f.mode, None, f.status)
            if f.copied:
                pathlib.Path(f"{path}{COPY}").unlink(missing_ok=True)
        for folder in reversed(self.folders):
            folder.rmdir()


def write(path, data, mode, group=None, status=None):
    """All of it or nothing, with the rights that it had; through a link, not in its place."""
    path = pathlib.Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".siptrunk-setup-")
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
            os.fchmod(f.fileno(), status.st_mode & 0o7777 if status else mode)
            if status:
                os.fchown(f.fileno(), status.st_uid, status.st_gid)
            elif group:
                shutil.chown(name, "root", group)
            f.flush()
            os.fsync(f.fileno())
        os.rename(name, path)
    except BaseException:
        pathlib.Path(name).unlink(missing_ok=True)
        raise
