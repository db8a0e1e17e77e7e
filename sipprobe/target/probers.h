/* The probers there are. */
#ifndef SIPPROBE_TARGET_PROBERS_H
#define SIPPROBE_TARGET_PROBERS_H

#include "config/config.h"
#include "sipprobe/target/prober.h"

extern const struct prober prober_options;
extern const struct prober prober_register;
extern const struct prober prober_invite;

/* By the method's number. */
const struct prober *prober_of(enum config_method method);

#endif
