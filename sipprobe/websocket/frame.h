/* A frame's head and its mask (RFC 6455 5.2, 5.3), as bytes alone. */
#ifndef SIPPROBE_WEBSOCKET_FRAME_H
#define SIPPROBE_WEBSOCKET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 6455 11.8 */
enum frame_opcode {
	FRAME_CONTINUATION = 0,
	FRAME_TEXT = 1,
	FRAME_BINARY = 2,
	FRAME_CLOSE = 8,
	FRAME_PING = 9,
	FRAME_PONG = 10,
};

enum {
	FRAME_MASK_BYTES = 4,
	FRAME_HEAD_MAX = 10 + FRAME_MASK_BYTES,
	FRAME_CONTROL_MAX = 125, /* bytes that a ping, pong or close may carry (5.5) */
};

struct frame {
	bool final; /* the last of its message */
	enum frame_opcode opcode;
	size_t head;	 /* bytes before the payload */
	uint64_t length; /* of the payload */
};

/*
 * Reads the head of a server's frame.
 *
 * @why: set to a static sentence with EPROTO
 *
 * Returns 0; EAGAIN when more bytes are needed; EPROTO for what no server may send to a
 * client that asked for no extension: reserved bits, an unknown opcode, a mask, a control
 * frame in pieces or too long, a length of 2^63 and more.
 */
int frame_read(struct frame *f, const char *buf, size_t len, const char **why);

/*
 * Writes the head of a client's frame, which is the only one of its message.
 *
 * @out: FRAME_HEAD_MAX bytes of room
 *
 * Returns its length.
 */
size_t frame_write_head(uint8_t *out, enum frame_opcode opcode, size_t length,
			const uint8_t mask[FRAME_MASK_BYTES]);

/* Masks a payload in place, or takes its mask off (5.3). */
void frame_mask(uint8_t *payload, size_t length, const uint8_t mask[FRAME_MASK_BYTES]);

#endif
