/* A call's begin and its parts' ends. */
#ifndef SIPPROBE_CALL_CALL_NEW_H
#define SIPPROBE_CALL_CALL_NEW_H

#include "sipprobe/call/call_private.h"
#include "sipprobe/call/call_way.h"

/*
 * Makes a call and opens its way; the rest follows from the loop. Freed with mem_deref()
 * by who made it, at the latest when @around's gone_h says so.
 *
 * @way: its surroundings' part filled in
 *
 * Returns 0 or ENOMEM; whatever else fails is the call's result.
 */
int call_new(struct call **cp, const struct call_surroundings *around,
	     const struct call_setup *setup, const struct call_way_conf *way,
	     const struct call_events *events, void *arg);

#endif
