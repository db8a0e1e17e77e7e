/*
 * Hears DTMF digits: Goertzel's filter at the eight tones, block by block, each block for
 * itself. One clean block of 12.75 ms is enough, so that a digit survives lost packets;
 * what keeps this from hearing digits in speech is that a nonce of five must match.
 */
#ifndef SIPPROBE_MEDIA_TONE_DETECTOR_H
#define SIPPROBE_MEDIA_TONE_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sipprobe/media/voice/tones.h"

/* Long enough to tell neighbouring tones apart, short enough for a 20 ms packet. */
enum { TONE_BLOCK = 102 };

/* All zeros is one that heard nothing. */
struct tone_detector {
	float last[TONES], before[TONES];
	float energy;
	unsigned count; /* samples of the block under way */
};

/*
 * Takes samples up to the end of the block under way.
 *
 * @digit: where a block ended, the digit heard in it, or 0; else untouched
 * @ended: whether a block ended
 *
 * Returns how many samples were taken, at most @count.
 */
size_t tone_detector_feed(struct tone_detector *d, const int16_t *pcm, size_t count,
			  char *digit, bool *ended);

#endif
