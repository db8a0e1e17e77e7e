/*
 * What a WebSocket server says means the same in whatever segments it comes, and never
 * more memory than a message. Input: a byte that says where the network cuts, then the
 * bytes; ACCEPT in them stands for the answer to our key.
 */
#include <errno.h>
#include <string.h>

#include "sipprobe/websocket/websocket.h"
#include "tests/fuzz/fuzz.h"

enum { BYTES_MAX = 200000 };

/* What was told, as one number, and how it ended. */
struct heard {
	uint32_t hash;
	unsigned count;
	enum websocket_news end;
	char why[WEBSOCKET_WHY];
	uint8_t owed; /* opcode of the frame that is owed at the end */
};

static struct config *conf;

static void hear(struct heard *h, const void *p, size_t len)
{
	h->hash = h->hash * 31 + hash_joaat(p, len);
	h->count++;
}

static void hear_news(struct heard *h, struct websocket *ws)
{
	enum websocket_news news = WEBSOCKET_OPEN;
	char why[WEBSOCKET_WHY];
	struct pl message;

	while (news != WEBSOCKET_MORE) {
		news = websocket_next(ws, &message, why);
		if (news == WEBSOCKET_MESSAGE) {
			must(message.l <= WEBSOCKET_MESSAGE_MAX);
			hear(h, message.p, message.l);
		} else if (news == WEBSOCKET_OPEN) {
			hear(h, "open", 4);
		} else if (news != WEBSOCKET_MORE) {
			must(!h->end && strlen(why) < sizeof(why));
			h->end = news;
			memcpy(h->why, why, sizeof(why));
		}
	}
}

static struct websocket *begin(char accept[HANDSHAKE_ACCEPT_SIZE])
{
	const struct handshake_request rq = {.trunk = &conf->trunks[0], .agent = "us"};
	struct websocket *ws = NULL;
	char key[HANDSHAKE_KEY_SIZE];
	struct pl request, found;

	must(!websocket_alloc(&ws, &rq));
	request = websocket_request(ws);
	must(!re_regex(request.p, request.l, "Sec-WebSocket-Key: [^\r]+", &found));
	must(!pl_strcpy(&found, key, sizeof(key)));
	handshake_accept(accept, key);
	return ws;
}

static void feed(struct heard *h, const char *p, size_t len, size_t step)
{
	static const char word[] = "ACCEPT";
	static char bytes[BYTES_MAX];
	char accept[HANDSHAKE_ACCEPT_SIZE];
	uint8_t out[WEBSOCKET_REPLY_MAX];
	struct websocket *ws = begin(accept);
	const char *at = memmem(p, len, word, sizeof(word) - 1);
	size_t before = at ? (size_t)(at - p) : len, n = before;

	memcpy(bytes, p, before);
	if (at) {
		memcpy(bytes + n, accept, strlen(accept));
		n += strlen(accept);
		memcpy(bytes + n, at + sizeof(word) - 1, len - before - sizeof(word) + 1);
		n += len - before - sizeof(word) + 1;
	}
	for (size_t i = 0; i < n; i += step) {
		must(!websocket_input(ws, bytes + i, step < n - i ? step : n - i));
		hear_news(h, ws);
	}
	h->owed = websocket_reply(ws, out) ? out[0] : 0;
	must(!websocket_reply(ws, out));
	mem_deref(ws);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] =
		"{\"trunks\": [{\"name\": \"a\", \"uri\": \"ws://a.example/\"}]}";
	struct config_errors errs = {0};
	struct heard whole = {0}, cut = {0};

	if (!conf)
		must(!config_parse(&conf, text, sizeof(text) - 1, "x", &errs));
	if (size < 2 || size > BYTES_MAX - 100)
		return 0;
	feed(&whole, (const char *)data + 1, size - 1, size + 100);
	feed(&cut, (const char *)data + 1, size - 1, 1U + data[0]);
	must(whole.hash == cut.hash && whole.count == cut.count);
	must(whole.end == cut.end && !strcmp(whole.why, cut.why));
	must(whole.owed == cut.owed);
	return 0;
}
