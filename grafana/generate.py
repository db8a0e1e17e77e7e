#!/usr/bin/python3
"""Writes the dashboards to dashboards/, or with --check says whether they are current."""

import argparse
import json
import os
import sys

import exporter
import fleet
import trunk

HERE = os.path.dirname(os.path.abspath(__file__))


def files():
    """{path: text} of every dashboard."""
    made = [module.make() for module in (exporter, fleet, trunk)]
    return {os.path.join(HERE, "dashboards", d["uid"] + ".json"):
            json.dumps(d, indent=2, ensure_ascii=False) + "\n" for d in made}


def current(path, text):
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as f:
        return f.read() == text


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--check", action="store_true", help="write nothing, exit 1 if stale")
    check = p.parse_args().check
    stale = [(path, text) for path, text in files().items() if not current(path, text)]
    for path, text in stale:
        print(("stale: " if check else "wrote ") + os.path.relpath(path))
        if not check:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
