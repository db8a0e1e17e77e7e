/*
 * libunbound on the loop. It runs one thread of its own; answers come through a pipe and
 * are handled on the main thread, where everything here lives.
 *
 * A question libunbound has taken cannot be taken back. So what is cancelled or late is
 * only forgotten here, as a stray, and counted until libunbound is done with it.
 */
#include "sipprobe/dns/unbound.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unbound.h>

#include "base/clock.h"
#include "sipprobe/loop/alarm.h"

enum {
	FLIGHT_MAX = 256,  /* questions with libunbound whose answers somebody awaits */
	STRAYS_MAX = 2048, /* and those nobody awaits any more */
};

#define TIMEOUT_NS (LOOKUP_TIMEOUT_MS * CLOCK_NS_PER_MS)

struct unbound {
	struct lookup lookup;
	struct ub_ctx *ctx;
	int fd;
	bool started; /* libunbound's thread runs */
	struct alarm *alarm;
	struct list queue;  /* jobs not yet with libunbound */
	struct list flight; /* jobs with libunbound, oldest first */
	struct list strays;
	struct list ready; /* queries with an answer to deliver */
	unsigned flight_count;
	unsigned stray_count;
	int64_t answer_ns; /* when a server last proved to be alive */
};

/* A question, from ask() until libunbound is done with it. */
struct job {
	struct le le;
	struct unbound *u;
	struct query *query; /* NULL: a stray */
	bool flying;	     /* with libunbound */
	int64_t since_ns;    /* when it came into its list */
	enum rr_type type;
	char name[];
};

/* The asker's end of it. */
struct query {
	struct le le;
	struct job *job; /* NULL: answered or given up */
	struct ub_result *res;
	enum resolve_status status;
	lookup_h *h;
	void *arg;
};

static void job_destructor(void *data)
{
	struct job *job = data;

	list_unlink(&job->le);
}

/* Nobody waits for the answer any more. */
static void job_abandon(struct job *job)
{
	struct unbound *u = job->u;

	job->query = NULL;
	list_unlink(&job->le);
	if (!job->flying) {
		mem_deref(job);
		return;
	}
	list_append(&u->strays, &job->le, job);
	u->flight_count--;
	u->stray_count++;
}

static void query_destructor(void *data)
{
	struct query *q = data;

	list_unlink(&q->le);
	if (q->job)
		job_abandon(q->job);
	ub_resolve_free(q->res);
}

static void query_ready(struct unbound *u, struct query *q, enum resolve_status status)
{
	q->job = NULL;
	q->status = status;
	list_append(&u->ready, &q->le, q);
}

static enum resolve_status status_of(int err, const struct ub_result *res)
{
	if (err == UB_SYNTAX)
		return RESOLVE_BOGUS;
	if (err || !res)
		return RESOLVE_SERVFAIL;
	if (res->bogus)
		return RESOLVE_BOGUS;
	if (res->nxdomain)
		return RESOLVE_NXDOMAIN;
	if (res->rcode)
		return RESOLVE_SERVFAIL;
	return res->havedata ? RESOLVE_OK : RESOLVE_NODATA;
}

/* libunbound's callback, on the main thread, inside ub_process(). */
static void unbound_answer_h(void *arg, int err, struct ub_result *res)
{
	struct job *job = arg;
	struct unbound *u = job->u;
	enum resolve_status status = status_of(err, res);

	if (status != RESOLVE_SERVFAIL)
		u->answer_ns = clock_monotonic_ns();
	if (job->query) {
		u->flight_count--;
		job->query->res = res;
		query_ready(u, job->query, status);
	} else {
		u->stray_count--;
		ub_resolve_free(res);
	}
	mem_deref(job);
}

/*
 * The TTL of an answer; 0: not known. libunbound makes one up for a negative answer
 * without an SOA.
 */
static uint32_t ttl_of(const struct ub_result *res)
{
	const uint8_t *p = res->answer_packet;
	bool empty = !p || res->answer_len < NS_HFIXEDSZ ||
		     !(p[6] | p[7] | p[8] | p[9]); /* ANCOUNT and NSCOUNT */

	return empty || res->ttl < 0 ? 0 : (uint32_t)res->ttl;
}

static void query_deliver(struct query *q)
{
	struct lookup_record records[LOOKUP_RECORDS_MAX];
	struct lookup_answer ans = {.status = q->status, .records = records};
	struct ub_result *res = q->res;

	if (res)
		ans.ttl_s = ttl_of(res);
	while (res && ans.status == RESOLVE_OK && ans.count < LOOKUP_RECORDS_MAX &&
	       res->data[ans.count]) {
		records[ans.count].p = (const uint8_t *)res->data[ans.count];
		records[ans.count].l = (size_t)res->len[ans.count];
		ans.count++;
	}
	q->res = NULL; /* the handler may free q, but not what it reads */
	q->h(&ans, q->arg);
	ub_resolve_free(res);
}

/*
 * Hands one question over. The first one starts libunbound's thread, which must not take
 * the process's signals: it inherits a mask that blocks all of them.
 */
static int job_hand_over(struct unbound *u, struct job *job)
{
	sigset_t all, before;
	int err;

	if (!u->started) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
	}
	err = ub_resolve_async(u->ctx, job->name, job->type, ns_c_in, job,
			       unbound_answer_h, NULL);
	if (!u->started)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	u->started = u->started || !err;
	return err;
}

static void queue_pump(struct unbound *u)
{
	struct job *job;

	while ((job = list_ledata(u->queue.head)) && u->flight_count < FLIGHT_MAX &&
	       u->stray_count < STRAYS_MAX) {
		list_unlink(&job->le);
		if (job_hand_over(u, job)) {
			query_ready(u, job->query, RESOLVE_SERVFAIL);
			mem_deref(job);
			continue;
		}
		job->flying = true;
		job->since_ns = clock_monotonic_ns();
		list_append(&u->flight, &job->le, job);
		u->flight_count++;
	}
}

static void job_expire(struct unbound *u, struct job *job)
{
	struct query *q = job->query;

	job_abandon(job);
	query_ready(u, q, RESOLVE_TIMEOUT);
}

/* When the next job is to be given up, INT64_MAX for none; @job: which one. */
static int64_t unbound_deadline(const struct unbound *u, struct job **job)
{
	struct job *flying = list_ledata(u->flight.head);
	struct job *queued = list_ledata(u->queue.head);
	int64_t flying_ns = INT64_MAX, queued_ns = INT64_MAX;

	if (flying)
		flying_ns = flying->since_ns + TIMEOUT_NS;
	/* Waiting in line is no failure while answers come in. */
	if (queued)
		queued_ns = (queued->since_ns > u->answer_ns ? queued->since_ns
							     : u->answer_ns) +
			    TIMEOUT_NS;
	*job = flying_ns <= queued_ns ? flying : queued;
	return flying_ns <= queued_ns ? flying_ns : queued_ns;
}

/* After anything that may have moved jobs or queries. */
static void alarm_arm(struct unbound *u)
{
	struct job *job;
	int64_t at_ns = unbound_deadline(u, &job);

	alarm_set(u->alarm, u->ready.head ? 0 : at_ns);
}

/* Handlers may ask, cancel, and free the lookup: the caller holds a reference. */
static void unbound_turn(struct unbound *u)
{
	struct query *q;

	queue_pump(u);
	while ((q = list_ledata(u->ready.head))) {
		list_unlink(&q->le);
		query_deliver(q);
	}
	queue_pump(u);
	alarm_arm(u);
}

static void unbound_alarm_h(void *arg)
{
	struct unbound *u = mem_ref(arg);
	int64_t now_ns = clock_monotonic_ns();
	struct job *job;

	while (unbound_deadline(u, &job) <= now_ns)
		job_expire(u, job);
	unbound_turn(u);
	mem_deref(u);
}

/* libunbound's thread is gone: everything asked fails, now and later. */
static void unbound_lost(struct unbound *u)
{
	struct job *job;

	fd_close(u->fd);
	while ((job = list_ledata(u->flight.head))) {
		struct query *q = job->query;

		job_abandon(job);
		query_ready(u, q, RESOLVE_SERVFAIL);
	}
}

static void unbound_fd_h(int flags, void *arg)
{
	struct unbound *u = mem_ref(arg);

	(void)flags;
	if (ub_process(u->ctx))
		unbound_lost(u);
	unbound_turn(u);
	mem_deref(u);
}

static int unbound_ask(void **qp, struct lookup *l, const char *name, enum rr_type type,
		       lookup_h *h, void *arg)
{
	struct unbound *u = (struct unbound *)l;
	size_t size = strlen(name) + 1;
	struct query *q = mem_zalloc(sizeof(*q), query_destructor);
	struct job *job = mem_zalloc(sizeof(*job) + size, job_destructor);

	if (!q || !job) {
		mem_deref(q);
		mem_deref(job);
		return ENOMEM;
	}
	q->h = h;
	q->arg = arg;
	q->job = job;
	job->u = u;
	job->query = q;
	job->since_ns = clock_monotonic_ns();
	job->type = type;
	memcpy(job->name, name, size);
	list_append(&u->queue, &job->le, job);
	queue_pump(u);
	alarm_arm(u);
	*qp = q;
	return 0;
}

static void jobs_free(struct list *list)
{
	while (list->head) {
		struct job *job = list->head->data;

		if (job->query)
			job->query->job = NULL;
		mem_deref(job);
	}
}

static void unbound_destructor(void *data)
{
	struct unbound *u = data;

	mem_deref(u->alarm);
	if (u->fd >= 0)
		fd_close(u->fd);
	ub_ctx_delete(u->ctx);
	jobs_free(&u->queue);
	jobs_free(&u->flight);
	jobs_free(&u->strays);
	while (u->ready.head)
		list_unlink(u->ready.head);
}

int lookup_unbound_alloc(struct lookup **lp, const struct config_dns *conf,
			 const struct lookup_system *sys)
{
	struct unbound *u = mem_zalloc(sizeof(*u), unbound_destructor);
	int err;

	if (!u)
		return ENOMEM;
	u->lookup.ask = unbound_ask;
	u->fd = -1;
	err = unbound_context(&u->ctx, conf, sys);
	if (!err)
		err = alarm_alloc(&u->alarm, unbound_alarm_h, u);
	if (!err) {
		u->fd = ub_fd(u->ctx);
		err = u->fd < 0 ? EIO : fd_listen(u->fd, FD_READ, unbound_fd_h, u);
	}
	if (err)
		mem_deref(u);
	else
		*lp = &u->lookup;
	return err;
}
