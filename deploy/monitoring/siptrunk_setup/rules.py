"""The shipped rules, with links that lead somewhere on this machine."""

import copy
import functools
import re

import yaml

from .errors import Refused
from .system import ETC, SHARE, sources

NAME = f"{ETC}/siptrunk.rules.yaml"
HEAD = ("# siptrunk-setup:0000000000000000 wrote this from the rules of its package. A change\n"
        "# made here stays: siptrunk-setup then leaves the file alone.\n")
# From so many trunks on, that fall together, two cores are busy for half of the usual pace.
MANY = 2000
RUNBOOKS = re.compile(r"https://runbooks\.example/([A-Za-z]+)\.md")
GRAFANA = "https://grafana.example/"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def large(settings, trunks, notes):
    """Whether the rules are those for ten thousand trunks: as asked, or by how many there are."""
    many = trunks >= MANY
    if settings.rules == "auto" and many:
        notes.append(f"{trunks} trunks: the rules are evaluated less often, so that all of them may "
                     "fall together; --rules usual if this machine has cores to spare")
    return settings.rules == "large" or settings.rules == "auto" and many


def shipped(large):
    name = "siptrunk.large.rules.yaml" if large else "siptrunk.rules.yaml"
    return (sources() / "alerts" / name).read_text(encoding="utf-8")


@functools.cache
def without(text, annotation):
    """@text without an annotation, by lines where these say the same afterwards."""
    wanted = copy.deepcopy(yaml.load(text, Loader=LOADER))
    for group in wanted["groups"]:
        for rule in group["rules"]:
            rule.get("annotations", {}).pop(annotation, None)
    lines, gone = text.splitlines(keepends=True), set()
    for event in keys(yaml.compose(text, Loader=LOADER), annotation):
        gone.update(event)
    short = "".join(l for n, l in enumerate(lines) if n not in gone)
    try:
        same = yaml.load(short, Loader=LOADER) == wanted
    except yaml.YAMLError:
        same = False
    return short if same else yaml.safe_dump(wanted, sort_keys=False, width=1000)


def keys(node, name):
    """The lines of each key @name and its value, below @node."""
    for child in node.value if isinstance(node.value, list) else ():
        pair = child if isinstance(child, tuple) else (child,)
        if len(pair) == 2 and pair[0].value == name:
            end = pair[1].end_mark
            yield range(pair[0].start_mark.line, end.line + (end.column > 0))
        else:
            yield from keys(pair[-1], name)


def text(runbooks, grafana, large):
    """
    The rules for these bases: @runbooks has NAME where an alert's name goes. Without Grafana
    no link pretends that there is one. @large: those for ten thousand trunks
    """
    rules = RUNBOOKS.sub(lambda m: runbooks.replace("NAME", m[1]), shipped(large))
    if grafana:
        rules = rules.replace(GRAFANA, grafana.rstrip("/") + "/")
    else:
        rules = without(rules, "dashboard_url")
    if ".example/" in rules:
        raise Refused(f"{SHARE}/alerts: the rules have a link that this program does not know")
    return HEAD + rules
