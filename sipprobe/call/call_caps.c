#include "sipprobe/call/call_caps.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sipprobe/loop/compat.h"

#define HOUR_NS (3600 * CLOCK_NS_PER_S)
#define DAY_NS	(24 * HOUR_NS)

struct call_caps {
	unsigned at_once;
	unsigned per_hour;
	unsigned per_day;
	int64_t *begun_ns; /* a ring of the last calls' beginnings */
	unsigned size;	   /* of the ring */
	unsigned count;	   /* in it */
	unsigned next;	   /* place of the next */
};

static void call_caps_destructor(void *arg)
{
	struct call_caps *c = arg;

	free(c->begun_ns);
}

int call_caps_alloc(struct call_caps **cp)
{
	*cp = mem_zalloc(sizeof(**cp), call_caps_destructor);
	return *cp ? 0 : ENOMEM;
}

/* When the call before the last @back ones began. @back: below count */
static int64_t begun_before_ns(const struct call_caps *c, unsigned back)
{
	return c->begun_ns[(c->next + 2 * c->size - 1 - back) % c->size];
}

/* The ring grows with the limits and never shrinks: what was counted stays. */
static int ring_grow(struct call_caps *c, unsigned size)
{
	int64_t *grown;

	if (size <= c->size)
		return 0;
	grown = calloc(size, sizeof(*grown));
	if (!grown)
		return ENOMEM;
	for (unsigned i = 0; i < c->count; i++)
		grown[c->count - 1 - i] = begun_before_ns(c, i);
	free(c->begun_ns);
	c->begun_ns = grown;
	c->size = size;
	c->next = c->count % size;
	return 0;
}

int call_caps_set(struct call_caps *c, const struct config_calls *limits)
{
	unsigned most = limits->max_per_day > limits->max_per_hour ? limits->max_per_day
								   : limits->max_per_hour;
	int err = limits->allowed ? ring_grow(c, most) : 0;

	if (err)
		return err;
	c->at_once = limits->allowed ? limits->max_concurrent : 0;
	c->per_hour = limits->max_per_hour;
	c->per_day = limits->max_per_day;
	return 0;
}

/* Whether the last @most calls all began within @span_ns. */
static bool is_full(const struct call_caps *c, unsigned most, int64_t span_ns,
		    int64_t now_ns)
{
	return c->count >= most && now_ns - begun_before_ns(c, most - 1) < span_ns;
}

const char *call_caps_refusal(const struct call_caps *c, int64_t now_ns)
{
	if (!c->at_once)
		return "no calls are allowed";
	if (is_full(c, c->per_hour, HOUR_NS, now_ns))
		return "calls.max_per_hour calls were made in the last hour";
	if (is_full(c, c->per_day, DAY_NS, now_ns))
		return "calls.max_per_day calls were made in the last 24 hours";
	return NULL;
}

const char *call_caps_crowd(const struct call_caps *c, unsigned open)
{
	return open >= c->at_once ? "calls.max_concurrent calls are open" : NULL;
}

void call_caps_count(struct call_caps *c, int64_t now_ns)
{
	if (!c->size)
		return;
	c->begun_ns[c->next] = now_ns;
	c->next = (c->next + 1) % c->size;
	if (c->count < c->size)
		c->count++;
}
