/* The label text of the store's rows. A failure stays in the buffer's `err`. */
#ifndef EXPORTER_STORE_STORE_TEXT_H
#define EXPORTER_STORE_STORE_TEXT_H

#include "base/buffer.h"
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

#endif
