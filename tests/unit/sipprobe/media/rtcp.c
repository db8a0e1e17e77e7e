/* RTCP: ours as a peer reads it, a peer's as far as it is about us, and rubbish. */
#include <stdlib.h>

#include "sipprobe/media/rtp/rtcp.h"
#include "tests/unit/tap.h"

#define OURS 0x11223344U

static const struct rtcp_block about_us = {.ssrc = OURS,
					   .fraction = 26,
					   .lost = -3,
					   .highest = 0x10005,
					   .jitter = 80,
					   .last_sr = 0x00020000,
					   .delay = 0x8000};

static size_t write_report(uint8_t *out, bool sender, const struct rtcp_block *b,
			   bool bye)
{
	struct rtcp_report r = {.ssrc = 0xaabbccdd,
				.name = "0123456789abcdef",
				.sender = sender,
				.ntp = 0x83aa7e8012345678ULL,
				.timestamp = 160,
				.packets = 50,
				.octets = 8000,
				.block = b,
				.bye = bye};

	return rtcp_report_write(out, &r);
}

static void test_round(void)
{
	uint8_t out[RTCP_BYTES];
	struct rtcp_heard h;
	size_t n = write_report(out, true, &about_us, true);

	ok(n <= RTCP_BYTES && n % 4 == 0, "%zu bytes", n);
	ok(rtcp_read(&h, out, n, OURS), "an SR, SDES and BYE is read");
	ok(h.has_sr && h.sr_middle == 0x7e801234 && h.sender == 0xaabbccdd && h.bye,
	   "its time and source");
	ok(h.has_block && h.block.fraction == 26 && h.block.lost == -3 &&
		   h.block.highest == 0x10005 && h.block.jitter == 80 &&
		   h.block.last_sr == 0x20000 && h.block.delay == 0x8000,
	   "and what it says of us");
	ok(rtcp_read(&h, out, n, OURS + 1) && !h.has_block,
	   "what it says of another is not of us");
	n = write_report(out, false, NULL, false);
	ok(rtcp_read(&h, out, n, OURS) && !h.has_sr && !h.has_block && !h.bye,
	   "an RR without a block");
	is_int(out[1], 201, "RR first");
	is_int(out[9], 202, "then SDES");
}

static void test_round_trip(void)
{
	struct rtcp_block b = {.last_sr = rtcp_middle(rtcp_ntp(100000000000LL)),
			       .delay = 65536 / 2};

	ok(llabs(rtcp_round_trip_ns(&b, 100650000000LL) - 150000000) < 31000,
	   "650 ms after the SR, of which the peer kept it 500");
	is_int(rtcp_round_trip_ns(&b, 100400000000LL), -1, "less than it kept it");
	is_int(rtcp_round_trip_ns(&b, 200000000000LL), -1, "minutes");
	b.last_sr = 0;
	is_int(rtcp_round_trip_ns(&b, 100650000000LL), -1, "no SR of ours was seen");
}

/* What is changed in an SR with a block, SDES and BYE. */
static const struct {
	const char *name;
	size_t at;
	uint8_t to;
	bool good;
} changes[] = {
	{"version 1", 0, 0x41, false},
	{"two blocks, where there is one", 0, 0x82, false},
	{"no block, though there is room for one", 0, 0x80, true},
	{"31 blocks", 0, 0x9f, false},
	{"padding in the first of three", 0, 0xa1, false},
	{"a type that is none", 1, 100, false},
	{"a type that we do not know", 1, 207, true},
	{"a length beyond the packet", 3, 200, false},
	{"a length into the next one's middle", 3, 14, false},
	{"a length of nothing", 3, 0, false},
};

static void test_changes(void)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t out[RTCP_BYTES];
		struct rtcp_heard h = {.sender = 5};
		size_t n = write_report(out, true, &about_us, true);
		bool got;

		out[changes[i].at] = changes[i].to;
		got = rtcp_read(&h, out, n, OURS);
		ok(got == changes[i].good && (got || h.sender == 5), "%s: %s",
		   changes[i].name, changes[i].good ? "read" : "refused, untouched");
	}
}

static void test_rubbish(void)
{
	uint8_t out[RTCP_BYTES];
	/* What baresip sends first: an APP. */
	static const uint8_t app[] = {0x80, 204, 0, 2, 1, 2, 3, 4, 'n', 'a', 'm', 'e'};
	static const uint8_t padded[] = {0xa0, 201, 0, 2, 1, 2, 3, 4, 0, 0, 0, 4};
	static const uint8_t overpadded[] = {0xa0, 201, 0, 1, 1, 2, 3, 12};
	struct rtcp_heard h;
	size_t n = write_report(out, true, &about_us, true);
	int good = 0;

	for (size_t cut = 0; cut < n; cut++)
		good += rtcp_read(&h, out, cut, OURS);
	is_int(good, 2, "cut anywhere it is refused, but between two packets");
	ok(rtcp_read(&h, app, sizeof(app), OURS) && !h.has_block, "an APP is skipped");
	ok(rtcp_read(&h, padded, sizeof(padded), OURS) && h.sender == 0x01020304,
	   "padding of the last");
	ok(!rtcp_read(&h, overpadded, sizeof(overpadded), OURS),
	   "more padding than packet");
}

int main(void)
{
	test_round();
	test_round_trip();
	test_changes();
	test_rubbish();
	return tap_done();
}
