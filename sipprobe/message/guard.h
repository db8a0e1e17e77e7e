/*
 * The gate in front of every parser: takes a SIP message apart in one pass, in time
 * linear in its length, and refuses what a careful element must not act on. Everything
 * that reaches the rest of sipprobe/, and libre's decoder, has passed here.
 */
#ifndef SIPPROBE_MESSAGE_GUARD_H
#define SIPPROBE_MESSAGE_GUARD_H

#include "sipprobe/loop/compat.h"

enum {
	GUARD_MESSAGE_MAX = 65535, /* bytes of head and body */
	GUARD_HEAD_MAX = 16384,	   /* bytes up to and with the empty line */
	GUARD_LINE_MAX = 4096,	   /* bytes of one header field, folds included */
	GUARD_FIELDS_MAX = 128,	   /* header fields in a head */
};

/* A message's parts, pointing into the buffer that was checked. */
struct guard_message {
	bool request;
	struct pl method; /* request: from the start line */
	struct pl ruri;	  /* request */
	unsigned code;	  /* response: 100–699 */
	struct pl phrase; /* response: reason phrase, raw */
	struct pl via;	  /* first Via value (up to the first top-level comma) */
	struct pl branch; /* its branch parameter; p is NULL without, so for the tags */
	struct pl call_id;
	struct pl from;
	struct pl from_tag;
	struct pl to;
	struct pl to_tag;
	uint32_t cseq;
	struct pl cseq_method;
	int retry_after_s; /* -1: none or not a number */
	struct pl fields;  /* all header fields, without start line and empty line */
	struct pl body;	   /* Content-Length bytes, or what a datagram holds */
	size_t size;	   /* bytes of the whole message */
};

/*
 * Checks one datagram. @m is untouched on failure. Bytes past Content-Length are not part
 * of the message (RFC 3261 18.3).
 *
 * Checked: the start line; every header field's form; that Via, From, To, Call-ID and
 * CSeq are there and, but for Via, there once, as are Max-Forwards and Content-Length;
 * the values of all these; that a request's CSeq names its method; that a response has
 * one Via value, ours (8.1.3.3). A status line may lack the space before an empty reason
 * phrase: 7.2 wants it, some SBCs leave it out, and nothing can be mistaken for it.
 *
 * Returns 0; EBADMSG, with @why (may be NULL) set to a static sentence.
 */
int guard_datagram(struct guard_message *m, const char *buf, size_t len,
		   const char **why);

/*
 * Checks the first message of a stream's bytes (RFC 3261 18.3): a message there must
 * carry a Content-Length. Empty lines before a start line are the caller's to take off.
 *
 * EAGAIN comes only while the bytes could still become a good message: a wrong byte in a
 * start line, in a name or in any text, a bad field that is complete, and too long a
 * line, head or body are EBADMSG at once.
 *
 * Returns 0, with m->size bytes consumed; EAGAIN when more bytes are needed; EBADMSG.
 */
int guard_stream(struct guard_message *m, const char *buf, size_t len, const char **why);

/*
 * How far a stream's message has been checked, so that a sender who drips it byte by byte
 * costs no more than the line at hand per call. Zeroed before a message's first byte.
 */
struct guard_progress {
	uintptr_t base; /* where the parts point into */
	size_t pos;	/* of the first field not taken yet */
	unsigned seen;	/* kinds of fields */
	unsigned fields;
	unsigned vias; /* Via values */
	bool head_done;
	uint32_t content_length;
	struct guard_message parts; /* found so far */
};

/*
 * The same as guard_stream(), going on from where the last call returned EAGAIN. @buf
 * holds the message from its first byte, as before and with more behind it; it may have
 * moved. @g is zeroed unless EAGAIN is returned.
 */
int guard_stream_resume(struct guard_message *m, struct guard_progress *g,
			const char *buf, size_t len, const char **why);

/*
 * Walks header fields in order. @pos starts at 0. @name is the name as written, @value
 * without leading and trailing white space, folds left in.
 *
 * Returns false past the last field.
 */
bool guard_next_field(const struct guard_message *m, size_t *pos, struct pl *name,
		      struct pl *value);

/* Whether a field's name is @name or its compact form @compact (0: none). */
bool guard_field_is(const struct pl *field, const char *name, char compact);

#endif
