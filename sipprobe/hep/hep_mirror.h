/*
 * What is sent and received of SIP, mirrored to a collector: one datagram for each
 * message, sent and forgotten. Nothing waits for it, and nothing of it is on the heap.
 * Main thread only, and one a process: whoever has a message at hand tells it here.
 */
#ifndef SIPPROBE_HEP_HEP_MIRROR_H
#define SIPPROBE_HEP_HEP_MIRROR_H

#include "sipprobe/hep/hep.h"

struct hep_mirror; /* mem_deref() ends it */

/* Whether a message went out to the collector; a failure is one lost. */
typedef void(hep_mirror_told_h)(bool sent, void *arg);

/* Gets one ready, which nobody uses yet. Returns 0 or ENOMEM. */
int hep_mirror_alloc(struct hep_mirror **mp, hep_mirror_told_h *h, void *arg);

/* Mirrors by it from now on. @agent: number of ours at the collector */
void hep_mirror_use(struct hep_mirror *m, uint32_t agent);

/*
 * Where to: an address with its port; NULL: nowhere. Until there is one, messages count
 * as lost.
 *
 * Returns 0 or errno of the socket; then it is as it was before.
 */
int hep_mirror_aim(struct hep_mirror *m, const struct sa *collector);

/* Whether anybody wants messages: without, telling costs a look at this. */
bool hep_mirror_is_on(void);

/* A message as it went by. */
struct hep_mirror_way {
	const struct sa *local; /* ours; any address: found by @peer */
	const struct sa *peer;
	bool outbound; /* we sent it */
	bool stream;   /* over TCP, whatever is in it */
	int64_t at_ns; /* monotonic; 0: now */
};

/*
 * Mirrors one message. Credentials in it are redacted as in ladders (sipprobe/ladder.h),
 * bodies other than SDP left out.
 */
void hep_mirror_message(const struct hep_mirror_way *way, const char *buf, size_t len);

#endif
