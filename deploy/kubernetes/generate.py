#!/usr/bin/env python3
"""
Writes monitoring/prometheusrule.yaml from alerts/siptrunk.rules.yaml; with --check, only
says whether it is current.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "..", "alerts", "siptrunk.rules.yaml")
TARGET = os.path.join(HERE, "monitoring", "prometheusrule.yaml")
HEAD = """\
# Made from alerts/siptrunk.rules.yaml by deploy/kubernetes/generate.py.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: siptrunk-exporter
  labels:
    app.kubernetes.io/name: siptrunk-exporter
spec:
"""


def generate():
    """The rules' own text, comments and all, two columns further in."""
    with open(SOURCE, encoding="utf-8") as f:
        lines = f.read().splitlines()
    body = lines[lines.index("groups:"):]
    return HEAD + "".join(f"  {line}\n" if line else "\n" for line in body)


def main():
    text = generate()
    if sys.argv[1:] == ["--check"]:
        with open(TARGET, encoding="utf-8") as f:
            current = f.read() == text
        print(f"{TARGET}: {'current' if current else 'is to be generated anew'}")
        return 0 if current else 1
    with open(TARGET, "w", encoding="utf-8") as f:
        f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
