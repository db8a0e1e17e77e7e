/*
 * Tells when files that match patterns appear, change or go: their folders are watched
 * with inotify, and what comes in a burst is told once. Main thread only.
 */
#ifndef SIPPROBE_WATCH_H
#define SIPPROBE_WATCH_H

#include <stddef.h>

struct watch;

typedef void(watch_h)(void *arg);

/*
 * @patterns: as glob(3) takes them; copied. A folder that is not there now is not seen
 *            to come.
 * @h:        runs from the loop, half a second after the last change, at most five
 *            after the first; it may free the watch
 *
 * Returns 0; ENOMEM; EMFILE or ENOSPC: the kernel's limits for inotify.
 */
int watch_alloc(struct watch **wp, const char *const *patterns, size_t count, watch_h *h,
		void *arg);

/*
 * Hands over to a watch that was made meanwhile, and frees @old, which may be NULL: what
 * changed and was not told yet is told by @w.
 */
void watch_succeed(struct watch *w, struct watch *old);

/* Changes not told yet are forgotten. NULL is ignored. */
void watch_free(struct watch *w);

#endif
