"""The resolver against real DNS servers (dnsmasq, knot) and against liars, on loopback."""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from dns_server import A, NAPTR, SRV, Server, a, free_port, srv, wire

CLI = os.environ.get("RESOLVE_CLI", "")
LINE = re.compile(r"([\d.]+) (\S+) ([A-Z]+) (\d+) ?(.*?) ?\[(.*)\]$")


class Case(unittest.TestCase):
    def setUp(self):
        if not CLI:
            self.skipTest("no resolve_cli named")

    def server(self, script):
        server = Server(script)
        self.addCleanup(server.close)
        return server

    def folder(self):
        path = tempfile.mkdtemp(prefix="resolve")
        self.addCleanup(shutil.rmtree, path)
        return path

    def program(self, *args):
        p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (p.terminate(), p.wait()))
        return p

    def up(self, port, name):
        """Waits for a DNS server that answers for @name."""
        query = struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + wire(name) + b"\0\1\0\1"
        deadline = time.monotonic() + 10
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.05)
            while time.monotonic() < deadline:
                try:
                    s.sendto(query, ("127.0.0.1", port))
                    s.recv(4096)
                    return
                except OSError:
                    time.sleep(0.02)
        self.fail("no DNS server on port %d" % port)

    def ttl(self, got, want):
        """A busy machine may let a second or two of a TTL pass."""
        self.assertTrue(want - 3 <= got <= want, (got, want))

    def resolve(self, *args):
        """Returns {uri: (ms, status, ttl, addresses, detail)}, and (worst, closed) in ms."""
        run = subprocess.run([CLI, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=120)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        got = {}
        for line in run.stdout.splitlines():
            m = LINE.match(line)
            if m:
                got[m[2]] = (float(m[1]), m[3], int(m[4]), m[5].split(), m[6])
            elif line.split()[0] in ("worst", "closed"):
                got[line.split()[0]] = float(line.split()[1])
            else:
                self.fail(line)
        return got


class Dnsmasq(Case):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.program(
            "dnsmasq", "-k", "-C", "/dev/null", "-p", str(self.port), "-u", "root",
            "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
            "--pid-file=", "--local=/test/", "--local=/invalid/", "--local-ttl=77",
            "--host-record=a.test,192.0.2.1,2001:db8::1", "--host-record=b.test,192.0.2.2",
            "--host-record=x.invalid,192.0.2.3", "--cname=c.test,b.test",
            "--srv-host=_sip._udp.s.test,a.test,5070,10,5",
            "--srv-host=_sip._udp.s.test,b.test,5071,20,0",
            "--srv-host=_sips._tcp.n.test,b.test,5071,1,1",
            "--naptr-record=n.test,20,1,s,SIP+D2U,,_sip._udp.s.test",
            "--naptr-record=n.test,10,1,s,SIPS+D2T,,_sips._tcp.n.test")
        self.up(self.port, "a.test")

    def test_records(self):
        got = self.resolve(
            "-s", "127.0.0.1@%d" % self.port, "sip:n.test", "sip:s.test", "sip:b.test",
            "sip:A.Test.:5080", "sip:c.test:1", "sip:x.invalid:2", "sip:gone.test:3")
        for uri in ("sip:n.test", "sip:s.test", "sip:c.test:1"):
            self.ttl(got[uri][2], 77)
        self.assertEqual({uri: (v[1], v[3]) for uri, v in got.items() if ":" in uri}, {
            "sip:n.test": ("OK", ["192.0.2.2:5071/tls/1/1"]),
            "sip:s.test": ("OK", ["192.0.2.1:5070/udp/10/5",
                                  "2001:db8::1:5070/udp/10/5",
                                  "192.0.2.2:5071/udp/20/0"]),
            "sip:b.test": ("OK", ["192.0.2.2:5060/udp/0/0"]),
            "sip:A.Test.:5080": ("OK", ["192.0.2.1:5080/udp/0/0",
                                        "2001:db8::1:5080/udp/0/0"]),
            "sip:c.test:1": ("OK", ["192.0.2.2:1/udp/0/0"]),
            "sip:x.invalid:2": ("OK", ["192.0.2.3:2/udp/0/0"]),
            "sip:gone.test:3": ("NXDOMAIN", []),
        })

    def test_family(self):
        got = self.resolve("-6", "-s", "127.0.0.1@%d" % self.port, "sip:a.test:1",
                           "sip:b.test:1")
        self.assertEqual(got["sip:a.test:1"][3], ["2001:db8::1:1/udp/0/0"])
        self.assertEqual(got["sip:b.test:1"][1], "NODATA")


class Knot(Case):
    ZONE = """
$ORIGIN k.test.
$TTL 900
@ SOA ns.k.test. h.k.test. 1 3600 600 86400 45
@ NS ns
ns A 127.0.0.1
short 7 A 192.0.2.7
cn 20 CNAME long
long 500 A 192.0.2.8
loop CNAME pool
pool CNAME loop
_sip._udp.long 300 SRV 1 1 5060 short
_sip._udp.off SRV 0 0 0 .
off A 192.0.2.9
"""

    CONF = """
server:
    rundir: {0}
    listen: 127.0.0.1@{1}
database:
    storage: {0}
zone:
  - domain: k.test
    storage: {0}
    file: k.test.zone
    zonefile-load: whole
    journal-content: none
"""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        path = self.folder()
        with open(path + "/k.test.zone", "w") as f:
            f.write(self.ZONE)
            for i in range(200):
                f.write("_sip._udp.many SRV %d 1 5060 t%d\n" % (i, i))
                f.write("t%d A 10.1.%d.1\n" % (i, i))
        with open(path + "/knot.conf", "w") as f:
            f.write(self.CONF.format(path, self.port))
        self.program("knotd", "-c", path + "/knot.conf")
        self.up(self.port, "ns.k.test")

    def test_zone(self):
        got = self.resolve("-4", "-s", "127.0.0.1@%d" % self.port, "sip:many.k.test",
                           "sip:long.k.test", "sip:cn.k.test:1", "sip:off.k.test",
                           "sip:none.k.test:1", "sip:k.test:1", "sip:loop.k.test:1")
        many = got["sip:many.k.test"]
        # 200 records do not fit a datagram: they came over TCP.
        self.assertEqual(many[3], ["10.1.%d.1:5060/udp/%d/1" % (i, i) for i in range(64)])
        for name, status, ttl, addresses in (
                ("long.k.test", "OK", 7, ["192.0.2.7:5060/udp/1/1"]),
                ("cn.k.test:1", "OK", 20, ["192.0.2.8:1/udp/0/0"]),
                ("off.k.test", "NODATA", 45, []),
                ("none.k.test:1", "NXDOMAIN", 45, []),
                ("k.test:1", "NODATA", 45, [])):
            v = got["sip:" + name]
            self.assertEqual((v[1], v[3]), (status, addresses))
            self.ttl(v[2], ttl)
        self.assertIn(got["sip:loop.k.test:1"][1], ("SERVFAIL", "NODATA"))

    def test_ttl_counts_down(self):
        got = self.resolve("-4", "-w", "1500", "-s", "127.0.0.1@%d" % self.port,
                           "sip:short.k.test:1", "sip:short.k.test:2")
        first, second = (got["sip:short.k.test:%d" % port][2] for port in (1, 2))
        self.ttl(first, 7)
        self.assertLess(second, first)


class Trouble(Case):
    def test_mute(self):
        mute = self.server(lambda name, qtype: None)
        got = self.resolve("-s", mute.address, "sip:a.test:1", "sip:b.test")
        for uri in ("sip:a.test:1", "sip:b.test"):
            self.assertEqual(got[uri][1], "TIMEOUT")
            self.assertTrue(4900 < got[uri][0] < 6000, got)
        self.assertEqual(got["sip:b.test"][4], "b.test NAPTR: timeout")
        self.assertLess(got["closed"], 500)

    def test_mute_or_dead_first(self):
        good = self.server(lambda name, qtype: [a("192.0.2.1")] if qtype == A else [])
        mute = self.server(lambda name, qtype: None)
        for first in (mute.address, "127.0.0.1@%d" % free_port()):
            got = self.resolve("-s", first, "-s", good.address, "-n", "20", "sip:h%d.test:1")
            self.assertEqual({v[1] for k, v in got.items() if ":" in k}, {"OK"}, got)

    def test_mute_first_again(self):
        """What was learnt of a server is soon forgotten; asking it again costs little."""
        good = self.server(lambda name, qtype: [a("192.0.2.1")] if qtype == A else [])
        mute = self.server(lambda name, qtype: None)
        got = self.resolve("-4", "-w", "1100", "-s", mute.address, "-s", good.address,
                           *("sip:h%d.test:1" % i for i in range(6)))
        for i in range(6):
            ms, status = got["sip:h%d.test:1" % i][:2]
            self.assertEqual(status, "OK")
            self.assertLess(ms, 2500)

    def test_one_mute_zone(self):
        """A zone that the server cannot get at must not make it pass for dead."""
        half = self.server(lambda name, qtype: None if "mute" in name else
                           [a("192.0.2.1")] if qtype == A else [])
        got = self.resolve("-4", "-w", "2500", "-s", half.address, "sip:mute1.test:1",
                           "sip:mute2.test:1", "sip:mute3.test:1", "sip:good.test:1")
        # libunbound 1.22 gives up, and says so, before we do.
        self.assertIn(got["sip:mute1.test:1"][1], ("TIMEOUT", "SERVFAIL"))
        self.assertEqual(got["sip:good.test:1"][1], "OK")
        self.assertLess(got["sip:good.test:1"][0], 500)

    def test_recovery(self):
        since = time.monotonic()
        late = self.server(lambda name, qtype: None if time.monotonic() < since + 6 else
                           [a("192.0.2.1")])
        got = self.resolve("-4", "-w", "6500", "-s", late.address, "sip:a.test:1",
                           "sip:b.test:1")
        self.assertEqual(got["sip:a.test:1"][1], "TIMEOUT")
        self.assertEqual(got["sip:b.test:1"][1], "OK")
        self.assertLess(got["sip:b.test:1"][0], 3000)

    def test_rcodes(self):
        server = self.server(lambda name, qtype: {"s": 2, "r": 5, "n": 3}[name[0]])
        got = self.resolve("-4", "-s", server.address, "sip:s.test:1", "sip:r.test:1",
                           "sip:n.test:1")
        self.assertEqual([got["sip:%s.test:1" % c][1] for c in "srn"],
                         ["SERVFAIL", "SERVFAIL", "NXDOMAIN"])

    def test_lies(self):
        """Answers with a wrong id or from elsewhere never count; right ones after them do."""
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(stranger.close)
        stranger.bind(("127.0.0.1", 0))

        def wrong_id(server, query, peer):
            ident = struct.unpack_from("!H", query)[0] ^ 1
            server.sock.sendto(server.answer(query, [a("203.0.113.6")], ident), peer)

        def wrong_source(server, query, peer):
            stranger.sendto(server.answer(query, [a("203.0.113.7")]), peer)

        def wrong_question(server, query, peer):
            other = query.replace(b"\5other", b"\5thing")
            server.sock.sendto(server.answer(other, [a("203.0.113.8")]), peer)

        def garbage(server, query, peer):
            server.sock.sendto(query[:2] + b"\x81\x80" + os.urandom(40), peer)
            server.sock.sendto(server.answer(query, [(A, b"\1\2")])[:-1], peer)
            server.sock.sendto(query[:7], peer)

        def all_then_right(server, query, peer):
            for lie in (wrong_id, wrong_source):
                lie(server, query, peer)
            server.sock.sendto(server.answer(query, [a("192.0.2.1")]), peer)

        lies = {"ident": wrong_id, "where": wrong_source, "other": wrong_question,
                "junky": garbage, "right": all_then_right}
        server = self.server(lambda name, qtype: lies[name[:5]])
        got = self.resolve("-4", "-s", server.address,
                           *("sip:%s.test:1" % name for name in lies))
        self.assertEqual(got["sip:right.test:1"][3], ["192.0.2.1:1/udp/0/0"])
        for name in ("ident", "where", "other", "junky"):
            self.assertIn(got["sip:%s.test:1" % name][1], ("TIMEOUT", "SERVFAIL"), got)
            self.assertEqual(got["sip:%s.test:1" % name][3], [])

    def test_hostile_records(self):
        """Lengths that lie, odd names, and targets that lead back."""
        zone = {
            ("_sip._udp.h.test", SRV): [
                (SRV, b"\0\1\0\1\x13\xc4\3a.b\0"), (SRV, b"\0\1\0\1\x13\xc4\x02\x00\xff\0"),
                srv(5, 5, 5060, "_sip._udp.h.test"), srv(6, 6, 5060, "ok.test")],
            ("ok.test", A): [a("192.0.2.1")],
            ("n.test", NAPTR): [(NAPTR, b"\0\1\0\1\1s\7SIP+D2U\2!!\0")] * 2,
            ("n.test", A): [a("192.0.2.2")],
        }
        server = self.server(lambda name, qtype: zone.get((name, qtype), []))
        got = self.resolve("-4", "-s", server.address, "sip:h.test", "sip:n.test")
        self.assertEqual(got["sip:h.test"][3], ["192.0.2.1:5060/udp/6/6"])
        self.assertEqual(got["sip:n.test"][3], ["192.0.2.2:5060/udp/0/0"])


class System(Case):
    def test_hosts(self):
        path = self.folder()
        with open(path + "/hosts", "w") as f:
            f.write("127.0.0.1 localhost # and no more\n10.9.8.7 hosty sub.deep.test\n"
                    "::1 hosty\nbad..name 1.2.3\n1.2.3.4 bad..name under_score\n"
                    "fe80::1%lo zoned\n1.2.3 short\n")
        server = self.server(lambda name, qtype: [a("192.0.2.1")] if qtype == A else [])
        got = self.resolve("-4", "-s", server.address, "-h", path + "/hosts",
                           "sip:hosty:1", "sip:sub.deep.test:1", "sip:deep.test:1",
                           "sip:localhost:1", "sip:under_score:1", "sip:zoned:1")
        self.assertEqual({uri: v[3][0] for uri, v in got.items() if ":" in uri}, {
            "sip:hosty:1": "10.9.8.7:1/udp/0/0",
            "sip:sub.deep.test:1": "10.9.8.7:1/udp/0/0",
            "sip:deep.test:1": "192.0.2.1:1/udp/0/0",
            "sip:localhost:1": "127.0.0.1:1/udp/0/0",
            "sip:under_score:1": "1.2.3.4:1/udp/0/0",
            "sip:zoned:1": "192.0.2.1:1/udp/0/0",
        })

    def test_resolv_conf(self):
        """Missing, empty and broken files are no reason to stop, or to ask the root."""
        path = self.folder() + "/resolv.conf"
        for text in (None, "", "nameserver\nnameserver 999.1\njunk\noptions rotate\n"):
            if text is not None:
                with open(path, "w") as f:
                    f.write(text)
            got = self.resolve("-r", path, "-c", "sip:localhost:1", "sip:a.test:1")
            self.assertLess(got["closed"], 500)

    def test_wrong_server(self):
        run = subprocess.run([CLI, "-s", "dns.example", "sip:a.test"], text=True,
                             stdout=subprocess.PIPE, timeout=10)
        self.assertEqual((run.returncode, run.stdout), (1, "alloc Invalid argument\n"))


class Many(Case):
    def test_ten_thousand(self):
        server = self.server(lambda name, qtype: [a("192.0.2.1")] if qtype == A else [])
        since = time.monotonic()
        got = self.resolve("-4", "-s", server.address, "-n", "10000", "sip:h%d.test:1")
        self.assertEqual(sum(v[1] == "OK" for k, v in got.items() if ":" in k), 10000)
        print("10,000 names: %.1f s, loop stood still %.0f ms at most" %
              (time.monotonic() - since, got["worst"]), file=sys.stderr)

    def test_let_go(self):
        """The resolver, or its resolutions, freed with thousands of questions on the way."""
        server = self.server(lambda name, qtype: [])
        for n in ("2001", "2000"):
            got = self.resolve("-c", "-s", server.address, "-n", n, "sip:h%d.test")
            self.assertLess(got["closed"], 2000)
