"""
Checks by REGISTER against Kamailio's registrar and a peer that answers as it is told: what
is bound, for how long, when it is refreshed and that it is taken back.
"""

import signal
import time
import unittest

import peers
from digest_peer import Digest
from harness import FAST, Bench, Case, config_of, trunk, wait_for
from registrar import Registrar
from sip_peer import SipPeer, answer, mute, server_tls

GOOD = {"username": "u", "password": "secret"}
BIND = {"bind": True, "expires": "60s"}
UNTIL = "siptrunk_registration_expires_timestamp_seconds"


def expires(rq):
    """The time that a REGISTER asks for, or None for a question."""
    fields = [v for n, v in rq.headers if n == "Contact" and rq.method == "REGISTER"]
    return int(fields[0].rsplit(";expires=", 1)[1]) if fields else None


class Bindings:
    """A registrar of one line: what it was asked last, it says is so."""

    def __init__(self, most=None, least=0, style="contact"):
        self.most, self.least, self.style = most, least, style
        self.bound = {}
        self.log = []  # (Call-ID, CSeq, expires)

    def __call__(self, rq):
        asked = expires(rq)
        if rq.method != "REGISTER":
            rq.reply(200)
            return
        if rq.copy == 0:
            self.log.append((rq.header("Call-ID"), int(rq.header("CSeq").split()[0]),
                             asked))
        if asked and asked < self.least:
            rq.send(rq.response(423, "Interval Too Brief",
                                f"Min-Expires: {self.least}\r\n"))
            return
        extra = ""
        if asked is not None:
            uri = rq.header("Contact").split(">")[0] + ">"
            granted = min(asked, self.most) if self.most else asked
            self.bound[uri] = granted
            if not granted:
                del self.bound[uri]
        for uri, granted in self.bound.items():
            if self.style == "expires":
                extra += f"Contact: {uri}\r\nExpires: {granted}\r\n"
            elif self.style == "rewritten":
                extra += f"Contact: <sip:nat@203.0.113.1:5080>;expires={granted}\r\n"
            else:
                extra += (f"Contact: <sip:other@192.0.2.1>;expires=7, "
                          f"{uri};expires={granted}\r\n")
        rq.send(rq.response(200, "OK", extra))


def unanswered_removal(registrar):
    def behaviour(rq):
        if expires(rq) != 0:
            registrar(rq)
    return behaviour


def falls_silent_then(code, silence=3):
    """Registers us once, says nothing to some requests, then only `code`."""
    calls = []

    def behaviour(rq):
        if rq.copy == 0:
            calls.append(rq)
        if len(calls) == 1:
            rq.reply(200)
        elif len(calls) > silence + 1:
            rq.reply(code)
    return behaviour


def once_then(code):
    calls = []

    def behaviour(rq):
        if rq.copy == 0:
            calls.append(rq)
        rq.reply(200 if len(calls) == 1 else code)
    return behaviour


class Scripted(Bench):
    @classmethod
    def make(cls):
        cls.registrars = {
            "plain": Bindings(),
            "shorter": Bindings(most=2),
            "too-brief": Bindings(least=90),
            "for-ever": Bindings(least=10000000),
            "field": Bindings(most=30, style="expires"),
            "rewritten": Bindings(most=30, style="rewritten"),
            "tcp": Bindings(),
            "auth": Bindings(),
            "two": Bindings(),
            "query": Bindings(),
            "brief-once": Bindings(least=90),
            "brief-403": Bindings(least=90),
            "own-interval": Bindings(),
        }
        cls.digest = Digest(then=cls.registrars["auth"], uses=2)
        cls.once = {name: Digest(then=cls.registrars[name], uses=1, replay=code)
                    for name, code in (("brief-once", None), ("brief-403", 403))}
        behaviours = {
            **cls.registrars,
            **cls.once,
            "auth": cls.digest,
            "gone": falls_silent_then(503),
            "strained": once_then(503),
            "forbidden": answer(403, "Forbidden"),
            "forbidden-query": answer(403, "Forbidden"),
            "busy": answer(503, "Later"),
            "half": lambda rq: rq.reply(200) if rq.method == "OPTIONS" else None,
            "unauthorized": answer(401),
        }
        cls.peers = {n: SipPeer(b, transport="tcp" if n == "tcp" else "udp")
                     for n, b in behaviours.items()}
        register = {"method": "REGISTER", "register": BIND}
        cls.settings = {n: dict(register) for n in behaviours}
        for name in ("auth", *cls.once):
            cls.settings[name]["auth"] = GOOD
        cls.settings["two"]["method"] = ["REGISTER", "OPTIONS"]
        cls.settings["half"]["method"] = ["REGISTER", "OPTIONS"]
        cls.settings["query"] = {"method": "REGISTER"}
        cls.settings["forbidden-query"] = {"method": ["REGISTER"]}
        cls.settings["own-interval"]["register"] = {**BIND, "interval": "1h"}
        cls.settings["shorter"]["register"] = {**BIND, "interval": "1h"}

    def up(self, name, probes=2):
        m = self.exporter.settled(name, probes)
        self.assertEqual((m.state(name), list(m.codes(name)), m.failures(name)),
                         ("up", [200], {}))
        return m

    def left(self, m, name):
        return m.get(UNTIL, trunk=name) - time.time()

    def test_request(self):
        self.up("plain")
        rq = self.peers["plain"].requests[0]
        host = self.peers["plain"].address
        self.assertEqual(rq.start, f"REGISTER sip:{host} SIP/2.0")
        self.assertEqual(rq.header("To"), "<sip:ping@127.0.0.1>")
        self.assertTrue(rq.header("From").startswith("<sip:ping@127.0.0.1>;tag="))
        self.assertRegex(rq.header("Contact"),
                         r"^<sip:ping@127\.0\.0\.1:[0-9]+>;expires=60$")
        self.assertEqual(rq.header("Expires"), "60")
        self.up("auth")
        self.assertEqual(self.peers["auth"].requests[0].header("To"),
                         "<sip:u@127.0.0.1>")

    def test_one_binding_one_call(self):
        for name in ("plain", "tcp", "auth"):
            with self.subTest(name):
                self.up(name, 3)
                log = self.registrars[name].log
                self.assertEqual(len(self.registrars[name].bound), 1)
                self.assertEqual(len({call for call, _, _ in log}), 1)
                cseqs = [cseq for _, cseq, _ in log]
                self.assertEqual(cseqs, sorted(set(cseqs)))
        self.assertEqual(self.digest.refused, [])

    def test_granted(self):
        for name, seconds in (("plain", 60), ("tcp", 60), ("auth", 60), ("two", 60),
                              ("field", 30), ("rewritten", 30), ("too-brief", 90)):
            with self.subTest(name):
                self.assertAlmostEqual(self.left(self.up(name), name), seconds, delta=5)

    def test_423(self):
        self.up("too-brief", 3)
        asked = [a for _, _, a in self.registrars["too-brief"].log]
        self.assertEqual(asked, [60] + [90] * (len(asked) - 1),
                         "within the same probe, and remembered")
        m = self.exporter.settled("for-ever", 2)
        self.assertEqual((m.state("for-ever"), list(m.codes("for-ever"))),
                         ("down", [423]))
        self.assertEqual(m.all(UNTIL, trunk="for-ever"), [])

    def test_refreshed_in_time(self):
        """A registrar that grants two seconds is asked every second, not every hour."""
        self.up("shorter", 4)
        self.assertTrue(self.registrars["shorter"].bound)
        times = [rq.at for rq in self.peers["shorter"].requests if not rq.copy]
        # On the whole: one that the peer was late for is near the next.
        apart = (times[-1] - times[0]) / (len(times) - 1)
        self.assertLess(apart, 2, "before it expires")
        self.assertGreater(apart, 0.8, "and no sooner than at half")

    def test_interval_of_its_own(self):
        m = self.up("own-interval", 1)
        self.up("plain", 3)
        self.assertEqual(self.peers["own-interval"].branches(), 1)
        self.assertEqual(m.state("own-interval"), "up")

    def test_question(self):
        m = self.up("query")
        self.assertEqual(m.all(UNTIL, trunk="query"), [])
        for rq in self.peers["query"].requests:
            names = {n for n, _ in rq.headers}
            self.assertFalse(names & {"Contact", "Expires"})
        self.registrars["query"].bound["<sip:pbx@192.0.2.7>"] = 500
        m = self.exporter.wait_metric(lambda v: v, UNTIL, trunk="query")
        self.assertAlmostEqual(self.left(m, "query"), 500, delta=5)
        self.registrars["query"].bound.clear()
        wait_for("no binding", lambda: not self.exporter.scrape().all(
            UNTIL, trunk="query"))

    def test_refused(self):
        """Without a registration a binding check is down, whatever up_codes say."""
        for name, state, code in (("forbidden", "down", 403), ("busy", "down", 503),
                                  ("unauthorized", "down", 401),
                                  ("forbidden-query", "up", 403)):
            with self.subTest(name):
                m = self.exporter.settled(name, 2)
                self.assertEqual((m.state(name), list(m.codes(name))), (state, [code]))
                self.assertEqual(m.all(UNTIL, trunk=name), [])

    def test_503_lifts_nobody_up(self):
        """Down by silence, then a registrar that says 503 for ever: still down."""
        name = "gone"
        m = self.exporter.wait_metric(1, "siptrunk_state", trunk=name, state="down")
        self.assertEqual(m.state(name), "down")
        m = self.exporter.wait_metric(
            lambda v: v >= 3, "siptrunk_probe_responses_total", trunk=name, code="503")
        self.assertEqual((m.state(name), m.get("siptrunk_up", trunk=name)), ("down", 0))
        m = self.exporter.settled("strained", 3)
        self.assertEqual(m.state("strained"), "degraded", "while registered it is one")

    def test_one_time_nonces_around_423(self):
        """What was taken once and asked for again is no refused password."""
        for name in ("brief-once", "brief-403"):
            with self.subTest(name):
                m = self.up(name, 3)
                self.assertAlmostEqual(self.left(m, name), 90, delta=5)
                self.assertEqual(self.once[name].refused, [])

    def test_two_checks(self):
        m = self.up("two", 4)
        for method in ("OPTIONS", "REGISTER"):
            self.assertGreaterEqual(
                m.get("siptrunk_probes_total", trunk="two", method=method), 1)
        self.assertEqual(m.get("siptrunk_addresses", trunk="two"), 1)
        self.assertEqual(m.get("siptrunk_addresses_up", trunk="two"), 1)
        m = self.exporter.wait_metric(1, "siptrunk_state", trunk="half", state="down")
        self.assertEqual(m.get("siptrunk_addresses", trunk="half"), 1)
        self.assertEqual(m.get("siptrunk_addresses_up", trunk="half"), 0)
        self.assertEqual(
            m.get("siptrunk_probe_success", trunk="half", method="OPTIONS"), 1)
        self.assertEqual(
            m.get("siptrunk_probe_success", trunk="half", method="REGISTER"), 0)
        line = self.exporter.log(msg="trunk changed state", trunk="half", to="down")[0]
        self.assertEqual((line["method"], line["reason"]), ("REGISTER", "timeout"))


class Removal(Case):
    timed = "how fast it leaves"

    def bind(self, peer, name="a", **more):
        return trunk(name, peer.uri, method="REGISTER", register=BIND, **more)

    def registrar(self, transport="udp", wrap=None, **more):
        r = Bindings(**more)
        peer = self.use(SipPeer(wrap(r) if wrap else r, transport=transport))
        return r, peer

    def test_at_exit(self):
        """Over UDP and TCP, with credentials whose nonce has been used up."""
        digested = Bindings()
        digest = Digest(then=digested, uses=1)
        udp, udp_peer = self.registrar()
        tcp, tcp_peer = self.registrar("tcp")
        auth_peer = self.use(SipPeer(digest))
        query = self.use(SipPeer())
        e = self.start(config_of(
            self.bind(udp_peer, "udp"), self.bind(tcp_peer, "tcp"),
            self.bind(auth_peer, "auth", auth=GOOD),
            trunk("query", query.uri, method="REGISTER")))
        for name in ("udp", "tcp", "auth", "query"):
            e.wait_metric(1, "siptrunk_up", trunk=name)
        asked = len(query.requests)
        e.stop()
        for r in (udp, tcp, digested):
            self.assertEqual((r.bound, r.log[-1][2]), ({}, 0))
            self.assertEqual(r.log[-1][0], r.log[0][0], "the same Call-ID")
        self.assertLessEqual(len(query.requests), asked + 1)

    def test_a_dead_registrar_does_not_hold_us(self):
        r, peer = self.registrar(wrap=unanswered_removal)
        e = self.start(config_of(self.bind(peer)))
        e.wait_metric(1, "siptrunk_up", trunk="a")
        begun = time.monotonic()
        e.stop()
        self.assertGreater(time.monotonic() - begun, 0.3, "it waits for an answer")
        self.assertGreaterEqual(
            sum(expires(rq) == 0 for rq in peer.requests), 2, "and asks again")

    def test_second_signal_does_not_wait(self):
        r, peer = self.registrar(wrap=unanswered_removal)
        e = self.start(config_of(self.bind(peer)))
        e.wait_metric(1, "siptrunk_up", trunk="a")
        e.send(signal.SIGTERM)
        e.wait_log(msg="stopping")
        e.send(signal.SIGINT)
        self.assertEqual(e.wait_exit(), 0)

    def test_nothing_to_take_back(self):
        dead = self.use(SipPeer(answer(403)))
        e = self.start(config_of(self.bind(dead)))
        e.settled("a", 1)
        begun = time.monotonic()
        e.stop()
        self.assertLess(time.monotonic() - begun, 0.5)
        self.assertNotIn(0, [expires(rq) for rq in dead.requests])

    def test_trunk_removed(self):
        """
        Its registration goes after it, also where that takes a challenge, or a new TLS
        connection by a configuration that is gone; the other trunk does not notice.
        """
        gone, gone_peer = self.registrar("tcp")
        tls = Bindings()
        tls_peer = self.use(SipPeer(
            tls, transport="tls", tls=server_tls(*peers.certificate())))
        digested = Bindings()
        auth_peer = self.use(SipPeer(Digest(then=digested, uses=1)))
        stays, stays_peer = self.registrar()
        e = self.start(config_of(
            self.bind(gone_peer, "gone"), self.bind(auth_peer, "auth", auth=GOOD),
            self.bind(tls_peer, "tls", tls={"ca_file": peers.authority()[0]}),
            self.bind(stays_peer, "stays")))
        for name in ("gone", "auth", "tls", "stays"):
            e.wait_metric(1, "siptrunk_up", trunk=name)
        e.write_config(config_of(self.bind(stays_peer, "stays")))
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        self.assertEqual(e.scrape().all("siptrunk_up", trunk="gone"), [])
        for r in (gone, digested, tls):
            wait_for("the removal", lambda r=r: r.log[-1][2] == 0 and not r.bound)
        e.settled("stays", 3)
        self.assertTrue(stays.bound)
        self.assertEqual(gone.log[-1][2], 0, "and nothing after it")

    def test_trunk_changed(self):
        """Changed, it starts anew: the old binding goes, the new one comes."""
        r, peer = self.registrar()
        e = self.start(config_of(self.bind(peer)))
        e.wait_metric(1, "siptrunk_up", trunk="a")
        e.write_config(config_of(self.bind(
            peer, contact="sip:elsewhere@127.0.0.1:5999")))
        e.send(signal.SIGHUP)
        wait_for("the new binding alone",
                 lambda: list(r.bound) == ["<sip:elsewhere@127.0.0.1:5999>"])

    def test_removed_while_it_leaves(self):
        """The program ends while a removed trunk's registrar has not answered yet."""
        r, peer = self.registrar(wrap=unanswered_removal)
        other = self.use(SipPeer())
        e = self.start(config_of(self.bind(peer)))
        e.wait_metric(1, "siptrunk_up", trunk="a")
        e.write_config(config_of(trunk("b", other.uri)))
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        wait_for("the removal", lambda: expires(peer.requests[-1]) == 0)
        e.stop()

    def test_reload_keeps_it(self):
        r, peer = self.registrar()
        e = self.start(config_of(self.bind(peer)))
        e.wait_metric(1, "siptrunk_up", trunk="a")
        other = self.use(SipPeer())
        e.write_config(config_of(self.bind(peer), trunk("b", other.uri)))
        e.send(signal.SIGHUP)
        e.wait_metric(1, "siptrunk_up", trunk="b")
        self.assertNotIn(0, [x for _, _, x in r.log])
        self.assertEqual(len({call for call, _, _ in r.log}), 1)

    def test_many_at_exit(self):
        r, peer = self.registrar()
        e = self.start(config_of(
            *(self.bind(peer, f"t{i}", contact=f"sip:t{i}@127.0.0.1:5998")
              for i in range(300))))
        wait_for("all bindings", lambda: len(r.bound) == 300, 20)
        e.stop()
        wait_for(f"no binding of {len(r.bound)}", lambda: not r.bound)

    def test_mute_registrar(self):
        """What may have been bound unheard is taken back too."""
        peer = self.use(SipPeer(mute))
        e = self.start(config_of(self.bind(peer)))
        e.wait_metric(1, "siptrunk_probe_failures_total", trunk="a", reason="timeout")
        e.stop()
        self.assertIn(0, [expires(rq) for rq in peer.requests])


@unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
class Kamailio(Case):
    def start_both(self, register, **more):
        self.registrar = self.use(Registrar(self.folder, **more))
        udp = f"sip:127.0.0.1:{self.registrar.udp}"
        tcp = f"sip:127.0.0.1:{self.registrar.tcp};transport=tcp"
        return self.start(config_of(
            trunk("udp", udp, auth=GOOD, method=["OPTIONS", "REGISTER"],
                  register=register, contact="sip:udp@127.0.0.1:5997"),
            trunk("tcp", tcp, auth=GOOD, method="REGISTER", register=register),
            trunk("query", udp, auth=GOOD, method="REGISTER")))

    def expect(self, register, seconds, **more):
        e = self.start_both(register, **more)
        for name in ("udp", "tcp", "query"):
            m = e.settled(name, 3)
            self.assertEqual((m.state(name), list(m.codes(name)), m.failures(name)),
                             ("up", [200], {}))
            self.assertAlmostEqual(m.get(UNTIL, trunk=name) - time.time(), seconds,
                                   delta=min(5, seconds))
        bound = {c["Address"] for c in self.registrar.contacts()}
        self.assertEqual(len(bound), 2)
        self.assertIn("sip:udp@127.0.0.1:5997", bound)
        self.assertEqual({c["AoR"] for c in self.registrar.contacts()}, {"u"})
        e.stop()
        self.assertEqual(self.registrar.contacts(), [], "taken back at exit")

    def test_bound_and_taken_back(self):
        self.expect(BIND, 60)

    def test_sha256(self):
        self.expect(BIND, 60, algorithm="SHA-256")

    def test_granted_less(self):
        self.expect(BIND, 4, max_expires=4)

    def test_granted_more(self):
        self.expect({"bind": True, "expires": "5s"}, 40, min_expires=40)

    def test_423(self):
        self.expect({"bind": True, "expires": "5s"}, 45, brief=45)

    def test_removed_trunk(self):
        e = self.start_both(BIND)
        for name in ("udp", "tcp"):
            e.wait_metric(1, "siptrunk_up", trunk=name)
        wait_for("two bindings", lambda: len(self.registrar.contacts()) == 2)
        e.write_config({**config_of(trunk(
            "query", f"sip:127.0.0.1:{self.registrar.udp}", auth=GOOD,
            method="REGISTER")), "defaults": dict(FAST)})
        e.send(signal.SIGHUP)
        wait_for("no binding", lambda: not self.registrar.contacts())
        wait_for("the question's answer", lambda: not e.scrape().all(UNTIL))
