/* How alike two SIP URIs are, whoever wrote them anew in between. */
#ifndef SIPPROBE_MESSAGE_URI_MATCH_H
#define SIPPROBE_MESSAGE_URI_MATCH_H

#include "sipprobe/loop/compat.h"

/* From the least to the most. */
enum uri_match {
	URI_MATCH_NONE,
	URI_MATCH_USER,	 /* the same user, elsewhere: an address behind a NAT, perhaps */
	URI_MATCH_PLACE, /* user, host and port, defaults put in; no other transport */
	URI_MATCH_EQUAL, /* by RFC 3261 19.1.4 */
};

/*
 * Compares in time linear in the length of @other. What is no URI with a host matches
 * nothing.
 *
 * @own: at most 32 parameters, as config_uri_parse() sees to
 */
enum uri_match uri_match(const struct pl *own, const struct pl *other);

/* Of user and host: equal for URIs that are. No defence against who picks them. */
uint32_t uri_hash(const struct pl *uri);

#endif
