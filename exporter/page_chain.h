/* The certificates that a peer showed, as part of a page. */
#ifndef EXPORTER_PAGE_CHAIN_H
#define EXPORTER_PAGE_CHAIN_H

#include "exporter/buffer.h"
#include "sipprobe/chain.h"

/* @index: makes ids of a page differ */
void page_chain(struct buffer *b, const struct chain *c, size_t index, int64_t now_ns);

#endif
