#include "exporter/store/store_text.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/store/labels.h"

void store_text_trunk(struct buffer *b, const struct config_trunk *trunk)
{
	unsigned i;

	labels_add(b, "trunk", trunk->name);
	for (i = 0; i < trunk->label_count; i++)
		labels_add(b, trunk->labels[i].name, trunk->labels[i].value);
}

/* The URI without its user's password. One that cannot be split is not shown at all. */
static void store_text_uri_label(struct buffer *b, const char *text,
				 const struct config_uri *uri)
{
	const char *colon = NULL;

	if (uri && uri->user.l)
		colon = memchr(uri->user.p, ':', uri->user.l);
	if (colon)
		labels_add_joined(b, "uri", (struct slice){text, (size_t)(colon - text)},
				  uri->user.p + uri->user.l);
	else
		labels_add(b, "uri", uri ? text : "");
}

void store_text_info(struct buffer *b, const struct config_trunk *trunk,
		     const struct config_uri *uri)
{
	enum config_transport transport = uri ? uri->transport : CONFIG_TRANSPORT_NONE;

	store_text_uri_label(b, trunk->uri, uri);
	labels_add(b, "transport", config_transport_name(transport));
	labels_add(b, "profile", trunk->profile ? trunk->profile : "");
}

struct store_text_at store_text_target(struct buffer *b,
				       const struct engine_target *target)
{
	struct store_text_at at;

	labels_add(b, "method", target->method);
	at.from = b->len + sizeof(STORE_TEXT_ADDRESS) - 1;
	labels_add(b, "address", target->address);
	at.to = b->len - 1;
	labels_add(b, "transport", target->transport);
	if (b->len > UINT16_MAX)
		b->err = ENOMEM;
	return at;
}

void store_text_file(struct buffer *b, const char *path)
{
	const char *slash = strrchr(path, '/');

	labels_add(b, "file", slash ? slash + 1 : path);
}

struct word {
	size_t users;
	char text[];
};

static const char *store_words_text(const void *element)
{
	return ((const struct word *)element)->text;
}

void store_words_init(struct store_words *w)
{
	*w = (struct store_words){.index.name = store_words_text};
}

void store_words_free(struct store_words *w)
{
	name_index_free(&w->index);
}

/* One that finds no place in the index is kept all the same, for its user alone. */
static struct word *store_words_make(struct store_words *w, const char *text)
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

const char *store_words_keep(struct store_words *w, const char *text)
{
	struct word *word = name_index_find(&w->index, text);

	if (!word)
		word = store_words_make(w, text);
	if (!word)
		return NULL;
	word->users++;
	return word->text;
}

void store_words_drop(struct store_words *w, const char *kept)
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
