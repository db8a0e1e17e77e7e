"""
Items put into a YAML file that people wrote: lines are inserted and none is changed, and what
the file says afterwards is compared with what it said. Where that cannot be done line by
line, ByHand tells what to add.
"""

import copy

import yaml

from . import marks
from .errors import ByHand, Refused

NULL = "tag:yaml.org,2002:null"


def load(text):
    """What it says, every scalar as its text."""
    return yaml.load(text, Loader=yaml.BaseLoader)


def parse(name, text):
    """The tree with its lines; Refused where it is no YAML or no mapping."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as e:
        where = e.problem_mark.line + 1 if e.problem_mark else 1
        raise Refused(f"{name}:{where}: no YAML: {e.problem}") from None
    except yaml.YAMLError as e:
        raise Refused(f"{name}: no YAML: {e}") from None
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise Refused(f"{name}: not a configuration of keys, each on a line of its own")
    return root


class Plain(yaml.SafeDumper):
    """Writes a value that stands twice in full both times."""

    def ignore_aliases(self, data):
        return True


def written(value):
    """YAML with what holds only scalars on one line."""
    return yaml.dump(value, Dumper=Plain, sort_keys=False, width=1000, allow_unicode=True,
                     default_flow_style=None)


def dump(value, indent):
    """A list, an item a line or more, below the keys that lead to it."""
    pad = " " * indent
    if isinstance(value, dict):
        (key, inner), = value.items()
        return f"{pad}{key}:\n{dump(inner, indent + 2)}"
    items = ["- " + written(item).removesuffix("...\n").replace("\n", "\n  ").rstrip(" ")
             for item in value]
    return "".join(pad + line for item in items for line in item.splitlines(keepends=True))


def find(mapping, key):
    """The nodes of a key and of its value, or None."""
    return next(((k, v) for k, v in mapping.value if k.value == key), None)


def last_line(node):
    """The last line that belongs to @node; a block's own end mark is that of what follows."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        key, value = node.value[-1]
        return max(last_line(key), last_line(value))
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return last_line(node.value[-1])
    end = node.end_mark
    return end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line


def nest(keys, items):
    for key in reversed(keys):
        items = {key: items}
    return items


def empty(node):
    return (isinstance(node, yaml.ScalarNode) and node.tag == NULL
            and node.start_mark.index == node.end_mark.index)


def place(root, path, items, first):
    """(line after which to insert, its indent, what to insert there)."""
    node = root
    for depth, key in enumerate(path):
        found = find(node, key)
        if found is None:
            return last_line(node), node.start_mark.column, nest(path[depth:], items)
        above, node = found
        line = above.end_mark.line
        if empty(node):
            return line, above.start_mark.column + 2, nest(path[depth + 1:], items)
        kind = yaml.SequenceNode if depth + 1 == len(path) else yaml.MappingNode
        if not isinstance(node, kind) or node.flow_style or node.start_mark.line <= line:
            raise ByHand(line + 1, f"{key} is not written line by line", path, items)
    return line if first else last_line(node), node.start_mark.column, items


def outside(lines, line):
    """@line, or the end of our own part that it lies in."""
    ours = False
    for n, text in enumerate(lines):
        ours = bool(marks.BEGIN.match(text)) or ours and text.strip() != marks.END
        if n >= line and not ours:
            return n
    return line


def expected(text, path, items, first):
    """What the file has to say once @items are in it."""
    data = copy.deepcopy(load(text))
    at = data
    for key in path[:-1]:
        at[key] = at.get(key) or {}
        at = at[key]
    here, new = at.get(path[-1]) or [], load(yaml.safe_dump(items))
    at[path[-1]] = new + here if first else here + new
    return data


def insert(name, text, path, items, first=False):
    """
    @text with @items, a list, put into the sequence that stands at @path, a list of keys that
    need not be there yet: as its end or, where order rules, as its beginning.
    """
    if not text.endswith("\n"):
        text += "\n"
    line, indent, value = place(parse(name, text), path, items, first)
    lines = text.splitlines(keepends=True)
    lines.insert(outside(lines, line) + 1, marks.wrap(indent, dump(value, indent)))
    new = "".join(lines)
    try:
        same = load(new) == expected(text, path, items, first)
    except yaml.YAMLError:
        same = False
    if not same:
        raise ByHand(line + 1, "its layout leaves no safe place", path, items)
    return new


def switch_off(text, numbers):
    """@text with lines, counted from 0, taken out of force; they stand together."""
    lines = text.splitlines(keepends=True)
    off = "".join(marks.OFF + lines[n] for n in numbers)
    lines[numbers[0]:numbers[-1] + 1] = [marks.wrap(0, off)]
    return "".join(lines)
