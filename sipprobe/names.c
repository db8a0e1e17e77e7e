#include "sipprobe/names.h"
#include "sipprobe/clock.h"
#include "sipprobe/resolve.h"

void names_forget(struct core *core)
{
	int64_t now_ns = clock_monotonic_ns();
	struct resolver *fresh;

	if (now_ns - core->resolver_since_ns < NAMES_FRESH_S * CLOCK_NS_PER_S ||
	    resolver_alloc(&fresh, &core->conf->dns))
		return;
	mem_deref(core->resolver_former);
	core->resolver_former = core->resolver;
	core->resolver = fresh;
	core->resolver_since_ns = now_ns;
}

void names_replace(struct core *core, struct resolver *resolver)
{
	core->resolver_former = mem_deref(core->resolver_former);
	mem_deref(core->resolver);
	core->resolver = resolver;
	core->resolver_since_ns = clock_monotonic_ns();
}
