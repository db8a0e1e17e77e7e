/* RTP packets, their heads read with every length checked. */
#include "sipprobe/media/rtp/rtp.h"
#include "tests/unit/tap.h"

#define HEAD "\x80\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
/* The same but for its first octet. */
#define HEAD_OF(first) first "\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"

static const struct {
	const char *name;
	const char *data;
	size_t bytes;
	int payload; /* bytes, -1: refused */
	bool secure;
} cases[] = {
	{"a payload of 4", HEAD "abcd", 16, 4, false},
	{"none", HEAD, 12, 0, false},
	{"cut in the head", HEAD, 11, -1, false},
	{"nothing", "", 0, -1, false},
	{"version 1", HEAD_OF("\x40") "abcd", 16, -1, false},
	{"version 3", HEAD_OF("\xc0") "abcd", 16, -1, false},
	{"two contributing sources", HEAD_OF("\x82") "11112222ab", 22, 2, false},
	{"… of which one is missing", HEAD_OF("\x82") "1111222", 19, -1, false},
	{"15 of them", HEAD_OF("\x8f") "abcd", 16, -1, false},
	{"an extension of one word", HEAD_OF("\x90") "\xbe\xde\x00\x01wordab", 22, 2,
	 false},
	{"… of none",
	 HEAD_OF("\x90") "\xbe\xde\x00\x00"
			 "ab",
	 18, 2, false},
	{"… longer than the packet", HEAD_OF("\x90") "\xbe\xde\x00\x02wordab", 22, -1,
	 false},
	{"… of 65,535 words", HEAD_OF("\x90") "\xbe\xde\xff\xffword", 20, -1, false},
	{"… without its head", HEAD_OF("\x90") "\xbe\xde\x00", 15, -1, false},
	{"padding of 4", HEAD_OF("\xa0") "abcd\0\0\0\4", 20, 4, false},
	{"padding and nothing else", HEAD_OF("\xa0") "\0\0\0\4", 16, 0, false},
	{"padding of 0", HEAD_OF("\xa0") "abcd\0\0\0\0", 20, -1, false},
	{"padding of 9 in 8", HEAD_OF("\xa0") "abcd\0\0\0\x09", 20, -1, false},
	{"padding without a payload", HEAD_OF("\xa0"), 12, -1, false},
	{"SRTP's padding is not looked at", HEAD_OF("\xa0") "abcd\0\0\0\0", 20, 8, true},
	{"all of it", HEAD_OF("\xb1") "1111\xbe\xde\x00\x01wordab\0\2", 28, 2, false},
};

static void test_read(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rtp_packet p = {.payload_bytes = 77};
		bool got = rtp_packet_read(&p, (const uint8_t *)cases[i].data,
					   cases[i].bytes, cases[i].secure);

		if (cases[i].payload < 0)
			ok(!got && p.payload_bytes == 77, "%s: refused, untouched",
			   cases[i].name);
		else
			ok(got && (int)p.payload_bytes == cases[i].payload &&
				   p.sequence == 0x1234 && p.ssrc == 0xdeadbeef &&
				   p.timestamp == 160,
			   "%s", cases[i].name);
	}
}

static void test_write(void)
{
	struct rtp_packet p = {.type = 101,
			       .marker = true,
			       .sequence = 65535,
			       .timestamp = 0xfedcba98,
			       .ssrc = 0x01020304};
	struct rtp_packet r;
	uint8_t out[RTP_HEADER_BYTES];

	ok(rtp_packet_write(out, &p) == out + RTP_HEADER_BYTES, "12 bytes");
	ok(rtp_packet_read(&r, out, sizeof(out), false) && r.type == 101 && r.marker &&
		   r.sequence == 65535 && r.timestamp == p.timestamp && r.ssrc == p.ssrc,
	   "read as it was written");
	is_int(out[0], 0x80, "version 2 and nothing else");
}

static void test_rtcp(void)
{
	const uint8_t rtp[] = {0x80, 0x80}, sr[] = {0x80, 200}, bye[] = {0x81, 203};

	ok(!rtp_is_rtcp(rtp, 2) && rtp_is_rtcp(sr, 2) && rtp_is_rtcp(bye, 2) &&
		   !rtp_is_rtcp(sr, 1),
	   "RTCP is told from RTP by its second octet");
}

int main(void)
{
	test_read();
	test_write();
	test_rtcp();
	return tap_done();
}
