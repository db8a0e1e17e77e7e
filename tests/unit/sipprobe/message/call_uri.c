/* URIs of who is called. */
#include "sipprobe/message/call_uri.h"

#include "tests/unit/tap.h"

static const struct {
	const char *trunk, *number, *want;
} rows[] = {
	{"sip:sbc.example", "+4722000000", "sip:+4722000000@sbc.example"},
	{"sip:user@sbc.example:5070;transport=tcp", "*43", "sip:*43@sbc.example:5070"},
	{"sips:sbc.example", "#31#1", "sips:%2331%231@sbc.example"},
	{"sip:[2001:db8::1]:5062", "echo", "sip:echo@[2001:db8::1]:5062"},
};

int main(void)
{
	char out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_int(call_uri_print(out, sizeof(out), rows[i].trunk, rows[i].number), 0,
		       rows[i].number);
		is_str(out, rows[i].want, rows[i].want);
	}
	ok(call_uri_print(out, 10, "sip:sbc.example", "1") != 0, "no room");
	return tap_done();
}
