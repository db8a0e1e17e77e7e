#include "exporter/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exporter/labels.h"
#include "exporter/store_rows.h"
#include "sipprobe/clock.h"

/* Trunks looked at in one hold of the lock: some microseconds. */
#define CHUNK_TRUNKS 32

/* A reload adds and removes trunks one by one; wait until it is through. */
#define BUSY_PAUSE_NS 5000000
#define BUSY_PAUSES   100

#define BLOCK_BYTES ((size_t)1 << 18)
#define CHUNK_BYTES ((size_t)1 << 15)

/* Where text and probes go. A block never moves. */
struct status_block {
	struct status_block *next;
	size_t len;
	size_t cap;
	_Alignas(8) char data[];
};

struct copy {
	struct status_list *l;
	struct store *s;
	const struct status_query *q;
	struct store_trunk *next;
	size_t cap;
	size_t need; /* bytes that the next row needs at least */
};

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

struct slice status_label(struct slice text, const char *name)
{
	struct slice key, value;
	size_t pos = 0;

	while (labels_next(text, &pos, &key, &value))
		if (key.l == strlen(name) && !memcmp(key.p, name, key.l))
			return value;
	return (struct slice){"", 0};
}

/* The target a person wants to hear of first. NULL without any. */
static struct store_target *worst(const struct store_trunk *row)
{
	struct store_target *t, *found = NULL;
	int score, best = -1;

	TAILQ_FOREACH(t, &row->targets, entry) {
		score = t->last_unix_ns ? 1 + (int)t->last.verdict : 0;
		if (score > best) {
			best = score;
			found = t;
		}
	}
	return found;
}

static unsigned recent_count(const struct copy *c, const struct store_target *t)
{
	unsigned have = t && t->track ? t->track->count : 0;

	return have < c->q->recent ? have : c->q->recent;
}

static size_t row_need(const struct copy *c, const struct store_trunk *row,
		       const struct store_target *t)
{
	size_t need = align8(row->label_len) + align8(row->info_len);

	if (t)
		need += align8(t->label_len) + align8(t->said ? strlen(t->said) : 0) +
			recent_count(c, t) * sizeof(struct history_probe);
	return need;
}

/* Callers have made sure of the room. */
static void *take(struct status_list *l, size_t size)
{
	struct status_block *block = l->blocks;
	void *p = block->data + block->len;

	block->len += align8(size);
	return p;
}

static struct slice take_text(struct status_list *l, const char *text, size_t len)
{
	char *p = take(l, len);

	if (len)
		memcpy(p, text, len);
	return (struct slice){p, len};
}

static void copy_target(struct copy *c, struct status_row *to, struct store_target *t)
{
	struct history_probe *probes;

	to->target = take_text(c->l, store_target_text(c->s, t), t->label_len);
	to->said = take_text(c->l, t->said, t->said ? strlen(t->said) : 0);
	to->last = t->last;
	to->last_unix_ns = t->last_unix_ns;
	to->probe_count = recent_count(c, t);
	probes = take(c->l, to->probe_count * sizeof(*probes));
	for (unsigned i = 0; i < to->probe_count; i++)
		probes[i] =
			history_get(&c->s->history, t->track, to->probe_count - 1 - i);
	to->probes = probes;
}

static int64_t earliest_expiry(const struct store_trunk *row)
{
	const struct store_target *t;
	int64_t at_s = 0;

	TAILQ_FOREACH(t, &row->targets, entry) {
		int64_t other_s = t->stats.cert_not_after_s;

		if (other_s && (!at_s || other_s < at_s))
			at_s = other_s;
	}
	return at_s;
}

static void copy_row(struct copy *c, const struct store_trunk *row,
		     struct store_target *t)
{
	struct status_row *to = &c->l->rows[c->l->count++];

	*to = (struct status_row){
		.labels = take_text(c->l, row->text, row->label_len),
		.info = take_text(c->l, row->text + row->label_len, row->info_len),
		.since_unix_ns = row->since_unix_ns,
		.cert_not_after_s = earliest_expiry(row),
		.addresses = row->stats.addresses,
		.addresses_up = row->stats.addresses_up,
		.state = row->stats.state,
		.paused = row->stats.paused,
	};
	if (t) {
		copy_target(c, to, t);
	} else if (row->dns_failed_unix_ns) {
		/* Its name is all there is of it, so that is what failed. */
		to->last_unix_ns = row->dns_failed_unix_ns;
		to->last = (struct history_probe){.latency_us = HISTORY_NO_LATENCY,
						  .outcome = PROBE_DNS,
						  .verdict = PROBE_DOWN};
	}
}

static bool is_wanted(const struct status_query *q, const struct store_trunk *row)
{
	return row->changed > q->since &&
	       (!q->states || q->states >> row->stats.state & 1);
}

/* With the lock. Returns false when room is needed first. */
static bool copy_next(struct copy *c)
{
	struct store_trunk *row = c->next;
	struct store_target *t;

	if (is_wanted(c->q, row)) {
		t = worst(row);
		c->need = row_need(c, row, t);
		if (c->l->count == c->cap ||
		    c->l->blocks->len + c->need > c->l->blocks->cap)
			return false;
		copy_row(c, row, t);
	}
	if (row->stats.state < HEALTH_STATES)
		c->l->states[row->stats.state]++;
	c->next = TAILQ_NEXT(row, entry);
	return true;
}

/* Without the lock. */
static int make_room(struct copy *c)
{
	struct status_list *l = c->l;
	size_t bytes = c->need > CHUNK_BYTES ? c->need : CHUNK_BYTES;
	struct status_block *block;

	if (l->count + CHUNK_TRUNKS > c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 8 * CHUNK_TRUNKS;
		struct status_row *rows = realloc(l->rows, cap * sizeof(*rows));

		if (!rows)
			return ENOMEM;
		l->rows = rows;
		c->cap = cap;
	}
	if (l->blocks && l->blocks->len + bytes <= l->blocks->cap)
		return 0;
	bytes = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	block = malloc(sizeof(*block) + bytes);
	if (!block)
		return ENOMEM;
	*block = (struct status_block){.next = l->blocks, .cap = bytes};
	l->blocks = block;
	return 0;
}

static void drop_blocks(struct status_list *l)
{
	while (l->blocks) {
		struct status_block *next = l->blocks->next;

		free(l->blocks);
		l->blocks = next;
	}
}

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

static void copy_begin(struct copy *c)
{
	drop_blocks(c->l);
	c->l->count = 0;
	memset(c->l->states, 0, sizeof(c->l->states));
	c->need = 0;
	store_read_lock(c->s);
	c->next = TAILQ_FIRST(&c->s->trunks);
	c->l->sequence = c->s->sequence;
	c->l->generation = c->s->generation;
	store_read_unlock(c->s);
	c->l->begun_unix_ns = c->s->begun_unix_ns;
}

/* Returns 0, ENOMEM or EAGAIN. */
static int copy_all(struct copy *c)
{
	int err = 0;

	copy_begin(c);
	while (c->next && !err) {
		err = make_room(c);
		if (err)
			break;
		store_read_lock(c->s);
		if (c->l->generation != c->s->generation)
			err = EAGAIN;
		for (int i = 0; !err && c->next && i < CHUNK_TRUNKS; i++)
			if (!copy_next(c))
				break;
		store_read_unlock(c->s);
	}
	return err;
}

int status_name_compare(struct slice a, struct slice b)
{
	int diff = memcmp(a.p, b.p, a.l < b.l ? a.l : b.l);

	return diff ? diff : (a.l > b.l) - (a.l < b.l);
}

static int by_name(const void *a, const void *b)
{
	return status_name_compare(((const struct status_row *)a)->name,
				   ((const struct status_row *)b)->name);
}

int status_list_take(struct status_list **lp, struct store *s,
		     const struct status_query *q)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_NS};
	struct copy c = {.s = s, .q = q, .l = calloc(1, sizeof(*c.l))};
	int tries = 0;
	int err;

	if (!c.l)
		return ENOMEM;
	while ((err = copy_all(&c)) == EAGAIN && ++tries < BUSY_PAUSES)
		nanosleep(&pause, NULL);
	if (err) {
		status_list_free(c.l);
		return err == EAGAIN ? EBUSY : err;
	}
	for (size_t i = 0; i < c.l->count; i++)
		c.l->rows[i].name = status_label(c.l->rows[i].labels, "trunk");
	if (c.l->count)
		qsort(c.l->rows, c.l->count, sizeof(*c.l->rows), by_name);
	*lp = c.l;
	return 0;
}

void status_list_free(struct status_list *l)
{
	if (!l)
		return;
	drop_blocks(l);
	free(l->rows);
	free(l);
}
