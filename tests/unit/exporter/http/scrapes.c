/* Who shares a scrape, how many bodies live, and who is told to come again. */
#include "exporter/http/scrapes.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/tap.h"

enum { ASKERS = SCRAPES_WAITING + 1 };

struct kitchen {
	sem_t begun; /* a rendering has begun … */
	sem_t go;    /* … and waits for this */
	atomic_int renderings, crowded;
	size_t bytes; /* of each */
	int err;
};

struct asker {
	struct scrape_body *body;
	int err;
	sem_t done;
};

static struct kitchen kitchen;
static struct asker askers[ASKERS];

static int render_h(struct scrape_body **bp, const struct scrape_want *want,
		    struct scrape_bodies *all, void *arg)
{
	struct kitchen *k = arg;
	struct body_writer *w = NULL;
	struct body body = {0};
	int err;

	atomic_fetch_add(&k->renderings, 1);
	sem_post(&k->begun);
	sem_wait(&k->go);
	if (k->err)
		return k->err;
	err = body_writer_alloc(&w, want->gzip);
	for (size_t i = 0; !err && i < k->bytes; i++)
		buffer_add(body_writer_window(w), "a", 1);
	if (!err)
		err = body_writer_end(w, &body);
	body_writer_free(w);
	return err ? err : scrape_body_make(bp, &body, all);
}

static void crowded_h(void *arg)
{
	struct kitchen *k = arg;

	atomic_fetch_add(&k->crowded, 1);
}

static void done_h(struct scrape_body *b, int err, void *arg)
{
	struct asker *a = arg;

	a->body = b;
	a->err = err;
	sem_post(&a->done);
}

/* @key: what is wanted, as far as it differs; over 9 with a filter */
static int ask(struct scrapes *s, int asker, int key)
{
	struct scrape_want want;

	memset(&want, 0, sizeof(want));
	want.gzip = key == 0;
	want.families[key] = true;
	want.some = key > 9;
	sem_init(&askers[asker].done, 0, 0);
	return scrapes_ask(s, &want, done_h, &askers[asker]);
}

static struct scrapes *start(size_t bytes)
{
	const struct scrapes_conf conf = {render_h, crowded_h, &kitchen};
	struct scrapes *s = NULL;

	memset(&kitchen, 0, sizeof(kitchen));
	sem_init(&kitchen.begun, 0, 0);
	sem_init(&kitchen.go, 0, 0);
	kitchen.bytes = bytes;
	is_int(scrapes_alloc(&s, &conf), 0, "starts");
	return s;
}

static void test_shared(void)
{
	struct scrapes *s = start(2000);

	(void)ask(s, 0, 0);
	sem_wait(&kitchen.begun);
	for (int i = 1; i < 5; i++)
		(void)ask(s, i, i < 4 ? 0 : 1);
	for (int i = 0; i < 3; i++)
		sem_post(&kitchen.go);
	for (int i = 0; i < 5; i++)
		sem_wait(&askers[i].done);
	is_int(atomic_load(&kitchen.renderings), 3, "three renderings for five");
	ok(askers[0].body != askers[1].body, "what was begun before is not shared");
	ok(askers[1].body == askers[2].body && askers[2].body == askers[3].body,
	   "who asked for the same gets the same");
	ok(askers[4].body != askers[1].body, "who asked for something else does not");
	ok(scrape_body_is_gzip(askers[1].body) && !scrape_body_is_gzip(askers[4].body),
	   "compressed as wanted");
	is_int((long long)scrape_body_len(askers[4].body), 2000, "whole");
	is_int((long long)scrapes_alive(s), 0, "small ones do not count");
	for (int i = 0; i < 5; i++)
		scrape_body_unref(askers[i].body);
	scrapes_free(s);
}

/* The ninth is told so before anything is rendered, unless one of the others goes. */
static void test_ninth(void)
{
	struct scrapes *s = start(SCRAPE_BODY_LARGE);
	int i;

	for (i = 0; i < SCRAPES_BODIES; i++) {
		sem_post(&kitchen.go);
		(void)ask(s, i, 1);
		sem_wait(&askers[i].done);
	}
	is_int((long long)scrapes_alive(s), SCRAPES_BODIES, "as many as may be");
	ok(atomic_load(&kitchen.crowded) > 0, "slow readers were hurried");
	(void)ask(s, i, 1);
	sem_wait(&askers[i].done);
	is_int(askers[i].err, EBUSY, "the ninth is refused");
	is_int(atomic_load(&kitchen.renderings), SCRAPES_BODIES, "and not rendered");
	(void)ask(s, i, 1);
	scrape_body_unref(askers[0].body);
	sem_post(&kitchen.go);
	sem_wait(&askers[i].done);
	ok(askers[i].body && !askers[i].err, "it is served as soon as one is gone");
	for (i = 1; i <= SCRAPES_BODIES; i++)
		scrape_body_unref(askers[i].body);
	scrapes_stop(s);
	is_int((long long)scrapes_alive(s), 0, "all are gone");
	scrapes_free(s);
}

/* Lets what is rendered end once no other can begin. All places are taken. */
static void *release_run(void *arg)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct scrape_want want;
	struct asker nobody;

	memset(&want, 0, sizeof(want));
	while (scrapes_ask(arg, &want, done_h, &nobody) != ESHUTDOWN)
		nanosleep(&pause, NULL);
	sem_post(&kitchen.go);
	return NULL;
}

static void test_queue(void)
{
	struct scrapes *s = start(10);
	int i, refused = 0;
	pthread_t release;

	(void)ask(s, 0, 0);
	sem_wait(&kitchen.begun);
	for (i = 1; i <= SCRAPES_FILTERED; i++)
		refused += ask(s, i, 10 + i) != 0;
	is_int(refused, 0, "so many different filters wait");
	is_int(ask(s, i, 10 + i), EBUSY, "one more does not");
	for (; i <= SCRAPES_QUEUED; i++)
		refused += ask(s, i, i) != 0;
	is_int(refused, 0, "other formats do");
	is_int(ask(s, i, 9), EBUSY, "up to a limit");
	for (; i < ASKERS; i++)
		refused += ask(s, i, 5) != 0;
	is_int(refused, 0, "for the same any may wait");
	is_int(ask(s, 0, 5), EBUSY, "up to a limit too");
	kitchen.err = ENOMEM;
	if (pthread_create(&release, NULL, release_run, s))
		exit(1);
	scrapes_stop(s);
	pthread_join(release, NULL);
	is_int(askers[ASKERS - 1].err, ESHUTDOWN, "who waits at the end is told so");
	is_int(ask(s, 0, 5), ESHUTDOWN, "who asks afterwards too");
	scrapes_free(s);
}

static void test_failed(void)
{
	struct scrapes *s = start(10);

	kitchen.err = EAGAIN;
	sem_post(&kitchen.go);
	(void)ask(s, 0, 0);
	sem_wait(&askers[0].done);
	ok(!askers[0].body && askers[0].err == EAGAIN, "a failure is told");
	scrapes_free(s);
	scrapes_free(NULL);
}

int main(void)
{
	test_shared();
	test_ninth();
	test_queue();
	test_failed();
	return tap_done();
}
