#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN 256

static int buffer_grow(struct buffer *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUFFER_MIN;
	char *data;

	while (cap < need)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data)
		return ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

char *buffer_reserve(struct buffer *b, size_t size)
{
	if (b->drainh && b->len >= b->drain_at && !b->err)
		b->drainh(b, b->drain_arg);
	if (b->err)
		return NULL;
	if (size > b->cap - b->len) {
		b->err = size > (size_t)-1 / 4 - b->len ? ENOMEM
							: buffer_grow(b, b->len + size);
		if (b->err)
			return NULL;
	}
	return b->data + b->len;
}

static void buffer_put(struct buffer *b, const char *p, size_t size)
{
	char *to = buffer_reserve(b, size);

	if (!to)
		return;
	if (size)
		memcpy(to, p, size);
	b->len += size;
}

void buffer_add(struct buffer *b, const void *p, size_t size)
{
	const char *from = p;

	/* Not more at a time than is kept. */
	while (b->drainh && size > b->drain_at) {
		buffer_put(b, from, b->drain_at);
		from += b->drain_at;
		size -= b->drain_at;
	}
	buffer_put(b, from, size);
}

void buffer_str(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

void buffer_shrink(struct buffer *b)
{
	char *data = b->len ? realloc(b->data, b->len) : NULL;

	if (!data)
		return;
	b->data = data;
	b->cap = b->len;
}

void buffer_clear(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}
