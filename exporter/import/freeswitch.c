/*
 * FreeSWITCH's gateways, read by expat: small, a stream without a tree, and it fetches
 * nothing by itself. A document type is refused, and with it every entity.
 */
#include <errno.h>
#include <expat.h>
#include <string.h>
#include <strings.h>

#include "exporter/import/model.h"

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
};

struct reader {
	struct import *im;
	XML_Parser parser;
	struct gateway gateway;
	bool inside;	/* a gateway */
	bool doctype;	/* was found */
	unsigned depth; /* of elements within the gateway */
};

/* expat 2.9 brings the one name and deprecates the other. */
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 9
#define freeswitch_line XML_GetCurrentLineNumber64
#else
#define freeswitch_line XML_GetCurrentLineNumber
#endif

static struct import_at freeswitch_place(const struct reader *r)
{
	return (struct import_at){r->im->at.file, (unsigned)freeswitch_line(r->parser)};
}

static const char *freeswitch_attribute(const char **attrs, const char *name)
{
	for (; *attrs; attrs += 2) {
		if (!strcmp(attrs[0], name))
			return attrs[1];
	}
	return NULL;
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

	if (!who || !import_set_uri(im, t, IMPORT_REGISTER_AOR, g->at, who))
		return;
	(void)import_set(im, t, IMPORT_METHOD, g->at, method);
	import_note(
		im, g->at,
		"changed: \"%.80s\" is asked whether its registration stands; nothing "
		"is registered",
		t->name);
}

/* Values that the preprocessor would have replaced are unknown here. */
static void freeswitch_drop_variables(struct import *im, struct gateway *g)
{
	for (size_t i = 0; i < PARAMS; i++) {
		if (!g->values[i] || !strstr(g->values[i], "${"))
			continue;
		import_note(im, g->places[i],
			    "left out: %s holds a variable, whose value is not here",
			    params[i]);
		g->values[i] = i == PARAM_PASSWORD ? g->values[i] : NULL;
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

static void freeswitch_take_gateway(struct import *im, struct gateway *g)
{
	bool variable = g->values[freeswitch_target(g)] &&
			strstr(g->values[freeswitch_target(g)], "${");
	struct import_trunk *t;
	const char *uri, *name;
	struct import_at at =
		g->values[freeswitch_target(g)] ? g->places[freeswitch_target(g)] : g->at;

	freeswitch_drop_variables(im, g);
	if (variable || strstr(g->name, "${")) {
		import_note(im, g->at,
			    "left out: gateway \"%.80s\", "
			    "as its host is a variable",
			    g->name);
		return;
	}
	name = freeswitch_value(g, freeswitch_target(g))
		       ? freeswitch_value(g, freeswitch_target(g))
		       : g->name;
	uri = import_uri(im, at, "proxy", name);
	if (uri)
		uri = import_uri_transport(im, g->places[PARAM_TRANSPORT], uri,
					   freeswitch_value(g, PARAM_TRANSPORT));
	t = uri ? import_trunk_add(im, g->at, g->name, uri) : NULL;
	if (t)
		freeswitch_set_settings(im, t, g);
}

static void freeswitch_take_param(struct reader *r, const char *name, const char *text)
{
	struct gateway *g = &r->gateway;
	size_t i = 0;

	while (i < PARAMS && strcmp(params[i], name))
		i++;
	if (i == PARAMS) {
		import_note(r->im, freeswitch_place(r),
			    "left out: %.80s says nothing of probing", name);
		return;
	}
	g->values[i] = import_copy(r->im, text, strlen(text));
	g->places[i] = freeswitch_place(r);
}

static void freeswitch_begin_gateway(struct reader *r, const char **attrs)
{
	const char *name = freeswitch_attribute(attrs, "name");

	if (!name || !*name) {
		import_note(r->im, freeswitch_place(r),
			    "left out: a gateway without a name");
		return;
	}
	r->gateway = (struct gateway){.at = freeswitch_place(r)};
	r->gateway.name = import_copy(r->im, name, strlen(name));
	r->inside = r->gateway.name;
	r->depth = 0;
}

static void XMLCALL freeswitch_begin_h(void *arg, const char *element, const char **attrs)
{
	struct reader *r = arg;
	const char *name = freeswitch_attribute(attrs, "name"),
		   *text = freeswitch_attribute(attrs, "value");

	if (!strcasecmp(element, "X-PRE-PROCESS") || !strcmp(element, "X-NO-PRE-PROCESS"))
		import_note(r->im, freeswitch_place(r),
			    "left out: a directive of the preprocessor; name the files "
			    "that it includes too");
	if (!r->inside && !strcmp(element, "gateway"))
		freeswitch_begin_gateway(r, attrs);
	else if (r->inside && r->depth++ == 0 && !strcmp(element, "param") && name &&
		 text)
		freeswitch_take_param(r, name, text);
	if (r->im->err)
		XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL freeswitch_end_h(void *arg, const char *element)
{
	struct reader *r = arg;

	(void)element;
	if (!r->inside)
		return;
	if (r->depth) {
		r->depth--;
		return;
	}
	r->inside = false;
	freeswitch_take_gateway(r->im, &r->gateway);
}

static void XMLCALL freeswitch_doctype_h(void *arg, const char *name, const char *system,
					 const char *public, int internal)
{
	struct reader *r = arg;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	r->doctype = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static void freeswitch_complain(struct reader *r)
{
	if (r->im->err)
		return;
	import_note(r->im, freeswitch_place(r), "%s",
		    r->doctype ? "a document type, and so entities, are refused"
			       : XML_ErrorString(XML_GetErrorCode(r->parser)));
	import_fail(r->im, EINVAL);
}

static void freeswitch_read_xml(struct import *im, const char *text, size_t len)
{
	struct reader r = {.im = im, .parser = XML_ParserCreate(NULL)};

	if (!r.parser) {
		import_fail(im, ENOMEM);
		return;
	}
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, freeswitch_begin_h, freeswitch_end_h);
	XML_SetStartDoctypeDeclHandler(r.parser, freeswitch_doctype_h);
	if (XML_Parse(r.parser, text, (int)len, 1) != XML_STATUS_OK)
		freeswitch_complain(&r);
	XML_ParserFree(r.parser);
}

const struct import_source import_freeswitch = {
	.name = "freeswitch",
	.file = "gateway.xml",
	.about = "gateways of a Sofia profile",
	.read = freeswitch_read_xml,
};
