/*
 * The gate in front of every parser: takes a SIP message apart in one pass, in time
 * linear in its length, and refuses what a careful element must not act on. Everything
 * that reaches the rest of sipprobe/, and libre's decoder, has passed here.
 */
#ifndef SIPPROBE_MESSAGE_GUARD_H
#define SIPPROBE_MESSAGE_GUARD_H

#include "sipprobe/loop/compat.h"

enum {
	GUARD_MESSAGE_MAX = 65535, /* bytes of head and body; a line may be as long */
	GUARD_ZEROS_MAX = 64,	   /* in a row that are a keep-alive; more are no SIP */
};

/* A message's parts, pointing into the buffer that was checked. */
struct guard_message {
	bool request;
	struct pl method;   /* request: from the start line */
	struct pl ruri;	    /* request */
	unsigned code;	    /* response: 100–699 */
	struct pl phrase;   /* response: reason phrase, raw */
	struct pl via;	    /* first Via value (up to the first top-level comma) */
	struct pl received; /* of that Via, as below; and rport, the parameter whole */
	struct pl rport;
	struct pl branch; /* its branch parameter; p is NULL without, so for the tags */
	unsigned copy;	  /* the number that a request of ours had in it; 0: none */
	struct pl call_id;
	struct pl from;
	struct pl from_tag;
	struct pl to;
	struct pl to_tag;
	struct pl cseq_value; /* as it came */
	uint32_t cseq;
	struct pl cseq_method;
	int retry_after_s; /* -1: none or not a number */
	uint64_t raw_hash; /* response: see raw_hash.h; of its fields alone */
	/*
	 * A request that is wrong but can be answered: what to answer, 400 or 505, and
	 * why, a static sentence. 0 and NULL without. Then any part but `method` and
	 * `via` may be missing or be as it came, unread.
	 */
	unsigned fault_code;
	const char *fault;
	const char *oddity; /* what is odd and nobody needs, a static sentence; or NULL */
	bool bare_lf;	    /* lines end in LF alone */
	bool unframed;	    /* faulty: on a stream, where the next begins is unknown */
	struct pl fields;   /* all header fields, without start line and empty line */
	struct pl body;	    /* Content-Length bytes, or what a datagram holds */
	size_t size;	    /* bytes of the whole message */
};

/*
 * Checks one datagram. @m is untouched on failure. Bytes past Content-Length are not part
 * of the message (RFC 3261 18.3).
 *
 * Only what is matched must be well-formed (RFC 3261 8.2): the start line; Via, From with
 * its tag, Call-ID and CSeq, there and without control bytes, and where one of the last
 * three is given twice, the same; of a response, one Via value, ours (8.1.3.3); and that
 * no datagram is shorter than its Content-Length (18.3). All else may be odd, and the
 * first such thing is m->oddity: a line that is no field, a field with control bytes, a
 * field given twice, a To, Content-Length or Max-Forwards that cannot be read, a line
 * that ends in LF alone where the start line did, no empty line at the end.
 *
 * A response that fails is refused. A request that fails, but has a Via to answer by and
 * a start line that ends in a SIP version, is let through with m->fault.
 *
 * SIP/2.0 is the same in any case (7.1). A status line may lack the space before an empty
 * reason phrase: 7.2 wants it, some SBCs leave it out, and nothing can be mistaken for
 * it.
 *
 * Returns 0; EBADMSG, with @why (may be NULL) set to a static sentence.
 */
int guard_datagram(struct guard_message *m, const char *buf, size_t len,
		   const char **why);

/*
 * Checks the first message of a stream's bytes (RFC 3261 18.3): a message there must
 * carry one Content-Length. What stands before a start line is the caller's to take off,
 * by guard_idle_bytes().
 *
 * EAGAIN comes only while the bytes could still become a message: no method and no status
 * code at the beginning, and too long a head or body, are EBADMSG at once.
 *
 * Returns 0, with m->size bytes consumed; EAGAIN when more bytes are needed; EBADMSG.
 */
int guard_stream(struct guard_message *m, const char *buf, size_t len, const char **why);

/*
 * How many bytes at the front are no message but keep a connection or a NAT's binding
 * open: line ends, zeros and white space (RFC 3261 7.5, RFC 5626 4.4.1, and practice).
 *
 * @zeros: zeros in a row that came before, and by now; NULL: none, for a datagram
 */
size_t guard_idle_bytes(const char *buf, size_t len, uint8_t *zeros);

/* All of a message that was checked, from its start line on. */
struct pl guard_bytes(const struct guard_message *m);

/* Whether bytes mean to be SIP, well-formed or not: they begin with "SIP/". */
bool guard_is_response(const char *buf, size_t len);

/*
 * How far a stream's message has been checked, so that a sender who drips it byte by byte
 * costs no more than the new bytes per call. Zeroed before a message's first byte.
 */
struct guard_progress {
	uintptr_t base; /* where the parts point into */
	size_t pos;	/* of the first field not taken yet */
	size_t scanned; /* bytes from there on that were searched for the line's end */
	bool odd_line;	/* a control byte is among them */
	bool head_done;
	bool length_bad; /* Content-Length is no number, or two that differ */
	unsigned seen;	 /* kinds of fields */
	unsigned vias;	 /* Via values */
	uint32_t content_length;
	struct pl length;	    /* its value */
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
 * without leading and trailing white space, folds left in. Lines that are no field and
 * fields with control bytes are passed over.
 *
 * Returns false past the last field.
 */
bool guard_next_field(const struct guard_message *m, size_t *pos, struct pl *name,
		      struct pl *value);

/* Whether a field's name is @name or its compact form @compact (0: none). */
bool guard_field_is(const struct pl *field, const char *name, char compact);

/* What is wrong with a Request-URI (RFC 3261 8.1.1.1, 19.1.1), or NULL. */
const char *guard_request_uri_fault(const struct pl *uri);

#endif
