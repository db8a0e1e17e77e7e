#include "sipprobe/target/target_loss.h"

#include <string.h>

#include "sipprobe/target/target_marks.h"
#include "sipprobe/target/target_state.h"

enum {
	/* RFC 3261 T4: the longest that a message stays in the network. */
	WAIT_S = 5,
	/* Requests that wait, of one target; past that the oldest is settled early. */
	WAITING_MAX = 64,
};

/* A request that some copies of are unanswered. */
struct waiting {
	struct wheel_timer timer;
	struct waiting *next; /* younger */
	struct target *target;
	struct loss_request request;
	char key[REQUEST_KEY_LEN];
	bool late; /* its probe has ended without a final response */
};

static bool is_told(const struct target *t)
{
	return t->address.transport == CONFIG_TRANSPORT_UDP && t->cell &&
	       !t->more->unregistration && t->group->events->probe_settled_h;
}

void target_loss_tell(struct target *t, const struct probe_loss *loss)
{
	if (is_told(t) && (loss->requests || loss->answers || loss->lost))
		t->group->events->probe_settled_h(t->cell, loss, t->group->arg);
}

static void settle_request(struct target *t, const struct loss_request *r)
{
	struct probe_loss loss;

	loss_settle(&t->loss, r, &loss);
	target_marks_settle(t, r, &loss);
	target_loss_tell(t, &loss);
}

static void waiting_unlink(struct waiting *w)
{
	struct target *t = w->target;
	struct waiting **at = &target_more(t)->waiting;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	ticker_cancel(target_services(t)->ticker, &w->timer);
}

static void waiting_settle(struct waiting *w)
{
	struct target *t = w->target;

	waiting_unlink(w);
	settle_request(t, &w->request);
	mem_deref(w);
}

static void target_loss_wait_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	waiting_settle(wheel_owner(timer, struct waiting, timer));
}

static void waiting_append(struct target_more *more, struct waiting *w)
{
	struct waiting **at = &more->waiting;
	unsigned count = 0;

	for (; *at; at = &(*at)->next)
		count++;
	*at = w;
	if (count == WAITING_MAX)
		waiting_settle(more->waiting);
}

/*
 * The last copy left before the first answer came, so what it is answered by takes no
 * longer from here than that one took.
 */
static int64_t wait_ns(const struct target *t, const struct loss_request *r)
{
	int64_t most_ns = r->answered_us ? r->answered_us * CLOCK_NS_PER_US
					 : t->settings->timeout_us * CLOCK_NS_PER_US;

	return most_ns > WAIT_S * CLOCK_NS_PER_S ? most_ns : WAIT_S * CLOCK_NS_PER_S;
}

static void request_wait(struct target *t, const struct loss_request *r)
{
	struct target_more *more = target_more(t);
	struct waiting *w = more ? mem_zalloc(sizeof(*w), NULL) : NULL;

	if (!w) {
		settle_request(t, r);
		return;
	}
	w->target = t;
	w->request = *r;
	w->late = !r->answered_us;
	memcpy(w->key, request_key(&t->request), sizeof(w->key));
	waiting_append(more, w);
	ticker_start(target_services(t)->ticker, &w->timer,
		     clock_monotonic_ns() + wait_ns(t, r), target_loss_wait_h);
}

void target_loss_end(struct target *t, int64_t rx_ns)
{
	struct attempt *a = t->attempt;
	struct loss_request r = {
		.copies = a->copies,
		.finals = rx_ns != 0,
		.provisionals = a->provisionals,
		.t1_us = target_settings(t)->t1_us,
		.last_us = (a->copied_ns - a->sent_ns) / CLOCK_NS_PER_US,
		.answered_us = rx_ns ? (rx_ns - a->sent_ns) / CLOCK_NS_PER_US : 0,
		.mark = rx_ns ? a->mark : 0,
	};

	a->copies = 0;
	if (!r.copies || !is_told(t))
		return;
	if (rx_ns && r.answered_us < 1)
		r.answered_us = 1;
	if (r.mark > 1)
		r.way_us = target_marks_way_us(t, &r);
	if (loss_answers(&r) >= r.copies)
		settle_request(t, &r);
	else
		request_wait(t, &r);
}

/* Of two that say which copies they were made for, and the first of all. */
static void waiting_final(struct waiting *w, const struct guard_message *m)
{
	struct loss_request *r = &w->request;
	uint16_t mark = target_marks_copy(w->target, m, r->copies);

	r->finals++;
	if (r->mark && mark && r->marks != LOSS_MARKS_DIFFER)
		r->marks = r->mark == mark ? LOSS_MARKS_SAME : LOSS_MARKS_DIFFER;
	if (!r->mark && r->finals == 1)
		r->mark = mark;
}

bool target_loss_response(struct target *t, const struct guard_message *m, bool *late)
{
	struct waiting *w = t->more->waiting;

	while (w && !request_branch_has(&m->branch, w->key))
		w = w->next;
	if (!w)
		return false;
	*late = w->late;
	if (m->code < 200)
		w->request.provisionals++;
	else
		waiting_final(w, m);
	if (loss_answers(&w->request) >= w->request.copies)
		waiting_settle(w);
	return true;
}

void target_loss_belated(struct target *t)
{
	struct probe_loss loss;

	loss_belated(&t->loss, &loss);
	target_loss_tell(t, &loss);
}

void target_loss_duplicate(struct target *t)
{
	target_loss_tell(t, &(struct probe_loss){.answers = 1});
}

void target_loss_free(struct target *t)
{
	struct waiting *w;

	while ((w = t->more->waiting)) {
		waiting_unlink(w);
		mem_deref(w);
	}
}
