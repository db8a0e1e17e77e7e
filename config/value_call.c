/* Short texts that say what is called, and where its audio goes. */
#include <stdlib.h>
#include <string.h>

#include "config/value.h"

enum { NUMBER_MAX = 64 };

/*
 * Emergency services of many countries (3GPP TS 22.101 10.1.1, and practice). The list is
 * wider than any one country's: who is called by mistake is a person with a headset.
 */
static const char *const emergency[] = {
	"000", "08",  "100", "101", "102", "103", "108", "110", "112", "113",
	"115", "117", "118", "119", "122", "133", "144", "15",	"17",  "18",
	"190", "191", "192", "193", "197", "198", "911", "999",
};

/* Digits that lead to an outside line at some exchanges. */
static const char *const outside[] = {"", "0", "9", "00"};

static bool is_emergency(const char *digits)
{
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		size_t skip = strlen(outside[i]);

		if (strncmp(digits, outside[i], skip))
			continue;
		for (size_t n = 0; n < sizeof(emergency) / sizeof(emergency[0]); n++)
			if (!strcmp(digits + skip, emergency[n]))
				return true;
	}
	return false;
}

const char *value_number(const char *text)
{
	static const char allowed[] =
		"0123456789+*#-._"
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char digits[NUMBER_MAX + 1];
	size_t n = 0;

	if (!*text)
		return "must not be empty";
	if (strlen(text) > NUMBER_MAX)
		return "is longer than 64 characters";
	if (text[strspn(text, allowed)])
		return "is written out, in digits, letters and any of + * # - . _";
	for (const char *p = text; *p; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	digits[n] = '\0';
	return is_emergency(digits) ? "may be the number of an emergency service, which "
				      "is never called"
				    : NULL;
}

static bool take_port(unsigned *port, const char **p)
{
	char *end;
	unsigned long n;

	if (**p < '1' || **p > '9')
		return false;
	n = strtoul(*p, &end, 10);
	*p = end;
	*port = (unsigned)n;
	return n >= 1024 && n <= 65535;
}

const char *value_ports(unsigned *min, unsigned *max, const char *text)
{
	unsigned first, last;

	if (!take_port(&first, &text) || *text++ != '-' || !take_port(&last, &text) ||
	    *text)
		return "is no range of ports from 1024 to 65535, as in \"20000-20199\"";
	if (first & 1)
		return "must begin with an even port: RTP has the even ones, RTCP those "
		       "after them";
	if (last <= first)
		return "must hold two ports at least, of RTP and RTCP";
	*min = first;
	*max = last;
	return NULL;
}

const char *value_percent(double *share, const char *text)
{
	size_t len = strspn(text, "0123456789.");
	double percent;
	char *end;

	if (!len || len > 16 || strcmp(text + len, "%"))
		return "is no percentage, as in \"1%\"";
	percent = strtod(text, &end);
	if (end != text + len || percent > 100)
		return "is no percentage from 0 to 100, as in \"1%\"";
	*share = percent / 100;
	return NULL;
}
