#include "sipprobe/fingerprint/fingerprint.h"

#include <string.h>

#include "base/hash.h"

enum { BUCKETS = 1024 };

struct fingerprint_table {
	struct list buckets[BUCKETS];
};

int fingerprint_table_alloc(struct fingerprint_table **tp)
{
	struct fingerprint_table *t = mem_zalloc(sizeof(*t), NULL);

	if (!t)
		return ENOMEM;
	*tp = t;
	return 0;
}

static struct list *bucket_of(struct fingerprint_table *t,
			      const struct fingerprint_draft *s)
{
	uint64_t h = s->code;

	for (int i = 0; i < PEER_TRAITS; i++)
		h = hash_mix(h ^ s->traits[i].id);
	return &t->buckets[h % BUCKETS];
}

static bool fingerprint_is(const struct fingerprint *p, const struct fingerprint_draft *s)
{
	for (int i = 0; i < PEER_TRAITS; i++)
		if (p->ids[i] != s->traits[i].id)
			return false;
	return p->code == s->code;
}

static void fingerprint_destructor(void *arg)
{
	struct fingerprint *p = arg;

	list_unlink(&p->le);
}

static struct fingerprint *fingerprint_make(const struct fingerprint_draft *s)
{
	size_t bytes = 0;
	struct fingerprint *p;
	char *room;

	for (int i = 0; i < PEER_TRAITS; i++)
		bytes += s->traits[i].len + 1;
	p = mem_zalloc(sizeof(*p) + bytes, fingerprint_destructor);
	if (!p)
		return NULL;
	p->code = s->code;
	room = p->room;
	for (int i = 0; i < PEER_TRAITS; i++) {
		p->ids[i] = s->traits[i].id;
		p->texts[i] = memcpy(room, s->traits[i].text, s->traits[i].len + 1);
		room += s->traits[i].len + 1;
	}
	return p;
}

int fingerprint_table_take(struct fingerprint **pp, struct fingerprint_table *t,
			   const struct fingerprint_draft *s)
{
	struct list *bucket = bucket_of(t, s);
	struct fingerprint *p;
	struct le *le;

	for (le = bucket->head; le; le = le->next) {
		if (!fingerprint_is(le->data, s))
			continue;
		*pp = mem_ref(le->data);
		return 0;
	}
	p = fingerprint_make(s);
	if (!p)
		return ENOMEM;
	list_append(bucket, &p->le, p);
	*pp = p;
	return 0;
}

unsigned fingerprint_table_count(const struct fingerprint_table *t)
{
	unsigned count = 0;

	for (int i = 0; i < BUCKETS; i++)
		count += list_count(&t->buckets[i]);
	return count;
}

unsigned fingerprint_traits(const struct fingerprint *p)
{
	unsigned traits = 0;

	for (int i = 0; i < PEER_TRAITS; i++)
		traits |= (unsigned)(p->ids[i] != 0) << i;
	return traits;
}
