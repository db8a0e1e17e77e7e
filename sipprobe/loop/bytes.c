#include "sipprobe/loop/bytes.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/loop/compat.h"

enum { BYTES_MIN = 1024 };

int bytes_append(struct bytes *b, const char *buf, size_t len)
{
	size_t size = b->size ? b->size : BYTES_MIN;
	char *p = b->p;

	while (size < b->len + len)
		size *= 2;
	if (size > b->size) {
		p = p ? mem_realloc(p, size) : mem_alloc(size, NULL);
		if (!p)
			return ENOMEM;
		b->p = p;
		b->size = size;
	}
	memcpy(b->p + b->len, buf, len);
	b->len += len;
	return 0;
}

void bytes_drop(struct bytes *b, size_t len)
{
	b->len -= len;
	if (b->len)
		memmove(b->p, b->p + len, b->len);
	else
		bytes_clear(b);
}

void bytes_clear(struct bytes *b)
{
	mem_deref(b->p);
	*b = (struct bytes){.p = NULL};
}
