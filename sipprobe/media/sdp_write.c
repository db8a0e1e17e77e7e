#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <openssl/rand.h>

#include "sipprobe/media/sdp_crypto.h"

/* Of RFC 3551 table 4. */
static const unsigned static_types[MEDIA_CODECS] = {
	[MEDIA_PCMU] = 0,
	[MEDIA_PCMA] = 8,
};

/* Text under way; what does not fit is left out, which SDP_BYTES makes impossible. */
struct sdp_text {
	char *out;
	size_t len;
};

static __attribute__((format(printf, 2, 3))) void sdp_put(struct sdp_text *t,
							  const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->out + t->len, SDP_BYTES - t->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < SDP_BYTES - t->len)
		t->len += (size_t)n;
	t->out[t->len] = '\0';
}

const char *sdp_way_name(enum sdp_way w)
{
	static const char *const names[] = {
		[SDP_WAY_SENDRECV] = "sendrecv",
		[SDP_WAY_SENDONLY] = "sendonly",
		[SDP_WAY_RECVONLY] = "recvonly",
		[SDP_WAY_INACTIVE] = "inactive",
	};

	return names[w];
}

int sdp_local_init(struct sdp_local *l, const struct sa *rtp, uint16_t rtcp_port,
		   const enum media_codec *codecs, unsigned count, bool secure)
{
	/* What peers are known to do; the strongest first after the one that all do. */
	static const enum sdp_suite offered[SDP_CRYPTOS] = {
		SDP_AES_CM_128_HMAC_SHA1_80,
		SDP_AES_256_CM_HMAC_SHA1_80,
		SDP_AES_CM_128_HMAC_SHA1_32,
	};
	struct sdp_local local = {.rtp = *rtp,
				  .rtcp_port = rtcp_port,
				  .events = true,
				  .secure = secure,
				  .version = 1};

	if (RAND_bytes((unsigned char *)&local.id, sizeof(local.id)) != 1)
		return EIO;
	/* RFC 8866 5.2 has no bound; peers read it into signed ones. */
	local.id >>= 2;
	for (unsigned i = 0; i < count && i < MEDIA_CODECS; i++)
		local.codecs[local.codec_count++] = codecs[i];
	for (unsigned i = 0; i < SDP_CRYPTOS && secure; i++) {
		local.cryptos[i].suite = offered[i];
		local.cryptos[i].tag = i + 1;
		if (RAND_priv_bytes(local.cryptos[i].key, SDP_KEY_BYTES) != 1)
			return EIO;
	}
	*l = local;
	explicit_bzero(&local, sizeof(local));
	return 0;
}

void sdp_local_wipe(struct sdp_local *l)
{
	explicit_bzero(l->cryptos, sizeof(l->cryptos));
}

/* The lines before the streams. */
static void sdp_put_session(struct sdp_text *t, const struct sdp_local *ours)
{
	char address[INET6_ADDRSTRLEN] = "";
	int version = sa_af(&ours->rtp) == AF_INET6 ? 6 : 4;

	(void)sa_ntop(&ours->rtp, address, sizeof(address));
	sdp_put(t, "v=0\r\no=- %llu %u IN IP%d %s\r\ns=-\r\nc=IN IP%d %s\r\nt=0 0\r\n",
		(unsigned long long)ours->id, ours->version, version, address, version,
		address);
}

static const char *sdp_profile(const struct sdp_local *ours)
{
	return ours->secure ? "RTP/SAVP" : "RTP/AVP";
}

static void sdp_put_codec(struct sdp_text *t, enum media_codec c, unsigned type)
{
	sdp_put(t, "a=rtpmap:%u %s/8000\r\n", type, media_codec_name(c));
}

static void sdp_put_event(struct sdp_text *t, int type)
{
	sdp_put(t, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", type, type);
}

static void sdp_put_crypto(struct sdp_text *t, const struct sdp_crypto *c)
{
	char line[SDP_CRYPTO_BYTES];

	(void)sdp_crypto_write(line, c);
	sdp_put(t, "%s", line);
	explicit_bzero(line, sizeof(line));
}

static void sdp_put_tail(struct sdp_text *t, const struct sdp_local *ours,
			 enum sdp_way way, bool rtcp_mux)
{
	sdp_put(t, "a=ptime:20\r\n");
	if (rtcp_mux)
		sdp_put(t, "a=rtcp-mux\r\n");
	else
		sdp_put(t, "a=rtcp:%u\r\n", ours->rtcp_port);
	sdp_put(t, "a=%s\r\n", sdp_way_name(way));
}

size_t sdp_offer_write(char *out, const struct sdp_local *ours)
{
	struct sdp_text t = {.out = out};

	sdp_put_session(&t, ours);
	sdp_put(&t, "m=audio %u %s", sa_port(&ours->rtp), sdp_profile(ours));
	for (unsigned i = 0; i < ours->codec_count; i++)
		sdp_put(&t, " %u", static_types[ours->codecs[i]]);
	if (ours->events)
		sdp_put(&t, " %d", SDP_EVENT_TYPE);
	sdp_put(&t, "\r\n");
	for (unsigned i = 0; i < ours->codec_count; i++)
		sdp_put_codec(&t, ours->codecs[i], static_types[ours->codecs[i]]);
	if (ours->events)
		sdp_put_event(&t, SDP_EVENT_TYPE);
	for (unsigned i = 0; i < SDP_CRYPTOS && ours->secure; i++)
		sdp_put_crypto(&t, &ours->cryptos[i]);
	sdp_put_tail(&t, ours, ours->way, false);
	return t.len;
}

/* RFC 3264 6.1: what the other end sends only, we receive only. */
static enum sdp_way sdp_answer_way(enum sdp_way ours, enum sdp_way theirs)
{
	bool sends = theirs == SDP_WAY_SENDRECV || theirs == SDP_WAY_SENDONLY;
	bool receives = theirs == SDP_WAY_SENDRECV || theirs == SDP_WAY_RECVONLY;
	bool send = receives && (ours == SDP_WAY_SENDRECV || ours == SDP_WAY_SENDONLY);
	bool receive = sends && (ours == SDP_WAY_SENDRECV || ours == SDP_WAY_RECVONLY);

	if (send)
		return receive ? SDP_WAY_SENDRECV : SDP_WAY_SENDONLY;
	return receive ? SDP_WAY_RECVONLY : SDP_WAY_INACTIVE;
}

static void sdp_put_answer(struct sdp_text *t, const struct sdp_local *ours,
			   const struct sdp_remote *offer)
{
	struct sdp_crypto key = ours->cryptos[offer->crypto_index];
	bool events = ours->events && offer->event_type >= 0;

	sdp_put(t, "m=audio %u %s %u", sa_port(&ours->rtp), sdp_profile(ours),
		offer->codec_type);
	if (events)
		sdp_put(t, " %d", offer->event_type);
	sdp_put(t, "\r\n");
	sdp_put_codec(t, offer->codec, offer->codec_type);
	if (events)
		sdp_put_event(t, offer->event_type);
	/* RFC 4568 5.1.2: the offer's tag and suite, a key of ours. */
	key.tag = offer->crypto.tag;
	key.suite = offer->crypto.suite;
	if (ours->secure)
		sdp_put_crypto(t, &key);
	explicit_bzero(&key, sizeof(key));
	sdp_put_tail(t, ours, sdp_answer_way(ours->way, offer->way), offer->rtcp_mux);
}

size_t sdp_answer_write(char *out, const struct sdp_local *ours,
			const struct sdp_remote *offer)
{
	struct sdp_text t = {.out = out};

	sdp_put_session(&t, ours);
	if (*offer->other && offer->other_first)
		sdp_put(&t, "m=%s\r\n", offer->other);
	sdp_put_answer(&t, ours, offer);
	if (*offer->other && !offer->other_first)
		sdp_put(&t, "m=%s\r\n", offer->other);
	return t.len;
}
