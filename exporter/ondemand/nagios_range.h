/* Ranges as Nagios plugins take them for -w and -c. */
#ifndef EXPORTER_ONDEMAND_NAGIOS_RANGE_H
#define EXPORTER_ONDEMAND_NAGIOS_RANGE_H

#include <stdbool.h>

/* Alert outside of [low, high], or with `inside` within it. */
struct nagios_range {
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
bool nagios_range_parse(struct nagios_range *out, const char *text);

/* Whether @value is worth an alert; never without a range. */
bool nagios_range_alerts(const struct nagios_range *r, double value);

#endif
