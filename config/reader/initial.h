/* The defaults that stand in the tables. */
#ifndef CONFIG_READER_INITIAL_H
#define CONFIG_READER_INITIAL_H

#include "config/reader/walk.h"

/*
 * Reads the tables' own defaults of a section, and of those inside it.
 *
 * @base, @set: as for walk_section()
 *
 * Returns 0 or ENOMEM; EINVAL would be a mistake in the tables.
 */
int initial_read(struct walk *w, const struct section *s, void *base, const cJSON **set);

/* Reads an object that is our own text, in JSON. Otherwise as initial_read(). */
int initial_text(struct walk *w, const char *text, const struct section *s, void *base,
		 const cJSON **set);

#endif
