"""The status page, driven in headless Chromium, and its API."""

import contextlib
import fcntl
import functools
import gzip
import html
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import peers
from digest_peer import Digest
from harness import (
    PATIENCE, ROOT, Bench, Case, Exporter, config_of, free_port, trunk, wait_for)
from sip_peer import (
    SipPeer, answer, delay, drop_first, first_copy, mute, server_tls)

PAGE = os.path.join(ROOT, "tests", "page")
CHROMIUM = shutil.which("chromium")
FLEET = 10000


def installed(lock):
    """Whether what the lock file pins is what node_modules holds."""
    try:
        with open(os.path.join(PAGE, "node_modules", ".package-lock.json")) as there:
            held = json.load(there)["packages"]
    except FileNotFoundError:
        return False
    return held == {name: p for name, p in lock["packages"].items() if name}


@functools.cache
def driver_missing():
    """Why the browser cannot be driven here, or None. Installs the driver once."""
    if not CHROMIUM or not shutil.which("node") or not shutil.which("npm"):
        return "chromium, nodejs or npm is not installed"
    # Modules run side by side: one installs, the others wait. npm's list comes last.
    with open(os.path.join(PAGE, "package-lock.json")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if installed(json.load(lock)):
            return None
        r = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PAGE,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return "npm ci failed: " + r.stderr[-300:] if r.returncode else None


class Browser:
    """Runs pieces of JavaScript that get `page`, `tools` and `args`; see driver.js."""

    def __init__(self, base):
        self.process = subprocess.Popen(
            ["node", os.path.join(PAGE, "driver.js"), base, CHROMIUM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read()
        with open(os.path.join(PAGE, "checks.js")) as f:
            self.checks = f.read()
        with open(os.path.join(PAGE, "node_modules", "axe-core", "axe.min.js")) as f:
            self.axe = f.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the browser's driver ended")
        reply = json.loads(line)
        if "error" in reply:
            raise AssertionError(reply["error"])
        return reply["value"]

    def run(self, code, *args):
        self.process.stdin.write(json.dumps({"code": code, "args": args}) + "\n")
        self.process.stdin.flush()
        return self.read()

    def open(self, path="/", **options):
        self.run("return tools.open(args[0], args[1])", path, options)

    def eval(self, expression):
        """The value of an expression inside the page."""
        return self.run("return page.evaluate(args[0])", expression)

    def violations(self):
        """What axe finds, each rule with the elements that break it."""
        self.eval(self.axe)
        return self.eval("axe.run().then(r => r.violations.map("
                         "v => [v.id, v.nodes.map(n => n.html.slice(0, 90))]))")

    def wait(self, expression, seconds=20.0):
        # Not by waitForFunction(): the page's policy forbids the eval that it needs.
        return wait_for(expression, lambda: self.eval(expression), seconds, 0.05)

    def press(self, *keys):
        for key in keys:
            self.run("await page.keyboard.press(args[0])", key)

    def type(self, text):
        self.run("await page.keyboard.type(args[0])", text)

    def click(self, selector):
        self.run("await page.click(args[0])", selector)

    def names(self):
        return self.eval("Array.from(document.querySelectorAll('tbody th a'),"
                         " a => a.textContent)")

    def text(self, selector):
        return self.eval(f"document.querySelector({json.dumps(selector)}).textContent")

    def faults(self):
        return self.run("return tools.faults()")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


LIVE = "document.querySelector('#pulse').textContent.startsWith('live')"


class Fleet:
    """One thread that answers on all of 127.0.0.0/8, as the address asked."""

    def __init__(self, code_of):
        self.code_of = code_of  # by the number in the address; None: silence
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        self.socket.bind(("", 0))
        self.port = self.socket.getsockname()[1]
        self.open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.open:
            try:
                raw, extra, _, source = self.socket.recvmsg(2048, 64)
            except OSError:
                return
            _, _, to = struct.unpack("I4s4s", extra[0][2][:12])
            code = self.code_of((to[2] << 8 | to[3]) - 1)
            if code and raw.startswith(b"OPTIONS"):
                head = raw.split(b"\r\n")
                keep = [l for l in head if l.split(b":")[0] in
                        (b"Via", b"From", b"To", b"Call-ID", b"CSeq")]
                reply = b"\r\n".join(
                    [b"SIP/2.0 %d Whatever" % code, *keep, b"Content-Length: 0", b"", b""])
                local = struct.pack("I4s4s", 0, to, b"\0\0\0\0")
                with contextlib.suppress(OSError):
                    self.socket.sendmsg([reply], [(socket.IPPROTO_IP, 8, local)], 0,
                                        source)

    def close(self):
        self.open = False
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"bye", ("127.0.0.1", self.port))
        self.thread.join(5)
        self.socket.close()

    def uri(self, i):
        n = i + 1
        return f"sip:127.77.{n >> 8}.{n & 255}:{self.port}"


def trying(rq):
    if rq.copy == 0:
        rq.reply(100)
        rq.later(0.1, lambda: rq.reply(486, "Busy Here"))


class Api(Bench):
    """The API alone, without a browser."""

    @classmethod
    def make(cls):
        cls.peers = {
            "good": SipPeer(answer(200)),
            "mute": SipPeer(mute),
            "busy": SipPeer(answer(503, "Overloaded")),
            "lossy": SipPeer(drop_first(1)),
            "tcp": SipPeer(answer(200), transport="tcp"),
            "trying": SipPeer(trying),
            'odd/näme "<&>"': SipPeer(answer(200)),
        }
        cls.settings = {"good": {"labels": {"site": "oslo", "note": 'a "b" <c>'}}}
        cls.more = [
            trunk("refused", f"sip:127.0.0.1:{free_port(socket.SOCK_DGRAM)}"),
            trunk("rst", f"sip:127.0.0.1:{free_port()};transport=tcp"),
        ]

    def api(self, path="", **args):
        q = "?" + urllib.parse.urlencode(args) if args else ""
        return json.loads(self.exporter.get("/api/v1/trunks" + path + q))

    def trunk(self, name):
        return self.api("/" + urllib.parse.quote(name, safe=""))

    def setUp(self):
        for name, state in (("good", "up"), ("mute", "down"), ("busy", "degraded"),
                            ("lossy", "up"), ("trying", "up"), ("tcp", "up"),
                            ("refused", "down"), ("rst", "down")):
            self.exporter.wait_metric(1, "siptrunk_state", trunk=name, state=state)

    def test_list(self):
        a = self.api()
        self.assertEqual((a["version"], a["complete"], a["next"]), (1, True, None))
        names = [t["name"] for t in a["trunks"]]
        self.assertEqual(names, sorted([*self.peers, "refused", "rst"], key=str.encode))
        good = a["trunks"][names.index("good")]
        self.assertEqual(good["labels"], {"site": "oslo", "note": 'a "b" <c>'})
        self.assertEqual((good["state"], good["addresses"], good["addresses_up"]),
                         ("up", 1, 1))
        last = good["last"]
        self.assertEqual((last["outcome"], last["code"], last["text"], last["verdict"]),
                         ("response", 200, "OK", "up"))
        self.assertEqual(last["address"], self.peers["good"].address)
        self.assertTrue(0 < last["latency_s"] < 1, last)
        self.assertTrue(abs(time.time() - good["since_unix_s"]) < 600)
        busy = a["trunks"][names.index("busy")]
        self.assertEqual((busy["state"], busy["last"]["text"]), ("degraded", "Overloaded"))
        dead = a["trunks"][names.index("mute")]
        self.assertEqual((dead["last"]["outcome"], dead["last"]["latency_s"]),
                         ("timeout", None))
        self.assertEqual(set(dead["recent_latency_s"]), {None})
        self.assertEqual(set(dead["recent_verdicts"]), {"-"})
        self.assertEqual(set(busy["recent_verdicts"]), {"~"})

    def test_pages_and_filters(self):
        whole = [t["name"] for t in self.api()["trunks"]]
        got, after = [], ""
        while after is not None:
            a = self.api(limit=2, after=after)
            self.assertLessEqual(len(a["trunks"]), 2)
            got += [t["name"] for t in a["trunks"]]
            after = a["next"]
        self.assertEqual(got, whole)
        self.assertEqual([t["name"] for t in self.api(state="down,degraded")["trunks"]],
                         ["busy", "mute", "refused", "rst"])
        self.assertEqual([t["name"] for t in self.api(q="OSLO")["trunks"]], ["good"])
        self.assertEqual([t["name"] for t in self.api(q="503 over")["trunks"]], ["busy"])
        self.assertEqual(self.api(q="nowhere")["trunks"], [])
        self.assertEqual(self.api(recent=0)["trunks"][0]["recent_latency_s"], [])

    def test_only_what_changed(self):
        a = self.api()
        b = self.api(since=a["cursor"])
        self.assertFalse(b["complete"])
        self.assertLess(len(b["trunks"]), len(a["trunks"]) + 1)
        seen = set()

        def all_seen():
            seen.update(t["name"] for t in self.api(since=a["cursor"])["trunks"])
            return seen >= set(self.peers)
        wait_for("every trunk to be probed again", all_seen)
        other_run = "1-" + a["cursor"].split("-", 1)[1]
        self.assertTrue(self.api(since=other_run)["complete"])

    def test_wrong_parameters(self):
        for args in ("state=broken", "limit=0", "limit=10001", "limit=x", "recent=1001",
                     "since=zz", "since=1-2-3x", "limit="):
            with self.assertRaises(urllib.error.HTTPError) as got:
                self.exporter.get("/api/v1/trunks?" + args)
            with got.exception as e:
                self.assertEqual((e.code, e.headers["Content-Type"]),
                                 (400, "application/json"), args)
                self.assertIn(args.split("=")[0], json.load(e)["error"])

    def test_one(self):
        t = self.trunk('odd/näme "<&>"')
        self.assertEqual(t["name"], 'odd/näme "<&>"')
        self.assertEqual(t["settings"]["interval"], "1s500ms")
        self.assertEqual(t["settings"]["up_codes"],
                         "2xx, 3xx, 400-407, 409-499, 501, 6xx")
        target, = t["targets"]
        self.assertEqual((target["method"], target["transport"]), ("OPTIONS", "udp"))
        self.assertEqual(target["failures"], [])
        entries = target["success"]["entries"]
        self.assertEqual([(e["kind"], e["direction"]) for e in entries],
                         [("sent", "out"), ("received", "in")])
        self.assertTrue(entries[0]["text"].startswith("OPTIONS sip:127.0.0.1"))
        self.assertTrue(entries[1]["text"].startswith("SIP/2.0 200 OK\r\n"))
        self.assertIn(target["success"]["call_id"], entries[1]["text"])
        for r in target["recent"]:
            self.assertLess(abs(time.time() - r["at_unix_s"]), 600)

    def test_unknown(self):
        for name in ("nobody", "%01", "..", "good/more"):
            with self.assertRaises(urllib.error.HTTPError) as got:
                self.exporter.get("/api/v1/trunks/" + name)
            with got.exception as e:
                self.assertEqual(e.code, 404)
                self.assertIn("error", json.load(e))

    def test_retransmissions_in_the_ladder(self):
        first = self.trunk("mute")["targets"][0]["failures"][-1]
        self.assertEqual(first["outcome"], "timeout")
        self.assertEqual([e["kind"] for e in first["entries"]],
                         ["sent", "retransmitted", "retransmitted", "deadline"])
        at = [e["offset_s"] for e in first["entries"]]
        self.assertEqual(at, sorted(at))
        # T1 is 200 ms: copies at 0, 200 and 600 ms, the end at 1 s.
        for got, want in zip(at, (0, 0.2, 0.6, 1.0)):
            self.assertTrue(want - 0.05 <= got <= want + 1.5 * PATIENCE, at)
        wait_for("three failures kept", lambda: len(
            self.trunk("mute")["targets"][0]["failures"]) == 3)

    def steps(self, name, kept="success"):
        target, = self.trunk(name)["targets"]
        probe = target["success"] if kept == "success" else target["failures"][0]
        return [(e["kind"], e["text"].split("\r\n")[0].split(" sip:")[0])
                for e in probe["entries"]]

    def test_each_kind_of_step(self):
        sent, ok = ("sent", "OPTIONS"), ("received", "SIP/2.0 200 OK")
        self.assertEqual(self.steps("lossy"), [sent, ("retransmitted", ""), ok])
        self.assertEqual(self.steps("tcp"), [("connect", ""), sent, ok])
        self.assertEqual(self.steps("trying"), [
            sent, ("received", "SIP/2.0 100 Trying"),
            ("received", "SIP/2.0 486 Busy Here")])
        self.assertEqual(self.steps("refused", "failures"), [
            sent, ("icmp", "Connection refused")])
        self.assertEqual(self.steps("rst", "failures"), [
            ("closed", "Connection refused")])

    def test_late(self):
        peer = SipPeer(delay(1.2))
        self.addCleanup(peer.close)
        with tempfile.TemporaryDirectory(prefix="siptrunk-") as folder:
            e = Exporter(folder, config_of(trunk("late", peer.uri)))
            self.addCleanup(e.kill)

            def late():
                targets = json.loads(e.get("/api/v1/trunks/late"))["targets"]
                return [f for t in targets for f in t["failures"]
                        if f["late_response_unix_s"]]
            found = wait_for("a late response", late)[0]
            self.assertTrue(1 < found["late_response_unix_s"] - found["begun_unix_s"] < 10)
            self.assertIn("a response, too late", e.get("/trunks/late"))
            e.stop()

    def test_gzip(self):
        rq = urllib.request.Request(self.exporter.base + "/api/v1/trunks",
                                    headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(rq) as r:
            self.assertEqual(r.headers["Content-Encoding"], "gzip")
            self.assertEqual(json.loads(gzip.decompress(r.read()))["version"], 1)

    def test_without_scripts(self):
        text = self.exporter.get("/?q=oslo")
        self.assertIn('<a href="trunks/good">good</a>', text)
        self.assertNotIn('href="trunks/busy"', text)
        text = self.exporter.get("/")
        self.assertLess(text.index('href="trunks/mute"'), text.index('href="trunks/good"'))
        self.assertIn('href="trunks/odd%2Fn%C3%A4me%20%22%3C%26%3E%22"', text)
        self.assertIn("odd/näme &quot;&lt;&amp;&gt;&quot;", text)


class Secrets(Case):
    def test_credentials_are_nowhere(self):
        digest = Digest(password="hunter2-secret")
        refusing = Digest(password="other-secret")
        auth = {"username": "u", "password": "hunter2-secret"}
        e = self.start(config_of(
            trunk("good", self.use(SipPeer(digest)).uri, auth=auth),
            trunk("wrong", self.use(SipPeer(refusing)).uri, auth=auth)))
        e.wait_metric(1, "siptrunk_state", trunk="good", state="up")
        e.wait_metric(1, "siptrunk_state", trunk="wrong", state="down")
        sent = ("sent", "OPTIONS")
        for name, want in (
                ("good", [sent, ("received", "SIP/2.0 401 Unauthorized"), sent,
                          ("received", "SIP/2.0 200 OK")]),
                ("wrong", [sent, ("received", "SIP/2.0 401 Unauthorized"), sent,
                           ("received", "SIP/2.0 401 Unauthorized")])):
            raw = e.get("/api/v1/trunks/" + name)
            target, = json.loads(raw)["targets"]
            probe = target["success"] or target["failures"][-1]
            self.assertEqual([(s["kind"], s["text"].split("\r\n")[0].split(" sip:")[0])
                              for s in probe["entries"]], want)
            first, second = (s["text"] for s in probe["entries"] if s["kind"] == "sent")
            self.assertNotIn("Authorization:", first)
            self.assertIn("response=redacted", second)
            self.assertEqual(json.loads(raw)["settings"]["auth.username"], "u")
            text = raw + e.get("/trunks/" + name) + e.get("/") + e.get("/api/v1/trunks")
            self.assertNotIn("secret", text)
            for a in digest.accepted + [p for _, p in refusing.refused]:
                for key in ("response", "cnonce"):
                    self.assertNotIn(a[key], text)
            self.assertEqual(raw.count("nonce="), raw.count("nonce=redacted"))


class Memory(Case):
    def test_a_name_that_does_not_resolve(self):
        e = self.start(config_of(trunk("a", "sip:sbc.nowhere.invalid")))
        e.wait_metric(1, "siptrunk_state", 20, trunk="a", state="down")
        a, = json.loads(e.get("/api/v1/trunks"))["trunks"]
        self.assertEqual((a["last"]["outcome"], a["addresses"]), ("dns", 0))
        self.assertIn("name does not resolve", e.get("/"))
        self.assertIn("its name does not resolve", e.get("/trunks/a"))
        why = json.loads(e.get("/api/v1/trunks/a"))["dns_last_failure"]
        self.assertIn("sbc.nowhere.invalid", why)
        self.assertEqual(a["last"]["text"], why)
        for path in ("/", "/trunks/a"):
            self.assertIn(why, html.unescape(e.get(path)))
        self.assertIn("<b>Next:</b> The name gives no address", e.get("/trunks/a"))

    def test_nothing_is_kept_where_nothing_is_asked_for(self):
        peer = self.use(SipPeer())
        c = config_of(trunk("a", peer.uri), status={"history": 0, "memory_mib": 0})
        e = self.start(c)
        e.settled("a")
        target, = json.loads(e.get("/api/v1/trunks/a"))["targets"]
        self.assertEqual((target["recent"], target["failures"], target["success"]),
                         ([], [], None))
        self.assertEqual(target["last"]["code"], 200)

    def test_reload(self):
        peer = self.use(SipPeer())
        c = config_of(trunk("a", peer.uri), trunk("b", peer.uri, labels={"n": "1"}))
        e = self.start(c)
        e.settled("a"), e.settled("b")
        before = json.loads(e.get("/api/v1/trunks"))
        c["trunks"][1]["labels"]["n"] = "2"
        e.write_config(c)
        e.send(1)
        e.wait_log(msg="configuration reloaded")
        self.assertRegex(e.get("/"), r'<p id="reloaded">Last reload <time [^>]*>[^<]*'
                         r"</time>(?: UTC)?: changed b</p>")
        after = json.loads(e.get("/api/v1/trunks?since=" + before["cursor"]))
        self.assertTrue(after["complete"])
        a, b = after["trunks"]
        self.assertEqual(a["since_unix_s"], before["trunks"][0]["since_unix_s"])
        self.assertGreaterEqual(len(a["recent_latency_s"]), 2)
        self.assertEqual(b["labels"], {"n": "2"})
        self.assertEqual(json.loads(e.get("/api/v1/trunks/a"))["settings"]["fall"], "2")


EVIL = "<img src=x onerror=window.pwned=1>"


def hostile(rq):
    """Answers with all that a page could choke on, in phrase, header and body."""
    rq.send(rq.response(
        486, EVIL, extra="X-Evil: </pre><script>window.pwned=2</script>\r\n"
        "X-Odd: \udcff\udcfe \u202e \u0442\r\nX-Quote: \"'><svg onload=window.pwned=3>\r\n",
        body=b"<script>window.pwned=4</script>"))


def garbage(rq):
    rq.send(b"<script>window.pwned=5</script>\xff\x01\x1b[31m\r\n\r\nresponse=\"s3cret\"")


def need_driver():
    if driver_missing():
        raise unittest.SkipTest(driver_missing())


class Page(Bench):
    """A handful of trunks, in the browser."""

    @classmethod
    def make(cls):
        cls.quiet = threading.Event()

        def may_fall_silent(rq):
            if not cls.quiet.is_set():
                rq.reply(200)
        cls.peers = {
            "good": SipPeer(answer(200)),
            "lossy": SipPeer(drop_first(1)),
            "victim": SipPeer(may_fall_silent),
            "hostile": SipPeer(hostile),
            "garbage": SipPeer(first_copy(garbage)),
            "busy": SipPeer(answer(503)),
            EVIL: SipPeer(answer(200)),
        }
        cls.settings = {
            "good": {"labels": {"carrier": EVIL}},
            "hostile": {"up_codes": ["2xx"], "labels": {"carrier": "isp"}},
            "victim": {"fall": 1, "timeout": "300ms", "t1": "100ms"},
        }

    @classmethod
    def setUpClass(cls):
        need_driver()
        super().setUpClass()
        cls.exporter.wait_metric(1, "siptrunk_state", trunk="garbage", state="down")
        cls.browser = Browser(cls.exporter.base)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.quiet.clear()
        self.exporter.wait_metric(1, "siptrunk_state", trunk="victim", state="up")
        self.browser.faults()

    def tearDown(self):
        self.assertEqual(self.browser.faults(), [])

    def open(self, path="/", **options):
        self.browser.open(path, **options)
        self.browser.wait(LIVE)

    def test_wrong_first(self):
        self.open()
        self.browser.wait("document.querySelectorAll('tbody tr').length === 7")
        states = self.browser.eval("Array.from(document.querySelectorAll('tbody .badge'),"
                                   " e => e.textContent)")
        self.assertEqual(states, ["down"] * 2 + ["degraded"] + ["up"] * 4)
        self.assertRegex(self.browser.text("#summary"), "^7 trunks; 2 down, 1 degraded")
        self.assertTrue(self.browser.eval("document.title").startswith("2 down"))

    def test_accessible(self):
        for path in ("/", "/?group=carrier", "/trunks/garbage", "/trunks/good",
                     "/trunks/hostile"):
            for scheme in ("light", "dark"):
                for width in (1280, 390):
                    with self.subTest(path=path, scheme=scheme, width=width):
                        self.open(path, colorScheme=scheme,
                                  viewport={"width": width, "height": 800})
                        self.browser.eval("document.querySelectorAll('details')"
                                          ".forEach(d => d.open = true)")
                        self.assertEqual(self.browser.eval(self.browser.checks), [])
                        # A second's work, so not for each pair.
                        if (scheme == "dark") == (width == 390):
                            self.assertEqual(self.browser.violations(), [])

    def test_dark(self):
        grounds = []
        for scheme in ("light", "dark"):
            self.open(colorScheme=scheme)
            grounds.append(self.browser.eval(
                "getComputedStyle(document.documentElement).backgroundColor"))
        self.assertNotEqual(*grounds)

    def test_sorting(self):
        self.open()
        self.browser.click("th[data-sort=name] button")
        self.assertEqual(self.browser.names()[1:],
                         ["busy", "garbage", "good", "hostile", "lossy", "victim"])
        sort = "document.querySelector('[data-sort=name]').getAttribute('aria-sort')"
        self.assertEqual(self.browser.eval(sort), "ascending")
        self.browser.click("th[data-sort=name] button")
        self.assertEqual(self.browser.names()[0], "victim")
        self.assertEqual(self.browser.eval(sort), "descending")
        self.assertEqual(self.browser.eval(
            "document.querySelectorAll('[aria-sort]').length"), 1)
        self.assertIn("sort=-name", self.browser.eval("location.search"))
        # Kept in the address: the same again for whoever is given the link.
        self.open("/?sort=-name")
        self.assertEqual(self.browser.names()[0], "victim")
        for key in ("since", "last", "latency", "cert", "state"):
            self.browser.click(f"th[data-sort={key}] button")
            self.assertEqual(len(self.browser.names()), 7)

    def test_search_and_keyboard(self):
        self.open()
        self.browser.press("/")
        self.browser.type("isp")
        self.browser.wait("document.querySelectorAll('tbody tr').length === 1")
        self.assertEqual(self.browser.names(), ["hostile"])
        self.assertRegex(self.browser.text("#summary"),
                         "^1 of 7 trunks; 2 down, 1 degraded")
        self.assertEqual(self.browser.eval("location.search"), "?q=isp")
        self.browser.press("Escape")
        self.browser.wait("document.querySelectorAll('tbody tr').length === 7")
        self.browser.type("503")
        self.browser.wait("document.querySelectorAll('tbody tr').length === 1")
        self.assertEqual(self.browser.names(), ["busy"])
        self.browser.press("Escape")
        self.browser.click(".chip.down")
        self.assertEqual(sorted(self.browser.names()), ["garbage", "hostile"])
        self.assertEqual(self.browser.eval(
            "document.querySelector('.chip.down').getAttribute('aria-current')"), "true")

    def test_groups(self):
        self.open()
        self.browser.wait("!document.querySelector('#grouping').hidden")
        heads = ("Array.from(document.querySelectorAll('tr.group button'), b =>"
                 " [b.querySelector('b').textContent, b.getAttribute('aria-expanded')])")
        self.browser.run("await page.selectOption('#group', 'carrier')")
        # Those with what is worst come first; all is well under the carrier EVIL.
        self.assertEqual(self.browser.eval(heads), [
            ["isp", "true"], ["no carrier", "true"], [EVIL, "false"]])
        self.assertIn("hostile", self.browser.names())
        self.assertNotIn("good", self.browser.names())
        self.assertEqual(self.browser.eval(self.browser.checks), [])
        self.browser.eval("Array.from(document.querySelectorAll('tr.group button')).at(-1)"
                          ".focus()")
        self.browser.press("Enter")
        self.browser.wait("Array.from(document.querySelectorAll('tbody th a'))"
                          ".some(a => a.textContent === 'good')")
        self.browser.press("Enter")
        self.browser.wait("!Array.from(document.querySelectorAll('tbody th a'))"
                          ".some(a => a.textContent === 'good')")
        # Remembered, and what is searched for is to be seen.
        self.assertIn("group=carrier", self.browser.eval("location.search"))
        self.browser.run("await page.goto(args[0])", self.exporter.base + "/")
        self.browser.wait("document.querySelectorAll('tr.group').length === 3")
        self.browser.press("/")
        self.browser.type("good")
        self.browser.wait("document.querySelectorAll('tbody th a').length === 1")
        self.assertEqual(self.browser.names(), ["good"])

    def test_probe_now_and_copy(self):
        self.open("/trunks/hostile")
        grant = ("await page.context().grantPermissions("
                 "['clipboard-read', 'clipboard-write'])")
        self.browser.run(grant)
        self.browser.click("#probe button")
        self.browser.wait("document.querySelector('#by-hand #probed')")
        self.assertIn("486", self.browser.text("#probed"))
        self.assertEqual(self.browser.text("#probing"), "Done: down")
        self.assertEqual(self.browser.eval(self.browser.checks), [])
        for path, place in ((None, "#probed"), ("/trunks/good", "#all")):
            with self.subTest(place=place):
                if path:
                    self.open(path)
                    self.browser.run(grant)
                name = path.split("/")[-1] if path else "hostile"
                self.browser.eval("navigator.clipboard.writeText('')")
                self.browser.eval(f"document.querySelector('{place} a.copy').click()")
                self.browser.wait("navigator.clipboard.readText().then("
                                  f"t => t.startsWith('Trunk:   {name}\\n'))")
        self.browser.click("#probe button[formaction]")
        self.browser.wait("document.querySelector('#by-hand #probed')")
        self.assertIn("answered by 127.0.0.1 (hop 1)", self.browser.text("#probed"))
        self.assertIsNone(self.browser.eval("window.pwned ?? null"))

    def test_focus_order(self):
        self.open()
        self.browser.eval("document.body.focus()")
        order = []
        self.browser.wait("!document.querySelector('#grouping').hidden")
        for _ in range(18):
            self.browser.press("Tab")
            order.append(self.browser.eval(
                "(e => e.id || e.dataset.state || e.className || e.textContent)"
                "(document.activeElement)"))
        self.assertEqual(order[:3], ["skip", "pause", "chip"])
        self.assertEqual(order[3:10], ["down", "degraded", "unknown", "up", "paused",
                                       "group", "words"])
        self.assertEqual(order[10:16], ["State", "Trunk", "For", "Last answer", "Latency",
                                        "Certificate"])
        self.assertEqual(order[16:18], self.browser.names()[:2])
        self.browser.press("ArrowUp")
        self.assertEqual(self.browser.eval("document.activeElement.textContent"),
                         self.browser.names()[0])
        self.browser.press("Enter")
        self.browser.run("await page.waitForURL('**/trunks/*')")

    def test_live(self):
        self.open()
        self.browser.wait("document.querySelectorAll('tbody tr').length === 7")
        row = ("Array.from(document.querySelectorAll('tbody tr')).find(r =>"
               " r.querySelector('a').textContent === 'victim')")
        self.browser.eval(f"window.mark = {row}; window.mark.querySelector('a').focus()")
        self.quiet.set()
        self.browser.wait(f"{row}.querySelector('.badge').textContent === 'down'")
        self.assertRegex(self.browser.text("#summary"), "^7 trunks; 3 down, 1 degraded")
        # Neither reloaded nor made anew, and the focus stayed with it.
        self.assertTrue(self.browser.eval(
            f"window.mark === {row} && document.activeElement === "
            "window.mark.querySelector('a')"))
        self.assertEqual(self.browser.names()[0], "victim")
        self.quiet.clear()
        self.browser.wait(f"{row}.querySelector('.badge').textContent === 'up'")
        # Paused, it stays as it is.
        self.browser.click("#pause")
        self.quiet.set()
        self.exporter.wait_metric(1, "siptrunk_state", trunk="victim", state="down")
        time.sleep(6)
        self.assertEqual(self.browser.eval(
            f"{row}.querySelector('.badge').textContent"), "up")
        self.browser.click("#pause")
        self.browser.wait(f"{row}.querySelector('.badge').textContent === 'down'")

    def test_trunk_live(self):
        self.exporter.wait_metric(1, "siptrunk_state", trunk="victim", state="up")
        self.open("/trunks/victim")
        self.browser.wait("document.querySelector('#state .badge').textContent === 'up'")
        self.browser.eval("document.querySelector('#settings').open = true")
        self.browser.eval("document.querySelector('#settings summary').focus()")
        self.quiet.set()
        self.browser.wait("document.querySelector('#state .badge').textContent === 'down'")
        self.browser.wait("document.querySelectorAll('.ladder li.again').length > 0")
        self.assertEqual(self.browser.text("#said"), "now down")
        self.assertTrue(self.browser.eval("document.querySelector('#settings').open"))
        self.assertEqual(self.browser.eval(
            "document.activeElement.closest('details').id"), "settings")

    def test_hostile_bytes_stay_text(self):
        for path in ("/", "/trunks/hostile", "/trunks/garbage",
                     "/trunks/" + urllib.parse.quote(EVIL, safe="")):
            with self.subTest(path=path):
                self.open(path)
                # A round of live updates, too.
                text = "document.querySelector('#pulse').textContent"
                now = self.browser.eval(text)
                self.browser.wait(f"{text} !== {json.dumps(now)}")
                self.assertIsNone(self.browser.eval("window.pwned ?? null"))
                self.assertEqual(self.browser.eval(
                    "document.querySelectorAll('script:not([src]), img, main svg[onload],"
                    " [onerror]').length"), 0)
        self.open("/trunks/hostile")
        text = self.browser.text("main")
        self.assertIn("</pre><script>window.pwned=2</script>", text)
        self.assertIn(EVIL, text)
        self.assertIn("\ufffd", text)
        self.open("/trunks/garbage")
        text = self.browser.text("main")
        self.assertIn("<script>window.pwned=5</script>\ufffd\ufffd\ufffd[31m", text)
        self.assertNotIn("s3cret", text)

    def test_ladder(self):
        self.open("/trunks/garbage")
        steps = self.browser.eval(
            "Array.from(document.querySelector('.ladder ol').children, li => li.className)")
        self.assertEqual(steps, ["out", "in bad", "out again", "out again", "mid bad"])
        self.assertIn("the deadline passed", self.browser.text(".ladder"))

    def test_unknown_trunk(self):
        self.browser.open("/trunks/nobody")
        self.assertIn("no trunk of this name", self.browser.text("main"))
        self.assertEqual(len(self.browser.faults()), 2)  # the 404, and Chromium's word
        self.open()  # a page left open asks again
        self.browser.faults()


ROWS = """
    const shape = (n) => n.nodeType === 3 ? n.data : [
        n.localName,
        Object.fromEntries(Array.from(n.attributes, (a) => [a.name, a.value]).sort()),
        Array.from(n.childNodes, shape)];
    const rows_of = (document) => Object.fromEntries(
        Array.from(document.querySelectorAll("#trunks tbody tr"),
            (tr) => [tr.querySelector("th a").textContent, shape(tr)]));
"""


class Rows(Bench):
    """Rows of the list are written twice, in C and in list.js: they are the same."""

    @classmethod
    def setUpClass(cls):
        need_driver()
        super().setUpClass()

    @classmethod
    def make(cls):
        def expiring(days):
            return {"transport": "tls", "tls": server_tls(*peers.certificate(days=days))}
        cls.peers = {
            "good": SipPeer(answer(200)),
            "mute": SipPeer(mute),
            "busy": SipPeer(answer(503, 'Over <b>"loaded"</b> & näh')),
            "hostile": SipPeer(hostile),
            "slow": SipPeer(delay(0.3)),
            EVIL: SipPeer(answer(200)),
            "tls 5 days": SipPeer(answer(200), **expiring(5)),
            "tls 20 days": SipPeer(answer(200), **expiring(20)),
            "tls 300 days": SipPeer(answer(200), **expiring(300)),
            "tls expired": SipPeer(answer(200), **expiring(-1)),
            "odd ~!*()'-_./?#%": SipPeer(answer(200)),
        }
        tls = {"tls": {"ca_file": peers.authority()[0]}}
        cls.settings = {name: tls for name in cls.peers if name.startswith("tls")}
        cls.settings["good"] = {"labels": {"carrier": EVIL, "site": "oslo"}}
        cls.more = [
            trunk("refused", f"sip:127.0.0.1:{free_port(socket.SOCK_DGRAM)}"),
            trunk("rst", f"sip:127.0.0.1:{free_port()};transport=tcp"),
            trunk("asleep", "sip:127.0.0.1:9", paused=True),
            trunk("..", "sip:127.0.0.1:9", paused=True),
        ]

    def test_same_in_both(self):
        for name, state in (("good", "up"), ("mute", "down"), ("refused", "down"),
                            ("rst", "down"), ("tls expired", "down"), ("slow", "up"),
                            ("tls 300 days", "up"), ("tls 5 days", "up")):
            self.exporter.wait_metric(1, "siptrunk_state", trunk=name, state=state)
        browser = Browser(self.exporter.base)
        self.addCleanup(browser.close)
        browser.open("/")
        browser.wait(LIVE)
        browser.click("#pause")
        apart = {*self.peers, *(t["name"] for t in self.more)}
        deadline = time.monotonic() + 15 * PATIENCE
        # A probe that ends between the two answers gives another try.
        while apart and time.monotonic() < deadline:
            server, script = self.both(browser)
            self.assertEqual(set(server), {*self.peers, *(t["name"] for t in self.more)})
            apart = {n for n in apart if server[n] != script.get(n)}
        for name in apart:
            with self.subTest(name=name):
                self.assertEqual(server[name], script.get(name))

    def both(self, browser):
        """All rows as the server writes them, and as the page does, by name."""
        browser.click("#pause")
        browser.wait(LIVE)
        browser.click("#pause")
        return browser.run("return page.evaluate(args[0])", """(async () => {
            const answer = await fetch("./", {cache: "no-store"});
            const parser = new DOMParser();
            const theirs = parser.parseFromString(await answer.text(), "text/html");
        """ + ROWS + "return [rows_of(theirs), rows_of(document)]; })()")


class Alone(Case):
    timed = "how fast the page of a large fleet is"

    @classmethod
    def setUpClass(cls):
        need_driver()

    def test_exporter_gone(self):
        e = self.start(config_of(trunk("a", self.use(SipPeer()).uri)))
        browser = self.use(Browser(e.base))
        browser.open()
        browser.wait(LIVE)
        e.stop()
        browser.wait("!document.querySelector('#trouble').hidden")
        self.assertEqual(browser.names(), ["a"])

    def test_ten_thousand(self):
        fleet = self.use(Fleet(lambda i: {7: None, 8: 503}.get(i % 1000, 200)))
        c = config_of(*(trunk(f"trunk-{i:05}", fleet.uri(i), labels={
            "carrier": f"isp-{i % 7}"}) for i in range(FLEET)))
        c["defaults"] = {"interval": "60s", "down_interval": "20s", "timeout": "5s",
                         "t1": "2s", "fall": 1, "rise": 1}
        e = self.start(c, log_level="info")
        wait_for("every trunk to be known", lambda: json.loads(
            e.get("/api/v1/trunks?limit=1"))["states"]["unknown"] == 0, 120, 0.5)
        browser = self.use(Browser(e.base))
        begun = time.monotonic()
        browser.open()
        browser.wait("document.querySelector('#summary').textContent"
                     ".startsWith('10,000 trunks')", 60)
        loaded_s = time.monotonic() - begun
        self.assertEqual(len(browser.names()), 100)
        self.assertTrue(set(browser.names()[:10]) <= {
            f"trunk-{i:05}" for i in range(FLEET) if i % 1000 == 7})
        took = {}
        for what, code in (
                ("sort", "document.querySelector('[data-sort=latency] button').click()"),
                ("back", "document.querySelector('[data-sort=state] button').click()"),
                ("next", "document.querySelector('#forth').click()"),
                ("one state", "document.querySelector('.chip.degraded').click()")):
            took[what] = browser.eval(
                "new Promise(done => { const t = performance.now(); " + code + ";"
                " document.body.offsetHeight; done(performance.now() - t); })")
        self.assertEqual(len(browser.names()), 10)
        browser.click(".chip[data-state='']")
        browser.press("/")
        browser.type("trunk-0123")
        browser.wait("document.querySelectorAll('tbody tr').length === 10")
        heap = browser.eval("performance.memory.usedJSHeapSize")
        print(f"    10,000 trunks: shown after {loaded_s:.2f} s, "
              + ", ".join(f"{k} {v:.0f} ms" for k, v in took.items())
              + f", heap {heap / 1e6:.0f} MB")
        self.assertLess(max(took.values()), 1000 * PATIENCE)
        self.assertEqual(browser.faults(), [])
