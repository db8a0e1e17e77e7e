#include "exporter/store/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/store/labels.h"
#include "exporter/store/store_copy.h"

/* Room that is always made; more only for a row that needs more. */
#define CHUNK_BYTES ((size_t)1 << 15)

struct copy {
	struct status_list *l;
	const struct store *s;
	const struct status_query *q;
	int64_t now_ns; /* wall clock */
	size_t cap;
	size_t need; /* bytes that the next row needs at least */
};

/* The target a person wants to hear of first. NULL without any. */
static struct store_target *status_worst(const struct store_trunk *row)
{
	struct store_target *t, *found = NULL;
	int score, best = -1;

	SLIST_FOREACH(t, &row->targets, entry) {
		score = t->last_unix_ns ? 1 + (int)t->last.verdict : 0;
		if (score > best) {
			best = score;
			found = t;
		}
	}
	return found;
}

static unsigned status_recent_count(const struct copy *c, const struct store_target *t)
{
	unsigned have = t && t->track ? t->track->count : 0;

	return have < c->q->recent ? have : c->q->recent;
}

static size_t status_row_need(const struct copy *c, const struct store_trunk *row,
			      const struct store_target *t)
{
	size_t need = copy_arena_bytes(row->label_len) + copy_arena_bytes(row->info_len);

	if (t)
		need += copy_arena_bytes(store_target_text_len(c->s, t)) +
			copy_arena_bytes(t->said ? strlen(t->said) : 0) +
			status_recent_count(c, t) * sizeof(struct history_probe);
	else if (store_dns_failure(row))
		need += copy_arena_bytes(strlen(store_dns_failure(row)));
	return need;
}

static struct slice status_take_text(struct status_list *l, const char *text, size_t len)
{
	char *p = copy_arena_take(l->blocks, len);

	if (len)
		memcpy(p, text, len);
	return (struct slice){p, len};
}

static struct slice status_take_labels(struct copy *c, const struct store_target *t)
{
	size_t len = store_target_text_len(c->s, t);
	char *p = copy_arena_take(c->l->blocks, len);

	store_target_text(p, c->s, t);
	return (struct slice){p, len};
}

static void status_copy_target(struct copy *c, struct status_row *to,
			       struct store_target *t)
{
	struct history_probe *probes;

	to->target = status_take_labels(c, t);
	to->said = status_take_text(c->l, t->said, t->said ? strlen(t->said) : 0);
	to->last = t->last;
	to->last_unix_ns = t->last_unix_ns;
	to->probe_count = status_recent_count(c, t);
	probes = copy_arena_take(c->l->blocks, to->probe_count * sizeof(*probes));
	for (unsigned i = 0; i < to->probe_count; i++)
		probes[i] =
			history_get(&c->s->history, t->track, to->probe_count - 1 - i);
	to->probes = probes;
}

static int64_t status_earliest_expiry(const struct store_trunk *row)
{
	const struct store_target *t;
	int64_t at_s = 0;

	SLIST_FOREACH(t, &row->targets, entry) {
		int64_t other_s = store_certificate_end_s(t);

		if (other_s && (!at_s || other_s < at_s))
			at_s = other_s;
	}
	return at_s;
}

static void status_copy_row(struct copy *c, const struct store_trunk *row,
			    struct store_target *t)
{
	struct status_row *to = &c->l->rows[c->l->count++];
	struct problems_facts facts;

	store_problems(&facts, c->s, row, c->now_ns);
	*to = (struct status_row){
		.labels = status_take_text(c->l, row->text, row->label_len),
		.info = status_take_text(c->l, row->text + row->label_len, row->info_len),
		.since_unix_ns = store_since_unix_ns(c->s, row),
		.cert_not_after_s = status_earliest_expiry(row),
		.addresses = row->stats.addresses,
		.addresses_up = row->stats.addresses_up,
		.problems = problems_of(&facts),
		.requests = facts.requests,
		.lost = facts.lost,
		.flaps = facts.flaps,
		.state = row->stats.state,
		.inbound_missing = row->stats.inbound_missing,
		.paused = row->stats.paused,
		.paused_until_s = row->stats.paused_until_s,
	};
	if (t) {
		status_copy_target(c, to, t);
	} else if (row->stats.dns_failures) {
		/* Its name is all there is of it, so that is what failed. */
		to->last_unix_ns = store_dns_failed_unix_ns(row);
		to->last = (struct history_probe){.latency_us = HISTORY_NO_LATENCY,
						  .outcome = PROBE_DNS,
						  .verdict = PROBE_DOWN};
		if (store_dns_failure(row))
			to->said = status_take_text(c->l, store_dns_failure(row),
						    strlen(store_dns_failure(row)));
	}
}

static bool status_is_wanted(const struct status_query *q, const struct store_trunk *row)
{
	unsigned bits = 1U << row->stats.state | (row->stats.paused ? STATUS_PAUSED : 0);

	return row->changed > q->since && (!q->states || q->states & bits);
}

static bool status_row_h(struct store_trunk *row, void *arg)
{
	struct copy *c = arg;
	struct status_list *l = c->l;

	if (status_is_wanted(c->q, row)) {
		struct store_target *t = status_worst(row);

		c->need = status_row_need(c, row, t);
		if (l->count == c->cap || !copy_arena_fit(l->blocks, c->need))
			return false;
		status_copy_row(c, row, t);
	}
	if (row->stats.state < HEALTH_STATES)
		l->states[row->stats.state]++;
	l->paused += row->stats.paused;
	return true;
}

static int status_room_h(void *arg)
{
	struct copy *c = arg;
	struct status_list *l = c->l;

	if (l->count + STORE_COPY_ROWS > c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 8 * (size_t)STORE_COPY_ROWS;
		struct status_row *rows = realloc(l->rows, cap * sizeof(*rows));

		if (!rows)
			return ENOMEM;
		l->rows = rows;
		c->cap = cap;
	}
	return copy_arena_reserve(&l->blocks,
				  c->need > CHUNK_BYTES ? c->need : CHUNK_BYTES);
}

static void status_clear_h(void *arg)
{
	struct copy *c = arg;

	copy_arena_free(&c->l->blocks);
	c->l->count = 0;
	memset(c->l->states, 0, sizeof(c->l->states));
	c->l->paused = 0;
	c->need = 0;
}

static void status_begin_h(const struct store *s, struct store_trunk *first, void *arg)
{
	struct status_list *l = ((struct copy *)arg)->l;

	(void)first;
	l->sequence = s->sequence;
	l->generation = s->generation;
}

static const struct store_copy_steps steps = {
	.clear_h = status_clear_h,
	.begin_h = status_begin_h,
	.room_h = status_room_h,
	.row_h = status_row_h,
};

uint64_t status_generation(struct store *s)
{
	uint64_t generation;

	store_read_lock(s);
	generation = s->generation;
	store_read_unlock(s);
	return generation;
}

int64_t status_begun_ns(const struct store *s)
{
	return s->begun_unix_ns;
}

int status_name_compare(struct slice a, struct slice b)
{
	int diff = memcmp(a.p, b.p, a.l < b.l ? a.l : b.l);

	return diff ? diff : (a.l > b.l) - (a.l < b.l);
}

static int status_by_name(const void *a, const void *b)
{
	return status_name_compare(((const struct status_row *)a)->name,
				   ((const struct status_row *)b)->name);
}

int status_list_take(struct status_list **lp, struct store *s,
		     const struct status_query *q)
{
	struct copy c = {
		.s = s, .q = q, .l = calloc(1, sizeof(*c.l)), .now_ns = clock_wall_ns()};
	int err;

	if (!c.l)
		return ENOMEM;
	c.l->begun_unix_ns = s->begun_unix_ns;
	err = store_copy(s, &steps, &c);
	if (err) {
		status_list_free(c.l);
		return err;
	}
	for (size_t i = 0; i < c.l->count; i++)
		c.l->rows[i].name = labels_find(c.l->rows[i].labels, "trunk");
	if (c.l->count)
		qsort(c.l->rows, c.l->count, sizeof(*c.l->rows), status_by_name);
	*lp = c.l;
	return 0;
}

void status_list_free(struct status_list *l)
{
	if (!l)
		return;
	copy_arena_free(&l->blocks);
	free(l->rows);
	free(l);
}
