/* Loops: the called end that a call of ours has when it comes back to us. */
#include "tests/unit/sipprobe/call/call_loop.h"

static void test_loop(void)
{
	struct guard_message m;
	char tag[64] = "";
	struct pl own;

	loop_begin();
	ok(!guest_ask("INVITE", "99", &(struct pl){0}, "z9hG4bKa", 1), "of no dialog");
	ok(guest_ask("INVITE", "+4700100200", NULL, "z9hG4bKa", 1), "it came back");
	ok(guest_said(&m) && m.code == 200 && m.body.l, "and is answered with SDP");
	(void)pl_strcpy(&m.to_tag, tag, sizeof(tag));
	pl_set_str(&own, tag);
	pass_ms(600);
	is_int(guest_count, 2, "again until its ACK");
	ok(guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1) && guest_count == 3,
	   "and when it is asked again");
	ok(guest_ask("INVITE", "100200", NULL, "z9hG4bKb", 1) && guest_said(&m) &&
		   m.code == 482,
	   "by another way, too, it is not answered twice");
	ok(guest_ask("ACK", "100200", &own, "z9hG4bKc", 1), "ACK");
	pass_ms(5000);
	is_int(guest_count, 4, "no more of it");
	pass_ms(10500);
	ok(guest_ask("BYE", "100200", &own, "z9hG4bKd", 2), "the other end hangs up");
	pass_ms(20000);
	ok(told == 1 && last.verdict == PROBE_UP && last.report.has_far && !open_now &&
		   !not_ended,
	   "up: %s", last.detail);
	is_str(last_caller, "+47?21", "whom the called end was shown");
	finish();
}

/* Two trunks call the same number at once: each has what comes from its own peer. */
static void test_loops(void)
{
	bool other = false, own = false;
	struct sa elsewhere;

	(void)sa_set_str(&elsewhere, "192.0.2.8", 5060);
	call_conf.mode = CONFIG_CALL_LOOP;
	guest_len = guest_count = 0;
	begin(&(struct peer_script){.dead = true});
	dial_to(&elsewhere, &other);
	dial_to(&world.peer_sa, &own);
	pass_ms(200);
	ok(guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1), "one came back");
	pass_ms(60000);
	ok(told == 2 && own && !other, "to who called that peer");
	finish();
}

/* Whatever the other side fails to do, the called end does not stay. */
static void test_loop_ends(void)
{
	struct guard_message m;

	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	pass_ms(30000);
	ok(guest_said(&m) && m.request && !pl_strcmp(&m.method, "BYE"),
	   "it hangs up where nobody tells it");
	pass_ms(60000);
	ok(told == 1 && !open_now && not_ended == 1, "and counts that nobody answers");
	finish();
	loop_begin();
	pass_ms(60000);
	ok(told == 1 && last.report.failure == CALL_FAILURE_NONCE && !open_now,
	   "somebody else answered: %s", last.detail);
	finish();
	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	calls_stop(calls);
	pass_ms(100);
	ok(guest_said(&m) && m.request && !pl_strcmp(&m.method, "BYE"),
	   "stopped, at once");
	finish();
}

/* A B2BUA that takes five seconds to end each of its two calls, one after the other. */
static void test_loop_slow(void)
{
	static const struct peer_script script = {.answer_ms = 500, .bye_late_ms = 5000};
	struct guard_message m;
	char tag[64] = "";
	int64_t begun_ns = virtual_now_ns;
	struct pl own;

	loop_begin_with(&script);
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	ok(guest_said(&m), "answered");
	(void)pl_strcpy(&m.to_tag, tag, sizeof(tag));
	pl_set_str(&own, tag);
	(void)guest_ask("ACK", "100200", &own, "z9hG4bKb", 1);
	pass_ms(15300 + 10100);
	ok(guest_said(&m) && m.request && !pl_strcmp(&m.method, "BYE") && !told,
	   "both ends hung up, the called one later, and each has its time");
	ok(guest_ask("BYE", "100200", &own, "z9hG4bKc", 2), "the called end is over");
	pass_ms(100);
	ok(told == 1 && last.verdict == PROBE_UP && last.report.ended && !not_ended,
	   "up: %s", last.detail);
	ok(last.ended_ns - begun_ns < call_longest_us(&call_conf) * 1000,
	   "within the longest that a call is said to take");
	finish();
}

static bool guest_said_has(const char *text)
{
	return memmem(guest_sent, guest_len, text, strlen(text)) != NULL;
}

/* It came back on a connection: so go the answers, and so goes its BYE. */
static void test_loop_stream(void)
{
	struct guard_message m;

	guest_by_stream = true;
	loop_begin();
	ok(guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1) && guest_said(&m) &&
		   m.code == 200,
	   "answered on the connection");
	ok(guest_said_has("Contact: <sip:loop@192.0.2.1:5060;transport=tcp>"),
	   "and asked to come to it");
	pass_ms(600);
	is_int(guest_count, 2, "again until its ACK, over a connection too");
	calls_stop(calls);
	pass_ms(1);
	ok(guest_said(&m) && m.request && !pl_strcmp(&m.method, "BYE") && m.cseq == 1 &&
		   guest_said_has("Via: SIP/2.0/TCP "),
	   "BYE on it");
	pass_ms(20000);
	is_int(guest_count, 3, "once, as long as the connection stands");
	pass_ms(60000);
	ok(not_ended == 1 && !open_now, "and counted where nothing answers");
	finish();
	guest_by_stream = false;
}

/* The connection is gone when there is something to say. */
static void test_loop_stream_lost(void)
{
	struct guard_message m;

	guest_by_stream = true;
	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	stream_loans_end(&guest_stream);
	pass_ms(5000);
	is_int(guest_count, 1, "no other way is of that transport: no copy of the 200");
	calls_stop(calls);
	pass_ms(1);
	ok(guest_said(&m) && !pl_strcmp(&m.method, "BYE") && guest_own_count == 1 &&
		   guest_said_has("Via: SIP/2.0/UDP "),
	   "BYE goes by the caller's way");
	pass_ms(3600);
	is_int(guest_own_count, 4, "and again, as that is UDP");
	finish();
	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	calls_stop(calls);
	pass_ms(1);
	stream_loans_end(&guest_stream);
	pass_ms(600);
	ok(guest_said(&m) && m.cseq == 2 && guest_own_count == 1,
	   "it broke under the BYE: another one, by the caller's way");
	finish();
	guest_by_stream = false;
}

/* What may be asked of the called end within the call, by its number. */
static void test_loop_asked(void)
{
	static const struct {
		const char *method, *body;
		unsigned cseq, code;
	} steps[] = {
		{"OPTIONS", "", 4, 500},	{"OPTIONS", "", 5, 200},
		{"OPTIONS", "", 6, 200},	{"INFO", "", 7, 200},
		{"UPDATE", "v=0\r\n", 8, 200},	{"UPDATE", "bad", 9, 488},
		{"NOTIFY", "", 10, 200},	{"MESSAGE", "", 11, 200},
		{"REFER", "", 12, 603},		{"SUBSCRIBE", "", 13, 405},
		{"INVITE", "v=0\r\n", 14, 200}, {"INVITE", "bad", 15, 488},
		{"INVITE", "", 16, 488},	{"INFO", "", 15, 500},
		{"INFO", "", 16, 200},		{"ACK", "", 5, 0},
		{"BYE", "", 17, 200},		{"OPTIONS", "", 18, 481},
		{"BYE", "", 19, 200},
	};

	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 5);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct pl *own = guest_own();

		guest_body = steps[i].body;
		(void)guest_ask(steps[i].method, "100200", own, "z9hG4bKb",
				steps[i].cseq);
		is_int(guest_code, steps[i].code, steps[i].method);
		is_str(guest_fields, "Contact: <sip:loop@192.0.2.1:5060>\r\n",
		       "with where it is");
	}
	guest_body = "v=0\r\n";
	pass_ms(60000);
	ok(told == 1 && !not_ended && !open_now, "and all of it ends");
	finish();
}

/* What is of no dialog of its own is not taken, nor an INVITE that is another. */
static void test_loop_strangers(void)
{
	static const struct {
		const char *name, *call_id, *from, *tag;
		unsigned cseq;
	} others[] = {
		{"another Call-ID", "third", "<sip:+47 21@b>;tag=b2b", NULL, 1},
		{"another caller's tag", "other", "<sip:+47 21@b>;tag=c2c", NULL, 1},
		{"another number", "other", "<sip:+47 21@b>;tag=b2b", NULL, 2},
	};
	const struct pl *own, wrong = PL("wrong");

	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	own = guest_own();
	for (size_t i = 0; i < 3; i++) {
		guest_call_id = others[i].call_id;
		guest_from = others[i].from;
		ok(!guest_ask("INVITE", "100200", NULL, "z9hG4bKa", others[i].cseq), "%s",
		   others[i].name);
		if (i < 2)
			ok(!guest_ask("OPTIONS", "100200", own, "z9hG4bKb", 9) &&
				   !guest_code,
			   "nor within a dialog");
	}
	guest_from = "<sip:+47 21@b>;tag=b2b";
	ok(!guest_ask("OPTIONS", "100200", &wrong, "z9hG4bKb", 9), "another tag of ours");
	ok(guest_ask("OPTIONS", "100200", own, "z9hG4bKb", 9), "but its own");
	finish();
}

int main(void)
{
	load();
	stage_guest_h = guest_own_way;
	test_loop();
	test_loops();
	test_loop_ends();
	test_loop_slow();
	test_loop_stream();
	test_loop_stream_lost();
	test_loop_asked();
	test_loop_strangers();
	config_free(conf);
	return tap_done();
}
