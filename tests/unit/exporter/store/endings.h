/* How probes of a copied target ended. */
#ifndef TESTS_UNIT_EXPORTER_STORE_ENDINGS_H
#define TESTS_UNIT_EXPORTER_STORE_ENDINGS_H

#include "exporter/store/snapshot.h"

/* How many failed for that reason. */
static inline uint32_t failures_of(const struct snapshot_target *t,
				   enum probe_outcome how)
{
	for (size_t i = 0; i < t->failure_count; i++)
		if (t->failures[i].how == how)
			return t->failures[i].count;
	return 0;
}

#endif
