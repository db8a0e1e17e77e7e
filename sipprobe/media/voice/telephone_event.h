/* Telephone events: DTMF digits as RTP packets of their own (RFC 4733 2.3). */
#ifndef SIPPROBE_MEDIA_TELEPHONE_EVENT_H
#define SIPPROBE_MEDIA_TELEPHONE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TELEPHONE_EVENT_BYTES = 4 }; /* of a payload */

/* A payload. */
struct telephone_event {
	char digit;	   /* 0-9, *, #, A-D; 0: another event */
	bool end;	   /* the last of its packets, which is sent three times */
	uint8_t volume;	   /* -dBm0, 0 to 63 */
	uint16_t duration; /* so far, in samples */
};

/* @out: TELEPHONE_EVENT_BYTES */
void telephone_event_write(uint8_t *out, const struct telephone_event *e);

/* Returns whether the payload is one. */
bool telephone_event_read(struct telephone_event *e, const uint8_t *payload, size_t len);

/* Tells new events from further packets of the same, by their RTP timestamp. */
struct telephone_ear {
	uint32_t timestamp;
	bool begun;
};

/* Returns the digit of an event that begins with this packet, or 0. */
char telephone_ear_hear(struct telephone_ear *ear, const struct telephone_event *e,
			uint32_t timestamp);

#endif
