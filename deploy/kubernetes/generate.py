#!/usr/bin/env python3
"""
Writes what monitoring/ has of the rest of the project: prometheusrule.yaml from
alerts/siptrunk.rules.yaml, and a ConfigMap of each dashboard of grafana/dashboards. With
--check, only says what is not current.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MONITORING = HERE / "monitoring"
RULE = """\
# Made from alerts/siptrunk.rules.yaml by deploy/kubernetes/generate.py.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: siptrunk-exporter
  labels:
    app.kubernetes.io/name: siptrunk-exporter
spec:
"""
# The label is what the sidecar of Grafana's chart looks for.
DASHBOARD = """\
# Made from grafana/dashboards/{file} by deploy/kubernetes/generate.py.
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: siptrunk-exporter
    grafana_dashboard: "1"
data:
  {file}: |
"""
LIST = """\
# Made by deploy/kubernetes/generate.py.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
"""


def indented(lines, columns):
    return "".join(f"{' ' * columns}{line}\n" if line else "\n" for line in lines)


def rule():
    """The rules' own text, comments and all, two columns further in."""
    lines = (ROOT / "alerts" / "siptrunk.rules.yaml").read_text(encoding="utf-8").splitlines()
    body = next(n for n, line in enumerate(lines) if line.startswith(("groups:", '"groups":')))
    return RULE + indented(lines[body:], 2)


def compact(board):
    """
    A dashboard in half the bytes: kubectl keeps a copy of what it applied in an annotation,
    which has 256 KiB for all. A line for each key and each panel, so that a change shows.
    """
    def brief(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    lines = []
    for key, value in board.items():
        if key == "panels":
            panels = ",\n".join("  " + brief(p) for p in value)
            lines.append(f'"panels":[\n{panels}\n]')
        else:
            lines.append(f"{brief(key)}:{brief(value)}")
    return ("{\n" + ",\n".join(lines) + "\n}").splitlines()


def dashboards():
    """{path: text} of the ConfigMaps and of the list of them."""
    made = {}
    for path in sorted((ROOT / "grafana" / "dashboards").glob("*.json")):
        name = "siptrunk-exporter-dashboard-" + path.stem.removeprefix("siptrunk-")
        board = json.loads(path.read_text(encoding="utf-8"))
        made[MONITORING / "dashboards" / f"{path.stem}.yaml"] = \
            DASHBOARD.format(file=path.name, name=name) + indented(compact(board), 4)
    names = "".join(f"  - {p.name}\n" for p in made)
    made[MONITORING / "dashboards" / "kustomization.yaml"] = LIST + names
    return made


def main():
    made = {MONITORING / "prometheusrule.yaml": rule(), **dashboards()}
    old = set((MONITORING / "dashboards").glob("*.yaml")) - set(made)
    stale = [p for p, text in made.items()
             if not p.exists() or p.read_text(encoding="utf-8") != text]
    if sys.argv[1:] == ["--check"]:
        for path in stale:
            print(f"{path}: is to be generated anew")
        for path in old:
            print(f"{path}: is of no dashboard any more")
        return 1 if stale or old else 0
    (MONITORING / "dashboards").mkdir(exist_ok=True)
    for path in stale:
        path.write_text(made[path], encoding="utf-8")
    for path in old:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
