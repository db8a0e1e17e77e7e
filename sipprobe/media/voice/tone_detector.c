#include "sipprobe/media/voice/tone_detector.h"

#include <string.h>

/* 2 cos(2 pi f / 8000) of tones_hz. */
static const float twice_cos[TONES] = {
	1.70773781f, 1.64528104f, 1.56868698f, 1.47820457f,
	1.16410402f, 0.99637021f, 0.79861839f, 0.56853271f,
};

/*
 * Of two tones alone, TONE_BLOCK / 2 times the energy is in their two filters. Less means
 * other sounds beside them. Levels may differ by 8 dB either way, which is what Q.24 has
 * administrations allow, and the sum must lie over -38 dBm0.
 */
#define TONE_PURITY 0.7f
#define TONE_TWIST  6.3f
#define TONE_FLOOR  4e4f /* mean square of a sample */

/* What does not wait for the step before stands in brackets. */
static void tone_detector_step(struct tone_detector *d, float x)
{
	d->energy += x * x;
	for (unsigned i = 0; i < TONES; i++) {
		float next = twice_cos[i] * d->last[i] + (x - d->before[i]);

		d->before[i] = d->last[i];
		d->last[i] = next;
	}
}

static float tone_detector_power(const struct tone_detector *d, unsigned i)
{
	return d->last[i] * d->last[i] + d->before[i] * d->before[i] -
	       twice_cos[i] * d->last[i] * d->before[i];
}

/* The strongest of the four tones from @first on. */
static unsigned tone_detector_strongest(const float *power, unsigned first)
{
	unsigned best = first;

	for (unsigned i = first + 1; i < first + TONES_EACH; i++)
		if (power[i] > power[best])
			best = i;
	return best;
}

static char tone_detector_judge(const struct tone_detector *d)
{
	float power[TONES];
	unsigned low, high;

	if (d->energy < TONE_BLOCK * TONE_FLOOR)
		return 0;
	for (unsigned i = 0; i < TONES; i++)
		power[i] = tone_detector_power(d, i);
	low = tone_detector_strongest(power, 0);
	high = tone_detector_strongest(power, TONES_EACH);
	if (power[low] > power[high] * TONE_TWIST ||
	    power[high] > power[low] * TONE_TWIST)
		return 0;
	if (power[low] + power[high] < TONE_PURITY * d->energy * TONE_BLOCK / 2)
		return 0;
	return tones_digits[low * TONES_EACH + high - TONES_EACH];
}

size_t tone_detector_feed(struct tone_detector *d, const int16_t *pcm, size_t count,
			  char *digit, bool *ended)
{
	size_t left = TONE_BLOCK - d->count;

	if (count > left)
		count = left;
	for (size_t i = 0; i < count; i++)
		tone_detector_step(d, (float)pcm[i]);
	d->count += (unsigned)count;
	*ended = d->count == TONE_BLOCK;
	if (*ended) {
		*digit = tone_detector_judge(d);
		memset(d, 0, sizeof(*d));
	}
	return count;
}
