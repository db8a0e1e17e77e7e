"""
Every kind of alert in one run of a real Prometheus, Alertmanager and mailbox: what is mailed,
that a restart of Prometheus in the middle of all of them mails nothing, and what is mailed at
their ends. The mails are kept in tests/data/mails; SIPTRUNK_KEEP_MAILS=1 writes them anew.
"""

import os
import re
import time
import unittest

import peers
from alerting import ROOT, Stack, part
from harness import PATIENCE, Case, wait_for
from ills import DAY_S, REGISTER, Target, Trunk

FACTOR = 15 / PATIENCE
MAILS = ROOT / "tests" / "data" / "mails"
MISSING = peers.missing("prometheus") or peers.missing("prometheus-alertmanager")

DOWN = {"state": "down", "success": 0, "answers": 0, "fails": 1}


def series(name, at, value):
    return lambda now: [f"{name}{{{at}}} {value(now):.3f}"]


def trunk_ills():
    """{trunk: what is wrong with it}. The name is that of the mail."""
    def at(name, more=""):
        return f'trunk="{name}",carrier="Carrier {name}",site="oslo"{more}'

    def extra(name, metric, value, more=""):
        return {"extra": series(metric, at(name, more), value)}

    own = "siptrunk_tls_own_certificate_not_after_timestamp_seconds"
    peer = "siptrunk_tls_certificate_not_after_timestamp_seconds"
    verified = "siptrunk_tls_verified_chain_not_after_timestamp_seconds"
    expires = "siptrunk_registration_expires_timestamp_seconds"
    tls = ',method="OPTIONS",address="192.0.2.1:5061",transport="tls"'
    return {
        "down": DOWN,
        "removed": DOWN,
        "paused": DOWN | {"reason": "refused"},
        "refuses": DOWN | {"answers": 1, "code": "403", "reason": "response"},
        "degraded": {"state": "degraded", "code": "503"},
        "silent-peer": {"state": "degraded"} | extra(
            "silent-peer", "siptrunk_inbound_missing", lambda now: 1),
        "partial": {"state": "degraded", "addresses": 3, "up": 2},
        "unknown": {"state": "unknown", "success": 0, "answers": 0, "fails": 1, "reason": "dns"},
        "dns": {"fails": 0.5, "reason": "dns"},
        "slow": {"mean_s": 0.7},
        "slower": {"mean_s": 0.2} | extra(
            "slower", "siptrunk:latency:p90_7d", lambda now: 0.02,
            ',method="OPTIONS",address="192.0.2.1:5060",transport="udp"'),
        "loss": {"lost": 0.2},
        "flapping": {"flaps": 0.4},
        "errors": {"code": "486"} | extra("errors", "siptrunk:errors:ratio1d", lambda now: 0),
        "silence": {"extra": lambda now: [
            f"siptrunk_inbound_options_last_timestamp_seconds{{{at('silence')}}} {now - 900:.0f}",
            f"siptrunk:inbound_options:interval_seconds{{{at('silence')}}} 30"]},
        "not-registered": extra("not-registered", expires, lambda now: now - 60,
                                "," + REGISTER),
        "lapsing": {"extra": lambda now: [
            f"{expires}{{{at('lapsing')},{REGISTER}}} {int(now / 1000) * 1000 + 9000}",
            f"siptrunk_probe_success{{{at('lapsing')},{REGISTER}}} 0"]},
        "certificate": extra("certificate", verified, lambda now: now + DAY_S / 2, tls),
        "certificate-week": extra("certificate-week", peer, lambda now: now + 5.5 * DAY_S, tls),
        "certificate-month": extra("certificate-month", peer, lambda now: now + 20.5 * DAY_S, tls),
        "own-certificate": extra("own-certificate", own, lambda now: now - 3700,
                                 ',file="own.pem"'),
        "unfit": extra("unfit", "siptrunk_tls_own_certificate_usable", lambda now: 0,
                       ',file="own.pem",purpose="client"'),
    }


def exporter_ills(now):
    yield f"siptrunk_exporter_loop_last_turn_timestamp_seconds 1764331740"
    yield "siptrunk_exporter_schedule_lag_seconds 3"
    yield "siptrunk_exporter_config_last_reload_successful 0"
    yield "siptrunk_exporter_config_last_reload_success_timestamp_seconds 1764331740"
    yield "siptrunk_exporter_web_config_last_reload_successful 0"
    yield "siptrunk_exporter_web_config_last_reload_success_timestamp_seconds 1764331740"
    yield f"siptrunk_exporter_web_certificate_not_after_timestamp_seconds {now + DAY_S / 2:.0f}"
    yield "siptrunk_exporter_tls_last_reload_successful 0"
    yield (f'siptrunk_exporter_tls_certificate_not_after_timestamp_seconds{{file="sip.pem"}} '
           f"{now + 5.5 * DAY_S:.0f}")
    yield 'siptrunk_exporter_total_shards{shard="0"} 2'


def exporter_well(now):
    yield f"siptrunk_exporter_loop_last_turn_timestamp_seconds {now:.3f}"
    for name in ("config_last_reload_successful", "web_config_last_reload_successful",
                 "tls_last_reload_successful"):
        yield f"siptrunk_exporter_{name} 1"
    yield 'siptrunk_exporter_total_shards{shard="0"} 1'


def general(mail):
    """A mail without what differs from run to run."""
    text = f"To: {', '.join(mail.rcpt)}\nSubject: {mail['Subject']}\n\n{part(mail, 'plain')}"
    for pattern, word in (
            (r"\r", ""),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "YYYY-MM-DD HH:MM:SS UTC"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "YYYY-MM-DD HH:MM UTC"),
            (r"\d\d:\d\d UTC", "HH:MM UTC"),
            (r"127\.0\.0\.1(:|%3A)\d+", r"EXPORTER\g<1>10060"),
            (r"(?<![\w.-])(\d+[dhm] )*\d+(\.\d+)?m?s\b", "DURATION"),
            (r"(?<![\w.-])\d+d \d+h( \d+m( \d+s)?)?", "DURATION"),
            (r"(?<![\w.-])\d+(\.\d+)?% ", "N% "),
            (r"\b\d+ (state changes|times in)", r"N \1")):
        text = re.sub(pattern, word, text)
    return re.sub(r"\s+$", "\n", text)


@unittest.skipIf(MISSING, "prometheus or prometheus-alertmanager is not installed")
class Kinds(Case):
    alone = "Prometheus evaluates a hundred rules a second"

    def test_every_kind(self):
        self.begin()
        firing = self.wait_names(self.expected("-fires"), 110)
        with self.subTest("fires"):
            self.compare(firing, "-fires")
        self.restart_in_the_middle()
        self.end()
        ended = self.wait_names(
            self.expected("-ends") | {"down-Down", "removed-Down", "paused-Down"}, 90)
        with self.subTest("ends"):
            self.compare(ended, "-ends")
        self.check_truth(ended)

    def begin(self):
        self.trunks = {name: Trunk(name) for name in [*trunk_ills(), "well"]}
        self.ill = False
        self.a = Target(self, lambda age: self.lines(age, self.trunks.values()))
        self.sick = Target(self, self.scrape)
        self.cut_trunks = [Trunk(f"cut-{x}", link='method="OPTIONS",address="192.0.2.%d:5060",'
                                 'transport="udp"' % (7 + i)) for i, x in enumerate("ab")]
        self.cut = Target(self, lambda age: self.lines(age, self.cut_trunks))
        self.names = [Trunk(f"name-{x}") for x in "ab"]
        self.nameless = Target(self, lambda age: self.lines(age, self.names))
        self.stack = Stack(self, self.folder, self.a.url, FACTOR, self.cut.url,
                           self.nameless.url, self.sick.url, "http://127.0.0.1:9")
        self.seen = 0
        self.stack.wait_value("count(siptrunk_up == 1)", len(self.trunks) + 4)
        self.set_ill()

    def set_ill(self):
        self.ill = True
        for name, ill in trunk_ills().items():
            self.trunks[name].set(**ill)
        for t in self.cut_trunks:
            t.set(**DOWN, link=t.now["link"])
        for t in self.names:
            t.set(fails=0.5, reason="dns")

    def scrape(self, age_s):
        yield from self.lines(age_s, ())
        yield from (exporter_ills if self.ill else exporter_well)(time.time())

    @staticmethod
    def lines(age_s, trunks):
        yield 'siptrunk_exporter_build_info{version="0.1.0"} 1'
        for trunk in list(trunks):
            yield from trunk.lines(age_s)

    @staticmethod
    def expected(end):
        return {p.stem.removesuffix(end) for p in MAILS.glob(f"*{end}.txt")}

    def name_of(self, mail):
        """The trunk, or the alert and its severity, that a mail is about."""
        about = re.search(r"^  Trunk      (\S+)$", part(mail, "plain").replace("\r", ""), re.M)
        alert = re.search(r"^  Alert      SipTrunk(\w+) ", part(mail, "plain"), re.M)[1]
        who = about[1] if about else "exporter"
        return f"{who}-{alert}"

    def wait_names(self, names, seconds):
        """{name: mail} of the mails since the last call, once all of @names are there."""
        def found():
            every = self.stack.mails()[self.seen:]
            return {self.name_of(m): m for m in every}
        try:
            keeping = os.environ.get("SIPTRUNK_KEEP_MAILS")
            wait_for("all mails", lambda: not keeping and names <= found().keys(), seconds)
        except AssertionError:
            if not os.environ.get("SIPTRUNK_KEEP_MAILS"):
                raise AssertionError(f"missing: {sorted(names - found().keys())}; "
                                     f"{self.stack.state()}") from None
        mails = found()
        self.seen = len(self.stack.mails())
        return mails

    def compare(self, mails, end):
        if os.environ.get("SIPTRUNK_KEEP_MAILS"):
            MAILS.mkdir(exist_ok=True)
            for name, mail in mails.items():
                (MAILS / f"{name}{end}.txt").write_text(general(mail))
        self.maxDiff = None
        for name, mail in sorted(mails.items()):
            with self.subTest(name):
                self.assertEqual(general(mail), (MAILS / f"{name}{end}.txt").read_text())
                self.assertNotIn("<no value>", mail.as_string())
                self.assertNotIn("ZgotmplZ", mail.as_string())

    def restart_in_the_middle(self):
        """Longer than Alertmanager believes an alert of which it hears no more."""
        before = len(self.stack.mails())
        self.stack.prometheus.stop()
        time.sleep(3)  # down for 45 seconds, at the rules' pace
        self.stack.prometheus.start()
        self.stack.no_more_mails(before, 4 * 180 / FACTOR + 5 * PATIENCE)

    def end(self):
        """Trunks judged over windows are taken out, and one that is down; one is paused."""
        self.ill = False
        kept = {"down", "refuses", "degraded", "silent-peer", "partial", "unknown",
                "not-registered", "lapsing", "certificate", "own-certificate", "well"}
        for name in list(self.trunks):
            if name in kept:
                self.trunks[name].set()
            elif name == "paused":
                self.trunks[name].set(paused=True)
            else:
                del self.trunks[name]
        for t in self.cut_trunks:
            t.set(link=t.now["link"])

    def check_truth(self, ended):
        for name, mail in ended.items():
            with self.subTest(name):
                told = mail["Subject"]
                if name.startswith(("removed-", "paused-")):
                    self.assertIn("no longer probed", told)
                    self.assertNotIn("again", part(mail, "plain"))
                if name.startswith("down-"):
                    self.assertRegex(told, r"^\[UP\] down \(oslo\): answers again at "
                                     r"\d\d:\d\d UTC, the outage lasted ")
