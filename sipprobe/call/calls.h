/*
 * All calls that are open, or were a moment ago: who begins one, what bounds them, where
 * their messages find them, and the switch that ends them all.
 */
#ifndef SIPPROBE_CALL_CALLS_H
#define SIPPROBE_CALL_CALLS_H

#include "sipprobe/call/call.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/message/answer.h"
#include "sipprobe/transport/arrivals.h"

struct calls; /* mem_deref() */
struct sockets;
struct stream;
struct udp;

/* Where a request came in: by a datagram, or on a connection. */
struct call_arrival {
	enum config_transport transport; /* never NONE */
	struct udp *udp;		 /* NULL: it came on @stream */
	struct stream *stream;
	const struct sa *src;
	const struct sa *local; /* our end as the peer sees it */
};

struct calls_events {
	/* So many calls of a trunk are open now. */
	void (*open_h)(const char *trunk, unsigned open, void *arg);
	/* One of which nobody knows whether it ended. @why: static words */
	void (*not_ended_h)(const char *trunk, const char *number, const char *why,
			    void *arg);
	/*
	 * One was made and has its verdict, whoever asked for it, and whether or not
	 * somebody still waits. @r: valid during the call
	 */
	void (*made_h)(const char *trunk, const struct call_report *r, void *arg);
};

struct calls_conf {
	struct ticker *ticker; /* all of these are borrowed */
	struct sockets *sockets;
	const struct arrivals *arrivals; /* for requests on calls' own connections */
	void *arrivals_arg;
	const char *agent;
	const struct calls_events *events;
	void *arg;
};

/* Returns 0 or ENOMEM. None is allowed before calls_configure(). */
int calls_alloc(struct calls **cp, const struct calls_conf *conf);

/*
 * Takes a configuration over, and lets calls be made again if they were stopped. Those
 * that are open go on as they began.
 *
 * Returns 0 or errno; then what was in force stays.
 */
int calls_configure(struct calls *cs, const struct config *conf);

enum calls_may {
	CALLS_MAY,
	CALLS_BUSY,    /* the trunk has one that is not over: later */
	CALLS_FULL,    /* as many are open as may be: later, too */
	CALLS_REFUSED, /* a limit, or all are stopped */
};

/* Whether a trunk may make a call now. @why: unless it may, static words for people */
enum calls_may calls_may(const struct calls *cs, const char *trunk, const char **why);

/*
 * Makes a call, which counts.
 *
 * Returns 0 or ENOMEM. The call is borrowed: call_leave(), unless done_h or stopped_h ran
 */
int calls_start(struct call **cp, struct calls *cs, const struct call_setup *setup,
		const struct call_events *events, void *arg);

/* A response from @src (NULL: on a connection). Whether it was a call's. */
bool calls_response(struct calls *cs, const struct sa *src, const struct guard_message *m,
		    int64_t rx_ns);

/* An ICMP error for a request with that branch. The same. */
bool calls_icmp(struct calls *cs, const struct pl *branch, int err);

/*
 * A request of a peer's within a call.
 *
 * @code, @dialog: what to answer with answer_make(), valid until the next call; code 0:
 *                 nothing
 *
 * Returns false if it is of no call.
 */
bool calls_request(struct calls *cs, const struct guard_message *m, int64_t rx_ns,
		   unsigned *code, struct answer_dialog *dialog);

/*
 * An INVITE of a known peer, outside of any dialog, that may be a loop of ours come back:
 * by its number, as Call-ID and From are ours past a proxy and others past a B2BUA. It is
 * answered here if it is.
 *
 * Returns false if no call waits for it.
 */
bool calls_invite(struct calls *cs, const struct guard_message *m,
		  const struct call_arrival *at);

/* Ends all at once; no other begins until calls_go_on() or calls_configure(). */
void calls_stop(struct calls *cs);
void calls_go_on(struct calls *cs);
bool calls_are_stopped(const struct calls *cs);

/* Calls that are open. */
unsigned calls_open(const struct calls *cs);

struct media;

/* The media thread, or NULL while no calls are allowed. Borrowed. */
const struct media *calls_media(const struct calls *cs);

#endif
