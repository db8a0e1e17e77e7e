/* One trunk of the store, and everything about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/uri.h"
#include "exporter/store/status.h"
#include "exporter/store/store_copy.h"
#include "exporter/store/store_rows.h"

/* Time for which one look makes the messages of every probe worth keeping. */
#define WATCH_NS (15 * CLOCK_NS_PER_S)

/* Room that is always made for a trunk's settings; more only where it is needed. */
enum { SETTINGS_BYTES = 4096, AOR_BYTES = 512 };

/* Memory that the next copy needs; found under the lock, got without it. */
struct need {
	size_t targets;
	size_t text;
	unsigned probes; /* of each target */
};

static struct need status_trunk_need_of(const struct store *s,
					const struct store_trunk *row)
{
	struct need need = {.targets = row->target_count, .probes = s->history.probes};
	const struct store_target *t;

	need.text = row->label_len + row->info_len;
	need.text += store_own_file(row) ? strlen(store_own_file(row)) : 0;
	need.text += store_dns_note(row) ? strlen(store_dns_note(row)) : 0;
	need.text += store_dns_failure(row) ? strlen(store_dns_failure(row)) : 0;
	SLIST_FOREACH(t, &row->targets, entry)
		need.text += store_target_text_len(s, t) +
			     (t->said ? strlen(t->said) : 0) +
			     (t->seen_as ? strlen(t->seen_as) : 0);
	return need;
}

static bool status_trunk_fits(const struct status_trunk *to, const struct need *need)
{
	return need->targets <= to->target_cap && to->text.cap >= need->text;
}

static int status_trunk_make_room(struct status_trunk *to, const struct need *need)
{
	if (need->targets > to->target_cap) {
		size_t size = need->targets * sizeof(*to->targets);
		struct status_target *targets = realloc(to->targets, size);

		if (!targets)
			return ENOMEM;
		to->targets = targets;
		memset(to->targets + to->target_cap, 0,
		       (need->targets - to->target_cap) * sizeof(*targets));
		to->target_cap = need->targets;
	}
	for (size_t i = 0; i < to->target_cap; i++) {
		if (!to->targets[i].probes)
			to->targets[i].probes =
				calloc(need->probes + 1, sizeof(*to->targets[i].probes));
		if (!to->targets[i].probes)
			return ENOMEM;
	}
	if (!buffer_reserve(&to->text, need->text + 1) ||
	    !buffer_reserve(&to->settings, SETTINGS_BYTES) ||
	    !buffer_reserve(&to->aor, AOR_BYTES))
		return ENOMEM;
	return 0;
}

/* As it is configured, or as it follows from the user's name and the host. */
static void status_trunk_copy_aor(struct status_trunk *to,
				  const struct config_trunk *conf)
{
	const struct config_settings *s = conf->settings;
	const struct config_register *r = s->registration;
	const char *set = r && r->aor ? r->aor : s->from;
	struct config_uri uri;

	if (!(s->methods >> CONFIG_METHOD_REGISTER & 1))
		return;
	to->binds = r && r->bind;
	if (set) {
		buffer_str(&to->aor, set);
		return;
	}
	if (config_uri_parse(conf->uri, &uri))
		return;
	buffer_str(&to->aor, uri.sips ? "sips:" : "sip:");
	buffer_str(&to->aor, s->auth ? s->auth->username : "ping");
	buffer_str(&to->aor, uri.ipv6 ? "@[" : "@");
	buffer_add(&to->aor, uri.host.p, uri.host.l);
	buffer_str(&to->aor, uri.ipv6 ? "]" : "");
}

static struct slice status_trunk_add_text(struct status_trunk *to, const char *text,
					  size_t len)
{
	struct slice at = {to->text.data + to->text.len, len};

	buffer_add(&to->text, text, len);
	return at;
}

/* Where room was made. */
static struct slice status_trunk_add_labels(struct status_trunk *to,
					    const struct store *s,
					    const struct store_target *t)
{
	struct slice at = {to->text.data + to->text.len, store_target_text_len(s, t)};

	store_target_text(to->text.data + to->text.len, s, t);
	to->text.len += at.l;
	return at;
}

static void status_trunk_copy_track(struct status_target *to, struct store *s,
				    struct history_track *k)
{
	to->probe_count = k->count;
	for (unsigned i = 0; i < to->probe_count; i++)
		to->probes[i] = history_get(&s->history, k, to->probe_count - 1 - i);
	for (int i = 0; i < HISTORY_FAILURES; i++)
		to->failures[i] = history_ladder_ref(k->failures[i]);
	to->success = history_ladder_ref(k->success);
	atomic_store(&k->watched_until_ns, clock_wall_ns() + WATCH_NS);
}

static void status_trunk_copy_changes(struct status_target *to,
				      const struct store_changes *from)
{
	for (int i = 0; i < PEER_TRAITS; i++) {
		to->changes[i] = peer_change_ref(from ? from->last[i] : NULL);
		to->change_counts[i] = from ? from->counts[i] : 0;
	}
}

static void status_trunk_copy_target(struct status_trunk *trunk, struct store *s,
				     struct store_target *t)
{
	struct status_target *to = &trunk->targets[trunk->target_count++];

	to->labels = status_trunk_add_labels(trunk, s, t);
	to->said = status_trunk_add_text(trunk, t->said, t->said ? strlen(t->said) : 0);
	if (t->seen_as)
		to->seen_as =
			status_trunk_add_text(trunk, t->seen_as, strlen(t->seen_as));
	to->stats = t->stats;
	to->last = t->last;
	to->last_unix_ns = t->last_unix_ns;
	if (store_tls_of(t))
		to->tls = store_tls_of(t)->stats;
	to->chain = chain_ref(store_tls_of(t) ? store_tls_of(t)->chain : NULL);
	to->registered_until_s = store_registered_until_s(t);
	to->marked = store_ways_of(t);
	to->ways = to->marked ? *store_ways_of(t) : (struct stats_ways){.there = 0};
	to->sized = t->more && t->more->size;
	if (to->sized)
		to->size = *t->more->size;
	to->train = t->more && t->more->train ? *t->more->train
					      : (struct stats_train){.trains = 0};
	status_trunk_copy_changes(to, store_changes_of(t));
	to->lacks_probes = history_lacks_probes(&s->history, t->track);
	to->lacks_failures = history_lacks_failures(&s->history, t->track);
	if (t->track)
		status_trunk_copy_track(to, s, t->track);
}

/*
 * With the lock. Returns 0; ENOENT; EAGAIN when @need says what room is wanting; EBUSY
 * while a configuration is applied.
 */
static int status_trunk_copy_trunk(struct status_trunk *to, struct store *s,
				   const char *name, struct need *need)
{
	const struct store_trunk *row = name_index_find(&s->names, name);
	struct store_target *t;

	if (s->changing)
		return EBUSY;
	if (!row)
		return ENOENT;
	*need = status_trunk_need_of(s, row);
	if (!status_trunk_fits(to, need))
		return EAGAIN;
	to->labels = status_trunk_add_text(to, row->text, row->label_len);
	to->info = status_trunk_add_text(to, row->text + row->label_len, row->info_len);
	if (store_dns_failure(row))
		to->dns_said = status_trunk_add_text(to, store_dns_failure(row),
						     strlen(store_dns_failure(row)));
	if (store_own_file(row)) {
		to->own_file = status_trunk_add_text(to, store_own_file(row),
						     strlen(store_own_file(row)));
		to->own = store_texts_of(row)->own;
	}
	store_problems(&to->facts, s, row, clock_wall_ns());
	to->dns_hint = store_dns_hint(row);
	to->memory_mib = (unsigned)(s->history.bytes_max >> 20);
	if (store_dns_note(row))
		to->dns_note = status_trunk_add_text(to, store_dns_note(row),
						     strlen(store_dns_note(row)));
	to->stats = row->stats;
	if (store_inbound_of(row))
		to->inbound_options_unix_ns = store_inbound_of(row)->options_unix_ns;
	to->traced = traced_ref(row->more ? row->more->traced : NULL);
	to->down = store_outage_of(row) != NULL;
	if (to->down)
		to->outage = *store_outage_of(row);
	store_follow_wall(s);
	to->since_unix_ns = store_since_unix_ns(s, row);
	SLIST_FOREACH(t, &row->targets, entry)
		status_trunk_copy_target(to, s, t);
	status_settings(&to->settings, row->conf->settings);
	status_trunk_copy_aor(to, row->conf);
	return 0;
}

int status_trunk_take(struct status_trunk **tp, struct store *s, const char *name)
{
	struct status_trunk *t = calloc(1, sizeof(*t));
	struct need need = {0};
	int err = t ? EAGAIN : ENOMEM;
	int tries = 0;

	while (err == EAGAIN || (err == EBUSY && store_copy_pause(&tries))) {
		err = status_trunk_make_room(t, &need);
		if (err)
			break;
		store_read_lock(s);
		err = status_trunk_copy_trunk(t, s, name, &need);
		store_read_unlock(s);
	}
	if (!err)
		err = t->settings.err ? t->settings.err : t->aor.err;
	if (err)
		status_trunk_free(t);
	else
		*tp = t;
	return err;
}

const struct status_target *status_registered(const struct status_trunk *t)
{
	const struct status_target *found = NULL;
	int64_t until_s = 0;

	for (size_t i = 0; i < t->target_count; i++) {
		if (t->targets[i].registered_until_s <= until_s)
			continue;
		found = &t->targets[i];
		until_s = found->registered_until_s;
	}
	return found;
}

void status_trunk_free(struct status_trunk *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->target_cap; i++) {
		free(t->targets[i].probes);
		for (int k = 0; k < HISTORY_FAILURES; k++)
			history_ladder_unref(t->targets[i].failures[k]);
		history_ladder_unref(t->targets[i].success);
		chain_unref(t->targets[i].chain);
		for (int k = 0; k < PEER_TRAITS; k++)
			peer_change_unref(t->targets[i].changes[k]);
	}
	traced_unref(t->traced);
	free(t->targets);
	buffer_clear(&t->settings);
	buffer_clear(&t->aor);
	buffer_clear(&t->text);
	free(t);
}
