/* A request's bytes, its stamps, and which answers it takes for its own. */
#include <stdlib.h>

#include "sipprobe/message/request.h"
#include "tests/unit/tap.h"

static const char *const route[] = {"sip:sbc.example;lr"};
static const struct config_pair headers[] = {{"X-Site", "oslo"}};

static const struct config_settings plain = {.max_forwards = 70};
static const struct config_settings dressed = {
	.max_forwards = 5,
	.request_uri = "sip:medsrv.example",
	.from = "sip:ping@sbc1.example.com",
	.to = "sip:ping@medsrv.example",
	.contact = "sip:sbc1.example.com:5061;transport=tls",
	.user_agent = "our SBC",
	.route = route,
	.route_count = 1,
	.headers = headers,
	.header_count = 1,
};

/* '#' stands for a digit that a stamp fills in. */
static const struct {
	const char *name;
	const char *uri;
	const struct config_settings *settings;
	enum config_transport transport;
	const char *local;
	const char *want;
} cases[] = {
	{"plain over UDP", "sip:192.0.2.1", &plain, CONFIG_TRANSPORT_UDP, "192.0.2.9",
	 "OPTIONS sip:192.0.2.1 SIP/2.0\r\n"
	 "Via: SIP/2.0/UDP "
	 "192.0.2.9:5060;branch=z9hG4bK0000002a################;rport\r\n"
	 "Max-Forwards: 70\r\n"
	 "From: <sip:ping@192.0.2.9:5060>;tag=################\r\n"
	 "To: <sip:192.0.2.1>\r\n"
	 "Call-ID: ################################\r\n"
	 "CSeq: 1 OPTIONS\r\n"
	 "Contact: <sip:ping@192.0.2.9:5060>\r\n"
	 "Accept: application/sdp\r\n"
	 "User-Agent: siptrunk_exporter/1.2\r\n"
	 "Content-Length: 0\r\n\r\n"},
	{"everything set, over TLS and IPv6", "sip:[2001:db8::1];transport=tls", &dressed,
	 CONFIG_TRANSPORT_TLS, "2001:db8::9",
	 "OPTIONS sip:medsrv.example SIP/2.0\r\n"
	 "Via: SIP/2.0/TLS "
	 "[2001:db8::9]:5060;branch=z9hG4bK0000002a################;rport"
	 "\r\n"
	 "Max-Forwards: 5\r\n"
	 "Route: <sip:sbc.example;lr>\r\n"
	 "From: <sip:ping@sbc1.example.com>;tag=################\r\n"
	 "To: <sip:ping@medsrv.example>\r\n"
	 "Call-ID: ################################\r\n"
	 "CSeq: 1 OPTIONS\r\n"
	 "Contact: <sip:sbc1.example.com:5061;transport=tls>\r\n"
	 "Accept: application/sdp\r\n"
	 "User-Agent: our SBC\r\n"
	 "X-Site: oslo\r\n"
	 "Content-Length: 0\r\n\r\n"},
};

static void test_bytes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct config_trunk trunk = {.uri = cases[i].uri,
						   .settings = cases[i].settings};
		struct request_info info = {"OPTIONS", &trunk, cases[i].transport,
					    NULL,      42,     "siptrunk_exporter/1.2"};
		struct request r = {0};
		struct sa local;
		char got[2048];

		(void)sa_set_str(&local, cases[i].local, 5060);
		info.local = &local;
		if (request_make(&r, &info) || request_stamp(&r))
			return;
		(void)snprintf(got, sizeof(got), "%.*s", (int)r.len, r.buf);
		memset(got + r.branch + REQUEST_BRANCH_LEN - REQUEST_KEY_LEN, '#',
		       REQUEST_KEY_LEN);
		memset(got + r.tag, '#', REQUEST_TAG_LEN);
		memset(got + r.call_id, '#', REQUEST_CALL_ID_LEN);
		is_str(got, cases[i].want, cases[i].name);
		request_free(&r);
	}
}

/* An answer to @r with one part replaced; @part is a pattern in the answer's text. */
static bool answered(const struct request *r, const char *part, const char *other)
{
	struct guard_message m;
	char text[1024];
	char *at;

	(void)snprintf(text, sizeof(text),
		       "SIP/2.0 200 OK\r\n"
		       "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=%.*s;rport=5060\r\n"
		       "From: <sip:ping@192.0.2.9>;tag=%.*s\r\n"
		       "To: <sip:192.0.2.1>;tag=peer\r\n"
		       "Call-ID: %.*s\r\n"
		       "CSeq: 1 OPTIONS\r\n"
		       "Content-Length: 0\r\n\r\n",
		       REQUEST_BRANCH_LEN, r->buf + r->branch, REQUEST_TAG_LEN,
		       r->buf + r->tag, REQUEST_CALL_ID_LEN, r->buf + r->call_id);
	if (part) {
		at = strstr(text, part);
		if (!at)
			return true;
		memcpy(at + strlen(part), other, strlen(other));
	}
	return !guard_datagram(&m, text, strlen(text), NULL) &&
	       request_answered_by(r, "OPTIONS", &m);
}

static void test_match(void)
{
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &plain};
	struct request_info info = {"OPTIONS", &trunk,	   CONFIG_TRANSPORT_UDP,
				    NULL,      0xfedcba98, "siptrunk_exporter/1.2"};
	struct request r = {0};
	struct pl branch;
	struct sa local;
	uint32_t index = 0;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	info.local = &local;
	if (request_make(&r, &info) || request_stamp(&r))
		return;
	ok(answered(&r, NULL, NULL), "its own answer");
	ok(!answered(&r, "branch=z9hG4bKfedcba98", "x"), "not another branch");
	ok(!answered(&r, ";tag=", "x"), "not another From tag");
	ok(!answered(&r, "Call-ID: ", "x"), "not another Call-ID");
	ok(!answered(&r, "CSeq: ", "2"), "not another CSeq number");
	ok(!answered(&r, "CSeq: 1 ", "REGISTE"), "not another method");

	branch = (struct pl){r.buf + r.branch, REQUEST_BRANCH_LEN};
	ok(request_branch_index(&branch, &index) && index == 0xfedcba98,
	   "the branch gives the index back");
	branch.l--;
	ok(!request_branch_index(&branch, &index), "a shorter branch is not ours");
	(void)request_stamp(&r);
	ok(answered(&r, NULL, NULL), "a new stamp, a new answer");
	request_free(&r);
}

static void test_stamps_differ(void)
{
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &plain};
	struct request_info info = {"OPTIONS", &trunk, CONFIG_TRANSPORT_UDP,
				    NULL,      1,      "siptrunk_exporter/1.2"};
	char keys[64][REQUEST_KEY_LEN];
	struct request r = {0};
	struct sa local;
	int same = 0;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	info.local = &local;
	if (request_make(&r, &info))
		return;
	for (int i = 0; i < 64; i++) {
		(void)request_stamp(&r);
		memcpy(keys[i], r.buf + r.branch + REQUEST_BRANCH_LEN - REQUEST_KEY_LEN,
		       REQUEST_KEY_LEN);
		for (int k = 0; k < i; k++)
			same += !memcmp(keys[i], keys[k], REQUEST_KEY_LEN);
	}
	is_int(same, 0, "64 stamps, 64 branches");
	request_free(&r);
}

int main(void)
{
	test_bytes();
	test_match();
	test_stamps_differ();
	return tap_done();
}
