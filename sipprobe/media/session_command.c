#include <string.h>
#include <sys/epoll.h>

#include "sipprobe/media/media_private.h"

static bool session_is_key(const struct sdp_crypto *a, const struct sdp_crypto *b)
{
	return a->suite == b->suite &&
	       !memcmp(a->key, b->key, sdp_suite_key_bytes(a->suite));
}

/*
 * The same key goes on, each way for itself: its counters must not begin anew. Without
 * memory for another nothing is sent, or nothing that comes can be opened.
 */
static void session_take_keys(struct media_session *s, const struct media_start *c)
{
	const struct media_start *a = &s->agreed;
	bool ours = !session_is_key(&a->key, &c->key);
	bool theirs = !session_is_key(&a->theirs.crypto, &c->theirs.crypto);

	if (!c->theirs.secure)
		s->srtp = mem_deref(s->srtp);
	else if (!s->srtp)
		(void)srtp_pair_alloc(&s->srtp, &c->key, &c->theirs.crypto);
	else
		(void)srtp_pair_rekey(s->srtp, ours ? &c->key : NULL,
				      theirs ? &c->theirs.crypto : NULL);
}

static void session_watch(struct media *m, struct media_session *s, struct wire *w,
			  uintptr_t which)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uintptr_t)s | which};

	(void)epoll_ctl(m->sockets_fd, EPOLL_CTL_ADD, w->fd, &e);
}

static void session_begin(struct media *m, struct media_session *s,
			  const struct media_start *c)
{
	s->report.started_ns = c->at_ns;
	rtp_stats_begin(&s->stats, s->conf.jitter_buffer_ms * CLOCK_NS_PER_MS);
	ear_begin(&s->ear, s->conf.expect);
	talker_begin(&s->talker, s->conf.nonce, s->conf.inband, s->conf.events,
		     c->theirs.codec);
	session_rtcp_begin(s, c->at_ns);
	session_watch(m, s, &s->wires.rtp, 0);
	session_watch(m, s, &s->wires.rtcp, MEDIA_TAG_RTCP);
	media_wheel_join(m, s);
	if (session_read_first(m, s) && s->far)
		s->far_before = send_log_audio_until(s->far, c->at_ns);
}

void session_allow(struct media *m, struct media_session *s)
{
	const struct sa *rtp = source_peer(&s->source);
	const struct sa *rtcp = s->agreed.theirs.rtcp_mux ? rtp : &s->agreed.theirs.rtcp;

	s->may_rtp = media_is_allowed(m->networks, m->network_count, rtp);
	s->may_rtcp = sa_isset(rtcp, SA_ADDR) &&
		      media_is_allowed(m->networks, m->network_count, rtcp);
}

void session_start(struct media *m, struct media_session *s, const struct media_start *c)
{
	session_take_keys(s, c);
	s->agreed = *c;
	s->talker.codec = c->theirs.codec;
	s->report.codec = c->theirs.codec;
	s->report.secure = c->theirs.secure;
	source_agree(&s->source, &c->theirs.rtp, c->at_ns);
	session_allow(m, s);
	if (s->slot < 0)
		session_begin(m, s, c);
}

static void session_hear_of(struct media_session *s, struct media_session *other)
{
	if (!s->far)
		s->far = mem_ref(other->log);
}

void session_pair(struct media_session *a, struct media_session *b)
{
	session_hear_of(a, b);
	session_hear_of(b, a);
}

void session_stop(struct media *m, struct media_session *s)
{
	if (s->slot >= 0) {
		/* What came while we were busy is no loss. */
		session_read(m, s, false);
		session_read(m, s, true);
		session_rtcp_send(m, s, wire_now_ns(), true);
	}
	session_report(s, wire_now_ns());
	media_wheel_leave(m, s);
	/* Closed, they are watched no more, and their ports are free. */
	wire_pair_close(&s->wires);
	s->srtp = mem_deref(s->srtp);
	s->log = mem_deref(s->log);
	s->far = mem_deref(s->far);
	explicit_bzero(&s->agreed, sizeof(s->agreed));
	s->gone.session = s;
	s->gone.gone = true;
	media_message_push(m, &s->gone);
}
