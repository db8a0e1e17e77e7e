/* As whom a peer sees us, and what becomes of our messages on the way, for people. */
#ifndef EXPORTER_PAGES_PAGE_MIRROR_H
#define EXPORTER_PAGES_PAGE_MIRROR_H

#include "base/json.h"
#include "exporter/store/status.h"

/* "via, hidden": the signs' names; nothing for none. */
void mirror_words(struct buffer *b, unsigned signs);

/* Items of a target's list of facts. */
void page_mirror(struct buffer *b, const struct status_target *t, int64_t now_ns);

/* What to do about an ALG, where there is one. */
void page_mirror_next(struct buffer *b, const struct status_target *t);

/* The member `mirror` of a target. */
void page_mirror_json(struct json *j, const struct status_target *t);

#endif
