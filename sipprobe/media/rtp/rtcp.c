#include "sipprobe/media/rtp/rtcp.h"

#include <string.h>

#include "base/clock.h"
#include "sipprobe/media/rtp/bytes.h"

/* Packet types. */
enum {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_TYPE_FIRST = 192, /* of those registered (RFC 5761 4) */
	RTCP_TYPE_LAST = 223,
};

enum {
	RTCP_HEADER_BYTES = 4,
	RTCP_SENDER_BYTES = 20, /* of an SR, after its SSRC */
	RTCP_BLOCK_BYTES = 24,
	RTCP_CNAME = 1,
};

#define RTCP_VERSION  0x80
#define RTCP_VERSIONS 0xc0
#define RTCP_PADDING  0x20
#define RTCP_COUNT    0x1f

/* A minute: a round trip over it, or one below 0, is a peer's invention. */
#define RTCP_TRIP_MAX (60U << 16)

static uint8_t *rtcp_block_write(uint8_t *p, const struct rtcp_block *b)
{
	p = bytes_write32(p, b->ssrc);
	p = bytes_write32(p,
			  (uint32_t)b->fraction << 24 | ((uint32_t)b->lost & 0xffffff));
	p = bytes_write32(p, b->highest);
	p = bytes_write32(p, b->jitter);
	p = bytes_write32(p, b->last_sr);
	return bytes_write32(p, b->delay);
}

/* Fills in the head of a packet that ends at @end. */
static void rtcp_head_write(uint8_t *p, unsigned type, unsigned count, const uint8_t *end)
{
	p[0] = (uint8_t)(RTCP_VERSION | count);
	p[1] = (uint8_t)type;
	bytes_write16(p + 2, (uint32_t)(end - p) / 4 - 1);
}

static uint8_t *rtcp_reception_write(uint8_t *p, const struct rtcp_report *r)
{
	uint8_t *head = p;

	p = bytes_write32(p + RTCP_HEADER_BYTES, r->ssrc);
	if (r->sender) {
		p = bytes_write32(p, (uint32_t)(r->ntp >> 32));
		p = bytes_write32(p, (uint32_t)r->ntp);
		p = bytes_write32(p, r->timestamp);
		p = bytes_write32(p, r->packets);
		p = bytes_write32(p, r->octets);
	}
	if (r->block)
		p = rtcp_block_write(p, r->block);
	rtcp_head_write(head, r->sender ? RTCP_SR : RTCP_RR, r->block ? 1 : 0, p);
	return p;
}

/* A chunk with the canonical name alone, filled up with at least one 0. */
static uint8_t *rtcp_name_write(uint8_t *p, const struct rtcp_report *r)
{
	uint8_t *head = p;
	size_t all = strlen(r->name), len = all < RTCP_NAME_MAX ? all : RTCP_NAME_MAX;

	p = bytes_write32(p + RTCP_HEADER_BYTES, r->ssrc);
	*p++ = RTCP_CNAME;
	*p++ = (uint8_t)len;
	memcpy(p, r->name, len);
	p += len;
	do
		*p++ = 0;
	while ((p - head) % 4);
	rtcp_head_write(head, RTCP_SDES, 1, p);
	return p;
}

size_t rtcp_report_write(uint8_t *out, const struct rtcp_report *r)
{
	uint8_t *p = rtcp_name_write(rtcp_reception_write(out, r), r);

	if (r->bye) {
		uint8_t *end = bytes_write32(p + RTCP_HEADER_BYTES, r->ssrc);

		rtcp_head_write(p, RTCP_BYE, 1, end);
		p = end;
	}
	return (size_t)(p - out);
}

static void rtcp_block_read(struct rtcp_block *b, const uint8_t *p)
{
	uint32_t lost = bytes_read32(p + 4) & 0xffffff;

	*b = (struct rtcp_block){
		.ssrc = bytes_read32(p),
		.fraction = p[4],
		.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost,
		.highest = bytes_read32(p + 8),
		.jitter = bytes_read32(p + 12),
		.last_sr = bytes_read32(p + 16),
		.delay = bytes_read32(p + 20),
	};
}

/* A report's blocks. Returns whether they are all there. */
static bool rtcp_blocks_read(struct rtcp_heard *h, const uint8_t *p, size_t bytes,
			     unsigned count, uint32_t ours)
{
	if (bytes < (size_t)count * RTCP_BLOCK_BYTES)
		return false;
	for (unsigned i = 0; i < count; i++, p += RTCP_BLOCK_BYTES) {
		if (bytes_read32(p) != ours)
			continue;
		h->has_block = true;
		rtcp_block_read(&h->block, p);
	}
	return true;
}

static bool rtcp_sr_read(struct rtcp_heard *h, const uint8_t *p, size_t bytes,
			 unsigned count, uint32_t ours)
{
	if (bytes < 4 + RTCP_SENDER_BYTES)
		return false;
	h->has_sr = true;
	h->sender = bytes_read32(p);
	h->sr_middle = bytes_read32(p + 6);
	return rtcp_blocks_read(h, p + 4 + RTCP_SENDER_BYTES,
				bytes - 4 - RTCP_SENDER_BYTES, count, ours);
}

static bool rtcp_rr_read(struct rtcp_heard *h, const uint8_t *p, size_t bytes,
			 unsigned count, uint32_t ours)
{
	if (bytes < 4)
		return false;
	h->sender = bytes_read32(p);
	return rtcp_blocks_read(h, p + 4, bytes - 4, count, ours);
}

static bool rtcp_bye_read(struct rtcp_heard *h, const uint8_t *p, size_t bytes,
			  unsigned count, uint32_t ours)
{
	(void)p;
	(void)ours;
	h->bye = true;
	return bytes >= 4 * (size_t)count;
}

/* One packet of the compound: what follows its head. */
static bool rtcp_part_read(struct rtcp_heard *h, unsigned type, unsigned count,
			   const uint8_t *p, size_t bytes, uint32_t ours)
{
	static const struct {
		unsigned type;
		bool (*read)(struct rtcp_heard *h, const uint8_t *p, size_t bytes,
			     unsigned count, uint32_t ours);
	} readers[] = {
		{RTCP_SR, rtcp_sr_read},
		{RTCP_RR, rtcp_rr_read},
		{RTCP_BYE, rtcp_bye_read},
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].type == type)
			return readers[i].read(h, p, bytes, count, ours);
	return type >= RTCP_TYPE_FIRST && type <= RTCP_TYPE_LAST;
}

/* Padding is the last packet's alone (6.4.1). Returns its bytes, or -1: it is wrong. */
static int rtcp_padding(const uint8_t *p, size_t size, bool last)
{
	unsigned padding = p[size - 1];

	if (!(p[0] & RTCP_PADDING))
		return 0;
	if (!last || !padding || padding % 4 || padding > size - RTCP_HEADER_BYTES)
		return -1;
	return (int)padding;
}

bool rtcp_read(struct rtcp_heard *h, const uint8_t *data, size_t bytes, uint32_t ours)
{
	struct rtcp_heard heard = {0};

	if (bytes < RTCP_HEADER_BYTES)
		return false;
	while (bytes) {
		size_t size;
		int padding;

		if (bytes < RTCP_HEADER_BYTES ||
		    (data[0] & RTCP_VERSIONS) != RTCP_VERSION)
			return false;
		size = 4 * ((size_t)bytes_read16(data + 2) + 1);
		if (size > bytes)
			return false;
		padding = rtcp_padding(data, size, size == bytes);
		if (padding < 0 ||
		    !rtcp_part_read(&heard, data[1], data[0] & RTCP_COUNT,
				    data + RTCP_HEADER_BYTES,
				    size - RTCP_HEADER_BYTES - (size_t)padding, ours))
			return false;
		data += size;
		bytes -= size;
	}
	*h = heard;
	return true;
}

uint64_t rtcp_ntp(int64_t at_ns)
{
	uint64_t s = (uint64_t)(at_ns / CLOCK_NS_PER_S);
	uint64_t rest_ns = (uint64_t)(at_ns % CLOCK_NS_PER_S);

	return s << 32 | (rest_ns << 32) / CLOCK_NS_PER_S;
}

uint32_t rtcp_middle(uint64_t ntp)
{
	return (uint32_t)(ntp >> 16);
}

int64_t rtcp_round_trip_ns(const struct rtcp_block *b, int64_t arrival_ns)
{
	uint32_t took = rtcp_middle(rtcp_ntp(arrival_ns)) - b->last_sr - b->delay;

	if (!b->last_sr || took > RTCP_TRIP_MAX)
		return -1;
	return (int64_t)((uint64_t)took * CLOCK_NS_PER_S >> 16);
}
