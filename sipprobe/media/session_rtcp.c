#include "sipprobe/media/media_private.h"

/* RFC 3550 6.2, 6.3.1: the least interval, half of it at the start, and e - 1.5. */
#define RTCP_INTERVAL_NS (5 * CLOCK_NS_PER_S)
#define RTCP_COMPENSATE	 1.21828

/* Spreads reports; nothing is kept secret by it. */
static uint32_t session_random(struct media_session *s)
{
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(s->random >> 32);
}

/* 6.3.1: 0.5 to 1.5 times the interval, compensated. */
static int64_t session_rtcp_interval_ns(struct media_session *s)
{
	double ns = (double)RTCP_INTERVAL_NS * (s->rtcp_initial ? 0.5 : 1);

	s->rtcp_initial = false;
	ns *= 0.5 + session_random(s) / 4294967296.0;
	return (int64_t)(ns / RTCP_COMPENSATE);
}

void session_rtcp_begin(struct media_session *s, int64_t now_ns)
{
	s->rtcp_initial = true;
	s->rtcp_due_ns = now_ns + session_rtcp_interval_ns(s);
}

/* Of what was due since the report before, in 256ths (A.3). */
static uint8_t session_fraction(struct media_session *s)
{
	uint64_t due = rtp_stats_due(&s->stats) - s->reported_due;
	uint64_t received = s->stats.received - s->reported_received;

	s->reported_due += due;
	s->reported_received += received;
	return received < due ? (uint8_t)(((due - received) << 8) / due) : 0;
}

static struct rtcp_block session_block(struct media_session *s, int64_t now_ns)
{
	uint64_t lost = rtp_stats_lost(&s->stats);
	struct rtcp_block b = {
		.ssrc = s->stats.ssrc,
		.fraction = session_fraction(s),
		.lost = lost > 0x7fffff ? 0x7fffff : (int32_t)lost,
		.highest = rtp_stats_highest(&s->stats),
		.jitter = (uint32_t)(s->stats.jitter_ns / RTP_TICK_NS),
	};

	if (s->sr_at_ns) {
		b.last_sr = s->sr_middle;
		b.delay = rtcp_middle(rtcp_ntp(now_ns - s->sr_at_ns));
	}
	return b;
}

static size_t session_rtcp_write(uint8_t *out, struct media_session *s, int64_t now_ns,
				 bool bye)
{
	struct rtcp_block block = {0};
	struct rtcp_report r = {
		.ssrc = s->log->ssrc,
		.name = s->name,
		.sender = s->begun,
		.ntp = rtcp_ntp(now_ns),
		.timestamp = s->timestamp,
		.packets = s->report.out.sent,
		.octets = s->octets,
		.bye = bye,
	};

	if (s->stats.begun) {
		block = session_block(s, now_ns);
		r.block = &block;
	}
	return rtcp_report_write(out, &r);
}

void session_rtcp_send(struct media *m, struct media_session *s, int64_t now_ns, bool bye)
{
	const struct sdp_remote *to = &s->agreed.theirs;
	const struct sa *peer = to->rtcp_mux ? source_peer(&s->source) : &to->rtcp;
	size_t bytes;

	s->rtcp_due_ns = now_ns + session_rtcp_interval_ns(s);
	if (!s->may_rtcp || (session_is_secure(s) && !s->srtp))
		return;
	/* The time that it says is the time at which it leaves. */
	now_ns = wire_now_ns();
	bytes = session_rtcp_write(m->packet, s, now_ns, bye);
	if (s->srtp && srtp_pair_protect(s->srtp, true, m->packet, &bytes))
		return;
	session_keep_packet(s,
			    &(struct media_packet){.at_ns = now_ns,
						   .data = m->packet,
						   .size = (uint16_t)bytes,
						   .rtcp = true},
			    peer, !to->rtcp_mux);
	(void)wire_send(to->rtcp_mux ? &s->wires.rtp : &s->wires.rtcp, peer, m->packet,
			bytes);
}

static void session_rtcp_block(struct media_session *s, const struct rtcp_block *b,
			       int64_t at_ns)
{
	struct media_outbound *out = &s->report.out;
	int64_t round_trip_ns = rtcp_round_trip_ns(b, at_ns);

	out->reports++;
	if (round_trip_ns >= 0)
		out->round_trip_ns = round_trip_ns;
	out->jitter_ns = b->jitter * RTP_TICK_NS;
	/* Copies on the way can make more arrive than left (6.4.1). */
	if (out->sent && b->lost <= (int64_t)out->sent)
		out->loss_ratio = b->lost > 0 ? (double)b->lost / out->sent : 0;
}

void session_rtcp_heard(struct media *m, struct media_session *s, const uint8_t *data,
			size_t bytes, int64_t at_ns)
{
	struct rtcp_heard h;

	if (!rtcp_read(&h, data, bytes, s->log->ssrc)) {
		s->report.refused.malformed++;
		return;
	}
	/* Our own report, that an echo sent back, is not the peer's. */
	if (h.sender == s->log->ssrc)
		return;
	if (h.has_sr) {
		s->sr_middle = h.sr_middle;
		s->sr_at_ns = at_ns;
	}
	if (!h.has_block)
		return;
	session_rtcp_block(s, &h.block, at_ns);
	session_tell(m, s, MEDIA_EVENT_FIRST_RTCP, at_ns, NULL);
}
