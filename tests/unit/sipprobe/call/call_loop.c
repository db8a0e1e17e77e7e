/* Loops: the called end that a call of ours has when it comes back to us. */
#include "sipprobe/transport/stream_private.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/sipprobe/call/call_stage.h"

/* What the called end of a loop sends, by its socket. */
static char guest_sent[4096];
static size_t guest_len;
static unsigned guest_count;

int udp_transmit(struct udp *u, const struct sa *dst, const char *buf, size_t len,
		 unsigned dscp)
{
	(void)u;
	(void)dst;
	(void)dscp;
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

/* A request to the called end, as a B2BUA makes it. @tag: of To, NULL: none */
static bool guest_ask(const char *method, const char *number, const struct pl *tag,
		      const char *branch, unsigned cseq)
{
	struct answer_dialog dialog;
	char text[2048];
	struct guard_message m;
	struct sa src, local;
	unsigned code = 0;
	int len;

	(void)sa_set_str(&src, "192.0.2.9", 5060);
	(void)sa_set_str(&local, "192.0.2.1", 5060);
	len = re_snprintf(
		text, sizeof(text),
		"%s sip:%s@192.0.2.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.9;branch=%s\r\n"
		"From: <sip:+47 21@b>;tag=b2b\r\nTo: <sip:x@y>%s%b\r\n"
		"Call-ID: other\r\nCSeq: %u %s\r\n"
		"Contact: <sip:b2b@192.0.2.9>\r\n"
		"Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n",
		method, number, branch, tag ? ";tag=" : "", tag ? tag->p : "",
		tag ? tag->l : (size_t)0, cseq, method);
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
	return calls_request(calls, &m, virtual_now_ns, &code, &dialog) &&
	       (code == 200 || !strcmp(method, "ACK"));
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
	config_free(conf);
	return tap_done();
}
