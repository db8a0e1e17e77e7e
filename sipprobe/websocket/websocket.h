/*
 * The client's side of one WebSocket connection (RFC 6455), without its socket: bytes go
 * in, messages come out, and what is to be sent back. No extension is ever asked for.
 */
#ifndef SIPPROBE_WEBSOCKET_WEBSOCKET_H
#define SIPPROBE_WEBSOCKET_WEBSOCKET_H

#include "sipprobe/websocket/frame.h"
#include "sipprobe/websocket/handshake.h"

struct websocket; /* mem_deref() */

enum {
	WEBSOCKET_MESSAGE_MAX = 65535, /* bytes of a message, in whatever frames */
	WEBSOCKET_REPLY_MAX = FRAME_HEAD_MAX + FRAME_CONTROL_MAX,
	WEBSOCKET_WHY = HANDSHAKE_WHY,
};

enum websocket_news {
	WEBSOCKET_MORE,	   /* nothing until more bytes come */
	WEBSOCKET_OPEN,	   /* the handshake is done; once, before all that follows */
	WEBSOCKET_MESSAGE, /* of the peer's, whole */
	WEBSOCKET_CLOSED,  /* by a close frame; nothing follows */
	WEBSOCKET_FAULT,   /* the peer broke the rules; nothing follows */
};

/*
 * Makes the request of the handshake, with a key of its own.
 *
 * Returns 0, ENOMEM, EIO without randomness, or EINVAL.
 */
int websocket_alloc(struct websocket **wp, const struct handshake_request *rq);

/* What is sent first. Valid until the first websocket_next(). */
struct pl websocket_request(const struct websocket *ws);

/* Takes in bytes of the peer's; websocket_next() says what they are. 0 or ENOMEM. */
int websocket_input(struct websocket *ws, const char *buf, size_t len);

/*
 * What came next. To be called until it says MORE, CLOSED or FAULT. Pings and pongs are
 * passed over, and bounded like all else.
 *
 * @message: with MESSAGE, its bytes, good until the next call
 * @why:     WEBSOCKET_WHY bytes; with CLOSED and FAULT, words for people
 */
enum websocket_news websocket_next(struct websocket *ws, struct pl *message,
				   char why[WEBSOCKET_WHY]);

/*
 * The frame that is owed: of pings that came together, a pong to the last (5.5.3); an
 * answer to a close, or our own close after a fault. It is owed once.
 *
 * Returns its length, 0 for none.
 */
size_t websocket_reply(struct websocket *ws, uint8_t out[WEBSOCKET_REPLY_MAX]);

/* We leave: a close is owed, where the connection is open (5.5.1, 7.4.1: 1000). */
void websocket_leave(struct websocket *ws);

/*
 * Writes a frame of ours, masked with a fresh key, behind what @mb holds.
 *
 * Returns 0, ENOMEM, or EIO without randomness.
 */
int websocket_frame(struct mbuf *mb, enum frame_opcode opcode, const char *buf,
		    size_t len);

/* Whether a pong came since the last call; whatever it carried. */
bool websocket_heard_pong(struct websocket *ws);

#endif
