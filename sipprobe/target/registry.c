#include "sipprobe/target/registry.h"

#include "sipprobe/loop/compat.h"

struct registry {
	struct target **slots;
	uint32_t *vacant; /* numbers below `used` that are free again */
	uint32_t size;
	uint32_t used;
	uint32_t vacant_count;
};

static void registry_destructor(void *arg)
{
	struct registry *r = arg;

	mem_deref(r->slots);
	mem_deref(r->vacant);
}

int registry_alloc(struct registry **rp)
{
	struct registry *r = mem_zalloc(sizeof(*r), registry_destructor);

	if (!r)
		return ENOMEM;
	*rp = r;
	return 0;
}

static int registry_grow(struct registry *r)
{
	uint32_t size = r->size ? r->size * 2 : 64;
	struct target **slots = mem_reallocarray(r->slots, size, sizeof(*slots), NULL);
	uint32_t *vacant;

	if (!slots)
		return ENOMEM;
	r->slots = slots;
	vacant = mem_reallocarray(r->vacant, size, sizeof(*vacant), NULL);
	if (!vacant)
		return ENOMEM;
	r->vacant = vacant;
	r->size = size;
	return 0;
}

int registry_add(struct registry *r, uint32_t *index, struct target *t)
{
	uint32_t n;

	if (!r->vacant_count && r->used == r->size && registry_grow(r))
		return ENOMEM;
	n = r->vacant_count ? r->vacant[--r->vacant_count] : r->used++;
	r->slots[n] = t;
	*index = n;
	return 0;
}

void registry_remove(struct registry *r, uint32_t index)
{
	r->slots[index] = NULL;
	r->vacant[r->vacant_count++] = index;
}

struct target *registry_find(const struct registry *r, uint32_t index)
{
	return index < r->used ? r->slots[index] : NULL;
}

void registry_fetch(const struct registry *r, uint32_t index)
{
	if (index < r->used)
		__builtin_prefetch(&r->slots[index]);
}

size_t registry_count(const struct registry *r)
{
	return r->used - r->vacant_count;
}

void registry_each(const struct registry *r, void (*h)(struct target *t, void *arg),
		   void *arg)
{
	for (uint32_t i = 0; i < r->used; i++)
		if (r->slots[i])
			h(r->slots[i], arg);
}
