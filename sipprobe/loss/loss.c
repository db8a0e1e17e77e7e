#include "sipprobe/loss/loss.h"

enum {
	LOSS_CREEP = 64,	/* answers after which a longer way is nearly believed */
	LOSS_RIGHT_AFTER = 8,	/* share of T1 */
	LOSS_NEAR_QUARTERS = 3, /* of the shortest way: less than that is no round trip */
};

unsigned loss_answers(const struct loss_request *r)
{
	unsigned both = r->finals && r->provisionals;

	return (unsigned)r->finals + r->provisionals - both;
}

/* Shorter than any answer could take. */
static bool loss_is_short(const struct loss *l, int64_t us)
{
	return 4 * us < (int64_t)LOSS_NEAR_QUARTERS * l->least_us;
}

/* No two of them left nearer to each other than T1. */
uint16_t loss_copies_by_time(const struct loss *l, const struct loss_request *r)
{
	int64_t t2_us = 8 * r->t1_us;
	int64_t every_us = r->t1_us;
	int64_t at_us = every_us;
	uint16_t n = 1;

	while (n < r->copies && r->answered_us - at_us + r->t1_us / 2 >= l->least_us) {
		n++;
		every_us = 2 * every_us < t2_us ? 2 * every_us : t2_us;
		at_us += every_us;
	}
	return n;
}

/* Those that caused an answer: up to the one that it was made for, where it says. */
static uint16_t loss_copies_before(const struct loss *l, const struct loss_request *r)
{
	return r->mark ? r->mark : loss_copies_by_time(l, r);
}

static void loss_add(struct probe_loss *out, unsigned requests, unsigned answers)
{
	out->requests += requests;
	out->answers += answers;
	/* The network may double an answer; that makes up for no other's loss. */
	out->lost += requests > answers ? requests - answers : 0;
}

/* The answers in doubt are in doubt no more. */
static void loss_release(struct loss *l, struct probe_loss *out)
{
	bool firsts = l->kind == LOSS_FIRST;

	loss_add(out, firsts ? l->held_firsts : l->held_copies, l->held_answers);
	l->held_copies = l->held_firsts = l->held_answers = 0;
	l->doubts = 0;
}

/*
 * The shortest way falls at once and rises slowly: an answer to a second copy looks like
 * a long way. Where it falls by much, answers that were in doubt had been to later
 * copies.
 */
static void loss_learn_way(struct loss *l, int64_t us, struct probe_loss *out)
{
	if (us > UINT32_MAX)
		us = UINT32_MAX;
	if (l->least_us && us > l->least_us) {
		l->least_us += (uint32_t)((us - l->least_us) / LOSS_CREEP);
		return;
	}
	if (l->least_us && loss_is_short(l, us))
		loss_release(l, out);
	l->least_us = (uint32_t)us;
}

/*
 * Whether a copy was still under way at the first answer, and none ever came to it. One
 * that comes right after a copy is that copy's: a way that takes just as long as the
 * timer is rarer than one that is short and loses.
 */
static bool loss_is_doubtful(const struct loss *l, const struct loss_request *r)
{
	int64_t after_us = r->answered_us - r->last_us;

	return r->copies > 1 && r->finals == 1 && !r->provisionals && r->answered_us &&
	       after_us >= r->t1_us / LOSS_RIGHT_AFTER && loss_is_short(l, after_us);
}

static void loss_doubt(struct loss *l, const struct loss_request *r,
		       struct probe_loss *out)
{
	l->doubts++;
	if (l->kind == LOSS_UNKNOWN) {
		l->held_copies += r->copies;
		l->held_firsts += loss_copies_before(l, r);
		l->held_answers++;
	} else {
		loss_add(out, r->copies, 1);
	}
	if (l->doubts < LOSS_DOUBTS_MAX)
		return;
	loss_know(l, LOSS_FIRST, out);
}

static void loss_count(struct loss *l, const struct loss_request *r,
		       struct probe_loss *out)
{
	unsigned answers = loss_answers(r);

	if (l->kind != LOSS_FIRST || r->provisionals)
		loss_add(out, r->copies, answers);
	else if (r->answered_us || r->mark)
		loss_add(out, loss_copies_before(l, r), answers);
	else
		loss_add(out, 1, answers);
}

/* What was told as lost and came all the same is set off against what is lost next. */
static void loss_set_off(struct loss *l, struct probe_loss *out)
{
	uint16_t n = out->lost < l->credit ? (uint16_t)out->lost : l->credit;

	out->lost -= n;
	l->credit -= n;
}

void loss_know(struct loss *l, enum loss_kind kind, struct probe_loss *out)
{
	l->kind = (uint8_t)kind;
	loss_release(l, out);
}

void loss_settle(struct loss *l, const struct loss_request *r, struct probe_loss *out)
{
	*out = (struct probe_loss){0};
	if (r->answered_us)
		loss_learn_way(l, r->way_us ? r->way_us : r->answered_us, out);
	if (r->copies > 1 && r->finals > 1)
		loss_know(l, LOSS_COPIES, out);
	if (l->kind != LOSS_FIRST && loss_is_doubtful(l, r))
		loss_doubt(l, r, out);
	else
		loss_count(l, r, out);
	if (!r->finals)
		l->given_up = (uint16_t)(out->lost < UINT16_MAX ? out->lost : UINT16_MAX);
	loss_set_off(l, out);
}

void loss_belated(struct loss *l, struct probe_loss *out)
{
	*out = (struct probe_loss){.answers = 1};
	if (!l->given_up)
		return;
	l->given_up--;
	l->credit++;
}
