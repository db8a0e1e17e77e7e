/* The configuration of --demo: three trunks on loopback that we answer ourselves. */
#ifndef EXPORTER_DEMO_H
#define EXPORTER_DEMO_H

#include "config/config.h"

/*
 * Takes a TCP port that refuses every connection for as long as *fdp is open: it is
 * bound, and nobody listens. The caller closes it.
 *
 * Returns 0 or errno.
 */
int demo_dead_port(int *fdp);

/*
 * Makes the configuration with two ports that are free now. Another program may take
 * one before they are bound: then make another.
 *
 * @dead_fd: of demo_dead_port()
 *
 * Returns 0 or errno.
 */
int demo_config(struct config **cp, int dead_fd);

#endif
