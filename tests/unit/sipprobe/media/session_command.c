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

/* Whether the session has other keys after @c than before. */
static bool changes(struct media_session *s, const struct media_start *c)
{
	static struct media m;
	struct srtp_pair *before = mem_ref(s->srtp);
	bool changed;

	session_start(&m, s, c);
	changed = s->srtp != before;
	mem_deref(before);
	return changed;
}

static void test_keys(void)
{
	const struct media_start first = start_of(SDP_AES_CM_128_HMAC_SHA1_80);
	struct media_session s = {.slot = 0};
	struct media_start next = first;

	ok(changes(&s, &first) && s.srtp && s.report.secure, "keys are agreed on");
	ok(!changes(&s, &first), "once more: they go on");
	next.key.tag = next.theirs.crypto.tag = 2;
	ok(!changes(&s, &next), "under another number: they go on");
	next.key.key[3] ^= 1;
	ok(changes(&s, &next), "another key of ours");
	next.theirs.crypto.key[3] ^= 1;
	ok(changes(&s, &next), "another key of the peer's");
	next.key.suite = next.theirs.crypto.suite = SDP_AES_CM_128_HMAC_SHA1_32;
	ok(changes(&s, &next), "another suite with the same bytes");
	next = (struct media_start){.at_ns = 1};
	ok(changes(&s, &next) && !s.srtp && !s.report.secure, "none any more");
	ok(changes(&s, &first) && s.srtp, "and some again");
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
