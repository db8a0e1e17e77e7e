/* A kept ladder as part of a page. */
#ifndef EXPORTER_PAGES_PAGE_LADDER_H
#define EXPORTER_PAGES_PAGE_LADDER_H

#include "base/buffer.h"
#include "exporter/store/history.h"

struct page_ladder {
	struct slice peer; /* the address, as a label's value */
	int64_t now_ns;
	size_t target; /* makes ids of a page differ */
};

/* Appends it. @l: the caller holds a reference */
void page_ladder(struct buffer *b, const struct page_ladder *p, struct history_ladder *l);

#endif
