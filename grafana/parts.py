"""Panels, variables, links and annotations as Grafana's dashboard JSON has them."""

import queries

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "siptrunk"

# Told apart with every common colour blindness, on Grafana's dark and on its light
# ground; a test measures it. Colour never speaks alone: mappings give the word too.
BLUE, AMBER, RED, GREY = "#2B7BD1", "#BD8D00", "#C62A35", "#858590"
TEAL, PURPLE, ROSE = "#2A9D8F", "#7A52B3", "#C2679A"

STATE_COLOURS = {"Up": BLUE, "Degraded": AMBER, "Down": RED, "Not known": GREY}
CODE_COLOURS = {"2": BLUE, "3": TEAL, "4": PURPLE, "5": AMBER, "6": ROSE}
REASON_COLOURS = {
    "timeout": RED, "dns": PURPLE, "refused": AMBER, "unreachable": GREY,
    "connect": ROSE, "tls": TEAL, "protocol": "#8A6D3B", "auth": BLUE,
    "response": "#4C9A2A", "internal": "#5B6BBF",
    "elsewhere": "#B5651D",
}
PHASE_COLOURS = {"resolve": GREY, "connect": AMBER, "tls": PURPLE, "response": BLUE}


# Queries

def range_(expr, legend="__auto", ref="A", **more):
    return {"datasource": DATASOURCE, "editorMode": "code", "expr": expr, "range": True,
            "instant": False, "format": "time_series", "legendFormat": legend,
            "refId": ref, **more}


def now(expr, legend="__auto", ref="A"):
    return range_(expr, legend, ref, range=False, instant=True)


def rows(expr, ref="A"):
    return range_(expr, "__auto", ref, range=False, instant=True, format="table")


def ranges(**by_legend):
    """Several range queries; keyword `p95` makes the legend "p95"."""
    return [range_(expr, legend.replace("_", " "), chr(ord("A") + i))
            for i, (legend, expr) in enumerate(by_legend.items())]


# Fields

def steps(*pairs):
    """steps(BLUE, (0.1, AMBER), …): a colour, then a colour from each value on."""
    base, *rest = pairs
    return {"mode": "absolute",
            "steps": [{"value": None, "color": base},
                      *({"value": v, "color": c} for v, c in rest)]}


def mapping(texts):
    """{value: (text, colour)}"""
    return [{"type": "value", "options": {
        str(v): {"text": text, "color": colour, "index": i}
        for i, (v, (text, colour)) in enumerate(texts.items())}}]


STATES = mapping({
    queries.UP: ("Up", BLUE), queries.DEGRADED: ("Degraded", AMBER),
    queries.DOWN: ("Down", RED), queries.UNKNOWN: ("Not known", GREY),
})
YES_NO = mapping({1: ("Yes", BLUE), 0: ("No", RED)})
PROBLEMS = mapping({
    n: (text, RED if n > 80 else AMBER if n > 10 else GREY)
    for n, text in queries.PROBLEMS.items()
})


def override(name, regex=False, **properties):
    """A field's own settings; a keyword's double underscore is a dot: custom__width."""
    return {"matcher": {"id": "byRegexp" if regex else "byName", "options": name},
            "properties": [{"id": k.replace("__", "."), "value": v}
                           for k, v in properties.items()]}


def fixed(colour):
    return {"mode": "fixed", "fixedColor": colour}


def coloured(colours, regex=None):
    """One override a series; with regex="^{}" the keys are parts of the names."""
    return [override(regex.format(k) if regex else k, bool(regex), color=fixed(c))
            for k, c in colours.items()]


# Panels; "size" is (width of 24, height) until layout() has placed them

def panel(kind, title, description, size, targets, options, unit="short", custom=None,
          defaults=None, overrides=(), links=(), transformations=None, no_value=None,
          interval=None):
    p = {
        "type": kind, "title": title, "description": description,
        "datasource": DATASOURCE, "size": size,
        "targets": targets if isinstance(targets, list) else [targets],
        "options": options, "links": list(links),
        "fieldConfig": {"defaults": {"unit": unit, **(defaults or {})},
                        "overrides": list(overrides)},
    }
    if custom is not None:
        p["fieldConfig"]["defaults"]["custom"] = custom
    if no_value is not None:
        p["fieldConfig"]["defaults"]["noValue"] = no_value
    if transformations:
        p["transformations"] = transformations
    if interval:
        p["interval"] = interval
    return p


def stat(title, description, expr, unit="short", thresholds=None, mappings=(),
         decimals=None, no_value="No data", graph="none", width=4):
    defaults = {"thresholds": thresholds or steps(BLUE), "mappings": list(mappings),
                "color": {"mode": "thresholds"}}
    if decimals is not None:
        defaults["decimals"] = decimals
    return panel(
        "stat", title, description, (width, 4),
        range_(expr) if graph == "area" else now(expr),
        {"colorMode": "value", "graphMode": graph, "justifyMode": "auto",
         "orientation": "auto", "percentChangeColorMode": "standard",
         "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
         "showPercentChange": False, "textMode": "value", "wideLayout": True},
        unit, defaults=defaults, no_value=no_value)


def graph(title, description, size, targets, unit, stacked=False, bars=False,
          thresholds=None, minimum=0, maximum=None, overrides=(), legend_side=False,
          interval=None, no_value="No data in this time range", log=False, **more):
    custom = {
        "drawStyle": "bars" if bars else "line", "lineWidth": 1 if bars else 2,
        "fillOpacity": 70 if bars else 25 if stacked else 0, "gradientMode": "none",
        "showPoints": "never" if bars else "auto", "pointSize": 4,
        "spanNulls": False, "axisPlacement": "auto", "axisLabel": "",
        "lineInterpolation": "linear", "barAlignment": 0,
        "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"},
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "thresholdsStyle": {"mode": "dashed" if thresholds else "off"},
    }
    defaults = {"color": {"mode": "palette-classic"},
                "thresholds": thresholds or steps(BLUE)}
    if minimum is not None and not log:
        defaults["min"] = minimum
    if maximum is not None:
        defaults["max"] = maximum
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True,
              "calcs": []}
    if legend_side:
        legend.update(displayMode="table", placement="right", calcs=["lastNotNull"])
    return panel("timeseries", title, description, size, targets,
                 {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}},
                 unit, custom, defaults, overrides, interval=interval,
                 no_value=no_value, **more)


def timeline(title, description, size, expr, legend, mappings, no_value, per_page=None):
    options = {"alignValue": "left", "mergeValues": True, "rowHeight": 0.85,
               "showValue": "auto",
               "legend": {"displayMode": "list", "placement": "bottom",
                          "showLegend": True, "calcs": []},
               "tooltip": {"mode": "single", "sort": "none"}}
    if per_page:
        options["perPage"] = per_page
    return panel(
        "state-timeline", title, description, size, range_(expr, legend), options,
        "short",
        {"fillOpacity": 80, "lineWidth": 0,
         "hideFrom": {"legend": False, "tooltip": False, "viz": False}},
        {"mappings": mappings, "thresholds": steps(GREY),
         "color": {"mode": "thresholds"}},
        no_value=no_value)


def heatmap(title, description, size, sel):
    """
    A native histogram comes as cells, the classic one as rows a bucket; where both are
    stored the classic one stands back, for Grafana draws one of them only.
    """
    name = "siptrunk_probe_duration_seconds"
    targets = [
        range_(f"sum (increase({name}{{{sel}}}[$__rate_interval]))", "native", "native"),
        range_(f"sum by (le) (increase({name}_bucket{{{sel}}}[$__rate_interval]))\n"
               f"unless on () count({name}{{{sel}}})",
               "{{le}}", "classic", format="heatmap"),
    ]
    options = {
        "calculate": False, "cellGap": 1, "cellValues": {"unit": "short", "decimals": 0},
        "color": {"mode": "scheme", "scheme": "Viridis", "fill": BLUE, "reverse": False,
                  "scale": "exponential", "exponent": 0.5, "steps": 64},
        "exemplars": {"color": ROSE}, "filterValues": {"le": 1e-9},
        "legend": {"show": True}, "rowsFrame": {"layout": "auto", "value": "Probes"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": True},
        "yAxis": {"axisPlacement": "left", "unit": "s", "reverse": False},
    }
    return panel("heatmap", title, description, size, targets, options, "short",
                 {"hideFrom": {"legend": False, "tooltip": False, "viz": False},
                  "scaleDistribution": {"type": "linear"}},
                 no_value="No probe was answered in this time range", interval="1m")


def table(title, description, size, labels, columns, order, no_value):
    """
    labels: (label, heading, settings). columns: (heading, expression, settings), each
    expression one value a row; without a heading the value is not shown, only the labels
    that it brings. Shown are the first label, the first value, the other labels, the
    other values. order: (heading, descending). An empty table says no_value, an empty cell
    a dash.
    """
    refs = [chr(ord("A") + i) for i in range(len(columns))]
    values = ["Value"] if len(refs) == 1 else [f"Value #{ref}" for ref in refs]
    told = [(value, heading, more)
            for value, (heading, _, more) in zip(values, columns) if heading]
    shown = [labels[0], told[0], *labels[1:], *told[1:]]
    unseen = [v for v, (heading, _, _) in zip(values, columns) if not heading]
    return panel(
        "table", title, description, size,
        [rows(expr, ref) for ref, (_, expr, _) in zip(refs, columns)],
        {"cellHeight": "sm", "frameIndex": 0, "showHeader": True,
         "footer": {"show": False, "reducer": ["sum"], "fields": [],
                    "countRows": False, "enablePagination": True},
         "sortBy": [{"displayName": h, "desc": d} for h, d in order]},
        "short", {"align": "auto", "inspect": False, "filterable": False,
                  "minWidth": MIN_COLUMN, "cellOptions": {"type": "auto"}},
        {"thresholds": steps(BLUE)},
        [override(heading, **{"noValue": "–", **more}) for _, heading, more in shown],
        no_value=no_value,
        transformations=[
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {
                "excludeByName": {name: True for name in ("Time", "job", *unseen)},
                "includeByName": {},
                "indexByName": {name: i for i, (name, _, _) in enumerate(shown)},
                "renameByName": {name: heading for name, heading, _ in shown}}},
        ])


# Columns without a width share what is left, and none gets less than this; Grafana's own 150
# would push the last of eleven columns out of sight.
MIN_COLUMN = 75

BADGE = {"type": "color-background", "mode": "basic"}
COLOUR_TEXT = {"type": "color-text"}


# Links

def trunk_link(field="Trunk"):
    """From a row with a trunk to that trunk's dashboard."""
    return {"title": "Everything about this trunk", "targetBlank": False,
            "url": "/d/siptrunk-trunk?${__url_time_range}&var-datasource=${datasource}"
                   "&${job:queryparam}&${instance:queryparam}&${scheme:queryparam}"
                   f"&var-trunk=${{__data.fields.{field}:percentencode}}"}


def status_link(field="Trunk"):
    """From a row with a trunk and an instance to the exporter's own page."""
    return {"title": "Last probes, on the exporter's status page", "targetBlank": True,
            "url": "${scheme}://${__data.fields.Instance}/trunks/"
                   f"${{__data.fields.{field}:percentencode}}"}


def page_link():
    return {"title": "The exporter's status page", "targetBlank": True,
            "url": "${scheme}://${__data.fields.Instance}/"}


def exporter_link():
    return {"title": "This exporter", "targetBlank": False,
            "url": "/d/siptrunk-exporter?${__url_time_range}"
                   "&var-datasource=${datasource}&${job:queryparam}&${scheme:queryparam}"
                   "&var-instance=${__data.fields.Instance:percentencode}"}


# Variables

def datasource_variable():
    return {"type": "datasource", "name": "datasource", "label": "Data source",
            "query": "prometheus", "hide": 0, "includeAll": False, "multi": False,
            "refresh": 1, "regex": "", "skipUrlSync": False, "options": []}


def query_variable(name, label, query, every=None, description=""):
    """every: the regular expression that All stands for; None for one value only."""
    v = {"type": "query", "name": name, "label": label, "description": description,
         "datasource": DATASOURCE,
         "query": {"query": query, "refId": f"variable-{name}", "qryType": 1},
         "refresh": 2, "regex": "", "sort": 7, "hide": 0, "skipUrlSync": False,
         "options": [], "multi": every is not None, "includeAll": every is not None}
    if every is not None:
        v["allValue"] = every
        v["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return v


def place_variables():
    """Which exporters: there in every dashboard."""
    return [
        datasource_variable(),
        query_variable("job", "Job", "label_values(siptrunk_exporter_build_info, job)",
                       ".+"),
        query_variable(
            "instance", "Instance",
            'label_values(siptrunk_exporter_build_info{job=~"$job"}, instance)', ".+",
            "The exporters, that is the places that trunks are probed from"),
    ]


def label_variables():
    """Trunks need not have these labels; All must match those without them too."""
    sel = 'job=~"$job",instance=~"$instance"'
    return [
        query_variable("carrier", "Carrier",
                       f"label_values(siptrunk_info{{{sel}}}, carrier)", ".*"),
        query_variable("site", "Site",
                       f'label_values(siptrunk_info{{{sel},carrier=~"$carrier"}}, site)',
                       ".*"),
    ]


def trunk_variable(every):
    return query_variable(
        "trunk", "Trunk",
        'label_values(siptrunk_info{job=~"$job",instance=~"$instance",'
        'carrier=~"$carrier",site=~"$site"}, trunk)', every)


def label_filter():
    """Whatever other labels the trunks have."""
    return {"type": "adhoc", "name": "filters", "label": "More labels", "hide": 0,
            "description": "Filters by any label that the trunks have",
            "datasource": DATASOURCE, "skipUrlSync": False}


def scheme_variable():
    """How to reach the exporters' pages; set by var-scheme=https in the address."""
    return {"type": "custom", "name": "scheme", "label": "Status pages by",
            "description": "Whether the exporters serve http or https; for links",
            "query": "http,https", "hide": 2, "multi": False, "includeAll": False,
            "skipUrlSync": False,
            "current": {"selected": True, "text": "http", "value": "http"},
            "options": [{"text": s, "value": s, "selected": s == "http"}
                        for s in ("http", "https")]}


# Annotations

def annotation(name, expr, colour, title, text, enable=True, tags=""):
    return {"name": name, "datasource": DATASOURCE, "enable": enable, "hide": False,
            "iconColor": colour, "expr": expr, "step": "1m", "titleFormat": title,
            "textFormat": text, "tagKeys": tags, "useValueForTime": False}


def state_annotations(sel, all_enabled):
    """A series that is above its value of a minute ago has just become the state."""
    def became(state):
        s = f"{sel},{state}" if state else sel
        return f"siptrunk_state{{{s}}} > siptrunk_state{{{s}}} offset 1m"
    return [
        annotation("Went down", became('state="down"'), RED, "{{trunk}} went down",
                   "seen from {{instance}}", tags="carrier,site"),
        annotation("Other state changes", became('state!="down"'), BLUE,
                   "{{trunk}} became {{state}}", "seen from {{instance}}", all_enabled,
                   tags="carrier,site"),
    ]


def alert_annotation(sel):
    return annotation(
        "Alerts", f'ALERTS{{alertname=~"SipTrunk.+",alertstate="firing"{sel}}}', AMBER,
        "{{alertname}} {{trunk}}", "severity {{severity}}", tags="severity,carrier,site")


def exporter_annotations(sel, enable=True):
    changed = "siptrunk_exporter_config_last_reload_success_timestamp_seconds"
    failed = "siptrunk_exporter_config_last_reload_successful"
    started = "process_start_time_seconds"
    return [
        annotation("Configuration reloaded",
                   f"{changed}{{{sel}}} > {changed}{{{sel}}} offset 1m", TEAL,
                   "Configuration reloaded", "{{instance}}", enable),
        annotation("Reload failed", f"{failed}{{{sel}}} == 0", RED,
                   "The configuration in use is not the one on disk", "{{instance}}",
                   enable),
        annotation("Exporter started",
                   queries.of_exporters(
                       f"{started}{{{sel}}} > {started}{{{sel}}} offset 1m", sel),
                   PURPLE, "Exporter started", "{{instance}}", enable),
    ]


# The dashboard

def row(heading, y, panels=None):
    """A heading; with panels it is folded, and they are asked for when it is opened."""
    return {"type": "row", "title": heading, "collapsed": panels is not None,
            "panels": panels or [], "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}}


def flow(panels, y):
    """
    Places panels from left to right, a new line where one does not fit; a line is as
    high as its highest panel. Returns them and where the next line begins.
    """
    placed, x, height = [], 0, 0
    for p in panels:
        w, h = p["size"]
        if x + w > 24:
            x, y, height = 0, y + height, 0
        placed.append({**{k: v for k, v in p.items() if k != "size"},
                       "gridPos": {"h": h, "w": w, "x": x, "y": y}})
        x, height = x + w, max(height, h)
    return placed, y + height


def layout(sections, folded):
    """sections, folded: [(heading, panels)], the folded ones last."""
    placed, y = [], 0
    for heading, panels in sections:
        if heading:
            placed.append(row(heading, y))
            y += 1
        shown, y = flow(panels, y)
        placed += shown
    for heading, panels in folded:
        inside, end = flow(panels, y + 1)
        placed.append(row(heading, y, inside))
        y = end
    for i, p in enumerate([q for p in placed for q in (p, *p.get("panels", ()))], 1):
        p["id"] = i
    return placed


def to_dashboard(title, uid, carry):
    """A link at the top of a dashboard that takes time and the named variables along."""
    url = f"/d/{uid}?" + "&".join(f"${{{name}:queryparam}}" for name in carry)
    return {"title": title, "type": "link", "icon": "dashboard", "url": url,
            "tooltip": f"{title}: same time, same place", "tags": [],
            "asDropdown": False, "targetBlank": False, "includeVars": False,
            "keepTime": True}


def dashboard(uid, title, description, variables, annotations, links, sections,
              folded=()):
    return {
        "uid": uid, "title": title, "description": description,
        "tags": [TAG, "sip"], "editable": False, "schemaVersion": 39, "version": 1,
        "graphTooltip": 1, "timezone": "browser", "weekStart": "",
        "fiscalYearStartMonth": 0, "liveNow": False, "preload": False,
        "refresh": "30s", "time": {"from": "now-6h", "to": "now"},
        "timepicker": {
            "refresh_intervals": ["10s", "30s", "1m", "5m", "15m", "1h"]},
        "links": links, "annotations": {"list": annotations},
        "templating": {"list": variables},
        "panels": layout(sections, folded),
    }
