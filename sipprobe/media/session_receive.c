#include <string.h>

#include "sipprobe/media/media_private.h"

/* Audio may be that much faster than the answer that begins it. */
#define AHEAD_NS CLOCK_NS_PER_S

enum {
	COMFORT_NOISE = 13, /* its static payload type (RFC 3389 4) */
	FIRST_BATCHES = 64, /* more than a socket has room for */
};

/* What a packet carries, by its payload type. */
enum session_kind {
	KIND_NONE,
	KIND_AUDIO,
	KIND_EVENT,
	KIND_COMFORT,
};

static enum session_kind session_kind(const struct media_session *s, unsigned type,
				      enum media_codec *codec)
{
	const struct media_start *a = &s->agreed;

	if (type == a->theirs.codec_type) {
		*codec = a->theirs.codec;
		return KIND_AUDIO;
	}
	/* RFC 3264 6.1: whatever both have may be sent, at any time. */
	if ((type == 0 && a->offered[MEDIA_PCMU]) ||
	    (type == 8 && a->offered[MEDIA_PCMA])) {
		*codec = type ? MEDIA_PCMA : MEDIA_PCMU;
		return KIND_AUDIO;
	}
	if ((int)type == a->theirs.event_type || (type == SDP_EVENT_TYPE && a->events))
		return KIND_EVENT;
	return type == COMFORT_NOISE ? KIND_COMFORT : KIND_NONE;
}

/* Whether there were too many of them in this second. */
static bool session_is_flooded(struct media_session *s, int64_t at_ns)
{
	int64_t second = at_ns / CLOCK_NS_PER_S;

	if (second != s->flood_second) {
		s->flood_second = second;
		s->flood_count = 0;
	}
	return ++s->flood_count > MEDIA_FLOOD;
}

/* Who sent what this session hears: in a loop the other end, at an echo itself. */
static const struct send_log *session_origin(const struct media_session *s)
{
	if (s->far)
		return s->far;
	return *s->conf.expect && !str_cmp(s->conf.expect, s->conf.nonce) ? s->log : NULL;
}

/* A packet that arrives as it was sent tells its delay by its number. */
static void session_time(struct media_session *s, const struct rtp_packet *p,
			 int64_t at_ns)
{
	const struct send_log *log = session_origin(s);
	int64_t sent_ns;

	if (!log || log->ssrc != p->ssrc)
		return;
	sent_ns = send_log_time_ns(log, p->sequence);
	if (sent_ns < 0 || sent_ns > at_ns)
		return;
	s->delay_sum_ns += (double)(at_ns - sent_ns);
	s->delay_count++;
}

static void session_time_nonce(struct media_session *s, const struct ear_heard *h)
{
	const struct send_log *log = session_origin(s);
	int64_t *least = h->doubtful ? &s->doubtful_delay_ns : &s->tone_delay_ns;
	int64_t sent_ns;

	if (!log || !h->nonce_ns)
		return;
	sent_ns = send_log_onset_before_ns(log, h->nonce_ns);
	if (sent_ns >= 0 && (!*least || h->nonce_ns - sent_ns < *least))
		*least = h->nonce_ns - sent_ns;
}

/* What came before the answer did waited for it. */
static int64_t session_since_ns(const struct media_session *s, int64_t at_ns)
{
	return at_ns > s->report.started_ns ? at_ns - s->report.started_ns : 0;
}

static void session_hear_audio(struct media *m, struct media_session *s,
			       const struct rtp_packet *p, enum media_codec codec,
			       int64_t at_ns, bool gap)
{
	int16_t pcm[EAR_SAMPLES];
	size_t count = p->payload_bytes < EAR_SAMPLES ? p->payload_bytes : EAR_SAMPLES;
	struct ear_heard heard;

	if (count == G711_SAMPLES)
		s->audio_received++;
	else
		s->odd_length++;
	session_keep_audio(s, p->payload, count, codec);
	g711_expand(pcm, codec, p->payload, count);
	ear_hear(&heard, &s->ear, pcm, count, at_ns, gap);
	if (heard.sound)
		session_tell(m, s, MEDIA_EVENT_FIRST_SOUND, at_ns, NULL);
	if (heard.sound && s->report.in.first_sound_ns < 0)
		s->report.in.first_sound_ns = session_since_ns(s, at_ns);
	if (!heard.nonce)
		return;
	s->report.in.nonce_inband = true;
	session_tell(m, s, MEDIA_EVENT_NONCE_INBAND, at_ns, NULL);
	session_time_nonce(s, &heard);
}

static void session_hear_event(struct media *m, struct media_session *s,
			       const struct rtp_packet *p, int64_t at_ns)
{
	struct telephone_event e;
	char digit;

	if (!telephone_event_read(&e, p->payload, p->payload_bytes))
		return;
	digit = telephone_ear_hear(&s->telephone, &e, p->timestamp);
	if (!digit || !ear_digits_add(&s->digits, digit, s->conf.expect))
		return;
	s->report.in.nonce_events = true;
	session_tell(m, s, MEDIA_EVENT_NONCE_EVENTS, at_ns, NULL);
}

static void session_tell_arrival(struct media *m, struct media_session *s, bool fresh,
				 int64_t at_ns, const struct sa *src)
{
	session_tell(m, s, MEDIA_EVENT_FIRST_PACKET, at_ns, src);
	if (fresh)
		session_tell(m, s, MEDIA_EVENT_SOURCE, at_ns, src);
	if (s->silent)
		session_tell(m, s, MEDIA_EVENT_RESUMED, at_ns, NULL);
	s->silent = false;
}

/* A packet of the call, open and checked. */
static void session_hear(struct media *m, struct media_session *s,
			 const struct rtp_packet *p, int64_t at_ns, const struct sa *src)
{
	uint16_t after = (uint16_t)(s->stats.top + 1);
	bool fresh, gap = s->stats.begun && p->sequence != after;
	enum media_codec codec = MEDIA_PCMU;
	enum session_kind kind = session_kind(s, p->type, &codec);

	if (rtp_stats_packet(&s->stats, p, at_ns, kind == KIND_EVENT, &fresh) !=
	    RTP_ARRIVAL_NEW)
		return;
	session_tell_arrival(m, s, fresh, at_ns, src);
	session_time(s, p, at_ns);
	if (kind == KIND_AUDIO)
		session_hear_audio(m, s, p, codec, at_ns, gap);
	if (kind == KIND_EVENT)
		session_hear_event(m, s, p, at_ns);
}

/* Returns whether the packet is one of the call; if not, why is counted. */
static bool session_open(struct media *m, struct media_session *s, struct rtp_packet *p,
			 struct wire_packet *w)
{
	enum media_codec codec;

	if (!rtp_packet_read(p, w->data, w->bytes, session_is_secure(s)) ||
	    session_kind(s, p->type, &codec) == KIND_NONE) {
		s->report.refused.malformed++;
		return false;
	}
	if (!session_is_secure(s))
		return true;
	if (!s->srtp || srtp_pair_open(s->srtp, false, w->data, &w->bytes)) {
		s->report.refused.unprotected++;
		session_tell(m, s, MEDIA_EVENT_UNPROTECTED, w->at_ns, &w->src);
		return false;
	}
	if (rtp_packet_read(p, w->data, w->bytes, false))
		return true;
	s->report.refused.malformed++;
	return false;
}

static void session_latch(struct media *m, struct media_session *s,
			  const struct wire_packet *w)
{
	source_latch(&s->source, &w->src);
	session_allow(m, s);
	s->report.latched = true;
	session_tell(m, s, MEDIA_EVENT_LATCHED, w->at_ns, &w->src);
}

static void session_keep_received(struct media_session *s, const struct wire_packet *w,
				  bool rtcp, bool rtcp_port)
{
	struct media_packet packet = {.at_ns = w->at_ns,
				      .data = w->data,
				      .size = (uint16_t)w->bytes,
				      .inbound = true,
				      .rtcp = rtcp};

	session_keep_packet(s, &packet, &w->src, rtcp_port);
}

/* SRTP is opened where it lies: what is kept of it is copied before. */
static struct wire_packet session_on_wire(uint8_t room[WIRE_PACKET_MAX],
					  const struct media_session *s,
					  const struct wire_packet *w)
{
	struct wire_packet copy = *w;

	if (s->packets && s->srtp) {
		memcpy(room, w->data, w->bytes);
		copy.data = room;
	}
	return copy;
}

static void session_take_rtp(struct media *m, struct media_session *s,
			     struct wire_packet *w)
{
	enum source_verdict verdict = source_judge(&s->source, &w->src, w->at_ns);
	uint8_t room[WIRE_PACKET_MAX];
	struct wire_packet came = session_on_wire(room, s, w);
	struct rtp_packet p;

	if (verdict == SOURCE_CANDIDATE &&
	    !media_is_allowed(m->networks, m->network_count, &w->src))
		verdict = SOURCE_FOREIGN;
	if (verdict == SOURCE_FOREIGN) {
		s->report.refused.foreign++;
		return;
	}
	if (session_is_flooded(s, w->at_ns)) {
		s->report.refused.flood++;
		return;
	}
	if (!session_open(m, s, &p, w))
		return;
	if (verdict == SOURCE_CANDIDATE)
		session_latch(m, s, w);
	session_keep_received(s, &came, false, false);
	session_hear(m, s, &p, w->at_ns, &w->src);
}

/* RTCP comes from where the SDP says, or from the host that RTP comes from. */
static bool session_is_reporter(const struct media_session *s, const struct sa *src)
{
	return sa_cmp(src, &s->agreed.theirs.rtcp, SA_ALL) ||
	       sa_cmp(src, source_peer(&s->source), SA_ADDR);
}

static void session_take_rtcp(struct media *m, struct media_session *s,
			      struct wire_packet *w, bool rtcp_port)
{
	uint8_t room[WIRE_PACKET_MAX];
	struct wire_packet came = session_on_wire(room, s, w);

	if (!session_is_reporter(s, &w->src)) {
		s->report.refused.foreign++;
		return;
	}
	if (session_is_flooded(s, w->at_ns)) {
		s->report.refused.flood++;
		return;
	}
	if (session_is_secure(s) &&
	    (!s->srtp || srtp_pair_open(s->srtp, true, w->data, &w->bytes))) {
		s->report.refused.unprotected++;
		return;
	}
	session_keep_received(s, &came, true, rtcp_port);
	session_rtcp_heard(m, s, w->data, w->bytes, w->at_ns);
}

static void session_take(struct media *m, struct media_session *s, struct wire_packet *w,
			 bool rtcp)
{
	if (w->cut)
		s->report.refused.oversize++;
	else if (rtcp || rtp_is_rtcp(w->data, w->bytes))
		session_take_rtcp(m, s, w, rtcp);
	else
		session_take_rtp(m, s, w);
}

void session_read(struct media *m, struct media_session *s, bool rtcp)
{
	struct wire *w = rtcp ? &s->wires.rtcp : &s->wires.rtp;
	struct wire_packet packets[WIRE_BATCH];
	unsigned n = WIRE_BATCH;

	for (unsigned left = MEDIA_PACKETS_A_WAKE / WIRE_BATCH; left && n == WIRE_BATCH;
	     left--) {
		n = wire_receive(packets, w, m->batch);
		for (unsigned i = 0; i < n; i++)
			session_take(m, s, &packets[i], rtcp);
	}
}

bool session_read_first(struct media *m, struct media_session *s)
{
	struct wire_packet packets[WIRE_BATCH];
	int64_t start_ns = s->report.started_ns;
	unsigned n = WIRE_BATCH;
	bool old = false;

	for (unsigned left = FIRST_BATCHES; left && n == WIRE_BATCH; left--) {
		n = wire_receive(packets, &s->wires.rtp, m->batch);
		for (unsigned i = 0; i < n; i++) {
			old |= packets[i].at_ns < start_ns - AHEAD_NS;
			if (!old || packets[i].at_ns >= start_ns)
				session_take(m, s, &packets[i], false);
		}
	}
	return old;
}
