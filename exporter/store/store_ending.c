/* How probes of a target ended: failures by outcome, responses by status code. */
#include <stdlib.h>
#include <string.h>

#include "exporter/store/store_rows.h"

/* What one probe may add: a failure and its code. */
enum { ADDED_AT_ONCE = 2 };

static struct stats_ending *store_ending_list(struct store_target *cell)
{
	return cell->ending_cap ? cell->endings.list : cell->endings.own;
}

/* Room for another probe, made ahead of need: it may come where there is no memory. */
static void store_ending_room(struct store_target *cell)
{
	uint16_t cap = cell->ending_cap ? cell->ending_cap : STORE_ENDINGS;
	struct stats_ending *list = cell->ending_cap ? cell->endings.list : NULL;

	if (cell->ending_count + ADDED_AT_ONCE <= cap)
		return;
	cap *= 2;
	list = realloc(list, cap * sizeof(*list));
	if (!list)
		return;
	if (!cell->ending_cap)
		memcpy(list, cell->endings.own, sizeof(cell->endings.own));
	cell->endings.list = list;
	cell->ending_cap = cap;
}

/* NULL where there was no memory for room. */
static struct stats_ending *store_ending_insert(struct store_target *cell, size_t at,
						uint16_t how)
{
	struct stats_ending *list = store_ending_list(cell);

	if (cell->ending_count == (cell->ending_cap ? cell->ending_cap : STORE_ENDINGS))
		return NULL;
	memmove(list + at + 1, list + at, (cell->ending_count - at) * sizeof(*list));
	list[at] = (struct stats_ending){how, 0};
	cell->ending_count++;
	return &list[at];
}

static void store_ending_add(struct store_target *cell, uint16_t how)
{
	struct stats_ending *list = store_ending_list(cell), *e;
	size_t i = 0;

	while (i < cell->ending_count && list[i].how < how)
		i++;
	e = i < cell->ending_count && list[i].how == how
		    ? &list[i]
		    : store_ending_insert(cell, i, how);
	if (e)
		e->count++;
}

void store_ending_count(struct store_target *cell, const struct probe_result *r)
{
	if (!cell->stats.success && (unsigned)r->outcome < PROBE_OUTCOMES)
		store_ending_add(cell, (uint16_t)r->outcome);
	/* Only the 600 status codes that exist have a counter, whatever a peer sends. */
	if (r->code >= STATS_CODES_FROM && r->code <= STATS_CODES_TO)
		store_ending_add(cell, (uint16_t)r->code);
	store_ending_room(cell);
}
