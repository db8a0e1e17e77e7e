/* A stream that speaks WebSocket, against a socket of the test's own; time is virtual. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/transport/stream.h"
#include "sipprobe/websocket/websocket.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

#define MESSAGE                                                                          \
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nFrom: "          \
	"<sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>;tag=2\r\nCall-ID: 1\r\n"       \
	"CSeq: 1 OPTIONS\r\n\r\n"

static struct config *conf;

struct side {
	struct stream *s;
	int listening, peer; /* the test's sockets */
	unsigned ups, messages, closes;
	enum probe_outcome why;
	int err;
	char detail[128];
	char got[4096]; /* what the peer received */
	size_t len;
	size_t size; /* of the last message */
	int64_t took_ns;
	bool leave_at_message;
};

static void up_h(struct stream *s, void *arg)
{
	struct side *w = arg;

	w->took_ns = stream_report(s)->websocket_ns;
	w->ups++;
}

static void message_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
		      void *arg)
{
	struct side *w = arg;

	(void)s, (void)rx_ns;
	w->messages += m->code == 200;
	w->size = m->size;
	if (w->leave_at_message)
		w->s = mem_deref(w->s);
}

static void closed_h(struct stream *s, enum probe_outcome why, int err,
		     const char *detail, void *arg)
{
	struct side *w = arg;

	(void)s;
	w->closes++;
	w->why = why;
	w->err = err;
	snprintf(w->detail, sizeof(w->detail), "%s", detail);
}

static const struct stream_events events = {up_h, message_h, closed_h};

/* Takes what has come; whether that is anything. */
static bool has_come(void *arg)
{
	struct side *w = arg;
	ssize_t n = recv(w->peer, w->got + w->len, sizeof(w->got) - w->len, MSG_DONTWAIT);

	w->len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool is_up(void *arg)
{
	const struct side *w = arg;

	return w->ups || w->closes;
}

static bool is_closed(void *arg)
{
	const struct side *w = arg;

	return w->closes;
}

static bool is_told(void *arg)
{
	const struct side *w = arg;

	return w->messages || w->closes;
}

static void connect_side(struct side *w)
{
	const struct handshake_request rq = {.trunk = &conf->trunks[0], .agent = "us"};
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	struct sa sa;

	*w = (struct side){.listening = socket(AF_INET, SOCK_STREAM, 0)};
	ok(!bind(w->listening, (struct sockaddr *)&in, len) && !listen(w->listening, 1) &&
		   !getsockname(w->listening, (struct sockaddr *)&in, &len),
	   "the peer listens");
	sa_set_in(&sa, INADDR_LOOPBACK, ntohs(in.sin_port));
	is_int(stream_connect(&w->s, &sa, NULL, NULL, "", &events, w), 0, "connects");
	is_int(stream_use_websocket(w->s, &rq, virtual_ticker), 0, "by WebSocket");
	w->peer = accept(w->listening, NULL, NULL);
}

static void close_side(struct side *w)
{
	mem_deref(w->s);
	close(w->peer);
	close(w->listening);
}

static void put(struct side *w, const char *p, size_t len)
{
	ok(send(w->peer, p, len, 0) == (ssize_t)len, "the peer sends");
}

/* Answers the handshake, with something behind it. */
static void shake(struct side *w, const char *behind, size_t len)
{
	char key[HANDSHAKE_KEY_SIZE], accept_key[HANDSHAKE_ACCEPT_SIZE], text[1024];
	struct pl found;
	int n;

	ok(w->len || loop_until(has_come, w), "the request has come");
	ok(!re_regex(w->got, w->len, "Sec-WebSocket-Key: [^\r]+", &found), "with a key");
	(void)pl_strcpy(&found, key, sizeof(key));
	handshake_accept(accept_key, key);
	n = snprintf(text, sizeof(text),
		     "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		     "Sec-WebSocket-Accept: %s\r\n\r\n",
		     accept_key);
	memcpy(text + n, behind, len);
	put(w, text, (size_t)n + len);
	w->len = 0;
}

static void check_message(void)
{
	char frame[512];
	struct side w;

	connect_side(&w);
	is_int(stream_send(w.s, "x", 1, NULL), ENOTCONN, "nothing is sent before");
	memcpy(frame, "\x81\x7e\0", 3);
	frame[3] = (char)(sizeof(MESSAGE) - 1);
	memcpy(frame + 4, MESSAGE, sizeof(MESSAGE) - 1);
	ok(loop_until(has_come, &w), "the request has come");
	pass_ms(70);
	shake(&w, frame, 4 + sizeof(MESSAGE) - 1);
	ok(loop_until(is_up, &w) && w.took_ns == 70 * CLOCK_NS_PER_MS,
	   "how long its handshake took");
	ok(loop_until(is_told, &w) && w.ups == 1 && w.messages == 1 && !w.closes,
	   "a message right behind the handshake, without Content-Length");
	is_int(stream_send(w.s, "hello", 5, NULL), 0, "and back");
	ok(loop_until(has_come, &w) && w.len == 11 && !memcmp(w.got, "\x81\x85", 2),
	   "goes a masked text frame");
	w.len = 0;
	w.s = mem_deref(w.s);
	ok(loop_until(has_come, &w) && w.len >= 8 && !memcmp(w.got, "\x88\x82", 2),
	   "who lets go of it closes politely");
	close_side(&w);
}

/* What stands before a start line is no part of the message. */
static void check_line_end_before(void)
{
	static const char text[] = "\r\n\r\n" MESSAGE;
	char frame[512];
	struct side w;

	connect_side(&w);
	memcpy(frame, "\x81\x7e\0", 3);
	frame[3] = (char)(sizeof(text) - 1);
	memcpy(frame + 4, text, sizeof(text) - 1);
	shake(&w, frame, 4 + sizeof(text) - 1);
	ok(loop_until(is_told, &w) && w.messages == 1, "a message behind line ends");
	is_int((long long)w.size, sizeof(MESSAGE) - 1, "is as long as it is");
	close_side(&w);
}

static void check_line_ends(void)
{
	struct side w;

	connect_side(&w);
	shake(&w, "\x81\x04\r\n\r\n", 6);
	ok(loop_until(is_up, &w), "up");
	ok(loop_until(has_come, &w) && w.len == 8 && !memcmp(w.got, "\x81\x82", 2),
	   "a ping of RFC 5626 is answered with a line end");
	w.len = 0;
	/* The one of WebSocket behind them is answered alone. */
	put(&w, "\x81\x04 \t\r\n\x81\x08\r\n\r\n\r\n\r\n\x89\x02hi", 20);
	ok(loop_until(has_come, &w) && w.len == 8 && !memcmp(w.got, "\x8a\x82", 2),
	   "other line ends are not, a ping is");
	close_side(&w);
}

/* What was asked before the message that ends it is answered all the same. */
static void check_pong_before_end(void)
{
	char frame[512];
	struct side w;

	connect_side(&w);
	w.leave_at_message = true;
	memcpy(frame, "\x89\x00\x81\x7e\0", 5);
	frame[5] = (char)(sizeof(MESSAGE) - 1);
	memcpy(frame + 6, MESSAGE, sizeof(MESSAGE) - 1);
	shake(&w, frame, 6 + sizeof(MESSAGE) - 1);
	ok(loop_until(is_told, &w) && !w.s, "let go of in the handler");
	ok(loop_until(has_come, &w) && !memcmp(w.got, "\x8a\x80", 2), "after a pong");
	close_side(&w);
}

/* Kept alive by pings, for as long as they are answered. */
static void check_pings(void)
{
	struct side w;

	connect_side(&w);
	shake(&w, "", 0);
	ok(loop_until(is_up, &w), "up");
	pass_ms(24000);
	ok(!has_come(&w), "for 24 s nothing is said");
	for (int i = 0; i < 3; i++) {
		pass_ms(i ? 25000 : 2000);
		ok(has_come(&w) && w.len == 6 && !memcmp(w.got, "\x89\x80", 2),
		   "then a ping");
		w.len = 0;
		put(&w, "\x8a\x00", 2);
	}
	/* Not read before the next ping is due: what came by then counts all the same. */
	pass_ms(25000);
	ok(!w.closes && has_come(&w), "a pong that waits to be read is one");
	pass_ms(26000);
	is_int(w.closes, 1, "a ping without a pong is the end");
	is_int(w.why, PROBE_CONNECT, "of the connection");
	is_str(w.detail, "no answer to a WebSocket ping", "which is said");
	close_side(&w);
}

/* How it ends, by what the peer does: before the handshake is done, and behind it. */
static const struct {
	const char *name;
	const char *head; /* in place of a 101; NULL: a 101 */
	const char *bytes;
	size_t len;
	enum probe_outcome why;
	int err;
	const char *detail;
	const char *answer; /* masked, as a client's */
} ends[] = {
	{"refused", "HTTP/1.1 403 Forbidden\r\n\r\n", "", 0, PROBE_WEBSOCKET, EPROTO,
	 "HTTP 403", ""},
	{"left", "", "", 0, PROBE_WEBSOCKET, 0, "connection closed by the peer", ""},
	{"closed", NULL, "\x88\x02\x03\xe9", 4, PROBE_WEBSOCKET, EPROTO,
	 "closed by the peer: 1001", "\x88\x82"},
	{"masked", NULL, "\x81\x80\0\0\0\0", 6, PROBE_WEBSOCKET, EPROTO,
	 "a server's frame is masked", "\x88\x82"},
	{"no SIP", NULL, "\x81\x02hi", 4, PROBE_PROTOCOL, EPROTO, NULL, ""},
	{"a bad response", NULL, "\x81\x17SIP/2.0 200 OK\r\nX\r\n\r\n\r\n", 25,
	 PROBE_PROTOCOL, EBADMSG, NULL, ""},
};

static void check_ends(void)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct side w;

		connect_side(&w);
		if (!ends[i].head) {
			shake(&w, ends[i].bytes, ends[i].len);
		} else {
			ok(loop_until(has_come, &w), "the request has come");
			put(&w, ends[i].head, strlen(ends[i].head));
			if (!*ends[i].head)
				shutdown(w.peer, SHUT_WR);
		}
		ok(loop_until(is_closed, &w), "%s: ends", ends[i].name);
		is_int(w.why, ends[i].why, ends[i].name);
		is_int(w.err, ends[i].err, ends[i].name);
		w.len = 0;
		ok(!*ends[i].answer || (loop_until(has_come, &w) &&
					!memcmp(w.got, ends[i].answer, 2)),
		   "%s: answered", ends[i].name);
		if (ends[i].detail)
			is_str(w.detail, ends[i].detail, ends[i].name);
		is_int(stream_send(w.s, "x", 1, NULL), ENOTCONN, "nothing follows");
		pass_ms(60000);
		is_int(w.closes, 1, "and no ping");
		close_side(&w);
	}
}

int main(void)
{
	static const char text[] =
		"{\"trunks\": [{\"name\": \"a\", \"uri\": \"ws://a.example/\"}]}";
	struct config_errors errs = {0};
	struct ticker *tk;

	if (libre_init() || ticker_alloc(&tk) ||
	    config_parse(&conf, text, sizeof(text) - 1, "x", &errs))
		return 1;
	check_message();
	check_line_end_before();
	check_line_ends();
	check_pong_before_end();
	check_pings();
	check_ends();
	mem_deref(tk);
	config_free(conf);
	libre_close();
	return tap_done();
}
