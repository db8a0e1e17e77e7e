#include "exporter/metrics/negotiate.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A quality of 1, in thousandths: RFC 9110 12.4.2 allows three digits. */
#define QUALITY_MAX 1000

static struct slice negotiate_trim(struct slice s)
{
	while (s.l && isspace((unsigned char)s.p[0])) {
		s.p++;
		s.l--;
	}
	while (s.l && isspace((unsigned char)s.p[s.l - 1]))
		s.l--;
	return s;
}

/* The part of @rest before the next @sep, trimmed; quoted strings hold no separators. */
static bool negotiate_next_part(struct slice *rest, char sep, struct slice *part)
{
	bool quoted = false;
	size_t i;

	if (!rest->p)
		return false;
	for (i = 0; i < rest->l && (quoted || rest->p[i] != sep); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[i] == '\\' && i + 1 < rest->l)
			i++;
	}
	*part = negotiate_trim((struct slice){rest->p, i});
	if (i < rest->l)
		*rest = (struct slice){rest->p + i + 1, rest->l - i - 1};
	else
		*rest = (struct slice){0};
	return true;
}

static bool negotiate_slice_is(struct slice s, const char *text)
{
	return s.p && s.l == strlen(text) && !strncasecmp(s.p, text, s.l);
}

/* "0", "0.5", "1.000" in thousandths; what is no quality counts as 0. */
static int negotiate_parse_quality(struct slice s)
{
	int q = 0, digit = 100;
	size_t i;

	if (!s.l || s.l > 5 || (s.p[0] != '0' && s.p[0] != '1'))
		return 0;
	q = (s.p[0] - '0') * QUALITY_MAX;
	if (s.l > 1 && s.p[1] != '.')
		return 0;
	for (i = 2; i < s.l; i++, digit /= 10) {
		if (!isdigit((unsigned char)s.p[i]))
			return 0;
		q += (s.p[i] - '0') * digit;
	}
	return q > QUALITY_MAX ? 0 : q;
}

/* Splits `name=value`; a value's quotes are taken off. */
static void negotiate_split_param(struct slice part, struct slice *name,
				  struct slice *value)
{
	const char *eq = part.l ? memchr(part.p, '=', part.l) : NULL;

	*name = part;
	*value = (struct slice){0};
	if (!eq)
		return;
	*name = negotiate_trim((struct slice){part.p, (size_t)(eq - part.p)});
	*value = negotiate_trim(
		(struct slice){eq + 1, part.l - (size_t)(eq + 1 - part.p)});
	if (value->l > 1 && value->p[0] == '"' && value->p[value->l - 1] == '"')
		*value = (struct slice){value->p + 1, value->l - 2};
}

/* The quality of a list's element, from its parameters. */
static int negotiate_element_quality(struct slice params)
{
	struct slice part, name, value;

	while (negotiate_next_part(&params, ';', &part)) {
		negotiate_split_param(part, &name, &value);
		if (negotiate_slice_is(name, "q"))
			return negotiate_parse_quality(value);
	}
	return QUALITY_MAX;
}

bool negotiate_gzip(const char *accept_encoding)
{
	struct slice list = {accept_encoding,
			     accept_encoding ? strlen(accept_encoding) : 0};
	int gzip = -1, identity = -1, any = -1;
	struct slice element, coding;

	while (negotiate_next_part(&list, ',', &element)) {
		negotiate_next_part(&element, ';', &coding);
		if (negotiate_slice_is(coding, "gzip") ||
		    negotiate_slice_is(coding, "x-gzip"))
			gzip = negotiate_element_quality(element);
		else if (negotiate_slice_is(coding, "identity"))
			identity = negotiate_element_quality(element);
		else if (negotiate_slice_is(coding, "*"))
			any = negotiate_element_quality(element);
	}
	if (gzip < 0)
		gzip = any;
	return gzip > 0 && gzip >= identity;
}

/* @value: as sent, and perhaps from between quotes: a backslash there takes no part */
static bool negotiate_value_is(struct slice value, struct slice want)
{
	size_t i, k = 0;

	for (i = 0; i < value.l; i++) {
		if (value.p[i] == '\\' && i + 1 < value.l)
			i++;
		if (k == want.l || tolower((unsigned char)value.p[i]) !=
					   tolower((unsigned char)want.p[k++]))
			return false;
	}
	return k == want.l;
}

/* Whether a parameter named in both says the same: 1, or 0; -1 when it does not. */
static int negotiate_param_match(const char *params, struct slice name,
				 struct slice value)
{
	struct slice rest = {params, strlen(params)};
	struct slice part, own_name, own_value;

	while (negotiate_next_part(&rest, ';', &part)) {
		negotiate_split_param(part, &own_name, &own_value);
		if (own_name.l == name.l && !strncasecmp(own_name.p, name.p, name.l))
			return negotiate_value_is(value, own_value) ? 1 : -1;
	}
	return 0;
}

/* Parameters of the range that the renderer has too; -1 when one contradicts it. */
static int negotiate_params_match(const struct renderer *r, struct slice params)
{
	struct slice part, name, value;
	int count = 0;

	while (negotiate_next_part(&params, ';', &part)) {
		int match;

		negotiate_split_param(part, &name, &value);
		if (negotiate_slice_is(name, "q"))
			break;
		match = negotiate_param_match(r->params, name, value);
		if (match < 0)
			return -1;
		count += match;
	}
	return count;
}

/* Precision of a media range for a renderer: 0 another type, 4 with parameters. */
static int negotiate_range_match(const struct renderer *r, struct slice range,
				 struct slice params)
{
	struct slice type = {0}, part;
	int matched;

	negotiate_next_part(&range, '/', &type);
	part = negotiate_trim(range);
	if (negotiate_slice_is(type, "*"))
		return negotiate_slice_is(part, "*") ? 1 : 0;
	if (!negotiate_slice_is(type, r->type))
		return 0;
	if (negotiate_slice_is(part, "*"))
		return 2;
	matched = negotiate_slice_is(part, r->subtype) ? negotiate_params_match(r, params)
						       : -1;
	return matched < 0 ? 0 : 3 + matched;
}

/* A client's opinion of a renderer. */
struct wish {
	int match; /* how closely it was named; 0: not at all */
	int quality;
	struct slice params; /* of the range that named it */
};

/* RFC 9110 12.5.1: the most specific range that matches has the say. */
static struct wish negotiate_wish_for(const struct renderer *r, const char *accept)
{
	struct slice list = {accept, strlen(accept)};
	struct slice element, range;
	struct wish wish = {0};

	while (negotiate_next_part(&list, ',', &element)) {
		int match;

		negotiate_next_part(&element, ';', &range);
		match = negotiate_range_match(r, range, element);
		if (match > wish.match)
			wish = (struct wish){match, negotiate_element_quality(element),
					     element};
	}
	return wish;
}

/*
 * Our names need no escaping, so three schemes hold for them as they are. The fourth,
 * `dots`, doubles every underscore: it is not done, and a reply that names no scheme says
 * so.
 */
static const char *negotiate_escaping_of(struct slice params)
{
	static const char *const schemes[] = {"allow-utf-8", "underscores", "values"};
	struct slice part, name, value;
	size_t i;

	while (negotiate_next_part(&params, ';', &part)) {
		negotiate_split_param(part, &name, &value);
		if (!negotiate_slice_is(name, "escaping"))
			continue;
		for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
			if (negotiate_value_is(value, (struct slice){schemes[i],
								     strlen(schemes[i])}))
				return schemes[i];
		}
	}
	return NULL;
}

const struct renderer *negotiate_renderer(const char **escaping, const char *accept,
					  const struct renderer *const *list,
					  size_t count)
{
	const struct renderer *best = list[0];
	struct wish liked = {0};
	size_t i;

	for (i = 0; accept && i < count; i++) {
		struct wish wish = negotiate_wish_for(list[i], accept);

		if (wish.quality > liked.quality ||
		    (wish.quality && wish.quality == liked.quality &&
		     wish.match > liked.match)) {
			best = list[i];
			liked = wish;
		}
	}
	*escaping = negotiate_escaping_of(liked.params);
	return best;
}
