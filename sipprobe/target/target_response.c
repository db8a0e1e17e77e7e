/* Responses: which of a target's requests they answer, and what becomes of its probe. */
#include <string.h>

#include "base/clock.h"
#include "sipprobe/loop/cache.h"
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_loss.h"
#include "sipprobe/target/target_marks.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_state.h"

#define STAMP_OFF_NS (50 * CLOCK_NS_PER_MS)

/* Whether a response that arrives now answers the last unanswered probe, too late. */
static bool is_late(const struct target *t, const struct guard_message *m)
{
	return (t->previous_key[0] || t->previous_key[1]) &&
	       request_branch_has_packed(&m->branch, t->previous_key);
}

static bool from_peer(const struct target *t, const struct sa *src)
{
	if (t->address.transport != CONFIG_TRANSPORT_UDP)
		return !src;
	return src && sa_cmp(src, &t->address.sa, SA_ALL);
}

static void tell_late(struct target *t)
{
	/* One that takes its leave was told as gone. */
	if (t->cell && t->group->events->probe_late_h)
		t->group->events->probe_late_h(t->cell, t->group->arg);
}

/* The next transaction of the probe, after one that was answered. */
static void ask_again(struct target *t)
{
	int err;

	t->answered = true;
	t->attempt->resend_ns = 0;
	err = t->prober->start(t);
	if (err)
		target_unsent(t, err);
	else
		target_wait(t);
}

static void final_response(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	const char *why = NULL;
	bool noted;

	t->attempt->rx_ns = rx_ns;
	t->attempt->noted = false;
	noted = t->more->marks && target_marks_final(t, m, rx_ns);
	target_loss_end(t, rx_ns);
	if (t->more->exchange && !noted)
		target_note_final(t, m, rx_ns);
	switch (exchange_next(t, m, &why)) {
	case EXCHANGE_DONE:
		target_marks_ask(t);
		target_succeed(t, m, rx_ns);
		break;
	case EXCHANGE_AGAIN:
		ask_again(t);
		break;
	case EXCHANGE_REFUSED:
		target_refuse(t, m, why);
		break;
	}
}

static void provisional_response(struct target *t, const struct guard_message *m,
				 int64_t rx_ns)
{
	struct attempt *a = t->attempt;

	a->heard = true;
	a->provisionals++;
	target_note_response(t, m, rx_ns);
	if (!a->resend_ns)
		return;
	/* Proceeding: retransmit every T2 from here on (RFC 3261 17.1.2.2). */
	a->resend_every_ns = 8 * target_settings(t)->t1_us * CLOCK_NS_PER_US;
	a->resend_ns = rx_ns + a->resend_every_ns;
	target_wait(t);
}

/* An answer to our request that says it is one to another: nobody's, but worth a word. */
static void target_note_mismatch(struct target *t, const struct guard_message *m,
				 int64_t rx_ns)
{
	struct attempt *a = t->attempt;
	const char *what = request_mismatch(&t->request, t->prober->method, m);

	if (!t->pending || a->mismatch || !what)
		return;
	a->mismatch = what;
	target_note_response(t, m, rx_ns);
	target_note_words(t, LADDER_ODDITY, rx_ns, what);
}

/* To an earlier request: a further answer, or one that comes too late. */
static bool earlier_response(struct target *t, const struct guard_message *m,
			     int64_t rx_ns)
{
	bool late = false;
	bool waited;

	if (target_marks_answer(t, m))
		return true;
	waited = target_loss_response(t, m, &late);
	if (!waited && exchange_is_settled(t, m))
		return true;
	if (!waited && is_late(t, m)) {
		target_loss_belated(t);
		late = true;
	}
	if (late)
		tell_late(t);
	if (!waited && !late)
		target_note_mismatch(t, m, rx_ns);
	return waited || late;
}

/* To the last request, whose probe has ended. */
static void further_response(struct target *t, const struct guard_message *m)
{
	bool late = !t->answered;
	bool waited;

	if (target_marks_answer(t, m))
		return;
	waited = target_loss_response(t, m, &late);
	if (!waited && m->code >= 200 && late)
		target_loss_belated(t);
	else if (!waited && m->code >= 200)
		target_loss_duplicate(t);
	if (late)
		tell_late(t);
}

/*
 * Nothing answers what was not sent yet: where a stamp says so by more than our own
 * slowness, the clock that it is by was set, and the answer is here now.
 */
static int64_t response_came_ns(const struct target *t, int64_t rx_ns)
{
	bool early = t->pending && t->attempt->sent_ns &&
		     rx_ns < t->attempt->sent_ns - STAMP_OFF_NS;

	return early ? clock_monotonic_ns() : rx_ns;
}

bool target_response_take(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	if (!request_answered_by(&t->request, t->prober->method, m))
		return earlier_response(t, m, rx_ns);
	rx_ns = response_came_ns(t, rx_ns);
	/* By the kernel's stamp, whatever was looked at first when we stood still. */
	if (t->pending && rx_ns > target_deadline_ns(t))
		target_time_out(t);
	if (!t->pending)
		further_response(t, m);
	else if (m->code >= 200)
		final_response(t, m, rx_ns);
	else
		provisional_response(t, m, rx_ns);
	return true;
}

void target_fetch(const struct target *t)
{
	cache_fetch(t, sizeof(*t));
}

void target_fetch_parts(const struct target *t)
{
	const struct request *r = &t->request;

	cache_fetch(t->attempt, sizeof(*t->attempt));
	__builtin_prefetch(t->cell);
	if (r->buf)
		cache_fetch(r->buf + r->branch,
			    r->call_id + REQUEST_CALL_ID_LEN - r->branch);
}

bool target_response(struct target *t, const struct sa *src,
		     const struct guard_message *m, int64_t rx_ns)
{
	return from_peer(t, src) && target_response_take(t, m, rx_ns);
}

/* Answers that come from another place than the request went to. */
static enum probe_misdirected elsewhere_how(const struct target *t, const struct sa *src)
{
	return sa_cmp(src, &t->address.sa, SA_ADDR) ? PROBE_MISDIRECTED_PORT
						    : PROBE_MISDIRECTED_ADDRESS;
}

/* The first that comes is told: what, from where, and where it was asked. */
static void elsewhere_tell(struct target *t, enum probe_misdirected how,
			   const struct sa *src, const struct guard_message *m,
			   int64_t rx_ns)
{
	char words[PROBE_DETAIL];

	if (how == PROBE_MISDIRECTED_PORT)
		(void)re_snprintf(words, sizeof(words), "%u from %J (asked port %u)",
				  m->code, src, sa_port(&t->address.sa));
	else
		(void)re_snprintf(words, sizeof(words), "%u from %J (asked %J)", m->code,
				  src, &t->address.sa);
	t->attempt->elsewhere = strdup(words);
	target_note_words(t, LADDER_ELSEWHERE, rx_ns, words);
}

bool target_misdirected(struct target *t, const struct udp *u, const struct sa *src,
			const struct guard_message *m, int64_t rx_ns)
{
	const struct probe_events *events = t->group->events;
	enum probe_misdirected how;

	if (t->address.transport != CONFIG_TRANSPORT_UDP ||
	    sa_cmp(src, &t->address.sa, SA_ALL))
		return false;
	if (target_settings(t)->answers_from == CONFIG_ANSWERS_FROM_ANYWHERE &&
	    t->udp == u)
		return target_response_take(t, m, rx_ns);
	if (!request_answered_by(&t->request, t->prober->method, m))
		return false;
	how = elsewhere_how(t, src);
	if (events->probe_misdirected_h && !t->more->unregistration)
		events->probe_misdirected_h(t->cell, how, t->group->arg);
	if (t->pending && !t->attempt->elsewhere)
		elsewhere_tell(t, how, src, m, rx_ns);
	return true;
}
