/* Ranges as Nagios plugins take them for -w and -c. */
#ifndef EXPORTER_PROBE_RANGE_H
#define EXPORTER_PROBE_RANGE_H

#include <stdbool.h>

/* Alert outside of [low, high], or with `inside` within it. */
struct probe_range {
	double low;
	double high;
	bool inside;
	const char *text; /* as given; NULL: there is no range */
};

/*
 * Reads "10", "10:", "~:10", "10:20" or "@10:20".
 *
 * Returns whether @text is a range. @out is untouched if not.
 */
bool probe_range_parse(struct probe_range *out, const char *text);

/* Whether @value is worth an alert; never without a range. */
bool probe_range_alerts(const struct probe_range *r, double value);

#endif
