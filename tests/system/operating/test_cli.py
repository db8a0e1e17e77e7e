"""The command line: what each form prints and how it exits."""

import json
import os
import re
import socket
import subprocess
import threading
import time

import harness
from harness import Case, config_of, free_port, run, trunk

MAN = os.path.join(harness.ROOT, "man", "siptrunk_exporter.1")


def help_flags(*command):
    _, out, _ = run(*command, "--help")
    return re.findall(r"^  --([a-z.-]+)", out, re.M)


class Help(Case):
    def test_fits_and_exits_0(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.assertIn("--config.file=PATH", out)

    def test_wins_over_what_follows(self):
        self.assertEqual(run("--help", "--nonsense")[0], 0)
        self.assertEqual(run("-h")[1], run("--help")[1])

    def test_man_page_has_the_same_flags(self):
        with open(MAN) as f:
            text = f.read().replace("\\-", "-")
        # The flags of `probe` have a section of their own.
        text, once = text.split(".Sh PROBING ONCE")
        for part, command in ((text, ()), (once, ("probe",))):
            described = re.findall(r"^\.It Fl -([a-z.-]+)", part, re.M)
            self.assertEqual(described, help_flags(*command))

    def test_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            r = subprocess.run([harness.EXE, "--help"], stdout=full,
                               stderr=subprocess.PIPE, text=True)
        self.assertEqual(r.returncode, 1)
        self.assertIn("No space left on device", r.stderr)


    def test_manual_names_presets(self):
        with open(os.path.join(harness.ROOT, "config", "preset_table.c")) as f:
            presets = re.findall(r'(?m)^\t\{"(\w+)",', f.read())
        self.assertGreater(len(presets), 5)
        with open(os.path.join(os.path.dirname(MAN), "siptrunk_exporter.json.5")) as f:
            manual = f.read()
        about = manual.split(".It Li preset\n")[1].split(".It Li trunk_files")[0]
        self.assertEqual(re.findall(r"(?m)^\.Li (\w+)(?: ,)?$", about), presets)


class Print(Case):
    def test_version(self):
        code, out, err = run("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^siptrunk_exporter, version \d+\.\d+\.\d+\n$")

    def test_schema_is_a_schema(self):
        import jsonschema
        code, out, err = run("--config.schema")
        self.assertEqual((code, err), (0, ""))
        schema = json.loads(out)
        jsonschema.Draft202012Validator.check_schema(schema)
        v = jsonschema.Draft202012Validator(schema)
        v.validate(config_of(trunk("a", "sip:127.0.0.1")))
        self.assertFalse(v.is_valid({"trunks": [{"nam": "a"}]}))

    def test_list_metrics(self):
        code, out, err = run("--list-metrics")
        self.assertEqual((code, err), (0, ""))
        rows = [line.split("\t") for line in out.splitlines()]
        self.assertEqual({len(r) for r in rows}, {5})
        names = [r[0] for r in rows]
        self.assertEqual(len(names), len(set(names)))
        for name in ("siptrunk_up", "siptrunk_probes_total", "siptrunk_state",
                     "siptrunk_probe_duration_seconds",
                     "siptrunk_exporter_build_info"):
            self.assertIn(name, names)
        self.assertTrue(all(r[1] in ("counter", "gauge", "histogram") for r in rows))


class Usage(Case):
    def test_wrong_lines(self):
        for args, text in (
            (["--demp"], "unknown flag --demp, did you mean --demo?"),
            (["--config.file"], "--config.file needs a value"),
            (["--demo", "x"], 'unexpected argument "x"'),
            (["--demo", "--log.level=loud"], "none of debug, info, warn, error"),
        ):
            with self.subTest(args=args):
                code, out, err = run(*args)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(text, err)

    def test_without_configuration_it_shows_one_that_works(self):
        code, out, err = run()
        self.assertEqual((code, out), (2, ""))
        self.assertIn("siptrunk_exporter --demo", err)
        shown = re.search(r"^    \{.*?^    \}", err, re.M | re.S)[0]
        self.assertEqual(len(shown.splitlines()), 5)
        path = self.write("shown.json", shown)
        self.assertEqual(run(f"--config.file={path}", "--config.check"),
                         (0, f"{path}: ok (1 trunks)\n", ""))


class Healthcheck(Case):
    def serve(self, answer):
        """A server that gives this answer; its address."""
        s = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(s.close)

        def loop():
            try:
                while True:
                    c, _ = s.accept()
                    c.recv(1000)
                    c.sendall(answer)
                    if answer:
                        c.close()
                    else:
                        self.addCleanup(c.close)
            except OSError:
                pass
        threading.Thread(target=loop, daemon=True).start()
        return f"127.0.0.1:{s.getsockname()[1]}"

    def test_answers(self):
        for answer, want, text in (
            (b"HTTP/1.1 200 OK\r\n\r\n", 0, ""),
            (b"HTTP/1.0 200 OK\r\n\r\n", 0, ""),
            (b"HTTP/1.1 503 No\r\n\r\n", 1, "answered 503"),
            (b"SIP/2.0 200 OK\r\n\r\n", 1, "Protocol error"),
            (b"HTTP/1.1", 1, "Protocol error"),
        ):
            with self.subTest(answer=answer):
                at = self.serve(answer)
                for args in ([f"--healthcheck=http://{at}/-/healthy"],
                             ["--healthcheck", f"--web.listen-address={at}"]):
                    code, out, err = run(*args)
                    self.assertEqual((code, out), (want, ""))
                    self.assertIn(text, err)

    def test_nobody_there(self):
        code, _, err = run("--healthcheck",
                           f"--web.listen-address=127.0.0.1:{free_port()}")
        self.assertEqual(code, 1)
        self.assertIn("Connection refused", err)

    def test_mute_server(self):
        begun = time.monotonic()
        code, _, err = run(f"--healthcheck=http://{self.serve(b'')}/")
        self.assertEqual(code, 1)
        self.assertIn("timed out", err)
        self.assertLess(time.monotonic() - begun, 5)

    def test_bad_urls(self):
        for url in ("https://127.0.0.1/", "127.0.0.1:1", "http://", "http://a b/ c",
                    "http://[::1/", "http://127.0.0.1:/", "http://a:123456/"):
            with self.subTest(url=url):
                code, _, err = run(f"--healthcheck={url}")
                self.assertEqual(code, 1)
                self.assertIn("siptrunk_exporter: ", err)

    def test_real_one(self):
        e = self.start(config_of(trunk("a", "sip:127.0.0.1:9;transport=tcp")))
        port = e.base.rsplit(":", 1)[1]
        self.assertEqual(run(f"--healthcheck={e.base}/-/healthy")[0], 0)
        for listen in (f":{port}", f"0.0.0.0:{port}", f"127.0.0.1:{port}"):
            with self.subTest(listen=listen):
                self.assertEqual(
                    run("--healthcheck", f"--web.listen-address={listen}"),
                    (0, "", ""))
        self.assertEqual(run(f"--healthcheck={e.base}/nothing-there")[0], 1)
