#include "exporter/app.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/app_private.h"
#include "exporter/demo.h"
#include "exporter/engine_listener.h"
#include "exporter/http/http.h"
#include "exporter/ondemand/probe_service.h"
#include "exporter/revision.h"
#include "exporter/store/store.h"
#include "exporter/systemd.h"
#include "exporter/webconfig/web.h"
#include "sipprobe/engine.h"
#include "sipprobe/loop.h"
#include "sipprobe/watch.h"

/* glibc's own to begin with; the blocks of a scrape's copy of the store are larger. */
#define MMAP_BYTES (128 * 1024)

/* Times that the demo takes new ports when others were faster to bind them. */
enum { DEMO_TRIES = 10 };

static void app_stopped_h(void *arg)
{
	(void)arg;
	loop_stop();
}

/* Registrations are taken back first; a second signal does not wait for that. */
static void app_stop(struct app *app, int sig)
{
	log_event(LOG_LEVEL_INFO, "stopping", LOG_S("signal", sigabbrev_np(sig)));
	if (app->stopping)
		loop_stop();
	else
		engine_stop(app->engine, app_stopped_h, NULL);
	app->stopping = true;
}

static void app_signal_h(int sig, void *arg)
{
	struct app *app = arg;

	if (sig == SIGUSR1) {
		app_calls_stop(app, NULL);
	} else if (sig != SIGHUP) {
		systemd_stopping();
		app_stop(app, sig);
	} else {
		app_reload(app);
	}
}

static int app_start_config(struct app *app)
{
	int err;

	if (!app->cli->demo)
		return app_load(&app->conf, app->cli);
	err = demo_dead_port(&app->demo_fd);
	if (!err)
		err = demo_config(&app->conf, app->demo_fd);
	if (err)
		log_event(LOG_LEVEL_ERROR, "the demo cannot start",
			  LOG_S("error", strerror(err)));
	return err;
}

static void app_stop_config(struct app *app)
{
	config_free(app->conf);
	if (app->demo_fd >= 0)
		close(app->demo_fd);
}

static int app_start_loop(struct app *app)
{
	int err = loop_init(app_signal_h, app);

	if (!err)
		err = systemd_watchdog();
	if (err)
		log_event(LOG_LEVEL_ERROR, "the event loop cannot start",
			  LOG_S("error", strerror(err)));
	return err;
}

static void app_stop_loop(struct app *app)
{
	(void)app;
	loop_close();
}

static int app_start_store(struct app *app)
{
	int err = store_alloc(&app->store, app->conf->buckets, app->conf->bucket_count);

	if (err) {
		log_event(LOG_LEVEL_ERROR, "no memory for the metrics",
			  LOG_S("error", strerror(err)));
		return err;
	}
	if (app->cli->shard.total)
		store_shard(app->store, &app->cli->shard);
	if (app->conf->native.kept)
		store_keep_native(app->store, app->conf->native.schema,
				  app->conf->native.max_buckets);
	store_remember(app->store, app->conf->status.history,
		       (size_t)app->conf->status.memory_mib << 20);
	return 0;
}

static void app_stop_store(struct app *app)
{
	store_free(app->store);
}

static int app_start_engine(struct app *app)
{
	int err = engine_alloc(&app->engine, app->version, &engine_listener, app->store);

	if (err)
		log_event(LOG_LEVEL_ERROR, "the SIP engine cannot start",
			  LOG_S("error", strerror(err)));
	return err;
}

static void app_stop_engine(struct app *app)
{
	engine_free(app->engine);
}

static int app_start_web(struct app *app)
{
	struct config_errors errs = {0};
	int err = web_alloc(&app->web, app->cli->web_config_file, &errs);

	config_errors_log(&errs, "configuration error");
	if (err && !errs.count)
		log_event(LOG_LEVEL_ERROR, "cannot serve HTTP",
			  LOG_S("error", strerror(err)));
	config_errors_clear(&errs);
	return err;
}

static void app_stop_web(struct app *app)
{
	web_free(app->web);
}

static int app_start_probes(struct app *app)
{
	int err = probe_service_alloc(&app->probes, app->engine);

	if (err)
		log_event(LOG_LEVEL_ERROR, "no memory for probes on demand",
			  LOG_S("error", strerror(err)));
	return err;
}

static void app_stop_probes(struct app *app)
{
	probe_service_free(app->probes);
}

static int app_start_http(struct app *app)
{
	struct http_conf conf = {
		.listen = app->cli->listen,
		.listen_count = app->cli->listen_count,
		.systemd_socket = app->cli->systemd_socket,
		.telemetry_path = app->cli->telemetry_path,
		.external_url = app->cli->external_url,
		.route_prefix = app->cli->route_prefix,
		.version = app->version,
		.revision = EXPORTER_REVISION,
		.libre = loop_libre_version(),
		.web = app->web,
		.order_arg = app,
		.probes = app->probes,
	};
	char text[APP_ERR_TEXT] = "";
	int err;

	if (app->cli->lifecycle) {
		conf.orders[HTTP_ORDER_RELOAD] = app_reload_asked_h;
		conf.orders[HTTP_ORDER_CALLS_STOP] = app_calls_stop_asked_h;
		conf.orders[HTTP_ORDER_CALLS_START] = app_calls_start_asked_h;
	}
	err = http_alloc(&app->http, &conf, app->store, text, sizeof(text));

	if (err)
		log_event(LOG_LEVEL_ERROR, "cannot serve HTTP",
			  LOG_S("error", *text ? text : strerror(err)));
	return err;
}

static void app_stop_http(struct app *app)
{
	http_free(app->http);
}

/* What the engine tells of each trunk has a place, or it is not told to begin. */
static int app_apply(struct app *app, char text[APP_ERR_TEXT])
{
	int err = 0;

	text[0] = '\0';
	for (size_t i = 0; i < app->conf->trunk_count && !err; i++)
		err = store_prepare(app->store, &app->conf->trunks[i]);
	if (!err)
		err = engine_apply(app->engine, app->conf, text, APP_ERR_TEXT);
	store_prepared_drop(app->store);
	return err;
}

/* Puts the configuration in force; the probes begin with the loop. */
static int app_start_probing(struct app *app)
{
	char text[APP_ERR_TEXT];
	int err = app_apply(app, text);

	for (int i = 0; app->cli->demo && err == EADDRINUSE && i < DEMO_TRIES; i++) {
		config_free(app->conf);
		app->conf = NULL;
		err = demo_config(&app->conf, app->demo_fd);
		if (!err)
			err = app_apply(app, text);
	}
	if (err)
		log_event(LOG_LEVEL_ERROR, "the configuration cannot be applied",
			  LOG_S("error", *text ? text : strerror(err)));
	if (err)
		return err;
	probe_service_config(app->probes, app->conf);
	store_spare(app->store, &app->conf->metrics);
	store_hep(app->store, app->conf->hep.on);
	store_keep_audio(app->store, app->conf->calls.keep_audio);
	store_reload(app->store, true, clock_wall_ns());
	/* Text and tree of the file are gone, and were the largest that we held. */
	(void)malloc_trim(0);
	return 0;
}

static int app_start_watch(struct app *app)
{
	app_watch_files(app);
	return 0;
}

static void app_stop_watch(struct app *app)
{
	app_reload_abandon(app);
	watch_free(app->watch);
}

/* Parts of the program, started in order and stopped from the end. */
static const struct {
	int (*start)(struct app *app);
	void (*stop)(struct app *app);
} parts[] = {
	{app_start_config, app_stop_config}, {app_start_sandbox, NULL},
	{app_start_loop, app_stop_loop},     {app_start_store, app_stop_store},
	{app_start_engine, app_stop_engine}, {app_start_web, app_stop_web},
	{app_start_probes, app_stop_probes}, {app_start_http, app_stop_http},
	{app_start_probing, NULL},	     {app_start_watch, app_stop_watch},
};

int app_run(const struct cli *cli, const char *version)
{
	struct app app = {.cli = cli, .version = version, .demo_fd = -1};
	size_t count = sizeof(parts) / sizeof(*parts), started = 0;
	int err = 0;

	/* What a scrape needs goes back to the system with it. */
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	while (started < count && !err) {
		err = parts[started].start(&app);
		started += !err;
	}
	if (!err) {
		app_log_started(&app);
		systemd_ready();
		err = loop_run();
		if (err)
			log_event(LOG_LEVEL_ERROR, "the event loop failed",
				  LOG_S("error", strerror(err)));
	}
	while (started-- > 0) {
		if (parts[started].stop)
			parts[started].stop(&app);
	}
	if (!err)
		log_write(LOG_LEVEL_INFO, "stopped", NULL);
	return err ? 1 : 0;
}
