/*
 * Any bytes as a file of --web.config.file: never a crash, never a wrong promise; and
 * what was read of it, written as JSON, which is YAML too, is read as the same.
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "exporter/webconfig/web_auth.h"
#include "exporter/webconfig/web_config.h"
#include "tests/fuzz/fuzz.h"

static void check_config(const struct web_config *c)
{
	const struct web_tls_conf *t = &c->tls;

	must(t->min_version >= WEB_TLS10 && t->max_version <= WEB_TLS13);
	if (c->tls_on) {
		must(!t->cert != !t->cert_file && !t->key != !t->key_file);
		must(t->min_version <= t->max_version);
	}
	for (size_t i = 0; i < c->headers.count; i++)
		must(!strpbrk(c->headers.list[i].value, "\r\n"));
	for (size_t i = 0; i < c->users.count; i++)
		must(!web_auth_hash_check(c->users.list[i].value) &&
		     !strchr(c->users.list[i].name, ':'));
}

static void json_pairs(struct json *j, const char *key, const struct web_pairs *pairs)
{
	json_open(j, key, '{');
	for (size_t i = 0; i < pairs->count; i++)
		json_str(j, pairs->list[i].name, pairs->list[i].value);
	json_close(j, '}');
}

/* What JSON of ours can hold as it is: its texts escape what HTML minds, and NUL. */
static void config_print(struct buffer *b, const struct web_config *c)
{
	static const char *const versions[] = {"TLS10", "TLS11", "TLS12", "TLS13"};
	const struct web_tls_conf *t = &c->tls;
	struct json j = {.out = b};

	json_open(&j, NULL, '{');
	json_open(&j, "http_server_config", '{');
	json_bool(&j, "http2", c->http2);
	json_pairs(&j, "headers", &c->headers);
	json_close(&j, '}');
	json_pairs(&j, "basic_auth_users", &c->users);
	if (c->tls_on && t->cert && t->key && !t->client_ca_file && !t->client_auth) {
		json_open(&j, "tls_server_config", '{');
		json_str(&j, "cert", t->cert);
		json_str(&j, "key", t->key);
		json_str(&j, "min_version", versions[t->min_version]);
		json_str(&j, "max_version", versions[t->max_version]);
		json_bool(&j, "prefer_server_cipher_suites", t->server_order);
		json_close(&j, '}');
	}
	json_close(&j, '}');
	must(!b->err);
}

static void pairs_same(const struct web_pairs *a, const struct web_pairs *b)
{
	must(a->count == b->count);
	for (size_t i = 0; i < a->count; i++)
		must(!strcmp(a->list[i].name, b->list[i].name) &&
		     !strcmp(a->list[i].value, b->list[i].value));
}

/* The writer takes keys as they are: those of ours need no escapes, a user's name may. */
static bool pairs_are_plain(const struct web_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		for (const char *p = pairs->list[i].name; *p; p++)
			if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\')
				return false;
	return true;
}

static void again_check(const struct web_config *c)
{
	struct config_errors errs = {0};
	struct web_config *again = NULL;
	struct buffer b = {0};

	config_print(&b, c);
	if (web_config_parse(&again, b.data, b.len, "again.json", &errs)) {
		config_errors_print(&errs, stderr);
		must(!"what was read can be read again");
	}
	pairs_same(&c->headers, &again->headers);
	pairs_same(&c->users, &again->users);
	must(c->http2 == again->http2);
	if (again->tls_on) {
		must(!strcmp(c->tls.cert, again->tls.cert));
		must(!strcmp(c->tls.key, again->tls.key));
		must(c->tls.min_version == again->tls.min_version &&
		     c->tls.max_version == again->tls.max_version &&
		     c->tls.server_order == again->tls.server_order);
	}
	web_config_free(again);
	config_errors_clear(&errs);
	buffer_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errs = {0};
	struct web_config *c = NULL;
	int err = web_config_parse(&c, (const char *)data, size, "fuzz.yml", &errs);

	must(err == (c ? 0 : EINVAL));
	must(!err || errs.count);
	if (c)
		check_config(c);
	if (c && pairs_are_plain(&c->headers) && pairs_are_plain(&c->users))
		again_check(c);
	for (size_t i = 0; i < errs.count; i++)
		must(!strpbrk(errs.list[i].message, "\r\n"));
	web_config_free(c);
	config_errors_clear(&errs);
	return 0;
}
