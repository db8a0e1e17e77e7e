/* An errno of the transport as an outcome on the way to the peer. */
#ifndef SIPPROBE_TARGET_OUTCOME_H
#define SIPPROBE_TARGET_OUTCOME_H

#include "sipprobe/probe.h"

enum probe_outcome probe_outcome_of(int err);

#endif
