/* The settings in force, as people see them: each key of the tables, and no secret. */
#include <stdlib.h>

#include "config/layer.h"
#include "config/types.h"
#include "exporter/store/status.h"
#include "tests/unit/tap.h"

/* What has no row: a trunk's description, shown elsewhere, and where secrets are. */
static const char *const left_out[] = {
	"labels",
	"auth.password",
	"auth.password_file",
	"tls.key_file",
};

static const char everything[] =
	"{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:192.0.2.1\","
	" \"interval\": \"90s\", \"timeout\": \"1500ms\","
	" \"down_interval\": \"20s\", \"t1\": \"250ms\", \"fall\": 4, \"rise\": 5,"
	" \"retry_after_max\": \"45s\","
	" \"max_forwards\": 7, \"trace_on_down\": true, \"mirror\": {\"every\": \"1h\"}, "
	"\"connection\": \"reuse\", \"answers_from\": "
	"\"anywhere\", \"watch_changes\": false, \"mark_copies\": true, \"family\": "
	"\"ipv4\","
	" \"up_when\": \"primary\", \"up_codes\": [\"2xx\", 404, \"486-488\"],"
	" \"degraded_codes\": [500, \"503-504\"], \"dscp\": \"CS3\","
	" \"local\": {\"address\": \"192.0.2.9\", \"port\": 5070},"
	" \"outbound_proxy\": \"sip:u:hunter2@proxy.example;lr\","
	" \"expect_inbound\": \"1h\", \"paused\": true, \"preset\": \"teams\","
	" \"request_uri\": \"sip:r@{host}\", \"from\": \"sip:f:hunter2@us.example\","
	" \"to\": \"sip:t@{peer}\", \"contact\": \"sip:c@{local}\","
	" \"user_agent\": \"probe/1\", \"route\": [\"sip:a.example;lr\","
	" \"sip:u:hunter2@b.example;lr\"], \"headers\": {\"X-A\": \"b\","
	" \"Authorization\": \"Basic hunter2\"},"
	" \"tls\": {\"server_name\": \"sbc.example\", \"min_version\": \"TLS1.3\","
	" \"ciphers\": \"HIGH\", \"insecure_skip_verify\": true, \"session_lifetime\": "
	"\"10m\"},"
	" \"websocket\": {\"path\": \"/ws?key=hunter2\", \"origin\": "
	"\"https://us.example\","
	" \"host\": \"pbx.example\", \"headers\": {\"Cookie\": \"s=hunter2\", \"X-B\": "
	"\"hunter2\"}},"
	" \"method\": [\"OPTIONS\", \"REGISTER\"],"
	" \"auth\": {\"username\": \"alice\", \"password\": \"hunter2\","
	" \"realm\": \"isp.example\", \"algorithms\": [\"SHA-256\", \"MD5\"]},"
	" \"size\": {\"bytes\": 1500}, \"train\": {\"gap\": \"50ms\"},"
	" \"register\": {\"bind\": true, \"expires\": \"10m\", \"interval\": \"2m\","
	" \"aor\": \"sip:alice:hunter2@isp.example\"}}]}";

static const struct {
	const char *key;
	const char *value;
} wants[] = {
	{"preset", "teams"},
	{"method", "OPTIONS, REGISTER"},
	{"interval", "1m30s"},
	{"down_interval", "20s"},
	{"timeout", "1s500ms"},
	{"retry_after_max", "45s"},
	{"t1", "250ms"},
	{"fall", "4"},
	{"rise", "5"},
	{"up_codes", "2xx, 404, 486-488"},
	{"degraded_codes", "500, 503-504"},
	{"up_when", "primary"},
	{"expect_inbound", "1h"},
	{"paused", "true"},
	{"mirror.every", "1h"},
	{"trace_on_down", "true"},
	{"connection", "reuse"},
	{"answers_from", "anywhere"},
	{"watch_changes", "false"},
	{"mark_copies", "true"},
	{"family", "ipv4"},
	{"local.address", "192.0.2.9"},
	{"local.port", "5070"},
	{"outbound_proxy", "sip:u:redacted@proxy.example;lr"},
	{"dscp", "24"},
	{"max_forwards", "7"},
	{"request_uri", "sip:r@{host}"},
	{"from", "sip:f:redacted@us.example"},
	{"to", "sip:t@{peer}"},
	{"contact", "sip:c@{local}"},
	{"user_agent", "probe/1"},
	{"route", "sip:a.example;lr, sip:u:redacted@b.example;lr"},
	{"headers", "X-A: b; Authorization: redacted"},
	{"auth.username", "alice"},
	{"auth.realm", "isp.example"},
	{"auth.algorithms", "MD5, SHA-256"},
	{"register.bind", "true"},
	{"register.expires", "10m"},
	{"register.interval", "2m"},
	{"register.aor", "sip:alice:redacted@isp.example"},
	{"register.at", "all"},
	{"size.bytes", "1500"},
	{"size.every", "10"},
	{"train.count", "10"},
	{"train.gap", "50ms"},
	{"train.every", "5m"},
	{"train.insist", "false"},
	{"call.mode", ""},
	{"call.to", ""},
	{"call.interval", ""},
	{"call.answer_timeout", ""},
	{"call.ring_for", ""},
	{"call.duration", ""},
	{"call.codecs", ""},
	{"call.srtp", ""},
	{"call.nonce", ""},
	{"call.jitter_buffer", ""},
	{"call.degraded", ""},
	{"websocket.path", "/ws?redacted"},
	{"websocket.origin", "https://us.example"},
	{"websocket.host", "pbx.example"},
	{"websocket.headers", "Cookie, X-B"},
	{"tls.ca_file", ""},
	{"tls.cert_file", ""},
	{"tls.server_name", "sbc.example"},
	{"tls.min_version", "TLS1.3"},
	{"tls.ciphers", "HIGH"},
	{"tls.insecure_skip_verify", "true"},
	{"tls.session_lifetime", "10m"},
};

static const char *find(const struct buffer *b, const char *key)
{
	for (size_t at = 0; at < b->len;) {
		const char *name = b->data + at, *value = name + strlen(name) + 1;

		if (!strcmp(name, key))
			return value;
		at = (size_t)(value - b->data) + strlen(value) + 1;
	}
	return NULL;
}

static bool is_left_out(const char *key)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (!strcmp(left_out[i], key))
			return true;
	return false;
}

static const struct section *inside(const struct field *f)
{
	if (f->type == &type_record)
		return ((const struct record_type *)f->more)->section;
	return f->type == &type_section || f->type == &type_local ? f->more : NULL;
}

/* Every key of a section, and of those inside it, has its row or is left out. */
static void check_rows(const struct buffer *shown, const struct section *s,
		       const char *prefix)
{
	char key[128];

	for (size_t i = 0; i < s->count; i++) {
		const struct field *f = &s->fields[i];
		const struct section *sub = inside(f);

		snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "", f->key);
		if (sub)
			check_rows(shown, sub, key);
		else
			ok((find(shown, key) != NULL) != is_left_out(key), "%s: %s", key,
			   is_left_out(key) ? "is left out" : "has a row");
	}
}

static struct config *parse(const char *text)
{
	struct config_errors errs = {0};
	struct config *c = NULL;

	ok(!config_parse(&c, text, strlen(text), "/tmp/all.json", &errs), "it parses");
	config_errors_print(&errs, stdout);
	config_errors_clear(&errs);
	if (!c)
		exit(1);
	return c;
}

static void check_values(const struct buffer *b)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		is_str(find(b, wants[i].key), wants[i].value, wants[i].key);
	for (size_t at = 0; at < b->len; count++)
		for (int half = 0; half < 2; half++)
			at += strlen(b->data + at) + 1;
	is_int((long long)count, sizeof(wants) / sizeof(wants[0]), "no other row");
	for (size_t at = 0; at < b->len; at += strlen(b->data + at) + 1)
		ok(!strstr(b->data + at, "hunter2"), "no secret in %s", b->data + at);
}

/* What a trunk does not have is there all the same, without a value. */
static void check_bare(void)
{
	static const char *const unset[] = {
		"preset",	   "from",	     "local.address", "auth.username",
		"auth.algorithms", "register.bind",  "route",	      "local.port",
		"headers",	   "expect_inbound",
	};
	struct config *c = parse("{\"trunks\": [{\"name\": \"a\", \"uri\": "
				 "\"sip:192.0.2.1\"}]}");
	struct buffer b = {0};

	status_settings(&b, c->trunks[0].settings);
	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		is_str(find(&b, unset[i]), "", unset[i]);
	is_str(find(&b, "paused"), "false", "a flag is never unset");
	is_str(find(&b, "method"), "OPTIONS", "nor is a default");
	buffer_clear(&b);
	config_free(c);
}

static void check_pause(void)
{
	struct config *c = parse("{\"trunks\": [{\"name\": \"a\", \"uri\": "
				 "\"sip:192.0.2.1\", \"paused\": "
				 "\"until 2999-12-01T07:00+01:00\"}]}");
	struct buffer b = {0};

	status_settings(&b, c->trunks[0].settings);
	is_str(find(&b, "paused"), "until 2999-12-01T06:00:00Z", "a pause that ends");
	buffer_clear(&b);
	config_free(c);
}

static void is_shown(const struct config_settings *s, const char *key, const char *want)
{
	struct buffer b = {0};

	status_settings(&b, s);
	is_str(find(&b, key), want, key);
	buffer_clear(&b);
}

static void check_durations(void)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{1, "1us"},
		{999, "999us"},
		{1000, "1ms"},
		{1001, "1ms1us"},
		{60000000, "1m"},
		{86400000000, "24h"},
		{3661001001, "1h1m1s1ms1us"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_shown(&(struct config_settings){.t1_us = cases[i].us}, "t1",
			 cases[i].text);
}

/* Runs of codes, classes where they are whole. */
static void check_codes(void)
{
	static const struct {
		unsigned runs[2][2]; /* from, to; 0: none */
		const char *text;
	} cases[] = {
		{{{0, 0}}, "none"},
		{{{100, 100}}, "100"},
		{{{699, 699}}, "699"},
		{{{100, 199}}, "1xx"},
		{{{600, 699}}, "6xx"},
		{{{100, 699}}, "1xx, 2xx, 3xx, 4xx, 5xx, 6xx"},
		{{{200, 298}}, "200-298"},
		{{{201, 299}}, "201-299"},
		{{{200, 300}}, "2xx, 300"},
		{{{150, 250}}, "150-250"},
		{{{200, 201}, {203, 203}}, "200-201, 203"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_settings s = {.fall = 1};

		for (int k = 0; k < 2 && cases[i].runs[k][0]; k++)
			for (unsigned code = cases[i].runs[k][0];
			     code <= cases[i].runs[k][1]; code++)
				s.up_codes.bits[code / 64] |= UINT64_C(1) << code % 64;
		is_shown(&s, "up_codes", cases[i].text);
	}
}

/* Everything of calls, and each limit of what degrades one by itself. */
static void check_call(void)
{
	static const struct {
		const char *degraded, *shown;
	} cases[] = {
		{"\"mos\": 3.6", "mos 3.6"},
		{"\"mos\": 1", "mos 1"},
		{"\"loss\": \"1%\"", "loss 1%"},
		{"\"jitter\": \"30ms\"", "jitter 30ms"},
		{"\"post_dial_delay\": \"4s\"", "post_dial_delay 4s"},
		{"\"mos\": 3.6, \"loss\": \"2.5%\", \"jitter\": \"30ms\","
		 " \"post_dial_delay\": \"4s\"",
		 "mos 3.6, loss 2.5%, jitter 30ms, post_dial_delay 4s"},
		{"\"loss\": \"1%\", \"post_dial_delay\": \"4s\"",
		 "loss 1%, post_dial_delay 4s"},
		{"\"jitter\": \"30ms\", \"post_dial_delay\": \"4s\"",
		 "jitter 30ms, post_dial_delay 4s"},
		{"", ""},
	};
	static const char *const rows[][2] = {
		{"method", "INVITE"},
		{"call.mode", "echo"},
		{"call.to", "*43"},
		{"call.interval", "20m"},
		{"call.answer_timeout", "31s"},
		{"call.duration", "15s"},
		{"call.codecs", "PCMA, PCMU"},
		{"call.srtp", "off"},
		{"call.nonce", "events"},
		{"call.jitter_buffer", "80ms"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buffer b = {0};
		struct config *c;
		char text[640];

		snprintf(text, sizeof(text),
			 "{\"calls\": {\"numbers\": [\"*43\"], \"media\": {\"ports\": "
			 "\"20000-20199\", \"networks\": [\"192.0.2.0/24\"]}}, "
			 "\"trunks\": [{\"name\": "
			 "\"a\", \"uri\": \"sip:192.0.2.1\", \"method\": \"INVITE\","
			 " \"call\": {\"mode\": \"echo\", \"to\": \"*43\", \"interval\": "
			 "\"20m\", \"answer_timeout\": \"31s\", \"duration\": \"15s\","
			 " \"codecs\": [\"PCMA\", \"PCMU\"], \"nonce\": [\"events\"],"
			 " \"jitter_buffer\": \"80ms\", \"degraded\": {%s}}}]}",
			 cases[i].degraded);
		c = parse(text);
		status_settings(&b, c->trunks[0].settings);
		is_str(find(&b, "call.degraded"), cases[i].shown, "what degrades one");
		for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
			is_str(find(&b, rows[k][0]), rows[k][1], rows[k][0]);
		buffer_clear(&b);
		config_free(c);
	}
}

/* Wherever the preset is named, the trunks under it show it, and only those. */
static void check_preset(void)
{
	struct config *c = parse(
		"{\"profiles\": {\"p\": {\"preset\": \"teams\"}, \"q\": {\"fall\": 9}},"
		" \"trunks\": [{\"name\": \"a\", \"uri\": \"sip:192.0.2.1\","
		" \"profile\": \"p\"}, {\"name\": \"b\", \"uri\": \"sip:192.0.2.1\","
		" \"profile\": \"q\"}, {\"name\": \"c\", \"uri\": \"sip:192.0.2.1\","
		" \"profile\": \"q\", \"preset\": \"teams\"}]}");
	static const char *const want[] = {"teams", "", "teams"};

	is_int((long long)c->trunk_count, 3, "three trunks");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct buffer b = {0};

		status_settings(&b, c->trunks[i].settings);
		is_str(find(&b, "preset"), want[i], c->trunks[i].name);
		buffer_clear(&b);
	}
	config_free(c);
}

int main(void)
{
	struct config *c = parse(everything);
	struct buffer b = {0};

	status_settings(&b, c->trunks[0].settings);
	check_values(&b);
	check_rows(&b, &section_settings, "");
	buffer_clear(&b);
	config_free(c);
	check_bare();
	check_pause();
	check_durations();
	check_codes();
	check_call();
	check_preset();
	return tap_done();
}
