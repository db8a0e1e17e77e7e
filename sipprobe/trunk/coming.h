/*
 * What datagrams that wait to be read are about is brought into the cache, of all of them
 * at once: whose answers they seem to be was last touched when the requests left, and to
 * wait for each when its turn comes is a good part of what an answer costs.
 */
#ifndef SIPPROBE_TRUNK_COMING_H
#define SIPPROBE_TRUNK_COMING_H

#include "sipprobe/loop/compat.h"

struct registry;

/* @n: UDP_BATCH at most. Changes nothing, and believes nothing of what it sees. */
void coming_fetch(const struct registry *r, const struct mmsghdr *all, unsigned n);

#endif
