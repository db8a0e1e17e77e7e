#include "exporter/ondemand/json_chain.h"

static void put_link(struct json *j, const struct chain_link *l)
{
	json_open(j, NULL, '{');
	json_str(j, "subject", l->subject);
	json_str(j, "issuer", l->issuer);
	json_str(j, "names", l->names);
	json_number(j, "not_before_unix_s", l->not_before_s, 0);
	json_number(j, "not_after_unix_s", l->not_after_s, 0);
	json_str(j, "key", l->key);
	json_str(j, "serial", l->serial);
	json_str(j, "sha256", l->sha256);
	json_close(j, '}');
}

void json_chain(struct json *j, const char *key, const struct chain *c)
{
	if (!c) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_time(j, "shown_since_unix_s", c->seen_unix_ns);
	json_bool(j, "verified", c->verified);
	json_str(j, "version", c->version);
	json_str(j, "cipher", c->cipher);
	json_number(j, "left_out", c->left_out, 0);
	json_open(j, "certificates", '[');
	for (unsigned i = 0; i < c->count; i++)
		put_link(j, &c->links[i]);
	json_close(j, ']');
	json_close(j, '}');
}
