"""File descriptors run out: probes fail and say so, everything else goes on."""

import os
import socket
import time

from harness import Case, config_of, trunk, wait_for
from sip_peer import SipPeer, answer

LIMIT = 64
SPARES = 16


class Descriptors(Case):
    def setUp(self):
        super().setUp()
        streams = self.use(SipPeer(answer(), "tcp"))
        self.count = 100
        self.e = self.start(config_of(*(
            trunk(f"t{i}", streams.uri, connection="reuse", interval="1s", timeout="900ms",
                  down_interval="1s") for i in range(self.count))),
            wrap=["prlimit", f"--nofile={LIMIT}:{LIMIT}"])
        wait_for("descriptors to run out", lambda: self.e.scrape().sum(
            "siptrunk_probe_failures_total", reason="internal") > 0)

    def cpu_s(self):
        with open(f"/proc/{self.e.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def connect(self, n, address):
        host, port = self.e.base[len("http://"):].rsplit(":", 1)
        for _ in range(n):
            s = socket.create_connection((host, int(port)), 5, (address, 0))
            self.addCleanup(s.close)

    def test_said_at_the_start(self):
        line, = self.e.log(msg="too few file descriptors for this configuration")
        self.assertEqual((line["level"], line["limit"]), ("warn", str(LIMIT)))
        self.assertGreater(int(line["needed"]), self.count + LIMIT)

    def test_scraped_all_the_while(self):
        """Also where idle clients hold what was held back for scrapes, and more."""
        for n in (0, SPARES, 5 * SPARES):
            self.connect(n, "127.0.0.2")
            begun = time.monotonic()
            m = self.e.scrape()
            self.assertEqual(m.get("siptrunk_exporter_trunks"), self.count)
            self.assertLess(time.monotonic() - begun, 5)

    def test_nothing_spins(self):
        self.connect(5 * SPARES, "127.0.0.2")
        self.e.scrape()
        begun_s, begun = self.cpu_s(), time.monotonic()
        while time.monotonic() - begun < 1.5:
            time.sleep(0.1)
        used = (self.cpu_s() - begun_s) / (time.monotonic() - begun)
        self.assertLess(used, 0.5, "of one processor")

    def test_probes_go_on(self):
        before = self.e.scrape().sum("siptrunk_up")
        self.assertGreater(before, 0)
        self.assertLess(before, self.count)
        probes = self.e.scrape().sum("siptrunk_probes_total")
        wait_for("more probes", lambda: self.e.scrape().sum(
            "siptrunk_probes_total") > probes + 2 * self.count)
