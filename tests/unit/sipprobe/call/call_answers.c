/*
 * Answers to our INVITE: those that ask for another one, those of several ends, those
 * that are nobody's; and where requests go then.
 */
#include "tests/unit/sipprobe/call/call_stage.h"

static const struct peer_script silent = {
	.mute = true, .ring_ms = -1, .answer_ms = 1000000};

static bool request_has(const char *text)
{
	return strstr(world.request, text) != NULL;
}

static bool invite_has(const char *text)
{
	return memmem(world.invite, world.invite_len, text, strlen(text));
}

/* Each of a realm of its own: one that challenges anew refuses. */
#define CHALLENGE "-Authenticate: Digest realm=\"r%u\", nonce=\"n%u\"\r\n"

static const struct config_auth credentials = {
	.username = "u", .password = "p", .algorithms = ~0U};

/* Refusals that ask for another INVITE, and those that end it. */
static const struct {
	const char *name;
	unsigned refusals, code;
	const char *fields;
	unsigned answered; /* code of the end */
	enum probe_outcome outcome;
	const char *has; /* the INVITE that was taken; "": none was */
} again[] = {
	{"a challenge", 1, 401, "WWW" CHALLENGE, 200, PROBE_RESPONSE,
	 "\r\nAuthorization: Digest "},
	{"a proxy's", 1, 407, "Proxy" CHALLENGE, 200, PROBE_RESPONSE,
	 "\r\nProxy-Authorization: Digest "},
	{"three of them", 3, 401, "WWW" CHALLENGE, 200, PROBE_RESPONSE,
	 "\r\nCSeq: 4 INVITE\r\n"},
	{"four are too many", 4, 401, "WWW" CHALLENGE, 401, PROBE_RESPONSE, ""},
	{"credentials that are none", 2, 401,
	 "WWW-Authenticate: Digest realm=\"r\", nonce=\"n%u\"\r\n", 401, PROBE_AUTH, ""},
	{"a longer session", 1, 422, "Min-SE: 91\r\n", 200, PROBE_RESPONSE,
	 "\r\nSession-Expires: 91;"},
	{"the longest", 1, 422, "Min-SE: 7200\r\n", 200, PROBE_RESPONSE,
	 "\r\nSession-Expires: 7200;"},
	{"a second one that wants more", 2, 422, "Min-SE: 9%u\r\n", 422, PROBE_RESPONSE,
	 ""},
	{"one too long", 1, 422, "Min-SE: 7201\r\n", 422, PROBE_RESPONSE, ""},
	{"no longer than it was", 1, 422, "Min-SE: 90\r\n", 422, PROBE_RESPONSE, ""},
	{"422 that says none", 1, 422, "", 422, PROBE_RESPONSE, ""},
	{"another refusal with Min-SE", 1, 486, "Min-SE: 100\r\n", 486, PROBE_RESPONSE,
	 ""},
};

static void test_again(void)
{
	settings.auth = &credentials;
	call_conf.mode = CONFIG_CALL_ANSWER;
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		const struct peer_script script = {.ring_ms = 100,
						   .answer_ms = 400,
						   .refuse_invites = again[i].refusals,
						   .refuse_code = again[i].code,
						   .refuse_fields = again[i].fields};

		begin(&script);
		dial();
		pass_ms(90000);
		is_int(last.code, again[i].answered, again[i].name);
		is_int(last.outcome, again[i].outcome, "its outcome");
		ok((last.outcome == PROBE_AUTH) ==
			   (*last.detail && strcmp(last.detail, "the call was rejected")),
		   "its words: %s", last.detail);
		ok(*again[i].has ? invite_has(again[i].has) : !world.invite_len,
		   "the INVITE that was taken, if any");
		ok(told == 1 && !open_now && !not_ended && !world.fault, "%s",
		   world.fault ? world.fault : "no fault");
		finish();
	}
	settings.auth = NULL;
}

/* An ICMP error ends what nothing came back for. */
static void test_icmp(void)
{
	static const struct {
		int err;
		bool rings, ends;
		enum probe_outcome outcome;
		const char *detail;
	} errors[] = {
		{ECONNREFUSED, false, true, PROBE_REFUSED, "port unreachable (ICMP)"},
		{EHOSTUNREACH, false, true, PROBE_UNREACHABLE, "unreachable (ICMP)"},
		{EMSGSIZE, false, false, PROBE_RESPONSE, ""},
		{ECONNREFUSED, true, false, PROBE_RESPONSE, ""},
	};

	call_conf.mode = CONFIG_CALL_ANSWER;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct guard_message m;
		char branch[CALL_BRANCH_SIZE];
		struct pl other = {.p = branch, .l = REQUEST_BRANCH_LEN};

		begin(&(struct peer_script){.ring_ms = errors[i].rings ? 100 : 0,
					    .answer_ms = 400});
		dial();
		pass_ms(300);
		if (!peer_invite(&world, &m) || m.branch.l != REQUEST_BRANCH_LEN) {
			ok(false, "no INVITE");
			return;
		}
		memcpy(branch, m.branch.p, REQUEST_BRANCH_LEN);
		branch[REQUEST_BRANCH_LEN - 1] ^= 1;
		ok(!calls_icmp(calls, &other, errors[i].err) &&
			   calls_icmp(calls, &m.branch, errors[i].err),
		   "an error %d for the INVITE", errors[i].err);
		pass_ms(10);
		is_int(told, errors[i].ends, "ends it, or not");
		pass_ms(60000);
		ok(last.outcome == errors[i].outcome &&
			   last.err == (errors[i].ends ? errors[i].err : 0),
		   "its outcome");
		is_str(last.detail, errors[i].detail, "its words");
		finish();
	}
}

/* Answers are taken from whom we called alone, unless anybody may answer. */
static void test_answers_from(void)
{
	struct guard_message m;
	struct sa other, peer;
	char text[512];
	int len;

	(void)sa_set_str(&peer, "192.0.2.9", 40000);
	(void)sa_set_str(&other, "192.0.2.8", 5060);
	call_conf.mode = CONFIG_CALL_ANSWER;
	for (int anywhere = 0; anywhere < 2; anywhere++) {
		settings.answers_from = anywhere ? CONFIG_ANSWERS_FROM_ANYWHERE
						 : CONFIG_ANSWERS_FROM_PEER;
		begin(&(struct peer_script){.ring_ms = -1, .answer_ms = 50000});
		dial();
		pass_ms(300);
		(void)peer_invite(&world, &m);
		len = re_snprintf(text, sizeof(text),
				  "SIP/2.0 180 Ringing\r\n"
				  "Via: SIP/2.0/UDP 192.0.2.1;branch=%r\r\n"
				  "From: %r\r\nTo: <sip:x@y>;tag=t\r\nCall-ID: %r\r\n"
				  "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
				  &m.branch, &m.from, &m.call_id);
		ok(len > 0 && !guard_datagram(&m, text, (size_t)len, NULL), "a 180");
		is_int(calls_response(calls, &other, &m, virtual_now_ns), anywhere,
		       "from elsewhere");
		is_int(ladder_count("< 180"), (unsigned)anywhere, "taken, or not");
		ok(calls_response(calls, &peer, &m, virtual_now_ns) &&
			   ladder_count("< 180") == (unsigned)anywhere + 1,
		   "from the peer, at any port");
		finish();
	}
	settings.answers_from = CONFIG_ANSWERS_FROM_PEER;
}

/* A response to a request of ours that we never sent. */
static bool say_strange(const char *method, unsigned cseq)
{
	struct guard_message m;
	char text[2048], branch[CALL_BRANCH_SIZE];
	int len;

	if (!peer_invite(&world, &m))
		return false;
	(void)pl_strcpy(&m.branch, branch, sizeof(branch));
	branch[REQUEST_BRANCH_LEN - 1] ^= 1;
	len = re_snprintf(text, sizeof(text),
			  "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=%s\r\n"
			  "From: %r\r\nTo: <sip:x@y>;tag=a\r\nCall-ID: %r\r\n"
			  "CSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
			  branch, &m.from, &m.call_id, cseq, method);
	return len > 0 && !guard_datagram(&m, text, (size_t)len, NULL) &&
	       calls_response(calls, NULL, &m, virtual_now_ns);
}

/* Each reliable response has a PRACK of its own, once (RFC 3262 4). */
static void test_reliable(void)
{
	static const struct {
		const char *name, *tag, *fields;
		unsigned pracks;
	} steps[] = {
		{"one without a tag", NULL, "RSeq: 7\r\n", 0},
		{"the first", "a", "RSeq: 7\r\n", 1},
		{"it comes again", "a", "RSeq: 7\r\n", 0},
		{"an older one", "a", "RSeq: 6\r\n", 0},
		{"one that is not reliable", "a", "", 0},
		{"the next", "a", "RSeq: 8\r\n", 1},
		{"a fork's first", "b", "RSeq: 1\r\n", 1},
		{"it comes again", "b", "RSeq: 1\r\n", 0},
	};
	unsigned all = 0;

	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&silent);
	dial();
	pass_ms(100);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char fields[200];

		(void)re_snprintf(fields, sizeof(fields), "%s%s%s", PEER_CONTACT,
				  *steps[i].fields ? "Require: 100rel\r\n" : "",
				  steps[i].fields);
		ok(say(183, "Progress", steps[i].tag, fields), "%s", steps[i].name);
		pass_ms(20);
		all += steps[i].pracks;
		is_int(ladder_count(" > PRACK"), all, "PRACKs");
	}
	ok(request_has("RAck: 1 1 INVITE\r\n"), "each says what it is for");
	finish();
}

/* Dialogs are told apart by the peer's tag, whatever its case, or by having none. */
static void test_tags(void)
{
	static const struct {
		const char *name, *tag;
		unsigned acks, again, byes;
	} steps[] = {
		{"an answer", "a", 1, 0, 0},
		{"again", "A", 1, 1, 0},
		{"a fork's without a tag", NULL, 2, 1, 1},
		{"again", NULL, 2, 2, 1},
		{"another fork's", "b", 3, 2, 2},
		{"the first again", "a", 3, 3, 2},
	};

	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	pass_ms(100);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		(void)say(200, "OK", steps[i].tag, PEER_CONTACT);
		ok(ladder_count(" > ACK") == steps[i].acks &&
			   ladder_count(">> ACK") == steps[i].again &&
			   ladder_count(" > BYE") == steps[i].byes,
		   "%s: %s", steps[i].name, ladder);
	}
	finish();
	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&(struct peer_script){.answer_ms = 400, .mute = true});
	dial();
	pass_ms(1000);
	peer_say(&world, 200, PEER_CONTACT, "bad", 1);
	pass_ms(60000);
	ok(told == 1 && last.verdict == PROBE_UP && last.report.forks == 1,
	   "what a fork says of audio does not matter");
	finish();
}

/* Somebody answers for a crowd: no more than 16 are acknowledged and hung up. */
static void test_crowd(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	pass_ms(100);
	for (unsigned i = 0; i < 30; i++) {
		char tag[8];

		(void)re_snprintf(tag, sizeof(tag), "f%u", i);
		(void)say(200, "OK", tag, PEER_CONTACT);
		is_int(not_ended, i > 15, "told, once");
	}
	ok(ladder_count(" > ACK") == 16 && ladder_count(" > BYE") == 15,
	   "sixteen, of which the first goes on");
	(void)say(200, "OK", "f15", PEER_CONTACT);
	is_int(ladder_count(">> ACK"), 1, "these as before");
	pass_ms(30000);
	is_int(last.report.forks, 15, "its figure");
	finish();
}

/* Responses to what was never sent change nothing, and show in no ladder. */
static void test_strange(void)
{
	static const char *const methods[] = {"CANCEL", "PRACK", "BYE", "INVITE"};

	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&silent);
	dial();
	pass_ms(100);
	(void)say(183, "x", "a", PEER_CONTACT "Require: 100rel\r\nRSeq: 1\r\n");
	(void)say(200, "x", "a", PEER_CONTACT);
	pass_ms(16000);
	ladder[0] = '\0';
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		for (unsigned cseq = 1; cseq < 5; cseq++)
			ok(say_strange(methods[i], cseq), "200 to %u %s", cseq,
			   methods[i]);
	is_str(ladder, "", "no line of it");
	finish();
}

/* A challenge is answered after it rang, and not where the call is given up. */
static void test_late_challenge(void)
{
	static const char fields[] =
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n";

	settings.auth = &credentials;
	call_conf.mode = CONFIG_CALL_ANSWER;
	for (int over = 0; over < 2; over++) {
		struct call *c;

		begin(&silent);
		c = dial();
		pass_ms(100);
		(void)say(180, "x", "a", "");
		if (over)
			call_leave(c);
		world.sent = 0;
		(void)say(401, "x", "a", fields);
		is_int(world.sent, over ? 1 : 2, "ACK, and another INVITE");
		pass_ms(60000);
		is_int(ladder_count("CANCEL"), 0, "no CANCEL, as nothing came for it");
		finish();
	}
	settings.auth = NULL;
}

/* What an operator reads of the answer: printable, and no longer than there is room. */
static void test_phrase(void)
{
	static const char longest[] = "12345678901234567890123456789012345678901234567";

	_Static_assert(sizeof(longest) == sizeof(last.phrase), "as long as may be");
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	pass_ms(100);
	ok(say(486, "B\t ~\xc3sy", "a", ""), "busy");
	pass_ms(10);
	is_str(last.phrase, "B? ~?sy", "all of it printable");
	finish();
	begin(&silent);
	dial();
	pass_ms(100);
	ok(say(486, "123456789012345678901234567890123456789012345678", "a", ""),
	   "busy, in many words");
	pass_ms(10);
	is_str(last.phrase, longest, "as much of it as there is room for");
	ok(last.report.talk_ns == 0 && !last.report.answered, "and nobody talked");
	finish();
}

/* One that was given up rings after all: it is cancelled, but not what had its answer. */
static void test_late_ringing(void)
{
	static const struct {
		const char *name;
		unsigned code;
		bool icmp, cancels;
	} givings[] = {{"silence", 0, false, true},
		       {"an ICMP error", 0, true, true},
		       {"a refusal", 486, false, false},
		       {"an answer", 200, false, false}};

	call_conf.mode = CONFIG_CALL_ANSWER;
	for (size_t i = 0; i < sizeof(givings) / sizeof(givings[0]); i++) {
		struct guard_message m;

		begin(&silent);
		dial();
		pass_ms(300);
		if (givings[i].code)
			(void)say(givings[i].code, "x", "peer-one", PEER_CONTACT);
		if (givings[i].icmp && peer_invite(&world, &m))
			(void)calls_icmp(calls, &m.branch, ECONNREFUSED);
		pass_ms(givings[i].code ? 20000 : 40000);
		ok(told == 1 && !open_now, "%s ended it", givings[i].name);
		world.request[0] = '\0';
		ok(say(180, "x", "b", ""), "and it rings");
		is_int(open_now, givings[i].cancels, "it is open again, or not");
		pass_ms(8);
		is_int(request_has("CANCEL "), givings[i].cancels, "it is cancelled");
		pass_ms(100);
		ok(!open_now && !not_ended && told == 1, "which ends it");
		world.request[0] = '\0';
		(void)say(180, "x", "b", "");
		pass_ms(100);
		is_int(request_has("CANCEL "), 0, "once");
		finish();
	}
}

/* A 487 of the peer's own is a refusal, and no patience of ours that ended. */
static void test_peer_cancels(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	pass_ms(100);
	(void)say(180, "x", "a", "");
	pass_ms(1000);
	(void)say(487, "x", "a", "");
	pass_ms(10);
	is_int(last.report.failure, CALL_FAILURE_REJECTED, "rejected");
	is_str(last.detail, "the call was rejected", "it is said");
	finish();
}

/* Either says that it rings, and the first of them when. */
static void test_rings(void)
{
	static const struct {
		unsigned code;
		bool rings;
	} codes[] = {{179, false}, {180, true}, {181, false},
		     {182, false}, {183, true}, {184, false}};

	call_conf.mode = CONFIG_CALL_RING;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		begin(&silent);
		dial();
		pass_ms(100);
		(void)say(codes[i].code, "x", "a", "");
		pass_ms(10);
		(void)say(180, "x", "a", "");
		pass_ms(1000);
		(void)say(487, "x", "a", "");
		pass_ms(60000);
		is_int(last.report.post_dial_ns / CLOCK_NS_PER_MS,
		       codes[i].rings ? 100 : 110, "when it rang");
		finish();
	}
}

/* Where requests within the call go: to the peer's own address, if that is allowed. */
static void test_hops(void)
{
	static const struct {
		const char *name, *contact, *hop;
		enum config_transport transport;
	} hops[] = {
		{"another address", "<sip:p@192.0.2.77>", "192.0.2.77", 0},
		{"one that is in no network", "<sip:p@198.51.100.1>", "192.0.2.9", 0},
		{"a name", "<sip:p@peer.example>", "192.0.2.9", 0},
		{"another family", "<sip:p@[2001:db8::1]>", "192.0.2.9", 0},
		{"over TLS", "<sip:p@192.0.2.77;transport=tls>", "192.0.2.9",
		 CONFIG_TRANSPORT_TLS},
		{"over TCP", "<sip:p@192.0.2.77;transport=tcp>", "192.0.2.77",
		 CONFIG_TRANSPORT_TCP},
	};

	call_conf.mode = CONFIG_CALL_ANSWER;
	for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]); i++) {
		char contact[128], text[64];

		(void)re_snprintf(contact, sizeof(contact), "Contact: %s\r\n",
				  hops[i].contact);
		dial_transport =
			hops[i].transport ? hops[i].transport : CONFIG_TRANSPORT_UDP;
		begin(&(struct peer_script){.answer_ms = 400, .contact = contact});
		dial();
		pass_ms(1000);
		(void)re_snprintf(text, sizeof(text), "%j", &last_hop);
		ok(ladder_count("> ACK") == 1, "%s: ACK", hops[i].name);
		is_str(text, hops[i].hop, "there");
		pass_ms(15000);
		(void)re_snprintf(text, sizeof(text), "%j", &last_hop);
		ok(ladder_count("> BYE") == 1, "BYE");
		is_str(text, hops[i].hop, "there, too");
		finish();
	}
	dial_transport = CONFIG_TRANSPORT_UDP;
}

/* An answer that no request can be made of is one that cannot be ended. */
static void test_no_way_back(void)
{
	char tag[DIALOG_VALUE_MAX + 1];

	memset(tag, 'a', sizeof(tag));
	tag[sizeof(tag) - 1] = '\0';
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	pass_ms(100);
	ok(say(200, "OK", tag, PEER_CONTACT), "an answer with a tag too long for us");
	pass_ms(10);
	ok(not_ended == 1 && told == 1 && last.report.answered && !last.report.ended &&
		   last.verdict == PROBE_DEGRADED,
	   "it is counted, and no success");
	finish();
}

int main(void)
{
	load();
	test_again();
	test_icmp();
	test_answers_from();
	test_reliable();
	test_tags();
	test_crowd();
	test_strange();
	test_late_challenge();
	test_phrase();
	test_peer_cancels();
	test_rings();
	test_late_ringing();
	test_hops();
	test_no_way_back();
	config_free(conf);
	return tap_done();
}
