/* Inside of locate: for locate*.c. */
#ifndef SIPPROBE_DNS_LOCATE_PRIVATE_H
#define SIPPROBE_DNS_LOCATE_PRIVATE_H

#include "sipprobe/dns/locate.h"

enum {
	/* Seconds that a failure holds without a TTL of its own. */
	LOCATE_FAILURE_TTL_S = 30,
};

struct step;

typedef void(step_h)(struct step *step, const struct lookup_answer *ans);

/* One question under way, and what its answer is for. */
struct step {
	struct le le;
	struct locate *locate;
	void *query;
	unsigned number;
	enum rr_type type;
	step_h *h;
	struct resolve_address address; /* A, AAAA: all but the address itself */
	char *name;
};

/* The transport of its addresses where neither NAPTR nor SRV chooses it. */
static inline enum config_transport locate_transport(const struct locate *locate)
{
	return locate->transport != CONFIG_TRANSPORT_NONE ? locate->transport
							  : CONFIG_TRANSPORT_UDP;
}

/* RFC 3261 18.1.1, RFC 6455 3. */
static inline uint16_t locate_port(enum config_transport transport)
{
	switch (transport) {
	case CONFIG_TRANSPORT_TLS:
		return 5061;
	case CONFIG_TRANSPORT_WS:
		return 80;
	case CONFIG_TRANSPORT_WSS:
		return 443;
	default:
		return 5060;
	}
}

/* Least of the TTLs used so far, never 0. */
void locate_use_ttl(uint32_t *least_s, uint32_t ttl_s);

/* Goes on in spite of it; the first one is told with the result. */
void locate_pass_over(struct locate *locate, const struct step *s, const char *why);

/*
 * Keeps the gravest failure and, among equals, that of the question asked first: the
 * order in which answers come must not show.
 */
void locate_fail(struct locate *locate, const struct step *s, enum resolve_status status,
		 const char *why);

/* The same of what the answer to @s says. */
void locate_fail_answer(struct step *s, enum resolve_status status);

/* A question for addresses, as a number: two that are equal are the same, in practice. */
uint32_t locate_question(const char *name, enum rr_type type);

/* No answer came to it. Returns 0 or ENOMEM. */
int locate_unanswered(struct locate *locate, uint32_t question);

/* Fills in the result once no question is left. */
void locate_complete(struct locate *locate);

/* An IP literal @sa, as the URI's host. Completes the result. Returns 0 or ENOMEM. */
int locate_literal(struct locate *locate, struct sa *sa, uint16_t port);

/* One of an interface that this machine does not have. Completes the result. */
void locate_without_interface(struct locate *locate, const struct config_slice *host);

#endif
