#include "config/reader/pool.h"

#include <string.h>

/* The value of an entry says that its key is the arena's copy already. */
static const void *pool_take(struct pool *p, struct set *s, const void *data, size_t len,
			     size_t align, size_t extra)
{
	struct set_entry *e = set_put(s, data, len);
	void *copy;

	if (!e || e->value)
		return e ? e->key : NULL;
	copy = arena_alloc(p->arena, len + extra, align);
	if (!copy) {
		/* The set must not keep a key that is the caller's. */
		set_free(s);
		return NULL;
	}
	memcpy(copy, data, len);
	e->key = copy;
	e->value = 1;
	return copy;
}

const char *pool_string(struct pool *p, const char *text, size_t len)
{
	return pool_take(p, &p->strings, text, len, 1, 1);
}

const void *pool_blob(struct pool *p, const void *blob, size_t size)
{
	return pool_take(p, &p->blobs, blob, size, 8, 0);
}

void pool_free(struct pool *p)
{
	set_free(&p->strings);
	set_free(&p->blobs);
}
