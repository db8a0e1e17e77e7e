/*
 * What stands before libre's SDP decoder: bounds, and in one pass over the lines what
 * must not be left to it, since it takes quadratic time or reads it in a way of its own
 * (the lines c=, m= and a=rtcp).
 */
#ifndef SIPPROBE_MEDIA_SDP_GATE_H
#define SIPPROBE_MEDIA_SDP_GATE_H

#include "sipprobe/media/sdp.h"

enum {
	SDP_GATE_BYTES = 4096,
	SDP_GATE_LINES = 64,
	SDP_GATE_STREAMS = 2,
	SDP_GATE_FORMATS = 32, /* of a stream */
	SDP_GATE_RTPMAPS = 32, /* of all */
	SDP_GATE_PORT_MIN = 1024,
};

/* A c= line: what it says, and whether it can be used at all. */
struct sdp_gate_address {
	bool present;
	enum sdp_fault fault; /* SDP_ADDRESS_NAME, …; judged where it is used */
	struct sa sa;	      /* port 0 */
};

/* An m= line and what belongs to it. Texts point into what was read. */
struct sdp_gate_stream {
	struct pl lines; /* all of it, up to the next stream */
	struct pl media, port_text, profile, formats;
	enum sdp_fault port_fault; /* of port_text, judged where it is used */
	uint16_t port;
	struct sdp_gate_address address;
	bool has_rtcp;
	uint16_t rtcp_port;	      /* 0: none that can be */
	struct sdp_gate_address rtcp; /* if a=rtcp has one */
};

struct sdp_gate {
	struct pl head; /* the lines before the first stream */
	unsigned streams;
	struct sdp_gate_stream stream[SDP_GATE_STREAMS];
	struct sdp_gate_address address; /* of the session */
};

/* Returns SDP_OK, or why the text goes no further; @g is then of no use. */
enum sdp_fault sdp_gate_read(struct sdp_gate *g, const char *text, size_t len);

/* Whether a text of one piece is a number within bounds. */
bool sdp_number(uint32_t *n, const struct pl *text, uint32_t min, uint32_t max);

/* Cuts off what stands before the first space; what follows it stays in @rest. */
struct pl sdp_word(struct pl *rest);

/* Whether the text begins with @name, and takes it off. */
bool sdp_begins(struct pl *text, const char *name);

#endif
