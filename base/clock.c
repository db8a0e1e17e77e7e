#include "base/clock.h"

int64_t clock_from_stamp_ns(int64_t stamp_wall_ns)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t age_ns = clock_wall_ns() - stamp_wall_ns;

	return now_ns - (age_ns > 0 ? age_ns : 0);
}
