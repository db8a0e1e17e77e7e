/* Targets that probes on demand may go to. */
#include <arpa/inet.h>

#include "config/access.h"
#include "tests/unit/tap.h"

static const char *const listed[] = {
	"192.0.2.0/24",	   "198.51.100.7",     "10.1.0.0/16",	 "2001:db8::/32",
	"sbc.example.com", ".carrier.example", "Dotted.Example."};

static struct config_allow entries[sizeof(listed) / sizeof(listed[0])];
static const struct config_probe probe = {entries, sizeof(listed) / sizeof(listed[0]), 1};

static void bytes_of(uint8_t out[16], const char *text)
{
	memset(out, 0, 16);
	if (inet_pton(AF_INET6, text, out) == 1)
		return;
	out[10] = out[11] = 0xff;
	inet_pton(AF_INET, text, out + 12);
}

static void addresses(void)
{
	static const struct {
		const char *address;
		bool plain;   /* allowed when the URI says it */
		bool by_name; /* allowed when a listed name leads to it */
	} rows[] = {
		{"192.0.2.0", true, true},
		{"192.0.2.255", true, true},
		{"192.0.3.0", false, true},
		{"198.51.100.7", true, true},
		{"198.51.100.6", false, true},
		{"10.1.2.3", true, true},
		{"10.2.0.1", false, false},
		{"127.0.0.1", false, false},
		{"0.0.0.0", false, false},
		{"169.254.169.254", false, false},
		{"172.15.255.255", false, true},
		{"172.16.0.1", false, false},
		{"172.31.255.255", false, false},
		{"172.32.0.0", false, true},
		{"192.168.1.1", false, false},
		{"100.64.0.1", false, false},
		{"100.128.0.0", false, true},
		{"224.0.0.1", false, false},
		{"255.255.255.255", false, false},
		{"8.8.8.8", false, true},
		{"2001:db8::1", true, true},
		{"2001:db9::1", false, true},
		{"::1", false, false},
		{"::", false, false},
		{"::7f00:1", false, false},
		{"::ffff:192.0.2.1", true, true},
		{"::ffff:127.0.0.1", false, false},
		{"fe80::1", false, false},
		{"fd00::1", false, false},
		{"ff02::1", false, false},
		{"64:ff9b::7f00:1", false, false},
		{"2002:7f00:1::", false, false},
		{"2a00:1450::1", false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[16];

		bytes_of(bytes, rows[i].address);
		is_int(config_allow_address(&probe, bytes, false), rows[i].plain,
		       rows[i].address);
		is_int(config_allow_address(&probe, bytes, true), rows[i].by_name,
		       rows[i].address);
	}
}

static void names(void)
{
	static const struct {
		const char *name;
		bool allowed;
	} rows[] = {
		{"sbc.example.com", true},
		{"SBC.Example.COM", true},
		{"sbc.example.com.", true},
		{"x.sbc.example.com", false},
		{"xsbc.example.com", false},
		{"sbc.example.com.evil", false},
		{"a.carrier.example", true},
		{"a.b.carrier.example.", true},
		{"carrier.example", false},
		{"xcarrier.example", false},
		{".carrier.example", false},
		{"dotted.example", true},
		{"dotted.example.", true},
		{"192.0.2.1", false},
		{"", false},
		{".", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_int(config_allow_name(&probe, rows[i].name, strlen(rows[i].name)),
		       rows[i].allowed, rows[i].name);
}

static void entries_read(void)
{
	static const char *const bad[] = {
		"",	      "10.0.0.1/8",  "10.0.0.0/33",   "10.0.0.0/",
		"10.0.0.0/x", "10.0.0.0/-1", "::/129",	      "::1/64",
		"1.2.3",      "1.2.3.4.5",   "a b",	      "*.example",
		"..example",  ".",	     "sip:a.example", "[::1]",
		"a/8",	      "1::2::3",
	};
	struct config_allow a = {.name = "untouched"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ok(config_allow_parse(&a, bad[i]), "\"%s\" is refused", bad[i]);
		is_str(a.name, "untouched", "and nothing is touched");
	}
	for (size_t i = 0; i < probe.allow_count; i++)
		ok(!config_allow_parse(&entries[i], listed[i]), "%s is taken", listed[i]);
	ok(!config_allow_parse(&a, "0.0.0.0/0") && a.prefix == 96, "all of IPv4");
	ok(!config_allow_parse(&a, "::/0") && a.prefix == 0, "everything");
}

int main(void)
{
	entries_read();
	addresses();
	names();
	return tap_done();
}
