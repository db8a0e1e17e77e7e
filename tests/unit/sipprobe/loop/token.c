/* Random digits, and addresses as text. */
#include <errno.h>
#include <stdlib.h>

#include "sipprobe/loop/ip_literal.h"
#include "sipprobe/loop/token.h"
#include "tests/unit/tap.h"

enum { TOKENS = 2000, DIGITS = 32 };

static int by_text(const void *a, const void *b)
{
	return memcmp(a, b, DIGITS);
}

static void test_token(void)
{
	static char tokens[TOKENS][DIGITS];
	unsigned counts[16] = {0}, wrong = 0, same = 0, uneven = 0;
	char edge[4] = "....";

	for (int i = 0; i < TOKENS; i++)
		wrong += token_hex(tokens[i], DIGITS) != 0;
	for (int i = 0; i < TOKENS * DIGITS; i++) {
		const char *digits = "0123456789abcdef";
		const char *at = memchr(digits, tokens[i / DIGITS][i % DIGITS], 16);

		wrong += !at;
		if (at)
			counts[at - digits]++;
	}
	is_int(wrong, 0, "hexadecimal digits, of more than one pool");
	qsort(tokens, TOKENS, DIGITS, by_text);
	for (int i = 1; i < TOKENS; i++)
		same += !memcmp(tokens[i - 1], tokens[i], DIGITS);
	is_int(same, 0, "no two tokens are the same");
	for (int i = 0; i < 16; i++)
		uneven += counts[i] < 3600 || counts[i] > 4400;
	is_int(uneven, 0, "each digit is as frequent as the others");
	is_int(token_hex(edge, 2), 0, "two digits");
	ok(edge[2] == '.' && edge[0] != '.', "and no byte more");
}

/* Of any number of digits all are set, and nothing behind them. */
static void test_lengths(void)
{
	unsigned wrong = 0;

	for (size_t len = 0; len <= 40; len++) {
		char got[64];

		memset(got, '.', sizeof(got));
		wrong += token_hex(got, len) != 0;
		for (size_t i = 0; i < sizeof(got); i++)
			wrong += (got[i] == '.') != (i >= len);
	}
	is_int(wrong, 0, "0 to 40 digits");
}

static void test_packed(void)
{
	static const char *const strange[] = {
		"0123456g", "0123456A",	   "0123456:", "0123456`",
		"/1234567", "0123456\xb0", "0123456\0"};
	static const char digits[] = "0123456789abcdeffedcba9876543210";
	uint32_t words[4];
	char back[32] = "";

	is_int(token_pack(words, digits, 32), 0, "32 digits in 16 bytes");
	token_unpack(back, words, 32);
	ok(!memcmp(back, digits, 32), "are the same when they come out");
	is_int(token_hex(back, 32) | token_pack(words, back, 32), 0,
	       "as are random ones");
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		is_int(token_pack(words, strange[i], 8), EINVAL, strange[i]);
}

static void test_literals(void)
{
	static const struct {
		const char *text, *want;
		int err;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", 0},
		{"2001:db8::1", "2001:db8::1", 0},
		{"[2001:db8::1]", "2001:db8::1", 0},
		{"fe80::1%lo", "fe80::1%lo", 0},
		{"fe80::1%1", "fe80::1%lo", 0},
		{"[fe80::1%lo]", "fe80::1%lo", 0},
		{"fe80::1%none9", NULL, ENODEV},
		{"fe80::1%", NULL, ENODEV},
		{"fe80::1%4294967296", NULL, ENODEV},
		{"192.0.2.1%lo", NULL, EINVAL},
		{"192.0.2", NULL, EINVAL},
		{"sbc.example", NULL, EINVAL},
		{"[]", NULL, EINVAL},
		{"", NULL, EINVAL},
		{"1:2:3:4:5:6:7:8:9", NULL, EINVAL},
		{"1234567890123456789012345678901234567890123456789012345678901234567890",
		 NULL, EINVAL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[96] = "";
		struct sa sa, want;

		sa_init(&sa, AF_UNSPEC);
		is_int(ip_literal_parse(&sa, cases[i].text, strlen(cases[i].text)),
		       cases[i].err, cases[i].text);
		if (!cases[i].want) {
			is_int(sa_af(&sa), AF_UNSPEC, "nothing is set");
			continue;
		}
		(void)snprintf(text, sizeof(text), "%.*s",
			       (int)strcspn(cases[i].want, "%"), cases[i].want);
		(void)sa_set_str(&want, text, 0);
		ok(sa_cmp(&sa, &want, SA_ADDR), "its address");
		if (strchr(cases[i].want, '%'))
			is_int(sa.u.in6.sin6_scope_id, 1, "its zone");
	}
}

int main(void)
{
	test_token();
	test_lengths();
	test_packed();
	test_literals();
	return tap_done();
}
