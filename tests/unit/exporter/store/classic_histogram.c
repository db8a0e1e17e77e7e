/* Bounds of classic histograms as text: `le` is compared as such by who reads it. */
#include "exporter/store/classic_histogram.h"
#include "tests/unit/tap.h"

static const struct {
	double bound_s;
	int64_t bound_ns;
	const char *le;
	const char *le_float; /* as OpenMetrics has it */
} bounds[] = {
	{0.00001, 10000, "1e-05", "1e-05"},
	{0.0001, 100000, "0.0001", "0.0001"},
	{0.00023704487510519252, 237045, "0.00023704487510519252",
	 "0.00023704487510519252"},
	{0.001, 1000000, "0.001", "0.001"},
	{0.0025, 2500000, "0.0025", "0.0025"},
	{0.1, 100000000, "0.1", "0.1"},
	{0.3, 300000000, "0.3", "0.3"},
	{1, 1000000000, "1", "1.0"},
	{2.5, 2500000000, "2.5", "2.5"},
	{10, 10000000000, "10", "10.0"},
	{1234567, 1234567000000000, "1234567", "1234567.0"},
	{0.1234567891, 123456789, "0.1234567891", "0.1234567891"},
	{0.0000000015, 2, "1.5e-09", "1.5e-09"},
};

enum { BOUNDS = sizeof(bounds) / sizeof(*bounds) };

static void is_slice(struct slice got, const char *value)
{
	char want[64];

	snprintf(want, sizeof(want), "le=\"%s\"", value);
	ok(got.l == strlen(want) && !memcmp(got.p, want, got.l), "%s", want);
}

int main(void)
{
	double values[BOUNDS];
	struct stats_buckets b = {0};

	for (size_t i = 0; i < BOUNDS; i++)
		values[i] = bounds[i].bound_s;
	is_int(classic_histogram_init(&b, values, BOUNDS), 0, "bounds are made");
	is_int((long long)b.count, BOUNDS, "all of them");
	for (size_t i = 0; i < BOUNDS; i++) {
		is_int(b.bound_ns[i], bounds[i].bound_ns, "in nanoseconds");
		ok(b.bound_s[i] == bounds[i].bound_s, "in seconds");
		is_slice(b.le[i], bounds[i].le);
		is_slice(b.le_float[i], bounds[i].le_float);
	}
	is_slice(b.le[BOUNDS], "+Inf");
	is_slice(b.le_float[BOUNDS], "+Inf");
	classic_histogram_clear(&b);
	ok(!b.count && !b.le, "and gone afterwards");
	is_int(classic_histogram_init(&b, values, 0), 0, "none at all");
	is_slice(b.le[0], "+Inf");
	classic_histogram_clear(&b);
	return tap_done();
}
