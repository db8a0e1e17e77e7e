/* The end of a target: what it registered at its peer is taken back. */
#ifndef SIPPROBE_TARGET_TARGET_UNREGISTER_H
#define SIPPROBE_TARGET_TARGET_UNREGISTER_H

#include <stdbool.h>
#include <stdint.h>

struct target;

/*
 * Gives a target up, in place of mem_deref(), before its trunk goes: one that is
 * registered at its peer takes that back first, on its own, and is freed after it. While
 * its group is `expecting`, it gives its successor, a target that is about to come, the
 * time to register the same first. What another target holds too is not taken back.
 */
void target_remove(struct target *t);

/*
 * Lets a target that is registered at its peer take that back at @at_ns, and then probe
 * no more; it stays its owner's. One that is not registered stays so. One that was given
 * up does not wait any longer than that. Returns whether there is anything to take back.
 */
bool target_unregister(struct target *t, int64_t at_ns);

/* Whether it was given up, and is on its way out. */
bool target_leaves(const struct target *t);

/* Frees a target that leaves: what it holds is another's now. */
void target_forget(struct target *t);

#endif
