#include "sipprobe/target/peers.h"

#include <errno.h>
#include <string.h>

#include "base/siphash.h"

enum { SLOTS_MIN = 16 };

/* Entries of one address form a ring in the order of their adding; number 0 is none. */
struct entry {
	uint8_t addr[16];
	void *row;
	uint64_t next : 21; /* also links free entries */
	uint64_t prev : 21;
	uint64_t port : 16;
	uint64_t transport : 2;
	uint64_t refs : 4;
};

_Static_assert(sizeof(struct entry) <= 32, "an entry has grown");

/* The key of an entry: its first 16 bytes, or all of it. No padding in it. */
struct key {
	uint8_t addr[16];
	uint64_t row;
	uint32_t port;
	uint32_t transport;
};

/* Open addressing with linear probing; a slot holds an entry's number. */
struct table {
	uint32_t *slots;
	uint32_t mask;
	uint32_t used;
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
			  const struct key *k)
{
	return siphash_bytes(&p->seed, k, t->key_len) & t->mask;
}

/* The slot that holds this key, or the empty one where it would go. */
static uint32_t slot_find(const struct peers *p, const struct table *t,
			  const struct key *want)
{
	uint32_t slot = slot_home(p, t, want);
	struct key k;

	for (; t->slots[slot]; slot = (slot + 1) & t->mask) {
		key_of(&k, &p->entries[t->slots[slot]]);
		if (!memcmp(&k, want, t->key_len))
			break;
	}
	return slot;
}

static int table_resize(const struct peers *p, struct table *t, uint32_t size)
{
	struct table bigger = *t;
	struct key k;

	bigger.slots = mem_zalloc(size * sizeof(*bigger.slots), NULL);
	if (!bigger.slots)
		return ENOMEM;
	bigger.mask = size - 1;
	for (uint32_t i = 0; t->slots && i <= t->mask; i++) {
		if (!t->slots[i])
			continue;
		key_of(&k, &p->entries[t->slots[i]]);
		bigger.slots[slot_find(p, &bigger, &k)] = t->slots[i];
	}
	mem_deref(t->slots);
	*t = bigger;
	return 0;
}

/* Makes room for one more. */
static int table_grow(const struct peers *p, struct table *t)
{
	uint32_t size = t->mask + 1;

	return (t->used + 1) * 4 > size * 3 ? table_resize(p, t, size * 2) : 0;
}

/* Empties a slot and moves up what had to step over it. */
static void slot_empty(const struct peers *p, struct table *t, uint32_t hole)
{
	struct key k;

	for (uint32_t i = (hole + 1) & t->mask; t->slots[i]; i = (i + 1) & t->mask) {
		key_of(&k, &p->entries[t->slots[i]]);
		if (((i - slot_home(p, t, &k)) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = 0;
	t->used--;
	/* A table that could not shrink for want of memory is merely large. */
	if (t->used * 4 < t->mask + 1 && t->mask + 1 > SLOTS_MIN)
		(void)table_resize(p, t, (t->mask + 1) / 2);
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
	uint32_t addr_slot, n;
	struct entry *e;
	struct key k;
	int err;

	err = key_make(&k, sa, transport, row);
	if (err)
		return err;
	n = p->by_owner.slots[slot_find(p, &p->by_owner, &k)];
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
	p->by_owner.slots[slot_find(p, &p->by_owner, &k)] = n;
	p->by_owner.used++;
	addr_slot = slot_find(p, &p->by_addr, &k);
	if (p->by_addr.slots[addr_slot]) {
		ring_insert(p, p->by_addr.slots[addr_slot], n);
		return 0;
	}
	p->by_addr.slots[addr_slot] = n;
	p->by_addr.used++;
	return 0;
}

int peers_remove(struct peers *p, const struct sa *sa, enum config_transport transport,
		 void *row)
{
	uint32_t owner_slot, addr_slot, n;
	struct key k;

	if (key_make(&k, sa, transport, row))
		return ENOENT;
	owner_slot = slot_find(p, &p->by_owner, &k);
	n = p->by_owner.slots[owner_slot];
	if (!n)
		return ENOENT;
	if (--p->entries[n].refs)
		return 0;

	addr_slot = slot_find(p, &p->by_addr, &k);
	if (p->entries[n].next == n)
		slot_empty(p, &p->by_addr, addr_slot);
	else if (p->by_addr.slots[addr_slot] == n)
		p->by_addr.slots[addr_slot] = p->entries[n].next;
	ring_remove(p, n);
	slot_empty(p, &p->by_owner, owner_slot);
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
	first = p->by_addr.slots[slot_find(p, &p->by_addr, &k)];
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

	return !key_make(&k, sa, transport, row) &&
	       p->by_owner.slots[slot_find(p, &p->by_owner, &k)];
}

void peers_each(const struct peers *p, const struct sa *src,
		enum config_transport transport, peers_h *h, void *arg)
{
	uint32_t first, n;
	struct key k;

	if (key_make(&k, src, transport, NULL))
		return;
	first = p->by_addr.slots[slot_find(p, &p->by_addr, &k)];
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

	mem_deref(p->by_addr.slots);
	mem_deref(p->by_owner.slots);
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
