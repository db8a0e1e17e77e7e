/* A store with something in every family, and what the text formats make of it. */
#ifndef TESTS_UNIT_EXPORTER_METRICS_RENDER_FIXTURE_H
#define TESTS_UNIT_EXPORTER_METRICS_RENDER_FIXTURE_H

#include <stdlib.h>

#include "exporter/metrics/catalogue.h"
#include "exporter/store/store.h"

static const double fixture_bounds[] = {0.001, 0.5, 4};
static const struct config_pair fixture_labels[] = {{"carrier", "a \"b\""}};
static const struct config_trunk fixture_trunks[] = {
	{.name = "one",
	 .uri = "sip:sbc.example;transport=tls",
	 .labels = fixture_labels,
	 .label_count = 1},
	{.name = "two", .uri = "sip:192.0.2.1", .profile = "p"},
};

static inline void fixture_fill_target(struct store *s, struct store_trunk *row)
{
	struct engine_target target = {"OPTIONS", "192.0.2.1:5060", "tls"};
	struct store_target *cell = store_target_add(s, row, &target);
	struct probe_result r = {.outcome = PROBE_RESPONSE,
				 .verdict = PROBE_UP,
				 .code = 200,
				 .retransmissions = 2,
				 .begun_unix_ns = 1763798707123456789,
				 .phase_ns = {-1, 1000, 20000000, -1, 1500000},
				 .cert_not_after_s = 1800000000,
				 .call_id = "0123456789abcdef0123456789abcdef"};

	store_probe_begin(s, cell, 2500000);
	store_probe_done(s, cell, &r);
	r.code = 503;
	r.verdict = PROBE_DOWN;
	r.phase_ns[PROBE_PHASE_ANSWER] = 5000000000;
	store_probe_begin(s, cell, 0);
	store_probe_done(s, cell, &r);
	store_probe_late(s, cell);
}

static inline void fixture_fill(struct store *s)
{
	struct engine_change change = {.from = HEALTH_UNKNOWN, .to = HEALTH_DEGRADED};
	struct store_trunk *row = store_trunk_add(s, &fixture_trunks[0]);
	struct tls_own own = {.not_after_s = 1800000000};

	store_trunk_add(s, &fixture_trunks[1]);
	store_trunk_state(s, row, &change, 1700000002500000000);
	store_trunk_addresses(s, row, 2, 1);
	store_trunk_dns_failed(s, row, "sbc.example A: NXDOMAIN", DNS_HINT_NONE);
	store_inbound(s, row, "OPTIONS", 1700000000000000000);
	store_trunk_certificate(s, row, "own.pem", &own);
	store_reload(s, true, 1700000001000000000);
	store_stray(s, ENGINE_STRAY_STRANGER);
	fixture_fill_target(s, row);
}

#define ONE "{trunk=\"one\",carrier=\"a \\\"b\\\"\""
#define TWO "{trunk=\"two\""
#define TGT ONE ",method=\"OPTIONS\",address=\"192.0.2.1:5060\",transport=\"tls\""

struct fixture {
	struct store *store;
	struct snapshot *snapshot;
	struct catalogue_self self;
	struct catalogue_source src;
};

/* Whose parts point to each other: it stays where it is. */
static inline void fixture_init(struct fixture *f)
{
	*f = (struct fixture){
		.self = {.build = SLICE("version=\"1\""),
			 .loop_turn_unix_ns = 1700000003250000000,
			 .log_lost = 9,
			 .web = {true, false, 1700000004000000000, 1800000001},
			 .process = {1, 2, 3, 5, -1, 1700000000000000000},
			 .scrape_ns = 7000,
			 .scrape_bytes = 12}};
	if (store_alloc(&f->store, fixture_bounds, 3))
		exit(1);
	store_keep_native(f->store, 3, 160);
	store_keep_exemplars(f->store);
	fixture_fill(f->store);
	if (snapshot_take(&f->snapshot, f->store, SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS))
		exit(1);
	f->src.snapshot = f->snapshot;
	f->src.self = &f->self;
}

static inline void fixture_free(struct fixture *f)
{
	snapshot_free(f->snapshot);
	store_free(f->store);
}

#endif
