"""
What becomes of a registration: whose it is in a registrar's answer, who takes it back when
several hold it, whether it can be renewed after a crash, and at which address it is made.
"""

import re
import signal
import time
import unittest

import dns_server
import peers
from harness import Case, config_of, free_port, run, trunk, wait_for
from registrar import Registrar
from sip_peer import SipPeer, mute

GOOD = {"username": "u", "password": "secret"}
AOR = "sip:trunk@home.example"
UNTIL = "siptrunk_registration_expires_timestamp_seconds"
OTHER = "<sip:trunk@198.51.100.7:5060>;expires=3000"


def contacts(rq):
    """{URI: seconds} of a REGISTER."""
    found = {}
    for name, value in rq.headers:
        if name == "Contact":
            uri, seconds = re.fullmatch(r"<(.*)>;expires=(\d+)", value).groups()
            found[uri] = int(seconds)
    return found


class Location:
    """A registrar's table, behind as many peers as use it; one Contact at most if so."""

    def __init__(self, most=None):
        self.most = most
        self.bound = {}
        self.was_empty = False
        self.log = []  # (Call-ID, CSeq, {URI: seconds})

    def __call__(self, rq):
        if rq.method != "REGISTER":
            rq.reply(200)
            return
        asked = contacts(rq)
        self.log.append((rq.header("Call-ID"), int(rq.header("CSeq").split()[0]), asked))
        left = {**self.bound, **asked}
        left = {uri: s for uri, s in left.items() if s}
        if self.most and len(left) > self.most:
            rq.reply(403, "Forbidden")
            return
        self.bound = left
        self.was_empty = self.was_empty or not left
        rq.send(rq.response(200, "OK", "".join(
            f"Contact: <{uri}>;expires={s}\r\n" for uri, s in left.items())))


def moved(uri, to):
    return re.sub(r"@.*$", "@" + to, uri)


# How a registrar writes a Contact that it granted 60 of 3600 seconds.
SPELLINGS = {
    "as-it-is": lambda u: f"Contact: <{u}>;expires=60",
    "scheme": lambda u: f"Contact: {OTHER}, <{u.replace('sip:', 'SIP:')}>;expires=60",
    "transport": lambda u: f"Contact: {OTHER}, <{u};transport=udp>;expires=60",
    "ob": lambda u: f"Contact: {OTHER}, <{u};ob>;expires=60",
    "alias": lambda u: f"Contact: {OTHER}, <{u};alias=192.0.2.1~5060~1>;expires=60",
    "port": lambda u: f"Contact: {OTHER}, <{re.sub(r':[0-9]+$', ':6', u)}>;expires=60",
    "address": lambda u: f"Contact: {OTHER}, <{moved(u, '203.0.113.9:6')}>;expires=60",
    "escaped": lambda u: "Contact: <sip:x@192.0.2.9>;expires=5, "
                         f"<{u.replace('trunk', 't%72unk')}>;expires=60",
    "other-user": lambda u: f"Contact: <sip:pbx@192.0.2.9>;expires=60\r\nExpires: 3600",
    "two-lines": lambda u: f"Contact: {OTHER}\r\nm: <{u}>;q=1.0;expires=60",
    "bare": lambda u: f"Contact: {u};expires=60 , sip:trunk@192.0.2.9;expires=3000",
    "quoted": lambda u: f"Contact: <{u}>;expires=\"60\"",
    "display": lambda u: f"Contact: \"Me, <you>\" <{u}>;expires=60;x",
    "instance": lambda u: f"Contact: <{u}>;+sip.instance=\"<urn:uuid:1,2>\";reg-id=1;"
                          f"received=\"sip:203.0.113.9:6\";expires=60",
    "field": lambda u: f"Contact: <{moved(u, '203.0.113.9:6')}>\r\nExpires: 60",
    "both": lambda u: f"Contact: <{moved(u, '203.0.113.9:6')}>;expires=60\r\n"
                      "Expires: 3600",
    "broken": lambda u: f"Contact: <<>>, \"x\", <{u}>;expires=60, Date:Thu, 24 May",
}


class Spelt(Case):
    def test_whose_it_is(self):
        def registrar(spell):
            def behaviour(rq):
                uri = next(iter(contacts(rq)))
                granted = "" if 0 in contacts(rq).values() else spell(uri) + "\r\n"
                rq.send(rq.response(200, "OK", granted))
            return behaviour

        trunks = [trunk(name, self.use(SipPeer(registrar(spell))).uri, method="REGISTER",
                        interval="10m", register={"bind": True, "aor": AOR})
                  for name, spell in SPELLINGS.items()]
        e = self.start(config_of(*trunks))
        for name in SPELLINGS:
            with self.subTest(name):
                m = e.settled(name, 1)
                self.assertAlmostEqual(m.get(UNTIL, trunk=name) - time.time(), 60,
                                       delta=5)


@unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
class Kamailio(Case):
    """A real location table behind two addresses."""

    def setUp(self):
        super().setUp()
        self.addresses = ["127.0.0.1", "127.0.0.2"]
        self.dns = dns_server.Server(self.script)
        self.dns.ttl = 1
        self.use(self.dns)

    def script(self, name, qtype):
        return [dns_server.a(x) for x in self.addresses
                ] if qtype == dns_server.A and name == "reg.test" else []

    def run_trunk(self, **more):
        self.registrar = self.use(Registrar(
            self.folder, realm="reg.test", hosts=("127.0.0.1", "127.0.0.2"), **more))
        self.config = config_of(
            trunk("t", f"sip:reg.test:{self.registrar.udp}", auth=GOOD, family="ipv4",
                  method="REGISTER", register={"bind": True}),
            dns={"servers": [self.dns.address]})
        self.exporter = self.start(self.config)
        self.up(len(self.addresses))

    def up(self, addresses):
        self.exporter.wait_metric(addresses, "siptrunk_addresses_up", trunk="t")
        self.exporter.wait_metric(1, "siptrunk_up", trunk="t")

    def bound(self, seconds):
        """It is registered, and stays so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertEqual(len(self.registrar.contacts()), 1)

    def test_alias(self):
        """set_contact_alias() writes the Contact anew, and 8 s are 8 s."""
        self.addresses.pop()
        self.run_trunk(max_expires=8, before_save="set_contact_alias();")
        self.registrar.rpc("ul.add", "location", "u", "sip:u@198.51.100.7", 3000, 1.0,
                           "", 0, 0, 0)
        ours = [c["Address"] for c in self.registrar.contacts()
                if ";alias=" in c["Address"]]
        self.assertEqual(len(ours), 1)
        self.exporter.settled("t", 2)
        until = self.exporter.scrape().get(UNTIL, trunk="t")
        self.assertLess(until - time.time(), 9)

    def test_address_leaves_dns(self):
        self.run_trunk()
        self.addresses.pop()
        self.exporter.wait_metric(1, "siptrunk_addresses", trunk="t")
        self.bound(4)
        self.assertEqual(self.exporter.scrape().get("siptrunk_up", trunk="t"), 1)
        self.exporter.stop()
        self.assertEqual(self.registrar.contacts(), [], "but in the end it is taken back")

    def test_name_rotates(self):
        self.addresses = ["127.0.0.1"]
        self.run_trunk()
        for host in ("127.0.0.2", "127.0.0.1"):
            self.addresses[:] = [host]
            self.bound(5)
            self.exporter.wait_metric(1, "siptrunk_probe_success", trunk="t",
                                      address=f"{host}:{self.registrar.udp}")

    def test_label_changed(self):
        self.run_trunk()
        self.config["trunks"][0]["labels"] = {"site": "oslo"}
        self.exporter.write_config(self.config)
        self.exporter.send(signal.SIGHUP)
        self.bound(5)
        self.exporter.wait_metric(1, "siptrunk_up", trunk="t", site="oslo")
        self.up(2)


class Reloaded(Case):
    def start_bound(self, location, transport="udp", settings=None, **more):
        self.peer = self.use(SipPeer(location, transport))
        self.config = config_of(trunk(
            "t", self.peer.uri, method="REGISTER", interval="10m",
            register={"bind": True, "aor": AOR}, **(settings or {})), **more)
        e = self.start(self.config)
        e.wait_metric(1, "siptrunk_up", trunk="t")
        return e

    def reload(self, e, **changed):
        asked = len(self.peer.requests)
        self.config["trunks"][0].update(changed)
        e.write_config(self.config)
        e.send(signal.SIGHUP)
        wait_for("a REGISTER", lambda: len(self.peer.requests) > asked)

    def test_one_call(self):
        """Call-ID and CSeq go on over reloads, and nothing is taken back in between."""
        location = Location()
        e = self.start_bound(location)
        for changed in ({"labels": {"site": "oslo"}}, {"interval": "5m"},
                        {"rise": 3, "register": {"bind": True, "aor": AOR,
                                                 "expires": "30m"}}):
            self.reload(e, **changed)
        wait_for("all of them", lambda: len(location.log) == 4)
        e.stop()
        self.assertEqual(len({call for call, _, _ in location.log}), 1)
        self.assertEqual([cseq for _, cseq, _ in location.log], [1, 2, 3, 4, 5])
        self.assertEqual([list(asked.values()) for _, _, asked in location.log],
                         [[3600], [3600], [3600], [1800], [0]])

    def test_port_of_its_own(self):
        """From which there can be but one connection: the successor's, at once."""
        location = Location()
        e = self.start_bound(location, "tcp", {
            "local": {"address": "127.0.0.1", "port": free_port()}})
        self.reload(e, labels={"site": "oslo"})
        e.wait_metric(1, "siptrunk_up", trunk="t", site="oslo")
        self.assertEqual(e.scrape().failures("t"), {})
        self.assertEqual([list(asked.values()) for _, _, asked in location.log],
                         [[3600], [3600]])

    def test_renamed(self):
        location = Location()
        e = self.start_bound(location)
        self.reload(e, name="renamed")
        e.wait_metric(1, "siptrunk_up", trunk="renamed")
        self.assertFalse(location.was_empty)
        self.assertEqual(len({call for call, _, _ in location.log}), 1)
        e.stop()
        self.assertEqual(location.bound, {})

    def test_stopped_at_once(self):
        """What waits for a successor does not wait when the program ends."""
        location = Location()
        e = self.start_bound(location)
        self.config["trunks"][0]["labels"] = {"site": "oslo"}
        e.write_config(self.config)
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        e.stop()
        self.assertEqual(location.bound, {})

    def test_another_trunk_holds_it(self):
        location = Location()
        listen = [f"udp:127.0.0.1:{free_port(2)}"]
        e = self.start_bound(location, listen=listen)
        self.config["trunks"].append({**self.config["trunks"][0], "name": "twin"})
        e.write_config(self.config)
        e.send(signal.SIGHUP)
        e.wait_metric(1, "siptrunk_up", trunk="twin")
        del self.config["trunks"][0]
        e.write_config(self.config)
        e.send(signal.SIGHUP)
        wait_for("the reload", lambda: not e.scrape().all("siptrunk_up", trunk="t"))
        e.stop()
        self.assertEqual([list(asked.values()) for _, _, asked in location.log],
                         [[3600], [3600], [0]], "once, by the last one")

    def test_paused(self):
        location = Location()
        e = self.start_bound(location)
        self.reload(e, paused=True)
        wait_for("no binding", lambda: not location.bound)

    def test_another_contact(self):
        """A registrar that takes one is rid of the old before the new one comes."""
        location = Location(most=1)
        e = self.start_bound(location)
        self.reload(e, contact="sip:me@127.0.0.1:5999")
        wait_for("the new one alone",
                 lambda: list(location.bound) == ["sip:me@127.0.0.1:5999"])
        self.assertEqual(e.scrape().failures("t"), {})


class Crashed(Case):
    """A registrar that takes one Contact, and a program that died."""

    def crash(self, location, **settings):
        peer = self.use(SipPeer(location))
        settings.setdefault("listen", None)
        config = config_of(
            trunk("t", peer.uri, method="REGISTER",
                  register={"bind": True, "aor": AOR}, **settings.pop("trunk", {})),
            **settings)
        e = self.start(config)
        e.wait_metric(1, "siptrunk_up", trunk="t")
        e.kill()
        e = self.start(config)
        e.settled("t", 1)
        return e

    def test_renewed(self):
        port = free_port(2)
        for settings in ({"listen": [f"udp:127.0.0.1:{port}"]},
                         {"trunk": {"local": {"port": port}}},
                         {"trunk": {"contact": f"sip:me@127.0.0.1:{port}"}}):
            with self.subTest(settings):
                location = Location(most=1)
                e = self.crash(location, **settings)
                self.assertEqual(e.scrape().state("t"), "up")
                self.assertEqual(e.log(msg="configuration warning"), [])
                e.stop()

    def test_warned(self):
        location = Location(most=1)
        e = self.crash(location)
        self.assertNotEqual(e.scrape().state("t"), "up", "it is another Contact")
        warning, = e.log(msg="configuration warning")
        self.assertEqual(warning["json_path"], "trunks[0].register.bind")
        self.assertIn("after each start", warning["warning"])

    def test_check(self):
        bind = {"method": "REGISTER", "register": {"bind": True}}
        cases = (
            ({}, None, ["register.bind"]),
            ({"contact": "sip:me@{local}"}, None, ["register.bind"]),
            ({"contact": "sip:me@192.0.2.1"}, None, []),
            ({"local": {"port": 5070}}, None, []),
            ({}, ["udp:0.0.0.0:5060"], []),
            ({}, ["udp:0.0.0.0:0"], ["register.bind"]),
            ({}, ["udp:127.0.0.1:5060"], ["register.bind"]),
            ({}, ["tcp:0.0.0.0:5060"], ["register.bind"]),
            ({"register": {}}, None, []),
            ({"paused": True}, None, []),
            ({"uri": "sip:a.example;transport=tcp"}, ["tcp:0.0.0.0:5060"], []),
            ({"uri": "sip:a.example;transport=tcp"}, None, ["register.bind"]),
            ({"uri": "sip:a.example;transport=tcp", "connection": "fresh"}, None,
             ["register.bind", "connection"]),
            ({"uri": "sip:a.example;transport=tcp", "connection": "fresh"},
             ["tcp:0.0.0.0:5060"], []),
        )
        for settings, listen, want in cases:
            with self.subTest((settings, listen)):
                one = {"name": "t", "uri": "sip:a.example", **bind, **settings}
                config = {"trunks": [one], **({"sip": {"listen": listen}} if listen
                                              else {})}
                path = self.write("c.json", str(config).replace("'", '"').replace(
                    "True", "true"))
                code, out, err = run(f"--config.file={path}", "--config.check")
                self.assertEqual((code, out), (0, f"{path}: ok (1 trunks)\n"))
                self.assertEqual(re.findall(r": trunks\[0\]\.(\S+): warning: ", err), want)


class Kept(Case):
    """Over TCP without a listener we are reached over the connection that we opened."""

    def test_connection(self):
        location = Location()
        peer = self.use(SipPeer(location, transport="tcp"))
        register = {"bind": True, "aor": AOR, "interval": "4s"}
        e = self.start(config_of(trunk("t", peer.uri, method="REGISTER",
                                       register=register)))
        e.settled("t", 2)
        self.assertEqual(peer.connections, 1, "it is kept")
        last = peer.requests[-1]
        first = f"sip:trunk@127.0.0.1:{last.source[1]};transport=tcp"
        self.assertEqual(list(location.bound), [first], "and its port is registered")
        last.connection.shutdown(2)
        wait_for("another", lambda: peer.connections == 2)
        wait_for("its port", lambda: location.bound and first not in location.bound)
        rq = peer.requests[-1]
        self.assertEqual(list(location.bound),
                         [f"sip:trunk@127.0.0.1:{rq.source[1]};transport=tcp"])
        self.assertLess(rq.at - last.at, 2.5, "at the pace of what is down")
        e.settled("t", 4)
        self.assertEqual(len(location.bound), 1)
        self.assertEqual(list(contacts(peer.requests[-1])), list(location.bound),
                         "the old one is taken back once")

    def test_with_a_listener(self):
        location = Location()
        peer = self.use(SipPeer(location, transport="tcp"))
        port = free_port()
        e = self.start(config_of(trunk("t", peer.uri, method="REGISTER",
                                       register={"bind": True, "aor": AOR}),
                                 listen=[f"tcp:127.0.0.1:{port}"]))
        e.settled("t", 3)
        self.assertGreater(peer.connections, 1, "each as fresh as is set")
        self.assertEqual(list(location.bound),
                         [f"sip:trunk@127.0.0.1:{port};transport=tcp"])


class First(Case):
    """Two addresses of one name, by SRV, and one registration."""

    def setUp(self):
        super().setUp()
        self.location = Location()
        self.hosts = [self.use(SipPeer(mute, host="127.0.0.2"))]
        port = self.hosts[0].port
        self.hosts.append(self.use(SipPeer(self.location, host="127.0.0.3", port=port)))
        self.dns = self.use(dns_server.Server(self.script))

    def script(self, name, qtype):
        if (name, qtype) == ("_sip._udp.isp.test", dns_server.SRV):
            return [dns_server.srv(10 * n, 1, self.hosts[0].port, f"h{n}.test")
                    for n in (1, 2)]
        if qtype == dns_server.A and name in ("h1.test", "h2.test"):
            return [dns_server.a(self.hosts[int(name[1]) - 1].host)]
        return []

    def run_trunk(self, method):
        return self.start(config_of(
            trunk("t", "sip:isp.test;transport=udp", family="ipv4", method=method,
                  timeout="400ms", interval="1s", down_interval="500ms",
                  register={"bind": True, "aor": AOR, "at": "first"}),
            dns={"servers": [self.dns.address]}))

    def registered_at(self, e, peer):
        def there():
            found = e.scrape().all("siptrunk_probe_success", trunk="t", method="REGISTER")
            return [(l["address"], v) for l, v in found] == [(peer.address, 1)]
        wait_for(f"the registration at {peer.address} alone", there)

    def test_moves_where_it_is_answered(self):
        e = self.run_trunk("REGISTER")
        first, second = self.hosts
        self.registered_at(e, second)
        e.wait_metric(1, "siptrunk_up", trunk="t")
        m = e.scrape()
        self.assertEqual((m.get("siptrunk_addresses", trunk="t"),
                          m.get("siptrunk_addresses_up", trunk="t")), (2, 1))
        first.behaviour = self.location
        asked = len(first.requests)
        e.settled("t", 4)
        self.assertEqual(len(first.requests), asked, "it does not go back by itself")
        second.behaviour = mute
        self.registered_at(e, first)
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.assertFalse(self.location.was_empty, "there was a registration all along")
        self.assertEqual(len({call for call, _, _ in self.location.log}), 1)

    def test_beside_another_check(self):
        def pings(rq):
            if rq.method == "OPTIONS":
                rq.reply(200)
        first, second = self.hosts
        first.behaviour = pings
        e = self.run_trunk(["OPTIONS", "REGISTER"])
        self.registered_at(e, second)
        e.wait_metric(1, "siptrunk_up", trunk="t")
        e.wait_metric(2, "siptrunk_addresses_up", trunk="t")
        self.assertEqual(
            len(e.scrape().all("siptrunk_probe_success", trunk="t", method="OPTIONS")), 2)
        second.behaviour = pings
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.assertEqual(e.scrape().get("siptrunk_addresses_up", trunk="t"), 2)

    def test_refused_is_not_failed(self):
        """Credentials that one address refuses are not carried from host to host."""
        first, second = self.hosts
        first.behaviour = lambda rq: rq.reply(403, "Forbidden")
        e = self.run_trunk("REGISTER")
        e.wait_metric(0, "siptrunk_up", trunk="t")
        self.assertFalse(second.requests)
