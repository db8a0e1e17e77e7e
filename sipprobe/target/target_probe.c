#include "sipprobe/target/target_probe.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/outcome.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_loss.h"
#include "sipprobe/target/target_schedule.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_stream.h"
#include "sipprobe/target/target_udp.h"
#include "sipprobe/tls_failure.h"
#include "sipprobe/transport/stream.h"
#include "sipprobe/transport/udp.h"

enum {
	RESIZED_MAX = 3, /* copies a probe sends again for the path's sake */
	HELD_SHARE = 4,	 /* of the timeout: being so late is being held up */
};

/* Where the next probe is further away a request costs less to make than to keep. */
#define REQUEST_KEPT_NS (5 * CLOCK_NS_PER_S)

static void probe_begin(struct target *t, bool held);
static void target_begin_at(struct target *t, int64_t at_ns, int64_t now_ns);
static void probe_due_h(struct wheel_timer *timer, int64_t now_ns);

/* Most results are of no interest to it, and a look at it costs a page that is cold. */
static void tell_owner(struct target *t, const struct probe_result *r, bool changed)
{
	if ((changed || t->prober->heeded) && t->owner->handlers &&
	    t->owner->handlers->result_h)
		t->owner->handlers->result_h(t->owner, t, r, changed);
}

/* @m: the response that ended the probe, or NULL */
static void probe_finish(struct target *t, const struct guard_message *m,
			 struct probe_result *r)
{
	const struct config_settings *s = target_settings(t);
	uint8_t before = t->health.state, own_before = t->own.state;
	int64_t now_ns = clock_monotonic_ns();

	t->pending = false;
	if (t->more->unregistration) {
		attempt_end(t);
		t->more->unregistration->done_h(t);
		return;
	}
	t->answered = r->outcome == PROBE_RESPONSE;
	r->verdict = health_judge(s, r->outcome, r->code);
	if (t->prober->conclude)
		t->prober->conclude(t, m, r);
	t->health = health_next(t->health, r->verdict, s->fall, s->rise);
	t->own = health_next(t->own, r->verdict, s->fall, s->rise);
	/* The lookup was part of the first probe after it, not of those that follow. */
	if (t->resolve_ns > 0)
		t->resolve_ns = 0;
	target_stream_done(t, t->answered);
	target_begin_at(t, target_schedule_next_ns(t, r, now_ns), now_ns);
	t->group->events->probe_done_h(t->cell, r, t->group->arg);
	target_tell_ladder(t, r, m);
	attempt_end(t);
	target_survey_probed(t, r);
	if (t->due_ns - now_ns > REQUEST_KEPT_NS)
		request_shrink(&t->request);
	tell_owner(t, r, t->health.state != before || t->own.state != own_before);
}

/* A deadline that we looked at late is no later for that. */
static int64_t probe_ended_ns(const struct target *t)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t deadline_ns = target_deadline_ns(t);

	return t->pending && deadline_ns < now_ns ? deadline_ns : now_ns;
}

static void result_init(const struct target *t, struct probe_result *r, int64_t ended_ns)
{
	*r = probe_result_none();
	r->ended_ns = ended_ns;
	r->begun_unix_ns = t->attempt->begun_unix_ns;
	r->retransmissions = t->attempt->retransmissions;
	r->phase_ns[PROBE_PHASE_RESOLVE] = t->resolve_ns;
	r->priority = t->address.priority;
	r->weight = t->address.weight;
	if (t->request.buf)
		memcpy(r->call_id, t->request.buf + t->request.call_id,
		       REQUEST_CALL_ID_LEN);
	target_stream_report(t, r);
}

void target_fail(struct target *t, enum probe_outcome outcome, int err,
		 const char *detail)
{
	struct probe_result r;

	result_init(t, &r, probe_ended_ns(t));
	r.outcome = outcome;
	r.err = err;
	/* A handshake that broke off has a cause; one that we broke off was too slow. */
	if (outcome == PROBE_TLS && !r.tls_cause) {
		r.tls_cause = TLS_FAILURE_TIMEOUT;
		r.tls_fault = TLS_FAULT_TIMEOUT;
	}
	if (detail)
		str_ncpy(r.detail, detail, sizeof(r.detail));
	probe_finish(t, NULL, &r);
}

/* A peer's words for people: printable ASCII, cut to fit. */
static void copy_phrase(char *out, size_t size, const struct pl *phrase)
{
	size_t n = phrase->l < size - 1 ? phrase->l : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = phrase->p[i] >= 0x20 && phrase->p[i] < 0x7f ? phrase->p[i] : '?';
	out[n] = '\0';
}

void target_succeed(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	struct probe_result r;

	result_init(t, &r, rx_ns);
	r.outcome = PROBE_RESPONSE;
	r.code = m->code;
	r.retry_after_s = m->retry_after_s;
	if (t->address.transport == CONFIG_TRANSPORT_UDP && t->udp)
		r.reply_ttl = udp_rx_ttl(t->udp);
	r.phase_ns[PROBE_PHASE_ANSWER] =
		rx_ns > t->attempt->sent_ns ? rx_ns - t->attempt->sent_ns : 0;
	copy_phrase(r.phrase, sizeof(r.phrase), &m->phrase);
	target_mirror_note(t, m);
	target_peer_note(t, m);
	probe_finish(t, m, &r);
}

void target_refuse(struct target *t, const struct guard_message *m, const char *detail)
{
	struct probe_result r;

	t->refused = true;
	result_init(t, &r, probe_ended_ns(t));
	r.outcome = PROBE_AUTH;
	r.code = m->code;
	copy_phrase(r.phrase, sizeof(r.phrase), &m->phrase);
	str_ncpy(r.detail, detail, sizeof(r.detail));
	probe_finish(t, m, &r);
}

void target_unsent(struct target *t, int err)
{
	const char *detail = NULL;
	enum probe_outcome outcome = t->attempt->send_err == err
					     ? probe_outcome_unsent(err, &detail)
					     : probe_outcome_of(err);

	target_fail(t, outcome, err, detail);
}

/*
 * The path takes less than we sent, and the kernel knows by now how much: what goes out
 * next is cut to fit. The copy that was too long is none.
 */
static void probe_resize(struct target *t, int64_t now_ns)
{
	struct attempt *a = t->attempt;

	if (!a->copies || a->resized == RESIZED_MAX || !t->udp)
		return;
	a->resized++;
	a->copies--;
	target_note(t, LADDER_RETRANSMITTED, now_ns, NULL, 0);
	(void)target_copy(t);
	target_note_sent_anew(t);
}

void target_icmp(struct target *t, int err)
{
	if (!t->pending || !t->attempt->sent_ns)
		return;
	if (err == EMSGSIZE)
		probe_resize(t, clock_monotonic_ns());
	/* A firewall of our own that would not send may tell it by ICMP besides. */
	else if (t->attempt->left)
		target_fail(t, probe_outcome_of(err), err, probe_icmp_words(err));
}

bool target_owns_branch(const struct target *t, const struct pl *branch)
{
	return request_owns_branch(&t->request, branch);
}

void target_garbage(struct target *t, const struct target_garbage *garbage)
{
	bool sip = guard_is_response(garbage->bytes.p, garbage->bytes.l);
	struct attempt *a = t->attempt;

	/* Of several the first is told, but an answer before anything else. */
	if (!t->pending || (a->garbage_why && (a->garbage_sip || !sip)))
		return;
	target_note(t, sip ? LADDER_REFUSED : LADDER_GARBAGE, garbage->rx_ns,
		    garbage->bytes.p, garbage->bytes.l);
	a->garbage_why = garbage->why;
	a->garbage_sip = sip;
}

/* The same probe to those who are told, with its time once more. */
static void probe_ask_anew(struct target *t)
{
	if (t->attempt->left)
		target_loss_end(t, 0);
	probe_begin(t, true);
}

static void probe_rebound_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	probe_ask_anew(target_of_timer(timer));
}

void target_rebind(struct target *t)
{
	t->udp = NULL;
	if (!t->pending || t->more->call || t->address.transport != CONFIG_TRANSPORT_UDP)
		return; /* a call chooses its way at each message */
	/* Its answer may come to a socket that is closed now: ask again, at once. What
	 * comes to one that stays open puts no copy off until then. */
	t->attempt->resend_ns = 0;
	ticker_start(target_services(t)->ticker, &t->timer, clock_monotonic_ns(),
		     probe_rebound_h);
}

void target_probe_now(struct target *t)
{
	target_probe_at(t, clock_monotonic_ns());
}

static void target_begin_at(struct target *t, int64_t at_ns, int64_t now_ns)
{
	if (t->pending && t->prober->leave)
		t->prober->leave(t);
	/* One that has ended is being told of. */
	attempt_drop(t);
	/* Decided late is not begun late: that would pass for a lag of ours. */
	if (at_ns < now_ns)
		at_ns = now_ns;
	t->due_ns = at_ns;
	ticker_start(target_services(t)->ticker, &t->timer, at_ns, probe_due_h);
}

void target_probe_at(struct target *t, int64_t at_ns)
{
	target_begin_at(t, at_ns, clock_monotonic_ns());
}

/*
 * Of a probe over UDP: nothing came from where it was asked. What came from elsewhere, or
 * could never leave, was not lost.
 */
static enum probe_outcome timeout_udp(struct target *t, int *err, const char **detail)
{
	const struct attempt *a = t->attempt;

	if (!a->left) {
		*err = a->send_err;
		return probe_outcome_unsent(*err, detail);
	}
	if (a->elsewhere && !a->heard) {
		*detail = a->elsewhere;
		return PROBE_ELSEWHERE;
	}
	target_loss_end(t, 0);
	return PROBE_TIMEOUT;
}

void target_time_out(struct target *t)
{
	const struct attempt *a = t->attempt;
	enum probe_outcome outcome;
	const char *detail = NULL;
	int err = ETIMEDOUT;

	if (t->prober->expire && t->prober->expire(t))
		return;
	if (a->garbage_why) {
		outcome = PROBE_PROTOCOL;
		err = a->garbage_sip ? EBADMSG : EPROTO;
		detail = a->garbage_sip ? a->garbage_why : "what came back is not SIP";
	} else if (t->address.transport != CONFIG_TRANSPORT_UDP) {
		outcome = target_stream_timeout(t, &detail);
	} else {
		outcome = timeout_udp(t, &err, &detail);
	}
	if (outcome == PROBE_TIMEOUT && !detail)
		detail = a->mismatch;
	target_fail(t, outcome, err, detail);
}

void target_expire(struct target *t)
{
	if (t->pending)
		target_time_out(t);
}

static void probe_resend(struct target *t, int64_t now_ns)
{
	struct attempt *a = t->attempt;
	int64_t t2_ns = 8 * target_settings(t)->t1_us * CLOCK_NS_PER_US;

	a->retransmissions++;
	target_note(t, LADDER_RETRANSMITTED, now_ns, NULL, 0);
	(void)target_copy(t);
	a->resend_every_ns *= 2;
	if (a->resend_every_ns > t2_ns)
		a->resend_every_ns = t2_ns;
	a->resend_ns = now_ns + a->resend_every_ns;
	target_wait(t);
}

/*
 * Reads what arrived by now, since answers are looked at before deadlines.
 *
 * Returns whether the probe waits on all the same.
 */
static bool probe_catch_up(struct target *t, int64_t now_ns)
{
	bool kept;

	mem_ref(t);
	if (t->address.transport != CONFIG_TRANSPORT_UDP)
		target_stream_catch_up(t);
	else if (t->udp)
		udp_catch_up(t->udp, now_ns);
	/* What was read may have taken the socket away. */
	if (t->address.transport == CONFIG_TRANSPORT_UDP && t->udp)
		udp_catch_up_lane(t->udp, &t->address.sa);
	kept = mem_nrefs(t) > 1;
	mem_deref(t);
	return kept && t->pending && !wheel_armed(&t->timer);
}

/* So long after its time that a probe was cheated of a good part of its own. */
static bool is_held_up(const struct target *t, int64_t late_ns)
{
	return late_ns > t->settings->timeout_us * CLOCK_NS_PER_US / HELD_SHARE;
}

/*
 * We stood still past its deadline, and with us its retransmissions, or a connection that
 * was ready to be used. That is no word about the peer: it is asked again, once; a
 * request that could not be sent before has its time now.
 */
static void probe_hold(struct target *t, int64_t deadline_ns)
{
	struct attempt *a = t->attempt;

	if (a->sent_ns && a->sent_ns < deadline_ns) {
		probe_ask_anew(t);
		return;
	}
	a->held = true;
	a->held_ns = clock_monotonic_ns() - t->begun_ns;
	target_wait(t);
}

/* What was to be done before the deadline is due. */
static void probe_go_on(struct target *t, int64_t now_ns)
{
	if (t->address.transport == CONFIG_TRANSPORT_UDP)
		probe_resend(t, now_ns);
	else if (t->attempt->look_ns)
		target_stream_look(t, now_ns);
	else
		target_stream_again(t);
}

static void probe_wait_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct target *t = target_of_timer(timer);
	int64_t deadline_ns = target_deadline_ns(t);
	bool held_up = is_held_up(t, now_ns - timer->at_ns);

	if (!probe_catch_up(t, now_ns))
		return;
	if (now_ns < deadline_ns) {
		if (held_up)
			t->attempt->held_ns += now_ns - timer->at_ns;
		probe_go_on(t, now_ns);
	} else if ((held_up || t->attempt->sent_ns >= deadline_ns) && !t->attempt->held) {
		probe_hold(t, deadline_ns);
	} else {
		target_time_out(t);
	}
}

void target_wait(struct target *t)
{
	int64_t at_ns = target_deadline_ns(t);

	if (t->attempt->resend_ns && t->attempt->resend_ns < at_ns)
		at_ns = t->attempt->resend_ns;
	if (t->attempt->look_ns && t->attempt->look_ns < at_ns)
		at_ns = t->attempt->look_ns;
	ticker_start(target_services(t)->ticker, &t->timer, at_ns, probe_wait_h);
}

/* @held: it was begun before, and is the same to those who are told of it. */
static void probe_begin(struct target *t, bool held)
{
	int err = attempt_begin(t, held);

	if (t->more->exchange)
		exchange_begin(t);
	/* Where there was no memory for it, there may be by now. */
	if (!held && !t->more->unregistration && !t->cell)
		target_tell(t);
	if (!held && !t->more->unregistration && t->group->events->probe_begin_h)
		t->group->events->probe_begin_h(t->cell, t->begun_ns - t->due_ns,
						t->group->arg);
	if (!err)
		err = t->prober->start(t);
	if (err)
		target_unsent(t, err);
	else if (!wheel_armed(&t->timer))
		target_wait(t);
}

static void probe_due_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct target *t = target_of_timer(timer);

	(void)now_ns;
	request_fetch(&t->request);
	if (!t->prober->refuses || !t->prober->refuses(t))
		probe_begin(t, false);
}
