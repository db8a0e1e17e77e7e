/*
 * A byte buffer that grows. Failure is kept: after one failed allocation every append
 * does nothing and `err` stays set, so that a writer checks once, at its end.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>

/* Bytes that belong to someone else; not terminated. */
struct slice {
	const char *p;
	size_t l;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

struct buffer {
	char *data;
	size_t len;
	size_t cap;
	int err; /* 0 or ENOMEM */

	/*
	 * NULL, or takes bytes away at its begin once there are so many, before more are
	 * added; what it leaves it moves there, and sets `len`, or `err`.
	 */
	void (*drainh)(struct buffer *b, void *arg);
	void *drain_arg;
	size_t drain_at;
};

/* Room for @size more bytes at the end, or NULL without memory. */
char *buffer_reserve(struct buffer *b, size_t size);

/* Append bytes, or a text without its NUL; a failure stays in `err`. */
void buffer_add(struct buffer *b, const void *p, size_t size);
void buffer_str(struct buffer *b, const char *text);

/* Gives back the room behind the bytes, where there is memory to do so. */
void buffer_shrink(struct buffer *b);

/* Frees the bytes and makes the buffer empty and usable again. */
void buffer_clear(struct buffer *b);

#endif
