"""`siptrunk_exporter probe`: every format and exit code against real peers."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import time

from harness import EXE, Case, free_port, run, wait_for
from peers import certificate, authority, missing
from sip_peer import SipPeer, answer, delay, drop_first, mute, server_tls

EXIT = {"up": 0, "degraded": 1, "down": 2}


def probe(*args, **more):
    return run("probe", *args, **more)


def probe_json(*args, **more):
    """The object of --format=json; the exit code must be the one that it names."""
    code, out, err = probe(*args, "--format=json", **more)
    told = json.loads(out)
    if (code, err, out.count("\n")) != (told["exit_code"], "", 1):
        raise AssertionError(f"{code} {err!r} {out!r}")
    return told


def statistics(text):
    """Name -> (value, message) of Orion's pairs, as its script monitor reads them."""
    pairs = {}
    for line in text.splitlines():
        m = re.fullmatch(r"(Statistic|Message)\.([A-Za-z0-9]+): (.*)", line)
        if not m:
            raise AssertionError(f"not for Orion: {line!r}")
        pairs.setdefault(m[2], {})[m[1]] = m[3]
    if len(pairs) > 10:
        raise AssertionError("Orion takes ten pairs")
    return {n: (int(p["Statistic"]), p["Message"]) for n, p in pairs.items()}


PERFDATA = re.compile(
    r"'?[^'=|]+'?=-?[0-9.]+(s|ms|us|%|B|KB|MB|TB|c)?(;[^; ]*){0,4}$")


def nagios(text):
    """(status word, text, perfdata as a dict); the rules of the plugin guidelines."""
    first = text.splitlines()[0]
    m = re.fullmatch(r"SIP (OK|WARNING|CRITICAL|UNKNOWN): ([^|]*?)(?: \| (.*))?", first)
    if not m:
        raise AssertionError(f"not a plugin's line: {first!r}")
    perf = (m[3] or "").split()
    for p in perf:
        if not PERFDATA.fullmatch(p):
            raise AssertionError(f"not performance data: {p!r}")
    return m[1], m[2], dict(p.split("=", 1) for p in perf)


class Outcomes(Case):
    """What peers do, told in all formats."""

    def peer(self, *args, **more):
        return self.use(SipPeer(*args, **more))

    def test_up(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                p = self.peer(answer(200, "Fine"), transport)
                code, out, err = probe(p.uri)
                self.assertEqual((code, err), (0, ""))
                self.assertIn(f"up: {p.address} over {transport} answered 200 Fine", out)
                self.assertIn("OPTIONS sip:", out, "the ladder")
                self.assertIn("SIP/2.0 200 Fine", out)
                self.assertNotIn("Next:", out)
                self.assertNotIn("\033", out)
                told = probe_json(p.uri)
                self.assertEqual((told["state"], told["code"], told["phrase"]),
                                 ("up", 200, "Fine"))
                self.assertEqual(told["addresses"], 1)
                only, = told["answers"]
                self.assertEqual((only["address"], only["transport"], only["method"]),
                                 (p.address, transport, "OPTIONS"))
                self.assertGreater(only["phases"]["response"], 0)
                self.assertEqual(only["phases"]["connect"] is None, transport == "udp")
                kinds = [e["kind"] for e in only["ladder"]]
                self.assertEqual(
                    kinds, ["sent", "received"] if transport == "udp"
                    else ["connect", "sent", "received"])
                self.assertEqual(
                    only["call_id"],
                    p.requests[-1].header("Call-ID"), "found in a capture by it")

    def test_a_zone_is_not_sent(self):
        p = self.peer(answer(200), host="::1")
        uri = f"sip:[::1%lo]:{p.port}"
        code, out, _ = probe(uri, "--verbose")
        self.assertEqual(code, 0)
        self.assertTrue(out.startswith(uri + "\n"), "as it was asked for")
        self.assertEqual(p.requests[0].start, f"OPTIONS sip:[::1]:{p.port} SIP/2.0")
        self.assertEqual(p.requests[0].header("To"), f"<sip:[::1]:{p.port}>")

    def test_degraded(self):
        p = self.peer(answer(503, "Busy | later"))
        code, out, _ = probe(p.uri)
        self.assertEqual(code, 1)
        self.assertIn("\ndegraded: ", out)
        self.assertIn("\nNext: ", out)
        code, out, _ = probe(p.uri, "--format=nagios")
        self.assertEqual((code, nagios(out)[0]), (1, "WARNING"))
        self.assertIn("503 Busy / later", nagios(out)[1], "a bar would end the text")
        code, out, _ = probe(p.uri, "--format=solarwinds")
        self.assertEqual((code, statistics(out)["State"][0]), (2, 1))

    def test_silence(self):
        p = self.peer(mute)
        begun = time.monotonic()
        code, out, _ = probe(p.uri, "--timeout=1300ms")
        self.assertGreater(time.monotonic() - begun, 1.25)
        self.assertEqual(code, 2)
        self.assertIn("gave no final answer within 1.3 s (2 requests sent)", out)
        self.assertEqual(p.copies(), 1)
        told = probe_json(p.uri, "-t", "1.4")
        self.assertEqual((told["state"], told["reason"]), ("down", "timeout"))
        self.assertEqual(told["timeout_seconds"], 1.4)
        self.assertEqual([e["kind"] for e in told["answers"][0]["ladder"]],
                         ["sent", "retransmitted", "deadline"])

    def test_refused(self):
        for transport, kind in (("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)):
            with self.subTest(transport=transport):
                uri = f"sip:127.0.0.1:{free_port(kind)};transport={transport}"
                begun = time.monotonic()
                code, out, _ = probe(uri, "--timeout=60s")
                self.assertEqual(code, 2)
                self.assertLess(time.monotonic() - begun, 30, "told at once")
                self.assertIn("refused us", out)
                code, out, _ = probe(uri, "--format=solarwinds")
                self.assertEqual(code, 1, "Orion's down")
                self.assertEqual(statistics(out)["Code"], (-1, "refused"))

    def test_lost_and_asked_again(self):
        p = self.peer(drop_first(1))
        told = probe_json(p.uri)
        self.assertEqual((told["state"], told["retransmissions"]), ("up", 1))

    def test_credentials_wanted(self):
        p = self.peer(lambda rq: rq.send(rq.response(
            401, "Unauthorized", extra='WWW-Authenticate: Digest realm="x",'
            ' nonce="SECRETNONCE", algorithm=MD5\r\n')))
        code, out, _ = probe(p.uri)
        self.assertEqual(code, 0, "a peer that asks who we are works")
        self.assertIn("answered 401 Unauthorized", out)
        self.assertIn("asks for credentials", out)
        self.assertIn("identify", out, "what keeps an Asterisk from banning us")
        self.assertNotIn("SECRETNONCE", out)
        self.assertNotIn("SECRETNONCE", probe(p.uri, "--format=json")[1])

    def test_password_in_the_uri_is_never_shown(self):
        p = self.peer(answer(200))
        uri = f"sip:user:hunter2@{p.address}"
        for name in ("text", "json", "nagios", "solarwinds"):
            with self.subTest(format=name):
                code, out, err = probe(uri, "--format", name)
                self.assertEqual(code, 0)
                self.assertNotIn("hunter2", out + err)
        code, out, err = probe("sip:user:hunter2@127.0.0.1:99999")
        self.assertEqual(code, 3)
        self.assertNotIn("hunter2", out + err)

    def test_no_sip(self):
        def web(rq):
            rq.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                p = self.peer(web, transport)
                told = probe_json(p.uri, "-t1")
                self.assertEqual((told["state"], told["reason"]), ("down", "protocol"))
                self.assertIn("Something else than SIP", told["advice"])

    def test_hostile_phrase(self):
        p = self.peer(lambda rq: rq.send(rq.response(200, "|\"\\'\xff\u202e ok")))
        escape = self.peer(lambda rq: rq.send(rq.response(200, "\x1b[31mred")))
        self.assertEqual(probe_json(escape.uri, "-t1")["reason"], "protocol")
        self.assertNotIn("\x1b", probe(escape.uri, "-t1", "-v")[1])
        for name in ("text", "json", "nagios", "solarwinds"):
            with self.subTest(format=name):
                code, out, _ = probe(p.uri, "--format", name)
                self.assertEqual(code, 0)
                self.assertNotIn("\x1b", out)
                self.assertTrue(out.isascii(), repr(out))
        self.assertEqual(nagios(probe(p.uri, "--format=nagios")[1])[0], "OK")


class Tls(Case):
    def serve(self, **more):
        p = self.use(SipPeer(
            answer(200), "tls", tls=server_tls(*certificate(**more))))
        self.write("c.json", json.dumps({
            "profiles": {"ours": {"tls": {"ca_file": authority("ca")[0],
                                          "server_name": "peer.example"}}},
            "trunks": [{"name": "trunk-a", "uri": p.uri, "profile": "ours"}]}))
        return p

    def test_verified(self):
        p = self.serve(san="DNS:peer.example", days=20)
        code, out, err = probe(p.uri, "--profile=ours", "--config.file=c.json",
                               cwd=self.folder)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"certificate  peer\.example, signed by \S")
        self.assertRegex(out, "the chain for (19|20) more days")
        self.assertRegex(out, r"TLSv1\.[23] \S+, verified")
        told = probe_json(p.uri, "-p", "ours", "--config.file", "c.json",
                          cwd=self.folder)
        cert = told["answers"][0]["certificate"]
        self.assertEqual((cert["subject"], cert["verified"]), ("peer.example", True))
        self.assertIn(cert["days_left"], (19, 20))
        self.assertGreater(told["phases"]["tls"], 0)

    def test_by_the_name_of_a_trunk(self):
        self.serve(san="DNS:peer.example")
        told = probe_json("trunk-a", "--config.file=c.json", cwd=self.folder)
        self.assertEqual((told["state"], told["trunk"]), ("up", "trunk-a"))

    def test_expired(self):
        p = self.serve(san="DNS:peer.example", days=-1)
        code, out, _ = probe(p.uri, "--profile=ours", "--config.file=c.json",
                             cwd=self.folder)
        self.assertEqual(code, 2)
        self.assertRegex(out, r"failed at TLS: certificate of .*peer\.example expired")
        self.assertIn("the chain has expired", out)
        self.assertIn("not verified", out)
        code, out, _ = probe(p.uri, "--profile=ours", "--config.file=c.json",
                             "--format=nagios", cwd=self.folder)
        self.assertEqual((code, nagios(out)[0]), (2, "CRITICAL"))
        self.assertLess(int(nagios(out)[2]["certificate_days"]), 0)

    def test_untrusted_without_a_configuration(self):
        p = self.serve(san="IP:127.0.0.1")
        told = probe_json(p.uri)
        self.assertEqual((told["state"], told["reason"]), ("down", "tls"))
        self.assertFalse(told["answers"][0]["certificate"]["verified"])

    def test_missing_file_is_a_fault_of_ours(self):
        ca = shutil.copy(authority("ca")[0], self.path("gone.pem"))
        self.write("c.json", json.dumps({
            "profiles": {"p": {"tls": {"ca_file": ca}}}, "trunks": []}))
        os.truncate(ca, 0)
        told = probe_json("sips:127.0.0.1:1", "-p", "p", "--config.file=c.json",
                          cwd=self.folder)
        self.assertEqual((told["state"], told["exit_code"]), ("unknown", 3))
        self.assertIn("gone.pem", told["verdict"])


class Names(Case):
    def dns(self, *records):
        if missing("dnsmasq"):
            self.skipTest("no dnsmasq")
        port = free_port()
        p = subprocess.Popen(
            ["dnsmasq", "-k", "-C", "/dev/null", "-p", str(port), "-u", "root",
             "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv",
             "--no-hosts", "--pid-file=", "--local=/test/", *records],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (p.terminate(), p.wait()))
        wait_for("dnsmasq", lambda: socket.create_connection(
            ("127.0.0.1", port), 1).close() or True)
        self.write("c.json", json.dumps({
            "dns": {"servers": [f"127.0.0.1@{port}"]},
            "profiles": {w: {"up_when": w} for w in ("any", "all", "primary")},
            "trunks": []}))

    def two(self, first, second):
        """A name with two addresses, the first preferred."""
        a = self.use(SipPeer(first, host="127.0.0.1"))
        b = self.use(SipPeer(second, host="127.0.0.2"))
        self.dns("--host-record=a.test,127.0.0.1", "--host-record=b.test,127.0.0.2",
                 f"--srv-host=_sip._udp.two.test,a.test,{a.port},1,1",
                 f"--srv-host=_sip._udp.two.test,b.test,{b.port},2,1")
        return a, b

    def tell(self, when, **more):
        return probe_json("sip:two.test;transport=udp", "-t", "1.5", "-p", when,
                          "--config.file=c.json", cwd=self.folder, **more)

    def test_both_up(self):
        a, b = self.two(answer(200), answer(404))
        for when in ("any", "all", "primary"):
            with self.subTest(up_when=when):
                told = self.tell(when)
                self.assertEqual(told["state"], "up")
                self.assertEqual([x["address"] for x in told["answers"]],
                                 [a.address, b.address])
                self.assertGreater(told["phases"]["resolve"], 0)

    def test_preferred_one_mute(self):
        self.two(mute, answer(200))
        for when, state in (("any", "degraded"), ("all", "down"), ("primary", "down")):
            with self.subTest(up_when=when):
                told = self.tell(when)
                self.assertEqual((told["state"], told["exit_code"]),
                                 (state, EXIT[state]))
                self.assertEqual((told["addresses"], told["addresses_up"]), (2, 1))
                self.assertIn("1 of 2 addresses work", told["verdict"])
                self.assertIn("Nothing final came back", told["advice"])

    def test_each_address_is_shown(self):
        a, b = self.two(answer(200), mute)
        args = ("sip:two.test;transport=udp", "-t1", "--config.file=c.json")
        _, out, _ = probe(*args, cwd=self.folder)
        self.assertIn(f"{a.address} udp OPTIONS: up", out)
        self.assertIn(f"{b.address} udp OPTIONS: down", out)
        code, out, _ = probe(*args, "--format=nagios", cwd=self.folder)
        word, _, perf = nagios(out)
        self.assertEqual((code, word, perf["addresses_up"]), (1, "WARNING", "1;;;0;2"))
        self.assertEqual(len(out.splitlines()), 3)
        code, out, _ = probe(*args, "--format=solarwinds", cwd=self.folder)
        self.assertEqual((code, statistics(out)["AddressesUp"][0]), (2, 1))

    def test_no_such_name(self):
        self.dns()
        told = probe_json("sip:nowhere.test;transport=udp", "--config.file=c.json",
                          cwd=self.folder)
        self.assertEqual((told["state"], told["reason"], told["answers"]),
                         ("down", "dns", []))
        self.assertIn("nowhere.test", told["verdict"])

    def test_silent_dns_ends_in_time(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            self.write("c.json", json.dumps({
                "dns": {"servers": [f"127.0.0.1@{s.getsockname()[1]}"]}, "trunks": []}))
            begun = time.monotonic()
            told = probe_json("sip:x.test", "-t1", "--config.file=c.json",
                              cwd=self.folder)
            self.assertLess(time.monotonic() - begun, 8)
            self.assertEqual((told["state"], told["reason"]), ("down", "dns"))


class Plugin(Case):
    """The conventions of Nagios plugins."""

    def test_thresholds(self):
        p = self.use(SipPeer(delay(0.3)))
        for args, code in ((("-w", "20"), 0), (("-w0.1",), 1),
                           (("-w", "0.05", "-c", "0.1"), 2),
                           (("--warning=0.1:30",), 0), (("-c", "@0:20"), 2),
                           (("-w", "20:"), 1), (("-w", "~:20"), 0)):
            with self.subTest(args=args):
                got, out, _ = probe(p.uri, "--format=nagios", *args)
                word, text, perf = nagios(out)
                self.assertEqual(got, code)
                self.assertEqual(word, ("OK", "WARNING", "CRITICAL")[code])
                self.assertEqual("out of the range" in text, code != 0)
                self.assertRegex(perf["time"], r"^0\.[3-9]\d+s;|^[1-9]")

    def test_thresholds_for_orion(self):
        p = self.use(SipPeer(delay(0.2)))
        for args, want in ((("-w", "20"), 0), (("-w", "0.1"), 2), (("-c", "0.1"), 3)):
            with self.subTest(args=args):
                self.assertEqual(probe(p.uri, "--format=solarwinds", *args)[0], want)

    def test_wrong_thresholds(self):
        for bad in ("x", "5:1", "", "1:2:3", "inf", "0x10"):
            with self.subTest(range=bad):
                code, out, _ = probe("sip:127.0.0.1", "--format=nagios", f"--warning={bad}")
                self.assertEqual((code, nagios(out)[0]), (3, "UNKNOWN"))

    def test_unknown(self):
        for args in (("--nonsense",), ("a", "b"), ("nosuchname",), ("sip:",),
                     ("sip:a b",), ("-p", "x", "sip:a.example"), ("--timeout=0s", "sip:a"),
                     ("--config.file=/nonexistent", "sip:a.example"), ("--timeout",),
                     ("--method=INVITE", "sip:a.example"), ()):
            with self.subTest(args=args):
                code, out, _ = probe("--format=nagios", *args)
                self.assertEqual((code, nagios(out)[0]), (3, "UNKNOWN"), out)
                code, out, _ = probe("--format=solarwinds", *args)
                self.assertEqual((code, statistics(out)["State"][0]), (4, -1))
                code, out, _ = probe("--format=json", *args)
                self.assertEqual((code, json.loads(out)["state"]), (3, "unknown"))

    def test_under_a_plugin_that_runs_plugins(self):
        negate = "/usr/lib/nagios/plugins/negate"
        if not os.access(negate, os.X_OK):
            self.skipTest("no monitoring-plugins-basic")
        p = self.use(SipPeer(answer(200)))
        r = subprocess.run([negate, "-s", EXE, "probe", p.uri, "--format=nagios"],
                           capture_output=True, text=True, timeout=30)
        self.assertEqual(r.returncode, 2)
        self.assertTrue(r.stdout.startswith("SIP CRITICAL: "), r.stdout)


class People(Case):
    def test_help(self):
        code, out, err = probe("--help")
        self.assertEqual((code, err), (0, ""))
        for word in ("--format", "--timeout", "--profile", "--warning", "Exit code"):
            self.assertIn(word, out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.assertEqual(probe("-h"), (0, out, ""))

    def on_a_terminal(self, *args, **env):
        ours, theirs = pty.openpty()
        subprocess.run([EXE, "probe", *args], stdin=subprocess.DEVNULL, stdout=theirs,
                       stderr=theirs, timeout=30,
                       env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **env})
        os.close(theirs)
        out = b""
        with os.fdopen(ours, "rb", buffering=0) as f:
            try:
                while more := f.read(4096):
                    out += more
            except OSError:
                pass
        return out.decode()

    def test_colour_on_a_terminal_only(self):
        p = self.use(SipPeer(answer(200)))
        self.assertIn("\033[32mup", self.on_a_terminal(p.uri))
        self.assertNotIn("\033", self.on_a_terminal(p.uri, NO_COLOR="1"))
        self.assertNotIn("\033", self.on_a_terminal(p.uri, TERM="dumb"))
        self.assertNotIn("\033", self.on_a_terminal(p.uri, "--format=json"))

    def test_interrupted(self):
        p = self.use(SipPeer(mute))
        run = subprocess.Popen([EXE, "probe", p.uri, "-t60", "--format=nagios"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for("the request", lambda: p.requests)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=10)
        self.assertEqual((run.returncode, out, err), (3, "SIP UNKNOWN: interrupted\n", ""))

    def test_full_disk(self):
        """A fault of ours, whatever the peer does."""
        up, degraded = self.use(SipPeer(answer(200))), self.use(SipPeer(answer(503)))
        for code, args in ((3, ()), (3, ("--format=json",)), (3, ("--format=nagios",)),
                           (4, ("--format=solarwinds",)), (3, ("--trace",)),
                           (3, ("--nonsense",)), (3, ("--help",))):
            for p in (up, degraded):
                with self.subTest(args=args, uri=p.uri), open("/dev/full", "w") as full:
                    r = subprocess.run([EXE, "probe", p.uri, *args], stdout=full,
                                       stderr=subprocess.PIPE, text=True, timeout=30)
                    self.assertEqual(r.returncode, code)
                    self.assertEqual(r.stderr.splitlines()[-1],
                                     "siptrunk_exporter: the answer cannot be written: "
                                     "No space left on device")

    def test_leaves_the_ports_of_a_running_exporter_alone(self):
        p = self.use(SipPeer(answer(200)))
        port = free_port(socket.SOCK_DGRAM)
        e = self.start({"trunks": [{"name": "a", "uri": p.uri}],
                        "sip": {"listen": [f"udp:127.0.0.1:{port}"]}})
        told = probe_json("a", f"--config.file={e.config_path}")
        self.assertEqual(told["state"], "up")
        mine, = (r for r in p.requests if r.header("Call-ID") == told["call_id"])
        self.assertNotEqual(mine.source[1], port)
