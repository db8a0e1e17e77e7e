/* What a configuration as a whole is warned of. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/config.h"

/* Adds to c->warnings. Returns 0 or ENOMEM. */
int config_check(struct config *c);

#endif
