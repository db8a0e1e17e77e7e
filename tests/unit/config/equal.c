/* Trunks of two configurations, compared. */
#include "config/config.h"
#include "tests/unit/tap.h"

#define CALL(more)                                                                       \
	", \"call\": {\"mode\": \"echo\", \"to\": \"*43\"" more                          \
	"}, \"method\": [\"INVITE\"]"
#define DEGRADED(more) CALL(", \"degraded\": {" more "}")

static struct config *parse(const char *extra)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a.example\"%s}], "
		 "\"calls\": {\"numbers\": [\"*43\", \"*44\"], \"media\": "
		 "{\"ports\": \"20000-20100\", \"networks\": [\"10.0.0.0/8\"]}}}",
		 extra);
	config_parse(&c, text, strlen(text), NULL, &errs);
	config_errors_print(&errs, stdout);
	config_errors_clear(&errs);
	return c;
}

/* Each differs from all others; written another way it is the same again. */
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
	{", \"tls\": {\"server_name\": \"b\"}", ",\"tls\":{\"server_name\":\"b\"}"},
	{", \"tls\": {\"ciphers\": \"b\"}", ",\"tls\":{\"ciphers\":\"b\"}"},
	{", \"tls\": {\"min_version\": \"TLS1.3\"}",
	 ",\"tls\":{\"min_version\":\"TLS1.3\"}"},
	{", \"tls\": {\"ca_file\": \"/dev/null\"}",
	 ",\"tls\":{\"ca_file\":\"/dev/null\"}"},
	{", \"tls\": {\"insecure_skip_verify\": true}",
	 ",\"tls\":{\"insecure_skip_verify\":true}"},
	{", \"tls\": {\"session_lifetime\": \"1m\"}",
	 ",\"tls\":{\"session_lifetime\":\"60s\"}"},
	{", \"dscp\": 26", ",\"dscp\":\"AF31\""},
	{", \"local\": {\"port\": 5070}", ",\"local\":{\"port\":5070}"},
	{", \"local\": {\"address\": \"192.0.2.1\"}",
	 ",\"local\":{\"address\":\"192.0.2.1\"}"},
	{", \"local\": {\"address\": \"192.0.2.2\"}",
	 ",\"local\":{\"address\":\"192.0.2.2\"}"},
	{", \"route\": [\"sip:b\", \"sip:c\"]", ",\"route\":[\"sip:b\",\"sip:c\"]"},
	{", \"route\": [\"sip:b\", \"sip:d\"]", ",\"route\":[\"sip:b\",\"sip:d\"]"},
	{CALL(""), DEGRADED("")},
	{CALL(", \"codecs\": [\"PCMA\"]"), CALL(",\"codecs\":[\"PCMA\"]")},
	{CALL(", \"codecs\": [\"PCMU\"]"), CALL(",\"codecs\":[\"PCMU\"]")},
	{CALL(", \"codecs\": [\"PCMA\", \"PCMU\"]"),
	 CALL(",\"codecs\":[\"PCMA\",\"PCMU\"]")},
	{DEGRADED("\"mos\": 3.5"), DEGRADED("\"mos\":3.50")},
	{DEGRADED("\"mos\": 3.6"), DEGRADED("\"mos\":3.60")},
	{DEGRADED("\"loss\": \"1%\""), DEGRADED("\"loss\":\"1.0%\"")},
	{DEGRADED("\"loss\": \"2%\""), DEGRADED("\"loss\":\"2.0%\"")},
	{DEGRADED("\"jitter\": \"20ms\""), DEGRADED("\"jitter\":\"0.02s\"")},
	{DEGRADED("\"jitter\": \"30ms\""), DEGRADED("\"jitter\":\"0.03s\"")},
	{DEGRADED("\"post_dial_delay\": \"4s\""),
	 DEGRADED("\"post_dial_delay\":\"4000ms\"")},
	{DEGRADED("\"post_dial_delay\": \"5s\""),
	 DEGRADED("\"post_dial_delay\":\"5000ms\"")},
};

static void check_equal(void)
{
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
