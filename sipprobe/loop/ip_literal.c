#include "sipprobe/loop/ip_literal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { LITERAL_MAX = INET6_ADDRSTRLEN + IF_NAMESIZE };

/* An interface by number or name; 0: there is none. */
static uint32_t zone_index(const char *zone)
{
	char *end;
	unsigned long n = strtoul(zone, &end, 10);

	return *zone && !*end && n <= UINT32_MAX ? (uint32_t)n : if_nametoindex(zone);
}

int ip_literal_parse(struct sa *sa, const char *text, size_t len)
{
	char buf[LITERAL_MAX + 1];
	char *zone;
	struct in6_addr in6;
	struct in_addr in;
	uint32_t scope;

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len > LITERAL_MAX)
		return EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	zone = strchr(buf, '%');
	if (zone)
		*zone++ = '\0';
	if (!zone && inet_pton(AF_INET, buf, &in) == 1) {
		sa_set_in(sa, ntohl(in.s_addr), 0);
		return 0;
	}
	if (inet_pton(AF_INET6, buf, &in6) != 1)
		return EINVAL;
	scope = zone ? zone_index(zone) : 0;
	if (zone && !scope)
		return ENODEV;
	sa_set_in6(sa, in6.s6_addr, 0);
	sa->u.in6.sin6_scope_id = scope;
	return 0;
}

void ip_bytes(uint8_t bytes[16], const struct sa *sa)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

	if (sa_af(sa) == AF_INET6) {
		memcpy(bytes, &sa->u.in6.sin6_addr, 16);
		return;
	}
	memcpy(bytes, mapped, sizeof(mapped));
	memcpy(bytes + sizeof(mapped), &sa->u.in.sin_addr, 4);
}

bool ip_is_loopback(const struct sa *sa)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	static const uint8_t one[16] = {[15] = 1};
	uint8_t bytes[16];

	ip_bytes(bytes, sa);
	return !memcmp(bytes, one, sizeof(one)) ||
	       (!memcmp(bytes, mapped, sizeof(mapped)) && bytes[12] == 127);
}
