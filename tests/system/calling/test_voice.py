"""
Calls with audio to other people's programs: baresip's echo, and Kamailio with rtpengine
between us and it, or between us and ourselves. All of them at once: each of many trunks is
one row, called by /probe.
"""

import os
import shutil
import socket
import tempfile
import unittest

import namespaces
import peers
from calls_at_once import CallsAtOnce
from harness import config_of, free_port, trunk, wait_for
from voice_peers import (ADDRESS, Route, Rtpengine, Talker, VoiceProxy, bridged)

V6 = {"ours": "v6"}
SAVP = {"profile": "RTP/SAVP", "back": "RTP/SAVP"}


def reason():
    missing = peers.missing("baresip", "kamailio", "kamcmd", "rtpengine", "ip")
    return f"{missing} is not installed" if missing else namespaces.unavailable()


class Bench(unittest.TestCase):
    """A namespace of our own in which everybody lives: 127.0.0.1, ::1 and ADDRESS."""

    @classmethod
    def setUpClass(cls):
        if reason():
            raise unittest.SkipTest(reason())
        cls.folder = tempfile.mkdtemp(prefix="siptrunk-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.net = namespaces.Namespace()
        cls.addClassCleanup(cls.net.close)
        inside = cls.net.inside()
        inside.__enter__()
        cls.addClassCleanup(inside.__exit__, None, None, None)
        namespaces.ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
        for link in ("v0", "v1"):
            namespaces.ip("link", "set", link, "up")
        namespaces.ip("address", "add", f"{ADDRESS}/24", "dev", "v0")

    @classmethod
    def use(cls, peer):
        cls.addClassCleanup(peer.close)
        return peer

    @classmethod
    def place(cls, name):
        path = os.path.join(cls.folder, name)
        os.mkdir(path)
        return path


class Voice(CallsAtOnce, Bench):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pair = peers.certificate(f"IP:127.0.0.1,IP:::1,IP:{ADDRESS},DNS:localhost")
        cls.pair = pair
        cls.echo = cls.use(Talker(cls.folder, pair))
        cls.ringer = cls.use(Talker(cls.folder, pair, echo=False))
        cls.media = cls.use(Rtpengine(cls.folder, {"v4": "127.0.0.1", "v6": "::1"}))
        cls.back = {k: free_port(socket.SOCK_DGRAM if k == "udp" else socket.SOCK_STREAM)
                    for k in ("udp", "tcp", "tls")}
        cls.proxy = cls.use(VoiceProxy(
            cls.place("proxy"), cls.routes(), cls.media.control, ("127.0.0.1", "[::1]"),
            pair))
        cls.hidden = cls.use(VoiceProxy(
            cls.place("hidden"), {"5550009": Route(cls.home("udp"), **bridged())},
            cls.media.control, hidden=True))
        cls.call_all()

    @classmethod
    def home(cls, transport, host="127.0.0.1"):
        """Where our own exporter listens."""
        return f"sip:{host}:{cls.back[transport]};transport={transport}"

    @classmethod
    def routes(cls):
        echo = cls.echo.uri().replace("echo@", "")
        six = bridged("v6", "v6")
        return {
            # To baresip, which knows neither IPv6 nor SRTP here: that is rtpengine's part.
            "echo": Route(echo, **bridged()),
            "echo-6": Route(echo, user="echo", **bridged("v6", "v4")),
            "echo-s": Route(echo, user="echo", **bridged(back="RTP/SAVP")),
            # Back to us.
            "5550001": Route(cls.home("udp"), **bridged()),
            "5550002": Route(cls.home("tcp"), **bridged()),
            "5550003": Route(cls.home("tls"), **bridged()),
            "5550004": Route(cls.home("udp", "[::1]"), **six),
            "5550005": Route(cls.home("udp"), **bridged(profile="RTP/SAVP",
                                                        back="RTP/SAVP")),
            "5550006": Route(cls.home("tls", "[::1]"), **bridged(
                "v6", "v6", "RTP/SAVP", "RTP/SAVP")),
            # Nobody stays in between: ACK and BYE go straight.
            "5550007": Route(cls.home("udp"), recorded=False, **bridged()),
            "5550008": Route(cls.home("tcp"), recorded=False, **bridged()),
        }

    @classmethod
    def rows(cls):
        """name: (URI, mode, number, more of call)"""
        p, talker = cls.proxy, cls.echo
        udp, tcp = (f"sip:127.0.0.1:{p.port};transport={t}" for t in ("udp", "tcp"))
        tls = f"sip:127.0.0.1:{p.tls};transport=tls"
        six, six_tls = f"sip:[::1]:{p.port}", f"sip:[::1]:{p.tls};transport=tls"
        secure = {"srtp": "required"}
        return {
            "baresip-ring": (cls.ringer.uri("ring"), "ring", "ring", {}),
            "baresip-answer": (talker.uri(), "answer", "echo", {}),
            "baresip-echo": (talker.uri(), "echo", "echo", {}),
            "baresip-echo-tcp": (talker.uri(transport="tcp"), "echo", "echo", {}),
            "baresip-echo-tls": (talker.uri(transport="tls"), "echo", "echo", {}),
            "baresip-echo-srtp": (talker.uri("secure"), "echo", "secure", secure),
            "echo": (udp, "echo", "echo", {}),
            "echo-tls": (tls, "echo", "echo", {}),
            "echo-ipv6": (six, "echo", "echo-6", {}),
            "echo-srtp": (udp, "echo", "echo-s", secure),
            "loop": (udp, "loop", "5550001", {}),
            "loop-tcp": (tcp, "loop", "5550002", {}),
            "loop-tls": (tls, "loop", "5550003", {}),
            "loop-ipv6": (six, "loop", "5550004", {}),
            "loop-srtp": (udp, "loop", "5550005", secure),
            "loop-ipv6-tls-srtp": (six_tls, "loop", "5550006", secure),
            "loop-straight": (udp, "loop", "5550007", {}),
            "loop-straight-tcp": (tcp, "loop", "5550008", {}),
            "loop-hidden": (f"sip:127.0.0.1:{cls.hidden.port}", "loop", "5550009", {}),
        }

    @classmethod
    def config(cls, rows):
        ca = {"ca_file": peers.authority()[0]}
        return config_of(
            *(trunk(cls.names[name], uri, method="INVITE", tls=ca, call={
                "mode": mode, "to": to, "interval": "1h", "duration": "4s", **more})
              for name, (uri, mode, to, more) in rows.items()),
            calls={"numbers": sorted({to for _, _, to, _ in rows.values()}),
                   "max_concurrent": 100, "max_per_hour": 1000,
                   "media": {"ports": "20000-20999",
                             "networks": ["127.0.0.0/8", "::1", ADDRESS]}},
            sip={"tls": {"cert_file": cls.pair[0], "key_file": cls.pair[1]}},
            listen=[f"{t}:{host}:{cls.back[t]}" for t in cls.back
                    for host in ("127.0.0.1", "[::1]")])

    def went(self, name, *words, heard=1):
        super().went(name, *words, heard=heard)
        self.assertNotIn("not confirmed by the peer", self.told[name])

    def test_baresip(self):
        self.went("baresip-ring", "rang after", "ended with 487", heard=0)
        self.went("baresip-answer", "answered the call after", heard=0)
        self.went("baresip-echo")

    def test_baresip_otherwise(self):
        self.went("baresip-echo-tcp")
        self.went("baresip-echo-tls")
        self.went("baresip-echo-srtp", ", SRTP\n")

    def test_echo_through_a_proxy(self):
        self.went("echo")
        self.went("echo-tls")
        self.went("echo-ipv6")
        self.went("echo-srtp", ", SRTP\n")

    def test_loop(self):
        for name in ("loop", "loop-ipv6", "loop-straight", "loop-hidden"):
            with self.subTest(name):
                self.went(name, "one way, in", "one way, out", heard=2)
        self.went("loop-srtp", ", SRTP\n", heard=2)

    def test_loop_over_connections(self):
        for name in ("loop-tcp", "loop-tls", "loop-straight-tcp"):
            with self.subTest(name):
                self.went(name, heard=2)
        self.went("loop-ipv6-tls-srtp", ", SRTP\n", heard=2)

    def test_nothing_is_left_up(self):
        for proxy in (self.proxy, self.hidden):
            wait_for("no call at Kamailio", lambda: proxy.active() == 0)
        self.assertEqual(self.exporter.scrape().sum("siptrunk_calls_not_ended_total"), 0)


if __name__ == "__main__":
    unittest.main()
