/*
 * What leaves and comes in whole calls, each at its time, as a ladder shows it: the
 * copies of what has no answer, and ends of calls that never began.
 */
#include "tests/unit/sipprobe/call/call_stage.h"

static const struct peer_script silent = {
	.mute = true, .ring_ms = -1, .answer_ms = 1000000};

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
	int told_ms; /* when its verdict was */
} rows[] = {
	{"rung and cancelled",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 5000},
	 "0 > INVITE, 112 < 180, 114 > CANCEL, 126 < 200, 128 < 487, 128 > ACK, ",
	 130},
	{"copies of INVITE until it is given up",
	 CONFIG_CALL_RING,
	 {.dead = true},
	 "0 > INVITE, 500 >> INVITE, 1500 >> INVITE, 3500 >> INVITE, 7500 >> INVITE, "
	 "15500 >> INVITE, ",
	 30000},
	{"answered and hung up",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400},
	 UP "15412 > BYE, 15424 < 200, ",
	 15426},
	{"the peer hangs up",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_ms = 2000},
	 UP "2412 < BYE, ",
	 2414},
	{"a reliable 183 has one PRACK",
	 CONFIG_CALL_ECHO,
	 {.ring_ms = 100, .answer_ms = 2000, .reliable = true},
	 "0 > INVITE, 112 < 183, 112 > PRACK, 124 < 200, 2012 < 200, 2012 > ACK, "
	 "17012 > BYE, 17024 < 200, ",
	 17026},
	{"a fork's other answer is hung up at once",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .fork = true},
	 UP "414 < 200, 414 > ACK, 414 > BYE, 428 < 200, 15412 > BYE, 15424 < 200, ",
	 15426},
	{"busy",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = -1, .code = 486, .answer_ms = 50},
	 "0 > INVITE, 62 < 486, 62 > ACK, ",
	 64},
	{"nobody picks up",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = 100, .answer_ms = 100000},
	 "0 > INVITE, 112 < 180, 30000 > CANCEL, 30012 < 200, 30014 < 487, 30014 > "
	 "ACK, ",
	 30016},
	{"copies of BYE",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_late_ms = 5000},
	 UP "15412 > BYE, 15912 >> BYE, 16912 >> BYE, 18912 >> BYE, 22912 >> BYE, "
	    "22924 < 200, ",
	 22926},
	{"no copies of a CANCEL whose call has ended",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 5000, .cancel_mute = true},
	 "0 > INVITE, 112 < 180, 114 > CANCEL, 126 < 487, 126 > ACK, ",
	 128},
	{"copies of PRACK",
	 CONFIG_CALL_ECHO,
	 {.ring_ms = 100, .answer_ms = 2000, .reliable = true, .prack_mute = true},
	 "0 > INVITE, 112 < 183, 112 > PRACK, 612 >> PRACK, 1612 >> PRACK, 2012 < 200, "
	 "2012 > ACK, 17012 > BYE, 17024 < 200, ",
	 17026},
	{"requests of the peer's",
	 CONFIG_CALL_ECHO,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .asks = true},
	 UP "912 < OPTIONS, 1012 < INFO, 1112 < UPDATE, 1212 < INVITE, 1312 < INVITE, "
	    "1412 < REFER, 1512 < SUBSCRIBE, 15412 > BYE, 15424 < 200, ",
	 15426},
	{"no copies of a BYE that was refused",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_code = 404},
	 UP "15412 > BYE, 15424 < 404, ",
	 25412},
	{"no copies of a CANCEL that was refused",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 100000, .cancel_code = 500},
	 "0 > INVITE, 112 < 180, 114 > CANCEL, 126 < 500, ",
	 10114},
	{"a CANCEL that it works at",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 100000, .cancel_code = 100},
	 "0 > INVITE, 112 < 180, 114 > CANCEL, 126 < 100, 4126 >> CANCEL, 4138 < 100, "
	 "8138 >> CANCEL, 8150 < 100, ",
	 10114},
	{"a BYE that it works at",
	 CONFIG_CALL_ANSWER,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .bye_code = 100},
	 UP "15412 > BYE, 15424 < 100, 19424 >> BYE, 19436 < 100, 23436 >> BYE, "
	    "23448 < 100, ",
	 25412},
	{"an SDP that cannot be is hung up at once",
	 CONFIG_CALL_ECHO,
	 {.trying = true, .ring_ms = 100, .answer_ms = 400, .sdp = "bad"},
	 UP "412 > BYE, 426 < 200, ",
	 428},
	{"a redirection",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = -1, .code = 300, .answer_ms = 50},
	 "0 > INVITE, 62 < 300, 62 > ACK, ",
	 64},
};

static void test_ladders(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		call_conf.mode = rows[i].mode;
		begin(&rows[i].script);
		dial();
		pass_ms(90000);
		is_str(ladder, rows[i].ladder, rows[i].name);
		is_int(told_ms(), rows[i].told_ms, "and its verdict at its time");
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
	is_int(told_ms(), 15426, "and its end");
	ok(last.connect_ns == 3 && last.tls_ns == 4 && r->first_audio_ns == 5,
	   "what way and audio say");
	ok(quiets == 1 && quiet_ns - world.begun_ns == 15212 * CLOCK_NS_PER_MS,
	   "audio ends before the call does, once");
	finish();
	begin(&late);
	dial();
	pass_ms(60000);
	is_int(last.retransmissions, 2, "an INVITE and two copies");
	is_int(r->post_dial_ns, -1, "it never rang");
	finish();
}

/* A final response to CANCEL: 481 says that nothing rings, others say nothing. */
static void test_cancelled(void)
{
	static const struct {
		unsigned code, not_ended;
	} codes[] = {{200, 0}, {299, 0}, {300, 1}, {481, 0}, {500, 1}};

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

/* Nothing more leaves where there is nobody to hear it. */
static void test_given_up(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	call_conf.answer_timeout_us = 10000000;
	begin(&(struct peer_script){.dead = true});
	dial();
	pass_ms(90000);
	is_int(world.sent, 5, "no copy of an INVITE that was given up");
	finish();
	call_conf.answer_timeout_us = 30000000;
}

static void test_cancel_ends(void)
{
	call_conf.mode = CONFIG_CALL_RING;
	begin(&(struct peer_script){
		.ring_ms = 100, .answer_ms = 5000, .cancel_mute = true});
	dial();
	pass_ms(90000);
	is_int(world.sent, 5, "INVITE, 180, CANCEL, 487, ACK, and no copy of CANCEL");
	finish();
}

/* An end that nobody confirmed within its time is none. */
static void test_unconfirmed(void)
{
	settings.t1_us = 100000;
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&(struct peer_script){.answer_ms = 400, .mute = true});
	dial();
	pass_ms(5000);
	world.script.dead = true;
	pass_ms(60000);
	ok(told == 1 && not_ended == 1 && !last.report.ended &&
		   last.verdict == PROBE_DEGRADED,
	   "the peer died: its end is not confirmed");
	ok(told_ms() >= 21800 && told_ms() < 21820, "after 64 T1 of 100 ms: %d",
	   told_ms());
	finish();
	settings.t1_us = 500000;
}

/* A call is remembered for 64 T1 after its end: so long copies may come. */
static void test_remembered(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	pass_ms(100);
	(void)say(486, "Busy", "a", "");
	pass_ms(31990);
	ok(say(486, "Busy", "a", ""), "a copy of its answer");
	pass_ms(20);
	ok(!say(486, "Busy", "a", ""), "and no more");
	finish();
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&(struct peer_script){.answer_ms = 400, .mute = true, .fork = true});
	dial();
	pass_ms(60000);
	ok(last.report.forks == 1 && !last.report.late, "an answer of a fork, and");
	finish();
	call_conf.mode = CONFIG_CALL_RING;
	begin(&(struct peer_script){.ring_ms = 100, .answer_ms = 5000, .cross = true});
	dial();
	pass_ms(60000);
	ok(last.report.answered && last.report.late && !last.report.forks,
	   "one that crossed our CANCEL");
	finish();
}

/* The verdict waits for what was heard. */
static void test_slow_audio(void)
{
	audio_is_slow = true;
	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&(struct peer_script){.ring_ms = 100, .answer_ms = 400});
	dial();
	pass_ms(20000);
	ok(!told && !open_now, "over, and not known yet how it was");
	audio_report(audio_slow[0]);
	pass_ms(10);
	ok(told == 1 && last.verdict == PROBE_UP && last.report.has_media, "it is now");
	finish();
	audio_is_slow = false;
}

/* What is said is to be heard again; who only answers says nothing. */
static void test_tones(void)
{
	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&silent);
	dial();
	ok(tones_count == 1 && strlen(tones[0].say) == MEDIA_NONCE &&
		   !strcmp(tones[0].say, tones[0].hear),
	   "an echo is to bring back what was said");
	finish();
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	ok(tones_count == 1 && !*tones[0].say && !*tones[0].hear, "silence");
	finish();
}

int main(void)
{
	load();
	test_ladders();
	test_figures();
	test_cancelled();
	test_never_connected();
	test_ring_for();
	test_given_up();
	test_cancel_ends();
	test_unconfirmed();
	test_remembered();
	test_slow_audio();
	test_tones();
	config_free(conf);
	return tap_done();
}
