/*
 * The opening handshake of a SIP WebSocket client (RFC 6455 4.1, RFC 7118 4), as bytes
 * alone: a request of HTTP, and what its answer says.
 */
#ifndef SIPPROBE_WEBSOCKET_HANDSHAKE_H
#define SIPPROBE_WEBSOCKET_HANDSHAKE_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"

enum {
	HANDSHAKE_KEY_SIZE = 25,    /* 16 bytes in base64, terminated */
	HANDSHAKE_ACCEPT_SIZE = 29, /* a SHA-1 in base64, terminated */
	HANDSHAKE_REPLY_MAX = 8192, /* bytes of the answer's head; more are refused */
	HANDSHAKE_WHY = 96,	    /* room of a sentence about it, terminated */
};

/* The connection's part of the configuration; nothing of it is kept. */
struct handshake_request {
	const struct config_trunk *trunk;
	const char *agent; /* User-Agent by default */
	bool secure;	   /* over TLS: another default port */
};

/* A fresh key. Returns 0, or EIO without randomness. */
int handshake_key(char key[HANDSHAKE_KEY_SIZE]);

/* What a server answers to a key (RFC 6455 1.3). */
void handshake_accept(char accept[HANDSHAKE_ACCEPT_SIZE], const char *key);

/* Prints the request. Returns 0, ENOMEM, or EINVAL for a URI that is none. */
int handshake_print(struct mbuf *mb, const struct handshake_request *rq, const char *key);

/*
 * Reads the answer's head.
 *
 * @used: with 0, its length; what follows are frames
 * @why:  HANDSHAKE_WHY bytes; with EPROTO, what is wrong with it. "HTTP 403" for an
 * answer of HTTP that is no 101, and that as soon as its status line is there.
 *
 * Returns 0 for a 101 that accepts the key and no other subprotocol than sip, and no
 * extension; EAGAIN when more bytes are needed, of HANDSHAKE_REPLY_MAX at most; EPROTO.
 */
int handshake_reply(size_t *used, const char *buf, size_t len, const char *key,
		    char why[HANDSHAKE_WHY]);

#endif
