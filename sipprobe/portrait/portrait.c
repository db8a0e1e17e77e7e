#include "sipprobe/portrait/portrait.h"

#include <string.h>

#include "base/hash.h"

enum { BUCKETS = 1024 };

struct gallery {
	struct list buckets[BUCKETS];
};

int gallery_alloc(struct gallery **gp)
{
	struct gallery *g = mem_zalloc(sizeof(*g), NULL);

	if (!g)
		return ENOMEM;
	*gp = g;
	return 0;
}

static struct list *bucket_of(struct gallery *g, const struct sketch *s)
{
	uint64_t h = s->code;

	for (int i = 0; i < PEER_TRAITS; i++)
		h = hash_mix(h ^ s->traits[i].id);
	return &g->buckets[h % BUCKETS];
}

static bool portrait_is(const struct portrait *p, const struct sketch *s)
{
	for (int i = 0; i < PEER_TRAITS; i++)
		if (p->ids[i] != s->traits[i].id)
			return false;
	return p->code == s->code;
}

static void portrait_destructor(void *arg)
{
	struct portrait *p = arg;

	list_unlink(&p->le);
}

static struct portrait *portrait_make(const struct sketch *s)
{
	size_t bytes = 0;
	struct portrait *p;
	char *room;

	for (int i = 0; i < PEER_TRAITS; i++)
		bytes += s->traits[i].len + 1;
	p = mem_zalloc(sizeof(*p) + bytes, portrait_destructor);
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

int gallery_take(struct portrait **pp, struct gallery *g, const struct sketch *s)
{
	struct list *bucket = bucket_of(g, s);
	struct portrait *p;
	struct le *le;

	for (le = bucket->head; le; le = le->next) {
		if (!portrait_is(le->data, s))
			continue;
		*pp = mem_ref(le->data);
		return 0;
	}
	p = portrait_make(s);
	if (!p)
		return ENOMEM;
	list_append(bucket, &p->le, p);
	*pp = p;
	return 0;
}

unsigned gallery_count(const struct gallery *g)
{
	unsigned count = 0;

	for (int i = 0; i < BUCKETS; i++)
		count += list_count(&g->buckets[i]);
	return count;
}

unsigned portrait_traits(const struct portrait *p)
{
	unsigned traits = 0;

	for (int i = 0; i < PEER_TRAITS; i++)
		traits |= (unsigned)(p->ids[i] != 0) << i;
	return traits;
}
