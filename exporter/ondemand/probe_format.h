/* The formats in which a probe on demand is told: a row each. */
#ifndef EXPORTER_ONDEMAND_PROBE_FORMAT_H
#define EXPORTER_ONDEMAND_PROBE_FORMAT_H

#include "base/buffer.h"
#include "exporter/ondemand/nagios_range.h"
#include "sipprobe/ondemand.h"

/* Days that a certificate must have left, as check_http's -C has them. */
struct probe_days {
	struct nagios_range warning;
	struct nagios_range critical;
	char text[2][24]; /* what the ranges' texts are, when only numbers were given */
};

/* A finished probe, and how it is to be shown. */
struct probe_output {
	const struct ondemand_report *report;
	const char *trunk;	     /* its name, or NULL */
	int64_t now_s;		     /* of the wall clock, for a certificate's days */
	bool colour;		     /* for a terminal */
	bool verbose;		     /* whole messages, not only their first lines */
	struct nagios_range warning; /* seconds from request to answer */
	struct nagios_range critical;
	const struct probe_days *days; /* NULL: certificates have no thresholds */
	bool traces; /* a trace is told after it, and then why it is down */
	bool many;   /* one of all trunks: without a certificate it is none too little */
};

/* Exit codes of all formats but SolarWinds', which are those of Nagios plugins too. */
enum {
	PROBE_EXIT_UP = 0,
	PROBE_EXIT_DEGRADED = 1,
	PROBE_EXIT_DOWN = 2,
	PROBE_EXIT_UNKNOWN = 3,
	PROBE_EXIT_CODES,
};

/* SolarWinds Orion's own: whatever is none of these is unknown to it. */
enum {
	ORION_UP = 0,
	ORION_DOWN = 1,
	ORION_WARNING = 2,
	ORION_CRITICAL = 3,
	ORION_UNKNOWN = 4,
};

/* One trunk of all, told. */
struct probe_item {
	const char *trunk;
	struct buffer text; /* as the format's tell_one or fail_one wrote it */
	int code;	    /* enum above */
	bool paused;	    /* by its settings, and not probed; without a text */
};

/* All trunks, in the order of the configuration. */
struct probe_summary {
	const struct probe_item *items;
	size_t count;
	size_t codes[PROBE_EXIT_CODES]; /* how many of those probed ended in each */
	size_t paused;
	int64_t took_ns;
	int code;    /* of the whole */
	bool colour; /* for a terminal */
};

struct probe_format {
	const char *name;
	bool thresholds; /* knows `warning`, `critical` and `days` */
	int unknown;	 /* exit code of wrong usage and faults of our own */
	/* Writes it and returns the exit code. */
	int (*tell)(struct buffer *b, const struct probe_output *t);
	/* There is nothing to tell: why, for people. The exit code is `unknown`. */
	void (*fail)(struct buffer *b, const char *why);
	/* The same of one trunk among all; NULL: the format has no words for many. */
	int (*tell_one)(struct buffer *b, const struct probe_output *t);
	void (*fail_one)(struct buffer *b, const char *trunk, const char *why);
	void (*tell_all)(struct buffer *b, const struct probe_summary *s);
};

extern const struct probe_format probe_formats[];
extern const size_t probe_format_count;

/* The exit code by the report alone. */
int probe_exit(const struct ondemand_report *r);

/* The same with the thresholds counted in. */
int probe_exit_within(const struct probe_output *t);

/*
 * The worst of two exit codes: a trunk that is down, before what could not be found out,
 * before one that is degraded.
 */
int probe_exit_worst(int a, int b);

/* What the thresholds have to say, behind the verdict; nothing when all is within. */
void probe_exit_explain(struct buffer *b, const struct probe_output *t);

/*
 * The fewest days that a certificate at any address has left. Returns false when none
 * showed one.
 */
bool probe_exit_days(int64_t *days, const struct probe_output *t);

/* The columns of the table above. */
int probe_tell_text(struct buffer *b, const struct probe_output *t);
int probe_tell_json(struct buffer *b, const struct probe_output *t);
int probe_tell_nagios(struct buffer *b, const struct probe_output *t);
int probe_tell_solarwinds(struct buffer *b, const struct probe_output *t);

/* "Why:  …", of a target that is down. */
void probe_text_why(struct buffer *b, const struct ondemand_report *r);

void probe_fail_text(struct buffer *b, const char *why);
void probe_fail_json(struct buffer *b, const char *why);
void probe_fail_nagios(struct buffer *b, const char *why);
void probe_fail_solarwinds(struct buffer *b, const char *why);

int probe_one_text(struct buffer *b, const struct probe_output *t);
int probe_one_nagios(struct buffer *b, const struct probe_output *t);

void probe_fail_one_text(struct buffer *b, const char *trunk, const char *why);
void probe_fail_one_json(struct buffer *b, const char *trunk, const char *why);
void probe_fail_one_nagios(struct buffer *b, const char *trunk, const char *why);

void probe_all_text(struct buffer *b, const struct probe_summary *s);
void probe_all_json(struct buffer *b, const struct probe_summary *s);
void probe_all_nagios(struct buffer *b, const struct probe_summary *s);

#endif
