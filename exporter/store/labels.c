#include "exporter/store/labels.h"

#include <string.h>

#include "base/utf8.h"

/* Bytes from the start on that stand in a label value as they are. */
static size_t labels_plain(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (unsigned char)text[n] < 0x80 && text[n] != '\n' &&
	       text[n] != '"' && text[n] != '\\')
		n++;
	return n;
}

/* One character that is not plain. Returns its length. */
static size_t labels_add_char(struct buffer *b, const char *p, size_t left)
{
	size_t len = utf8_length(p, left);

	if (!len)
		buffer_str(b, "\xef\xbf\xbd");
	else if (*p == '\n')
		buffer_str(b, "\\n");
	else if (*p == '"')
		buffer_str(b, "\\\"");
	else if (*p == '\\')
		buffer_str(b, "\\\\");
	else
		buffer_add(b, p, len);
	return len ? len : 1;
}

static void labels_escape(struct buffer *b, const char *text, size_t left)
{
	while (left) {
		size_t taken = labels_plain(text, left);

		if (taken)
			buffer_add(b, text, taken);
		else
			taken = labels_add_char(b, text, left);
		text += taken;
		left -= taken;
	}
}

void labels_add_joined(struct buffer *b, const char *name, struct slice first,
		       const char *rest)
{
	if (b->len)
		buffer_add(b, ",", 1);
	buffer_str(b, name);
	buffer_add(b, "=\"", 2);
	labels_escape(b, first.p, first.l);
	labels_escape(b, rest, strlen(rest));
	buffer_add(b, "\"", 1);
}

void labels_add(struct buffer *b, const char *name, const char *value)
{
	labels_add_joined(b, name, (struct slice){0}, value);
}

void labels_unescape(struct buffer *b, struct slice value)
{
	char *to = buffer_reserve(b, value.l);
	size_t i;

	if (!to)
		return;
	for (i = 0; i < value.l; i++) {
		bool escape = value.p[i] == '\\' && i + 1 < value.l;

		i += escape;
		*to++ = escape && value.p[i] == 'n' ? '\n' : value.p[i];
	}
	b->len = (size_t)(to - b->data);
}

bool labels_next(struct slice text, size_t *pos, struct slice *name, struct slice *value)
{
	const char *p = text.p + *pos;
	const char *end = text.p + text.l;
	const char *eq, *q;

	if (p < end && *p == ',')
		p++;
	eq = p < end ? memchr(p, '=', (size_t)(end - p)) : NULL;
	if (!eq || end - eq < 3)
		return false;
	for (q = eq + 2; q < end && *q != '"'; q++) {
		if (*q == '\\')
			q++;
	}
	if (q >= end)
		return false;
	*name = (struct slice){p, (size_t)(eq - p)};
	*value = (struct slice){eq + 2, (size_t)(q - eq - 2)};
	*pos = (size_t)(q + 1 - text.p);
	return true;
}

struct slice labels_find(struct slice text, const char *name)
{
	struct slice key, value;
	size_t pos = 0;

	while (labels_next(text, &pos, &key, &value))
		if (key.l == strlen(name) && !memcmp(key.p, name, key.l))
			return value;
	return (struct slice){"", 0};
}
