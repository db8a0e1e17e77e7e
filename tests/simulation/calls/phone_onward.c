/*
 * A number that leads back to us: the phone calls us in turn, as a B2BUA does, answers
 * when that is answered, and hangs up at one end when the other does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/phone.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/sockets.h"
#include "tests/simulation/trace.h"

static void onward_failed(struct phone *c)
{
	struct onward *on = &c->on;
	bool bye = !strcmp(on->asking, "BYE");

	on->asking = NULL;
	on->up = false;
	if (!bye && !c->code)
		phone_reject(c, 480);
}

static void onward_again_h(struct phone *c, unsigned cseq)
{
	struct onward *on = &c->on;

	if (!on->asking || on->cseq != cseq)
		return;
	if (world_now_ns() - on->since_ns >= PHONE_GIVES_UP) {
		onward_failed(c);
		return;
	}
	phone_send_onward(c, on->asking, cseq);
	on->every_ns = on->every_ns * 2 < PHONE_T2_NS ? on->every_ns * 2 : PHONE_T2_NS;
	phone_later(c, on->every_ns, onward_again_h, cseq);
}

static void onward_ask(struct phone *c, const char *method)
{
	struct onward *on = &c->on;

	on->asking = method;
	on->cseq++;
	on->since_ns = world_now_ns();
	on->every_ns = PHONE_T1_NS;
	phone_send_onward(c, method, on->cseq);
	phone_later(c, PHONE_T1_NS, onward_again_h, on->cseq);
}

void onward_begin(struct phone *c)
{
	sockets_own(&c->on.us, sa_af(&c->peer->sa), 5060);
	c->on.there = true;
	trace(c->peer->trunk, "a phone calls us", "", " number ", (int64_t)c->number);
	onward_ask(c, "INVITE");
}

void onward_end(struct phone *c)
{
	struct onward *on = &c->on;

	on->ended = true;
	if (!on->there || !on->up)
		return;
	on->up = false;
	onward_ask(c, "BYE");
}

static void onward_tag(struct onward *on, const struct packet *p)
{
	char to[300];
	const char *at;

	(void)net_field(to, sizeof(to), p->text, "To");
	(void)net_field(on->contact, sizeof(on->contact), p->text, "Contact");
	at = strstr(to, ";tag=");
	if (at)
		(void)snprintf(on->tag, sizeof(on->tag), "%s", at + 5);
}

static void onward_up(struct phone *c, const struct packet *p)
{
	struct onward *on = &c->on;
	bool first = on->asking && !strcmp(on->asking, "INVITE");

	if (first) {
		on->asking = NULL;
		onward_tag(on, p);
		(void)phone_audio_read(&on->audio, p->text);
	}
	phone_send_onward(c, "ACK", 1);
	if (!first)
		return;
	on->up = true;
	phones_counts.loops++;
	if (on->ended)
		onward_end(c);
	else if (!c->code)
		phone_answer(c, 0);
}

static void onward_response(struct phone *c, const struct packet *p)
{
	struct onward *on = &c->on;
	char cseq[40];

	(void)net_field(cseq, sizeof(cseq), p->text, "CSeq");
	if (strstr(cseq, "INVITE") && p->code >= 200 && p->code < 300) {
		onward_up(c, p);
	} else if (strstr(cseq, "INVITE") && p->code >= 300) {
		onward_tag(on, p);
		phone_send_onward(c, "ACK", 1);
		if (on->asking)
			onward_failed(c);
	} else if (strstr(cseq, "BYE") && p->code >= 200) {
		on->asking = NULL;
	}
}

/* The called end hangs up; or asks something else, to which nobody listens. */
static void onward_request(struct phone *c, const struct packet *p)
{
	bool was_up = c->on.up;

	if (strncmp(p->text, "BYE ", 4) != 0)
		return;
	phone_respond_onward(c, p, 200);
	c->on.up = false;
	if (!was_up || !c->legs[0].up)
		return;
	phone_over(c, 0, &phones_counts.by_their_bye);
	phone_hang_up(c, 0);
}

void onward_hear(struct phone *c, const struct packet *p)
{
	if (!strncmp(p->text, "SIP/2.0 ", 8))
		onward_response(c, p);
	else
		onward_request(c, p);
}
