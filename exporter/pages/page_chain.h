/* The certificates that a peer showed, as part of a page. */
#ifndef EXPORTER_PAGES_PAGE_CHAIN_H
#define EXPORTER_PAGES_PAGE_CHAIN_H

#include "base/buffer.h"
#include "sipprobe/chain.h"

/* @index: makes ids of a page differ */
void page_chain(struct buffer *b, const struct chain *c, size_t index, int64_t now_ns);

#endif
