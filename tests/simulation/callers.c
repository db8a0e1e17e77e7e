#include "tests/simulation/callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/datagrams.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/kernel/world.h"

enum {
	STREAM = 9, /* of the seed, for strangers */
	SETTLE_MS = 200,
	EVERY_S = 200, /* a trunk's peers, in the mean */
	STRANGE_S = 300,
	BURST = 25, /* copies */
	CREDIT_MAX = 5 * FLEET_ANSWERS * 1000,
};

#define US	"sip:us@10.255.0.1"
#define OPTIONS "OPTIONS", US, "OPTIONS", "2.0"

static const struct question questions[] = {
	{OPTIONS, "", 200, "Allow"},
	{OPTIONS, "", 200, "Accept"},
	{"OPTIONS", "tel:+4712345678", "OPTIONS", "2.0", "", 200, "Supported"},
	{OPTIONS, "Require: 100rel\r\n", 420, "Unsupported"},
	{"OPTIONS", "http://10.255.0.1/", "OPTIONS", "2.0", "", 416, NULL},
	{"INVITE", US, "INVITE", "2.0", "", 405, "Allow"},
	{"MESSAGE", US, "MESSAGE", "2.0", "", 405, "Allow"},
	{"CANCEL", US, "CANCEL", "2.0", "", 481, NULL},
	{"ACK", US, "ACK", "2.0", "", 0, NULL},
	{"OPTIONS", US, "INVITE", "2.0", "", 400, NULL},
	{"OPTIONS", US, "OPTIONS", "3.0", "", 505, NULL},
};

enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]), ORDINARY = 3 };

static struct {
	struct call *open;
	uint64_t made, stream;
	struct peer strangers[2];
} callers;

struct callers_counts callers_counts;

/* --- what may be had --- */

int64_t callers_credit(const struct trunk *t)
{
	int64_t since_ns = world_now_ns() - t->credit_ns;
	int64_t more = since_ns / WORLD_MS * FLEET_ANSWERS;

	return t->credit + more < CREDIT_MAX ? t->credit + more : CREDIT_MAX;
}

void callers_charge(struct trunk *t)
{
	int64_t left_ns = (world_now_ns() - t->credit_ns) % WORLD_MS;

	judge(ON_CHARGE, &(struct occasion){.trunk = t});
	t->credit = callers_credit(t) - 1000;
	t->credit_ns = world_now_ns() - left_ns;
}

void callers_forgive(struct trunk *t)
{
	t->credit = CREDIT_MAX;
	t->credit_ns = world_now_ns();
}

/* --- a request --- */

void callers_field(char *out, size_t size, const struct call *c, const char *name)
{
	(void)net_field(out, size, c->text, name);
}

static uint64_t call_number(const char *text)
{
	const char *at = strstr(text, ";branch=z9hG4bKcall");
	unsigned long long n = 0;

	if (at)
		(void)sscanf(at, ";branch=z9hG4bKcall%llu", &n);
	return n;
}

static void call_write(struct call *c)
{
	const struct question *q = c->question;
	unsigned long long n = c->number;
	int len = re_snprintf(c->text, sizeof(c->text),
			      "%s %s SIP/%s\r\n"
			      "Via: SIP/2.0/%s %J;branch=z9hG4bKcall%llu%s\r\n"
			      "Max-Forwards: 70\r\n"
			      "From: <sip:peer@sim>;tag=f%llu\r\n"
			      "To: <%s>\r\n"
			      "Call-ID: call%llu@sim\r\n"
			      "CSeq: %u %s\r\n"
			      "%sContent-Length: 0\r\n\r\n",
			      q->method, q->uri, q->version, c->pipe ? "TCP" : "UDP",
			      &c->back, n, c->rport ? ";rport" : "", n, q->uri, n,
			      (unsigned)(n % 1000 + 1), q->cseq_method, q->more);

	c->len = len > 0 ? (size_t)len : 0;
}

static void call_free(struct call *c)
{
	struct call **at = &callers.open;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (c->pipe)
		pipes_let_go(c->pipe);
	memory_free(c);
}

static bool call_is_known(const struct call *c)
{
	const struct peer *p = c->peer;

	return p->trunk && (p->cells[0] || p->cells[1]);
}

/* How many others wait for an answer that is due to them. */
static int64_t call_owed(const struct trunk *t)
{
	int64_t owed = 0;

	for (const struct call *c = callers.open; c; c = c->next)
		if (c->peer->trunk == t && c->entitled > c->answered)
			owed += c->entitled - c->answered;
	return owed * 1000;
}

/* It lies in the process' socket now. */
static void call_came(struct call *c)
{
	struct trunk *t = c->peer->trunk;
	bool known = call_is_known(c);

	if (!c->came)
		c->came_ns = world_now_ns();
	if (!c->came && t)
		c->told = t->heard_told;
	c->came++;
	c->known += known;
	if (t)
		t->heard++;
	if (known && c->question->code && callers_credit(t) - call_owed(t) >= 1100)
		c->entitled++;
}

static void call_settle_h(void *arg)
{
	struct call *c = arg;
	struct trunk *t = c->peer->trunk;
	int64_t stalled_ns = c->came_ns ? world_stalled_ns(c->came_ns) : 0;

	/* What lies in a socket is answered yet. */
	if (stalled_ns && !c->waited) {
		c->waited = true;
		world_in(stalled_ns + SETTLE_MS * WORLD_MS, call_settle_h, c);
		return;
	}
	if (c->came_ns)
		judge(ON_CALL, &(struct occasion){.trunk = t,
						  .peer = c->peer,
						  .call = c,
						  .number = call_is_known(c)});
	if (c->pipe)
		pipes_hang_up(c->pipe);
	call_free(c);
}

static void call_arrive_h(void *arg)
{
	struct call *c = arg;
	struct sa us;

	sockets_own(&us, sa_af(&c->from), 5060);
	if (datagrams_arrive(&us, &c->from, c->text, c->len))
		call_came(c);
}

/* @copies: the first one and those that follow it, as nobody answered fast enough */
static void call_send(struct call *c, unsigned copies, int64_t apart_ns)
{
	struct link *l = &c->peer->link;
	int64_t at_ns = 0;

	for (unsigned i = 0; i < copies; i++) {
		int64_t way_ns = net_way_ns(l);

		if (!net_loses(l))
			world_in(at_ns + way_ns, call_arrive_h, c);
		at_ns += apart_ns;
	}
	world_in(at_ns + l->most_ns + SETTLE_MS * WORLD_MS, call_settle_h, c);
}

/* The connection stands; the request follows at once. */
static void call_connect_h(void *arg)
{
	struct call *c = arg;

	c->pipe = pipes_call(c->peer, &c->from);
	if (!c->pipe) {
		call_free(c);
		return;
	}
	callers_counts.streams++;
	call_write(c);
	call_came(c);
	pipes_say(c->pipe, c->text, c->len, NULL);
	world_in(10 * WORLD_S, call_settle_h, c);
}

/* From the peer's own port or another, to which an answer finds by rport alone. */
static void call_ends(struct call *c, uint64_t *s)
{
	c->from = c->back = c->peer->sa;
	c->rport = chance_of(s, 500000);
	if (chance_of(s, 500000))
		sa_set_port(&c->from, (uint16_t)chance_between(s, 20000, 60000));
	if (c->rport)
		return;
	if (chance_of(s, 300000))
		sa_set_port(&c->back, 5060);
}

static struct call *call_make(struct peer *peer, uint64_t *s)
{
	struct call *c = memory_get(sizeof(*c));

	c->peer = peer;
	c->number = ++callers.made;
	c->question = &questions[chance_of(s, 600000) ? chance_below(s, ORDINARY)
						      : chance_below(s, QUESTIONS)];
	call_ends(c, s);
	c->next = callers.open;
	callers.open = c;
	callers_counts.calls++;
	return c;
}

static void call_by_udp(struct peer *peer, uint64_t *s)
{
	struct call *c = call_make(peer, s);
	bool burst = chance_of(s, 20000);
	unsigned copies = burst			 ? BURST
			  : chance_of(s, 200000) ? (unsigned)chance_between(s, 2, 4)
						 : 1;

	call_write(c);
	callers_counts.bursts += burst;
	if (burst && peer->trunk)
		peer->trunk->burst_ns = world_now_ns();
	call_send(c, copies, burst ? 20 * WORLD_MS : 500 * WORLD_MS);
}

static void call_by_tcp(struct peer *peer, uint64_t *s)
{
	struct call *c = call_make(peer, s);

	sa_set_port(&c->from, (uint16_t)chance_between(s, 20000, 60000));
	world_in(net_way_ns(&peer->link), call_connect_h, c);
}

static void callers_call(struct peer *peer, uint64_t *s)
{
	if (chance_of(s, 250000))
		call_by_tcp(peer, s);
	else
		call_by_udp(peer, s);
}

/* --- who calls, and when --- */

static void callers_due_h(void *arg)
{
	struct trunk *t = arg;
	struct peer *p = &t->peers[chance_below(&t->calls_stream, FLEET_PEERS)];

	if (fleet.listening && p->mode == PEER_ANSWERS)
		callers_call(p, &t->calls_stream);
	world_in(chance_between(&t->calls_stream, 1, 2 * EVERY_S * 1000) * WORLD_MS,
		 callers_due_h, t);
}

static void callers_strange_h(void *arg)
{
	struct peer *p = &callers.strangers[chance_below(&callers.stream, 2)];

	(void)arg;
	callers_counts.strangers++;
	if (fleet.listening)
		callers_call(p, &callers.stream);
	world_in(chance_between(&callers.stream, 1, 2 * STRANGE_S * 1000) * WORLD_MS,
		 callers_strange_h, NULL);
}

static void callers_stranger(struct peer *p, const char *address)
{
	(void)sa_set_str(&p->sa, address, 5060);
	p->link.stream = chance_stream(callers.stream, p->index);
	p->link.least_ns = WORLD_MS;
	p->link.most_ns = 50 * WORLD_MS;
}

void callers_begin(void)
{
	if (!faults_has(FAULT_INBOUND))
		return;
	callers.stream = chance_stream(fleet.seed, STREAM);
	callers_stranger(&callers.strangers[0], "10.254.0.9");
	callers_stranger(&callers.strangers[1], "fd00::fffe");
	world_in(STRANGE_S * WORLD_S, callers_strange_h, NULL);
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t)) {
		t->calls_stream = chance_stream(fleet.seed, 500000 + t->number);
		if (t->calls)
			world_in(chance_between(&t->calls_stream, 1, EVERY_S) * WORLD_S,
				 callers_due_h, t);
	}
}

/* --- answers --- */

static struct call *call_find(uint64_t number)
{
	struct call *c = callers.open;

	while (c && c->number != number)
		c = c->next;
	return c;
}

static void call_answered(struct call *c, const char *text, const struct sa *us,
			  const struct sa *to)
{
	struct trunk *t = c->peer->trunk;
	unsigned code = (unsigned)strtoul(text + 8, NULL, 10);

	if (t)
		trace(t, "we answer a peer", "", " code ", code);
	c->answered++;
	callers_counts.answered++;
	judge(ON_ANSWER, &(struct occasion){.trunk = t,
					    .peer = c->peer,
					    .call = c,
					    .text = text,
					    .us = us,
					    .to = to,
					    .number = code});
	if (c->answered == 1)
		c->same = hash_text(HASH_START, text);
}

static void callers_take(const char *buf, size_t len, const struct sa *us,
			 const struct sa *to)
{
	char text[4 * NET_TEXT];
	struct call *c;

	if (len >= sizeof(text) || strncmp(buf, "SIP/2.0 ", 8))
		return;
	memcpy(text, buf, len);
	text[len] = '\0';
	c = call_find(call_number(text));
	if (c && c->peer->trunk && !c->pipe)
		callers_charge(c->peer->trunk);
	if (c)
		call_answered(c, text, us, to);
}

void callers_hear(const struct sa *us, const struct sa *to, const char *text, size_t len)
{
	callers_take(text, len, us, to);
}

void callers_hear_stream(const char *text, size_t len, const struct pipe *s)
{
	const struct call *c = callers.open;

	while (c && c->pipe != s)
		c = c->next;
	if (c)
		callers_take(text, len, pipes_local(s), &c->from);
}
