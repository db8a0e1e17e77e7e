#include "config/access.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/peer_address.h"
#include "config/uri.h"

enum { IPV4_PREFIX = 96 }; /* bits of an IPv4-mapped address before the IPv4 one */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/*
 * Networks that a name alone does not open: private, shared, on this link or this
 * machine, not unicast, and those that carry an IPv4 address inside (IANA's registries
 * of special-purpose addresses).
 */
static const char *const special[] = {
	"0.0.0.0/8",	  "10.0.0.0/8",	   "100.64.0.0/10", "127.0.0.0/8",
	"169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",  "192.168.0.0/16",
	"224.0.0.0/4",	  "240.0.0.0/4",   "::/8",	    "64:ff9b::/96",
	"64:ff9b:1::/48", "2001::/32",	   "2002::/16",	    "fc00::/7",
	"fe80::/10",	  "fec0::/10",	   "ff00::/8",
};

/* Reads an address literal of @len bytes. Returns how many bits it has, 0 for none. */
static unsigned read_address(uint8_t out[16], const char *text, size_t len)
{
	char host[INET6_ADDRSTRLEN];

	if (len >= sizeof(host))
		return 0;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET6, host, out) == 1)
		return 128;
	if (inet_pton(AF_INET, host, out + sizeof(mapped)) != 1)
		return 0;
	memcpy(out, mapped, sizeof(mapped));
	return 32;
}

static bool access_bit(const uint8_t address[16], size_t n)
{
	return address[n / 8] >> (7 - n % 8) & 1;
}

static const char *read_prefix(struct config_allow *a, const char *text, unsigned bits)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	/* strtoul() takes spaces and a sign, too. */
	if (text[0] < '0' || *end || n > bits)
		return bits == 32 ? "what follows / must be 0 to 32"
				  : "what follows / must be 0 to 128";
	a->prefix = n + (bits == 32 ? IPV4_PREFIX : 0);
	for (size_t i = a->prefix; i < 128; i++)
		if (access_bit(a->network, i))
			return "the address has bits set past the prefix";
	return NULL;
}

static const char *read_network(struct config_allow *a, const char *text,
				const char *slash)
{
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned bits = read_address(a->network, text, len);

	if (!bits)
		return "not an address";
	a->prefix = 128;
	return slash ? read_prefix(a, slash + 1, bits) : NULL;
}

/* Bare numbers and dots, or colons, can only be meant as an address. */
static bool looks_numeric(const char *text)
{
	return strchr(text, ':') || text[strspn(text, "0123456789.")] == '\0';
}

const char *config_allow_parse(struct config_allow *a, const char *text)
{
	const char *slash = strchr(text, '/'), *why;
	struct config_allow out = {0};

	if (!*text)
		return "must not be empty";
	if (slash || looks_numeric(text)) {
		why = read_network(&out, text, slash);
	} else {
		why = config_host_check(text + (text[0] == '.'));
		out.name = text;
	}
	if (!why)
		*a = out;
	return why;
}

bool config_allow_name(const struct config_probe *p, const char *name, size_t len)
{
	if (len && name[len - 1] == '.')
		len--;
	for (size_t i = 0; len && i < p->allow_count; i++) {
		const char *listed = p->allow[i].name;
		size_t tail = listed ? strlen(listed) : 0;

		if (!listed)
			continue;
		if (listed[tail - 1] == '.')
			tail--;
		if (listed[0] == '.'
			    ? len > tail && !strncasecmp(name + len - tail, listed, tail)
			    : len == tail && !strncasecmp(name, listed, tail))
			return true;
	}
	return false;
}

static bool access_within(const struct config_allow *a, const uint8_t address[16])
{
	return !a->name && peer_address_covers(a->network, a->prefix, address);
}

static bool is_special(const uint8_t address[16])
{
	bool ipv4 = !memcmp(address, mapped, sizeof(mapped));

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		struct config_allow a;

		/* "::/8" stands for what is left of it when IPv4 is taken out. */
		if (ipv4 == !strchr(special[i], ':') &&
		    !config_allow_parse(&a, special[i]) && access_within(&a, address))
			return true;
	}
	return false;
}

bool config_allow_address(const struct config_probe *p, const uint8_t address[16],
			  bool by_name)
{
	for (size_t i = 0; i < p->allow_count; i++)
		if (access_within(&p->allow[i], address))
			return true;
	return by_name && !is_special(address);
}
