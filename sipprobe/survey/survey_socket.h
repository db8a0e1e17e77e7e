/*
 * A UDP socket of its own to one peer, for the time of a few questions: ICMP errors to
 * what it sends are its alone, and another trunk's are not its. It is connected, unless
 * answers may come from elsewhere than where the questions go. Main thread only.
 */
#ifndef SIPPROBE_SURVEY_SURVEY_SOCKET_H
#define SIPPROBE_SURVEY_SURVEY_SOCKET_H

#include "sipprobe/loop/compat.h"

struct survey_socket; /* mem_deref() closes it */

/* Whether a datagram may be cut into fragments. */
enum survey_cut {
	SURVEY_MAY_BE_CUT,  /* without DF; over IPv6 by us, to what the path takes */
	SURVEY_WHOLE,	    /* with DF, whatever the kernel knows of the path */
	SURVEY_CUT_AS_MOST, /* the same as the first; over IPv6 to 1,280 bytes */
};

struct survey_error {
	int err;	  /* EMSGSIZE: too long */
	uint32_t mtu;	  /* with EMSGSIZE, in bytes; 0: not told */
	struct sa router; /* who said it */
};

struct survey_socket_events {
	/* @rx_ns: the kernel's receive stamp, on the monotonic clock */
	void (*datagram_h)(const char *buf, size_t len, int64_t rx_ns, void *arg);
	/* ICMP said that a datagram did not arrive. */
	void (*error_h)(const struct survey_error *e, void *arg);
};

/* Where it sends to, and how. */
struct survey_socket_info {
	const struct sa *peer;
	const char *address; /* ours, a literal; NULL: the kernel chooses */
	unsigned dscp;
	bool anywhere; /* who answers may do so from another address or port */
};

/* Returns 0 or errno. @events is kept by the caller, as is @arg. */
int survey_socket_alloc(struct survey_socket **sp, const struct survey_socket_info *info,
			const struct survey_socket_events *events, void *arg);

/* Our end, as the kernel chose it. */
const struct sa *survey_socket_local(const struct survey_socket *s);

/*
 * Returns 0 or errno. EMSGSIZE: it must be whole, and is longer than our own network
 * takes.
 *
 * @mtu: with EMSGSIZE, what that takes, in bytes; 0: unknown
 */
int survey_socket_send(struct survey_socket *s, const char *buf, size_t len,
		       enum survey_cut cut, uint32_t *mtu);

#endif
