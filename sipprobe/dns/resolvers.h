/*
 * The resolver in force, and what it remembers. A name whose addresses all fail may have
 * got better ones long before its TTL ends: while that is so, DNS is asked anew.
 */
#ifndef SIPPROBE_DNS_RESOLVERS_H
#define SIPPROBE_DNS_RESOLVERS_H

#include "sipprobe/dns/resolve.h"

enum { RESOLVERS_FRESH_S = 30 };

/* Zeroed: none is in force. */
struct resolvers {
	struct resolver *current;
	struct resolver *former; /* still answers what it was asked, or NULL */
	int64_t since_ns;	 /* of `current`, monotonic */
};

/*
 * Forgets every answer of DNS, unless that was done, or the resolver begun, within the
 * last RESOLVERS_FRESH_S: libunbound cannot be made to forget, so another resolver takes
 * the place of the one in force. What that one was asked is still answered, within that
 * time.
 *
 * @conf: that the resolver in force was made from
 *
 * Without the means for it the present one stays.
 */
void resolvers_forget(struct resolvers *r, const struct config_dns *conf);

/* Puts @fresh in force, a reference that is taken over; former ones are let go. */
void resolvers_replace(struct resolvers *r, struct resolver *fresh);

#endif
