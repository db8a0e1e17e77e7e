/*
 * The cells of a row: one target each, with its labels. Of these only the address differs
 * between targets of one method and transport: the rest is kept once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/store/labels.h"
#include "exporter/store/store_rows.h"
#include "exporter/store/store_text.h"

/* Its own pieces of label text, around the address' value and without the quotes. */
static struct slice store_target_kind_method(const struct store_kind *k)
{
	return (struct slice){k->text, k->before_len - (sizeof(STORE_TEXT_ADDRESS) - 1)};
}

static struct slice store_target_kind_transport(const struct store_kind *k)
{
	const char *after = k->text + k->before_len;
	const char *quote = "\",";

	return (struct slice){after + strlen(quote), k->after_len - strlen(quote)};
}

static bool store_target_kind_is(const struct store_kind *k, struct slice before,
				 struct slice after)
{
	return k->before_len == before.l && k->after_len == after.l &&
	       !memcmp(k->text, before.p, before.l) &&
	       !memcmp(k->text + before.l, after.p, after.l);
}

static struct store_kind *store_target_kind_make(struct slice before, struct slice after)
{
	struct store_kind *k = malloc(sizeof(*k) + before.l + after.l);

	if (!k)
		return NULL;
	k->before_len = (uint32_t)before.l;
	k->after_len = (uint32_t)after.l;
	memcpy(k->text, before.p, before.l);
	memcpy(k->text + before.l, after.p, after.l);
	return k;
}

/* The place of another one at the end of the list, -1 without memory. */
static int store_target_kind_add(struct store *s, struct store_kind *k)
{
	struct store_kind **kinds;

	if (!k || s->kind_count == STORE_KINDS)
		return -1;
	store_write_lock(s);
	kinds = realloc(s->kinds,
			((size_t)s->kind_count + 1) * sizeof(struct store_kind *));
	if (kinds) {
		s->kinds = kinds;
		s->kinds[s->kind_count++] = k;
	}
	store_write_unlock(s);
	return kinds ? s->kind_count - 1 : -1;
}

/* A kind's place in the store's list, made at the first need. -1 without memory. */
static int store_target_kind_find(struct store *s, struct slice before,
				  struct slice after)
{
	struct store_kind *made;
	int i = 0;

	while (i < s->kind_count && !store_target_kind_is(s->kinds[i], before, after))
		i++;
	if (i < s->kind_count)
		return i;
	made = store_target_kind_make(before, after);
	i = store_target_kind_add(s, made);
	if (i < 0)
		free(made);
	return i;
}

void store_kinds_free(struct store *s)
{
	for (int i = 0; i < s->kind_count; i++)
		free(s->kinds[i]);
	free(s->kinds);
}

size_t store_target_text_len(const struct store *s, const struct store_target *t)
{
	const struct store_kind *k = s->kinds[t->kind];

	return k->before_len + t->address_len + k->after_len;
}

void store_target_text(char *to, const struct store *s, const struct store_target *t)
{
	const struct store_kind *k = s->kinds[t->kind];

	memcpy(to, k->text, k->before_len);
	to += k->before_len;
	memcpy(to, store_target_address(s, t), t->address_len);
	to += t->address_len;
	memcpy(to, k->text + k->before_len, k->after_len);
}

struct slice store_target_find(const struct store *s, const struct store_target *t,
			       const char *name)
{
	const struct store_kind *k = s->kinds[t->kind];
	struct slice found = labels_find(store_target_kind_method(k), name);

	if (!strcmp(name, "address"))
		return (struct slice){store_target_address(s, t), t->address_len};
	return found.l ? found : labels_find(store_target_kind_transport(k), name);
}

static struct store_target *store_target_target_alloc(struct store *s,
						      const struct engine_target *target)
{
	size_t counts = s->buckets.count + 1;
	struct buffer *text = store_text_anew(&s->label_text);
	struct store_text_at at = store_text_target(text, target);
	struct store_target *cell;
	int i, kind;

	if (text->err)
		return NULL;
	kind = store_target_kind_find(
		s, (struct slice){text->data, at.from},
		(struct slice){text->data + at.to, text->len - at.to});
	cell = kind < 0 ? NULL
			: calloc(1, sizeof(*cell) + counts * sizeof(*cell->counts) +
					    (at.to - at.from));
	if (!cell)
		return NULL;
	memcpy(cell->counts + counts, text->data + at.from, at.to - at.from);
	cell->address_len = (uint16_t)(at.to - at.from);
	cell->kind = (uint16_t)kind & (STORE_KINDS - 1);
	cell->stats.success = -1;
	cell->stats.reply_hops = cell->success_reply_hops = -1;
	cell->stats.retry_after_s = -1;
	for (i = 0; i < PROBE_PHASES; i++)
		cell->stats.phases[i] = STATS_NO_PHASE;
	return cell;
}

bool store_more_room(struct store_target *cell)
{
	if (!cell->more)
		cell->more = calloc(1, sizeof(*cell->more));
	return cell->more;
}

/* What only some kinds of target have. False without memory. */
static bool store_target_more(struct store_target *cell,
			      const struct engine_target *target)
{
	bool tls = !strcmp(target->transport, "tls") || !strcmp(target->transport, "wss");
	bool calls = !strcmp(target->method, "INVITE");
	bool registers = !strcmp(target->method, "REGISTER");
	const struct config_settings *set = cell->row->conf->settings;
	bool marked = cell->stats.udp && !calls && set && set->mark_copies;

	if (!tls && !calls && !registers && !marked)
		return true;
	if (!store_more_room(cell))
		return false;
	cell->more->registers = registers;
	cell->more->marked = marked;
	if (calls)
		cell->more->call = store_call_alloc();
	if (tls)
		cell->more->tls = calloc(1, sizeof(*cell->more->tls));
	return (!calls || cell->more->call) && (!tls || cell->more->tls);
}

/* With the lock held. A trunk has few. */
static void store_target_append(struct store_trunk *row, struct store_target *cell)
{
	struct store_target *t, *last = NULL;

	SLIST_FOREACH(t, &row->targets, entry)
		last = t;
	if (last)
		SLIST_INSERT_AFTER(last, cell, entry);
	else
		SLIST_INSERT_HEAD(&row->targets, cell, entry);
}

struct store_target *store_target_add(struct store *s, struct store_trunk *row,
				      const struct engine_target *target)
{
	struct store_target *cell = row ? store_target_target_alloc(s, target) : NULL;

	if (!cell)
		return NULL;
	cell->row = row;
	cell->stats.udp = !strcmp(target->transport, "udp");
	cell->stats.websocket = *target->transport == 'w';
	if (!store_target_more(cell, target)) {
		store_target_free(s, cell);
		return NULL;
	}

	store_write_lock(s);
	cell->track = history_track_alloc(&s->history);
	store_touch(s, row);
	store_target_append(row, cell);
	row->target_count++;
	s->target_count++;
	store_write_unlock(s);
	return cell;
}

bool store_target_label(struct store *s, struct store_target *cell, const char *name,
			char *out, size_t size)
{
	struct slice value;

	if (!cell)
		return false;
	value = store_target_find(s, cell, name);
	if (value.l)
		(void)snprintf(out, size, "%.*s", (int)value.l, value.p);
	return value.l;
}

/* Phrases that nearly all say nearly always are kept once. */
static char said_ok[] = "OK";

static void store_target_said_free(struct store_target *cell)
{
	if (cell->said != said_ok)
		free(cell->said);
}

void store_target_say(struct store_target *cell, const char *text)
{
	/* Most often it is what was said last time. */
	if (cell->said ? !strcmp(cell->said, text) : !text[0])
		return;
	store_target_said_free(cell);
	if (!strcmp(text, said_ok))
		cell->said = said_ok;
	else
		cell->said = text[0] ? strdup(text) : NULL;
}

static void store_target_more_free(struct store_more *more)
{
	if (!more)
		return;
	if (more->tls)
		chain_unref(more->tls->chain);
	free(more->tls);
	free(more->call);
	free(more->size);
	free(more->train);
	store_changes_free(more->changes);
	free(more);
}

void store_target_free(struct store *s, struct store_target *cell)
{
	free(cell->exemplars);
	free(cell->native);
	free(cell->window);
	store_target_said_free(cell);
	store_words_drop(&s->words, cell->seen_as);
	if (cell->ending_cap)
		free(cell->endings.list);
	store_target_more_free(cell->more);
	free(cell);
}

void store_target_remove(struct store *s, struct store_target *cell)
{
	if (!cell)
		return;
	store_write_lock(s);
	SLIST_REMOVE(&cell->row->targets, cell, store_target, entry);
	history_track_free(&s->history, cell->track);
	store_touch(s, cell->row);
	cell->row->target_count--;
	s->target_count--;
	store_write_unlock(s);
	store_target_free(s, cell);
}
