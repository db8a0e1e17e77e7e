/* The syntax of JSON (RFC 8259), strictly, in one pass. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/redact.h"
#include "base/utf8.h"
#include "config/reader/doc_private.h"

/* One array or object that is open. */
struct frame {
	bool object;
	size_t key; /* offset of the member's key, past the quote */
	size_t key_len;
	size_t index; /* of the element */
};

struct check {
	struct doc *d;
	struct report *r;
	size_t pos;
	unsigned depth;
	struct frame frame[DOC_DEPTH_MAX];
};

static int check_value(struct check *c, size_t key);

/* Reports at an offset, with the path to the value that is checked. */
__attribute__((format(printf, 3, 4))) static int
doc_check_fault(struct check *c, size_t offset, const char *fmt, ...)
{
	char keys[DOC_DEPTH_MAX][64];
	struct doc_path spot[DOC_DEPTH_MAX + 1] = {0};
	va_list ap;

	for (unsigned i = 0; i < c->depth; i++) {
		const struct frame *f = &c->frame[i];

		snprintf(keys[i], sizeof(keys[i]), "%.*s", (int)f->key_len,
			 c->d->text + f->key);
		spot[i + 1].up = &spot[i];
		spot[i + 1].key = f->object ? keys[i] : NULL;
		spot[i + 1].index = f->index;
	}
	/* Before its first key an object has no member to point at. */
	if (c->depth && c->frame[c->depth - 1].object && !c->frame[c->depth - 1].key)
		spot[c->depth] = spot[c->depth - 1];
	va_start(ap, fmt);
	report_offset(c->r, c->d, &spot[c->depth], offset, fmt, ap);
	va_end(ap);
	return c->r->err ? c->r->err : EINVAL;
}

/* The byte at the position; -1 past the end. */
static int doc_check_peek(const struct check *c)
{
	return c->pos < c->d->len ? (unsigned char)c->d->text[c->pos] : -1;
}

static void skip_space(struct check *c)
{
	while (c->pos < c->d->len && strchr(" \t\r\n", c->d->text[c->pos]) &&
	       c->d->text[c->pos])
		c->pos++;
}

/* The byte at the position in words, for "…, found …". */
static const char *doc_check_found(const struct check *c, char *buf, size_t size)
{
	int b = doc_check_peek(c);

	if (b < 0)
		return "the end of the file";
	if (b == '\0')
		return "a NUL byte";
	if (b == '\'')
		return "a single quote";
	if (b >= 0x20 && b < 0x7f)
		snprintf(buf, size, "'%c'", b);
	else
		snprintf(buf, size, "byte 0x%02x", b);
	return buf;
}

static int doc_check_expected(struct check *c, const char *what)
{
	const char *hint = "";
	char buf[16];

	switch (doc_check_peek(c)) {
	case '/':
	case '#':
		hint = "; JSON has no comments";
		break;
	case '\'':
		hint = "; strings stand in double quotes";
		break;
	}
	return doc_check_fault(c, c->pos, "expected %s, found %s%s", what,
			       doc_check_found(c, buf, sizeof(buf)), hint);
}

/* Four hexadecimal digits at @at, or -1. */
static int doc_check_hex4(const struct check *c, size_t at)
{
	unsigned v = 0;

	for (size_t i = at; i < at + 4; i++) {
		unsigned h = i < c->d->len ? (unsigned char)c->d->text[i] : 0;

		if (!isxdigit((int)h))
			return -1;
		v = v << 4 | (isdigit((int)h) ? h - '0' : (h | 0x20) - 'a' + 10);
	}
	return (int)v;
}

static int check_unicode(struct check *c, size_t begin)
{
	const char *t = c->d->text;
	int v = doc_check_hex4(c, c->pos + 2), low;

	if (v < 0)
		return doc_check_fault(c, c->pos, "\\u wants four hexadecimal digits");
	if (v == 0)
		doc_check_fault(c, begin, "\\u0000 has no place in a configuration");
	c->pos += 6;
	if (v < 0xd800 || v > 0xdfff)
		return 0;
	low = c->pos + 1 < c->d->len && t[c->pos] == '\\' && t[c->pos + 1] == 'u'
		      ? doc_check_hex4(c, c->pos + 2)
		      : -1;
	if (v > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return doc_check_fault(c, c->pos - 6,
				       "\\u%04x is half of a surrogate pair", v);
	c->pos += 6;
	return 0;
}

static int check_escape(struct check *c, size_t begin)
{
	int b = c->pos + 1 < c->d->len ? (unsigned char)c->d->text[c->pos + 1] : 0;

	if (b == 'u')
		return check_unicode(c, begin);
	if (!b || !strchr("\"\\/bfnrt", b))
		return doc_check_fault(c, c->pos,
				       "unknown escape: after '\\' comes one of "
				       "\" \\ / b f n r t u");
	c->pos += 2;
	return 0;
}

static int check_char(struct check *c)
{
	int b = doc_check_peek(c);
	size_t len;

	if (b == 0)
		return doc_check_fault(c, c->pos, "a NUL byte in a string");
	if (b < 0x20)
		return doc_check_fault(
			c, c->pos,
			"control character 0x%02x in a string; write it as \\u%04x", b,
			b);
	len = utf8_length(c->d->text + c->pos, c->d->len - c->pos);
	if (!len)
		return doc_check_fault(c, c->pos, "byte 0x%02x is not valid UTF-8", b);
	c->pos += len;
	return 0;
}

static int check_string(struct check *c)
{
	size_t begin = c->pos++;
	int err = 0;

	while (!err) {
		int b = doc_check_peek(c);

		if (b == '"') {
			c->pos++;
			return 0;
		}
		if (b < 0 || b == '\n' || b == '\r')
			return doc_check_fault(c, begin,
					       "the string that begins here has no end "
					       "on its line");
		err = b == '\\' ? check_escape(c, begin) : check_char(c);
	}
	return err;
}

static bool skip_digits(struct check *c)
{
	size_t begin = c->pos;

	while (isdigit(doc_check_peek(c)))
		c->pos++;
	return c->pos > begin;
}

static int check_integer(struct check *c)
{
	size_t begin = c->pos;

	if (!skip_digits(c))
		return doc_check_expected(c, "a digit");
	if (c->d->text[begin] == '0' && c->pos > begin + 1)
		return doc_check_fault(c, begin, "a number must not begin with 0");
	return 0;
}

static int check_number(struct check *c)
{
	size_t begin = c->pos;
	int err;

	if (doc_check_peek(c) == '-')
		c->pos++;
	err = check_integer(c);
	if (err)
		return err;
	if (doc_check_peek(c) == '.') {
		c->pos++;
		if (!skip_digits(c))
			return doc_check_expected(c, "a digit after the decimal point");
	}
	if (doc_check_peek(c) == 'e' || doc_check_peek(c) == 'E') {
		c->pos++;
		if (doc_check_peek(c) == '+' || doc_check_peek(c) == '-')
			c->pos++;
		if (!skip_digits(c))
			return doc_check_expected(c, "a digit of the exponent");
	}
	if (c->pos - begin > DOC_NUMBER_MAX)
		doc_check_fault(c, begin, "a number of more than %d characters",
				DOC_NUMBER_MAX);
	return c->r->err;
}

/* Whether the value at hand belongs to a key whose values are not shown. */
static bool doc_check_is_secret(const struct check *c)
{
	for (unsigned i = 0; i < c->depth; i++) {
		const struct frame *f = &c->frame[i];

		if (f->object && f->key &&
		    redact_is_secret(c->d->text + f->key, f->key_len))
			return true;
	}
	return false;
}

static int check_word(struct check *c)
{
	static const char *const words[] = {"true", "false", "null"};
	size_t begin = c->pos, len = 0;

	while (isalnum(doc_check_peek(c)) || doc_check_peek(c) == '_') {
		c->pos++;
		len++;
	}
	for (size_t i = 0; i < 3; i++)
		if (len == strlen(words[i]) && !memcmp(c->d->text + begin, words[i], len))
			return 0;
	c->pos = begin;
	if (!len)
		return doc_check_expected(c, "a value");
	if (doc_check_is_secret(c))
		return doc_check_fault(c, begin,
				       "expected a value; text stands in double quotes");
	return doc_check_fault(
		c, begin, "expected a value, found %.*s; text stands in double quotes",
		(int)(len < 32 ? len : 32), c->d->text + begin);
}

static int check_member(struct check *c)
{
	struct frame *f = &c->frame[c->depth - 1];
	size_t key = c->pos;
	int err;

	if (doc_check_peek(c) != '"')
		return doc_check_expected(c, doc_check_peek(c) == '}'
						     ? "a key after the comma"
						     : "a key in double quotes");
	err = check_string(c);
	if (err)
		return err;
	f->key = key + 1;
	f->key_len = c->pos - key - 2;
	skip_space(c);
	if (doc_check_peek(c) != ':')
		return doc_check_expected(c, "':' after the key");
	c->pos++;
	skip_space(c);
	return check_value(c, key);
}

static int check_element(struct check *c)
{
	if (doc_check_peek(c) == ']')
		return doc_check_expected(c, "a value after the comma");
	return check_value(c, DOC_NO_KEY);
}

/* The items between the brackets, and the closing one. */
static int check_items(struct check *c, bool object)
{
	struct frame *f = &c->frame[c->depth - 1];
	int end = object ? '}' : ']';
	int err;

	skip_space(c);
	if (doc_check_peek(c) == end)
		return 0;
	for (;;) {
		err = object ? check_member(c) : check_element(c);
		if (err)
			return err;
		skip_space(c);
		if (doc_check_peek(c) == end)
			return 0;
		if (doc_check_peek(c) != ',')
			return doc_check_expected(c,
						  object ? "',' or '}'" : "',' or ']'");
		c->pos++;
		skip_space(c);
		f->index++;
	}
}

static int check_container(struct check *c, bool object)
{
	int err;

	if (c->depth == DOC_DEPTH_MAX)
		return doc_check_fault(
			c, c->pos, "more than %d arrays and objects inside each other",
			DOC_DEPTH_MAX);
	c->frame[c->depth++] = (struct frame){.object = object};
	c->pos++;
	err = check_items(c, object);
	c->pos++;
	c->depth--;
	return err;
}

static int check_value(struct check *c, size_t key)
{
	int b = doc_check_peek(c), err = doc_node_add(c->d, c->pos, key);

	if (err)
		return err;
	if (b == '{' || b == '[')
		return check_container(c, b == '{');
	if (b == '"')
		return check_string(c);
	if (b == '-' || isdigit(b))
		return check_number(c);
	return check_word(c);
}

/* Marks at a file's begin that say it is not plain UTF-8. */
static const char *mark_fault(const struct doc *d)
{
	if (d->len >= 3 && !memcmp(d->text, "\xef\xbb\xbf", 3))
		return "the file begins with a byte order mark (EF BB BF); save it as "
		       "UTF-8 without one";
	return doc_is_utf16(d) ? DOC_UTF16_FAULT : NULL;
}

int doc_check(struct doc *d, struct report *r)
{
	struct check c = {.d = d, .r = r};
	const char *mark = mark_fault(d);
	int err;

	if (mark)
		return doc_check_fault(&c, 0, "%s", mark);
	skip_space(&c);
	err = check_value(&c, DOC_NO_KEY);
	if (err)
		return err;
	skip_space(&c);
	if (c.pos < d->len)
		return doc_check_expected(&c, "the end of the file");
	return r->err;
}
