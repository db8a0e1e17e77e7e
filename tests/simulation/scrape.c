#include "tests/simulation/scrape.h"

#include <string.h>

#include "exporter/store/snapshot.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/process.h"
#include "tests/simulation/kernel/world.h"

#define EVERY_NS (20 * WORLD_MIN)

static struct trunk *scrape_trunk(const struct snapshot_trunk *row)
{
	static const char label[] = "trunk=\"";
	const char *at = memmem(row->labels.p, row->labels.l, label, sizeof(label) - 1);

	return at ? fleet_trunk(at + sizeof(label) - 1) : NULL;
}

/* In the process' turn, as by another thread between two of its steps. */
static void scrape_h(void *arg)
{
	struct snapshot *n;

	(void)arg;
	world_leave();
	if (!snapshot_take(&n, process_store(), 0)) {
		for (size_t i = 0; i < n->trunk_count; i++) {
			struct occasion o = {.trunk = scrape_trunk(&n->trunks[i]),
					     .snapshot = n,
					     .number = (int64_t)i};

			if (o.trunk)
				judge(ON_SCRAPE, &o);
		}
		snapshot_free(n);
	}
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t)) {
		fleet_prune(t);
		for (struct cell *c = t->cells; c; c = c->older)
			if (!c->gone)
				judge(c->check == FLEET_CALLS ? ON_CALL_HOUR : ON_HOUR,
				      &(struct occasion){.trunk = t, .cell = c});
	}
	world_return();
}

static void scrape_due_h(void *arg)
{
	world_post(scrape_h, NULL);
	world_in(EVERY_NS, scrape_due_h, arg);
}

void scrape_begin(void)
{
	world_in(EVERY_NS, scrape_due_h, NULL);
}
