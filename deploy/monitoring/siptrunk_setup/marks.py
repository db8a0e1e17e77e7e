"""
What is ours and whether somebody changed it since. In a file of others, ours stands between
two lines:

    # BEGIN siptrunk-setup:HASH written by siptrunk-setup(8), do not edit up to END
    # END siptrunk-setup

HASH is that of the lines between. One of theirs that must be out of the way stands there
too, behind OFF. A file that is ours as a whole names the hash of its own text, read with
zeros in the hash's place. deploy/monitoring/undo reads both by the same rules.
"""

import hashlib
import re

from .errors import Refused

OFF = "#off:"
ZEROS = "0" * 16
SEAL = re.compile(r"siptrunk-setup:([0-9a-f]{16})")
BEGIN = re.compile(r" *# BEGIN siptrunk-setup:([0-9a-f]{16}) ")
END = "# END siptrunk-setup"
ANY = re.compile(r"# (BEGIN|END) siptrunk-setup")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def wrap(indent, body):
    """@body, which ends in a line end, between our marks."""
    pad = " " * indent
    return (f"{pad}# BEGIN siptrunk-setup:{digest(body)} written by siptrunk-setup(8), "
            f"do not edit up to END\n{body}{pad}{END}\n")


def strip(name, text):
    """@text as it is without us. Refused where somebody edited between the marks."""
    kept, part, begun = [], None, None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if part is None and (begun := BEGIN.match(line)):
            part = []
        elif part is not None and line.strip() == END:
            if digest("".join(part)) != begun[1]:
                raise changed(name, number)
            kept += [p[len(OFF):] for p in part if p.startswith(OFF)]
            part = None
        elif ANY.search(line):
            raise changed(name, number)
        else:
            (kept if part is None else part).append(line)
    if part is not None:
        raise changed(name, number)
    return "".join(kept)


def changed(name, number):
    return Refused(
        f"{name}:{number}: the part between the marks of siptrunk-setup was changed.\n"
        "Nothing is done, so that this change is not lost. Take the lines that you want to\n"
        "keep out of the marks, remove what is left from BEGIN to END, and run it again.")


def seal(text):
    """@text, in which ZEROS stand where its hash belongs."""
    return text.replace(f"siptrunk-setup:{ZEROS}", f"siptrunk-setup:{digest(text)}", 1)


def sealed(text):
    """Whether @text is what seal() once made."""
    found = SEAL.search(text)
    return bool(found) and digest(SEAL.sub(f"siptrunk-setup:{ZEROS}", text, 1)) == found[1]
