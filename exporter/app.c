#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/app.h"
#include "exporter/demo.h"
#include "exporter/events.h"
#include "exporter/http.h"
#include "exporter/http_unix.h"
#include "exporter/log.h"
#include "exporter/probe_desk.h"
#include "exporter/sandbox.h"
#include "exporter/store.h"
#include "exporter/systemd.h"
#include "exporter/web.h"
#include "sipprobe/clock.h"
#include "sipprobe/engine.h"
#include "sipprobe/loop.h"
#include "sipprobe/watch.h"

/* How often the demo takes new ports when others were faster to bind them. */
enum { DEMO_TRIES = 10, ERR_TEXT = 256 };

struct app {
	const struct cli *cli;
	const char *version;
	int demo_fd; /* of the demo's dead port, or -1 */
	struct config *conf;
	struct store *store;
	struct engine *engine;
	struct web *web;
	struct probe_desk *desk;
	struct http *http;
	bool stopping;
	struct watch *watch; /* of the configuration's files, or NULL */
};

static void log_config_errors(const struct config_errors *errs)
{
	for (size_t i = 0; i < errs->count; i++) {
		const struct config_error *e = &errs->list[i];
		struct log_field fields[] = {
			LOG_S("file", e->path),
			LOG_S("json_path", e->json_path),
			LOG_S("error", e->message),
			e->line ? LOG_I("line", e->line) : LOG_S("line", NULL),
			e->line ? LOG_I("column", e->col) : LOG_S("column", NULL),
			{0},
		};

		log_write(LOG_LEVEL_ERROR, "configuration error", fields);
	}
	if (errs->dropped)
		log_event(LOG_LEVEL_ERROR, "more configuration errors",
			  LOG_I("count", (int64_t)errs->dropped));
}

static void log_config_warnings(const struct config *conf)
{
	for (size_t i = 0; i < conf->warning_count; i++)
		log_event(LOG_LEVEL_WARN, "configuration warning",
			  LOG_S("warning", conf->warnings[i]));
}

/* The file, less the trunks of other shards. @why: gets the errors too, or NULL */
static int load(struct config **cp, const struct cli *cli, FILE *why)
{
	struct config_errors errs = {0};
	int err = config_load(cp, cli->config_file, &errs);

	if (!err)
		config_shard_keep(*cp, &cli->shard);
	log_config_errors(&errs);
	if (why)
		config_errors_print(&errs, why);
	if (err && !errs.count)
		log_event(LOG_LEVEL_ERROR, "configuration error",
			  LOG_S("file", cli->config_file), LOG_S("error", strerror(err)));
	config_errors_clear(&errs);
	return err;
}

static bool same_buckets(const struct config *a, const struct config *b)
{
	if (a->native.kept != b->native.kept || a->native.schema != b->native.schema ||
	    a->native.max_buckets != b->native.max_buckets)
		return false;
	return a->bucket_count == b->bucket_count &&
	       !memcmp(a->buckets, b->buckets, a->bucket_count * sizeof(*a->buckets));
}

static bool same_status(const struct config *a, const struct config *b)
{
	return a->status.history == b->status.history &&
	       a->status.memory_mib == b->status.memory_mib;
}

static int reload_h(FILE *why, void *arg);

static void files_h(void *arg)
{
	(void)reload_h(NULL, arg);
}

/*
 * Looks after the files of the configuration in force, if that asks for it. Its patterns
 * may stand for other folders after each reload, so each begins anew.
 */
static void watch_files(struct app *app)
{
	const struct config *conf = app->conf;
	struct watch *old = app->watch;
	const char **files;
	int err = ENOMEM;

	app->watch = NULL;
	if (!conf->watch || !conf->path) {
		watch_free(old);
		return;
	}
	files = calloc(conf->glob_count + 1, sizeof(*files));
	if (files) {
		files[0] = conf->path;
		memcpy(files + 1, conf->globs, conf->glob_count * sizeof(*files));
		err = watch_alloc(&app->watch, files, conf->glob_count + 1, files_h, app);
	}
	free(files);
	/* What changed while the files were read is not to be missed. */
	if (!err)
		watch_succeed(app->watch, old);
	else
		watch_free(old);
	if (err)
		log_event(LOG_LEVEL_WARN, "the configuration's files cannot be watched",
			  LOG_S("error", strerror(err)));
}

/* All or nothing: on failure what runs goes on as it is. */
static int reload(struct app *app, FILE *why)
{
	char text[ERR_TEXT] = "";
	struct config *next;
	int err;

	if (app->stopping)
		return ECANCELED;
	err = load(&next, app->cli, why);
	if (!err) {
		err = engine_apply(app->engine, next, text, sizeof(text));
		if (err)
			config_free(next);
	}
	store_reload(app->store, !err, clock_wall_ns());
	if (err) {
		log_event(LOG_LEVEL_ERROR, "reload failed, the old configuration stays",
			  LOG_S("error", *text ? text : NULL));
		if (why && *text)
			fprintf(why, "%s\n", text);
		return err;
	}
	log_config_warnings(next);
	if (!same_buckets(app->conf, next))
		log_write(LOG_LEVEL_WARN, "new histogram settings need a restart", NULL);
	if (!same_status(app->conf, next))
		log_write(LOG_LEVEL_WARN, "new status settings need a restart", NULL);
	probe_desk_config(app->desk, next);
	config_free(app->conf);
	app->conf = next;
	watch_files(app);
	log_event(LOG_LEVEL_INFO, "configuration reloaded", LOG_S("config", next->path),
		  LOG_I("trunks", (int64_t)next->trunk_count));
	return 0;
}

/* By a signal or over HTTP. */
static int reload_h(FILE *why, void *arg)
{
	struct app *app = arg;
	int err;

	if (app->cli->demo) {
		log_write(LOG_LEVEL_INFO, "nothing to reload in the demo", NULL);
		return 0;
	}
	systemd_reloading();
	err = reload(app, why);
	systemd_ready();
	return err;
}

static void stopped_h(void *arg)
{
	(void)arg;
	loop_stop();
}

/* Registrations are taken back first; a second signal does not wait for that. */
static void stop(struct app *app, int sig)
{
	log_event(LOG_LEVEL_INFO, "stopping", LOG_S("signal", sigabbrev_np(sig)));
	if (app->stopping)
		loop_stop();
	else
		engine_stop(app->engine, stopped_h, NULL);
	app->stopping = true;
}

static void signal_h(int sig, void *arg)
{
	struct app *app = arg;

	if (sig != SIGHUP) {
		systemd_stopping();
		stop(app, sig);
	} else {
		(void)reload_h(NULL, app);
	}
}

static int start_config(struct app *app)
{
	int err;

	if (!app->cli->demo)
		return load(&app->conf, app->cli, NULL);
	err = demo_dead_port(&app->demo_fd);
	if (!err)
		err = demo_config(&app->conf, app->demo_fd);
	if (err)
		log_event(LOG_LEVEL_ERROR, "the demo cannot start",
			  LOG_S("error", strerror(err)));
	return err;
}

static void stop_config(struct app *app)
{
	config_free(app->conf);
	if (app->demo_fd >= 0)
		close(app->demo_fd);
}

static void allow_web(struct sandbox_paths *p, const struct cli *cli)
{
	struct config_errors errs = {0};
	struct web_config *web = NULL;

	for (size_t i = 0; i < cli->listen_count; i++)
		if (http_unix_is(cli->listen[i]))
			sandbox_allow_socket(p, strchr(cli->listen[i], ':') + 1);
	sandbox_allow(p, cli->web_config_file);
	/* What is wrong with it is told when it is put in force. */
	if (cli->web_config_file && !web_config_load(&web, cli->web_config_file, &errs)) {
		sandbox_allow(p, web->tls.cert_file);
		sandbox_allow(p, web->tls.key_file);
		sandbox_allow(p, web->tls.client_ca_file);
	}
	web_config_free(web);
	config_errors_clear(&errs);
}

/* When it is known what will be read, and before the first thread. */
static int start_sandbox(struct app *app)
{
	struct sandbox_paths paths = {0};
	struct sandbox_state state;
	int err;

	if (app->cli->sandbox)
		return 0;
	sandbox_allow(&paths, app->cli->config_file);
	for (size_t i = 0; i < app->conf->file_count; i++)
		sandbox_allow(&paths, app->conf->files[i]);
	allow_web(&paths, app->cli);
	err = sandbox_enter(&state, &paths);
	sandbox_paths_clear(&paths);
	if (err)
		log_event(LOG_LEVEL_ERROR, "cannot enter the sandbox, see --sandbox",
			  LOG_S("error", strerror(err)));
	else
		log_event(LOG_LEVEL_DEBUG, "sandbox", LOG_I("landlock", state.landlock),
			  LOG_S("seccomp", state.seccomp ? "on" : "none"));
	return err;
}

static int start_loop(struct app *app)
{
	int err = loop_init(signal_h, app);

	if (!err)
		err = systemd_watchdog();
	if (err)
		log_event(LOG_LEVEL_ERROR, "the event loop cannot start",
			  LOG_S("error", strerror(err)));
	return err;
}

static void stop_loop(struct app *app)
{
	(void)app;
	loop_close();
}

static int start_store(struct app *app)
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

static void stop_store(struct app *app)
{
	store_free(app->store);
}

static int start_engine(struct app *app)
{
	int err = engine_alloc(&app->engine, app->version, &events_table, app->store);

	if (err)
		log_event(LOG_LEVEL_ERROR, "the SIP engine cannot start",
			  LOG_S("error", strerror(err)));
	return err;
}

static void stop_engine(struct app *app)
{
	engine_free(app->engine);
}

static int start_web(struct app *app)
{
	struct config_errors errs = {0};
	int err = web_alloc(&app->web, app->cli->web_config_file, &errs);

	log_config_errors(&errs);
	if (err && !errs.count)
		log_event(LOG_LEVEL_ERROR, "cannot serve HTTP",
			  LOG_S("error", strerror(err)));
	config_errors_clear(&errs);
	return err;
}

static void stop_web(struct app *app)
{
	web_free(app->web);
}

static int start_desk(struct app *app)
{
	int err = probe_desk_alloc(&app->desk, app->engine);

	if (err)
		log_event(LOG_LEVEL_ERROR, "no memory for probes on demand",
			  LOG_S("error", strerror(err)));
	return err;
}

static void stop_desk(struct app *app)
{
	probe_desk_free(app->desk);
}

static int start_http(struct app *app)
{
	const struct http_conf conf = {
		.listen = app->cli->listen,
		.listen_count = app->cli->listen_count,
		.systemd_socket = app->cli->systemd_socket,
		.telemetry_path = app->cli->telemetry_path,
		.external_url = app->cli->external_url,
		.route_prefix = app->cli->route_prefix,
		.version = app->version,
		.web = app->web,
		.reloadh = app->cli->lifecycle ? reload_h : NULL,
		.reload_arg = app,
		.desk = app->desk,
	};
	char text[ERR_TEXT] = "";
	int err = http_alloc(&app->http, &conf, app->store, text, sizeof(text));

	if (err)
		log_event(LOG_LEVEL_ERROR, "cannot serve HTTP",
			  LOG_S("error", *text ? text : strerror(err)));
	return err;
}

static void stop_http(struct app *app)
{
	http_free(app->http);
}

/* Puts the configuration in force; the probes begin with the loop. */
static int start_probing(struct app *app)
{
	char text[ERR_TEXT] = "";
	int err = engine_apply(app->engine, app->conf, text, sizeof(text));

	for (int i = 0; app->cli->demo && err == EADDRINUSE && i < DEMO_TRIES; i++) {
		config_free(app->conf);
		app->conf = NULL;
		err = demo_config(&app->conf, app->demo_fd);
		if (!err)
			err = engine_apply(app->engine, app->conf, text, sizeof(text));
	}
	if (err)
		log_event(LOG_LEVEL_ERROR, "the configuration cannot be applied",
			  LOG_S("error", *text ? text : strerror(err)));
	if (err)
		return err;
	probe_desk_config(app->desk, app->conf);
	store_reload(app->store, true, clock_wall_ns());
	/* The file's text and tree are gone, and at their largest they were what we hold.
	 */
	(void)malloc_trim(0);
	return 0;
}

static int start_watch(struct app *app)
{
	watch_files(app);
	return 0;
}

static void stop_watch(struct app *app)
{
	watch_free(app->watch);
}

/* What was started, in order; it is stopped from the end. */
static const struct {
	int (*start)(struct app *app);
	void (*stop)(struct app *app);
} parts[] = {
	{start_config, stop_config}, {start_sandbox, NULL},	  {start_loop, stop_loop},
	{start_store, stop_store},   {start_engine, stop_engine}, {start_web, stop_web},
	{start_desk, stop_desk},     {start_http, stop_http},	  {start_probing, NULL},
	{start_watch, stop_watch},
};

typedef const char *(name_n)(const void *owner, size_t n);

static const char *http_n(const void *owner, size_t n)
{
	return http_listening(owner, n);
}

static const char *sip_n(const void *owner, size_t n)
{
	return engine_listening(owner, n);
}

/* Writes "a,b" and returns it, or NULL for none. */
static const char *join(char *buf, size_t size, name_n *name, const void *owner)
{
	const char *text;
	size_t len = 0;

	for (size_t i = 0; (text = name(owner, i)) && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? "," : "",
					text);
	return len ? buf : NULL;
}

static void log_started(const struct app *app)
{
	const struct config_shard *shard = &app->cli->shard;
	char http[512], sip[512], share[32];
	const char *first = http_listening(app->http, 0);
	const char *port = first ? strrchr(first, ':') : NULL;

	log_config_warnings(app->conf);
	snprintf(share, sizeof(share), "%u/%u", shard->index, shard->total);
	log_event(LOG_LEVEL_INFO, "started", LOG_S("version", app->version),
		  LOG_S("config", app->cli->config_file),
		  LOG_I("trunks", (int64_t)app->conf->trunk_count),
		  LOG_S("shard", shard->total ? share : NULL),
		  LOG_S("http", join(http, sizeof(http), http_n, app->http)),
		  LOG_S("tls", web_is_tls(app->web) ? "on" : NULL),
		  LOG_S("sip", join(sip, sizeof(sip), sip_n, app->engine)));
	if (!app->cli->demo || !port)
		return;
	snprintf(http, sizeof(http), "http://localhost%s/", port);
	snprintf(sip, sizeof(sip), "http://localhost%s%s", port,
		 app->cli->telemetry_path);
	log_event(LOG_LEVEL_INFO, "the demo runs, look at", LOG_S("page", http),
		  LOG_S("metrics", sip));
}

int app_run(const struct cli *cli, const char *version)
{
	struct app app = {.cli = cli, .version = version, .demo_fd = -1};
	size_t count = sizeof(parts) / sizeof(*parts), started = 0;
	int err = 0;

	while (started < count && !err) {
		err = parts[started].start(&app);
		started += !err;
	}
	if (!err) {
		log_started(&app);
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

static int check_web(const char *path)
{
	struct config_errors errs = {0};
	int err = web_check(path, &errs);

	if (!err)
		printf("%s: ok\n", path);
	else if (!errs.count)
		fprintf(stderr, "%s: %s\n", path, strerror(err));
	config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	return err;
}

int app_check(const struct cli *cli)
{
	struct config_errors errs = {0};
	struct config *conf = NULL;
	int err = config_load(&conf, cli->config_file, &errs);

	if (!err)
		printf("%s: ok (%zu trunks)\n", cli->config_file, conf->trunk_count);
	else if (!errs.count)
		fprintf(stderr, "%s: %s\n", cli->config_file, strerror(err));
	config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	config_free(conf);
	if (cli->web_config_file)
		err = check_web(cli->web_config_file) || err;
	return err ? 1 : 0;
}
