/*
 * The road of RFC 3263 sections 4.1 and 4.2: which questions a URI leads to, and what
 * their answers mean. resolve.c starts it and hands its result over.
 */
#ifndef SIPPROBE_DNS_LOCATE_H
#define SIPPROBE_DNS_LOCATE_H

#include "sipprobe/dns/address_set.h"
#include "sipprobe/dns/naptr_srv.h"

typedef void(locate_h)(void *arg);

/* A URI on its way to addresses. Embedded, zeroed, in what owns it. */
struct locate {
	struct lookup *lookup;	   /* set by the owner, as are family, h and arg */
	enum config_family family; /* addresses wanted */
	bool hints;  /* ask also what may be wrong with a name without any */
	locate_h *h; /* at the end, from the loop; may free this */
	void *arg;

	char *host;			 /* as DNS wants it; NULL: an IP literal */
	bool sips;			 /* the URI's scheme */
	enum config_transport transport; /* of the URI, or NONE */
	struct choice choices[LOOKUP_NAPTR_MAX];
	size_t choice_count;
	size_t choice_at;
	bool by_naptr;	      /* that is where the choices are from */
	bool has_port;	      /* the URI has one, so that SRV is not asked */
	bool refused;	      /* an SRV record says "." */
	bool settled;	      /* without addresses: only hints are asked for */
	struct list steps;    /* questions under way */
	unsigned step_count;  /* numbers them */
	unsigned failed_step; /* the one in result.detail */
	uint32_t failed_ttl_s;
	struct address_set set;
	uint32_t *unanswered; /* mem_deref(); NULL: none */
	size_t unanswered_count;
	char passed[96]; /* the first thing passed over on the way, or "" */
	unsigned passed_step;
	struct resolve_result result; /* complete when h runs */
};

/*
 * Sets out for @uri. For an IP literal the result is complete at once: *ready is set and
 * h does not run.
 *
 * Returns 0, EINVAL for a host that can be no name, ENOMEM, or what the lookup returned.
 */
int locate_begin(struct locate *locate, const struct config_uri *uri, bool *ready);

/* Ends all questions and frees what the road holds; h does not run any more. */
void locate_end(struct locate *locate);

#endif
