"""A configuration in YAML, and files of trunks in JSON and YAML beside each other."""

import json
import os
import signal

from harness import Case, run, trunk
from sip_peer import SipPeer, answer

MAIN = """\
# Written by hand, as people do.
defaults:
  interval: 1s
  down_interval: 1s
  timeout: 900ms
  fall: 2
  labels: {{rack: 007}}
trunk_files:
- trunks.d/*.json
- trunks.d/*.yml
trunks:
- name: plain
  uri: {uri}
"""


class Yaml(Case):
    def replace(self, name, text):
        """Whole or not at all, as a careful operator replaces a file."""
        self.write(name + ".new", text)
        os.replace(self.path(name + ".new"), self.path(name))

    def begin(self, peer):
        os.mkdir(self.path("trunks.d"))
        self.write("trunks.d/a.json", json.dumps({"trunks": [trunk("json", peer.uri)]}))
        self.write("trunks.d/b.yml", f"trunks:\n- {{name: 42, uri: '{peer.uri}'}}\n")
        self.write("trunks.yaml", MAIN.format(uri=peer.uri))
        return self.start(args=[f"--config.file={self.path('trunks.yaml')}"])

    def test_scrape_and_reload(self):
        peer = self.use(SipPeer(answer()))
        e = self.begin(peer)
        for name in ("plain", "json", "42"):
            m = e.wait_metric(1, "siptrunk_up", trunk=name)
            self.assertEqual(m.all("siptrunk_up", trunk=name, rack="007"),
                             m.all("siptrunk_up", trunk=name), "text as it is written")
        # Broken: the running configuration stays, and the log says where.
        self.replace("trunks.yaml", MAIN.format(uri=peer.uri) + "- name: [x\n")
        e.send(signal.SIGHUP)
        e.wait_metric(0, "siptrunk_exporter_config_last_reload_successful")
        error = next(l for l in e.log(level="error") if "line" in l)
        self.assertEqual((error["line"], error["error"]),
                         ("15", "while parsing a flow sequence from line 14: did not "
                                "find expected ',' or ']'"))
        self.assertEqual(e.settled("plain", 3).state("plain"), "up")
        # Mended, with one trunk less and one more.
        os.remove(self.path("trunks.d/a.json"))
        self.replace("trunks.yaml", MAIN.format(uri=peer.uri) +
                     f"- name: more\n  uri: {peer.uri}\n")
        e.send(signal.SIGHUP)
        m = e.wait_metric(1, "siptrunk_up", trunk="more")
        self.assertEqual(m.all("siptrunk_up", trunk="json"), [])
        self.assertEqual(m.get("siptrunk_state_changes_total", trunk="plain"), 1)

    def test_watch(self):
        peer = self.use(SipPeer(answer()))
        self.write("trunks.yaml", "watch: true\n" + MAIN.format(uri=peer.uri))
        e = self.start(args=[f"--config.file={self.path('trunks.yaml')}"])
        self.replace("trunks.yaml", "watch: true\n" + MAIN.format(uri=peer.uri) +
                     f"- {{name: late, uri: '{peer.uri}'}}\n")
        e.wait_metric(1, "siptrunk_up", trunk="late")

    def test_check(self):
        self.write("good.yml", "trunks:\n- name: a\n  uri: sip:192.0.2.1\n")
        self.assertEqual(run("--config.check", "--config.file=good.yml", cwd=self.folder),
                         (0, "good.yml: ok (1 trunks)\n", ""))
        self.write("bad.yaml", "trunks:\n- name: a\n  uri: sip:192.0.2.1\n  fal: 3\n"
                               "  fall: &x three\n")
        self.assertEqual(run("--config.check", "--config.file=bad.yaml", cwd=self.folder),
                         (1, "", "bad.yaml:5:9: trunks[0].fall: anchors (&name) are not "
                                 "taken\n"))
        self.write("bad.yaml", "trunks:\n- name: a\n  uri: sip:192.0.2.1\n  fal: 3\n"
                               "  fall: three\n")
        self.assertEqual(run("--config.check", "--config.file=bad.yaml", cwd=self.folder),
                         (1, "", 'bad.yaml:4:3: trunks[0].fal: unknown key "fal"; did '
                                 'you mean "fall"?\nbad.yaml:5:9: trunks[0].fall: '
                                 "expected a whole number, found a string\n"))

    def test_probe_by_name(self):
        peer = self.use(SipPeer(answer()))
        self.write("trunks.yaml", MAIN.format(uri=peer.uri))
        code, out, _ = run("probe", "plain", "--config.file=trunks.yaml",
                           "--format=json", cwd=self.folder)
        self.assertEqual((code, json.loads(out)["trunk"]), (0, "plain"))
