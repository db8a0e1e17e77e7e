#include "sipprobe/websocket/frame.h"

#include <errno.h>
#include <string.h>

enum {
	BIT_FINAL = 0x80,
	BITS_RESERVED = 0x70,
	BITS_OPCODE = 0x0f,
	BIT_CONTROL = 0x08, /* of an opcode */
	BIT_MASKED = 0x80,
	BITS_LENGTH = 0x7f,
	LENGTH_16 = 126, /* in place of a length: it follows in as many bits */
	LENGTH_64 = 127,
};

static bool frame_is_known(unsigned opcode)
{
	return opcode <= FRAME_BINARY || (opcode >= FRAME_CLOSE && opcode <= FRAME_PONG);
}

/* What is wrong with the first two bytes, which every frame has; or NULL. */
static const char *frame_fault(uint8_t first, uint8_t second)
{
	unsigned opcode = first & BITS_OPCODE;

	if (first & BITS_RESERVED)
		return "a frame has reserved bits set";
	if (!frame_is_known(opcode))
		return "a frame has an unknown opcode";
	if (second & BIT_MASKED)
		return "a server's frame is masked";
	if (opcode & BIT_CONTROL && !(first & BIT_FINAL))
		return "a control frame is fragmented";
	if (opcode & BIT_CONTROL && (second & BITS_LENGTH) > FRAME_CONTROL_MAX)
		return "a control frame is longer than 125 bytes";
	return NULL;
}

static uint64_t frame_number(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

int frame_read(struct frame *f, const char *buf, size_t len, const char **why)
{
	const uint8_t *p = (const uint8_t *)buf;
	size_t more;

	if (len < 2)
		return EAGAIN;
	*why = frame_fault(p[0], p[1]);
	if (*why)
		return EPROTO;
	f->final = p[0] & BIT_FINAL;
	f->opcode = (enum frame_opcode)(p[0] & BITS_OPCODE);
	f->length = p[1] & BITS_LENGTH;
	more = f->length == LENGTH_64 ? 8 : f->length == LENGTH_16 ? 2 : 0;
	f->head = 2 + more;
	if (len < f->head)
		return EAGAIN;
	if (more)
		f->length = frame_number(p + 2, more);
	if (f->length >> 63) {
		*why = "a frame's length has its highest bit set";
		return EPROTO;
	}
	return 0;
}

size_t frame_write_head(uint8_t *out, enum frame_opcode opcode, size_t length,
			const uint8_t mask[FRAME_MASK_BYTES])
{
	size_t more = length > UINT16_MAX ? 8 : length >= LENGTH_16 ? 2 : 0;
	size_t n = 2;

	out[0] = (uint8_t)(BIT_FINAL | opcode);
	out[1] = (uint8_t)(BIT_MASKED | (more == 8   ? LENGTH_64
					 : more == 2 ? LENGTH_16
						     : length));
	while (more)
		out[n++] = (uint8_t)((uint64_t)length >> 8 * --more);
	memcpy(out + n, mask, FRAME_MASK_BYTES);
	return n + FRAME_MASK_BYTES;
}

void frame_mask(uint8_t *payload, size_t length, const uint8_t mask[FRAME_MASK_BYTES])
{
	for (size_t i = 0; i < length; i++)
		payload[i] ^= mask[i % FRAME_MASK_BYTES];
}
