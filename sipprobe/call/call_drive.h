/* What drives a call on: steps, clocks, and its end. */
#ifndef SIPPROBE_CALL_CALL_DRIVE_H
#define SIPPROBE_CALL_CALL_DRIVE_H

#include "sipprobe/call/call_private.h"

enum {
	CALL_WAIT_S = 10,    /* from our wish to end it to the verdict at the latest */
	CALL_QUIET_MS = 200, /* before BYE: what is on its way arrives */
};

/* An event of the INVITE; @m: the response that it is, or NULL. */
void call_drive(struct call *c, enum call_event event, const struct guard_message *m);

/* An event of a dialog. */
void call_drive_line(struct call *c, struct call_line *line, enum call_talk_event event);

/* A failure of our own, or of the way, before there is anything to end. */
void call_drive_fail(struct call *c, enum probe_outcome outcome, int err,
		     enum call_failure failure, const char *detail);

/* It is to end: BYE or CANCEL leave, or wait for what lets them. */
void call_drive_end(struct call *c);

/* Notes why, before call_drive_end(). What was noted first stays. */
void call_drive_blame(struct call *c, enum call_failure failure, const char *words);

/* After any change: counts what is open, and looks at the clocks again. */
void call_drive_review(struct call *c);

#endif
