/* The formats in which a probe on demand is told: a row each. */
#ifndef EXPORTER_ONDEMAND_PROBE_FORMAT_H
#define EXPORTER_ONDEMAND_PROBE_FORMAT_H

#include "base/buffer.h"
#include "exporter/ondemand/nagios_range.h"
#include "sipprobe/ondemand.h"

/* A finished probe, and how it is to be shown. */
struct probe_output {
	const struct ondemand_report *report;
	const char *trunk;	     /* its name, or NULL */
	int64_t now_s;		     /* of the wall clock, for a certificate's days */
	bool colour;		     /* for a terminal */
	bool verbose;		     /* whole messages, not only their first lines */
	struct nagios_range warning; /* seconds from request to answer */
	struct nagios_range critical;
};

/* Exit codes of all formats but SolarWinds', which are those of Nagios plugins too. */
enum {
	PROBE_EXIT_UP = 0,
	PROBE_EXIT_DEGRADED = 1,
	PROBE_EXIT_DOWN = 2,
	PROBE_EXIT_UNKNOWN = 3,
};

struct probe_format {
	const char *name;
	bool thresholds; /* knows `warning` and `critical` */
	/* Writes it and returns the exit code. */
	int (*tell)(struct buffer *b, const struct probe_output *t);
	/* There is nothing to tell: why, for people. Returns the exit code. */
	int (*fail)(struct buffer *b, const char *why);
};

extern const struct probe_format probe_formats[];
extern const size_t probe_format_count;

/* The exit code by the report alone. */
int probe_exit(const struct ondemand_report *r);

/* The same with the thresholds counted in. */
int probe_exit_within(const struct probe_output *t);

/* The columns of the table above. */
int probe_tell_text(struct buffer *b, const struct probe_output *t);
int probe_tell_json(struct buffer *b, const struct probe_output *t);
int probe_tell_nagios(struct buffer *b, const struct probe_output *t);
int probe_tell_solarwinds(struct buffer *b, const struct probe_output *t);

int probe_fail_text(struct buffer *b, const char *why);
int probe_fail_json(struct buffer *b, const char *why);
int probe_fail_nagios(struct buffer *b, const char *why);
int probe_fail_solarwinds(struct buffer *b, const char *why);

#endif
