/*
 * Tells when files appear, change or go, and what comes in a burst once: of patterns by
 * their folders, with inotify; of single names by looks at them. Main thread only.
 */
#ifndef SIPPROBE_WATCH_H
#define SIPPROBE_WATCH_H

#include <stddef.h>

struct watch;

typedef void(watch_h)(void *arg);

/*
 * @patterns: as glob(3) takes them; copied. Folders that come, go or are replaced are
 *            looked for every two seconds.
 * @h:        runs from the loop, half a second after the last change, at most five
 *            after the first; it may free the watch
 *
 * Returns 0; ENOMEM; EMFILE or ENOSPC: the kernel's limits for inotify.
 */
int watch_alloc(struct watch **wp, const char *const *patterns, size_t count, watch_h *h,
		void *arg);

/*
 * Looks at these files as well, each every two seconds: that also sees what inotify does
 * not, links that are bent anywhere on the way, and files on NFS.
 *
 * @names: absolute; copied. One that is not there now is seen to come
 *
 * Returns 0, ENOMEM or EMFILE.
 */
int watch_names(struct watch *w, const char *const *names, size_t count);

/*
 * All files are about to be read: how the named ones changed until now, and which folders
 * there are, needs no telling.
 */
void watch_catch_up(struct watch *w);

/*
 * Hands over to a watch that was made meanwhile, and frees @old, which may be NULL: what
 * changed and was not told yet is told by @w.
 */
void watch_succeed(struct watch *w, struct watch *old);

/* Changes not told yet are forgotten. NULL is ignored. */
void watch_free(struct watch *w);

#endif
