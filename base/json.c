#include "base/json.h"

#include <string.h>

#include "base/utf8.h"
#include "base/number.h"
#include "base/clock.h"

static void json_add_unit(struct buffer *b, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	const char escape[6] = {'\\',
				'u',
				digits[unit >> 12 & 15],
				digits[unit >> 8 & 15],
				digits[unit >> 4 & 15],
				digits[unit & 15]};

	buffer_add(b, escape, sizeof(escape));
}

/* A character beyond ASCII in UTF-16, as RFC 8259 section 7 escapes it. */
static void json_add_units(struct buffer *b, const char *p, size_t len)
{
	static const unsigned char lead[] = {0, 0, 0x1f, 0x0f, 0x07};
	uint32_t code = (unsigned char)*p & lead[len];

	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	if (code >= 0x10000) {
		json_add_unit(b, 0xd800 | (code - 0x10000) >> 10);
		code = 0xdc00 | (code & 0x3ff);
	}
	json_add_unit(b, code);
}

static void json_add_char(const struct json *j, const char *p, size_t len)
{
	struct buffer *b = j->out;
	unsigned char c;

	if (!len || !*p) {
		p = "\xef\xbf\xbd";
		len = 3;
	}
	c = (unsigned char)*p;
	if (len > 1 && j->ascii)
		json_add_units(b, p, len);
	else if (c == '"' || c == '\\')
		buffer_add(b, (const char[]){'\\', (char)c}, 2);
	else if (c == '\n')
		buffer_str(b, "\\n");
	else if (c == '\r')
		buffer_str(b, "\\r");
	else if (c < 0x20 || c == 0x7f || c == '<' || c == '>' || c == '&')
		json_add_unit(b, c);
	else
		buffer_add(b, p, len);
}

/* Bytes at the front that need no second look. */
static size_t json_plain(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= 0x20 && p[n] < 0x7f && p[n] != '"' && p[n] != '\\' &&
	       p[n] != '<' && p[n] != '>' && p[n] != '&')
		n++;
	return n;
}

static void json_add_text(const struct json *j, struct slice text)
{
	while (text.l) {
		size_t n = json_plain(text.p, text.l);

		if (n) {
			buffer_add(j->out, text.p, n);
		} else {
			n = utf8_length(text.p, text.l);
			json_add_char(j, text.p, n);
			n = n ? n : 1;
		}
		text.p += n;
		text.l -= n;
	}
}

/* Before each value. */
static void json_begin(struct json *j, const char *key)
{
	if (j->comma)
		buffer_add(j->out, ",", 1);
	j->comma = true;
	if (!key)
		return;
	buffer_add(j->out, "\"", 1);
	buffer_str(j->out, key);
	buffer_add(j->out, "\":", 2);
}

void json_open(struct json *j, const char *key, char bracket)
{
	json_begin(j, key);
	buffer_add(j->out, &bracket, 1);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	buffer_add(j->out, &bracket, 1);
	j->comma = true;
}

void json_text(struct json *j, const char *key, struct slice text)
{
	json_begin(j, key);
	buffer_add(j->out, "\"", 1);
	json_add_text(j, text);
	buffer_add(j->out, "\"", 1);
}

void json_str(struct json *j, const char *key, const char *text)
{
	if (text)
		json_text(j, key, (struct slice){text, strlen(text)});
	else
		json_null(j, key);
}

static void json_add_label(const struct json *j, struct slice value)
{
	while (value.l) {
		const char *slash = memchr(value.p, '\\', value.l);
		size_t n = slash ? (size_t)(slash - value.p) : value.l;

		json_add_text(j, (struct slice){value.p, n});
		if (slash && n + 1 < value.l) {
			json_add_char(j, slash[1] == 'n' ? "\n" : slash + 1, 1);
			n++;
		}
		n += slash != NULL;
		value.p += n;
		value.l -= n;
	}
}

void json_label(struct json *j, const char *key, struct slice value)
{
	json_begin(j, key);
	buffer_add(j->out, "\"", 1);
	json_add_label(j, value);
	buffer_add(j->out, "\"", 1);
}

void json_member(struct json *j, struct slice name, struct slice value)
{
	json_text(j, NULL, name);
	buffer_add(j->out, ":", 1);
	j->comma = false;
	json_label(j, NULL, value);
}

void json_number(struct json *j, const char *key, int64_t value, unsigned decimals)
{
	char *to;

	json_begin(j, key);
	to = buffer_reserve(j->out, NUMBER_BYTES);
	if (to)
		j->out->len += (size_t)(number_print(to, value, decimals) - to);
}

void json_null(struct json *j, const char *key)
{
	json_begin(j, key);
	buffer_add(j->out, "null", 4);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_begin(j, key);
	buffer_str(j->out, value ? "true" : "false");
}

void json_seconds(struct json *j, const char *key, int64_t ns)
{
	if (ns < 0)
		json_null(j, key);
	else
		json_number(j, key, ns / CLOCK_NS_PER_US, 6);
}

void json_time(struct json *j, const char *key, int64_t unix_ns)
{
	if (!unix_ns)
		json_null(j, key);
	else
		json_number(j, key, unix_ns / CLOCK_NS_PER_MS, 3);
}
