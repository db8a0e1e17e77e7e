/* What surveys of a target's peer show. */
#include <stdlib.h>

#include "exporter/store/store_rows.h"

/* With the lock held. Whether there is room for it. */
static bool store_survey_room(struct store_target *cell)
{
	if (!cell->more)
		cell->more = calloc(1, sizeof(*cell->more));
	if (cell->more && !cell->more->size)
		cell->more->size = calloc(1, sizeof(*cell->more->size));
	return cell->more && cell->more->size;
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
