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
