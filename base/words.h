/*
 * Texts that many have and few differ in, each kept once with how many have it. Of one
 * thread; another may read a text while it is kept.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/name_index.h"

/* Start with words_init(); free with words_free(), when nobody has any more. */
struct words {
	struct name_index index;
};

void words_init(struct words *w);
void words_free(struct words *w);

/* The text as it is kept; for words_drop(). NULL without memory. */
const char *words_keep(struct words *w, const char *text);

/* One that words_keep() returned is needed once less; NULL is ignored. */
void words_drop(struct words *w, const char *kept);

#endif
