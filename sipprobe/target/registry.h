/*
 * Numbers for targets, so that the number in a response's branch finds its target in one
 * step. Numbers are used again after a target is gone; the branch's secret is not.
 */
#ifndef SIPPROBE_TARGET_REGISTRY_H
#define SIPPROBE_TARGET_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

struct registry; /* mem_deref() */
struct target;

/* Returns 0 or ENOMEM. */
int registry_alloc(struct registry **rp);

/* Returns 0 with the number in @index, or ENOMEM. */
int registry_add(struct registry *r, uint32_t *index, struct target *t);

/* The number is free afterwards. */
void registry_remove(struct registry *r, uint32_t index);

/* NULL for a number that nobody has. */
struct target *registry_find(const struct registry *r, uint32_t index);

/* Brings into the cache where registry_find() is to look. */
void registry_fetch(const struct registry *r, uint32_t index);

/* The number of targets. */
size_t registry_count(const struct registry *r);

/* Calls @h for every target; it may not add or remove any. */
void registry_each(const struct registry *r, void (*h)(struct target *t, void *arg),
		   void *arg);

#endif
