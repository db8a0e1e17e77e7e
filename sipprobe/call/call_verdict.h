/* What a call that is over, as far as can be waited for, says of its trunk. Pure. */
#ifndef SIPPROBE_CALL_CALL_VERDICT_H
#define SIPPROBE_CALL_CALL_VERDICT_H

#include "config/config.h"
#include "sipprobe/call/call.h"

/*
 * Judges what is in @o by the call's settings: outcome, verdict, failure and the words
 * for people. A failure that is noted already stays.
 *
 * @ringing: a 180 or 183 came
 */
void call_verdict(struct call_outcome *o, const struct config_call *conf, bool ringing);

#endif
