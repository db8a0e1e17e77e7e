#include "exporter/http/reload_requests.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "sipprobe/loop.h"

struct waiter {
	TAILQ_ENTRY(waiter) entry;
	reload_requests_done_h *h;
	void *arg;
};

TAILQ_HEAD(waiters, waiter);

struct reload_requests {
	pthread_mutex_t lock;
	struct waiters waiters;
	bool posted; /* the main thread will see to the waiters */
	bool stop;
	reload_requests_reload_h *reloadh;
	void *arg;
};

int reload_requests_alloc(struct reload_requests **lp, reload_requests_reload_h *reloadh,
			  void *arg)
{
	struct reload_requests *l = calloc(1, sizeof(*l));

	if (!l)
		return ENOMEM;
	pthread_mutex_init(&l->lock, NULL);
	TAILQ_INIT(&l->waiters);
	l->reloadh = reloadh;
	l->arg = arg;
	*lp = l;
	return 0;
}

/* Takes all who wait now. */
static void reload_requests_take(struct reload_requests *l, struct waiters *all,
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

static void reload_requests_run_h(void *data, void *arg)
{
	struct reload_requests *l = data;
	struct waiters all;
	char *text = NULL;
	size_t size = 0;
	FILE *why = open_memstream(&text, &size);
	int err = why ? 0 : ENOMEM;

	(void)arg;
	reload_requests_take(l, &all, false);
	if (!err)
		err = l->reloadh(why, l->arg);
	if (why)
		fclose(why);
	reload_requests_answer(&all, err ? 500 : 200,
			       text && (err || *text) ? text
			       : err		      ? "out of memory\n"
						      : "reloaded\n");
	free(text);
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
	reload_requests_take(l, &all, true);
	reload_requests_answer(&all, 503, "the exporter stops\n");
}

void reload_requests_free(struct reload_requests *l)
{
	if (!l)
		return;
	reload_requests_stop(l);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
