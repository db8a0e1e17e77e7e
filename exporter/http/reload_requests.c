#include "exporter/http/reload_requests.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "sipprobe/loop.h"

static const char stops[] = "the exporter stops\n";

struct waiter {
	TAILQ_ENTRY(waiter) entry;
	reload_requests_done_h *h;
	void *arg;
};

TAILQ_HEAD(waiters, waiter);

struct reload_requests {
	pthread_mutex_t lock;
	struct waiters waiters;
	bool posted; /* the main thread knows of the waiters */
	bool stop;
	reload_requests_asked_h *askedh;
	void *arg;
};

struct reload_order {
	struct waiters waiters;
	FILE *out;
	char *text;
	size_t size;
};

int reload_requests_alloc(struct reload_requests **lp, reload_requests_asked_h *askedh,
			  void *arg)
{
	struct reload_requests *l = calloc(1, sizeof(*l));

	if (!l)
		return ENOMEM;
	pthread_mutex_init(&l->lock, NULL);
	TAILQ_INIT(&l->waiters);
	l->askedh = askedh;
	l->arg = arg;
	*lp = l;
	return 0;
}

static void reload_requests_move(struct reload_requests *l, struct waiters *all,
				 bool stop)
{
	TAILQ_INIT(all);
	pthread_mutex_lock(&l->lock);
	TAILQ_CONCAT(all, &l->waiters, entry);
	l->posted = false;
	l->stop = l->stop || stop;
	pthread_mutex_unlock(&l->lock);
}

static void reload_requests_answer(struct waiters *all, unsigned status, const char *text)
{
	struct waiter *w;

	while ((w = TAILQ_FIRST(all)) != NULL) {
		TAILQ_REMOVE(all, w, entry);
		w->h(status, text, w->arg);
		free(w);
	}
}

struct reload_order *reload_requests_take(struct reload_requests *l)
{
	struct reload_order *o = calloc(1, sizeof(*o));
	struct waiters all;

	reload_requests_move(l, &all, false);
	if (o)
		o->out = open_memstream(&o->text, &o->size);
	if (!o || !o->out) {
		reload_requests_answer(&all, 500, "out of memory\n");
		free(o);
		return NULL;
	}
	TAILQ_INIT(&o->waiters);
	TAILQ_CONCAT(&o->waiters, &all, entry);
	return o;
}

FILE *reload_order_out(struct reload_order *o)
{
	return o ? o->out : NULL;
}

void reload_order_answer(struct reload_order *o, int err)
{
	unsigned status = !err ? 200 : err == ECANCELED ? 503 : 500;
	const char *text = !err ? "reloaded\n" : stops;

	if (!o)
		return;
	fclose(o->out);
	if (o->text && *o->text)
		text = o->text;
	else if (err && err != ECANCELED)
		text = "out of memory\n";
	reload_requests_answer(&o->waiters, status, text);
	free(o->text);
	free(o);
}

static void reload_requests_run_h(void *data, void *arg)
{
	struct reload_requests *l = data;

	(void)arg;
	l->askedh(l, l->arg);
}

int reload_requests_reload(struct reload_requests *l, reload_requests_done_h *h,
			   void *arg)
{
	struct waiter *w = calloc(1, sizeof(*w));
	int err = 0;

	if (!w)
		return ENOMEM;
	w->h = h;
	w->arg = arg;
	pthread_mutex_lock(&l->lock);
	if (l->stop)
		err = ECANCELED;
	else if (!l->posted)
		err = loop_post(reload_requests_run_h, l, NULL);
	if (!err) {
		l->posted = true;
		TAILQ_INSERT_TAIL(&l->waiters, w, entry);
	}
	pthread_mutex_unlock(&l->lock);
	if (err)
		free(w);
	return err;
}

void reload_requests_stop(struct reload_requests *l)
{
	struct waiters all;

	if (!l)
		return;
	reload_requests_move(l, &all, true);
	reload_requests_answer(&all, 503, stops);
}

void reload_requests_free(struct reload_requests *l)
{
	if (!l)
		return;
	reload_requests_stop(l);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
