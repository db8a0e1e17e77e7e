#include "exporter/ondemand/probe_limit.h"

#include "base/clock.h"
#include "base/hash.h"

bool probe_limit_take(struct probe_limit *l, const char *target, int64_t now_ns)
{
	uint64_t hash = hash_text(HASH_START, target);
	int64_t full_ns = l->full_ns > now_ns ? l->full_ns : now_ns;

	if (full_ns - now_ns > (PROBE_LIMIT_BURST - 1) * CLOCK_NS_PER_S)
		return false;
	for (size_t i = 0; i < PROBE_LIMIT_RECENT; i++)
		if (l->recent[i].at_ns && l->recent[i].hash == hash &&
		    now_ns - l->recent[i].at_ns < PROBE_LIMIT_AGAIN_S * CLOCK_NS_PER_S)
			return false;
	l->full_ns = full_ns + CLOCK_NS_PER_S;
	l->recent[l->next].hash = hash;
	l->recent[l->next].at_ns = now_ns;
	l->next = (l->next + 1) % PROBE_LIMIT_RECENT;
	return true;
}
