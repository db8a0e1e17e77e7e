#include "exporter/ondemand/nagios_range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A plain decimal number, without what strtod() takes besides. */
static bool read_number(double *out, const char *text, size_t len)
{
	char buf[32], *end;

	if (!len || len >= sizeof(buf) || strspn(text, "+-.0123456789") < len)
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	*out = strtod(buf, &end);
	return !*end;
}

bool nagios_range_parse(struct nagios_range *out, const char *text)
{
	struct nagios_range r = {.low = 0, .high = INFINITY, .text = text};
	const char *from = text + (text[0] == '@');
	const char *colon = strchr(from, ':');
	const char *to = colon ? colon + 1 : from;

	r.inside = text[0] == '@';
	if (colon && colon - from == 1 && from[0] == '~')
		r.low = -INFINITY;
	else if (colon && !read_number(&r.low, from, (size_t)(colon - from)))
		return false;
	if ((*to || !colon) && !read_number(&r.high, to, strlen(to)))
		return false;
	if (r.low > r.high)
		return false;
	*out = r;
	return true;
}

bool nagios_range_alerts(const struct nagios_range *r, double value)
{
	bool within = r->low <= value && value <= r->high;

	return r->text && within == r->inside;
}
