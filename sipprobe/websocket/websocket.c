#include "sipprobe/websocket/websocket.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

#include "sipprobe/loop/bytes.h"

/* RFC 6455 7.4.1 */
enum {
	CLOSE_NORMAL = 1000,
	CLOSE_PROTOCOL = 1002,
	CLOSE_TOO_BIG = 1009,
	CLOSE_NO_CODE = 1005, /* never sent: what a frame without a code means */
};

enum websocket_state {
	STATE_HANDSHAKE,
	STATE_OPEN,
	STATE_OVER,
};

struct websocket {
	enum websocket_state state;
	char key[HANDSHAKE_KEY_SIZE];
	struct mbuf *request;
	struct bytes in;      /* not worked off yet */
	size_t pos;	      /* what of it is */
	struct bytes message; /* the fragments so far, or the last message in several */
	bool fragmented;      /* more of them are to come */
	bool told;	      /* `message` was told, and is to be forgotten */
	bool pong_heard;
	bool owes; /* `owed` is to be sent */
	enum frame_opcode owed_opcode;
	uint8_t owed_len;
	char owed[FRAME_CONTROL_MAX];
};

/* Its header fields may hold secrets. */
static void websocket_forget_request(struct websocket *ws)
{
	if (ws->request)
		explicit_bzero(ws->request->buf, ws->request->size);
	ws->request = mem_deref(ws->request);
}

static void websocket_destructor(void *arg)
{
	struct websocket *ws = arg;

	websocket_forget_request(ws);
	bytes_clear(&ws->in);
	bytes_clear(&ws->message);
}

int websocket_alloc(struct websocket **wp, const struct handshake_request *rq)
{
	struct websocket *ws = mem_zalloc(sizeof(*ws), websocket_destructor);
	int err;

	if (!ws)
		return ENOMEM;
	ws->request = mbuf_alloc(1024);
	err = ws->request ? handshake_key(ws->key) : ENOMEM;
	if (!err)
		err = handshake_print(ws->request, rq, ws->key);
	if (err)
		mem_deref(ws);
	else
		*wp = ws;
	return err;
}

struct pl websocket_request(const struct websocket *ws)
{
	return (struct pl){(const char *)ws->request->buf, ws->request->end};
}

int websocket_input(struct websocket *ws, const char *buf, size_t len)
{
	return bytes_append(&ws->in, buf, len);
}

static void websocket_owe(struct websocket *ws, enum frame_opcode opcode, const char *p,
			  size_t len)
{
	/* Nothing follows a close (5.5.1). */
	if (ws->owes && ws->owed_opcode == FRAME_CLOSE)
		return;
	ws->owes = true;
	ws->owed_opcode = opcode;
	ws->owed_len = (uint8_t)len;
	memcpy(ws->owed, p, len);
}

static enum websocket_news websocket_over(struct websocket *ws, unsigned code,
					  enum websocket_news news)
{
	const char bytes[] = {(char)(code >> 8), (char)code};

	ws->state = STATE_OVER;
	websocket_owe(ws, FRAME_CLOSE, bytes, code == CLOSE_NO_CODE ? 0 : 2);
	return news;
}

static enum websocket_news websocket_fault(struct websocket *ws, unsigned code,
					   const char *text, char why[WEBSOCKET_WHY])
{
	str_ncpy(why, text, WEBSOCKET_WHY);
	return websocket_over(ws, code, WEBSOCKET_FAULT);
}

/* 5.5.1: a code, and perhaps why, which is shown as printable ASCII. */
static enum websocket_news websocket_close(struct websocket *ws, const char *p,
					   size_t len, char why[WEBSOCKET_WHY])
{
	unsigned code = CLOSE_NO_CODE;
	size_t n;

	if (len == 1)
		return websocket_fault(ws, CLOSE_PROTOCOL,
				       "a close frame holds half a code", why);
	if (len >= 2)
		code = (unsigned)(uint8_t)p[0] << 8 | (uint8_t)p[1];
	if (len < 2)
		n = (size_t)re_snprintf(why, WEBSOCKET_WHY, "closed by the peer");
	else
		n = (size_t)re_snprintf(why, WEBSOCKET_WHY, "closed by the peer: %u%s",
					code, len > 2 ? " " : "");
	for (size_t i = 2; i < len && n < WEBSOCKET_WHY - 1; i++)
		why[n++] = p[i] >= ' ' && p[i] < 0x7f ? p[i] : '?';
	why[n] = '\0';
	return websocket_over(ws, code, WEBSOCKET_CLOSED);
}

static enum websocket_news websocket_control(struct websocket *ws, const struct frame *f,
					     const char *p, char why[WEBSOCKET_WHY])
{
	if (f->opcode == FRAME_CLOSE)
		return websocket_close(ws, p, (size_t)f->length, why);
	if (f->opcode == FRAME_PING)
		websocket_owe(ws, FRAME_PONG, p, (size_t)f->length);
	else
		ws->pong_heard = true;
	return WEBSOCKET_MORE;
}

/* What is wrong with the order or the size of a data frame; or NULL. */
static const char *websocket_data_fault(const struct websocket *ws, const struct frame *f,
					unsigned *code)
{
	*code = CLOSE_PROTOCOL;
	if (f->opcode == FRAME_CONTINUATION && !ws->fragmented)
		return "a frame continues no message";
	if (f->opcode != FRAME_CONTINUATION && ws->fragmented)
		return "a message begins within another";
	*code = CLOSE_TOO_BIG;
	if (f->length > WEBSOCKET_MESSAGE_MAX - (ws->fragmented ? ws->message.len : 0))
		return "a message is longer than 65535 bytes";
	return NULL;
}

/* A message in one frame stays where it is; fragments are gathered. */
static enum websocket_news websocket_data(struct websocket *ws, const struct frame *f,
					  const char *p, struct pl *message,
					  char why[WEBSOCKET_WHY])
{
	if (f->final && !ws->fragmented) {
		*message = (struct pl){p, (size_t)f->length};
		return WEBSOCKET_MESSAGE;
	}
	ws->fragmented = !f->final;
	if (bytes_append(&ws->message, p, (size_t)f->length))
		return websocket_fault(ws, CLOSE_TOO_BIG, strerror(ENOMEM), why);
	if (!f->final)
		return WEBSOCKET_MORE;
	ws->told = true;
	*message = (struct pl){ws->message.p, ws->message.len};
	return WEBSOCKET_MESSAGE;
}

/*
 * The frame at hand, once it is whole.
 *
 * @more: set when it is not
 */
static enum websocket_news websocket_take(struct websocket *ws, struct pl *message,
					  char why[WEBSOCKET_WHY], bool *more)
{
	const char *p = ws->in.p + ws->pos, *fault = NULL;
	size_t left = ws->in.len - ws->pos;
	unsigned code = CLOSE_PROTOCOL;
	struct frame f;
	int err = left ? frame_read(&f, p, left, &fault) : EAGAIN;
	bool control;

	if (!err && f.opcode < FRAME_CLOSE)
		fault = websocket_data_fault(ws, &f, &code);
	if (fault)
		return websocket_fault(ws, code, fault, why);
	*more = err || left - f.head < f.length;
	if (*more)
		return WEBSOCKET_MORE;
	control = f.opcode >= FRAME_CLOSE;
	ws->pos += f.head + (size_t)f.length;
	return control ? websocket_control(ws, &f, p + f.head, why)
		       : websocket_data(ws, &f, p + f.head, message, why);
}

static enum websocket_news websocket_shake(struct websocket *ws, char why[WEBSOCKET_WHY])
{
	size_t used = 0;
	int err = ws->in.len ? handshake_reply(&used, ws->in.p, ws->in.len, ws->key, why)
			     : EAGAIN;

	if (err == EAGAIN)
		return WEBSOCKET_MORE;
	if (err) {
		/* No frame is owed to what is no WebSocket. */
		ws->state = STATE_OVER;
		return WEBSOCKET_FAULT;
	}
	websocket_forget_request(ws);
	ws->pos = used;
	ws->state = STATE_OPEN;
	return WEBSOCKET_OPEN;
}

/* Frees what was worked off. */
static void websocket_settle(struct websocket *ws)
{
	if (ws->pos)
		bytes_drop(&ws->in, ws->pos);
	ws->pos = 0;
}

enum websocket_news websocket_next(struct websocket *ws, struct pl *message,
				   char why[WEBSOCKET_WHY])
{
	enum websocket_news news = WEBSOCKET_MORE;
	bool more = false;

	if (ws->told)
		bytes_clear(&ws->message);
	ws->told = false;
	if (ws->state == STATE_HANDSHAKE)
		return websocket_shake(ws, why);
	while (ws->state == STATE_OPEN && news == WEBSOCKET_MORE && !more)
		news = websocket_take(ws, message, why, &more);
	if (more)
		websocket_settle(ws);
	return news;
}

void websocket_leave(struct websocket *ws)
{
	if (ws->state == STATE_OPEN)
		(void)websocket_over(ws, CLOSE_NORMAL, WEBSOCKET_CLOSED);
}

/* A key for a frame's mask. Returns 0 or EIO. */
static int websocket_mask_key(uint8_t mask[FRAME_MASK_BYTES])
{
	return RAND_bytes(mask, FRAME_MASK_BYTES) == 1 ? 0 : EIO;
}

size_t websocket_reply(struct websocket *ws, uint8_t out[WEBSOCKET_REPLY_MAX])
{
	uint8_t mask[FRAME_MASK_BYTES];
	size_t head;

	if (!ws->owes || websocket_mask_key(mask))
		return 0;
	ws->owes = false;
	head = frame_write_head(out, ws->owed_opcode, ws->owed_len, mask);
	memcpy(out + head, ws->owed, ws->owed_len);
	frame_mask(out + head, ws->owed_len, mask);
	return head + ws->owed_len;
}

int websocket_frame(struct mbuf *mb, enum frame_opcode opcode, const char *buf,
		    size_t len)
{
	uint8_t head[FRAME_HEAD_MAX], mask[FRAME_MASK_BYTES];
	size_t at;
	int err = websocket_mask_key(mask);

	if (err)
		return err;
	err = mbuf_write_mem(mb, head, frame_write_head(head, opcode, len, mask));
	at = mb->pos;
	if (!err && len)
		err = mbuf_write_mem(mb, (const uint8_t *)buf, len);
	if (!err)
		frame_mask(mb->buf + at, len, mask);
	return err;
}

bool websocket_heard_pong(struct websocket *ws)
{
	bool heard = ws->pong_heard;

	ws->pong_heard = false;
	return heard;
}
