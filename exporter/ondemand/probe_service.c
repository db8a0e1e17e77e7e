#include "exporter/ondemand/probe_service.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buffer_format.h"
#include "base/clock.h"
#include "base/name_index.h"
#include "exporter/ondemand/probe_families.h"
#include "exporter/ondemand/probe_format.h"
#include "exporter/ondemand/probe_limit.h"
#include "exporter/ondemand/probe_target.h"
#include "sipprobe/loop.h"

#define PLAIN "text/plain; charset=utf-8"

/* Below the time that the HTTP server gives an answer. */
#define PROBE_LONGEST_US (50 * INT64_C(1000000))

/* One probe that somebody waits for. */
struct job {
	TAILQ_ENTRY(job) entry;
	struct probe_service *probes;
	char *target;
	char *profile; /* or NULL */
	unsigned methods;
	int64_t timeout_us;
	bool debug;
	bool trace;
	void (*show)(struct buffer *b, const struct probe_output *t, const void *arg);
	const void *show_arg;
	struct ondemand *probe; /* main thread only; NULL: not begun */
	const char *trunk;	/* the name in `conf`, or NULL */
	struct config *conf;	/* what `trunk` belongs to, held */
	probe_reply_h *h;
	void *arg;
};

TAILQ_HEAD(jobs, job);

struct probe_service {
	struct engine *engine;
	struct config *conf;	   /* main thread only */
	struct name_index by_name; /* its trunks; empty: not yet needed */
	pthread_mutex_t lock;	   /* guards what follows */
	struct jobs jobs;
	size_t count;
	size_t limit;
	struct probe_limit people;
	bool stopped;
};

static const char *service_trunk_name(const void *element)
{
	const struct config_trunk *t = element;

	return t->name;
}

int probe_service_alloc(struct probe_service **dp, struct engine *e)
{
	struct probe_service *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return ENOMEM;
	err = pthread_mutex_init(&d->lock, NULL);
	if (err) {
		free(d);
		return err;
	}
	d->engine = e;
	d->by_name.name = service_trunk_name;
	TAILQ_INIT(&d->jobs);
	*dp = d;
	return 0;
}

void probe_service_config(struct probe_service *d, struct config *conf)
{
	name_index_free(&d->by_name);
	d->conf = conf;
	pthread_mutex_lock(&d->lock);
	d->limit = conf->probe.max_concurrent;
	pthread_mutex_unlock(&d->lock);
}

/* Made at the first need: most never ask, and it is some 30 bytes a trunk. */
static void service_index(struct probe_service *d)
{
	for (size_t i = 0; i < d->conf->trunk_count; i++) {
		if (name_index_put(&d->by_name, &d->conf->trunks[i])) {
			name_index_free(&d->by_name);
			return;
		}
	}
}

static const struct config_trunk *service_trunk(struct probe_service *d, const char *name)
{
	if (!d->by_name.size)
		service_index(d);
	return name_index_find(&d->by_name, name);
}

static void job_free(struct job *j)
{
	config_free(j->conf);
	free(j->target);
	free(j->profile);
	free(j);
}

/* The last that is seen of a job: once the reply is told, the asker may be gone. */
static void service_reply(struct job *j, struct probe_reply *r)
{
	struct probe_service *d = j->probes;

	pthread_mutex_lock(&d->lock);
	TAILQ_REMOVE(&d->jobs, j, entry);
	d->count--;
	pthread_mutex_unlock(&d->lock);
	j->h(r, j->arg);
	job_free(j);
}

static void reply_text(struct job *j, unsigned status, const char *text)
{
	struct probe_reply r = {.status = status, .content_type = PLAIN};

	buffer_format(&r.body, "%s\n", text);
	service_reply(j, &r);
}

/* For people; whether that is all of the reply. */
static bool service_show(struct probe_reply *r, const struct job *j,
			 const struct ondemand_report *report)
{
	const struct probe_output output = {
		.report = report,
		.trunk = j->trunk,
		.now_s = clock_wall_ns() / CLOCK_NS_PER_S,
		.verbose = true,
	};

	if (j->show) {
		r->content_type = "text/html; charset=utf-8";
		j->show(&r->body, &output, j->show_arg);
	} else if (j->debug) {
		(void)probe_tell_text(&r->body, &output);
		buffer_str(&r->body, "\nMetrics without debug=true:\n\n");
	}
	return j->show;
}

static void service_done_h(const struct ondemand_report *report, void *arg)
{
	struct job *j = arg;
	struct probe_reply r = {.status = 200};

	j->probe = NULL;
	if (report->end == ONDEMAND_FORBIDDEN) {
		reply_text(j, 403, report->result.detail);
		return;
	}
	r.content_type = j->debug ? PLAIN : PROBE_CONTENT_TYPE;
	if (!service_show(&r, j, report))
		probe_families_render(&r.body, report);
	service_reply(j, &r);
}

/* The settings' own timeout, but no longer than the asker waits. */
static int64_t timeout_us(const struct job *j, const struct config_settings *s)
{
	int64_t us = s->timeout_us;

	if (j->timeout_us && j->timeout_us < us)
		us = j->timeout_us;
	return us < PROBE_LONGEST_US ? us : PROBE_LONGEST_US;
}

static int service_begin(struct job *j, const struct probe_target *target)
{
	struct probe_service *d = j->probes;
	const struct ondemand_request rq = {
		.uri = target->uri,
		.path = target->path,
		.name = target->trunk,
		.settings = target->settings,
		.conf = d->conf,
		.methods = j->methods,
		.timeout_us = timeout_us(j, target->settings),
		.access = target->trunk ? NULL : &d->conf->probe,
		.ladder = j->debug || j->show,
		.trace = j->trace,
	};

	j->conf = config_keep(d->conf);
	j->trunk = target->trunk;
	return ondemand_start(&j->probe, d->engine, &rq, service_done_h, j);
}

static void service_start_h(void *data, void *arg)
{
	struct job *j = data;
	struct probe_service *d = j->probes;
	const struct config_trunk *trunk;
	struct probe_target target;
	char why[128];
	int err;

	(void)arg;
	if (!d->conf) {
		reply_text(j, 503, "no configuration is applied yet");
		return;
	}
	trunk = service_trunk(d, j->target);
	if (!trunk && j->show) {
		reply_text(j, 404, "there is no trunk of this name");
		return;
	}
	if (probe_target_find(&target, d->conf, trunk, j->target, j->profile, j->methods,
			      why, sizeof(why))) {
		reply_text(j, 400, why);
		return;
	}
	if (!target.trunk && !d->conf->probe.allow_count) {
		reply_text(j, 403,
			   "the target is no configured trunk, and probe.allow is empty");
		return;
	}
	err = service_begin(j, &target);
	if (err)
		reply_text(j, 500, strerror(err));
}

static struct job *job_make(struct probe_service *d, const struct probe_ask *ask)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->probes = d;
	j->methods = ask->methods;
	j->timeout_us = ask->timeout_us;
	j->debug = ask->debug;
	j->trace = ask->trace;
	j->show = ask->show;
	j->show_arg = ask->show_arg;
	j->target = strdup(ask->target);
	j->profile = ask->profile ? strdup(ask->profile) : NULL;
	if (j->target && (j->profile || !ask->profile))
		return j;
	job_free(j);
	return NULL;
}

/* Under one lock with probe_service_stop(), which must find every job that got in. */
static int service_enter(struct probe_service *d, struct job *j)
{
	int err = 0;

	pthread_mutex_lock(&d->lock);
	if (d->stopped)
		err = ESHUTDOWN;
	else if (d->limit && d->count >= d->limit)
		err = EAGAIN;
	else if (j->show &&
		 !probe_limit_take(&d->people, j->target, clock_monotonic_ns()))
		err = EBUSY;
	else
		err = loop_post(service_start_h, j, NULL);
	if (!err) {
		TAILQ_INSERT_TAIL(&d->jobs, j, entry);
		d->count++;
	}
	pthread_mutex_unlock(&d->lock);
	return err;
}

int probe_service_ask(struct probe_service *d, const struct probe_ask *ask,
		      probe_reply_h *h, void *arg)
{
	struct job *j = job_make(d, ask);
	int err;

	if (!j)
		return ENOMEM;
	j->h = h;
	j->arg = arg;
	err = service_enter(d, j);
	if (err)
		job_free(j);
	return err;
}

static struct job *service_first(struct probe_service *d)
{
	struct job *j;

	pthread_mutex_lock(&d->lock);
	d->stopped = true;
	j = TAILQ_FIRST(&d->jobs);
	pthread_mutex_unlock(&d->lock);
	return j;
}

void probe_service_stop(struct probe_service *d)
{
	struct job *j;

	while (d && (j = service_first(d))) {
		ondemand_cancel(j->probe);
		reply_text(j, 503, "the exporter is stopping");
	}
}

void probe_service_free(struct probe_service *d)
{
	if (!d)
		return;
	probe_service_stop(d);
	name_index_free(&d->by_name);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
