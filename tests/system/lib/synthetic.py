"""
An hour of an imaginary fleet, as Prometheus would have stored it: trunks with every kind
of trouble, two exporters that probe them and one that is gone.
"""

import math
import random
from collections import defaultdict
from dataclasses import dataclass, field

from harness import REASONS

STEP_S = 15
SPAN_S = 3600
WEEK_S = 7 * 86400
DAY_S = 86400
JOB = "siptrunk"
OSLO, BERGEN, GONE = "oslo-1:10060", "bergen-1:10060", "gone-1:10060"
STATES = ("unknown", "up", "degraded", "down")
BUCKETS = (0.001, 0.004, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 4.0)
SCHEMA = 3


def fine(minutes, address):
    """What a probe ends with, so many minutes before now: (failure, code)."""
    return None, 200


def always(state):
    return lambda minutes: state


@dataclass
class Trunk:
    name: str
    labels: dict
    problem: str = ""  # its row in the table of what is wrong; none: not there
    since: float = 0  # how many minutes ago it began; 0: longer ago than all of this
    result: object = fine
    state: object = always("up")
    latency_s: float = 0.02
    addresses: int = 1
    addresses_up: int = 1
    transport: str = "udp"
    method: str = "OPTIONS"
    resent: float = 0.0
    late: float = 0.0
    named: bool = True
    retry_after_s: int = 0
    certificate_days: float = 0
    registers: bool = False
    pinged: bool = False
    calls: str = ""  # what becomes of each fifth of its calls
    exporters: tuple = (OSLO,)
    until: float = -1  # how many minutes ago it was taken out


def mute_since(minute):
    return lambda minutes, address: (
        ("timeout", 0) if minutes < minute else (None, 200))


def flaps(minutes, address):
    return ("refused", 0) if 4 < minutes < 25 and int(minutes) % 6 < 3 else (None, 200)


def refuses(minutes, address):
    """A code that means down, and now and then nothing at all."""
    return ("timeout", 0) if int(minutes) % 5 == 0 else ("response", 500)


def overloaded(minutes, address):
    return None, 503 if minutes < 40 and int(minutes) % 5 else 200


def second_is_mute(minutes, address):
    return ("timeout", 0) if address else (None, 200)


TRUNKS = (
    Trunk("alpha", {"carrier": "isp-a", "site": "oslo"}, addresses=2, addresses_up=2,
          pinged=True, calls="no_answer", exporters=(OSLO, BERGEN)),
    Trunk("partly", {"carrier": "isp-a", "site": "bergen"}, "partially_down", 30,
          second_is_mute, addresses=2),
    Trunk("dead", {"carrier": "isp-b", "site": "oslo"}, "down", 19,
          mute_since(20),
          lambda m: "down" if m < 19 else "up", addresses_up=0, resent=0.8,
          exporters=(OSLO, BERGEN)),
    Trunk("busy", {"carrier": "isp-b", "site": "bergen"}, "degraded",
          39, overloaded, lambda m: "degraded" if m < 39 else "up", retry_after_s=30),
    Trunk("flappy", {"carrier": "isp-c", "site": "oslo"}, "flapping", 12, flaps,
          lambda m: "down" if flaps(m, 0)[0] else "up", transport="tcp"),
    Trunk("lossy", {"carrier": "isp-c", "site": "bergen"}, "packet_loss", 25, resent=0.3,
          late=0.05, latency_s=0.6),
    Trunk("secure", {"carrier": "isp-d", "site": "oslo"}, "certificate_expiring", 0,
          lambda m, a: ("tls", 0) if 30 < m < 32 else (None, 200), transport="tls",
          certificate_days=5, pinged=True),
    Trunk("registrar", {"carrier": "isp-d", "site": "bergen"}, method="REGISTER",
          registers=True),
    Trunk("plain", {}, latency_s=0.004, exporters=(OSLO, BERGEN)),
    Trunk("nodns", {"carrier": "isp-e", "site": "oslo"}, "down", 0,
          lambda m, a: ("dns", 0), always("down"), addresses=0, addresses_up=0),
    Trunk("broken", {"carrier": "isp-e", "site": "bergen"}, "down", 0, refuses,
          always("down")),
    Trunk("fresh", {"carrier": "isp-e", "site": "oslo"}, "state_unknown",
          state=always("unknown")),
    # Nothing is wrong with these now.
    Trunk("recovered", {"carrier": "isp-f", "site": "oslo"}, "", 0,
          lambda m, a: ("timeout", 0) if 8 < m < 14 else (None, 200),
          lambda m: "down" if 8 < m < 13 else "up", resent=0.2),
    Trunk("slow", {"carrier": "isp-f", "site": "bergen"}, latency_s=0.9, calls="one_way"),
    Trunk("removed", {"carrier": "isp-f", "site": "oslo"}, "", 0, mute_since(60),
          always("down"), addresses_up=0, until=10),
)

# What the rules record of a problem: mixin/problems.libsonnet, which a test compares.
RANKS = {"down": 100, "flapping": 85, "partially_down": 75, "degraded": 70,
         "state_unknown": 60, "packet_loss": 50, "certificate_expiring": 25}


@dataclass
class Target:
    """The counters of one address of a trunk, at one exporter."""
    probes: int = 0
    resent: int = 0
    late: int = 0
    success: int = -1
    last_success: int = 0
    duration_s: float = 0.0
    total_s: float = 0.0
    codes: dict = field(default_factory=lambda: defaultdict(int))
    failures: dict = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    buckets: list = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    native: dict = field(default_factory=lambda: defaultdict(int))

    def answered(self, code, seconds):
        self.codes[code] += 1
        self.duration_s = seconds
        self.total_s += seconds
        self.buckets[sum(seconds > b for b in BUCKETS)] += 1
        self.native[math.ceil(math.log2(seconds) * 2 ** SCHEMA)] += 1

    def probe(self, trunk, minutes, address, now, dice):
        reason, code = trunk.result(minutes, address)
        if reason != "dns":
            self.probes += 1
        if dice.random() < trunk.resent:
            self.resent += 1 if not reason else 3
        if dice.random() < trunk.late:
            self.late += 1
        if code:
            self.answered(code, trunk.latency_s * dice.uniform(0.7, 1.6))
        if reason:
            self.failures[reason] += 1
            self.success = 0
        else:
            self.success, self.last_success = 1, now


class Fleet:
    """
    series: {(name, labels as sorted items): [(ms, value)]}, native: the same for native
    histograms. `classic` says which kind of histogram is stored of Oslo's probes.
    """

    def __init__(self, end_s, classic=True):
        self.end = end_s // STEP_S * STEP_S
        self.classic = classic
        self.series = defaultdict(list)
        self.native = defaultdict(list)
        self.dice = random.Random(5)
        self.targets = defaultdict(Target)
        self.changes = defaultdict(int)
        self.before = {}
        self.entered = {}
        for t in range(self.end - WEEK_S - 600, self.end - WEEK_S + 600, STEP_S):
            self.trunk(TRUNKS[0], OSLO, t, 0)
        self.before.clear()
        for t in range(self.end - SPAN_S, self.end + STEP_S, STEP_S):
            self.step(t)

    def add(self, name, t, value, **labels):
        self.series[name, tuple(sorted(labels.items()))].append((t * 1000, float(value)))

    def step(self, t):
        minutes = (self.end - t) / 60
        for trunk in TRUNKS:
            for instance in trunk.exporters if minutes > trunk.until else ():
                self.trunk(trunk, instance, t, minutes)
        for instance in (OSLO, BERGEN):
            self.exporter(instance, t, minutes)
        self.around(t, minutes)

    # One trunk

    def trunk(self, trunk, instance, t, minutes):
        who = {"job": JOB, "instance": instance, "trunk": trunk.name, **trunk.labels}
        self.state(trunk, who, t, trunk.state(minutes))
        self.problem(trunk, who, t, minutes)
        if trunk.addresses:
            self.add("siptrunk_addresses", t, trunk.addresses, **who)
            self.add("siptrunk_addresses_up", t, trunk.addresses_up, **who)
        self.add("siptrunk_info", t, 1, **who, uri=f"sip:{trunk.name}.example",
                 transport=trunk.transport, profile="default")
        if trunk.certificate_days:
            self.add("siptrunk_tls_own_certificate_not_after_timestamp_seconds", t,
                     self.end + 60 * DAY_S, **who, file="me.pem")
            self.add("siptrunk_tls_own_certificate_usable", t, 1, **who,
                     file="me.pem", purpose="client")
        if trunk.pinged:
            pings = t // 60
            self.add("siptrunk_inbound_requests_total", t, pings, **who, method="OPTIONS")
            self.add("siptrunk_inbound_options_last_timestamp_seconds", t, pings * 60,
                     **who)
            self.add("siptrunk_inbound_missing", t, 0, **who)
        if trunk.calls:
            self.calls(trunk, who, t)
        for address in range(max(trunk.addresses, 1)):
            self.target(trunk, who, address, t, minutes)

    def state(self, trunk, who, t, state):
        key = (who["instance"], trunk.name)
        self.changes[key] += self.before.get(key, state) != state
        if self.before.get(key) != state:
            self.entered[key] = t
        self.before[key] = state
        if state != "unknown":
            self.add("siptrunk_up", t, state != "down", **who)
            self.add("siptrunk_state_changed_timestamp_seconds", t, self.entered[key], **who)
        for s in STATES:
            self.add("siptrunk_state", t, s == state, **who, state=s)
        self.add("siptrunk_state_changes_total", t, self.changes[key], **who)

    def problem(self, trunk, who, t, minutes):
        """As the rules record it while it is there."""
        if trunk.problem and minutes < (trunk.since or SPAN_S):
            what = {**who, "problem": trunk.problem}
            self.add("siptrunk:problem", t, RANKS[trunk.problem], **what)
            self.add("siptrunk:problem:since_timestamp_seconds", t,
                     self.end - (trunk.since or 2 * 60) * 60, **what)

    def target(self, trunk, who, address, t, minutes):
        c = self.targets[who["instance"], trunk.name, address]
        if trunk.state(minutes) != "unknown":
            c.probe(trunk, minutes, address, t, self.dice)
        where = {**who, "method": trunk.method}
        if not trunk.addresses:
            self.add("siptrunk_probe_failures_total", t, c.failures["dns"], **where,
                     address="", transport="", reason="dns")
            return
        where.update(address=f"192.0.2.{address + 1}:5060", transport=trunk.transport)
        self.counters(c, where, t)
        self.durations(trunk, c, where, t)
        self.peer(trunk, c, where, t)

    def train(self, where, t):
        trains = (t - self.end) // 300 + 10000
        for name, each in (("requests", 10), ("answers", 9), ("reordered", 1),
                           ("limited", 0)):
            self.add(f"siptrunk_train_{name}_total", t, each * trains, **where)
        for stat, seconds in (("min", 0.55), ("median", 0.6), ("max", 0.7)):
            self.add("siptrunk_train_rtt_seconds", t, seconds, **where, stat=stat)
        self.add("siptrunk_train_jitter_seconds", t, 0.02, **where)

    def counters(self, c, where, t):
        self.add("siptrunk_probes_total", t, c.probes, **where)
        for code, n in c.codes.items():
            self.add("siptrunk_probe_responses_total", t, n, **where, code=str(code))
        for reason, n in c.failures.items():
            self.add("siptrunk_probe_failures_total", t, n, **where, reason=reason)
        self.add("siptrunk_probe_retransmissions_total", t, c.resent, **where)
        self.add("siptrunk_probe_late_responses_total", t, c.late, **where)
        self.add("siptrunk_nat_detected", t, 0, **where)
        self.add("siptrunk_nat_mapping_changes_total", t, 0, **where)
        for what in ("allow", "supported", "accept", "software"):
            self.add("siptrunk_peer_changes_total", t, 0, **where, what=what)
        for sign in ("via", "from", "call_id", "rport", "hidden"):
            self.add("siptrunk_alg_detected", t, 0, **where, sign=sign)
        if where["transport"] == "udp":
            answers = sum(c.codes.values())
            requests = answers + c.resent
            self.add("siptrunk_probe_udp_requests_total", t, requests, **where)
            self.add("siptrunk_probe_udp_answers_total", t, answers, **where)
            there = (requests - answers) // 2
            for direction, lost in (("either", requests - answers - there),
                                    ("request", there), ("reply", 0)):
                self.add("siptrunk_probe_udp_lost_total", t, lost, **where,
                         direction=direction)
            self.add("siptrunk_probe_reply_hops", t, 7, **where)
            self.add("siptrunk_probe_reply_hops_changes_total", t, 0, **where)
            for kind in ("port", "address"):
                self.add("siptrunk_probe_misdirected_responses_total", t, 0, **where,
                         kind=kind)
        if c.success >= 0:
            self.add("siptrunk_probe_success", t, c.success, **where)
        if c.last_success:
            self.add("siptrunk_probe_last_success_timestamp_seconds", t, c.last_success,
                     **where)

    def durations(self, trunk, c, where, t):
        name = "siptrunk_probe_duration_seconds"
        # Bergen is scraped the old way in either case, as during a change-over.
        if self.classic or where["instance"] == BERGEN:
            so_far = 0
            for bound, n in zip((*map(str, BUCKETS), "+Inf"), c.buckets):
                so_far += n
                self.add(name + "_bucket", t, so_far, **where, le=bound)
            self.add(name + "_sum", t, c.total_s, **where)
            self.add(name + "_count", t, so_far, **where)
        else:
            self.native[name, tuple(sorted(where.items()))].append(
                (t * 1000, dict(c.native), c.total_s, SCHEMA))
        phases = {"resolve": 0.0002, "response": c.duration_s}
        if trunk.transport != "udp":
            phases["connect"] = trunk.latency_s / 2
        if trunk.transport == "tls":
            phases["tls"] = trunk.latency_s
        for phase, seconds in phases.items():
            self.add("siptrunk_probe_phase_duration_seconds", t, seconds, **where,
                     phase=phase)

    def peer(self, trunk, c, where, t):
        if trunk.certificate_days:
            self.add("siptrunk_tls_certificate_not_after_timestamp_seconds", t,
                     self.end + trunk.certificate_days * DAY_S, **where)
            self.add("siptrunk_tls_verified_chain_not_after_timestamp_seconds", t,
                     self.end + trunk.certificate_days * DAY_S, **where)
            self.add("siptrunk_tls_failures_total", t, c.failures["tls"], **where,
                     cause="expired")
            self.add("siptrunk_tls_resumptions_total", t, 0, **where)
        if trunk.registers:
            self.add("siptrunk_registration_expires_timestamp_seconds", t,
                     t // 300 * 300 + 600, **where)
        if trunk.name == "lossy":
            for size in ("small", "large_request", "large_both"):
                self.add("siptrunk_size_success", t, int(size != "large_both"),
                         **where, size=size)
            self.add("siptrunk_path_mtu_bytes", t, 1400, **where)
            self.train(where, t)
        if trunk.retry_after_s:
            self.add("siptrunk_probe_retry_after_seconds", t, trunk.retry_after_s,
                     **where)

    def calls(self, trunk, who, t):
        """
        A call each quarter of an hour, audio both ways, every fifth a failure: of one trunk
        the fourth of this hour, of the other the last.
        """
        made = (t - self.end + 2 * SPAN_S) // 900
        answered = made - made // 5
        where = {**who, "method": "INVITE", "address": "192.0.2.1:5060", "transport": "udp"}
        fails = 5 if trunk.calls == "no_answer" else 2 * SPAN_S // 900
        self.add("siptrunk_probe_success", t, made != fails, **where)
        self.add("siptrunk_probes_total", t, made, **where)
        # Open until it is counted.
        self.add("siptrunk_calls_open", t, (t - self.end) % 900 >= 880, **who)
        self.add("siptrunk_calls_not_ended_total", t, 0, **who)
        for word, n in (("true", answered), ("false", made - answered)):
            self.add("siptrunk_calls_total", t, n, **where, answered=word)
            self.add("siptrunk_calls_made_total", t, n, **who, answered=word)
        self.add("siptrunk_call_failures_total", t, made - answered, **where,
                 reason=trunk.calls)
        self.add("siptrunk_calls_made_seconds_total", t, answered * 15, **who)
        self.add("siptrunk_call_seconds_total", t, answered * 15, **where)
        self.add("siptrunk_call_first_audio_seconds", t, 0.06, **where)
        self.add("siptrunk_call_round_trip_seconds", t, 0.08, **where, source="audio")
        for name, seconds in (("post_dial", 0.8), ("answer", 3.0)):
            self.buckets(f"siptrunk_call_{name}_delay_seconds", t, answered, seconds, where)
        for direction in ("in", "out"):
            self.audio({**where, "direction": direction}, t, answered)

    def audio(self, where, t, answered):
        call = "siptrunk_call_"
        for event, share in (("sent", 750), ("received", 745), ("lost", 5), ("duplicate", 0),
                             ("reordered", 0), ("discarded", 0)):
            self.add(call + "packets_total", t, answered * share, **where, event=event)
        for name, value in (("jitter_seconds", 0.004), ("loss_ratio", 0.0067),
                            ("one_way_delay_seconds", 0.04), ("mos", 4.35),
                            ("r_factor", 90.7)):
            self.add(call + name, t, value, **where)
        self.add(call + "nonce_heard", t, 1, **where, by="inband")

    def buckets(self, name, t, count, seconds, where):
        for bound in (0.5, 1.0, 5.0, "+Inf"):
            self.add(name + "_bucket", t, count if bound == "+Inf" or bound >= seconds else 0,
                     **where, le=str(bound))
        self.add(name + "_sum", t, count * seconds, **where)
        self.add(name + "_count", t, count, **where)

    # The exporters, and what Prometheus notes of them

    def exporter(self, instance, t, minutes):
        at = {"job": JOB, "instance": instance}
        own = "siptrunk_exporter_"
        # One reload by itself half an hour ago; one in Bergen was refused.
        applied = self.end - (1800 if minutes <= 30 else 9000)
        refused = instance == BERGEN and 15 < minutes < 20
        self.add(own + "build_info", t, 1, **at, version="1.0.0", revision="abc1234",
                 cversion="gcc 12.2.0", libre="1.1.0")
        self.add(own + "config_last_reload_successful", t, not refused, **at)
        self.add(own + "config_last_reload_success_timestamp_seconds", t, applied, **at)
        self.add(own + "trunks", t, sum(instance in x.exporters for x in TRUNKS), **at)
        self.add(own + "total_shards", t, 1, **at, shard="0")
        late = (t - self.end + 2 * SPAN_S) * 50
        for bound, n in ((0.001, late * 0.99), (0.005, late), ("+Inf", late)):
            self.add(own + "media_lateness_seconds_bucket", t, n, **at, le=str(bound))
        self.add(own + "media_lateness_seconds_sum", t, late * 0.0001, **at)
        self.add(own + "media_lateness_seconds_count", t, late, **at)
        for bound, n in ((0.001, late * 0.9), (0.01, late), ("+Inf", late)):
            self.add(own + "probe_lag_seconds_bucket", t, n, **at, le=str(bound))
        self.add(own + "probe_lag_seconds_sum", t, late * 0.0004, **at)
        self.add(own + "probe_lag_seconds_count", t, late, **at)
        asleep = {**at, "trunk": "asleep"}
        self.add("siptrunk_paused", t, 1, **asleep)
        self.add("siptrunk_paused_until_timestamp_seconds", t, self.end + DAY_S, **asleep)
        self.add("siptrunk_info", t, 1, **asleep, uri="sip:asleep.example", transport="udp",
                 profile="default")
        self.add(own + "loop_last_turn_timestamp_seconds", t, t - 1, **at)
        self.add(own + "log_lines_dropped_total", t, 0, **at)
        self.add(own + "web_certificate_not_after_timestamp_seconds", t,
                 self.end + 80 * DAY_S, **at)
        self.add(own + "web_config_last_reload_successful", t, 1, **at)
        self.add(own + "web_config_last_reload_success_timestamp_seconds", t, applied, **at)
        self.add(own + "schedule_lag_seconds", t, 0.0004, **at)
        for reason in ("stranger", "garbage"):
            self.add(own + "stray_messages_total", t, t // 30 % 1000000, **at,
                     reason=reason)
        self.add(own + "hep_packets_total", t, t // 5 % 1000000, **at)
        self.add(own + "hep_failures_total", t, t // 600 % 1000000, **at)
        self.add(own + "scrape_duration_seconds", t, 0.0011, **at)
        self.add(own + "scrape_size_bytes", t, 5321, **at)
        self.add(own + "tls_last_reload_successful", t, 1, **at)
        self.add(own + "tls_certificate_not_after_timestamp_seconds", t,
                 self.end + 90 * DAY_S, **at, file="listen.pem")
        self.add("siptrunk_tls_own_certificate_usable", t, 1, **at, file="listen.pem",
                 purpose="server")
        self.process(at, t, minutes)
        self.scrape(at, t, 1)

    def process(self, at, t, minutes):
        self.add("process_cpu_seconds_total", t, (t - self.end + 2 * SPAN_S) * 0.01, **at)
        self.add("process_resident_memory_bytes", t, 9e6, **at)
        self.add("process_virtual_memory_bytes", t, 2e8, **at)
        self.add("process_open_fds", t, 24, **at)
        self.add("process_max_fds", t, 1024, **at)
        self.add("process_start_time_seconds", t,
                 self.end - (3000 if minutes <= 50 else 90000), **at)

    def scrape(self, at, t, up):
        self.add("up", t, up, **at)
        self.add("scrape_duration_seconds", t, 0.004, **at)
        self.add("scrape_samples_scraped", t, 321 * up, **at)

    def around(self, t, minutes):
        """An exporter that is gone, a program that is none, and alerts."""
        self.scrape({"job": JOB, "instance": GONE}, t, 0)
        self.scrape({"job": "other", "instance": "other:1"}, t, 0)
        self.process({"job": "other", "instance": "other:1"}, t, minutes)
        if minutes < 18:
            self.add("ALERTS", t, 1, alertname="SipTrunkDown", alertstate="firing",
                     severity="critical", trunk="dead", carrier="isp-b", site="oslo",
                     job=JOB, instance=OSLO)
        if 15 < minutes < 20:
            self.add("ALERTS", t, 1, alertname="SipTrunkReloadFailed",
                     alertstate="firing", severity="warning", job=JOB, instance=BERGEN)

    def families(self):
        """{family: labels}, as the catalogue names them."""
        found = defaultdict(set)
        for name, labels in (*self.series, *self.native):
            for end in ("_bucket", "_sum", "_count"):
                if name.endswith("_seconds" + end):
                    name = name[:-len(end)]
            found[name] |= {k for k, _ in labels}
        return found
