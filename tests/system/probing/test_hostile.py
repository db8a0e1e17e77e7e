"""
One trunk costs another nothing: as many hostile peers as healthy ones, of every kind known,
and strangers at the door. What times that leaves is tests/bench/hostile_bench.py's to say.
"""

import time

from harness import PATIENCE, Case, wait_for
from hostile import Process, Strangers
from peers import authority, certificate
from sip_peer import SipPeer, answer, server_tls

HEALTHY, HOSTILE = 60, 60
SECONDS = 8
TIMES = {"interval": "2s", "down_interval": "2s", "timeout": "1900ms", "fall": 2, "rise": 1}


class Beside(Case):
    alone = "takes all there is of the processor"

    def config(self, hostile):
        peers = [self.use(SipPeer(answer(), kind, tls=tls)) for kind, tls in (
            ("udp", None), ("tcp", None), ("tls", server_tls(*certificate())))]
        tls = {"ca_file": authority()[0]}
        cert, key = certificate()
        healthy = [
            {"name": f"ok-{i}", "uri": peers[i % 3].uri, "tls": tls,
             "connection": "reuse" if i % 2 else "fresh"}
            for i in range(HEALTHY)]
        return {
            "defaults": TIMES, "trunks": healthy + hostile.trunks(HOSTILE),
            "sip": {"listen": ["udp:127.0.0.1:0", "tls:127.0.0.1:0"], "match_certificate": True,
                    "tls": {"cert_file": cert, "key_file": key, "ca_file": authority()[0]}}}

    def test_no_probe_is_missed(self):
        hostile = self.use(Process())
        e = self.start(self.config(hostile), log_level="info")
        strangers = self.use(Strangers(e.sip("tls")))
        end = time.monotonic() + SECONDS * PATIENCE
        wait_for("time to go by", lambda: time.monotonic() > end, SECONDS + 5, 0.1)
        even = set()
        wait_for("the last of them to answer", lambda: self.look(e.scrape(), even), 8)
        self.assertGreater(strangers.tried, 20)

    def look(self, m, even):
        """Whether each probe that was begun was answered. Nothing may be wrong meanwhile."""
        begun = 0
        for i in range(HEALTHY):
            name = f"ok-{i}"
            self.assertEqual(m.failures(name), {}, name)
            self.assertLessEqual(set(m.codes(name)), {200}, name)
            probes = m.sum("siptrunk_probes_total", trunk=name)
            begun += probes
            if probes == m.codes(name).get(200, 0):
                even.add(name)
        # Some of the others do answer in the end; most are nobody that one can call by.
        up = sum(v for l, v in m.all("siptrunk_up") if l["trunk"].startswith("bad-"))
        self.assertLess(up, HOSTILE / 2)
        # A probe more or less at either end.
        self.assertGreater(begun, HEALTHY * (SECONDS / 2 - 1.5))
        return len(even) == HEALTHY
