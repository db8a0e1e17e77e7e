/* The configuration in force: loaded, told of, and loaded again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/app_changes.h"
#include "exporter/app_private.h"
#include "exporter/ondemand/probe_service.h"
#include "exporter/store/store.h"
#include "exporter/systemd.h"
#include "sipprobe/engine.h"
#include "sipprobe/watch.h"

static void app_config_unwatched(int err)
{
	log_event(LOG_LEVEL_WARN, "the configuration's files cannot be watched",
		  LOG_S("error", strerror(err)));
}

/* A file that is missing, or wrong, may be none that the configuration in force names. */
static void app_config_want(struct watch *watch, const struct config_errors *errs)
{
	int err =
		watch_names(watch, (const char *const *)errs->wanted, errs->wanted_count);

	if (err)
		app_config_unwatched(err);
}

int app_load(struct config **cp, const struct cli *cli, FILE *why, struct watch *watch)
{
	struct config_errors errs = {0};
	int err = config_load(cp, cli->config_file, &errs);

	if (!err)
		config_shard_keep(*cp, &cli->shard);
	config_errors_log(&errs, "configuration error");
	if (why)
		config_errors_print(&errs, why);
	if (err && !errs.count)
		log_event(LOG_LEVEL_ERROR, "configuration error",
			  LOG_S("file", cli->config_file), LOG_S("error", strerror(err)));
	if (err && watch)
		app_config_want(watch, &errs);
	config_errors_clear(&errs);
	return err;
}

static bool app_config_same_buckets(const struct config *a, const struct config *b)
{
	if (a->native.kept != b->native.kept || a->native.schema != b->native.schema ||
	    a->native.max_buckets != b->native.max_buckets)
		return false;
	return a->bucket_count == b->bucket_count &&
	       !memcmp(a->buckets, b->buckets, a->bucket_count * sizeof(*a->buckets));
}

static bool app_config_same_status(const struct config *a, const struct config *b)
{
	return a->status.history == b->status.history &&
	       a->status.memory_mib == b->status.memory_mib;
}

static void app_config_files_h(void *arg)
{
	(void)app_reload_h(NULL, arg);
}

static int app_watch_alloc(struct watch **wp, struct app *app)
{
	const struct config *conf = app->conf;
	const char **patterns = calloc(conf->glob_count + 1, sizeof(*patterns));
	struct watch *w = NULL;
	int err;

	if (!patterns)
		return ENOMEM;
	patterns[0] = conf->path;
	memcpy(patterns + 1, conf->globs, conf->glob_count * sizeof(*patterns));
	err = watch_alloc(&w, patterns, conf->glob_count + 1, app_config_files_h, app);
	free(patterns);
	if (!err)
		err = watch_names(w, conf->secret_files, conf->secret_file_count);
	if (err)
		watch_free(w);
	else
		*wp = w;
	return err;
}

void app_watch_files(struct app *app)
{
	const struct config *conf = app->conf;
	struct watch *old = app->watch;
	int err;

	app->watch = NULL;
	if (!conf->watch || !conf->path) {
		watch_free(old);
		return;
	}
	err = app_watch_alloc(&app->watch, app);
	/* Changes while the files were read are not to be missed. */
	if (!err) {
		watch_succeed(app->watch, old);
		return;
	}
	watch_free(old);
	app_config_unwatched(err);
}

/* Loads the next one and puts it in force. On failure @text may say why. */
static int app_config_apply(struct app *app, struct config **next,
			    struct app_changes *changes, char text[APP_ERR_TEXT],
			    FILE *why)
{
	int err = app_load(next, app->cli, why, app->watch);

	if (err)
		return err;
	err = app_changes_take(changes, app->store, app->conf, *next);
	if (!err)
		err = app_changes_prepare(changes, app->store);
	store_change_begin(app->store);
	if (!err)
		err = engine_apply(app->engine, *next, text, APP_ERR_TEXT);
	if (!err) {
		store_spare(app->store, &(*next)->metrics);
		store_hep(app->store, (*next)->hep.on);
		store_keep_audio(app->store, (*next)->calls.keep_audio);
	}
	store_change_end(app->store);
	store_prepared_drop(app->store);
	if (err)
		config_free(*next);
	return err;
}

static void app_config_warn(const struct config *now, const struct config *next)
{
	app_warn(next, NULL);
	if (!app_config_same_buckets(now, next))
		log_write(LOG_LEVEL_WARN, "new histogram settings need a restart", NULL);
	if (!app_config_same_status(now, next))
		log_write(LOG_LEVEL_WARN, "new status settings need a restart", NULL);
}

/* All or nothing: on failure what runs goes on as it is. */
static int app_config_reload(struct app *app, FILE *why)
{
	struct app_changes changes = {0};
	char text[APP_ERR_TEXT] = "";
	struct config *next;
	int err;

	if (app->stopping)
		return ECANCELED;
	watch_catch_up(app->watch);
	err = app_config_apply(app, &next, &changes, text, why);
	store_reload(app->store, !err, clock_wall_ns());
	if (err == ENOMEM && !*text)
		snprintf(text, sizeof(text), "%s", strerror(err));
	if (err) {
		app_changes_clear(&changes);
		log_event(LOG_LEVEL_ERROR, "reload failed, the old configuration stays",
			  LOG_S("error", *text ? text : NULL));
		if (why && *text)
			fprintf(why, "%s\n", text);
		return err;
	}
	app_config_warn(app->conf, next);
	probe_service_config(app->probes, next);
	app_changes_tell(&changes, app->store, next, why);
	app_changes_clear(&changes);
	config_free(app->conf);
	app->conf = next;
	app_watch_files(app);
	return 0;
}

/* By a signal or over HTTP. */
int app_reload_h(FILE *why, void *arg)
{
	struct app *app = arg;
	int err;

	if (app->cli->demo) {
		log_write(LOG_LEVEL_INFO, "nothing to reload in the demo", NULL);
		return 0;
	}
	systemd_reloading();
	err = app_config_reload(app, why);
	systemd_ready();
	return err;
}
