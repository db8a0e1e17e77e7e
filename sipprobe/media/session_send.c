#include <string.h>

#include "sipprobe/media/media_private.h"

/* No packet for so long is silence. */
#define SILENCE_NS CLOCK_NS_PER_S

static bool session_can_events(const struct media_session *s)
{
	return s->agreed.theirs.event_type >= 0;
}

static bool session_talks(const struct media_session *s)
{
	return s->agreed.sends && !s->quiet && (!session_is_secure(s) || s->srtp);
}

/* The packet in m->packet before SRTP. Returns its bytes. */
static size_t session_write(struct media *m, struct media_session *s,
			    const struct talk *talk)
{
	const struct sdp_remote *to = &s->agreed.theirs;
	struct rtp_packet p = {
		.type = talk->event ? (uint8_t)to->event_type : to->codec_type,
		.marker = talk->marker || !s->begun,
		.sequence = s->sequence,
		.timestamp = s->timestamp,
		.ssrc = s->log->ssrc,
	};
	uint8_t *end;

	/* RFC 4733 2.2.1: all packets of an event have the time of its begin. */
	if (talk->event && talk->event_age == 0)
		s->event_timestamp = s->timestamp;
	if (talk->event)
		p.timestamp = s->event_timestamp;
	end = rtp_packet_write(m->packet, &p);
	memcpy(end, talk->payload, talk->bytes);
	return RTP_HEADER_BYTES + talk->bytes;
}

static void session_sent(struct media *m, struct media_session *s,
			 const struct talk *talk, int64_t now_ns, int64_t due_ns)
{
	s->report.out.sent++;
	s->octets += (uint32_t)talk->bytes;
	s->begun = true;
	send_log_add(s->log, s->sequence, now_ns, !talk->event);
	if (talk->onset)
		send_log_onset(s->log, now_ns);
	media_lateness_add(&s->lateness, now_ns - due_ns);
	media_lateness_count(m, now_ns - due_ns);
}

static void session_send(struct media *m, struct media_session *s,
			 const struct talk *talk, int64_t due_ns)
{
	size_t bytes = session_write(m, s, talk);
	int64_t now_ns = wire_now_ns();
	int err = 0;

	if (s->srtp)
		err = srtp_pair_protect(s->srtp, false, m->packet, &bytes);
	if (!err)
		session_keep_packet(s,
				    &(struct media_packet){.at_ns = now_ns,
							   .data = m->packet,
							   .size = (uint16_t)bytes},
				    source_peer(&s->source), false);
	if (!err)
		err = wire_send(&s->wires.rtp, source_peer(&s->source), m->packet, bytes);
	if (err)
		s->report.out.unsent++;
	else
		session_sent(m, s, talk, now_ns, due_ns);
	/* Spent even if it did not leave: no key is ever used twice on one number. */
	s->sequence++;
}

static void session_watch_silence(struct media *m, struct media_session *s,
				  int64_t now_ns)
{
	if (s->silent || !s->stats.received || now_ns - s->stats.last_ns < SILENCE_NS)
		return;
	s->silent = true;
	session_tell(m, s, MEDIA_EVENT_SILENCE, now_ns, NULL);
}

void session_send_due(struct media *m, struct media_session *s, int64_t due_ns)
{
	struct talk talk;

	if (session_talks(s)) {
		talker_next(&talk, &s->talker, session_can_events(s));
		if (s->may_rtp) {
			session_send(m, s, &talk, due_ns);
		} else {
			s->report.out.withheld++;
			session_tell(m, s, MEDIA_EVENT_WITHHELD, due_ns,
				     source_peer(&s->source));
		}
	}
	s->timestamp += G711_SAMPLES;
	session_watch_silence(m, s, due_ns);
	if (due_ns >= s->rtcp_due_ns)
		session_rtcp_send(m, s, due_ns, false);
}

void session_skip_due(struct media_session *s)
{
	if (session_talks(s)) {
		talker_skip(&s->talker, session_can_events(s));
		s->report.out.skipped++;
	}
	s->timestamp += G711_SAMPLES;
}
