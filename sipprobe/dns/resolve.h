/*
 * From a SIP URI to numeric addresses (RFC 3263): NAPTR, SRV, A and AAAA, as the URI's
 * host, port and transport demand. Answers come from libunbound, which validates their
 * source, falls back to TCP and keeps them for their TTL.
 */
#ifndef SIPPROBE_DNS_RESOLVE_H
#define SIPPROBE_DNS_RESOLVE_H

#include "config/config.h"
#include "config/uri.h"
#include "sipprobe/dns_hint.h"
#include "sipprobe/loop/compat.h"

struct resolver; /* one per process: servers, cache, descriptor on the loop */
struct resolve;	 /* one resolution under way */

enum { RESOLVE_ADDRESSES_MAX = 64 };

enum resolve_status {
	RESOLVE_OK,
	RESOLVE_NXDOMAIN, /* the name does not exist */
	RESOLVE_NODATA,	  /* it exists without usable records, or SRV says "." */
	RESOLVE_SERVFAIL, /* the servers answered with a failure */
	RESOLVE_TIMEOUT,  /* the servers did not answer */
	RESOLVE_BOGUS,	  /* what they answered cannot be used */
};

/* The records that lead to addresses, the later by way of the former. */
enum resolve_by {
	RESOLVE_BY_HOST, /* A and AAAA alone */
	RESOLVE_BY_SRV,
	RESOLVE_BY_NAPTR,
};

struct resolve_address {
	struct sa sa;			 /* with port */
	enum config_transport transport; /* never NONE */
	uint16_t priority;		 /* SRV's; 0 without */
	uint16_t weight;
	uint32_t from; /* the question for A or AAAA that gave it, as a number; or 0 */
};

/*
 * Valid as long as its resolution is kept. Addresses are unique by address, port and
 * transport, sorted by priority, then as numbers, so that equal answers look equal.
 */
struct resolve_result {
	enum resolve_status status;
	const struct resolve_address *addresses;
	size_t count;
	/* the least of all records used, but never 0; for negative answers SOA's */
	uint32_t ttl_s;
	enum resolve_by by; /* of addresses */
	unsigned
		passed_over; /* bits 1 << enum resolve_by: kinds that servers failed at */
	/*
	 * Of addresses: the questions for others that servers failed at, as in `from`.
	 * What those gave before may still be good.
	 */
	const uint32_t *unanswered;
	size_t unanswered_count;
	enum dns_hint hint; /* of a failure */
	/* "_sip._udp.example.com SRV: NXDOMAIN"; of a success what went wrong, or "" */
	char detail[96];
};

typedef void(resolve_h)(const struct resolve_result *res, void *arg);

/* @conf may be NULL: the system's resolv.conf and hosts file. Freed with mem_deref(). */
int resolver_alloc(struct resolver **rp, const struct config_dns *conf);

/*
 * Resolves @uri. @h runs exactly once, from the loop, never inside this call; a
 * mem_deref() of *rp before that cancels it. IP literals go the same locate, without DNS.
 *
 * @family: addresses wanted
 *
 * Returns 0 or errno; on failure @h never runs.
 */
int resolve_start(struct resolve **rp, struct resolver *r, const struct config_uri *uri,
		  enum config_family family, resolve_h *h, void *arg);

/*
 * Of one just started: an IP literal does not wait for the loop, @h runs now. Others go
 * on as they are.
 */
void resolve_hasten(struct resolve *rs);

/*
 * The result of a resolution that still looks for what may be wrong with the name: a
 * failure, all but its hint. NULL: there is none yet.
 */
const struct resolve_result *resolve_settled(const struct resolve *rs);

#endif
