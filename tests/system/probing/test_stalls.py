"""
The process stands still, as under SIGSTOP, in a frozen machine, or at the end of its share
of a processor: what came in time counts as in time, what came late as late.
"""

import os
import signal
import time

from harness import Case, config_of, trunk, wait_for
from peers import authority, certificate
from sip_peer import SipPeer, answer, server_tls

STILL_S = 2.5
TRUNKS = 30
SETTINGS = {"interval": "2s", "down_interval": "2s", "timeout": "1s", "fall": 1, "rise": 1}


def slowly(seconds):
    """Answers every copy, so much later."""
    return lambda rq: rq.later(seconds, lambda: rq.reply(200))


class Stalls(Case):
    alone = "it stops the program for seconds and measures what it missed"

    def stand_still(self, e, times):
        for _ in range(times):
            os.kill(e.process.pid, signal.SIGSTOP)
            time.sleep(STILL_S)  # the stop itself: nothing is waited for
            os.kill(e.process.pid, signal.SIGCONT)
            m = e.scrape()
            begun = m.sum("siptrunk_probes_total")
            wait_for("another round of probes", lambda: e.scrape().sum(
                "siptrunk_probes_total") >= begun + m.get("siptrunk_exporter_trunks"), 20)

    def check(self, e, names):
        wait_for("an end of all probes", lambda: all(
            e.settled(name, 2) for name in names), 30)
        m = e.scrape()
        for name in names:
            self.assertEqual((name, m.failures(name), m.state(name)), (name, {}, "up"))
            self.assertEqual(m.get("siptrunk_state_changes_total", trunk=name), 1)
        return m

    def trunks(self, transport, **more):
        # A handshake costs the peers, which share one interpreter, more than us.
        count = 12 if transport == "tls" else TRUNKS
        tls = server_tls(*certificate()) if transport == "tls" else None
        peers = [self.use(SipPeer(slowly(0.3), transport, tls=tls)) for _ in range(6)]
        return [trunk(f"t{n}", peers[n % 6].uri, **SETTINGS, **more)
                for n in range(count)]

    def test_over_udp(self):
        trunks = self.trunks("udp", t1="900ms")
        e = self.start(config_of(*trunks))
        e.settled("t0", 2)
        self.stand_still(e, 4)
        m = self.check(e, [t["name"] for t in trunks])
        self.assertEqual(m.sum("siptrunk_probe_late_responses_total"), 0)
        self.assertEqual(m.sum("siptrunk_probe_udp_lost_total"), 0)

    def test_retransmissions_stand_still_too(self):
        """Timers that passed meanwhile send nothing that was answered by then."""
        trunks = self.trunks("udp", t1="800ms")
        e = self.start(config_of(*trunks))
        e.settled("t0", 2)
        self.stand_still(e, 3)
        m = self.check(e, [t["name"] for t in trunks])
        self.assertEqual(m.sum("siptrunk_probe_retransmissions_total"), 0)

    def test_over_tcp(self):
        for connection in ("fresh", "reuse"):
            with self.subTest(connection):
                self.over_stream("tcp", connection=connection)

    def test_over_tls(self):
        """In the midst of handshakes, too."""
        self.over_stream("tls", tls={"ca_file": authority()[0]})

    def over_stream(self, transport, **more):
        trunks = self.trunks(transport, **more)
        e = self.start(config_of(*trunks))
        e.settled("t0", 2)
        self.stand_still(e, 3)
        self.check(e, [t["name"] for t in trunks])
        e.stop()

    def test_late_is_late(self):
        """An answer after the deadline is a failure, though it is there to be read."""
        late = self.use(SipPeer(slowly(1.4)))
        dead = self.use(SipPeer(lambda rq: None))
        e = self.start(config_of(trunk("late", late.uri, **SETTINGS),
                                 trunk("dead", dead.uri, **SETTINGS)))
        e.settled("dead", 2)
        self.stand_still_until_down(e)
        m = e.settled("late", 4)
        self.assertEqual((m.codes("late"), set(m.failures("late"))), ({}, {"timeout"}))
        self.assertEqual((m.codes("dead"), set(m.failures("dead"))), ({}, {"timeout"}))

    def stand_still_until_down(self, e):
        for _ in range(2):
            os.kill(e.process.pid, signal.SIGSTOP)
            time.sleep(STILL_S)
            os.kill(e.process.pid, signal.SIGCONT)
            begun = e.scrape().sum("siptrunk_probes_total")
            wait_for("more probes", lambda: e.scrape().sum(
                "siptrunk_probes_total") >= begun + 2, 20)

    def test_pings_that_waited(self):
        """A peer's own pings that came meanwhile keep it from being called silent."""
        peer = self.use(SipPeer(answer()))
        e = self.start(config_of(trunk("p", peer.uri, **{
            **SETTINGS, "expect_inbound": "2s"}), listen=["udp:127.0.0.1:0"]))
        to = e.sip("udp")

        def ping():
            peer.socket.sendto(peer.request(), to)
        ping()
        e.wait_metric(1, "siptrunk_up", trunk="p")
        for _ in range(3):
            ping()
            os.kill(e.process.pid, signal.SIGSTOP)
            for _ in range(5):
                time.sleep(STILL_S / 5)
                ping()
            os.kill(e.process.pid, signal.SIGCONT)
            e.settled("p", 2)
        self.assertEqual(e.log(msg="trunk changed state", reason="inbound"), [])

