"""
A month of a trunk's life, told twice: as the scrapes that a Prometheus would hold, and as what
a report must say of it, reckoned from the life itself.

Times are seconds since the month began. An exporter runs from one moment to another; what it
saw is a list of states and when each was entered. Prometheus scrapes every 15 seconds while
both run, and its rules run once a minute.
"""

import math
from dataclasses import dataclass, field

SCRAPE_S = 15
PHASE_S = 7.4  # of the scrapes
TURN_S = 23.7  # of the rules in each minute
QUIET_S = 45  # between two scrapes that are kept where nothing happens
NEAR_S = 240  # how near something that happens makes all of them kept


@dataclass
class Run:
    """One run of the exporter: what it saw of one trunk."""
    start: float
    stop: float
    states: list = field(default_factory=list)  # (entered, "up"|"degraded"|"down"|None)
    pauses: list = field(default_factory=list)  # (begin, end, timed)

    def state_at(self, t):
        """(state, entered, how many were entered) or None while it is not known."""
        past = [(when, state) for when, state in self.states if when <= t]
        if not past or past[-1][1] is None or self.pause_at(t):
            return None
        return past[-1][1], past[-1][0], sum(1 for _, s in past if s)

    def pause_at(self, t):
        return next((p for p in self.pauses if p[0] <= t < p[1]), None)

    def reloads(self):
        return [self.start] + [t for b, e, timed in self.pauses
                               for t in ([b] if timed else [b, e])]


@dataclass
class Month:
    days: int
    runs: list
    gaps: list  # (begin, end) for which Prometheus did not run
    causes: dict  # when an outage began: a reason, or a code

    @property
    def length(self):
        return self.days * 86400

    def run_at(self, t):
        return next((r for r in self.runs if r.start <= t < r.stop), None)

    def watched(self, t):
        return not any(b <= t < e for b, e in self.gaps)

    def events(self):
        out = [t for g in self.gaps for t in g]
        for r in self.runs:
            out += [r.start, r.stop] + [t for t, _ in r.states]
            out += [t for p in r.pauses for t in p[:2]]
        return sorted(set(out))

    def near(self, t, within=NEAR_S):
        return any(abs(t - e) < within for e in self.events())

    # What Prometheus holds

    def scrapes(self, before=900, after=900):
        """Times at which it asked and the exporter answered, or did not."""
        events = self.events()
        at, i = PHASE_S - before, 0
        while at < self.length + after:
            while i < len(events) and events[i] < at - NEAR_S:
                i += 1
            near = i < len(events) and events[i] < at + NEAR_S
            if self.watched(at) and (near or round(at - PHASE_S) % QUIET_S == 0):
                yield at
            at += SCRAPE_S

    def samples(self, base):
        """{name, more labels: [(time, value)]}"""
        out = {}
        failures = {}

        def put(t, name, value, **labels):
            out.setdefault((name, tuple(labels.items())), []).append((base + t, value))

        for t in self.scrapes():
            run = self.run_at(t)
            put(t, "up", 1 if run else 0)
            if not run:
                continue
            put(t, "siptrunk_exporter_build_info", 1)
            put(t, "siptrunk_exporter_config_last_reload_success_timestamp_seconds",
                base + max(r for r in run.reloads() if r <= t))
            pause = run.pause_at(t)
            if pause:
                put(t, "siptrunk_paused", 1)
                if pause[2]:
                    put(t, "siptrunk_paused_until_timestamp_seconds", base + pause[1])
            at = run.state_at(t)
            if at:
                state, entered, count = at
                put(t, "siptrunk_up", 0 if state == "down" else 1)
                put(t, "siptrunk_state_changed_timestamp_seconds", base + entered)
                put(t, "siptrunk_state_changes_total", count)
                if state == "down":
                    cause = self.causes[self.whole(entered)]
                    key = (id(run), cause)
                    failures[key] = failures.get(key, 0) + 3
            for (owner, cause), count in failures.items():
                if owner == id(run):
                    name, label = (("siptrunk_probe_responses_total", "code")
                                   if cause.isdigit()
                                   else ("siptrunk_probe_failures_total", "reason"))
                    put(t, name, count, method="OPTIONS", address="192.0.2.1:5060",
                        transport="udp", **{label: cause})
        return out

    def whole(self, entered):
        """When the outage began of which a state that was entered then is a part."""
        return next(b for b, _, parts in self.outages() if any(p[0] == entered for p in parts))

    # What is true of it

    def lives(self):
        """(run, state, entered, left), left the time of the next state or of its end."""
        for run in self.runs:
            for i, (entered, state) in enumerate(run.states):
                left = run.states[i + 1][0] if i + 1 < len(run.states) else run.stop
                left = min([left] + [b for b, _, _ in run.pauses if b > entered])
                if state:
                    yield run, state, entered, left

    def outages(self):
        """(began, ended or None, [(entered, left)]): a restart within does not divide it."""
        out = []
        for run, state, entered, left in self.lives():
            if state != "down":
                continue
            ended = any(w == left and s for w, s in run.states)
            fresh = entered == next(w for w, s in run.states if s)
            if out and out[-1][1] is None and fresh and entered - out[-1][2][-1][1] < 600:
                began, _, parts = out.pop()
            else:
                began, parts = entered, []
            out.append((began, left if ended else None, parts + [(entered, left)]))
        return out

    def told(self, m):
        """Whether the rules ran for a minute: their turn comes a minute after its end."""
        return 0 <= m < self.days * 1440 and self.watched((m + 2) * 60 + TURN_S)

    def told_spans(self):
        """Minutes in a row that were told, as (begin, end)."""
        begin = None
        for m in range(self.days * 1440 + 1):
            if self.told(m):
                begin = m * 60 if begin is None else begin
            elif begin is not None:
                yield begin, m * 60
                begin = None

    def last_scrape(self, run, before):
        """The last scrape of the run before a moment at which its state is lost."""
        t = math.floor((before - PHASE_S) / SCRAPE_S) * SCRAPE_S + PHASE_S
        while not (self.watched(t) and run.start <= t < before):
            t -= SCRAPE_S
        return t

    def blind(self):
        """
        What no scrape told in time: from the last one before Prometheus went to the begin of
        the last whole minute before the first one after it, or to a state entered since then.
        """
        for begin, end in self.gaps:
            after = math.ceil((end - PHASE_S) / SCRAPE_S) * SCRAPE_S + PHASE_S
            sight = math.floor(after / 60) * 60 - 60
            entered = [e for _, _, e, _ in self.lives() if sight < e < after]
            yield begin - SCRAPE_S, max([sight] + entered)

    def known(self):
        """(begin, end, state): what Prometheus could know of the states."""
        for run, state, entered, left in self.lives():
            followed = any(w == left and s for w, s in run.states)
            spans = [(entered, left if followed else self.last_scrape(run, left))]
            for b, e in self.blind():
                spans = [part for x, y in spans for part in ((x, min(y, b)), (max(x, e), y))
                         if part[0] < part[1]]
            yield from ((x, y, state) for x, y in spans)

    def paused(self):
        for run in self.runs:
            for begin, end, _ in run.pauses:
                yield begin, end

    def figures(self):
        """Seconds of the month, by what is known of them."""
        told = list(self.told_spans())

        def within(spans):
            return sum(max(0, min(y, e) - max(x, b)) for x, y in spans for b, e in told)

        known = list(self.known())
        monitored = within([(b, e) for b, e, _ in known])
        planned = within(self.paused())
        return {"monitored": monitored, "planned": planned,
                "down": within([(b, e) for b, e, s in known if s == "down"]),
                "unseen": self.length - monitored - planned}

    def listed(self):
        """{when it began: (when it ended, or None; up to when it was seen)} of outages."""
        known = [(b, e) for b, e, s in self.known() if s == "down"]
        told = list(self.told_spans())
        out = {}
        for began, ended, parts in self.outages():
            seen = [min(y, e) for x, y in known for b, e in told
                    if any(p[0] <= x and y <= p[1] for p in parts) and max(x, b) < min(y, e)]
            if not seen:
                continue
            if ended is not None and not self.told(math.floor(ended / 60)):
                ended = None
            out[began] = (ended, max(seen))
        return out


def ordinary(seed, outages=40, days=31):
    """
    A month with so many outages: some short, some at its edges, with restarts of the exporter
    (three of them within an outage), gaps of Prometheus and planned work.
    """
    import random
    dice = random.Random(seed)
    length = days * 86400
    # Each outage has a slot of its own, and what else happens has slots between.
    slot = length / (outages + 1)
    falls = [(-1234.567, 777.25)]
    for i in range(1, outages - 1):
        begin = i * slot + dice.uniform(0.2, 0.4) * slot
        falls.append((begin, begin + dice.choice(
            [dice.uniform(31, 60), dice.uniform(60, 900), dice.uniform(900, 9000)])))
    falls.append((length - 432.1, length + 300.5))
    for i in (3, 20, 30):
        falls[i] = (falls[i][0], falls[i][0] + 3210.25)
    causes = {b: dice.choice(["timeout", "refused", "dns", "503", "500"]) for b, _ in falls}

    # (stop, start again, first state after that)
    restarts = []
    for i in (5, 15, 25):
        begin, end = falls[i]
        falls[i] = (begin, begin + 2000.5)
        stop = begin + dice.uniform(300, 400)
        restarts.append((stop, stop + dice.choice([3, 40, 130]), 11.3))
    for i in (8, 18, 28, 33):
        stop = (i + 0.8) * slot
        restarts.append((stop, stop + dice.choice([2, 20, 1200]), 4.9))
    restarts.sort()

    starts = [-3600.0] + [s[1] for s in restarts]
    stops = [s[0] for s in restarts] + [length + 3600.0]
    firsts = [0.0] + [s[2] for s in restarts]
    runs = [Run(a, b) for a, b in zip(starts, stops)]
    for run, first in zip(runs, firsts):
        seen = run.start + first
        down = next((f for f in falls if f[0] <= seen < f[1]), None)
        run.states.append((seen, "down" if down else "up"))
        for begin, end in falls:
            if seen < begin < run.stop:
                run.states.append((begin, "down"))
            if seen < end < run.stop:
                run.states.append((end, "degraded" if dice.random() < 0.2 else "up"))
        run.states.sort()
    # A degraded hour, and planned work: by a reload, and until a time.
    for i, timed in ((12, False), (22, True)):
        begin = (i + 0.85) * slot
        run = next(r for r in runs if r.start < begin and begin + 9000 < r.stop)
        run.pauses.append((begin, begin + 4321, timed))
        run.states += [(begin, None), (begin + 4321 + 21.8, "up")]
        run.states.sort()
    begin = 30.8 * slot
    run = next(r for r in runs if r.start < begin and begin + 3600 < r.stop)
    run.states += [(begin, "degraded"), (begin + 3600.75, "up")]
    run.states.sort()

    # Prometheus away: while all is well, over the begin of an outage, within one, over an end.
    gaps = [((10 + 0.9) * slot, (10 + 0.9) * slot + 700)]
    for i, part in ((3, 0), (20, 0.5), (30, 1)):
        begin, end = falls[i]
        middle = begin + part * (end - begin)
        gaps.append((middle - 333, middle + 444))
    return Month(days, runs, sorted(gaps), causes)
