/* SIP and SIPS URIs (RFC 3261 19.1), split in place. */
#ifndef CONFIG_URI_H
#define CONFIG_URI_H

#include "config/config.h"

/* Parts point into the text that was parsed and are not terminated. */
struct config_slice {
	const char *p;
	size_t l;
};

struct config_uri {
	bool sips;
	struct config_slice user;	 /* with password, without '@'; empty: none */
	struct config_slice host;	 /* without brackets for IPv6; may hold a %zone */
	struct config_slice params;	 /* from the first ';', or empty */
	struct config_slice maddr;	 /* value of maddr without brackets, or empty */
	bool ipv4;			 /* host is an IPv4 literal */
	bool ipv6;			 /* host is an IPv6 literal */
	uint16_t port;			 /* 0: not given */
	enum config_transport transport; /* of ;transport=; for sips TLS or WSS */
};

/*
 * Splits and checks a URI. Nothing is allocated.
 *
 * Returns NULL, or a sentence that says what is wrong (static storage).
 * @out is untouched on failure.
 */
const char *config_uri_parse(const char *text, struct config_uri *out);

/* "udp", "tcp", "tls", "ws", "wss", as in URIs and labels; "" for CONFIG_TRANSPORT_NONE.
 */
const char *config_transport_name(enum config_transport transport);

/*
 * Checks a host name, an IPv4 address or an IPv6 address without brackets.
 *
 * Returns NULL, or a sentence (static storage).
 */
const char *config_host_check(const char *text);

#endif
