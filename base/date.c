#include "base/date.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DATE_AS_IN ", as in \"2026-12-01T06:00Z\""

/* A number of @count digits from @min to @max; moves @p behind it. -1: there is none. */
static int date_number(const char **p, int count, int min, int max)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return -1;
		value = value * 10 + (*p)[i] - '0';
	}
	*p += count;
	return value >= min && value <= max ? value : -1;
}

/* Whether one of the characters is next; moves behind it. */
static bool date_mark(const char **p, const char *any)
{
	if (!**p || !strchr(any, **p))
		return false;
	++*p;
	return true;
}

static int date_days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (leap && month == 2);
}

static bool date_read_day(struct tm *tm, const char **p)
{
	int year = date_number(p, 4, 1970, 9999);
	int month = year >= 0 && date_mark(p, "-") ? date_number(p, 2, 1, 12) : -1;
	int day = month >= 0 && date_mark(p, "-")
			  ? date_number(p, 2, 1, date_days_in(year, month))
			  : -1;

	*tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	return day >= 0;
}

static bool date_read_time(struct tm *tm, const char **p)
{
	tm->tm_hour = date_mark(p, "Tt ") ? date_number(p, 2, 0, 23) : -1;
	tm->tm_min =
		tm->tm_hour >= 0 && date_mark(p, ":") ? date_number(p, 2, 0, 59) : -1;
	if (tm->tm_min < 0)
		return false;
	if (!date_mark(p, ":"))
		return true;
	tm->tm_sec = date_number(p, 2, 0, 60);
	if (tm->tm_sec >= 0 && date_mark(p, ".")) {
		if (!isdigit((unsigned char)**p))
			return false;
		while (isdigit((unsigned char)**p))
			++*p;
	}
	return tm->tm_sec >= 0;
}

/* Seconds east of UTC. Returns whether there is such an offset. */
static bool date_read_offset(int *offset_s, const char **p)
{
	bool west = **p == '-';
	int hours, minutes;

	*offset_s = 0;
	if (date_mark(p, "Zz"))
		return true;
	if (!date_mark(p, "+-"))
		return false;
	hours = date_number(p, 2, 0, 23);
	minutes = hours >= 0 && date_mark(p, ":") ? date_number(p, 2, 0, 59) : -1;
	*offset_s = (west ? -60 : 60) * (hours * 60 + minutes);
	return minutes >= 0;
}

const char *date_parse(int64_t *unix_s, const char *text)
{
	const char *p = text;
	struct tm tm;
	int offset_s;

	if (!date_read_day(&tm, &p))
		return "it must begin with a day of the calendar" DATE_AS_IN;
	if (!date_read_time(&tm, &p))
		return "after the day comes a time of day" DATE_AS_IN;
	if (!date_read_offset(&offset_s, &p) || *p)
		return "it must end with Z, or with an offset from UTC such as +01:00";
	*unix_s = (int64_t)timegm(&tm) - offset_s;
	return NULL;
}

const char *date_print(char out[DATE_BYTES], int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	struct tm tm = {0};

	(void)gmtime_r(&at, &tm);
	(void)strftime(out, DATE_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}
