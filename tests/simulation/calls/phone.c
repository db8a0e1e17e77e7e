/* What a phone does with a call: its answers, and what they wait for (RFC 3261 13, 15).
 */
#include "tests/simulation/calls/phone.h"

#include <stdlib.h>
#include <string.h>

#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/registrar.h"
#include "tests/simulation/trace.h"

#define SESSION_NS (90 * WORLD_S)
#define REFRESH_NS (45 * WORLD_S)

/* --- time --- */

struct phone_event {
	struct phone *c;
	phone_h *h;
	unsigned leg;
};

void phone_let_go(struct phone *c)
{
	if (--c->refs)
		return;
	if (c->pipe)
		pipes_let_go(c->pipe);
	net_packet_free(c->invite);
	memory_free(c);
}

static void phone_event_h(void *arg)
{
	struct phone_event *e = arg;

	/* A dead one forgets, and does no more than be forgotten. */
	if (!e->c->dead || e->leg == PHONE_FORGETS)
		e->h(e->c, e->leg);
	phone_let_go(e->c);
	memory_free(e);
}

void phone_later(struct phone *c, int64_t in_ns, phone_h *h, unsigned leg)
{
	struct phone_event *e = memory_get(sizeof(*e));

	*e = (struct phone_event){c, h, leg};
	c->refs++;
	world_in(in_ns, phone_event_h, e);
}

/* --- a dialog --- */

void phone_over(struct phone *c, unsigned leg, uint64_t *how)
{
	if (!c->legs[leg].up)
		return;
	c->legs[leg].up = false;
	(*how)++;
	trace(c->peer->trunk, "a phone's call is over", "", " number ",
	      (int64_t)c->number);
	if (!leg)
		onward_end(c);
}

void phone_hang_up(struct phone *c, unsigned leg)
{
	phone_ask(c, leg, "BYE", "", false);
}

static void phone_say_ok(struct phone *c, unsigned leg)
{
	bool timed = c->as.keeps_time && c->asked_for_time;

	phone_respond(c, c->invite, 200, c->legs[leg].tag,
		      timed ? "Require: timer\r\nSession-Expires: 90;refresher=uas\r\n"
			    : "",
		      !(c->as.ring == RING_RELIABLE && c->pracked));
}

/* Until its ACK; who has none for 64 T1 ends it (13.3.1.4). */
static void phone_again_h(struct phone *c, unsigned leg)
{
	struct leg *l = &c->legs[leg];

	if (l->acked || !l->up)
		return;
	if (world_now_ns() - l->up_ns >= PHONE_GIVES_UP) {
		phone_over(c, leg, &phones_counts.by_no_ack);
		phone_hang_up(c, leg);
		return;
	}
	phone_say_ok(c, leg);
	l->every_ns = l->every_ns * 2 < PHONE_T2_NS ? l->every_ns * 2 : PHONE_T2_NS;
	phone_later(c, l->every_ns, phone_again_h, leg);
}

/* RFC 4028 10: who refreshes in vain for too long hangs up. */
static void phone_session_h(struct phone *c, unsigned leg)
{
	struct leg *l = &c->legs[leg];

	if (!l->up)
		return;
	if (world_now_ns() - l->fresh_ns >= SESSION_NS) {
		phone_over(c, leg, &phones_counts.by_timer);
		phone_hang_up(c, leg);
		return;
	}
	phone_ask(c, leg, "UPDATE",
		  "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", false);
	phone_later(c, REFRESH_NS, phone_session_h, leg);
}

static void phone_bye_h(struct phone *c, unsigned leg)
{
	if (!c->legs[leg].up)
		return;
	phone_over(c, leg, &phones_counts.by_their_bye);
	phone_hang_up(c, leg);
}

static void phone_asks_h(struct phone *c, unsigned leg)
{
	static const struct {
		const char *method, *more;
		bool sdp;
	} all[] = {
		{"OPTIONS", "", false},
		{"INFO", "", false},
		{"UPDATE", "", false},
		{"UPDATE", "", true},
		{"INVITE", "", true},
		{"MESSAGE", "", false},
		{"SUBSCRIBE", "", false},
		{"NOTIFY", "Event: x\r\n", false},
		{"REFER", "Refer-To: <sip:+4790000000@10.0.0.1>\r\n", false},
	};
	size_t i = c->as.asks % (sizeof(all) / sizeof(all[0]));

	if (c->legs[leg].up)
		phone_ask(c, leg, all[i].method, all[i].more, all[i].sdp);
}

void phone_answer(struct phone *c, unsigned leg)
{
	struct leg *l = &c->legs[leg];

	c->code = 200;
	l->up = true;
	l->up_ns = l->fresh_ns = world_now_ns();
	l->every_ns = PHONE_T1_NS;
	phones_counts.answered += !leg;
	phones_counts.forks += leg;
	trace(c->peer->trunk, "a phone answers", "", " number ", (int64_t)c->number);
	phone_say_ok(c, leg);
	phone_later(c, PHONE_T1_NS, phone_again_h, leg);
	if (c->as.keeps_time && c->asked_for_time)
		phone_later(c, REFRESH_NS, phone_session_h, leg);
	if (leg)
		return;
	if (c->as.bye_ns)
		phone_later(c, c->as.bye_ns, phone_bye_h, leg);
	if (c->as.asks_ns)
		phone_later(c, c->as.asks_ns, phone_asks_h, leg);
}

/* --- no answer --- */

static void phone_reject_h(struct phone *c, unsigned leg)
{
	struct leg *l = &c->legs[leg];

	if (l->acked || world_now_ns() - l->up_ns >= PHONE_GIVES_UP)
		return;
	phone_respond(c, c->invite, c->code, l->tag, "", false);
	l->every_ns = l->every_ns * 2 < PHONE_T2_NS ? l->every_ns * 2 : PHONE_T2_NS;
	if (!c->pipe)
		phone_later(c, l->every_ns, phone_reject_h, leg);
}

void phone_reject(struct phone *c, unsigned code)
{
	c->code = code;
	c->legs[0].up_ns = world_now_ns();
	c->legs[0].every_ns = PHONE_T1_NS / 2;
	phone_reject_h(c, 0);
	onward_end(c);
}

/* --- before an answer --- */

/* Whether the answer in a reliable response is known to have come (RFC 3262 5). */
static bool phone_may_answer(const struct phone *c)
{
	return c->as.ring != RING_RELIABLE || !c->rung || c->pracked;
}

static void phone_answer_h(struct phone *c, unsigned leg)
{
	if (c->code)
		return;
	if (c->as.code != 200) {
		phone_reject(c, c->as.code);
	} else if (!phone_may_answer(c)) {
		if (world_now_ns() - c->begun_ns > 2 * PHONE_GIVES_UP)
			phone_reject(c, 504);
		else
			phone_later(c, PHONE_T1_NS, phone_answer_h, leg);
	} else {
		phone_answer(c, 0);
		if (c->as.fork)
			phone_answer(c, 1);
	}
}

static void phone_ring_h(struct phone *c, unsigned leg)
{
	const char *tag = c->legs[0].tag;

	if (c->code || c->pracked)
		return;
	c->rung = true;
	if (c->as.ring == RING_180)
		phone_respond(c, c->invite, 180, tag, "", false);
	else if (c->as.ring == RING_183)
		phone_respond(c, c->invite, 183, tag, "", true);
	if (c->as.ring != RING_RELIABLE)
		return;
	phone_respond(c, c->invite, 183, tag, "Require: 100rel\r\nRSeq: 7\r\n", true);
	if (world_now_ns() - c->begun_ns < PHONE_GIVES_UP)
		phone_later(c, 2 * PHONE_T1_NS, phone_ring_h, leg);
}

static void phone_tired_h(struct phone *c, unsigned leg)
{
	(void)leg;
	if (!c->code)
		phone_reject(c, 408);
}

static void phone_onward_h(struct phone *c, unsigned leg)
{
	(void)leg;
	if (!c->code)
		onward_begin(c);
}

void phone_begin(struct phone *c)
{
	if (c->as.trying)
		phone_respond(c, c->invite, 100, NULL, "", false);
	if (c->as.ring != RING_NONE)
		phone_later(c, c->as.ring_ns, phone_ring_h, 0);
	if (c->as.loops && c->as.code == 200)
		phone_later(c, c->as.ring_ns + WORLD_MS, phone_onward_h, 0);
	else if (c->as.answer_ns)
		phone_later(c, c->as.answer_ns, phone_answer_h, 0);
	phone_later(c, 180 * WORLD_S, phone_tired_h, 0);
}

/* --- what comes --- */

void phone_take_again(struct phone *c, const struct packet *p)
{
	const char *tag = c->legs[0].tag;

	if (p->branch != c->invite->branch || !c->code) {
		phone_respond(c, c->invite, c->rung ? 180 : 100, c->rung ? tag : NULL, "",
			      false);
		return;
	}
	if (c->code == 200 && c->legs[0].up)
		phone_say_ok(c, 0);
	else if (c->code != 200)
		phone_respond(c, c->invite, c->code, tag, "", false);
}

static unsigned phone_leg(const struct phone *c, const struct packet *p)
{
	char to[200];
	unsigned i = 0;

	(void)net_field(to, sizeof(to), p->text, "To");
	while (i < PHONE_LEGS && !strstr(to, c->legs[i].tag))
		i++;
	return i;
}

static void phone_take_ack(struct phone *c, const struct packet *p)
{
	unsigned leg = phone_leg(c, p);

	if (leg < PHONE_LEGS)
		c->legs[leg].acked = true;
}

static void phone_take_cancel(struct phone *c, const struct packet *p)
{
	if (c->as.deaf)
		return;
	phone_respond(c, p, 200, c->legs[0].tag, "", false);
	if (c->code)
		return;
	phones_counts.by_cancel++;
	if (c->as.crosses && phone_may_answer(c)) {
		phones_counts.late++;
		phone_answer(c, 0);
	} else {
		phone_reject(c, 487);
	}
}

static void phone_take_prack(struct phone *c, const struct packet *p)
{
	c->pracked = true;
	phone_respond(c, p, 200, c->legs[0].tag, "", false);
}

struct phone_bye {
	struct phone *c;
	struct packet *p;
};

static void phone_bye_late_h(void *arg)
{
	struct phone_bye *b = arg;

	if (!b->c->dead)
		phone_respond(b->c, b->p, 200, NULL, "", false);
	phone_let_go(b->c);
	net_packet_free(b->p);
	memory_free(b);
}

static void phone_bye_late(struct phone *c, const struct packet *p)
{
	struct phone_bye *b = memory_get(sizeof(*b));

	*b = (struct phone_bye){c, memory_get(sizeof(*b->p))};
	*b->p = *p;
	b->p->pipe = NULL;
	c->refs++;
	world_in(c->as.bye_late_ns, phone_bye_late_h, b);
}

/* A refusal is that of somebody on the way: the phone never heard of it. */
static void phone_take_bye(struct phone *c, const struct packet *p)
{
	unsigned leg = phone_leg(c, p), code = c->as.bye_code;
	char more[512] = "";

	if (leg == PHONE_LEGS || !c->legs[leg].up_ns)
		code = 481;
	else if (!code && c->peer->registrar && c->peer->trunk->auth)
		code = registrar_hear(c->peer->registrar, p, more, sizeof(more));
	if (code && code != 200) {
		phone_respond(c, p, code, NULL, more, false);
		return;
	}
	phone_over(c, leg, &phones_counts.by_bye);
	c->legs[leg].acked = true;
	if (c->as.bye_late_ns)
		phone_bye_late(c, p);
	else
		phone_respond(c, p, 200, NULL, "", false);
}

void phone_take(struct phone *c, const struct packet *p)
{
	static const struct {
		const char *method;
		void (*take)(struct phone *c, const struct packet *p);
	} all[] = {{"ACK", phone_take_ack},
		   {"CANCEL", phone_take_cancel},
		   {"PRACK", phone_take_prack},
		   {"BYE", phone_take_bye}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strncmp(p->text, all[i].method, strlen(all[i].method)))
			all[i].take(c, p);
}
