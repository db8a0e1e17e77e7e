#include "sipprobe/schedule.h"
#include "sipprobe/clock.h"

enum { START_RATE = 5000 };

/* FNV-1a: stable over versions and machines, which a library's hash need not be. */
static uint64_t fnv(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3ULL;
	return (h ^ 0xff) * 0x100000001b3ULL;
}

uint32_t schedule_phase(const char *trunk, const char *address, const char *method)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	h = fnv(fnv(fnv(h, trunk), address), method);
	/* Names that differ in their last digit only must not fall side by side. */
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	return (uint32_t)(h >> 32);
}

static int64_t share_ns(uint32_t phase, int64_t span_ns)
{
	return (int64_t)(((unsigned __int128)phase * (uint64_t)span_ns) >> 32);
}

int64_t schedule_grid_ns(const struct schedule *s, uint32_t phase, int64_t interval_ns,
			 int64_t from_ns)
{
	int64_t wall_ns = from_ns + s->offset_ns;
	int64_t due_ns = wall_ns - wall_ns % interval_ns + share_ns(phase, interval_ns);

	if (due_ns < wall_ns)
		due_ns += interval_ns;
	return due_ns - s->offset_ns;
}

int64_t schedule_first_ns(uint32_t phase, int64_t interval_ns, size_t targets,
			  int64_t now_ns)
{
	int64_t span_ns = (int64_t)targets * (CLOCK_NS_PER_S / START_RATE);

	if (span_ns < CLOCK_NS_PER_S)
		span_ns = CLOCK_NS_PER_S;
	if (span_ns > interval_ns)
		span_ns = interval_ns;
	return now_ns + share_ns(phase, span_ns);
}
