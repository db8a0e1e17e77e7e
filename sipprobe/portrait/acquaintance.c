#include "sipprobe/portrait/acquaintance.h"

#include <string.h>

#include "base/clock.h"

enum { ENTRIES = ACQUAINTANCE_KEPT * ACQUAINTANCE_CODES };

/* A portrait by which it is known. */
struct entry {
	struct portrait *portrait; /* a reference */
	uint32_t glance;
	uint32_t since_s;
};

/* Those before the last one, the newest first. */
struct acquaintance_more {
	unsigned count;
	struct entry entries[ENTRIES - 1];
};

static struct entry last_get(const struct acquaintance *a)
{
	return (struct entry){a->last, a->glance, a->since_s};
}

static void last_set(struct acquaintance *a, struct entry e)
{
	a->last = e.portrait;
	a->glance = e.glance;
	a->since_s = e.since_s;
}

static unsigned count_of(const struct acquaintance *a)
{
	if (!a->last)
		return 0;
	return a->more ? a->more->count + 1U : 1;
}

/* The newest is number 0. */
static struct entry entry_of(const struct acquaintance *a, unsigned i)
{
	return i ? a->more->entries[i - 1] : last_get(a);
}

/* Makes number @i the last one; what was before it moves back. */
static void bring_forward(struct acquaintance *a, unsigned i)
{
	struct entry e = entry_of(a, i);

	if (!i)
		return;
	memmove(&a->more->entries[1], &a->more->entries[0],
		(i - 1) * sizeof(a->more->entries[0]));
	a->more->entries[0] = last_get(a);
	last_set(a, e);
}

bool acquaintance_recalls(struct acquaintance *a, uint32_t glance)
{
	for (unsigned i = 0; i < count_of(a); i++) {
		if (entry_of(a, i).glance != glance)
			continue;
		bring_forward(a, i);
		return true;
	}
	return false;
}

/* Looks the same in other words. */
static bool is_known(struct acquaintance *a, const struct portrait *p, uint32_t glance)
{
	for (unsigned i = 0; i < count_of(a); i++) {
		if (entry_of(a, i).portrait != p)
			continue;
		bring_forward(a, i);
		a->glance = glance;
		return true;
	}
	return false;
}

/* Since when one of its kind has @p's trait @t; 0: none has it. */
static uint32_t trait_since_s(const struct acquaintance *a, const struct portrait *p,
			      int t)
{
	uint32_t since_s = 0;

	for (unsigned i = 0; i < count_of(a); i++) {
		struct entry e = entry_of(a, i);

		if (e.portrait->code == p->code && e.portrait->ids[t] == p->ids[t] &&
		    (!since_s || e.since_s < since_s))
			since_s = e.since_s;
	}
	return since_s;
}

static const struct portrait *newest_of(const struct acquaintance *a, unsigned code)
{
	for (unsigned i = 0; i < count_of(a); i++) {
		struct entry e = entry_of(a, i);

		if (e.portrait->code == code)
			return e.portrait;
	}
	return NULL;
}

static void tell_changes(const struct acquaintance *a, const struct portrait *p,
			 int64_t unix_ns, const struct acquaintance_ear *ear)
{
	const struct portrait *before = newest_of(a, p->code);

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
			ear->changed_h(&c, ear->arg);
	}
}

static void forget(struct acquaintance *a, unsigned i)
{
	struct acquaintance_more *more = a->more;

	mem_deref(more->entries[i - 1].portrait);
	more->count--;
	memmove(&more->entries[i - 1], &more->entries[i],
		(more->count - (i - 1)) * sizeof(more->entries[0]));
}

/* Makes room for one more of @code, of which the oldest goes first. */
static void make_room(struct acquaintance *a, unsigned code)
{
	unsigned oldest = 0, same = 0;

	for (unsigned i = 0; i < count_of(a); i++) {
		if (entry_of(a, i).portrait->code != code)
			continue;
		oldest = i;
		same++;
	}
	if (same >= ACQUAINTANCE_KEPT)
		forget(a, oldest);
	else if (count_of(a) == ENTRIES)
		forget(a, ENTRIES - 1);
}

static bool has_room(struct acquaintance *a)
{
	if (a->last && !a->more)
		a->more = mem_zalloc(sizeof(*a->more), NULL);
	return !a->last || a->more;
}

static void push(struct acquaintance *a, struct entry e)
{
	if (a->last) {
		make_room(a, e.portrait->code);
		memmove(&a->more->entries[1], &a->more->entries[0],
			a->more->count * sizeof(a->more->entries[0]));
		a->more->entries[0] = last_get(a);
		a->more->count++;
	}
	mem_ref(e.portrait);
	last_set(a, e);
}

int acquaintance_take(struct acquaintance *a, struct portrait *p, uint32_t glance,
		      int64_t unix_ns, const struct acquaintance_ear *ear)
{
	struct entry e = {p, glance, (uint32_t)(unix_ns / CLOCK_NS_PER_S)};

	if (is_known(a, p, glance))
		return 0;
	/* Else it would be told again, and again. */
	if (!has_room(a))
		return ENOMEM;
	ear->shown_h(portrait_traits(p), ear->arg);
	tell_changes(a, p, unix_ns, ear);
	push(a, e);
	return 0;
}

void acquaintance_clear(struct acquaintance *a)
{
	for (unsigned i = 0; a->more && i < a->more->count; i++)
		mem_deref(a->more->entries[i].portrait);
	a->more = mem_deref(a->more);
	a->last = mem_deref(a->last);
	a->glance = 0;
}
