"""
Every kind of alert in one run of a real Prometheus, Alertmanager and mailbox: what is mailed,
that a restart of Prometheus in the middle of all of them mails nothing, and what is mailed at
their ends. The mails are kept in tests/data/mails; SIPTRUNK_KEEP_MAILS=1 writes them anew.
"""

import collections
import os
import re
import time
import unittest

import alerting
import peers
from alerting import ROOT, Stack, keep, part
from harness import PATIENCE, Case, free_port, wait_for
from ills import DAY_S, LINK, REGISTER, Target, Trunk, Watcher

# A second here is a quarter of a minute: the longest wait is that of a slower trunk, of
# twenty minutes.
FACTOR = 15 / PATIENCE
# Alertmanager believes an alert for four of these. A restart takes seconds on a busy machine,
# which are minutes here: the believing is shortened by less than the rest.
RESEND_S = 2 * alerting.RESEND_S
MAILS = ROOT / "tests" / "data" / "mails"
MISSING = peers.missing("prometheus") or peers.missing("prometheus-alertmanager")

KEEP = os.environ.get("SIPTRUNK_KEEP_MAILS")
# What is judged over half an hour and more, or has nothing to say of its own when it is well.
TAKEN_OUT = {"removed", "flapping", "loss", "lapsing", "often", "slower", "unknown", "unsure",
             "call-fails-often", "call-open", "call-not-ended", "call-held-back"}
DOWN = {"state": "down", "success": 0, "answers": 0, "fails": 1}


def series(name, at, value):
    return lambda now: [f"{name}{{{at}}} {value(now):.3f}"]


def calls(name, failing=None, success=1, mos=None, open_=0, ended=True, share=1):
    """A trunk that is called all the time, while nothing else of it is ill."""
    at = f'trunk="{name}",carrier="Carrier {name}",site="oslo"'
    link = f'{at},method="INVITE",address="192.0.2.1:5060",transport="udp"'

    def lines(now):
        made = int(now % 1e5 * 0.4)
        failed = int(made * share)
        yield f"siptrunk_probe_success{{{link}}} {success}"
        yield f"siptrunk_probes_total{{{link}}} {made}"
        yield f'siptrunk_calls_total{{{link},answered="true"}} {0 if open_ else made}'
        yield f"siptrunk_calls_open{{{at}}} {open_}"
        yield f"siptrunk_calls_not_ended_total{{{at}}} {1 if ended else made}"
        if failing:
            yield f'siptrunk_call_failures_total{{{link},reason="{failing}"}} {failed}'
        if failing == "rejected":
            yield f'siptrunk_probe_responses_total{{{link},code="503"}} {failed}'
        if mos:
            yield f'siptrunk_call_mos{{{link},direction="in"}} {mos}'
    return {"extra": lines}


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
        "partial": {"addresses": 3, "up": 2} | {"extra": lambda now: [
            f'siptrunk_probe_success{{{at("partial")},method="OPTIONS",'
            f'address="192.0.2.{n}:5060",transport="udp"}} {n - 2}' for n in (2, 3)]},
        "unknown": {"state": "unknown", "success": 0, "answers": 0, "fails": 1, "reason": "dns"},
        "unsure": {"state": "unknown", "success": 0, "answers": 0, "fails": 1},
        "often": {"success": 0, "fails": 1},
        "here": DOWN,
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
        "calls": calls("calls", "rejected", 0),
        "call-no-audio": calls("call-no-audio", "one_way", 0),
        "call-sounds-bad": calls("call-sounds-bad", mos=2.631),
        "call-fails-often": calls("call-fails-often", "ended_early", share=0.4),
        "call-open": calls("call-open", open_=1),
        "call-not-ended": calls("call-not-ended", ended=False),
        "call-held-back": calls("call-held-back", "limit"),
        "unfit": extra("unfit", "siptrunk_tls_own_certificate_usable", lambda now: 0,
                       ',file="own.pem",purpose="client"'),
    }


def registered(now):
    at = f'trunk="not-registered",carrier="Carrier not-registered",site="oslo",{REGISTER}'
    yield f"siptrunk_registration_expires_timestamp_seconds{{{at}}} {now + 3600:.0f}"


def renewed(now):
    at = 'trunk="certificate",carrier="Carrier certificate",site="oslo",method="OPTIONS"'
    yield (f'siptrunk_tls_verified_chain_not_after_timestamp_seconds{{{at},'
           f'address="192.0.2.1:5061",transport="tls"}} {now + 90 * DAY_S:.0f}')


# One of the certificates is renewed; the peer of the others no longer shows any.
WELL = {"not-registered": {"extra": registered}, "certificate": {"extra": renewed},
        "calls": calls("calls"), "call-no-audio": calls("call-no-audio"),
        "call-sounds-bad": calls("call-sounds-bad", mos=4.31)}


def exporter_ills(now):
    yield "siptrunk_exporter_loop_last_turn_timestamp_seconds 1764331740"
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
            (r"\b\d+ (state changes|times in|call\(s\))", r"N \1")):
        text = re.sub(pattern, word, text)
    return re.sub(r"\s+$", "\n", text)


@unittest.skipIf(MISSING, "prometheus or prometheus-alertmanager is not installed")
class Kinds(Case):
    alone = "Prometheus evaluates three hundred rules a second"

    def test_every_kind(self):
        self.begin()
        firing = self.wait_told("-fires", 125)
        self.compare(firing, "-fires")
        self.restart_in_the_middle()
        self.end()
        ended = self.wait_told("-ends", 110)
        self.compare(ended, "-ends")
        self.check_truth(ended)
        self.check_watcher()

    def begin(self):
        self.trunks = {name: Trunk(name) for name in [*trunk_ills(), "well"]}
        self.ill = False
        self.a = Target(self, lambda age: self.lines(age, self.trunks.values()))
        self.sick = Target(self, self.scrape)
        self.cut_trunks = [Trunk(f"cut-{x}", link='method="OPTIONS",address="192.0.2.%d:5060",'
                                 'transport="udp"' % (7 + i)) for i, x in enumerate("ab")]
        self.cut = Target(self, lambda age: self.lines(age, self.cut_trunks))
        # "here" is another's as well, to whom it answers.
        self.names = [Trunk(f"name-{x}") for x in "ab"]
        self.nameless = Target(self, lambda age: self.lines(age, [*self.names, Trunk("here")]))
        self.idle = Trunk("idle")
        self.stalled = Target(self, self.stand_still)
        self.blind_port = free_port()
        self.watcher = Watcher(self)
        self.stack = Stack(self, self.folder, self.a.url, FACTOR, self.cut.url,
                           self.nameless.url, self.sick.url, self.stalled.url,
                           f"http://127.0.0.1:{self.blind_port}", watcher=self.watcher.url,
                           resend_s=RESEND_S)
        self.seen = 0
        self.stack.silence("SipTrunkErrorBudgetBurnSlow")  # a ticket of the next day
        self.stack.wait_value("count(siptrunk_up == 1)", len(self.trunks) + 6)
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

    def stand_still(self, age_s):
        """No probe is begun; and it starts again and again, in an hour like this one."""
        yield from self.lines(1 if self.ill else age_s, [self.idle])
        yield f"process_start_time_seconds {1e9 + (age_s // 3 if self.ill else 0):.0f}"

    @staticmethod
    def lines(age_s, trunks):
        yield 'siptrunk_exporter_build_info{version="0.1.0"} 1'
        for trunk in list(trunks):
            yield from trunk.lines(age_s)

    def name_of(self, mail):
        """The trunk, or the alert and its severity, that a mail is about."""
        about = re.search(r"^  Trunk      (\S+)$", part(mail, "plain").replace("\r", ""), re.M)
        alert = re.search(r"^  Alert      SipTrunk(\w+) ", part(mail, "plain"), re.M)[1]
        who = about[1] if about else "exporter"
        return f"{who}-{alert}"

    def told(self):
        """[(name, mail)] since the last call of wait_told()."""
        return [(self.name_of(m), m) for m in self.stack.sink.mails[self.seen:]]

    def wait_told(self, end, seconds):
        """{name: mail}, once all that is expected has been told as it is expected."""
        expected = {p.stem.removesuffix(end): p.read_text() for p in MAILS.glob(f"*{end}.txt")}

        def missing():
            found = dict(self.told())
            return sorted(n for n, text in expected.items()
                          if n not in found or general(found[n]) != text)
        if KEEP:
            time.sleep(seconds)
        else:
            try:
                wait_for("all mails", lambda: not missing(), seconds, 0.5)
            except AssertionError:
                print(f"    not as expected: {missing()}; {self.stack.state()}", flush=True)
        told = self.told()
        self.seen += len(told)
        self.check_once(told)
        return dict(told)

    def check_once(self, told):
        """Of what goes wrong one mail; alerts of an exporter make one mail as they join."""
        counts = collections.Counter(name for name, _ in told if not name.startswith("exporter"))
        self.assertEqual({n: c for n, c in counts.items() if c > 1}, {})

    def compare(self, mails, end):
        self.maxDiff = None
        for name, mail in sorted(mails.items()):
            path = MAILS / f"{name}{end}.txt"
            with self.subTest(name):
                if KEEP:
                    path.write_text(general(mail))
                    keep(f"{name}{end}", mail)
                self.assertEqual(general(mail), path.read_text())
                self.assertNotIn("<no value>", mail.as_string())
                self.assertNotIn("ZgotmplZ", mail.as_string())
        unsaid = {p.stem for p in MAILS.glob(f"*{end}.txt")} - {n + end for n in mails}
        self.assertEqual(unsaid, set())

    def restart_in_the_middle(self):
        """Watched until nothing that was said before counts any more with Alertmanager."""
        self.stack.prometheus.stop()
        time.sleep(2)  # half a minute
        self.stack.prometheus.start()
        time.sleep(self.stack.believed_s + self.stack.group_interval_s)
        self.assertEqual([m["Subject"] for _, m in self.told()], [])

    def end(self):
        """Most are well again; some are taken out, and one is paused."""
        self.ill = False
        for name in list(self.trunks):
            if name == "paused":
                self.trunks[name].set(paused=True)
            elif name in TAKEN_OUT:
                del self.trunks[name]
            else:
                self.trunks[name].set(**WELL.get(name, {}))
        for t in [*self.cut_trunks, *self.names]:
            t.set(link=t.now.get("link", LINK))
        Target(self, lambda age: self.lines(age, ()), self.blind_port)

    def check_truth(self, ended):
        for name, mail in ended.items():
            with self.subTest(name):
                told = mail["Subject"]
                if name.startswith(("removed-", "paused-")):
                    self.assertIn("no longer probed", told)
                    self.assertNotIn("again", part(mail, "plain"))
                if name == "down-Down":
                    self.assertRegex(told, r"^\[UP\] down \(oslo\): answers again at "
                                     r"\d\d:\d\d UTC, the outage lasted ")

    def check_watcher(self):
        """It was pinged all the time, but by nothing else than the switch."""
        self.assertGreater(len(self.watcher.pings), 3)
        self.assertEqual({a["labels"]["alertname"] for ping in self.watcher.pings
                          for a in ping["alerts"]}, {"SipTrunkWatchdog"})
