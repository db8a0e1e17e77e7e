/* When a session sent its last packets: for whoever hears them to tell how long they
 * took. */
#ifndef SIPPROBE_MEDIA_SEND_LOG_H
#define SIPPROBE_MEDIA_SEND_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SEND_LOG = 256,	     /* packets: five seconds */
	SEND_LOG_ONSETS = 4, /* nonces */
};

/* Zeroed is one of nothing sent. */
struct send_log {
	uint32_t ssrc;
	uint32_t audio; /* packets of audio sent in all */
	bool begun;
	uint16_t last; /* sequence number */
	int64_t at_ns[SEND_LOG];
	uint16_t sequence[SEND_LOG];
	bool is_audio[SEND_LOG];
	int64_t onset_ns[SEND_LOG_ONSETS]; /* of the last nonces, newest first */
};

void send_log_add(struct send_log *l, uint16_t sequence, int64_t at_ns, bool is_audio);

/* A nonce's first tone began with the packet sent then. */
void send_log_onset(struct send_log *l, int64_t at_ns);

/* When a packet was sent, or -1: not one of the last. */
int64_t send_log_time_ns(const struct send_log *l, uint16_t sequence);

/* When the last nonce began that can have been heard at @heard_ns, or -1. */
int64_t send_log_onset_before_ns(const struct send_log *l, int64_t heard_ns);

/* Packets of audio sent up to @at_ns, which lies in the last seconds. */
uint32_t send_log_audio_until(const struct send_log *l, int64_t at_ns);

#endif
