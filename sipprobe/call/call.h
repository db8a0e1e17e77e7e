/*
 * A call that we make: INVITE, whatever comes of it, and its end. It lives as long as its
 * peer may think that it does, also when nobody listens to it any more: only its end by
 * BYE, CANCEL or the peer, or 64 T1 of silence, frees it. Main thread only.
 */
#ifndef SIPPROBE_CALL_CALL_H
#define SIPPROBE_CALL_CALL_H

#include "config/config.h"
#include "sipprobe/call_report.h"
#include "sipprobe/ladder.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/probe.h"

struct call;
struct calls;
struct tls_cache;

/* Who is called by which way. Everything is copied or kept as the call needs it. */
struct call_setup {
	const struct config_trunk *trunk; /* its settings' texts are of @conf */
	const struct config *conf;
	struct tls_cache *tls;
	struct sa peer;
	enum config_transport transport; /* never NONE */
	const char *peer_name;		 /* what the peer must prove over TLS */
};

/* What is known of a call when its verdict is. */
struct call_outcome {
	enum probe_outcome outcome;
	enum probe_verdict verdict;
	int err;
	unsigned code; /* of the final response to INVITE, or 0 */
	bool given_up; /* that came after we had wanted it to end */
	int64_t ended_ns;
	int64_t connect_ns, tls_ns;
	unsigned retransmissions; /* of the INVITE */
	char call_id[36];
	char phrase[48]; /* printable ASCII */
	char detail[PROBE_DETAIL];
	struct call_report report;
};

struct call_events {
	/* A message, or with @len 0 words; for a ladder. */
	void (*note_h)(enum ladder_kind kind, int64_t at_ns, const char *text, size_t len,
		       void *arg);
	/* The verdict, once, and nothing after it. Never inside calls_start(). */
	void (*done_h)(const struct call_outcome *o, void *arg);
	/* Calls were stopped: this one ends, and says nothing of the trunk. */
	void (*stopped_h)(void *arg);
};

/* Nobody listens any more: it ends at once, by itself. NULL is ignored. */
void call_leave(struct call *c);

/* The longest time that a call takes to its verdict, µs. */
int64_t call_longest_us(const struct config_call *conf);

#endif
