#include "base/words.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct word {
	size_t users;
	char text[];
};

static const char *words_text(const void *element)
{
	return ((const struct word *)element)->text;
}

void words_init(struct words *w)
{
	*w = (struct words){.index.name = words_text};
}

void words_free(struct words *w)
{
	name_index_free(&w->index);
}

/* One that finds no place in the index is kept all the same, for its user alone. */
static struct word *words_make(struct words *w, const char *text)
{
	size_t size = strlen(text) + 1;
	struct word *word = malloc(sizeof(*word) + size);

	if (!word)
		return NULL;
	word->users = 0;
	memcpy(word->text, text, size);
	(void)name_index_put(&w->index, word);
	return word;
}

const char *words_keep(struct words *w, const char *text)
{
	struct word *word = name_index_find(&w->index, text);

	if (!word)
		word = words_make(w, text);
	if (!word)
		return NULL;
	word->users++;
	return word->text;
}

void words_drop(struct words *w, const char *kept)
{
	struct word *word;

	if (!kept)
		return;
	word = (struct word *)(uintptr_t)(kept - offsetof(struct word, text));
	if (--word->users)
		return;
	name_index_remove(&w->index, word);
	free(word);
}
