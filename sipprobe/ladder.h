/*
 * What one probe sent and received, in order: for people who want to see why it failed.
 *
 * A ladder is made when the probe ends, and only where somebody wants it, from what the
 * probe leaves behind anyhow: its request, the times of its phases, the answer at hand.
 * Only what leaves nothing behind (a retransmission, a provisional response, bytes that
 * are not SIP, an earlier transaction of the same probe) is noted while it happens. So a
 * probe that is answered at once costs one question more, and no memory.
 *
 * Messages come without secrets, and without bodies other than SDP. What peers wrote is
 * otherwise as they wrote it, any byte: whoever shows it escapes it.
 */
#ifndef SIPPROBE_LADDER_H
#define SIPPROBE_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ladder_kind {
	LADDER_CONNECT,	      /* the TCP connection stands */
	LADDER_TLS,	      /* the handshake is done and the peer verified */
	LADDER_TLS_RESUMED,   /* the handshake resumed a session: no certificate shown */
	LADDER_WEBSOCKET,     /* the handshake of WebSocket is done */
	LADDER_SENT,	      /* a request */
	LADDER_RETRANSMITTED, /* the same bytes again, over UDP */
	LADDER_RECEIVED,      /* a response */
	LADDER_GARBAGE,	      /* bytes that are not SIP */
	LADDER_REFUSED,	      /* a response that cannot be read */
	LADDER_ODDITY,	      /* what is odd in the response before; in words */
	LADDER_ELSEWHERE,     /* a response from another place, not taken; in words */
	LADDER_REPLACED,      /* a connection was given up for a new one; in words */
	LADDER_AUDIO,	      /* of a call's audio; in words */
	LADDER_ICMP,	      /* an ICMP error for what was sent */
	LADDER_CLOSED,	      /* no connection, or its end; nothing could be sent */
	LADDER_DEADLINE,      /* time ran out */
	LADDER_LATE,	      /* the response came after the deadline */
	LADDER_KINDS,
};

enum {
	LADDER_ENTRIES = 48,
	LADDER_BYTES = 2048, /* of a message kept */
};

struct ladder_entry {
	int64_t at_ns;	  /* since the probe's begin */
	const char *text; /* a message, or a failure in words; not terminated */
	uint32_t len;	  /* of `text`, 0: it says nothing */
	uint32_t size;	  /* of the whole message in bytes */
	enum ladder_kind kind;
};

struct ladder {
	struct ladder_entry entries[LADDER_ENTRIES];
	unsigned count;
	unsigned dropped; /* entries left out before the last ones */
};

/* "connect", "tls", "sent", …: for machines. */
const char *ladder_kind_name(enum ladder_kind k);

/* Whether it went from the peer to us. */
bool ladder_is_inbound(enum ladder_kind k);

/*
 * Copies a message as it may be shown: at most LADDER_BYTES of its head, up to and with
 * the empty line, and of a body that its head says is SDP. Values of nonce, cnonce,
 * response and their like, credentials of other schemes than Digest, and passwords in SIP
 * URIs become "redacted", keys in SDP as many x as they are long. It works on any bytes,
 * line by line, also on those that are not SIP.
 *
 * @out: LADDER_BYTES of room; not terminated
 *
 * Returns how many bytes were written.
 */
size_t ladder_redact(char *out, const char *msg, size_t len);

/* The same, with another room: @size bytes. */
size_t ladder_redact_all(char *out, size_t size, const char *msg, size_t len);

#endif
