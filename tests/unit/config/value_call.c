/* Texts that say what is called, where its audio goes, and how well it must go. */
#include "config/value.h"
#include "tests/unit/tap.h"

#define LONGEST "0123456789abcdefghijklmnopqrstuvwxyz+*#-._ABCDEFGHIJKLMNOPQRSTUV"

static void check_numbers(void)
{
	static const char emergency[] = "may be the number of an emergency service";
	static const struct {
		const char *text, *why; /* the beginning of it; NULL: none */
	} cases[] = {
		{"+4722000000", NULL},
		{"*43", NULL},
		{"echo", NULL},
		{"Z.z_0#", NULL},
		{LONGEST, NULL},
		{LONGEST "x", "is longer than 64"},
		{"", "must not be empty"},
		{"47 22", "is written out"},
		{"47(22)", "is written out"},
		{"a@b", "is written out"},
		/* the first and the last that is known, and the least and greatest digit
		 */
		{"000", emergency},
		{"999", emergency},
		{"112", emergency},
		{"911", emergency},
		{"190", emergency},
		{"08", emergency},
		{"1120", NULL},
		{"11", NULL},
		{"2112", NULL},
		/* after what an exchange may want, and no more */
		{"0112", emergency},
		{"9112", emergency},
		{"00112", emergency},
		{"99112", NULL},
		{"000112", NULL},
		/* whatever stands between the digits */
		{"+112", emergency},
		{"1-1-2", emergency},
		{"tel.112x", emergency},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = value_number(cases[i].text), *want = cases[i].why;

		ok(want ? why && !strncmp(why, want, strlen(want)) : !why, "\"%s\": %s",
		   cases[i].text, why ? why : "taken");
	}
}

static void check_ports(void)
{
	static const struct {
		const char *text;
		unsigned min, max; /* 0: none */
	} cases[] = {
		{"20000-20199", 20000, 20199},
		{"1024-65535", 1024, 65535},
		{"9998-9999", 9998, 9999},
		{"65534-65535", 65534, 65535},
		{"1022-2000", 0, 0},
		{"1023-2000", 0, 0},
		{"1025-2000", 0, 0},
		{"2000-2000", 0, 0},
		{"2000-1999", 0, 0},
		{"2000-1023", 0, 0},
		{"2000-65536", 0, 0},
		{"65536-65537", 0, 0},
		{"02000-3000", 0, 0},
		{"2000-03000", 0, 0},
		{"2000-+3000", 0, 0},
		{" 2000-3000", 0, 0},
		{"2000:3000", 0, 0},
		{"2000-3000x", 0, 0},
		{"2000a-3000", 0, 0},
		{"4294969296-4294970296", 0, 0},
		{"2000-4294970296", 0, 0},
		{"2000-", 0, 0},
		{"2000", 0, 0},
		{"-3000", 0, 0},
		{"", 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned min = 0, max = 0;
		const char *why = value_ports(&min, &max, cases[i].text);

		ok(!why == (cases[i].min != 0) && min == cases[i].min &&
			   max == cases[i].max,
		   "\"%s\": %u to %u", cases[i].text, min, max);
	}
}

static void check_percents(void)
{
	static const struct {
		const char *text;
		double share; /* -1: none */
	} cases[] = {{"1%", 0.01},     {"0%", 0},    {"100%", 1},
		     {"12.5%", 0.125}, {"101%", -1}, {"1", -1},
		     {"%", -1},	       {"-1%", -1},  {"1.2.3%", -1},
		     {"1%%", -1},      {"1e1%", -1}, {"0000000000000001%", 0.01},
		     {"100.001%", -1}, {"1% ", -1},  {"00000000000000001%", -1}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double share = -1;
		bool good = !value_percent(&share, cases[i].text);

		ok(good == (cases[i].share >= 0) && share == cases[i].share, "%s: %g",
		   cases[i].text, share);
	}
}

int main(void)
{
	check_numbers();
	check_ports();
	check_percents();
	return tap_done();
}
