/* URIs of who is called. */
#include "sipprobe/message/call_uri.h"

#include <errno.h>

#include "tests/unit/tap.h"

static const struct {
	const char *trunk, *number, *want;
} rows[] = {
	{"sip:sbc.example", "+4722000000", "sip:+4722000000@sbc.example"},
	{"sip:user@sbc.example:5070;transport=tcp", "*43", "sip:*43@sbc.example:5070"},
	{"sips:sbc.example", "#31#1", "sips:%2331%231@sbc.example"},
	{"sip:[2001:db8::1]:5062", "echo", "sip:echo@[2001:db8::1]:5062"},
};

/* The digits of a number, and a "#" of three bytes before them, fit in 255. */
static void test_long_numbers(void)
{
	for (size_t len = 253; len <= 254; len++) {
		char number[256] = "#", out[512];
		int err;

		memset(number + 1, '1', len - 1);
		err = call_uri_print(out, sizeof(out), "sip:h", number);
		is_int(err, len == 253 ? 0 : EINVAL, "a long number");
		if (!err)
			is_int((long long)strlen(out), 4 + 255 + 2, "is there whole");
	}
}

static void test_room(void)
{
	static const char want[] = "sip:1@sbc.example";
	char out[64];

	is_int(call_uri_print(out, sizeof(want), "sip:sbc.example", "1"), 0,
	       "just enough room");
	is_str(out, want, "is enough");
	is_int(call_uri_print(out, sizeof(want) - 1, "sip:sbc.example", "1"), ENOBUFS,
	       "a byte less is not");
	is_int(call_uri_print(out, 1, "sip:sbc.example", "1"), ENOBUFS, "nor is one");
	is_int(call_uri_print(out, sizeof(out), "sbc.example", "1"), EINVAL, "no URI");
}

int main(void)
{
	char out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_int(call_uri_print(out, sizeof(out), rows[i].trunk, rows[i].number), 0,
		       rows[i].number);
		is_str(out, rows[i].want, rows[i].want);
	}
	test_long_numbers();
	test_room();
	return tap_done();
}
