#include "sipprobe/media/voice/emodel.h"
#include "sipprobe/media/media_private.h"

/* What was sent so shortly before the end may still be on its way. */
#define FLIGHT_NS	 (500 * CLOCK_NS_PER_MS)
#define FLIGHT_SPREAD_NS (100 * CLOCK_NS_PER_MS)

static void session_report_delay(struct media_session *s, struct media_inbound *in)
{
	int64_t tone_ns = s->tone_delay_ns ? s->tone_delay_ns : s->doubtful_delay_ns;

	if (s->delay_count) {
		in->delay_ns = (int64_t)(s->delay_sum_ns / s->delay_count);
		in->delay_by = MEDIA_DELAY_SEQUENCE;
	} else if (tone_ns) {
		in->delay_ns = tone_ns;
		in->delay_by = MEDIA_DELAY_TONE;
	}
}

/*
 * Of a loop: packets of audio that left the other end and are in no gap of the numbers
 * here, as they were the first or the last. Only where packets arrive as long as they
 * left.
 */
static uint32_t session_lost_at_ends(const struct media_session *s, int64_t now_ns,
				     uint32_t lost)
{
	const struct media_inbound *in = &s->report.in;
	int64_t flight_ns =
		in->delay_ns >= 0 ? in->delay_ns + FLIGHT_SPREAD_NS : FLIGHT_NS;
	uint32_t sent;

	if (!s->far || s->odd_length)
		return 0;
	sent = send_log_audio_until(s->far, now_ns - flight_ns);
	lost += s->audio_received + s->far_before;
	return sent > lost ? sent - lost : 0;
}

static void session_report_gap(struct media_session *s, struct media_inbound *in,
			       int64_t now_ns)
{
	int64_t since_ns = s->stats.received ? s->stats.last_ns : s->report.started_ns;
	int64_t last_ns = now_ns - since_ns;

	in->longest_gap_ns = s->stats.gap_ns > last_ns ? s->stats.gap_ns : last_ns;
	if (!s->stats.received)
		return;
	/* What came before the answer did waited for it. */
	in->first_packet_ns = s->stats.first_ns - s->report.started_ns;
	if (in->first_packet_ns < 0)
		in->first_packet_ns = 0;
}

static enum media_heard session_heard(const struct media_inbound *in)
{
	if (in->nonce_inband || in->nonce_events)
		return MEDIA_HEARD_NONCE;
	if (in->first_sound_ns >= 0)
		return MEDIA_HEARD_SOUND;
	return in->received ? MEDIA_HEARD_SILENCE : MEDIA_HEARD_NOTHING;
}

static void session_report_stream(struct media_session *s, struct media_inbound *in,
				  int64_t now_ns)
{
	const struct rtp_stats *st = &s->stats;
	uint64_t due = rtp_stats_due(st);
	uint32_t lost = (uint32_t)rtp_stats_lost(st);
	uint32_t at_ends = session_lost_at_ends(s, now_ns, lost);

	in->received = st->received;
	in->duplicate = st->duplicate;
	in->reordered = st->reordered;
	in->discarded = st->discarded;
	in->discontinuities = st->discontinuities;
	in->event_packets = st->events;
	in->lost = lost + at_ends;
	due += at_ends;
	if (due)
		in->loss_ratio = (double)in->lost / (double)due;
	if (st->received)
		in->burst_ratio = rtp_stats_burst_ratio(st);
	in->jitter_ns = rtp_stats_jitter_ns(st);
	in->jitter_max_ns = st->jitter_count ? (int64_t)st->jitter_max_ns : -1;
}

static enum media_unscored session_unscored(const struct media_report *r)
{
	if (r->in.heard == MEDIA_HEARD_NOTHING)
		return MEDIA_UNSCORED_NOTHING;
	if (r->in.heard == MEDIA_HEARD_SILENCE)
		return MEDIA_UNSCORED_SILENCE;
	if (r->in.received + r->in.lost < MEDIA_SCORE_PACKETS)
		return MEDIA_UNSCORED_SHORT;
	return r->late_p99_us > MEDIA_LATE_US ? MEDIA_UNSCORED_LATE : MEDIA_SCORED;
}

/*
 * G.107 with its defaults. What is lost is what never came and what a jitter buffer would
 * have thrown away; the delay is the path's, the buffer's and a packet's.
 */
static void session_report_score(const struct media_session *s, struct media_inbound *in)
{
	struct emodel e = emodel_default;
	double due = (double)in->received + in->lost;
	double path_ms = (double)in->delay_ns / CLOCK_NS_PER_MS;

	/* An echo's is there and back. */
	if (!s->far)
		path_ms /= 2;
	in->delay_assumed = in->delay_ns < 0;
	e.ta_ms = (in->delay_assumed ? 0 : path_ms) + s->conf.jitter_buffer_ms +
		  (double)MEDIA_PACKET_NS / CLOCK_NS_PER_MS;
	e.ppl = 100.0 * ((double)in->lost + in->discarded) / due;
	e.burst_r = in->burst_ratio;
	e.bpl = s->conf.concealed ? EMODEL_BPL_CONCEALED : EMODEL_BPL_PLAIN;
	in->r_factor = emodel_r(&e);
	in->mos = emodel_mos(in->r_factor);
}

void session_report(struct media_session *s, int64_t now_ns)
{
	struct media_report *r = &s->report;

	if (!r->started_ns)
		return;
	rtp_stats_end(&s->stats);
	r->length_ns = now_ns - r->started_ns;
	r->late_p99_us = media_lateness_percentile_us(&s->lateness, 99);
	r->late_max_us = s->lateness.max_us;
	session_report_delay(s, &r->in);
	session_report_stream(s, &r->in, now_ns);
	session_report_gap(s, &r->in, now_ns);
	r->in.heard = session_heard(&r->in);
	r->in.unscored = session_unscored(r);
	if (r->in.unscored == MEDIA_SCORED)
		session_report_score(s, &r->in);
	if (r->late_p99_us > MEDIA_LATE_US)
		r->in.jitter_ns = r->in.jitter_max_ns = -1;
}
