/* What a session's figures come to at its end, in sessions that are made up. */
#include <math.h>

#include "sipprobe/media/media_private.h"
#include "tests/unit/tap.h"

#define MS  CLOCK_NS_PER_MS
#define END (100000 * MS)

/* A call of @packets, each tenth of them lost if so; the last of them 1 s before its end.
 */
static void fill(struct media_session *s, struct send_log *log, unsigned packets,
		 bool loss)
{
	*s = (struct media_session){.log = log};
	*log = (struct send_log){.ssrc = 5};
	s->report.started_ns = END - 1000 * MS - packets * 20 * MS;
	s->report.in.first_sound_ns = 40 * MS;
	s->report.in.delay_ns = -1;
	s->report.in.first_packet_ns = s->report.in.longest_gap_ns = -1;
	s->conf.jitter_buffer_ms = 40;
	s->conf.concealed = true;
	rtp_stats_begin(&s->stats, 40 * MS);
	for (unsigned n = 0; n < packets; n++) {
		int64_t at_ns = s->report.started_ns + n * 20 * MS;
		struct rtp_packet p = {
			.sequence = (uint16_t)n, .timestamp = 160 * n, .ssrc = 5};

		send_log_add(log, (uint16_t)n, at_ns, true);
		media_lateness_add(&s->lateness, 60 * CLOCK_NS_PER_US);
		if (loss && n % 10 == 5)
			continue;
		s->audio_received++;
		rtp_stats_packet(&s->stats, &p, at_ns, false, NULL);
	}
}

static void test_unscored(void)
{
	struct media_session s;
	struct media_inbound *in = &s.report.in;
	struct send_log log;

	fill(&s, &log, 200, false);
	session_report(&s, END);
	ok(in->unscored == MEDIA_SCORED && fabs(in->mos - 4.409) < 0.001 &&
		   in->jitter_ns == 0 && in->delay_assumed,
	   "a clean one: MOS %.3f", in->mos);
	fill(&s, &log, 200, false);
	for (int i = 0; i < 3; i++)
		media_lateness_add(&s.lateness, 8 * MS);
	session_report(&s, END);
	ok(in->unscored == MEDIA_UNSCORED_LATE && in->mos == 0 && in->jitter_ns == -1 &&
		   in->jitter_max_ns == -1 && in->loss_ratio == 0,
	   "the same, but we were late: no jitter, no score, but loss");
	fill(&s, &log, 200, false);
	s.report.in.first_sound_ns = -1;
	session_report(&s, END);
	ok(in->unscored == MEDIA_UNSCORED_SILENCE && in->heard == MEDIA_HEARD_SILENCE &&
		   in->mos == 0,
	   "silence has none");
	s.report.in.nonce_events = true;
	session_report(&s, END);
	is_int(in->heard, MEDIA_HEARD_NONCE, "… but the nonce as events is one");
	fill(&s, &log, 49, false);
	session_report(&s, END);
	is_int(in->unscored, MEDIA_UNSCORED_SHORT, "49 packets are too few");
	fill(&s, &log, 0, false);
	s.report.in.first_sound_ns = -1;
	session_report(&s, END);
	ok(in->unscored == MEDIA_UNSCORED_NOTHING && in->longest_gap_ns == 1000 * MS &&
		   in->first_packet_ns == -1,
	   "no packet, no figure");
}

static void test_score(void)
{
	struct media_session s;
	struct media_inbound *in = &s.report.in;
	struct send_log log;

	fill(&s, &log, 200, true);
	session_report(&s, END);
	/* A table's figure for 10 % with concealment, ta under 100 ms. */
	ok(in->lost == 20 && fabs(in->mos - 3.411) < 0.05, "10 %% lost: MOS %.3f",
	   in->mos);
	fill(&s, &log, 200, true);
	s.conf.concealed = false;
	session_report(&s, END);
	ok(fabs(in->mos - 1.481) < 0.05, "… without concealment %.3f", in->mos);
	fill(&s, &log, 200, false);
	s.tone_delay_ns = 480 * MS;
	session_report(&s, END);
	/* 240 ms there, 40 of buffer, 20 of packet: 300. */
	ok(in->delay_ns == 480 * MS && !in->delay_assumed &&
		   fabs(in->mos - 3.964) < 0.002,
	   "an echo after 480 ms counts half: MOS %.3f", in->mos);
	fill(&s, &log, 200, false);
	s.far = &log;
	s.delay_sum_ns = 200.0 * 240 * MS;
	s.delay_count = 200;
	s.tone_delay_ns = 300 * MS;
	session_report(&s, END);
	ok(in->delay_by == MEDIA_DELAY_SEQUENCE && fabs(in->mos - 3.964) < 0.002,
	   "240 ms one way, by number before tone: MOS %.3f", in->mos);
	fill(&s, &log, 200, false);
	s.doubtful_delay_ns = 90 * MS;
	session_report(&s, END);
	is_int(in->delay_ns / MS, 90, "a doubtful onset before none");
}

/* What is lost before the first and after the last that came. */
static void test_ends(void)
{
	struct media_session s;
	struct media_inbound *in = &s.report.in;
	struct send_log log;

	fill(&s, &log, 200, true);
	s.far = &log;
	log.audio += 30;
	session_report(&s, END);
	ok(in->lost == 50 && fabs(in->loss_ratio - 50.0 / 230) < 0.02,
	   "30 at the ends: %.3f", in->loss_ratio);
	fill(&s, &log, 200, false);
	s.far = &log;
	log.audio += 30;
	s.odd_length = 1;
	session_report(&s, END);
	is_int(in->lost, 0, "packets of another length cannot be compared");
	fill(&s, &log, 200, false);
	s.far = &log;
	for (uint16_t n = 200; n < 210; n++)
		send_log_add(&log, n, END - (210 - n) * 20 * MS, true);
	session_report(&s, END);
	is_int(in->lost, 0, "what has just left is under way");
}

/* Figures that are told as they were counted. */
static void test_counts(void)
{
	struct media_session s;
	const struct media_inbound *in = &s.report.in;
	struct send_log log;

	fill(&s, &log, 50, false);
	s.stats.duplicate = 3;
	s.stats.reordered = 4;
	s.stats.discarded = 5;
	s.stats.discontinuities = 6;
	s.report.in.first_sound_ns = 0;
	session_report(&s, END);
	ok(in->duplicate == 3 && in->reordered == 4 && in->discarded >= 5 &&
		   in->discontinuities == 6 && in->received == 50,
	   "what came, and how");
	ok(in->unscored == MEDIA_SCORED && in->heard == MEDIA_HEARD_SOUND,
	   "50 are enough, and sound may be there from the begin");
	ok(s.report.late_max_us == 60 && s.report.length_ns == 2000 * MS,
	   "how late we were, and how long");
	fill(&s, &log, 50, true);
	session_report(&s, END);
	ok(in->received == 45 && in->lost == 5 && in->unscored == MEDIA_SCORED,
	   "those that are lost were due, too");
	fill(&s, &log, 60, false);
	s.report.started_ns += 50 * MS;
	session_report(&s, END);
	is_int(in->first_packet_ns, 0, "what came before the answer waited for it");
	fill(&s, &log, 60, false);
	s.tone_delay_ns = 1;
	session_report(&s, END);
	ok(!in->delay_assumed && in->delay_ns == 1, "a delay, however short");
	fill(&s, &log, 60, false);
	s.stats.discarded = 6;
	session_report(&s, END);
	ok(in->mos < 4.2, "what came too late counts as lost: MOS %.3f", in->mos);
}

/* We are late from 5 ms on, for one in a hundred. */
static void test_late(void)
{
	struct media_session s;
	struct send_log log;

	fill(&s, &log, 0, false);
	s.report.in.first_sound_ns = 1;
	s.stats.received = 100;
	for (int i = 0; i < 100; i++)
		media_lateness_add(&s.lateness, MEDIA_LATE_US * CLOCK_NS_PER_US);
	session_report(&s, END);
	ok(s.report.in.unscored == MEDIA_SCORED, "%u us are not too late",
	   s.report.late_p99_us);
}

/* What left less than its delay, and 100 ms, before the end is under way. */
static void test_flight(void)
{
	static const struct {
		int delay_ms, lost;
	} rows[] = {{0, 26}, {300, 11}, {480, 2}, {500, 1}, {520, 0}, {-1, 6}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct media_session s;
		struct send_log log;

		fill(&s, &log, 100, false);
		s.far = &log;
		for (uint16_t n = 0; n < 30; n++)
			send_log_add(&log, (uint16_t)(100 + n), END - (30 - n) * 20 * MS,
				     true);
		if (rows[i].delay_ms >= 0) {
			s.delay_count = 1;
			s.delay_sum_ns = (double)rows[i].delay_ms * MS;
		}
		session_report(&s, END);
		is_int(s.report.in.lost, rows[i].lost, "lost at the end");
	}
}

int main(void)
{
	test_counts();
	test_late();
	test_flight();
	test_unscored();
	test_score();
	test_ends();
	return tap_done();
}
