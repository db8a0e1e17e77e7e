/* A request's bytes, its stamps, and which answers it takes for its own. */
#include <stdlib.h>

#include "sipprobe/message/request.h"
#include "tests/unit/tap.h"

static const char *const route[] = {"sip:sbc.example;lr", "sip:core.example;lr"};
static const struct config_pair headers[] = {{"X-Site", "oslo"}, {"X-Row", "2"}};

static const struct config_settings plain = {.max_forwards = 70};
static const struct config_settings dressed = {
	.max_forwards = 5,
	.request_uri = "sip:medsrv.example",
	.from = "sip:ping@sbc1.example.com",
	.to = "sip:ping@medsrv.example",
	.contact = "sip:sbc1.example.com:5061;transport=tls",
	.user_agent = "our SBC",
	.route = route,
	.route_count = 2,
	.headers = headers,
	.header_count = 2,
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
	 "Route: <sip:core.example;lr>\r\n"
	 "From: <sip:ping@sbc1.example.com>;tag=################\r\n"
	 "To: <sip:ping@medsrv.example>\r\n"
	 "Call-ID: ################################\r\n"
	 "CSeq: 1 OPTIONS\r\n"
	 "Contact: <sip:sbc1.example.com:5061;transport=tls>\r\n"
	 "Accept: application/sdp\r\n"
	 "User-Agent: our SBC\r\n"
	 "X-Site: oslo\r\n"
	 "X-Row: 2\r\n"
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
		if (!ok(!request_make(&r, &info) && !request_stamp(&r), "made"))
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

/*
 * Reads an answer to @r into @text, with one part replaced: @other is what stands behind
 * @part then.
 */
static int answer_read(struct guard_message *m, char *text, size_t size,
		       const struct request *r, const char *part, const char *other)
{
	char *at;

	(void)snprintf(text, size,
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
			return ENOENT;
		memcpy(at + strlen(part), other, strlen(other));
	}
	return guard_datagram(m, text, strlen(text), NULL);
}

static bool answered(const struct request *r, const char *part, const char *other)
{
	struct guard_message m;
	char text[1024];

	return !answer_read(&m, text, sizeof(text), r, part, other) &&
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
	if (!ok(!request_make(&r, &info) && !request_stamp(&r), "made"))
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

/* Each stamp is another branch, tag and Call-ID, all of whose digits are new. */
static void test_stamps_differ(void)
{
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &plain};
	struct request_info info = {"OPTIONS", &trunk, CONFIG_TRANSPORT_UDP,
				    NULL,      1,      "siptrunk_exporter/1.2"};
	char stamps[64][REQUEST_KEY_LEN + REQUEST_TAG_LEN + REQUEST_CALL_ID_LEN];
	size_t digits[sizeof(stamps[0])] = {0};
	struct request r = {0};
	struct sa local;
	int same = 0;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	info.local = &local;
	if (!ok(!request_make(&r, &info), "made"))
		return;
	for (int i = 0; i < 64; i++) {
		char *stamp = stamps[i];

		(void)request_stamp(&r);
		memcpy(stamp, r.buf + r.branch + REQUEST_BRANCH_LEN - REQUEST_KEY_LEN,
		       REQUEST_KEY_LEN);
		memcpy(stamp + REQUEST_KEY_LEN, r.buf + r.tag, REQUEST_TAG_LEN);
		memcpy(stamp + REQUEST_KEY_LEN + REQUEST_TAG_LEN, r.buf + r.call_id,
		       REQUEST_CALL_ID_LEN);
		for (size_t k = 0; k < sizeof(stamps[0]); k++)
			digits[k] += stamp[k] != stamps[0][k];
		for (int k = 0; k < i; k++)
			same += !memcmp(stamp, stamps[k], REQUEST_KEY_LEN);
	}
	is_int(same, 0, "64 stamps, 64 branches");
	same = 0;
	for (size_t k = 0; k < sizeof(stamps[0]); k++)
		same += !digits[k];
	is_int(same, 0, "and no digit that stays");
	request_free(&r);
}

/* Between probes that are far apart: what answers the last one is still known. */
static void test_shrunk(void)
{
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &plain};
	struct request_info info = {"OPTIONS", &trunk, CONFIG_TRANSPORT_UDP,
				    NULL,      1,      "siptrunk_exporter/1.2"};
	struct request r = {0};
	char whole[1024], text[1024];
	struct guard_message m, other;
	uint32_t key[2];
	struct sa local;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	info.local = &local;
	request_pack_key(key, &r);
	ok(!key[0] && !key[1], "what was never made has no key");
	request_shrink(&r);
	ok(!r.buf, "there is nothing to shrink");
	if (!ok(!request_make(&r, &info) && !request_stamp(&r), "made"))
		return;
	memcpy(whole, r.buf, r.len);
	ok(!answer_read(&m, text, sizeof(text), &r, NULL, NULL), "an answer to it");
	request_shrink(&r);
	ok(!r.buf && !r.len, "its bytes are gone");
	ok(request_answered_by(&r, "OPTIONS", &m), "its answer is known");
	ok(request_owns_branch(&r, &m.branch), "and its branch");
	request_pack_key(key, &r);
	ok(request_branch_has_packed(&m.branch, key), "by its key");
	key[1]++;
	ok(!request_branch_has_packed(&m.branch, key), "and by no other");
	request_shrink(&r);
	ok(request_answered_by(&r, "OPTIONS", &m), "shrunk once more");
	other = m;
	other.from_tag.p++;
	ok(!request_answered_by(&r, "OPTIONS", &other), "another tag is another's");
	is_str(request_mismatch(&r, "OPTIONS", &other),
	       "an answer came with another tag in From", "and is told");
	other = m;
	other.call_id.l--;
	ok(!request_answered_by(&r, "OPTIONS", &other), "as is another Call-ID");
	other = m;
	other.branch.l--;
	ok(!request_owns_branch(&r, &other.branch), "and another branch");
	ok(!request_make(&r, &info) && !memcmp(r.buf, whole, r.len),
	   "made anew, it has the stamps that it had");
	r.buf[r.tag] = 'g';
	request_shrink(&r);
	ok(r.buf && !r.shrunk, "stamps that are none of ours stay as they are");
	request_free(&r);
}

/* What stands in a URI of the configuration, and what is sent for it. */
static const struct {
	const char *trunk;
	const char *text; /* NULL: the Request-URI */
	const char *want;
} uris[] = {
	{"sip:sbc.example:5062", "sip:{peer};transport=tcp",
	 "sip:192.0.2.1:5080;transport=tcp"},
	{"sip:sbc.example:5062", "sip:u@{local}", "sip:u@192.0.2.9:5060"},
	{"sip:sbc.example:5062", "sip:u@{host}:5090;lr", "sip:u@sbc.example:5090;lr"},
	{"sip:[2001:db8::1]:5062", "sip:{host};lr", "sip:[2001:db8::1];lr"},
	{"sip:[fe80::1%eth0]:5062", NULL, "sip:[fe80::1]:5062"},
	{"sip:[fe80::1%eth0]:5062", "sip:{host};lr", "sip:[fe80::1];lr"},
	{"sip:sbc.example", "sips:a%41@[fe80::1%eth0.5];x=%5b%5D",
	 "sips:a%41@[fe80::1];x=%5b%5D"},
	{"sip:sbc.example", "sip:a%41@b.example;x=%5b%5D", "sip:a%41@b.example;x=%5b%5D"},
	{"sip:sbc.example", "sip:a{b", "sip:a{b"},
	{"sip:sbc.example", "sip:a.example", "sip:a.example"},
	{"sip:sbc.example:5062", NULL, "sip:sbc.example:5062"},
};

static void test_uris(void)
{
	struct sa local, peer;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	(void)sa_set_str(&peer, "192.0.2.1", 5080);
	for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
		const struct config_trunk trunk = {.uri = uris[i].trunk,
						   .settings = &plain};
		const struct request_info info = {.trunk = &trunk,
						  .transport = CONFIG_TRANSPORT_UDP,
						  .local = &local,
						  .peer = &peer};
		size_t len = strlen(uris[i].want);
		char got[128] = "";

		is_int(request_uri_of(got, len, &info, uris[i].text), ENOBUFS,
		       "a byte too short");
		is_str(got, "", "nothing is written");
		is_int(request_uri_of(got, len + 1, &info, uris[i].text), 0,
		       "as long as it is");
		is_str(got, uris[i].want,
		       uris[i].text ? uris[i].text : "the Request-URI");
	}
}

/* A Contact made by us says the transport, and a sips URI TLS by its scheme. */
static void test_contacts(void)
{
	static const struct {
		const char *trunk;
		enum config_transport transport;
		const char *want;
	} rows[] = {
		{"sip:a", CONFIG_TRANSPORT_UDP, "sip:u@192.0.2.9:5060"},
		{"sip:a", CONFIG_TRANSPORT_TCP, "sip:u@192.0.2.9:5060;transport=tcp"},
		{"sip:a", CONFIG_TRANSPORT_TLS, "sip:u@192.0.2.9:5060;transport=tls"},
		{"sips:a", CONFIG_TRANSPORT_TLS, "sips:u@192.0.2.9:5060"},
		{"sips:a", CONFIG_TRANSPORT_TCP, "sips:u@192.0.2.9:5060;transport=tcp"},
	};
	struct sa local;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct config_trunk trunk = {.uri = rows[i].trunk,
						   .settings = &plain};
		const struct request_info info = {
			.trunk = &trunk, .transport = rows[i].transport, .local = &local};
		char got[128] = "";

		is_int(request_contact(got, sizeof(got), &info, "u"), 0, "a Contact");
		is_str(got, rows[i].want, rows[i].trunk);
	}
}

/* The text of a request with these settings, its stamps left at zero; static storage. */
static const char *text_of(const struct config_settings *settings, const char *fields)
{
	static char got[4096];
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = settings};
	struct request_info info = {"OPTIONS", &trunk, CONFIG_TRANSPORT_UDP,
				    NULL,      42,     "agent"};
	struct request r = {0};
	struct sa local;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	info.local = &local;
	info.fields = fields;
	if (request_make(&r, &info))
		return NULL;
	(void)snprintf(got, sizeof(got), "%.*s", (int)r.len, r.buf);
	request_free(&r);
	return got;
}

/* A proxy is a Route where its URI says `lr`, whatever else it says. */
static void test_loose(void)
{
	static const struct {
		const char *proxy;
		bool loose;
	} rows[] = {
		{"sip:p;lr", true},
		{"sip:p;LR", true},
		{"sip:p;lr=on", true},
		{"sip:p;lr;transport=tcp", true},
		{"sip:p;transport=tcp;lr", true},
		{"sip:p;a;b;lr=1;c", true},
		{"sip:p", false},
		{"sip:p;lrx", false},
		{"sip:p;xlr", false},
		{"sip:p;x=lr", false},
		{"sip:p;l", false},
		{"sip:p;transport=tcp;l", false},
		{"no URI;lr", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config_settings s = plain;
		char want[64];
		const char *got;

		s.outbound_proxy = rows[i].proxy;
		s.route = route;
		s.route_count = 1;
		got = text_of(&s, NULL);
		(void)snprintf(want, sizeof(want),
			       "Max-Forwards: 70\r\n%s%s%sRoute: <%s>\r\nFrom",
			       rows[i].loose ? "Route: <" : "",
			       rows[i].loose ? rows[i].proxy : "",
			       rows[i].loose ? ">\r\n" : "", route[0]);
		ok(got && strstr(got, want), "%s", rows[i].proxy);
	}
}

/* The longest message there may be, and one byte more. */
static void test_longest(void)
{
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &plain};
	struct request_info info = {"OPTIONS", &trunk, CONFIG_TRANSPORT_UDP,
				    NULL,      42,     "agent"};
	size_t rest = GUARD_MESSAGE_MAX - strlen(text_of(&plain, NULL));
	char *fields = malloc(rest + 2);
	struct request r = {0};
	struct sa local;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	info.local = &local;
	memset(fields, 'x', rest + 1);
	fields[rest + 1] = '\0';
	info.fields = fields + 1;
	is_int(request_make(&r, &info), 0, "as long as a message may be");
	is_int(r.len, GUARD_MESSAGE_MAX, "to the byte");
	info.fields = fields;
	is_int(request_make(&r, &info), EOVERFLOW, "a byte longer");
	is_int(r.len, GUARD_MESSAGE_MAX, "the former stays");
	request_free(&r);
	request_free(&r);
	free(fields);
}

static const struct {
	const char *part, *other; /* as answered() */
	bool same;		  /* it is the answer all the same */
	const char *mismatch;
} answers[] = {
	{NULL, NULL, true, NULL},
	{";branch=z9hG4bK", "x", false, NULL},
	{";branch=", "Z9HG4BK", true, NULL},
	{";tag=", "x", false, "an answer came with another tag in From"},
	{"Call-ID: ", "x", false, "an answer came with another Call-ID"},
	{"CSeq: ", "2", false, "an answer came with another CSeq"},
	{"CSeq: 1 ", "OPTIONX", false, "an answer came with another CSeq"},
};

/* What of an answer is another request's, in words. */
static void test_mismatch(void)
{
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &plain};
	struct request_info info = {"OPTIONS", &trunk, CONFIG_TRANSPORT_UDP,
				    NULL,      42,     "agent"};
	struct request r = {0};
	struct guard_message m;
	struct sa local;

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	info.local = &local;
	if (!ok(!request_make(&r, &info) && !request_stamp(&r), "made"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		char text[1024];

		is_int(answer_read(&m, text, sizeof(text), &r, answers[i].part,
				   answers[i].other),
		       0, "read");
		is_int(request_answered_by(&r, "OPTIONS", &m), answers[i].same,
		       "is the answer");
		is_str(request_mismatch(&r, "OPTIONS", &m), answers[i].mismatch,
		       answers[i].part ? answers[i].part : "as it is");
	}
	request_free(&r);
	ok(!request_answered_by(&r, "OPTIONS", &m) &&
		   !request_mismatch(&r, "OPTIONS", &m),
	   "of no request, none is");
}

/* Digits of a number in a branch: hexadecimal in either case, and nothing else. */
static void test_branches(void)
{
	static const struct {
		const char *text;
		int64_t index; /* -1: not ours */
	} rows[] = {
		{"z9hG4bK0000002a0123456789abcdef", 42},
		{"Z9HG4BK0000002A0123456789abcdef", 42},
		{"z9hG4bKfFaA09999123456789abcdef", 0xffaa0999},
		{"z9hG4bK0000000g0123456789abcdef", -1},
		{"z9hG4bKG00000000123456789abcdef", -1},
		{"z9hG4bK0000000/0123456789abcdef", -1},
		{"z9hG4bK0000000:0123456789abcdef", -1},
		{"z9hG4bK0000000@0123456789abcdef", -1},
		{"z9hG4bK0000000`0123456789abcdef", -1},
		{"z9hG4bL000000000123456789abcdef", -1},
		{"z9hG4bK000000000123456789abcde", -1},
		{"z9hG4bK000000000123456789abcdef0", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pl branch = {rows[i].text, strlen(rows[i].text)};
		uint32_t index = 7;

		is_int(request_branch_index(&branch, &index), rows[i].index >= 0,
		       rows[i].text);
		is_int(index, rows[i].index >= 0 ? rows[i].index : 7, "its number");
	}
}

int main(void)
{
	test_bytes();
	test_match();
	test_stamps_differ();
	test_shrunk();
	test_uris();
	test_contacts();
	test_loose();
	test_longest();
	test_mismatch();
	test_branches();
	return tap_done();
}
