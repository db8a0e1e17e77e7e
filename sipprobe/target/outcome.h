/* An errno of the transport as an outcome on the way to the peer. */
#ifndef SIPPROBE_TARGET_OUTCOME_H
#define SIPPROBE_TARGET_OUTCOME_H

#include "sipprobe/probe.h"

enum probe_outcome probe_outcome_of(int err);

/*
 * The same of an errno with which this machine would not send. @detail: set to what that
 * means, for people; untouched where the errno's own words do.
 */
enum probe_outcome probe_outcome_unsent(int err, const char **detail);

/* What an ICMP error means, for people; NULL where the errno's own words do. */
const char *probe_icmp_words(int err);

#endif
