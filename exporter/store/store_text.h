/*
 * The label text of the store's rows, where a failure stays in the buffer's `err`; and
 * texts that many rows share.
 */
#ifndef EXPORTER_STORE_STORE_TEXT_H
#define EXPORTER_STORE_STORE_TEXT_H

#include "base/buffer.h"
#include "base/name_index.h"
#include "config/uri.h"
#include "sipprobe/engine.h"

/* `trunk="a"` and the trunk's own labels. */
void store_text_trunk(struct buffer *b, const struct config_trunk *trunk);

/* The labels that only siptrunk_info carries. @uri: the trunk's URI, NULL: not valid */
void store_text_info(struct buffer *b, const struct config_trunk *trunk,
		     const struct config_uri *uri);

/* Stands between the method's label and the address' value. */
#define STORE_TEXT_ADDRESS ",address=\""

/* Where in a target's labels the value of its address is. */
struct store_text_at {
	size_t from;
	size_t to;
};

/* Labels of a target's series after the trunk's; UINT16_MAX bytes at most. */
struct store_text_at store_text_target(struct buffer *b,
				       const struct engine_target *target);

/* `file="me.pem"`: a file's name without its folder, which differs between machines. */
void store_text_file(struct buffer *b, const char *path);

/*
 * Texts that many have and few differ in, each kept once with how many have it. Of one
 * thread; another may read a text while it is kept. Start with store_words_init(); free
 * with store_words_free(), when nobody has any more.
 */
struct store_words {
	struct name_index index;
};

void store_words_init(struct store_words *w);
void store_words_free(struct store_words *w);

/* The text as it is kept; for store_words_drop(). NULL without memory. */
const char *store_words_keep(struct store_words *w, const char *text);

/* One that store_words_keep() returned is needed once less; NULL is ignored. */
void store_words_drop(struct store_words *w, const char *kept);

#endif
