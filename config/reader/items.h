/* Shared by types that hold several values: counting and storing them. */
#ifndef CONFIG_READER_ITEMS_H
#define CONFIG_READER_ITEMS_H

#include "config/reader/walk.h"

/* The number of a container's values; -1: out of the row's bounds, and reported. */
long items_count(struct walk *w, const struct field *f, const struct doc_path *at);

/* Stores @count items of @size bytes where the row says, equal arrays once. */
bool items_store(struct walk *w, const struct field *f, void *base, const void *items,
		 size_t size, size_t count);

/* The items that a struct holds at a row. */
const void *items_in(const void *base, const struct field *f);
size_t items_in_count(const void *base, const struct field *f);

#endif
