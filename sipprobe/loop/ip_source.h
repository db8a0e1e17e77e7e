/* The address of ours that the kernel would send from. */
#ifndef SIPPROBE_LOOP_IP_SOURCE_H
#define SIPPROBE_LOOP_IP_SOURCE_H

#include "sipprobe/loop/compat.h"

/* Towards @dst, with port 0. Returns 0 or errno, as ENETUNREACH. */
int ip_source(struct sa *src, const struct sa *dst);

#endif
