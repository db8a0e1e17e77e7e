"""
What Grafana does with a dashboard that its types do not tell, each learnt by looking at 12.2:
a rule gives the complaints of a dashboard. No rule draws; what can only be seen is seen in
Grafana (docs/dashboards.md).
"""

import re

GREY = "#858590"


def panels(dashboard, *kinds):
    every = [q for p in dashboard["panels"] for q in (p, *p.get("panels", ()))]
    return [p for p in every if p["type"] != "row" and (not kinds or p["type"] in kinds)]


def expressions(panel):
    return [t["expr"] for t in panel["targets"]]


def fields(panel):
    """(name, settings) of the panel's defaults, and of each of its overrides with them."""
    defaults = panel["fieldConfig"]["defaults"]
    yield "", defaults
    for o in panel["fieldConfig"]["overrides"]:
        yield o["matcher"]["options"], {**defaults, **{
            x["id"]: x["value"] for x in o["properties"]}}


def merged_values_need_a_fixed_colour(dashboard):
    """mergeValues with color.mode "thresholds" ignores mappings: one grey bar, "-∞+"."""
    return [p["title"] for p in panels(dashboard, "state-timeline")
            if p["options"]["mergeValues"]
            and p["fieldConfig"]["defaults"]["color"]["mode"] != "fixed"]


def a_timeline_says_nothing_of_nothing(dashboard):
    """noValue becomes an entry of a state timeline's legend."""
    return [p["title"] for p in panels(dashboard, "state-timeline")
            if "noValue" in p["fieldConfig"]["defaults"]]


def durations_are_short(dashboard):
    """dtdurations is long, and a cell loses its first characters: "days, 3 hours"."""
    return [f"{p['title']} {name}" for p in panels(dashboard)
            for name, f in fields(p) if f.get("unit") == "dtdurations"]


def no_value_is_grey(dashboard):
    """noValue takes the colour of the first threshold: "no TLS" in red."""
    return [f"{p['title']} {name}" for p in panels(dashboard, "stat", "table")
            for name, f in fields(p)
            if f.get("thresholds", {}).get("steps")
            and f["thresholds"]["steps"][0]["color"] != GREY]


def nothing_is_divided_by_nothing(dashboard):
    """NaN is a value to a table and a figure: noValue does not stand in for it."""
    found = []
    for p in panels(dashboard, "stat", "table"):
        for expr in expressions(p):
            # What stands behind each division, up to the bracket that closes it.
            for at in re.finditer(r"/ *\(", expr):
                depth, end = 0, at.end() - 1
                for end in range(at.end() - 1, len(expr)):
                    depth += {"(": 1, ")": -1}.get(expr[end], 0)
                    if depth == 0:
                        break
                if not re.search(r"> 0\)$", expr[at.end():end + 1]) and not re.match(
                        r" < Inf\b", expr[end + 1:]):
                    found.append(f"{p['title']}: {expr[at.start():end + 1]}")
    return found


def marks_are_points(dashboard):
    """An annotation that lasts paints a region over every panel."""
    return [a["name"] for a in dashboard["annotations"]["list"]
            if not re.search(r"\boffset 1m\b", a["expr"])]


def variables_fit_one_row(dashboard):
    """
    Beside the time at 1280 there are 514 pixels with the menu at the side, measured; a report
    is opened by its address, without it, but tells whole dates: 614. A choice of several takes
    136 and 6 a letter of its label, one of one value 66, 6, and 7 a letter of the value (17),
    its description's sign 22 more; between two are 8. Switches for marks stand there too.
    """
    def width(v):
        own = {"adhoc": 53}.get(v["type"], 136 if v.get("multi") else 66 + 7 * 17)
        return own + 6 * len(v["label"]) + 22 * bool(v.get("description"))
    asked = [width(v) + 8 for v in dashboard["templating"]["list"] if v["hide"] != 2]
    room = 614 if dashboard["uid"].endswith("availability") else 514
    switches = [a["name"] for a in dashboard["annotations"]["list"] if not a["hide"]]
    return ([f"{sum(asked) - 8} pixels"] if sum(asked) - 8 > room else []) + switches


def titles_of_figures_are_short(dashboard):
    """Beside the sign of the description a figure four columns wide has 80 pixels."""
    return [p["title"] for p in panels(dashboard, "stat")
            if p["gridPos"]["w"] <= 4 and len(p["title"]) > 11]


def legends_leave_room(dashboard):
    """A legend at the side takes more than half of a panel unless its width is said."""
    return [p["title"] for p in panels(dashboard, "timeseries")
            if p["options"]["legend"]["placement"] == "right"
            and not 0 < (p["options"]["legend"].get("width") or 0) <= 28 * p["gridPos"]["w"]]


def axes_have_even_steps(dashboard):
    """An axis of dthms or dtdhms has its steps at 01:23:20."""
    return [p["title"] for p in panels(dashboard, "timeseries")
            if re.match(r"dt", p["fieldConfig"]["defaults"]["unit"])]


def no_panel_is_divided_by_pages(dashboard):
    """
    A page of A4 across is 34 cells at 60 %: a panel that it ends in loses a line there, and
    the list of a table that is higher than a page was not printed at all.
    """
    if not dashboard["uid"].endswith("availability"):
        return []
    return [p["title"] for p in panels(dashboard) for g in [p["gridPos"]]
            if g["y"] // 34 != (g["y"] + g["h"] - 1) // 34]


def columns_fit(dashboard):
    """
    Columns without a width share what is left, and get no less than minWidth: a table that
    needs more than the page at 1280 pixels is cut on its right.
    """
    found = []
    for p in panels(dashboard, "table"):
        columns = set(p["transformations"][1]["options"]["renameByName"].values())
        widths = {name: f.get("custom.width") for name, f in fields(p) if name in columns}
        asked = sum(w or p["fieldConfig"]["defaults"]["custom"]["minWidth"]
                    for w in widths.values())
        if asked > 52 * p["gridPos"]["w"] - 18:
            found.append(f"{p['title']}: {asked}")
    return found


def columns_have_headings(dashboard):
    """
    A label that a query brings and nobody named is one more column, at the end. Of tables
    with a row for each exporter, whose expressions say their labels first.
    """
    found = []
    for p in panels(dashboard, "table"):
        organized = p["transformations"][1]["options"]
        known = {*organized["renameByName"], *organized["excludeByName"]}
        if "instance" not in known:
            continue
        for expr in expressions(p):
            by = re.search(r"\b(?:sum|min|max|count|group|count_values) by \(([^)]*)\)", expr)
            brought = set(filter(None, re.split(r",\s*", by[1]))) if by else set()
            found += [f"{p['title']}: {label}" for label in sorted(brought - known)]
    return found


def what_is_wrong_is_high(dashboard):
    """A table shows as many rows as its height allows: six at nine cells."""
    return [p["title"] for p in panels(dashboard, "table")
            if p["title"] == "What is wrong now"
            and (not 12 <= p["gridPos"]["h"] <= 14
                 or p["options"]["footer"]["enablePagination"])]


def percentiles_are_of_native_histograms(dashboard):
    """Classic buckets are interpolated: a true 707 ms reads 753 or 981."""
    return [p["title"] for p in panels(dashboard) for expr in expressions(p)
            if re.search(r"histogram_quantile\(.*_bucket", expr, re.DOTALL)]


def loss_is_a_share_of_all(dashboard):
    """An axis that ends at the largest loss makes 2 % look like all of it."""
    return [p["title"] for p in panels(dashboard, "timeseries") if p["title"] == "Loss"
            and (p["fieldConfig"]["defaults"].get("min"),
                 p["fieldConfig"]["defaults"].get("max")) != (0, 1)]


def nothing_is_not_of_a_hundred(dashboard):
    """The axis of a count that is 0 all the time goes up to 100."""
    return [p["title"] for p in panels(dashboard, "timeseries")
            if p["fieldConfig"]["defaults"].get("unit") in ("none", "short")
            and p["fieldConfig"]["defaults"]["custom"].get("axisSoftMax") != 1]


def nothing_is_touched_on_a_wall(dashboard):
    """No variables, switches, links or time at the top; nothing that pages or scrolls."""
    if not dashboard["uid"].endswith("wall"):
        return []
    return ([v["name"] for v in dashboard["templating"]["list"] if v["hide"] != 2]
            + [a["name"] for a in dashboard["annotations"]["list"]]
            + [link["title"] for link in dashboard["links"]]
            + [p["title"] for p in panels(dashboard, "table", "state-timeline")]
            + ([] if dashboard["timepicker"].get("hidden") else ["time"])
            # 1080 pixels are 28 cells, in kiosk mode.
            + ([] if max(p["gridPos"]["y"] + p["gridPos"]["h"]
                         for p in panels(dashboard)) <= 28 else ["height"]))


RULES = (
    merged_values_need_a_fixed_colour, a_timeline_says_nothing_of_nothing,
    durations_are_short, no_value_is_grey, nothing_is_divided_by_nothing, marks_are_points,
    variables_fit_one_row, titles_of_figures_are_short, legends_leave_room,
    axes_have_even_steps, no_panel_is_divided_by_pages, columns_fit, columns_have_headings,
    what_is_wrong_is_high,
    percentiles_are_of_native_histograms, loss_is_a_share_of_all, nothing_is_not_of_a_hundred,
    nothing_is_touched_on_a_wall,
)
