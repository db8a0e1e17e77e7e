/* How the called end of a loop ends: by its own BYE, confirmed or not. */
#include "tests/unit/sipprobe/call/call_loop.h"

static bool guest_by_way; /* of the caller: its answers come there */

/* A response to the called end's BYE, or to one that it never sent. */
static bool guest_reply_to(unsigned code, bool other)
{
	struct guard_message bye, m;
	char text[1024], branch[CALL_BRANCH_SIZE];
	int len;

	if (!guest_said(&bye) || pl_strcmp(&bye.method, "BYE"))
		return false;
	(void)pl_strcpy(&bye.branch, branch, sizeof(branch));
	branch[REQUEST_BRANCH_LEN - 1] ^= other;
	len = re_snprintf(text, sizeof(text),
			  "SIP/2.0 %u x\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=%s\r\n"
			  "From: %r\r\nTo: %r\r\nCall-ID: %r\r\nCSeq: %u BYE\r\n"
			  "Content-Length: 0\r\n\r\n",
			  code, branch, &bye.from, &bye.to, &bye.call_id, bye.cseq);
	if (len < 0 || guard_datagram(&m, text, (size_t)len, NULL))
		return false;
	if (!guest_by_way)
		return calls_response(calls, NULL, &m, virtual_now_ns);
	way_last->events->message_h(&m, virtual_now_ns, way_last->arg);
	return true;
}

static bool guest_reply(unsigned code)
{
	return guest_reply_to(code, false);
}

/* How the called end's own BYE ends it, and that it comes two seconds after ours. */
static void test_loop_bye(void)
{
	static const struct {
		unsigned code, copies, not_ended;
	} replies[] = {{0, 11, 1},  {199, 11, 1}, {200, 1, 0},
		       {299, 1, 0}, {481, 1, 0},  {404, 1, 1}};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		loop_begin();
		(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
		(void)guest_ask("ACK", "100200", guest_own(), "z9hG4bKb", 1);
		guest_count = 0;
		pass_ms(15514 + 2000 - 200 - 4);
		ok(!guest_count && !told, "our end hung up, and the called one waits");
		pass_ms(10);
		is_int(guest_count, 1, "for two seconds");
		ok(!guest_reply_to(200, true), "an answer to another");
		if (replies[i].code)
			ok(guest_reply(replies[i].code), "an answer of %u",
			   replies[i].code);
		pass_ms(10);
		is_int(told, replies[i].code >= 200 && !replies[i].not_ended,
		       "the verdict comes with it");
		pass_ms(60000);
		is_int(guest_count, replies[i].copies, "copies of its BYE");
		ok(not_ended == replies[i].not_ended && !open_now, "%u not ended",
		   not_ended);
		finish();
	}
}

/* Where the connection is gone its BYE goes the caller's way, and so comes the answer. */
static void test_loop_bye_back(void)
{
	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	(void)guest_ask("ACK", "100200", guest_own(), "z9hG4bKb", 1);
	pass_ms(15514 + 2000);
	guest_by_way = true;
	ok(!told && guest_reply(200), "an answer by the caller's way");
	guest_by_way = false;
	pass_ms(10);
	ok(told == 1 && !not_ended && last.report.ended, "ends it");
	finish();
}

/* It goes to who called it, by his Contact where that is allowed. */
static void test_loop_bye_hop(void)
{
	static const struct {
		const char *contact, *hop;
	} rows[] = {{"<sip:b@192.0.2.66>", "192.0.2.66"},
		    {"<sip:b@198.51.100.1>", "192.0.2.9"},
		    {"<sip:b@[2001:db8::1]>", "192.0.2.9"},
		    {"<sip:b@b2b.example>", "192.0.2.9"}};

	guest_more = "Record-Route: <sip:192.0.2.66;lr>\r\n";
	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	ok(memmem(guest_sent, guest_len, guest_more, strlen(guest_more)),
	   "a proxy that stays in between is told to");
	guest_more = "";
	finish();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];

		guest_contact = rows[i].contact;
		loop_begin();
		(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
		calls_stop(calls);
		pass_ms(10);
		(void)re_snprintf(text, sizeof(text), "%j", &guest_dst);
		is_str(text, rows[i].hop, rows[i].contact);
		finish();
	}
	guest_contact = "<sip:b2b@192.0.2.9>";
}

static bool no_memory;

struct mbuf *__real_mbuf_alloc(size_t size);
struct mbuf *__wrap_mbuf_alloc(size_t size);

struct mbuf *__wrap_mbuf_alloc(size_t size)
{
	return no_memory ? NULL : __real_mbuf_alloc(size);
}

/* What only the called end heard is known all the same. */
static void test_loop_far_alone(void)
{
	static const struct peer_script script = {
		.ring_ms = 100, .answer_ms = 500, .sdp = ""};

	loop_begin_with(&script);
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	pass_ms(60000);
	ok(told == 1 && last.report.has_far && !last.report.has_media &&
		   last.report.failure == CALL_FAILURE_NO_MEDIA,
	   "answered without an SDP: %s", last.detail);
	is_str(last_caller, "+47?21", "and who was shown");
	finish();
}

/* One that cannot be said is counted; one that cannot be answered is not taken. */
static void test_loop_no_memory(void)
{
	loop_begin();
	no_memory = true;
	ok(!guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1), "no room for the INVITE");
	no_memory = false;
	ok(guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1), "but for the next copy");
	(void)guest_ask("ACK", "100200", guest_own(), "z9hG4bKb", 1);
	pass_ms(16000);
	no_memory = true;
	pass_ms(1500);
	no_memory = false;
	pass_ms(10);
	ok(not_ended == 1 && told == 1 && !open_now && !last.report.ended,
	   "no room for the BYE of the called end: counted, at once");
	finish();
}

/* With a T1 of 100 ms it is known by the verdict that its end had no answer. */
static void test_loop_unconfirmed(void)
{
	settings.t1_us = 100000;
	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	(void)guest_ask("ACK", "100200", guest_own(), "z9hG4bKb", 1);
	pass_ms(60000);
	ok(told == 1 && not_ended == 1 && !last.report.ended &&
		   last.verdict == PROBE_DEGRADED,
	   "not confirmed: %s", last.detail);
	finish();
	settings.t1_us = 500000;
}

/* Nobody waits for it any more: it does not wait either. */
static void test_loop_left(void)
{
	static const struct peer_script script = {.ring_ms = 100, .answer_ms = 500};
	struct guard_message m;
	struct call *c;

	call_conf.mode = CONFIG_CALL_LOOP;
	guest_len = guest_count = 0;
	begin(&script);
	c = dial();
	pass_ms(1000);
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	call_leave(c);
	pass_ms(10);
	ok(guest_said(&m) && !pl_strcmp(&m.method, "BYE"), "it hangs up at once");
	finish();
}

/* Copies of its 200 until the ACK: T1, doubled up to T2 (RFC 3261 13.3.1.4). */
static void test_loop_copies(void)
{
	static const struct {
		int ms;
		unsigned count;
	} steps[] = {{490, 1}, {20, 2},	  {980, 2}, {20, 3},   {1980, 3},
		     {20, 4},  {3980, 4}, {20, 5},  {3980, 5}, {20, 6}};

	loop_begin();
	(void)guest_ask("INVITE", "100200", NULL, "z9hG4bKa", 1);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		pass_ms(steps[i].ms);
		is_int(guest_count, steps[i].count, "copies so far");
	}
	finish();
}

int main(void)
{
	load();
	stage_guest_h = guest_own_way;
	test_loop_bye();
	test_loop_bye_back();
	test_loop_bye_hop();
	test_loop_far_alone();
	test_loop_no_memory();
	test_loop_unconfirmed();
	test_loop_left();
	test_loop_copies();
	config_free(conf);
	return tap_done();
}
