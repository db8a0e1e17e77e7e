/* Addresses that no peer can have, and whether one is in a network. */
#ifndef CONFIG_PEER_ADDRESS_H
#define CONFIG_PEER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/uri.h"

/*
 * Why a peer cannot be at an address: it is unspecified, broadcast or multicast.
 *
 * @address: IPv6, or IPv4 mapped into it
 *
 * Returns NULL for one that may be a peer's, or a sentence (static storage).
 */
const char *peer_address_fault(const uint8_t address[16]);

/* The same of where a URI leads by itself: its maddr, else its host; names are none. */
const char *peer_address_uri_fault(const struct config_uri *uri);

/* Whether an address begins with the same @bits, 0 to 128, as a network. */
bool peer_address_covers(const uint8_t network[16], size_t bits,
			 const uint8_t address[16]);

#endif
