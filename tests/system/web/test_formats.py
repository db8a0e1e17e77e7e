"""
The formats of /metrics as clients get them: by Accept, filtered, compressed; and what
Prometheus itself makes of each.
"""

import bisect
import gzip
import http.server
import json
import math
import os
import random
import struct
import threading
import unittest
import urllib.error
import urllib.request

import peers
from harness import PATIENCE, Bench, Case, Metrics, config_of, trunk, wait_for
from sip_peer import SipPeer, answer

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROTOBUF = ("application/vnd.google.protobuf; "
            "proto=io.prometheus.client.MetricFamily; encoding=delimited")
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
NATIVE = ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
          "encoding=delimited;escaping=allow-utf-8;q=0.7,")


def fetch(base, path="/metrics", accept=None, **headers):
    """(Content-Type, body), unpacked."""
    if accept:
        headers["Accept"] = accept
    rq = urllib.request.Request(
        base + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    with urllib.request.urlopen(rq, timeout=10 * PATIENCE) as r:
        body = r.read()
        if r.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        return r.headers["Content-Type"], body


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def fields(data):
    """A protobuf message as [(number, value)]; numbers as the wire has them."""
    found, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise AssertionError(f"wire type {kind}")
        found.append((number, value))
    return found


def every(message, number):
    return [v for n, v in message if n == number]


def one(message, number, default=None):
    return (every(message, number) or [default])[-1]


def zigzag(n):
    return n >> 1 ^ -(n & 1)


class Family:
    """By the field numbers of Prometheus' own metrics.proto."""

    def __init__(self, data):
        message = fields(data)
        self.name = one(message, 1).decode()
        self.help = one(message, 2).decode()
        self.type = {0: "counter", 1: "gauge", 4: "histogram"}[one(message, 3)]
        self.unit = one(message, 5, b"").decode()
        self.metrics = [fields(m) for m in every(message, 4)]

    @staticmethod
    def labels(metric):
        pairs = [fields(p) for p in every(metric, 1)]
        return {one(p, 1).decode(): one(p, 2, b"").decode() for p in pairs}

    def values(self):
        number = {"gauge": 2, "counter": 3}[self.type]
        return [(self.labels(m), one(fields(one(m, number)), 1)) for m in self.metrics]

    def histograms(self):
        return [(self.labels(m), Histogram(fields(one(m, 7)))) for m in self.metrics]


class Histogram:
    def __init__(self, message):
        self.count, self.sum = one(message, 1), one(message, 2)
        buckets = [fields(b) for b in every(message, 3)]
        self.classic = [(one(b, 2), one(b, 1)) for b in buckets]
        self.schema = one(message, 5)
        self.schema = None if self.schema is None else zigzag(self.schema)
        self.zero_threshold, self.zero_count = one(message, 6), one(message, 7)
        self.native = dict(self.spread(message))

    @staticmethod
    def spread(message):
        """(index, count) of the native buckets."""
        packed, at, deltas = one(message, 13, b""), 0, []
        while at < len(packed):
            delta, at = varint(packed, at)
            deltas.append(zigzag(delta))
        index = count = 0
        for span in map(fields, every(message, 12)):
            index += zigzag(one(span, 1))
            for _ in range(one(span, 2)):
                count += deltas.pop(0)
                yield index, count
                index += 1
        assert not deltas


def families(body):
    found, at = {}, 0
    while at < len(body):
        size, at = varint(body, at)
        family = Family(body[at:at + size])
        found[family.name] = family
        at += size
    return found


class Formats(Bench):
    extra = {"histogram": {"native_schema": 5, "buckets": [0.001, 0.01, 1, 10]}}

    @classmethod
    def make(cls):
        cls.peers["a"] = SipPeer()
        cls.peers["busy"] = SipPeer(answer(503))
        cls.settings["a"] = {"labels": {"carrier": 'é "\\'}}

    def fetch(self, path="/metrics", accept=None, **headers):
        return fetch(self.exporter.base, path, accept, **headers)

    def test_content_types(self):
        for accept, want, begin in (
                (None, TEXT, b"# HELP"),
                ("*/*", TEXT, b"# HELP"),
                ("text/html,*/*;q=0.8", TEXT, b"# HELP"),
                (PROMETHEUS_3, OPENMETRICS + "; escaping=allow-utf-8", b"# TYPE"),
                (NATIVE + PROMETHEUS_3, PROTOBUF + "; escaping=allow-utf-8", None),
                ("text/plain;version=1.0.0;escaping=allow-utf-8",
                 "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
                 b"# HELP"),
                ("application/openmetrics-text;version=0.0.1",
                 "application/openmetrics-text; version=0.0.1; charset=utf-8", b"# TYPE"),
                ("image/png", TEXT, b"# HELP")):
            with self.subTest(accept=accept):
                for more in ({}, {"Accept_Encoding": "gzip"}):
                    kind, body = self.fetch(accept=accept, **more)
                    self.assertEqual(kind, want)
                    self.assertTrue(begin is None or body.startswith(begin), body[:80])

    def test_same_series(self):
        """What differs between two scrapes apart, all formats tell the same."""
        self.exporter.settled("a")
        names = ("siptrunk_up", "siptrunk_state", "siptrunk_info",
                 "siptrunk_exporter_trunks", "process_max_fds")
        path = "/metrics?" + "&".join(f"name[]={n}" for n in names)
        text = Metrics(self.fetch(path)[1].decode())
        found = families(self.fetch(path, NATIVE)[1])
        self.assertEqual(sorted(found), sorted(names))
        for name, family in found.items():
            self.assertEqual(family.type, text.types[name])
            self.assertEqual(family.values(), text.all(name))
        lines = self.fetch(path, "application/openmetrics-text")[1].decode().split("\n")
        self.assertEqual(lines[-2:], ["# EOF", ""])
        self.assertEqual(sorted(l for l in lines if l and l[0] != "#"),
                         sorted(l for l in text.text.split("\n") if l and l[0] != "#"))
        self.assertEqual(text.get("siptrunk_up", trunk="a", carrier='é "\\'), 1)

    def test_protobuf(self):
        self.exporter.settled("a", 3)
        found = families(self.fetch(accept=NATIVE)[1])
        family = found["siptrunk_probe_duration_seconds"]
        self.assertEqual((family.type, family.unit), ("histogram", "seconds"))
        self.assertEqual(len(family.histograms()), 2)
        for labels, h in family.histograms():
            self.assertEqual(labels["method"], "OPTIONS")
            self.assertGreaterEqual(h.count, 1)
            self.assertEqual([b for b, _ in h.classic], [0.001, 0.01, 1, 10, math.inf])
            self.assertEqual(h.classic[-1][1], h.count)
            self.assertEqual(h.schema, 5)
            self.assertEqual(h.zero_threshold, 2 ** -128)
            self.assertEqual(h.zero_count + sum(h.native.values()), h.count)
            low = sum(2 ** ((i - 1) / 2 ** 5) * n for i, n in h.native.items())
            high = sum(2 ** (i / 2 ** 5) * n for i, n in h.native.items())
            self.assertTrue(low <= h.sum <= high, (low, h.sum, high))
        self.assertEqual(found["siptrunk_probes_total"].type, "counter")
        self.assertEqual(found["process_cpu_seconds_total"].unit, "seconds")

    def test_names(self):
        self.exporter.settled("a", 1)
        for query, want in (
                ("name[]=siptrunk_up", ["siptrunk_up"]),
                ("name%5B%5D=siptrunk%5fup", ["siptrunk_up"]),
                ("name[]=siptrunk_up&name[]=siptrunk_up", ["siptrunk_up"]),
                ("x=1&name[]=siptrunk_info&name[]=no&name[]=siptrunk_up",
                 ["siptrunk_up", "siptrunk_info"]),
                ("name[]=siptrunk_probe_duration_seconds_count",
                 ["siptrunk_probe_duration_seconds"]),
                ("name[]=no", []), ("name[]=", []), ("name[]", []),
                ("name[]=siptrunk_up%00", []), ("name[]=+siptrunk_up", []),
                ("name[]=" + "x" * 5000, [])):
            with self.subTest(query=query[:60]):
                _, body = self.fetch("/metrics?" + query)
                self.assertEqual(list(Metrics(body.decode()).types), want)
                self.assertEqual(
                    list(families(self.fetch("/metrics?" + query, NATIVE)[1])), want)
        self.assertEqual(
            self.fetch("/metrics?name[]=no", "application/openmetrics-text")[1],
            b"# EOF\n")
        everything = len(Metrics(self.fetch("/metrics")[1].decode()).types)
        _, body = self.fetch("/metrics?name=siptrunk_up")
        self.assertEqual(len(Metrics(body.decode()).types), everything)
        with self.assertRaises(urllib.error.HTTPError) as e:
            self.fetch("/metrics?" + "&".join(["name[]=x"] * 129))
        self.assertEqual(e.exception.code, 400)
        e.exception.close()


class NoNative(Case):
    def test_switched_off(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("a", peer.uri), histogram={"native": False}))
        e.settled("a", 1)
        family = families(fetch(e.base, accept=NATIVE)[1])[
            "siptrunk_probe_duration_seconds"]
        (_, h), = family.histograms()
        self.assertGreaterEqual(h.count, 1)
        self.assertEqual((h.schema, h.zero_threshold, h.native), (None, None, {}))


class Between:
    """Stands between Prometheus and the exporter, and notes what they say."""

    def __init__(self, base, accept=None):
        self.types, self.accepts = set(), set()
        between = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.headers["Accept"]
                kind, body = fetch(base, self.path, accept or asked)
                between.accepts.add(asked)
                between.types.add(kind)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.target = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def answers(delays):
    """Answers one request for each delay, that late; then it is mute."""
    left = list(delays)

    def behaviour(rq):
        if rq.copy == 0 and left:
            rq.later(left.pop(0), rq.reply)
    return behaviour


BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4]
QUANTILES = [0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
SERIES = "siptrunk_probe_duration_seconds"


@unittest.skipIf(peers.missing("prometheus"), "prometheus is not installed")
class RealPrometheus(Case):
    """
    One exporter, scraped by one Prometheus in text and OpenMetrics and by another in
    protobuf with native histograms; all of them must come to the same view.
    """

    TRUNKS, ANSWERS = 8, 12

    def start_peers(self):
        rng = random.Random(7)
        self.sip = [self.use(SipPeer(answers(
            0.3 * 100 ** -rng.random() for _ in range(self.ANSWERS))))
            for _ in range(self.TRUNKS)]

    def start_exporter(self):
        c = config_of(*(trunk(f"t{i}", p.uri) for i, p in enumerate(self.sip)))
        c["defaults"].update(interval="1s", down_interval="1s", timeout="900ms",
                             t1="900ms")
        return self.start(c)

    def start_prometheus(self, e):
        self.text = self.use(Between(e.base, "text/plain;version=0.0.4"))
        self.om = self.use(Between(e.base))
        self.proto = self.use(Between(e.base))
        for name in ("classic", "native"):
            os.mkdir(self.path(name))
        self.classic = self.use(peers.Prometheus(
            self.path("classic"), {"text": [self.text.target],
                                   "openmetrics": [self.om.target]},
            features=["exemplar-storage"]))
        self.native = self.use(peers.Prometheus(
            self.path("native"), {"protobuf": [self.proto.target]},
            features=["native-histograms", "exemplar-storage"]))

    def wait_mute(self, e):
        """The peers have said all they will; the count that all must come to."""
        wait_for("the peers to have answered",
                 lambda: all(p.branches() > self.ANSWERS + 1 for p in self.sip), 60)
        return int(e.scrape().sum(SERIES + "_count"))

    def wait_counts(self, count):
        for p, query in ((self.classic, f'sum({SERIES}_count{{job="text"}})'),
                         (self.classic, f'sum({SERIES}_count{{job="openmetrics"}})'),
                         (self.native, f"histogram_count(sum({SERIES}))")):
            wait_for(f"{query} to be {count}",
                     lambda p=p, q=query: [v for _, v in p.query(q)] == [count], 30)

    def quantile(self, p, q, of):
        (_, value), = p.query(f"histogram_quantile({q}, {of})")
        return value

    def check_quantiles(self):
        growth = 2 ** 2 ** -3  # of a bucket of schema 3 over the one before
        for q in QUANTILES:
            text, om = (self.quantile(
                self.classic, q, f'sum by (le) ({SERIES}_bucket{{job="{job}"}})')
                for job in ("text", "openmetrics"))
            native = self.quantile(self.native, q, f"sum({SERIES})")
            at = bisect.bisect_left(BOUNDS, om)
            low, high = [0, *BOUNDS][at], BOUNDS[at]
            self.assertAlmostEqual(text, om, 12)
            self.assertTrue(low / growth <= native <= high * growth, (q, om, native))

    def check_exemplars(self, p, selector):
        """Each names a request that the peer of its very trunk has seen."""
        found = wait_for("exemplars", lambda: p.exemplars(selector), 20)
        for series, e in found:
            sip = self.sip[int(series["trunk"][1:])]
            seen = {rq.header("Call-ID") for rq in sip.requests}
            self.assertIn(e["labels"]["call_id"], seen)
            self.assertGreater(float(e["value"]), 0.002)
            self.assertLess(float(e["value"]), 0.9)
        trunks = {series["trunk"] for series, _ in found}
        self.assertEqual(len(trunks), self.TRUNKS)

    def check_metadata(self):
        data = json.loads(self.classic.get(
            '/api/v1/targets/metadata?match_target={job="openmetrics"}'))["data"]
        units = {d["metric"]: (d["type"], d["unit"]) for d in data}
        self.assertEqual(units[SERIES], ("histogram", "seconds"))
        self.assertEqual(units["siptrunk_probes"], ("counter", ""))
        self.assertEqual(units["siptrunk"], ("info", ""))

    def check_up(self):
        for p, jobs in ((self.classic, 2), (self.native, 1)):
            wait_for("every scrape to work",
                     lambda p=p, n=jobs: [v for _, v in p.query("up")] == [1] * n)
        for query in ("siptrunk_info", "siptrunk_probes_total"):
            for p, jobs in ((self.classic, 2), (self.native, 1)):
                self.assertEqual(len(p.query(query)), jobs * self.TRUNKS)

    def test_all_formats(self):
        self.start_peers()
        e = self.start_exporter()
        self.start_prometheus(e)
        count = self.wait_mute(e)
        self.assertGreater(count, self.TRUNKS * self.ANSWERS // 2)
        self.wait_counts(count)
        self.assertEqual(self.text.types, {TEXT})
        self.assertEqual(self.om.types, {OPENMETRICS})
        self.assertEqual(self.proto.types, {PROTOBUF})
        self.check_quantiles()
        self.check_exemplars(self.classic, SERIES + '_bucket{job="openmetrics"}')
        self.check_exemplars(self.native, SERIES)
        self.check_metadata()
        self.check_up()
