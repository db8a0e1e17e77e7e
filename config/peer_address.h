/* Addresses that no peer can have. */
#ifndef CONFIG_PEER_ADDRESS_H
#define CONFIG_PEER_ADDRESS_H

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

#endif
