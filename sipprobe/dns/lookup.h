/*
 * Where DNS answers come from: the road of RFC 3263 asks through this, so that it can be
 * tested without a network.
 */
#ifndef SIPPROBE_DNS_LOOKUP_H
#define SIPPROBE_DNS_LOOKUP_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/dns/rr.h"

enum {
	LOOKUP_TIMEOUT_MS = 5000,  /* from handing a question over to giving it up */
	LOOKUP_RECORDS_MAX = 1024, /* records looked at in one answer */
	LOOKUP_NAPTR_MAX = 8,	   /* usable NAPTR records followed, one after another */
};

/* Rdata, names in it uncompressed. */
struct lookup_record {
	const uint8_t *p;
	size_t l;
};

/* Valid during the handler only. */
struct lookup_answer {
	enum resolve_status status; /* OK: one record or more */
	const struct lookup_record *records;
	size_t count;
	uint32_t ttl_s; /* least of the answer's; 0: not known */
};

typedef void(lookup_h)(const struct lookup_answer *ans, void *arg);

/* First member of what implements it; freed with mem_deref(). */
struct lookup {
	/*
	 * Asks for @name, a text name without escapes. @h runs once, from the loop, never
	 * inside this call. mem_deref() of *qp silences @h, or comes after it, and may
	 * happen inside it.
	 */
	int (*ask)(void **qp, struct lookup *l, const char *name, enum rr_type type,
		   lookup_h *h, void *arg);
};

/* Files of the system; a member NULL: none. */
struct lookup_system {
	const char *resolv_conf; /* read when the configuration names no servers */
	const char *hosts;
};

/* libunbound. @conf may be NULL. Returns 0 or errno. */
int lookup_unbound_alloc(struct lookup **lp, const struct config_dns *conf,
			 const struct lookup_system *sys);

struct search;

/* Takes over the reference to @lookup, also on failure. No search domains. */
int resolver_alloc_lookup(struct resolver **rp, struct lookup *lookup);

/* @search: copied */
void resolver_set_search(struct resolver *r, const struct search *search);

#endif
