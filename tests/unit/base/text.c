/* Numbers, characters, suggestions, hashes: what texts are made of and compared by. */
#include "base/hash.h"
#include "base/number.h"
#include "base/siphash.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "tests/unit/tap.h"

static const struct {
	int64_t value;
	unsigned decimals;
	const char *text;
} numbers[] = {
	{0, 0, "0"},
	{9, 0, "9"},
	{10, 0, "10"},
	{-1, 0, "-1"},
	{-10, 0, "-10"},
	{99, 0, "99"},
	{100, 0, "100"},
	{101, 0, "101"},
	{999, 0, "999"},
	{1000, 0, "1000"},
	{12345, 0, "12345"},
	{INT64_MAX, 0, "9223372036854775807"},
	{INT64_MIN, 0, "-9223372036854775808"},
	{0, 9, "0"},
	{1, 9, "0.000000001"},
	{10, 9, "0.00000001"},
	{-1, 9, "-0.000000001"},
	{1000000000, 9, "1"},
	{1500000000, 9, "1.5"},
	{1234567891, 9, "1.234567891"},
	{100000000, 9, "0.1"},
	{120000000, 9, "0.12"},
	{123000000, 9, "0.123"},
	{5, 1, "0.5"},
	{15, 1, "1.5"},
	{20, 1, "2"},
	{9, 1, "0.9"},
	{10, 1, "1"},
	{123456, 3, "123.456"},
	{INT64_MIN, 9, "-9223372036.854775808"},
	{INT64_MAX, 6, "9223372036854.775807"},
};

static void test_numbers(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char text[NUMBER_BYTES + 1];
		char *end = number_print(text, numbers[i].value, numbers[i].decimals);

		ok(end - text <= NUMBER_BYTES, "it fits its room");
		*end = '\0';
		is_str(text, numbers[i].text, "a number");
	}
}

static const struct {
	const char *bytes;
	size_t left;
	size_t len;
	uint32_t point;
} characters[] = {
	{"a", 1, 1, 'a'},
	{"a", 0, 0, 0},
	{"\x7f", 1, 1, 0x7f},
	{"\x80", 1, 0, 0},
	{"\xc1\xbf", 2, 0, 0},
	{"\xc2\x80", 2, 2, 0x80},
	{"\xc2\x80", 1, 0, 0},
	{"\xc2\xc0", 2, 0, 0},
	{"\xdf\xbf", 2, 2, 0x7ff},
	{"\xe0\x9f\xbf", 3, 0, 0},
	{"\xe0\xa0\x80", 3, 3, 0x800},
	{"\xe0\xa0\x80", 2, 0, 0},
	{"\xe0\xa0\xc0", 3, 0, 0},
	{"\xed\x9f\xbf", 3, 3, 0xd7ff},
	{"\xed\xa0\x80", 3, 0, 0},
	{"\xee\x80\x80", 3, 3, 0xe000},
	{"\xef\xbf\xbf", 3, 3, 0xffff},
	{"\xf0\x8f\xbf\xbf", 4, 0, 0},
	{"\xf0\x90\x80\x80", 4, 4, 0x10000},
	{"\xf0\x90\x80\xc0", 4, 0, 0},
	{"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
	{"\xf4\x90\x80\x80", 4, 0, 0},
	{"\xf5\x80\x80\x80", 4, 0, 0},
};

static void test_characters(void)
{
	for (size_t i = 0; i < sizeof(characters) / sizeof(*characters); i++) {
		size_t len = utf8_length(characters[i].bytes, characters[i].left);

		is_int((long long)len, (long long)characters[i].len, "its bytes");
		if (len)
			is_int(utf8_point(characters[i].bytes, len), characters[i].point,
			       "its code point");
	}
}

static const struct {
	const char *word;
	const char *best; /* of `known`; NULL: none is near */
} words[] = {
	{"interval", "interval"},
	{"Interval", "interval"},
	{"intreval", "interval"},
	{"interva", "interval"},
	{"intervall", "interval"},
	{"intxxval", "interval"},
	{"inxxxval", NULL},
	{"t1", "t1"},
	{"t2", NULL},
	{"fal", "fall"},
	{"fxl", NULL},
	{"rsie", "rise"},
	{"fall", "fall"},
	{"rall", "fall"},
	{"", NULL},
	{"xyzzy", NULL},
	{"down_intervl", "down_interval"},
};

static void test_suggestions(void)
{
	static const char *const known[] = {"interval", "down_interval", "t1", "fall",
					    "rise"};
	char long_word[60];
	struct suggest s;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		s = (struct suggest){.word = words[i].word};
		for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
			suggest_offer(&s, known[k]);
		ok(words[i].best ? s.best && !strcmp(s.best, words[i].best) : !s.best,
		   "\"%s\" is near to %s", words[i].word, s.best ? s.best : "none");
	}
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	s = (struct suggest){.word = long_word};
	suggest_offer(&s, long_word);
	ok(!s.best, "a word that is too long is near to none");
	s = (struct suggest){.word = "fall"};
	suggest_offer(&s, "falls");
	suggest_offer(&s, "fills");
	suggest_offer(&s, "falla");
	is_str(s.best, "falls", "of two that are as near the first stays");
}

/* The test vectors of SipHash's reference, key 00 01 … 0f, input 00 01 … */
static void test_siphash(void)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {{0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},
		    {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},
		    {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572}};
	const struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	unsigned char data[64];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ok(siphash_bytes(&key, data, rows[i].len) == rows[i].hash, "%zu bytes",
		   rows[i].len);
}

/* FNV-1a's own vectors: shards and phases rest on it. */
static void test_hash(void)
{
	ok(hash_text(HASH_START, "") == 0xcbf29ce484222325, "nothing");
	ok(hash_text(HASH_START, "a") == 0xaf63dc4c8601ec8c, "a letter");
	ok(hash_text(HASH_START, "foobar") == 0x85944171f73967e8, "a word");
	ok(hash_byte(HASH_START, 'a') == hash_text(HASH_START, "a"), "byte by byte");
	ok(hash_mix(1) != hash_mix(2) && hash_mix(0) == 0, "spread");
}

int main(void)
{
	test_numbers();
	test_characters();
	test_suggestions();
	test_siphash();
	test_hash();
	return tap_done();
}
