/*
 * Asterisk's pjsip.conf. A trunk is an endpoint whose aor has a contact of its own; an
 * aor with a contact that no endpoint uses; or an outbound registration.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exporter/import/asterisk_conf.h"

struct asterisk {
	struct conf conf;
	struct set typed;   /* by "TYPE NAME"; value: the section */
	struct set secrets; /* by the address of an auth section; value: a file's name */
};

static struct asterisk *asterisk_state(struct import *im)
{
	struct asterisk *a = im->state;

	if (a)
		return a;
	a = arena_alloc(&im->arena, sizeof(*a), 8);
	if (!a) {
		import_fail(im, ENOMEM);
		return NULL;
	}
	STAILQ_INIT(&a->conf.sections);
	im->state = a;
	return a;
}

static bool asterisk_is_type(const struct conf_section *s, const char *type)
{
	const char *own = conf_value(s, "type");

	return !s->is_template && own && !strcasecmp(own, type);
}

static struct set_entry *asterisk_typed_entry(struct import *im, const char *type,
					      const char *name)
{
	struct asterisk *a = im->state;
	char *key = import_copy(im, "", 0);

	if (strlen(name) < 512)
		key = import_format(im, "%s %s", type, name);
	return key && *key ? set_put(&a->typed, key, strlen(key)) : NULL;
}

/* The section of this type that a setting names, or NULL, noted when it is not there. */
static struct conf_section *asterisk_named(struct import *im,
					   const struct conf_section *s, const char *key,
					   const char *type)
{
	const struct conf_setting *v = conf_find(s, key);
	struct set_entry *e;

	if (!v || !*v->value)
		return NULL;
	e = asterisk_typed_entry(im, type, v->value);
	if (e && e->value)
		return (struct conf_section *)e->value;
	import_note(im, v->at, "left out: %s = %.80s names no section of type %s", key,
		    v->value, type);
	return NULL;
}

static bool asterisk_is_yes(const char *value)
{
	return value && (!strcasecmp(value, "yes") || !strcasecmp(value, "true") ||
			 !strcasecmp(value, "on") || !strcmp(value, "1"));
}

/* Files that the exporter's own user has no right to read are not for it to name. */
static void asterisk_note_tls(struct import *im, const struct import_trunk *t,
			      const struct conf_section *transport)
{
	static const char *const files[] = {"ca_list_file", "cert_file", "priv_key_file"};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct conf_setting *v = conf_find(transport, files[i]);

		if (v && *v->value)
			import_note(
				im, v->at,
				"left out: %s = %.80s; tls of \"%.80s\" needs a copy "
				"that siptrunk_exporter may read, where its peer asks "
				"for one",
				files[i], v->value, t->name);
	}
	if (!asterisk_is_yes(conf_value(transport, "verify_server")))
		import_note(im, transport->at,
			    "changed: the certificate of \"%.80s\" is verified, which "
			    "this transport does not do",
			    t->name);
}

/* Transport parameter that a transport adds to a URI: "tls", "tcp" or none. */
static const char *asterisk_protocol_of(const struct conf_section *transport)
{
	const char *protocol = transport ? conf_value(transport, "protocol") : NULL;

	if (!protocol)
		return NULL;
	return !strcasecmp(protocol, "tls") || !strcasecmp(protocol, "tcp") ? protocol
									    : NULL;
}

static const char *asterisk_secret_of(struct import *im, const struct conf_section *auth)
{
	struct asterisk *a = im->state;
	const struct conf_setting *v = conf_find(auth, "password");
	const void **key = arena_alloc(&im->arena, sizeof(*key), 8);
	struct set_entry *e;

	if (!key)
		return NULL;
	*key = auth;
	e = set_put(&a->secrets, key, sizeof(*key));
	if (e && !e->value)
		e->value = (uintptr_t)import_secret(im, v->at, auth->name);
	return e ? (const char *)e->value : NULL;
}

static void asterisk_set_auth(struct import *im, struct import_trunk *t,
			      const struct conf_section *s)
{
	const struct conf_section *auth = asterisk_named(im, s, "outbound_auth", "auth");
	const char *user = auth ? conf_value(auth, "username") : NULL;

	if (!auth)
		return;
	if (!user || !conf_value(auth, "password")) {
		import_note(im, auth->at,
			    "left out: no user name with a password of its own "
			    "in \"%.80s\"",
			    auth->name);
		return;
	}
	if (!import_set(im, t, IMPORT_USERNAME, auth->at, user))
		return;
	(void)import_set(im, t, IMPORT_PASSWORD_FILE, auth->at,
			 asterisk_secret_of(im, auth));
}

static void asterisk_set_from(struct import *im, struct import_trunk *t,
			      const struct conf_section *endpoint)
{
	const struct conf_setting *user = conf_find(endpoint, "from_user");
	const struct conf_setting *domain = conf_find(endpoint, "from_domain");
	bool has_user = user && *user->value && strlen(user->value) < 256;

	if (domain && *domain->value && strlen(domain->value) < 256)
		(void)import_set_uri(im, t, IMPORT_FROM, domain->at,
				     import_format(im, "sip:%s%s%s",
						   has_user ? user->value : "",
						   has_user ? "@" : "", domain->value));
	else if (has_user)
		import_note(im, user->at, "left out: from_user without from_domain");
}

static void asterisk_set_proxy(struct import *im, struct import_trunk *t,
			       const struct conf_section *s)
{
	const struct conf_setting *v = s ? conf_find(s, "outbound_proxy") : NULL;

	if (v && *v->value)
		(void)import_set_uri(im, t, IMPORT_OUTBOUND_PROXY, v->at, v->value);
}

static void asterisk_set_qualify(struct import *im, struct import_trunk *t,
				 const struct conf_section *aor)
{
	const struct conf_setting *every = conf_find(aor, "qualify_frequency");
	const struct conf_setting *wait = conf_find(aor, "qualify_timeout");

	if (every && strtod(every->value, NULL) > 0)
		(void)import_set_seconds(im, t, IMPORT_INTERVAL, every->at, every->value);
	else
		import_note(im, aor->at,
			    "changed: \"%.80s\" is not qualified by Asterisk, but will "
			    "be probed",
			    t->name);
	if (wait && strtod(wait->value, NULL) > 0)
		(void)import_set_seconds(im, t, IMPORT_TIMEOUT, wait->at, wait->value);
}

static struct import_trunk *asterisk_add(struct import *im, const struct conf_section *s,
					 const struct conf_setting *target,
					 const struct conf_section *transport)
{
	const char *protocol = asterisk_protocol_of(transport);
	const char *uri = import_uri(im, target->at, target->key, target->value);
	struct import_trunk *t;

	if (!uri)
		return NULL;
	uri = import_uri_transport(im, target->at, uri, protocol);
	t = uri ? import_trunk_add(im, target->at, s->name, uri) : NULL;
	if (t && protocol && !strcasecmp(protocol, "tls"))
		asterisk_note_tls(im, t, transport);
	return t;
}

enum { CONTACTS_MAX = 64 };

/*
 * A setting may name several, with commas between. They are added last first, as the
 * settings of a section come. Returns how many @list has then.
 */
static size_t asterisk_split_contacts(struct import *im, const struct conf_setting *v,
				      struct conf_setting list[CONTACTS_MAX],
				      size_t count)
{
	char *text = import_copy(im, v->value, strlen(v->value));

	while (text && *text && count < CONTACTS_MAX) {
		char *comma = strrchr(text, ',');
		char *p = comma ? comma + 1 : text;

		p += strspn(p, " \t");
		p[strcspn(p, " \t")] = '\0';
		if (*p) {
			list[count] = *v;
			list[count++].value = p;
		}
		if (!comma)
			break;
		*comma = '\0';
	}
	return count;
}

/* Contacts of an aor, from the first; there may be some. Returns how many made trunks. */
static void asterisk_add_contacts(struct import *im, const struct conf_section *s,
				  const struct conf_section *aor,
				  const struct conf_section *endpoint,
				  const struct conf_setting *v)
{
	struct conf_setting list[CONTACTS_MAX];
	const struct conf_section *transport =
		endpoint ? asterisk_named(im, endpoint, "transport", "transport") : NULL;
	size_t count = 0;

	for (; v; v = v->next) {
		if (!strcasecmp(v->key, "contact"))
			count = asterisk_split_contacts(im, v, list, count);
	}
	while (count-- && !im->err) {
		struct import_trunk *t = asterisk_add(im, s, &list[count], transport);

		if (!t)
			continue;
		asterisk_set_qualify(im, t, aor);
		asterisk_set_proxy(im, t,
				   conf_value(aor, "outbound_proxy") ? aor : endpoint);
		if (endpoint) {
			asterisk_set_from(im, t, endpoint);
			asterisk_set_auth(im, t, endpoint);
		}
	}
}

static void asterisk_take_endpoint(struct import *im, const struct conf_section *s)
{
	const struct conf_setting *v = conf_find(s, "aors");
	char *names = v ? import_copy(im, v->value, strlen(v->value)) : NULL, *save;
	bool found = false;

	for (char *name = names ? strtok_r(names, ", \t", &save) : NULL; name && !im->err;
	     name = strtok_r(NULL, ", \t", &save)) {
		struct set_entry *e = asterisk_typed_entry(im, "aor", name);
		struct conf_section *aor = e ? (struct conf_section *)e->value : NULL;

		if (!aor) {
			import_note(im, v->at, "left out: there is no aor \"%.80s\"",
				    name);
			continue;
		}
		aor->used = true;
		if (!conf_value(aor, "contact"))
			continue;
		found = true;
		asterisk_add_contacts(im, s, aor, s, aor->settings);
	}
	if (!found)
		import_note(
			im, s->at,
			"left out: endpoint \"%.80s\" has no contact of its own, so it "
			"is a device that registers here",
			s->name);
}

static void asterisk_take_aor(struct import *im, const struct conf_section *s)
{
	if (s->used)
		return;
	if (conf_value(s, "contact"))
		asterisk_add_contacts(im, s, s, NULL, s->settings);
	else
		import_note(im, s->at,
			    "left out: aor \"%.80s\" has no contact of its own", s->name);
}

static void asterisk_take_registration(struct import *im, const struct conf_section *s)
{
	const struct conf_setting *server = conf_find(s, "server_uri");
	const struct conf_setting *client = conf_find(s, "client_uri");
	struct import_trunk *t;

	if (!server || !client) {
		import_note(im, s->at,
			    "left out: registration \"%.80s\" has no server_uri "
			    "with a client_uri",
			    s->name);
		return;
	}
	t = asterisk_add(im, s, server, asterisk_named(im, s, "transport", "transport"));
	if (!t)
		return;
	(void)import_set(im, t, IMPORT_METHOD, s->at, "\"REGISTER\"");
	(void)import_set_uri(im, t, IMPORT_REGISTER_AOR, client->at, client->value);
	asterisk_set_proxy(im, t, s);
	asterisk_set_auth(im, t, s);
	import_note(
		im, s->at,
		"changed: \"%.80s\" is asked whether its registration stands; nothing "
		"is registered",
		t->name);
}

static const struct {
	const char *type;
	void (*take)(struct import *im, const struct conf_section *s);
	const char *why; /* it is left out, when it is */
} types[] = {
	{"endpoint", asterisk_take_endpoint, NULL},
	{"aor", asterisk_take_aor, NULL},
	{"registration", asterisk_take_registration, NULL},
	{"auth", NULL, NULL},
	{"transport", NULL, NULL},
	{"identify", NULL, "whose requests a trunk's are, its addresses tell"},
	{"wizard", NULL, "sections of pjsip_wizard.conf are not understood"},
	{NULL, NULL, "it says nothing of a trunk"},
};

/* Endpoints go first: they say more of an aor than it does itself. */
static void asterisk_take_all(struct import *im, const struct conf_sections *sections,
			      size_t type)
{
	const struct conf_section *s;

	STAILQ_FOREACH(s, sections, entry) {
		if (!im->err && asterisk_is_type(s, types[type].type))
			types[type].take(im, s);
	}
}

static void asterisk_note_others(struct import *im, const struct conf_sections *sections)
{
	const struct conf_section *s;

	STAILQ_FOREACH(s, sections, entry) {
		const char *type = conf_value(s, "type");
		size_t i = 0;

		while (types[i].type && !(type && !strcasecmp(types[i].type, type)))
			i++;
		if (!s->is_template && types[i].why)
			import_note(im, s->at,
				    "left out: section \"%.80s\" of type %.40s: %s",
				    s->name, type ? type : "none", types[i].why);
	}
}

static void asterisk_read_conf(struct import *im, const char *text, size_t len)
{
	struct asterisk *a = asterisk_state(im);

	if (a)
		conf_read(im, &a->conf, text, len);
}

static void asterisk_finish(struct import *im)
{
	struct asterisk *a = im->state;
	struct conf_section *s;

	STAILQ_FOREACH(s, &a->conf.sections, entry) {
		const char *type = conf_value(s, "type");
		struct set_entry *e = type && !s->is_template && strlen(type) < 64
					      ? asterisk_typed_entry(im, type, s->name)
					      : NULL;

		if (e)
			e->value = (uintptr_t)s;
	}
	for (size_t i = 0; types[i].type; i++) {
		if (types[i].take)
			asterisk_take_all(im, &a->conf.sections, i);
	}
	asterisk_note_others(im, &a->conf.sections);
}

static void asterisk_clear(struct import *im)
{
	struct asterisk *a = im->state;

	if (!a)
		return;
	set_free(&a->typed);
	set_free(&a->secrets);
	set_free(&a->conf.last);
}

const struct import_source import_asterisk = {
	.name = "asterisk",
	.file = "pjsip.conf",
	.about = "endpoints with contacts, and registrations",
	.read = asterisk_read_conf,
	.finish = asterisk_finish,
	.clear = asterisk_clear,
};
