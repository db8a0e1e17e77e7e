/* Reloads that are asked for from any thread, and done once for all who wait. */
#include "exporter/http/reload_requests.h"

#include <errno.h>
#include <pthread.h>

#include "sipprobe/loop.h"
#include "tests/unit/tap.h"

enum { ASKERS = 20 };

struct reloads {
	int done; /* how often it was reloaded */
	int err;  /* what comes of the next */
	int told;
	int wanted; /* the loop stops with this many told */
	unsigned status;
	char text[128];
};

static int reloads_h(FILE *why, void *arg)
{
	struct reloads *r = arg;

	r->done++;
	if (r->err)
		fprintf(why, "line 3 is wrong\n");
	return r->err;
}

static void reloads_told_h(unsigned status, const char *text, void *arg)
{
	struct reloads *r = arg;

	r->status = status;
	snprintf(r->text, sizeof(r->text), "%s", text);
	if (++r->told == r->wanted)
		loop_stop();
}

struct asker {
	struct reload_requests *l;
	struct reloads *r;
};

static void *ask_h(void *arg)
{
	struct asker *a = arg;

	return reload_requests_reload(a->l, reloads_told_h, a->r) ? arg : NULL;
}

static void test_shared(struct reload_requests *l, struct reloads *r)
{
	struct asker a = {l, r};
	pthread_t threads[ASKERS];
	int failed = 0;
	void *bad;

	for (int i = 0; i < ASKERS; i++)
		pthread_create(&threads[i], NULL, ask_h, &a);
	for (int i = 0; i < ASKERS; i++) {
		pthread_join(threads[i], &bad);
		failed += bad != NULL;
	}
	is_int(failed, 0, "all get in");
	r->wanted = ASKERS;
	is_int(loop_run(), 0, "the main thread comes to it");
	is_int(r->told, ASKERS, "all are told");
	is_int(r->done, 1, "of one reload");
	is_int(r->status, 200, "which went well");
	is_str(r->text, "reloaded\n", "in words");
	r->wanted = ASKERS + 1;
	is_int(reload_requests_reload(l, reloads_told_h, r), 0, "who asks afterwards");
	is_int(loop_run(), 0, "waits");
	is_int(r->done, 2, "for another");
}

static void test_failed(struct reload_requests *l, struct reloads *r)
{
	r->err = EINVAL;
	r->wanted = r->told + 1;
	is_int(reload_requests_reload(l, reloads_told_h, r), 0, "one is asked for");
	is_int(loop_run(), 0, "and fails");
	is_int(r->status, 500, "which is told");
	is_str(r->text, "line 3 is wrong\n", "with what is wrong");
}

static void test_stopped(struct reload_requests *l, struct reloads *r)
{
	int done = r->done;

	r->wanted = 0;
	is_int(reload_requests_reload(l, reloads_told_h, r), 0, "one waits");
	reload_requests_stop(l);
	is_int(r->status, 503, "who waits when it stops is told");
	is_str(r->text, "the exporter stops\n", "in words");
	is_int(r->done, done, "and nothing is reloaded");
	is_int(reload_requests_reload(l, reloads_told_h, r), ECANCELED,
	       "nobody gets in any more");
	reload_requests_stop(NULL);
	reload_requests_free(NULL);
}

int main(void)
{
	struct reload_requests *l = NULL;
	struct reloads r = {0};

	if (loop_init(NULL, NULL) || reload_requests_alloc(&l, reloads_h, &r))
		return 1;
	test_shared(l, &r);
	test_failed(l, &r);
	test_stopped(l, &r);
	loop_close();
	reload_requests_free(l);
	return tap_done();
}
