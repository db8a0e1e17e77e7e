/* Messages and keep-alives out of a stream's bytes, and into them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/hep/hep_mirror.h"
#include "sipprobe/transport/stream_private.h"

static const char crlfcrlf[] = "\r\n\r\n";

/*
 * Two answers to pings of ours must not pass for one ping of the peer's, whose four bytes
 * travel together.
 */
static const int64_t blank_hold_ns = CLOCK_NS_PER_S;

/*
 * Takes off what stands before a start line and is no message (RFC 3261 7.5): keep-alives
 * of every kind. CRLFCRLF among them is a ping (RFC 5626 4.4.1); others, such as pjsip's
 * CR LF NUL, want no answer.
 */
static size_t take_blank(struct stream *s, const char *buf, size_t len)
{
	size_t n = guard_idle_bytes(buf, len, &s->zeros);

	for (size_t i = 0; i < n; i++) {
		if (buf[i] != crlfcrlf[s->blank])
			s->blank = 0;
		if (buf[i] == crlfcrlf[s->blank])
			s->blank++;
		if (s->blank < sizeof(crlfcrlf) - 1)
			continue;
		s->blank = 0;
		s->ping = true;
	}
	if (n < len)
		s->blank = s->zeros = 0;
	return n;
}

static void stream_mirror(const struct stream *s, const char *buf, size_t len,
			  bool outbound, int64_t at_ns)
{
	const struct hep_mirror_way way = {.local = &s->local,
					   .peer = &s->peer,
					   .outbound = outbound,
					   .stream = true,
					   .at_ns = at_ns};

	hep_mirror_message(&way, buf, len);
}

void stream_mirror_heard(const struct stream *s, const struct guard_message *m,
			 int64_t rx_ns)
{
	struct pl bytes = guard_bytes(m);

	if (hep_mirror_is_on())
		stream_mirror(s, bytes.p, bytes.l, false, rx_ns);
}

void stream_tell(struct stream *s, const struct guard_message *m, int64_t rx_ns)
{
	/* Who called us may be a stranger: that is for who knows to say. */
	if (!s->accepted)
		stream_mirror_heard(s, m, rx_ns);
	s->events->message_h(s, m, rx_ns, s->arg);
}

static int stream_send_plain(struct stream *s, const char *buf, size_t len,
			     int64_t *sent_ns)
{
	return s->layer ? s->layer->send_h(s, buf, len, sent_ns)
			: stream_put_plain(s, buf, len, sent_ns);
}

int stream_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns)
{
	int64_t at_ns = hep_mirror_is_on() ? clock_monotonic_ns() : 0;
	int err;

	if (s->state != STREAM_UP)
		return ENOTCONN;
	if (s->out.len + len > STREAM_QUEUE_MAX)
		return ENOBUFS;
	err = stream_send_plain(s, buf, len, sent_ns);
	/* Not what keeps the connection alive. */
	if (!err && hep_mirror_is_on() && guard_idle_bytes(buf, len, NULL) < len)
		stream_mirror(s, buf, len, true, at_ns);
	return err;
}

static int take_message(struct stream *s, struct guard_progress *g, const char *buf,
			size_t len, size_t *used, int64_t rx_ns)
{
	struct guard_message m;
	const char *why = NULL;
	int err = guard_stream_resume(&m, g, buf, len, &why);

	if (err == EAGAIN)
		return err;
	if (err) {
		/* Something else than SIP is no message, a bad one is a bad message. */
		err = guard_is_response(buf, len) ? EBADMSG : EPROTO;
		stream_end(s, PROBE_PROTOCOL, err, why);
		return err;
	}
	*used += m.size;
	stream_tell(s, &m, rx_ns);
	if (m.unframed)
		stream_end(s, PROBE_PROTOCOL, EBADMSG, m.fault);
	return 0;
}

/* Returns how many bytes are done with; @g tells how far the rest was checked. */
static size_t take_all(struct stream *s, struct guard_progress *g, const char *buf,
		       size_t len, int64_t rx_ns)
{
	size_t used = 0;

	while (stream_live(s)) {
		if (!g->base)
			used += take_blank(s, buf + used, len - used);
		if (used == len)
			break;
		if (take_message(s, g, buf + used, len - used, &used, rx_ns))
			break;
	}
	return used;
}

/* The rest waits in memory of its own, given back with its message's end. */
static int keep_rest(struct stream *s, const struct guard_progress *g, const char *buf,
		     size_t len)
{
	s->partial = mem_zalloc(sizeof(*s->partial), NULL);
	if (!s->partial)
		return ENOMEM;
	s->partial->progress = *g;
	return bytes_append(&s->partial->bytes, buf, len);
}

void stream_partial_free(struct stream *s)
{
	if (s->partial)
		bytes_clear(&s->partial->bytes);
	s->partial = mem_deref(s->partial);
}

static int feed_fresh(struct stream *s, const char *buf, size_t len, int64_t rx_ns)
{
	struct guard_progress g = {.pos = 0};
	size_t used = take_all(s, &g, buf, len, rx_ns);

	if (!stream_live(s) || used == len)
		return 0;
	return keep_rest(s, &g, buf + used, len - used);
}

static int feed_partial(struct stream *s, const char *buf, size_t len, int64_t rx_ns)
{
	struct stream_partial *part = s->partial;
	int err = bytes_append(&part->bytes, buf, len);
	size_t used;

	if (err)
		return err;
	used = take_all(s, &part->progress, part->bytes.p, part->bytes.len, rx_ns);
	if (!stream_live(s))
		return 0;
	if (used)
		bytes_drop(&part->bytes, used);
	if (!part->bytes.len)
		stream_partial_free(s);
	return 0;
}

void stream_feed(struct stream *s, const char *buf, size_t len, int64_t rx_ns)
{
	int err;

	if (s->layer) {
		s->layer->input_h(s, buf, len, rx_ns);
		return;
	}
	if (s->blank == 2 && rx_ns - s->blank_ns > blank_hold_ns)
		s->blank = 0;
	s->blank_ns = rx_ns;
	err = s->partial ? feed_partial(s, buf, len, rx_ns)
			 : feed_fresh(s, buf, len, rx_ns);
	if (!stream_live(s))
		return;
	if (err) {
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
		return;
	}
	/* One answer for all pings of one read: a peer waits for it before the next. */
	if (s->ping)
		stream_send(s, "\r\n", 2, NULL);
	s->ping = false;
}
