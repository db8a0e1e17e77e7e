/* Any bytes as a file of --web.config.file: never a crash, never a wrong promise. */
#include <errno.h>
#include <string.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errs = {0};
	struct web_config *c = NULL;
	int err = web_config_parse(&c, (const char *)data, size, "fuzz.yml", &errs);

	must(err == (c ? 0 : EINVAL));
	must(!err || errs.count);
	if (c)
		check_config(c);
	for (size_t i = 0; i < errs.count; i++)
		must(!strpbrk(errs.list[i].message, "\r\n"));
	web_config_free(c);
	config_errors_clear(&errs);
	return 0;
}
