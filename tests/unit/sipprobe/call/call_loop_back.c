/* How a call of ours comes back: by which number, from whom, with which audio. */
#include "tests/unit/sipprobe/call/call_loop.h"

/* What the called end would be shown of who calls: the user part, printable. */
static void test_loop_caller(void)
{
#define TEN "1234567890"
	static const struct {
		const char *from, *caller;
	} rows[] = {
		{"<sip:+4721@b>;tag=b", "+4721"},
		{"\"A\" <sips:a~b@c>;tag=b", "a~b"},
		{"<sip:b>;tag=b", ""},
		{"<sip:@b>;tag=b", ""},
		{"<tel:+4721>;tag=b", ""},
		{"<sip:b;x=@c>;tag=b", "b;x="},
		{"<sip:" TEN TEN TEN TEN TEN TEN TEN TEN "@b>;tag=b", TEN TEN TEN TEN},
	};
#undef TEN

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t most = sizeof(((struct call_media *)0)->caller_id) - 1;

		guest_from = rows[i].from;
		loop_begin();
		(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
		pass_ms(60000);
		if (i < 6)
			is_str(last_caller, rows[i].caller, rows[i].from);
		else
			ok(strlen(last_caller) == most &&
				   !memcmp(last_caller, rows[i].from + 5, most),
			   "as much as there is room for: %s", last_caller);
		finish();
	}
	guest_from = "<sip:+47 21@b>;tag=b2b";
}

/* No audio for the called end: it says so, and there is nothing to end. */
static void test_loop_refused(void)
{
	static const char *const bodies[] = {"", "bad"};
	struct guard_message m;

	for (int slow = 0; slow < 2; slow++)
		for (int i = 0; i < 2; i++) {
			audio_is_slow = slow;
			guest_body = bodies[i];
			loop_begin();
			ok(guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1) &&
				   guest_said(&m) && m.code == 488 && !m.body.l,
			   "488 to an SDP that cannot be");
			is_int(guest_count, 1, "once");
			ok(strstr(ladder,
				  "- the call came back to us, with no audio for us, "),
			   "and it is told");
			pass_ms(20000);
			if (slow)
				audio_report(audio_slow[0]);
			pass_ms(10);
			ok(told == 1 && guest_count == 1 && !not_ended &&
				   last.report.failure,
			   "and down: %s", last.detail);
			finish();
		}
	guest_body = "v=0\r\n";
	audio_is_slow = false;
}

/* Each end says what the other is to hear, and knows of it; both are waited for. */
static void test_loop_audio(void)
{
	audio_is_slow = true;
	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	ok(tones_count == 2 && pairs == 1 && !strcmp(tones[0].say, tones[1].hear) &&
		   !strcmp(tones[0].hear, tones[1].say) &&
		   strcmp(tones[0].say, tones[0].hear) != 0 &&
		   strlen(tones[0].say) == MEDIA_NONCE &&
		   strlen(tones[0].hear) == MEDIA_NONCE,
	   "%s and %s", tones[0].say, tones[0].hear);
	ok(strstr(ladder, "- the call came back to us and is answered, "), "it is told");
	audio_last->events->note_h(virtual_now_ns, "hears something", audio_last->arg);
	ok(strstr(ladder, " - called end: hears something, "), "and what it hears");
	(void)guest_ask("ACK", "100200", guest_own(), "z9hG4bKb", 1);
	pass_ms(15500);
	(void)guest_ask("BYE", "100200", guest_own(), "z9hG4bKc", 2);
	pass_ms(100);
	ok(audio_slow_count == 2 && !told, "over, and not known yet how it was");
	audio_report(audio_slow[0]);
	pass_ms(10);
	ok(!told, "nor by one end alone");
	audio_report(audio_slow[1]);
	pass_ms(10);
	ok(told == 1 && last.verdict == PROBE_UP, "now it is");
	finish();
	audio_is_slow = false;
}

/* By its last digits a number is known again, however carriers write it. */
static void test_loop_numbers(void)
{
	static const struct {
		const char *called, *asked;
		bool same;
	} rows[] = {
		{"100200", "100200", true},
		{"100200", "+4700100200", true},
		{"100200", "0200", true},
		{"100200", "200", false},
		{"100200", "100201", false},
		{"100200", "1-00-20-0", true},
		{"100200", "", false},
		{"4711111111112222", "+99999911111112222", true},
		{"4711111111112222", "+9999991011112222", false},
		{"1234567890", "9234567890", false},
		{"0123456789", "123456789", true},
		{"/:1234", "1234", true},
	};
	struct sa elsewhere;

	(void)sa_set_str(&elsewhere, "192.0.2.8", 5060);
	guest_src = "192.0.2.7";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool first = false, second = false;

		call_conf.mode = CONFIG_CALL_LOOP;
		call_conf.to = rows[i].called;
		begin(&(struct peer_script){.dead = true});
		dial_to(&elsewhere, &first);
		dial_to(&world.peer_sa, &second);
		pass_ms(200);
		is_int(guest_ask("INVITE", rows[i].asked, NULL, "z9hG4bKa", 1),
		       rows[i].same, rows[i].asked);
		pass_ms(60000);
		ok(first == rows[i].same && !second, "the first that waits has it");
		finish();
	}
	guest_src = "192.0.2.9";
	call_conf.to = "100200";
}

/* Who alone waits has it by any number; who does not wait has none. */
static void test_loop_waits(void)
{
	bool own = false;

	call_conf.mode = CONFIG_CALL_LOOP;
	begin(&(struct peer_script){.dead = true});
	ok(!guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1), "nobody calls");
	dial_to(&world.peer_sa, &own);
	pass_ms(200);
	ok(!guest_ask("OPTIONS", "100200", NULL, "z9hG4bKa", 1), "no INVITE");
	ok(guest_ask("INVITE", "7", NULL, "z9hG4bKa", 1), "the only one that waits");
	pass_ms(60000);
	ok(told == 1 && own, "has it");
	finish();
	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&(struct peer_script){.dead = true});
	dial();
	pass_ms(200);
	ok(!guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1), "an echo waits for none");
	finish();
	call_conf.mode = CONFIG_CALL_LOOP;
	begin(&(struct peer_script){.dead = true});
	call_leave(dial());
	ok(!guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1), "nor one that is over");
	finish();
	way_connects = true;
	begin(&(struct peer_script){.dead = true});
	dial();
	ok(!guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1),
	   "nor one that has not left");
	finish();
	way_connects = false;
}

/* Past a proxy it comes back as it left: by its Call-ID, whoever else waits. */
static void test_loop_proxied(void)
{
	bool first = false, second = false;
	struct sa src, local;
	struct guard_message m;

	(void)sa_set_str(&src, "192.0.2.7", 5060);
	(void)sa_set_str(&local, "192.0.2.1", 5060);
	call_conf.mode = CONFIG_CALL_LOOP;
	begin(&(struct peer_script){.answer_ms = 60000, .ring_ms = -1});
	dial_to(&world.peer_sa, &first);
	pass_ms(200);
	dial_to(&world.peer_sa, &second);
	world.invite_len = strlen(world.request);
	pass_ms(200);
	memcpy(world.invite, world.request, sizeof(world.request));
	world.invite_len = strlen(world.invite);
	ok(peer_invite(&world, &m) &&
		   calls_invite(calls, &m,
				&(struct call_arrival){.transport = CONFIG_TRANSPORT_UDP,
						       .src = &src,
						       .local = &local}),
	   "the INVITE of the second comes back");
	pass_ms(90000);
	ok(told == 2 && second && !first, "to the second");
	finish();
}

int main(void)
{
	load();
	stage_guest_h = guest_own_way;
	test_loop_caller();
	test_loop_refused();
	test_loop_audio();
	test_loop_numbers();
	test_loop_waits();
	test_loop_proxied();
	config_free(conf);
	return tap_done();
}
