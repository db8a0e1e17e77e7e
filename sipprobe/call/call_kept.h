/*
 * What is kept of a call's audio for people, where calls.keep_audio says so: what was
 * heard, and the packets. Until the call is freed.
 */
#ifndef SIPPROBE_CALL_CALL_KEPT_H
#define SIPPROBE_CALL_CALL_KEPT_H

#include "sipprobe/loop/compat.h"
#include "sipprobe/media_report.h"

struct config_call;
struct media_packets;
struct media_session;

/* Zeroed: nothing is kept. call_kept_clear() */
struct call_kept {
	struct mbuf *wav;
	struct media_packets *ring;
	struct media_packet *packets; /* on the wall clock; they point into `ring` */
	size_t packet_count;
};

/* Of how many packets at least the head is kept: those of a whole call. */
size_t call_kept_packets(const struct config_call *conf);

/*
 * Takes what a session kept, within its report_h(), and points @r to it. Without memory
 * it is less.
 */
void call_kept_take(struct call_kept *k, struct media_report *r, struct media_session *s);

/* Wipes it: it is what people said. */
void call_kept_clear(struct call_kept *k);

#endif
