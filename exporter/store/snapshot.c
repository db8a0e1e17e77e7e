#include "exporter/store/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/store/store_copy.h"

/* Room that the next trunk needs, got while no lock is held. */
struct need {
	size_t bytes;
	size_t targets;
};

struct copy {
	struct snapshot *n;
	const struct store *s;
	size_t trunk_cap;
	size_t target_cap;
	struct need need;
	unsigned more; /* SNAPSHOT_… */
};

static size_t snapshot_more_need(const struct store_target *t, unsigned more)
{
	size_t bytes = 0;

	if (more & SNAPSHOT_NATIVE && t->native)
		bytes += copy_arena_bytes(native_histogram_bytes(t->native));
	if (more & SNAPSHOT_EXEMPLARS)
		bytes += copy_arena_bytes(t->exemplar_count * sizeof(*t->exemplars));
	return bytes;
}

static struct need snapshot_trunk_need(const struct copy *c,
				       const struct store_trunk *row)
{
	const struct store *s = c->s;
	size_t counts = (s->buckets.count + 1) * sizeof(uint32_t);
	struct need need = {0};
	const struct store_target *t;

	need.bytes = copy_arena_bytes(row->label_len) + copy_arena_bytes(row->info_len) +
		     copy_arena_bytes(sizeof(struct stats_inbound));
	need.bytes +=
		store_bill_of(row) ? copy_arena_bytes(sizeof(struct stats_bill)) : 0;
	if (store_own_file(row))
		need.bytes += copy_arena_bytes(strlen(store_own_file(row)) +
					       sizeof(STATS_OWN_CLIENT));
	for (t = SLIST_FIRST(&row->targets); t; t = SLIST_NEXT(t, entry)) {
		need.bytes += copy_arena_bytes(row->label_len + 1U +
					       store_target_text_len(s, t)) +
			      copy_arena_bytes(counts);
		need.bytes +=
			copy_arena_bytes(t->ending_count * sizeof(struct stats_ending));
		need.bytes += c->more ? snapshot_more_need(t, c->more) : 0;
		need.bytes +=
			store_tls_of(t) ? copy_arena_bytes(sizeof(struct stats_tls)) : 0;
		need.bytes += store_call_of(t)
				      ? copy_arena_bytes(sizeof(struct stats_call))
				      : 0;
		need.bytes += store_ways_of(t)
				      ? copy_arena_bytes(sizeof(struct stats_ways))
				      : 0;
		need.bytes += store_changes_of(t)
				      ? copy_arena_bytes(PEER_TRAITS * sizeof(uint32_t))
				      : 0;
		need.bytes += t->more && t->more->size
				      ? copy_arena_bytes(sizeof(*t->more->size))
				      : 0;
		need.bytes += t->more && t->more->train
				      ? copy_arena_bytes(sizeof(*t->more->train))
				      : 0;
		need.targets++;
	}
	return need;
}

static bool snapshot_fits(const struct copy *c, struct need need)
{
	const struct snapshot *n = c->n;

	return n->trunk_count < c->trunk_cap &&
	       n->target_count + need.targets <= c->target_cap &&
	       copy_arena_fit(n->blocks, need.bytes);
}

static void *snapshot_take_copy(struct snapshot *n, const void *from, size_t size)
{
	return size ? memcpy(copy_arena_take(n->blocks, size), from, size) : NULL;
}

static struct slice snapshot_joined(const struct copy *c, struct slice trunk,
				    const struct store_target *own)
{
	size_t own_len = store_target_text_len(c->s, own);
	char *p = copy_arena_take(c->n->blocks, trunk.l + 1 + own_len);

	if (trunk.l)
		memcpy(p, trunk.p, trunk.l);
	p[trunk.l] = ',';
	store_target_text(p + trunk.l + 1, c->s, own);
	return (struct slice){p, trunk.l + 1 + own_len};
}

/* Failures come first, their keys are the lower ones. */
static void snapshot_copy_endings(struct snapshot *n, struct snapshot_target *to,
				  const struct store_target *from)
{
	size_t count = from->ending_count, failures = 0;
	const struct stats_ending *list =
		snapshot_take_copy(n, store_endings(from), count * sizeof(*list));

	while (failures < count && list[failures].how < STATS_CODES_FROM)
		failures++;
	to->failures = list;
	to->failure_count = failures;
	to->codes = list ? list + failures : NULL;
	to->code_count = count - failures;
}

static void snapshot_copy_more(const struct copy *c, struct snapshot_target *to,
			       const struct store_target *from)
{
	if (c->more & SNAPSHOT_NATIVE && from->native)
		to->native = snapshot_take_copy(c->n, from->native,
						native_histogram_bytes(from->native));
	if (c->more & SNAPSHOT_EXEMPLARS && from->exemplars) {
		to->exemplars = snapshot_take_copy(c->n, from->exemplars,
						   from->exemplar_count *
							   sizeof(*from->exemplars));
		to->exemplar_count = from->exemplar_count;
	}
}

static void snapshot_copy_target(struct copy *c, const struct snapshot_trunk *row,
				 struct store_target *from)
{
	struct snapshot *n = c->n;
	struct snapshot_target *to = &n->targets[n->target_count++];
	const struct store_tls *tls = store_tls_of(from);
	const struct stats_call *call = store_call_of(from);
	const struct stats_ways *ways = store_ways_of(from);
	const struct store_changes *changes = store_changes_of(from);
	const struct survey_size_report *size = from->more ? from->more->size : NULL;
	const struct stats_train *train = from->more ? from->more->train : NULL;
	size_t counts = (c->s->buckets.count + 1) * sizeof(uint32_t);

	to->stats = from->stats;
	to->labels = snapshot_joined(c, row->labels, from);
	to->counts = snapshot_take_copy(n, from->counts, counts);
	snapshot_copy_endings(n, to, from);
	to->native = NULL;
	to->exemplars = NULL;
	to->exemplar_count = 0;
	to->classic = false;
	to->wide = false;
	if (c->more)
		snapshot_copy_more(c, to, from);
	to->registered_until_s = store_registered_until_s(from);
	to->tls = snapshot_take_copy(n, tls ? &tls->stats : NULL,
				     tls ? sizeof(tls->stats) : 0);
	to->call = snapshot_take_copy(n, call, call ? sizeof(*call) : 0);
	to->ways = snapshot_take_copy(n, ways, ways ? sizeof(*ways) : 0);
	to->changes = snapshot_take_copy(n, changes ? changes->counts : NULL,
					 changes ? sizeof(changes->counts) : 0);
	to->size = snapshot_take_copy(n, size, size ? sizeof(*size) : 0);
	to->train = snapshot_take_copy(n, train, train ? sizeof(*train) : 0);
}

/* One label is the beginning of the other. */
static void snapshot_copy_own(struct snapshot *n, struct snapshot_trunk *to,
			      const struct store_texts *texts)
{
	const char *file = texts ? texts->own_file : NULL;
	size_t len = file ? strlen(file) : 0, more = sizeof(STATS_OWN_CLIENT) - 1;
	char *p = NULL;

	if (file) {
		p = copy_arena_take(n->blocks, len + more + 1);
		memcpy(p, file, len);
		memcpy(p + len, STATS_OWN_CLIENT, more);
	}
	to->own = file ? stats_own_of(&texts->own) : (struct stats_own){0};
	to->own_file = (struct slice){p, len};
	to->own_use = (struct slice){p, file ? len + more : 0};
}

static void snapshot_copy_trunk(struct copy *c, struct store_trunk *from)
{
	struct snapshot *n = c->n;
	struct snapshot_trunk *to = &n->trunks[n->trunk_count++];
	const struct stats_bill *bill = store_bill_of(from);
	const struct stats_inbound *inbound = store_inbound_of(from);
	struct store_target *t;

	to->stats = from->stats;
	to->since_unix_ns = store_since_unix_ns(c->s, from);
	to->labels.p = snapshot_take_copy(n, from->text, from->label_len);
	to->labels.l = from->label_len;
	to->info.p = snapshot_take_copy(n, from->text + from->label_len, from->info_len);
	to->info.l = from->info_len;
	to->bill = snapshot_take_copy(n, bill, bill ? sizeof(*bill) : 0);
	to->inbound = snapshot_take_copy(n, inbound, inbound ? sizeof(*inbound) : 0);
	snapshot_copy_own(n, to, store_texts_of(from));
	to->target_first = n->target_count;
	to->target_count = from->target_count;
	for (t = SLIST_FIRST(&from->targets); t; t = SLIST_NEXT(t, entry))
		snapshot_copy_target(c, to, t);
}

static int snapshot_grow_array(void **array, size_t *cap, size_t want, size_t size)
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

static int snapshot_room_h(void *arg)
{
	struct copy *c = arg;
	struct snapshot *n = c->n;
	void *trunks = n->trunks, *targets = n->targets;
	int err;

	err = snapshot_grow_array(&trunks, &c->trunk_cap, n->trunk_count + 1,
				  sizeof(*n->trunks));
	n->trunks = trunks;
	if (!err)
		err = snapshot_grow_array(&targets, &c->target_cap,
					  n->target_count + c->need.targets,
					  sizeof(*n->targets));
	n->targets = targets;
	if (!err)
		err = copy_arena_reserve(&n->blocks, c->need.bytes);
	return err;
}

static bool snapshot_row_h(struct store_trunk *row, void *arg)
{
	struct copy *c = arg;

	c->need = snapshot_trunk_need(c, row);
	if (!snapshot_fits(c, c->need))
		return false;
	snapshot_copy_trunk(c, row);
	return true;
}

static void snapshot_clear_h(void *arg)
{
	struct snapshot *n = ((struct copy *)arg)->n;

	copy_arena_free(&n->blocks);
	n->trunk_count = 0;
	n->target_count = 0;
}

static void snapshot_begin_h(const struct store *s, struct store_trunk *first, void *arg)
{
	struct copy *c = arg;

	c->n->exporter = s->exporter;
	c->n->exporter.lag_ns = store_lag_ns(s, clock_monotonic_ns());
	c->need = first ? snapshot_trunk_need(c, first) : (struct need){0};
}

static const struct store_copy_steps steps = {
	.clear_h = snapshot_clear_h,
	.begin_h = snapshot_begin_h,
	.room_h = snapshot_room_h,
	.row_h = snapshot_row_h,
};

int snapshot_take(struct snapshot **np, struct store *s, unsigned more)
{
	struct copy c = {.s = s, .n = calloc(1, sizeof(*c.n)), .more = more};
	int err;

	if (!c.n)
		return ENOMEM;
	c.n->buckets = &s->buckets;
	c.n->call_buckets = &s->call_buckets;
	c.n->media_buckets = &s->media_buckets;
	c.n->lag_buckets = &s->lag_buckets;
	c.n->native_schema = s->native.schema;
	c.n->native_kept = s->native.max_buckets && more & SNAPSHOT_NATIVE;
	err = store_copy(s, &steps, &c);
	if (err)
		snapshot_free(c.n);
	else
		*np = c.n;
	return err;
}

void snapshot_free(struct snapshot *n)
{
	if (!n)
		return;
	copy_arena_free(&n->blocks);
	free(n->trunks);
	free(n->targets);
	free(n);
}
