#include "sipprobe/media/voice/tones.h"

#include <math.h>
#include <string.h>

#include "sipprobe/media/voice/g711.h"

const float tones_hz[TONES] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
const char tones_digits[] = "123A456B789C*0#D";

/* sin(nw) = 2 cos(w) sin((n-1)w) - sin((n-2)w): no call of sin() a sample. */
static void tones_oscillate(struct tones *t, unsigned i, float hz)
{
	double step = 2 * M_PI * (double)hz / G711_HZ;

	t->twice_cos[i] = 2 * cos(step);
	t->last[i] = TONES_LEVEL * sin(-step);
	t->before[i] = TONES_LEVEL * sin(-2 * step);
}

void tones_start(struct tones *t, char digit)
{
	const char *at = strchr(tones_digits, digit);
	size_t n = at && *at ? (size_t)(at - tones_digits) : 0;

	tones_oscillate(t, 0, tones_hz[n / TONES_EACH]);
	tones_oscillate(t, 1, tones_hz[TONES_EACH + n % TONES_EACH]);
}

void tones_write(struct tones *t, int16_t *pcm, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		double sum = 0;

		for (unsigned k = 0; k < 2; k++) {
			double next = t->twice_cos[k] * t->last[k] - t->before[k];

			t->before[k] = t->last[k];
			t->last[k] = next;
			sum += next;
		}
		pcm[i] = (int16_t)sum;
	}
}
