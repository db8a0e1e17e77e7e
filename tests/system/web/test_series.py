"""
How many series a trunk costs, as docs/metrics.md has it; and the settings that make them
fewer: what every format still says, read by strict parsers, and what filters do.
"""

import itertools
import os
import re
import signal
import subprocess
import unittest

import peers
from dns_server import A, Server, a
from harness import Case, Metrics, config_of, trunk, wait_for
from peers import authority, certificate
from sip_peer import SipPeer, answer, mute, server_tls
from test_formats import NATIVE, OPENMETRICS, TEXT, families, fetch

try:
    from prometheus_client.openmetrics.parser import (
        text_string_to_metric_families as openmetrics)
    from prometheus_client.parser import text_string_to_metric_families as plain
except ImportError:
    openmetrics = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
ALL = {"classic_histograms": True, "failure_reasons": "all", "states": "all"}
FEW = {"classic_histograms": False, "failure_reasons": "seen", "states": "current"}
HISTOGRAM = "siptrunk_probe_duration_seconds"


def registrar(rq):
    """Takes any binding; OPTIONS too."""
    extra = ""
    if rq.method == "REGISTER":
        extra = f"Contact: {rq.header('Contact')};expires=3600\r\n"
    rq.send(rq.response(200, extra=extra))


class Names(Server):
    def __init__(self, **names):
        super().__init__(lambda name, kind: [
            a(h) for h in names[name.split(".")[0]]] if kind == A else [])


class Series(Case):
    def configure(self):
        udp = self.use(SipPeer(registrar, host="127.0.0.2"))
        self.use(SipPeer(registrar, host="127.0.0.3", port=udp.port))
        cert, key = certificate("IP:127.0.0.1")
        tls = self.use(SipPeer(answer(), "tls", tls=server_tls(cert, key)))
        tcp = self.use(SipPeer(answer(), "tcp"))
        dns = self.use(Names(one=["127.0.0.2"], two=["127.0.0.2", "127.0.0.3"]))
        calm = {"interval": "1s", "timeout": "900ms"}
        return config_of(
            trunk("udp", f"sip:127.0.0.2:{udp.port}", **calm),
            trunk("tcp", tcp.uri, **calm),
            trunk("name", f"sip:one.test:{udp.port}", family="ipv4", **calm),
            trunk("two", f"sip:two.test:{udp.port}", family="ipv4", **calm),
            trunk("registered", f"sip:127.0.0.2:{udp.port}",
                  method=["OPTIONS", "REGISTER"], **calm,
                  register={"bind": True, "aor": "sip:me@one.test"}),
            trunk("tls", tls.uri, tls={"ca_file": authority()[0]}, **calm),
            dns={"servers": [dns.address]})

    def reload(self, e, conf):
        n = len(e.log(msg="configuration reloaded"))
        e.write_config(conf)
        e.send(signal.SIGHUP)
        wait_for("the reload", lambda: len(e.log(msg="configuration reloaded")) > n)

    @staticmethod
    def counted(m):
        return {name: sum(l.get("trunk") == name for _, l, _ in m.series)
                for name in ("udp", "tcp", "name", "two", "registered", "tls")}

    def costs(self, m):
        """The rows of the page's table, in order."""
        n = self.counted(m)
        return [n["udp"], n["name"] - n["udp"], n["two"] - n["name"],
                n["registered"] - n["udp"], n["tcp"] - n["udp"], n["tls"] - n["udp"]]

    @staticmethod
    def told():
        """Each row's figures on the page, those of all series and of the fewest."""
        with open(os.path.join(ROOT, "docs", "metrics.md")) as f:
            part = f.read().split("## How many series")[1]
        rows = re.findall(r"^\| [^|]+ \| ([+-]?\d+) \| ([+-]?\d+) \|$", part, re.M)
        spared = re.findall(r"^\| `[a-z_]+: [^|]+\| (\d+) \|", part, re.M)
        return ([int(r[0]) for r in rows], [int(r[1]) for r in rows],
                [int(n) for n in spared], part)

    def settle(self, e):
        for name in ("udp", "tcp", "name", "two", "registered", "tls"):
            e.settled(name, 2)
        e.wait_metric(lambda v: v > 0, "siptrunk_registration_expires_timestamp_seconds",
                      trunk="registered")

    def test_a_trunk_costs_what_the_page_says(self):
        conf = self.configure()
        e = self.start(conf)
        self.settle(e)
        told_all, told_few, spared, part = self.told()
        m = e.scrape()
        self.assertEqual(self.costs(m), told_all)
        self.reload(e, {**conf, "metrics": FEW})
        few = e.scrape()
        self.assertEqual(self.costs(few), told_few)
        found = []
        for key in ALL:
            self.reload(e, {**conf, "metrics": {key: FEW[key]}})
            found.append(told_all[0] - self.counted(e.scrape())["udp"])
        self.assertEqual(found, spared)
        # Of 10,000 trunks, by the same figures.
        for each in (told_all[0], told_few[0]):
            self.assertIn(f"{10000 * each:,} series", part)
        # Nothing else changed: counters and states went through four reloads.
        self.assertEqual(few.get("siptrunk_state_changes_total", trunk="udp"), 1)
        # As strict about what remains: it is there with the same labels.
        names = {(n, tuple(sorted(l.items()))) for n, l, _ in m.series}
        fewer = {(n, tuple(sorted(l.items()))) for n, l, _ in few.series}
        self.assertLessEqual(fewer, names)

    def documents(self, base, path="/metrics"):
        return (fetch(base, path, TEXT)[1].decode(),
                fetch(base, path, OPENMETRICS)[1].decode(),
                families(fetch(base, path, NATIVE)[1]))

    def check_strictly(self, text, om, spared):
        if not openmetrics:
            return
        for found in (list(plain(text)), list(openmetrics(om))):
            by_name = {f.name: f for f in found}
            h = by_name[HISTOGRAM]
            self.assertEqual(h.type, "histogram")
            les = {s.labels["le"] for s in h.samples if s.name.endswith("_bucket")}
            self.assertEqual(les == {"+Inf"}, spared["classic_histograms"] is False)
            states = [s.value for s in by_name["siptrunk_state"].samples]
            self.assertEqual(0 in states, spared["states"] == "all")
            self.assertEqual(sum(states), 2)
            for name in ("siptrunk_probe_failures", "siptrunk_tls_failures",
                         "siptrunk_probe_misdirected_responses"):
                values = [s.value for s in by_name[name].samples] if name in by_name else []
                self.assertEqual(0 in values, spared["failure_reasons"] == "all", name)
            self.assertEqual({s.labels["reason"] for s in by_name[
                "siptrunk_probe_failures"].samples if s.value}, {"timeout"})

    def check_protobuf(self, found, spared):
        for labels, h in found[HISTOGRAM].histograms():
            self.assertEqual(h.classic == [], spared["classic_histograms"] is False)
            self.assertIsNotNone(h.schema)
            self.assertEqual(sum(h.native.values()) + (h.zero_count or 0), h.count)
        states = [v for _, v in found["siptrunk_state"].values()]
        self.assertEqual(len(states), 2 if spared["states"] == "current" else 8)
        reasons = found["siptrunk_probe_failures_total"].values()
        self.assertEqual(0 in [v for _, v in reasons], spared["failure_reasons"] == "all")

    def test_every_combination_in_every_format(self):
        cert, key = certificate("IP:127.0.0.1")
        tls = self.use(SipPeer(answer(), "tls", tls=server_tls(cert, key)))
        dead = self.use(SipPeer(mute))
        conf = config_of(trunk("up", tls.uri, tls={"ca_file": authority()[0]}),
                         trunk("down", dead.uri), defaults={
                             "interval": "1s", "down_interval": "1s", "timeout": "500ms",
                             "fall": 1, "rise": 1})
        e = self.start(conf)
        e.wait_metric(1, "siptrunk_up", trunk="up")
        e.wait_metric(0, "siptrunk_up", trunk="down")
        for values in itertools.product((True, False), ("all", "seen"),
                                        ("all", "current")):
            spared = dict(zip(ALL, values))
            with self.subTest(**spared):
                self.reload(e, {**conf, "metrics": spared})
                text, om, proto = self.documents(e.base)
                self.check_strictly(text, om, spared)
                self.check_protobuf(proto, spared)
                if not peers.missing("promtool"):
                    subprocess.run(["promtool", "check", "metrics"], input=text.encode(),
                                   check=True, capture_output=True)
                m = Metrics(text)
                self.assertEqual((m.state("up"), m.state("down")), ("up", "down"))
                self.assertEqual(m.get(HISTOGRAM + "_count", trunk="up"),
                                 m.get(HISTOGRAM + "_bucket", trunk="up", le="+Inf"))
                for name, some in ((HISTOGRAM, True), ("siptrunk_state", True),
                                   ("siptrunk_tls_failures_total",
                                    spared["failure_reasons"] == "all")):
                    text, om, proto = self.documents(e.base, f"/metrics?name[]={name}")
                    self.assertEqual([name] if some else [], list(proto))
                    self.assertEqual(some, f"# TYPE {name} " in text)
                    self.assertTrue(om.endswith("# EOF\n"))
