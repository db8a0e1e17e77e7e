/*
 * Reads a configuration in a thread of its own: with 100,000 trunks that takes a third of
 * a second, in which no probe would be sent.
 */
#ifndef EXPORTER_CONFIG_LOADER_H
#define EXPORTER_CONFIG_LOADER_H

#include "config/config.h"
#include "config/diff.h"
#include "exporter/cli.h"
#include "exporter/findings.h"

struct config_loader;

/* What was read. Whoever is told owns all of it. */
struct config_loaded {
	int err;	/* as config_load() returns it */
	bool unchanged; /* what is in force would be read again; then the next is NULL */
	struct config *conf;
	struct config_errors errs;
	struct config_diff diff; /* to the one in force */
	struct findings found;
};

/* On the main thread. The loader is gone. */
typedef void(config_loader_loaded_h)(struct config_loaded *loaded, void *arg);

/*
 * Begins to read.
 *
 * @cli:      names the file and the shard whose trunks are kept
 * @in_force: what the next one is compared with; stays until @h is told
 *
 * Returns 0, or errno and @h is not told.
 */
int config_loader_start(struct config_loader **lp, const struct cli *cli,
			const struct config *in_force, config_loader_loaded_h *h,
			void *arg);

/* Gives up, even where the thread waits for a file; @h is not told. After the loop. */
void config_loader_abandon(struct config_loader *l);

#endif
