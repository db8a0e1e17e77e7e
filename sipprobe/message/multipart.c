#include "sipprobe/message/multipart.h"

#include <string.h>
#include <strings.h>

#include "sipprobe/message/guard.h"
#include "sipprobe/message/siphdr.h"

enum { MULTIPART_BOUNDARY = 70 }; /* bytes at the most (RFC 2046 5.1.1) */

bool multipart_is_type(const struct pl *value, const char *type)
{
	size_t len = strlen(type);

	return value->l >= len && !strncasecmp(value->p, type, len) &&
	       (value->l == len || !siphdr_is(value->p[len], SIPHDR_TOKEN));
}

static bool multipart_unquote(struct pl *text)
{
	if (text->l >= 2 && *text->p == '"') {
		text->p++;
		text->l -= 2;
	}
	return text->l && text->l <= MULTIPART_BOUNDARY;
}

/* "multipart/mixed;boundary=x" */
static bool multipart_boundary(struct pl *boundary, struct pl content)
{
	struct pl name;

	if (content.l < 10 || strncasecmp(content.p, "multipart/", 10) != 0)
		return false;
	pl_advance(&content, 10);
	if (!siphdr_run_take(&name, &content, SIPHDR_TOKEN))
		return false;
	siphdr_space_skip(&content);
	while (content.l && *content.p == ';') {
		pl_advance(&content, 1);
		siphdr_space_skip(&content);
		if (!siphdr_param_take(&name, boundary, &content))
			return false;
		if (!pl_strcasecmp(&name, "boundary"))
			return boundary->p && multipart_unquote(boundary);
	}
	return false;
}

/* Takes a line; its end, CRLF or LF, is no part of it. */
static struct pl multipart_line(struct pl *rest)
{
	const char *lf = memchr(rest->p, '\n', rest->l);
	struct pl line = {rest->p, lf ? (size_t)(lf - rest->p) : rest->l};

	pl_advance(rest, (ssize_t)line.l + (lf ? 1 : 0));
	if (line.l && line.p[line.l - 1] == '\r')
		line.l--;
	return line;
}

enum multipart_kind {
	MULTIPART_TEXT,
	MULTIPART_NEXT,	 /* a part begins behind it */
	MULTIPART_CLOSE, /* none does */
};

static enum multipart_kind multipart_kind(struct pl line, const struct pl *boundary)
{
	enum multipart_kind kind = MULTIPART_NEXT;

	if (line.l < 2 + boundary->l || memcmp(line.p, "--", 2) != 0 ||
	    memcmp(line.p + 2, boundary->p, boundary->l) != 0)
		return MULTIPART_TEXT;
	pl_advance(&line, (ssize_t)(2 + boundary->l));
	if (line.l >= 2 && !memcmp(line.p, "--", 2)) {
		kind = MULTIPART_CLOSE;
		pl_advance(&line, 2);
	}
	siphdr_space_skip(&line);
	return line.l ? MULTIPART_TEXT : kind;
}

/* The value of a field that may be folded; what follows it stays in @rest. */
static struct pl multipart_field(struct pl *name, struct pl *rest)
{
	struct pl line = multipart_line(rest), value = line;

	while (line.l && rest->l && (*rest->p == ' ' || *rest->p == '\t')) {
		struct pl more = multipart_line(rest);

		value.l = (size_t)(more.p + more.l - value.p);
	}
	*name = (struct pl){value.p, 0};
	if (!siphdr_run_take(name, &value, SIPHDR_TOKEN))
		return value;
	siphdr_space_skip(&value);
	if (value.l && *value.p == ':')
		pl_advance(&value, 1);
	siphdr_space_skip(&value);
	return value;
}

/* Whether a part is of a type; then only what stands behind its fields is left of it. */
static bool multipart_is(struct pl *part, const char *type)
{
	bool is = false;

	while (part->l) {
		struct pl name, value = multipart_field(&name, part);

		/* An empty line ends the fields. */
		if (!name.l && !value.l)
			return is;
		if (guard_field_is(&name, "Content-Type", 'c'))
			is = multipart_is_type(&value, type);
	}
	return false;
}

/* What stood before a delimiter's line; the line end before that is the delimiter's. */
static void multipart_end(struct pl *part, const char *delimiter)
{
	part->l = (size_t)(delimiter - part->p);
	if (part->l && part->p[part->l - 1] == '\n')
		part->l--;
	if (part->l && part->p[part->l - 1] == '\r')
		part->l--;
}

struct pl multipart_part(const struct pl *content, const struct pl *body,
			 const char *type)
{
	struct pl boundary, rest = *body, part = pl_null;

	if (!multipart_boundary(&boundary, *content))
		return pl_null;
	while (rest.l) {
		struct pl line = multipart_line(&rest);
		enum multipart_kind kind = multipart_kind(line, &boundary);

		if (kind == MULTIPART_TEXT)
			continue;
		if (part.p)
			multipart_end(&part, line.p);
		if (part.p && multipart_is(&part, type))
			return part;
		if (kind == MULTIPART_CLOSE)
			return pl_null;
		part = rest;
	}
	return part.p && multipart_is(&part, type) ? part : pl_null;
}
