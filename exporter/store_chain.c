/* What a target's peer showed of itself over TLS. */
#include "exporter/store_rows.h"

void store_chain(struct store *s, struct store_target *cell, struct chain *chain)
{
	struct chain *old;

	/* Only this thread replaces it. Nearly always it is what was shown last time. */
	if (!cell || chain_equal(cell->chain, chain))
		return;
	store_write_lock(s);
	old = cell->chain;
	cell->chain = chain_ref(chain);
	store_touch(s, cell->row);
	store_write_unlock(s);
	chain_unref(old);
}
