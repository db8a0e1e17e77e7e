/* Reloads that are asked for from any thread, and done once for all who wait. */
#include <errno.h>
#include <pthread.h>

#include "exporter/http/reload_requests.h"
#include "sipprobe/loop.h"
#include "tests/unit/tap.h"

enum { ASKERS = 20 };

struct reloads {
	int done;   /* how often it was reloaded */
	bool later; /* not yet: it is only noted that somebody waits */
	int asked;
	int err; /* what comes of the next */
	int told;
	int wanted; /* the loop stops with this many told */
	unsigned status;
	char text[128];
};

static void reloads_h(struct reload_requests *l, void *arg)
{
	struct reloads *r = arg;
	struct reload_order *o;

	r->asked++;
	if (r->later) {
		loop_stop();
		return;
	}
	o = reload_requests_take(l);
	r->done++;
	if (r->err)
		fprintf(reload_order_out(o), "line 3 is wrong\n");
	reload_order_answer(o, r->err);
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

/* One is under way: who asks meanwhile waits for the next, all for the same. */
static void test_later(struct reload_requests *l, struct reloads *r)
{
	struct reload_order *first, *next;
	int told = r->told;

	r->later = true;
	r->asked = 0;
	is_int(reload_requests_reload(l, reloads_told_h, r), 0, "one asks");
	(void)loop_run();
	first = reload_requests_take(l);
	for (int i = 0; i < 3; i++)
		(void)reload_requests_reload(l, reloads_told_h, r);
	(void)loop_run();
	is_int(r->asked, 2, "those who ask after it began are told of once");
	reload_order_answer(first, 0);
	is_int(r->told - told, 1, "its end is told to who asked before");
	next = reload_requests_take(l);
	fputs("1 added: isp\n", reload_order_out(next));
	reload_order_answer(next, 0);
	is_int(r->told - told, 4, "and the next one's to the others");
	is_str(r->text, "1 added: isp\n", "with what it changed");
	first = reload_requests_take(l);
	reload_order_answer(first, ECANCELED);
	is_int(r->told - told, 4, "nobody waits any more");
	(void)reload_requests_reload(l, reloads_told_h, r);
	(void)loop_run();
	reload_order_answer(reload_requests_take(l), ECANCELED);
	is_int(r->status, 503, "one that is given up");
	is_str(r->text, "the exporter stops\n", "says so");
	reload_order_answer(NULL, 0);
	ok(!reload_order_out(NULL), "without memory there is none");
	r->later = false;
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
	test_later(l, &r);
	test_failed(l, &r);
	test_stopped(l, &r);
	loop_close();
	reload_requests_free(l);
	return tap_done();
}
