/*
 * RTCP against any bytes, and against a second reading of our own that is as simple as it
 * can be: where each packet of the compound lies, and the last block about us. What libre
 * decodes of a report, we must read the same way.
 */
#include <string.h>

#include "sipprobe/loop/compat.h"
#include "sipprobe/media/rtp/bytes.h"
#include "sipprobe/media/rtp/rtcp.h"
#include "tests/fuzz/fuzz.h"

#define OURS 0x4f555253U /* "OURS" */

/* Whether all of it is packets, end to end. */
static bool is_framed(const uint8_t *data, size_t size)
{
	size_t pos = 0;

	while (pos + 4 <= size && data[pos] >> 6 == 2)
		pos += 4 + 4 * (size_t)bytes_read16(data + pos + 2);
	return size && pos == size;
}

/* The last block about us in what is framed well, or NULL. */
static const uint8_t *find_block(const uint8_t *data, size_t size)
{
	const uint8_t *found = NULL;

	for (size_t pos = 0; pos < size;
	     pos += 4 + 4 * (size_t)bytes_read16(data + pos + 2)) {
		size_t at = pos + (data[pos + 1] == 200 ? 28 : 8);

		if (data[pos + 1] != 200 && data[pos + 1] != 201)
			continue;
		for (unsigned i = 0; i < (data[pos] & 31U); i++, at += 24)
			if (bytes_read32(data + at) == OURS)
				found = data + at;
	}
	return found;
}

static void block_check(const struct rtcp_heard *h, const uint8_t *p)
{
	must(h->has_block == (p != NULL));
	if (!p)
		return;
	must(h->block.fraction == p[4] && h->block.highest == bytes_read32(p + 8));
	must((h->block.lost & 0xffffff) == (int32_t)(bytes_read32(p + 4) & 0xffffff));
	must(h->block.lost >= -0x800000 && h->block.lost <= 0x7fffff);
	must(h->block.jitter == bytes_read32(p + 12));
	must(rtcp_round_trip_ns(&h->block, 5000000000) >= -1);
}

/* One packet, a report, by libre. */
static void libre_check(const struct rtcp_heard *h, const uint8_t *data, size_t size)
{
	struct mbuf mb = {.buf = (uint8_t *)(uintptr_t)data, .size = size, .end = size};
	struct rtcp_msg *m = NULL;

	if (data[0] & 0x20 || size != 4 + 4 * (size_t)bytes_read16(data + 2))
		return;
	if (data[1] != RTCP_SR && data[1] != RTCP_RR)
		return;
	must(!rtcp_decode(&m, &mb) && m);
	must(m->hdr.pt == RTCP_SR ? m->r.sr.ssrc == h->sender
				  : m->r.rr.ssrc == h->sender);
	if (m->hdr.pt == RTCP_SR)
		must(h->sr_middle == (m->r.sr.ntp_sec << 16 | m->r.sr.ntp_frac >> 16));
	mem_deref(m);
}

/* What we write of these numbers, we read. */
static void again_check(const uint8_t *data, size_t size)
{
	uint8_t out[RTCP_BYTES];
	char name[RTCP_NAME_MAX + 1] = {0};
	struct rtcp_block b = {.ssrc = OURS};
	struct rtcp_report r = {.name = name, .block = &b};
	struct rtcp_heard h;
	size_t n;

	if (size < 32)
		return;
	b.fraction = data[0];
	b.lost = (int32_t)(bytes_read32(data) << 8) >> 8;
	b.highest = bytes_read32(data + 4);
	r.ssrc = bytes_read32(data + 8);
	r.sender = data[12] & 1;
	r.bye = data[12] & 2;
	memcpy(name, data + 13, data[12] % (RTCP_NAME_MAX - 13));
	n = rtcp_report_write(out, &r);
	must(n <= RTCP_BYTES && n % 4 == 0 && is_framed(out, n));
	must(rtcp_read(&h, out, n, OURS) && h.has_block && h.sender == r.ssrc);
	must(h.block.lost == b.lost && h.block.fraction == b.fraction);
	must(h.bye == r.bye && h.has_sr == r.sender);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtcp_heard h;
	uint8_t untouched[sizeof(h)];
	bool got;

	memset(&h, 0x5a, sizeof(h));
	memset(untouched, 0x5a, sizeof(untouched));
	got = rtcp_read(&h, data, size, OURS);
	if (got) {
		must(is_framed(data, size));
		block_check(&h, find_block(data, size));
		libre_check(&h, data, size);
	} else {
		must(!memcmp((const void *)&h, untouched, sizeof(h)));
	}
	again_check(data, size);
	return 0;
}
