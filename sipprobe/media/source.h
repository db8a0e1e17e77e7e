/*
 * From whom a session takes packets: the address of the peer's SDP, or, behind a NAT, the
 * first other one that fits, once. Pure.
 */
#ifndef SIPPROBE_MEDIA_SOURCE_H
#define SIPPROBE_MEDIA_SOURCE_H

#include "sipprobe/loop/compat.h"

/* How long another one may come forward after the SDP. */
#define SOURCE_LATCH_NS 2000000000LL

struct source {
	struct sa agreed;  /* by SDP */
	struct sa latched; /* instead, if has_latched */
	bool has_latched;
	bool settled;	  /* a packet came from where it was agreed */
	int64_t until_ns; /* the end of the time for others */
};

enum source_verdict {
	SOURCE_TAKEN,
	SOURCE_CANDIDATE, /* may be latched on to, if its packet is one of the call */
	SOURCE_FOREIGN,
};

/*
 * A new SDP: another address begins anew. The same one changes nothing, but that who was
 * silent so far has his time once more: many talk only after the answer.
 */
void source_agree(struct source *s, const struct sa *agreed, int64_t now_ns);

enum source_verdict source_judge(struct source *s, const struct sa *src, int64_t now_ns);

/* A candidate's packet was one of the call. */
void source_latch(struct source *s, const struct sa *src);

/* Where packets to the peer go: where its own come from. */
const struct sa *source_peer(const struct source *s);

#endif
