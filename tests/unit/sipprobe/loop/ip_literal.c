/* Kinds of addresses. */
#include "sipprobe/loop/ip_literal.h"
#include "tests/unit/tap.h"

static const struct {
	const char *address;
	bool loopback;
} addresses[] = {
	{"127.0.0.1", true},	    {"127.0.0.2", true},   {"127.255.255.254", true},
	{"126.255.255.255", false}, {"128.0.0.1", false},  {"0.0.0.0", false},
	{"192.0.2.127", false},	    {"::1", true},	   {"::ffff:127.9.9.9", true},
	{"::127.0.0.1", false},	    {"7f00::1", false},	   {"::2", false},
	{"::ffff:10.0.0.1", false}, {"fe80::1%lo", false},
};

static void test_loopback(void)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct sa sa;

		ok(!ip_literal_parse(&sa, addresses[i].address,
				     strlen(addresses[i].address)) &&
			   ip_is_loopback(&sa) == addresses[i].loopback,
		   "%s", addresses[i].address);
	}
}

int main(void)
{
	test_loopback();
	return tap_done();
}
