#include <string.h>

#include "sipprobe/loop/ip_literal.h"
#include "sipprobe/media/media_private.h"

static bool media_network_has(const struct media_network *n, const uint8_t address[16])
{
	size_t whole = n->prefix / 8, rest = n->prefix % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	return !memcmp(n->network, address, whole) &&
	       (!rest || (n->network[whole] & mask) == (address[whole] & mask));
}

bool media_is_allowed(const struct media_network *networks, size_t count,
		      const struct sa *sa)
{
	uint8_t address[16];

	ip_bytes(address, sa);
	for (size_t i = 0; i < count; i++)
		if (media_network_has(&networks[i], address))
			return true;
	return false;
}
