#include "exporter/webconfig/web.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/file_stamp.h"
#include "base/log.h"
#include "config/reader/report.h"

/* The file itself, certificate, key and authorities. */
enum { FILES = 4 };

/* How long a file that asks for less must stand still: it may be half of one. */
#define SETTLE_NS (2 * CLOCK_NS_PER_S)

struct reading {
	struct web_rules rules; /* first, so that web_put() finds its way back */
	TAILQ_ENTRY(reading) entry;
	struct web_config *conf;
	size_t users; /* connections and requests that hold it */
	int64_t read_unix_ns;
};

TAILQ_HEAD(readings, reading);

struct web {
	const char *path;
	bool tls;
	pthread_mutex_t lock;
	struct reading *now;
	struct readings old; /* no longer in force, still held */
	char *files[FILES];
	struct file_stamp stamps[FILES];
	struct web_auth *auth;
	bool refused; /* the newest reading: what is in force is older than the files */
	int64_t open_due_ns; /* when one that asks for less counts, monotonic; 0: none */
	struct file_stamp open_stamp; /* the file's, if it stands still until then */
};

static const struct web_config no_config;
static const struct web_rules no_rules = {.conf = &no_config};

static bool web_changed(const struct web *w)
{
	for (size_t i = 0; i < FILES; i++) {
		struct file_stamp s = file_stamp_of(w->files[i]);

		if (!file_stamp_equal(&s, &w->stamps[i]))
			return true;
	}
	return false;
}

static void take_stamps(struct web *w)
{
	for (size_t i = 0; i < FILES; i++)
		w->stamps[i] = file_stamp_of(w->files[i]);
}

static void reading_free(struct reading *r)
{
	if (!r)
		return;
	web_tls_free(r->rules.tls);
	web_config_free(r->conf);
	free(r);
}

/* Reports what is wrong with a part as a whole. */
static int web_fault(struct config_errors *errs, const char *path, const char *part,
		     const char *text)
{
	struct report r = {.errs = errs};

	report_file(&r, path, 0, "%s: %s", part, text);
	return r.err ? r.err : EINVAL;
}

static int tls_make(struct reading *r, const char *path, struct config_errors *errs)
{
	char text[512] = "";
	int err;

	if (!r->conf->tls_on)
		return 0;
	err = web_tls_alloc(&r->rules.tls, &r->conf->tls, text, sizeof(text));
	if (err && err != ENOMEM)
		err = web_fault(errs, path, "tls_server_config", text);
	return err;
}

static int reading_make(struct reading **rp, struct web_config *conf, const char *path,
			struct config_errors *errs)
{
	struct reading *r = calloc(1, sizeof(*r));
	int err;

	if (!r) {
		web_config_free(conf);
		return ENOMEM;
	}
	r->conf = conf;
	r->rules.conf = conf;
	r->read_unix_ns = clock_wall_ns();
	err = tls_make(r, path, errs);
	if (err)
		reading_free(r);
	else
		*rp = r;
	return err;
}

/*
 * Watches what the newest file names, whether or not it can be used: then it is that
 * which may be repaired.
 */
static int web_watch(struct web *w, const struct web_config *c)
{
	const char *const names[FILES] = {w->path, c->tls.cert_file, c->tls.key_file,
					  c->tls.client_ca_file};

	for (size_t i = 1; i < FILES; i++) {
		free(w->files[i]);
		w->files[i] = names[i] ? strdup(names[i]) : NULL;
		if (names[i] && !w->files[i])
			return ENOMEM;
	}
	return 0;
}

/* Stamps are taken before reading: what changes meanwhile is noticed the next time. */
static int reading_load(struct web *w, struct reading **rp, struct config_errors *errs)
{
	struct web_config *conf = NULL;
	int err;

	take_stamps(w);
	err = web_config_load(&conf, w->path, errs);
	if (err)
		return err;
	err = web_watch(w, conf);
	for (size_t i = 1; i < FILES; i++)
		w->stamps[i] = file_stamp_of(w->files[i]);
	if (err)
		web_config_free(conf);
	return err ? err : reading_make(rp, conf, w->path, errs);
}

/*
 * Frees readings that are no longer in force. A session of GnuTLS may look at its
 * credentials until the very end, and libmicrohttpd tells of a connection's end a moment
 * before that: so what nobody holds any more is freed one change later.
 */
static void web_sweep(struct web *w)
{
	struct reading *r = TAILQ_FIRST(&w->old), *next;

	for (; r; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->users)
			continue;
		TAILQ_REMOVE(&w->old, r, entry);
		reading_free(r);
	}
}

static void web_replace(struct web *w, struct reading *next, bool opens)
{
	web_sweep(w);
	TAILQ_INSERT_TAIL(&w->old, w->now, entry);
	w->now = next;
	if (opens)
		log_event(LOG_LEVEL_WARN,
			  "web configuration read again, it lets more people in",
			  LOG_S("file", w->path));
	else
		log_event(LOG_LEVEL_INFO, "web configuration read again",
			  LOG_S("file", w->path));
}

/* What a change of the file may not do. */
static int web_refuse(struct web *w, const struct web_config *next, bool opens,
		      struct config_errors *errs)
{
	if (next->tls_on != w->tls)
		return web_fault(errs, w->path, "tls_server_config",
				 "switching TLS on or off needs a restart");
	if (opens && next->empty)
		return web_fault(errs, w->path, "$",
				 "empty; write {} if nothing is to be asked for");
	return 0;
}

/*
 * Whether a file that asks for less has stood still for long enough. Its stamp is that
 * from before this reading and after it: what was read is what has stood still.
 */
static bool web_has_settled(struct web *w)
{
	const struct file_stamp stamp = file_stamp_of(w->path);
	int64_t now_ns = clock_monotonic_ns();

	if (w->open_due_ns && file_stamp_equal(&stamp, &w->open_stamp))
		return now_ns >= w->open_due_ns;
	w->open_stamp = stamp;
	w->open_due_ns = now_ns + SETTLE_NS;
	return false;
}

static void web_complain(const struct web *w, int err, struct config_errors *errs)
{
	static const char refused[] =
		"web configuration error, the old one stays in force";

	if (err && !errs->count)
		log_event(LOG_LEVEL_ERROR, refused, LOG_S("file", w->path),
			  LOG_S("error", strerror(err)));
	config_errors_log(errs, refused);
}

static void web_refresh(struct web *w)
{
	struct config_errors errs = {0};
	struct reading *next = NULL;
	int err = reading_load(w, &next, &errs);
	bool opens = !err && web_config_is_more_open(next->conf, w->now->conf);

	if (!err)
		err = web_refuse(w, next->conf, opens, &errs);
	if (!err && opens && !web_has_settled(w)) {
		reading_free(next);
		return;
	}
	if (!err)
		web_replace(w, next, opens);
	else
		reading_free(next);
	w->open_due_ns = 0;
	w->refused = err;
	web_complain(w, err, &errs);
	config_errors_clear(&errs);
}

static void web_look(struct web *w)
{
	bool due = w->open_due_ns && clock_monotonic_ns() >= w->open_due_ns;

	if (due || web_changed(w))
		web_refresh(w);
}

int web_alloc(struct web **wp, const char *path, struct config_errors *errs)
{
	struct web *w = calloc(1, sizeof(*w));
	int err = 0;

	if (!w)
		return ENOMEM;
	w->path = path;
	TAILQ_INIT(&w->old);
	pthread_mutex_init(&w->lock, NULL);
	if (path) {
		w->files[0] = strdup(path);
		err = w->files[0] ? 0 : ENOMEM;
	}
	if (path && !err)
		err = reading_load(w, &w->now, errs);
	if (path && !err)
		err = web_auth_alloc(&w->auth);
	if (!err && w->now)
		w->tls = w->now->conf->tls_on;
	if (err)
		web_free(w);
	else
		*wp = w;
	return err;
}

void web_free(struct web *w)
{
	struct reading *r;

	if (!w)
		return;
	web_auth_free(w->auth);
	while ((r = TAILQ_FIRST(&w->old)) != NULL) {
		TAILQ_REMOVE(&w->old, r, entry);
		reading_free(r);
	}
	reading_free(w->now);
	for (size_t i = 0; i < FILES; i++)
		free(w->files[i]);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

bool web_is_tls(const struct web *w)
{
	return w->tls;
}

const struct web_rules *web_get(struct web *w)
{
	struct reading *r;

	if (!w->path)
		return &no_rules;
	pthread_mutex_lock(&w->lock);
	web_look(w);
	r = w->now;
	r->users++;
	pthread_mutex_unlock(&w->lock);
	return &r->rules;
}

void web_put(struct web *w, const struct web_rules *rules)
{
	struct reading *r;

	if (!rules || rules == &no_rules)
		return;
	pthread_mutex_lock(&w->lock);
	r = (struct reading *)(uintptr_t)rules;
	r->users--;
	pthread_mutex_unlock(&w->lock);
}

void web_state(struct web_state *out, struct web *w)
{
	const struct reading *r;

	*out = (struct web_state){.used = w->path};
	if (!w->path)
		return;
	pthread_mutex_lock(&w->lock);
	web_look(w);
	r = w->now;
	out->successful = !w->refused;
	out->read_unix_ns = r->read_unix_ns;
	out->not_after_s = r->rules.tls ? web_tls_not_after_s(r->rules.tls) : 0;
	pthread_mutex_unlock(&w->lock);
}

struct web_auth *web_auth(struct web *w)
{
	return w->auth;
}

void web_stop(struct web *w)
{
	if (w->auth)
		web_auth_stop(w->auth);
}

int web_check(const char *path, struct config_errors *errs)
{
	struct web *w = NULL;
	int err = web_alloc(&w, path, errs);

	web_free(w);
	return err;
}
