#include "tests/simulation/faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/phones.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/datagrams.h"
#include "tests/simulation/kernel/fds.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/process.h"
#include "tests/simulation/sim.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/kernel/world.h"

static const char *const names[FAULTS] = {
	"stall",  "step",   "dns",    "reload",	 "listen", "loss",  "twice", "garble",
	"outage", "icmp",   "busy",   "binding", "tcp",	   "tls",   "srv",   "inbound",
	"calls",  "barred", "unsent", "fds",	 "memory", "crash",
};

/* A stream each, so that one fault leaves the others as they were. */
static struct {
	uint64_t stalls, steps, reloads, unsent, fds, crashes;
} streams;

struct sim_counts sim_counts;

bool faults_has(enum fault f)
{
	return fleet.faults & 1U << f;
}

const char *faults_name(enum fault f)
{
	return names[f];
}

bool faults_parse(unsigned *bits, const char *text)
{
	*bits = 0;
	while (*text) {
		size_t len = strcspn(text, ",");
		unsigned i = 0;

		while (i < FAULTS &&
		       (strlen(names[i]) != len || strncmp(names[i], text, len)))
			i++;
		if (i == FAULTS)
			return false;
		*bits |= 1U << i;
		text += len + (text[len] == ',');
	}
	return true;
}

void faults_print(unsigned bits)
{
	const char *between = "";

	for (unsigned i = 0; i < FAULTS; i++)
		if (bits & 1U << i) {
			printf("%s%s", between, names[i]);
			between = ",";
		}
}

/* In a tenth of the mean to twice that. */
static void faults_later(uint64_t *s, int64_t mean_ns, world_h *h, void *arg)
{
	world_in(chance_between(s, mean_ns / 10, 2 * mean_ns), h, arg);
}

/* --- peers --- */

struct promise {
	struct peer *peer;
	unsigned epoch;
	int64_t since_ns;
};

static int64_t promise_ns(const struct trunk *t, enum fleet_mode mode)
{
	const struct order *o = &t->have;
	unsigned probes = mode == PEER_ANSWERS ? o->rise : o->fall;

	return o->interval_ns * 3 / 2 + o->timeout_ns +
	       probes * (o->down_ns * 3 / 2 + o->timeout_ns) + WORLD_S;
}

/* Whatever stood in the way since then, it gets its time anew. */
static void faults_promise_h(void *arg)
{
	struct promise *p = arg;
	struct trunk *t = p->peer->trunk;

	if (p->peer->epoch == p->epoch && world_stalled_ns(p->since_ns)) {
		p->since_ns = world_now_ns();
		world_in(promise_ns(t, p->peer->mode), faults_promise_h, p);
		return;
	}
	if (p->peer->epoch == p->epoch && t->here && !t->have.paused)
		judge(ON_PROMISE, &(struct occasion){.trunk = t,
						     .peer = p->peer,
						     .since_ns = p->since_ns});
	memory_free(p);
}

static void faults_promise(struct peer *peer, enum fleet_mode before)
{
	const struct trunk *t = peer->trunk;
	struct promise *p;

	if (!fleet_is_single(t) || t->named || peer->index || t->lossy || t->shaken ||
	    t->tls || /* whose certificate may have ended besides */
	    peer->mode == PEER_BUSY || before == PEER_BUSY ||
	    (fleet.faults & ~FAULTS_ORDINARY))
		return;
	p = memory_get(sizeof(*p));
	*p = (struct promise){peer, peer->epoch, world_now_ns()};
	world_in(promise_ns(t, peer->mode), faults_promise_h, p);
}

static enum fleet_mode faults_bad_mode(struct peer *p)
{
	if (faults_has(FAULT_ICMP) && chance_of(&p->fate, 300000))
		return PEER_REFUSES;
	if (faults_has(FAULT_BUSY) && chance_of(&p->fate, 200000))
		return PEER_BUSY;
	return PEER_SILENT;
}

static void faults_outage_h(void *arg)
{
	static const char *const modes[] = {"answers", "is silent", "refuses", "is busy"};
	struct peer *p = arg;
	enum fleet_mode before = p->mode, bad = faults_bad_mode(p);
	bool brief = chance_of(&p->fate, 500000);

	p->mode = before == PEER_ANSWERS ? bad : PEER_ANSWERS;
	/* Away is cut off, or dead. */
	if (p->mode == PEER_REFUSES && p->trunk->dial)
		phones_die(p);
	p->since_ns = world_now_ns();
	p->epoch++;
	sim_counts.outages += p->mode != PEER_ANSWERS;
	trace(p->trunk, "(a peer", modes[p->mode], ") number ", p->index);
	faults_promise(p, before);
	faults_later(&p->fate,
		     p->mode == PEER_ANSWERS ? fleet.outage_ns
		     : brief		     ? WORLD_MIN
					     : 20 * WORLD_MIN,
		     faults_outage_h, p);
}

/* --- names --- */

#define SOUGHT_NS (32 * WORLD_S)

struct renewal {
	struct trunk *t;
	unsigned epoch;
	int64_t since_ns;
};

static void faults_renewal_h(void *arg)
{
	struct renewal *r = arg;
	struct trunk *t = r->t;

	if (r->epoch == t->dns_epoch && t->here && t->added_ns < r->since_ns &&
	    !t->have.paused && !t->shaken && !world_stalled_ns(r->since_ns))
		judge(ON_NAME, &(struct occasion){.trunk = t, .since_ns = r->since_ns});
	memory_free(r);
}

/* What leads nowhere is asked for again long before its TTL ends. */
static void faults_sought_h(void *arg)
{
	struct renewal *r = arg;
	struct trunk *t = r->t;

	if (r->epoch == t->dns_epoch && t->here && t->told == HEALTH_DOWN &&
	    t->tally.failed && t->told_ns < r->since_ns && t->added_ns < r->since_ns &&
	    !t->have.paused && !t->shaken && !world_stalled_ns(r->since_ns))
		judge(ON_SOUGHT, &(struct occasion){.trunk = t, .since_ns = r->since_ns});
	memory_free(r);
}

static void faults_sought(struct trunk *t)
{
	struct renewal *r;

	if (t->dns_fails || t->several || t->registers || t->dial ||
	    t->told != HEALTH_DOWN)
		return;
	r = memory_get(sizeof(*r));
	*r = (struct renewal){t, t->dns_epoch, world_now_ns()};
	world_in(SOUGHT_NS + t->have.down_ns + 2 * t->have.timeout_ns, faults_sought_h,
		 r);
}

static void faults_renewal(struct trunk *t)
{
	struct renewal *r = memory_get(sizeof(*r));
	int64_t most_ns = t->ttl_s * WORLD_S + t->have.down_ns + 2 * t->have.timeout_ns;

	*r = (struct renewal){t, ++t->dns_epoch, world_now_ns()};
	t->dns_since_ns = world_now_ns();
	if (t->dns_fails)
		memory_free(r);
	else
		world_in(most_ns + 2 * WORLD_S, faults_renewal_h, r);
	faults_sought(t);
}

/* Targets come and go, and change places. */
static void faults_srv(struct trunk *t)
{
	t->set = (unsigned)chance_between(&t->fate, 1, 7);
	for (unsigned i = 0; i < FLEET_PEERS; i++)
		fleet_rank(&t->peers[i].rank, &t->fate);
}

static void faults_dns_h(void *arg)
{
	struct trunk *t = arg;

	if (t->dns_fails || chance_of(&t->fate, 100000))
		t->dns_fails = !t->dns_fails;
	else if (t->srv)
		faults_srv(t);
	else if (t->several)
		t->set = (t->set << 1 | t->set >> 2) & 7;
	else
		t->set = 1U << chance_below(&t->fate, FLEET_PEERS);
	sim_counts.names++;
	trace(t, "(DNS", t->dns_fails ? "fails)" : "has)", " addresses ", t->set);
	faults_renewal(t);
	faults_later(&t->fate, t->dns_fails ? 5 * WORLD_MIN : 2 * WORLD_HOUR,
		     faults_dns_h, t);
}

/* --- the process and its machine --- */

static void faults_set_clock(int64_t by_ns)
{
	trace(NULL, "(the wall clock is set)", "", " by ms ", by_ns / WORLD_MS);
	world_step(by_ns);
	sim_counts.steps++;
}

static void faults_jump_h(void *arg)
{
	(void)arg;
	faults_set_clock(chance_between(&streams.stalls, -WORLD_S, 60 * WORLD_S));
}

static int64_t faults_stall_ns(uint64_t *s)
{
	switch (chance_below(s, 10)) {
	case 9:
		return chance_between(s, 20 * WORLD_S, 10 * WORLD_MIN);
	case 6:
	case 7:
	case 8:
		return chance_between(s, WORLD_S, 8 * WORLD_S);
	default:
		return chance_between(s, WORLD_MS, 300 * WORLD_MS);
	}
}

static void faults_stall_h(void *arg)
{
	int64_t for_ns = faults_stall_ns(&streams.stalls);

	(void)arg;
	trace(NULL, "(the process stands still)", "", " for ms ", for_ns / WORLD_MS);
	sim_counts.stalls++;
	world_stall(for_ns);
	/* A virtual machine that was moved: its clock is set meanwhile. */
	if (faults_has(FAULT_STEP) && chance_of(&streams.stalls, 300000))
		world_in(for_ns / 2, faults_jump_h, NULL);
	faults_later(&streams.stalls, 20 * WORLD_MIN, faults_stall_h, NULL);
}

static void faults_step_h(void *arg)
{
	(void)arg;
	faults_set_clock(
		chance_of(&streams.steps, 700000)
			? chance_between(&streams.steps, -2 * WORLD_S, 2 * WORLD_S)
			: chance_between(&streams.steps, -WORLD_DAY, WORLD_DAY));
	faults_later(&streams.steps, 3 * WORLD_HOUR, faults_step_h, NULL);
}

static void faults_change(struct trunk *t, uint64_t *s)
{
	static const int64_t intervals[] = {10, 20, 30};

	switch (chance_below(s, 6)) {
	case 0:
		t->want.present = !t->want.present;
		break;
	case 1:
		t->want.paused = !t->want.paused;
		break;
	case 2:
		if (t->want.timeout_ns < 10 * WORLD_S &&
		    t->want.down_ns <= 10 * WORLD_S * fleet.pace)
			t->want.interval_ns =
				intervals[chance_below(s, 3)] * WORLD_S * fleet.pace;
		break;
	case 3:
		t->want.fall = t->want.fall % 4 + 1;
		break;
	default:
		t->want.version++;
	}
}

static void faults_reload_h(void *arg)
{
	uint64_t *s = &streams.reloads;

	(void)arg;
	/* One draw a trunk, whoever is simulated. */
	for (unsigned i = 0; i < fleet.count; i++) {
		uint64_t own = chance_next(s) | 1;

		if (faults_has(FAULT_RELOAD) && chance_of(&own, 50000))
			faults_change(&fleet.trunks[i], &own);
	}
	if (faults_has(FAULT_LISTEN) && chance_of(s, 300000) && !dials.loops)
		fleet.listening = !fleet.listening;
	sim_counts.reloads++;
	trace(NULL, "(a reload)", "", " listening ", fleet.listening);
	world_post(process_reload_h, NULL);
	faults_later(s, 4 * WORLD_HOUR, faults_reload_h, NULL);
}

static void faults_sends_h(void *arg)
{
	(void)arg;
	datagrams_fail(0, 0, 0);
	trace(NULL, "(the machine sends again)", "", "", 0);
}

static void faults_unsent_h(void *arg)
{
	static const int errs[] = {ENOBUFS, EPERM};
	uint64_t *s = &streams.unsent;
	int err = errs[chance_below(s, 2)];

	(void)arg;
	trace(NULL, "(the machine does not send)", "", " errno ", err);
	sim_counts.unsent++;
	datagrams_fail(chance_next(s) | 1, err, 500000);
	world_in(chance_between(s, 1, 60) * WORLD_S, faults_sends_h, NULL);
	faults_later(s, 2 * WORLD_HOUR, faults_unsent_h, NULL);
}

static void faults_fds_back_h(void *arg)
{
	(void)arg;
	fds_exhaust(false);
	trace(NULL, "(there are descriptors again)", "", "", 0);
}

static void faults_fds_h(void *arg)
{
	uint64_t *s = &streams.fds;

	(void)arg;
	trace(NULL, "(no descriptor is left)", "", "", 0);
	sim_counts.exhausted++;
	fds_exhaust(true);
	world_in(chance_between(s, 1, 60) * WORLD_S, faults_fds_back_h, NULL);
	faults_later(s, 2 * WORLD_HOUR, faults_fds_h, NULL);
}

static void faults_crash_h(void *arg)
{
	(void)arg;
	trace(NULL, "(the process dies, and begins anew)", "", "", 0);
	sim_counts.crashes++;
	world_post(process_crash_h, NULL);
	faults_later(&streams.crashes, 2 * WORLD_HOUR, faults_crash_h, NULL);
}

static void faults_of_peers(void)
{
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t)) {
		for (unsigned i = 0; i < FLEET_PEERS; i++) {
			struct peer *p = &t->peers[i];

			if (faults_has(FAULT_OUTAGE) && !chance_of(&p->fate, 300000))
				faults_later(&p->fate, fleet.outage_ns, faults_outage_h,
					     p);
		}
		if (t->named && faults_has(FAULT_DNS))
			faults_later(&t->fate, 2 * WORLD_HOUR, faults_dns_h, t);
	}
}

void faults_begin(void)
{
	streams.stalls = chance_stream(fleet.seed, 1);
	streams.steps = chance_stream(fleet.seed, 2);
	streams.reloads = chance_stream(fleet.seed, 3);
	streams.unsent = chance_stream(fleet.seed, 5);
	streams.fds = chance_stream(fleet.seed, 6);
	faults_of_peers();
	if (faults_has(FAULT_STALL))
		faults_later(&streams.stalls, 20 * WORLD_MIN, faults_stall_h, NULL);
	if (faults_has(FAULT_STEP))
		faults_later(&streams.steps, 3 * WORLD_HOUR, faults_step_h, NULL);
	if (faults_has(FAULT_RELOAD) || faults_has(FAULT_LISTEN))
		faults_later(&streams.reloads, 4 * WORLD_HOUR, faults_reload_h, NULL);
	if (faults_has(FAULT_UNSENT))
		faults_later(&streams.unsent, 2 * WORLD_HOUR, faults_unsent_h, NULL);
	if (faults_has(FAULT_FDS))
		faults_later(&streams.fds, 2 * WORLD_HOUR, faults_fds_h, NULL);
	streams.crashes = chance_stream(fleet.seed, 13);
	if (faults_has(FAULT_CRASH))
		faults_later(&streams.crashes, 2 * WORLD_HOUR, faults_crash_h, NULL);
	if (faults_has(FAULT_MEMORY))
		memory_fail(chance_stream(fleet.seed, 7), 200);
}
