"""
Digest credentials against Kamailio, SIPp and a peer that challenges as it is told: what is
answered, how often it is asked, and that no secret is shown.
"""

import json
import signal
import unittest

import peers
from digest_peer import Digest
from harness import Bench, Case, config_of, run, trunk
from registrar import Registrar
from sip_peer import SipPeer, answer

GOOD = {"username": "u", "password": "secret"}
WRONG = {"username": "u", "password": "wrong"}

# Answers to good credentials, and what the default codes make of them.
THEN = {400: "up", 404: "up", 423: "up", 480: "up", 488: "up", 500: "down",
        503: "degraded", 604: "up", 606: "up"}


def lose_second(digest):
    """Loses the first copy of each request that carries credentials."""
    def behaviour(rq):
        if any(n.endswith("uthorization") for n, _ in rq.headers):
            if rq.copy == 0:
                return
            rq.copy -= 1
        digest(rq)
    return behaviour


def slow_challenge(digest):
    """Takes its time to challenge, and none to answer."""
    def behaviour(rq):
        asked = any(n.endswith("uthorization") for n, _ in rq.headers)
        rq.later(0 if asked else 0.3, lambda: digest(rq))
    return behaviour


class ProxyThenPeer:
    """407 by a proxy, then 401 by the peer behind it."""

    def __init__(self):
        self.peer = Digest(realm="peer.example")
        self.proxy = Digest(code=407, realm="proxy.example", then=self.peer)

    def __call__(self, rq):
        self.proxy(rq)


def both_at_once(rq):
    """Both challenges in one response, as a forking proxy gathers them."""
    names = {n for n, _ in rq.headers}
    if {"Authorization", "Proxy-Authorization"} <= names:
        rq.reply(200)
    else:
        rq.send(rq.response(407, "", (
            'Proxy-Authenticate: Digest realm="p", nonce="1"\r\n'
            'WWW-Authenticate: Digest realm="w", nonce="2"\r\n')))


def always_stale(rq):
    rq.send(rq.response(401, "", (
        f'WWW-Authenticate: Digest realm="r", nonce="{rq.branch}", stale=true\r\n')))


def another_realm_each_time(rq):
    rq.send(rq.response(407, "", (
        f'Proxy-Authenticate: Digest realm="{rq.branch}", nonce="n"\r\n')))


def challenge(*lines, code=401):
    return lambda rq: rq.send(rq.response(
        code, "", "".join(f"WWW-Authenticate: {l}\r\n" for l in lines)))


def twice(digest):
    """Every challenge comes twice, as after a retransmission."""
    def behaviour(rq):
        send = rq.send
        rq.send = lambda raw: (send(raw), send(raw))
        digest(rq)
    return behaviour


class Scripted(Bench):
    timed = "copies of a request are counted; latency"

    @classmethod
    def make(cls):
        cls.digests = {
            "md5": Digest(),
            "no-algorithm": Digest(offers=((None, None),)),
            "no-qop": Digest(offers=(("MD5", None),)),
            "sha256": Digest(offers=(("SHA-256", "auth"),)),
            "sha512": Digest(offers=(("SHA-512-256", "auth"),)),
            "sess": Digest(offers=(("MD5-sess", "auth"),)),
            "sess256": Digest(offers=(("SHA-256-sess", "auth"),)),
            "proxy": Digest(code=407),
            "weak-first": Digest(offers=(("MD5", "auth"), ("SHA-256", "auth"))),
            "tcp": Digest(),
            "tcp-kept": Digest(),
            "once": Digest(uses=1),
            "three-times": Digest(uses=3),
            "lossy": Digest(),
            "twice": Digest(),
            "slow": Digest(uses=1),
            "wrong": Digest(),
            "named-realm": Digest(realm="other.example"),
            "forbids": Digest(refusal=403),
            "forbids-open": Digest(refusal=403),
            "forbids-binding": Digest(refusal=403),
            "replay-403": Digest(uses=1, replay=403),
            "replay-400": Digest(uses=2, replay=400),
            "replay-500": Digest(uses=1, replay=500),
            "replay-binding": Digest(uses=1, replay=403),
        }
        cls.digests.update({f"then-{code}": Digest(then=answer(code))
                            for code in THEN})
        cls.chain = ProxyThenPeer()
        behaviours = {
            **cls.digests,
            "lossy": lose_second(cls.digests["lossy"]),
            "twice": twice(cls.digests["twice"]),
            "slow": slow_challenge(cls.digests["slow"]),
            "chain": cls.chain,
            "both": both_at_once,
            "always-stale": always_stale,
            "endless": another_realm_each_time,
            "auth-int": challenge('Digest realm="r", nonce="n", qop="auth-int"'),
            "downgrade": challenge('Digest realm="r", nonce="n", algorithm=MD5'),
            "basic": challenge('Basic realm="r"'),
            "unasked": answer(200),
            "bare": challenge('Digest realm="r", nonce="n"'),
        }
        kinds = {"tcp": "tcp", "tcp-kept": "tcp"}
        cls.peers = {n: SipPeer(b, transport=kinds.get(n, "udp"))
                     for n, b in behaviours.items()}
        cls.settings = {n: {"auth": GOOD} for n in behaviours}
        cls.settings["wrong"] = {"auth": WRONG, "down_interval": "1s"}
        cls.settings["forbids"] = {"auth": WRONG, "down_interval": "1s"}
        cls.settings["forbids-open"] = {
            "auth": WRONG, "up_codes": ["2xx", "4xx"], "degraded_codes": [401, 403, 407]}
        cls.settings["forbids-binding"] = {
            "auth": WRONG, "method": "REGISTER", "down_interval": "1s",
            "register": {"bind": True, "expires": "2s"}}
        cls.settings["replay-403"]["up_codes"] = ["2xx"]
        cls.settings["replay-400"]["up_codes"] = ["2xx"]
        cls.settings["replay-binding"].update(method="REGISTER", register={"bind": True})
        cls.settings["tcp-kept"]["connection"] = "reuse"
        cls.settings["downgrade"] = {"auth": {**GOOD, "algorithms": "SHA-256"}}
        cls.settings["named-realm"] = {"auth": {**GOOD, "realm": "sip.example"}}
        cls.settings["bare"] = {}
        cls.settings["slow"]["t1"] = "500ms"

    def expect_up(self, name, probes=3):
        m = self.exporter.settled(name, probes)
        n = int(m.get("siptrunk_probes_total", trunk=name))
        self.assertEqual(m.codes(name), {200: n}, "challenges are not counted")
        self.assertEqual((m.failures(name), m.state(name)), ({}, "up"))
        self.assertEqual(
            m.get("siptrunk_probe_duration_seconds_count", trunk=name), n)
        return n

    def test_answers(self):
        for name in ("md5", "no-algorithm", "no-qop", "sha256", "sha512", "sess",
                     "sess256", "proxy", "weak-first", "tcp", "tcp-kept"):
            with self.subTest(name):
                n = self.expect_up(name)
                d = self.digests[name]
                self.assertEqual(d.refused, [])
                self.assertGreaterEqual(len(d.accepted), n)
                self.assertEqual(d.challenges, 1, "the nonce serves all probes")

    def test_nonce_count_rises(self):
        self.expect_up("md5", 4)
        counts = [int(a["nc"], 16) for a in self.digests["md5"].accepted]
        self.assertEqual(counts, list(range(1, len(counts) + 1)))

    def test_strongest_is_chosen(self):
        self.expect_up("weak-first")
        self.assertEqual({a["algorithm"] for a in self.digests["weak-first"].accepted},
                         {"SHA-256"})

    def test_stale_nonces_are_replaced(self):
        self.expect_up("once", 4)
        d = self.digests["once"]
        self.assertLessEqual(abs(d.challenges - len(d.accepted)), 1)
        self.assertEqual((d.stales, d.refused), (d.challenges - 1, []))
        self.expect_up("three-times", 5)
        d = self.digests["three-times"]
        self.assertEqual(d.challenges, (len(d.accepted) - 1) // 3 + 1)

    def test_one_call(self):
        """Requests of a probe share Call-ID and tag; each has a branch and CSeq."""
        self.expect_up("once", 2)
        first, second = self.peers["once"].requests[:2]
        for name in ("Call-ID", "From", "To"):
            self.assertEqual(first.header(name), second.header(name))
        self.assertNotEqual(first.branch, second.branch)
        self.assertEqual([first.header("CSeq"), second.header("CSeq")],
                         ["1 OPTIONS", "2 OPTIONS"])

    def test_second_request_is_retransmitted(self):
        self.expect_up("lossy")
        m = self.exporter.settled("lossy", 3)
        self.assertEqual(m.get("siptrunk_probe_retransmissions_total", trunk="lossy"),
                         self.peers["lossy"].copies())
        self.assertGreaterEqual(
            m.get("siptrunk_probe_duration_seconds_sum", trunk="lossy") /
            m.get("siptrunk_probe_duration_seconds_count", trunk="lossy"), 0.2,
            "from its own first copy on")

    def test_duplicate_challenges(self):
        self.expect_up("twice")
        m = self.exporter.scrape()
        self.assertEqual(
            m.get("siptrunk_probe_late_responses_total", trunk="twice"), 0)
        self.assertEqual(self.digests["twice"].refused, [])
        self.assertFalse(self.exporter.log(msg="stray message"))

    def test_latency_is_that_of_the_last_request(self):
        """What the challenge took is no part of it."""
        n = self.expect_up("slow", 3)
        m = self.exporter.scrape()
        self.assertGreaterEqual(self.digests["slow"].challenges, n - 1)
        self.assertLess(m.get("siptrunk_probe_duration_seconds_sum", trunk="slow") /
                        m.get("siptrunk_probe_duration_seconds_count", trunk="slow"), 0.2)

    def test_several_challengers(self):
        for name in ("chain", "both"):
            with self.subTest(name):
                self.expect_up(name)
        self.assertEqual(self.chain.proxy.refused + self.chain.peer.refused, [])
        self.assertEqual((self.chain.proxy.challenges, self.chain.peer.challenges),
                         (1, 1))
        three, = [
            [rq for rq in self.peers["chain"].requests
             if rq.header("Call-ID") == self.peers["chain"].requests[0].header("Call-ID")]]
        self.assertEqual([rq.header("CSeq").split()[0] for rq in three], list("123"))

    def test_refusals(self):
        words = {
            "wrong": "user name or password is not accepted",
            "always-stale": "each nonce that the peer gives is stale at once",
            "endless": "challenged again and again",
            "auth-int": "challenged with an algorithm or qop that is not supported",
            "downgrade": "challenged with an algorithm that is not allowed",
            "basic": "challenged without a Digest challenge",
            "named-realm": "challenged for another realm than the configured one",
        }
        for name, why in words.items():
            with self.subTest(name):
                m = self.exporter.settled(name, 2)
                n = int(m.get("siptrunk_probes_total", trunk=name))
                self.assertEqual(m.failures(name), {"auth": n})
                self.assertEqual(m.state(name), "down")
                line, = self.exporter.log(msg="trunk changed state", trunk=name)
                self.assertEqual((line["reason"], line["detail"]), ("auth", why))
                self.assertIn(line["code"], ("401", "407"))

    def test_forbidden(self):
        """A peer that says 403 to a wrong password, as many do: down, whatever the codes."""
        for name in ("forbids", "forbids-open", "forbids-binding"):
            with self.subTest(name):
                m = self.exporter.settled(name, 2)
                n = int(m.get("siptrunk_probes_total", trunk=name))
                self.assertEqual((m.failures(name), m.codes(name)),
                                 ({"auth": n}, {403: n}))
                self.assertEqual(m.state(name), "down")
                line, = self.exporter.log(msg="trunk changed state", trunk=name)
                self.assertEqual((line["reason"], line["code"]), ("auth", "403"))
                d = self.digests[name]
                self.assertAlmostEqual(len(d.refused), n, delta=1,
                                       msg="the password is tried once a probe")

    def test_other_codes_are_answers(self):
        """What new credentials get besides is the peer's word, for up_codes to judge."""
        for code, state in THEN.items():
            with self.subTest(code):
                m = self.exporter.settled(f"then-{code}", 3)
                self.assertEqual((m.state(f"then-{code}"), list(m.codes(f"then-{code}"))),
                                 (state, [code]))
                self.assertEqual(set(m.failures(f"then-{code}")),
                                 {"response"} if state == "down" else set())

    def test_old_nonces_may_be_refused_by_any_code(self):
        """Asked again within the probe; and who takes a nonce once is given it once."""
        for name, most in (("replay-403", 1), ("replay-400", 1), ("replay-500", 1),
                           ("replay-binding", 1)):
            with self.subTest(name):
                n = self.expect_up(name, 5)
                d = self.digests[name]
                self.assertEqual(d.refused, [])
                self.assertGreaterEqual(len(d.accepted), n)
                asked = len({rq.branch for rq in self.peers[name].requests})
                self.assertLessEqual(asked - len(d.accepted) - d.challenges, most)

    def test_challenges_end(self):
        for name, most in (("endless", 4), ("always-stale", 3), ("wrong", 2),
                           ("downgrade", 1), ("basic", 1)):
            with self.subTest(name):
                self.exporter.settled(name, 2)
                per_call = {}
                for rq in self.peers[name].requests:
                    per_call.setdefault(rq.header("Call-ID"), set()).add(rq.branch)
                self.assertEqual(max(map(len, per_call.values())), most)

    def test_refused_credentials_are_not_tried_faster(self):
        for name in ("wrong", "forbids", "forbids-binding"):
            with self.subTest(name):
                m = self.exporter.settled(name, 3)
                begun = [rq.at for rq in self.peers[name].requests if rq.copy == 0 and
                         any(n.endswith("uthorization") for n, _ in rq.headers)]
                self.assertGreaterEqual(len(begun), 2)
                self.assertGreaterEqual(
                    min(b - a for a, b in zip(begun, begun[1:])), 1.4)
                self.assertEqual(m.state(name), "down")

    def test_no_credentials(self):
        m = self.exporter.settled("bare", 2)
        self.assertEqual((m.state("bare"), list(m.codes("bare")), m.failures("bare")),
                         ("up", [401], {}))
        self.expect_up("unasked")

    def test_nothing_is_shown(self):
        self.exporter.settled("wrong", 1)
        for text in (self.exporter.log_text(), self.exporter.scrape().text):
            for word in ("secret", "Authorization", "response=\"", "nonce="):
                self.assertFalse(word in text, word)


class Secrets(Case):
    def config(self, **auth):
        return config_of(trunk("a", "sip:127.0.0.1:9", auth={"username": "u", **auth}))

    def check(self, config, env=None):
        path = self.write("c.json", json.dumps(config))
        return run(f"--config.file={path}", "--config.check", env=env)

    def test_check_shows_none(self):
        self.write("pw", "hunter2\n")
        cases = (
            (self.config(password="hunter2"), 0),
            (self.config(password_file="pw"), 0),
            (self.config(password="hunter2", password_file="pw"), 1),
            (self.config(password="hunter2${"), 1),
            (self.config(password="hunter2${NO_SUCH_VARIABLE}"), 1),
            (self.config(password="hunter2\n"), 1),
            (self.config(password=["hunter2"]), 1),
        )
        for config, want in cases:
            code, out, err = self.check(config)
            self.assertEqual(code, want, err)
            self.assertNotIn("hunter2", out + err)
        self.assertIn("NO_SUCH_VARIABLE", self.check(cases[4][0])[2])

    def test_sources(self):
        """Each way to give the password, and a changed file after a reload."""
        digest = Digest()
        peer = self.use(SipPeer(digest))
        self.write("pw", "wrong\n")
        config = config_of(
            trunk("env", peer.uri, auth={"username": "u", "password": "${PW}"}),
            trunk("file", peer.uri, auth={"username": "u", "password_file": "pw"}))
        e = self.start(config, env={"PW": "secret"})
        e.wait_metric(1, "siptrunk_up", trunk="env")
        e.wait_metric(1, "siptrunk_probe_failures_total", trunk="file", reason="auth")
        probes = e.scrape().get("siptrunk_probes_total", trunk="env")
        self.write("pw", "secret")
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        e.wait_metric(1, "siptrunk_up", trunk="file")
        m = e.scrape()
        self.assertEqual(m.failures("file"), {}, "the trunk was started anew")
        self.assertGreaterEqual(m.get("siptrunk_probes_total", trunk="env"), probes)

    def test_core_and_environment(self):
        """The file's secret is not left in the command line or the environment."""
        self.write("pw", "hunter2")
        e = self.start(self.config(password_file="pw"))
        for name in ("cmdline", "environ"):
            with open(f"/proc/{e.process.pid}/{name}", "rb") as f:
                self.assertNotIn(b"hunter2", f.read())


@unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
class Kamailio(Case):
    def expect(self, **more):
        r = self.use(Registrar(self.folder, **more))
        udp, tcp = f"sip:127.0.0.1:{r.udp}", f"sip:127.0.0.1:{r.tcp};transport=tcp"
        e = self.start(config_of(
            trunk("udp", udp, auth=GOOD), trunk("tcp", tcp, auth=GOOD),
            trunk("kept", tcp, auth=GOOD, connection="reuse"),
            trunk("wrong", udp, auth=WRONG), trunk("none", udp)))
        for name in ("udp", "tcp", "kept"):
            with self.subTest(name):
                m = e.settled(name, 3)
                self.assertEqual(
                    (m.state(name), list(m.codes(name)), m.failures(name)),
                    ("up", [200], {}))
        m = e.settled("wrong", 2)
        self.assertEqual((m.state("wrong"), set(m.failures("wrong"))),
                         ("down", {"auth"}))
        m = e.settled("none", 1)
        self.assertEqual((m.state("none"), list(m.codes("none"))), ("up", [407]))
        return r

    def test_md5(self):
        self.expect()

    def test_forbids(self):
        """As FreeSWITCH and many providers do, which say 403 to a wrong password."""
        r = self.expect(forbids=True)
        uri = f"sip:127.0.0.1:{r.udp}"
        bind = {"method": "REGISTER", "register": {"bind": True}}
        e = self.start(config_of(trunk("good", uri, auth=GOOD, **bind),
                                 trunk("wrong", uri, auth=WRONG, **bind)))
        self.assertEqual(e.settled("good", 2).state("good"), "up")
        m = e.settled("wrong", 2)
        self.assertEqual((m.state("wrong"), set(m.failures("wrong")),
                          list(m.codes("wrong"))), ("down", {"auth"}, [403]))

    def test_sha256(self):
        self.expect(algorithm="SHA-256")

    def test_no_qop(self):
        self.expect(flags=0)

    def test_nonces_expire(self):
        self.expect(nonce_expire=1)


SIPP_VERIFY = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="verify">
  <recv request="OPTIONS"/>
  <send><![CDATA[
SIP/2.0 401 Unauthorized
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
WWW-Authenticate: Digest realm="sipp.example", nonce="[call_id]", qop="auth", algorithm=MD5
Content-Length: 0

  ]]></send>
  <recv request="OPTIONS">
    <action>
      <verifyauth assign_to="good" username="u" password="secret"/>
    </action>
  </recv>
  <nop hide="true" test="good" next="ok"/>
  <send next="end"><![CDATA[
SIP/2.0 403 Forbidden
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

  ]]></send>
  <label id="ok"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

  ]]></send>
  <label id="end"/>
</scenario>
"""


@unittest.skipIf(peers.missing("sipp"), "sipp is not installed")
class Sipp(Case):
    def server(self):
        return self.use(peers.SippServer(self.folder, scenario=SIPP_VERIFY))

    def test_verifyauth(self):
        """SIPp's own arithmetic agrees with ours, and tells a wrong password."""
        for auth, code in ((GOOD, 200), (WRONG, 403)):
            with self.subTest(code):
                sipp = self.server()
                e = self.start(config_of(
                    trunk("a", f"sip:127.0.0.1:{sipp.port}", auth=auth,
                          interval="1h", timeout="5s", down_interval="5s")))
                m = e.settled("a", 1)
                self.assertEqual(m.codes("a"), {code: 1})
                self.assertEqual(m.failures("a"), {} if code == 200 else {"auth": 1})
                e.stop()
