/* What a new SDP does to a session's keys, which go on as long as they are the same. */
#include "sipprobe/media/media_private.h"
#include "tests/unit/tap.h"

static struct sdp_crypto key_of(enum sdp_suite suite, uint8_t fill)
{
	struct sdp_crypto c = {.suite = suite, .tag = 1};

	memset(c.key, fill, sizeof(c.key));
	return c;
}

static struct media_start start_of(enum sdp_suite suite)
{
	struct media_start c = {.key = key_of(suite, 1)};

	c.theirs.secure = true;
	c.theirs.crypto = key_of(suite, 2);
	(void)sa_set_str(&c.theirs.rtp, "192.0.2.9", 4000);
	(void)sa_set_str(&c.theirs.rtcp, "192.0.2.8", 4001);
	return c;
}

enum { REPORT_BYTES = 32, TAG_BYTES = 10 };

/* A receiver report, with room behind it. */
static void report_make(uint8_t *report, size_t *bytes)
{
	memset(report, 0, REPORT_BYTES + SRTP_ADDED);
	report[0] = 0x81;
	report[1] = 201;
	report[3] = REPORT_BYTES / 4 - 1;
	report[7] = 1;
	*bytes = REPORT_BYTES;
}

/* The number of a report that leaves next (RFC 3711 3.4), of an 80-bit tag. */
static unsigned number_next(struct media_session *s)
{
	uint8_t report[REPORT_BYTES + SRTP_ADDED];
	const uint8_t *end;
	size_t bytes;

	report_make(report, &bytes);
	if (srtp_pair_protect(s->srtp, true, report, &bytes))
		return 9999;
	end = report + bytes - TAG_BYTES;
	return end[-2] * 256U + end[-1];
}

/* A report of the peer's with the key that @c has of it. */
static int opens(struct media_session *s, const struct media_start *c)
{
	uint8_t report[REPORT_BYTES + SRTP_ADDED];
	struct srtp_pair *peer = NULL;
	size_t bytes;
	int err;

	report_make(report, &bytes);
	err = srtp_pair_alloc(&peer, &c->theirs.crypto, &c->key);
	if (!err)
		err = srtp_pair_protect(peer, true, report, &bytes);
	if (!err)
		err = srtp_pair_open(s->srtp, true, report, &bytes);
	mem_deref(peer);
	return err;
}

static void test_keys(void)
{
	const struct media_start first = start_of(SDP_AES_CM_128_HMAC_SHA1_80);
	struct media_session s = {.slot = 0};
	struct media_start next = first;
	static struct media m;
	unsigned one;

	session_start(&m, &s, &first);
	one = number_next(&s);
	ok(s.srtp && s.report.secure && !opens(&s, &first), "keys are agreed on");
	session_start(&m, &s, &first);
	ok(number_next(&s) == one + 1 && opens(&s, &first) == EALREADY,
	   "once more: they go on");
	next.key.tag = next.theirs.crypto.tag = 2;
	session_start(&m, &s, &next);
	ok(number_next(&s) == one + 2 && opens(&s, &next) == EALREADY,
	   "under another number: they go on");
	next.theirs.crypto.key[3] ^= 1;
	session_start(&m, &s, &next);
	is_int(number_next(&s), one + 3, "another key of the peer's: ours goes on");
	ok(!opens(&s, &next) && opens(&s, &first), "and the peer's is the new one");
	next.key.key[3] ^= 1;
	session_start(&m, &s, &next);
	ok(number_next(&s) == one && opens(&s, &next) == EALREADY,
	   "another key of ours: the peer's goes on");
	next.key.suite = next.theirs.crypto.suite = SDP_AES_256_CM_HMAC_SHA1_80;
	session_start(&m, &s, &next);
	ok(number_next(&s) == one && !opens(&s, &next), "another suite");
	next = (struct media_start){.at_ns = 1};
	session_start(&m, &s, &next);
	ok(!s.srtp && !s.report.secure, "none any more");
	session_start(&m, &s, &first);
	ok(s.srtp && !opens(&s, &first), "and some again");
	mem_deref(s.srtp);
}

static void test_networks(void)
{
	const struct media_network nine = {
		{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 9}, 128};
	static struct media m;
	struct media_start start = start_of(SDP_AES_CM_128_HMAC_SHA1_80);
	struct media_session s = {.slot = 0};

	start.theirs.secure = false;
	m.networks[0] = nine;
	session_start(&m, &s, &start);
	ok(!s.may_rtp && !s.may_rtcp, "without networks nothing may leave");
	m.network_count = 1;
	session_start(&m, &s, &start);
	ok(s.may_rtp && !s.may_rtcp, "RTP alone, where RTCP's address is in none");
	m.networks[0] = (struct media_network){.prefix = 0};
	sa_init(&start.theirs.rtcp, AF_UNSPEC);
	session_start(&m, &s, &start);
	ok(s.may_rtp && !s.may_rtcp, "and where RTCP has no place at all");
	m.networks[0] = nine;
	start.theirs.rtcp_mux = true;
	session_start(&m, &s, &start);
	ok(s.may_rtp && s.may_rtcp, "but with both on one port, both");
}

int main(void)
{
	test_keys();
	test_networks();
	return tap_done();
}
