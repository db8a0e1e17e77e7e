/* A trunk that is left alone for a while, by the wall clock, which may be set. */
#include "sipprobe/trunk/trunk_pause.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sipprobe/target/target.h"
#include "sipprobe/trunk/trunk_parts.h"

static const struct config_pause *pause_of(const struct trunk *t)
{
	return &t->owner.conf->settings->pause;
}

static bool pause_is_now(const struct trunk *t)
{
	/* Most are never paused, and a reload asks this of each. */
	return pause_of(t)->on &&
	       config_pause_at(pause_of(t), clock_wall_ns() / CLOCK_NS_PER_S);
}

static void pause_tell(struct trunk *t)
{
	if (t->group->events->trunk_paused_h)
		t->group->events->trunk_paused_h(
			t->owner.row, t->owner.paused,
			t->owner.paused ? pause_of(t)->until_s : 0, t->group->arg);
}

void trunk_begin_pause(struct trunk *t)
{
	t->owner.paused = pause_is_now(t);
	if (t->owner.paused)
		pause_tell(t);
}

static void pause_drop(struct target **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		target_remove(list[i]);
	free(list);
}

/* A target for each there is, that begins as the owner is now. Returns 0 or errno. */
static int pause_targets(struct target ***fresh, struct trunk *t)
{
	struct target **list = calloc(t->target_count + 1U, sizeof(*list));
	size_t count = 0;
	int err = list ? 0 : ENOMEM;

	while (!err && count < t->target_count) {
		const struct target *old = trunk_targets(t)[count];

		err = target_alloc(&list[count], &t->group->targets, &t->owner,
				   target_prober(old), target_address(old), -1);
		if (!err) {
			const struct target_turn turn = target_turn(old);

			target_take_turn(list[count++], &turn, true);
		}
	}
	if (err)
		pause_drop(list, count);
	else
		*fresh = list;
	return err;
}

/*
 * What a paused trunk has of targets is never probed, and what is probed has a past: so
 * others take their place. Those that registered something take it back.
 */
static int pause_turn(struct trunk *t, bool paused)
{
	struct target **list = trunk_targets(t), **fresh;
	int err;

	t->owner.paused = paused;
	err = pause_targets(&fresh, t);
	if (err) {
		t->owner.paused = !paused;
		return err;
	}
	for (unsigned i = 0; i < t->target_count; i++) {
		struct target *old = list[i];

		list[i] = fresh[i];
		fresh[i] = old;
	}
	pause_drop(fresh, t->target_count);
	t->state = HEALTH_UNKNOWN;
	t->sum = HEALTH_UNKNOWN;
	t->since_ns = clock_monotonic_ns();
	return 0;
}

/* Without memory to turn, the next review tries again. */
bool trunk_turn_pause(struct trunk *t, int64_t told_until_s)
{
	bool paused = pause_is_now(t);
	bool turned = paused != t->owner.paused;

	if (turned && pause_turn(t, paused))
		return false;
	if (turned || (paused && pause_of(t)->until_s != told_until_s))
		pause_tell(t);
	return turned;
}

int64_t trunk_pause_left_ns(const struct trunk *t, int64_t longest_ns)
{
	const struct config_pause *p = pause_of(t);
	int64_t left_ns;

	if (!p->on || !p->until_s)
		return INT64_MAX;
	left_ns = p->until_s - clock_wall_ns() / CLOCK_NS_PER_S >
				  longest_ns / CLOCK_NS_PER_S
			  ? longest_ns
			  : p->until_s * CLOCK_NS_PER_S - clock_wall_ns();
	return left_ns > 0 && left_ns < longest_ns ? left_ns : longest_ns;
}
