#include "exporter/store/traced.h"

#include <stdlib.h>

#include "exporter/store/store_rows.h"

struct traced *traced_alloc(const struct trace_report *r, bool by_hand)
{
	struct traced *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	atomic_init(&t->refs, 1);
	t->by_hand = by_hand;
	t->report = *r;
	return t;
}

struct traced *traced_ref(struct traced *t)
{
	if (t)
		atomic_fetch_add(&t->refs, 1);
	return t;
}

void traced_unref(struct traced *t)
{
	if (t && atomic_fetch_sub(&t->refs, 1) == 1)
		free(t);
}

void traced_forget(struct traced_list *l, struct traced **in)
{
	struct traced *t = *in;

	if (!t)
		return;
	*in = NULL;
	TAILQ_REMOVE(&l->list, t, entry);
	l->count--;
	traced_unref(t);
}

void traced_keep(struct traced_list *l, struct traced **in, struct traced *t)
{
	traced_forget(l, in);
	if (l->count == TRACED_MAX)
		traced_forget(l, TAILQ_FIRST(&l->list)->in);
	t->in = in;
	*in = t;
	TAILQ_INSERT_TAIL(&l->list, t, entry);
	l->count++;
}

void store_traced(struct store *s, const char *trunk, const struct trace_report *r,
		  bool by_hand)
{
	struct traced *t = traced_alloc(r, by_hand);
	struct store_trunk *row;

	if (!t)
		return;
	store_write_lock(s);
	row = name_index_find(&s->names, trunk);
	if (row && store_trunk_more_room(row)) {
		traced_keep(&s->traces, &row->more->traced, t);
		store_touch(s, row);
	} else {
		traced_unref(t);
	}
	store_write_unlock(s);
}
