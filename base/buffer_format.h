/* printf() into a buffer, for what is not written a million times a scrape. */
#ifndef BASE_BUFFER_FORMAT_H
#define BASE_BUFFER_FORMAT_H

#include "base/buffer.h"

/* Appends; a failure stays in b->err. */
__attribute__((format(printf, 2, 3))) void buffer_format(struct buffer *b,
							 const char *fmt, ...);

#endif
