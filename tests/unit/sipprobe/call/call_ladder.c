/*
 * What leaves and comes in whole calls, each at its time, as a ladder shows it: the
 * copies of what has no answer, refusals that are answered, and ends of calls that never
 * began.
 */
#include "tests/unit/sipprobe/call/call_stage.h"

#define UP                                                                               \
	"0 > INVITE, "                                                                   \
	"12 < 100, "                                                                     \
	"112 < 180, "                                                                    \
	"412 < 200, "                                                                    \
	"412 > ACK, "

static const struct {
	const char *name;
	enum config_call_mode mode;
	struct peer_script script;
	const char *ladder;
} rows[] = {
	{"rung and cancelled",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 5000},
	 "0 > INVITE, 112 < 180, 114 > CANCEL, 126 < 200, 128 < 487, 128 > ACK, "},
	{"copies of INVITE until it is given up",
	 CONFIG_CALL_RING,
	 {.dead = true},
	 "0 > INVITE, 500 >> INVITE, 1500 >> INVITE, 3500 >> INVITE, 7500 >> INVITE, "
	 "15500 >> INVITE, "},
	{"answered and hung up",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400},
	 UP "15412 > BYE, 15424 < 200, "},
	{"the peer hangs up",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_ms = 2000},
	 UP "2412 < BYE, "},
	{"a reliable 183 has one PRACK",
	 CONFIG_CALL_ECHO,
	 {.ring_ms = 100, .answer_ms = 400, .reliable = true},
	 "0 > INVITE, 112 < 183, 112 > PRACK, 124 < 200, 412 < 200, 412 > ACK, "
	 "15412 > BYE, 15424 < 200, "},
	{"a fork's other answer is hung up at once",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .fork = true},
	 UP "414 < 200, 414 > ACK, 414 > BYE, 428 < 200, 15412 > BYE, 15424 < 200, "},
	{"busy",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = -1, .code = 486, .answer_ms = 50},
	 "0 > INVITE, 62 < 486, 62 > ACK, "},
	{"nobody picks up",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = 100, .answer_ms = 100000},
	 "0 > INVITE, 112 < 180, 30000 > CANCEL, 30012 < 200, 30014 < 487, 30014 > "
	 "ACK, "},
	{"copies of BYE",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_late_ms = 5000},
	 UP "15412 > BYE, 15912 >> BYE, 16912 >> BYE, 18912 >> BYE, 22912 >> BYE, "
	    "22924 < 200, "},
	{"requests of the peer's",
	 CONFIG_CALL_ECHO,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .asks = true},
	 UP "912 < OPTIONS, 1012 < INFO, 1112 < UPDATE, 1212 < INVITE, 1312 < INVITE, "
	    "1412 < REFER, 1512 < SUBSCRIBE, 15412 > BYE, 15424 < 200, "},
	{"no copies of a BYE that was refused",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_code = 404},
	 UP "15412 > BYE, 15424 < 404, "},
	{"no copies of a CANCEL that was refused",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 100000, .cancel_code = 500},
	 "0 > INVITE, 112 < 180, 114 > CANCEL, 126 < 500, "},
	{"a CANCEL that it works at",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 100000, .cancel_code = 100},
	 "0 > INVITE, 112 < 180, 114 > CANCEL, 126 < 100, 4126 >> CANCEL, 4138 < 100, "
	 "8138 >> CANCEL, 8150 < 100, "},
	{"a BYE that it works at",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_code = 100},
	 UP "15412 > BYE, 15424 < 100, 19424 >> BYE, 19436 < 100, 23436 >> BYE, "
	    "23448 < 100, "},
};

static void test_ladders(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		call_conf.mode = rows[i].mode;
		begin(&rows[i].script);
		dial();
		pass_ms(90000);
		is_str(ladder, rows[i].ladder, rows[i].name);
		ok(told == 1 && !world.fault, "%s",
		   world.fault ? world.fault : "no fault");
		finish();
	}
}

/* What is measured, of a call that rang after 112 ms and was up after 412. */
static void test_figures(void)
{
	static const struct peer_script script = {
		.trying = true, .ring_ms = 100, .answer_ms = 400};
	static const struct peer_script late = {.mute = true, .answer_ms = 1900};
	const struct call_report *r = &last.report;
	struct guard_message m;

	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&script);
	dial();
	pass_ms(60000);
	ok(r->post_dial_ns == 112 * CLOCK_NS_PER_MS &&
		   r->answer_ns == 412 * CLOCK_NS_PER_MS &&
		   r->response_ns == 412 * CLOCK_NS_PER_MS &&
		   r->talk_ns == 15000 * CLOCK_NS_PER_MS,
	   "ringing, answer, talk");
	ok(!last.retransmissions && r->ended && !r->forks && !r->late && r->has_media &&
		   !r->has_far,
	   "nothing odd");
	is_str(last.phrase, "OK", "the phrase");
	ok(peer_invite(&world, &m) && m.call_id.l == 32 &&
		   !memcmp(m.call_id.p, last.call_id, 32) && !last.call_id[32],
	   "its Call-ID");
	is_int((last.ended_ns - world.begun_ns) / CLOCK_NS_PER_MS, 15426, "and its end");
	finish();
	begin(&late);
	dial();
	pass_ms(60000);
	is_int(last.retransmissions, 2, "an INVITE and two copies");
	is_int(r->post_dial_ns, -1, "it never rang");
	finish();
}

static bool request_has(const char *text)
{
	return strstr(world.request, text);
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
	const char *has;   /* the INVITE that was taken; "": none was */
} again[] = {
	{"a challenge", 1, 401, "WWW" CHALLENGE, 200, "\r\nAuthorization: Digest "},
	{"a proxy's", 1, 407, "Proxy" CHALLENGE, 200, "\r\nProxy-Authorization: Digest "},
	{"three of them", 3, 401, "WWW" CHALLENGE, 200, "\r\nCSeq: 4 INVITE\r\n"},
	{"four are too many", 4, 401, "WWW" CHALLENGE, 401, ""},
	{"403", 1, 403, "", 403, ""},
	{"a longer session", 1, 422, "Min-SE: 91\r\n", 200, "\r\nSession-Expires: 91;"},
	{"the longest", 1, 422, "Min-SE: 7200\r\n", 200, "\r\nSession-Expires: 7200;"},
	{"one too long", 1, 422, "Min-SE: 7201\r\n", 422, ""},
	{"no longer than it was", 1, 422, "Min-SE: 90\r\n", 422, ""},
	{"422 that says none", 1, 422, "", 422, ""},
	{"another refusal with Min-SE", 1, 486, "Min-SE: 100\r\n", 486, ""},
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
		ok(*again[i].has ? invite_has(again[i].has) : !world.invite_len,
		   "the INVITE that was taken, if any");
		ok(told == 1 && !open_now && !not_ended && !world.fault, "%s",
		   world.fault ? world.fault : "no fault");
		finish();
	}
	settings.auth = NULL;
}

/* A BYE that is challenged goes out again with credentials, as often as an INVITE. */
static const struct {
	const char *name;
	bool credentials;
	unsigned refusals, code;
	const char *fields;
	unsigned byes;
	const char *has;
	unsigned not_ended;
} byes[] = {
	{"a BYE is challenged", true, 1, 401, "WWW" CHALLENGE, 2,
	 "\r\nAuthorization: ", 0},
	{"by a proxy", true, 1, 407, "Proxy" CHALLENGE, 2,
	 "\r\nProxy-Authorization: ", 0},
	{"thrice", true, 3, 401, "WWW" CHALLENGE, 4, "\r\nAuthorization: ", 0},
	{"four times", true, 4, 401, "WWW" CHALLENGE, 4, "\r\nAuthorization: ", 1},
	{"without credentials", false, 1, 401, "WWW" CHALLENGE, 1, "BYE ", 1},
	{"another refusal", true, 1, 403, "WWW" CHALLENGE, 1, "BYE ", 1},
	{"a challenge without one", true, 1, 401, "", 1, "BYE ", 1},
};

static unsigned ladder_count(const char *what)
{
	unsigned n = 0;

	for (const char *p = ladder; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void test_bye_again(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	for (size_t i = 0; i < sizeof(byes) / sizeof(byes[0]); i++) {
		const struct peer_script script = {.answer_ms = 400,
						   .refuse_byes = byes[i].refusals,
						   .refuse_code = byes[i].code,
						   .refuse_fields = byes[i].fields};

		settings.auth = byes[i].credentials ? &credentials : NULL;
		begin(&script);
		dial();
		pass_ms(15500);
		is_int(ladder_count("> BYE"), byes[i].byes, byes[i].name);
		ok(request_has(byes[i].has), "the last one");
		pass_ms(90000);
		ok(!open_now && not_ended == byes[i].not_ended && !world.fault,
		   "%u not ended, %s", not_ended, world.fault ? world.fault : "no fault");
		finish();
	}
	settings.auth = NULL;
}

/* A final response to CANCEL: 481 says that nothing rings, others say nothing. */
static void test_cancelled(void)
{
	static const struct {
		unsigned code, not_ended;
	} codes[] = {{299, 0}, {300, 1}, {481, 0}, {500, 1}};

	call_conf.mode = CONFIG_CALL_RING;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		begin(&(struct peer_script){.ring_ms = 100,
					    .answer_ms = 100000,
					    .cancel_code = codes[i].code});
		dial();
		pass_ms(90000);
		ok(told == 1 && !open_now && not_ended == codes[i].not_ended,
		   "%u to CANCEL: %u not ended", codes[i].code, not_ended);
		is_int(ladder_count(" CANCEL"), 1, "and no copy of it");
		finish();
	}
}

/* Its connection never stands: no INVITE, and so no call. */
static void test_never_connected(void)
{
	way_connects = true;
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&(struct peer_script){.answer_ms = 400});
	dial();
	pass_ns(settings.timeout_us * CLOCK_NS_PER_US - 1);
	ok(!told, "it has the time of any probe");
	pass_ms(10);
	ok(told == 1 && last.verdict == PROBE_DOWN && last.outcome == PROBE_CONNECT &&
		   last.report.failure == CALL_FAILURE_NO_RINGING,
	   "and is down then");
	is_str(last.detail, "no connection before the deadline", "for that");
	ok(!made[0] && !made[1] && !*ladder && !open_now, "no call was made");
	finish();
	begin(&(struct peer_script){.answer_ms = 400});
	dial();
	calls_stop(calls);
	pass_ms(10);
	ok(stopped == 1 && !told && !made[0] && !made[1], "stopped before it was one");
	finish();
	way_connects = false;
}

/* It rings as long as is asked for. */
static void test_ring_for(void)
{
	call_conf.mode = CONFIG_CALL_RING;
	call_conf.ring_for_us = 3000000;
	begin(&(struct peer_script){.ring_ms = 100, .answer_ms = 50000});
	dial();
	pass_ms(90000);
	is_str(ladder,
	       "0 > INVITE, 112 < 180, 3112 > CANCEL, 3124 < 200, 3126 < 487, "
	       "3126 > ACK, ",
	       "for three seconds");
	finish();
	call_conf.ring_for_us = 0;
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
		struct pl other = PL("z9hG4bKnot-one-of-a-call-of-ours");

		begin(&(struct peer_script){.ring_ms = errors[i].rings ? 100 : 0,
					    .answer_ms = 400});
		dial();
		pass_ms(300);
		ok(peer_invite(&world, &m) && !calls_icmp(calls, &other, errors[i].err) &&
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

int main(void)
{
	load();
	test_ladders();
	test_figures();
	test_again();
	test_bye_again();
	test_cancelled();
	test_never_connected();
	test_ring_for();
	test_icmp();
	test_answers_from();
	config_free(conf);
	return tap_done();
}
