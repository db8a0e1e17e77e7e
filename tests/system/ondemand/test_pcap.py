"""Ladders as files of packets, read by tshark; and as text."""

import json
import re
import shutil
import socket
import subprocess
import unittest

from digest_peer import Digest
from harness import EXE, Case, config_of, free_port, run, trunk
from peers import certificate
from sip_peer import SipPeer, answer, drop_first, first_copy, mute, script, server_tls
from websocket_peer import WebSocketPeer

TSHARK = shutil.which("tshark")
FIELDS = ("frame.time_epoch", "_ws.col.Protocol", "ip.src", "ipv6.src", "udp.srcport",
          "tcp.srcport", "udp.dstport", "tcp.dstport", "sip.Request-Line",
          "sip.Status-Line", "sip.Call-ID", "frame.comment", "_ws.malformed",
          "sip.response-time", "_ws.expert.message")
AGAIN = "^"  # between values of one field
EVIL = b"<script>\xff\xfe\x00\x01\x1b[31m\r\n\r\n"


def packets(path):
    """What tshark makes of each packet, without any setting of ours."""
    r = subprocess.run(
        [TSHARK, "-n", "-r", path, "-T", "fields", "-E", "separator=\t",
         "-E", "occurrence=a", "-E", f"aggregator={AGAIN}", "-E", "quote=n",
         *(x for f in FIELDS for x in ("-e", f))],
        capture_output=True, timeout=60, check=True)
    rows = []
    for line in r.stdout.decode(errors="replace").splitlines():
        row = dict(zip(FIELDS, line.split("\t")))
        # Of a comment of two lines tshark 4.4 gives each line, and all of it.
        rows.append({k: v.split(AGAIN)[0] for k, v in row.items()} |
                    {"frame.comment": row["frame.comment"]})
    return rows


def complaint(row):
    """What it found wrong with a packet; it tells of a comment among that, and of a port
    that a traceroute would use too (33434 and up: any of ours may be one)."""
    said = row["_ws.malformed"] or row["_ws.expert.message"]
    harmless = said in row["frame.comment"].split(AGAIN) or said.startswith("Possible traceroute")
    return "" if harmless else said


def first_comment(path):
    r = subprocess.run(["capinfos", "-k", path], capture_output=True, text=True,
                       errors="replace", timeout=60, check=True)
    return r.stdout


def with_body(rq):
    rq.send(rq.response(200, "OK", extra="Content-Type: text/plain\r\n",
                        body=b"what nobody needs to know\r\n"))


def with_sdp(rq):
    rq.send(rq.response(200, "OK", extra="Content-Type: application/sdp\r\n",
                        body=b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"))


def seen(rq):
    """As a server says where the request came from (RFC 3581)."""
    host, port = rq.source[:2]
    rq.reply(200, via=rq.header("Via").replace(";rport", f";received={host};rport={port}"))


@unittest.skipUnless(TSHARK, "tshark is not installed")
class CommandLine(Case):
    def probe(self, *args):
        path = self.path("probe.pcapng")
        code, _, err = run("probe", *args, f"--pcap={path}", "--timeout=1s")
        self.assertEqual(err, "")
        return path, code

    def check(self, peer, *more, lines, uri=None, last="SIP"):
        path, _ = self.probe(uri or peer.uri, *more)
        rows = packets(path)
        got = [(r["_ws.col.Protocol"], r["sip.Request-Line"] or r["sip.Status-Line"])
               for r in rows]
        self.assertEqual([p for p, _ in got], ["SIP"] * (len(lines) - 1) + [last], rows)
        for (_, line), want in zip(got, lines):
            self.assertTrue(line.startswith(want), (line, want))
        for r in rows:
            self.assertEqual(complaint(r), "")
            source = r["ip.src"] or r["ipv6.src"]
            self.assertEqual(source, peer.host)
            port = str(peer.port)
            sport = r["udp.srcport"] or r["tcp.srcport"]
            dport = r["udp.dstport"] or r["tcp.dstport"]
            self.assertEqual(port in (dport if r["sip.Request-Line"] else sport), True, r)
        at = [float(r["frame.time_epoch"]) for r in rows]
        self.assertEqual(at, sorted(at))
        return rows

    def peer(self, *args, **more):
        return self.use(SipPeer(*args, **more))

    def test_each_transport(self):
        for host in ("127.0.0.1", "::1"):
            for transport in ("udp", "tcp"):
                with self.subTest(host=host, transport=transport):
                    p = self.peer(answer(200), transport, host=host)
                    rows = self.check(p, lines=["OPTIONS", "SIP/2.0 200 OK"])
                    self.assertEqual(rows[0]["sip.Call-ID"], rows[1]["sip.Call-ID"])
                    # Where it came from, as the peer saw it.
                    source = p.requests[0].source
                    ours = rows[0]["udp.srcport"] or rows[0]["tcp.srcport"]
                    self.assertEqual(ours, str(source[1]))

    def test_tls_at_any_port(self):
        tls = server_tls(*certificate())
        for port in (0, 5061):
            with self.subTest(port=port):
                try:
                    p = self.peer(answer(200), "tls", tls=tls, port=port)
                except OSError:
                    self.skipTest("port 5061 is taken")
                config = self.write("c.json", json.dumps(config_of(trunk(
                    "isp", p.uri, tls={"insecure_skip_verify": True}))))
                self.check(p, f"--config.file={config}", uri="isp",
                           lines=["OPTIONS", "SIP/2.0 200 OK"])
                self.assertIn("what was inside", first_comment(
                    self.path("probe.pcapng")))

    def test_what_was_left_out(self):
        """A body is not kept: the packet says how long it was, and is not malformed."""
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                p = self.peer(with_body, transport)
                self.check(p, lines=["OPTIONS", "SIP/2.0 200 OK"])
                p = self.peer(with_sdp, transport)
                self.check(p, lines=["OPTIONS", "SIP/2.0 200 OK"], last="SIP/SDP")

    def test_repetitions_and_what_is_no_message(self):
        p = self.peer(mute)
        rows = self.check(p, lines=["OPTIONS", "OPTIONS"])
        self.assertIn("the same again", rows[1]["frame.comment"])
        self.assertIn("the deadline passed", rows[1]["frame.comment"])
        gap = float(rows[1]["frame.time_epoch"]) - float(rows[0]["frame.time_epoch"])
        self.assertTrue(0.4 < gap < 1, gap)
        path, code = self.probe(f"sip:127.0.0.1:{free_port()};transport=tcp")
        self.assertEqual((packets(path), code), ([], 2))
        self.assertIn("Connection refused", first_comment(path))

    def test_credentials(self):
        digest = Digest(password="hunter2-secret")
        p = self.peer(digest)
        config = self.write("c.json", json.dumps(config_of(trunk(
            "isp", p.uri, auth={"username": "u", "password": "hunter2-secret"}))))
        self.check(p, f"--config.file={config}", uri="isp",
                   lines=["OPTIONS", "SIP/2.0 401", "OPTIONS", "SIP/2.0 200"])
        with open(self.path("probe.pcapng"), "rb") as f:
            raw = f.read()
        self.assertNotIn(b"hunter2", raw)
        for a in digest.accepted:
            for key in ("response", "cnonce"):
                self.assertNotIn(a[key].encode(), raw)

    def test_any_bytes(self):
        p = self.peer(first_copy(lambda rq: rq.send(EVIL)))
        path, _ = self.probe(p.uri)
        rows = packets(path)
        self.assertGreaterEqual(len(rows), 2)
        self.assertIn("bytes that are not SIP", first_comment(path))

    def test_standard_output(self):
        p = self.peer(answer(200))
        path = self.write("out.pcapng", "")
        for more in ((), ("--trace",)):
            with self.subTest(more=more):
                with open(path, "wb") as out:
                    r = subprocess.run([EXE, "probe", p.uri, "--pcap=-", *more], stdout=out,
                                       stderr=subprocess.PIPE, timeout=20, check=True)
                self.assertIn(b"200 OK", r.stderr)
                self.assertEqual(b"\ntrace  " in r.stderr, bool(more))
                self.assertEqual([x["_ws.col.Protocol"] for x in packets(path)],
                                 ["SIP", "SIP"])

    def test_websocket(self):
        """At ports of HTTP's, and none that is SIP's."""
        cert, key = certificate()
        for host, tls in (("127.0.0.1", None), ("::1", None),
                          ("127.0.0.1", server_tls(cert, key))):
            with self.subTest(host=host, tls=bool(tls)):
                p = self.use(WebSocketPeer(tls=tls, host=host, behaviour=seen))
                config = self.write("c.json", json.dumps(config_of(trunk(
                    "isp", p.url, tls={"insecure_skip_verify": True}))))
                path, code = self.probe("isp", f"--config.file={config}")
                self.assertEqual(code, 0)
                rows = packets(path)
                self.assertEqual([(r["sip.Request-Line"] or r["sip.Status-Line"])[:11]
                                  for r in rows], ["OPTIONS sip", "SIP/2.0 200"])
                self.assertEqual([r["_ws.col.Protocol"] for r in rows], ["SIP", "SIP"])
                ends = subprocess.run(
                    [TSHARK, "-n", "-r", path, "-V"], capture_output=True, text=True,
                    timeout=60, check=True).stdout
                for port in (p.port, p.requests[0].source[1]):
                    self.assertRegex(ends, rf"Port: {port}\b")

    def test_a_file_that_cannot_be(self):
        p = self.peer(answer(200))
        for name, want in (("text", 3), ("json", 3), ("nagios", 3), ("solarwinds", 4)):
            with self.subTest(format=name):
                code, out, err = run("probe", p.uri, "--pcap=/nonexistent/x.pcapng",
                                     f"--format={name}")
                self.assertEqual(code, want)
                self.assertIn("OK", out)
                self.assertIn("--pcap: /nonexistent/x.pcapng: No such file", err)


@unittest.skipUnless(TSHARK, "tshark is not installed")
class OfATrunk(Case):
    def test_download_and_text(self):
        peers = {"lossy/'näme": drop_first(1), "mute": mute,
                 "tcp": answer(403, "Who <are> you")}
        e = self.start(config_of(*(
            trunk(n, self.use(SipPeer(b, "tcp" if n == "tcp" else "udp")).uri,
                  up_codes=["2xx"], interval="10s", down_interval="10s")
            for n, b in peers.items())))
        for name in peers:
            e.settled(name, probes=1)
        for t in json.loads(e.get("/api/v1/trunks"))["trunks"]:
            path = "/api/v1/trunks/" + re.sub("[^a-z]", lambda m: "".join(
                f"%{b:02X}" for b in m[0].encode()), t["name"])
            target, = json.loads(e.get(path))["targets"]
            probe = (target["failures"] or [target["success"]])[0]
            base = f"{path}/ladders/{probe['id']}"
            page = e.get(path[len("/api/v1"):])
            _, text, text_headers = self.fetch(e, base + ".txt")
            status, raw, headers = self.fetch(e, base + ".pcapng")
            self.assertEqual(status, 200, raw)
            self.assertEqual(headers["Content-Type"], "application/x-pcapng")
            self.assertRegex(headers["Content-Disposition"],
                             r'^attachment; filename="[A-Za-z0-9._-]+\.pcapng"$')
            file = self.path("x.pcapng")
            with open(file, "wb") as f:
                f.write(raw)
            messages = [s for s in probe["entries"] if s["direction"] != "none"]
            rows = packets(file)
            self.assertEqual(len(rows), len(messages), t["name"])
            for row, s in zip(rows, messages):
                at = probe["begun_unix_s"] + s["offset_s"]
                self.assertLess(abs(float(row["frame.time_epoch"]) - at), 0.002)
                self.assertEqual((row["_ws.col.Protocol"], complaint(row)), ("SIP", ""))
            self.assertEqual(text_headers["Content-Type"], "text/plain; charset=utf-8")
            self.assertIn(target["address"].encode(), text)
            self.assertIn(probe["call_id"].encode(), text)
            self.assertIn(b"OPTIONS sip:127.0.0.1", text)
            # A success is replaced while one looks: its link stays.
            shown = probe["id"] if target["failures"] else (
                "success-" + probe["id"].split("-")[1])
            self.assertIn(f"/ladders/{shown}.pcapng", page)
            self.assertEqual(self.fetch(e, f"{path}/ladders/{shown}.txt")[0], 200)

    def test_the_last_failure(self):
        """Of all addresses and checks, by the trunk's name alone; else the last success."""
        e = self.start(config_of(
            trunk("a/b", self.use(SipPeer(script(403, 200))).uri, up_codes=["2xx"],
                  interval="10s", down_interval="300ms", timeout="200ms"),
            trunk("well", self.use(SipPeer()).uri)))
        e.wait_metric(lambda v: v >= 1, "siptrunk_probe_responses_total", trunk="a/b",
                      code="200")
        e.settled("well", 1)
        e.get("/trunks/well")
        status, text, _ = self.fetch(e, "/api/v1/trunks/a%2Fb/ladder.txt")
        self.assertEqual(status, 200)
        self.assertIn(b"SIP/2.0 403", text)
        status, raw, headers = self.fetch(e, "/api/v1/trunks/a%2Fb/ladder.pcapng")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/x-pcapng"))
        file = self.path("x.pcapng")
        with open(file, "wb") as f:
            f.write(raw)
        self.assertEqual([r["sip.Status-Line"][:11] for r in packets(file)],
                         ["", "SIP/2.0 403"])
        status, text, _ = self.fetch(e, "/api/v1/trunks/well/ladder.txt")
        self.assertIn(b"SIP/2.0 200", text)
        for path in ("well/ladder.wav", "none/ladder.txt", "well/ladder.zip", "ladder.txt"):
            self.assertEqual(self.fetch(e, "/api/v1/trunks/" + path)[0], 404, path)

    def test_one_that_is_gone(self):
        e = self.start(config_of(trunk("a", self.use(SipPeer()).uri)))
        e.settled("a")
        for path in ("a/ladders/1-1.pcapng", "a/ladders/x.txt", "a/ladders/", "a/ladders",
                     "b/ladders/1-1.txt", "a/ladders/1-1.zip"):
            status, body, _ = self.fetch(e, "/api/v1/trunks/" + path)
            self.assertEqual(status, 404, path)
            self.assertIn("error", json.loads(body))

    @staticmethod
    def fetch(e, path):
        import http.client
        c = http.client.HTTPConnection("127.0.0.1", int(e.base.rsplit(":", 1)[1]),
                                       timeout=20)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return r.status, r.read(), r.headers
        finally:
            c.close()
