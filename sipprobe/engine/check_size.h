/* A row of check.c. */
#ifndef SIPPROBE_ENGINE_CHECK_SIZE_H
#define SIPPROBE_ENGINE_CHECK_SIZE_H

#include "config/config.h"

/*
 * Warns of each trunk whose requests would be over 1,300 bytes over UDP, where RFC 3261
 * 18.1.1 wants TCP. Returns 0 or ENOMEM.
 */
int check_size(struct config_errors *warnings, const struct config *conf);

#endif
