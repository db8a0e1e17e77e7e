/* The command line of `siptrunk_exporter probe`. */
#ifndef EXPORTER_ONDEMAND_PROBE_ARGS_H
#define EXPORTER_ONDEMAND_PROBE_ARGS_H

#include <stdio.h>

#include "exporter/ondemand/probe_format.h"

struct probe_args {
	const char *target;
	const char *profile;	 /* or NULL */
	const char *config_file; /* or NULL */
	const struct probe_format *format;
	int64_t timeout_us;	/* 0: not given */
	const char *trust_with; /* or NULL */
	int64_t trust_at_s;	/* 0: not given */
	struct nagios_range warning;
	struct nagios_range critical;
	struct probe_days days;
	bool has_days;
	bool all;	  /* every trunk of the configuration */
	const char *pcap; /* where to write what was sent and received; or NULL */
	unsigned methods; /* bits 1 << enum config_method; 0: as the settings say */
	bool trace;	  /* the way to the address that decides */
	bool verbose;
	bool help;
};

/*
 * Reads the arguments after "probe". The format is known as far as it was read, also on
 * failure, so that whoever parses our output can be told of it.
 *
 * Returns 0; or EINVAL with a sentence in @why.
 */
int probe_args_parse(struct probe_args *out, int argc, char *const argv[], char *why,
		     size_t why_size);

/* Writes the text of `probe --help`. */
void probe_args_help(FILE *out);

#endif
