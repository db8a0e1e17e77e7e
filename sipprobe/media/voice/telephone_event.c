#include "sipprobe/media/voice/telephone_event.h"

#include <string.h>

/* Event codes 0 to 15 (RFC 4733 3.2). */
static const char telephone_digits[] = "0123456789*#ABCD";

#define EVENT_END    0x80
#define EVENT_VOLUME 0x3f

void telephone_event_write(uint8_t *out, const struct telephone_event *e)
{
	const char *at = strchr(telephone_digits, e->digit);

	out[0] = at && *at ? (uint8_t)(at - telephone_digits) : 0;
	out[1] = (uint8_t)((e->end ? EVENT_END : 0) | (e->volume & EVENT_VOLUME));
	out[2] = (uint8_t)(e->duration >> 8);
	out[3] = (uint8_t)e->duration;
}

bool telephone_event_read(struct telephone_event *e, const uint8_t *payload, size_t len)
{
	if (len < TELEPHONE_EVENT_BYTES)
		return false;
	e->digit = payload[0] < sizeof(telephone_digits) - 1
			   ? telephone_digits[payload[0]]
			   : 0;
	e->end = payload[1] & EVENT_END;
	e->volume = payload[1] & EVENT_VOLUME;
	e->duration = (uint16_t)(payload[2] << 8 | payload[3]);
	return true;
}

char telephone_ear_hear(struct telephone_ear *ear, const struct telephone_event *e,
			uint32_t timestamp)
{
	bool same = ear->begun && ear->timestamp == timestamp;

	ear->begun = true;
	ear->timestamp = timestamp;
	return same ? 0 : e->digit;
}
