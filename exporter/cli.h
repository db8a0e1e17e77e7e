/* Command line of the exporter itself; probe and import have their own. */
#ifndef EXPORTER_CLI_H
#define EXPORTER_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "config/shard.h"

enum { CLI_LISTEN_MAX = 16 };

enum cli_action {
	CLI_RUN,
	CLI_HELP,
	CLI_VERSION,
	CLI_CONFIG_CHECK,
	CLI_CONFIG_SCHEMA,
	CLI_LIST_METRICS,
	CLI_LIST_REASONS,
	CLI_HEALTHCHECK,
	CLI_ACTIONS,
};

/* Texts point into argv or are static. */
struct cli {
	int action;		 /* enum cli_action */
	const char *config_file; /* NULL: none */
	bool demo;
	const char *listen[CLI_LISTEN_MAX]; /* at least one */
	size_t listen_count;
	const char *telemetry_path;
	const char *web_config_file; /* NULL: none */
	const char *external_url;    /* NULL: none */
	const char *route_prefix;    /* NULL: the path of external_url */
	bool systemd_socket;
	bool lifecycle; /* reloads over HTTP */
	bool sandbox;
	const char *health_url; /* NULL: /-/healthy on the first listen address */
	const char *shard_text; /* of --shard and --total-shards; NULL: not given */
	const char *total_text;
	struct config_shard shard;
	int log_level;	/* enum log_level */
	int log_format; /* enum log_format */
};

/*
 * Reads flags as `--name=value` or `--name value`. --help and --version win over all
 * else, so that they work on a line that is wrong further on.
 *
 * @err_text: on failure, a sentence for people, with the nearest flag for an unknown one
 *
 * Returns 0; EINVAL; or ENOENT when neither a configuration nor the demo is asked for.
 */
int cli_parse(struct cli *out, int argc, char *const argv[], char *err_text,
	      size_t err_size);

/* Every flag, by groups, within 80 columns. */
void cli_help_print(FILE *out);

/* Writes what to do when there is no configuration yet. */
void cli_first_steps_print(FILE *out);

#endif
