/* The configuration that is read at the start, and the files that are watched. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "exporter/app_private.h"
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

void app_config_told(const struct cli *cli, int err, const struct config_errors *errs,
		     FILE *why, struct watch *watch)
{
	config_errors_log(errs, "configuration error");
	if (why)
		config_errors_print(errs, why);
	if (err && !errs->count)
		log_event(LOG_LEVEL_ERROR, "configuration error",
			  LOG_S("file", cli->config_file), LOG_S("error", strerror(err)));
	if (err && watch)
		app_config_want(watch, errs);
}

int app_load(struct config **cp, const struct cli *cli)
{
	struct config_errors errs = {0};
	int err = config_load(cp, cli->config_file, &errs);

	if (!err)
		config_shard_keep(*cp, &cli->shard);
	app_config_told(cli, err, &errs, NULL, NULL);
	config_errors_clear(&errs);
	return err;
}

static void app_config_files_h(void *arg)
{
	app_reload(arg);
}

/* What it leads to is in a folder that nothing tells of. */
static int app_watch_link(struct watch *w, const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode) ? watch_names(w, &path, 1) : 0;
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
		err = app_watch_link(w, conf->path);
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
