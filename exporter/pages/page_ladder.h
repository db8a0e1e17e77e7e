/* A ladder as part of a page. */
#ifndef EXPORTER_PAGES_PAGE_LADDER_H
#define EXPORTER_PAGES_PAGE_LADDER_H

#include "base/buffer.h"
#include "exporter/capture/record.h"

struct page_ladder {
	int64_t now_ns;
	const char *part; /* makes ids of a page differ */
	/* Where it can be had, "…/ladders/ID" without an ending; empty: it is not kept,
	 * and what can be taken away is part of the page. */
	struct slice url;
	const char *version; /* of the program, without `url` */
};

/* Appends it. */
void page_ladder(struct buffer *b, const struct page_ladder *p,
		 const struct capture_record *l);

#endif
