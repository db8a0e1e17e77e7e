/* Certificate chains that targets' peers showed over TLS. */
#include "exporter/store/store_rows.h"

void store_chain(struct store *s, struct store_target *cell, struct chain *chain)
{
	struct chain *old;

	/* Only this thread replaces it. Nearly always it is what was shown last time. */
	if (!cell || !cell->tls || chain_equal(cell->tls->chain, chain))
		return;
	store_write_lock(s);
	old = cell->tls->chain;
	cell->tls->chain = chain_ref(chain);
	store_touch(s, cell->row);
	store_write_unlock(s);
	chain_unref(old);
}
