#include "sipprobe/trunk/trunk_heirs.h"

#include "sipprobe/target/prober.h"

static struct former *heirs_add(struct heirs *h)
{
	if (h->count == sizeof(h->formers) / sizeof(h->formers[0]))
		return NULL;
	return &h->formers[h->count++];
}

void heirs_note(struct heirs *h, const struct target *t, bool goes)
{
	struct former *f = heirs_add(h);

	if (!f)
		return;
	*f = (struct former){
		.turn = target_turn(t),
		.health = target_health(t),
		.priority = target_address(t)->priority,
		.vacant = goes,
	};
}

struct heirs_turns *heirs_turns_of(struct target *const *targets, size_t count)
{
	struct heirs_turns *turns =
		mem_zalloc(sizeof(*turns) + count * sizeof(turns->list[0]), NULL);

	for (size_t i = 0; turns && i < count; i++)
		if (target_prober(targets[i])->steady)
			turns->list[turns->count++] = target_turn(targets[i]);
	return turns && !turns->count ? mem_deref(turns) : turns;
}

void heirs_note_turns(struct heirs *h, const struct heirs_turns *turns)
{
	for (size_t i = 0; turns && i < turns->count; i++) {
		struct former *f = heirs_add(h);

		if (f)
			*f = (struct former){
				.turn = turns->list[i], .vacant = true, .earlier = true};
	}
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

		if (f->turn.prober != target_prober(t) || (vacant && !f->vacant))
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
	const struct former *known = former && !former->earlier ? former : NULL;
	struct health health = known ? known->health : h->first;
	int64_t due_ns = place ? place->turn.due_ns : INT64_MAX;

	if (place)
		place->vacant = false;
	/* Failures among those that DNS prefers less are none of one that it prefers. */
	if (known && known->priority != target_address(t)->priority &&
	    health.state == HEALTH_DOWN && h->trunk != HEALTH_DOWN)
		health = (struct health){0};
	target_take_over(t, health_succeed(health, h->trunk), due_ns);
	if (former)
		target_take_turn(t, &former->turn, place != NULL);
}
