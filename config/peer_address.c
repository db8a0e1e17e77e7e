#include "config/peer_address.h"

#include <arpa/inet.h>
#include <string.h>

static const struct {
	uint8_t prefix[16];
	size_t bits;
	const char *fault;
} never[] = {
	{{0}, 128, "the unspecified address can be no peer"},
	{{[10] = 0xff, 0xff, 0, 0, 0, 0}, 128, "the unspecified address can be no peer"},
	{{[10] = 0xff, 0xff, 255, 255, 255, 255},
	 128,
	 "the broadcast address can be no peer"},
	{{[10] = 0xff, 0xff, 224}, 100, "a multicast address can be no peer"},
	{{0xff}, 8, "a multicast address can be no peer"},
};

bool peer_address_covers(const uint8_t network[16], size_t bits,
			 const uint8_t address[16])
{
	size_t whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	return !memcmp(network, address, whole) &&
	       (!rest || (network[whole] & mask) == (address[whole] & mask));
}

const char *peer_address_fault(const uint8_t address[16])
{
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (peer_address_covers(never[i].prefix, never[i].bits, address))
			return never[i].fault;
	return NULL;
}

const char *peer_address_uri_fault(const struct config_uri *uri)
{
	const struct config_slice *host = uri->maddr.l ? &uri->maddr : &uri->host;
	const char *zone = memchr(host->p, '%', host->l);
	size_t len = zone ? (size_t)(zone - host->p) : host->l;
	uint8_t address[16] = {[10] = 0xff, 0xff};
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text))
		return NULL;
	memcpy(text, host->p, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, address + 12) != 1 &&
	    inet_pton(AF_INET6, text, address) != 1)
		return NULL;
	return peer_address_fault(address);
}
