/* Moments in RFC 3339, right and wrong, and back again. */
#include "base/date.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	int64_t unix_s;
} good[] = {
	{"1970-01-01T00:00Z", 0},
	{"2026-12-01T06:00Z", 1796104800},
	{"2026-12-01T06:00:00Z", 1796104800},
	{"2026-12-01T06:00:59.999Z", 1796104859},
	{"2026-12-01t06:00z", 1796104800},
	{"2026-12-01 06:00Z", 1796104800},
	{"2026-12-01T07:30+01:30", 1796104800},
	{"2026-11-30T22:00-08:00", 1796104800},
	{"2026-12-01T06:00-00:00", 1796104800},
	{"2028-02-29T00:00:00Z", 1835395200},
	{"2000-02-29T00:00:00Z", 951782400},
	{"2016-12-31T23:59:60Z", 1483228800},
	{"2100-01-01T00:00:00Z", 4102444800},
	{"9999-12-31T23:59:59Z", 253402300799},
};

static const struct {
	const char *text;
	const char *why; /* in the sentence */
} bad[] = {
	{"", "a day"},
	{"tomorrow", "a day"},
	{"2026-12-1T06:00Z", "a day"},
	{"26-12-01T06:00Z", "a day"},
	{"2026-13-01T06:00Z", "a day"},
	{"2026-00-01T06:00Z", "a day"},
	{"2026-02-29T06:00Z", "a day"},
	{"2100-02-29T06:00Z", "a day"},
	{"2026-04-31T06:00Z", "a day"},
	{"1969-12-31T23:59Z", "a day"},
	{"2026/12/01T06:00Z", "a day"},
	{" 2026-12-01T06:00Z", "a day"},
	{"2026-12-01", "time of day"},
	{"2026-12-01Z", "time of day"},
	{"2026-12-01T", "time of day"},
	{"2026-12-01T6:00Z", "time of day"},
	{"2026-12-01T24:00Z", "time of day"},
	{"2026-12-01T06:60Z", "time of day"},
	{"2026-12-01T06Z", "time of day"},
	{"2026-12-01T06:00:61Z", "time of day"},
	{"2026-12-01T06:00:00.Z", "time of day"},
	{"2026-12-01T06:00", "offset"},
	{"2026-12-01T06:00:00", "offset"},
	{"2026-12-01T06:00 Z", "offset"},
	{"2026-12-01T06:00+1", "offset"},
	{"2026-12-01T06:00+0100", "offset"},
	{"2026-12-01T06:00+24:00", "offset"},
	{"2026-12-01T06:00+01:60", "offset"},
	{"2026-12-01T06:00ZZ", "offset"},
	{"2026-12-01T06:00CET", "offset"},
};

static void test_good(void)
{
	char out[DATE_BYTES];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int64_t at = -1, again = -1;

		is_str(date_parse(&at, good[i].text), NULL, good[i].text);
		is_int(at, good[i].unix_s, "that moment");
		is_str(date_parse(&again, date_print(out, at)), NULL, "printed");
		is_int(again, at, out);
	}
	is_str(date_print(out, 1796104800), "2026-12-01T06:00:00Z", "as it is shown");
}

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int64_t at = -1;
		const char *why = date_parse(&at, bad[i].text);

		ok(why && strstr(why, bad[i].why), "\"%s\": %s", bad[i].text,
		   why ? why : "taken");
		is_int(at, -1, "and nothing is set");
	}
}

int main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
