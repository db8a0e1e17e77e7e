/* Trunks of two configurations, compared. */
#include "config/config.h"
#include "tests/unit/tap.h"

static struct config *parse(const char *extra)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a.example\"%s}]}",
		 extra);
	config_parse(&c, text, strlen(text), NULL, &errs);
	config_errors_print(&errs, stdout);
	config_errors_clear(&errs);
	return c;
}

/* Each differs from all others; written another way it is the same again. */
static void check_equal(void)
{
	static const char *const ways[][2] = {
		{"", ", \"interval\": \"30s\""},
		{", \"interval\": \"1m\"", ", \"interval\": \"60s\""},
		{", \"down_interval\": \"11s\"", ",\"down_interval\":\"11000ms\""},
		{", \"timeout\": \"4s\"", ",\"timeout\":\"4.0s\""},
		{", \"t1\": \"400ms\"", ",\"t1\":\"0.4s\""},
		{", \"fall\": 4", ",\"fall\":4.0"},
		{", \"rise\": 4", ",\"rise\":4e0"},
		{", \"max_forwards\": 4", ",\"max_forwards\":4"},
		{", \"connection\": \"reuse\"", ",\"connection\":\"reuse\""},
		{", \"family\": \"ipv4\"", ",\"family\":\"ipv4\""},
		{", \"up_when\": \"all\"", ",\"up_when\":\"all\""},
		{", \"up_codes\": [200, 201]", ",\"up_codes\":[\"200-201\"]"},
		{", \"degraded_codes\": []", ",\"degraded_codes\":[]"},
		{", \"request_uri\": \"sip:b\"", ",\"request_uri\":\"sip:b\""},
		{", \"from\": \"sip:b\"", ",\"from\":\"sip:b\""},
		{", \"to\": \"sip:b\"", ",\"to\":\"sip:b\""},
		{", \"contact\": \"sip:b\"", ",\"contact\":\"sip:b\""},
		{", \"user_agent\": \"b\"", ",\"user_agent\":\"\\u0062\""},
		{", \"route\": [\"sip:b\"]", ",\"route\":[\"sip:b\"]"},
		{", \"route\": [\"sip:c\"]", ",\"route\":[\"sip:c\"]"},
		{", \"headers\": {\"X\": \"b\"}", ",\"headers\":{\"X\":\"b\"}"},
		{", \"headers\": {\"X\": \"c\"}", ",\"headers\":{\"X\":\"c\"}"},
		{", \"labels\": {\"x\": \"b\", \"y\": \"c\"}",
		 ",\"labels\":{\"y\":\"c\",\"x\":\"b\"}"},
		{", \"labels\": {\"x\": \"c\", \"y\": \"c\"}",
		 ",\"labels\":{\"y\":\"c\",\"x\":\"c\",\"z\":\"\"}"},
		{", \"tls\": {\"server_name\": \"b\"}",
		 ",\"tls\":{\"server_name\":\"b\"}"},
		{", \"tls\": {\"ciphers\": \"b\"}", ",\"tls\":{\"ciphers\":\"b\"}"},
		{", \"tls\": {\"min_version\": \"TLS1.3\"}",
		 ",\"tls\":{\"min_version\":\"TLS1.3\"}"},
		{", \"tls\": {\"ca_file\": \"/dev/null\"}",
		 ",\"tls\":{\"ca_file\":\"/dev/null\"}"},
		{", \"tls\": {\"insecure_skip_verify\": true}",
		 ",\"tls\":{\"insecure_skip_verify\":true}"},
	};
	enum { COUNT = sizeof(ways) / sizeof(ways[0]) };
	struct config *c[COUNT][2];
	unsigned wrong = 0;

	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < 2; k++)
			c[i][k] = parse(ways[i][k]);
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < COUNT; k++)
			if (config_trunk_equal(c[i][0]->trunks, c[k][1]->trunks) !=
			    (i == k)) {
				printf("# %s and %s\n", ways[i][0], ways[k][1]);
				wrong++;
			}
	is_int(wrong, 0, "trunks are equal exactly when they are probed and shown alike");
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < 2; k++)
			config_free(c[i][k]);
}

int main(void)
{
	check_equal();
	return tap_done();
}
