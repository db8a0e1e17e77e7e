/*
 * The pairs of tones that DTMF digits are (ITU-T Q.23), written sample by sample by two
 * oscillators.
 */
#ifndef SIPPROBE_MEDIA_TONES_H
#define SIPPROBE_MEDIA_TONES_H

#include <stddef.h>
#include <stdint.h>

enum {
	TONES_EACH = 4, /* low ones, and high ones */
	TONES = 2 * TONES_EACH,
	TONES_LEVEL = 5000, /* of each of the two, of 32,767: -13 dBm0 */
};

/* Hz; four low ones, four high ones. */
extern const float tones_hz[TONES];

/* The sixteen digits: by low tone, then by high tone. */
extern const char tones_digits[TONES_EACH * TONES_EACH + 1];

/* Two oscillators. Plain, to be copied and embedded. */
struct tones {
	double twice_cos[2];
	double last[2], before[2];
};

/* Starts a digit with both tones at phase 0; it must be one of tones_digits. */
void tones_start(struct tones *t, char digit);

/* The digit's next samples. */
void tones_write(struct tones *t, int16_t *pcm, size_t count);

#endif
