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

#define V4   "what follows / must be 0 to 32"
#define V6   "what follows / must be 0 to 128"
#define PAST "the address has bits set past the prefix"
#define NONE "not an address"

static void entries_refused(void)
{
	static const struct {
		const char *text, *why; /* NULL: any */
	} bad[] = {
		{"", "must not be empty"},
		{"10.0.0.0/33", V4},
		{"10.0.0.0/", V4},
		{"10.0.0.0/x", V4},
		{"10.0.0.0/8x", V4},
		{"10.0.0.0/-1", V4},
		{"10.0.0.0/+8", V4},
		{"10.0.0.0/ 8", V4},
		{"::/129", V6},
		{"::/", V6},
		{"10.0.0.1/8", PAST},
		{"10.0.0.1/31", PAST},
		{"::1/64", PAST},
		{"::1/127", PAST},
		{"8000::/0", PAST},
		{"1.2.3", NONE},
		{"1.2.3.4.5", NONE},
		{"1::2::3", NONE},
		{"[::1]", NONE},
		{"a/8", NONE},
		/* as long as the longest address can be, and one more */
		{"2001:0db8:0000:0000:0000:0000:0000:0000:00000/8", NONE},
		{"2001:0db8:0000:0000:0000:0000:0000:0000:000000/8", NONE},
		{"a b", NULL},
		{"*.example", NULL},
		{"..example", NULL},
		{".", NULL},
		{"sip:a.example", NULL},
	};
	struct config_allow a = {.name = "untouched"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = config_allow_parse(&a, bad[i].text);

		ok(why && (!bad[i].why || !strcmp(why, bad[i].why)), "\"%s\": %s",
		   bad[i].text, why ? why : "taken");
		is_str(a.name, "untouched", "and nothing is touched");
	}
}

static void entries_read(void)
{
	static const struct {
		const char *text;
		size_t prefix; /* of IPv6; of IPv4 it begins at 96 */
	} networks[] = {
		{"0.0.0.0/0", 96},	  {"10.128.0.0/9", 105}, {"10.0.0.1/32", 128},
		{"10.0.0.1", 128},	  {"::/0", 0},		 {"8000::/1", 1},
		{"2001:db8::1/128", 128}, {"2001:db8::1", 128},
	};
	struct config_allow a;

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		ok(!config_allow_parse(&a, networks[i].text) && !a.name &&
			   a.prefix == networks[i].prefix,
		   "%s is taken", networks[i].text);
	for (size_t i = 0; i < probe.allow_count; i++)
		ok(!config_allow_parse(&entries[i], listed[i]), "%s is taken", listed[i]);
}

/* A list is all of its entries, the first and the last among them, and no more. */
static void counted(void)
{
	static const struct {
		const char *entry, *none; /* listed, and one that comes after it */
		bool name;
	} rows[] = {
		{"192.0.2.7", "192.0.2.8", false},
		{"a.example", "b.example", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_allow two[2];
		const struct config_probe one = {two, 1, 1};
		const char *const texts[] = {rows[i].entry, rows[i].none};

		for (size_t k = 0; k < 2; k++) {
			const char *text = texts[k];
			uint8_t bytes[16];

			bytes_of(bytes, text);
			config_allow_parse(&two[k], text);
			is_int(rows[i].name ? config_allow_name(&one, text, strlen(text))
					    : config_allow_address(&one, bytes, false),
			       k == 0, text);
		}
	}
}

int main(void)
{
	entries_refused();
	entries_read();
	addresses();
	names();
	counted();
	return tap_done();
}
