#include "sipprobe/fingerprint/fingerprint_history.h"

#include <string.h>

#include "base/clock.h"

enum { ENTRIES = FINGERPRINT_HISTORY_KEPT * FINGERPRINT_HISTORY_CODES };

/* A fingerprint by which it is known. */
struct entry {
	struct fingerprint *fingerprint; /* a reference */
	uint32_t raw_hash;
	uint32_t since_s;
};

/* Those before the last one, the newest first. */
struct fingerprint_history_older {
	unsigned count;
	struct entry entries[ENTRIES - 1];
};

static struct entry last_get(const struct fingerprint_history *a)
{
	return (struct entry){a->last, a->raw_hash, a->since_s};
}

static void last_set(struct fingerprint_history *a, struct entry e)
{
	a->last = e.fingerprint;
	a->raw_hash = e.raw_hash;
	a->since_s = e.since_s;
}

static unsigned count_of(const struct fingerprint_history *a)
{
	if (!a->last)
		return 0;
	return a->more ? a->more->count + 1U : 1;
}

/* The newest is number 0. */
static struct entry entry_of(const struct fingerprint_history *a, unsigned i)
{
	return i ? a->more->entries[i - 1] : last_get(a);
}

/* Makes number @i the last one; what was before it moves back. */
static void bring_forward(struct fingerprint_history *a, unsigned i)
{
	struct entry e = entry_of(a, i);

	if (!i)
		return;
	memmove(&a->more->entries[1], &a->more->entries[0],
		(i - 1) * sizeof(a->more->entries[0]));
	a->more->entries[0] = last_get(a);
	last_set(a, e);
}

bool fingerprint_history_knows(struct fingerprint_history *a, uint32_t raw_hash)
{
	for (unsigned i = 0; i < count_of(a); i++) {
		if (entry_of(a, i).raw_hash != raw_hash)
			continue;
		bring_forward(a, i);
		return true;
	}
	return false;
}

/* Looks the same in other words. */
static bool is_known(struct fingerprint_history *a, const struct fingerprint *p,
		     uint32_t raw_hash)
{
	for (unsigned i = 0; i < count_of(a); i++) {
		if (entry_of(a, i).fingerprint != p)
			continue;
		bring_forward(a, i);
		a->raw_hash = raw_hash;
		return true;
	}
	return false;
}

/* Since when one of its kind has @p's trait @t; 0: none has it. */
static uint32_t trait_since_s(const struct fingerprint_history *a,
			      const struct fingerprint *p, int t)
{
	uint32_t since_s = 0;

	for (unsigned i = 0; i < count_of(a); i++) {
		struct entry e = entry_of(a, i);

		if (e.fingerprint->code == p->code &&
		    e.fingerprint->ids[t] == p->ids[t] &&
		    (!since_s || e.since_s < since_s))
			since_s = e.since_s;
	}
	return since_s;
}

static const struct fingerprint *newest_of(const struct fingerprint_history *a,
					   unsigned code)
{
	for (unsigned i = 0; i < count_of(a); i++) {
		struct entry e = entry_of(a, i);

		if (e.fingerprint->code == code)
			return e.fingerprint;
	}
	return NULL;
}

static void tell_changes(const struct fingerprint_history *a, const struct fingerprint *p,
			 int64_t unix_ns, const struct fingerprint_handlers *handlers)
{
	const struct fingerprint *before = newest_of(a, p->code);

	for (int t = 0; before && t < PEER_TRAITS; t++) {
		const struct peer_change c = {
			.trait = (enum peer_trait)t,
			.code = p->code,
			.before_unix_ns = trait_since_s(a, before, t) * CLOCK_NS_PER_S,
			.now_unix_ns = unix_ns,
			.before = before->texts[t],
			.now = p->texts[t],
		};

		if (!trait_since_s(a, p, t))
			handlers->changed_h(&c, handlers->arg);
	}
}

static void forget(struct fingerprint_history *a, unsigned i)
{
	struct fingerprint_history_older *more = a->more;

	mem_deref(more->entries[i - 1].fingerprint);
	more->count--;
	memmove(&more->entries[i - 1], &more->entries[i],
		(more->count - (i - 1)) * sizeof(more->entries[0]));
}

/* Makes room for one more of @code, of which the oldest goes first. */
static void make_room(struct fingerprint_history *a, unsigned code)
{
	unsigned oldest = 0, same = 0;

	for (unsigned i = 0; i < count_of(a); i++) {
		if (entry_of(a, i).fingerprint->code != code)
			continue;
		oldest = i;
		same++;
	}
	if (same >= FINGERPRINT_HISTORY_KEPT)
		forget(a, oldest);
	else if (count_of(a) == ENTRIES)
		forget(a, ENTRIES - 1);
}

static bool has_room(struct fingerprint_history *a)
{
	if (a->last && !a->more)
		a->more = mem_zalloc(sizeof(*a->more), NULL);
	return !a->last || a->more;
}

static void push(struct fingerprint_history *a, struct entry e)
{
	if (a->last) {
		make_room(a, e.fingerprint->code);
		memmove(&a->more->entries[1], &a->more->entries[0],
			a->more->count * sizeof(a->more->entries[0]));
		a->more->entries[0] = last_get(a);
		a->more->count++;
	}
	mem_ref(e.fingerprint);
	last_set(a, e);
}

int fingerprint_history_add(struct fingerprint_history *a, struct fingerprint *p,
			    uint32_t raw_hash, int64_t unix_ns,
			    const struct fingerprint_handlers *handlers)
{
	struct entry e = {p, raw_hash, (uint32_t)(unix_ns / CLOCK_NS_PER_S)};

	if (is_known(a, p, raw_hash))
		return 0;
	/* Else it would be told again, and again. */
	if (!has_room(a))
		return ENOMEM;
	handlers->shown_h(fingerprint_traits(p), handlers->arg);
	tell_changes(a, p, unix_ns, handlers);
	push(a, e);
	return 0;
}

void fingerprint_history_clear(struct fingerprint_history *a)
{
	for (unsigned i = 0; a->more && i < a->more->count; i++)
		mem_deref(a->more->entries[i].fingerprint);
	a->more = mem_deref(a->more);
	a->last = mem_deref(a->last);
	a->raw_hash = 0;
}
