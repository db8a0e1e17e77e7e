"""Waits until what was set up is seen to work: a first scrape, rules, a way to Alertmanager."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

from .errors import Refused

SECONDS = 120
QUERY = "/api/v1/query?query="


def get(url):
    """The answer as JSON, or None while there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            body = answer.read()
            return json.loads(body) if body[:1] == b"{" else body
    except (OSError, ValueError, urllib.error.URLError):
        return None


def value(prometheus, query):
    """The number that a query gives, or None."""
    answer = get(f"{prometheus}{QUERY}{urllib.parse.quote(query)}") or {}
    result = answer.get("data", {}).get("result") if isinstance(answer, dict) else None
    return float(result[0]["value"][1]) if result else None


def rules_loaded(prometheus):
    answer = get(f"{prometheus}/api/v1/rules") or {}
    groups = answer.get("data", {}).get("groups", []) if isinstance(answer, dict) else []
    return any(r["name"] == "SipTrunkDown" for g in groups for r in g["rules"])


def steps(prometheus, alertmanager, since):
    """What has to be seen, in this order: (what, whether it is)."""
    return (
        ("Alertmanager is ready", lambda: get(f"{alertmanager}/-/ready") is not None),
        ("Prometheus is ready", lambda: get(f"{prometheus}/-/ready") is not None),
        ("the rules are loaded", lambda: rules_loaded(prometheus)),
        ("Prometheus has scraped the exporter", lambda: (value(
            prometheus, 'min(timestamp(up{job="siptrunk"} == 1))') or 0) >= since),
    )


def wait(prometheus, alertmanager, say, since):
    """Refused where one of the steps is not seen in time."""
    begun = time.monotonic()
    for what, seen in steps(prometheus, alertmanager, since):
        while not seen():
            if time.monotonic() - begun > SECONDS:
                raise Refused(f"after {SECONDS} s it is not so that {what}")
            time.sleep(0.5)
        say(f"{what} ({time.monotonic() - begun:.0f} s)")
    trunks = value(prometheus, 'sum(siptrunk_exporter_trunks{job="siptrunk"})')
    say(f"trunks in that scrape: {trunks or 0:.0f}")
