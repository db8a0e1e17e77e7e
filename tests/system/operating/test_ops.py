"""Running it as a service: reload over HTTP, systemd, the sandbox, what is installed."""

import ctypes
import errno
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import fences
import harness
from harness import EXE, PATIENCE, Case, Exporter, config_of, run, trunk, wait_for
from pki import Made
from sip_peer import SipPeer

PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000

DEAD = "sip:127.0.0.1:9;transport=tcp"
SANITIZED = "libasan" in subprocess.run(["ldd", EXE], capture_output=True,
                                        text=True).stdout


def status_of(pid, tid=None):
    path = f"/proc/{pid}/task/{tid}/status" if tid else f"/proc/{pid}/status"
    with open(path) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


class Lifecycle(Case):
    def ask(self, e, method, path="/-/reload", headers=None):
        host, port = e.base[7:].split(":")
        c = http.client.HTTPConnection(host, int(port), timeout=20 * PATIENCE)
        try:
            c.request(method, path, headers=headers or {})
            r = c.getresponse()
            return r.status, r.read().decode(), r.headers
        finally:
            c.close()

    def test_off_unless_asked_for(self):
        e = self.start(config_of(trunk("a", DEAD)))
        code, text, _ = self.ask(e, "POST")
        self.assertEqual(code, 403)
        self.assertIn("--web.enable-lifecycle", text)
        self.assertFalse(e.log(msg="configuration reloaded"))

    def test_post_and_put_only(self):
        e = self.start(config_of(trunk("a", DEAD)), args=["--web.enable-lifecycle"])
        for method in ("GET", "HEAD", "DELETE", "PATCH"):
            code, _, fields = self.ask(e, method)
            self.assertEqual((code, fields["Allow"]), (405, "POST, PUT"))
        for method in ("POST", "PUT"):
            self.assertEqual(self.ask(e, method)[:2], (200, "reloaded\n"))

    def test_another_sites_page(self):
        e = self.start(config_of(trunk("a", DEAD)), args=["--web.enable-lifecycle"])
        host = e.base[7:]
        foreign, ours = "Origin: http://evil.example", f"Origin: http://{host}"
        same = "Sec-Fetch-Site: same-origin"
        e.write_config("broken")
        for lines in ((foreign,), ("Origin: null",), ("Origin:",), (ours, foreign),
                      (foreign, ours), ("sec-fetch-site: Cross-Site",),
                      (same, "Sec-Fetch-Site: cross-site"), ("Sec-Fetch-Site:",),
                      ("Sec-Fetch-Site: same-site", ours), (foreign, "Content-Length: 9")):
            with self.subTest(refused=lines):
                code, text = self.say(host, lines)
                self.assertEqual(code, 403)
                self.assertEqual(text.count("\n"), 1)
                self.assertIn("another site", text)
        self.assertFalse(e.log(msg="reload failed, the old configuration stays"))
        e.write_config(config_of(trunk("a", DEAD)))
        for lines in ((), (ours,), (ours.upper(),), (same,), (same, foreign),
                      ("Sec-Fetch-Site: none",)):
            with self.subTest(done=lines):
                self.assertEqual(self.say(host, lines), (200, "reloaded\n"))
        self.assertEqual(self.say(host, (), "HTTP/1.0"), (200, "reloaded\n"))

    def say(self, host, lines, version="HTTP/1.1"):
        address, port = host.split(":")
        head = [f"POST /-/reload {version}", "Connection: close", *lines]
        if version != "HTTP/1.0":
            head.append(f"Host: {host}")
        with socket.create_connection((address, int(port)), 20 * PATIENCE) as s:
            s.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
            r = http.client.HTTPResponse(s)
            r.begin()
            return r.status, r.read().decode()

    def test_answers_when_it_is_done(self):
        e = self.start(config_of(trunk("a", DEAD)), args=["--web.enable-lifecycle"])
        for i in range(20):
            e.write_config(config_of(trunk(f"t{i}", DEAD)))
            self.assertEqual(self.ask(e, "POST")[0], 200)
            self.assertTrue(e.scrape().all("siptrunk_info", trunk=f"t{i}"))

    def test_errors_are_told(self):
        e = self.start(config_of(trunk("a", DEAD)), args=["--web.enable-lifecycle"])
        e.write_config('{\n  "trunks": [{"name": "b"}],\n  "extra": 1\n}\n')
        code, text, _ = self.ask(e, "POST")
        self.assertEqual(code, 500)
        self.assertIn(f"{e.config_path}:2:14: trunks[0]:", text)
        self.assertIn(f"{e.config_path}:3:", text)
        self.assertTrue(e.scrape().all("siptrunk_info", trunk="a"))
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
            e.write_config(config_of(trunk("a", DEAD),
                                     listen=[f"tcp:127.0.0.1:{port}"]))
            code, text, _ = self.ask(e, "POST")
        self.assertEqual((code, text), (500, f"tcp:127.0.0.1:{port}: "
                                             "Address already in use\n"))

    def test_many_at_once_share(self):
        trunks = [trunk(f"t{i}", DEAD) for i in range(3000)]
        e = self.start(config_of(*trunks), args=["--web.enable-lifecycle"],
                       log_level="info")
        codes = []
        threads = [threading.Thread(target=lambda: codes.append(self.ask(e, "POST")[0]))
                   for _ in range(40)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(codes, [200] * 40)
        self.assertLess(len(e.log(msg="configuration reloaded")), 40)

    def test_stops_while_reloads_wait(self):
        trunks = [trunk(f"t{i}", DEAD) for i in range(3000)]
        e = self.start(config_of(*trunks), args=["--web.enable-lifecycle"],
                       log_level="info")

        def ask():
            try:
                self.ask(e, "POST")
            except (OSError, http.client.HTTPException):
                pass
        threads = [threading.Thread(target=ask) for _ in range(20)]
        for t in threads:
            t.start()
        e.send(signal.SIGTERM)
        self.assertEqual(e.wait_exit(), 0)
        for t in threads:
            t.join()

    def test_demo(self):
        e = self.start(args=["--demo", "--web.enable-lifecycle"])
        self.assertEqual(self.ask(e, "POST")[0], 200)


class Systemd(Case):
    """What a service manager hears, and when."""

    def begin(self, config=None, env=None, name=None):
        self.bus = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.bus.close)
        self.bus.bind(name or self.path("notify"))
        self.bus.settimeout(10 * PATIENCE)
        where = name.replace("\0", "@") if name else self.path("notify")
        return self.start(config or config_of(trunk("a", DEAD)), ready=False,
                          env={"NOTIFY_SOCKET": where, **(env or {})})

    def hear(self):
        return self.bus.recv(4096).decode().strip().split("\n")

    def test_ready_reload_stop(self):
        e = self.begin()
        self.assertEqual(self.hear(), ["READY=1"])
        self.assertTrue(e.log(msg="started"))
        for text in (config_of(trunk("b", DEAD)), "nonsense"):
            e.write_config(text)
            e.send(signal.SIGHUP)
            first, stamp = self.hear()
            self.assertEqual(first, "RELOADING=1")
            self.assertRegex(stamp, r"^MONOTONIC_USEC=\d+$")
            self.assertLess(abs(int(stamp[15:]) / 1e6 - time.monotonic()), 10 * PATIENCE)
            self.assertEqual(self.hear(), ["READY=1"])
        e.send(signal.SIGTERM)
        self.assertEqual(self.hear(), ["STOPPING=1"])
        self.assertEqual(e.wait_exit(), 0)

    def test_abstract_socket(self):
        self.begin(name=f"\0siptrunk-test-{os.getpid()}")
        self.assertEqual(self.hear(), ["READY=1"])

    def test_not_ready_when_the_start_fails(self):
        e = self.begin("nonsense")
        self.assertEqual(e.wait_exit(), 1)
        self.bus.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.bus.recv(100)
        e.process.returncode = 0

    def test_watchdog_is_the_main_loops(self):
        e = self.begin(env={"WATCHDOG_USEC": "300000"})
        self.assertEqual(self.hear(), ["READY=1"])
        for _ in range(5):
            self.assertEqual(self.hear(), ["WATCHDOG=1"])
        # The main thread alone is stuck: all others go on, HTTP too.
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(PTRACE_ATTACH, e.process.pid, None, None):
            self.skipTest("cannot stop a thread: " + os.strerror(ctypes.get_errno()))
        os.waitpid(e.process.pid, os.WUNTRACED | WALL)
        self.bus.settimeout(1.0)
        with self.assertRaises(TimeoutError):
            while True:
                self.bus.recv(100)
        e.base = "http://" + e.log(msg="started")[0]["http"]
        self.assertEqual(e.status("/-/healthy"), 200)
        libc.ptrace(PTRACE_DETACH, e.process.pid, None, None)
        self.bus.settimeout(10 * PATIENCE)
        self.assertEqual(self.hear(), ["WATCHDOG=1"])

    def test_nobody_watches(self):
        self.begin()
        self.assertEqual(self.hear(), ["READY=1"])
        self.bus.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            self.bus.recv(100)


class Sandbox(Case):
    def test_every_thread_is_in(self):
        e = self.start(config_of(trunk("a", DEAD)))
        line, = e.log(msg="sandbox")
        for tid in os.listdir(f"/proc/{e.process.pid}/task"):
            s = status_of(e.process.pid, tid)
            self.assertEqual(s["NoNewPrivs"], "1")
            if not SANITIZED:
                self.assertEqual(s["Seccomp"], "2", s["Name"])
        self.assertEqual(line["seccomp"], "none" if SANITIZED else "on")

    def test_off(self):
        e = self.start(config_of(trunk("a", DEAD)), args=["--sandbox=off"])
        self.assertFalse(e.log(msg="sandbox"))
        s = status_of(e.process.pid)
        self.assertEqual((s["NoNewPrivs"], s["Seccomp"]), ("0", "0"))

    @unittest.skipIf(SANITIZED, "a sanitizer leaves seccomp out anyhow")
    @unittest.skipUnless(os.geteuid() == 0, "root alone fences in without giving up rights")
    def test_a_filter_around_us_that_refuses_ours(self):
        for code in (errno.EPERM, errno.ENOSYS):
            with self.subTest(error=errno.errorcode[code]):
                e = fences.behind(code, ["seccomp", ("prctl", fences.PR_SET_SECCOMP)],
                                  lambda: Exporter(self.folder, config_of(trunk("a", DEAD))))
                self.addCleanup(self.finish, e)
                line, = e.log(level="warn")
                self.assertEqual(
                    (line["msg"], line["part"], line["error"]),
                    ("a part of the sandbox is refused, runs without it",
                     "system calls (seccomp)", os.strerror(code)))
                self.assertEqual(e.log(msg="sandbox")[0]["seccomp"], "none")
                self.assertEqual(status_of(e.process.pid)["NoNewPrivs"], "1")
                self.assertTrue(self.reload(e))
                e.stop()

    def reload(self, e):
        before = len(e.log(msg="configuration reloaded"))
        failed = len(e.log(msg="reload failed, the old configuration stays"))
        e.send(signal.SIGHUP)
        wait_for("a reload", lambda: len(e.log(msg="configuration reloaded")) > before or
                 len(e.log(msg="reload failed, the old configuration stays")) > failed)
        return len(e.log(msg="configuration reloaded")) > before

    def test_reload_reads_its_folders_and_no_others(self):
        os.mkdir(self.path("trunks.d"))
        outside = os.path.join(self.folder + "-outside")
        os.mkdir(outside)
        self.addCleanup(shutil.rmtree, outside)
        os.symlink(outside, self.path("linked"))
        with open(os.path.join(outside, "ca.pem"), "w") as f:
            f.write("x")
        conf = config_of(trunk("a", DEAD), trunk_files=["trunks.d/*.json"])
        e = self.start(conf)
        landlock = e.log(msg="sandbox")[0]["landlock"] != "0"
        self.write("trunks.d/b.json", json.dumps({"trunks": [trunk("b", DEAD)]}))
        self.assertTrue(self.reload(e))
        self.assertTrue(e.scrape().all("siptrunk_info", trunk="b"))
        conf["defaults"]["tls"] = {"ca_file": "linked/ca.pem"}
        e.write_config(conf)
        self.assertEqual(self.reload(e), not landlock)
        if landlock:
            self.assertIn("Permission denied",
                          e.log(msg="configuration error")[-1]["error"])

    def test_linked_files_of_the_start_are_read_again(self):
        """As certbot and Kubernetes lay them out: names that are links."""
        outside = os.path.join(self.folder + "-outside")
        os.mkdir(outside)
        self.addCleanup(shutil.rmtree, outside)
        for i in (1, 2):
            with open(os.path.join(outside, f"{i}.json"), "w") as f:
                json.dump(config_of(trunk(f"t{i}", DEAD)), f)
        os.symlink(os.path.join(outside, "1.json"), self.path("trunks.json"))
        e = self.start(args=[f"--config.file={self.path('trunks.json')}"])
        os.unlink(self.path("trunks.json"))
        os.symlink(os.path.join(outside, "2.json"), self.path("trunks.json"))
        self.assertTrue(self.reload(e))
        self.assertTrue(e.scrape().all("siptrunk_info", trunk="t2"))

    def test_probes_and_scrapes_inside(self):
        peers = [self.use(SipPeer(transport=t)) for t in ("udp", "tcp")]
        e = self.start(config_of(*(trunk(p.transport, p.uri) for p in peers),
                                 listen=["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]))
        for p in peers:
            e.wait_metric(1, "siptrunk_up", trunk=p.transport)


@unittest.skipUnless(shutil.which("bash"), "no bash")
class Completion(Case):
    SCRIPT = os.path.join(harness.ROOT, "completions", "siptrunk_exporter.bash")

    def complete(self, *words):
        """What bash would offer for the last word; "=" is a word of its own."""
        os.makedirs(self.path("bin"), exist_ok=True)
        if not os.path.exists(self.path("bin/siptrunk_exporter")):
            os.symlink(EXE, self.path("bin/siptrunk_exporter"))
        quoted = " ".join(f"'{w}'" for w in ("siptrunk_exporter", *words))
        r = subprocess.run(
            ["bash", "-c", f"source {self.SCRIPT}; COMP_WORDS=({quoted}); "
             f"COMP_CWORD={len(words)}; _siptrunk_exporter siptrunk_exporter; "
             'printf "%s\\n" "${COMPREPLY[@]}"'],
            capture_output=True, text=True, cwd=self.folder, check=True,
            env={**os.environ, "PATH": self.path("bin") + ":" + os.environ["PATH"]})
        return [w for w in r.stdout.split("\n") if w]

    def test_flags_are_those_of_the_help(self):
        flags = re.findall(r"^  (--[a-z.-]+)", run("--help")[1], re.M)
        self.assertEqual([w.rstrip("=") for w in self.complete("--")], flags)
        self.assertEqual(self.complete("--log.l"), ["--log.level="])
        self.assertEqual(self.complete("--demo", "--vers"), ["--version"])

    def test_choices(self):
        self.assertEqual(self.complete("--log.level", "="),
                         ["debug", "info", "warn", "error"])
        self.assertEqual(self.complete("--log.level", "=", "w"), ["warn"])
        self.assertEqual(self.complete("--log.format", "j"), ["json"])
        self.assertEqual(self.complete("--sandbox", "=", ""), ["on", "off"])

    def test_files(self):
        self.write("mine.json", "{}")
        self.assertEqual(self.complete("--config.file", "=", "mi"), ["mine.json"])
        self.assertEqual(self.complete("--web.config.file", "mi"), ["mine.json"])


class Unit(Case):
    SOURCE = os.path.join(harness.ROOT, "systemd", "siptrunk-exporter.service.in")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze")
    def test_exposure(self):
        with open(self.SOURCE) as f:
            text = f.read().replace("@bindir@", "/bin").replace("@sysconfdir@", "/etc")
        path = self.write("siptrunk-exporter.service", text)
        r = subprocess.run(["systemd-analyze", "security", "--offline=true",
                            "--threshold=15", "--no-pager", path],
                           capture_output=True, text=True)
        if "Overall" not in r.stdout + r.stderr:
            self.skipTest("systemd-analyze cannot look at files")
        level = re.search(r"Overall exposure level for \S+: (\S+)", r.stdout + r.stderr)
        self.assertLessEqual(float(level[1]), 1.5)
        self.assertEqual(r.returncode, 0)

    def test_flags_of_the_unit_exist(self):
        with open(self.SOURCE) as f:
            flags = re.findall(r"siptrunk_exporter (--\S+)=", f.read())
        self.assertEqual(set(flags), {"--config.file"})


class Examples(Case):
    def test_pass_the_check_and_start(self):
        for name in ("config.json", "web.yml"):
            shutil.copy(os.path.join(harness.ROOT, "examples", name), self.folder)
        code, out, err = run("--config.file=config.json", "--web.config.file=web.yml",
                             "--config.check", cwd=self.folder)
        self.assertEqual((code, out, err),
                         (0, "config.json: ok (0 trunks)\nweb.yml: ok\n", ""))
        e = self.start(args=[f"--config.file={self.path('config.json')}",
                             f"--web.config.file={self.path('web.yml')}"])
        self.assertEqual(e.scrape().get("siptrunk_exporter_trunks"), 0)

    def test_what_is_commented_is_right_too(self):
        with open(os.path.join(harness.ROOT, "examples", "config.json")) as f:
            config = json.load(f)
        trunks = config["// examples"]
        for t in trunks:
            if "tls" in t:
                host = t["from"].removeprefix("sip:")
                ours = Made(host, san=f"DNS:{host}")
                shutil.copy(ours.cert, self.path(t["tls"]["cert_file"]))
                shutil.copy(ours.key, self.path(t["tls"]["key_file"]))
        self.write("c.json", json.dumps({"trunks": trunks,
                                         "sip": config["// example of sip"]}))
        code, out, err = run("--config.file=c.json", "--config.check", cwd=self.folder)
        self.assertEqual((code, err), (0, ""))
        self.assertIn(f"({len(trunks)} trunks)", out)

    def test_web_example_without_its_marks(self):
        with open(os.path.join(harness.ROOT, "examples", "web.yml")) as f:
            text = re.sub(r"(?m)^# (?=[a-z_]+:| )", "", f.read())
        self.assertIn("\ntls_server_config:\n  cert_file", text)
        self.write("web.yml", text.replace("$2y$10$...", "$2y$10$" + "a" * 53))
        self.write("c.json", '{"trunks": []}')
        _, _, err = run("--config.file=c.json", "--web.config.file=web.yml",
                        "--config.check", cwd=self.folder)
        self.assertIn("server.pem: No such file or directory", err)
