"""Calls to Asterisk and, by its dialplan, back to us; see scripts/asterisk-test."""

import concurrent.futures
import os
import socket
import unittest

import peers
from asterisk_calls import CallingAsterisk
from call_peers import later
from calls_at_once import CallsAtOnce
from harness import Exporter, config_of, free_port, trunk, wait_for
from test_voice import Bench
from user_agents import Asterisk

SECURE = {"srtp": "required"}


@unittest.skipIf(not Asterisk.root, "needs a folder with Asterisk, scripts/asterisk-test")
class AsteriskCalls(CallsAtOnce, Bench):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pair = peers.certificate("IP:127.0.0.1,IP:::1,DNS:localhost")
        cls.back = {k: free_port(socket.SOCK_DGRAM if k == "udp" else socket.SOCK_STREAM)
                    for k in ("udp", "tcp", "tls")}
        cls.asterisk = cls.use(CallingAsterisk(cls.folder, {
            **{t: f"sip:127.0.0.1:{port}\\;transport={t}" for t, port in cls.back.items()},
            "six": f"sip:[::1]:{cls.back['udp']}"}, cls.pair))
        cls.call_all()

    @classmethod
    def rows(cls):
        """name: (URI, from, mode, number, more of call)"""
        port = cls.asterisk.port
        udp, tcp = (f"sip:127.0.0.1:{port};transport={t}" for t in ("udp", "tcp"))
        tls, six = (f"sip:127.0.0.1:{cls.asterisk.tls};transport=tls", f"sip:[::1]:{port}")
        return {
            "ring": (udp, None, "ring", "ring", {}),
            "answer": (udp, None, "answer", "answer", {}),
            "echo": (udp, None, "echo", "echo", {}),
            "echo-early": (udp, None, "echo", "early", {}),
            "echo-timers": (udp, "127.0.0.2", "echo", "echo", {}),
            "echo-reliable": (udp, "127.0.0.3", "echo", "early", {}),
            "echo-srtp": (udp, "127.0.0.4", "echo", "echo", SECURE),
            "echo-auth": (udp, "127.0.0.5", "echo", "echo", {}),
            "echo-tcp": (tcp, None, "echo", "echo", {}),
            "echo-tls": (tls, None, "echo", "echo", {}),
            "echo-ipv6": (six, None, "echo", "echo", {}),
            "loop": (udp, None, "loop", "5550001", {}),
            "loop-tcp": (tcp, None, "loop", "5550002", {}),
            "loop-tls": (tls, None, "loop", "5550003", {}),
            "loop-srtp": (udp, "127.0.0.4", "loop", "5550004", SECURE),
            "loop-ipv6": (six, None, "loop", "5550006", {}),
            "announcement": (udp, None, "echo", "nis", {}),
            "hang": (udp, None, "answer", "hang", {}),
            "busy": (udp, None, "answer", "busy", {}),
        }

    @classmethod
    def config(cls, rows, duration="5s"):
        def one(name, uri, local, mode, to, more):
            t = trunk(cls.names.get(name, name), uri, method="INVITE", tls={"ca_file": peers.authority()[0]},
                      auth={"username": "u", "password": "p"},
                      call={"mode": mode, "to": to, "interval": "1h",
                            "duration": duration, **more})
            return {**t, "local": {"address": local}} if local else t
        return config_of(
            *(one(name, *row) for name, row in rows.items()),
            calls={"numbers": sorted({row[3] for row in rows.values()}),
                   "max_concurrent": 100, "max_per_hour": 1000,
                   "media": {"ports": "20000-20999", "networks": ["127.0.0.0/8", "::1"]}},
            sip={"tls": {"cert_file": cls.pair[0], "key_file": cls.pair[1]}},
            listen=[f"{t}:{host}:{port}" for t, port in cls.back.items()
                    for host in ("127.0.0.1", "[::1]")])

    def test_ring_and_answer(self):
        self.went("ring", "ended with 487", heard=0)
        self.went("answer", "answered the call after", heard=0)

    def test_echo(self):
        for name in ("echo", "echo-early", "echo-timers", "echo-reliable", "echo-auth",
                     "echo-tcp", "echo-tls", "echo-ipv6"):
            with self.subTest(name):
                self.went(name)
        self.went("echo-srtp", ", SRTP\n")

    def test_loop(self):
        for name in ("loop", "loop-tcp", "loop-tls", "loop-ipv6"):
            with self.subTest(name):
                self.went(name, heard=2)
        self.went("loop-srtp", ", SRTP\n", heard=2)

    def test_what_is_no_call(self):
        for name, word in (("announcement", "(nonce)"), ("hang", "(ended_early)"),
                           ("busy", "(rejected)")):
            with self.subTest(name):
                self.assertIn(word, self.told[name])

    def test_nothing_is_left_up(self):
        wait_for("no channel at Asterisk", lambda: not self.asterisk.channels())
        self.assertEqual(self.exporter.scrape().sum("siptrunk_calls_not_ended_total"), 0)

    def test_who_is_killed(self):
        """With session timers the calls of a killed exporter end; they run for 90 s."""
        folder = os.path.join(self.folder, "killed")
        os.mkdir(folder)
        udp = f"sip:127.0.0.1:{self.asterisk.port}"
        names = [later(f"k{i}", udp) for i in range(10)]
        config = self.config({name: (udp, "127.0.0.2", "answer", "answer", {})
                              for name in names}, "60s")
        config["sip"].pop("listen")
        e = Exporter(folder, config)
        self.addCleanup(e.kill)
        pool = concurrent.futures.ThreadPoolExecutor(10)
        for name in names:
            pool.submit(e.status, f"/probe?target={name}&method=INVITE")
        wait_for("10 channels", lambda: len(self.asterisk.channels()) == 10)
        e.kill()
        pool.shutdown()
        self.assertEqual(len(self.asterisk.channels()), 10)
        wait_for("no channel at Asterisk", lambda: not self.asterisk.channels(), 150, 1)


if __name__ == "__main__":
    unittest.main()
