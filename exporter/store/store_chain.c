/* Certificate chains that targets' peers showed over TLS. */
#include "exporter/store/store_rows.h"

void store_chain(struct store *s, struct store_target *cell, struct chain *chain)
{
	struct chain *old;

	/* Only this thread replaces it. Nearly always it is what was shown last time. */
	if (!cell || !store_tls_of(cell) || chain_equal(cell->more->chain, chain))
		return;
	store_write_lock(s);
	old = cell->more->chain;
	cell->more->chain = chain_ref(chain);
	store_touch(s, cell->row);
	store_write_unlock(s);
	chain_unref(old);
}
