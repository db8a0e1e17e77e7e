"""The button on a trunk's page: POST /trunks/NAME/probe."""

import base64
import http.client
import json
import re
import time
import urllib.parse

from harness import Case, config_of, trunk, wait_for
from passwords import bcrypt
from sip_peer import SipPeer, answer, mute

COUNTED = re.compile(r"^siptrunk_(?!exporter_).*", re.M)


class Now(Case):
    def post(self, e, name, method="POST", **headers):
        where = urllib.parse.urlsplit(e.base)
        c = http.client.HTTPConnection(where.hostname, where.port, timeout=20)
        try:
            c.request(method, f"/trunks/{urllib.parse.quote(name, safe='')}/probe",
                      headers={k.replace("_", "-"): v for k, v in headers.items()})
            r = c.getresponse()
            return r.status, r.read().decode(), r.headers
        finally:
            c.close()

    def test_shows_the_ladder_and_counts_nothing(self):
        p = self.use(SipPeer(answer(486, "Busy <here>")))
        e = self.start(config_of(trunk("a/b", p.uri, interval="1h")))
        e.settled("a/b", 1)
        before, asked = COUNTED.findall(e.get("/metrics")), p.branches()
        status, body, headers = self.post(e, "a/b")
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "text/html; charset=utf-8"))
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(p.branches(), asked + 1)
        self.assertIn("answered 486 Busy &lt;here&gt;", body)
        self.assertIn('id="probed"', body)
        self.assertIn('<a href="../a%2Fb">', body)
        self.assertEqual(COUNTED.findall(e.get("/metrics")), before)
        raw = re.search(r'href="data:application/x-pcapng;base64,([^"]+)"', body)[1]
        self.assertEqual(base64.b64decode(raw)[:4], b"\n\r\r\n")
        text = re.search(r'href="data:text/plain;base64,([^"]+)"', body)[1]
        self.assertIn(b"SIP/2.0 486 Busy <here>", base64.b64decode(text))

    def test_whose_page_asked(self):
        p = self.use(SipPeer())
        e = self.start(config_of(*(trunk(n, p.uri, interval="1h") for n in "abcd")))
        for n in "abcd":
            e.settled(n, 1)
        host = e.base.split("//")[1]
        asked = p.branches()
        for wrong in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                      {"Origin": "http://evil.example"}, {"Origin": "null"},
                      {"Origin": "http://" + host, "Sec_Fetch_Site": "cross-site"}):
            with self.subTest(wrong=wrong):
                status, body, _ = self.post(e, "a", **wrong)
                self.assertEqual(status, 403)
                self.assertIn("another site", body)
        self.assertEqual(p.branches(), asked)
        for name, right in (("a", {}), ("b", {"Sec_Fetch_Site": "same-origin"}),
                            ("c", {"Origin": "http://" + host})):
            with self.subTest(right=right):
                self.assertEqual(self.post(e, name, **right)[0], 200)

    def test_only_trunks_and_only_post(self):
        p = self.use(SipPeer())
        e = self.start(config_of(trunk("a", p.uri), probe={"allow": ["127.0.0.0/8"]}))
        e.settled("a")
        for name in ("b", p.uri, "127.0.0.1:9"):
            status, body, _ = self.post(e, name)
            self.assertEqual((status, body), (404, "there is no trunk of this name\n"))
        self.assertEqual(self.post(e, "a", "PUT")[0], 405)
        self.assertEqual(self.post(e, "a", "GET")[0], 404)
        c = http.client.HTTPConnection("127.0.0.1", int(e.base.rsplit(":", 1)[1]))
        self.addCleanup(c.close)
        c.request("POST", "/trunks/a")
        r = c.getresponse()
        self.assertEqual((r.status, r.headers["Allow"]), (405, "GET, HEAD"))

    def test_limited(self):
        p = self.use(SipPeer())
        e = self.start(config_of(*(trunk(f"t{i}", p.uri, interval="1h")
                                   for i in range(30))))
        e.settled("t29", 1)
        begun = time.monotonic()
        self.assertEqual(self.post(e, "t0")[0], 200)
        status, body, headers = self.post(e, "t0")
        if time.monotonic() - begun < 2.5:
            self.assertEqual((status, headers["Retry-After"]), (429, "3"), body)
        codes = [self.post(e, f"t{i}")[0] for i in range(1, 30)]
        self.assertIn(429, codes)
        self.assertGreaterEqual(codes.count(200), 8)
        self.assertLess(codes.count(200), 12 + time.monotonic() - begun)

    def test_paused_and_down(self):
        p = self.use(SipPeer(mute))
        e = self.start(config_of(trunk("a", p.uri, paused=True)))
        wait_for("readiness", lambda: json.loads(e.get("/api/v1/trunks"))["paused"] == 1)
        status, body, _ = self.post(e, "a")
        self.assertEqual(status, 200)
        self.assertIn('class="badge down"', body)
        self.assertIn("the deadline passed", body)
        self.assertIn("<b>Next:</b>", body)

    def test_behind_a_password(self):
        p = self.use(SipPeer())
        web = self.write("web.yml", json.dumps(
            {"basic_auth_users": {"ola": bcrypt("nordmann")}}))
        e = self.start(config_of(trunk("a", p.uri, interval="1h")),
                       args=[f"--web.config.file={web}"], ready=False)
        started, *_ = wait_for("the start line", lambda: e.log(msg="started"))
        e.base = "http://" + started["http"].split(",")[0]
        wait_for("a probe", lambda: p.branches() == 1)
        self.assertEqual(self.post(e, "a")[0], 401)
        token = base64.b64encode(b"ola:nordmann").decode()
        status, body, _ = self.post(e, "a", Authorization="Basic " + token)
        self.assertEqual(status, 200, body)
        self.assertEqual(p.branches(), 2)
