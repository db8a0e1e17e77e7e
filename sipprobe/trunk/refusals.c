#include "sipprobe/trunk/refusals.h"

#include "base/clock.h"

void refusals_note(struct refusals *r, enum engine_stray why, const struct sa *peer,
		   const struct engine_events *events, void *arg)
{
	int64_t now_ns = clock_monotonic_ns();
	char text[64];

	r->count[why]++;
	if (!events->refused_h ||
	    (r->told_ns[why] &&
	     now_ns - r->told_ns[why] < ENGINE_REFUSED_S * CLOCK_NS_PER_S))
		return;
	(void)re_snprintf(text, sizeof(text), "%J", peer);
	events->refused_h((int)why, text, r->count[why], arg);
	r->told_ns[why] = now_ns;
	r->count[why] = 0;
}

const char *engine_stray_name(enum engine_stray why)
{
	static const char *const names[ENGINE_STRAYS] = {
		[ENGINE_STRAY_STRANGER] = "stranger",
		[ENGINE_STRAY_RESPONSE] = "unmatched",
		[ENGINE_STRAY_MALFORMED] = "malformed",
		[ENGINE_STRAY_RATE] = "rate",
		[ENGINE_STRAY_FULL] = "full",
		[ENGINE_STRAY_DISPLACED] = "displaced",
		[ENGINE_STRAY_SHORTAGE] = "shortage",
	};

	return (unsigned)why < ENGINE_STRAYS ? names[why] : "malformed";
}
