#include "sipprobe/media/voice/talker.h"

#include <string.h>

#include "sipprobe/media/voice/telephone_event.h"

/* Packets of each digit, and of the nonce with the pause after it. */
enum {
	TALKER_DIGIT = TALKER_TONE + TALKER_GAP,
	TALKER_TONES = MEDIA_NONCE * TALKER_DIGIT + TALKER_PAUSE,
	TALKER_END_PACKETS = 2, /* copies of an event's end; RFC 4733 2.5.1.4 */
	TALKER_EVENT_DIGIT = TALKER_EVENT + TALKER_END_PACKETS + TALKER_EVENT_GAP,
	TALKER_EVENTS = MEDIA_NONCE * TALKER_EVENT_DIGIT + TALKER_PAUSE,
	TALKER_EVENT_VOLUME = 10, /* -dBm0 */
};

void talker_begin(struct talker *t, const char *nonce, bool inband, bool events,
		  enum media_codec codec)
{
	*t = (struct talker){
		.inband = inband && *nonce,
		.events = events && *nonce,
		.codec = codec,
		.lead = TALKER_LEAD,
	};
	memcpy(t->nonce, nonce, strnlen(nonce, MEDIA_NONCE));
}

static void talk_silence(struct talk *talk, const struct talker *t)
{
	memset(talk->payload, g711_silence(t->codec), G711_SAMPLES);
	talk->bytes = G711_SAMPLES;
}

/* @at: since the first digit's begin */
static void talk_tones(struct talk *talk, struct talker *t, unsigned at)
{
	unsigned digit = at / TALKER_DIGIT;
	int16_t pcm[G711_SAMPLES];

	if (digit >= MEDIA_NONCE || at % TALKER_DIGIT >= TALKER_TONE) {
		talk_silence(talk, t);
		return;
	}
	if (at % TALKER_DIGIT == 0)
		tones_start(&t->tones, t->nonce[digit]);
	tones_write(&t->tones, pcm, G711_SAMPLES);
	for (size_t i = 0; i < G711_SAMPLES; i++)
		talk->payload[i] = g711_code(t->codec, pcm[i]);
	talk->bytes = G711_SAMPLES;
	talk->onset = at == 0;
}

static void talk_event(struct talk *talk, const struct talker *t, unsigned at)
{
	unsigned digit = at / TALKER_EVENT_DIGIT, age = at % TALKER_EVENT_DIGIT;
	unsigned long_for = age < TALKER_EVENT ? age + 1 : TALKER_EVENT;
	struct telephone_event e;

	if (digit >= MEDIA_NONCE || age >= TALKER_EVENT + TALKER_END_PACKETS) {
		talk_silence(talk, t);
		return;
	}
	e = (struct telephone_event){
		.digit = t->nonce[digit],
		.end = age >= TALKER_EVENT - 1,
		.volume = TALKER_EVENT_VOLUME,
		.duration = (uint16_t)(long_for * G711_SAMPLES),
	};
	telephone_event_write(talk->payload, &e);
	talk->bytes = TELEPHONE_EVENT_BYTES;
	talk->event = true;
	talk->marker = age == 0;
	talk->event_age = age;
}

/* Packets of tones and of events in a round. */
static unsigned talker_tones_in(const struct talker *t)
{
	return t->inband ? TALKER_TONES : 0;
}

static unsigned talker_events_in(const struct talker *t, bool can_events)
{
	return t->events && can_events ? TALKER_EVENTS : 0;
}

/* Returns whether the packet is of a round, and where in it. */
static bool talker_step(struct talker *t, bool can_events, unsigned *at)
{
	unsigned round = talker_tones_in(t) + talker_events_in(t, can_events);

	if (t->lead) {
		t->lead--;
		return false;
	}
	if (!round)
		return false;
	if (t->at >= round)
		t->at = 0;
	*at = t->at++;
	return true;
}

void talker_next(struct talk *talk, struct talker *t, bool can_events)
{
	unsigned at;

	talk->event = talk->marker = talk->onset = false;
	talk->event_age = 0;
	if (!talker_step(t, can_events, &at))
		talk_silence(talk, t);
	else if (at < talker_tones_in(t))
		talk_tones(talk, t, at);
	else
		talk_event(talk, t, at - talker_tones_in(t));
}

void talker_skip(struct talker *t, bool can_events)
{
	unsigned at;

	(void)talker_step(t, can_events, &at);
}
