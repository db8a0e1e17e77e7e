/*
 * A large body in compressed pieces, for many readers who take no gzip: each has a piece
 * unpacked when it has room for one, so that what is kept is small however slow they are.
 */
#ifndef EXPORTER_METRICS_PACKED_H
#define EXPORTER_METRICS_PACKED_H

#include <stdint.h>

#include "exporter/metrics/deflater.h"

struct packed;

enum { PACKED_PIECE = 32 * 1024 }; /* of the body; the last one may be shorter */

/* Returns 0 or ENOMEM. */
int packed_alloc(struct packed **pp);

/* NULL is ignored. */
void packed_free(struct packed *p);

/* @from: whole pieces, and at the end of all the last one. Returns 0 or ENOMEM. */
int packed_add(struct packed *p, struct deflater *d, struct slice from);

/* Bytes of the body, and those that it is kept in. */
size_t packed_len(const struct packed *p);
size_t packed_kept(const struct packed *p);

/* Gives back what it does not need, when all is there. */
void packed_shrink(struct packed *p);

/*
 * Unpacks from a multiple of PACKED_PIECE on. Any thread.
 *
 * @size: room in @to, at least a piece or all that is left
 *
 * Returns the bytes unpacked, or 0 for want of memory or behind the end.
 */
size_t packed_read(const struct packed *p, uint64_t pos, char *to, size_t size);

#endif
