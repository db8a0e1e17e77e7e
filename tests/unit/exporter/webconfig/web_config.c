/* The file of --web.config.file: values, errors with their places, memory that ends. */
#include <errno.h>
#include <stdlib.h>

#include "exporter/webconfig/web_config.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

#define HASH "$2y$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GOOD "cert_file: s.pem, key_file: s.key"

static const struct {
	const char *text;
	const char *errors; /* all of them, with line ends */
} bad_cases[] = {
	{"x: 1\n", "dir/web:1:1: x: unknown key \"x\"\n"},
	{"tls_server_confg: {}\n",
	 "dir/web:1:1: tls_server_confg: unknown key \"tls_server_confg\"; did you mean "
	 "\"tls_server_config\"?\n"},
	{"- a\n", "dir/web:1:1: $: expected an object, found an array\n"},
	{"a: b: c\n", "dir/web:1:5: $: mapping values are not allowed in this context\n"},
	{"tls_server_config:\n  cert_file: []\n",
	 "dir/web:2:14: tls_server_config.cert_file: expected a string, found an "
	 "array\n"},
	{"tls_server_config: {cert_file: ''}\n",
	 "dir/web:1:32: tls_server_config.cert_file: must not be empty\n"},
	{"tls_server_config: {key: {a: b}}\n",
	 "dir/web:1:26: tls_server_config.key: expected a PEM text, found an object\n"},
	{"tls_server_config: {min_version: SSL3, " GOOD "}\n",
	 "dir/web:1:34: tls_server_config.min_version: \"SSL3\" is not known here; it "
	 "must be \"TLS10\", \"TLS11\", \"TLS12\" or \"TLS13\"\n"},
	{"tls_server_config: {curve_preferences: [X25519, P256, X25519]}\n",
	 "dir/web:1:49: tls_server_config.curve_preferences[1]: \"P256\" is not known "
	 "here; it must be \"CurveP256\", \"CurveP384\", \"CurveP521\" or \"X25519\"\n"},
	{"tls_server_config: {curve_preferences: [X25519, X25519]}\n",
	 "dir/web:1:49: tls_server_config.curve_preferences[1]: \"X25519\" is in the "
	 "list "
	 "already\n"},
	{"tls_server_config: {cipher_suites: [TLS_NULL]}\n",
	 "dir/web:1:37: tls_server_config.cipher_suites[0]: \"TLS_NULL\" is not known "
	 "here; it must be \"TLS_AES_128_GCM_SHA256\", \"TLS_AES_256_GCM_SHA384\", "
	 "\"TLS_CHACHA20_POLY1305_SHA256\", \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\", "
	 "\"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\", "
	 "\"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\", "
	 "\"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\", "
	 "\"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA\", "
	 "\"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\", "
	 "\"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\", "
	 "\"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\", "
	 "\"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA\" or "
	 "\"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA\"\n"},
	{"tls_server_config: {cert_file: s.pem}\n",
	 "dir/web:1:20: tls_server_config: key_file is missing\n"},
	{"tls_server_config: {" GOOD ", key: x}\n",
	 "dir/web:1:20: tls_server_config: key and key_file exclude each other\n"},
	{"tls_server_config: {" GOOD ", min_version: TLS13, max_version: TLS12}\n",
	 "dir/web:1:20: tls_server_config: min_version is above max_version\n"},
	{"http_server_config: {http2: maybe}\n",
	 "dir/web:1:29: http_server_config.http2: expected true or false, found a "
	 "string\n"},
	{"http_server_config: {http2: 1}\n",
	 "dir/web:1:29: http_server_config.http2: expected true or false, found a "
	 "number\n"},
	{"http_server_config: {http2: true, http2: true}\n",
	 "dir/web:1:35: http_server_config.http2: duplicate key \"http2\", first used at "
	 "line 1\n"},
	{"http_server_config: {headers: {X-Frame-Options: maybe}}\n",
	 "dir/web:1:49: http_server_config.headers.X-Frame-Options: must be deny or "
	 "sameorigin\n"},
	{"http_server_config: {headers: {X-Content-Type-Options: sniff}}\n",
	 "dir/web:1:56: http_server_config.headers.X-Content-Type-Options: must be "
	 "nosniff\n"},
	{"http_server_config: {headers: {Set-Cookie: x}}\n",
	 "dir/web:1:32: http_server_config.headers.Set-Cookie: header \"Set-Cookie\": "
	 "only "
	 "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, "
	 "X-XSS-Protection and Content-Security-Policy can be set\n"},
	{"http_server_config: {headers: {X-XSS-Protection: \"a\\r\\nb\"}}\n",
	 "dir/web:1:50: http_server_config.headers.X-XSS-Protection: "
	 "\"a\\u000d\\u000ab\": "
	 "control characters, line ends among them, are not allowed\n"},
	{"basic_auth_users:\n  a: hunter2\n  c:d: e\n  '': f\n  g:\n",
	 "dir/web:2:6: basic_auth_users.a: not a bcrypt hash ($2y$, $2b$ or $2a$), as "
	 "`htpasswd -nB USER` prints it after the colon\n"
	 "dir/web:3:3: basic_auth_users[\"c:d\"]: user \"c:d\": a user's name cannot "
	 "hold "
	 "a colon\n"
	 "dir/web:4:3: basic_auth_users[\"\"]: user \"\": a user's name has 1 to 255 "
	 "characters\n"
	 "dir/web:5:5: basic_auth_users.g: not a bcrypt hash ($2y$, $2b$ or $2a$), as "
	 "`htpasswd -nB USER` prints it after the colon\n"},
	{"basic_auth_users: {a: \"hunter2\\n\"}\n",
	 "dir/web:1:23: basic_auth_users.a: not a bcrypt hash ($2y$, $2b$ or $2a$), as "
	 "`htpasswd -nB USER` prints it after the colon\n"},
	{"basic_auth_users: {a: [hunter2]}\n",
	 "dir/web:1:23: basic_auth_users.a: expected a string, found an array\n"},
	{"basic_auth_users: {a: " HASH ", a: " HASH "}\n",
	 "dir/web:1:85: basic_auth_users.a: duplicate key \"a\", first used at line 1\n"},
	{"{}\n---\n{}\n", "dir/web:2:1: $: a second document\n"},
	{"basic_auth_users: !!binary x\n",
	 "dir/web:1:19: basic_auth_users: tags (!name) are not taken\n"},
	{"http_server_config: &a\n  headers: *a\n",
	 "dir/web:1:21: http_server_config: anchors (&name) are not taken\n"},
};

static void check_bad(size_t i)
{
	const char *text = bad_cases[i].text, *want = bad_cases[i].errors;
	struct config_errors errs = {0};
	struct web_config *c = NULL;
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ok(web_config_parse(&c, text, strlen(text), "dir/web", &errs) == EINVAL,
	   "bad file %zu is refused", i);
	config_errors_print(&errs, out);
	fclose(out);
	is_str(got, want, "with these errors");
	free(got);
	config_errors_clear(&errs);
	web_config_free(c);
}

/* Files in which nothing is said. */
static void check_open(void)
{
	static const char *const texts[] = {
		"",
		"# nothing\n",
		"---\n",
		"~\n",
		"\xef\xbb\xbf# nothing\n",
		"{}\n",
		"tls_server_config:\nhttp_server_config: ~\nbasic_auth_users:\n",
		"tls_server_config: {cert_file: , min_version: null, cipher_suites: }\n",
		"http_server_config: {http2: , headers: }\n",
		"// note: nothing\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config_errors errs = {0};
		struct web_config *c = NULL;

		if (!ok(!web_config_parse(&c, texts[i], strlen(texts[i]), "web.yml",
					  &errs),
			"file %zu without a setting", i))
			continue;
		ok(!c->tls_on && !c->tls.cert_file && !c->users.count &&
			   !c->headers.count,
		   "nothing is set");
		ok(c->http2 && c->tls.server_order && c->tls.min_version == WEB_TLS12 &&
			   c->tls.max_version == WEB_TLS13,
		   "but the defaults");
		is_int(c->empty, i < 5, "whether there is a document");
		web_config_free(c);
	}
}

static const char whole[] = "tls_server_config:\n"
			    "  cert_file: server.pem\n"
			    "  key: |\n"
			    "    -----BEGIN\n"
			    "    0123\n"
			    "  client_auth_type: RequireAndVerifyClientCert\n"
			    "  client_ca_file: /etc/ca.pem\n"
			    "  client_allowed_sans: [prometheus.example, 10, true]\n"
			    "  min_version: TLS10\n"
			    "  max_version: TLS12\n"
			    "  cipher_suites:\n"
			    "  - TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA\n"
			    "  - TLS_AES_128_GCM_SHA256\n"
			    "  prefer_server_cipher_suites: No\n"
			    "  curve_preferences: [X25519, CurveP256]\n"
			    "http_server_config:\n"
			    "  http2: off\n"
			    "  headers:\n"
			    "    X-Frame-Options: deny\n"
			    "    X-XSS-Protection: 0\n"
			    "    Content-Security-Policy:\n"
			    "basic_auth_users:\n"
			    "  prom: " HASH "\n"
			    "  123: " HASH "\n";

static void check_tls(const struct web_tls_conf *t)
{
	is_str(t->cert_file, "dir/server.pem", "below the file's folder");
	is_str(t->key, "-----BEGIN\n0123\n", "a text with its line ends");
	is_str(t->client_ca_file, "/etc/ca.pem", "an absolute name");
	is_int(t->client_auth, WEB_CLIENT_REQUIRE_AND_VERIFY, "a name");
	ok(t->min_version == WEB_TLS10 && t->max_version == WEB_TLS12, "versions");
	ok(!t->server_order, "No is false");
	is_int((long long)t->client_allowed_sans.count, 3, "names");
	is_str(t->client_allowed_sans.list[1], "10", "as they are written");
	is_str(t->client_allowed_sans.list[2], "true", "all of them");
	ok(t->ciphers.count == 2 && t->ciphers.list[0] == 12 && !t->ciphers.list[1],
	   "ciphers by their places");
	ok(t->curves.count == 2 && t->curves.list[0] == 3 && !t->curves.list[1],
	   "curves by theirs");
}

static void check_whole(void)
{
	struct config_errors errs = {0};
	struct web_config *c = NULL;

	if (!is_int(web_config_parse(&c, whole, strlen(whole), "dir/web.yml", &errs), 0,
		    "a file with every key"))
		return;
	ok(c->tls_on && !c->http2, "TLS is on, off is false");
	check_tls(&c->tls);
	is_int((long long)c->headers.count, 3, "headers");
	is_str(c->headers.list[0].name, "X-Frame-Options", "in the file's order");
	is_str(c->headers.list[1].value, "0", "with their texts");
	is_str(c->headers.list[2].value, "", "an empty one too");
	is_int((long long)c->users.count, 2, "users");
	is_str(c->users.list[1].name, "123", "by their names");
	is_str(c->users.list[1].value, HASH, "and hashes");
	web_config_free(c);
}

#define VERIFIES                                                                         \
	GOOD ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: c.pem"
#define NAMED	  VERIFIES ", client_allowed_sans: [a]"
#define TLS(keys) "tls_server_config: {" keys "}\n"
#define USERS	  "basic_auth_users: {a: '" HASH "'}\n"

/* By which of two files strangers get further. */
static const struct {
	const char *than, *text;
	bool more_open, less_open;
} open_cases[] = {
	{"{}", "{}", false, false},
	{USERS, "{}", true, false},
	{USERS, "basic_auth_users:\n", true, false},
	{USERS, "basic_auth_users: {b: '" HASH "', c: '" HASH "'}", false, false},
	{TLS(VERIFIES), TLS(GOOD), true, false},
	{TLS(VERIFIES), TLS(GOOD ", client_auth_type: RequireAnyClientCert"), true,
	 false},
	{TLS(VERIFIES),
	 TLS(GOOD ", client_auth_type: VerifyClientCertIfGiven, client_ca_file: c.pem"),
	 true, false},
	{TLS(GOOD ", client_auth_type: RequireClientCert"),
	 TLS(GOOD ", client_auth_type: RequestClientCert"), true, false},
	{TLS(GOOD ", client_auth_type: RequireClientCert"),
	 TLS(GOOD ", client_auth_type: RequireAnyClientCert"), false, false},
	{TLS(NAMED), TLS(VERIFIES), true, false},
	{TLS(NAMED), TLS(VERIFIES ", client_allowed_sans: [b, c]"), false, false},
	{TLS(VERIFIES) USERS, TLS(NAMED), true, true},
};

static void check_more_open(void)
{
	for (size_t i = 0; i < sizeof(open_cases) / sizeof(open_cases[0]); i++) {
		const char *texts[] = {open_cases[i].than, open_cases[i].text};
		struct web_config *c[2] = {NULL};

		for (size_t k = 0; k < 2; k++) {
			struct config_errors errs = {0};

			if (web_config_parse(&c[k], texts[k], strlen(texts[k]), "web",
					     &errs))
				exit(1);
		}
		is_int(web_config_is_more_open(c[1], c[0]), open_cases[i].more_open,
		       open_cases[i].text);
		is_int(web_config_is_more_open(c[0], c[1]), open_cases[i].less_open,
		       "and the other way round");
		web_config_free(c[0]);
		web_config_free(c[1]);
	}
}

/* More users than any other table of pairs may have. */
static void check_many(size_t users, const char *want)
{
	struct config_errors errs = {0};
	struct web_config *c = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("basic_auth_users:\n", out);
	for (size_t i = 0; i < users; i++)
		fprintf(out, "  u%zu: " HASH "\n", i);
	fclose(out);
	is_int(web_config_parse(&c, text, size, "web.yml", &errs), want ? EINVAL : 0,
	       "many users");
	if (c)
		is_int((long long)c->users.count, (long long)users, "all of them");
	if (want)
		is_str(errs.count ? errs.list[0].message : "none", want, "too many");
	config_errors_clear(&errs);
	web_config_free(c);
	free(text);
}

static void check_memory(const char *text, int want)
{
	unsigned refused = 0, wrong = 0;

	for (long n = 0;; n++) {
		struct config_errors errs = {0};
		struct web_config *c = NULL;
		bool ended;
		int err;

		countdown = n;
		err = web_config_parse(&c, text, strlen(text), "dir/web.yml", &errs);
		ended = countdown >= 0;
		countdown = -1;
		wrong += err != (ended ? want : ENOMEM) || (err && c);
		web_config_free(c);
		config_errors_clear(&errs);
		if (ended)
			break;
		refused++;
	}
	ok(refused > 10, "%u allocations", refused);
	is_int(wrong, 0, "each that failed gave ENOMEM and nothing else");
}

static void check_file(void)
{
	struct config_errors errs = {0};
	struct web_config *c = NULL;

	is_int(web_config_load(&c, "no/such.yml", &errs), EINVAL, "no file");
	is_str(errs.count ? errs.list[0].message : "none",
	       "cannot read it: No such file or directory", "says so");
	config_errors_clear(&errs);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(*bad_cases); i++)
		check_bad(i);
	check_open();
	check_more_open();
	check_whole();
	check_many(1000, NULL);
	check_many(1001, "has 1001 entries; at most 1000 are taken");
	check_memory(whole, 0);
	check_memory("basic_auth_users: {a: b}\nx: 1\n", EINVAL);
	check_file();
	return tap_done();
}
