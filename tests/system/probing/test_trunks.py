"""
What can be set for a trunk: where requests leave from and go to, how they look and how
they are marked, pauses, Retry-After, pings that are expected of the peer.
"""

import contextlib
import ctypes
import errno
import json
import os
import signal
import socket
import stat
import struct
import threading
import time

from harness import Case, FAST, config_of, free_port, run, trunk, wait_for
from sip_peer import SipPeer, answer, delay, mute, script

QUICK = {**FAST, "interval": "500ms", "down_interval": "500ms", "timeout": "400ms"}


def quick(*trunks, **more):
    c = config_of(*trunks, **more)
    c["defaults"] = dict(QUICK)
    return c


class Marked:
    """A UDP peer that notes source address and DSCP of what it gets, and answers 200."""

    def __init__(self, host="127.0.0.1"):
        self.v6 = ":" in host
        self.socket = socket.socket(socket.AF_INET6 if self.v6 else socket.AF_INET,
                                    socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        if self.v6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        else:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        port = self.socket.getsockname()[1]
        self.uri = f"sip:[{host}]:{port}" if self.v6 else f"sip:{host}:{port}"
        self.seen = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                raw, control, _, source = self.socket.recvmsg(65535, 256)
            except OSError:
                return
            if not raw:
                return
            tos = next((d[0] if len(d) < 4 else struct.unpack("i", d[:4])[0]
                        for _, _, d in control), 0)
            self.seen.append((source[:2], tos >> 2))
            head = raw.decode().split("\r\n")
            keep = [l for l in head if l.split(":")[0] in (
                "Via", "From", "To", "Call-ID", "CSeq")]
            self.socket.sendto(("SIP/2.0 200 OK\r\n" + "\r\n".join(keep) +
                                "\r\nContent-Length: 0\r\n\r\n").encode(), source)

    def close(self):
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.socket.getsockname())
        self.thread.join(2)
        self.socket.close()


class Local(Case):
    def test_two_trunks_one_uri(self):
        """Each over a socket of its own, each with a state of its own."""
        good, bad = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)

        def behaviour(rq):
            if rq.source[1] == good:
                rq.reply(200)
        peer = self.use(SipPeer(behaviour))
        e = self.start(quick(
            trunk("a", peer.uri, local={"address": "127.0.0.1", "port": good}),
            trunk("b", peer.uri, local={"port": bad}),
            trunk("c", peer.uri, local={"address": "127.0.0.1", "port": good})))
        e.wait_metric(0, "siptrunk_up", trunk="b")
        m = e.wait_metric(lambda v: v >= 3, "siptrunk_probes_total", trunk="a")
        self.assertEqual(m.state("a"), "up")
        self.assertEqual(m.state("c"), "up")
        self.assertEqual(set(m.failures("b")), {"timeout"})
        self.assertEqual(m.get("siptrunk_state_changes_total", trunk="a"), 1)
        sources = {rq.source for rq in peer.requests}
        self.assertEqual(sources, {("127.0.0.1", good), ("127.0.0.1", bad)})
        for rq in peer.requests:
            self.assertIn(f"127.0.0.1:{rq.source[1]};", rq.header("Via"))

    def test_another_address(self):
        peer = self.use(SipPeer(answer()))
        tcp = self.use(SipPeer(answer(), "tcp"))
        port = free_port()
        e = self.start(quick(
            trunk("udp", peer.uri, local={"address": "127.0.0.9"}),
            trunk("tcp", tcp.uri, local={"address": "127.0.0.9"}),
            trunk("port", tcp.uri, local={"address": "127.0.0.8", "port": port})))
        for name in ("udp", "tcp", "port"):
            e.wait_metric(lambda v: v >= 3, "siptrunk_probes_total", trunk=name)
        m = e.settled("port", 3)
        for name in ("udp", "tcp", "port"):
            self.assertEqual((m.state(name), m.failures(name)), ("up", {}), name)
        self.assertEqual({rq.source[0] for rq in peer.requests}, {"127.0.0.9"})
        self.assertEqual({rq.source[0] for rq in tcp.requests},
                         {"127.0.0.8", "127.0.0.9"})
        self.assertIn(("127.0.0.8", port), {rq.source for rq in tcp.requests})

    def test_missing_address(self):
        """An address that is not ours: that trunk's fault, and only that trunk's."""
        peer = self.use(SipPeer(answer()))
        e = self.start(quick(trunk("ours", peer.uri),
                             trunk("not-ours", peer.uri, local={"address": "192.0.2.77"})))
        e.wait_metric(0, "siptrunk_up", trunk="not-ours")
        m = e.wait_metric(1, "siptrunk_up", trunk="ours")
        self.assertEqual(set(m.failures("not-ours")), {"internal"})
        line = e.log(msg="trunk changed state", trunk="not-ours")[0]
        self.assertIn("Cannot assign requested address", line["error"])

    def test_listening_socket(self):
        """A trunk whose local is a listening socket uses that one."""
        peer = self.use(SipPeer(answer()))
        port, other = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
        e = self.start(quick(
            trunk("a", peer.uri, local={"port": port}), trunk("b", peer.uri),
            listen=[f"udp:127.0.0.1:{other}", f"udp:127.0.0.1:{port}"]))
        e.settled("a", 2)
        e.settled("b", 2)
        self.assertEqual({rq.source[1] for rq in peer.requests}, {port, other})

    def test_one_port_both_ways(self):
        """Connections leave from the port that we listen on, and peers connect to it."""
        tcp = self.use(SipPeer(answer(), "tcp"))
        for connection in ("fresh", "reuse"):
            with self.subTest(connection):
                port = free_port()
                local = {"address": "127.0.0.1", "port": port}
                e = self.start(quick(
                    trunk("a", tcp.uri, local=local, connection=connection),
                    listen=[f"tcp:127.0.0.1:{port}"]))
                m = e.settled("a", 3)
                self.assertEqual((m.state("a"), m.failures("a")), ("up", {}))
                self.assertEqual(tcp.requests[-1].source, ("127.0.0.1", port))
                with socket.create_connection(("127.0.0.1", port), 5) as s:
                    s.settimeout(5)
                    s.sendall(tcp.request())
                    self.assertTrue(s.recv(65535).startswith(b"SIP/2.0 200 "))
                # And nobody else listens there unnoticed.
                conf = quick(trunk("b", tcp.uri), listen=[f"tcp:127.0.0.1:{port}"])
                path = self.write("second.json", json.dumps(conf))
                _, _, said = run("--config.file=" + path,
                                 "--web.listen-address=127.0.0.1:0")
                self.assertIn("Address already in use", said)
                self.finish(e)

    def test_two_checks_of_one_port(self):
        """Checks with fresh connections from one port take turns."""
        tcp = self.use(SipPeer(delay(0.15), "tcp"))
        e = self.start(quick(trunk(
            "a", tcp.uri, local={"address": "127.0.0.1", "port": free_port()},
            method=["OPTIONS", "REGISTER"], timeout="450ms")))
        for method in ("OPTIONS", "REGISTER"):
            e.wait_metric(lambda v: v >= 6, "siptrunk_probes_total", trunk="a",
                          method=method)
        m = e.scrape()
        self.assertEqual((m.state("a"), m.failures("a")), ("up", {}))

    def test_listen_where_a_trunk_was(self):
        """And the other way round, at a reload, without a probe lost."""
        peer = self.use(SipPeer(answer()))
        port = free_port(socket.SOCK_DGRAM)
        conf = quick(trunk("a", peer.uri, local={"address": "127.0.0.1", "port": port}))
        e = self.start(conf)
        e.settled("a", 2)
        for listen in ([f"udp:127.0.0.1:{port}"], []):
            conf["sip"] = {"listen": listen}
            e.write_config(conf)
            n = len(e.log(msg="configuration reloaded"))
            e.send(signal.SIGHUP)
            wait_for("reload", lambda: len(e.log(msg="configuration reloaded")) > n)
            begun = e.scrape().sum("siptrunk_probes_total", trunk="a")
            m = e.settled("a", begun + 3)
            self.assertEqual((m.state("a"), m.failures("a")), ("up", {}))
        self.assertEqual({rq.source[1] for rq in peer.requests}, {port})

    def test_inbound_finds_its_trunk(self):
        """Two trunks of one peer: its pings count for the socket they came to."""
        peer = self.use(SipPeer(answer()))
        ports = [free_port(socket.SOCK_DGRAM) for _ in range(2)]
        e = self.start(quick(*(
            trunk(f"t{i}", peer.uri, local={"address": "127.0.0.1", "port": p})
            for i, p in enumerate(ports))))
        e.settled("t0", 1)
        e.settled("t1", 1)
        for i, port in enumerate(ports):
            for _ in range(i + 1):
                peer.socket.sendto(peer.request(), ("127.0.0.1", port))
        for i in range(2):
            e.wait_metric(i + 1, "siptrunk_inbound_requests_total", trunk=f"t{i}")
        wait_for("answers", lambda: len(peer.responses) == 3)


class Marks(Case):
    def test_dscp(self):
        peers = {"none": None, "number": 26, "AF31": "AF31", "EF": "EF", "v6": "CS3"}
        want = {"none": 0, "number": 26, "AF31": 26, "EF": 46, "v6": 24}
        marked = {n: self.use(Marked("::1" if n == "v6" else "127.0.0.1"))
                  for n in peers}
        e = self.start(quick(*(
            trunk(n, p.uri, **({"dscp": peers[n]} if peers[n] else {}))
            for n, p in marked.items())))
        for n, p in marked.items():
            wait_for(n, lambda p=p: p.seen)
            self.assertEqual({d for _, d in p.seen}, {want[n]}, n)
            e.wait_metric(1, "siptrunk_up", trunk=n)

    def test_dscp_over_tcp(self):
        """Read from a copy of the exporter's own socket."""
        peer = self.use(SipPeer(answer(), "tcp"))
        e = self.start(quick(trunk("t", peer.uri, dscp="CS5", connection="reuse")))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.assertEqual(self.tos_of(e, peer.port), 40)

    def tos_of(self, e, port):
        """DSCP of the exporter's socket to that port."""
        libc = ctypes.CDLL(None, use_errno=True)
        pidfd = libc.syscall(434, e.process.pid, 0)  # pidfd_open
        self.addCleanup(os.close, pidfd)
        for fd in range(3, 64):
            copy = libc.syscall(438, pidfd, fd, 0)  # pidfd_getfd
            if copy < 0 and ctypes.get_errno() == errno.EPERM:
                self.skipTest("may not look at the exporter's sockets")
            if copy < 0:
                continue
            if not stat.S_ISSOCK(os.fstat(copy).st_mode):
                os.close(copy)
                continue
            with socket.socket(fileno=copy) as s, contextlib.suppress(
                    OSError, IndexError, TypeError):
                if s.getpeername()[1] == port:
                    return s.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) >> 2
        raise AssertionError("the exporter has no such connection")


class Proxy(Case):
    def test_outbound_proxy(self):
        loose = self.use(SipPeer(answer()))
        strict = self.use(SipPeer(answer(), "tcp"))
        e = self.start(quick(
            trunk("loose", "sip:far.example.invalid",
                  outbound_proxy=f"sip:{loose.address};lr", route=["sip:next.example;lr"]),
            trunk("plain", "sip:far.example.invalid:5070", outbound_proxy=strict.uri)))
        for name in ("loose", "plain"):
            m = e.wait_metric(1, "siptrunk_up", trunk=name)
        routes = [v for n, v in loose.requests[0].headers if n == "Route"]
        self.assertEqual(routes, [f"<sip:{loose.address};lr>", "<sip:next.example;lr>"])
        self.assertEqual(loose.requests[0].start,
                         "OPTIONS sip:far.example.invalid SIP/2.0")
        self.assertNotIn("Route", [n for n, _ in strict.requests[0].headers])
        self.assertEqual(strict.requests[0].start,
                         "OPTIONS sip:far.example.invalid:5070 SIP/2.0")
        self.assertEqual(m.get("siptrunk_probes_total", trunk="plain",
                               address=strict.address, transport="tcp") > 0, True)

    def test_placeholders(self):
        peer = self.use(SipPeer(answer()))
        e = self.start(quick(trunk(
            "t", peer.uri, to="sip:ping@{peer}", contact="sip:us@{local};x=y",
            route=["sip:{peer};lr"], **{"from": "sip:{host}"})))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        rq = peer.requests[0]
        our = "%s:%d" % rq.source
        self.assertEqual(rq.header("To"), f"<sip:ping@{peer.address}>")
        self.assertEqual(rq.header("Contact"), f"<sip:us@{our};x=y>")
        self.assertEqual(rq.header("Route"), f"<sip:{peer.address};lr>")
        self.assertTrue(rq.header("From").startswith("<sip:127.0.0.1>;tag="))


class Paused(Case):
    def at(self, seconds):
        """A time that many seconds from now, without fractions, and as it is written."""
        at = int(time.time()) + seconds
        return at, time.strftime("until %Y-%m-%dT%H:%M:%SZ", time.gmtime(at))

    def again(self, e, conf):
        n = len(e.log(msg="configuration reloaded"))
        e.write_config(conf)
        e.send(signal.SIGHUP)
        wait_for("the reload", lambda: len(e.log(msg="configuration reloaded")) > n)

    def test_paused_until(self):
        peer = self.use(SipPeer(answer()))
        at, until = self.at(3600)
        conf = quick(trunk("t", peer.uri), trunk("other", peer.uri, paused=False))
        conf["defaults"].update(paused=until)
        e = self.start(conf)
        m = e.wait_metric(1, "siptrunk_addresses", trunk="t")
        self.assertEqual(m.get("siptrunk_paused", trunk="t"), 1)
        self.assertEqual(m.get("siptrunk_paused_until_timestamp_seconds", trunk="t"), at)
        self.assertEqual({n for n, l, _ in m.series if l.get("trunk") == "t"}, {
            "siptrunk_paused", "siptrunk_paused_until_timestamp_seconds",
            "siptrunk_info", "siptrunk_addresses"})
        self.assertEqual(m.all("siptrunk_paused", trunk="other"), [])
        line, = e.log(msg="trunk is paused")
        self.assertEqual((line["trunk"], line["until"]), ("t", until[6:]))
        row = json.loads(e.get("/api/v1/trunks/t"))
        self.assertEqual((row["paused"], row["paused_until_unix_s"]), (True, at))
        # A reload before its end changes nothing of it; one that says another, its end.
        self.again(e, conf)
        self.assertEqual(e.scrape().get("siptrunk_paused", trunk="t"), 1)
        self.assertEqual(len(e.log(msg="trunk is paused")), 1)
        at, until = self.at(2)
        conf["defaults"].update(paused=until)
        self.again(e, conf)
        self.assertEqual(e.log(msg="trunk is paused")[-1]["until"], until[6:])
        m = e.wait_metric(1, "siptrunk_up", trunk="t", seconds=20)
        self.assertGreaterEqual(
            m.get("siptrunk_state_changed_timestamp_seconds", trunk="t"), at)
        self.assertEqual(m.all("siptrunk_paused", trunk="t"), [])
        self.assertEqual(m.all("siptrunk_paused_until_timestamp_seconds"), [])
        self.assertEqual(len(e.log(msg="trunk is no longer paused", trunk="t")), 1)
        # Nor does one after it, or one that takes it out: state and counters go on.
        for gone in (False, True):
            if gone:
                del conf["defaults"]["paused"]
            self.again(e, conf)
            after = e.scrape()
            for name in ("siptrunk_state_changed_timestamp_seconds",
                         "siptrunk_state_changes_total"):
                self.assertEqual(after.get(name, trunk="t"), m.get(name, trunk="t"))
        warned = [l for l in e.log(level="warn") if "is past" in l.get("why", str(l))]
        self.assertEqual(len(warned), 1, warned)

    def test_paused(self):
        peer = self.use(SipPeer(answer()))
        e = self.start(quick(trunk("t", peer.uri, paused=True),
                             trunk("other", self.use(SipPeer(answer())).uri),
                             listen=["udp:127.0.0.1:0"]))
        e.settled("other", 3)
        peer.socket.sendto(peer.request(), e.sip("udp"))
        wait_for("the answer", lambda: peer.responses)
        self.assertTrue(peer.responses[0][0].startswith(b"SIP/2.0 200 "))
        m = e.scrape()
        self.assertEqual(peer.requests, [])
        shown = {n for n, l, _ in m.series if l.get("trunk") == "t"}
        self.assertEqual(shown, {
            "siptrunk_paused", "siptrunk_info", "siptrunk_addresses",
            "siptrunk_inbound_requests_total",
            "siptrunk_inbound_options_last_timestamp_seconds"})
        self.assertEqual(m.all("siptrunk_paused", trunk="other"), [])

    def test_pause_and_back(self):
        """A pause takes the state along; it begins anew, and nothing pages meanwhile."""
        peer = self.use(SipPeer(mute))
        conf = quick(trunk("t", peer.uri))
        e = self.start(conf)
        e.wait_metric(0, "siptrunk_up", trunk="t")
        conf["trunks"][0]["paused"] = True
        e.write_config(conf)
        e.send(signal.SIGHUP)
        wait_for("the pause", lambda: e.scrape().get("siptrunk_paused", trunk="t"))
        self.assertEqual(e.scrape().all("siptrunk_up", trunk="t"), [])
        peer.behaviour = answer()
        del conf["trunks"][0]["paused"]
        e.write_config(conf)
        e.send(signal.SIGHUP)
        e.wait_metric(1, "siptrunk_up", trunk="t")

    def test_unresolvable(self):
        e = self.start(quick(trunk("t", "sip:gone.invalid", paused=True),
                             dns={"servers": ["127.0.0.1@9"]}))
        e.wait_log(msg="name does not resolve", trunk="t")
        time.sleep(1.2)
        self.assertEqual(e.scrape().all("siptrunk_state", trunk="t"), [])
        self.assertEqual(e.log(msg="trunk changed state"), [])


class RetryAfter(Case):
    timed = "how long it waits"

    def busy(self, seconds):
        return lambda rq: rq.send(rq.response(503, extra=f"Retry-After: {seconds}\r\n"))

    def test_kept_and_honoured(self):
        asleep = self.use(SipPeer(self.busy(3)))
        forever = self.use(SipPeer(self.busy(86400)))
        other = self.use(SipPeer(lambda rq: rq.send(
            rq.response(486, extra="Retry-After: 60\r\n"))))
        e = self.start(quick(trunk("asleep", asleep.uri, retry_after_max="5s"),
                             trunk("other", other.uri),
                             trunk("forever", forever.uri, retry_after_max="5s")))
        m = e.settled("asleep", 2, 20)
        self.assertEqual(
            m.get("siptrunk_probe_retry_after_seconds", trunk="asleep"), 3)
        self.assertEqual(m.state("asleep"), "degraded")
        gap = asleep.requests[1].at - asleep.requests[0].at
        self.assertGreater(gap, 2.95)
        self.assertLess(gap, 5)
        # Only 503 says to stay away; and no peer puts a monitor to sleep for a day.
        m = e.wait_metric(lambda v: v >= 5, "siptrunk_probes_total", trunk="other")
        self.assertEqual(
            m.get("siptrunk_probe_retry_after_seconds", trunk="other"), 60)
        e.settled("forever", 2, 20)
        gap = forever.requests[1].at - forever.requests[0].at
        self.assertGreater(gap, 4.95)
        self.assertLess(gap, 8)

    def test_one_interval_is_the_most(self):
        """Unless it is set otherwise, whatever a peer asks for."""
        forever = self.use(SipPeer(self.busy(86400)))
        deaf = self.use(SipPeer(self.busy(86400)))
        e = self.start(quick(
            trunk("forever", forever.uri, interval="1s", down_interval="1s"),
            trunk("deaf", deaf.uri, interval="1s", retry_after_max="0s")))
        e.settled("forever", 4, 20)
        e.settled("deaf", 4, 20)
        for peer, least, most in ((forever, 1.9, 2.6), (deaf, 0.9, 1.5)):
            gaps = [b.at - a.at for a, b in
                    zip(peer.requests[1:], peer.requests[2:])]
            self.assertGreater(min(gaps), least)
            self.assertLess(max(gaps), most)

    def last_word(self, *rest):
        """503 that asks for an hour of peace, then what is in `rest`, then silence."""
        words, said = [503, *rest], []

        def behaviour(rq):
            if rq.copy == 0 and words:
                word = words.pop(0)
                if word == 503:
                    said.append(rq.at)
                    self.busy(3600)(rq)
        return self.use(SipPeer(behaviour)), said

    def test_who_stops_is_told(self):
        """Within fall + 1 intervals of its last answer, whatever that said."""
        for fall, down, rest in ((1, "2s", ()), (2, "2s", ()), (2, "1s", ()),
                                 (3, "1s", (None, 503, None, None, 503))):
            with self.subTest(fall=fall, down_interval=down):
                peer, said = self.last_word(*rest)
                e = self.start(quick(trunk("t", peer.uri, interval="2s", timeout="1s",
                                           fall=fall, down_interval=down)))
                e.wait_metric(1, "siptrunk_state", 60, trunk="t", state="down")
                self.assertEqual(len(said), 1 + rest.count(503))
                self.assertLess(time.monotonic() - said[-1], 2 * (fall + 1) + 1.3)
                e.stop()

    def test_absent_without(self):
        peer = self.use(SipPeer(script(503, 200)))
        e = self.start(quick(trunk("t", peer.uri)))
        m = e.wait_metric(1, "siptrunk_probe_success", trunk="t")
        self.assertEqual(m.all("siptrunk_probe_retry_after_seconds"), [])


class ExpectInbound(Case):
    def test_pings_stop_and_come_back(self):
        peer = self.use(SipPeer(answer()))
        quiet = self.use(SipPeer(answer()))
        e = self.start(quick(
            trunk("t", peer.uri, expect_inbound="1500ms"),
            trunk("quiet", quiet.uri, expect_inbound="1s"),
            trunk("free", quiet.uri), listen=["udp:127.0.0.1:0"]))
        ping = lambda: peer.socket.sendto(peer.request(), e.sip("udp"))
        # A peer that never pinged has one period of grace.
        e.wait_metric(1, "siptrunk_up", trunk="quiet", seconds=1)
        m = e.scrape()
        self.assertEqual(m.state("quiet"), "up")
        for _ in range(8):
            ping()
            time.sleep(0.3)
        m = e.scrape()
        self.assertEqual(m.state("t"), "up")
        self.assertEqual(m.state("quiet"), "degraded")
        self.assertEqual(m.get("siptrunk_up", trunk="quiet"), 1)
        self.assertEqual(m.state("free"), "up")
        wait_for("degraded", lambda: e.scrape().state("t") == "degraded")
        ping()
        wait_for("up", lambda: e.scrape().state("t") == "up", 3)
        lines = e.log(msg="trunk changed state", trunk="t")
        self.assertEqual([(l["from"], l["to"], l.get("reason")) for l in lines[:3]],
                         [("unknown", "up", "response"), ("up", "degraded", "inbound"),
                          ("degraded", "up", "inbound")])

    def test_a_new_period_once_it_is_back(self):
        """A peer that was down had cause not to ping us; why it is degraded is told."""
        peer = self.use(SipPeer(mute))
        e = self.start(quick(trunk("t", peer.uri, expect_inbound="2s"),
                             listen=["udp:127.0.0.1:0"]))
        e.wait_metric(0, "siptrunk_up", trunk="t")
        e.wait_metric(1, "siptrunk_inbound_missing", trunk="t")
        peer.behaviour = answer()
        e.wait_metric(1, "siptrunk_up", trunk="t")
        m = e.scrape()
        self.assertEqual((m.state("t"), m.get("siptrunk_inbound_missing", trunk="t")),
                         ("up", 0))
        wait_for("degraded", lambda: e.scrape().state("t") == "degraded")
        line = e.log(msg="trunk changed state", trunk="t")[-1]
        why = "its peer stopped pinging us"
        self.assertEqual((line["reason"], line["detail"]), ("inbound", why))
        for path in ("/api/v1/trunks", "/api/v1/trunks/t", "/", "/trunks/t"):
            with self.subTest(path):
                self.assertIn(why, e.get(path))

    def test_down_stays_down(self):
        """Pings of a peer that does not answer ours do not make it up."""
        peer = self.use(SipPeer(mute))
        e = self.start(quick(trunk("t", peer.uri, expect_inbound="1s"),
                             listen=["udp:127.0.0.1:0"]))
        e.wait_metric(0, "siptrunk_up", trunk="t")
        peer.socket.sendto(peer.request(), e.sip("udp"))
        e.wait_metric(1, "siptrunk_inbound_requests_total", trunk="t")
        self.assertEqual(e.scrape().state("t"), "down")


class Injection(Case):
    """No setting can end a line of a request or begin another."""

    EVIL = ("\r\nX-Evil: 1", "\nX-Evil: 1", "\r", "\u0085X", "\u0000", ">\r\nX-Evil: 1")

    def test_every_text(self):
        keys = {
            "from": "sip:a@b.example", "to": "sip:a@b.example",
            "contact": "sip:a@b.example", "request_uri": "sip:b.example",
            "outbound_proxy": "sip:127.0.0.1;lr", "user_agent": "agent",
            "uri": "sip:127.0.0.1",
        }
        cases = [{k: good + evil} for k, good in keys.items() for evil in self.EVIL]
        cases += [{"route": ["sip:a.example" + e]} for e in self.EVIL]
        cases += [{"headers": {"X-Mine": "v" + e}} for e in self.EVIL]
        cases += [{"headers": {"X-Mine" + e: "v"}} for e in self.EVIL]
        cases += [{"local": {"address": "127.0.0.1" + e}} for e in self.EVIL]
        cases += [{"headers": {n: "v"}} for n in
                  ("Via", "v", "Route", "Content-Length", "l", "Call-ID", "CSeq", "From")]
        cases += [{"from": "sip:a@b>;x=<sip:c"}, {"to": "sip:a b"}, {"from": "sip:{evil}"}]
        for more in cases:
            path = self.write("c.json", json.dumps(
                quick({"name": "t", "uri": "sip:127.0.0.1", **more})))
            code, _, err = run(f"--config.file={path}", "--config.check")
            with self.subTest(more=more):
                self.assertEqual(code, 1)
                self.assertIn("trunks[0]", err)
                self.assertNotIn("\nX-Evil", err)
