#include "config/diff.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/name_index.h"

const char *config_turn_name(enum config_turn turn)
{
	static const char *const names[CONFIG_TURNS] = {
		[CONFIG_TURN_ADDED] = "added",	   [CONFIG_TURN_REMOVED] = "removed",
		[CONFIG_TURN_CHANGED] = "changed", [CONFIG_TURN_PAUSED] = "paused",
		[CONFIG_TURN_RESUMED] = "resumed",
	};

	return names[turn];
}

static const char *diff_name(const void *element)
{
	return ((const struct config_trunk *)element)->name;
}

static int diff_index(struct name_index *n, const struct config *c)
{
	int err = 0;

	for (size_t i = 0; i < c->trunk_count && !err; i++)
		err = name_index_put(n, &c->trunks[i]);
	return err;
}

static void diff_add(struct config_diff *d, enum config_turn turn,
		     const struct config_trunk *trunk)
{
	d->list[d->count++] = (struct config_turned){turn, trunk};
	d->counts[turn]++;
}

/* Both of one name. */
static void diff_compare(struct config_diff *d, const struct config_trunk *from,
			 const struct config_trunk *to, bool equal, int64_t now_s)
{
	bool was = config_pause_at(&from->settings->pause, now_s);
	bool is = config_pause_at(&to->settings->pause, now_s);

	if (was != is)
		diff_add(d, is ? CONFIG_TURN_PAUSED : CONFIG_TURN_RESUMED, to);
	else if (!equal)
		diff_add(d, CONFIG_TURN_CHANGED, to);
}

static void diff_trunk(struct config_diff *d, size_t i, const struct config *from,
		       const struct config *to, const struct name_index *olds,
		       int64_t now_s)
{
	const struct config_trunk *t = &to->trunks[i];
	const struct config_trunk *old = name_index_find(olds, t->name);
	bool equal = old && config_trunk_equal(old, t);

	d->kin[i] = (struct config_kin){.old = old ? (size_t)(old - from->trunks)
						   : CONFIG_NO_KIN,
					.equal = equal};
	if (old)
		diff_compare(d, old, t, equal, now_s);
	else
		diff_add(d, CONFIG_TURN_ADDED, t);
}

static void diff_fill(struct config_diff *d, const struct config *from,
		      const struct config *to, const struct name_index *olds, bool *stays)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

	for (size_t i = 0; i < to->trunk_count; i++) {
		diff_trunk(d, i, from, to, olds, now_s);
		if (d->kin[i].old != CONFIG_NO_KIN)
			stays[d->kin[i].old] = true;
	}
	for (size_t i = 0; i < from->trunk_count; i++)
		if (!stays[i])
			diff_add(d, CONFIG_TURN_REMOVED, &from->trunks[i]);
}

int config_diff(struct config_diff *d, const struct config *from, const struct config *to)
{
	struct name_index olds = {.name = diff_name};
	bool *stays = calloc(from->trunk_count + 1, sizeof(*stays));
	int err;

	*d = (struct config_diff){
		.list = calloc(from->trunk_count + to->trunk_count + 1, sizeof(*d->list)),
		.kin = calloc(to->trunk_count + 1, sizeof(*d->kin)),
	};
	err = d->list && d->kin && stays ? diff_index(&olds, from) : ENOMEM;
	if (!err)
		diff_fill(d, from, to, &olds, stays);
	else
		config_diff_clear(d);
	name_index_free(&olds);
	free(stays);
	return err;
}

void config_diff_clear(struct config_diff *d)
{
	free(d->list);
	free(d->kin);
	*d = (struct config_diff){0};
}
