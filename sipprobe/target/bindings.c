#include "sipprobe/target/bindings.h"

#include "base/clock.h"
#include "sipprobe/message/uri_match.h"
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_unregister.h"

enum { BINDINGS_BUCKETS = 1024 };

struct bindings {
	struct hash *by_aor; /* owns a reference to each */
};

struct bound {
	struct le le;
	char *registrar; /* Request-URI */
	char *aor;
	char *contact;
	struct sa peer;	   /* where it was registered last */
	struct target *by; /* NULL: its target is gone */
	int64_t until_ns;  /* monotonic; it may last as long; 0: it does not */
	struct exchange_call call;
};

static void bound_destructor(void *arg)
{
	struct bound *b = arg;

	mem_deref(b->registrar);
	mem_deref(b->aor);
	mem_deref(b->contact);
}

static void bindings_destructor(void *arg)
{
	struct bindings *all = arg;

	hash_flush(all->by_aor);
	mem_deref(all->by_aor);
}

int bindings_alloc(struct bindings **bp)
{
	struct bindings *all = mem_zalloc(sizeof(*all), bindings_destructor);
	int err;

	if (!all)
		return ENOMEM;
	err = hash_alloc(&all->by_aor, BINDINGS_BUCKETS);
	if (err)
		mem_deref(all);
	else
		*bp = all;
	return err;
}

static bool bindings_same_uri(const char *one, const char *other)
{
	struct pl a, b;

	pl_set_str(&a, one);
	pl_set_str(&b, other);
	return uri_match(&a, &b) == URI_MATCH_EQUAL;
}

static uint32_t bindings_key(const char *aor)
{
	struct pl uri;

	pl_set_str(&uri, aor);
	return uri_hash(&uri);
}

/* The next one of an address of record: of @aor after @le, or the first for NULL. */
static struct bound *bindings_next(const struct bindings *all, const char *aor,
				   const struct bound *last)
{
	struct le *le = last ? last->le.next
			     : list_head(hash_list(all->by_aor, bindings_key(aor)));

	for (; le; le = le->next) {
		struct bound *b = le->data;

		if (bindings_same_uri(b->aor, aor))
			return b;
	}
	return NULL;
}

static bool bound_is_for(const struct bound *b, const struct request_register *reg)
{
	return bindings_same_uri(b->contact, reg->contact) &&
	       !str_cmp(b->registrar, reg->registrar);
}

/* Nobody holds it, or who does is on its way out. */
static bool bound_is_free(const struct bound *b)
{
	return !b->by || target_leaves(b->by);
}

static int bound_alloc(struct bound **bp, struct bindings *all,
		       const struct request_register *reg)
{
	struct bound *b = mem_zalloc(sizeof(*b), bound_destructor);
	int err;

	if (!b)
		return ENOMEM;
	err = str_dup(&b->registrar, reg->registrar);
	err |= str_dup(&b->aor, reg->aor);
	err |= str_dup(&b->contact, reg->contact);
	if (err) {
		mem_deref(b);
		return ENOMEM;
	}
	hash_append(all->by_aor, bindings_key(b->aor), &b->le, b);
	*bp = mem_ref(b);
	return 0;
}

static void bound_forget(struct bound *b)
{
	hash_unlink(&b->le);
	mem_deref(b);
}

/* What an earlier target had for it, at the same address if there is a choice. */
static struct bound *bindings_free_one(const struct bindings *all, const struct target *t,
				       const struct request_register *reg)
{
	struct bound *found = NULL;

	for (struct bound *b = bindings_next(all, reg->aor, NULL); b;
	     b = bindings_next(all, reg->aor, b)) {
		bool here = sa_cmp(&b->peer, &t->address.sa, SA_ALL);

		if ((here || !found) && bound_is_free(b) && bound_is_for(b, reg))
			found = b;
	}
	return found;
}

/*
 * Of a target that leaves for a trunk of its name, which came: a registrar may take but
 * one Contact. Other trunks of the address of record have successors of their own.
 */
static bool bound_is_succeeded(const struct bound *left, const struct bound *b)
{
	return !str_cmp(left->by->owner->conf->name, b->by->owner->conf->name);
}

/*
 * Settles what leaving targets of the address of record would still do to @b.
 *
 * @comes: its target did not hold it before
 */
static void bindings_settle(const struct bindings *all, const struct bound *b, bool comes)
{
	for (struct bound *other = bindings_next(all, b->aor, NULL); other;
	     other = bindings_next(all, b->aor, other)) {
		if (other == b || !other->by || !target_leaves(other->by))
			continue;
		if (bindings_same_uri(other->contact, b->contact))
			target_forget(other->by);
		else if (comes && bound_is_succeeded(other, b))
			(void)target_unregister(other->by, clock_monotonic_ns());
	}
}

/* Gives @t one for what it registers now. */
static int bindings_change(struct bound **bp, struct target *t,
			   const struct request_register *reg)
{
	struct bindings *all = t->group->bindings;
	struct bound *had = *bp, *b = bindings_free_one(all, t, reg);
	struct target *before = b ? b->by : NULL;
	int err = 0;

	if (b)
		mem_ref(b);
	else
		err = bound_alloc(&b, all, reg);
	if (err)
		return err;
	if (had && !b->call.cseq)
		b->call = had->call;
	b->by = t;
	b->peer = t->address.sa;
	exchange_continue(t->more->exchange, &b->call);
	if (had) {
		bound_forget(had);
		mem_deref(had);
	}
	if (before)
		target_forget(before);
	*bp = b;
	return 0;
}

int bindings_take(struct bound **bp, struct target *t, const struct request_register *reg)
{
	bool kept =
		*bp && bindings_same_uri((*bp)->aor, reg->aor) && bound_is_for(*bp, reg);
	int err = kept ? 0 : bindings_change(bp, t, reg);
	int64_t until_ns = clock_monotonic_ns() + reg->expires_s * CLOCK_NS_PER_S;

	if (err)
		return err;
	bindings_settle(t->group->bindings, *bp, !kept);
	if ((*bp)->until_ns < until_ns)
		(*bp)->until_ns = until_ns;
	return 0;
}

void bindings_last(struct bound *b, int64_t until_ns)
{
	b->until_ns = until_ns;
}

bool bindings_shared(const struct bound *b)
{
	const struct bindings *all = b->by ? b->by->group->bindings : NULL;
	int64_t now_ns = clock_monotonic_ns();

	for (struct bound *other = all ? bindings_next(all, b->aor, NULL) : NULL; other;
	     other = bindings_next(all, b->aor, other))
		if (other != b && !bound_is_free(other) && other->until_ns > now_ns &&
		    bindings_same_uri(other->contact, b->contact))
			return true;
	return false;
}

void bindings_leave(struct bound *b, const struct target *t)
{
	if (b->by == t)
		b->by = NULL;
}

static bool bindings_sweep_h(struct le *le, void *arg)
{
	struct bound *b = le->data;
	const int64_t *now_ns = arg;

	if (!b->by && b->until_ns <= *now_ns)
		bound_forget(b);
	return false;
}

void bindings_sweep(struct bindings *all)
{
	int64_t now_ns = clock_monotonic_ns();

	(void)hash_apply(all->by_aor, bindings_sweep_h, &now_ns);
}
