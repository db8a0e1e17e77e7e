/* The guard's lines: guard.c, guard_line.c and guard_start.c share this. */
#ifndef SIPPROBE_MESSAGE_GUARD_SCAN_H
#define SIPPROBE_MESSAGE_GUARD_SCAN_H

#include "sipprobe/message/guard.h"

/* The bytes at hand and how far they are checked. */
struct guard_scan {
	const char *buf;
	size_t len;
	bool whole; /* no more bytes will come */
	struct guard_progress *g;
	const char *why;
};

/* A line, or a field with its folds. */
struct guard_line {
	struct pl text; /* without its end */
	bool odd;	/* with control bytes */
};

/* EBADMSG, with the reason. */
int guard_bad(struct guard_scan *s, const char *why);

/* What is wrong with a request is answered; a response is refused for it. 0 or EBADMSG.
 */
int guard_fault(struct guard_scan *s, const char *why);

/* EAGAIN, unless nothing more will come or may. */
int guard_want_more(struct guard_scan *s);

/*
 * Takes a line; with @folds, the folds that follow too. It goes on searching where it
 * stopped when bytes were lacking. Returns 0, EAGAIN or EBADMSG.
 */
int guard_line_take(struct guard_line *l, struct guard_scan *s, bool folds);

/* Takes the start line. Returns the same. */
int guard_start_line(struct guard_scan *s);

#endif
