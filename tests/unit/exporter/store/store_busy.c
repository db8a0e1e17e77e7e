/* Readers while a configuration is applied: they wait for its end, and not for ever. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

static const double bounds[] = {0.001, 0.01, 0.1, 1};

static struct store *store_make(void)
{
	struct store *s = NULL;

	if (store_alloc(&s, bounds, sizeof(bounds) / sizeof(*bounds)))
		exit(1);
	return s;
}

static const struct config_trunk kept = {.name = "a", .uri = "sip:192.0.2.1"};
static const struct config_trunk added = {.name = "b", .uri = "sip:192.0.2.2"};
static const struct status_query everything = {0};

static void test_busy(void)
{
	struct store *s = store_make();
	struct status_trunk *one = NULL;
	struct status_list *list = NULL;
	struct snapshot *n = NULL;
	int64_t begun_ns = clock_monotonic_ns();

	store_trunk_add(s, &kept);
	store_change_begin(s);
	is_int(snapshot_take(&n, s, 0), EBUSY, "no snapshot of half a configuration");
	ok(clock_monotonic_ns() - begun_ns > 400 * CLOCK_NS_PER_MS,
	   "after waiting for its end");
	is_int(status_list_take(&list, s, &everything), EBUSY, "no list of it");
	is_int(status_trunk_take(&one, s, "a"), EBUSY, "no trunk of it");
	ok(!n && !list && !one, "and nothing is handed out");
	store_change_end(s);
	is_int(snapshot_take(&n, s, 0), 0, "a snapshot after its end");
	snapshot_free(n);
	store_free(s);
}

/* A change that takes its time. */
static void *change_end(void *arg)
{
	struct store *s = arg;

	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	store_trunk_add(s, &added);
	store_change_end(s);
	return NULL;
}

/* A change that ends in time costs a reader a wait and nothing else. */
static void test_waits(void)
{
	struct store *s = store_make();
	struct snapshot *n = NULL;
	pthread_t thread;

	store_trunk_add(s, &kept);
	store_change_begin(s);
	pthread_create(&thread, NULL, change_end, s);
	is_int(snapshot_take(&n, s, 0), 0, "a reader waits for the end of a change");
	is_int((long long)n->trunk_count, 2, "and sees all of it");
	pthread_join(thread, NULL);
	snapshot_free(n);
	store_free(s);
}

int main(void)
{
	test_busy();
	test_waits();
	return tap_done();
}
