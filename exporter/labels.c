#include "exporter/labels.h"

#include <stdint.h>
#include <string.h>

/* Sequences of RFC 3629: lead byte range, bounds of the second byte, length. */
static const struct utf8_row {
	uint8_t lead_min, lead_max;
	uint8_t second_min, second_max;
	uint8_t len;
} utf8_rows[] = {
	{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Length of the sequence at @p of a terminated string, or 0 when it is not UTF-8. */
static size_t utf8_len(const char *p)
{
	const uint8_t *u = (const uint8_t *)p;
	const struct utf8_row *row = utf8_rows;
	const struct utf8_row *end = row + sizeof(utf8_rows) / sizeof(*row);
	size_t i;

	while (row < end && (u[0] < row->lead_min || u[0] > row->lead_max))
		row++;
	if (row == end)
		return 0;
	if (row->len > 1 && (u[1] < row->second_min || u[1] > row->second_max))
		return 0;
	for (i = 2; i < row->len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	}
	return row->len;
}

static void add_char(struct buffer *b, const char *p, size_t len)
{
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
}

void labels_escape(struct buffer *b, const char *text)
{
	while (*text) {
		size_t len = utf8_len(text);

		add_char(b, text, len);
		text += len ? len : 1;
	}
}

void labels_add(struct buffer *b, const char *name, const char *value)
{
	if (b->len)
		buffer_add(b, ",", 1);
	buffer_str(b, name);
	buffer_add(b, "=\"", 2);
	labels_escape(b, value);
	buffer_add(b, "\"", 1);
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
