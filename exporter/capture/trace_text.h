/* A trace as lines of printable ASCII. */
#ifndef EXPORTER_CAPTURE_TRACE_TEXT_H
#define EXPORTER_CAPTURE_TRACE_TEXT_H

#include "base/buffer.h"
#include "sipprobe/trace.h"

/* How far a trace was written, of one that is told as it goes. Zeroed at first. */
struct capture_trace {
	bool title;
	bool silence; /* why hops are silent was said */
	uint8_t hops;
	uint8_t sip;
	bool end;
};

/* Writes what is known by now and was not written yet. */
void capture_trace_more(struct buffer *b, struct capture_trace *t,
			const struct trace_report *r);

/* The whole of one that has ended. */
void capture_trace(struct buffer *b, const struct trace_report *r);

/* What a hop said, in words: "ICMP 3/13: administratively prohibited"; "" for a router.
 */
void capture_trace_said(struct buffer *b, const struct trace_report *r, unsigned ttl);

/* "3 routers (reply TTL 61 of 64)"; nothing where it is not known. */
void capture_trace_back(struct buffer *b, const struct trace_report *r);

#endif
