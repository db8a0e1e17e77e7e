#include "config/reader/items.h"

const void *items_in(const void *base, const struct field *f)
{
	return *(const void *const *)(const void *)((const char *)base + f->offset);
}

size_t items_in_count(const void *base, const struct field *f)
{
	return *(const size_t *)(const void *)((const char *)base + f->beside);
}

long items_count(struct walk *w, const struct field *f, const struct doc_path *at)
{
	long count = 0;

	for (const cJSON *v = at->node->child; v; v = v->next)
		count++;
	if (count < f->min && f->min == 1)
		walk_fault(w, at, "must not be empty");
	else if (count > f->max)
		walk_fault(w, at, "has %ld entries; at most %lld are taken", count,
			   (long long)f->max);
	else
		return count;
	return -1;
}

bool items_store(struct walk *w, const struct field *f, void *base, const void *items,
		 size_t size, size_t count)
{
	const void *kept = count ? pool_blob(w->pool, items, size * count) : NULL;
	char *b = base;

	if (count && !kept)
		return walk_nomem(w);
	*(const void **)(void *)(b + f->offset) = kept;
	*(size_t *)(void *)(b + f->beside) = count;
	return true;
}
