/* Both laws, against G.711's tables: levels by segment, and decisions between them. */
#include <stdlib.h>

#include "sipprobe/media/voice/g711.h"
#include "tests/unit/tap.h"

/* Rows of G.711's tables, the ends of segments: 14 bits (µ), 13 bits (A). */
static const struct {
	enum media_codec codec;
	uint8_t code; /* positive */
	int value;    /* y of the table, as 16 bits */
} rows[] = {
	{MEDIA_PCMU, 0x80, 8031 * 4}, {MEDIA_PCMU, 0x8f, 4191 * 4},
	{MEDIA_PCMU, 0x9f, 2079 * 4}, {MEDIA_PCMU, 0xaf, 1023 * 4},
	{MEDIA_PCMU, 0xbf, 495 * 4},  {MEDIA_PCMU, 0xcf, 231 * 4},
	{MEDIA_PCMU, 0xdf, 99 * 4},   {MEDIA_PCMU, 0xef, 33 * 4},
	{MEDIA_PCMU, 0xfe, 2 * 4},    {MEDIA_PCMU, 0xff, 0},
	{MEDIA_PCMA, 0xaa, 4032 * 8}, {MEDIA_PCMA, 0xa5, 2112 * 8},
	{MEDIA_PCMA, 0xb5, 1056 * 8}, {MEDIA_PCMA, 0x85, 528 * 8},
	{MEDIA_PCMA, 0x95, 264 * 8},  {MEDIA_PCMA, 0xe5, 132 * 8},
	{MEDIA_PCMA, 0xf5, 66 * 8},   {MEDIA_PCMA, 0xc5, 33 * 8},
	{MEDIA_PCMA, 0xd5, 1 * 8},
};

static void test_levels(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int16_t *linear = g711_linear[rows[i].codec];

		ok(linear[rows[i].code] == rows[i].value &&
			   linear[rows[i].code ^ 0x80] == -rows[i].value,
		   "%s %02x is %d, and negative with the first bit turned",
		   rows[i].codec == MEDIA_PCMU ? "PCMU" : "PCMA", rows[i].code,
		   rows[i].value);
	}
}

/* Every level comes back as its own code: the other zero of the µ law apart. */
static void test_round_trip(void)
{
	int wrong[MEDIA_CODECS] = {0};

	for (int c = 0; c < MEDIA_CODECS; c++)
		for (int code = 0; code < 256; code++)
			wrong[c] += g711_code((enum media_codec)c,
					      g711_linear[c][code]) != code;
	is_int(wrong[MEDIA_PCMU], 1, "PCMU: each code but -0 comes back");
	is_int(wrong[MEDIA_PCMA], 0, "PCMA: each code comes back");
	is_int(g711_code(MEDIA_PCMU, g711_linear[MEDIA_PCMU][0x7f]), 0xff, "-0 is 0");
}

/* No level lies closer to a sample than the one it is given, but by a decision's
 * rounding. */
static void test_nearest(void)
{
	for (int c = 0; c < MEDIA_CODECS; c++) {
		int wrong = 0, falls = 0, before = INT16_MIN;

		for (int x = INT16_MIN; x <= INT16_MAX; x++) {
			int got = g711_linear[c][g711_code((enum media_codec)c, x)];
			int best = 1 << 20;

			for (int k = 0; k < 256; k++)
				if (abs(g711_linear[c][k] - x) < best)
					best = abs(g711_linear[c][k] - x);
			wrong += abs(got - x) > best + 1;
			falls += got < before;
			before = got;
		}
		is_int(falls, 0, c ? "PCMA rises" : "PCMU rises");
		/* The segments' ends of the tables are not half-way between two levels.
		 */
		ok(wrong < 1100, "%s: the nearest level, segments' ends apart (%d)",
		   c ? "PCMA" : "PCMU", wrong);
	}
	is_int(g711_code(MEDIA_PCMU, 1 << 20), 0x80, "too loud is the loudest");
	is_int(g711_code(MEDIA_PCMA, -(1 << 20)), 0x2a, "… and the other way");
}

/* The first decisions above zero: 1, 3, … of 14 bits and 0, 2, 4, … of 13. */
static void test_decisions(void)
{
	static const struct {
		enum media_codec codec;
		int x;
		uint8_t code;
	} cases[] = {
		{MEDIA_PCMU, 3, 0xff},	{MEDIA_PCMU, 4, 0xfe},	 {MEDIA_PCMU, 11, 0xfe},
		{MEDIA_PCMU, 12, 0xfd}, {MEDIA_PCMU, 123, 0xf0}, {MEDIA_PCMU, 124, 0xef},
		{MEDIA_PCMA, 0, 0xd5},	{MEDIA_PCMA, 15, 0xd5},	 {MEDIA_PCMA, 16, 0xd4},
		{MEDIA_PCMA, -1, 0x55}, {MEDIA_PCMA, -16, 0x55}, {MEDIA_PCMA, -17, 0x54},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(g711_code(cases[i].codec, cases[i].x), cases[i].code,
		       "a decision value");
	is_int(g711_silence(MEDIA_PCMU), 0xff, "silence of the µ law");
	is_int(g711_silence(MEDIA_PCMA), 0xd5, "silence of the A law");
}

int main(void)
{
	test_levels();
	test_round_trip();
	test_nearest();
	test_decisions();
	return tap_done();
}
