#include "tests/simulation/trace.h"

#include <stdio.h>

#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/world.h"

struct line {
	int64_t at_ns;
	const char *what, *a, *b;
	int64_t n;
};

struct ring {
	struct line lines[TRACE_LINES];
	unsigned count;
};

static struct {
	struct ring *rings; /* of the trunks; the last one is of all */
	int follow;
} tracing = {.follow = -1};

void trace_follow(int number)
{
	tracing.follow = number;
}

const char *trace_when(int64_t ns)
{
	static char text[4][40];
	static unsigned n;
	char *out = text[n++ % 4];
	int64_t us = (ns - WORLD_BEGIN_NS) / CLOCK_NS_PER_US, s = us / 1000000;

	(void)snprintf(out, sizeof(text[0]), "%lldd %02d:%02d:%02d.%06d",
		       (long long)(s / 86400), (int)(s / 3600 % 24), (int)(s / 60 % 60),
		       (int)(s % 60), (int)(us % 1000000));
	return out;
}

static void line_print(const struct line *l)
{
	printf("  %s  %s%s%s%s%lld\n", trace_when(l->at_ns), l->what, *l->a ? " " : "",
	       l->a, *l->b ? l->b : " ", (long long)l->n);
}

void trace(const struct trunk *t, const char *what, const char *a, const char *b,
	   int64_t n)
{
	struct line l = {world_now_ns(), what, a, b, n};
	struct ring *r;

	if (!tracing.rings)
		tracing.rings = memory_get((fleet.count + 1) * sizeof(*tracing.rings));
	r = &tracing.rings[t ? t->number : fleet.count];
	r->lines[r->count++ % TRACE_LINES] = l;
	if (tracing.follow >= 0 && (!t || tracing.follow == (int)t->number))
		line_print(&l);
}

/* Lines of the trunk and of all, as they came. */
void trace_print(const struct trunk *t)
{
	const struct ring *own = &tracing.rings[t->number];
	const struct ring *all = &tracing.rings[fleet.count];
	unsigned i = own->count > TRACE_LINES ? own->count - TRACE_LINES : 0;
	unsigned k = all->count > TRACE_LINES ? all->count - TRACE_LINES : 0;
	int64_t from_ns = own->count ? own->lines[i % TRACE_LINES].at_ns : 0;

	while (i < own->count || k < all->count) {
		const struct line *a = &own->lines[i % TRACE_LINES];
		const struct line *b = &all->lines[k % TRACE_LINES];

		if (k == all->count || (i < own->count && a->at_ns < b->at_ns)) {
			line_print(a);
			i++;
		} else {
			if (b->at_ns >= from_ns)
				line_print(b);
			k++;
		}
	}
}
