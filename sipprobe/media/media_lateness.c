#include "sipprobe/media/media_private.h"

static unsigned media_lateness_bucket(uint32_t late_us)
{
	unsigned i = 0;

	while (i < MEDIA_LATENESS_BOUNDS && late_us > media_lateness_bounds_us[i])
		i++;
	return i;
}

static uint32_t media_lateness_us(int64_t late_ns)
{
	int64_t us = late_ns > 0 ? late_ns / CLOCK_NS_PER_US : 0;

	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

void media_lateness_add(struct media_lateness *l, int64_t late_ns)
{
	uint32_t us = media_lateness_us(late_ns);

	l->count[media_lateness_bucket(us)]++;
	l->sum_us += us;
	l->packets++;
	if (us > l->max_us)
		l->max_us = us;
}

/* Only the media thread adds, so that load and store need no more than order. */
static void media_lateness_raise(_Atomic uint64_t *n, uint64_t by)
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + by,
			      memory_order_relaxed);
}

void media_lateness_count(struct media *m, int64_t late_ns)
{
	uint32_t us = media_lateness_us(late_ns);

	media_lateness_raise(&m->late_count[media_lateness_bucket(us)], 1);
	media_lateness_raise(&m->late_sum_us, us);
	if (us > atomic_load_explicit(&m->late_max_us, memory_order_relaxed))
		atomic_store_explicit(&m->late_max_us, us, memory_order_relaxed);
}

void media_lateness(const struct media *m, struct media_lateness *l)
{
	/* The count is that of the buckets: a histogram must agree with itself. */
	*l = (struct media_lateness){
		.sum_us = atomic_load(&m->late_sum_us),
		.max_us = atomic_load(&m->late_max_us),
	};
	for (unsigned i = 0; i <= MEDIA_LATENESS_BOUNDS; i++) {
		l->count[i] = atomic_load(&m->late_count[i]);
		l->packets += l->count[i];
	}
}
