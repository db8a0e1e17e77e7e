/* A store of one bound, the list of all its trunks, and results for it. */
#ifndef TESTS_UNIT_EXPORTER_STORE_STATUS_LIST_H
#define TESTS_UNIT_EXPORTER_STORE_STATUS_LIST_H

#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/labels.h"
#include "exporter/store/status.h"
#include "tests/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const double bounds[] = {1};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};
static const struct config_trunk trunk = {.name = "a", .uri = "sip:sbc.example"};

static inline struct store *store_make(void)
{
	struct store *s = NULL;

	if (store_alloc(&s, bounds, 1))
		exit(1);
	store_remember(s, 10, 1 << 22);
	return s;
}

static inline struct status_list *take(struct store *s, struct status_query q)
{
	struct status_list *l = NULL;

	if (status_list_take(&l, s, &q))
		exit(1);
	return l;
}

/* @code: 0: not answered */
static inline struct probe_result result(unsigned code, int64_t at_s, const char *words)
{
	struct probe_result r = probe_result_none();

	r.outcome = code ? PROBE_RESPONSE : PROBE_TIMEOUT;
	r.verdict = code == 200 ? PROBE_UP : code ? PROBE_DEGRADED : PROBE_DOWN;
	r.code = code;
	r.begun_unix_ns = at_s * CLOCK_NS_PER_S;
	r.phase_ns[PROBE_PHASE_ANSWER] = code ? 1000 * at_s : -1;
	snprintf(r.phrase, sizeof(r.phrase), "%.20s", words);
	return r;
}

static inline void probe(struct store *s, struct store_target *cell,
			 struct probe_result r)
{
	store_probe_done(s, cell, &r);
}

#endif
