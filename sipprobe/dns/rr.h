/*
 * DNS names and the rdata that RFC 3263 needs, as pure functions. Rdata comes from the
 * network by way of a library: every length in it is checked against the bytes there are.
 */
#ifndef SIPPROBE_DNS_RR_H
#define SIPPROBE_DNS_RR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rr_type {
	RR_A = 1,
	RR_AAAA = 28,
	RR_SRV = 33,
	RR_NAPTR = 35,
};

enum {
	RR_NAME_MAX = 253, /* characters of a name as text, without the last dot */
	RR_WORD_MAX = 31,  /* characters kept of a NAPTR's flags and service */
};

struct rr_srv {
	uint16_t priority;
	uint16_t weight;
	uint16_t port;
	char target[RR_NAME_MAX + 1]; /* lower case; empty: "." */
};

struct rr_naptr {
	uint16_t order;
	uint16_t preference;
	char flags[RR_WORD_MAX + 1];
	char service[RR_WORD_MAX + 1];
	bool regexp;			   /* whether there is one */
	char replacement[RR_NAME_MAX + 1]; /* lower case; empty: "." */
};

/* "A", "AAAA", "SRV", "NAPTR"; "?" for others. */
const char *rr_type_name(unsigned type);

/*
 * Takes a host name as people write it: lower case, without its last dot.
 *
 * Returns 0, or EINVAL for a name that DNS cannot hold (RFC 1035 2.3.4) or that has
 * other characters than letters, digits, '-' and '_'.
 */
int rr_name_set(char name[RR_NAME_MAX + 1], const char *text, size_t len);

/*
 * Decode one record's rdata (RFC 2782, RFC 3403 4.1), names uncompressed as a resolver
 * library hands them over. All of @p must be used up.
 *
 * Return 0, or EBADMSG with the output untouched: lengths that do not fit, a compressed
 * name, a name with characters that no host has, a word too long to mean anything here.
 */
int rr_srv_decode(struct rr_srv *srv, const uint8_t *p, size_t len);
int rr_naptr_decode(struct rr_naptr *naptr, const uint8_t *p, size_t len);

#endif
