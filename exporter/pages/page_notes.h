/* Chips that say what is wrong with a trunk beside its state. list.js writes the same. */
#ifndef EXPORTER_PAGES_PAGE_NOTES_H
#define EXPORTER_PAGES_PAGE_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct page_notes {
	unsigned problems; /* bits 1 << enum problem */
	uint32_t addresses;
	uint32_t addresses_up;
	uint32_t requests; /* over UDP in the last half hour */
	uint32_t lost;
	bool paused;
};

/* Appends them, each after a space. */
void page_notes(struct buffer *b, const struct page_notes *n);

#endif
