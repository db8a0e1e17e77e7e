"""/probe: on demand, fenced, in time, many at once; and Prometheus that asks for it."""

import concurrent.futures
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import PATIENCE, ROOT, Metrics, free_port, run, trunk, wait_for
from ondemand_case import LOOPBACK, Probed
from peers import Program, Prometheus, authority, certificate, missing, not_after
from sip_peer import answer, delay, mute, server_tls

class Results(Probed):
    def test_a_trunk_by_its_name(self):
        p = self.peer(answer(200))
        e = self.serve(trunk("isp a", p.uri, interval="1h"), allow=[])
        e.settled("isp a", 1)
        m = self.metrics(e, "isp a")
        self.assertEqual((m.get("probe_success"), m.get("probe_sip_status_code")), (1, 200))
        self.assertEqual(m.get("probe_ip_protocol"), 4)
        self.assertEqual(m.get("probe_sip_state", state="up"), 1)
        self.assertEqual(m.get("probe_sip_address_success", method="OPTIONS",
                               address=p.address, transport="udp"), 1)
        answer_s = m.get("probe_sip_phase_duration_seconds", phase="response")
        self.assertTrue(0 < answer_s <= m.get("probe_duration_seconds") < 2)
        self.assertEqual(p.branches(), 2)
        self.assertEqual(e.scrape().get("siptrunk_probes_total", trunk="isp a"), 1,
                         "the trunk's own series know nothing of it")

    def test_a_trunk_whose_port_is_taken(self):
        """By the connection that it keeps: another port shows as well that its peer is there."""
        p = self.peer(answer(200), "tcp")
        e = self.serve(trunk("kept", p.uri, interval="1h", connection="reuse",
                             local={"port": free_port()}), allow=[])
        e.settled("kept", 1)
        m = self.metrics(e, "kept")
        self.assertEqual((m.get("probe_success"), p.connections), (1, 2))

    def test_outcomes(self):
        cases = {
            "up": (answer(404), 1, "up", None),
            "degraded": (answer(503), 1, "degraded", None),
            "response": (answer(500), 0, "down", "response"),
            "timeout": (mute, 0, "down", "timeout"),
            "protocol": (lambda rq: rq.send(b"nonsense\r\n\r\n"), 0, "down", "protocol"),
        }
        e = self.serve()
        for name, (behaviour, success, state, reason) in cases.items():
            for transport in ("udp", "tcp"):
                with self.subTest(case=name, transport=transport):
                    p = self.peer(behaviour, transport)
                    m = self.metrics(e, p.uri, timeout=2)
                    self.assertEqual(m.get("probe_success"), success)
                    self.assertEqual(m.get("probe_sip_state", state=state), 1)
                    self.assertEqual(
                        [l["reason"] for l, v in m.all("probe_sip_failure") if v],
                        [reason] if reason else [])
        with self.subTest(case="refused"):
            m = self.metrics(e, f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}")
            self.assertEqual(m.get("probe_sip_failure", reason="refused"), 1)
        self.assertEqual(e.scrape().all("siptrunk_probes_total"), [])

    def test_tls(self):
        cert, key = certificate(san="DNS:sbc.example")
        p = self.peer(answer(200), "tls", tls=server_tls(cert, key))
        old = self.peer(answer(200), "tls", tls=server_tls(*certificate(
            san="DNS:sbc.example", days=-1)))
        e = self.serve(more={"profiles": {"carrier": {"tls": {
            "ca_file": authority()[0], "server_name": "sbc.example"}}}})
        m = self.metrics(e, p.uri, profile="carrier")
        self.assertEqual(m.get("probe_success"), 1)
        self.assertEqual(m.get("probe_ssl_earliest_cert_expiry"), not_after(cert))
        self.assertGreater(m.get("probe_sip_phase_duration_seconds", phase="tls"), 0)
        m = self.metrics(e, old.uri, profile="carrier")
        self.assertEqual(m.get("probe_sip_failure", reason="tls"), 1)
        self.assertLess(m.get("probe_ssl_earliest_cert_expiry"), time.time())
        m = self.metrics(e, p.uri)
        self.assertEqual(m.get("probe_sip_failure", reason="tls"), 1, "not trusted")

    def test_module(self):
        """As the Prometheus operator names the profile."""
        p = self.peer(answer(486))
        e = self.serve(more={"profiles": {"strict": {"up_codes": ["2xx"]}}})
        for params, success in (({}, 1), ({"module": "strict"}, 0), ({"module": ""}, 1),
                                ({"module": "strict", "profile": "strict"}, 0)):
            with self.subTest(params=params):
                self.assertEqual(
                    self.metrics(e, p.uri, **params).get("probe_success"), success)

    def test_debug_shows_the_ladder(self):
        p = self.peer(lambda rq: rq.send(rq.response(
            401, extra='WWW-Authenticate: Digest realm="r", nonce="SECRETNONCE"\r\n'
                       "X-Html: <script>alert(1)</script>\r\n")))
        e = self.serve()
        status, body, headers = self.ask(e, f"sip:u:hunter2@{p.address}", debug="true")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        for part in ("-->  OPTIONS sip:", "<--  SIP/2.0 401", "X-Html: <script>",
                     "probe_success 1"):
            self.assertIn(part, body)
        for secret in ("SECRETNONCE", "hunter2"):
            self.assertNotIn(secret, body)

    def test_documented(self):
        """Every family that is served stands in the documentation, and the reverse."""
        p = self.peer(answer(200), "tls", tls=server_tls(*certificate()))
        e = self.serve(more={"profiles": {"p": {"tls": {"ca_file": authority()[0]}}}})
        served = set(self.metrics(e, p.uri, profile="p").types)
        with open(os.path.join(ROOT, "docs", "probe.md")) as f:
            told = set(re.findall(r"^\| `(probe_\w+)`", f.read(), re.M))
        self.assertEqual(served, told)

    def test_promtool_finds_nothing(self):
        if missing("promtool"):
            self.skipTest("no promtool")
        p = self.peer(answer(200))
        e = self.serve()
        r = subprocess.run(["promtool", "check", "metrics"], capture_output=True,
                           text=True, input=self.ask(e, p.uri)[1])
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "", ""))


class Queries(Probed):
    def test_wrong_ones(self):
        e = self.serve(trunk("a", "sip:127.0.0.1:9", interval="1h"))
        for params, word in (
                ({}, "target is missing"), ({"target": ""}, "target is missing"),
                ({"target": "nosuch"}, "no trunk of this name"),
                ({"target": "sip:"}, "target"), ({"target": "http://127.0.0.1/"}, "SIP URI"),
                ({"target": "sip:127.0.0.1:99999"}, "target"),
                ({"target": "a\r\nSet-Cookie: x"}, "control characters"),
                ({"target": "sip:127.0.0.1\r\nRoute: <sip:x>"}, "control characters"),
                ({"target": "sip:127.0.0.1;x=\x00y"}, "missing"),
                ({"target": "sip:u@127.0.0.1?Route=x y"}, "target"),
                ({"target": "sip:" + "x" * 2000 + ".example"}, "too long"),
                ({"target": "a", "profile": "p" * 1000}, "too long"),
                ({"target": "a", "profile": "nosuch"}, "profile"),
                ({"target": "a", "module": "nosuch"}, "profile"),
                ({"target": "a", "profile": "x", "module": "y"}, "differ"),
                ({"target": "a", "debug": "maybe"}, "debug")):
            with self.subTest(params=params):
                status, body, headers = self.ask(e, **params)
                self.assertEqual(status, 400, body)
                self.assertIn(word, body)
                self.assertNotIn("Set-Cookie", headers)
        for bad in ("x", "-1", "0", "nan", "1e999", "inf"):
            with self.subTest(timeout=bad):
                self.assertEqual(self.ask(e, "a", timeout=bad)[0], 400)
        self.assertEqual(e.status("/probe?target=a", method="POST"), 405)

    def test_headers_in_a_uri_do_not_reach_the_wire(self):
        p = self.peer(answer(200))
        e = self.serve()
        self.ask(e, f"sip:u@{p.address};x=%0d%0aEvil:%20yes")
        for rq in p.requests:
            self.assertNotIn("evil", [n.lower() for n, _ in rq.headers])


class Fence(Probed):
    def dns(self, records):
        """dnsmasq whose records can change: (server, set)."""
        if missing("dnsmasq"):
            self.skipTest("no dnsmasq")
        port = free_port()
        hosts = self.path("hosts")

        def change(records):
            with open(hosts, "w") as f:
                f.write("".join(f"{a} {n}\n" for n, a in records))
        change(records)
        d = subprocess.Popen(
            ["dnsmasq", "-k", "-C", "/dev/null", "-p", str(port), "-u", "root",
             "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv",
             "--no-hosts", f"--addn-hosts={hosts}", "--pid-file=", "--local=/test/",
             f"--log-facility={self.path('dns.log')}", "--log-queries"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (d.terminate(), d.wait()))
        wait_for("dnsmasq", lambda: socket.create_connection(
            ("127.0.0.1", port), 1).close() or True)

        def again(records):
            change(records)
            d.send_signal(signal.SIGHUP)
        return {"dns": {"servers": [f"127.0.0.1@{port}"]}}, again

    def queries(self):
        with open(self.path("dns.log")) as f:
            return f.read()

    def test_closed_by_default(self):
        p = self.peer(answer(200))
        e = self.start({"trunks": [trunk("a", "sip:127.0.0.1:9", interval="1h")]})
        for target in (p.uri, "sip:example.com", p.address):
            with self.subTest(target=target):
                status, body, _ = self.ask(e, target)
                self.assertEqual(status, 403)
                self.assertIn("probe.allow is empty", body)
        self.assertEqual(p.requests, [])

    def test_networks(self):
        p = self.peer(answer(200), host="127.0.0.3")
        e = self.serve(allow=["127.0.0.2/31"])
        self.assertEqual(self.metrics(e, p.address).get("probe_success"), 1)
        for target in ("sip:127.0.0.1", "sip:127.0.0.4", "sip:10.0.0.1", "sip:[::1]",
                       "sip:[::ffff:127.0.0.1]", "sip:127.0.0.3;maddr=127.0.0.1"):
            with self.subTest(target=target):
                status, body, _ = self.ask(e, target)
                self.assertEqual(status, 403, body)
                self.assertIn("is not allowed by probe.allow", body)
        for target in ("sip:0.0.0.0", "sip:255.255.255.255", "sip:[::]"):
            with self.subTest(target=target):
                self.assertEqual(self.metrics(e, target).get("probe_success"), 0,
                                 "no peer can have it, so there is nothing to forbid")

    def test_names(self):
        p = self.peer(answer(200))
        dns, _ = self.dns([("sbc.allowed.test", "127.0.0.1"),
                           ("one.test", "127.0.0.1"), ("other.test", "127.0.0.1")])
        e = self.serve(allow=[*LOOPBACK, ".allowed.test", "one.test"], more=dns)
        for name in ("sbc.allowed.test", "SBC.Allowed.TEST", "one.test", "one.test."):
            with self.subTest(name=name):
                m = self.metrics(e, f"sip:{name}:{p.port}")
                self.assertEqual(m.get("probe_success"), 1)
                self.assertGreater(m.get("probe_dns_lookup_time_seconds"), 0)
        for name in ("other.test", "xallowed.test", "allowed.test.evil.test",
                     "x.one.test", "one.test.test"):
            with self.subTest(name=name):
                status, body, _ = self.ask(e, f"sip:{name}:{p.port}")
                self.assertEqual(status, 403, body)
                self.assertIn("host name is not allowed", body)
                self.assertNotIn(f" {name} ", self.queries(), "not even asked for")
        status, body, _ = self.ask(e, f"sip:one.test:{p.port};maddr=other.test")
        self.assertEqual(status, 403, "maddr is where it would go")

    def test_rebinding(self):
        """A listed name may not be pointed into a network that is not."""
        p = self.peer(answer(200))
        dns, change = self.dns([("shop.test", "127.0.0.1")])
        e = self.serve(allow=["127.0.0.0/31", "shop.test"], more=dns)
        target = f"sip:shop.test:{p.port}"
        self.assertEqual(self.metrics(e, target).get("probe_success"), 1)
        for records in ([("shop.test", "127.0.0.9")],
                        [("shop.test", "127.0.0.1"), ("shop.test", "127.0.0.9")],
                        [("shop.test", "169.254.169.254")],
                        [("shop.test", "::1")], [("shop.test", "fd00::1")]):
            with self.subTest(records=records):
                change(records)
                before = len(p.requests)
                wait_for("the new records", lambda: self.ask(e, target)[0] == 403)
                status, body, _ = self.ask(e, target)
                self.assertEqual(status, 403)
                self.assertRegex(body, "the address [^ ]+ is not allowed")
                change([("shop.test", "127.0.0.1")])
                wait_for("the old record", lambda: self.ask(e, target)[0] == 200)
                self.assertLessEqual(before, len(p.requests))

    def test_a_trunk_needs_no_fence(self):
        p = self.peer(answer(200))
        e = self.serve(trunk("a", p.uri), allow=["192.0.2.0/24"])
        self.assertEqual(self.metrics(e, "a").get("probe_success"), 1)
        self.assertEqual(self.ask(e, p.uri)[0], 403, "its address by itself does")

    def test_wrong_lists(self):
        for bad in ("10.0.0.1/8", "10.0.0.0/33", "::/129", "a b", "", "127.0.0", "x/8",
                    "300.0.0.0", ".", "*.example.com"):
            with self.subTest(entry=bad):
                path = self.write("bad.json", json.dumps(
                    {"trunks": [], "probe": {"allow": [bad]}}))
                code, _, err = run(f"--config.file={path}", "--config.check")
                self.assertEqual(code, 1)
                self.assertIn("probe.allow[0]: ", err)


class Time(Probed):
    timed = "deadlines, to half a second"

    def test_the_scrape_timeout_is_honoured(self):
        p = self.peer(mute)
        e = self.serve(trunk("a", p.uri, timeout="20s", interval="1h"))
        for header, least, most in ((1.5, 0.95, 1.45), (0.8, 0.35, 0.79)):
            with self.subTest(header=header):
                begun = time.monotonic()
                m = self.metrics(e, "a", timeout=header)
                took = time.monotonic() - begun
                self.assertEqual(m.get("probe_sip_failure", reason="timeout"), 1)
                self.assertGreater(took, least)
                self.assertTrue(least < m.get("probe_duration_seconds") < most * PATIENCE)

    def test_the_settings_timeout_when_it_is_shorter(self):
        p = self.peer(mute)
        e = self.serve(trunk("a", p.uri, timeout="300ms", interval="1h"))
        m = self.metrics(e, "a", timeout=30)
        self.assertLess(m.get("probe_duration_seconds"), 5)

    def test_dns_counts_too(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            e = self.serve(allow=["x.test"], more={
                "dns": {"servers": [f"127.0.0.1@{s.getsockname()[1]}"]}})
            m = self.metrics(e, "sip:x.test", timeout=1.2)
            self.assertEqual(m.get("probe_sip_failure", reason="dns"), 1)
            self.assertLess(m.get("probe_duration_seconds"), 1.1 * PATIENCE)


class Many(Probed):
    def threads(self, e):
        return len(os.listdir(f"/proc/{e.process.pid}/task"))

    def test_300_at_once_without_a_thread_each(self):
        gate = threading.Event()

        def slow(rq):
            gate.wait(30)
            rq.reply(200)
        # One thread of the peer waits; the rest queue up behind it in its socket.
        p = self.peer(slow)
        e = self.serve(trunk("t", p.uri, interval="1h", timeout="30s"),
                       max_concurrent=300)
        wait_for("the trunk's own probe", lambda: p.requests)
        idle = self.threads(e)
        with concurrent.futures.ThreadPoolExecutor(330) as pool:
            asked = [pool.submit(self.ask, e, "t", wait=60) for _ in range(330)]
            wait_for("30 that find no room",
                     lambda: sum(a.done() for a in asked) == 30, 30)
            self.assertEqual(self.threads(e), idle)
            self.assertEqual(e.status("/metrics"), 200)
            gate.set()
            replies = [a.result() for a in asked]
        full = [(body, h["Retry-After"]) for status, body, h in replies if status == 503]
        self.assertEqual(
            full, [("too many probes at once (probe.max_concurrent)\n", "1")] * 30)
        good = [Metrics(body) for status, body, _ in replies if status == 200]
        self.assertEqual(len(good), 300)
        self.assertTrue(all(m.get("probe_success") == 1 for m in good))
        e.stop()

    def test_past_the_limit_and_after(self):
        p = self.peer(mute)
        e = self.serve(max_concurrent=2)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(self.ask, e, p.uri, timeout=2) for _ in range(12)]
        codes = [a.result()[0] for a in asked]
        self.assertEqual(set(codes), {200, 503})
        self.assertGreaterEqual(codes.count(200), 2)
        self.assertEqual(self.ask(e, p.uri, timeout=0.6)[0], 200, "there is room again")

    def test_clients_that_leave(self):
        p = self.peer(delay(0.5))
        e = self.serve()
        host, port = e.base[7:].split(":")
        for _ in range(100):
            with socket.create_connection((host, int(port))) as s:
                s.sendall(f"GET /probe?target={p.uri} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertEqual(self.metrics(e, p.uri).get("probe_success"), 1)
        wait_for("all of them", lambda: p.branches() >= 100)
        e.stop()

    def test_stops_at_once_while_probes_run(self):
        p = self.peer(mute)
        e = self.serve(trunk("t", p.uri, timeout="20s", interval="1h"), max_concurrent=300)
        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            waiting = [pool.submit(self.ask, e, "t") for _ in range(60)]
            wait_for("60 probes", lambda: p.branches() >= 60)
            e.stop()
            for w in waiting:
                try:
                    status, body, _ = w.result()
                    self.assertEqual((status, body), (503, "the exporter is stopping\n"))
                except (OSError, urllib.error.URLError):
                    pass

    def test_reload_under_probes(self):
        p = self.peer(delay(0.4))
        e = self.serve(trunk("t", p.uri, interval="1h"))
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            waiting = [pool.submit(self.ask, e, "t") for _ in range(30)]
            wait_for("30 probes", lambda: p.branches() >= 30)
            e.write_config(json.dumps({
                "trunks": [trunk("u", p.uri, interval="1h")], "probe": {"allow": []}}))
            e.send(signal.SIGHUP)
            e.wait_log(msg="configuration reloaded")
            for w in waiting:
                self.assertEqual(w.result()[0], 200)
        self.assertEqual(self.ask(e, "t")[0], 400)
        self.assertEqual(self.ask(e, "u")[0], 200)
        self.assertEqual(self.ask(e, p.uri)[0], 403)

    def test_its_peers_are_strangers(self):
        """An address that is only probed on demand gets no answers of ours."""
        gate = threading.Event()
        p = self.peer(lambda rq: gate.wait(20) and rq.reply(200))
        port = free_port(socket.SOCK_DGRAM)
        e = self.serve(more={"sip": {"listen": [f"udp:127.0.0.1:{port}"]}})
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self.ask, e, p.uri, timeout=20)
            wait_for("the probe", lambda: p.requests)
            p.socket.sendto(p.request(), ("127.0.0.1", port))
            e.wait_metric(1, "siptrunk_exporter_stray_messages_total", reason="stranger")
            gate.set()
            waiting.result()
        self.assertEqual(p.responses, [])


class Scraped(Probed):
    def test_prometheus_with_a_relabel_configuration(self):
        if missing("prometheus"):
            self.skipTest("no Prometheus")
        up, down = self.peer(answer(200)), self.peer(mute)
        e = self.serve(trunk("named", up.uri, interval="1h"))
        config = self.write("relabel.yml", RELABEL.format(
            exporter=e.base[7:], targets=json.dumps([up.uri, down.uri, "named"])))
        port = free_port()
        p = Program(self.folder, "prometheus", [
            "prometheus", f"--config.file={config}",
            f"--storage.tsdb.path={self.folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}"])
        self.addCleanup(p.close)
        server = Prometheus.__new__(Prometheus)
        server.port = port
        wait_for("Prometheus", lambda: p.check() or server.get("/-/ready"), 30)

        def seen():
            got = {l["instance"]: v for l, v in server.query("probe_success")}
            return got if len(got) == 3 else None
        self.assertEqual(wait_for("three targets", seen, 30),
                         {up.uri: 1, down.uri: 0, "named": 1})
        self.assertEqual({v for _, v in server.query('up{job="sip"}')}, {1},
                         "a dead target is a good scrape")


RELABEL = """
global: {{scrape_interval: 2s, scrape_timeout: 2s}}
scrape_configs:
  - job_name: sip
    metrics_path: /probe
    static_configs: [{{targets: {targets}}}]
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: {exporter}
"""
