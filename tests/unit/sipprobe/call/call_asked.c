/* What a peer asks of us within a call, and what it is answered. */
#include "tests/unit/sipprobe/call/call_stage.h"

static struct answer_dialog answered;

/* A request of the peer's in its first dialog, or in that of a fork. Returns the code. */
static unsigned ask_in(int dialog, const char *method, unsigned cseq, const char *fields,
		       const char *body)
{
	struct guard_message m;
	char text[2048];
	unsigned code = 0;
	int len;

	answered = (struct answer_dialog){.fields = NULL};
	if (!peer_invite(&world, &m))
		return 1;
	len = re_snprintf(text, sizeof(text),
			  "%s sip:ping@192.0.2.1 SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKq\r\n"
			  "From: %r;tag=%s\r\nTo: %r\r\nCall-ID: %r\r\nCSeq: %u %s\r\n"
			  "%s%sContent-Length: %zu\r\n\r\n%s",
			  method, &m.to, peer_tags[dialog], &m.from, &m.call_id, cseq,
			  method, fields,
			  *body ? "Content-Type: application/sdp\r\n" : "", strlen(body),
			  body);
	if (len < 0 || guard_datagram(&m, text, (size_t)len, NULL) ||
	    !calls_request(calls, &m, virtual_now_ns, &code, &answered))
		return 2;
	return code;
}

static unsigned ask(const char *method, unsigned cseq, const char *fields,
		    const char *body)
{
	return ask_in(0, method, cseq, fields, body);
}

#define CONTACT "Contact: <sip:ping@192.0.2.1:5060>\r\n"
#define TIMER	"Require: timer\r\nSession-Expires: 90;refresher=uac\r\n"
#define ALLOW	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO\r\n"
#define EXPIRES PEER_CONTACT "Session-Expires: 90;refresher=uac\r\n"
#define SDP	"v=0\r\n"
#define ANSWER	"v=0\r\ns=answer\r\n"

static const struct {
	const char *method;
	unsigned cseq;
	const char *fields, *body;
	unsigned code;
	const char *answer, *sdp; /* of the answer; "": none */
} steps[] = {
	{"OPTIONS", 10, "", "", 200, "", ""},
	{"OPTIONS", 9, "", "", 500, "", ""},
	{"OPTIONS", 10, "", "", 200, "", ""},
	{"UPDATE", 11, EXPIRES, "", 200, CONTACT TIMER, ""},
	{"UPDATE", 12, PEER_CONTACT, SDP, 200, CONTACT, ANSWER},
	{"INVITE", 13, PEER_CONTACT, "", 200, CONTACT, SDP},
	{"ACK", 13, "", "", 0, "", ""},
	{"INVITE", 14, EXPIRES, SDP, 200, CONTACT TIMER, ANSWER},
	{"INVITE", 15, PEER_CONTACT, "bad", 488, CONTACT, ""},
	{"ACK", 5, "", "", 0, "", ""},
	{"INFO", 14, "", "", 500, "", ""},
	{"INFO", 16, "", "", 200, "", ""},
	{"PRACK", 17, "", "", 200, "", ""},
	{"NOTIFY", 18, "", "", 200, "", ""},
	{"MESSAGE", 19, "", "", 200, "", ""},
	{"REFER", 20, "", "", 603, "", ""},
	{"SUBSCRIBE", 21, "", "", 405, ALLOW, ""},
	{"CANCEL", 22, "", "", 481, ALLOW, ""},
	{"BYE", 23, "", "", 200, "", ""},
	{"BYE", 23, "", "", 200, "", ""},
	{"ACK", 23, "", "", 0, "", ""},
	{"OPTIONS", 24, "", "", 481, "", ""},
	{"INVITE", 25, PEER_CONTACT, "", 481, "", ""},
};

static void test_asked(void)
{
	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&(struct peer_script){.answer_ms = 400, .mute = true});
	dial();
	pass_ms(1000);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		is_int(ask(steps[i].method, steps[i].cseq, steps[i].fields,
			   steps[i].body),
		       steps[i].code, steps[i].method);
		is_str(answered.fields, steps[i].answer, "its fields");
		is_str(answered.body ? answered.body : "", steps[i].sdp, "its SDP");
	}
	pass_ms(10);
	ok(told == 1 && last.report.failure == CALL_FAILURE_ENDED_EARLY && !open_now,
	   "it hung up before we did: %s", last.detail);
	finish();
}

/* Both hang up at once; and a fork does, whose end is none of the call. */
static void test_byes(void)
{
	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&(struct peer_script){.answer_ms = 400, .mute = true});
	dial();
	pass_ms(1000);
	world.script.dead = true;
	pass_ms(15000);
	ok(!told && ask("BYE", 900, "", "") == 200, "theirs crosses ours");
	pass_ms(10);
	ok(told == 1 && last.verdict == PROBE_UP, "well ended: %s", last.detail);
	finish();
	begin(&(struct peer_script){
		.answer_ms = 400, .mute = true, .fork = true, .bye_late_ms = 100000});
	dial();
	pass_ms(1000);
	is_int(ask_in(1, "BYE", 900, "", ""), 200, "a fork hangs up");
	pass_ms(1000);
	ok(!told && open_now, "the call goes on");
	is_int(ask("BYE", 900, "", ""), 200, "until its own end");
	finish();
}

/* The peer moves within the call: from then on its requests go there (12.2.1.2). */
static void test_moves(void)
{
	static const struct {
		const char *name, *method, *fields, *hop;
	} moves[] = {
		{"a re-INVITE", "INVITE", "Contact: <sip:p@192.0.2.77>\r\n",
		 "192.0.2.77"},
		{"an UPDATE", "UPDATE", "Contact: <sip:p@192.0.2.77>\r\n", "192.0.2.77"},
		{"to where we may not send", "UPDATE",
		 "Contact: <sip:p@198.51.100.1>\r\n", "192.0.2.9"},
		{"nowhere", "UPDATE", "", "192.0.2.9"},
	};

	call_conf.mode = CONFIG_CALL_ECHO;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		char text[64];

		begin(&(struct peer_script){.answer_ms = 400, .mute = true});
		dial();
		pass_ms(1000);
		is_int(ask(moves[i].method, 10, moves[i].fields, SDP), 200,
		       moves[i].name);
		pass_ms(16000);
		(void)re_snprintf(text, sizeof(text), "%j", &last_hop);
		ok(ladder_count(" > BYE") == 1, "BYE");
		is_str(text, moves[i].hop, "goes there");
		finish();
	}
}

/* Before it answers a peer may ask as well, as our Allow says. */
static void test_early(void)
{
	static const struct {
		const char *method;
		unsigned cseq;
		const char *fields, *body;
		unsigned code; /* 2: it is nobody's */
		const char *sdp;
	} asks[] = {
		{"UPDATE", 1, PEER_CONTACT, SDP, 200, ANSWER},
		{"UPDATE", 2, EXPIRES, "", 200, ""},
		{"UPDATE", 3, PEER_CONTACT, "bad", 488, ""},
		{"OPTIONS", 2, "", "", 500, ""},
		{"OPTIONS", 4, "", "", 200, ""},
		{"INFO", 5, "", "", 200, ""},
		{"BYE", 6, "", "", 2, ""},
		{"INVITE", 7, PEER_CONTACT, "", 2, ""},
	};
	const struct peer_script script = {
		.ring_ms = 100, .answer_ms = 2000, .reliable = true};

	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&script);
	dial();
	pass_ms(50);
	is_int(ask("UPDATE", 1, PEER_CONTACT, ""), 2, "not before there is a dialog");
	pass_ms(300);
	is_int(ask_in(1, "UPDATE", 1, PEER_CONTACT, ""), 2, "nor in another");
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		is_int(ask(asks[i].method, asks[i].cseq, asks[i].fields, asks[i].body),
		       asks[i].code, asks[i].method);
		is_str(answered.body ? answered.body : "", asks[i].sdp, "its SDP");
	}
	pass_ms(60000);
	ok(told == 1 && last.verdict == PROBE_UP && !open_now && !world.fault,
	   "the call goes on: %s", last.detail);
	finish();

	call_conf.mode = CONFIG_CALL_RING;
	call_conf.ring_for_us = 1000000;
	begin(&script);
	dial();
	pass_ms(300);
	is_int(ask("UPDATE", 1, PEER_CONTACT, SDP), 488, "no audio where it is to ring");
	ok(!audio_last->begun, "nor is any begun");
	pass_ms(60000);
	is_int(ask("UPDATE", 2, PEER_CONTACT, ""), 2, "not of one that is over");
	finish();
	call_conf.ring_for_us = 0;
}

/* A re-INVITE without an SDP has our offer; the answer comes with its ACK. */
static void test_answer_in_ack(void)
{
	for (int bad = 0; bad < 2; bad++) {
		call_conf.mode = CONFIG_CALL_ECHO;
		begin(&(struct peer_script){.answer_ms = 400, .mute = true});
		dial();
		pass_ms(1000);
		is_int(audio_last->answers, 1, "that of the 200");
		(void)ask("ACK", 10, "", "bad");
		is_int(audio_last->answers, 1, "none to what was not offered");
		is_int(ask("INVITE", 11, PEER_CONTACT, ""), 200, "a re-INVITE without");
		is_str(answered.body, SDP, "has our offer");
		(void)ask("ACK", 10, "", "bad");
		(void)ask("ACK", 11, "", bad ? "bad" : SDP);
		is_int(audio_last->answers, 2, "its ACK has the answer");
		(void)ask("ACK", 11, "", "bad");
		pass_ms(bad ? 1000 : 20000);
		ok(told == 1 && !open_now && !not_ended, "the call ends");
		is_int(last.report.failure, bad ? CALL_FAILURE_CODEC : CALL_FAILURE_NONE,
		       bad ? "as it cannot be used" : "well");
		finish();
	}
}

int main(void)
{
	load();
	test_asked();
	test_byes();
	test_moves();
	test_early();
	test_answer_in_ack();
	config_free(conf);
	return tap_done();
}
