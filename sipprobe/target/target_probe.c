#include "sipprobe/target/target_probe.h"

#include <string.h>

#include "base/clock.h"
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/outcome.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_schedule.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_stream.h"
#include "sipprobe/target/target_unregister.h"
#include "sipprobe/tls_failure.h"
#include "sipprobe/transport/udp.h"

static void probe_due_h(struct wheel_timer *timer, int64_t now_ns);

/* @m: the response that ended the probe, or NULL */
static void probe_finish(struct target *t, const struct guard_message *m,
			 struct probe_result *r)
{
	const struct config_settings *s = target_settings(t);
	uint8_t before = t->health.state;

	t->attempt.pending = false;
	if (t->unregistration) {
		target_unregistered(t);
		return;
	}
	t->attempt.answered = r->outcome == PROBE_RESPONSE;
	r->verdict = health_judge(s, r->outcome, r->code);
	if (t->prober->conclude)
		t->prober->conclude(t, m, r);
	t->health = health_next(t->health, r->verdict, s->fall, s->rise);
	/* The lookup was part of the first probe after it, not of those that follow. */
	if (t->resolve_ns > 0)
		t->resolve_ns = 0;
	target_stream_done(t, t->attempt.answered);
	target_probe_at(t, target_schedule_next_ns(t, r, clock_monotonic_ns()));
	t->group->events->probe_done_h(t->cell, r, t->group->arg);
	target_tell_ladder(t, r, m);
	if (t->owner->result_h)
		t->owner->result_h(t->owner, t, r, t->health.state != before);
}

static void result_init(const struct target *t, struct probe_result *r)
{
	*r = probe_result_none();
	r->begun_unix_ns = t->attempt.begun_unix_ns;
	r->retransmissions = t->attempt.retransmissions;
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

	result_init(t, &r);
	r.outcome = outcome;
	r.err = err;
	/* A handshake that broke off has a cause; one that we broke off was too slow. */
	if (outcome == PROBE_TLS && !r.tls_cause)
		r.tls_cause = TLS_FAILURE_TIMEOUT;
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

static void probe_succeed(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	struct probe_result r;

	result_init(t, &r);
	r.outcome = PROBE_RESPONSE;
	r.code = m->code;
	r.retry_after_s = m->retry_after_s;
	r.phase_ns[PROBE_PHASE_ANSWER] =
		rx_ns > t->attempt.sent_ns ? rx_ns - t->attempt.sent_ns : 0;
	copy_phrase(r.phrase, sizeof(r.phrase), &m->phrase);
	probe_finish(t, m, &r);
}

/* Our credentials were refused by @m. */
static void probe_refuse(struct target *t, const struct guard_message *m,
			 const char *detail)
{
	struct probe_result r;

	t->attempt.refused = true;
	result_init(t, &r);
	r.outcome = PROBE_AUTH;
	r.code = m->code;
	copy_phrase(r.phrase, sizeof(r.phrase), &m->phrase);
	str_ncpy(r.detail, detail, sizeof(r.detail));
	probe_finish(t, m, &r);
}

/* Whether a response that arrives now answers the last unanswered probe, too late. */
static bool is_late(const struct target *t, const struct guard_message *m)
{
	return t->previous_key[0] && m->branch.l == REQUEST_BRANCH_LEN &&
	       !memcmp(m->branch.p + REQUEST_BRANCH_LEN - REQUEST_KEY_LEN,
		       t->previous_key, REQUEST_KEY_LEN);
}

static bool from_peer(const struct target *t, const struct sa *src)
{
	if (t->address.transport != CONFIG_TRANSPORT_UDP)
		return !src;
	return src && sa_cmp(src, &t->address.sa, SA_ALL);
}

static void tell_late(struct target *t)
{
	if (t->group->events->probe_late_h)
		t->group->events->probe_late_h(t->cell, t->group->arg);
}

/* The next transaction of the probe, after one that was answered. */
static void ask_again(struct target *t)
{
	int err;

	t->attempt.answered = true;
	t->attempt.resend_ns = 0;
	err = t->prober->start(t);
	if (err)
		target_fail(t, probe_outcome_of(err), err, NULL);
	else
		target_wait(t);
}

static void final_response(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	const char *why = NULL;

	t->attempt.rx_ns = rx_ns;
	if (t->exchange)
		target_note_response(t, m, rx_ns);
	switch (exchange_next(t, m, &why)) {
	case EXCHANGE_DONE:
		probe_succeed(t, m, rx_ns);
		break;
	case EXCHANGE_AGAIN:
		ask_again(t);
		break;
	case EXCHANGE_REFUSED:
		probe_refuse(t, m, why);
		break;
	}
}

bool target_response(struct target *t, const struct sa *src,
		     const struct guard_message *m, int64_t rx_ns)
{
	if (!from_peer(t, src))
		return false;
	if (!request_answered_by(&t->request, t->prober->method, m)) {
		if (exchange_is_settled(t, m))
			return true;
		if (!is_late(t, m))
			return false;
		tell_late(t);
		return true;
	}
	if (!t->attempt.pending) {
		if (!t->attempt.answered)
			tell_late(t);
		return true;
	}
	if (m->code >= 200) {
		final_response(t, m, rx_ns);
		return true;
	}
	target_note_response(t, m, rx_ns);
	if (t->attempt.resend_ns) {
		/* Proceeding: retransmit every T2 from here on (RFC 3261 17.1.2.2). */
		t->attempt.resend_every_ns =
			8 * target_settings(t)->t1_us * CLOCK_NS_PER_US;
		t->attempt.resend_ns = rx_ns + t->attempt.resend_every_ns;
		target_wait(t);
	}
	return true;
}

void target_icmp(struct target *t, int err)
{
	if (t->attempt.pending && t->attempt.sent_ns)
		target_fail(t, probe_outcome_of(err), err, NULL);
}

bool target_owns_branch(const struct target *t, const struct pl *branch)
{
	return t->request.buf && branch->l == REQUEST_BRANCH_LEN &&
	       !memcmp(branch->p, t->request.buf + t->request.branch, branch->l);
}

void target_garbage(struct target *t, const char *buf, size_t len, int64_t rx_ns)
{
	if (!t->attempt.garbage)
		target_note(t, LADDER_GARBAGE, rx_ns, buf, len);
	t->attempt.garbage = true;
}

void target_rebind(struct target *t)
{
	t->udp = NULL;
	/* Its answer may come to a socket that is closed now: ask again, at once. */
	if (t->attempt.pending && t->address.transport == CONFIG_TRANSPORT_UDP)
		target_probe_at(t, clock_monotonic_ns());
}

void target_probe_now(struct target *t)
{
	target_probe_at(t, clock_monotonic_ns());
}

void target_probe_at(struct target *t, int64_t at_ns)
{
	/* The notes of a probe that has ended wait for its ladder. */
	if (t->attempt.pending)
		target_notes_free(t);
	t->attempt.pending = false;
	t->due_ns = at_ns;
	ticker_start(target_services(t)->ticker, &t->timer, at_ns, probe_due_h);
}

static void time_out(struct target *t)
{
	const char *detail = NULL;
	enum probe_outcome outcome = PROBE_TIMEOUT;

	if (t->attempt.garbage) {
		outcome = PROBE_PROTOCOL;
		detail = "what came back is not SIP";
	} else if (t->address.transport != CONFIG_TRANSPORT_UDP) {
		outcome = target_stream_timeout(t, &detail);
	}
	target_fail(t, outcome, ETIMEDOUT, detail);
}

static void probe_resend(struct target *t, int64_t now_ns)
{
	const struct request *r = &t->request;
	struct attempt *a = &t->attempt;
	int64_t t2_ns = 8 * target_settings(t)->t1_us * CLOCK_NS_PER_US;

	a->retransmissions++;
	target_note(t, LADDER_RETRANSMITTED, now_ns, NULL, 0);
	(void)udp_transmit(t->udp, &t->address.sa, r->buf, r->len, t->settings->dscp);
	a->resend_every_ns *= 2;
	if (a->resend_every_ns > t2_ns)
		a->resend_every_ns = t2_ns;
	a->resend_ns = now_ns + a->resend_every_ns;
	target_wait(t);
}

static void probe_wait_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct target *t = target_of_timer(timer);

	if (now_ns >= target_deadline_ns(t))
		time_out(t);
	else if (t->address.transport != CONFIG_TRANSPORT_UDP)
		target_stream_again(t);
	else
		probe_resend(t, now_ns);
}

void target_wait(struct target *t)
{
	int64_t at_ns = target_deadline_ns(t);

	if (t->attempt.resend_ns && t->attempt.resend_ns < at_ns)
		at_ns = t->attempt.resend_ns;
	ticker_start(target_services(t)->ticker, &t->timer, at_ns, probe_wait_h);
}

static void probe_due_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct target *t = target_of_timer(timer);
	int err;

	t->attempt = (struct attempt){
		.begun_ns = now_ns,
		.begun_unix_ns = clock_wall_ns(),
		.pending = true,
		.answered = t->attempt.answered,
	};
	if (t->exchange)
		exchange_begin(t);
	if (!t->unregistration && t->group->events->probe_begin_h)
		t->group->events->probe_begin_h(t->cell, now_ns - t->due_ns,
						t->group->arg);
	err = t->prober->start(t);
	if (err)
		target_fail(t, probe_outcome_of(err), err, NULL);
	else if (!wheel_armed(&t->timer))
		target_wait(t);
}
