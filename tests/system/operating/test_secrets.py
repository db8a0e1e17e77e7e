"""
A password that stands where it should not: it is in no error of a configuration, on no
stream, in no log, answer or page.
"""

import json
import signal
import urllib.error
import urllib.parse
import urllib.request

from harness import Case, run, wait_for

SECRET = "S3CRETw0rd"
URI = f"sip:usr:{SECRET}@127.0.0.1"

BAD = {
    "port.json": {"trunks": [{"name": "a", "uri": f"sip:usr:{SECRET}@h:99999"}]},
    "transport.json": {"trunks": [{"name": "a", "uri": URI + ";transport=sctp"}]},
    "key.json": {"trunks": [{"name": "a", "uri": "sip:h", f"password:{SECRET}": 1}]},
    "beside.json": {"trunks": [{"name": "a", "uri": "sip:h", "pasword": SECRET, "auth": {
        "username": "u", "password": SECRET, "passwort": SECRET}}]},
    "type.json": {"trunks": [{"name": "a", "uri": "sip:h", "auth": f"u:{SECRET}@h"}]},
    "from.json": {"trunks": [{"name": "a", "uri": "sip:h", "from": f"sip:u:{SECRET}@h o"}]},
    "bare.json": f'{{"trunks": [{{"name": "a", "auth": {{"password": {SECRET}}}}}]}}',
    "flow.yaml": f"trunks: [{{name: a, uri: 'sip:h', auth: {{password:{SECRET}}}}}]\n",
    "anchor.yaml": f"trunks:\n- name: a\n  auth:\n    password: *{SECRET}\n",
    "quote.yaml": f"trunks:\n- name: a\n  auth:\n    password: \"{SECRET}\n",
    "uri.yaml": f"trunks:\n- {{name: a, uri: 'sip:usr:{SECRET}'}}\n",
}

GOOD = {"trunks": [{
    "name": "a", "uri": URI + ":9", "interval": "1s", "timeout": "500ms", "fall": 1,
    "from": f"sip:f:{SECRET}@h.example", "auth": {"username": "u", "password": SECRET},
    "outbound_proxy": f"sip:p:{SECRET}@127.0.0.1:9;lr"}],
    "probe": {"allow": ["127.0.0.0/8"]}}


class Secrets(Case):
    def text(self, name):
        value = BAD[name]
        return value if isinstance(value, str) else json.dumps(value)

    @staticmethod
    def ask(e, path, method="GET"):
        """(status, body), whatever the status."""
        rq = urllib.request.Request(e.base + path, method=method)
        try:
            with urllib.request.urlopen(rq, timeout=10) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as err:
            return err.code, err.read().decode()

    def test_check(self):
        for name in BAD:
            with self.subTest(name):
                code, out, err = run(f"--config.file={self.write(name, self.text(name))}",
                                     "--config.check")
                self.assertEqual(code, 1)
                self.assertIn(name, out + err)
                self.assertNotIn(SECRET, out + err)

    def test_what_runs(self):
        e = self.start(GOOD, args=["--web.enable-lifecycle"])
        e.wait_metric(0, "siptrunk_up", trunk="a")
        seen = []
        for name in BAD:
            if not name.endswith(".json"):
                continue
            e.write_config(self.text(name))
            status, body = self.ask(e, "/-/reload", "POST")
            self.assertEqual(status, 500, name)
            seen.append(body)
        told = len(e.log(msg="configuration error"))
        self.assertGreaterEqual(told, len(seen))
        e.send(signal.SIGHUP)
        wait_for("the reload", lambda: len(e.log(msg="configuration error")) > told)
        bad = urllib.parse.quote(URI + ":99999")
        seen += [self.ask(e, path)[1] for path in (
            "/", "/trunks/a", "/api/v1/trunks", "/api/v1/trunks/a", "/metrics", "/none",
            "/probe?target=a&debug=true", f"/probe?target={bad}",
            f"/probe?target={urllib.parse.quote(URI + ':9')}&debug=true",
            f"/probe?target=a&method={bad}", f"/probe?target=a&profile={bad}")]
        for text in (*seen, e.log_text()):
            self.assertTrue(text)
            self.assertNotIn(SECRET, text)

    def test_command_lines(self):
        config = self.write("c.json", json.dumps(GOOD))
        for args in (
                ["probe", URI + ":99999"], ["probe", URI + ";transport=sctp"],
                ["probe", f"usr:{SECRET}@h o"], ["probe", f"sip:usr:{SECRET}"],
                ["probe", "sip:h", URI], ["probe", "sip:h", f"--password={SECRET}"],
                ["probe", "sip:h", f"--password:{SECRET}"],
                ["probe", "sip:h", f"--timeout={URI}"],
                ["probe", f"sip:h?Authorization={SECRET}"],
                ["probe", URI + ":9", "--timeout=200ms", "--verbose"],
                ["probe", "a", f"--config.file={config}", "--timeout=200ms", "--verbose"],
                ["probe", "a", f"--config.file={config}", "--timeout=200ms",
                 "--format=json"],
                [f"--password={SECRET}"], [URI], ["--config.file", config, URI],
                [f"--log.level={URI}"], ["import", "kamailio", "--auth", URI],
                [f"--web.listen-address={URI}"]):
            with self.subTest(args):
                code, out, err = run(*args)
                self.assertNotEqual(code, 0)
                self.assertNotIn(SECRET, out + err)
