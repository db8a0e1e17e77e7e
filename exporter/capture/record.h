/*
 * A probe with its ladder as something to take away: as text to paste into a mail to the
 * carrier, or as packets for Wireshark. Of messages neither has more than the ladder has:
 * none but SDP's bodies, and no secrets. Of a call there are its figures, and the RTP and
 * RTCP that were kept.
 */
#ifndef EXPORTER_CAPTURE_RECORD_H
#define EXPORTER_CAPTURE_RECORD_H

#include "base/buffer.h"
#include "sipprobe/ladder.h"
#include "sipprobe/probe.h"

struct capture_record {
	const char *trunk;     /* its name, or its URI without a password */
	const char *address;   /* of the peer: "192.0.2.1:5060", "[2001:db8::1]:5060" */
	const char *transport; /* "udp", "tcp", "tls", "ws", "wss" */
	const char *method;
	const struct probe_result *result;
	const struct ladder_entry *entries;
	unsigned count;
	unsigned dropped;     /* left out before the last entry */
	int64_t late_unix_ns; /* a response came after the end; 0: none */
};

/* A fact of a call: what it is, in a word or two, and its printable text. */
typedef void(capture_fact_h)(const char *name, const char *value, void *arg);

/* Tells what a call showed, in order; nothing of one that was not made. */
void capture_call(const struct call_report *c, capture_fact_h *fact_h, void *arg);

/* "1.2 ms", "3.05 s" */
void capture_put_duration(struct buffer *b, int64_t ns);

/*
 * Writes it as lines of printable ASCII: what is not becomes \xNN, so that a terminal, a
 * mail and a ticket show the same.
 */
void capture_text(struct buffer *b, const struct capture_record *r);

/*
 * Writes probes as one pcapng file. Times are those of the ladder, which are the kernel's
 * stamps. Our end is what the request's Via says. What is no message (an ICMP error, the
 * deadline) is a comment on the packet before it, and all of that in the file's own.
 *
 * @version: of the program
 */
void capture_pcapng(struct buffer *b, const struct capture_record *records, size_t count,
		    const char *version);

#endif
