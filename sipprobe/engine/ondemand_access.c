/* The access list of probes on demand: names and addresses that may be probed. */
#include <string.h>

#include "config/access.h"
#include "sipprobe/engine/ondemand_private.h"
#include "sipprobe/loop/ip_literal.h"

static void host_of(const struct config_uri *uri, const char **p, size_t *len)
{
	/* RFC 3261 19.1.1: maddr overrides the host. */
	*p = uri->maddr.l ? uri->maddr.p : uri->host.p;
	*len = uri->maddr.l ? uri->maddr.l : uri->host.l;
}

bool ondemand_is_literal(const struct config_uri *uri)
{
	char text[64];
	const char *p;
	size_t len;
	struct sa sa;

	host_of(uri, &p, &len);
	if (len >= sizeof(text))
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	text[strcspn(text, "%")] = '\0';
	return !sa_set_str(&sa, text, 1);
}

bool ondemand_name_allowed(const struct ondemand *o)
{
	const char *host;
	size_t len;

	if (!o->access || ondemand_is_literal(&o->uri))
		return true;
	host_of(&o->uri, &host, &len);
	return config_allow_name(o->access, host, len);
}

/* The address in the URI, if it is one: the one a proxy would be asked to go on to. */
static bool literal_allowed(const struct ondemand *o, struct sa *sa)
{
	uint8_t address[16];
	char text[64];
	const char *p;
	size_t len;

	host_of(&o->uri, &p, &len);
	len = len < sizeof(text) - 1 ? len : sizeof(text) - 1;
	memcpy(text, p, len);
	text[len] = '\0';
	text[strcspn(text, "%")] = '\0';
	if (sa_set_str(sa, text, 1))
		return false;
	ip_bytes(address, sa);
	return config_allow_address(o->access, address, false);
}

/*
 * Every one must be allowed: a name that leads to one such address proves nothing. With
 * an outbound proxy the addresses are those of the proxy, which the configuration names.
 */
bool ondemand_inside(const struct ondemand *o, const struct resolve_result *res,
		     struct sa *outside)
{
	bool by_name = !ondemand_is_literal(&o->uri);

	if (!o->access)
		return true;
	if (o->settings.outbound_proxy)
		return by_name || literal_allowed(o, outside);
	for (size_t i = 0; i < res->count; i++) {
		uint8_t address[16];

		*outside = res->addresses[i].sa;
		ip_bytes(address, outside);
		if (!config_allow_address(o->access, address, by_name))
			return false;
	}
	return true;
}
