/* WebSocket between a stream's bytes and its messages (RFC 7118). */
#include <errno.h>
#include <string.h>

#include "sipprobe/transport/stream_private.h"
#include "sipprobe/websocket/websocket.h"

/*
 * Between two pings of ours. Proxies of HTTP close what was quiet for a minute, unless
 * they are told otherwise.
 */
#define PING_NS (25 * CLOCK_NS_PER_S)

struct stream_websocket {
	struct websocket *session;
	struct ticker *ticker;
	struct wheel_timer timer;
	struct stream *stream;
	bool pinged; /* a ping of ours waits for its pong */
};

static void stream_websocket_destructor(void *arg)
{
	struct stream_websocket *w = arg;

	ticker_cancel(w->ticker, &w->timer);
	mem_deref(w->session);
	mem_deref(w->ticker);
}

/* Of a stream that has one. */
static struct stream_websocket *websocket_of(const struct stream *s)
{
	return s->layer_data;
}

static void websocket_begin_h(struct stream *s)
{
	struct pl request = websocket_request(websocket_of(s)->session);
	int err = stream_put_plain(s, request.p, request.l, NULL);

	if (err)
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
}

static void websocket_ping_h(struct wheel_timer *timer, int64_t now_ns);

static void websocket_ping_later(struct stream_websocket *w)
{
	ticker_start(w->ticker, &w->timer, clock_monotonic_ns() + PING_NS,
		     websocket_ping_h);
}

static int websocket_put(struct stream *s, enum frame_opcode opcode, const char *buf,
			 size_t len, int64_t *sent_ns)
{
	struct mbuf *mb = mbuf_alloc(len + FRAME_HEAD_MAX);
	int err = mb ? websocket_frame(mb, opcode, buf, len) : ENOMEM;

	if (!err)
		err = stream_put_plain(s, (const char *)mb->buf, mb->end, sent_ns);
	mem_deref(mb);
	return err;
}

/* What the peer has said meanwhile is read first: we may have stood still. */
static void websocket_ping(struct stream *s)
{
	struct stream_websocket *w = websocket_of(s);

	if (w->pinged)
		stream_catch_up(s);
	if (!stream_live(s))
		return;
	if (w->pinged) {
		stream_end(s, PROBE_CONNECT, ETIMEDOUT, "no answer to a WebSocket ping");
		return;
	}
	w->pinged = !websocket_put(s, FRAME_PING, NULL, 0, NULL);
	websocket_ping_later(w);
}

static void websocket_ping_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct stream_websocket *w = wheel_owner(timer, struct stream_websocket, timer);
	struct stream *s = mem_ref(w->stream);

	(void)now_ns;
	websocket_ping(s);
	mem_deref(s);
}

static void websocket_is_open(struct stream *s)
{
	s->report.websocket_ns = clock_monotonic_ns() - s->begun_ns;
	websocket_ping_later(websocket_of(s));
	stream_is_up(s);
}

/* What the peer sends in one message is one SIP message; or a ping of RFC 5626 4.4.1. */
static void websocket_message(struct stream *s, const struct pl *bytes, int64_t rx_ns)
{
	size_t idle = guard_idle_bytes(bytes->p, bytes->l, NULL);
	const char *p = bytes->p + idle, *why = NULL;
	struct guard_message m;
	int err;

	if (idle == bytes->l) {
		if (bytes->l == 4 && !memcmp(bytes->p, "\r\n\r\n", 4))
			(void)stream_send(s, "\r\n", 2, NULL);
		return;
	}
	err = guard_datagram(&m, p, bytes->l - idle, &why);
	if (!err) {
		stream_tell(s, &m, rx_ns);
		return;
	}
	err = guard_is_response(p, bytes->l - idle) ? EBADMSG : EPROTO;
	stream_end(s, PROBE_PROTOCOL, err, why);
}

/* Sends what is owed: a pong, or a close. */
static void websocket_answer(struct stream *s)
{
	uint8_t reply[WEBSOCKET_REPLY_MAX];
	size_t len = websocket_reply(websocket_of(s)->session, reply);

	if (len)
		(void)stream_put_plain(s, (const char *)reply, len, NULL);
}

/* Tells what came, one after another. Returns whether there may be more. */
static bool websocket_tell(struct stream *s, int64_t rx_ns)
{
	char why[WEBSOCKET_WHY];
	struct pl message;
	enum websocket_news news =
		websocket_next(websocket_of(s)->session, &message, why);

	switch (news) {
	case WEBSOCKET_OPEN:
		websocket_is_open(s);
		break;
	case WEBSOCKET_MESSAGE:
		/* With this message the connection may have served its turn. */
		websocket_answer(s);
		websocket_message(s, &message, rx_ns);
		break;
	case WEBSOCKET_CLOSED:
	case WEBSOCKET_FAULT:
		websocket_answer(s);
		stream_end(s, PROBE_WEBSOCKET, EPROTO, why);
		break;
	case WEBSOCKET_MORE:
		return false;
	}
	return stream_live(s);
}

static void websocket_input_h(struct stream *s, const char *buf, size_t len,
			      int64_t rx_ns)
{
	struct stream_websocket *w = websocket_of(s);
	int err = websocket_input(w->session, buf, len);

	if (err) {
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
		return;
	}
	while (websocket_tell(s, rx_ns))
		;
	if (websocket_heard_pong(w->session))
		w->pinged = false;
	if (stream_live(s))
		websocket_answer(s);
}

static int websocket_send_h(struct stream *s, const char *buf, size_t len,
			    int64_t *sent_ns)
{
	return websocket_put(s, FRAME_TEXT, buf, len, sent_ns);
}

/* A polite end; nobody waits whether it arrives. */
static void websocket_bye_h(struct stream *s)
{
	if (s->state != STREAM_UP)
		return;
	websocket_leave(websocket_of(s)->session);
	websocket_answer(s);
}

static const struct stream_layer websocket_layer = {websocket_begin_h, websocket_input_h,
						    websocket_send_h, websocket_bye_h};

int stream_use_websocket(struct stream *s, const struct handshake_request *rq,
			 struct ticker *ticker)
{
	struct stream_websocket *w = mem_zalloc(sizeof(*w), stream_websocket_destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->ticker = mem_ref(ticker);
	w->stream = s;
	err = websocket_alloc(&w->session, rq);
	if (err) {
		mem_deref(w);
		return err;
	}
	s->layer = &websocket_layer;
	s->layer_data = w;
	return 0;
}
