#include "exporter/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/store_rows.h"
#include "sipprobe/clock.h"

/* Trunks copied in one hold of the lock: some microseconds. */
#define CHUNK_TRUNKS 32

/* A reload adds and removes trunks one by one; wait until it is through. */
#define BUSY_PAUSE_NS 5000000
#define BUSY_PAUSES   100

#define BLOCK_BYTES ((size_t)1 << 18)

/* Where label text and counters go. A block never moves. */
struct snapshot_block {
	struct snapshot_block *next;
	size_t len;
	size_t cap;
	char data[];
};

/* Room that the next trunk needs, got while no lock is held. */
struct need {
	size_t bytes;
	size_t targets;
};

struct copy {
	struct snapshot *n;
	struct store *s;
	struct store_trunk *next;
	uint64_t generation;
	size_t trunk_cap;
	size_t target_cap;
	struct need need;
	unsigned more; /* SNAPSHOT_… */
};

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static size_t more_need(const struct store_target *t, unsigned more)
{
	size_t bytes = 0;

	if (more & SNAPSHOT_NATIVE && t->native)
		bytes += align8(native_bytes(t->native));
	if (more & SNAPSHOT_EXEMPLARS)
		bytes += align8(t->exemplar_count * sizeof(*t->exemplars));
	return bytes;
}

static struct need trunk_need(const struct copy *c, const struct store_trunk *row)
{
	const struct store *s = c->s;
	size_t counts = (s->buckets.count + 1) * sizeof(uint32_t);
	struct need need = {0};
	const struct store_target *t;

	need.bytes = align8(row->label_len) + align8(row->info_len) +
		     align8(STATS_METHODS * sizeof(uint32_t));
	need.bytes += row->own_file ? align8(strlen(row->own_file)) : 0;
	for (t = TAILQ_FIRST(&row->targets); t; t = TAILQ_NEXT(t, entry)) {
		need.bytes += align8(row->label_len + 1U + t->label_len) + align8(counts);
		need.bytes += align8(t->code_count * sizeof(*t->codes));
		need.bytes += c->more ? more_need(t, c->more) : 0;
		need.bytes +=
			t->tls_failures ? align8(TLS_FAILURES * sizeof(uint32_t)) : 0;
		need.targets++;
	}
	return need;
}

static bool fits(const struct copy *c, struct need need)
{
	const struct snapshot *n = c->n;

	return n->trunk_count < c->trunk_cap &&
	       n->target_count + need.targets <= c->target_cap && n->blocks &&
	       n->blocks->len + need.bytes <= n->blocks->cap;
}

/* Callers have made sure of the room. */
static void *take(struct snapshot *n, size_t size)
{
	struct snapshot_block *block = n->blocks;
	void *p = block->data + block->len;

	block->len += align8(size);
	return p;
}

static void *take_copy(struct snapshot *n, const void *from, size_t size)
{
	return size ? memcpy(take(n, size), from, size) : NULL;
}

static struct slice joined(struct snapshot *n, struct slice trunk, const char *own,
			   size_t own_len)
{
	char *p = take(n, trunk.l + 1 + own_len);

	if (trunk.l)
		memcpy(p, trunk.p, trunk.l);
	p[trunk.l] = ',';
	memcpy(p + trunk.l + 1, own, own_len);
	return (struct slice){p, trunk.l + 1 + own_len};
}

static void copy_more(const struct copy *c, struct snapshot_target *to,
		      const struct store_target *from)
{
	if (c->more & SNAPSHOT_NATIVE && from->native)
		to->native = take_copy(c->n, from->native, native_bytes(from->native));
	if (c->more & SNAPSHOT_EXEMPLARS && from->exemplars) {
		to->exemplars =
			take_copy(c->n, from->exemplars,
				  from->exemplar_count * sizeof(*from->exemplars));
		to->exemplar_count = from->exemplar_count;
	}
}

static void copy_target(struct copy *c, const struct snapshot_trunk *row,
			struct store_target *from)
{
	struct snapshot *n = c->n;
	struct snapshot_target *to = &n->targets[n->target_count++];
	size_t counts = (c->s->buckets.count + 1) * sizeof(uint32_t);

	to->stats = from->stats;
	to->labels =
		joined(n, row->labels, store_target_text(c->s, from), from->label_len);
	to->counts = take_copy(n, from->counts, counts);
	to->codes = take_copy(n, from->codes, from->code_count * sizeof(*from->codes));
	to->code_count = from->code_count;
	to->native = NULL;
	to->exemplars = NULL;
	to->exemplar_count = 0;
	if (c->more)
		copy_more(c, to, from);
	to->tls_failures =
		take_copy(n, from->tls_failures,
			  from->tls_failures ? TLS_FAILURES * sizeof(uint32_t) : 0);
}

static void copy_trunk(struct copy *c, struct store_trunk *from)
{
	struct snapshot *n = c->n;
	struct snapshot_trunk *to = &n->trunks[n->trunk_count++];
	struct store_target *t;

	to->stats = from->stats;
	to->labels.p = take_copy(n, from->text, from->label_len);
	to->labels.l = from->label_len;
	to->info.p = take_copy(n, from->text + from->label_len, from->info_len);
	to->info.l = from->info_len;
	to->inbound = take_copy(n, from->inbound,
				from->inbound ? STATS_METHODS * sizeof(uint32_t) : 0);
	to->own_file.l = from->own_file ? strlen(from->own_file) : 0;
	to->own_file.p = take_copy(n, from->own_file, to->own_file.l);
	to->target_first = n->target_count;
	to->target_count = from->target_count;
	for (t = TAILQ_FIRST(&from->targets); t; t = TAILQ_NEXT(t, entry))
		copy_target(c, to, t);
}

static int add_block(struct snapshot *n, size_t need)
{
	size_t cap = need > BLOCK_BYTES ? need : BLOCK_BYTES;
	struct snapshot_block *block = malloc(sizeof(*block) + cap);

	if (!block)
		return ENOMEM;
	block->next = n->blocks;
	block->len = 0;
	block->cap = cap;
	n->blocks = block;
	return 0;
}

static int grow_array(void **array, size_t *cap, size_t want, size_t size)
{
	size_t count = *cap ? *cap : 64;
	void *p;

	if (want <= *cap)
		return 0;
	while (count < want)
		count *= 2;
	p = realloc(*array, count * size);
	if (!p)
		return ENOMEM;
	*array = p;
	*cap = count;
	return 0;
}

/* Without the lock. */
static int make_room(struct copy *c)
{
	struct snapshot *n = c->n;
	void *trunks = n->trunks, *targets = n->targets;
	int err;

	err = grow_array(&trunks, &c->trunk_cap, n->trunk_count + 1, sizeof(*n->trunks));
	n->trunks = trunks;
	if (!err)
		err = grow_array(&targets, &c->target_cap,
				 n->target_count + c->need.targets, sizeof(*n->targets));
	n->targets = targets;
	if (!err && (!n->blocks || n->blocks->len + c->need.bytes > n->blocks->cap))
		err = add_block(n, c->need.bytes);
	return err;
}

/* With the lock. Returns 0; EAGAIN when the set of trunks changed since the last piece.
 */
static int copy_chunk(struct copy *c)
{
	int i;

	if (c->generation != c->s->generation)
		return EAGAIN;
	for (i = 0; c->next && i < CHUNK_TRUNKS; i++) {
		c->need = trunk_need(c, c->next);
		if (!fits(c, c->need))
			break;
		copy_trunk(c, c->next);
		c->next = TAILQ_NEXT(c->next, entry);
	}
	return 0;
}

static void copy_begin(struct copy *c)
{
	struct snapshot *n = c->n;

	while (n->blocks) {
		struct snapshot_block *next = n->blocks->next;

		free(n->blocks);
		n->blocks = next;
	}
	n->trunk_count = 0;
	n->target_count = 0;
	n->buckets = &c->s->buckets;
	n->native_schema = c->s->native.schema;
	n->native_kept = c->s->native.max_buckets && c->more & SNAPSHOT_NATIVE;
	store_read_lock(c->s);
	n->exporter = c->s->exporter;
	n->exporter.lag_ns = store_lag_ns(c->s, clock_monotonic_ns());
	c->generation = c->s->generation;
	c->next = TAILQ_FIRST(&c->s->trunks);
	c->need = c->next ? trunk_need(c, c->next) : (struct need){0};
	store_read_unlock(c->s);
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
		err = copy_chunk(c);
		store_read_unlock(c->s);
	}
	return err;
}

int snapshot_take(struct snapshot **np, struct store *s)
{
	return snapshot_take_more(np, s, 0);
}

int snapshot_take_more(struct snapshot **np, struct store *s, unsigned more)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_NS};
	struct copy c = {.s = s, .n = calloc(1, sizeof(*c.n)), .more = more};
	int tries = 0;
	int err;

	if (!c.n)
		return ENOMEM;
	while ((err = copy_all(&c)) == EAGAIN && ++tries < BUSY_PAUSES)
		nanosleep(&pause, NULL);
	if (err) {
		snapshot_free(c.n);
		return err == EAGAIN ? EBUSY : err;
	}
	*np = c.n;
	return 0;
}

void snapshot_free(struct snapshot *n)
{
	if (!n)
		return;
	while (n->blocks) {
		struct snapshot_block *next = n->blocks->next;

		free(n->blocks);
		n->blocks = next;
	}
	free(n->trunks);
	free(n->targets);
	free(n);
}
