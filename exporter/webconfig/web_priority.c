#include "exporter/webconfig/web_priority.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exporter/webconfig/web_config.h"

enum suite_key { KEY_TLS13, KEY_RSA, KEY_ECDSA };

struct suite {
	enum suite_key key; /* the certificate's; or a suite of TLS 1.3, for any */
	const char *cipher;
	bool aead;
};

/* The order of both tables is the same. */
const char *const web_cipher_names[] = {
	"TLS_AES_128_GCM_SHA256",
	"TLS_AES_256_GCM_SHA384",
	"TLS_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
	"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
	NULL,
};

static const struct suite suites[] = {
	{KEY_TLS13, "AES-128-GCM", true},	{KEY_TLS13, "AES-256-GCM", true},
	{KEY_TLS13, "CHACHA20-POLY1305", true}, {KEY_RSA, "AES-128-GCM", true},
	{KEY_RSA, "AES-256-GCM", true},		{KEY_RSA, "CHACHA20-POLY1305", true},
	{KEY_RSA, "AES-128-CBC", false},	{KEY_RSA, "AES-256-CBC", false},
	{KEY_ECDSA, "AES-128-GCM", true},	{KEY_ECDSA, "AES-256-GCM", true},
	{KEY_ECDSA, "CHACHA20-POLY1305", true}, {KEY_ECDSA, "AES-128-CBC", false},
	{KEY_ECDSA, "AES-256-CBC", false},
};

_Static_assert(sizeof(suites) / sizeof(*suites) + 1 ==
		       sizeof(web_cipher_names) / sizeof(*web_cipher_names),
	       "a row for each name");

const char *const web_curve_names[] = {"CurveP256", "CurveP384", "CurveP521", "X25519",
				       NULL};
static const char *const groups[] = {"SECP256R1", "SECP384R1", "SECP521R1", "X25519"};

static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3"};

/* Without a list: what forward secrecy and authenticated encryption leave. */
static const int modern[] = {3, 4, 5, 8, 9, 10};
static const int with_old[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

struct chosen {
	int min, max; /* versions */
	enum suite_key key;
	const int *list;
	size_t count;
};

__attribute__((format(printf, 2, 3))) static void
web_priority_append(char *text, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, WEB_PRIORITY_BYTES - len, fmt, ap);
	va_end(ap);
}

static size_t count_of(const struct chosen *c, enum suite_key key, bool aead_only)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct suite *s = &suites[c->list[i]];

		n += s->key == key && (s->aead || !aead_only);
	}
	return n;
}

/*
 * Narrows the versions to those that the listed suites serve, so that none is offered
 * which must fail, and no suite is on that was not listed.
 */
static const char *web_priority_narrow(struct chosen *c, enum suite_key key)
{
	bool old = count_of(c, key, false) && c->min < WEB_TLS13;

	c->key = old ? key : KEY_TLS13;
	if (!old && c->max < WEB_TLS13)
		return "cipher_suites has none for the certificate's kind of key";
	if (!old && !count_of(c, KEY_TLS13, true)) {
		/* As in Go, a list without suites of TLS 1.3 leaves them all on. */
		static const int all[] = {0, 1, 2};

		if (c->min < WEB_TLS13)
			return "cipher_suites has none for the certificate's kind of key";
		c->list = all;
		c->count = 3;
	}
	if (!old)
		c->min = WEB_TLS13;
	else if (!count_of(c, key, true) && c->max == WEB_TLS13)
		c->max = WEB_TLS12;
	return NULL;
}

static void append_versions(char *text, const struct chosen *c)
{
	for (int v = WEB_TLS13; v >= WEB_TLS10; v--)
		if (v >= c->min && v <= c->max)
			web_priority_append(text, ":+VERS-TLS%s", versions[v]);
}

static void append_suites(char *text, const struct chosen *c)
{
	bool cbc = false;

	for (size_t i = 0; i < c->count; i++) {
		const struct suite *s = &suites[c->list[i]];

		if (s->key != c->key)
			continue;
		web_priority_append(text, ":+%s", s->cipher);
		cbc = cbc || !s->aead;
	}
	web_priority_append(text, ":-MAC-ALL:+AEAD%s", cbc ? ":+SHA1" : "");
}

static void append_curves(char *text, const struct web_numbers *curves)
{
	if (!curves->count)
		return;
	web_priority_append(text, ":-GROUP-ALL");
	for (size_t i = 0; i < curves->count; i++)
		web_priority_append(text, ":+GROUP-%s", groups[curves->list[i]]);
}

const char *web_priority_text(char text[WEB_PRIORITY_BYTES],
			      const struct web_tls_conf *conf, bool rsa)
{
	bool old = conf->min_version < WEB_TLS12;
	struct chosen c = {
		.min = conf->min_version,
		.max = conf->max_version,
		.list = old ? with_old : modern,
		.count = old ? sizeof(with_old) / sizeof(*with_old)
			     : sizeof(modern) / sizeof(*modern),
	};
	const char *fault;

	if (conf->ciphers.count) {
		c.list = conf->ciphers.list;
		c.count = conf->ciphers.count;
	}
	fault = web_priority_narrow(&c, rsa ? KEY_RSA : KEY_ECDSA);
	if (fault)
		return fault;
	snprintf(text, WEB_PRIORITY_BYTES, "NORMAL:-VERS-ALL");
	append_versions(text, &c);
	web_priority_append(text, ":-KX-ALL:+ECDHE-%s:-CIPHER-ALL",
			    rsa ? "RSA" : "ECDSA");
	append_suites(text, &c);
	append_curves(text, &conf->curves);
	if (conf->server_order)
		web_priority_append(text, ":%%SERVER_PRECEDENCE");
	return NULL;
}
