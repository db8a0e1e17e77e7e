/* The list of all trunks, of any number, and rows of any size: each has the room it
 * needs. */
#include "tests/unit/exporter/store/status_list.h"

/* As status.c has it: room that is made for the next rows, whatever they need. */
#define CHUNK_BYTES ((size_t)1 << 15)

static void test_large(void)
{
	static const size_t sizes[] = {10, CHUNK_BYTES - 100, 9 * CHUNK_BYTES,
				       20, CHUNK_BYTES,	      12 * CHUNK_BYTES,
				       30};
	char *values[COUNT(sizes)], names[COUNT(sizes)][8];
	struct store *s = store_make();
	struct status_list *l;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct config_pair label = {"site", values[i] = malloc(sizes[i] + 1)};
		struct config_trunk conf = trunk;

		memset(values[i], 'a' + (int)i, sizes[i]);
		values[i][sizes[i]] = '\0';
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		conf.name = names[i];
		conf.labels = &label;
		conf.label_count = 1;
		store_trunk_dns_failed(s, store_trunk_add(s, &conf), values[i],
				       DNS_HINT_NONE);
	}
	l = take(s, (struct status_query){0});
	is_int((long long)l->count, COUNT(sizes), "rows larger than any room");
	for (size_t i = 0; i < l->count; i++) {
		struct slice site = labels_find(l->rows[i].labels, "site");

		ok(site.l == sizes[i] && !memcmp(site.p, values[i], site.l) &&
			   l->rows[i].said.l == sizes[i] &&
			   !memcmp(l->rows[i].said.p, values[i], site.l),
		   "one of %zu bytes", sizes[i]);
		free(values[i]);
	}
	status_list_free(l);
	store_free(s);
}

/* A block of its own is as large as its row needs, to the byte. */
static void test_room(void)
{
	enum { BYTES = 1 << 19 };
	static char value[BYTES + 1];
	const struct config_pair label = {"site", value};
	struct config_trunk conf = trunk;
	struct store *s = store_make();
	struct store_trunk *row;
	struct store_target *cell;
	struct status_list *l;

	memset(value, 'x', BYTES);
	conf.labels = &label;
	conf.label_count = 1;
	row = store_trunk_add(s, &conf);
	l = take(s, (struct status_query){.recent = 5});
	is_int((long long)l->blocks->len, (long long)l->blocks->cap, "labels alone");
	status_list_free(l);
	store_trunk_dns_failed(s, row, "no such name", DNS_HINT_NONE);
	l = take(s, (struct status_query){.recent = 5});
	is_int((long long)l->blocks->len, (long long)l->blocks->cap, "a name's failure");
	status_list_free(l);
	cell = store_target_add(s, row, &udp);
	l = take(s, (struct status_query){.recent = 5});
	is_int((long long)l->blocks->len, (long long)l->blocks->cap, "a target");
	status_list_free(l);
	for (int i = 1; i <= 3; i++)
		probe(s, cell, result(200, i, "Not too fine"));
	for (unsigned recent = 0; recent < 5; recent++) {
		l = take(s, (struct status_query){.recent = recent});
		ok(l->blocks->len == l->blocks->cap, "%u of its probes", recent);
		status_list_free(l);
	}
	store_free(s);
}

static void test_many(void)
{
	enum { TRUNKS = 1500 };
	static struct config_trunk conf[TRUNKS];
	static char names[TRUNKS][8];
	struct store *s = store_make();
	struct status_list *l;
	size_t right = 0;

	for (int i = 0; i < TRUNKS; i++) {
		struct store_target *cell;

		snprintf(names[i], sizeof(names[i]), "%05d", i);
		conf[i] = trunk;
		conf[i].name = names[i];
		cell = store_target_add(s, store_trunk_add(s, &conf[i]), &udp);
		probe(s, cell, result(200, i + 1, names[i]));
		probe(s, cell, result(200, i + 2, names[i]));
	}
	l = take(s, (struct status_query){.recent = 5});
	is_int((long long)l->count, TRUNKS, "1500 rows");
	for (size_t i = 0; i < l->count; i++) {
		const struct status_row *row = &l->rows[i];

		right += row->name.l == 5 && !memcmp(row->name.p, names[i], 5) &&
			 row->said.l == 5 && !memcmp(row->said.p, names[i], 5) &&
			 row->probe_count == 2 && row->probes[0].latency_us == i + 1 &&
			 row->probes[1].latency_us == i + 2;
	}
	is_int((long long)right, TRUNKS, "each with its own words and probes");
	is_int((long long)l->states[HEALTH_UNKNOWN], TRUNKS, "each counted once");
	status_list_free(l);
	store_free(s);
}

int main(void)
{
	test_large();
	test_room();
	test_many();
	return tap_done();
}
