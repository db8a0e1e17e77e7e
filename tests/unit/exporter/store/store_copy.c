/* Copies of all rows, while trunks come and go between two pieces of them. */
#include <stdlib.h>

#include "exporter/store/labels.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

enum { TRUNKS = 6, LABEL_BYTES = 200000 };

static const double bounds[] = {1};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};

static struct store *store;
static struct store_trunk *rows[TRUNKS];
static long countdown = -1; /* of blocks until the set of trunks changes; < 0: never */

/* A piece ends where there is no room; room is made without the lock, so it may happen.
 */
void *__wrap_malloc(size_t size)
{
	if (countdown >= 0 && size > LABEL_BYTES && countdown-- == 0) {
		store_trunk_remove(store, rows[0]);
		store_trunk_paused(store, rows[1], false, 0);
	}
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
	return __real_strdup(text);
}

/* Trunks too large for two of them to be copied at once, of which two are paused. */
static void begin(void)
{
	static char value[LABEL_BYTES + 1], names[TRUNKS][8];
	static struct config_trunk conf[TRUNKS];
	static const struct config_pair label = {"site", value};

	memset(value, 'x', LABEL_BYTES);
	if (store_alloc(&store, bounds, 1))
		exit(1);
	for (int i = 0; i < TRUNKS; i++) {
		snprintf(names[i], sizeof(names[i]), "t%d", i);
		conf[i] = (struct config_trunk){.name = names[i],
						.uri = "sip:192.0.2.1",
						.labels = &label,
						.label_count = 1};
		rows[i] = store_trunk_add(store, &conf[i]);
		store_target_add(store, rows[i], &udp);
		store_trunk_paused(store, rows[i], i < 2, 0);
	}
}

static bool is_trunk(struct slice labels, size_t i)
{
	struct slice name = labels_find(labels, "trunk");

	return name.l == 2 && name.p[1] == (char)('0' + i) &&
	       labels_find(labels, "site").l == LABEL_BYTES;
}

/* Each of those that are left, once, with its target. */
static void check_snapshot(long after)
{
	struct snapshot *n = NULL;
	size_t right = 0;

	begin();
	countdown = after;
	is_int(snapshot_take(&n, store, 0), 0, "a snapshot");
	ok(countdown == -1, "while a trunk went, after %ld blocks", after);
	is_int((long long)n->trunk_count, TRUNKS - 1, "has the others");
	is_int((long long)n->target_count, TRUNKS - 1, "and their targets");
	for (size_t i = 0; i < n->trunk_count; i++)
		right += is_trunk(n->trunks[i].labels, i + 1) &&
			 n->trunks[i].target_first == i &&
			 is_trunk(n->targets[i].labels, i + 1);
	is_int((long long)right, TRUNKS - 1, "each in its place");
	snapshot_free(n);
	store_free(store);
}

static void check_list(long after)
{
	struct status_list *l = NULL;
	size_t right = 0;

	begin();
	countdown = after;
	is_int(status_list_take(&l, store, &(struct status_query){0}), 0, "a list");
	ok(countdown == -1, "while a trunk went, after %ld blocks", after);
	is_int((long long)l->count, TRUNKS - 1, "has the others");
	for (size_t i = 0; i < l->count; i++)
		right += is_trunk(l->rows[i].labels, i + 1);
	is_int((long long)right, TRUNKS - 1, "each once");
	ok(l->states[HEALTH_UNKNOWN] == TRUNKS - 1 && !l->paused, "counted once");
	ok(l->generation == status_generation(store), "as they are now");
	status_list_free(l);
	store_free(store);
}

int main(void)
{
	for (long after = 0; after < 4; after++) {
		check_snapshot(after);
		check_list(after);
	}
	return tap_done();
}
