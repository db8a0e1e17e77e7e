/* Addresses that no peer can have, and networks. */
#include <arpa/inet.h>

#include "config/peer_address.h"
#include "tests/unit/tap.h"

#define UNSPECIFIED "the unspecified address can be no peer"
#define BROADCAST   "the broadcast address can be no peer"
#define MULTICAST   "a multicast address can be no peer"

static void test_uris(void)
{
	static const struct {
		const char *uri, *fault;
	} rows[] = {
		{"sip:0.0.0.0", UNSPECIFIED},
		{"sip:0.0.0.1", NULL},
		{"sip:[::]", UNSPECIFIED},
		{"sip:[::%eth0]:5060", UNSPECIFIED},
		{"sip:[::1]", NULL},
		{"sip:[::ffff:0.0.0.0]", UNSPECIFIED},
		{"sip:255.255.255.255", BROADCAST},
		{"sip:255.255.255.254", NULL},
		{"sip:223.255.255.255", NULL},
		{"sip:224.0.0.0", MULTICAST},
		{"sip:239.255.255.255", MULTICAST},
		{"sip:240.0.0.0", NULL},
		{"sip:[feff::1]", NULL},
		{"sip:[ff00::1]", MULTICAST},
		{"sip:[ffff::1]", MULTICAST},
		{"sip:a.example;maddr=224.0.0.1", MULTICAST},
		{"sip:224.0.0.1;maddr=192.0.2.1", NULL},
		{"sip:a.example", NULL},
		/* longer by one than any address */
		{"sip:another-name-as-long-as-an-address-can.example", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_uri uri;

		is_str(config_uri_parse(rows[i].uri, &uri), NULL, rows[i].uri);
		is_str(peer_address_uri_fault(&uri), rows[i].fault, rows[i].uri);
	}
}

/* The longest that are the same, in bits. */
static void test_networks(void)
{
	static const struct {
		const char *network, *address;
		size_t bits;
	} rows[] = {
		{"8000::", "::", 0},
		{"8000::", "c000::", 1},
		{"2001:db8::", "2001:db9::", 31},
		{"2001:db8::", "2001:d38::", 24},
		{"2001:db8::2", "2001:db8::1", 126},
		{"2001:db8::2", "2001:db8::3", 127},
		{"2001:db8::2", "2001:db8::2", 128},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t network[16], address[16];
		size_t bits = 0;

		inet_pton(AF_INET6, rows[i].network, network);
		inet_pton(AF_INET6, rows[i].address, address);
		while (bits < 128 && peer_address_covers(network, bits + 1, address))
			bits++;
		is_int((long long)bits, (long long)rows[i].bits, rows[i].address);
		ok(peer_address_covers(network, 0, address), "and all in none");
	}
}

int main(void)
{
	test_uris();
	test_networks();
	return tap_done();
}
