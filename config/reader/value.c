#include "config/reader/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000)
#define S  (1000 * MS)
#define M  (60 * S)
#define H  (60 * M)

static const struct unit {
	const char *name;
	int64_t us;
} units[] = {{"h", H}, {"m", M}, {"s", S}, {"ms", MS}};

enum {
	UNITS = sizeof(units) / sizeof(units[0]),
	DIGITS_MAX = 9, /* before and after the point: no product overflows */
};

/* A number and its unit, from *@text on; the unit must be smaller than @last. */
static const char *duration_part(int64_t *us, const char **text, int64_t last)
{
	size_t whole = strspn(*text, "0123456789"), part = 0, name;
	const char *frac = *text + whole;
	int64_t sum = 0;

	if (*frac == '.')
		part = strspn(++frac, "0123456789");
	if (!whole || (frac[-1] == '.' && !part))
		return "a duration is a number and a unit, as in \"30s\" or \"1m30s\"";
	if (whole > DIGITS_MAX || part > DIGITS_MAX)
		return "a number in a duration has at most nine digits";
	name = strspn(frac + part, "abcdefghijklmnopqrstuvwxyz");
	if (!name)
		return "a duration needs a unit: ms, s, m or h, as in \"30s\"";
	for (size_t i = 0; i < UNITS; i++) {
		if (strlen(units[i].name) != name ||
		    strncmp(units[i].name, frac + part, name))
			continue;
		if (units[i].us >= last)
			return "in a duration the larger unit comes first, as in "
			       "\"1h30m\"";
		for (size_t k = part; k; k--)
			sum = (sum + (frac[k - 1] - '0') * units[i].us) / 10;
		*us += sum + atoll(*text) * units[i].us;
		*text = frac + part + name;
		return NULL;
	}
	return "the unit of a duration is ms, s, m or h";
}

const char *value_duration(int64_t *us, const char *text)
{
	int64_t sum = 0, last = INT64_MAX;

	do {
		const char *why = duration_part(&sum, &text, last);

		if (why)
			return why;
		/* The unit just read: the one whose name ends here. */
		last = text[-1] == 'h'	 ? H
		       : text[-1] == 'm' ? M
		       : text[-2] == 'm' ? MS
					 : S;
	} while (*text);
	*us = sum;
	return NULL;
}

struct duration_text duration_text(int64_t us)
{
	struct duration_text t = {""};
	size_t len = 0;

	for (size_t i = 0; i < UNITS; i++) {
		int64_t n = us / units[i].us;

		us %= units[i].us;
		if (n || (!len && i + 1 == UNITS))
			len += (size_t)snprintf(t.s + len, sizeof(t.s) - len, "%lld%s",
						(long long)n, units[i].name);
	}
	return t;
}

const char *value_printable(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return "control characters, line ends among them, are not "
			       "allowed";
	return NULL;
}
