#include "sipprobe/call/call_guest_bye.h"

#include "sipprobe/call/call_guest_private.h"
#include "sipprobe/call/call_send.h"
#include "sipprobe/call/call_way.h"

bool call_guest_own_way_fits(const struct call *c)
{
	const struct call_back *back = &c->guest->back;

	return c->transport == back->transport && sa_cmp(&c->peer, &back->src, SA_ADDR);
}

static struct sa guest_hop(const struct call *c)
{
	struct sa hop;

	if (!dialog_next_hop(&hop, c->guest->dialog, CONFIG_TRANSPORT_UDP) ||
	    sa_af(&hop) != sa_af(&c->guest->back.src) || !call_may_reach(c, &hop))
		return c->guest->back.src;
	return hop;
}

/* One that has gone another way is another request (RFC 3261 8.1.1.5, 8.1.1.7). */
static void guest_print_bye(struct call *c)
{
	struct call_guest *g = c->guest;
	const struct call_print_way way = {
		.transport = g->bye_own ? call_way_transport(c->way)
					: request_transport_name(g->back.transport),
		.local = g->bye_own ? call_way_local(c->way) : &g->back.local,
	};

	(void)call_print_bye(&g->bye, c, g->dialog, g->invite, &way);
}

static void guest_transmit_bye(struct call *c)
{
	struct call_guest *g = c->guest;
	const struct mbuf *text = g->bye.text;
	struct sa hop = guest_hop(c);

	if (g->bye_own)
		(void)call_way_send(c->way, NULL, (const char *)text->buf, text->end);
	else
		(void)call_back_send(&g->back, &hop, text);
}

/* Whether what was sent arrives, as far as can be known. */
static bool guest_bye_stands(const struct call *c)
{
	const struct call_guest *g = c->guest;

	return g->bye.text &&
	       (g->bye_own ? call_way_is_reliable(c->way) : g->back.loan.stream != NULL);
}

void call_guest_bye(struct call *c, int64_t now_ns)
{
	struct call_guest *g = c->guest;
	bool own = g->bye_own || !call_back_stands(&g->back);

	if (guest_bye_stands(c))
		return;
	if (!g->bye.text || own != g->bye_own) {
		g->bye_own = own;
		guest_print_bye(c);
	}
	if (!g->bye.text) {
		call_guest_step(c, CALL_TALK_SILENCE);
		return;
	}
	/* Over a connection its clock looks whether that still stands. */
	if (!g->bye.retry.end_ns)
		call_retry_begin(&g->bye.retry, now_ns, call_t1_ns(c), false, false);
	guest_transmit_bye(c);
	call_note(c, LADDER_SENT, now_ns, (const char *)g->bye.text->buf,
		  g->bye.text->end);
}
