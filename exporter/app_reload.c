/*
 * A reload: the configuration is read beside the loop, and put in force in one step of
 * it. Who asks while one is read gets another, as the files may have changed since.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/app_changes.h"
#include "exporter/app_private.h"
#include "exporter/config_loader.h"
#include "exporter/http/reload_requests.h"
#include "exporter/ondemand/probe_service.h"
#include "exporter/store/store.h"
#include "exporter/systemd.h"
#include "sipprobe/engine.h"
#include "sipprobe/watch.h"

static bool app_reload_same_buckets(const struct config *a, const struct config *b)
{
	if (a->native.kept != b->native.kept || a->native.schema != b->native.schema ||
	    a->native.max_buckets != b->native.max_buckets)
		return false;
	return a->bucket_count == b->bucket_count &&
	       !memcmp(a->buckets, b->buckets, a->bucket_count * sizeof(*a->buckets));
}

static bool app_reload_same_status(const struct config *a, const struct config *b)
{
	return a->status.history == b->status.history &&
	       a->status.memory_mib == b->status.memory_mib;
}

static void app_reload_warn(const struct config *now, const struct config *next,
			    const struct findings *found)
{
	findings_tell(found, next, NULL);
	if (!app_reload_same_buckets(now, next))
		log_write(LOG_LEVEL_WARN, "new histogram settings need a restart", NULL);
	if (!app_reload_same_status(now, next))
		log_write(LOG_LEVEL_WARN, "new status settings need a restart", NULL);
}

/* On failure @text may say why, and what runs goes on as it is. */
static int app_reload_apply(struct app *app, const struct config *next,
			    struct app_changes *changes, char text[APP_ERR_TEXT])
{
	int err = app_changes_prepare(changes, app->store);

	store_change_begin(app->store);
	if (!err)
		err = engine_apply_diff(app->engine, next, &changes->diff, text,
					APP_ERR_TEXT);
	if (!err) {
		store_spare(app->store, &next->metrics);
		store_hep(app->store, next->hep.on);
		store_keep_audio(app->store, next->calls.keep_audio);
	}
	store_change_end(app->store);
	store_prepared_drop(app->store);
	return err;
}

static void app_reload_failed(int err, const char *text, FILE *why)
{
	if (err == ENOMEM && !*text)
		text = strerror(err);
	log_event(LOG_LEVEL_ERROR, "reload failed, the old configuration stays",
		  LOG_S("error", *text ? text : NULL));
	if (why && *text)
		fprintf(why, "%s\n", text);
}

/* Takes the next configuration over. Returns the former. */
static struct config *app_reload_follow(struct app *app, struct config_loaded *loaded)
{
	struct config *former = app->conf;

	app_reload_warn(former, loaded->conf, &loaded->found);
	probe_service_config(app->probes, loaded->conf);
	app->conf = loaded->conf;
	loaded->conf = NULL;
	return former;
}

static void app_reload_done(struct app *app, struct config_loaded *loaded,
			    const struct app_changes *changes, FILE *why)
{
	struct config *former = NULL;

	if (loaded->unchanged)
		app_reload_warn(app->conf, app->conf, &loaded->found);
	else
		former = app_reload_follow(app, loaded);
	/* What it tells of may have gone with the former one. */
	app_changes_tell(changes, app->store, app->conf, why);
	config_free(former);
	app_watch_files(app);
}

/* All or nothing. What is as it was stays in force, and no trunk is touched. */
static int app_reload_take(struct app *app, struct config_loaded *loaded, FILE *why)
{
	struct app_changes changes = {0};
	char text[APP_ERR_TEXT] = "";
	int err = loaded->err;

	app_config_told(app->cli, err, &loaded->errs, why, app->watch);
	if (!err)
		err = app_changes_take(&changes, app->store, &loaded->diff);
	if (!err && loaded->unchanged)
		err = engine_renew(app->engine, text, sizeof(text));
	else if (!err)
		err = app_reload_apply(app, loaded->conf, &changes, text);
	store_reload(app->store, !err, clock_wall_ns());
	if (err)
		app_reload_failed(err, text, why);
	else
		app_reload_done(app, loaded, &changes, why);
	app_changes_clear(&changes);
	return err;
}

static void app_reload_begin(struct app *app);

static void app_reload_loaded_h(struct config_loaded *loaded, void *arg)
{
	struct app *app = arg;
	int err = ECANCELED;

	app->loader = NULL;
	if (!app->stopping)
		err = app_reload_take(app, loaded, reload_order_out(app->order));
	config_diff_clear(&loaded->diff);
	config_errors_clear(&loaded->errs);
	findings_clear(&loaded->found);
	config_free(loaded->conf);
	reload_order_answer(app->order, err);
	app->order = NULL;
	if (!app->stopping)
		systemd_ready();
	app_reload_begin(app);
}

static void app_reload_begin(struct app *app)
{
	int err;

	if (!app->reload_wanted || app->loader || app->stopping)
		return;
	app->reload_wanted = false;
	systemd_reloading();
	watch_catch_up(app->watch);
	if (app->asked)
		app->order = reload_requests_take(app->asked);
	app->asked = NULL;
	err = config_loader_start(&app->loader, app->cli, app->conf, app_reload_loaded_h,
				  app);
	if (err)
		app_reload_loaded_h(&(struct config_loaded){.err = err}, app);
}

void app_reload(struct app *app)
{
	if (app->cli->demo) {
		log_write(LOG_LEVEL_INFO, "nothing to reload in the demo", NULL);
		return;
	}
	app->reload_wanted = true;
	app_reload_begin(app);
}

void app_reload_asked_h(struct reload_requests *l, void *arg)
{
	struct app *app = arg;

	if (!app->cli->demo && !app->stopping)
		app->asked = l;
	else
		reload_order_answer(reload_requests_take(l),
				    app->stopping ? ECANCELED : 0);
	app_reload(app);
}

void app_reload_abandon(struct app *app)
{
	config_loader_abandon(app->loader);
	app->loader = NULL;
	reload_order_answer(app->order, ECANCELED);
	app->order = NULL;
}
