"""The program's life: start, wrong files, busy ports, signals, reload, stop."""

import json
import os
import signal
import socket
import time

from harness import Case, Exporter, config_of, run, trunk, wait_for
from sip_peer import SipPeer

DEAD = "sip:127.0.0.1:9;transport=tcp"


class Check(Case):
    def check(self, text, wrap=()):
        self.write("trunks.json", text)
        return run("--config.file=trunks.json", "--config.check", cwd=self.folder,
                   wrap=wrap, env={"ASAN_OPTIONS": "detect_leaks=0"} if wrap else {})

    def test_good_file(self):
        code, out, err = self.check(
            '{"trunks": [{"name": "a", "uri": "sip:a.example"},'
            ' {"name": "b", "uri": "sip:b.example"}]}')
        self.assertEqual((code, out, err), (0, "trunks.json: ok (2 trunks)\n", ""))

    def test_every_error_with_its_place(self):
        code, out, err = self.check(
            '{\n  "trunks": [\n    {"name": "a", "uri": "http://a.example"},\n'
            '    {"nam": "b", "uri": "sip:b.example"}\n  ]\n}\n')
        self.assertEqual((code, out), (1, ""))
        lines = err.splitlines()
        self.assertGreaterEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, r"^trunks\.json:[34]:\d+: trunks\[[01]\]\S*: \S")
        self.assertIn("trunks[0].uri", err)
        self.assertIn('"name"', err, "the nearest known key is suggested")

    def test_warnings_change_nothing_else(self):
        code, out, err = self.check(
            '{"trunks": [\n  {"name": "a", "uri": "sip:a.example",\n'
            '   "tls": {"insecure_skip_verify": true}}]}')
        self.assertEqual((code, out), (0, "trunks.json: ok (1 trunks)\n"))
        self.assertRegex(err, r"^trunks\.json:3:\d+: trunks\[0\]\.tls\."
                              r"insecure_skip_verify: warning: \S[^\n]*\n$")

    def test_missing_file(self):
        code, out, err = run("--config.file=/nonexistent/x.json", "--config.check")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("/nonexistent/x.json", err)
        self.assertIn("No such file or directory", err)

    def test_opens_no_socket(self):
        trace = self.path("trace")
        code, out, _ = self.check(
            '{"trunks": [{"name": "a", "uri": "sip:a.example"}],'
            ' "sip": {"listen": ["udp:127.0.0.1:0"]}}',
            wrap=("strace", "-f", "-qq", "-e", "trace=%network", "-o", trace))
        if os.path.getsize(trace) == 0 and code != 0:
            self.skipTest("strace cannot trace here")
        self.assertEqual((code, out), (0, "trunks.json: ok (1 trunks)\n"))
        with open(trace) as f:
            self.assertEqual(f.read(), "")


class Fail(Case):
    """Starts that end with exit code 1 and say why in the log."""

    def start_failing(self, config, **more):
        e = Exporter(self.folder, config, ready=False, log_level="info", **more)
        self.addCleanup(e.kill)
        self.assertEqual(e.wait_exit(), 1)
        return e

    def test_every_error_of_a_wrong_file(self):
        e = self.start_failing('{"trunks": [{"name": "a", "uri": 5},\n {"name": "a b"}]}')
        lines = e.log(msg="configuration error")
        self.assertGreaterEqual(len(lines), 2)
        self.assertTrue(all(l["level"] == "error" for l in lines))
        first = lines[0]
        self.assertEqual((first["line"], first["json_path"]), ("1", "trunks[0].uri"))
        self.assertEqual(first["file"], e.config_path)
        self.assertFalse(e.log(msg="started"))

    def test_missing_file(self):
        e = self.start_failing(None, args=["--config.file=/nonexistent/x.json"])
        line, = e.log(msg="configuration error")
        self.assertEqual(line["file"], "/nonexistent/x.json")
        self.assertIn("No such file or directory", line["error"])

    def busy(self, kind):
        s = socket.socket(socket.AF_INET, kind)
        self.addCleanup(s.close)
        s.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            s.listen()
        return s.getsockname()[1]

    def test_busy_http_port(self):
        port = self.busy(socket.SOCK_STREAM)
        e = self.start_failing(config_of(trunk("a", DEAD)), listen=[f"127.0.0.1:{port}"])
        line, = e.log(level="error")
        self.assertEqual(line["msg"], "cannot serve HTTP")
        self.assertEqual(line["error"], f"127.0.0.1:{port}: Address already in use")

    def test_busy_second_http_port(self):
        port = self.busy(socket.SOCK_STREAM)
        e = self.start_failing(config_of(trunk("a", DEAD)),
                      listen=["127.0.0.1:0", f"127.0.0.1:{port}"])
        line, = e.log(level="error")
        self.assertEqual(line["error"], f"127.0.0.1:{port}: Address already in use")

    def test_busy_sip_ports(self):
        for transport, kind in (("udp", socket.SOCK_DGRAM),
                                ("tcp", socket.SOCK_STREAM)):
            with self.subTest(transport=transport):
                port = self.busy(kind)
                e = self.start_failing(config_of(
                    trunk("a", DEAD), listen=[f"{transport}:127.0.0.1:{port}"]))
                line, = e.log(level="error")
                self.assertEqual(
                    line["error"],
                    f"{transport}:127.0.0.1:{port}: Address already in use")

    def test_bad_listen_address(self):
        e = self.start_failing(config_of(trunk("a", DEAD)), listen=["nonsense"])
        line, = e.log(level="error")
        self.assertEqual(line["msg"], "cannot serve HTTP")
        self.assertIn("nonsense", line["error"])


class Life(Case):
    timed = "how fast it stops"

    def test_start_line(self):
        e = self.start(config_of(trunk("a", DEAD), trunk("b", DEAD),
                                 listen=["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]),
                       listen=("127.0.0.1:0", "[::1]:0"))
        line = e.started
        self.assertEqual((line["level"], line["trunks"]), ("info", "2"))
        self.assertEqual(line["config"], e.config_path)
        self.assertEqual(line["version"], run("--version")[1].split()[-1])
        (labels, one), = e.scrape().all("siptrunk_exporter_build_info")
        self.assertEqual((one, labels["version"]), (1, line["version"]))
        self.assertRegex(labels["libre"], r"^\d+\.\d+\.\d+")
        self.assertRegex(labels["revision"], r"^([0-9a-f]{7,40}|unknown)$")
        self.assertTrue(labels["cversion"])
        http = line["http"].split(",")
        self.assertRegex(http[0], r"^127\.0\.0\.1:[1-9]\d*$")
        self.assertRegex(http[1], r"^\[::1\]:[1-9]\d*$")
        self.assertRegex(
            line["sip"], r"^udp:127\.0\.0\.1:[1-9]\d*,tcp:127\.0\.0\.1:[1-9]\d*$")

    def test_paths(self):
        e = self.start(config_of(trunk("a", DEAD)), args=["--web.telemetry-path=/m"])
        for path, want in (("/m", 200), ("/metrics", 404), ("/", 200),
                           ("/-/healthy", 200), ("/-/ready", 200), ("/x", 404)):
            with self.subTest(path=path):
                self.assertEqual(e.status(path), want)

    def test_signals_stop_within_a_second(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sig=sig):
                e = self.start(config_of(trunk("a", DEAD)))
                e.stop(sig, seconds=1)
                self.assertTrue(e.log(msg="stopping", signal=sig.name[3:]))
                self.assertTrue(e.log(msg="stopped"))

    def test_stops_while_clients_hang_on(self):
        e = self.start(config_of(trunk("a", DEAD)))
        host, port = e.base[7:].split(":")
        for _ in range(20):
            s = socket.create_connection((host, int(port)))
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
            self.addCleanup(s.close)
        e.stop(seconds=1)

    def test_stops_while_probes_wait(self):
        mutes = [self.use(SipPeer(lambda rq: None, t)) for t in ("udp", "tcp")]
        e = self.start(config_of(*(
            trunk(p.transport, p.uri) for p in mutes)))
        for p in mutes:
            wait_for("a probe", lambda p=p: p.requests)
        e.stop(seconds=1)

    def test_clean_ports_after_stop(self):
        e = self.start(config_of(trunk("a", DEAD), listen=["tcp:127.0.0.1:0"]))
        address = e.sip("tcp")
        e.stop()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address, 1)


class EarlyHangup(Case):
    """The configuration is a pipe: until the test writes, the program waits for it."""

    def setUp(self):
        super().setUp()
        self.pipe = self.path("pipe.json")
        os.mkfifo(self.pipe)

    def feed(self, config):
        """Without a reader this fails, and is tried again."""
        def write():
            fd = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
            with open(fd, "w") as f:
                f.write(json.dumps(config))
            return True
        wait_for("a reader", write)

    def held(self, e):
        with open(f"/proc/{e.process.pid}/status") as f:
            blocked, = (int(l.split()[1], 16) for l in f if l.startswith("SigBlk:"))
        return blocked & 1 << signal.SIGHUP - 1

    def test_is_kept_until_there_is_something_to_reload(self):
        e = Exporter(self.folder, args=[f"--config.file={self.pipe}"], ready=False)
        self.addCleanup(self.finish, e)
        wait_for("hangups to be held", lambda: self.held(e))
        e.send(signal.SIGHUP)
        self.feed(config_of(trunk("a", DEAD)))
        e.wait_log(msg="started")
        self.feed(config_of(trunk("a", DEAD), trunk("b", DEAD)))
        line, = e.wait_log(msg="configuration reloaded")
        self.assertEqual(line["trunks"], "2")

    def test_ends_what_only_checks(self):
        e = Exporter(self.folder, args=[f"--config.file={self.pipe}", "--config.check"],
                     ready=False)
        self.addCleanup(e.kill)
        e.send(signal.SIGHUP)
        self.assertEqual(e.wait_exit(), -signal.SIGHUP)


class Reload(Case):
    def reload(self, e, config, msg):
        before = len(e.log(msg=msg))
        e.write_config(config)
        e.send(signal.SIGHUP)
        wait_for(msg, lambda: len(e.log(msg=msg)) > before)

    def test_good(self):
        keep, gone, new = (self.use(SipPeer()) for _ in range(3))
        e = self.start(config_of(trunk("keep", keep.uri), trunk("gone", gone.uri)))
        before = e.settled("keep", 2)
        e.settled("gone", 1)
        self.reload(e, config_of(trunk("keep", keep.uri), trunk("new", new.uri)),
                    "configuration reloaded")
        m = e.scrape()
        self.assertFalse(m.all("siptrunk_up", trunk="gone"))
        self.assertFalse([s for s in m.series if s[1].get("trunk") == "gone"])
        self.assertGreaterEqual(m.get("siptrunk_probes_total", trunk="keep"),
                                before.get("siptrunk_probes_total", trunk="keep"))
        self.assertEqual(m.get("siptrunk_up", trunk="keep"), 1)
        self.assertEqual(
            m.get("siptrunk_exporter_config_last_reload_successful"), 1)
        e.wait_metric(1, "siptrunk_up", trunk="new")

    def test_bad_file_changes_nothing(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("a", peer.uri)))
        before = e.settled("a", 1)
        self.reload(e, '{"trunks": [{"name": "b"}], "extra": 1}',
                    "reload failed, the old configuration stays")
        self.assertGreaterEqual(len(e.log(msg="configuration error")), 2)
        name = "siptrunk_exporter_config_last_reload"
        m = e.wait_metric(0, name + "_successful")
        self.assertEqual(m.get(name + "_success_timestamp_seconds"),
                         before.get(name + "_success_timestamp_seconds"))
        self.assertEqual(m.get("siptrunk_up", trunk="a"), 1)
        self.assertEqual(e.status("/-/ready"), 200)
        now = m.get("siptrunk_probes_total", trunk="a")
        e.wait_metric(lambda v: v > now, "siptrunk_probes_total", trunk="a")
        self.reload(e, config_of(trunk("a", peer.uri)), "configuration reloaded")
        m = e.wait_metric(1, name + "_successful")
        self.assertGreaterEqual(m.get(name + "_success_timestamp_seconds"),
                                before.get(name + "_success_timestamp_seconds"))
        self.assertGreaterEqual(m.get("siptrunk_probes_total", trunk="a"), now)

    def test_busy_port_changes_nothing(self):
        peer = self.use(SipPeer())
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
            e = self.start(config_of(trunk("a", peer.uri)))
            e.settled("a", 1)
            self.reload(e, config_of(trunk("b", peer.uri),
                                     listen=[f"tcp:127.0.0.1:{port}"]),
                        "reload failed, the old configuration stays")
        line, = e.log(msg="reload failed, the old configuration stays")
        self.assertEqual(line["error"], f"tcp:127.0.0.1:{port}: Address already in use")
        m = e.scrape()
        self.assertTrue(m.all("siptrunk_up", trunk="a"))
        self.assertFalse(m.all("siptrunk_up", trunk="b"))

    def test_many_hangups_in_a_row(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("a", peer.uri)))
        for _ in range(50):
            e.send(signal.SIGHUP)
            time.sleep(0.005)
        e.settled("a", 3)
        self.assertEqual(e.scrape().failures("a"), {})
