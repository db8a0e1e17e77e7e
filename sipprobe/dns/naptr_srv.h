/* NAPTR and SRV records, chosen from and put in order: pure functions over an answer. */
#ifndef SIPPROBE_DNS_NAPTR_SRV_H
#define SIPPROBE_DNS_NAPTR_SRV_H

#include "sipprobe/dns/lookup.h"

/* An SRV name to try, and the transport that it stands for. */
struct choice {
	char *name; /* mem_deref() by the owner; NULL: longer than a name can be */
	enum config_transport transport;
};

/*
 * The SRV names that NAPTR records lead to, best first: by order, preference, then
 * transport. Taken are flag "s", no regexp, and services SIP+D2U, SIP+D2T and SIPS+D2T;
 * with @sips the last alone (RFC 3263 4.1).
 *
 * Returns how many of @max were filled in.
 */
size_t naptr_choose(struct choice *v, size_t max, const struct lookup_answer *ans,
		    bool sips);

/*
 * The SRV names to try without NAPTR: that of @transport, or for NONE those of UDP, TCP
 * and TLS in turn; with @sips that of TLS alone.
 *
 * Returns how many of @max were filled in.
 */
size_t naptr_choose_without(struct choice *v, size_t max, const char *host, bool sips,
			    enum config_transport transport);

/*
 * SRV records in order of priority, then name and port, so that cutting at @max is the
 * same for any order of records; duplicates merged; records without use left out.
 *
 * @refused: set when a record says "." (RFC 2782: no such service here)
 *
 * Returns how many were filled in.
 */
size_t srv_choose(struct rr_srv *v, size_t max, const struct lookup_answer *ans,
		  bool *refused);

#endif
