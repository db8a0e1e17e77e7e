/* A phone's own requests within a call, one at a time, and what is answered to them. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/calls/phone.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/trace.h"

static void phone_unanswered(struct phone *c)
{
	const struct phone_request r = c->request;

	c->request.method = NULL;
	/* RFC 3261 12.2.1.2: as good as a 408, which ends the dialog. */
	if (strcmp(r.method, "BYE") != 0 && c->legs[r.leg].up) {
		phone_over(c, r.leg, &phones_counts.by_timer);
		phone_hang_up(c, r.leg);
	}
}

static void phone_ask_again_h(struct phone *c, unsigned cseq)
{
	struct phone_request *r = &c->request;

	if (!r->method || r->cseq != cseq)
		return;
	if (world_now_ns() - r->since_ns >= PHONE_GIVES_UP) {
		phone_unanswered(c);
		return;
	}
	if (!c->pipe)
		phone_send_request(c, r);
	r->every_ns = r->every_ns * 2 < PHONE_T2_NS ? r->every_ns * 2 : PHONE_T2_NS;
	phone_later(c, r->every_ns, phone_ask_again_h, cseq);
}

/* A BYE waits for nothing that is under way. */
void phone_ask(struct phone *c, unsigned leg, const char *method, const char *more,
	       bool sdp)
{
	if (c->request.method && strcmp(method, "BYE") != 0)
		return;
	c->request = (struct phone_request){.method = method,
					    .more = more,
					    .sdp = sdp,
					    .cseq = ++c->cseq,
					    .leg = leg,
					    .since_ns = world_now_ns(),
					    .every_ns = PHONE_T1_NS};
	trace(c->peer->trunk, "a phone asks", method, " number ", (int64_t)c->number);
	phone_send_request(c, &c->request);
	phone_later(c, PHONE_T1_NS, phone_ask_again_h, c->cseq);
}

static void phone_refreshed(struct phone *c, const struct phone_request *r, unsigned code)
{
	struct leg *l = &c->legs[r->leg];

	if (code < 300) {
		l->fresh_ns = world_now_ns();
	} else if (code == 481 && l->up) {
		phone_over(c, r->leg, &phones_counts.by_timer);
		phone_hang_up(c, r->leg);
	}
}

void phone_answered(struct phone *c, const struct packet *p)
{
	const char *at = strchr(strstr(p->text, PHONE_BRANCH), '-');
	struct phone_request r = c->request;

	if (!r.method || !at || strtoul(at + 1, NULL, 10) != r.cseq || p->code < 200)
		return;
	c->request.method = NULL;
	if (!strcmp(r.method, "INVITE")) {
		r.method = "ACK";
		r.sdp = false;
		phone_send_request(c, &r);
	}
	phone_refreshed(c, &r, p->code);
}
