/*
 * Reads the values of SIP header fields by the grammar of RFC 3261 25.1, a piece at a
 * time. Everything here is linear in what it reads, allocates nothing and takes folds
 * (CRLF and white space) for the white space they are.
 *
 * The *_take functions read from the front of @c and leave there what follows; when they
 * return false, @c is anywhere and the outputs are not to be used.
 */
#ifndef SIPPROBE_MESSAGE_SIPHDR_H
#define SIPPROBE_MESSAGE_SIPHDR_H

#include "sipprobe/loop/compat.h"

/* Character classes of RFC 3261 25.1. */
enum {
	SIPHDR_TOKEN = 1 << 0,	/* a token */
	SIPHDR_URI = 1 << 1,	/* a URI; `<`, `>` and `"` among others are not */
	SIPHDR_SCHEME = 1 << 2, /* a URI's scheme, past its first letter */
	SIPHDR_VALUE = 1 << 3,	/* an unquoted parameter value, generously */
	SIPHDR_TEXT = 1 << 4,	/* free text: no control but the tab */
	SIPHDR_WORD = 1 << 5,	/* a Call-ID: anything visible */
	SIPHDR_HOST = 1 << 6,	/* a host name or IPv4 address */
	SIPHDR_SPACE = 1 << 7,	/* white space, CR and LF of a fold included */
};

extern const uint8_t siphdr_class[256];

static inline bool siphdr_is(char c, unsigned kinds)
{
	return (siphdr_class[(uint8_t)c] & kinds) != 0;
}

/* A parameter of ours, which numbers the copies of a request (RFC 3261 25.1,
 * via-extension). */
#define SIPHDR_VIA_COPY "siptrunk-copy"

/* One Via value. Parts point into the text it was read from. */
struct siphdr_via {
	struct pl value;     /* all of it, from protocol to last parameter or comment */
	struct pl transport; /* "UDP", as written */
	struct pl sent_by;   /* host and port */
	struct pl host;	     /* of sent-by; IPv6 in its brackets */
	uint16_t port;	     /* of sent-by; 0: none given */
	struct pl branch;    /* p is NULL when there is none, as below */
	struct pl received;
	struct pl rport; /* the parameter whole, name and all */
	struct pl copy;	 /* SIPHDR_VIA_COPY */
};

/* A From or To value. */
struct siphdr_addr {
	struct pl uri; /* without brackets */
	struct pl tag; /* p is NULL when there is none */
};

/* One Contact value (RFC 3261 20.10). */
struct siphdr_contact {
	struct pl uri;	   /* without brackets */
	int64_t expires_s; /* the least it says; -1: nothing; SIPHDR_EXPIRES_ODD */
};

enum { SIPHDR_EXPIRES_ODD = -2 }; /* it is no number of seconds */

/* The first byte from @p on that is of none of these kinds. */
static inline const char *siphdr_run_end(const char *p, const char *end, unsigned kinds)
{
	while (p < end && siphdr_is(*p, kinds))
		p++;
	return p;
}

/* Skips white space and folds. Returns whether there was any. */
static inline bool siphdr_space_skip(struct pl *c)
{
	size_t n = siphdr_run_end(c->p, c->p + c->l, SIPHDR_SPACE) - c->p;

	pl_advance(c, n);
	return n > 0;
}

/* Takes a run of bytes of these kinds, at least one. */
static inline bool siphdr_run_take(struct pl *run, struct pl *c, unsigned kinds)
{
	run->p = c->p;
	run->l = siphdr_run_end(c->p, c->p + c->l, kinds) - c->p;
	pl_advance(c, run->l);
	return run->l > 0;
}

/* Takes digits, at least one, worth at most @max. */
bool siphdr_number_take(uint32_t *n, struct pl *c, uint32_t max);

/*
 * Takes one `name`, `name=value` or `name="value"` with the white space behind it, the
 * semicolon and what is behind that being gone. @value: p is NULL without `=`; a quoted
 * one keeps its quotes.
 */
bool siphdr_param_take(struct pl *name, struct pl *value, struct pl *c);

/*
 * Takes a Via value (RFC 3261 20.42) and the comma after it, if there is one; then
 * another value must follow. Takes comments as RFC 2543 6.40 had them, and empty
 * parameters. Of several `received` or `rport` the first counts; a branch that is given
 * twice must be the same.
 */
bool siphdr_via_take(struct siphdr_via *v, struct pl *c);

/* Reads a From or To value whole (RFC 3261 20.20). */
bool siphdr_addr_read(struct siphdr_addr *a, const struct pl *value);

/*
 * The same for those who need no more than the tag: a display name may be any text, and
 * so may a URI in angle brackets; parameters may be empty or odd. A list, quotes or
 * brackets without their others, and two tags that differ are refused.
 */
bool siphdr_addr_read_loosely(struct siphdr_addr *a, const struct pl *value);

/*
 * Takes a Contact value and the comma after it, if there is one; then another value must
 * follow. An expires may stand in quotes. When it returns false for what comes after a
 * URI, @v has that and the expires that were read so far; else its uri's p is NULL.
 */
bool siphdr_contact_take(struct siphdr_contact *v, struct pl *c);

/* Whether this could be a URI: a scheme, a colon and something, all of it URI bytes. */
bool siphdr_uri_valid(const struct pl *uri);

#endif
