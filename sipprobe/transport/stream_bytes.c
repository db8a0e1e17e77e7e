#include <errno.h>
#include <string.h>

#include "sipprobe/transport/stream_private.h"

enum { BYTES_MIN = 1024 };

int stream_bytes_append(struct stream_bytes *b, const char *buf, size_t len)
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

void stream_bytes_drop(struct stream_bytes *b, size_t len)
{
	b->len -= len;
	if (b->len) {
		memmove(b->p, b->p + len, b->len);
		return;
	}
	mem_deref(b->p);
	*b = (struct stream_bytes){.p = NULL};
}
