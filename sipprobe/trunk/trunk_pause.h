/* A trunk that is left alone for a while, by the wall clock, which may be set. */
#ifndef SIPPROBE_TRUNK_TRUNK_PAUSE_H
#define SIPPROBE_TRUNK_TRUNK_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

struct trunk;

/* Before it has targets, and with a row. */
void trunk_begin_pause(struct trunk *t);

/*
 * Pauses it, or has it go on, as its settings and the wall clock say now. Whether it
 * turned: its targets are others then, and of unknown state.
 *
 * @told_until_s: end of the pause that it is in, as it was told
 */
bool trunk_turn_pause(struct trunk *t, int64_t told_until_s);

/*
 * Time until it is to be reviewed, at most @longest_ns: until a pause ends, and within
 * that also after it, as the wall clock may be set back. INT64_MAX: never.
 */
int64_t trunk_pause_left_ns(const struct trunk *t, int64_t longest_ns);

#endif
