#include "sipprobe/trunk/trunk_heirs.h"

#include "sipprobe/target/target.h"

void heirs_note(struct heirs *h, const struct target *t, bool goes)
{
	if (h->count == sizeof(h->formers) / sizeof(h->formers[0]))
		return;
	h->formers[h->count++] = (struct former){
		.prober = target_prober(t),
		.health = target_health(t),
		.due_ns = target_due_ns(t),
		.priority = target_address(t)->priority,
		.vacant = goes,
	};
}

static bool heirs_prefer(const struct former *a, const struct former *b,
			 uint16_t priority)
{
	bool a_near = a->priority == priority, b_near = b->priority == priority;

	return a_near != b_near ? a_near : health_is_better(a->health, b->health);
}

/* @vacant: among those alone that go */
static struct former *heirs_find(struct heirs *h, const struct target *t, bool vacant)
{
	struct former *best = NULL;

	for (size_t i = 0; i < h->count; i++) {
		struct former *f = &h->formers[i];

		if (f->prober != target_prober(t) || (vacant && !f->vacant))
			continue;
		if (!best || heirs_prefer(f, best, target_address(t)->priority))
			best = f;
	}
	return best;
}

void heirs_settle(struct heirs *h, struct target *t)
{
	struct former *place = heirs_find(h, t, true);
	struct former *former = place ? place : heirs_find(h, t, false);
	struct health health = former ? former->health : h->first;
	int64_t due_ns = place ? place->due_ns : INT64_MAX;

	if (place)
		place->vacant = false;
	/* Failures among those that DNS prefers less are none of one that it prefers. */
	if (former && former->priority != target_address(t)->priority &&
	    health.state == HEALTH_DOWN && h->trunk != HEALTH_DOWN)
		health = (struct health){0};
	target_take_over(t, health_succeed(health, h->trunk), due_ns);
}
