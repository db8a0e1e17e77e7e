#include "exporter/webconfig/web_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/reader/initial.h"
#include "config/reader/types.h"
#include "exporter/webconfig/web_auth.h"
#include "exporter/webconfig/web_priority.h"

enum {
	USERS_MAX = 1000,
	HEADERS_MAX = 16,
	NAMES_MAX = 1000, /* of a list */
	NAME_MAX_BYTES = 255,
	VALUE_MAX_BYTES = 1 << 16,
};

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
		       : "only Strict-Transport-Security, X-Content-Type-Options, "
			 "X-Frame-Options, X-XSS-Protection and "
			 "Content-Security-Policy can be set";
}

static const char *header_value(const char *name, const char *value)
{
	const char *const *values = headers[header_find(name)].values;

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

/* YAML 1.1, which the exporter-toolkit reads, has all these. */
static bool read_switch(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	static const char *const words[2][4] = {{"false", "no", "off", "n"},
						{"true", "yes", "on", "y"}};
	const char *text = doc_text(at->node);

	if (cJSON_IsBool(at->node))
		return type_flag.read(w, f, at, base);
	for (int i = 0; text && i < 8; i++) {
		if (strcasecmp(words[i / 4][i % 4], text))
			continue;
		*TYPE_AT(bool, base, f) = i / 4;
		return true;
	}
	return walk_type_fault(w, at, "true or false");
}

static const struct value_type type_switch = {.read = read_switch};

/* Line ends and all. */
static bool read_pem(struct walk *w, const struct field *f, const struct doc_path *at,
		     void *base)
{
	const char *text = doc_text(at->node);

	return text ? type_keep_text(w, f, base, text)
		    : walk_type_fault(w, at, "a PEM text");
}

static const struct value_type type_pem = {.read = read_pem};

static const struct list_type list_names = {
	.size = sizeof(char *),
	.read = list_read_text,
};

static const struct list_type list_ciphers = {
	.size = sizeof(int),
	.read = list_read_choice,
	.names = web_cipher_names,
	.unique = true,
};

static const struct list_type list_curves = {
	.size = sizeof(int),
	.read = list_read_choice,
	.names = web_curve_names,
	.unique = true,
};

static const struct pairs_type pairs_headers = {
	.noun = "header",
	.check_name = header_name,
	.check_value = header_value,
	.value_max = VALUE_MAX_BYTES,
};

static const struct pairs_type pairs_users = {
	.noun = "user",
	.check_name = user_name,
	.check_value = user_hash,
	.value_max = VALUE_MAX_BYTES,
};

/* The rows' base; the values of the file's keys stand beside what they become. */
struct web_file {
	struct web_config conf;
	const cJSON *set[3];
	const cJSON *tls_set[13];
	const cJSON *http_set[2];
};

#define TLS(m) .offset = offsetof(struct web_file, conf.tls.m)
#define TLS_LIST(m)                                                                      \
	.offset = offsetof(struct web_file, conf.tls.m.list),                            \
	.beside = offsetof(struct web_file, conf.tls.m.count)
#define PAIRS(m)                                                                         \
	.offset = offsetof(struct web_file, conf.m.list),                                \
	.beside = offsetof(struct web_file, conf.m.count)
#define TLS_FILE(m) .type = &type_file_name, TLS(m), .min = 1, .max = 4096

static const struct field fields_tls[] = {
	{.key = "cert_file", TLS_FILE(cert_file)},
	{.key = "key_file", TLS_FILE(key_file)},
	{.key = "cert", .type = &type_pem, TLS(cert)},
	{.key = "key", .type = &type_pem, TLS(key)},
	{.key = "client_auth_type",
	 .type = &type_choice,
	 TLS(client_auth),
	 .more = client_auths,
	 .initial = "\"NoClientCert\""},
	{.key = "client_ca_file", TLS_FILE(client_ca_file)},
	{.key = "client_ca", .type = &type_pem, TLS(client_ca)},
	{.key = "client_allowed_sans",
	 .type = &type_list,
	 TLS_LIST(client_allowed_sans),
	 .max = NAMES_MAX,
	 .more = &list_names},
	{.key = "min_version",
	 .type = &type_choice,
	 TLS(min_version),
	 .more = versions,
	 .initial = "\"TLS12\""},
	{.key = "max_version",
	 .type = &type_choice,
	 TLS(max_version),
	 .more = versions,
	 .initial = "\"TLS13\""},
	{.key = "cipher_suites",
	 .type = &type_list,
	 TLS_LIST(ciphers),
	 .max = NAMES_MAX,
	 .more = &list_ciphers},
	{.key = "prefer_server_cipher_suites",
	 .type = &type_switch,
	 TLS(server_order),
	 .initial = "true"},
	{.key = "curve_preferences",
	 .type = &type_list,
	 TLS_LIST(curves),
	 .max = NAMES_MAX,
	 .more = &list_curves},
};

static const struct field fields_http[] = {
	{.key = "http2",
	 .type = &type_switch,
	 .offset = offsetof(struct web_file, conf.http2),
	 .initial = "true"},
	{.key = "headers",
	 .type = &type_pairs,
	 PAIRS(headers),
	 .max = HEADERS_MAX,
	 .more = &pairs_headers},
};

static const struct section section_tls = {SECTION_ROWS(fields_tls)};
static const struct section section_http = {SECTION_ROWS(fields_http)};

static const struct field fields_file[] = {
	{.key = "tls_server_config",
	 .type = &type_section,
	 .beside = offsetof(struct web_file, tls_set),
	 .more = &section_tls},
	{.key = "http_server_config",
	 .type = &type_section,
	 .beside = offsetof(struct web_file, http_set),
	 .more = &section_http},
	{.key = "basic_auth_users",
	 .type = &type_pairs,
	 PAIRS(users),
	 .max = USERS_MAX,
	 .more = &pairs_users},
};

static const struct section section_file = {SECTION_ROWS(fields_file)};

#define ROOM_FOR(rows, set) (ROW_COUNT(rows) == ROW_COUNT(((struct web_file *)NULL)->set))
_Static_assert(ROOM_FOR(fields_file, set) && ROOM_FOR(fields_tls, tls_set) &&
		       ROOM_FOR(fields_http, http_set),
	       "a place for every row");

/* Conditions between the keys: the first that is broken, or NULL. */
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

/* One reading of a file. */
struct web_reading {
	struct walk w;
	struct report report;
	struct pool pool;
	struct doc doc;
	struct web_file file;
};

static void web_config_check(struct web_reading *r, const struct doc_path *root)
{
	struct web_config *c = &r->file.conf;
	const char *fault;

	c->tls_on = tls_wanted(&c->tls);
	fault = c->tls_on ? tls_fault(&c->tls) : NULL;
	if (fault) {
		struct doc_path at = doc_path_member(root, r->file.set[0]);

		walk_fault(&r->w, &at, "%s", fault);
	}
}

static int web_config_read(struct web_reading *r)
{
	struct web_file *f = &r->file;
	struct doc_path root = {0};
	int err = initial_read(&r->w, &section_file, f, f->set);

	memset(f->set, 0, sizeof(f->set));
	memset(f->tls_set, 0, sizeof(f->tls_set));
	memset(f->http_set, 0, sizeof(f->http_set));
	if (!err)
		err = doc_parse(&r->doc, &r->report);
	if (err)
		return err;
	root.node = r->doc.tree;
	f->conf.empty = cJSON_IsNull(r->doc.tree);
	if (walk_section(&r->w, &section_file, &root, f, f->set))
		web_config_check(r, &root);
	if (r->report.err)
		return r->report.err;
	return r->report.found ? EINVAL : 0;
}

int web_config_parse(struct web_config **cp, const char *text, size_t len,
		     const char *path, struct config_errors *errs)
{
	struct web_config *c = calloc(1, sizeof(*c));
	const char *slash = strrchr(path, '/');
	struct web_reading r = {
		.w = {.folder = "", .null_is_open = true},
		.report = {.errs = errs},
		.doc = {.path = path, .yaml = true, .text = text, .len = len},
	};
	int err = ENOMEM;

	r.w.report = &r.report;
	r.w.pool = &r.pool;
	r.w.doc = &r.doc;
	r.pool.arena = &r.file.conf.arena;
	r.w.shown = pool_string(&r.pool, path, slash ? (size_t)(slash - path) + 1 : 0);
	if (c && r.w.shown)
		err = web_config_read(&r);
	doc_free(&r.doc);
	pool_free(&r.pool);
	if (err) {
		arena_free(&r.file.conf.arena);
		free(c);
		return err;
	}
	*c = r.file.conf;
	*cp = c;
	return 0;
}

int web_config_load(struct web_config **cp, const char *path, struct config_errors *errs)
{
	struct report r = {.errs = errs};
	struct doc text = {.path = path};
	int err = doc_load(&text, path, &r);

	if (!err)
		err = web_config_parse(cp, text.text, text.len, path, errs);
	doc_free(&text);
	return err;
}

/* How far a stranger's certificate is from being enough. */
static int client_strictness(const struct web_tls_conf *t)
{
	static const int of[] = {
		[WEB_CLIENT_REQUIRE] = 1,
		[WEB_CLIENT_REQUIRE_ANY] = 1,
		[WEB_CLIENT_VERIFY_IF_GIVEN] = 1,
		[WEB_CLIENT_REQUIRE_AND_VERIFY] = 2,
	};

	return of[t->client_auth];
}

bool web_config_is_more_open(const struct web_config *c, const struct web_config *than)
{
	return (!c->users.count && than->users.count) ||
	       client_strictness(&c->tls) < client_strictness(&than->tls) ||
	       (!c->tls.client_allowed_sans.count && than->tls.client_allowed_sans.count);
}

void web_config_free(struct web_config *c)
{
	if (!c)
		return;
	arena_free(&c->arena);
	free(c);
}
