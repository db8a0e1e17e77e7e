/*
 * The way to one address, hop by hop: sends what way_plan.h says and reads what comes
 * back. Main thread only.
 */
#ifndef SIPPROBE_WAY_WAY_H
#define SIPPROBE_WAY_WAY_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/trace.h"

struct sockets;
struct way; /* mem_deref() ends it untold */

struct way_request {
	const struct config_trunk *trunk; /* kept by the caller while the way lives */
	struct sa peer;			  /* with port */
	enum config_transport transport;
	bool silent; /* the peer did not answer when it was asked last */
	const char *agent;
	struct ticker *ticker;
	struct sockets *sockets;
};

/* More is known; or all, with @over. It may free the way. */
typedef void(way_h)(bool over, void *arg);

/*
 * @r: zeroed; filled from now on, and kept by the caller while the way lives
 *
 * Returns 0 or errno.
 */
int way_start(struct way **wp, const struct way_request *rq, struct trace_report *r,
	      way_h *h, void *arg);

#endif
