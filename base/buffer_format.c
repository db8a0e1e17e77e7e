#include "base/buffer_format.h"

#include <stdarg.h>
#include <stdio.h>

void buffer_format(struct buffer *b, const char *fmt, ...)
{
	va_list ap, again;
	char *room;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	room = len < 0 ? NULL : buffer_reserve(b, (size_t)len + 1);
	if (room) {
		vsnprintf(room, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
	va_end(ap);
}
