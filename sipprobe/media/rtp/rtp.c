#include "sipprobe/media/rtp/rtp.h"

#include "sipprobe/media/rtp/bytes.h"

/* The first octet: version, padding, extension, count of contributing sources. */
#define RTP_VERSION   0x80
#define RTP_VERSIONS  0xc0
#define RTP_PADDING   0x20
#define RTP_EXTENSION 0x10
#define RTP_SOURCES   0x0f
#define RTP_MARKER    0x80 /* of the second */

uint8_t *rtp_packet_write(uint8_t *out, const struct rtp_packet *p)
{
	*out++ = RTP_VERSION;
	*out++ = (uint8_t)((p->marker ? RTP_MARKER : 0) | (p->type & 0x7f));
	out = bytes_write16(out, p->sequence);
	out = bytes_write32(out, p->timestamp);
	return bytes_write32(out, p->ssrc);
}

/* Where the payload begins, or 0. */
static size_t rtp_header_bytes(const uint8_t *data, size_t bytes)
{
	size_t head = RTP_HEADER_BYTES;

	if (bytes < head || (data[0] & RTP_VERSIONS) != RTP_VERSION)
		return 0;
	head += 4 * (size_t)(data[0] & RTP_SOURCES);
	if (data[0] & RTP_EXTENSION) {
		if (bytes < head + 4)
			return 0;
		head += 4 + 4 * (size_t)bytes_read16(data + head + 2);
	}
	return head <= bytes ? head : 0;
}

bool rtp_packet_read(struct rtp_packet *p, const uint8_t *data, size_t bytes, bool secure)
{
	size_t head = rtp_header_bytes(data, bytes);
	size_t padding = 0;

	if (!head)
		return false;
	if ((data[0] & RTP_PADDING) && !secure) {
		padding = data[bytes - 1];
		/* It counts itself, and cannot be longer than what there is. */
		if (!padding || padding > bytes - head)
			return false;
	}
	*p = (struct rtp_packet){
		.type = data[1] & 0x7f,
		.marker = data[1] & RTP_MARKER,
		.sequence = bytes_read16(data + 2),
		.timestamp = bytes_read32(data + 4),
		.ssrc = bytes_read32(data + 8),
		.payload = data + head,
		.payload_bytes = bytes - head - padding,
	};
	return true;
}

bool rtp_is_rtcp(const uint8_t *data, size_t bytes)
{
	return bytes >= 2 && data[1] >= 192 && data[1] <= 223;
}
