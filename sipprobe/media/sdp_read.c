#include <string.h>

#include "sipprobe/media/sdp_address.h"
#include "sipprobe/media/sdp_crypto.h"
#include "sipprobe/media/sdp_gate.h"

enum {
	PTIME_MS = 20, /* of what we send, and of what says nothing (RFC 3551 4.2) */
	PTIME_MIN_MS = 10,
	PTIME_MAX_MS = 60,
};

/* One SDP under way: what the gate told, what libre does, and what comes of it. */
struct sdp_reading {
	const struct sdp_local *ours;
	const struct sa *peer;
	bool offer;
	struct sdp_gate gate;
	const struct sdp_gate_stream *audio;
	struct sdp_session *session;
	struct sdp_media *media;
	struct sdp_remote remote;
};

static enum sdp_fault sdp_check_profile(const struct sdp_local *ours,
					const struct sdp_gate_stream *audio)
{
	bool plain = !pl_strcmp(&audio->profile, "RTP/AVP");
	bool secure = !pl_strcmp(&audio->profile, "RTP/SAVP");

	if (!plain && !secure)
		return SDP_BAD_PROFILE;
	if (ours->secure && !secure)
		return SDP_NOT_SECURE;
	return !ours->secure && secure ? SDP_NOT_PLAIN : SDP_OK;
}

/* How well a stream of audio suits us: who may do without SRTP offers two of them. */
static int sdp_rank(const struct sdp_local *ours, const struct sdp_gate_stream *audio)
{
	return !audio->port ? 1 : sdp_check_profile(ours, audio) ? 2 : 3;
}

/* The audio that suits us best, the first of its like, or NULL. */
static const struct sdp_gate_stream *sdp_find_audio(const struct sdp_gate *g,
						    const struct sdp_local *ours)
{
	const struct sdp_gate_stream *found = NULL;

	for (unsigned i = 0; i < g->streams; i++) {
		const struct sdp_gate_stream *s = &g->stream[i];

		if (pl_strcmp(&s->media, "audio") != 0)
			continue;
		if (!found || sdp_rank(ours, s) > sdp_rank(ours, found))
			found = s;
	}
	return found;
}

static enum sdp_fault sdp_check_stream(struct sdp_reading *r)
{
	if (!r->offer && r->gate.streams != 1)
		return r->gate.streams ? SDP_STREAMS_DIFFER : SDP_NO_AUDIO;
	r->audio = sdp_find_audio(&r->gate, r->ours);
	if (!r->audio)
		return SDP_NO_AUDIO;
	if (r->audio->port_fault)
		return r->audio->port_fault;
	return r->audio->port ? sdp_check_profile(r->ours, r->audio) : SDP_REFUSED;
}

static enum sdp_fault sdp_take_address(struct sa *out, const struct sdp_gate_address *a,
				       uint16_t port, const struct sa *peer)
{
	struct sa sa = a->sa;
	enum sdp_fault fault = a->fault ? a->fault : sdp_address_check(&sa, peer);

	if (fault)
		return fault;
	sa_set_port(&sa, port);
	*out = sa;
	return SDP_OK;
}

/*
 * RTCP is at the next port, unless a=rtcp says otherwise (RFC 3550 11, RFC 3605). Who has
 * none there writes "9 IN IP4 0.0.0.0"; audio does without.
 */
static enum sdp_fault sdp_take_rtcp(struct sdp_reading *r,
				    const struct sdp_gate_address *rtp)
{
	const struct sdp_gate_stream *s = r->audio;
	const struct sdp_gate_address *a = s->rtcp.present ? &s->rtcp : rtp;
	uint32_t port = s->has_rtcp ? s->rtcp_port : s->port + 1U;

	if (port > UINT16_MAX)
		return SDP_BAD_PORT;
	if (port)
		(void)sdp_take_address(&r->remote.rtcp, a, (uint16_t)port, r->peer);
	return SDP_OK;
}

static enum sdp_fault sdp_take_addresses(struct sdp_reading *r)
{
	const struct sdp_gate_address *a =
		r->audio->address.present ? &r->audio->address : &r->gate.address;
	enum sdp_fault fault;

	if (!a->present)
		return SDP_NO_ADDRESS;
	fault = sdp_take_address(&r->remote.rtp, a, r->audio->port, r->peer);
	return fault ? fault : sdp_take_rtcp(r, a);
}

/* A second stream of an offer, with port 0, as our answer is to have it. */
static enum sdp_fault sdp_take_other(struct sdp_reading *r)
{
	const struct sdp_gate_stream *s = &r->gate.stream[0];
	struct sdp_remote *remote = &r->remote;
	struct pl format;
	int n;

	if (r->gate.streams < 2)
		return SDP_OK;
	if (s == r->audio)
		s++;
	format = s->formats;
	format = sdp_word(&format);
	n = re_snprintf(remote->other, sizeof(remote->other), "%r 0 %r %r", &s->media,
			&s->profile, &format);
	if (n < 0 || (size_t)n >= sizeof(remote->other) - 1)
		return SDP_BAD_STREAM;
	remote->other_first = s < r->audio;
	return SDP_OK;
}

/* Our formats, for libre to find those in common. */
static int sdp_add_formats(struct sdp_media *m, const struct sdp_local *ours)
{
	static const char *const ids[MEDIA_CODECS] = {"0", "8"};
	int err = 0;

	for (unsigned i = 0; i < ours->codec_count && !err; i++)
		err = sdp_format_add(NULL, m, false, ids[ours->codecs[i]],
				     media_codec_name(ours->codecs[i]), 8000, 1, NULL,
				     NULL, NULL, false, NULL);
	if (!err && ours->events)
		err = sdp_format_add(NULL, m, false, "101", "telephone-event", 8000, 1,
				     NULL, NULL, NULL, false, NULL);
	return err;
}

static int sdp_session_make(struct sdp_reading *r)
{
	int err = sdp_session_alloc(&r->session, &r->ours->rtp);

	if (!err)
		err = sdp_media_add(&r->media, r->session, "audio",
				    sa_port(&r->ours->rtp),
				    r->ours->secure ? "RTP/SAVP" : "RTP/AVP");
	return err ? err : sdp_add_formats(r->media, r->ours);
}

/*
 * The session's lines and those of the audio stream; libre wants CRLF at the last too.
 * Always as an offer: that differs in how many streams there may be, which has been
 * looked at, and in whose payload types count: the other end's.
 */
static int sdp_decode_lines(struct sdp_reading *r)
{
	const struct pl *head = &r->gate.head, *lines = &r->audio->lines;
	struct mbuf *mb = mbuf_alloc(head->l + lines->l + 2);
	int err = mb ? mbuf_write_pl(mb, head) : ENOMEM;

	if (!err)
		err = mbuf_write_pl(mb, lines);
	if (!err)
		err = mbuf_write_str(mb, "\r\n");
	if (!err) {
		mbuf_set_pos(mb, 0);
		err = sdp_decode(r->session, mb, true);
	}
	mem_deref(mb);
	return err;
}

static bool sdp_is_format(const struct sdp_format *f, const char *name, int static_type)
{
	if (!f->sup || f->pt < 0 || f->pt > 127)
		return false;
	/* A static type may stand without a name (RFC 3551 6). */
	return f->name ? !str_casecmp(f->name, name) && f->srate == 8000
		       : f->pt == static_type;
}

/* The first format of the peer's that is a codec of ours. */
static enum sdp_fault sdp_take_codec(struct sdp_reading *r)
{
	static const int static_types[MEDIA_CODECS] = {0, 8};
	struct le *le = list_head(sdp_media_format_lst(r->media, false));

	for (; le; le = le->next) {
		const struct sdp_format *f = le->data;

		for (unsigned i = 0; i < r->ours->codec_count; i++) {
			enum media_codec c = r->ours->codecs[i];

			if (!sdp_is_format(f, media_codec_name(c), static_types[c]))
				continue;
			r->remote.codec = c;
			r->remote.codec_type = (uint8_t)f->pt;
			return SDP_OK;
		}
	}
	return SDP_NO_CODEC;
}

static void sdp_take_event(struct sdp_reading *r)
{
	struct le *le = list_head(sdp_media_format_lst(r->media, false));

	r->remote.event_type = -1;
	for (; le; le = le->next) {
		const struct sdp_format *f = le->data;

		if (sdp_is_format(f, "telephone-event", -1) &&
		    f->pt != r->remote.codec_type) {
			r->remote.event_type = f->pt;
			return;
		}
	}
}

/* libre tells what is left for us to do; we keep what the peer wrote. */
static void sdp_take_way(struct sdp_reading *r)
{
	enum sdp_dir dir = sdp_media_rdir(r->media);

	if (dir == SDP_SENDRECV)
		r->remote.way = SDP_WAY_SENDRECV;
	else if (dir == SDP_RECVONLY)
		r->remote.way = SDP_WAY_SENDONLY;
	else if (dir == SDP_SENDONLY)
		r->remote.way = SDP_WAY_RECVONLY;
	else
		r->remote.way = SDP_WAY_INACTIVE;
}

/* @ms: what it is without the attribute. Returns whether that, or what it says, is good
 */
static bool sdp_take_ms(unsigned *ms, const struct sdp_reading *r, const char *name)
{
	const char *value = sdp_media_rattr(r->media, name);
	uint32_t n = *ms;
	struct pl text;

	if (value) {
		text = (struct pl){value, strlen(value)};
		if (!sdp_number(&n, &text, PTIME_MIN_MS, 1000))
			return false;
	}
	*ms = n;
	return true;
}

static enum sdp_fault sdp_take_ptime(struct sdp_reading *r)
{
	unsigned ptime_ms = PTIME_MS, most_ms = PTIME_MAX_MS;

	if (!sdp_take_ms(&ptime_ms, r, "ptime") ||
	    !sdp_take_ms(&most_ms, r, "maxptime") || ptime_ms > PTIME_MAX_MS ||
	    most_ms < PTIME_MS)
		return SDP_BAD_PTIME;
	r->remote.ptime_ms = ptime_ms;
	return SDP_OK;
}

/* Which of our keys goes with a line of the peer's: its own in an answer, any else. */
static bool sdp_fits_crypto(struct sdp_reading *r, const struct sdp_crypto *c)
{
	for (unsigned i = 0; i < SDP_CRYPTOS && !r->offer; i++) {
		const struct sdp_crypto *o = &r->ours->cryptos[i];

		r->remote.crypto_index = i;
		if (o->tag == c->tag && o->suite == c->suite)
			return true;
	}
	r->remote.crypto_index = 0;
	return r->offer;
}

static bool sdp_crypto_h(const char *name, const char *value, void *arg)
{
	struct sdp_reading *r = arg;
	struct sdp_crypto c;

	(void)name;
	if (!value || !sdp_crypto_read(&c, value))
		return false;
	r->remote.secure = true;
	if (sdp_fits_crypto(r, &c))
		r->remote.crypto = c;
	else
		r->remote.crypto.tag = UINT32_MAX;
	explicit_bzero(&c, sizeof(c));
	/* The first that can be used is the one that the peer likes best. */
	return true;
}

static enum sdp_fault sdp_take_crypto(struct sdp_reading *r)
{
	if (!r->ours->secure)
		return SDP_OK;
	(void)sdp_media_rattr_apply(r->media, "crypto", sdp_crypto_h, r);
	if (!r->remote.secure)
		return SDP_NO_CRYPTO;
	return r->remote.crypto.tag == UINT32_MAX ? SDP_BAD_CRYPTO : SDP_OK;
}

/* Only who offers it may ask for it (RFC 5761 5.1.1), and we do not. */
static void sdp_take_mux(struct sdp_reading *r)
{
	if (!r->offer || !sdp_media_rattr(r->media, "rtcp-mux"))
		return;
	r->remote.rtcp_mux = true;
	r->remote.rtcp = r->remote.rtp;
}

/* What libre decoded. */
static enum sdp_fault sdp_take_decoded(struct sdp_reading *r)
{
	enum sdp_fault fault = sdp_take_codec(r);

	if (!fault) {
		sdp_take_event(r);
		sdp_take_way(r);
		sdp_take_mux(r);
		fault = sdp_take_ptime(r);
	}
	return fault ? fault : sdp_take_crypto(r);
}

static enum sdp_fault sdp_decode_and_take(struct sdp_reading *r)
{
	enum sdp_fault fault;
	int err = sdp_session_make(r);

	if (!err)
		err = sdp_decode_lines(r);
	if (err)
		fault = err == ENOMEM ? SDP_NO_MEMORY : SDP_UNREADABLE;
	else
		fault = sdp_take_decoded(r);
	mem_deref(r->session);
	return fault;
}

static enum sdp_fault sdp_read(struct sdp_remote *out, struct sdp_reading *r,
			       const char *text, size_t len)
{
	enum sdp_fault fault = sdp_gate_read(&r->gate, text, len);

	if (!fault)
		fault = sdp_check_stream(r);
	if (!fault)
		fault = sdp_take_addresses(r);
	if (!fault)
		fault = sdp_take_other(r);
	if (!fault)
		fault = sdp_decode_and_take(r);
	if (!fault)
		*out = r->remote;
	explicit_bzero(r, sizeof(*r));
	return fault;
}

enum sdp_fault sdp_answer_read(struct sdp_remote *r, const struct sdp_local *ours,
			       const struct sa *peer, const char *text, size_t len)
{
	struct sdp_reading reading = {.ours = ours, .peer = peer};

	return sdp_read(r, &reading, text, len);
}

enum sdp_fault sdp_offer_read(struct sdp_remote *r, const struct sdp_local *ours,
			      const struct sa *peer, const char *text, size_t len)
{
	struct sdp_reading reading = {.ours = ours, .peer = peer, .offer = true};

	return sdp_read(r, &reading, text, len);
}
