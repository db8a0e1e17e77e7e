#include "sipprobe/target/peers.h"

#include <errno.h>
#include <string.h>

#include "base/siphash.h"

enum { SLOTS_MIN = 16 };

/* No entry's number: who was here is in other slots by now, or nowhere. */
#define SLOT_LEFT UINT32_MAX

/* Entries of one address form a ring in the order of their adding; number 0 is none. */
struct entry {
	uint8_t addr[16];
	void *row;
	uint64_t next : 21; /* also links free entries */
	uint64_t prev : 21;
	uint64_t port : 16;
	uint64_t transport : 3;
	uint64_t refs : 3;
};

_Static_assert(sizeof(struct entry) <= 32, "an entry has grown");
_Static_assert(CONFIG_TRANSPORTS <= 1 << 3, "transports outgrew their bits");
_Static_assert(PEERS_REFS_MAX < 1 << 3, "so did references");

/* The key of an entry: its first 16 bytes, or all of it. No padding in it. */
struct key {
	uint8_t addr[16];
	uint64_t row;
	uint32_t port;
	uint32_t transport;
};

/* Open addressing with linear probing; a slot holds an entry's number. */
struct slots {
	uint32_t *at;
	uint32_t mask;
};

/*
 * What one addition or removal takes over into a table's new slots, of those it had. With
 * a hundred thousand entries all of them at once would hold up every probe. It is enough
 * to be through before the next change of size.
 */
enum { MOVED_AT_ONCE = 16 };

struct table {
	struct slots now;
	struct slots was; /* given up for those, not moved yet; or none */
	uint32_t left;	  /* the first of them that was not looked at yet */
	uint32_t used;	  /* of both */
	size_t key_len;
};

struct peers {
	struct siphash_key seed;
	struct entry *entries; /* [0] is not used */
	uint32_t size;
	uint32_t free;	       /* first of the free entries */
	struct table by_addr;  /* the first entry of each address */
	struct table by_owner; /* every entry, by all of its key */
};

static int key_make(struct key *k, const struct sa *sa, enum config_transport transport,
		    const void *row)
{
	*k = (struct key){
		.row = (uintptr_t)row, .port = sa_port(sa), .transport = transport};
	if (sa_af(sa) == AF_INET6) {
		sa_in6(sa, k->addr);
	} else if (sa_af(sa) == AF_INET) {
		uint32_t addr = htonl(sa_in(sa));

		memset(k->addr + 10, 0xff, 2);
		memcpy(k->addr + 12, &addr, 4);
	} else {
		return EAFNOSUPPORT;
	}
	return 0;
}

static void key_of(struct key *k, const struct entry *e)
{
	memcpy(k->addr, e->addr, sizeof(k->addr));
	k->row = (uintptr_t)e->row;
	k->port = e->port;
	k->transport = e->transport;
}

static uint32_t slot_home(const struct peers *p, const struct table *t,
			  const struct slots *s, const struct key *k)
{
	return siphash_bytes(&p->seed, k, t->key_len) & s->mask;
}

/* The slot that holds this key, or the empty one where it would go. */
static uint32_t slot_find(const struct peers *p, const struct table *t,
			  const struct slots *s, const struct key *want)
{
	uint32_t slot = slot_home(p, t, s, want);
	struct key k;

	for (; s->at[slot]; slot = (slot + 1) & s->mask) {
		if (s->at[slot] == SLOT_LEFT)
			continue;
		key_of(&k, &p->entries[s->at[slot]]);
		if (!memcmp(&k, want, t->key_len))
			break;
	}
	return slot;
}

/* Empties a slot and moves up what had to step over it. */
static void slot_empty(const struct peers *p, struct table *t, uint32_t hole)
{
	const struct slots *s = &t->now;
	struct key k;

	for (uint32_t i = (hole + 1) & s->mask; s->at[i]; i = (i + 1) & s->mask) {
		key_of(&k, &p->entries[s->at[i]]);
		if (((i - slot_home(p, t, s, &k)) & s->mask) < ((i - hole) & s->mask))
			continue;
		s->at[hole] = s->at[i];
		hole = i;
	}
	s->at[hole] = 0;
}

/* A step of taking over what is left in the slots of before. */
static void table_move(const struct peers *p, struct table *t)
{
	struct key k;

	for (int i = 0; t->was.at && i < MOVED_AT_ONCE; i++) {
		uint32_t *at = &t->was.at[t->left];

		if (*at && *at != SLOT_LEFT) {
			key_of(&k, &p->entries[*at]);
			t->now.at[slot_find(p, t, &t->now, &k)] = *at;
			*at = SLOT_LEFT;
		}
		if (t->left++ == t->was.mask) {
			mem_deref(t->was.at);
			t->was = (struct slots){0};
		}
	}
}

static int table_resize(const struct peers *p, struct table *t, uint32_t size)
{
	struct slots fresh = {.at = mem_zalloc(size * sizeof(*fresh.at), NULL),
			      .mask = size - 1};

	if (!fresh.at)
		return ENOMEM;
	while (t->was.at)
		table_move(p, t);
	t->was = t->now;
	t->now = fresh;
	t->left = 0;
	return 0;
}

/* The slot that holds this key, or the empty one where it goes. */
static uint32_t *table_find(const struct peers *p, const struct table *t,
			    const struct key *k)
{
	uint32_t *at = &t->now.at[slot_find(p, t, &t->now, k)];
	uint32_t *was = *at || !t->was.at ? at : &t->was.at[slot_find(p, t, &t->was, k)];

	return *was ? was : at;
}

/* Makes room for one more. */
static int table_grow(const struct peers *p, struct table *t)
{
	uint32_t size = t->now.mask + 1;

	table_move(p, t);
	return (t->used + 1) * 4 > size * 3 ? table_resize(p, t, size * 2) : 0;
}

static void table_remove(const struct peers *p, struct table *t, const struct key *k)
{
	uint32_t slot = slot_find(p, t, &t->now, k);

	if (t->now.at[slot])
		slot_empty(p, t, slot);
	else
		t->was.at[slot_find(p, t, &t->was, k)] = SLOT_LEFT;
	t->used--;
	table_move(p, t);
	/* A table that could not shrink for want of memory is merely large. */
	if (t->used * 4 < t->now.mask + 1 && t->now.mask + 1 > SLOTS_MIN)
		(void)table_resize(p, t, (t->now.mask + 1) / 2);
}

static void table_clear(struct table *t)
{
	mem_deref(t->now.at);
	mem_deref(t->was.at);
}

static int entries_grow(struct peers *p)
{
	uint32_t size = p->size * 2;
	struct entry *more;

	if (p->free)
		return 0;
	if (p->size > PEERS_MAX)
		return EOVERFLOW;
	more = mem_realloc(p->entries, size * sizeof(*more));
	if (!more)
		return ENOMEM;
	p->entries = more;
	for (; p->size < size; p->size++) {
		more[p->size] = (struct entry){.next = p->free};
		p->free = p->size;
	}
	return 0;
}

static void ring_insert(struct peers *p, uint32_t first, uint32_t n)
{
	struct entry *all = p->entries;

	all[n].next = first;
	all[n].prev = all[first].prev;
	all[all[first].prev].next = n;
	all[first].prev = n;
}

static void ring_remove(struct peers *p, uint32_t n)
{
	struct entry *all = p->entries;

	all[all[n].prev].next = all[n].next;
	all[all[n].next].prev = all[n].prev;
}

static uint32_t entry_take(struct peers *p, const struct key *k)
{
	uint32_t n = p->free;
	struct entry *e = &p->entries[n];

	p->free = e->next;
	*e = (struct entry){.row = (void *)(uintptr_t)k->row,
			    .next = n,
			    .prev = n,
			    .port = k->port,
			    .transport = k->transport,
			    .refs = 1};
	memcpy(e->addr, k->addr, sizeof(e->addr));
	return n;
}

int peers_add(struct peers *p, const struct sa *sa, enum config_transport transport,
	      void *row)
{
	uint32_t *first, n;
	struct entry *e;
	struct key k;
	int err;

	err = key_make(&k, sa, transport, row);
	if (err)
		return err;
	n = *table_find(p, &p->by_owner, &k);
	if (n) {
		e = &p->entries[n];
		if (e->refs == PEERS_REFS_MAX)
			return EOVERFLOW;
		e->refs++;
		return 0;
	}

	err = entries_grow(p);
	if (!err)
		err = table_grow(p, &p->by_addr);
	if (!err)
		err = table_grow(p, &p->by_owner);
	if (err)
		return err;

	n = entry_take(p, &k);
	*table_find(p, &p->by_owner, &k) = n;
	p->by_owner.used++;
	first = table_find(p, &p->by_addr, &k);
	if (*first) {
		ring_insert(p, *first, n);
		return 0;
	}
	*first = n;
	p->by_addr.used++;
	return 0;
}

int peers_remove(struct peers *p, const struct sa *sa, enum config_transport transport,
		 void *row)
{
	uint32_t *first, n;
	struct key k;

	if (key_make(&k, sa, transport, row))
		return ENOENT;
	n = *table_find(p, &p->by_owner, &k);
	if (!n)
		return ENOENT;
	if (--p->entries[n].refs)
		return 0;

	first = table_find(p, &p->by_addr, &k);
	if (p->entries[n].next == n)
		table_remove(p, &p->by_addr, &k);
	else if (*first == n)
		*first = p->entries[n].next;
	ring_remove(p, n);
	table_remove(p, &p->by_owner, &k);
	p->entries[n] = (struct entry){.next = p->free};
	p->free = n;
	return 0;
}

static int fit_of(const struct entry *e, const struct key *k)
{
	return 2 * (e->transport == k->transport) + (!k->port || e->port == k->port);
}

void *peers_find(const struct peers *p, const struct sa *src,
		 enum config_transport transport)
{
	const struct entry *best = NULL;
	int best_fit = -1;
	uint32_t first, n;
	struct key k;

	if (key_make(&k, src, transport, NULL))
		return NULL;
	first = *table_find(p, &p->by_addr, &k);
	if (!first)
		return NULL;
	n = first;
	do {
		const struct entry *e = &p->entries[n];
		int fit = fit_of(e, &k);

		if (fit > best_fit) {
			best = e;
			best_fit = fit;
		}
		n = e->next;
	} while (n != first && best_fit < 3);
	return best->row;
}

bool peers_owns(const struct peers *p, const struct sa *sa,
		enum config_transport transport, const void *row)
{
	struct key k;

	return !key_make(&k, sa, transport, row) && *table_find(p, &p->by_owner, &k);
}

void peers_each(const struct peers *p, const struct sa *src,
		enum config_transport transport, peers_h *h, void *arg)
{
	uint32_t first, n;
	struct key k;

	if (key_make(&k, src, transport, NULL))
		return;
	first = *table_find(p, &p->by_addr, &k);
	for (n = first; n; n = p->entries[n].next == first ? 0 : p->entries[n].next)
		h(p->entries[n].row, fit_of(&p->entries[n], &k), arg);
}

size_t peers_count(const struct peers *p)
{
	return p->by_owner.used;
}

static void peers_destructor(void *arg)
{
	struct peers *p = arg;

	table_clear(&p->by_addr);
	table_clear(&p->by_owner);
	mem_deref(p->entries);
}

int peers_alloc(struct peers **pp)
{
	struct peers *p;
	int err;

	p = mem_zalloc(sizeof(*p), peers_destructor);
	if (!p)
		return ENOMEM;
	rand_bytes((uint8_t *)&p->seed, sizeof(p->seed));
	p->by_addr.key_len = sizeof(((struct key *)NULL)->addr);
	p->by_owner.key_len = sizeof(struct key);
	/* Number 0 alone: the first entry makes it grow. */
	p->size = 1;
	p->entries = mem_zalloc(sizeof(*p->entries), NULL);
	err = p->entries ? table_resize(p, &p->by_addr, SLOTS_MIN) : ENOMEM;
	if (!err)
		err = table_resize(p, &p->by_owner, SLOTS_MIN);
	if (err)
		mem_deref(p);
	else
		*pp = p;
	return err;
}
