#include "sipprobe/media/voice/ear.h"

#include <stdlib.h>
#include <string.h>

enum {
	EAR_SOUND = 100, /* mean of a packet's samples: -43 dBm0, above a line's noise */
	EAR_ONSET = 700, /* a sample: tones begin, whatever noise there was */
	EAR_QUIET = 240, /* samples under that before an onset: 30 ms */
	EAR_ONSET_OLD = 4, /* blocks that an onset may lie before its digit is told */
};

bool ear_digits_add(struct ear_digits *d, char digit, const char *nonce)
{
	memmove(d->last, d->last + 1, MEDIA_NONCE - 1);
	d->last[MEDIA_NONCE - 1] = digit;
	if (d->count < MEDIA_NONCE)
		d->count++;
	return d->count == MEDIA_NONCE && *nonce && !memcmp(d->last, nonce, MEDIA_NONCE);
}

void ear_begin(struct ear *e, const char *expect)
{
	*e = (struct ear){.quiet = EAR_QUIET};
	memcpy(e->expect, expect, strnlen(expect, MEDIA_NONCE));
}

/* Whether there is sound, and where it began after quiet. */
static bool ear_listen(struct ear *e, const int16_t *pcm, size_t count,
		       int64_t arrival_ns, bool gap)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned size = (unsigned)abs(pcm[i]);

		sum += size;
		if (size < EAR_ONSET) {
			e->quiet++;
			continue;
		}
		if (e->quiet >= EAR_QUIET) {
			e->onset_ns = arrival_ns + (int64_t)i * G711_SAMPLE_NS;
			e->onset_doubtful = gap && i < G711_SAMPLES / 2;
		}
		e->quiet = 0;
	}
	return sum >= EAR_SOUND * count;
}

/* Keeps when the tone of a new digit began, beside the digit. */
static void ear_note_onset(struct ear *e, int64_t now_ns)
{
	int64_t old_ns = (int64_t)EAR_ONSET_OLD * TONE_BLOCK * G711_SAMPLE_NS;
	size_t last = MEDIA_NONCE - 1;

	memmove(e->onsets_ns, e->onsets_ns + 1, last * sizeof(e->onsets_ns[0]));
	memmove(e->doubtful, e->doubtful + 1, last * sizeof(e->doubtful[0]));
	e->onsets_ns[last] = now_ns - e->onset_ns < old_ns ? e->onset_ns : 0;
	e->doubtful[last] = e->onset_doubtful;
}

/* A block ended with @digit. The same as before is one that a lost packet split. */
static void ear_digit(struct ear_heard *h, struct ear *e, char digit, int64_t now_ns)
{
	if (!digit || digit == e->last)
		return;
	e->last = digit;
	ear_note_onset(e, now_ns);
	if (!ear_digits_add(&e->digits, digit, e->expect))
		return;
	h->nonce = true;
	h->nonce_ns = e->onsets_ns[0];
	h->doubtful = e->doubtful[0];
}

void ear_hear(struct ear_heard *h, struct ear *e, const int16_t *pcm, size_t count,
	      int64_t arrival_ns, bool gap)
{
	*h = (struct ear_heard){0};
	h->sound = ear_listen(e, pcm, count, arrival_ns, gap);
	for (size_t at = 0; at < count;) {
		char digit = 0;
		bool ended;

		at += tone_detector_feed(&e->detector, pcm + at, count - at, &digit,
					 &ended);
		if (ended)
			ear_digit(h, e, digit, arrival_ns + (int64_t)at * G711_SAMPLE_NS);
	}
}
