/*
 * INVITE: a call by the trunk's `call`. A call's life is longer than a transaction, and
 * than that of its target: it is a thing of its own (sipprobe/call/), which tells the
 * probe what came of it.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_schedule.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_stream.h"

/* Between two looks whether the trunk's last call is over, or there is room for one. */
#define TURN_NS CLOCK_NS_PER_S

/* What a target knows of its calls. */
struct target_call {
	struct call *call; /* borrowed; NULL: none is under way */
	const char *why;   /* no call was made; or NULL */
	int64_t full_ns;   /* since when it waits for others' calls to end; 0: not */
	struct call_outcome out;
};

static void prober_invite_destructor(void *arg)
{
	struct target_call *tc = arg;

	call_leave(tc->call);
}

static void prober_invite_note_h(enum ladder_kind kind, int64_t at_ns, const char *text,
				 size_t len, void *arg)
{
	if (len)
		target_note(arg, kind, at_ns, text, len);
	else
		target_note_words(arg, kind, at_ns, text);
}

static void prober_invite_done_h(const struct call_outcome *o, void *arg)
{
	struct target *t = arg;

	t->more->call->call = NULL;
	t->more->call->out = *o;
	target_fail(t, o->outcome, o->err, *o->detail ? o->detail : NULL);
}

static bool is_scheduled(const struct target *t)
{
	return t->group->events->call_refused_h != NULL;
}

/* No call was made, or it was stopped, which says nothing of the trunk. */
static void prober_invite_unmade(struct target *t, const char *why)
{
	const struct probe_result none = probe_result_none();

	if (!is_scheduled(t)) {
		target_fail(t, PROBE_INTERNAL, ECANCELED, why);
		return;
	}
	t->group->events->call_refused_h(t->cell, why, t->group->arg);
	target_probe_at(t, target_schedule_next_ns(t, &none, clock_monotonic_ns()));
}

static void prober_invite_stopped_h(void *arg)
{
	struct target *t = arg;

	t->more->call->call = NULL;
	prober_invite_unmade(t, "calls were stopped");
}

static const struct call_events prober_invite_events = {
	prober_invite_note_h, prober_invite_done_h, prober_invite_stopped_h};

static int prober_invite_memory(struct target *t)
{
	struct target_more *more = target_more(t);

	if (more && !more->call)
		more->call = mem_zalloc(sizeof(*more->call), prober_invite_destructor);
	if (!more || !more->call)
		return ENOMEM;
	more->call->out = (struct call_outcome){.report = call_report_none()};
	return 0;
}

static int prober_invite_start(struct target *t)
{
	struct call_setup setup = {
		.trunk = t->owner->conf,
		.conf = t->group->conf,
		.tls = target_tls(t),
		.peer = t->address.sa,
		.transport = t->address.transport,
	};
	char name[256] = "";
	int err = prober_invite_memory(t);

	if (err)
		return err;
	/* Asked for at once, it is not put off: who asks is told why. */
	if (calls_may(target_services(t)->calls, t->owner->conf->name,
		      &t->more->call->why))
		return EBUSY;
	t->more->call->why = NULL;
	if (setup.transport == CONFIG_TRANSPORT_TLS)
		err = target_peer_name(t, name, sizeof(name));
	setup.peer_name = name;
	if (!err)
		err = calls_start(&t->more->call->call, target_services(t)->calls, &setup,
				  &prober_invite_events, t);
	/* Whatever held us up, a call is not made twice. */
	t->attempt->held = true;
	return err;
}

/*
 * Where as many calls are open as may be, it waits its turn: left out, it would be due
 * beside the same others the next time, and left out for ever.
 */
static bool prober_invite_waits(struct target *t, int64_t now_ns)
{
	int64_t longest_ns = target_schedule_interval_ns(t);
	struct target_call *tc;

	if (prober_invite_memory(t))
		return false;
	tc = t->more->call;
	if (!tc->full_ns)
		tc->full_ns = now_ns;
	if (now_ns - tc->full_ns >= longest_ns)
		return false;
	target_probe_at(t, now_ns + TURN_NS);
	return true;
}

static void prober_invite_had_turn(const struct target *t)
{
	if (t->more->call)
		t->more->call->full_ns = 0;
}

/* A call that is due and may not be made is left out; the trunk is no worse for it. */
static bool prober_invite_refuses(struct target *t)
{
	const struct probe_result none = probe_result_none();
	const char *why;
	int64_t now_ns = clock_monotonic_ns();

	if (!is_scheduled(t))
		return false;
	switch (calls_may(target_services(t)->calls, t->owner->conf->name, &why)) {
	case CALLS_MAY:
		prober_invite_had_turn(t);
		return false;
	case CALLS_BUSY:
		target_probe_at(t, now_ns + TURN_NS);
		return true;
	case CALLS_FULL:
		if (prober_invite_waits(t, now_ns))
			return true;
		break;
	case CALLS_REFUSED:
		break;
	}
	prober_invite_had_turn(t);
	t->group->events->call_refused_h(t->cell, why, t->group->arg);
	t->begun_ns = now_ns;
	target_probe_at(t, target_schedule_next_ns(t, &none, now_ns));
	return true;
}

static void prober_invite_leave(struct target *t)
{
	struct call *c = t->more->call ? t->more->call->call : NULL;

	if (c)
		t->more->call->call = NULL;
	call_leave(c);
}

static bool prober_invite_expire(struct target *t)
{
	prober_invite_leave(t);
	target_fail(t, PROBE_TIMEOUT, ETIMEDOUT, "the call was not over in time");
	return true;
}

static void prober_invite_conclude(struct target *t, const struct guard_message *m,
				   struct probe_result *r)
{
	const struct target_call *tc = t->more->call;
	const struct call_outcome *o;

	(void)m;
	if (!tc)
		return;
	if (tc->why)
		str_ncpy(r->detail, tc->why, sizeof(r->detail));
	o = &tc->out;
	r->call = o->report;
	if (!o->ended_ns)
		return;
	r->verdict = o->verdict;
	r->code = o->code;
	r->ended_ns = o->ended_ns;
	r->retransmissions = o->retransmissions;
	r->phase_ns[PROBE_PHASE_CONNECT] = o->connect_ns;
	r->phase_ns[PROBE_PHASE_TLS] = o->tls_ns;
	r->phase_ns[PROBE_PHASE_ANSWER] = o->report.response_ns;
	memcpy(r->call_id, o->call_id, sizeof(r->call_id));
	memcpy(r->phrase, o->phrase, sizeof(r->phrase));
}

static int64_t interval_us(const struct config_settings *s)
{
	return s->call->interval_us;
}

static int64_t timeout_us(const struct config_settings *s)
{
	return s->timeout_us + call_longest_us(s->call);
}

const struct prober prober_invite = {
	.method = "INVITE",
	.steady = true,
	.start = prober_invite_start,
	.conclude = prober_invite_conclude,
	.interval_us = interval_us,
	.timeout_us = timeout_us,
	.refuses = prober_invite_refuses,
	.leave = prober_invite_leave,
	.expire = prober_invite_expire,
};
