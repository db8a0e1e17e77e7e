/* Looks after resolv.conf, which changes with the networks that a machine is in. */
#ifndef SIPPROBE_DNS_RESOLV_WATCH_H
#define SIPPROBE_DNS_RESOLV_WATCH_H

#include <stdbool.h>

#include "sipprobe/loop/ticker.h"

struct resolv_watch;

typedef void(resolv_watch_h)(void *arg);

/*
 * Looks every two seconds. Freed with mem_deref().
 *
 * @path: kept by the caller
 * @h:    runs when the file says something else than before, and has not been written to
 *        for one look; what cannot be read says nothing new
 *
 * Returns 0 or ENOMEM.
 */
int resolv_watch_alloc(struct resolv_watch **wp, struct ticker *ticker, const char *path,
		       resolv_watch_h *h, void *arg);

/* Whether anybody wants to know; at first nobody does. */
void resolv_watch_want(struct resolv_watch *w, bool wanted);

#endif
