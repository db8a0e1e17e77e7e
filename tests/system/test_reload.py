"""
Reloads: trunks that did not change go on as if nothing had happened, changed ones begin
anew alone, removed ones leave the metrics; and files that change are loaded by themselves.
"""

import contextlib
import json
import os
import signal
import socket
import threading
import time

from harness import FAST, PATIENCE, Case, Metrics, config_of, trunk, wait_for
from sip_peer import SipPeer, answer

QUICK = {"interval": "1s", "down_interval": "1s", "timeout": "900ms"}


class Reload(Case):
    def reload(self, e, conf):
        n = len(e.log(msg="configuration reloaded"))
        e.write_config(conf)
        e.send(signal.SIGHUP)
        wait_for("the reload",
                 lambda: len(e.log(msg="configuration reloaded")) > n, 30)

    def test_who_keeps_what(self):
        kept = self.use(SipPeer(answer(), "tcp"))
        changed = self.use(SipPeer(answer()))
        gone = self.use(SipPeer(answer()))
        fresh = self.use(SipPeer(answer()))
        conf = config_of(trunk("kept", kept.uri, connection="reuse", labels={"a": "b"}),
                         trunk("changed", changed.uri), trunk("gone", gone.uri))
        conf["defaults"].update(QUICK)
        e = self.start(conf)
        for name in ("kept", "changed", "gone"):
            e.settled(name, 3)
        before = e.settled("kept", 3)
        conf["trunks"] = [trunk("new", fresh.uri),
                          trunk("changed", changed.uri, user_agent="other"),
                          conf["trunks"][0]]
        self.reload(e, conf)
        m = e.wait_metric(1, "siptrunk_up", trunk="new")
        m = e.settled("kept", before.get("siptrunk_probes_total", trunk="kept") + 2)
        # Counters go on, the state never left, the connection is the same one.
        self.assertEqual(m.get("siptrunk_state_changes_total", trunk="kept"), 1)
        self.assertEqual(m.codes("kept"),
                         {200: m.get("siptrunk_probes_total", trunk="kept")})
        self.assertEqual(kept.connections, 1)
        self.assertEqual([l for l in e.log(msg="trunk changed state", trunk="kept")
                          if l["from"] != "unknown"], [])
        # The phase too: probes come at whole intervals, the reload moved none.
        times = [rq.at for rq in kept.requests[1:]]
        for a, b in zip(times, times[1:]):
            self.assertLess(abs(b - a - 1), 0.3 * PATIENCE)
        # Changed: from the beginning.
        self.assertLess(m.get("siptrunk_probes_total", trunk="changed"),
                        len(changed.requests))
        self.assertIn("other", changed.requests[-1].header("User-Agent"))
        self.assertEqual([s for s in m.series if s[1].get("trunk") == "gone"], [])
        n = len(gone.requests)
        e.settled("kept", m.get("siptrunk_probes_total", trunk="kept") + 2)
        self.assertEqual(len(gone.requests), n)

    def test_trunk_files(self):
        peer = self.use(SipPeer(answer()))
        os.mkdir(self.path("trunks.d"))
        self.write("trunks.d/a.json", json.dumps({"trunks": [trunk("a", peer.uri)]}))
        conf = {"defaults": {**FAST, **QUICK}, "trunk_files": ["trunks.d/*.json"]}
        e = self.start(conf)
        e.settled("a", 1)
        self.write("trunks.d/b.json", json.dumps({"trunks": [trunk("b", peer.uri)]}))
        e.send(signal.SIGHUP)
        e.wait_metric(1, "siptrunk_up", trunk="b")
        self.assertEqual(e.scrape().get("siptrunk_state_changes_total", trunk="a"), 1)
        # One bad file, and nothing of it all is taken.
        self.write("trunks.d/c.json", '{"trunks": [}')
        os.remove(self.path("trunks.d/a.json"))
        e.send(signal.SIGHUP)
        e.wait_metric(0, "siptrunk_exporter_config_last_reload_successful")
        self.assertEqual(e.scrape().state("a"), "up")


class Many(Case):
    """10,000 trunks, each probed every ten seconds, through three reloads."""

    COUNT = 10000
    INTERVAL_S = 10

    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):  # SO_RCVBUFFORCE wants root
            self.socket.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.seen = {}
        self.open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        self.addCleanup(self.close)

    def close(self):
        self.open = False
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.socket.getsockname())
        self.thread.join(5)
        self.socket.close()

    def serve(self):
        """As little as a peer can do: the request's own head, as a 200."""
        while self.open:
            raw, source = self.socket.recvfrom(4096)
            if not raw:
                continue
            user = raw[12:raw.index(b"@")].decode()
            branch = raw[raw.index(b"z9hG4bK"):].split(b";")[0]
            self.seen.setdefault(user, {}).setdefault(branch, time.monotonic())
            start = raw.index(b"Via:")
            end = raw.index(b"Contact:")
            self.socket.sendto(
                b"SIP/2.0 200 OK\r\n" + raw[start:end] + b"Content-Length: 0\r\n\r\n",
                source)

    def conf(self, comment):
        port = self.socket.getsockname()[1]
        return {
            "defaults": {"interval": f"{self.INTERVAL_S}s", "timeout": "6s"},
            "trunks": [trunk(f"t{i}", f"sip:t{i}@127.0.0.1:{port}")
                       for i in range(self.COUNT)] +
                      [trunk("last-" + comment, f"sip:last@127.0.0.1:{port}")],
        }

    @staticmethod
    def lines(e, *families):
        """Of a scrape with half a million lines, those of a few families."""
        return [l for l in e.get("/metrics").split("\n")
                if l.split("{")[0] in families]

    def test_no_probe_is_missed(self):
        e = self.start(self.conf("0"), log_level="info")
        wait_for("all to be up", lambda: sum(
            l.endswith(" 1") for l in self.lines(e, "siptrunk_up")) == self.COUNT + 1,
            60, 1)
        for i in range(3):
            n = len(e.log(msg="configuration reloaded"))
            e.write_config(self.conf(str(i + 1)))
            e.send(signal.SIGHUP)
            wait_for("the reload",
                     lambda: len(e.log(msg="configuration reloaded")) > n, 60, 0.2)
            time.sleep(self.INTERVAL_S / 2)
        time.sleep(2 * self.INTERVAL_S)
        m = Metrics("\n".join(self.lines(e, "siptrunk_state_changes_total")))
        # Each trunk was asked in every interval: no gap is near to two of them, but for
        # what this machine, its Python peer and the reload itself may be late by.
        late = 0.6 * self.INTERVAL_S * PATIENCE
        gaps = {}
        for user, branches in self.seen.items():
            times = sorted(branches.values())[1:]
            gaps[user] = max((b - a for a, b in zip(times, times[1:])), default=0)
        gaps.pop("last")
        self.assertEqual(len(gaps), self.COUNT)
        worst = max(gaps, key=gaps.get)
        self.assertLess(gaps[worst], self.INTERVAL_S + late, worst)
        # None began anew: the first change of state is the only one there was.
        changes = m.all("siptrunk_state_changes_total")
        self.assertEqual({v for _, v in changes}, {1})
        names = {l["trunk"] for l, _ in changes if l["trunk"].startswith("last")}
        self.assertEqual(names, {"last-3"})


class Watch(Case):
    def setUp(self):
        super().setUp()
        self.peer = self.use(SipPeer(answer()))
        os.mkdir(self.path("trunks.d"))
        self.put("a")
        self.conf = {"defaults": {**FAST, **QUICK}, "watch": True,
                     "trunk_files": ["trunks.d/*.json"]}

    def put(self, *names, file="all.json"):
        self.write("trunks.d/" + file, json.dumps(
            {"trunks": [trunk(n, self.peer.uri) for n in names]}))

    def reloads(self, e):
        return len(e.log(msg="configuration reloaded"))

    def shown(self, e):
        return {l["trunk"] for l, _ in e.scrape().all("siptrunk_info")}

    def test_files_come_change_and_go(self):
        e = self.start(self.conf)
        e.settled("a", 1)
        self.put("a", "b")
        wait_for("a change", lambda: self.shown(e) == {"a", "b"})
        self.put("c", file="c.json.new")
        os.replace(self.path("trunks.d/c.json.new"), self.path("trunks.d/c.json"))
        wait_for("a new file", lambda: self.shown(e) == {"a", "b", "c"})
        os.remove(self.path("trunks.d/c.json"))
        wait_for("a file gone", lambda: self.shown(e) == {"a", "b"})
        m = e.settled("a", 2)
        self.assertEqual(m.get("siptrunk_state_changes_total", trunk="a"), 1)
        # The main file too; and then it asks for no more of this.
        self.conf["watch"] = False
        e.write_config(self.conf)
        time.sleep(2)
        n = self.reloads(e)
        self.assertGreaterEqual(n, 4)
        self.put("a", "b", "d")
        time.sleep(2)
        self.assertEqual(self.reloads(e), n)

    def test_a_burst_is_one_reload(self):
        e = self.start(self.conf)
        e.settled("a", 1)
        for i in range(20):
            self.put(f"t{i}", file=f"t{i}.json")
            self.write("trunks.d/notes.txt", str(i))
        wait_for("all", lambda: len(self.shown(e)) == 21)
        time.sleep(1)
        self.assertIn(self.reloads(e), (1, 2))
        n = self.reloads(e)
        self.write("trunks.d/notes.txt", "not ours")
        time.sleep(1.5)
        self.assertEqual(self.reloads(e), n)

    def test_a_mounted_map(self):
        """As Kubernetes replaces a mounted ConfigMap: a link is bent, no file written."""
        folder = self.path("map")
        os.mkdir(folder)

        def bend(name, *trunks):
            os.mkdir(os.path.join(folder, name))
            with open(os.path.join(folder, name, "t.json"), "w") as f:
                json.dump({"trunks": [trunk(t, self.peer.uri) for t in trunks]}, f)
            os.symlink(name, os.path.join(folder, "..new"))
            os.replace(os.path.join(folder, "..new"), os.path.join(folder, "..data"))
        bend("..1", "a")
        os.symlink("..data/t.json", os.path.join(folder, "t.json"))
        self.conf["trunk_files"] = ["map/*.json"]
        e = self.start(self.conf)
        e.settled("a", 1)
        bend("..2", "a", "b")
        wait_for("the new map", lambda: self.shown(e) == {"a", "b"})

    def test_a_mistake_and_its_cure(self):
        e = self.start(self.conf)
        e.settled("a", 1)
        self.write("trunks.d/bad.json", "{")
        e.wait_metric(0, "siptrunk_exporter_config_last_reload_successful")
        self.assertEqual(e.scrape().state("a"), "up")
        self.put("b", file="bad.json")
        wait_for("the cure", lambda: self.shown(e) == {"a", "b"})
        e.wait_metric(1, "siptrunk_exporter_config_last_reload_successful")
