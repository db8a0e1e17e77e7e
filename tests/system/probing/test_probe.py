"""
What each kind of peer comes to in the metrics, exactly: outcomes, codes,
retransmissions, late responses, states.
"""

import socket
import time
from statistics import median

from harness import REASONS, Bench, Case, config_of, free_port, trunk, wait_for
from sip_peer import SipPeer, answer, delay, drop_first, mute, script


class Looks(Bench):
    """Assertions over one trunk after a few probes."""

    def settled(self, name, probes=2):
        return self.exporter.settled(name, probes)

    def expect(self, name, codes=(), failures=(), state="up", retransmissions=None,
               late=0):
        """
        `codes` and `failures` name those that every probe ended in; all others must be
        0. Retransmissions are a number a probe; None: as many as the peer saw.
        """
        # A probe is counted a moment before the state that it tips.
        m = wait_for(f"{name} to be {state}", lambda: (
            m := self.settled(name)).state(name) == state and m, 5)
        n = int(m.get("siptrunk_probes_total", trunk=name))
        self.assertEqual(m.codes(name), dict.fromkeys(codes, n))
        self.assertEqual(m.failures(name), dict.fromkeys(failures, n))
        reasons = m.all("siptrunk_probe_failures_total", trunk=name)
        self.assertEqual(sorted(l["reason"] for l, _ in reasons), sorted(REASONS))
        self.assertEqual(m.get("siptrunk_up", trunk=name), float(state != "down"))
        self.assertEqual(m.get("siptrunk_probe_success", trunk=name),
                         float(state != "down"))
        sent_again = m.get("siptrunk_probe_retransmissions_total", trunk=name)
        if retransmissions is not None:
            self.assertEqual(sent_again, retransmissions * n)
        elif name in self.peers and self.peers[name].transport == "udp":
            self.assertEqual(sent_again, self.peers[name].copies())
        if late is not None:
            self.assertEqual(
                m.get("siptrunk_probe_late_responses_total", trunk=name), late)
        answered = sum(m.codes(name).values())
        self.assertEqual(
            m.get("siptrunk_probe_duration_seconds_count", trunk=name), answered)
        last = m.all("siptrunk_probe_last_success_timestamp_seconds", trunk=name)
        self.assertEqual(len(last), 0 if state == "down" else 1)
        if last:
            self.assertLess(abs(time.time() - last[0][1]), 10)
        return m

    def mean(self, m, name):
        return (m.get("siptrunk_probe_duration_seconds_sum", trunk=name) /
                m.get("siptrunk_probe_duration_seconds_count", trunk=name))


def lie(**changed):
    """Answers 200 with header fields changed; values may be made from the request."""
    def behaviour(rq):
        rq.reply(200, **{k: v(rq) for k, v in changed.items()})
    return behaviour


def other_branch(rq):
    return rq.header("Via").replace(rq.branch, rq.branch[:-1] + (
        "1" if rq.branch[-1] != "1" else "2"))


def other_tag(rq):
    return rq.header("From") + "x"


LIES = {
    "branch": lie(via=other_branch),
    "call-id": lie(call_id=lambda rq: "x" + rq.header("Call-ID")),
    "cseq-number": lie(cseq=lambda rq: "4242 OPTIONS"),
    "cseq-method": lie(cseq=lambda rq: rq.header("CSeq").replace("OPTIONS", "INVITE")),
    "from-tag": lie(from_=other_tag),
    "source-port": lambda rq: rq.send_from("127.0.0.1", rq.response(200)),
    "source-host": lambda rq: rq.send_from("127.0.0.2", rq.response(200)),
}


def lie_then_answer(rq):
    if rq.copy == 0:
        for behaviour in LIES.values():
            behaviour(rq)
        rq.send(rq.response(503, via=other_branch(rq)))
    rq.reply(200)


def twice(rq):
    rq.reply(200)
    rq.reply(200)


def two_finals(rq):
    """The first final response ends the transaction; another cannot change it."""
    rq.reply(200)
    rq.reply(500)


def trying_then(code, seconds):
    def behaviour(rq):
        rq.reply(100)
        if code and rq.copy == 0:
            rq.later(seconds, lambda: rq.reply(code))
    return behaviour


class Udp(Looks):
    timed = "copies of a request are 200 ms apart, and each is counted"

    @classmethod
    def make(cls):
        behaviours = {
            "ok": answer(),
            "mute": mute,
            "drops-1": drop_first(1),
            "drops-2": drop_first(2),
            "drops-3": drop_first(3),
            "slow": delay(0.3),
            "late": delay(1.2),
            "twice": twice,
            "two-finals": two_finals,
            "trying": trying_then(200, 0.3),
            "only-trying": trying_then(None, 0),
            "lie-then-answer": lie_then_answer,
            "phrase": answer(200, "All \x1b[31mred\x07 \udcff"),
            **{"lie-" + n: b for n, b in LIES.items()},
        }
        cls.peers = {n: SipPeer(b) for n, b in behaviours.items()}
        cls.more = [trunk("dead", f"sip:127.0.0.1:{free_port(socket.SOCK_DGRAM)}")]

    def test_ok(self):
        m = self.expect("ok", codes=[200], retransmissions=0)
        self.assertEqual(m.get("siptrunk_addresses", trunk="ok"), 1)
        self.assertEqual(m.get("siptrunk_addresses_up", trunk="ok"), 1)
        self.assertLess(self.mean(m, "ok"), 0.1)
        self.assertEqual(
            m.get("siptrunk_probes_total", trunk="ok", method="OPTIONS",
                  transport="udp", address=self.peers["ok"].address),
            self.peers["ok"].branches())

    def test_mute(self):
        m = self.expect("mute", failures=["timeout"], state="down", retransmissions=2)
        self.assertEqual(m.get("siptrunk_addresses", trunk="mute"), 1)
        self.assertEqual(m.get("siptrunk_addresses_up", trunk="mute"), 0)

    def test_retransmissions_are_timed_as_the_rfc_says(self):
        self.settled("mute", 5)
        copies = {}
        for rq in list(self.peers["mute"].requests):
            copies.setdefault(rq.branch, []).append(rq)
        whole = [c for c in copies.values() if len(c) == 3]
        self.assertTrue(whole)
        for first, second, third in whole:
            self.assertEqual({first.raw}, {second.raw, third.raw}, "byte for byte")
        # The middle one of several: a peer that was held up once proves nothing.
        self.assertAlmostEqual(
            median(second.at - first.at for first, second, _ in whole), 0.2, delta=0.08)
        self.assertAlmostEqual(
            median(third.at - first.at for first, _, third in whole), 0.6, delta=0.08)

    def test_one_lost_copy_is_not_an_outage(self):
        m = self.expect("drops-1", codes=[200], retransmissions=1)
        self.assertGreaterEqual(self.mean(m, "drops-1"), 0.2, "from the first copy on")

    def test_two_lost_copies(self):
        self.expect("drops-2", codes=[200], retransmissions=2)

    def test_all_copies_lost(self):
        self.expect("drops-3", failures=["timeout"], state="down", retransmissions=2)

    def test_slow(self):
        m = self.expect("slow", codes=[200], retransmissions=1)
        self.assertGreaterEqual(self.mean(m, "slow"), 0.3)
        self.assertLess(self.mean(m, "slow"), 0.4)

    def test_late(self):
        m = self.expect("late", failures=["timeout"], state="down", late=None)
        n = m.get("siptrunk_probes_total", trunk="late")
        self.exporter.wait_metric(lambda v: v >= n,
                                  "siptrunk_probe_late_responses_total", trunk="late")

    def test_duplicate_response(self):
        self.expect("twice", codes=[200], retransmissions=0)

    def test_second_final_response(self):
        self.expect("two-finals", codes=[200], retransmissions=0)

    def test_provisional_then_final(self):
        self.expect("trying", codes=[200])

    def test_provisional_only(self):
        self.expect("only-trying", failures=["timeout"], state="down")

    def test_lies_do_not_count(self):
        for name in LIES:
            with self.subTest(name):
                reason = "elsewhere" if name.startswith("source-") else "timeout"
                self.expect("lie-" + name, failures=[reason], state="down",
                            retransmissions=2)

    def test_truth_counts_after_lies(self):
        self.expect("lie-then-answer", codes=[200], retransmissions=0)

    def test_peers_words_are_no_labels(self):
        m = self.expect("phrase", failures=["protocol"], state="down")
        self.assertNotIn("[31m", m.text)

    def test_dead_port(self):
        m = self.expect("dead", failures=["refused"], state="down", retransmissions=0)
        self.assertEqual(m.get("siptrunk_addresses_up", trunk="dead"), 0)


CODES = {
    200: "up", 202: "up", 299: "up", 302: "up", 400: "up", 403: "up", 404: "up",
    408: "down", 480: "up", 486: "up", 500: "down", 501: "up", 502: "down",
    503: "degraded", 504: "down", 580: "down", 600: "up", 606: "up", 699: "up",
}


class Codes(Looks):
    """Which final responses mean what, by default and by a trunk's own choice."""

    @classmethod
    def make(cls):
        cls.peers = {f"code-{c}": SipPeer(answer(c)) for c in CODES}
        for name, code, settings in (
            ("own-up", 500, {"up_codes": [500]}),
            ("own-down", 404, {"up_codes": ["2xx"]}),
            ("own-range", 499, {"up_codes": ["2xx", "401-499"]}),
            ("own-degraded", 200, {"degraded_codes": [200]}),
            ("own-503", 503, {"degraded_codes": []}),
        ):
            cls.peers[name] = SipPeer(answer(code))
            cls.settings[name] = settings

    def expect_code(self, name, code, state):
        failures = ["response"] if state == "down" else []
        self.expect(name, codes=[code], failures=failures, state=state)

    def test_defaults(self):
        for code, state in CODES.items():
            with self.subTest(code):
                self.expect_code(f"code-{code}", code, state)

    def test_own_choice(self):
        for name, code, state in (
            ("own-up", 500, "up"), ("own-down", 404, "down"), ("own-range", 499, "up"),
            ("own-degraded", 200, "degraded"), ("own-503", 503, "down"),
        ):
            with self.subTest(name):
                self.expect_code(name, code, state)


GARBAGE = {
    "text": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "zeros": bytes(2000),
    "noise": bytes(range(256)) * 8,
    "status": b"SIP/2.0 65736 OK\r\nContent-Length: 0\r\n\r\n",
    "version": b"SIP/7.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "bare": b"SIP/2.0 200 OK\r\n\r\n",
}


def garbage(raw):
    return lambda rq: rq.send(raw)


def garbage_then_answer(rq):
    rq.send(GARBAGE["noise"])
    rq.reply(200)


def in_pieces(rq):
    raw = rq.response(200)
    for i in range(0, len(raw), 7):
        rq.send(raw[i:i + 7])
        time.sleep(0.001)


def hang_up(rq):
    rq.connection.shutdown(socket.SHUT_RDWR)


def hang_up_at_once(rq):
    pass


hang_up_at_once.on_accept = lambda c: False


def reset(rq):
    rq.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\x01\0\0\0\0\0\0\0")
    rq.connection.close()


def cut_short(rq):
    rq.send(rq.response(200)[:-20])
    rq.connection.shutdown(socket.SHUT_RDWR)


class Garbage(Looks):
    @classmethod
    def make(cls):
        for name, raw in GARBAGE.items():
            cls.peers["udp-" + name] = SipPeer(garbage(raw))
            cls.peers["tcp-" + name] = SipPeer(garbage(raw), "tcp")
        cls.peers["good"] = SipPeer()
        cls.peers["udp-garbage-then-answer"] = SipPeer(garbage_then_answer)

    def test_is_a_protocol_failure_of_that_trunk_alone(self):
        for name in GARBAGE:
            for transport in ("udp", "tcp"):
                with self.subTest(transport=transport, name=name):
                    self.expect(f"{transport}-{name}", failures=["protocol"],
                                state="down")
        self.expect("good", codes=[200], retransmissions=0)

    def test_answer_after_garbage_counts_over_udp(self):
        self.expect("udp-garbage-then-answer", codes=[200])


class Tcp(Looks):
    @classmethod
    def make(cls):
        behaviours = {
            "ok": answer(), "mute": mute, "slow": delay(0.3), "late": delay(1.2),
            "pieces": in_pieces, "hang-up": hang_up, "at-once": hang_up_at_once,
            "reset": reset, "cut": cut_short, "twice": twice, "503": answer(503),
            "no-length": answer(200, content_length=None),
            "lie": LIES["branch"], "trying": trying_then(200, 0.3),
        }
        cls.peers = {n: SipPeer(b, "tcp") for n, b in behaviours.items()}
        cls.bound = socket.socket()
        cls.addClassCleanup(cls.bound.close)
        cls.bound.bind(("127.0.0.1", 0))
        cls.more = [trunk(
            "refused",
            f"sip:127.0.0.1:{cls.bound.getsockname()[1]};transport=tcp")]
        cls.peers["reuse"] = SipPeer(answer(), "tcp")
        cls.settings["reuse"] = {"connection": "reuse"}

    def test_ok(self):
        m = self.expect("ok", codes=[200], retransmissions=0)
        phases = m.all("siptrunk_probe_phase_duration_seconds", trunk="ok")
        named = {l["phase"]: v for l, v in phases}
        self.assertGreater(named["connect"], 0)
        self.assertGreater(named["response"], 0)
        self.assertEqual(self.peers["ok"].connections, self.peers["ok"].branches(),
                         "a new connection for every probe")

    def test_reuse(self):
        self.expect("reuse", codes=[200], retransmissions=0)
        self.assertEqual(self.peers["reuse"].connections, 1)

    def test_answers(self):
        for name in ("slow", "pieces", "twice", "trying"):
            with self.subTest(name):
                self.expect(name, codes=[200], retransmissions=0)

    def test_503_is_degraded(self):
        self.expect("503", codes=[503], state="degraded", retransmissions=0)

    def test_silence(self):
        for name in ("mute", "lie"):
            with self.subTest(name):
                self.expect(name, failures=["timeout"], state="down", retransmissions=0)

    def test_late_is_a_timeout(self):
        self.expect("late", failures=["timeout"], state="down", late=None)

    def test_broken_connections(self):
        for name in ("hang-up", "at-once", "reset", "cut"):
            with self.subTest(name):
                self.expect(name, failures=["connect"], state="down")

    def test_no_content_length_is_not_sip_over_tcp(self):
        self.expect("no-length", failures=["protocol"], state="down")

    def test_refused(self):
        self.expect("refused", failures=["refused"], state="down")


class Health(Case):
    """`fall` and `rise` over time, and what the log says of it."""

    timed = "times between states, to a quarter of a second"

    def start_script(self, *codes, **settings):
        self.peer = self.use(SipPeer(script(*codes)))
        return self.start(config_of(trunk(
            "a", self.peer.uri, interval="1200ms", down_interval="700ms",
            timeout="500ms", **settings)), log_level="info")

    def changes(self, e):
        return [(l["from"], l["to"]) for l in e.log(msg="trunk changed state")]

    def test_one_failure_does_not_page(self):
        e = self.start_script(200, None, 200)
        e.settled("a", 4)
        m = e.scrape()
        self.assertEqual(m.failures("a"), {"timeout": 1})
        self.assertEqual(m.state("a"), "up")
        self.assertEqual(self.changes(e), [("unknown", "up")])

    def test_down_and_up_again(self):
        e = self.start_script(200, 200, None, None, None, 200, 200, 200, fall=3, rise=2)
        m = e.settled("a", 7)
        self.assertEqual(m.state("a"), "up")
        self.assertEqual(self.changes(e),
                         [("unknown", "up"), ("up", "down"), ("down", "up")])
        self.assertEqual(m.get("siptrunk_state_changes_total", trunk="a"), 3)
        first, down, up = e.log(msg="trunk changed state")
        self.assertEqual([first["level"], down["level"], up["level"]],
                         ["info", "warn", "info"])
        self.assertEqual((down["trunk"], down["reason"], down["address"]),
                         ("a", "timeout", self.peer.address))
        self.assertNotIn("code", down)
        self.assertEqual((up["reason"], up["code"]), ("response", "200"))
        # Down at the end of the third failure, 0.5 s after it began; after a failure the
        # trunk is probed every 0.7 s, on a grid that the first one has to reach.
        first_copies = {rq.branch: rq.at for rq in reversed(self.peer.requests)}
        at = sorted(first_copies.values())
        self.assertAlmostEqual(float(down["after"]), at[4] - at[0] + 0.5, delta=0.25)
        self.assertLess(at[3] - at[2], 1.5 * 0.7 + 0.25)
        self.assertAlmostEqual(at[4] - at[3], 0.7, delta=0.25)

    def test_degraded(self):
        e = self.start_script(200, 503, 503, 200, 200, fall=1, rise=1)
        m = e.settled("a", 5)
        self.assertEqual(self.changes(e), [("unknown", "up"), ("up", "degraded"),
                                           ("degraded", "up")])
        line = e.log(to="degraded")[0]
        self.assertEqual((line["level"], line["code"], line["phrase"]),
                         ("warn", "503", "Service Unavailable"))
        self.assertEqual(m.codes("a")[503], 2)

    def test_unknown_until_the_first_result(self):
        peer = self.use(SipPeer(mute))
        e = self.start(config_of(trunk("a", peer.uri, fall=3)))
        m = e.scrape()
        self.assertEqual(m.state("a"), "unknown")


class Schedule(Case):
    timed = "times of probes, to 50 ms"

    def test_stable_phase_and_no_drift(self):
        peer = self.use(SipPeer())
        c = config_of(trunk("a", peer.uri, interval="1s", timeout="500ms"))
        e = self.start(c)
        e.settled("a", 5)
        e.stop()
        # The first probe comes early, off the grid that all others keep.
        times = [rq.at for rq in peer.requests][1:]
        for i, t in enumerate(times):
            self.assertAlmostEqual(t - times[0], i * 1.0, delta=0.05)
        again = self.start(c)
        again.settled("a", 2)
        phase = (peer.requests[-1].at - times[0]) % 1.0
        self.assertLess(min(phase, 1 - phase), 0.06, "the same phase after a restart")

    def test_phases_are_spread(self):
        peers = [self.use(SipPeer()) for _ in range(20)]
        e = self.start(config_of(*(
            trunk(f"t{i}", p.uri, interval="2s") for i, p in enumerate(peers))))
        for i in range(20):
            e.settled(f"t{i}", 2)
        phases = sorted(p.requests[1].at % 2.0 for p in peers)
        gaps = [b - a for a, b in zip(phases, phases[1:] + [phases[0] + 2.0])]
        self.assertLess(max(gaps), 1.0)

    def test_other_trunks_do_not_wait_for_a_mute_one(self):
        mutes = [self.use(SipPeer(mute)) for _ in range(10)]
        good = self.use(SipPeer())
        e = self.start(config_of(trunk("good", good.uri), *(
            trunk(f"mute-{i}", p.uri) for i, p in enumerate(mutes))))
        e.settled("good", 3)
        m = e.scrape()
        self.assertLess(m.get("siptrunk_probe_duration_seconds_sum", trunk="good"), 0.3)


class Request(Case):
    """What the peer sees of a probe."""

    def one(self, transport="udp", **settings):
        peer = self.use(SipPeer(transport=transport))
        self.start(config_of(trunk("a", peer.uri, **settings)))
        return wait_for("a request", lambda: peer.requests)[0], peer

    def test_well_formed(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport):
                rq, peer = self.one(transport)
                self.assertRegex(rq.start, r"^OPTIONS sip:\S+ SIP/2\.0$")
                self.assertRegex(
                    rq.header("Via"),
                    rf"^SIP/2\.0/{transport.upper()} 127\.0\.0\.1:\d+;")
                self.assertRegex(rq.branch, r"^z9hG4bK.+")
                self.assertRegex(rq.header("From"), r"^<sip:\S+>;tag=\S+$")
                self.assertRegex(rq.header("To"), r"^<sip:[^;]+(;transport=\w+)?>$")
                self.assertRegex(rq.header("CSeq"), r"^\d+ OPTIONS$")
                self.assertEqual(rq.header("Max-Forwards"), "70")
                self.assertEqual(rq.header("Content-Length"), "0")
                self.assertRegex(rq.header("Contact"), r"^<sip:\S+>$")
                self.assertIn("siptrunk_exporter/", rq.header("User-Agent"))
                self.assertTrue(rq.header("Call-ID"))

    def test_settings(self):
        rq, _ = self.one(**{
            "from": "sip:me@sbc.example.com", "to": "sip:you@carrier.example",
            "contact": "sip:sbc.example.com:5060", "user_agent": "ours/1",
            "max_forwards": 1, "request_uri": "sip:ping@carrier.example",
            "route": ["sip:edge.example;lr"], "headers": {"X-Site": "oslo"}})
        self.assertEqual(rq.start, "OPTIONS sip:ping@carrier.example SIP/2.0")
        self.assertIn("<sip:me@sbc.example.com>;tag=", rq.header("From"))
        self.assertEqual(rq.header("To"), "<sip:you@carrier.example>")
        self.assertEqual(rq.header("Contact"), "<sip:sbc.example.com:5060>")
        self.assertEqual(rq.header("User-Agent"), "ours/1")
        self.assertEqual(rq.header("Max-Forwards"), "1")
        self.assertEqual(rq.header("Route"), "<sip:edge.example;lr>")
        self.assertEqual(rq.header("X-Site"), "oslo")

    def test_every_probe_is_new(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk("a", peer.uri, interval="1s", timeout="500ms")))
        e.settled("a", 3)
        for name in ("Via", "Call-ID"):
            values = {rq.header(name) for rq in peer.requests}
            self.assertEqual(len(values), len(peer.requests), name)


class Names(Case):
    def test_a_name_without_addresses(self):
        e = self.start(config_of(
            trunk("lost", "sip:nobody.invalid"), trunk("ok", self.use(SipPeer()).uri),
            dns={"servers": [f"127.0.0.1@{free_port(socket.SOCK_DGRAM)}"]}))
        e.wait_log(msg="name does not resolve", trunk="lost", level="warn")
        m = e.wait_metric(lambda v: v >= 1, "siptrunk_probe_failures_total",
                          trunk="lost", reason="dns")
        self.assertEqual(m.get("siptrunk_addresses", trunk="lost"), 0)
        e.settled("ok", 3)
        self.assertEqual(len(e.log(msg="name does not resolve")), 1,
                         "one line, not one an attempt")
        self.assertEqual(e.scrape().state("ok"), "up")

    def test_localhost(self):
        peer = self.use(SipPeer())
        e = self.start(config_of(trunk(
            "a", f"sip:localhost:{peer.port};transport=udp", family="ipv4")))
        m = e.settled("a", 1)
        self.assertEqual(m.codes("a").keys(), {200})
        self.assertTrue(m.all("siptrunk_probes_total", address=peer.address))

    def test_ipv6(self):
        peers = {t: self.use(SipPeer(transport=t, host="::1")) for t in ("udp", "tcp")}
        e = self.start(config_of(*(trunk(t, p.uri) for t, p in peers.items())))
        for t, p in peers.items():
            m = e.settled(t, 1)
            self.assertEqual(m.codes(t).keys(), {200})
            self.assertTrue(m.all("siptrunk_probes_total", address=p.address))
