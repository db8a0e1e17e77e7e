"""
Reloads: trunks that did not change go on as if nothing had happened, changed ones begin
anew alone, removed ones leave the metrics; and files that change are loaded by themselves.
"""

import http.client
import json
import os
import signal
import threading
import time

from counting_peer import CountingPeer
from digest_peer import Digest
from harness import FAST, PATIENCE, Case, Metrics, config_of, trunk, wait_for
from sip_peer import SipPeer, answer, mute

QUICK = {"interval": "1s", "down_interval": "1s", "timeout": "900ms"}


class Reload(Case):
    def reload(self, e, conf):
        n = len(e.log(msg="configuration reloaded"))
        e.write_config(conf)
        e.send(signal.SIGHUP)
        wait_for("the reload",
                 lambda: len(e.log(msg="configuration reloaded")) > n, 30)

    def test_says_what_changed(self):
        """In the log, the answer and the API; and who leaves while down is not lost."""
        peer, dead = self.use(SipPeer(answer())), self.use(SipPeer(mute))
        names = [f"new{n:02}" for n in range(12)]
        conf = config_of(trunk("same", peer.uri), trunk("other", peer.uri),
                         trunk("removed", dead.uri), trunk("rested", dead.uri),
                         trunk("well", peer.uri), trunk("back", peer.uri, paused=True))
        conf["defaults"].update(QUICK, fall=1)
        e = self.start(conf, args=["--web.enable-lifecycle"])
        self.assertIsNone(json.loads(e.get("/api/v1/trunks"))["last_reload"])
        for name in ("removed", "rested"):
            e.wait_metric(0, "siptrunk_up", trunk=name)
        e.wait_metric(1, "siptrunk_up", trunk="well")
        since = {name: e.scrape().get("siptrunk_state_changed_timestamp_seconds",
                                      trunk=name) for name in ("removed", "rested")}
        conf["trunks"] = [
            trunk("same", peer.uri), trunk("other", peer.uri, user_agent="x"),
            trunk("rested", dead.uri, paused=True), trunk("back", peer.uri),
            *(trunk(n, peer.uri, paused=True) for n in names)]
        e.write_config(conf)
        body = e.get("/-/reload", method="POST")
        self.assertEqual(body, "reloaded\n12 added: " + ", ".join(names[:10]) +
                         " and 2 more\n2 removed: removed, well\n1 changed: other\n"
                         "1 paused: rested\n1 resumed: back\n")
        line, = e.log(msg="configuration reloaded")
        want = {"trunks": "16", "added": "12", "removed": "2", "changed": "1",
                "paused": "1", "resumed": "1", "removed_names": "removed, well",
                "paused_names": "rested", "added_names": ", ".join(names[:10]) +
                " and 2 more"}
        self.assertLessEqual(want.items(), line.items())
        for msg, name in (("trunk was removed while down", "removed"),
                          ("trunk was paused while down", "rested")):
            left, = e.log(msg=msg)
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since[name]))
            self.assertEqual((left["trunk"], left["since"], left["level"]),
                             (name, at, "warn"))
        last = json.loads(e.get("/api/v1/trunks"))["last_reload"]
        self.assertLess(abs(last["at_unix_s"] - time.time()), 60)
        self.assertEqual(last["added"], {"count": 12, "names": names[:10]})
        self.assertEqual(last["removed"], {"count": 2, "names": ["removed", "well"]})
        # One that changes nothing says so, and the stop is no removal.
        self.reload(e, conf)
        line = e.log(msg="configuration reloaded")[-1]
        self.assertEqual([line[k] for k in (
            "added", "removed", "changed", "paused", "resumed")], ["0"] * 5)
        self.assertNotIn("added_names", line)
        e.stop()
        self.assertEqual(len(e.log(msg="trunk was removed while down")), 1)

    def test_says_what_will_surprise(self):
        """What the engine finds in a configuration, which is looked for beside the loop."""
        peer = self.use(SipPeer(answer()))
        e = self.start(config_of(trunk("t", peer.uri)))
        self.assertEqual(e.log(msg="configuration warning"), [])
        self.reload(e, config_of(trunk("t", peer.uri, headers={
            "X-Pad": "x" * 700, "X-Pad2": "x" * 800})))
        line, = e.log(msg="configuration warning")
        self.assertIn('trunk "t": its requests have', line["warning"])

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
        since = "siptrunk_state_changed_timestamp_seconds"
        self.assertEqual(m.get(since, trunk="kept"), before.get(since, trunk="kept"))
        self.assertGreater(m.get(since, trunk="new"), m.get(since, trunk="kept"))
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


class Unchanged(Case):
    """The same file again: what it names is looked at, and nothing begins anew."""

    def reload(self, e):
        return e.get("/-/reload", method="POST")

    def test_nothing_begins_anew(self):
        e = self.start(config_of(trunk("t", self.use(SipPeer()).uri)),
                       args=["--web.enable-lifecycle"])
        e.wait_metric(1, "siptrunk_up", trunk="t")
        self.assertEqual(self.reload(e), "reloaded\n")
        line, = e.log(msg="configuration reloaded")
        self.assertLessEqual({"trunks": "1", "added": "0", "removed": "0",
                              "changed": "0"}.items(), line.items())
        m = e.scrape()
        self.assertEqual(m.get("siptrunk_exporter_config_last_reload_successful"), 1)
        self.assertEqual(m.get("siptrunk_state_changes_total", trunk="t"), 1)

    def test_warnings_are_told_again(self):
        e = self.start(config_of(trunk("t", self.use(SipPeer()).uri, headers={
            "X-Pad": "x" * 700, "X-Pad2": "x" * 800})), args=["--web.enable-lifecycle"])
        self.assertEqual(len(e.log(msg="configuration warning")), 1)
        self.reload(e)
        self.assertEqual(len(e.log(msg="configuration warning")), 2)

    def test_a_mistake_taken_back(self):
        """From the file in force to a bad one and back: that it is in force is told."""
        conf = config_of(trunk("t", self.use(SipPeer()).uri))
        e = self.start(conf)
        e.wait_metric(1, "siptrunk_up", trunk="t")
        family = "siptrunk_exporter_config_last_reload_successful"
        for text, good in (("{", 0), (conf, 1)):
            e.write_config(text)
            e.send(signal.SIGHUP)
            e.wait_metric(good, family)
        self.assertEqual(e.scrape().get("siptrunk_state_changes_total", trunk="t"), 1)


class Slow(Case):
    """A file that comes slowly holds up nobody: a pipe, that comes when it is written to."""

    def setUp(self):
        super().setUp()
        peer = self.use(SipPeer(answer()))
        self.conf = config_of(trunk("isp", peer.uri))
        self.e = self.start(self.conf, args=["--web.enable-lifecycle"])
        self.e.settled("isp", 1)
        os.mkfifo(self.e.config_path + ".new")
        os.replace(self.e.config_path + ".new", self.e.config_path)

    def opened(self):
        """The end to write to, when the exporter waits for what comes."""
        try:
            return os.open(self.e.config_path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None

    def feed(self, conf):
        with os.fdopen(wait_for("a reader", self.opened), "w") as f:
            f.write(json.dumps(conf))

    def reloads(self):
        return len(self.e.log(msg="configuration reloaded"))

    def test_probes_go_on(self):
        self.e.send(signal.SIGHUP)
        end = wait_for("a reader", self.opened)
        answers = []
        asked = [threading.Thread(target=lambda: answers.append(
            self.e.get("/-/reload", method="POST"))) for _ in range(2)]
        for a in asked:
            a.start()
        before = self.e.scrape().sum("siptrunk_probes_total")
        wait_for("more probes", lambda: self.e.scrape().sum(
            "siptrunk_probes_total") > before)
        self.assertEqual((self.reloads(), answers), (0, []))
        with os.fdopen(end, "w") as f:
            f.write(json.dumps(self.conf))
        wait_for("the first", lambda: self.reloads() == 1)
        # Who asked in the meantime gets what is read afterwards.
        self.assertEqual(answers, [])
        self.conf["trunks"].append(trunk("more", self.conf["trunks"][0]["uri"]))
        self.feed(self.conf)
        for a in asked:
            a.join()
        self.assertEqual(answers, ["reloaded\n1 added: more\n"] * 2)
        self.assertEqual(self.reloads(), 2)

    def test_it_stops(self):
        self.e.send(signal.SIGHUP)
        end = wait_for("a reader", self.opened)
        asked = http.client.HTTPConnection(self.e.base.removeprefix("http://"), timeout=20)
        self.addCleanup(asked.close)
        asked.request("POST", "/-/reload")
        self.e.scrape()  # which came after that
        self.e.send(signal.SIGTERM)
        self.assertEqual(self.e.wait_exit(), 0)
        os.close(end)
        self.assertEqual((asked.getresponse().status, self.reloads()), (503, 0))


class Many(Case):
    """10,000 trunks, each probed every ten seconds, through three reloads."""

    timed = "times of probes"
    COUNT = 10000
    INTERVAL_S = 10

    def conf(self, number):
        """The same trunks, and one more that is another one each time."""
        names = [*(f"t{i}" for i in range(self.COUNT)), f"last-{number}"]
        return {
            "defaults": {"interval": f"{self.INTERVAL_S}s", "timeout": "9s"},
            "trunks": [trunk(n, f"sip:{n}@127.0.0.1:{self.peer.port}") for n in names],
        }

    @staticmethod
    def by_trunk(e, family):
        m = Metrics(e.get("/metrics?name[]=" + family))
        return {l["trunk"]: v for l, v in m.all(family)}

    def check_times(self, seen):
        """
        Each trunk has a place of its own in every interval. One probe came in each, in
        its place by half an interval: none was left out, and none came twice.
        """
        now = time.time()
        for name, times in seen.items():
            grid = times[1:]  # the first probe comes early, to have something to show
            places = [round((t - grid[0]) / self.INTERVAL_S) for t in grid]
            self.assertEqual(places, list(range(len(grid))), (name, grid))
            self.assertLess(grid[0] - times[0], 2 * self.INTERVAL_S, name)
            self.assertGreaterEqual(len(grid), 2, name)
            self.assertLess(now - grid[-1], 1.5 * self.INTERVAL_S, name)

    def test_no_probe_is_missed(self):
        self.peer = self.use(CountingPeer())
        e = self.start(self.conf(0), log_level="info")
        wait_for("all to be up", lambda: sum(
            self.by_trunk(e, "siptrunk_up").values()) == self.COUNT + 1, 60, 1)
        for i in range(3):
            n = len(e.log(msg="configuration reloaded"))
            e.write_config(self.conf(i + 1))
            e.send(signal.SIGHUP)
            wait_for("the reload",
                     lambda: len(e.log(msg="configuration reloaded")) > n, 60, 0.2)
            time.sleep(self.INTERVAL_S / 2)
        time.sleep(1.5 * self.INTERVAL_S)
        before = self.peer.seen()
        counted = self.by_trunk(e, "siptrunk_probes_total")
        after = self.peer.seen()
        kept = [f"t{i}" for i in range(self.COUNT)]
        self.check_times({n: after[n] for n in kept})
        # The counters went on over the reloads: they say what arrived since the start.
        wrong = {n: (len(before[n]), counted[n], len(after[n])) for n in kept
                 if not len(before[n]) <= counted[n] <= len(after[n])}
        self.assertEqual(wrong, {})
        self.assertEqual(sum(self.by_trunk(e, "siptrunk_probe_failures_total").values()), 0)
        # None began anew: the first change of state is the only one there was.
        changes = self.by_trunk(e, "siptrunk_state_changes_total")
        self.assertEqual(changes, dict.fromkeys([*kept, "last-3"], 1))


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

    def test_folders_come_and_are_replaced(self):
        self.conf["trunk_files"] = ["trunks.d/*.json", "later/*.json"]
        e = self.start(self.conf)
        e.settled("a", 1)
        os.mkdir(self.path("later"))
        self.write("later/t.json", json.dumps({"trunks": [trunk("b", self.peer.uri)]}))
        wait_for("a folder that came", lambda: self.shown(e) == {"a", "b"})
        os.mkdir(self.path("new"))
        self.write("new/t.json", json.dumps({"trunks": [trunk("c", self.peer.uri)]}))
        os.rename(self.path("trunks.d"), self.path("old"))
        os.rename(self.path("new"), self.path("trunks.d"))
        wait_for("another in its place", lambda: self.shown(e) == {"b", "c"})
        self.put("d")
        wait_for("a file in that", lambda: self.shown(e) == {"b", "c", "d"})
        n = self.reloads(e)
        time.sleep(3)
        self.assertEqual(self.reloads(e), n, "and that is all")

    def test_main_file_is_a_link(self):
        """What it leads to is replaced, in a folder of its own; then the link is bent."""
        def put(path, name):
            self.write(path + ".new", json.dumps({
                **self.conf, "trunk_files": [], "trunks": [trunk(name, self.peer.uri)]}))
            os.replace(self.path(path + ".new"), self.path(path))
        os.mkdir(self.path("real"))
        put("real/main.json", "x")
        e = self.start(self.conf)
        os.symlink("real/main.json", self.path("link"))
        os.replace(self.path("link"), e.config_path)
        wait_for("a link in its place", lambda: self.shown(e) == {"x"})
        put("real/main.json", "b")
        wait_for("what it leads to", lambda: self.shown(e) == {"b"})
        n = self.reloads(e)
        time.sleep(3)
        self.assertEqual(self.reloads(e), n, "once")

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

    def put_secret(self, path, text):
        with open(self.path(path), "w") as f:
            f.write(text)

    def replace_secret(self, path, text):
        self.put_secret(path + ".new", text)
        os.replace(self.path(path + ".new"), self.path(path))

    def bend_secret(self, path, text):
        """As Kubernetes replaces a mounted secret."""
        folder, name = os.path.split(self.path(path))
        os.mkdir(os.path.join(folder, f"..{text}"))
        self.put_secret(os.path.join(folder, f"..{text}", name), text)
        os.symlink(f"..{text}", os.path.join(folder, "..new"))
        os.replace(os.path.join(folder, "..new"), os.path.join(folder, "..data"))

    def expect(self, digest, password, change, path):
        """The trunk whose peer now wants another password takes it up by itself."""
        digest.password = password
        accepted = len(digest.accepted)
        change(path, password)
        return lambda: len(digest.accepted) > accepted

    def test_passwords(self):
        plain, mounted, late = (Digest(password="old") for _ in range(3))
        trunks = [trunk(name, self.use(SipPeer(digest)).uri,
                        auth={"username": "u", "password_file": path})
                  for name, digest, path in (("plain", plain, "far/pw"),
                                             ("mounted", mounted, "secret/pw"),
                                             ("late", late, "far/late"))]
        for folder in ("far", "secret"):
            os.mkdir(self.path(folder))
        self.put_secret("far/pw", "old")
        self.bend_secret("secret/pw", "old")
        os.symlink("..data/pw", self.path("secret/pw"))
        conf = {**self.conf, "trunks": trunks[:2]}
        e = self.start(conf)
        wait_for("both to be up", lambda: plain.accepted and mounted.accepted)
        for n, change in enumerate((self.put_secret, self.replace_secret)):
            done = [self.expect(plain, f"p{n}", change, "far/pw"),
                    self.expect(mounted, f"m{n}", self.bend_secret, "secret/pw")]
            wait_for(change.__name__, lambda: all(d() for d in done))
        # One that no configuration in force has named comes after the one that does.
        e.write_config({**conf, "trunks": trunks})
        name = "siptrunk_exporter_config_last_reload_successful"
        e.wait_metric(0, name)
        wait_for("a file that comes", self.expect(late, "new", self.put_secret, "far/late"))
        e.wait_metric(1, name)
        # And one that goes and comes back.
        os.remove(self.path("far/pw"))
        e.wait_metric(0, name)
        wait_for("its return", self.expect(plain, "back", self.put_secret, "far/pw"))

    def test_a_mistake_and_its_cure(self):
        e = self.start(self.conf)
        e.settled("a", 1)
        self.write("trunks.d/bad.json", "{")
        e.wait_metric(0, "siptrunk_exporter_config_last_reload_successful")
        self.assertEqual(e.scrape().state("a"), "up")
        self.put("b", file="bad.json")
        wait_for("the cure", lambda: self.shown(e) == {"a", "b"})
        e.wait_metric(1, "siptrunk_exporter_config_last_reload_successful")
