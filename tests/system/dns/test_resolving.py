"""Names as sites have them: what servers refuse, what is missing, and what changes."""

import json
import os
import subprocess
import unittest
from unittest import mock

import harness
from dns_server import A, NAPTR, SRV, Server, a, srv
from harness import Case, config_of, run, trunk, wait_for
from sip_peer import SipPeer

SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 2, 3, 4, 5


def no_mounts():
    r = subprocess.run(["unshare", "-m", "mount", "--bind", "/etc/hosts", "/etc/hosts"],
                       stdin=subprocess.DEVNULL, capture_output=True)
    return r.returncode and "no mount namespace can be made here"


class Named(Case):
    """A peer, and a DNS server with a zone: records or a code, by name and type."""

    def setUp(self):
        super().setUp()
        self.peer = self.use(SipPeer(host="127.0.0.2"))
        self.other = self.use(SipPeer(host="127.0.0.3"))
        self.zone = {}
        self.dns = self.use(self.server(self.zone))

    @staticmethod
    def server(zone):
        class Brief(Server):
            ttl = 1
        return Brief(lambda name, qtype: zone.get((name, qtype), zone.get(qtype, [])))

    def conf(self, uri, dns=None, **settings):
        return config_of(trunk("t", uri, family="ipv4", **settings),
                         dns={"servers": [self.dns.address], **(dns or {})})

    def addresses(self, e):
        return {labels["address"] for labels, _ in
                e.scrape().all("siptrunk_probe_success", trunk="t")}

    def told(self, e):
        return json.loads(e.get("/api/v1/trunks/t"))["dns_note"]


class Resolving(Named):
    def test_servers_that_know_neither_naptr_nor_srv(self):
        peer = self.use(SipPeer(host="127.0.0.2", port=5060))
        for code in (SERVFAIL, NOTIMP, REFUSED):
            with self.subTest(code):
                self.zone.clear()
                self.zone.update({NAPTR: code, SRV: code, ("sbc.test", A): [a("127.0.0.2")]})
                e = self.start(self.conf("sip:sbc.test"))
                e.wait_metric(1, "siptrunk_up", trunk="t")
                self.assertEqual(self.addresses(e), {peer.address})
                self.assertEqual(self.told(e), "sbc.test NAPTR: SERVFAIL")
                self.assertIn("sbc.test NAPTR: SERVFAIL", e.get("/trunks/t"))
                line, = e.log(msg="name resolves in part")
                self.assertEqual(line["detail"], "sbc.test NAPTR: SERVFAIL")
                e.stop()

    def test_a_failure_of_a_is_one(self):
        self.zone.update({SRV: SERVFAIL, A: SERVFAIL})
        e = self.start(self.conf("sip:sbc.test;transport=udp"))
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.assertEqual(e.log(msg="trunk changed state")[0]["detail"],
                         "sbc.test A: SERVFAIL")

    def test_srv_that_fails_later_leaves_the_addresses(self):
        self.zone.update({
            ("_sip._udp.sbc.test", SRV): [srv(1, 1, self.peer.port, "a.test")],
            ("a.test", A): [a("127.0.0.2")], ("sbc.test", A): [a("127.0.0.9")]})
        e = self.start(self.conf("sip:sbc.test;transport=udp"))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.zone["_sip._udp.sbc.test", SRV] = SERVFAIL
        line, = e.wait_log(msg="name does not resolve")
        self.assertEqual(line["detail"], "_sip._udp.sbc.test SRV: SERVFAIL")
        self.assertEqual(self.addresses(e), {self.peer.address})
        self.assertEqual(e.scrape().state("t"), "up")
        # What DNS says without failing counts.
        self.zone["_sip._udp.sbc.test", SRV] = [srv(1, 1, self.other.port, "b.test")]
        self.zone["b.test", A] = [a("127.0.0.3")]
        wait_for("the new one", lambda: self.addresses(e) == {self.other.address})
        self.assertEqual(e.scrape().get("siptrunk_state_changes_total", trunk="t"), 1)

    def test_a_that_fails_later_leaves_the_address_and_its_registration(self):
        self.zone.update({
            ("_sip._udp.sbc.test", SRV): [srv(1, 1, self.peer.port, "a.test"),
                                          srv(2, 1, self.other.port, "b.test")],
            ("a.test", A): [a("127.0.0.2")], ("b.test", A): [a("127.0.0.3")]})
        registers = dict(method="REGISTER", contact="sip:me@127.0.0.1:5999",
                         register={"bind": True, "at": "first", "expires": "600s"})
        e = self.start(self.conf("sip:me@sbc.test;transport=udp", **registers))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.zone["a.test", A] = SERVFAIL
        wait_for("the failure", lambda: self.told(e) == "a.test A: SERVFAIL")
        self.assertEqual(self.addresses(e), {self.peer.address})
        self.assertEqual(e.scrape().get("siptrunk_addresses", trunk="t"), 2)
        # What a good answer leaves out is gone.
        self.zone["a.test", A] = NXDOMAIN
        wait_for("the other one", lambda: self.addresses(e) == {self.other.address})
        self.assertEqual(e.scrape().get("siptrunk_addresses", trunk="t"), 1)

    def advice(self, conf):
        path = self.write("probe.json", json.dumps(conf))
        code, out, err = run("probe", "t", f"--config.file={path}", "--format=json")
        self.assertEqual(code, 2, err)
        return json.loads(out)["detail"], json.loads(out)["advice"]

    def test_advice(self):
        self.zone.update({
            ("_sip._udp.srv.test", SRV): [srv(1, 1, 5060, "a.test")],
            ("_sips._tls.wrong.test", SRV): [srv(1, 1, 5061, "a.test")],
            ("null.test", A): [a("0.0.0.0"), a("224.0.1.75")],
            ("sbc.a.test", A): [a("127.0.0.2")]})
        for uri, detail, advice in (
                ("sip:srv.test:5060", "srv.test A: no such records; it has _sip._udp SRV",
                 "Leave out the port"),
                ("sips:wrong.test",
                 "wrong.test A: no such records; it has _sips._tls SRV", "_sips._tcp"),
                ("sip:null.test:5060",
                 "null.test A: 0.0.0.0 (the unspecified address can be no peer)",
                 "unspecified, broadcast or multicast"),
                ("sip:sbc:5060", "sbc A: no such records", "dns.search")):
            with self.subTest(uri):
                got = self.advice(self.conf(uri))
                self.assertEqual(got[0], detail)
                self.assertIn(advice, got[1])

    def test_the_page_gives_that_advice_too(self):
        e = self.start(self.conf("sip:sbc:5060"))
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.assertIn("dns.search", e.get("/trunks/t"))

    def test_addresses_of_no_peer_are_left_out(self):
        self.zone["sbc.test", A] = [a("0.0.0.0"), a("127.0.0.2"), a("255.255.255.255")]
        e = self.start(self.conf(f"sip:sbc.test:{self.peer.port}"))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.assertEqual(self.addresses(e), {self.peer.address})
        self.assertIn("can be no peer", self.told(e))

    def test_search_domains(self):
        self.zone.update({A: NXDOMAIN, ("sbc.b.test", A): [a("127.0.0.2")]})
        e = self.start(self.conf(f"sip:sbc:{self.peer.port}",
                                 {"search": ["a.test", "b.test"]}))
        e.wait_metric(1, "siptrunk_up", trunk="t")
        asked = [name for name, qtype in self.dns.asked if qtype == A]
        self.assertEqual(asked[:2], ["sbc.a.test", "sbc.b.test"])


@unittest.skipIf(no_mounts(), no_mounts())
class ResolvConf(Named):
    """The exporter in a mount namespace with a resolv.conf of its own."""

    def run_there(self, uri, **dns):
        self.file = self.write("resolv.conf", f"nameserver {self.dns.address}\n")
        inside = self.write("inside", "#!/bin/sh\nexec unshare -m sh -c '"
                            'mount --bind "$0" /etc/resolv.conf && exec "$@"'
                            f"' {self.file} {harness.EXE} \"$@\"\n")
        os.chmod(inside, 0o755)
        with mock.patch.object(harness, "EXE", inside):
            return self.start(config_of(trunk("t", uri, family="ipv4"), dns=dns))

    def test_followed(self):
        """A server that is gone; the next one, and a domain, come with the network."""
        self.zone["sbc.test", A] = [a("127.0.0.2")]
        e = self.run_there(f"sip:sbc:{self.peer.port}", search=True)
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.write("resolv.conf", f"nameserver {self.dns.address}\nsearch test\n")
        e.wait_log(msg="resolv.conf changed and is in force")
        e.wait_metric(1, "siptrunk_up", trunk="t")
        second = self.use(self.server({("sbc.test", A): [a("127.0.0.3")]}))
        self.write("resolv.conf", f"# by the network\nsearch test\n"
                                  f"nameserver {second.address}\n")
        wait_for("the other server", lambda: second.asked)
        self.assertEqual(len(e.wait_log(msg="resolv.conf changed and is in force")), 2)
