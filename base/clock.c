#include "base/clock.h"

/* Between two looks that lie further apart than this we were put off. */
#define CLOCK_LOOK_NS (5 * CLOCK_NS_PER_MS)
#define CLOCK_LOOKS   4

/* What came within that did not wait for us: its stamp is on the clock as it is. */
#define CLOCK_FRESH_NS (20 * CLOCK_NS_PER_MS)

/* A smaller difference is how late the second of two looks was. */
#define CLOCK_SET_NS (50 * CLOCK_NS_PER_MS)

struct clock_pair clock_look(void)
{
	return (struct clock_pair){clock_monotonic_ns(), clock_wall_ns()};
}

struct clock_pair clock_glance(void)
{
	struct timespec now, wall;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	clock_gettime(CLOCK_REALTIME_COARSE, &wall);
	return (struct clock_pair){clock_of_timespec(&now), clock_of_timespec(&wall)};
}

struct clock_stamps clock_stamps_begin(void)
{
	struct clock_pair now = clock_look();

	return (struct clock_stamps){now.wall_ns - now.now_ns, now.now_ns};
}

static bool clock_is_within(int64_t at_ns, int64_t from_ns, int64_t to_ns)
{
	return at_ns >= from_ns && at_ns <= to_ns;
}

bool clock_stamps_is_set(const struct clock_stamps *s, const struct clock_pair *now)
{
	int64_t by_ns = now->wall_ns - now->now_ns - s->offset_ns;

	return by_ns > CLOCK_SET_NS || by_ns < -CLOCK_SET_NS;
}

int64_t clock_of_stamp_ns(const struct clock_stamps *s, const struct clock_pair *now,
			  int64_t stamp_wall_ns)
{
	int64_t at_ns = stamp_wall_ns - (now->wall_ns - now->now_ns);
	int64_t former_ns = stamp_wall_ns - s->offset_ns;
	bool is_set = clock_stamps_is_set(s, now);

	if (clock_is_within(at_ns, now->now_ns - CLOCK_FRESH_NS, now->now_ns) &&
	    at_ns >= s->since_ns)
		return at_ns;
	if (is_set && clock_is_within(former_ns, s->since_ns, now->now_ns))
		return former_ns;
	if (clock_is_within(at_ns, s->since_ns, now->now_ns))
		return at_ns;
	if (clock_is_within(former_ns, s->since_ns, now->now_ns))
		return former_ns;
	return at_ns < s->since_ns ? s->since_ns : now->now_ns;
}

void clock_stamps_read(struct clock_stamps *s, const struct clock_pair *now, bool empty)
{
	s->offset_ns = now->wall_ns - now->now_ns;
	if (empty)
		s->since_ns = now->now_ns;
}

int64_t clock_boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return clock_of_timespec(&ts);
}

int64_t clock_wall_offset_ns(void)
{
	int64_t before_ns, wall_ns, after_ns;
	int looks = 0;

	do {
		before_ns = clock_boot_ns();
		wall_ns = clock_wall_ns();
		after_ns = clock_boot_ns();
	} while (after_ns - before_ns > CLOCK_LOOK_NS && ++looks < CLOCK_LOOKS);
	return wall_ns - before_ns - (after_ns - before_ns) / 2;
}

int64_t clock_follow_offset_ns(int64_t kept_ns, int64_t seen_ns)
{
	int64_t by_ns = seen_ns - kept_ns;

	return by_ns > CLOCK_SET_NS || by_ns < -CLOCK_SET_NS ? seen_ns : kept_ns;
}
