#include "sipprobe/loss/direction.h"

enum {
	DIRECTION_WINDOW = 1024, /* copies after which older ones count by half */
	DIRECTION_OWED_MAX = 8,
	DIRECTION_SAME_MIN = 3, /* until a peer that was stateless is so no more */
};

void direction_note(struct direction *d, enum loss_marks marks)
{
	if (marks == LOSS_MARKS_DIFFER) {
		*d = (struct direction){.kind = DIRECTION_STATELESS};
	} else if (marks == LOSS_MARKS_SAME) {
		if (d->same < DIRECTION_SAME_MIN)
			d->same++;
		if (d->kind == DIRECTION_UNKNOWN || d->same == DIRECTION_SAME_MIN)
			d->kind = DIRECTION_STATEFUL;
	}
}

/* Lost for certain: what did not arrive before the first copy, and that one's answer. */
struct direction_certain {
	uint32_t there;
	uint32_t back;
};

static struct direction_certain
direction_certain(const struct loss *l, const struct loss_request *r, uint32_t lost)
{
	struct direction_certain c = {.there = r->mark ? r->mark - 1U : 0};

	if (c.there > lost)
		c.there = lost;
	c.back = r->mark && r->answered_us && lost > c.there &&
		 loss_copies_by_time(l, r) > r->mark;
	return c;
}

static void direction_learn(struct direction *d, const struct loss_request *r,
			    const struct direction_certain *c)
{
	if (!r->mark)
		return;
	if (d->firsts >= DIRECTION_WINDOW) {
		d->firsts /= 2;
		d->before /= 2;
		d->back /= 2;
	}
	d->firsts += (float)r->mark;
	d->before += (float)(r->mark - 1);
	d->back += (float)c->back;
}

/* How many of @lost others were lost on the way there, likely. */
static float direction_expect(const struct direction *d, const struct loss *l,
			      const struct loss_request *r, uint32_t lost)
{
	float share = d->before / d->firsts, all = 1;

	if (l->kind != LOSS_FIRST || r->finals)
		return (float)lost * d->before / (d->before + d->back);
	/* One loss stands for all copies, of which none arrived; or for the answer. */
	for (unsigned i = 0; i < r->copies; i++)
		all *= share;
	return all * (float)lost;
}

/* Whole packets; what is left over counts with the next. */
static uint32_t direction_take(struct direction *d, uint32_t most)
{
	uint32_t n = (uint32_t)d->owed;

	if (n > most)
		n = most;
	d->owed -= (float)n;
	if (d->owed > DIRECTION_OWED_MAX)
		d->owed = DIRECTION_OWED_MAX;
	return n;
}

/* Whether what was lost can be told apart. */
static bool direction_is_known(const struct direction *d, const struct loss *l,
			       const struct loss_request *r)
{
	bool kept = d->kind == DIRECTION_STATEFUL || l->kind == LOSS_FIRST;

	/* Provisional responses repeat in a way of their own. */
	if (!kept || r->provisionals)
		return false;
	return r->finals ? r->mark > 0 : d->silent < DIRECTION_SILENT_MAX;
}

/* Whether there is anything to share out by. */
static bool direction_has_share(const struct direction *d, const struct loss *l)
{
	return l->kind == LOSS_FIRST ? d->firsts > 0 : d->before + d->back > 0;
}

static void direction_split(struct direction *d, const struct loss *l,
			    const struct loss_request *r,
			    const struct direction_certain *c, struct probe_loss *out)
{
	uint32_t rest = out->lost - c->there - c->back, there;

	out->lost_there = c->there;
	out->lost_back = c->back;
	if (!rest || !direction_has_share(d, l))
		return;
	d->owed += direction_expect(d, l, r, rest);
	there = direction_take(d, rest);
	out->lost_there += there;
	out->lost_back += rest - there;
}

void direction_settle(struct direction *d, const struct loss *l,
		      const struct loss_request *r, struct probe_loss *out)
{
	struct direction_certain c;
	bool known;

	direction_note(d, (enum loss_marks)r->marks);
	if (r->finals)
		d->silent = 0;
	else if (d->silent < DIRECTION_SILENT_MAX)
		d->silent++;
	known = direction_is_known(d, l, r);
	if (!known && (r->provisionals || d->kind != DIRECTION_UNKNOWN))
		return;
	/* While the kind is not known yet, it teaches what will be needed. */
	c = direction_certain(l, r, out->lost);
	direction_learn(d, r, &c);
	if (known)
		direction_split(d, l, r, &c, out);
}
