"""
The shipped rules find what is wrong with trunks whose series are spared: no classic
buckets, reasons of failures only once they were seen, the present state alone.
"""

import json
import os
import subprocess
import unittest

import peers
from harness import PATIENCE, Case

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
RULES = os.path.join(ROOT, "alerts", "siptrunk.rules.yaml")
MINUTES = 20
STEPS = MINUTES * 4  # a scrape each 15 s


def series(name, trunk, values, **labels):
    labels = {"job": "siptrunk", "instance": "exp-a:10060", "trunk": trunk, **labels}
    inner = ",".join(f"{k}={json.dumps(v)}" for k, v in labels.items())
    return {"series": f"{name}{{{inner}}}", "values": values}


class Trunk:
    """What a scrape with every setting of `metrics` at its least has of a trunk."""

    def __init__(self, name, states, up=1, took=0.02, failures=(), address=True):
        self.list = []
        target = {"method": "OPTIONS", "address": "192.0.2.1:5060" if address else "",
                  "transport": "udp" if address else ""}
        add = lambda n, v, **l: self.list.append(series(n, name, v, **l))
        for state, values in states.items():
            add("siptrunk_state", values, state=state)
        if up is not None:
            add("siptrunk_up", f"{up}x{STEPS}")
        add("siptrunk_info", f"1x{STEPS}", uri="sip:a.example", transport="", profile="")
        add("siptrunk_state_changes_total", f"1x{STEPS}")
        add("siptrunk_addresses", f"{int(address)}x{STEPS}")
        add("siptrunk_addresses_up", f"{up or 0}x{STEPS}")
        for reason, values in failures:
            add("siptrunk_probe_failures_total", values, reason=reason, **target)
        if not address:
            return
        add("siptrunk_probes_total", f"1+1x{STEPS}", **target)
        add("siptrunk_probe_success", f"{up or 0}x{STEPS}", **target)
        if up:
            h = "siptrunk_probe_duration_seconds"
            add(h + "_bucket", f"1+1x{STEPS}", le="+Inf", **target)
            add(h + "_count", f"1+1x{STEPS}", **target)
            add(h + "_sum", f"{took}+{took}x{STEPS}", **target)
            add("siptrunk_probe_responses_total", f"1+1x{STEPS}", code="200", **target)


LATE = f"_x{STEPS // 2} 1+1x{STEPS // 2}"  # seen first in the middle, as 1
TRUNKS = {
    "well": (Trunk("well", {"up": f"1x{STEPS}"}), set()),
    "degraded": (Trunk("degraded", {"degraded": f"1x{STEPS}"}), {"degraded"}),
    "down": (Trunk("down", {"up": f"1x{STEPS // 2}",
                            "down": f"_x{STEPS // 2} stale 1x{STEPS // 2}"}, up=0,
                   failures=[("timeout", LATE)]), {"down"}),
    "unknown": (Trunk("unknown", {"unknown": f"1x{STEPS}"}, up=None,
                      failures=[("dns", LATE)], address=False),
                {"state_unknown", "dns_failing"}),
    "slow": (Trunk("slow", {"up": f"1x{STEPS}"}, took=1.5), {"latency_high"}),
}


@unittest.skipIf(peers.missing("promtool"), "promtool is not installed")
class Spared(Case):
    def test_problems_are_found(self):
        seen = ("count by (trunk, problem) (siptrunk:problem"
                "{problem!~\"error_budget_.*\"})")
        samples = [{"labels": f'{{trunk="{name}", problem="{p}"}}', "value": 1}
                   for name, (_, problems) in TRUNKS.items() for p in sorted(problems)]
        exporter = [{"series": f'{n}{{job="siptrunk",instance="exp-a:10060"}}',
                     "values": f"1x{STEPS}"}
                    for n in ("up", "siptrunk_exporter_build_info")]
        text = json.dumps({"rule_files": [RULES], "evaluation_interval": "15s", "tests": [{
            "interval": "15s",
            "input_series": exporter + [s for t, _ in TRUNKS.values() for s in t.list],
            "promql_expr_test": [{"expr": seen, "eval_time": f"{MINUTES}m",
                                  "exp_samples": samples}]}]})
        r = subprocess.run(
            ["promtool", "test", "rules", self.write("spared_test.yaml", text)],
            capture_output=True, text=True, timeout=120 * PATIENCE)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
