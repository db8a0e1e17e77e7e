/* Loops: the called end that a call of ours has when it comes back to us. */
#include "sipprobe/transport/stream_private.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/sipprobe/call/call_stage.h"

/* What the called end of a loop sends, by its socket. */
static char guest_sent[4096];
static size_t guest_len;
static unsigned guest_count;
static struct sa guest_dst; /* where that went */

int udp_transmit(struct udp *u, const struct sa *dst, const char *buf, size_t len,
		 unsigned dscp)
{
	(void)u;
	(void)dscp;
	if (dst)
		guest_dst = *dst;
	guest_len = len < sizeof(guest_sent) ? len : 0;
	memcpy(guest_sent, buf, guest_len);
	guest_count++;
	return 0;
}

static unsigned guest_own_count;

static int guest_own_way(const char *buf, size_t len)
{
	guest_own_count++;
	return udp_transmit(NULL, NULL, buf, len, 0);
}

/* The connection that a loop comes back by; only what borrows it looks inside. */
static struct stream guest_stream;
static bool guest_by_stream;

int __wrap_stream_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns);

int __wrap_stream_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns)
{
	(void)sent_ns;
	return s == &guest_stream ? udp_transmit(NULL, NULL, buf, len, 0) : ENOTCONN;
}

static bool guest_said(struct guard_message *m)
{
	return guest_len && !guard_datagram(m, guest_sent, guest_len, NULL);
}

/* Of what the called end is asked, and how that is answered. */
static const char *guest_call_id = "other";
static const char *guest_from = "<sip:+47 21@b>;tag=b2b";
static const char *guest_body = "v=0\r\n";
static const char *guest_contact = "<sip:b2b@192.0.2.9>";
static const char *guest_more = ""; /* fields */
static const char *guest_src = "192.0.2.9";
static unsigned guest_code;
static char guest_fields[256];

/* A request to the called end, as a B2BUA makes it. @tag: of To, NULL: none */
static bool guest_ask(const char *method, const char *number, const struct pl *tag,
		      const char *branch, unsigned cseq)
{
	struct answer_dialog dialog = {.fields = NULL};
	char text[2048];
	struct guard_message m;
	struct sa src, local;
	bool taken;
	int len;

	guest_code = 0;
	(void)sa_set_str(&src, guest_src, 5060);
	(void)sa_set_str(&local, "192.0.2.1", 5060);
	len = re_snprintf(
		text, sizeof(text),
		"%s sip:%s@192.0.2.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.9;branch=%s\r\n"
		"From: %s\r\nTo: <sip:x@y>%s%b\r\n"
		"Call-ID: %s\r\nCSeq: %u %s\r\n"
		"Contact: %s\r\n%s"
		"Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
		method, number, branch, guest_from, tag ? ";tag=" : "", tag ? tag->p : "",
		tag ? tag->l : (size_t)0, guest_call_id, cseq, method, guest_contact,
		guest_more, strlen(guest_body), guest_body);
	if (len < 0 || guard_datagram(&m, text, (size_t)len, NULL))
		return false;
	if (!tag)
		return calls_invite(
			calls, &m,
			&(struct call_arrival){
				.transport = guest_by_stream ? CONFIG_TRANSPORT_TCP
							     : CONFIG_TRANSPORT_UDP,
				.stream = guest_by_stream ? &guest_stream : NULL,
				.src = &src,
				.local = &local});
	taken = calls_request(calls, &m, virtual_now_ns, &guest_code, &dialog);
	str_ncpy(guest_fields, dialog.fields ? dialog.fields : "", sizeof(guest_fields));
	return taken && (guest_code == 200 || !strcmp(method, "ACK"));
}

static void loop_begin_with(const struct peer_script *script)
{
	call_conf.mode = CONFIG_CALL_LOOP;
	heard = MEDIA_HEARD_NONCE;
	guest_len = guest_count = guest_own_count = 0;
	begin(script);
	dial();
	pass_ms(200);
}

static void loop_begin(void)
{
	static const struct peer_script script = {.ring_ms = 100, .answer_ms = 500};

	loop_begin_with(&script);
}

/* The tag of the called end, from what it said. */
static char guest_tag[64];

static const struct pl *guest_own(void)
{
	static struct pl own;
	struct guard_message m;

	if (guest_said(&m) && !m.request)
		(void)pl_strcpy(&m.to_tag, guest_tag, sizeof(guest_tag));
	pl_set_str(&own, guest_tag);
	return &own;
}

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
	test_loop();
	test_loops();
	test_loop_ends();
	test_loop_slow();
	test_loop_stream();
	test_loop_stream_lost();
	test_loop_asked();
	test_loop_strangers();
	test_loop_bye();
	test_loop_bye_back();
	test_loop_bye_hop();
	test_loop_far_alone();
	test_loop_no_memory();
	test_loop_unconfirmed();
	test_loop_left();
	test_loop_copies();
	test_loop_caller();
	test_loop_refused();
	test_loop_audio();
	test_loop_numbers();
	test_loop_waits();
	test_loop_proxied();
	config_free(conf);
	return tap_done();
}
