"""
Dashboards as plain pictures: what a panel shows where, in a browser of 1280 pixels. Not
Grafana, which Debian does not have, but its grid, its panels' sizes and its way to share
the width of a table, with real answers of a Prometheus. The page says which texts it had to
cut, and with SIPTRUNK_PICTURES naming a folder people can look for themselves.
"""

import html
import json
import math
import os
import re
import subprocess
import tempfile
import time

WIDTH = 1280
# Margins of the page, between panels, and of a cell of the grid; a panel's heading.
PAGE, GAP, ROW, HEAD = 16, 8, 30, 32
COLUMN = (WIDTH - 2 * PAGE - 23 * GAP) / 24
PALETTE = ("#73BF69", "#F2CC0C", "#8AB8FF", "#FF780A", "#F2495C", "#5794F2", "#B877D9",
           "#FFB357", "#96D98D", "#CA95E5")

STYLE = """
body { margin: 0; width: %dpx; background: #111217; color: #ccccdc;
       font: 14px/1.4 Inter, Helvetica, Arial, sans-serif; position: relative }
.p { position: absolute; box-sizing: border-box; background: #181b1f; overflow: hidden;
     border: 1px solid #2a2c33 }
.t { height: %dpx; line-height: %dpx; padding: 0 8px; font-weight: 500 }
.b { position: absolute; left: 8px; right: 8px; top: %dpx; bottom: 8px }
.c { white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
table { border-collapse: collapse; table-layout: fixed; font-size: 14px;
        box-sizing: border-box }
td, th { box-sizing: border-box; height: 35px; padding: 0; text-align: left;
         border: 1px solid #2a2c33 }
th { color: #6e9fff; font-weight: 500 }
td div, th div { padding: 0 6px }
.l { font-size: 12px; display: inline-block; margin-right: 10px; white-space: nowrap }
.l i { display: inline-block; width: 14px; height: 4px; margin-right: 5px }
text { fill: #ccccdc; font-size: 12px }
""" % (WIDTH, HEAD, HEAD, HEAD)

# What is cut, and what is drawn outside its panel; told to whoever asks for the page's text.
SCRIPT = """
const cut = [];
for (const e of document.querySelectorAll('.c'))
  if (e.scrollWidth > e.clientWidth + 1)
    cut.push([e.closest('.p').dataset.title, e.textContent, e.scrollWidth, e.clientWidth]);
for (const e of document.querySelectorAll('.b > *')) {
  const p = e.closest('.p').getBoundingClientRect(), r = e.getBoundingClientRect();
  if (r.right > p.right + 1 || (e.tagName != 'TABLE' && r.bottom > p.bottom + 1))
    cut.push([e.closest('.p').dataset.title, 'beyond the panel', r.right, p.right]);
}
const told = document.createElement('pre');
told.id = 'cut';
told.hidden = true;
told.textContent = JSON.stringify(cut);
document.body.append(told);
"""


def number(value, decimals):
    if decimals is None:
        decimals = 0 if value == int(value) else max(0, 2 - int(math.log10(max(1, abs(value)))))
    return f"{value:.{decimals}f}"


def scaled(value, decimals, base, units):
    for unit in units:
        if abs(value) < base or unit == units[-1]:
            return f"{number(value, decimals)} {unit}".strip()
        value /= base


def duration(seconds, decimals):
    for name, size in (("year", 31536000), ("month", 2628000), ("week", 604800),
                       ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if abs(seconds) >= size:
            n = number(seconds / size, decimals)
            return f"{n} {name}{'' if float(n) == 1 else 's'}"
    return f"{number(seconds, decimals)} seconds"


def shown(value, unit, decimals=None):
    """A value as Grafana writes it."""
    if unit == "percentunit":
        return number(value * 100, decimals) + "%"
    if unit == "dtdurations":
        return duration(value, decimals)
    if unit == "s":
        if abs(value) < 1:
            return scaled(value * 1e6, decimals, 1000, ("µs", "ms"))
        return scaled(value, decimals, 60, ("s", "mins", "hours"))
    if unit == "bytes":
        return scaled(value, decimals, 1024, ("B", "KiB", "MiB", "GiB"))
    if unit in ("cpm", "reqps"):
        return number(value, decimals) + (" cpm" if unit == "cpm" else " req/s")
    return scaled(value, decimals, 1000, ("", "K", "Mil"))


class Field:
    """How one series or column is shown: the panel's defaults, then its overrides."""

    def __init__(self, panel, name):
        config = panel["fieldConfig"]
        self.all = dict(config["defaults"])
        self.width = self.all.get("custom", {}).get("width")
        self.min_width = self.all.get("custom", {}).get("minWidth", 150)
        self.colour = None
        for o in config["overrides"]:
            by, what = o["matcher"]["id"], o["matcher"]["options"]
            if by == "byName" and what == name or by == "byRegexp" and re.search(what, name):
                for x in o["properties"]:
                    self.set(x["id"], x["value"])

    def set(self, key, value):
        if key == "custom.width":
            self.width = value
        elif key == "custom.minWidth":
            self.min_width = value
        elif key == "custom.cellOptions":
            self.all["cell"] = value["type"]
        elif key == "color":
            self.colour = value.get("fixedColor")
        else:
            self.all[key] = value

    def text(self, value):
        """(what is written, in which colour)"""
        for m in self.all.get("mappings", ()):
            hit = m["options"].get(f"{value:g}") if m["type"] == "value" else None
            if hit:
                return hit["text"], hit["color"]
        colour = "#ccccdc"
        for step in self.all.get("thresholds", {}).get("steps", ()):
            if step["value"] is None or value >= step["value"]:
                colour = step["color"]
        return shown(value, self.all["unit"], self.all.get("decimals")), colour


def escaped(text):
    return html.escape(str(text))


def stat(panel, answers, width, height):
    field = Field(panel, "")
    values = [v for rows in answers.values() for _, v in rows]
    text, colour = field.text(values[-1]) if values else (field.all["noValue"], "#ccccdc")
    # As large as fits; less than 20 pixels would be no figure to see from afar.
    size = max(20, min(height * 0.7, width / (0.75 * max(1, len(text)))))
    return (f'<div class="c" style="font-size:{size:.0f}px;line-height:{height}px;height:'
            f'{height}px;color:{colour}">{escaped(text)}</div>')


def table(panel, rows, width, height):
    names = list(panel["transformations"][1]["options"]["indexByName"])
    rename = panel["transformations"][1]["options"]["renameByName"]
    fields = {rename[n]: Field(panel, rename[n]) for n in names if n in rename}
    if not rows:
        return f'<div class="c">{escaped(panel["fieldConfig"]["defaults"]["noValue"])}</div>'
    # A column that no row fills is not there.
    fields = {n: f for n, f in fields.items() if any(n in r for r in rows)}
    free = [f for f in fields.values() if not f.width]
    share = (width - sum(f.width or 0 for f in fields.values())) / max(1, len(free))
    for f in free:
        f.width = max(share, f.min_width)
    head = "".join(f'<th style="width:{f.width:.0f}px"><div class="c">{escaped(n)}</div></th>'
                   for n, f in fields.items())
    body = "".join("<tr>" + "".join(cell(f, r.get(n)) for n, f in fields.items()) + "</tr>"
                   for r in rows[:(height - 36) // 36])
    total = sum(f.width for f in fields.values())
    return f'<table style="width:{total:.0f}px"><tr>{head}</tr>{body}</table>'


def cell(field, value):
    if value is None:
        text, colour = field.all.get("noValue", ""), ""
    elif isinstance(value, str):
        text, colour = value, ""
    else:
        text, colour = field.text(value)
    kind = field.all.get("cell", "auto")
    style = {"color-background": f"background:{colour};color:#fff",
             "color-text": f"color:{colour}"}.get(kind if colour else "auto", "")
    return f'<td style="{style}"><div class="c">{escaped(text)}</div></td>'


def legend(panel, names):
    return "".join(
        f'<span class="l c"><i style="background:{c}"></i>{escaped(n)}</span>'
        for n, c in names.items())


def name_of(target, labels):
    """A series' name, by the legend of its query."""
    if target["legendFormat"] == "__auto":
        return ", ".join(f"{k}={v}" for k, v in sorted(labels.items())) or "value"
    return re.sub(r"\{\{ *(\w+) *\}\}", lambda m: labels.get(m[1], ""),
                  target["legendFormat"])


def timeseries(panel, answers, width, height):
    series = [(name_of(t, s["metric"]), [(float(x), float(y)) for x, y in s["values"]])
              for t in panel["targets"] for s in answers[t["refId"]]]
    if not series:
        return f'<div class="c">{escaped(panel["fieldConfig"]["defaults"]["noValue"])}</div>'
    at_side = panel["options"]["legend"]["placement"] == "right"
    wide, high = (width * 0.62, height) if at_side else (width, height - 24)
    unit = panel["fieldConfig"]["defaults"]["unit"]
    points = [p for _, line in series for p in line if math.isfinite(p[1])]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    top = max(max(y for _, y in points), 1e-9) * 1.05
    out, names = [], {}
    for i, (name, line) in enumerate(series):
        colour = names[name] = (Field(panel, name).colour or PALETTE[i % len(PALETTE)])
        place = " ".join(
            f"{60 + (wide - 68) * (x - first) / max(1, last - first):.1f},"
            f"{high - 20 - (high - 30) * max(0, y) / top:.1f}"
            for x, y in line if math.isfinite(y))
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" '
                   f'points="{place}"/>')
    for part in (0, 0.5, 1):
        y = high - 20 - (high - 30) * part / 1.05
        out.append(f'<line x1="60" x2="{wide - 8:.0f}" y1="{y:.0f}" y2="{y:.0f}" '
                   f'stroke="#2a2c33"/><text x="56" y="{y + 4:.0f}" text-anchor="end">'
                   f"{escaped(shown(top * part / 1.05, unit))}</text>")
    for x in (first, (first + last) / 2, last):
        place = 60 + (wide - 68) * (x - first) / max(1, last - first)
        out.append(f'<text x="{min(place, wide - 24):.0f}" y="{high - 4:.0f}" '
                   f'text-anchor="middle">{time.strftime("%H:%M", time.gmtime(x))}</text>')
    svg = f'<svg width="{wide:.0f}" height="{high:.0f}">{"".join(out)}</svg>'
    if not at_side:
        return (f'{svg}<div style="max-height:24px;overflow:hidden">'
                f"{legend(panel, names)}</div>")
    rows = "".join(f'<div class="c" style="font-size:12px;width:{width * 0.36:.0f}px">'
                   f'<i style="color:{c}">■</i> {escaped(n)}</div>' for n, c in names.items())
    return (f'<div style="display:flex">{svg}<div style="margin-left:8px">{rows}</div></div>')


def timeline(panel, answers, width, height):
    lines = [(name_of(t, s["metric"]), s["values"])
             for t in panel["targets"] for s in answers[t["refId"]]]
    if not lines:
        return f'<div class="c">{escaped(panel["fieldConfig"]["defaults"]["noValue"])}</div>'
    lines = lines[:panel["options"].get("perPage", 40)]
    field = Field(panel, "")
    first = min(float(v[0][0]) for _, v in lines)
    last = max(float(v[-1][0]) for _, v in lines)
    # Grafana gives the names a fifth of the width or what they need.
    left = min(width / 3, 8 + 7.5 * max(len(n) for n, _ in lines))
    high, out = (height - 30) / len(lines), []
    for i, (name, values) in enumerate(lines):
        y = i * high
        out.append(f'<div class="c" style="position:absolute;left:0;top:{y:.0f}px;width:'
                   f'{left - 6:.0f}px;font-size:12px;text-align:right;line-height:{high:.0f}px">'
                   f"{escaped(name)}</div>")
        for (x, v), (end, _) in zip(values, [*values[1:], (last, 0)]):
            a = left + (width - left) * (float(x) - first) / max(1, last - first)
            b = left + (width - left) * (float(end) - first) / max(1, last - first)
            out.append(f'<div style="position:absolute;left:{a:.1f}px;top:{y + 1:.0f}px;width:'
                       f'{max(0, b - a) + 0.5:.1f}px;height:{high * 0.85:.0f}px;background:'
                       f'{field.text(float(v))[1]}"></div>')
    key = {m["text"]: m["color"] for m in
           field.all["mappings"][0]["options"].values()}
    out.append(f'<div style="position:absolute;bottom:0">{legend(panel, key)}</div>')
    return "".join(out)


def heatmap(panel, answers, width, height):
    cells = sum(len(s.get("values", ())) + len(s.get("histograms", ()))
                for rows in answers.values() for s in rows)
    return (f'<div class="c" style="height:{height}px;line-height:{height}px;opacity:.5;'
            f'background:linear-gradient(#440154,#21918c,#fde725);text-align:center">'
            f"{cells} cells</div>")


DRAW = {"stat": stat, "timeseries": timeseries, "state-timeline": timeline,
        "heatmap": heatmap}


def page(dashboard, ask, values, panels):
    out, bottom = [], 0
    for p in panels:
        g = p["gridPos"]
        w, h = g["w"] * COLUMN + (g["w"] - 1) * GAP, g["h"] * ROW + (g["h"] - 1) * GAP
        x, y = PAGE + g["x"] * (COLUMN + GAP), 8 + g["y"] * (ROW + GAP)
        bottom = max(bottom, y + h)
        place = f"left:{x:.1f}px;top:{y:.0f}px;width:{w:.1f}px;height:{h:.0f}px"
        title = f'<div class="t c">{escaped(p["title"])}</div>'
        if p["type"] == "row":
            out.append(f'<div class="p" data-title="{escaped(p["title"])}" style="{place}">'
                       f"{title}</div>")
            continue
        wide, high = w - 18, h - HEAD - 10
        if p["type"] == "table":
            body = table(p, ask.table(p, values), wide, int(high))
        else:
            answers = {t["refId"]: ask.target(p, t, values) for t in p["targets"]}
            if p["type"] == "stat":
                answers = {r: [(s["metric"], float(s["values"][-1][1]))
                               if isinstance(s, dict) else s for s in rows]
                           for r, rows in answers.items()}
            body = DRAW[p["type"]](p, answers, wide, high)
        out.append(f'<div class="p" data-title="{escaped(p["title"])}" style="{place}">'
                   f'{title}<div class="b">{body}</div></div>')
    return ('<!DOCTYPE html><meta charset="utf-8">'
            f'<title>{escaped(dashboard["title"])}</title>'
            f"<style>{STYLE}</style><body style=\"height:{bottom + 16:.0f}px\">{''.join(out)}"
            f"<script>{SCRIPT}</script>"), math.ceil(bottom + 16)


def look(name, text, height):
    """[[panel, text, pixels needed, pixels there]] of all that is cut."""
    keep = os.environ.get("SIPTRUNK_PICTURES")
    with tempfile.TemporaryDirectory(prefix="siptrunk-picture-") as folder:
        path = os.path.join(folder, name + ".html")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
                    f"--user-data-dir={folder}/profile", "--hide-scrollbars",
                    f"--window-size={WIDTH},{height}"]
        if keep:
            subprocess.run([*chromium, f"--screenshot={keep}/{name}.png", f"file://{path}"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        r = subprocess.run([*chromium, "--dump-dom", f"file://{path}"], timeout=120,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r'<pre id="cut"[^>]*>(.*?)</pre>', r.stdout, re.DOTALL)
    if not found:
        raise AssertionError(f"chromium says nothing of {name}: {r.stdout[-300:]}")
    return json.loads(html.unescape(found[1]))
