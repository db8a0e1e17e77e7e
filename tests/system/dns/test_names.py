"""Trunks behind names: a real DNS server whose records change, die and come back."""

import json
import os
import signal
import subprocess
import unittest

import peers
from harness import Case, config_of, free_port, trunk, wait_for
from sip_peer import SipPeer, answer, mute


@unittest.skipIf(peers.missing("dnsmasq"), "dnsmasq is not installed")
class Names(Case):
    """Two peers on one port of two loopback addresses, and a dnsmasq that names them."""

    def setUp(self):
        super().setUp()
        self.first = self.use(SipPeer(host="127.0.0.2"))
        self.second = self.use(SipPeer(host="127.0.0.3", port=self.first.port))
        self.port = self.first.port
        self.tcp = self.use(SipPeer(transport="tcp", host="127.0.0.2"))
        self.hosts = os.path.join(self.folder, "hosts")
        self.write("127.0.0.2 127.0.0.3")
        self.dns_port = free_port()
        self.start_dns()

    def write(self, addresses):
        with open(self.hosts, "w") as f:
            f.writelines(f"{a} sbc.test\n" for a in addresses.split())

    def start_dns(self):
        self.dns = subprocess.Popen(
            [peers.find("dnsmasq"), "-k", "-C", "/dev/null", "-p", str(self.dns_port),
             "-u", "root", "--listen-address=127.0.0.1", "--bind-interfaces",
             "--no-resolv", "--no-hosts", "--pid-file=", "--local=/test/", "--local-ttl=1",
             f"--addn-hosts={self.hosts}",
             "--host-record=first.test,127.0.0.2", "--host-record=second.test,127.0.0.3",
             f"--srv-host=_sip._udp.srv.test,first.test,{self.port},10,1",
             f"--srv-host=_sip._udp.srv.test,second.test,{self.port},20,1",
             "--host-record=dual.test,127.0.0.2,::1",
             f"--srv-host=_sip._tcp.naptr.test,first.test,{self.tcp.port},1,1",
             "--naptr-record=naptr.test,20,1,s,SIP+D2U,,_sip._udp.srv.test",
             "--naptr-record=naptr.test,10,1,s,SIP+D2T,,_sip._tcp.naptr.test"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop_dns)

    def stop_dns(self):
        self.dns.kill()
        self.dns.wait()

    def rewrite(self, addresses):
        self.write(addresses)
        self.dns.send_signal(signal.SIGHUP)

    def run_trunk(self, uri=None, listen=None, **settings):
        return self.start(config_of(
            trunk("t", uri or f"sip:sbc.test:{self.port}", **settings),
            dns={"servers": [f"127.0.0.1@{self.dns_port}"]}, listen=listen))

    def addresses(self, e):
        return {labels["address"] for labels, _ in
                e.scrape().all("siptrunk_probe_success", trunk="t")}

    def both(self):
        return {f"127.0.0.2:{self.port}", f"127.0.0.3:{self.port}"}

    def up_of(self, e, up, total):
        e.wait_metric(total, "siptrunk_addresses", trunk="t")
        e.wait_metric(up, "siptrunk_addresses_up", trunk="t")

    def test_each_address_is_probed_on_its_own(self):
        e = self.run_trunk()
        self.up_of(e, 2, 2)
        self.assertEqual(self.addresses(e), self.both())
        e.wait_metric(1, "siptrunk_state", trunk="t", state="up")
        self.second.behaviour = mute
        e.wait_metric(1, "siptrunk_state", trunk="t", state="degraded")
        self.up_of(e, 1, 2)
        m = e.scrape()
        self.assertEqual(m.get("siptrunk_up", trunk="t"), 1, "one of two still answers")
        self.assertEqual(m.get("siptrunk_probe_success", trunk="t",
                               address=self.second.address), 0)
        self.first.behaviour = mute
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.first.behaviour = self.second.behaviour = answer()
        e.wait_metric(1, "siptrunk_state", trunk="t", state="up")

    def test_addresses_come_and_go_with_dns(self):
        e = self.run_trunk()
        self.up_of(e, 2, 2)
        self.rewrite("127.0.0.2")
        self.up_of(e, 1, 1)
        self.assertEqual(self.addresses(e), {self.first.address})
        self.assertNotIn(self.second.address, e.scrape().text)
        asked = len(self.second.requests)
        kept = e.scrape().get("siptrunk_probes_total", trunk="t")
        e.wait_metric(lambda v: v >= kept + 2, "siptrunk_probes_total", trunk="t")
        self.assertLessEqual(len(self.second.requests), asked + 1, "one was on its way")
        self.rewrite("127.0.0.2 127.0.0.3")
        self.up_of(e, 2, 2)
        self.assertGreaterEqual(e.scrape().get(
            "siptrunk_probes_total", trunk="t", address=self.first.address), kept,
            "the one that stayed kept its counters")

    def test_last_good_addresses_serve_while_dns_is_dead(self):
        e = self.run_trunk()
        self.up_of(e, 2, 2)
        self.stop_dns()
        e.wait_metric(lambda v: v >= 1, "siptrunk_probe_failures_total", trunk="t",
                      address="", reason="dns")
        line, = e.wait_log(msg="name does not resolve")
        self.assertEqual(line["trunk"], "t")
        m = e.scrape()
        before = m.sum("siptrunk_probes_total", trunk="t")
        wait_for("more probes", lambda: e.scrape().sum(
            "siptrunk_probes_total", trunk="t") >= before + 2)
        m = e.scrape()
        self.assertEqual((m.state("t"), m.get("siptrunk_up", trunk="t")), ("up", 1))
        self.start_dns()
        e.wait_log(msg="name resolves again")
        self.assertEqual(len(e.log(msg="name does not resolve")), 1, "said once")

    def test_a_name_that_never_resolved_is_down(self):
        e = self.run_trunk("sip:gone.test:5060")
        e.wait_metric(0, "siptrunk_up", trunk="t")
        line, = e.log(msg="trunk changed state")
        self.assertEqual((line["to"], line["reason"]), ("down", "dns"))
        self.assertEqual(e.scrape().get("siptrunk_addresses", trunk="t"), 0)

    def shown_order(self, e):
        """For people: which is asked first, by SRV."""
        wait_for("both", lambda: self.order(e) == {
            self.first.address: (10, 1), self.second.address: (20, 1)})
        self.assertIn("SRV priority, weight</dt><dd>20, 1<", e.get("/trunks/t"))

    def order(self, e):
        targets = json.loads(e.get("/api/v1/trunks/t"))["targets"]
        return {t["address"]: (t["priority"], t["weight"]) for t in targets}

    def test_priorities_and_when_up(self):
        for when, state in (("any", "degraded"), ("all", "down"), ("primary", "down")):
            with self.subTest(when):
                self.first.behaviour = answer()
                e = self.run_trunk("sip:srv.test;transport=udp", up_when=when)
                self.up_of(e, 2, 2)
                self.shown_order(e)
                self.first.behaviour = mute
                e.wait_metric(1, "siptrunk_state", trunk="t", state=state)
                self.up_of(e, 1, 2)
                e.stop()

    def test_naptr_chooses_the_transport(self):
        """NAPTR, then SRV, then A: TCP is preferred there, and nothing else is asked."""
        e = self.run_trunk("sip:naptr.test")
        m = e.settled("t", 2)
        self.assertEqual(self.addresses(e), {self.tcp.address})
        self.assertTrue(m.all("siptrunk_probes_total", transport="tcp"))
        self.assertEqual((m.state("t"), m.failures("t")), ("up", {}))
        self.assertEqual(self.first.requests + self.second.requests, [])

    def test_family(self):
        six = self.use(SipPeer(host="::1", port=self.port))
        for family, want in (("ipv4", {self.first.address}), ("ipv6", {six.address}),
                             ("any", {self.first.address, six.address})):
            with self.subTest(family):
                e = self.run_trunk(f"sip:dual.test:{self.port}", family=family)
                self.up_of(e, len(want), len(want))
                self.assertEqual(self.addresses(e), want)
                e.stop()

    def test_pings_from_any_address_of_a_name(self):
        """Also the second of SRV, from another port, is the trunk; others are strangers."""
        e = self.run_trunk("sip:srv.test;transport=udp", ["udp:127.0.0.1:0"],
                           expect_inbound="1500ms")
        self.up_of(e, 2, 2)
        wait_for("degraded", lambda: e.scrape().state("t") == "degraded")
        for n, host in enumerate(("127.0.0.3", "127.0.0.2", "127.0.0.4"), 1):
            caller = self.use(SipPeer(host=host))
            caller.socket.sendto(caller.request(), e.sip("udp"))
            if host == "127.0.0.4":
                e.wait_metric(1, "siptrunk_exporter_stray_messages_total",
                              reason="stranger")
                self.assertEqual(caller.responses, [])
            else:
                e.wait_metric(n, "siptrunk_inbound_requests_total", trunk="t")
                wait_for("up", lambda: e.scrape().state("t") == "up", step=0.01)
                wait_for("an answer", lambda c=caller: c.responses)
        self.assertEqual(e.scrape().sum("siptrunk_inbound_requests_total"), 2)
