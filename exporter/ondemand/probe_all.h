/* `probe --all`: every trunk of a configuration, in a file's order, once. */
#ifndef EXPORTER_ONDEMAND_PROBE_ALL_H
#define EXPORTER_ONDEMAND_PROBE_ALL_H

#include "exporter/ondemand/probe_args.h"

struct probe_all;

/*
 * Begins; the loop must be there, and ends with loop_stop() when all are done. At most
 * PROBE_ALL_AT_ONCE probes run, and those of one host begin at least
 * PROBE_ALL_GAP_NS after each other, so that no peer gets a burst.
 *
 * @args, @conf: kept by the caller until probe_all_free()
 * @colour:      for a terminal
 * @why:         on failure, a sentence
 *
 * Returns 0; EINVAL: there is no trunk, or no profile of that name; ENOMEM.
 */
int probe_all_start(struct probe_all **ap, struct engine *e,
		    const struct probe_args *args, struct config *conf, bool colour,
		    char *why, size_t why_size);

enum { PROBE_ALL_AT_ONCE = 64 };

#define PROBE_ALL_GAP_NS (20 * CLOCK_NS_PER_MS)

/*
 * Writes what was found; a trunk whose probe did not end is unknown. Returns the exit
 * code: the worst of all.
 */
int probe_all_tell(struct buffer *out, struct probe_all *a);

/* Cancels what still runs. NULL is ignored. */
void probe_all_free(struct probe_all *a);

#endif
