#include "sipprobe/loop/schedule.h"

#include "base/clock.h"
#include "base/hash.h"

enum { START_RATE = 5000 };

/* A name and an end of it, so that "ab", "c" is not "a", "bc". */
static uint64_t add_name(uint64_t h, const char *name)
{
	return hash_byte(hash_text(h, name), 0xff);
}

uint32_t schedule_phase(const char *trunk, const char *address, const char *method)
{
	uint64_t h = add_name(add_name(add_name(HASH_START, trunk), address), method);

	return (uint32_t)(hash_mix(h) >> 32);
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

int64_t schedule_start_ns(size_t targets)
{
	int64_t span_ns = (int64_t)targets * (CLOCK_NS_PER_S / START_RATE);

	return span_ns < CLOCK_NS_PER_S ? CLOCK_NS_PER_S : span_ns;
}

int64_t schedule_first_ns(uint32_t phase, int64_t interval_ns, size_t targets,
			  int64_t now_ns)
{
	int64_t span_ns = schedule_start_ns(targets);

	if (span_ns > interval_ns)
		span_ns = interval_ns;
	return now_ns + share_ns(phase, span_ns);
}
