/*
 * chan_pjsip's sections. A trunk is an endpoint whose aor has a contact of its own; an
 * aor with a contact that no endpoint uses; or an outbound registration.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "exporter/import/asterisk.h"

/* The section of this type that a setting names, or NULL, noted when it is not there. */
static struct conf_section *pjsip_named(struct import *im, const struct conf_section *s,
					const char *key, const char *type)
{
	const struct conf_setting *v = conf_find(s, key);
	struct set_entry *e;

	if (!v || !*v->value)
		return NULL;
	e = asterisk_typed_entry(im, type, v->value);
	if (e && e->value)
		return (struct conf_section *)e->value;
	import_note(im, v->at, "left out: %s = %.80s names no section of type %s", key,
		    redact(v->value).s, type);
	return NULL;
}

/* Files that the exporter's own user has no right to read are not for it to name. */
static void pjsip_note_tls(struct import *im, const struct import_trunk *t,
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
				files[i], redact(v->value).s, t->name);
	}
	if (!conf_is_yes(conf_value(transport, "verify_server")))
		import_note(im, transport->at,
			    "changed: the certificate of \"%.80s\" is verified, which "
			    "this transport does not do",
			    t->name);
}

/* Transport parameter that a transport adds to a URI; "flow" is none. */
static const char *pjsip_protocol_of(const struct conf_section *transport)
{
	return transport ? conf_value(transport, "protocol") : NULL;
}

static const char *pjsip_secret_of(struct import *im, const struct conf_section *auth)
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

static void pjsip_set_auth(struct import *im, struct import_trunk *t,
			   const struct conf_section *s)
{
	const struct conf_section *auth = pjsip_named(im, s, "outbound_auth", "auth");
	const char *user = auth ? conf_value(auth, "username") : NULL;

	if (!auth)
		return;
	if (!user || !conf_value(auth, "password")) {
		import_note(im, auth->at, "left out: %s in \"%.80s\"",
			    conf_value(auth, "md5_cred")
				    ? "a hash, where auth needs the password itself,"
				    : "no user name with a password of its own",
			    redact(auth->name).s);
		return;
	}
	if (!import_set(im, t, IMPORT_USERNAME, auth->at, user))
		return;
	(void)import_set(im, t, IMPORT_PASSWORD_FILE, auth->at,
			 pjsip_secret_of(im, auth));
}

static void pjsip_set_from(struct import *im, struct import_trunk *t,
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

static void pjsip_set_proxy(struct import *im, struct import_trunk *t,
			    const struct conf_section *s)
{
	const struct conf_setting *v = s ? conf_find(s, "outbound_proxy") : NULL;

	if (v && *v->value)
		(void)import_set_uri(im, t, IMPORT_OUTBOUND_PROXY, v->at, v->value);
}

static void pjsip_set_qualify(struct import *im, struct import_trunk *t,
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

static struct import_trunk *pjsip_add(struct import *im, const struct conf_section *s,
				      const struct conf_setting *target,
				      const struct conf_section *transport)
{
	const char *protocol = pjsip_protocol_of(transport);
	const char *uri = import_uri(im, target->at, target->key, target->value);
	struct import_trunk *t;

	if (!uri)
		import_note(im, s->at, "left out: \"%.80s\", as its %s is none",
			    redact(s->name).s, target->key);
	if (!uri)
		return NULL;
	uri = import_uri_transport(im, target->at, s->name, uri, protocol);
	t = uri ? import_trunk_add(im, target->at, s->name, uri) : NULL;
	if (t && protocol && !strcasecmp(protocol, "tls"))
		pjsip_note_tls(im, t, transport);
	return t;
}

enum { CONTACTS_MAX = 64 };

/*
 * A setting may name several, with commas between. They are added last first, as the
 * settings of a section come. Returns how many @list has then.
 */
static size_t pjsip_split_contacts(struct import *im, const struct conf_setting *v,
				   struct conf_setting list[CONTACTS_MAX], size_t count)
{
	size_t len = strlen(v->value);
	char *text = import_copy(im, v->value, len), *end = text ? text + len : NULL;

	while (text && end > text && count < CONTACTS_MAX) {
		char *p = end;

		while (p > text && p[-1] != ',')
			p--;
		end = p > text ? p - 1 : text;
		p += strspn(p, " \t");
		p[strcspn(p, " \t,")] = '\0';
		if (*p) {
			list[count] = *v;
			list[count++].value = p;
		}
	}
	return count;
}

/* Contacts of an aor, from the first; there may be some. Returns how many made trunks. */
static void pjsip_add_contacts(struct import *im, const struct conf_section *s,
			       const struct conf_section *aor,
			       const struct conf_section *endpoint,
			       const struct conf_setting *v)
{
	struct conf_setting list[CONTACTS_MAX];
	const struct conf_section *transport =
		endpoint ? pjsip_named(im, endpoint, "transport", "transport") : NULL;
	size_t count = 0;

	for (; v; v = v->next) {
		if (!strcasecmp(v->key, "contact"))
			count = pjsip_split_contacts(im, v, list, count);
	}
	if (count == CONTACTS_MAX)
		import_note(
			im, s->at,
			"left out: contacts of \"%.80s\" but for the last %d, if there "
			"are more",
			redact(s->name).s, CONTACTS_MAX);
	while (count-- && !im->err) {
		struct import_trunk *t = pjsip_add(im, s, &list[count], transport);

		if (!t)
			continue;
		pjsip_set_qualify(im, t, aor);
		pjsip_set_proxy(im, t,
				conf_value(aor, "outbound_proxy") ? aor : endpoint);
		if (endpoint) {
			pjsip_set_from(im, t, endpoint);
			pjsip_set_auth(im, t, endpoint);
		}
	}
}

/* Who is known by address alone sends calls here, and may be a trunk all the same. */
static const char *pjsip_why_no_contact(struct import *im, const char *name)
{
	const struct asterisk *a = im->state;

	if (set_find(&a->identified, name, strlen(name)))
		return "and identify says where it calls from: a trunk needs a URI to "
		       "probe";
	return "so it is a device that registers here";
}

void pjsip_take_endpoint(struct import *im, const struct conf_section *s)
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
				    redact(name).s);
			continue;
		}
		aor->used = true;
		if (!conf_value(aor, "contact"))
			continue;
		found = true;
		pjsip_add_contacts(im, s, aor, s, aor->settings);
	}
	if (!found)
		import_note(im, s->at,
			    "left out: endpoint \"%.80s\" has no contact of its own, %s",
			    redact(s->name).s, pjsip_why_no_contact(im, s->name));
}

void pjsip_take_aor(struct import *im, const struct conf_section *s)
{
	if (s->used)
		return;
	if (conf_value(s, "contact"))
		pjsip_add_contacts(im, s, s, NULL, s->settings);
	else
		import_note(im, s->at,
			    "left out: aor \"%.80s\" has no contact of its own",
			    redact(s->name).s);
}

void pjsip_take_registration(struct import *im, const struct conf_section *s)
{
	const struct conf_setting *server = conf_find(s, "server_uri");
	const struct conf_setting *client = conf_find(s, "client_uri");
	struct import_trunk *t;

	if (!server || !client) {
		import_note(im, s->at,
			    "left out: registration \"%.80s\" has no server_uri "
			    "with a client_uri",
			    redact(s->name).s);
		return;
	}
	t = pjsip_add(im, s, server, pjsip_named(im, s, "transport", "transport"));
	if (!t)
		return;
	pjsip_set_proxy(im, t, s);
	pjsip_set_auth(im, t, s);
	(void)import_set(im, t, IMPORT_METHOD, s->at, "\"REGISTER\"");
	import_set_register(im, t, client->at, client->value, s->at);
}

void pjsip_take_identify(struct import *im, const struct conf_section *s)
{
	struct asterisk *a = im->state;
	const char *endpoint = conf_value(s, "endpoint");

	if (endpoint && conf_value(s, "match") &&
	    !set_put(&a->identified, endpoint, strlen(endpoint)))
		import_fail(im, ENOMEM);
}
