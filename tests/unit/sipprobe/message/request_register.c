/* REGISTER and credentials in a request, and the parts that stay when made anew. */
#include "sipprobe/message/request.h"
#include "tests/unit/tap.h"

static const struct config_settings plain = {.max_forwards = 70,
					     .to = "sip:not-this@x.example"};
static const struct config_settings fixed = {
	.max_forwards = 70, .contact = "sip:fixed@192.0.2.7:5070;transport=tcp"};
static const struct config_trunk trunk = {.uri = "sip:pbx@192.0.2.1:5080",
					  .settings = &plain};
static const struct config_trunk fixed_trunk = {.uri = "sips:sbc.example",
						.settings = &fixed};

static const struct request_register binds = {
	.registrar = "sip:192.0.2.1:5080",
	.aor = "sip:u@192.0.2.1",
	.contact = "sip:u@192.0.2.9:5060",
	.expires_s = 3600,
};
static const struct request_register asks = {.registrar = "sip:192.0.2.1:5080",
					     .aor = "sip:u@192.0.2.1"};

static const struct {
	const char *name;
	const struct request_register *registration;
	const char *fields;
	uint32_t cseq;
	const char *want;
} cases[] = {
	{"a registration, with credentials", &binds, "Authorization: Digest x\r\n", 7,
	 "REGISTER sip:192.0.2.1:5080 SIP/2.0\r\n"
	 "Via: SIP/2.0/UDP "
	 "192.0.2.9:5060;branch=z9hG4bK0000002a################;rport\r\n"
	 "Max-Forwards: 70\r\n"
	 "From: <sip:u@192.0.2.1>;tag=################\r\n"
	 "To: <sip:u@192.0.2.1>\r\n"
	 "Call-ID: ################################\r\n"
	 "CSeq: 7 REGISTER\r\n"
	 "Contact: <sip:u@192.0.2.9:5060>;expires=3600\r\n"
	 "Expires: 3600\r\n"
	 "Authorization: Digest x\r\n"
	 "User-Agent: agent\r\n"
	 "Content-Length: 0\r\n\r\n"},
	{"a question", &asks, NULL, 0,
	 "REGISTER sip:192.0.2.1:5080 SIP/2.0\r\n"
	 "Via: SIP/2.0/UDP "
	 "192.0.2.9:5060;branch=z9hG4bK0000002a################;rport\r\n"
	 "Max-Forwards: 70\r\n"
	 "From: <sip:u@192.0.2.1>;tag=################\r\n"
	 "To: <sip:u@192.0.2.1>\r\n"
	 "Call-ID: ################################\r\n"
	 "CSeq: 1 REGISTER\r\n"
	 "User-Agent: agent\r\n"
	 "Content-Length: 0\r\n\r\n"},
};

static struct request_info info_make(const struct sa *local)
{
	return (struct request_info){
		.method = "REGISTER",
		.trunk = &trunk,
		.transport = CONFIG_TRANSPORT_UDP,
		.local = local,
		.index = 42,
		.agent = "agent",
	};
}

static void test_bytes(const struct sa *local)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct request_info info = info_make(local);
		struct request r = {0};
		char got[2048];

		info.registration = cases[i].registration;
		info.fields = cases[i].fields;
		info.cseq = cases[i].cseq;
		is_int(request_uri_of(got, sizeof(got), &info, NULL), 0, "its URI");
		is_str(got, "sip:192.0.2.1:5080", "is the registrar's");
		if (!ok(!request_make(&r, &info) && !request_stamp(&r), "made"))
			return;
		(void)snprintf(got, sizeof(got), "%.*s", (int)r.len, r.buf);
		memset(got + (request_key(&r) - r.buf), '#', REQUEST_KEY_LEN);
		memset(got + r.tag, '#', REQUEST_TAG_LEN);
		memset(got + r.call_id, '#', REQUEST_CALL_ID_LEN);
		is_str(got, cases[i].want, cases[i].name);
		request_free(&r);
	}
}

static void test_made_anew(const struct sa *local)
{
	struct request_info info = info_make(local);
	char key[REQUEST_KEY_LEN], tag[REQUEST_TAG_LEN], call[REQUEST_CALL_ID_LEN];
	struct request r = {0};

	if (!ok(!request_make(&r, &info) && !request_stamp(&r), "made"))
		return;
	memcpy(key, request_key(&r), sizeof(key));
	memcpy(tag, r.buf + r.tag, sizeof(tag));
	memcpy(call, r.buf + r.call_id, sizeof(call));
	info.cseq = 1000000;
	info.fields = "X-Longer: than before\r\n";
	if (!ok(!request_make(&r, &info), "made anew"))
		return;
	ok(!memcmp(key, request_key(&r), sizeof(key)), "the branch stays");
	if (!ok(!request_stamp_branch(&r), "stamped"))
		return;
	ok(memcmp(key, request_key(&r), sizeof(key)) != 0, "until it is stamped");
	ok(!memcmp(tag, r.buf + r.tag, sizeof(tag)), "the tag stays even then");
	ok(!memcmp(call, r.buf + r.call_id, sizeof(call)), "and so does the Call-ID");
	is_int(r.cseq, 1000000, "the number is known, to match answers by");
	request_free(&r);
}

static void test_contact(const struct sa *local)
{
	struct request_info info = info_make(local);
	char text[128];

	is_int(request_contact(text, sizeof(text), &info, "u"), 0, "a Contact");
	is_str(text, "sip:u@192.0.2.9:5060", "of our address");
	info.transport = CONFIG_TRANSPORT_TCP;
	(void)request_contact(text, sizeof(text), &info, "u");
	is_str(text, "sip:u@192.0.2.9:5060;transport=tcp", "over TCP");
	info.trunk = &fixed_trunk;
	(void)request_contact(text, sizeof(text), &info, "u");
	is_str(text, fixed.contact, "the configured one");
	ok(request_contact(text, 8, &info, "u") != 0, "none that does not fit");
}

int main(void)
{
	struct sa local;

	if (sa_set_str(&local, "192.0.2.9", 5060))
		return 2;
	test_bytes(&local);
	test_made_anew(&local);
	test_contact(&local);
	return tap_done();
}
