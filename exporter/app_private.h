/* The program's parts while it runs, for app*.c only. */
#ifndef EXPORTER_APP_PRIVATE_H
#define EXPORTER_APP_PRIVATE_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"
#include "exporter/cli.h"

enum { APP_ERR_TEXT = 256 };

struct engine;
struct http;
struct probe_service;
struct store;
struct watch;
struct web;

struct app {
	const struct cli *cli;
	const char *version;
	int demo_fd; /* of the demo's dead port, or -1 */
	struct config *conf;
	struct store *store;
	struct engine *engine;
	struct web *web;
	struct probe_service *probes;
	struct http *http;
	bool stopping;
	struct watch *watch; /* of the configuration's files, or NULL */
};

/*
 * Each warning about a configuration on a line: those of its reader, then the engine's.
 *
 * @out: where to; NULL: the log
 */
void app_warn(const struct config *conf, FILE *out);

/* A line of the log where this process may not open what it needs to probe them all. */
void app_warn_descriptors(const struct config *conf);

/*
 * Loads the file, less the trunks of other shards, and logs what is wrong with it.
 *
 * @why:   gets the errors too, or NULL
 * @watch: told, if the load fails, which files might mend that; or NULL
 *
 * Returns as config_load().
 */
int app_load(struct config **cp, const struct cli *cli, FILE *why, struct watch *watch);

/*
 * Looks after the files of the configuration in force, if that asks for it. Its patterns
 * may stand for other folders after each reload, so each begins anew.
 */
void app_watch_files(struct app *app);

/* A reload_requests_reload_h, for signals and changed files too. @arg: the struct app */
int app_reload_h(FILE *why, void *arg);

/* The same: ends all calls, and lets none begin; or lets them begin again. */
int app_calls_stop_h(FILE *why, void *arg);
int app_calls_start_h(FILE *why, void *arg);

/*
 * Gives up all that the program will not need: once it is known what will be read, and
 * before the first thread. Returns 0 or errno, logged.
 */
int app_start_sandbox(struct app *app);

/* Tells that all parts run, and where. */
void app_log_started(const struct app *app);

#endif
