/*
 * chan_sip's sections and registrations. A peer or friend with a host that is no dynamic
 * one is a trunk; so is each `register =>` line. Files of IAX look the same and are told
 * by their names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "exporter/import/asterisk.h"
#include "exporter/import/sip_register.h"

enum { PART_MAX = 255 };

/* Files that are no chan_sip's, by how their names begin. */
static const struct {
	const char *begins;
	const char *why;
} strangers[] = {
	{"iax", "IAX is not SIP"},
	{"users", "users.conf is not read; name the file that its trunk would stand in"},
	{"chan_dahdi", "it is no SIP"},
};

static const char *sip_why_strange(const struct conf_section *s)
{
	const char *slash = strrchr(s->at.file, '/');
	const char *name = slash ? slash + 1 : s->at.file;

	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		if (!strncasecmp(name, strangers[i].begins, strlen(strangers[i].begins)))
			return strangers[i].why;
	}
	if (conf_value(s, "hassip") || conf_value(s, "hasiax"))
		return strangers[1].why;
	return NULL;
}

void sip_prepare(struct import *im)
{
	static const char *const keys[] = {"transport", "outboundproxy", "fromdomain",
					   "qualify", "qualifyfreq"};
	struct asterisk *a = im->state;
	const struct conf_section *general = conf_first(im, &a->conf, "general");

	a->sip_general = arena_alloc(&im->arena, sizeof(*a->sip_general), 8);
	if (!a->sip_general) {
		import_fail(im, ENOMEM);
		return;
	}
	a->sip_general->name = "general";
	while (general &&
	       (strcasecmp(general->name, "general") || sip_why_strange(general)))
		general = general->same;
	for (size_t i = 0; general && i < sizeof(keys) / sizeof(*keys); i++) {
		const struct conf_setting *v = conf_find(general, keys[i]);

		if (v)
			conf_add(im, &a->conf, a->sip_general, v);
	}
}

/* A setting of a peer, else of [general]. */
static const struct conf_setting *sip_find(struct import *im,
					   const struct conf_section *s, const char *key)
{
	const struct asterisk *a = im->state;
	const struct conf_setting *v = conf_find(s, key);

	if (!v || !*v->value)
		v = conf_find(a->sip_general, key);
	return v && *v->value ? v : NULL;
}

static const char *sip_value(struct import *im, const struct conf_section *s,
			     const char *key)
{
	const struct conf_setting *v = sip_find(im, s, key);

	return v ? v->value : NULL;
}

/* "HOST" or "HOST:PORT" as a URI, IPv6 in brackets; NULL: it is too long. */
static const char *sip_uri(struct import *im, const char *host, const char *port)
{
	const char *colon = strchr(host, ':');
	bool ipv6 = *host != '[' && colon && strchr(colon + 1, ':');

	if (strlen(host) > PART_MAX || (port && strlen(port) > 5))
		return NULL;
	return import_format(im, "sip:%s%s%s%s%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "",
			     port ? ":" : "", port ? port : "");
}

/* The first of "tls,udp", which is what requests go out over. */
static const char *sip_transport(struct import *im, const char *list)
{
	return list ? import_copy(im, list, strcspn(list, ", \t")) : NULL;
}

/* "proxy.example:5061,force", or with a transport before "://". */
static void sip_set_proxy(struct import *im, struct import_trunk *t,
			  const struct conf_section *s)
{
	const struct conf_setting *v = sip_find(im, s, "outboundproxy");
	const char *mark = v ? strstr(v->value, "://") : NULL;
	const char *host = mark ? mark + 3 : v ? v->value : NULL, *uri;

	if (!host)
		return;
	host = import_copy(im, host, strcspn(host, ", \t"));
	uri = host ? import_uri(im, v->at, "outboundproxy", host) : NULL;
	if (uri && mark)
		uri = import_uri_transport(
			im, v->at, t->name, uri,
			import_copy(im, v->value, (size_t)(mark - v->value)));
	if (uri)
		(void)import_set(im, t, IMPORT_OUTBOUND_PROXY, v->at, uri);
}

/* qualify is yes, no, or how many milliseconds an answer may take. */
static void sip_set_qualify(struct import *im, struct import_trunk *t,
			    const struct conf_section *s)
{
	const struct conf_setting *v = sip_find(im, s, "qualify"),
				  *every = sip_find(im, s, "qualifyfreq");
	double ms = v ? strtod(v->value, NULL) : 0;

	if (!v || (!conf_is_yes(v->value) && !(ms > 1))) {
		import_note(
			im, s->at,
			"changed: \"%.80s\" is not qualified by Asterisk, but will be "
			"probed",
			t->name);
		return;
	}
	(void)import_set_seconds(im, t, IMPORT_INTERVAL, every ? every->at : v->at,
				 every ? every->value : "60");
	if (ms > 1 && ms < 1e6)
		(void)import_set_seconds(im, t, IMPORT_TIMEOUT, v->at,
					 import_format(im, "%.3f", ms / 1000));
}

static const char *sip_user(const struct conf_section *s)
{
	static const char *const keys[] = {"defaultuser", "username", "fromuser"};
	const char *user = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !user; i++)
		user = conf_value(s, keys[i]);
	return user;
}

static void sip_set_auth(struct import *im, struct import_trunk *t,
			 const struct conf_section *s)
{
	const struct conf_setting *secret = conf_find(s, "remotesecret");
	const char *user = sip_user(s);

	if (!secret || !*secret->value)
		secret = conf_find(s, "secret");
	if (conf_value(s, "md5secret") && !(secret && *secret->value))
		import_note(
			im, s->at,
			"left out: the hash of \"%.80s\"; auth needs the password itself",
			t->name);
	if (!secret || !*secret->value || !user)
		return;
	if (import_set(im, t, IMPORT_USERNAME, s->at, user))
		(void)import_set(im, t, IMPORT_PASSWORD_FILE, secret->at,
				 import_secret(im, secret->at, t->name));
}

/* "sip:USER@DOMAIN", or NULL when it is too long. */
static const char *sip_aor(struct import *im, const char *user, const char *domain)
{
	if ((user && strlen(user) > PART_MAX) || strlen(domain) > PART_MAX)
		return NULL;
	return import_format(im, "sip:%s%s%s", user ? user : "", user ? "@" : "", domain);
}

static void sip_set_from(struct import *im, struct import_trunk *t,
			 const struct conf_section *s)
{
	const struct conf_setting *domain = sip_find(im, s, "fromdomain");
	const char *who =
		domain ? sip_aor(im, conf_value(s, "fromuser"), domain->value) : NULL;

	if (who)
		(void)import_set_uri(im, t, IMPORT_FROM, domain->at, who);
}

/* A peer that is registered at as well. */
static void sip_set_callback(struct import *im, struct import_trunk *t,
			     const struct conf_section *s, const char *host)
{
	const struct conf_setting *v = conf_find(s, "callbackextension");
	const char *domain = sip_value(im, s, "fromdomain");
	const char *aor;

	if (!v || !*v->value || !sip_user(s))
		return;
	aor = sip_aor(im, sip_user(s), domain ? domain : host);
	if (!aor)
		return;
	(void)import_set(im, t, IMPORT_METHOD, v->at, "[\"OPTIONS\", \"REGISTER\"]");
	import_set_register(im, t, v->at, aor, v->at);
}

/* A URI for a host, with port and transport, or NULL, noted. */
static const char *sip_target(struct import *im, struct import_at at, const char *who,
			      const char *host, const char *port, const char *transport)
{
	const char *uri = sip_uri(im, host, port);

	if (!uri) {
		import_note(im, at, "left out: \"%.80s\": its host or port is too long",
			    redact(who).s);
		return NULL;
	}
	uri = import_uri(im, at, "host", uri);
	if (!uri)
		import_note(im, at, "left out: \"%.80s\", as its host is none",
			    redact(who).s);
	return uri ? import_uri_transport(im, at, who, uri, transport) : NULL;
}

void sip_take_peer(struct import *im, const struct conf_section *s)
{
	const struct conf_setting *host = conf_find(s, "host");
	const char *strange = sip_why_strange(s), *uri;
	struct import_trunk *t;

	if (strange || !host || !*host->value || !strcasecmp(host->value, "dynamic")) {
		import_note(im, s->at, "left out: \"%.80s\": %s", redact(s->name).s,
			    strange ? strange
				    : "it has no host of its own, so it is a device that "
				      "registers here");
		return;
	}
	uri = sip_target(im, host->at, s->name, host->value, conf_value(s, "port"),
			 sip_transport(im, sip_value(im, s, "transport")));
	t = uri ? import_trunk_add(im, s->at, s->name, uri) : NULL;
	if (!t)
		return;
	sip_set_qualify(im, t, s);
	sip_set_proxy(im, t, s);
	sip_set_from(im, t, s);
	sip_set_auth(im, t, s);
	sip_set_callback(im, t, s, host->value);
}

/* --- register lines --- */

/* A host may be the name of a peer, whose host and port are meant then. */
static const struct conf_section *sip_register_peer(struct import *im,
						    const struct sip_register *r)
{
	const struct asterisk *a = im->state;
	const struct conf_section *s =
		conf_first(im, &a->conf, r->peer ? r->peer : r->host);

	return s && conf_value(s, "host") && !sip_why_strange(s) &&
			       strcasecmp(conf_value(s, "host"), "dynamic")
		       ? s
		       : NULL;
}

static void sip_add_register(struct import *im, const struct conf_setting *v,
			     const struct sip_register *r)
{
	const struct asterisk *a = im->state;
	const struct conf_section *peer = sip_register_peer(im, r);
	const struct conf_section *own = peer ? peer : a->sip_general;
	const char *name = r->peer ? r->peer : r->host, *host = r->host, *port = r->port;
	const char *transport = r->transport, *uri, *aor;
	struct import_trunk *t;

	if (peer && !strcasecmp(peer->name, r->host)) {
		host = conf_value(peer, "host");
		port = port ? port : conf_value(peer, "port");
	}
	if (!transport)
		transport = sip_transport(im, sip_value(im, own, "transport"));
	uri = sip_target(im, v->at, name, host, port, transport);
	t = uri ? import_trunk_add(im, v->at, name, uri) : NULL;
	aor = t ? sip_aor(im, r->user, r->domain ? r->domain : host) : NULL;
	if (!aor)
		return;
	(void)import_set(im, t, IMPORT_METHOD, v->at, "\"REGISTER\"");
	if (r->secret && import_set(im, t, IMPORT_USERNAME, v->at,
				    r->auth_user ? r->auth_user : r->user))
		(void)import_set(im, t, IMPORT_PASSWORD_FILE, v->at,
				 import_secret(im, v->at, t->name));
	sip_set_proxy(im, t, own);
	import_set_register(im, t, v->at, aor, v->at);
}

static void sip_take_register(struct import *im, const struct conf_setting *v)
{
	char *text = import_copy(im, v->value, strlen(v->value));
	struct sip_register r = {0};

	if (!text)
		return;
	if (sip_register_parse(&r, text))
		sip_add_register(im, v, &r);
	else
		import_note(im, v->at,
			    "left out: a register line that is not of the form "
			    "USER:SECRET@HOST");
}

void sip_take_general(struct import *im, const struct conf_section *s)
{
	const struct conf_setting **list, *v;
	size_t count = 0;

	for (v = s->settings; v; v = v->next)
		count += !strcasecmp(v->key, "register");
	if (!count)
		return;
	if (sip_why_strange(s)) {
		import_note(im, s->at, "left out: %zu register line%s: %s", count,
			    count == 1 ? "" : "s", sip_why_strange(s));
		return;
	}
	list = arena_alloc(&im->arena, count * sizeof(*list), 8);
	if (!list)
		import_fail(im, ENOMEM);
	for (v = list ? s->settings : NULL, count = 0; v; v = v->next) {
		if (!strcasecmp(v->key, "register"))
			list[count++] = v;
	}
	while (count-- && !im->err)
		sip_take_register(im, list[count]);
}
