"""The log: what is in it at each level, and that nobody can forge a line."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request

from harness import Case, config_of, free_port, trunk, wait_for
from sip_peer import SipPeer, answer, mute


class Log(Case):
    def test_json_lines(self):
        bad = self.use(SipPeer(answer(500, 'No "way", \\ friend')))
        e = self.start(config_of(trunk("a", bad.uri, fall=1)),
                       args=["--log.format=json"])
        e.wait_log(msg="trunk changed state", to="down")
        e.stop()
        lines = [json.loads(line) for line in e.log_text().splitlines()]
        for line in lines:
            self.assertEqual(list(line)[:3], ["ts", "level", "msg"])
            self.assertRegex(line["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        change = next(l for l in lines if l["msg"] == "trunk changed state")
        self.assertEqual(
            {k: change[k] for k in ("trunk", "from", "to", "address", "reason", "code",
                                    "phrase")},
            {"trunk": "a", "from": "unknown", "to": "down", "address": bad.address,
             "reason": "response", "code": 500, "phrase": 'No "way", \\ friend'})
        self.assertIsInstance(change["after"], float)

    def test_nothing_per_probe_above_debug(self):
        peers = [self.use(SipPeer(b)) for b in (answer(), mute)]
        e = self.start(config_of(*(
            trunk(f"t{i}", p.uri) for i, p in enumerate(peers))), log_level="info")
        e.settled("t0", 4)
        e.settled("t1", 4)
        e.stop()
        self.assertEqual(
            sorted((l["msg"], l.get("trunk", "")) for l in e.log()),
            [("started", ""), ("stopped", ""), ("stopping", ""),
             ("trunk changed state", "t0"), ("trunk changed state", "t1")])

    def test_each_probe_at_debug(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("a", peer.uri)))
        m = e.settled("a", 3)
        n = int(m.get("siptrunk_probes_total", trunk="a"))
        lines = e.log(msg="probe done", trunk="a", reason="response", code="200")
        self.assertGreaterEqual(len(lines), n)
        self.assertEqual({l["level"] for l in lines}, {"debug"})
        ids = [rq.header("Call-ID") for rq in peer.requests]
        self.assertEqual([l["call_id"] for l in lines][:n], ids[:n])

    def test_level_error_is_quiet(self):
        peer = self.use(SipPeer(mute))
        e = self.start(config_of(trunk("a", peer.uri, fall=1)), log_level="error",
                       ready=False)
        wait_for("a probe", lambda: peer.branches() >= 2)
        e.stop()
        self.assertEqual(e.log_text(), "")

    def test_peers_cannot_forge_lines(self):
        evil = 'x"\x1b[2J\x07 level=error msg="pwned\u202e \udcff' + "y" * 3000
        peer = self.use(SipPeer(answer(500, evil)))
        e = self.start(config_of(trunk("a", peer.uri, fall=1)))
        line, = e.wait_log(msg="trunk changed state")
        self.assertEqual(line["level"], "warn")
        e.stop()
        with open(e.log_path, "rb") as f:
            raw = f.read()
        self.assertFalse([b for b in raw if b < 32 and b != 10 or b >= 127])
        self.assertFalse([l for l in raw.split(b"\n") if len(l) > 4096])
        self.assertFalse(e.log(level="error"))

    def test_full_disk_does_not_stop_it(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("a", peer.uri)), ready=False,
                       log_path="/dev/full")
        wait_for("two probes", lambda: peer.branches() >= 2)
        e.stop()

    def test_a_pipe_that_nobody_reads_stops_nothing(self):
        self.unread(*os.pipe())

    def test_a_terminal_that_nobody_reads_stops_nothing(self):
        """As after Ctrl-S; poll() still finds room in it for less than a line."""
        self.unread(*os.openpty())

    def unread(self, reader, writer):
        self.addCleanup(os.close, reader)
        peer = self.use(SipPeer())
        path = os.path.join(self.folder, "unread.json")
        with open(path, "w") as f:
            json.dump(config_of(*(trunk(f"t{i}", peer.uri, interval="100ms",
                                        timeout="90ms") for i in range(40))), f)
        port = free_port()
        exporter = subprocess.Popen(
            [os.environ["SIPTRUNK_EXPORTER"], f"--config.file={path}",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=debug"],
            stderr=writer)
        self.addCleanup(exporter.kill)
        os.close(writer)

        def total(family):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as r:
                    return sum(int(l.rsplit(b" ", 1)[1]) for l in r
                               if re.match(rb"%s[ {]" % family, l))
            except OSError:
                return 0
        # A line a probe, 150 bytes at least: more than the pipe holds, several times.
        wait_for("2,000 probes", lambda: total(b"siptrunk_probes_total") > 2000, 30)
        self.assertGreater(total(b"siptrunk_exporter_log_lines_dropped_total"), 0)
        data = b""

        def told():
            nonlocal data
            data += os.read(reader, 1 << 20)
            return b"nobody read them" in data
        wait_for("what was lost", told, 10)
        data = data[:data.rindex(b"\n")]
        self.assertRegex(data, rb'msg="log lines were dropped, nobody read them" lines=\d+')
        for line in data.splitlines():
            self.assertTrue(line.startswith(b"ts="), line)
        exporter.send_signal(signal.SIGTERM)
        self.assertEqual(exporter.wait(10), 0)
