#include "exporter/http/scrapes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"

/* How long the next waits for a body to go before it is refused, and looks again. */
#define ROOM_NS	     CLOCK_NS_PER_S
#define ROOM_STEP_NS (50 * CLOCK_NS_PER_MS)

struct scrape_waiter {
	STAILQ_ENTRY(scrape_waiter) entry;
	scrapes_done_h *h;
	void *arg;
};

STAILQ_HEAD(scrape_waiters, scrape_waiter);

struct scrape_job {
	STAILQ_ENTRY(scrape_job) entry;
	struct scrape_want want;
	struct scrape_waiters waiters;
	size_t count;
};

STAILQ_HEAD(scrape_jobs, scrape_job);

struct scrapes {
	struct scrapes_conf conf;
	struct scrape_bodies bodies; /* its lock holds for all below */
	pthread_cond_t wake;
	pthread_t thread;
	struct scrape_jobs jobs; /* none of them begun */
	size_t queued, filtered, waiting;
	bool stop;
};

static void scrapes_finish(struct scrape_job *job, struct scrape_body *b, int err)
{
	struct scrape_waiter *w;

	while ((w = STAILQ_FIRST(&job->waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&job->waiters, entry);
		w->h(b ? scrape_body_ref(b) : NULL, err, w->arg);
		free(w);
	}
	free(job);
}

static struct scrape_job *scrapes_take(struct scrapes *s)
{
	struct scrape_job *job = STAILQ_FIRST(&s->jobs);

	STAILQ_REMOVE_HEAD(&s->jobs, entry);
	s->queued--;
	s->filtered -= job->want.some;
	s->waiting -= job->count;
	return job;
}

/* @parts: of what may be alive */
static bool scrapes_filled(const struct scrapes *s, size_t parts)
{
	return s->bodies.count * parts >= SCRAPES_BODIES ||
	       s->bodies.bytes * parts >= SCRAPES_BYTES;
}

/* Under the lock, which it gives up while it waits. */
static int scrapes_make_room(struct scrapes *s)
{
	int64_t end_ns = clock_monotonic_ns() + ROOM_NS, now_ns;

	if (scrapes_filled(s, 2))
		s->conf.crowdedh(s->conf.arg);
	while (!s->stop && scrapes_filled(s, 1)) {
		struct timespec at;

		now_ns = clock_monotonic_ns();
		if (now_ns >= end_ns)
			return EBUSY;
		now_ns += ROOM_STEP_NS;
		at = (struct timespec){.tv_sec = now_ns / CLOCK_NS_PER_S,
				       .tv_nsec = now_ns % CLOCK_NS_PER_S};
		pthread_cond_timedwait(&s->bodies.freed, &s->bodies.lock, &at);
		s->conf.crowdedh(s->conf.arg);
	}
	return s->stop ? ESHUTDOWN : 0;
}

static void scrapes_serve(struct scrapes *s, struct scrape_job *job)
{
	struct scrape_body *b = NULL;
	int err = s->conf.renderh(&b, &job->want, &s->bodies, s->conf.arg);

	scrapes_finish(job, b, err);
	scrape_body_unref(b);
}

static void *scrapes_run(void *arg)
{
	struct scrapes *s = arg;

	pthread_mutex_lock(&s->bodies.lock);
	while (!s->stop) {
		struct scrape_job *job;
		int err;

		if (STAILQ_EMPTY(&s->jobs)) {
			pthread_cond_wait(&s->wake, &s->bodies.lock);
			continue;
		}
		err = scrapes_make_room(s);
		if (err == ESHUTDOWN)
			break;
		job = scrapes_take(s);
		pthread_mutex_unlock(&s->bodies.lock);
		if (err)
			scrapes_finish(job, NULL, err);
		else
			scrapes_serve(s, job);
		pthread_mutex_lock(&s->bodies.lock);
	}
	pthread_mutex_unlock(&s->bodies.lock);
	return NULL;
}

int scrapes_alloc(struct scrapes **sp, const struct scrapes_conf *conf)
{
	struct scrapes *s = calloc(1, sizeof(*s));
	int err = s ? scrape_bodies_init(&s->bodies) : ENOMEM;

	if (err) {
		free(s);
		return err;
	}
	s->conf = *conf;
	STAILQ_INIT(&s->jobs);
	pthread_cond_init(&s->wake, NULL);
	err = pthread_create(&s->thread, NULL, scrapes_run, s);
	if (err) {
		s->stop = true;
		scrape_bodies_close(&s->bodies);
		free(s);
		return err;
	}
	*sp = s;
	return 0;
}

bool scrapes_same(const struct scrape_want *a, const struct scrape_want *b)
{
	return a->renderer == b->renderer && a->gzip == b->gzip && a->some == b->some &&
	       !memcmp(a->families, b->families, sizeof(a->families));
}

static struct scrape_job *scrapes_find(struct scrapes *s, const struct scrape_want *want)
{
	struct scrape_job *job;

	STAILQ_FOREACH(job, &s->jobs, entry)
		if (scrapes_same(&job->want, want))
			return job;
	return NULL;
}

/* Under the lock. Returns NULL for want of memory. */
static struct scrape_job *scrapes_add(struct scrapes *s, const struct scrape_want *want)
{
	struct scrape_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	memcpy(&job->want, want, sizeof(*want));
	STAILQ_INIT(&job->waiters);
	STAILQ_INSERT_TAIL(&s->jobs, job, entry);
	s->queued++;
	s->filtered += want->some;
	pthread_cond_signal(&s->wake);
	return job;
}

/* Under the lock. */
static int scrapes_join(struct scrapes *s, const struct scrape_want *want,
			struct scrape_waiter *w)
{
	struct scrape_job *job = scrapes_find(s, want);

	if (s->stop)
		return ESHUTDOWN;
	if (s->waiting >= SCRAPES_WAITING)
		return EBUSY;
	if (!job && (s->queued >= SCRAPES_QUEUED ||
		     (want->some && s->filtered >= SCRAPES_FILTERED)))
		return EBUSY;
	if (!job)
		job = scrapes_add(s, want);
	if (!job)
		return ENOMEM;
	STAILQ_INSERT_TAIL(&job->waiters, w, entry);
	job->count++;
	s->waiting++;
	return 0;
}

int scrapes_ask(struct scrapes *s, const struct scrape_want *want, scrapes_done_h *h,
		void *arg)
{
	struct scrape_waiter *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return ENOMEM;
	w->h = h;
	w->arg = arg;
	pthread_mutex_lock(&s->bodies.lock);
	err = scrapes_join(s, want, w);
	pthread_mutex_unlock(&s->bodies.lock);
	if (err)
		free(w);
	return err;
}

size_t scrapes_alive(struct scrapes *s)
{
	size_t count;

	pthread_mutex_lock(&s->bodies.lock);
	count = s->bodies.count;
	pthread_mutex_unlock(&s->bodies.lock);
	return count;
}

void scrapes_stop(struct scrapes *s)
{
	bool stopped;

	if (!s)
		return;
	pthread_mutex_lock(&s->bodies.lock);
	stopped = s->stop;
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_cond_broadcast(&s->bodies.freed);
	pthread_mutex_unlock(&s->bodies.lock);
	if (stopped)
		return;
	pthread_join(s->thread, NULL);
	while (!STAILQ_EMPTY(&s->jobs))
		scrapes_finish(scrapes_take(s), NULL, ESHUTDOWN);
}

void scrapes_free(struct scrapes *s)
{
	if (!s)
		return;
	scrapes_stop(s);
	pthread_cond_destroy(&s->wake);
	scrape_bodies_close(&s->bodies);
	free(s);
}
