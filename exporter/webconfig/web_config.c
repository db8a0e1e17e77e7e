#include "exporter/webconfig/web_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/webconfig/web_auth.h"
#include "exporter/webconfig/web_priority.h"

enum { USERS_MAX = 1000, HEADERS_MAX = 16, NAME_MAX_BYTES = 255 };

static const char *const client_auths[] = {
	"NoClientCert",
	"RequestClientCert",
	"RequireClientCert",
	"RequireAnyClientCert",
	"VerifyClientCertIfGiven",
	"RequireAndVerifyClientCert",
	NULL,
};

static const char *const versions[] = {"TLS10", "TLS11", "TLS12", "TLS13", NULL};

/* The toolkit's set: others could break the protocol or what we promise about a page. */
static const struct {
	const char *name;
	const char *values[3]; /* none: any */
} headers[] = {
	{"Strict-Transport-Security", {NULL}},
	{"X-Content-Type-Options", {"nosniff", NULL}},
	{"X-Frame-Options", {"deny", "sameorigin", NULL}},
	{"X-XSS-Protection", {NULL}},
	{"Content-Security-Policy", {NULL}},
};

enum { HEADER_COUNT = sizeof(headers) / sizeof(*headers) };

static size_t header_find(const char *name)
{
	size_t i = 0;

	while (i < HEADER_COUNT && strcmp(headers[i].name, name) != 0)
		i++;
	return i;
}

static const char *header_name(const char *name)
{
	return header_find(name) < HEADER_COUNT
		       ? NULL
		       : "is none of Strict-Transport-Security, X-Content-Type-Options, "
			 "X-Frame-Options, X-XSS-Protection, Content-Security-Policy";
}

static bool web_config_printable(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

static const char *header_value(const char *name, const char *value)
{
	const char *const *values = headers[header_find(name)].values;

	if (!web_config_printable(value))
		return "has a control character";
	if (!*value || !values[0])
		return NULL;
	for (size_t i = 0; values[i]; i++)
		if (!strcmp(values[i], value))
			return NULL;
	return values[1] ? "must be deny or sameorigin" : "must be nosniff";
}

static const char *user_name(const char *name)
{
	if (!*name || strlen(name) > NAME_MAX_BYTES)
		return "a user's name has 1 to 255 characters";
	/* The credentials of a request end the name at the first one (RFC 7617). */
	return strchr(name, ':') ? "a user's name cannot hold a colon" : NULL;
}

static const char *user_hash(const char *name, const char *hash)
{
	(void)name;
	return web_auth_hash_check(hash);
}

#define TLS(field) offsetof(struct web_config, tls.field)

static const struct web_field tls_fields[] = {
	{"cert_file", web_read_file, TLS(cert_file), NULL},
	{"key_file", web_read_file, TLS(key_file), NULL},
	{"cert", web_read_text, TLS(cert), NULL},
	{"key", web_read_text, TLS(key), NULL},
	{"client_auth_type", web_read_choice, TLS(client_auth), client_auths},
	{"client_ca_file", web_read_file, TLS(client_ca_file), NULL},
	{"client_ca", web_read_text, TLS(client_ca), NULL},
	{"client_allowed_sans", web_read_texts, TLS(client_allowed_sans), NULL},
	{"min_version", web_read_choice, TLS(min_version), versions},
	{"max_version", web_read_choice, TLS(max_version), versions},
	{"cipher_suites", web_read_choices, TLS(ciphers), web_cipher_names},
	{"prefer_server_cipher_suites", web_read_flag, TLS(server_order), NULL},
	{"curve_preferences", web_read_choices, TLS(curves), web_curve_names},
};

static const struct web_pair_rule header_rule = {HEADERS_MAX, header_name, header_value};

static const struct web_field http_fields[] = {
	{"http2", web_read_flag, offsetof(struct web_config, http2), NULL},
	{"headers", web_read_pairs, offsetof(struct web_config, headers), &header_rule},
};

static const struct web_section tls_section = {tls_fields,
					       sizeof(tls_fields) / sizeof(*tls_fields)};
static const struct web_section http_section = {
	http_fields, sizeof(http_fields) / sizeof(*http_fields)};
static const struct web_pair_rule user_rule = {USERS_MAX, user_name, user_hash};

static const struct web_field root_fields[] = {
	{"tls_server_config", web_read_section, 0, &tls_section},
	{"http_server_config", web_read_section, 0, &http_section},
	{"basic_auth_users", web_read_pairs, offsetof(struct web_config, users),
	 &user_rule},
};

static const struct web_section root_section = {
	root_fields, sizeof(root_fields) / sizeof(*root_fields)};

/* What single keys cannot know: the first fault, or NULL. */
static const char *tls_fault(const struct web_tls_conf *t)
{
	bool ca = t->client_ca || t->client_ca_file;
	bool verifies = t->client_auth >= WEB_CLIENT_VERIFY_IF_GIVEN;
	const struct {
		bool wrong;
		const char *fault;
	} rules[] = {
		{!t->cert && !t->cert_file, "cert_file is missing"},
		{!t->key && !t->key_file, "key_file is missing"},
		{t->cert && t->cert_file, "cert and cert_file exclude each other"},
		{t->key && t->key_file, "key and key_file exclude each other"},
		{t->client_ca && t->client_ca_file,
		 "client_ca and client_ca_file exclude each other"},
		{t->min_version > t->max_version, "min_version is above max_version"},
		{ca && t->client_auth == WEB_CLIENT_NONE,
		 "client_ca_file without a client_auth_type asks for nothing"},
		{verifies && !ca,
		 "client_auth_type verifies, but client_ca_file is missing"},
		{t->client_allowed_sans.count && !verifies,
		 "client_allowed_sans needs a client_auth_type that verifies"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].wrong)
			return rules[i].fault;
	return NULL;
}

static bool tls_wanted(const struct web_tls_conf *t)
{
	return t->cert || t->cert_file || t->key || t->key_file || t->client_ca ||
	       t->client_ca_file || t->client_auth != WEB_CLIENT_NONE ||
	       t->client_allowed_sans.count;
}

int web_config_load(struct web_config **cp, const char *path, struct config_errors *errs)
{
	struct web_config *c = calloc(1, sizeof(*c));
	const char *fault = NULL;
	int err;

	if (!c)
		return ENOMEM;
	c->http2 = true;
	c->tls.min_version = WEB_TLS12;
	c->tls.max_version = WEB_TLS13;
	c->tls.server_order = true;
	err = web_yaml_read(c, &root_section, path, &c->arena, errs);
	c->tls_on = tls_wanted(&c->tls);
	if (!err && c->tls_on)
		fault = tls_fault(&c->tls);
	if (fault)
		err = web_yaml_error(errs, path, 0, 0, "tls_server_config",
				     "tls_server_config: %s", fault);
	if (err)
		web_config_free(c);
	else
		*cp = c;
	return err;
}

void web_config_free(struct web_config *c)
{
	if (!c)
		return;
	arena_free(&c->arena);
	free(c);
}
