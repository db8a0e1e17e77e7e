/* What the tables of Kamailio and OpenSIPS say of trunks: a taker for each. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "exporter/import/destination.h"
#include "exporter/import/rows.h"

/* A description makes a name, unless somebody wrote a password into it. */
static const char *table_description(const struct row *r)
{
	const char *text = row_value(r, "description");

	if (!text || strlen(text) > 100 || strcmp(redact(text).s, text) != 0)
		return NULL;
	return text;
}

static bool table_is(const struct row *r, const char *column, const char *value)
{
	const char *own = row_value(r, column);

	return own && !strcmp(own, value);
}

static char *table_copy(struct import *im, const char *text)
{
	return text ? import_copy(im, text, strlen(text)) : NULL;
}

static void table_note_unprobed(struct import *im, const struct row *r, const char *who)
{
	if (table_is(r, "probe_mode", "0"))
		import_note(
			im, r->at,
			"changed: \"%.80s\" is not probed by OpenSIPS (probe_mode 0), "
			"but will be",
			redact(who).s);
}

/* What the columns of both dispatchers, drouting and load_balancer have in common. */
static void table_add(struct import *im, const struct row *r, struct destination *d)
{
	const char *flags = row_value(r, "flags");

	d->at = r->at;
	d->socket = row_value(r, "socket");
	if (table_is(r, "state", "1"))
		d->off = "inactive (state 1)";
	if (flags && !destination_number(&d->flags, flags)) {
		import_note(im, r->at, "left out: \"%.80s\": its flags are no number",
			    redact(d->uri).s);
		return;
	}
	table_note_unprobed(im, r, d->name ? d->name : d->uri);
	destination_add(im, d);
}

static void table_take_dispatcher(struct import *im, const struct row *r)
{
	struct destination d = {
		.uri = row_value(r, "destination"),
		.name = table_description(r),
		.label = "dispatcher_set",
		.set = row_value(r, "setid"),
		.attributes = table_copy(im, row_value(r, "attrs")),
	};

	table_add(im, r, &d);
}

static void table_take_gateway(struct import *im, const struct row *r)
{
	struct destination d = {
		.uri = row_value(r, "address"),
		.name = row_value(r, "gwid"),
	};

	if (!d.name)
		d.name = table_description(r);
	table_add(im, r, &d);
}

static void table_take_balanced(struct import *im, const struct row *r)
{
	struct destination d = {
		.uri = row_value(r, "dst_uri"),
		.name = table_description(r),
		.label = "load_balancer_group",
		.set = row_value(r, "group_id"),
	};

	table_add(im, r, &d);
}

static void table_take_route(struct import *im, const struct row *r)
{
	struct destination d = {
		.uri = row_value(r, "rewrite_host"),
		.name = table_description(r),
	};

	table_add(im, r, &d);
}

/* "sip:HOST:PORT;transport=tcp" of columns of their own. */
static const char *table_lcr_uri(struct import *im, const struct row *r)
{
	static const char *const transports[] = {"", "", "tcp", "tls", "sctp"};
	const char *address = row_value(r, "ip_addr"), *port = row_value(r, "port"),
		   *transport = row_value(r, "transport");
	unsigned long number = transport ? strtoul(transport, NULL, 10) : 0;
	bool ipv6;

	if (!address)
		address = row_value(r, "hostname");
	if (!address || strlen(address) > 255 || (port && strlen(port) > 5))
		return NULL;
	transport = number < 5 ? transports[number] : "";
	ipv6 = strchr(address, ':') && *address != '[';
	return import_format(im, "%s:%s%s%s%s%s%s%s",
			     table_is(r, "uri_scheme", "2") ? "sips" : "sip",
			     ipv6 ? "[" : "", address, ipv6 ? "]" : "",
			     port && strcmp(port, "0") != 0 ? ":" : "",
			     port && strcmp(port, "0") != 0 ? port : "",
			     *transport ? ";transport=" : "", transport);
}

static void table_take_lcr(struct import *im, const struct row *r)
{
	struct destination d = {
		.at = r->at,
		.uri = table_lcr_uri(im, r),
		.name = row_value(r, "gw_name"),
		.label = "lcr_id",
		.set = row_value(r, "lcr_id"),
	};

	if (d.uri)
		destination_add(im, &d);
	else
		import_note(im, r->at, "left out: gateway \"%.80s\" has no address",
			    redact(d.name ? d.name : "").s);
}

/* What is asked of a registrar, and as whom. */
struct registration {
	const char *name;
	const char *server;
	const char *aor;
	const char *proxy;
	const char *user;
	const char *off;
	bool password;
};

static void table_add_registration(struct import *im, const struct row *r,
				   const struct registration *g)
{
	const char *uri = import_uri(im, r->at, "registrar", g->server);
	struct import_trunk *t = uri ? import_trunk_add(im, r->at, g->name, uri) : NULL;

	if (!t)
		return;
	(void)import_set(im, t, IMPORT_METHOD, r->at, "\"REGISTER\"");
	if (g->proxy)
		(void)import_set_uri(im, t, IMPORT_OUTBOUND_PROXY, r->at, g->proxy);
	if (g->user && g->password && import_set(im, t, IMPORT_USERNAME, r->at, g->user))
		(void)import_set(im, t, IMPORT_PASSWORD_FILE, r->at,
				 import_secret(im, r->at, t->name));
	if (g->off) {
		(void)import_set(im, t, IMPORT_PAUSED, r->at, "true");
		import_note(im, r->at, "paused: \"%.80s\" is %s", t->name, g->off);
	}
	import_set_register(im, t, r->at, g->aor, r->at);
}

static void table_take_registrant(struct import *im, const struct row *r)
{
	const char *aor = import_uri(im, r->at, "aor", row_value(r, "aor"));
	struct registration g = {
		.name = aor ? strchr(aor, ':') + 1 : NULL,
		.server = row_value(r, "registrar"),
		.aor = aor,
		.proxy = row_value(r, "proxy"),
		.user = row_value(r, "username"),
		.password = row_value(r, "password"),
		.off = table_is(r, "state", "1") ? "disabled (state 1)" : NULL,
	};

	if (aor && g.server)
		table_add_registration(im, r, &g);
	else if (aor)
		import_note(im, r->at, "left out: \"%.80s\" has no registrar",
			    redact(g.name).s);
}

static void table_take_uacreg(struct import *im, const struct row *r)
{
	const char *user = row_value(r, "r_username"), *domain = row_value(r, "r_domain"),
		   *proxy = row_value(r, "auth_proxy"),
		   *own = row_value(r, "auth_username"), *flags = row_value(r, "flags");
	bool named = user && strlen(user) < 256 && strlen(domain) < 256;
	struct registration g = {
		.name = row_value(r, "l_uuid") ? row_value(r, "l_uuid") : domain,
		.server = domain,
		.aor = named ? import_format(im, "sip:%s@%s", user, domain) : domain,
		.proxy = proxy,
		.user = own ? own : user,
		.password = row_value(r, "auth_password"),
		.off = flags && strtoul(flags, NULL, 10) & 1 ? "disabled (flag 1)" : NULL,
	};

	if (!g.password && row_value(r, "auth_ha1"))
		import_note(im, r->at,
			    "left out: the credentials of \"%.80s\", which are a hash; "
			    "auth needs the password itself",
			    redact(g.name).s);
	table_add_registration(im, r, &g);
}

/* Who may call here is a peer, but none whose address is called. */
static void table_take_trusted(struct import *im, const struct row *r)
{
	import_note(im, r->at,
		    "left out: \"%.80s\" of table \"%.40s\" is who may call, not where "
		    "calls go",
		    redact(row_value(r, "src_ip")).s, r->table);
}

/*
 * Told by their columns, as a table may have any name. The first needs a value, the other
 * may be one that the database numbers.
 */
static const struct {
	const char *first;
	const char *second;
	void (*take)(struct import *im, const struct row *r);
} tables[] = {
	{"destination", "setid", table_take_dispatcher},
	{"address", "gwid", table_take_gateway},
	{"address", "pri_prefix", table_take_gateway},
	{"dst_uri", "group_id", table_take_balanced},
	{"aor", "registrar", table_take_registrant},
	{"r_domain", "l_uuid", table_take_uacreg},
	{"gw_name", "lcr_id", table_take_lcr},
	{"rewrite_host", "carrier", table_take_route},
	{"src_ip", "proto", table_take_trusted},
};

enum { TABLES = sizeof(tables) / sizeof(*tables) };

void row_take(struct import *im, const struct row *r)
{
	for (size_t i = 0; i < TABLES; i++) {
		if (!row_has(r, tables[i].first) || !row_has(r, tables[i].second))
			continue;
		if (row_value(r, tables[i].first))
			tables[i].take(im, r);
		else
			import_note(im, r->at, "left out: a row without %s",
				    tables[i].first);
		return;
	}
}
