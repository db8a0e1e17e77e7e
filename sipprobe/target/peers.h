/*
 * Who is who: finds the row that owns an address, to tell a configured peer from a
 * stranger. A row is the caller's; it is compared and given back, never looked into.
 *
 * Memory: 32 bytes a row and address, and two hash tables of 4-byte slots that are kept
 * between a quarter and three quarters full; after a change of size those of before are
 * there as well, until they are emptied bit by bit. An IPv4-mapped IPv6 address is the
 * IPv4 one; an IPv6 zone is left out of account.
 */
#ifndef SIPPROBE_TARGET_PEERS_H
#define SIPPROBE_TARGET_PEERS_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"

struct peers;

enum {
	PEERS_MAX = (1 << 21) - 1, /* rows and addresses */
	PEERS_REFS_MAX = 7,	   /* times that the same one may be added */
};

/* Freed with mem_deref(). Returns 0 or ENOMEM. */
int peers_alloc(struct peers **pp);

/*
 * Lets @row own @sa with its port and @transport. Adding the same again counts, and wants
 * as many removals. Constant time, whatever other rows own.
 *
 * Returns 0; EAFNOSUPPORT if @sa is neither IPv4 nor IPv6; EOVERFLOW past the limits
 * above; ENOMEM.
 */
int peers_add(struct peers *p, const struct sa *sa, enum config_transport transport,
	      void *row);

/* Takes back one peers_add(). Returns 0 or ENOENT. */
int peers_remove(struct peers *p, const struct sa *sa, enum config_transport transport,
		 void *row);

/* Whether @row was added with just that address, port and transport. Constant time. */
bool peers_owns(const struct peers *p, const struct sa *sa,
		enum config_transport transport, const void *row);

/*
 * Who sent this. Among several rows of one address the transport decides, then the port,
 * then who was added first: an SBC may call from any port, but a row that names the one
 * it came from is the better guess. Takes time in the number of rows of that address
 * until one fits in both.
 *
 * @src: port 0: it says nothing, as with a connection that the peer opened
 *
 * Returns the row, or NULL for a stranger.
 */
void *peers_find(const struct peers *p, const struct sa *src,
		 enum config_transport transport);

typedef void(peers_h)(void *row, int fit, void *arg);

/*
 * Shows every row of an address, in the order of their adding. @fit: as peers_find()
 * weighs it, 2 for the transport and 1 for the port. @h must not change the set.
 */
void peers_each(const struct peers *p, const struct sa *src,
		enum config_transport transport, peers_h *h, void *arg);

/* Rows and addresses, the same one counted once. */
size_t peers_count(const struct peers *p);

#endif
