/* SRTP both ways with every suite; what was changed on the way, or comes again, is
 * refused. */
#include <string.h>

#include "sipprobe/media/rtp/rtcp.h"
#include "sipprobe/media/rtp/rtp.h"
#include "sipprobe/media/srtp_pair.h"
#include "tests/unit/tap.h"

static struct sdp_crypto key_of(enum sdp_suite suite, uint8_t fill)
{
	struct sdp_crypto c = {.suite = suite, .tag = 1};

	memset(c.key, fill, sizeof(c.key));
	return c;
}

static size_t rtp_make(uint8_t *data, uint16_t sequence)
{
	struct rtp_packet p = {.sequence = sequence, .timestamp = 160, .ssrc = 7};

	memset(rtp_packet_write(data, &p), 0x55, 160);
	return RTP_HEADER_BYTES + 160;
}

static void suite_check(enum sdp_suite suite)
{
	struct sdp_crypto a = key_of(suite, 1), b = key_of(suite, 2);
	uint8_t data[400], clear[400], sent[400];
	struct srtp_pair *us = NULL, *peer = NULL;
	size_t bytes = rtp_make(data, 9), sent_bytes;

	ok(!srtp_pair_alloc(&us, &a, &b) && !srtp_pair_alloc(&peer, &b, &a), "%s",
	   sdp_suite_name(suite));
	memcpy(clear, data, bytes);
	ok(!srtp_pair_protect(us, false, data, &bytes) && bytes > 172 &&
		   bytes <= 172 + SRTP_ADDED && memcmp(data + 12, clear + 12, 160) != 0,
	   "protected: %zu bytes", bytes);
	memcpy(sent, data, bytes);
	sent_bytes = bytes;
	ok(!srtp_pair_open(peer, false, data, &bytes) && bytes == 172 &&
		   !memcmp(data, clear, bytes),
	   "opened as it was");
	memcpy(data, sent, sent_bytes);
	bytes = sent_bytes;
	is_int(srtp_pair_open(peer, false, data, &bytes), EALREADY, "again: refused");
	bytes = rtp_make(data, 10);
	(void)srtp_pair_protect(us, false, data, &bytes);
	data[50] ^= 1;
	is_int(srtp_pair_open(peer, false, data, &bytes), EAUTH, "changed: refused");
	mem_deref(us);
	mem_deref(peer);
}

static void test_rtcp(enum sdp_suite suite)
{
	struct rtcp_report r = {.ssrc = 7, .name = "name", .sender = true, .packets = 5};
	struct sdp_crypto a = key_of(suite, 1), b = key_of(suite, 2);
	uint8_t data[RTCP_BYTES + SRTP_ADDED] = {0};
	struct srtp_pair *us, *peer;
	struct rtcp_heard h;
	size_t bytes = rtcp_report_write(data, &r), clear = bytes;

	if (srtp_pair_alloc(&us, &a, &b) || srtp_pair_alloc(&peer, &b, &a))
		return;
	ok(!srtp_pair_protect(us, true, data, &bytes) && bytes > clear, "SRTCP");
	ok(!srtp_pair_open(peer, true, data, &bytes) && bytes == clear &&
		   rtcp_read(&h, data, bytes, 1) && h.sender == 7,
	   "… and back");
	mem_deref(us);
	mem_deref(peer);
}

/* Whatever comes, and however short it is, only says no. */
static void test_short(enum sdp_suite suite)
{
	struct sdp_crypto a = key_of(suite, 1), b = key_of(suite, 2);
	struct srtp_pair *p;
	int opened = 0;

	if (srtp_pair_alloc(&p, &a, &b))
		return;
	for (size_t len = 0; len < 64; len++) {
		for (unsigned first = 0x80; first < 0x100; first += 0x10) {
			uint8_t data[64 + SRTP_ADDED] = {(uint8_t)first};
			size_t bytes = len;

			opened += !srtp_pair_open(p, false, data, &bytes);
			bytes = len;
			opened += !srtp_pair_open(p, true, data, &bytes);
		}
	}
	is_int(opened, 0, "nothing that is short or empty is opened");
	mem_deref(p);
}

int main(void)
{
	for (int s = 0; s < SDP_SUITES; s++) {
		suite_check((enum sdp_suite)s);
		test_rtcp((enum sdp_suite)s);
		test_short((enum sdp_suite)s);
	}
	return tap_done();
}
