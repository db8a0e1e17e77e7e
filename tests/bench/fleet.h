/* A store full of healthy trunks as a fleet over UDP would have them. */
#ifndef TESTS_BENCH_FLEET_H
#define TESTS_BENCH_FLEET_H

#include <stdio.h>
#include <stdlib.h>

#include "exporter/store/store.h"

#define FLEET_BUCKETS 12

struct fleet {
	struct store *store;
	struct store_target **cells;
	int count;
};

static inline void fleet_add(struct fleet *f, int i)
{
	static const struct config_pair labels[] = {{"carrier", "isp-a"},
						    {"site", "oslo"}};
	char name[32], uri[64], address[32];
	struct config_trunk trunk = {
		.name = name, .uri = uri, .labels = labels, .label_count = 2};
	struct engine_target target = {"OPTIONS", address, "udp"};
	struct engine_change up = {.to = HEALTH_UP};
	struct store_trunk *row;
	int k;

	snprintf(name, sizeof(name), "trunk-%06d", i);
	snprintf(uri, sizeof(uri), "sip:10.%d.%d.%d:5060", i >> 16, i >> 8 & 255,
		 i & 255);
	snprintf(address, sizeof(address), "10.%d.%d.%d:5060", i >> 16, i >> 8 & 255,
		 i & 255);
	row = store_trunk_add(f->store, &trunk);
	store_trunk_state(f->store, row, &up, 1);
	store_trunk_addresses(f->store, row, 1, 1);
	f->cells[i] = store_target_add(f->store, row, &target);
	for (k = 0; k < 100; k++) {
		struct probe_result r = {
			.code = 200,
			.begun_unix_ns = 1763798707000000000 + i * 3137373LL,
			.phase_ns = {-1, -1, -1, -1,
				     (i * 7919LL + k * 104729LL) % 30000000},
			.call_id = "0123456789abcdef0123456789abcdef"};

		store_probe_begin(f->store, f->cells[i], 1000);
		store_probe_done(f->store, f->cells[i], &r);
	}
}

static inline struct fleet fleet_make(int count)
{
	static const double bounds[FLEET_BUCKETS] = {
		0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4};
	struct fleet f = {.count = count, .cells = calloc((size_t)count, sizeof(void *))};
	int i;

	if (!f.cells || store_alloc(&f.store, bounds, FLEET_BUCKETS))
		exit(1);
	store_keep_native(f.store, 3, 160);
	store_keep_exemplars(f.store);
	for (i = 0; i < count; i++)
		fleet_add(&f, i);
	store_reload(f.store, true, 1763798707000000000);
	return f;
}

static inline void fleet_free(struct fleet *f)
{
	store_free(f->store);
	free(f->cells);
}

#endif
