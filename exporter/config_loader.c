#include "exporter/config_loader.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/thread.h"
#include "sipprobe/loop.h"

/* Between two tries to tell the main thread, for want of memory. */
#define RETRY_NS 10000000L

struct config_loader {
	pthread_t thread;
	const struct cli *cli;
	const struct config *in_force;
	struct config_loaded loaded;
	config_loader_loaded_h *h;
	void *arg;
};

static void config_loader_told_h(void *data, void *arg)
{
	struct config_loader *l = data;

	(void)arg;
	(void)pthread_join(l->thread, NULL);
	l->h(&l->loaded, l->arg);
	free(l);
}

static void config_loader_read(struct config_loader *l)
{
	struct config_loaded *d = &l->loaded;

	d->unchanged = config_unchanged(l->in_force);
	if (d->unchanged)
		return;
	d->err = config_load(&d->conf, l->cli->config_file, &d->errs);
	if (d->err)
		return;
	config_shard_keep(d->conf, &l->cli->shard);
	d->err = config_diff(&d->diff, l->in_force, d->conf);
	if (d->err) {
		config_free(d->conf);
		d->conf = NULL;
	}
}

/*
 * Nothing but an open() or a read() of a pipe or a network file system takes long: it may
 * be broken off there, and nowhere else.
 */
static void *config_loader_run(void *arg)
{
	const struct timespec retry = {.tv_nsec = RETRY_NS};
	struct config_loader *l = arg;

	config_loader_read(l);
	/* What OpenSSL and loop_post() lock must not stay locked. */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	if (!l->loaded.err)
		findings_look(&l->loaded.found,
			      l->loaded.unchanged ? l->in_force : l->loaded.conf);
	while (loop_post(config_loader_told_h, l, NULL))
		nanosleep(&retry, NULL);
	return NULL;
}

int config_loader_start(struct config_loader **lp, const struct cli *cli,
			const struct config *in_force, config_loader_loaded_h *h,
			void *arg)
{
	struct config_loader *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return ENOMEM;
	*l = (struct config_loader){.cli = cli, .in_force = in_force, .h = h, .arg = arg};
	err = thread_start(&l->thread, config_loader_run, l);
	if (err)
		free(l);
	else
		*lp = l;
	return err;
}

void config_loader_abandon(struct config_loader *l)
{
	if (!l)
		return;
	(void)pthread_cancel(l->thread);
	(void)pthread_join(l->thread, NULL);
	config_diff_clear(&l->loaded.diff);
	config_errors_clear(&l->loaded.errs);
	findings_clear(&l->loaded.found);
	config_free(l->loaded.conf);
	free(l);
}
