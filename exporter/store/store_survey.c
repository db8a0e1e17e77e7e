/* What surveys of a target's peer show. */
#include <stdlib.h>

#include "exporter/store/store_rows.h"

static bool store_survey_room(struct store_target *cell)
{
	if (store_more_room(cell) && !cell->more->size)
		cell->more->size = calloc(1, sizeof(*cell->more->size));
	return cell->more && cell->more->size;
}

static struct stats_train *store_survey_train_of(struct store_target *cell)
{
	if (store_more_room(cell) && !cell->more->train)
		cell->more->train = calloc(1, sizeof(*cell->more->train));
	return cell->more ? cell->more->train : NULL;
}

bool store_survey_size(struct store *s, struct store_target *cell,
		       const struct survey_size_report *r)
{
	uint8_t before = SURVEY_UNKNOWN;
	bool kept;

	if (!cell)
		return false;
	store_write_lock(s);
	if (cell->more && cell->more->size)
		before = cell->more->size->verdict;
	kept = store_survey_room(cell);
	if (kept) {
		*cell->more->size = *r;
		store_touch(s, cell->row);
	}
	store_write_unlock(s);
	return kept && before != r->verdict;
}

/* Of a train that was cut off nothing is counted as lost. */
static void store_survey_train_add(struct stats_train *t,
				   const struct survey_train_report *r)
{
	t->trains++;
	t->last = *r;
	if (r->limited) {
		t->limited++;
		return;
	}
	t->requests += r->requests;
	t->answers += r->answers;
	t->reordered += r->reordered;
}

void store_survey_train(struct store *s, struct store_target *cell,
			const struct survey_train_report *r)
{
	struct stats_train *t;

	if (!cell)
		return;
	store_write_lock(s);
	t = store_survey_train_of(cell);
	if (t) {
		store_survey_train_add(t, r);
		store_touch(s, cell->row);
	}
	store_write_unlock(s);
}
