"""--demo, scraped by Prometheus itself."""

import os
import subprocess
import unittest

import peers
from harness import Case, Exporter, wait_for
from namespaces import Namespace, ip, unavailable

UP = {"demo-udp": 1.0, "demo-tcp": 1.0, "demo-dead": 0.0}


class Demo(Case):
    def demo(self):
        e = self.start(args=["--demo"])
        for name, value in UP.items():
            e.wait_metric(value, "siptrunk_up", trunk=name)
        # Nothing is 1 before it is known: the dead one is known to be down, too.
        e.wait_metric(1, "siptrunk_state", trunk="demo-dead", state="down", seconds=20)
        return e

    def test_two_up_one_dead(self):
        e = self.demo()
        m = e.scrape()
        self.assertEqual({l["trunk"]: v for l, v in m.all("siptrunk_up")}, UP)
        self.assertEqual(m.codes("demo-udp").keys(), {200})
        self.assertEqual(m.codes("demo-tcp").keys(), {200})
        self.assertEqual(m.failures("demo-dead").keys(), {"refused"})
        self.assertEqual({l["transport"] for l, _ in m.all("siptrunk_probes_total",
                                                           trunk="demo-udp")}, {"udp"})
        # It answers itself, and counts that too.
        self.assertGreaterEqual(m.sum("siptrunk_inbound_requests_total",
                                      trunk="demo-udp", method="OPTIONS"), 1)

    def test_says_where_to_look(self):
        e = self.demo()
        line, = e.log(msg="the demo runs, look at")
        port = e.base.rsplit(":", 1)[1]
        self.assertEqual(line["page"], f"http://localhost:{port}/")
        self.assertEqual(line["metrics"], f"http://localhost:{port}/metrics")

    @unittest.skipIf(unavailable(), unavailable())
    def test_without_ipv4(self):
        host = Namespace()
        self.addCleanup(host.close)
        with host.inside():
            ip("address", "delete", "127.0.0.1/8", "dev", "lo")
            e = Exporter(self.folder, args=["--demo"], listen=["[::1]:0"], ready=False)
            self.addCleanup(self.finish, e)
            e.wait_ready()
            for name, value in UP.items():
                e.wait_metric(value, "siptrunk_up", trunk=name)
            m = e.scrape()
        self.assertEqual(m.failures("demo-dead").keys(), {"refused"})
        self.assertEqual({l["address"].rpartition(":")[0]
                          for l, _ in m.all("siptrunk_probes_total")}, {"[::1]"})

    def test_many_at_once(self):
        every = []
        for i in range(4):
            os.mkdir(self.path(str(i)))
            every.append(Exporter(self.path(str(i)), args=["--demo"]))
            self.addCleanup(self.finish, every[-1])
        for e in every:
            for name, value in UP.items():
                e.wait_metric(value, "siptrunk_up", trunk=name)

    @unittest.skipIf(peers.missing("promtool"), "promtool is not installed")
    def test_promtool_finds_nothing(self):
        text = self.demo().scrape().text
        r = subprocess.run(["promtool", "check", "metrics"], input=text,
                           capture_output=True, text=True)
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "", ""))

    @unittest.skipIf(peers.missing("prometheus"), "prometheus is not installed")
    def test_prometheus_takes_it(self):
        e = self.demo()
        p = self.use(peers.Prometheus(self.folder, [e.base[len("http://"):]]))

        def up():
            return {l["trunk"]: v for l, v in p.query("siptrunk_up")} == UP
        wait_for("siptrunk_up in Prometheus", up, 20)
        self.assertEqual([v for _, v in p.query('up{job="siptrunk"}')], [1.0])
        for name, value in UP.items():
            state = "up" if value else "down"
            self.assertEqual(
                [v for _, v in p.query(
                    f'siptrunk_state{{trunk="{name}",state="{state}"}}')], [1.0])
        q = 'histogram_quantile(0.5, siptrunk_probe_duration_seconds_bucket' \
            '{trunk="demo-udp"})'
        (_, median), = p.query(q)
        self.assertTrue(0 < median < 0.1, median)
