#include "sipprobe/dns/resolvers.h"

#include "base/clock.h"

void resolvers_forget(struct resolvers *r, const struct config_dns *conf)
{
	int64_t now_ns = clock_monotonic_ns();
	struct resolver *fresh;

	if (now_ns - r->since_ns < RESOLVERS_FRESH_S * CLOCK_NS_PER_S ||
	    resolver_alloc(&fresh, conf))
		return;
	mem_deref(r->former);
	r->former = r->current;
	r->current = fresh;
	r->since_ns = now_ns;
}

void resolvers_replace(struct resolvers *r, struct resolver *fresh)
{
	r->former = mem_deref(r->former);
	mem_deref(r->current);
	r->current = fresh;
	r->since_ns = clock_monotonic_ns();
}
