/* Targets allowed to probes on demand: pure questions about hosts and addresses. */
#ifndef CONFIG_ACCESS_H
#define CONFIG_ACCESS_H

#include "config/config.h"

/*
 * Reads one entry of `probe.allow`: "192.0.2.0/24", "2001:db8::/32", "192.0.2.7",
 * "sbc.example.com", or ".example.com" for all names below example.com. @a->name points
 * into @text.
 *
 * Returns NULL, or a sentence that says what is wrong (static storage). @a is untouched
 * on failure.
 */
const char *config_allow_parse(struct config_allow *a, const char *text);

/* Whether a host name of @len bytes is listed; case and a final dot do not matter. */
bool config_allow_name(const struct config_probe *p, const char *name, size_t len);

/*
 * Whether an address may be probed: it is in a listed network; or it was found under a
 * listed name and belongs to no private or special network. Whoever holds the zone of a
 * listed name can thus not point it into a network of ours (DNS rebinding).
 *
 * @address: IPv6, or IPv4 mapped into it (RFC 4291 2.5.5.2)
 * @by_name: it was found under a name for which config_allow_name() said yes
 */
bool config_allow_address(const struct config_probe *p, const uint8_t address[16],
			  bool by_name);

#endif
