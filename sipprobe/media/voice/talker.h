/*
 * What a session says, packet by packet of 20 ms: its nonce as tones, the same as
 * telephone-events, pauses, and that again until the end.
 */
#ifndef SIPPROBE_MEDIA_TALKER_H
#define SIPPROBE_MEDIA_TALKER_H

#include <stdbool.h>

#include "sipprobe/media/voice/g711.h"
#include "sipprobe/media/voice/tones.h"

/* All in packets of 20 ms. */
enum {
	TALKER_LEAD = 10,  /* before the first nonce: a path takes time to open */
	TALKER_TONE = 6,   /* a digit as tones: 120 ms, so that one survives losses … */
	TALKER_GAP = 4,	   /* … and 80 ms of silence after it */
	TALKER_PAUSE = 25, /* after a nonce */
	TALKER_EVENT = 5,  /* a digit as event: 100 ms, then its end twice more */
	TALKER_EVENT_GAP = 3,
};

struct talker {
	char nonce[MEDIA_NONCE + 1];
	bool inband, events; /* what of it is said */
	enum media_codec codec;
	unsigned at;   /* place in the round, from 0; before it, TALKER_LEAD */
	unsigned lead; /* packets until the first round */
	struct tones tones;
};

/* The packet that is next. */
struct talk {
	bool event;	    /* telephone-event, not audio */
	bool marker;	    /* first of an event (RFC 4733 2.5.1.1) */
	unsigned event_age; /* packets since its timestamp */
	bool onset;	    /* the nonce's first tone begins with its first sample */
	size_t bytes;
	uint8_t payload[G711_SAMPLES];
};

void talker_begin(struct talker *t, const char *nonce, bool inband, bool events,
		  enum media_codec codec);

/*
 * Fills in the next packet.
 *
 * @can_events: the peer takes telephone-events; without, they are left out of the round
 */
void talker_next(struct talk *talk, struct talker *t, bool can_events);

/* Goes on without it: it was due while our thread stood still. */
void talker_skip(struct talker *t, bool can_events);

#endif
