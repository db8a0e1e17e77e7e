/* A connection of WebSocket: what comes in, in any segments, and what is owed for it. */
#include "sipprobe/websocket/websocket.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

static struct config *conf;

/* What came of the bytes: "open", messages in quotes, the end; and what we owe. */
struct story {
	char text[4096];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void tell(struct story *s, const char *fmt,
						       ...)
{
	va_list ap;

	va_start(ap, fmt);
	s->len += (size_t)vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, ap);
	va_end(ap);
}

/* A frame of ours, its mask taken off. */
static void tell_owed(struct story *s, struct websocket *ws)
{
	uint8_t out[WEBSOCKET_REPLY_MAX];
	size_t n = websocket_reply(ws, out), head = 2 + FRAME_MASK_BYTES;

	if (!n)
		return;
	ok(out[1] & 0x80 && (out[1] & 0x7f) == n - head, "what is owed is masked");
	frame_mask(out + head, n - head, out + 2);
	tell(s, "-> %x", out[0] & 0xf);
	for (size_t i = head; i < n; i++)
		tell(s, " %02x", out[i]);
	tell(s, "\n");
}

static void tell_news(struct story *s, struct websocket *ws)
{
	enum websocket_news news = WEBSOCKET_OPEN;
	char why[WEBSOCKET_WHY];
	struct pl message;

	while (news != WEBSOCKET_MORE) {
		news = websocket_next(ws, &message, why);
		if (news == WEBSOCKET_OPEN)
			tell(s, "open\n");
		else if (news == WEBSOCKET_MESSAGE)
			tell(s, "\"%.*s\"\n", (int)message.l, message.p);
		else if (news != WEBSOCKET_MORE)
			tell(s, "%s: %s\n", news == WEBSOCKET_FAULT ? "fault" : "closed",
			     why);
	}
	if (websocket_heard_pong(ws))
		tell(s, "pong\n");
}

/* The answer that the request's key deserves. */
static size_t reply_to(char *out, size_t size, const struct websocket *ws)
{
	struct pl request = websocket_request(ws), key;
	char text[HANDSHAKE_KEY_SIZE], accept[HANDSHAKE_ACCEPT_SIZE];

	ok(!re_regex(request.p, request.l, "Sec-WebSocket-Key: [^\r]+", &key),
	   "the request has a key");
	(void)pl_strcpy(&key, text, sizeof(text));
	handshake_accept(accept, text);
	return (size_t)snprintf(
		out, size,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		accept);
}

static struct websocket *make(void)
{
	const struct handshake_request rq = {.trunk = &conf->trunks[0], .agent = "us"};
	struct websocket *ws = NULL;

	is_int(websocket_alloc(&ws, &rq), 0, "a connection is made");
	return ws;
}

/* @step: bytes at once; 0: all. What is owed is told at the end, as by who sends it then.
 */
static void run(struct story *s, const char *bytes, size_t len, size_t step)
{
	struct websocket *ws = make();
	char buf[70000];
	size_t n = reply_to(buf, sizeof(buf), ws);

	s->len = 0;
	memcpy(buf + n, bytes, len);
	n += len;
	for (size_t at = 0; at < n; at += step ? step : n) {
		size_t l = step && step < n - at ? step : n - at;

		is_int(websocket_input(ws, buf + at, l), 0, "bytes go in");
		tell_news(s, ws);
	}
	tell_owed(s, ws);
	mem_deref(ws);
}

#define FRAMES(text) text, sizeof(text) - 1

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	const char *want;
} cases[] = {
	{"nothing", FRAMES(""), "open\n"},
	{"a text", FRAMES("\x81\x05Hello"), "open\n\"Hello\"\n"},
	{"binary is the same", FRAMES("\x82\x05Hello"), "open\n\"Hello\"\n"},
	{"two", FRAMES("\x81\x02hi\x81\x03you"), "open\n\"hi\"\n\"you\"\n"},
	{"one of nothing", FRAMES("\x81\x00"), "open\n\"\"\n"},
	{"in fragments", FRAMES("\x01\x03Hel\x80\x02lo\x81\x01!"),
	 "open\n\"Hello\"\n\"!\"\n"},
	{"in three, of which one is empty", FRAMES("\x02\x01H\x00\x00\x80\x01i"),
	 "open\n\"Hi\"\n"},
	{"a ping is owed a pong", FRAMES("\x89\x03yes"), "open\n-> a 79 65 73\n"},
	{"a ping between fragments", FRAMES("\x01\x03Hel\x89\x01?\x80\x02lo"),
	 "open\n\"Hello\"\n-> a 3f\n"},
	{"of two pings the last (5.5.3)",
	 FRAMES("\x89\x01"
		"1"
		"\x89\x01"
		"2"),
	 "open\n-> a 32\n"},
	{"a pong", FRAMES("\x8a\x00"), "open\npong\n"},
	{"a close is answered", FRAMES("\x88\x02\x03\xe9"),
	 "open\nclosed: closed by the peer: 1001\n-> 8 03 e9\n"},
	{"with its words", FRAMES("\x88\x07\x03\xeaunm\x07k"),
	 "open\nclosed: closed by the peer: 1002 unm?k\n-> 8 03 ea\n"},
	{"without a code", FRAMES("\x88\x00"),
	 "open\nclosed: closed by the peer\n-> 8\n"},
	{"what follows it is nothing", FRAMES("\x88\x00\x81\x02hi\x89\x00"),
	 "open\nclosed: closed by the peer\n-> 8\n"},
	{"a message, then a close", FRAMES("\x81\x02hi\x88\x00"),
	 "open\n\"hi\"\nclosed: closed by the peer\n-> 8\n"},
	{"half a code", FRAMES("\x88\x01\x03"),
	 "open\nfault: a close frame holds half a code\n-> 8 03 ea\n"},
	{"a mask", FRAMES("\x81\x82\0\0\0\0hi"),
	 "open\nfault: a server's frame is masked\n-> 8 03 ea\n"},
	{"compressed", FRAMES("\xc1\x02hi"),
	 "open\nfault: a frame has reserved bits set\n-> 8 03 ea\n"},
	{"a continuation of nothing", FRAMES("\x80\x02lo"),
	 "open\nfault: a frame continues no message\n-> 8 03 ea\n"},
	{"a message in another", FRAMES("\x01\x01H\x81\x01i"),
	 "open\nfault: a message begins within another\n-> 8 03 ea\n"},
	{"65,536 bytes", FRAMES("\x81\x7f\0\0\0\0\0\1\0\0"),
	 "open\nfault: a message is longer than 65535 bytes\n-> 8 03 f1\n"},
	{"all the memory there is", FRAMES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
	 "open\nfault: a message is longer than 65535 bytes\n-> 8 03 f1\n"},
	{"the same in fragments", FRAMES("\x01\x01H\x00\x7e\xff\xff"),
	 "open\nfault: a message is longer than 65535 bytes\n-> 8 03 f1\n"},
	{"the rest is still to come", FRAMES("\x81\x05Hel"), "open\n"},
};

static void check_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story s;

		run(&s, cases[i].bytes, cases[i].len, 0);
		is_str(s.text, cases[i].want, cases[i].name);
		for (size_t step = 1; step < 8; step++) {
			run(&s, cases[i].bytes, cases[i].len, step);
			is_str(s.text, cases[i].want, "the same in segments");
		}
	}
}

/* The longest message there may be, in one frame and in two. */
static void check_longest(void)
{
	static char bytes[65535 + 32];
	struct websocket *ws = make();
	char head[512], why[WEBSOCKET_WHY];
	size_t n = reply_to(head, sizeof(head), ws);
	struct pl message = {NULL, 0};

	(void)websocket_input(ws, head, n);
	is_int(websocket_next(ws, &message, why), WEBSOCKET_OPEN, "open");
	memcpy(bytes, "\x81\x7e\xff\xff", 4);
	(void)websocket_input(ws, bytes, 4 + 65535);
	is_int(websocket_next(ws, &message, why), WEBSOCKET_MESSAGE, "65,535 bytes");
	is_int((long long)message.l, 65535, "all of them");
	memcpy(bytes, "\x01\x7e\xff\xfe", 4);
	memcpy(bytes + 4 + 65534, "\x80\x01x", 3);
	(void)websocket_input(ws, bytes, 4 + 65534 + 3);
	is_int(websocket_next(ws, &message, why), WEBSOCKET_MESSAGE, "in two frames");
	is_int((long long)message.l, 65535, "all of them");
	is_int(websocket_next(ws, &message, why), WEBSOCKET_MORE, "and no more");
	mem_deref(ws);
}

/* Before the handshake is done nothing else counts, and after a refusal nothing at all.
 */
static void check_refused(void)
{
	struct websocket *ws = make();
	char why[WEBSOCKET_WHY];
	uint8_t out[WEBSOCKET_REPLY_MAX];
	struct pl message;

	(void)websocket_input(ws, "HTTP/1.1 404 Not Found\r\n\r\n", 26);
	is_int(websocket_next(ws, &message, why), WEBSOCKET_FAULT, "a 404 is the end");
	is_str(why, "HTTP 404", "and said");
	is_int(websocket_next(ws, &message, why), WEBSOCKET_MORE, "nothing follows");
	is_int((long long)websocket_reply(ws, out), 0, "and no frame is owed");
	mem_deref(ws);
}

static void check_leaving(void)
{
	struct websocket *ws = make();
	struct story s = {.len = 0};
	char buf[512];
	size_t n = reply_to(buf, sizeof(buf), ws);

	websocket_leave(ws);
	tell_owed(&s, ws);
	(void)websocket_input(ws, buf, n);
	tell_news(&s, ws);
	websocket_leave(ws);
	tell_owed(&s, ws);
	is_str(s.text, "open\n-> 8 03 e8\n", "who leaves an open one says so");
	mem_deref(ws);
}

/* Keys of masks are random, and the frame is what frame_read() reads but for the mask. */
static void check_ours(void)
{
	struct mbuf *one = mbuf_alloc(16), *other = mbuf_alloc(16);

	is_int(websocket_frame(one, FRAME_TEXT, "Hello", 5) |
		       websocket_frame(other, FRAME_TEXT, "Hello", 5),
	       0, "frames of ours");
	ok(one->end == 11 && !memcmp(one->buf, "\x81\x85", 2), "a text of 5 bytes");
	ok(memcmp(one->buf + 2, other->buf + 2, 4), "each with a key of its own");
	frame_mask(one->buf + 6, 5, one->buf + 2);
	ok(!memcmp(one->buf + 6, "Hello", 5), "that takes the mask off again");
	mem_deref(one);
	mem_deref(other);
}

int main(void)
{
	static const char text[] =
		"{\"trunks\": [{\"name\": \"a\", \"uri\": \"ws://a.example/\"}]}";
	struct config_errors errs = {0};

	if (config_parse(&conf, text, sizeof(text) - 1, "x", &errs))
		return 1;
	check_cases();
	check_longest();
	check_refused();
	check_leaving();
	check_ours();
	config_free(conf);
	return tap_done();
}
