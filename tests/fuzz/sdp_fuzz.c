/*
 * SDP of peers against any bytes. What is taken must be usable and stay within bounds,
 * must be the same with other ends of lines, must be what libre decodes where there is
 * nothing to choose, and our answer to it must pass our own gate.
 *
 * The first byte picks who reads: offer or answer, with SRTP, over IPv6.
 */
#include <string.h>

#include "sipprobe/loop/ip_literal.h"
#include "sipprobe/media/sdp_gate.h"
#include "tests/fuzz/fuzz.h"

enum {
	FUZZ_OFFER = 1,
	FUZZ_SECURE = 2,
	FUZZ_V6 = 4,
	FUZZ_LOOPBACK = 8,
};

static struct sdp_local ours[2][2]; /* by family, by SRTP */
static struct sa peers[2][2];	    /* by family, loopback or not */

static void prepare(void)
{
	static const enum media_codec codecs[] = {MEDIA_PCMU, MEDIA_PCMA};
	static const char *const local[] = {"192.0.2.5", "2001:db8::5"};
	static const char *const remote[2][2] = {{"192.0.2.1", "127.0.0.1"},
						 {"2001:db8::1", "::1"}};
	struct sa sa;

	for (int v6 = 0; v6 < 2; v6++) {
		must(!sa_set_str(&sa, local[v6], 20000));
		for (int i = 0; i < 2; i++) {
			must(!sdp_local_init(&ours[v6][i], &sa, 20001, codecs, 2, i));
			must(!sa_set_str(&peers[v6][i], remote[v6][i], 5060));
			/* The same in every run. */
			ours[v6][i].id = 1;
			memset(ours[v6][i].cryptos[0].key, 7, SDP_KEY_BYTES);
		}
	}
}

static void address_check(const struct sa *sa, const struct sa *peer)
{
	must(sa_af(sa) == sa_af(peer));
	must(sa_port(sa) >= 1024);
	must(!sa_is_any(sa));
	must(!ip_is_loopback(sa) || ip_is_loopback(peer));
	if (sa_af(sa) == AF_INET) {
		must(sa_in(sa) >> 24 != 0 && sa_in(sa) >> 28 < 14);
	} else {
		must(!IN6_IS_ADDR_MULTICAST(&sa->u.in6.sin6_addr));
		must(!IN6_IS_ADDR_V4MAPPED(&sa->u.in6.sin6_addr));
	}
}

static void remote_check(const struct sdp_remote *r, const struct sdp_local *l,
			 const struct sa *peer)
{
	address_check(&r->rtp, peer);
	if (sa_isset(&r->rtcp, SA_ADDR))
		address_check(&r->rtcp, peer);
	must(r->codec < MEDIA_CODECS && r->codec_type < 128);
	must(r->event_type >= -1 && r->event_type < 128);
	must(r->event_type != r->codec_type);
	must(r->ptime_ms >= 10 && r->ptime_ms <= 60);
	must(r->secure == l->secure);
	must(!r->secure ||
	     (r->crypto.suite < SDP_SUITES && r->crypto_index < SDP_CRYPTOS));
	must(memchr(r->other, 0, sizeof(r->other)) != NULL);
}

/* libre on the same bytes, without a gate. */
static void libre_check(const struct sdp_remote *r, const char *text, size_t len)
{
	struct sdp_session *s = NULL;
	struct sdp_media *m = NULL;
	struct mbuf *mb = mbuf_alloc(len + 2);

	must(mb && !mbuf_write_mem(mb, (const uint8_t *)text, len));
	must(!mbuf_write_str(mb, "\r\n"));
	mbuf_set_pos(mb, 0);
	must(!sdp_session_alloc(&s, &r->rtp));
	must(!sdp_media_add(&m, s, "audio", 1, r->secure ? "RTP/SAVP" : "RTP/AVP"));
	must(!sdp_decode(s, mb, true));
	must(sa_cmp(sdp_media_raddr(m), &r->rtp, SA_ALL) ||
	     (sa_af(&r->rtp) == AF_INET6 &&
	      IN6_IS_ADDR_LINKLOCAL(&r->rtp.u.in6.sin6_addr)));
	mem_deref(s);
	mem_deref(mb);
}

static void answer_check(const struct sdp_remote *r, const struct sdp_local *l)
{
	char out[SDP_BYTES];
	size_t len = sdp_answer_write(out, l, r);
	struct sdp_gate g;

	must(len < SDP_BYTES - 1 && strlen(out) == len);
	must(!sdp_gate_read(&g, out, len));
	must(g.streams == (*r->other ? 2 : 1));
	must(g.stream[*r->other && r->other_first].port == 20000);
}

/* Lines that end in LF alone, or all in CRLF, say the same. */
static void endings_check(const struct sdp_remote *r, enum sdp_fault fault,
			  const struct sdp_local *l, const struct sa *peer,
			  const char *text, size_t len, bool offer)
{
	char *copy = malloc(len + 1);
	struct sdp_remote again = *r;
	enum sdp_fault got;
	size_t n = 0;

	must(copy);
	/* CR CR LF is a line with a CR in it, and would become a good one. */
	if (memmem(text, len, "\r\r", 2)) {
		free(copy);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r' || i + 1 == len || text[i + 1] != '\n')
			copy[n++] = text[i];
	got = (offer ? sdp_offer_read : sdp_answer_read)(&again, l, peer, copy, n);
	/* Shorter, it may be within the bound. */
	must(got == fault || fault == SDP_TOO_LONG);
	if (!got && !fault)
		must(sa_cmp(&again.rtp, &r->rtp, SA_ALL) && again.codec == r->codec &&
		     again.way == r->way && !strcmp(again.other, r->other));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned pick = size ? data[0] : 0;
	const char *text = (const char *)data + (size ? 1 : 0);
	size_t len = size ? size - 1 : 0;
	bool offer = pick & FUZZ_OFFER, v6 = pick & FUZZ_V6;
	const struct sdp_local *l;
	const struct sa *peer;
	struct sdp_remote r;
	static uint8_t untouched[sizeof(r)];
	enum sdp_fault fault;

	if (!ours[0][0].codec_count)
		prepare();
	l = &ours[v6][!!(pick & FUZZ_SECURE)];
	peer = &peers[v6][!!(pick & FUZZ_LOOPBACK)];
	memset(&r, 0x5a, sizeof(r));
	memset(untouched, 0x5a, sizeof(untouched));
	fault = (offer ? sdp_offer_read : sdp_answer_read)(&r, l, peer, text, len);
	must(fault < SDP_FAULTS && (fault == SDP_OK) == !*sdp_fault_text(fault));
	must(fault != SDP_NO_MEMORY);
	if (fault) {
		must(!memcmp(untouched, (const void *)&r, sizeof(r)));
	} else {
		struct sdp_gate g;

		remote_check(&r, l, peer);
		answer_check(&r, l);
		must(!sdp_gate_read(&g, text, len));
		if (g.streams == 1)
			libre_check(&r, text, len);
	}
	endings_check(&r, fault, l, peer, text, len, offer);
	return 0;
}
