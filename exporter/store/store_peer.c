/* What peers show of themselves: certificate chains, changes, their own requests. */
#include <stdlib.h>
#include <string.h>

#include "exporter/store/store_rows.h"

void store_chain(struct store *s, struct store_target *cell, struct chain *chain)
{
	struct store_tls *tls = cell ? store_tls_of(cell) : NULL;
	struct chain *old;

	/* Only this thread replaces it. Nearly always it is what was shown last time. */
	if (!tls || chain_equal(tls->chain, chain))
		return;
	store_write_lock(s);
	old = tls->chain;
	tls->chain = chain_ref(chain);
	store_touch(s, cell->row);
	store_write_unlock(s);
	chain_unref(old);
}

void store_peer_shown(struct store *s, struct store_target *cell, unsigned traits)
{
	if (!cell)
		return;
	store_write_lock(s);
	cell->stats.traits |= (uint8_t)traits;
	store_write_unlock(s);
}

/* With the lock held. NULL without memory. */
static struct store_changes *store_peer_changes(struct store_target *cell)
{
	if (store_more_room(cell) && !cell->more->changes)
		cell->more->changes = calloc(1, sizeof(*cell->more->changes));
	return cell->more ? cell->more->changes : NULL;
}

void store_peer_changed(struct store *s, struct store_target *cell,
			const struct peer_change *c)
{
	struct peer_change *copy = peer_change_copy(c), *old = copy;
	struct store_changes *changes;

	if (!cell) {
		peer_change_unref(copy);
		return;
	}
	store_write_lock(s);
	changes = store_peer_changes(cell);
	if (changes)
		changes->counts[c->trait]++;
	/* Without memory for the texts it is counted all the same. */
	if (changes && copy) {
		old = changes->last[c->trait];
		changes->last[c->trait] = copy;
	}
	store_touch(s, cell->row);
	store_write_unlock(s);
	peer_change_unref(old);
}

void store_changes_free(struct store_changes *c)
{
	for (int i = 0; c && i < PEER_TRAITS; i++)
		peer_change_unref(c->last[i]);
	free(c);
}

/* The methods of the SIP registry; what else a peer may call its request is "other". */
static const char *const methods[STATS_METHODS] = {
	"OPTIONS",  "INVITE", "ACK",	   "BYE",    "CANCEL",
	"REGISTER", "PRACK",  "SUBSCRIBE", "NOTIFY", "PUBLISH",
	"MESSAGE",  "REFER",  "INFO",	   "UPDATE", "other",
};

const char *stats_method_name(size_t i)
{
	return methods[i];
}

static size_t store_peer_method_index(const char *name)
{
	size_t i;

	for (i = 0; i < STATS_METHODS - 1; i++) {
		if (!strcmp(methods[i], name))
			break;
	}
	return i;
}

/* With the lock held. NULL without memory. */
static struct stats_inbound *store_peer_inbound_room(struct store_trunk *row)
{
	if (store_trunk_more_room(row) && !row->more->inbound)
		row->more->inbound = calloc(1, sizeof(*row->more->inbound));
	return store_inbound_of(row);
}

void store_inbound(struct store *s, struct store_trunk *row, const char *method,
		   int64_t now_unix_ns)
{
	size_t i = store_peer_method_index(method);
	struct stats_inbound *inbound;

	if (!row)
		return;
	store_write_lock(s);
	inbound = store_peer_inbound_room(row);
	if (inbound) {
		inbound->requests[i]++;
		if (i == 0)
			inbound->options_unix_ns = now_unix_ns;
	}
	store_touch(s, row);
	store_write_unlock(s);
}
