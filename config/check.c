/* Settings that are right one by one, and together not what they seem. */
#include "config/check.h"

#include <errno.h>
#include <string.h>

#include "config/uri.h"

/* Whether the Contact has a port of ours, one that nobody wrote into a file. */
static bool check_has_own_port(const struct config_settings *s)
{
	return !s->contact || strstr(s->contact, "{local}");
}

static bool check_is_loopback(struct config_slice host)
{
	return (host.l > 4 && !strncmp(host.p, "127.", 4)) ||
	       (host.l == 3 && !strncmp(host.p, "::1", 3)) ||
	       (host.l == 9 && !strncmp(host.p, "localhost", 9));
}

/* Whether a socket listens on a port that stays, where probes to @hop leave from. */
static bool check_listens(const struct config *c, const struct config_uri *hop)
{
	enum config_transport want =
		hop->transport ? hop->transport : CONFIG_TRANSPORT_UDP;

	for (size_t i = 0; i < c->sip.listen_count; i++) {
		const struct config_listen *l = &c->sip.listen[i];
		struct config_slice host = {l->host, strlen(l->host)};

		if (l->transport == want && l->port &&
		    (!check_is_loopback(host) || check_is_loopback(hop->host)))
			return true;
	}
	return false;
}

/*
 * A crash takes nothing back. The next start renews what is registered if its Contact is
 * the same; else a registrar that takes one contact refuses it until the old one ends.
 */
static int check_contact(struct config *c, const struct config_trunk *t,
			 const struct config_uri *hop)
{
	const struct config_settings *s = t->settings;

	if (!check_has_own_port(s) || check_listens(c, hop))
		return 0;
	if (config_transport_is_websocket(hop->transport))
		return config_warn(
			&c->warnings, c, t, "register.bind",
			"the registered Contact has another name after each start, so "
			"that after a crash a registrar that takes one contact refuses "
			"it until the old one expires; set contact");
	if (s->local.port)
		return 0;
	return config_warn(
		&c->warnings, c, t, "register.bind",
		"the registered Contact has another port after each start, so "
		"that after a crash a registrar that takes one contact refuses "
		"it until the old one expires; set contact, local.port or "
		"sip.listen");
}

/* RFC 3261 18.2.1: who registers a port over TCP is to be reached there. */
static int check_connection(struct config *c, const struct config_trunk *t,
			    const struct config_uri *hop)
{
	const struct config_settings *s = t->settings;

	if (hop->transport == CONFIG_TRANSPORT_NONE ||
	    hop->transport == CONFIG_TRANSPORT_UDP ||
	    config_transport_is_websocket(hop->transport) || !s->connection_set ||
	    s->connection != CONFIG_CONNECTION_FRESH || !check_has_own_port(s) ||
	    check_listens(c, hop))
		return 0;
	return config_warn(&c->warnings, c, t, "connection",
			   "nobody listens on the port that register.bind registers, so "
			   "the connection of REGISTER is kept, not made afresh; set "
			   "contact or sip.listen");
}

int config_check(struct config *c)
{
	int err = 0;

	for (size_t i = 0; i < c->trunk_count && !err; i++) {
		const struct config_trunk *t = &c->trunks[i];
		struct config_uri hop;

		if (!config_trunk_binds(t) || config_uri_parse(config_trunk_hop(t), &hop))
			continue;
		err = check_contact(c, t, &hop);
		if (!err)
			err = check_connection(c, t, &hop);
	}
	return err;
}
