/* What was lost over UDP, and on which way, in words. */
#ifndef EXPORTER_PAGES_PAGE_LOSS_H
#define EXPORTER_PAGES_PAGE_LOSS_H

#include "base/buffer.h"
#include "exporter/store/status.h"

/*
 * Of a target since the start, the share as alert and dashboard have it: "0.5 % (3 of
 * 600)"; with `mark_copies` then "2 requests, 1 answer".
 */
void page_loss_numbers(struct buffer *b, const struct status_target *t);

/* Of a trunk in the last half hour, as a paragraph, where the way is known; else nothing.
 */
void page_loss_way(struct buffer *b, const struct problems_facts *f);

#endif
