/*
 * FreeSWITCH's gateways, with the variables that its preprocessor would put into them
 * where the files at hand set them.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "exporter/import/freeswitch_vars.h"
#include "exporter/import/include.h"
#include "exporter/import/rows.h"
#include "exporter/import/xml_scan.h"

/* Parameters of a gateway that say something of probing. */
enum param {
	PARAM_USERNAME,
	PARAM_AUTH_USERNAME,
	PARAM_PASSWORD,
	PARAM_REALM,
	PARAM_FROM_USER,
	PARAM_FROM_DOMAIN,
	PARAM_PROXY,
	PARAM_REGISTER_PROXY,
	PARAM_OUTBOUND_PROXY,
	PARAM_REGISTER,
	PARAM_TRANSPORT,
	PARAM_PING,
	PARAMS,
};

static const char *const params[PARAMS] = {
	[PARAM_USERNAME] = "username",
	[PARAM_AUTH_USERNAME] = "auth-username",
	[PARAM_PASSWORD] = "password",
	[PARAM_REALM] = "realm",
	[PARAM_FROM_USER] = "from-user",
	[PARAM_FROM_DOMAIN] = "from-domain",
	[PARAM_PROXY] = "proxy",
	[PARAM_REGISTER_PROXY] = "register-proxy",
	[PARAM_OUTBOUND_PROXY] = "outbound-proxy",
	[PARAM_REGISTER] = "register",
	[PARAM_TRANSPORT] = "register-transport",
	[PARAM_PING] = "ping",
};

struct gateway {
	const char *name;
	struct import_at at;
	const char *values[PARAMS]; /* NULL: not given */
	struct import_at places[PARAMS];
	bool unknown[PARAMS]; /* it holds a variable that nobody sets */
};

struct freeswitch {
	struct freeswitch_vars vars;
	struct gateway gateway; /* being read; without a name there is none */
};

static struct freeswitch *freeswitch_state(struct import *im)
{
	if (!im->state)
		im->state = arena_alloc(&im->arena, sizeof(struct freeswitch), 8);
	if (!im->state)
		import_fail(im, ENOMEM);
	return im->state;
}

/* FreeSWITCH takes one parameter for another that is not given. */
static const char *freeswitch_value(const struct gateway *g, enum param p)
{
	return g->values[p] && *g->values[p] ? g->values[p] : NULL;
}

static const char *freeswitch_realm(const struct gateway *g)
{
	const char *own = freeswitch_value(g, PARAM_REALM);

	return own ? own : g->name;
}

static const char *freeswitch_domain(const struct gateway *g)
{
	const char *own = freeswitch_value(g, PARAM_FROM_DOMAIN);

	return own ? own : freeswitch_realm(g);
}

static bool freeswitch_is_registered(const struct gateway *g)
{
	const char *own = freeswitch_value(g, PARAM_REGISTER);

	return !own || (strcasecmp(own, "false") && strcasecmp(own, "no") &&
			strcasecmp(own, "off") && strcmp(own, "0"));
}

/* Target of a gateway's pings and registrations. */
static enum param freeswitch_target(const struct gateway *g)
{
	if (freeswitch_value(g, PARAM_REGISTER_PROXY))
		return PARAM_REGISTER_PROXY;
	return freeswitch_value(g, PARAM_PROXY) ? PARAM_PROXY : PARAM_REALM;
}

static void freeswitch_set_auth(struct import *im, struct import_trunk *t,
				const struct gateway *g)
{
	const char *user = freeswitch_value(g, PARAM_AUTH_USERNAME);

	if (!user)
		user = freeswitch_value(g, PARAM_USERNAME);
	if (!user || !freeswitch_value(g, PARAM_PASSWORD))
		return;
	if (import_set(im, t, IMPORT_USERNAME, g->at, user))
		(void)import_set(im, t, IMPORT_PASSWORD_FILE, g->at,
				 import_secret(im, g->places[PARAM_PASSWORD], t->name));
}

/* The address of record: who the gateway is to its provider. */
static const char *freeswitch_identity(struct import *im, const struct gateway *g)
{
	const char *user = freeswitch_value(g, PARAM_FROM_USER);

	if (!user)
		user = freeswitch_value(g, PARAM_USERNAME);
	if ((user && strlen(user) > 255) || strlen(freeswitch_domain(g)) > 255)
		return NULL;
	return import_format(im, "sip:%s%s%s", user ? user : "", user ? "@" : "",
			     freeswitch_domain(g));
}

static void freeswitch_set_from(struct import *im, struct import_trunk *t,
				const struct gateway *g)
{
	const char *who = freeswitch_identity(im, g);

	if (who && (freeswitch_value(g, PARAM_FROM_USER) ||
		    freeswitch_value(g, PARAM_FROM_DOMAIN) ||
		    freeswitch_value(g, PARAM_USERNAME)))
		(void)import_set_uri(im, t, IMPORT_FROM, g->at, who);
}

/* A gateway that is not pinged is known by its registration alone. */
static void freeswitch_set_register(struct import *im, struct import_trunk *t,
				    const struct gateway *g)
{
	const char *who = freeswitch_identity(im, g);
	const char *method = freeswitch_value(g, PARAM_PING)
				     ? "[\"OPTIONS\", \"REGISTER\"]"
				     : "\"REGISTER\"";

	if (!who)
		return;
	(void)import_set(im, t, IMPORT_METHOD, g->at, method);
	import_set_register(im, t, g->at, who, g->at);
}

/* What holds a variable that nobody sets is unknown here, but for a password's place. */
static void freeswitch_drop_unknown(struct import *im, struct gateway *g)
{
	for (size_t i = 0; i < PARAMS; i++) {
		if (!g->unknown[i] || i == PARAM_PASSWORD)
			continue;
		import_note(im, g->places[i],
			    "left out: %s holds a variable, whose value is not here",
			    params[i]);
		g->values[i] = NULL;
	}
}

static void freeswitch_set_settings(struct import *im, struct import_trunk *t,
				    const struct gateway *g)
{
	const char *ping = freeswitch_value(g, PARAM_PING);

	if (ping)
		(void)import_set_seconds(im, t, IMPORT_INTERVAL, g->places[PARAM_PING],
					 ping);
	if (freeswitch_value(g, PARAM_OUTBOUND_PROXY))
		(void)import_set_uri(im, t, IMPORT_OUTBOUND_PROXY,
				     g->places[PARAM_OUTBOUND_PROXY],
				     freeswitch_value(g, PARAM_OUTBOUND_PROXY));
	freeswitch_set_from(im, t, g);
	freeswitch_set_auth(im, t, g);
	if (freeswitch_is_registered(g))
		freeswitch_set_register(im, t, g);
}

static const char *freeswitch_uri(struct import *im, const struct gateway *g)
{
	enum param target = freeswitch_target(g);
	const char *text = freeswitch_value(g, target);
	const char *uri = import_uri(im, text ? g->places[target] : g->at, "proxy",
				     text ? text : g->name);

	return uri ? import_uri_transport(im, g->places[PARAM_TRANSPORT], g->name, uri,
					  freeswitch_value(g, PARAM_TRANSPORT))
		   : NULL;
}

static void freeswitch_take_gateway(struct import *im, struct gateway *g)
{
	bool nameless = strstr(g->name, "${");
	enum param target = freeswitch_target(g);
	struct import_trunk *t;
	const char *uri;

	if (g->values[target] ? g->unknown[target] : nameless) {
		import_note(im, g->at,
			    "left out: gateway \"%.80s\", as its host is a variable that "
			    "no file here sets",
			    redact(g->name).s);
		return;
	}
	freeswitch_drop_unknown(im, g);
	uri = freeswitch_uri(im, g);
	if (uri && nameless) {
		import_note(im, g->at,
			    "changed: the name of a gateway is a variable that no file "
			    "here sets; its host is taken");
		g->name = import_uri_host_name(im, uri);
	}
	t = uri && g->name ? import_trunk_add(im, g->at, g->name, uri) : NULL;
	if (t)
		freeswitch_set_settings(im, t, g);
	else if (!im->err)
		import_note(im, g->at, "left out: gateway \"%.80s\"", redact(g->name).s);
}

/* --- tags --- */

static void freeswitch_take_param(struct import *im, const struct xml_tag *tag)
{
	struct freeswitch *f = im->state;
	const char *name = xml_attribute(tag, "name"),
		   *text = xml_attribute(tag, "value");
	struct gateway *g = &f->gateway;
	size_t i = 0;

	if (!name || !text)
		return;
	while (i < PARAMS && strcmp(params[i], name))
		i++;
	if (i == PARAMS) {
		import_note(im, tag->at, "left out: %.80s says nothing of probing",
			    redact(name).s);
		return;
	}
	g->values[i] = freeswitch_expand(im, &f->vars, text);
	g->places[i] = tag->at;
	g->unknown[i] = !g->values[i] || strstr(g->values[i], "${");
}

static void freeswitch_end_gateway(struct import *im)
{
	struct freeswitch *f = im->state;

	if (f->gateway.name)
		freeswitch_take_gateway(im, &f->gateway);
	f->gateway.name = NULL;
}

/* One that has no end of its own is taken as far as it goes. */
static void freeswitch_close_gateway(struct import *im)
{
	struct freeswitch *f = im->state;

	if (f->gateway.name)
		import_note(
			im, f->gateway.at,
			"changed: gateway \"%.80s\" has no end, and is taken as far as "
			"it goes",
			redact(f->gateway.name).s);
	freeswitch_end_gateway(im);
}

static void freeswitch_begin_gateway(struct import *im, const struct xml_tag *tag)
{
	struct freeswitch *f = im->state;
	const char *name = xml_attribute(tag, "name");

	freeswitch_close_gateway(im);
	if (!name || !*name) {
		import_note(im, tag->at, "left out: a gateway without a name");
		return;
	}
	f->gateway = (struct gateway){.at = tag->at};
	f->gateway.name = freeswitch_expand(im, &f->vars, name);
}

/* An include of files that are at hand, or a note that asks for them. */
static void freeswitch_take_include(struct import *im, const struct xml_tag *tag)
{
	struct freeswitch *f = im->state;
	const char *data = xml_attribute(tag, "data");
	const char *path = data ? freeswitch_expand(im, &f->vars, data) : NULL;

	for (size_t i = 0; path && i < im->text_count; i++) {
		if (include_means(path, im->texts[i].file))
			return;
	}
	if (path)
		import_note(im, tag->at,
			    "left out: the include of %.80s is not followed; name those "
			    "files too",
			    redact(path).s);
}

static bool freeswitch_is_directive(const struct xml_tag *tag, const char *cmd)
{
	const char *own = xml_attribute(tag, "cmd");

	return !strcasecmp(tag->name, "X-PRE-PROCESS") && own && !strcasecmp(own, cmd);
}

static void freeswitch_tag_h(struct import *im, const struct xml_tag *tag, void *arg)
{
	(void)arg;
	if (freeswitch_is_directive(tag, "include") && tag->begins)
		freeswitch_take_include(im, tag);
	if (!strcmp(tag->name, "gateway") && tag->begins)
		freeswitch_begin_gateway(im, tag);
	else if (!strcmp(tag->name, "param") && tag->begins &&
		 ((struct freeswitch *)im->state)->gateway.name)
		freeswitch_take_param(im, tag);
	if (!strcmp(tag->name, "gateway") && tag->ends)
		freeswitch_end_gateway(im);
}

/* --- variables, ahead of all gateways --- */

static void freeswitch_set_h(struct import *im, const struct xml_tag *tag, void *arg)
{
	struct freeswitch *f = arg;
	const char *data = xml_attribute(tag, "data");

	if (data && freeswitch_is_directive(tag, "set") && tag->begins)
		freeswitch_vars_set(im, &f->vars, data);
}

static void freeswitch_plan(struct import *im)
{
	struct freeswitch *f = freeswitch_state(im);
	struct import_at at = im->at, where;

	for (size_t i = 0; f && i < im->text_count && !im->err; i++) {
		im->at = (struct import_at){im->texts[i].file, 1};
		(void)xml_scan(im, im->texts[i].text, im->texts[i].len, freeswitch_set_h,
			       f, &where);
	}
	im->at = at;
}

/* --- rows, as FusionPBX keeps them --- */

/* A column is called as the parameter, with '_' for '-'. */
static bool freeswitch_is_column(const char *column, const char *param)
{
	while (*column && (*column == '_' ? '-' : *column) == *param) {
		column++;
		param++;
	}
	return !*column && !*param;
}

static void freeswitch_take_row(struct import *im, const struct row *r)
{
	struct gateway g = {.at = r->at, .name = row_value(r, "gateway")};

	if (!g.name || !row_has(r, "register_proxy"))
		return;
	for (size_t i = 0; i < r->count; i++) {
		for (size_t p = 0; p < PARAMS; p++) {
			bool is = freeswitch_is_column(r->columns[i], params[p]);

			g.values[p] = is ? r->values[i] : g.values[p];
			g.places[p] = r->at;
			g.unknown[p] = g.values[p] && strstr(g.values[p], "${");
		}
	}
	if (!g.values[PARAM_AUTH_USERNAME])
		g.values[PARAM_AUTH_USERNAME] = row_value(r, "auth_username");
	freeswitch_take_gateway(im, &g);
}

static void freeswitch_read(struct import *im, const char *text, size_t len)
{
	static const char *const why[] = {
		[XML_NOTHING] = "left out: there is no XML in it",
		[XML_BROKEN] = "left out: a tag without an end; what follows it is read",
		[XML_DOCTYPE] = "a document type, and so entities, are refused",
	};
	struct import_at where = im->at;
	enum xml_end end;

	if (sql_is(text, len)) {
		sql_read(im, text, len, freeswitch_take_row);
		return;
	}
	end = xml_scan(im, text, len, freeswitch_tag_h, NULL, &where);
	if (!im->err)
		freeswitch_close_gateway(im);
	if (!im->err && end != XML_READ)
		import_unusable(im, where, "%s", why[end]);
}

static void freeswitch_clear(struct import *im)
{
	struct freeswitch *f = im->state;

	if (f)
		freeswitch_vars_clear(&f->vars);
}

const struct import_source import_freeswitch = {
	.name = "freeswitch",
	.file = "gateway.xml",
	.about = "gateways of a Sofia profile, and their variables",
	.plan = freeswitch_plan,
	.read = freeswitch_read,
	.clear = freeswitch_clear,
};
