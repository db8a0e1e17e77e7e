#include "exporter/import/lines.h"

#include <ctype.h>
#include <string.h>

char *lines_trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

void lines_each(struct import *im, const char *text, size_t len,
		void (*take)(struct import *im, char *line, void *arg), void *arg)
{
	const char *end = text + len;

	for (im->at.line = 1; text < end && !im->err; im->at.line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((stop ? stop : end) - text);
		char *line;

		if (size && text[size - 1] == '\r')
			size--;
		line = import_copy(im, text, size);
		if (line)
			take(im, line, arg);
		text = stop ? stop + 1 : end;
	}
}
