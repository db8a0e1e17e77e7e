/*
 * A stream's bytes make the same messages, and the same end, wherever the network cuts
 * them. Input: two bytes that say where it does, then the bytes.
 */
#include <errno.h>
#include <string.h>

#include "sipprobe/transport/stream_private.h"
#include "tests/fuzz/fuzz.h"

enum { MESSAGES_MAX = 4096 };

/* What a stream told of its bytes. */
struct heard {
	size_t count;
	struct {
		const char *fault, *oddity;
		size_t size, body;
		uint32_t hash;
	} messages[MESSAGES_MAX];
	bool ended;
	enum probe_outcome why;
	int err;
	const char *detail; /* the guard's sentences are static */
	size_t kept;	    /* bytes of a message that has not ended */
};

static void framing_message_h(struct stream *s, const struct guard_message *m,
			      int64_t rx_ns, void *arg)
{
	struct heard *h = arg;
	size_t i = h->count++;

	(void)s;
	(void)rx_ns;
	must(i < MESSAGES_MAX && m->size >= m->body.l);
	h->messages[i].fault = m->fault;
	h->messages[i].oddity = m->oddity;
	h->messages[i].size = m->size;
	h->messages[i].body = m->body.l;
	h->messages[i].hash = hash_joaat((const uint8_t *)m->fields.p, m->fields.l) ^
			      hash_joaat((const uint8_t *)m->body.p, m->body.l);
}

static void framing_closed_h(struct stream *s, enum probe_outcome why, int err,
			     const char *detail, void *arg)
{
	struct heard *h = arg;

	(void)s;
	must(!h->ended);
	h->ended = true;
	h->why = why;
	h->err = err;
	h->detail = detail;
}

static const struct stream_events events = {
	.message_h = framing_message_h,
	.closed_h = framing_closed_h,
};

/* A connection without a socket: what it writes is lost. */
static struct stream *framing_stream(struct heard *h)
{
	struct stream *s = mem_zalloc(sizeof(*s), NULL);

	must(s);
	s->fd = -1;
	s->state = STREAM_UP;
	s->broken = true;
	s->events = &events;
	s->arg = h;
	return mem_ref(s);
}

/* @step: bytes that come at once, one more each time up to @most; 0: all of them */
static void framing_feed(struct heard *h, const char *p, size_t len, size_t step,
			 size_t most)
{
	struct stream *s = framing_stream(h);
	size_t next = step ? step : len;

	while (len && stream_live(s)) {
		size_t n = next < len ? next : len;
		char *copy = malloc(n);

		must(copy);
		memcpy(copy, p, n);
		stream_feed(s, copy, n, 1);
		free(copy);
		p += n;
		len -= n;
		next = step && next < most ? next + 1 : step ? step : len;
	}
	h->kept = s->partial && stream_live(s) ? s->partial->bytes.len : 0;
	stream_partial_free(s);
	mem_deref(s->out.p);
	mem_deref(s);
	mem_deref(s);
}

static void heard_compare(const struct heard *a, const struct heard *b)
{
	must(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		must(a->messages[i].size == b->messages[i].size);
		must(a->messages[i].body == b->messages[i].body);
		must(a->messages[i].hash == b->messages[i].hash);
		must(a->messages[i].fault == b->messages[i].fault);
		must(a->messages[i].oddity == b->messages[i].oddity);
	}
	must(a->ended == b->ended && a->why == b->why && a->err == b->err);
	must(a->detail == b->detail && a->kept == b->kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct heard whole, cut, bytes;
	const char *p = (const char *)data + 2;

	if (size < 2)
		return 0;
	memset(&whole, 0, sizeof(whole));
	memset(&cut, 0, sizeof(cut));
	framing_feed(&whole, p, size - 2, 0, 0);
	framing_feed(&cut, p, size - 2, 1 + data[0], 1U + data[1]);
	heard_compare(&whole, &cut);
	if (size > 2048)
		return 0;
	memset(&bytes, 0, sizeof(bytes));
	framing_feed(&bytes, p, size - 2, 1, 1);
	heard_compare(&whole, &bytes);
	return 0;
}
