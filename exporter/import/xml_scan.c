#include "exporter/import/xml_scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct scan {
	struct import *im;
	const char *at;
	const char *end;
	void (*take)(struct import *im, const struct xml_tag *tag, void *arg);
	void *arg;
	bool seen; /* a tag, a comment or an instruction */
	bool text; /* what is none of these */
};

const char *xml_attribute(const struct xml_tag *tag, const char *name)
{
	for (size_t i = 0; i < tag->count; i++) {
		if (!strcmp(tag->attributes[i].name, name))
			return tag->attributes[i].value;
	}
	return NULL;
}

/* Goes on to a place, counting lines. */
static void xml_move(struct scan *s, const char *to)
{
	const char *p = s->at;

	while (p < to && (p = memchr(p, '\n', (size_t)(to - p)))) {
		s->im->at.line++;
		p++;
	}
	s->at = to;
}

static bool xml_begins(const struct scan *s, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(s->end - s->at) >= len && !strncasecmp(s->at, what, len);
}

/* Behind the next @what, or NULL when there is none. */
static const char *xml_behind(const struct scan *s, const char *what)
{
	const char *at = memmem(s->at, (size_t)(s->end - s->at), what, strlen(what));

	return at ? at + strlen(what) : NULL;
}

static void xml_skip_space(struct scan *s)
{
	const char *p = s->at;

	while (p < s->end && isspace((unsigned char)*p))
		p++;
	xml_move(s, p);
}

/* Digits of a character's number, of which there are few. */
static size_t xml_digits(const char *p, bool hex)
{
	size_t n = 0;

	while (n < 8 &&
	       (hex ? isxdigit((unsigned char)p[n]) : isdigit((unsigned char)p[n])))
		n++;
	return n;
}

/*
 * "&#65;", "&#x41;": the byte, and *len as long as that was; 0 for what is none that a
 * configuration holds.
 */
static char xml_character(const char *p, size_t *len)
{
	bool hex = p[1] == '#' && p[2] == 'x';
	size_t digits = xml_digits(p + 2 + hex, hex);
	unsigned long c;

	if (p[1] != '#' || !digits || p[2 + hex + digits] != ';')
		return '\0';
	c = strtoul(p + 2 + hex, NULL, hex ? 16 : 10);
	*len = 2 + hex + digits + 1;
	return c >= ' ' && c < 0x7f ? (char)c : '\0';
}

/* Replaces what '&' begins, in place; what is no entity stays as it is. */
static void xml_replace_entities(char *text)
{
	static const struct {
		const char *name;
		char is;
	} entities[] = {
		{"&amp;", '&'},	 {"&lt;", '<'},	   {"&gt;", '>'},
		{"&quot;", '"'}, {"&apos;", '\''},
	};
	char *out = text;

	while (*text) {
		size_t len = 0;
		char c = *text;

		for (size_t i = 0; c == '&' && !len && i < 5; i++) {
			if (strncmp(text, entities[i].name, strlen(entities[i].name)))
				continue;
			len = strlen(entities[i].name);
			*out = entities[i].is;
		}
		if (c == '&' && !len && text[1] == '#') {
			*out = xml_character(text, &len);
			len = *out ? len : 0;
		}
		if (!len)
			*out = c;
		out++;
		text += len ? len : 1;
	}
	*out = '\0';
}

static char *xml_copy(struct scan *s, const char *from, const char *to)
{
	return import_copy(s->im, from, (size_t)(to - from));
}

static const char *xml_word_end(const struct scan *s, const char *p)
{
	while (p < s->end && !isspace((unsigned char)*p) && !strchr("=/><\"'", *p))
		p++;
	return p;
}

/*
 * The end of a value in quotes. Where a line and a '<' come before the quote, that is one
 * of another tag, and this one was never closed: NULL.
 */
static const char *xml_quoted_end(const struct scan *s, const char *p, char quote)
{
	bool line = false;

	for (; p < s->end && *p != quote; p++) {
		line = line || *p == '\n';
		if (line && *p == '<')
			return NULL;
	}
	return p < s->end ? p : NULL;
}

/* One `name="value"`, or a name alone. Returns false where a value does not end. */
static bool xml_take_attribute(struct scan *s, struct xml_tag *tag)
{
	const char *stop = xml_word_end(s, s->at), *begin;
	char *name = xml_copy(s, s->at, stop), *value;

	xml_move(s, stop > s->at ? stop : s->at + 1);
	xml_skip_space(s);
	if (s->at >= s->end || *s->at != '=')
		return true;
	xml_move(s, s->at + 1);
	xml_skip_space(s);
	begin = s->at;
	if (begin < s->end && (*begin == '"' || *begin == '\'')) {
		stop = xml_quoted_end(s, begin + 1, *begin);
		begin++;
	} else {
		stop = xml_word_end(s, begin);
	}
	if (!stop)
		return false;
	value = xml_copy(s, begin, stop);
	xml_move(s, stop < s->end && begin > s->at ? stop + 1 : stop);
	if (name && value && tag->count < XML_ATTRIBUTES_MAX) {
		xml_replace_entities(value);
		tag->attributes[tag->count].name = name;
		tag->attributes[tag->count++].value = value;
	}
	return true;
}

/* A tag, from behind its '<'. Returns false when it has no end. */
static bool xml_take_tag(struct scan *s)
{
	struct xml_tag tag = {
		.begins = *s->at != '/', .ends = *s->at == '/', .at = s->im->at};
	const char *stop;

	s->at += tag.ends;
	stop = xml_word_end(s, s->at);
	tag.name = xml_copy(s, s->at, stop);
	xml_move(s, stop);
	for (xml_skip_space(s); s->at < s->end && *s->at != '>'; xml_skip_space(s)) {
		if (*s->at == '<')
			return false;
		tag.ends = *s->at == '/';
		if (*s->at == '/')
			s->at++;
		else if (!xml_take_attribute(s, &tag))
			return false;
	}
	if (s->at >= s->end)
		return false;
	s->at++;
	if (tag.name)
		s->take(s->im, &tag, s->arg);
	return true;
}

/* `<!--#set "a=b"-->`, the older form of a directive. */
static void xml_take_comment(struct scan *s, const char *end)
{
	const char *p = s->at + 4, *open = memchr(p, '"', (size_t)(end - p));
	const char *close = open ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
	struct xml_tag tag = {.name = "X-PRE-PROCESS",
			      .begins = true,
			      .ends = true,
			      .count = 2,
			      .at = s->im->at};

	if (*p != '#' || !close)
		return;
	tag.attributes[0].name = "cmd";
	tag.attributes[0].value = xml_copy(s, p + 1, xml_word_end(s, p + 1));
	tag.attributes[1].name = "data";
	tag.attributes[1].value = xml_copy(s, open + 1, close);
	if (tag.attributes[0].value && tag.attributes[1].value)
		s->take(s->im, &tag, s->arg);
}

/* What is no tag, and runs to a mark of its own. Returns whether it was one. */
static bool xml_take_other(struct scan *s)
{
	static const struct {
		const char *begin;
		const char *end;
	} others[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const char *end;

		if (!xml_begins(s, others[i].begin))
			continue;
		end = xml_behind(s, others[i].end);
		if (!i && end)
			xml_take_comment(s, end);
		xml_move(s, end ? end : s->end);
		return true;
	}
	return false;
}

/* One '<' and what it begins. */
static enum xml_end xml_take(struct scan *s)
{
	s->seen = true;
	if (xml_take_other(s))
		return XML_READ;
	if (xml_begins(s, "<!doctype") || xml_begins(s, "<!entity"))
		return XML_DOCTYPE;
	s->at++;
	if (s->at >= s->end)
		return XML_BROKEN;
	if (isspace((unsigned char)*s->at) || *s->at == '<')
		return XML_READ; /* a '<' of a text */
	return xml_take_tag(s) ? XML_READ : XML_BROKEN;
}

/* Whether a text between tags says anything. */
static bool xml_is_text(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	return p < end;
}

enum xml_end xml_scan(struct import *im, const char *text, size_t len,
		      void (*take)(struct import *im, const struct xml_tag *tag,
				   void *arg),
		      void *arg, struct import_at *where)
{
	struct scan s = {
		.im = im, .at = text, .end = text + len, .take = take, .arg = arg};
	enum xml_end end = XML_READ, worst = XML_READ;

	im->at.line = 1;
	while (s.at < s.end && !im->err && end != XML_DOCTYPE) {
		const char *open = memchr(s.at, '<', (size_t)(s.end - s.at));

		s.text = s.text || xml_is_text(s.at, open ? open : s.end);
		xml_move(&s, open ? open : s.end);
		if (worst == XML_READ)
			*where = im->at;
		if (open)
			end = xml_take(&s);
		worst = end > worst ? end : worst;
	}
	return worst == XML_READ && !s.seen && s.text ? XML_NOTHING : worst;
}
