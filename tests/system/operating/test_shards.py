"""
Growing: exporters that share one configuration out among them, and two that probe the
same trunks from different places, judged by the shipped rules.
"""

import json
import os
import re
import signal
import socket
import unittest

import yaml

from dns_server import Server, a
from harness import FAST, ROOT, Case, Exporter, config_of, run, trunk, wait_for
from peers import Prometheus, missing
from sip_peer import SipPeer

RULES = os.path.join(ROOT, "alerts", "siptrunk.rules.yaml")


def shard_of(name, total):
    """As the manual describes it, in other words than the program's."""
    h = 0xcbf29ce484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001b3 % 2**64
    h ^= h >> 33
    h = h * 0xff51afd7ed558ccd % 2**64
    return (h ^ h >> 33) % total


class Shards(Case):
    TOTAL = 3

    def exporter(self, index, config, total=TOTAL):
        folder = self.path(f"shard-{index}-of-{total}")
        os.mkdir(folder)
        e = Exporter(folder, config, args=[f"--shard={index}", f"--total-shards={total}"])
        self.addCleanup(self.finish, e)
        return e

    @staticmethod
    def names(e):
        return {labels["trunk"] for labels, _ in e.scrape().all("siptrunk_info")}

    def fleet(self, count, uri, first=0):
        return [trunk(f"trunk-{i:03}", uri) for i in range(first, first + count)]

    def check(self, exporters, want):
        """The union is the whole and no trunk is in two; each is where its name says."""
        parts = [self.names(e) for e in exporters]
        self.assertEqual(sum(len(p) for p in parts), len(want))
        self.assertEqual(set().union(*parts), want)
        for i, part in enumerate(parts):
            self.assertEqual(part, {n for n in want if shard_of(n, self.TOTAL) == i})
            self.assertTrue(part)
        return parts

    def test_three_are_the_whole(self):
        peer = self.use(SipPeer())
        trunks = self.fleet(60, peer.uri)
        exporters = [self.exporter(i, config_of(*trunks)) for i in range(self.TOTAL)]
        self.check(exporters, {t["name"] for t in trunks})
        for i, e in enumerate(exporters):
            self.assertEqual(e.started["shard"], f"{i}/3")
            m = e.scrape()
            self.assertEqual(m.all("siptrunk_exporter_total_shards"),
                             [({"shard": str(i)}, 3.0)])
            self.assertEqual(m.get("siptrunk_exporter_trunks"), len(self.names(e)))
            self.assertEqual(int(e.started["trunks"]), len(self.names(e)))
            for name in self.names(e):
                e.wait_metric(1, "siptrunk_up", trunk=name)

        # A reload shares out anew: trunks leave, others come, the rest keep their counts.
        before = [e.scrape() for e in exporters]
        kept = [self.names(e) for e in exporters]
        trunks = trunks[10:] + self.fleet(30, peer.uri, 60)
        for e in exporters:
            e.write_config(config_of(*trunks))
            e.send(signal.SIGHUP)
            e.wait_log(msg="configuration reloaded")
        self.check(exporters, {t["name"] for t in trunks})
        whole = {t["name"] for t in trunks}
        for e, old, names in zip(exporters, before, kept):
            new = e.scrape()
            for name in names & whole:
                self.assertGreaterEqual(
                    new.sum("siptrunk_probes_total", trunk=name),
                    old.sum("siptrunk_probes_total", trunk=name))
                self.assertEqual(new.state(name), "up")

        # A broken file changes nothing for anyone.
        parts = [self.names(e) for e in exporters]
        for e in exporters:
            e.write_config("{")
            e.send(signal.SIGHUP)
            e.wait_metric(0, "siptrunk_exporter_config_last_reload_successful")
        self.assertEqual([self.names(e) for e in exporters], parts)

    def test_share_without_a_trunk(self):
        peer = self.use(SipPeer())
        name = next(f"t{i}" for i in range(99) if shard_of(f"t{i}", 2) == 0)
        e = self.exporter(1, config_of(trunk(name, peer.uri)), total=2)
        self.assertEqual(self.names(e), set())
        self.assertEqual(e.scrape().get("siptrunk_exporter_trunks"), 0)
        self.assertEqual(e.status("/-/ready"), 200)

    def test_without_shards_no_family(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("a", peer.uri)))
        self.assertEqual(e.scrape().all("siptrunk_exporter_total_shards"), [])
        self.assertNotIn("shard", e.started)

    def test_check_is_of_the_whole_file(self):
        path = self.write("c.json", json.dumps(config_of(*self.fleet(5, "sip:a.example"))))
        code, out, err = run(f"--config.file={path}", "--config.check", "--shard=0",
                             "--total-shards=5")
        self.assertEqual((code, out, err), (0, f"{path}: ok (5 trunks)\n", ""))

    def test_nonsense(self):
        path = self.write("c.json", json.dumps(config_of(trunk("a", "sip:a.example"))))
        for args, text in (
                (["--shard=3", "--total-shards=3"],
                 "with --total-shards=3 they count from 0 to 2, there is no shard 3"),
                (["--shard=x", "--total-shards=3"], "neither a number nor auto"),
                (["--shard=0", "--total-shards=0"], "is no number from 1 to 10000"),
                (["--shard=0"], "--shard and --total-shards belong together"),
                (["--total-shards=2"], "--shard and --total-shards belong together")):
            with self.subTest(args):
                code, out, err = run(f"--config.file={path}", *args)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(text, err)

    @unittest.skipIf(missing("unshare") or os.geteuid(), "needs root to name a host")
    def test_auto(self):
        peer = self.use(SipPeer())
        config = config_of(*self.fleet(20, peer.uri))
        path = self.write("c.json", json.dumps(config))
        want = sum(shard_of(t["name"], 4) == 2 for t in config["trunks"])
        wrap = ["unshare", "--uts", "sh", "-c", 'hostname "$1"; shift; exec "$@"', "sh"]
        args = [f"--config.file={path}", "--shard=auto", "--total-shards=4"]
        for host in ("siptrunk", "siptrunk-4"):
            code, _, err = run(*args, wrap=[*wrap, host])
            self.assertEqual(code, 2, err)
            self.assertIn(host, err)
        code, _, err = run(*args, "--web.listen-address=127.0.0.1:0",
                           wrap=["timeout", "-s", "TERM", "3", *wrap, "siptrunk-2"])
        self.assertIn(f"trunks={want} shard=2/4", err)


def quick_rules(path):
    """The shipped rules; only their clocks go faster, a minute in two seconds."""
    with open(RULES) as f:
        rules = yaml.safe_load(f)
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["expr"] = re.sub(r"<= \(time\(\) - (\d+)\)", lambda m:
                                  f"<= (time() - {max(2, int(m[1]) // 30)})", rule["expr"])
            rule["expr"] = rule["expr"].replace("local_fault[2m]", "local_fault[5s]")
            for key in ("for", "keep_firing_for"):
                if key in rule:
                    n, unit = re.fullmatch(r"(\d+)([smhd])", rule[key]).groups()
                    s = int(n) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
                    rule[key] = f"{max(2, s // 30)}s"
    with open(path, "w") as f:
        yaml.safe_dump(rules, f)


@unittest.skipIf(missing("prometheus"), "needs Prometheus")
class Vantages(Case):
    """
    Two exporters probe the same two trunks by the same names. Each place has a road of
    its own to them: a resolver that sends it to its own pair of peers.
    """

    ROADS = {"oslo": "127.0.1.", "bergen": "127.0.2."}
    SITES = {"isp-a.test": "2", "isp-b.test": "3"}

    def build(self):
        self.exporters = {}
        self.ports = {}
        for site, last in self.SITES.items():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind(("127.0.0.1", 0))
                self.ports[site] = s.getsockname()[1]
        self.roads = {}
        for place in self.ROADS:
            self.open_road(place)
        trunks = [trunk(site.split(".")[0], f"sip:{site}:{port};transport=udp")
                  for site, port in self.ports.items()]
        for place, prefix in self.ROADS.items():
            dns = Server(lambda name, kind, p=prefix: [
                a(p + self.SITES[name])] if kind == 1 and name in self.SITES else [])
            self.addCleanup(dns.close)
            folder = self.path(place)
            os.mkdir(folder)
            e = Exporter(folder, {
                "defaults": {**FAST, "interval": "1s", "down_interval": "1s",
                             "timeout": "900ms"},
                "dns": {"servers": [dns.address]}, "trunks": trunks})
            self.addCleanup(self.finish, e)
            self.exporters[place] = e

    def open_road(self, place, sites=None):
        for site in sites or self.SITES:
            host = self.ROADS[place] + self.SITES[site]
            peer = SipPeer(host=host, port=self.ports[site])
            self.roads[place, site] = peer
            self.addCleanup(peer.close)

    def close_road(self, place, site):
        self.roads.pop((place, site)).close()

    def firing(self):
        """{alert: {(place, trunk)}} of what fires about trunks and places."""
        at = {e.base.removeprefix("http://"): place
              for place, e in self.exporters.items()}
        found = {}
        for labels, _ in self.prometheus.query('ALERTS{alertstate="firing"}'):
            if labels["alertname"] in ("SipTrunkDown", "SipTrunkLocalFault",
                                       "SipTrunkDownFromSomeVantages"):
                found.setdefault(labels["alertname"], set()).add(
                    (at[labels["instance"]], labels.get("trunk")))
        return found

    def wait_firing(self, want):
        """Waits for exactly these, and for them to stay so over some evaluations."""
        seen = []

        def probe():
            seen.append(self.firing() == want)
            return len(seen) > 8 and all(seen[-8:])
        try:
            wait_for(f"alerts {want}", probe, 90, step=0.5)
        except AssertionError as e:
            raise AssertionError(f"{e}; firing: {self.firing()}") from None

    def wait_states(self, **want):
        for place, states in want.items():
            for name, state in states.items():
                wait_for(f"{name} {state} in {place}",
                         lambda p=place, n=name, s=state:
                         self.exporters[p].scrape().state(n) == s, 30)

    def test_a_local_fault_is_told_from_a_dead_trunk(self):
        self.build()
        rules = self.path("rules.yaml")
        quick_rules(rules)
        self.prometheus = self.use(Prometheus(
            self.folder, [e.base.removeprefix("http://")
                          for e in self.exporters.values()], rules=[rules]))
        up = {"isp-a": "up", "isp-b": "up"}
        self.wait_states(oslo=up, bergen=up)
        wait_for("four trunks seen", lambda: len(
            self.prometheus.query("siptrunk:up:by_uri == 1")) == 4, 30)
        self.wait_firing({})

        # Bergen is cut off. Nobody is told that a trunk is down: they are not.
        for site in self.SITES:
            self.close_road("bergen", site)
        self.wait_states(bergen={"isp-a": "down", "isp-b": "down"}, oslo=up)
        self.wait_firing({
            "SipTrunkLocalFault": {("bergen", None)},
            "SipTrunkDownFromSomeVantages": {("bergen", "isp-a"), ("bergen", "isp-b")}})

        self.open_road("bergen")
        self.wait_states(bergen=up)
        self.wait_firing({})

        # Carrier A is dead, seen from everywhere: a trunk, and no place's fault.
        for place in self.ROADS:
            self.close_road(place, "isp-a.test")
        dead = {"isp-a": "down", "isp-b": "up"}
        self.wait_states(oslo=dead, bergen=dead)
        self.wait_firing({"SipTrunkDown": {("oslo", "isp-a"), ("bergen", "isp-a")}})

        # One road of a trunk alone: from some vantages, and nothing else.
        self.open_road("oslo", ["isp-a.test"])
        self.wait_states(oslo=up, bergen=dead)
        self.wait_firing({"SipTrunkDownFromSomeVantages": {("bergen", "isp-a")}})
