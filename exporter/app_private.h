/* The program's parts while it runs, for app*.c only. */
#ifndef EXPORTER_APP_PRIVATE_H
#define EXPORTER_APP_PRIVATE_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"
#include "exporter/cli.h"

enum { APP_ERR_TEXT = 256 };

struct config_errors;
struct config_loader;
struct engine;
struct http;
struct probe_service;
struct reload_order;
struct reload_requests;
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
	bool reload_wanted;
	struct reload_requests *asked; /* where somebody waits for a reload, or NULL */
	struct config_loader *loader;  /* of a reload that has begun, or NULL */
	struct reload_order *order;    /* who waits for that one, or NULL */
};

/*
 * Loads the file, less the trunks of other shards, and logs what is wrong with it.
 * Returns as config_load().
 */
int app_load(struct config **cp, const struct cli *cli);

/*
 * Logs what is wrong with a configuration that was read.
 *
 * @err:   of config_load()
 * @why:   gets the errors too, or NULL
 * @watch: told, if the load failed, which files might mend that; or NULL
 */
void app_config_told(const struct cli *cli, int err, const struct config_errors *errs,
		     FILE *why, struct watch *watch);

/*
 * Looks after the files of the configuration in force, if that asks for it. Its patterns
 * may stand for other folders after each reload, so each begins anew.
 */
void app_watch_files(struct app *app);

/* Begins a reload, by a signal or for changed files; after the one under way, if any. */
void app_reload(struct app *app);

/* The same for those who wait, as a reload_requests_asked_h. @arg: the struct app */
void app_reload_asked_h(struct reload_requests *l, void *arg);

/* The one under way comes to nothing. Before the HTTP server stops. */
void app_reload_abandon(struct app *app);

/*
 * Ends all calls, and lets none begin.
 *
 * @why: gets what was done, in words, or NULL
 */
void app_calls_stop(struct app *app, FILE *why);

/* Reload_requests_asked_h, @arg: the struct app. Does that; lets them begin again. */
void app_calls_stop_asked_h(struct reload_requests *l, void *arg);
void app_calls_start_asked_h(struct reload_requests *l, void *arg);

/*
 * Gives up all that the program will not need: once it is known what will be read, and
 * before the first thread. Returns 0 or errno, logged.
 */
int app_start_sandbox(struct app *app);

/* Tells that all parts run, and where. */
void app_log_started(const struct app *app);

#endif
