/*
 * What a configuration will yet surprise with: its reader's warnings, the engine's, too
 * few descriptors. With 100,000 trunks it takes some time to look, so that a reload does
 * it beside the loop.
 */
#ifndef EXPORTER_FINDINGS_H
#define EXPORTER_FINDINGS_H

#include <stdio.h>

#include "config/config.h"

struct findings {
	struct config_errors warnings; /* the engine's; for want of memory not all */
	int64_t descriptors;	       /* that it may need */
};

/* On any thread. @f is to be freed with findings_clear(). */
void findings_look(struct findings *f, const struct config *conf);

/*
 * Each a line, those of the reader of @conf first.
 *
 * @out: for --config.check, where descriptors are of no interest; NULL: the log
 */
void findings_tell(const struct findings *f, const struct config *conf, FILE *out);

void findings_clear(struct findings *f);

#endif
