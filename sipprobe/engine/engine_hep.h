/* Mirroring to a collector of HEP, as the configuration in force has it. */
#ifndef SIPPROBE_ENGINE_ENGINE_HEP_H
#define SIPPROBE_ENGINE_ENGINE_HEP_H

#include "config/config.h"

struct engine;
struct engine_hep;

/*
 * Gets what @conf wants ready, and changes nothing.
 *
 * Returns 0 or ENOMEM.
 */
int engine_hep_prepare(struct engine *e, const struct config *conf);

/* Puts it in force. The collector's name is resolved anew, and again when it grows old.
 */
void engine_hep_commit(struct engine *e, const struct config *conf);

#endif
