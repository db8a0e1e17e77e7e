#include "sipprobe/media/srtp_pair.h"

#include "sipprobe/media/rtp/rtp.h"

/* The last word of SRTCP is whether it is encrypted, and a number (RFC 7714 9.2). */
enum {
	SRTCP_INDEX_BYTES = 4,
	SRTCP_ENCRYPTED = 0x80,
};

struct srtp_pair {
	struct srtp *tx, *rx;
	bool aead; /* what comes has no tag but that of its cipher */
};

typedef int(srtp_work)(struct srtp *srtp, struct mbuf *mb);

static void srtp_pair_destructor(void *arg)
{
	struct srtp_pair *p = arg;

	mem_deref(p->tx);
	mem_deref(p->rx);
}

static int srtp_pair_half(struct srtp **sp, const struct sdp_crypto *c)
{
	static const enum srtp_suite suites[SDP_SUITES] = {
		[SDP_AES_CM_128_HMAC_SHA1_80] = SRTP_AES_CM_128_HMAC_SHA1_80,
		[SDP_AES_256_CM_HMAC_SHA1_80] = SRTP_AES_256_CM_HMAC_SHA1_80,
		[SDP_AES_CM_128_HMAC_SHA1_32] = SRTP_AES_CM_128_HMAC_SHA1_32,
		[SDP_AEAD_AES_128_GCM] = SRTP_AES_128_GCM,
	};

	return srtp_alloc(sp, suites[c->suite], c->key, sdp_suite_key_bytes(c->suite), 0);
}

int srtp_pair_rekey(struct srtp_pair *p, const struct sdp_crypto *ours,
		    const struct sdp_crypto *theirs)
{
	int err = 0, theirs_err = 0;

	if (ours) {
		p->tx = mem_deref(p->tx);
		err = srtp_pair_half(&p->tx, ours);
	}
	if (theirs) {
		p->rx = mem_deref(p->rx);
		theirs_err = srtp_pair_half(&p->rx, theirs);
		p->aead = theirs->suite == SDP_AEAD_AES_128_GCM;
	}
	return err ? err : theirs_err;
}

int srtp_pair_alloc(struct srtp_pair **pp, const struct sdp_crypto *ours,
		    const struct sdp_crypto *theirs)
{
	struct srtp_pair *p = mem_zalloc(sizeof(*p), srtp_pair_destructor);
	int err;

	if (!p)
		return ENOMEM;
	err = srtp_pair_rekey(p, ours, theirs);
	if (err)
		mem_deref(p);
	else
		*pp = p;
	return err;
}

static int srtp_pair_work(srtp_work *work, struct srtp *srtp, uint8_t *data,
			  size_t *bytes)
{
	/* On bytes of ours; libre writes behind their end, within the room that there is.
	 */
	struct mbuf mb = {.buf = data, .size = *bytes + SRTP_ADDED, .end = *bytes};
	int err = srtp ? work(srtp, &mb) : ENOENT;

	if (!err)
		*bytes = mb.end;
	return err;
}

int srtp_pair_protect(struct srtp_pair *p, bool rtcp, uint8_t *data, size_t *bytes)
{
	return srtp_pair_work(rtcp ? srtcp_encrypt : srtp_encrypt, p->tx, data, bytes);
}

int srtp_pair_open(struct srtp_pair *p, bool rtcp, uint8_t *data, size_t *bytes)
{
	/* What is shorter than a header, an index and a tag is nothing to open. */
	if (*bytes < (size_t)RTP_HEADER_BYTES + SRTCP_INDEX_BYTES)
		return EBADMSG;
	/* What says that it is not encrypted libre takes then without a look at its tag.
	 */
	if (rtcp && p->aead && !(data[*bytes - SRTCP_INDEX_BYTES] & SRTCP_ENCRYPTED))
		return EAUTH;
	return srtp_pair_work(rtcp ? srtcp_decrypt : srtp_decrypt, p->rx, data, bytes);
}
