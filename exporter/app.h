/* The exporter's lifetime: what is started, in which order, and how it ends. */
#ifndef EXPORTER_APP_H
#define EXPORTER_APP_H

#include "exporter/cli.h"

/*
 * Runs until SIGTERM or SIGINT. Whatever fails at the start is logged.
 *
 * @version: kept by the caller
 *
 * Returns the exit code: 0, or 1 when it could not start.
 */
int app_run(const struct cli *cli, const char *version);

/* --config.check. Returns the exit code: 0 for a correct file, else 1. */
int app_check(const struct cli *cli);

#endif
