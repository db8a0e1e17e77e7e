/* Where a call's messages may go, and whence they may come. */
#include "config/access.h"
#include "sipprobe/call/call_private.h"
#include "sipprobe/loop/ip_literal.h"

bool call_may_reach(const struct call *c, const struct sa *sa)
{
	const struct config_probe allowed = {
		.allow = c->around->media_conf.networks,
		.allow_count = c->around->media_conf.network_count,
	};
	uint8_t address[16];

	ip_bytes(address, sa);
	return config_allow_address(&allowed, address, false);
}

/*
 * Past a proxy that did not ask to stay in between, the peer itself is asked (12.2.1.1),
 * where its address is one that our audio may go to as well: else whom we called. Over
 * TLS always that one, as nobody could say whose certificate another is to show.
 */
struct sa call_hop(const struct call *c, const struct dialog *d)
{
	struct sa hop;

	if (c->transport == CONFIG_TRANSPORT_TLS ||
	    !dialog_next_hop(&hop, d, c->transport) || sa_af(&hop) != sa_af(&c->peer) ||
	    !call_may_reach(c, &hop))
		return c->peer;
	return hop;
}

bool call_knows(const struct call *c, const struct sa *src)
{
	if (c->settings.answers_from == CONFIG_ANSWERS_FROM_ANYWHERE ||
	    sa_cmp(src, &c->peer, SA_ADDR))
		return true;
	for (struct le *le = c->lines.head; le; le = le->next)
		if (sa_cmp(src, &((const struct call_line *)le->data)->hop, SA_ADDR))
			return true;
	return false;
}
