/* Calls whose way cannot be opened or breaks, without ports, without memory. */
#include <string.h>

#include "sipprobe/transport/stream.h"
#include "tests/unit/sipprobe/call/call_stage.h"

static bool no_memory;

struct mbuf *__real_mbuf_alloc(size_t size);
struct mbuf *__wrap_mbuf_alloc(size_t size);

struct mbuf *__wrap_mbuf_alloc(size_t size)
{
	return no_memory ? NULL : __real_mbuf_alloc(size);
}

static const struct peer_script answers = {
	.trying = true, .ring_ms = 100, .answer_ms = 400};
static const struct peer_script silent = {
	.mute = true, .ring_ms = -1, .answer_ms = 1000000};

/* No call was made, as of something of ours or of the way. */
static void check_none(enum probe_outcome outcome, int err, enum call_failure failure,
		       const char *detail)
{
	pass_ms(10);
	ok(told == 1 && last.verdict == PROBE_DOWN && last.outcome == outcome &&
		   last.err == err && last.report.failure == failure && !open_now &&
		   !made[0] && !made[1],
	   "no call: outcome %d", (int)last.outcome);
	is_str(last.detail, detail, "for that");
	finish();
}

static void test_not_opened(void)
{
	static const struct {
		enum config_transport transport;
		int err;
		enum probe_outcome outcome;
	} errors[] = {
		{CONFIG_TRANSPORT_UDP, ENETUNREACH, PROBE_UNREACHABLE},
		{CONFIG_TRANSPORT_UDP, EHOSTUNREACH, PROBE_UNREACHABLE},
		{CONFIG_TRANSPORT_UDP, EACCES, PROBE_INTERNAL},
		{CONFIG_TRANSPORT_UDP, ECONNREFUSED, PROBE_INTERNAL},
		{CONFIG_TRANSPORT_TCP, ECONNREFUSED, PROBE_REFUSED},
		{CONFIG_TRANSPORT_TCP, ENETUNREACH, PROBE_UNREACHABLE},
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		dial_transport = errors[i].transport;
		way_open_error = errors[i].err;
		begin(&answers);
		dial();
		check_none(errors[i].outcome, errors[i].err, CALL_FAILURE_INTERNAL,
			   strerror(errors[i].err));
	}
	dial_transport = CONFIG_TRANSPORT_UDP;
	way_open_error = 0;
}

static void test_no_ports(void)
{
	static const struct {
		int err;
		const char *words;
	} errors[] = {
		{EADDRINUSE, "no pair of calls.media.ports is free"},
		{EAFNOSUPPORT,
		 "calls.media.address and the peer are of different families"},
		{EMFILE, "the ports for audio could not be opened"},
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		audio_error = errors[i].err;
		begin(&answers);
		dial();
		check_none(PROBE_INTERNAL, errors[i].err, CALL_FAILURE_INTERNAL,
			   errors[i].words);
	}
	audio_error = 0;
	no_memory = true;
	begin(&answers);
	dial();
	check_none(PROBE_INTERNAL, ENOMEM, CALL_FAILURE_INTERNAL, strerror(ENOMEM));
	no_memory = false;
}

/* No room for the INVITE that answers a challenge: the next copy is challenged again. */
static void test_challenged(void)
{
	static const struct config_auth credentials = {
		.username = "u", .password = "p", .algorithms = ~0U};

	settings.auth = &credentials;
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&(struct peer_script){
		.ring_ms = 100,
		.answer_ms = 400,
		.refuse_invites = 2,
		.refuse_code = 401,
		.refuse_fields =
			"WWW-Authenticate: Digest realm=\"r%u\", nonce=\"n%u\"\r\n"});
	dial();
	no_memory = true;
	pass_ms(100);
	no_memory = false;
	pass_ms(60000);
	ok(told == 1 && last.code == 200 && last.verdict == PROBE_UP, "up: %s", ladder);
	finish();
	settings.auth = NULL;
}

/* One that did not leave leaves a little later. */
static void test_not_sent(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&answers);
	way_send_error = ENOBUFS;
	dial();
	way_send_error = 0;
	pass_ms(60000);
	ok(told == 1 && last.verdict == PROBE_UP && !strncmp(ladder, "500 >> INVITE", 13),
	   "up: %s", ladder);
	finish();
}

static void lose(void)
{
	way_last->events->lost_h(PROBE_CONNECT, ECONNRESET, "it broke", way_last->arg);
}

/* Before anything came back nothing goes on; it is told once. */
static void test_lost_early(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	way_connects = true;
	begin(&answers);
	dial();
	lose();
	lose();
	check_none(PROBE_CONNECT, ECONNRESET, CALL_FAILURE_NO_RINGING, "it broke");
	way_connects = false;
	begin(&silent);
	dial();
	pass_ms(100);
	lose();
	lose();
	pass_ms(10);
	ok(told == 1 && last.outcome == PROBE_CONNECT && last.err == ECONNRESET &&
		   last.report.failure == CALL_FAILURE_NO_RINGING && !open_now,
	   "the INVITE has no answer any more");
	is_str(last.detail, "it broke", "and why");
	world.sent = 0;
	pass_ms(60000);
	is_int(world.sent, 0, "nor copies");
	finish();
}

/* It may ring yet: it is cancelled, and so again over each next connection. */
static void test_lost_ringing(void)
{
	way_reliable = true;
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&silent);
	dial();
	pass_ms(100);
	(void)say(180, "x", "a", "");
	world.script.dead = true;
	lose();
	is_int(ladder_count(" > CANCEL"), 1, "CANCEL");
	world.sent = 0;
	lose();
	is_int(world.sent, 1, "and at once over the next connection");
	for (unsigned i = 2; i < 6; i++) {
		lose();
		lose();
		pass_ms(480);
		is_int(world.sent, i - 1, "and then not so");
		pass_ms(4000);
		is_int(world.sent, i, "but a little later");
	}
	pass_ms(60000);
	is_int(world.sent, 5, "and no more while a connection stands");
	ok(told == 1 && last.report.failure == CALL_FAILURE_NO_ANSWER && not_ended == 1,
	   "nobody knows of its end");
	is_str(last.detail, "the connection broke before an answer", "it is said");
	finish();
	way_reliable = false;
}

/* An answered call goes on; its BYE goes over the next connection. */
static void test_lost_up(void)
{
	way_reliable = true;
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&answers);
	dial();
	pass_ms(1000);
	lose();
	pass_ms(1000);
	ok(!told && open_now && !ladder_count("BYE"), "it goes on");
	world.script.dead = true;
	pass_ms(15000);
	is_int(ladder_count(" > BYE"), 1, "BYE");
	lose();
	lose();
	is_int(ladder_count(" >> BYE"), 1, "again at once");
	world.script.dead = false;
	pass_ms(60000);
	is_int(ladder_count(" CANCEL"), 0, "and no CANCEL");
	ok(!world_is_up(&world) && !not_ended, "that ends it: %s", ladder);
	finish();
	way_reliable = false;
}

/* The peer is down for long: a BYE is tried until its time is over, as over UDP. */
static void test_lost_long(void)
{
	way_reliable = true;
	call_conf.mode = CONFIG_CALL_ANSWER;
	for (int never = 0; never < 2; never++) {
		begin(&answers);
		dial();
		pass_ms(1000);
		way_send_error = ECONNREFUSED;
		pass_ms(15000 + 28000);
		ok(open_now && world_is_up(&world) && !not_ended, "nobody hears our BYE");
		way_send_error = never ? ECONNREFUSED : 0;
		pass_ms(10000);
		ok(!open_now && world_is_up(&world) == (never != 0) &&
			   not_ended == (unsigned)never,
		   "until the peer is back, or all its time was in vain");
		finish();
	}
	way_send_error = 0;
	way_reliable = false;
}

/* What has its answer does not go out again. */
static void test_lost_late(void)
{
	way_reliable = true;
	call_conf.mode = CONFIG_CALL_RING;
	begin(&(struct peer_script){
		.ring_ms = 100, .answer_ms = 1000000, .cancel_code = 200});
	dial();
	pass_ms(1000);
	is_int(ladder_count(" CANCEL"), 1, "CANCEL has its 200");
	lose();
	is_int(ladder_count(" CANCEL"), 1, "and no copy");
	finish();
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&answers);
	dial();
	pass_ms(20000);
	world.sent = 0;
	lose();
	is_int(world.sent, 0, "nor has a BYE that was answered");
	finish();
	way_reliable = false;
}

/* The connection stands a little later: from then on the call has its time. */
static void test_up_later(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	way_connects = true;
	begin(&silent);
	dial();
	pass_ms(100);
	way_last->events->up_h(way_last->arg);
	pass_ms(1700);
	is_str(ladder, "100 > INVITE, 600 >> INVITE, 1600 >> INVITE, ", "copies");
	pass_ms(28200);
	ok(!told, "not yet over");
	pass_ms(120);
	ok(told == 1 && last.report.failure == CALL_FAILURE_NO_RINGING && made[1] == 1,
	   "call.answer_timeout after the INVITE");
	finish();
	begin(&silent);
	dial();
	pass_ns(settings.timeout_us * CLOCK_NS_PER_US);
	pass_ms(10);
	way_last->events->up_h(way_last->arg);
	ok(told == 1 && !*ladder, "one that was given up makes no call");
	finish();
	way_connects = false;
}

/* Over a connection nothing is sent twice. */
static void test_reliable(void)
{
	way_reliable = true;
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&(struct peer_script){
		.answer_ms = 5000, .ring_ms = -1, .bye_late_ms = 100000});
	dial();
	pass_ms(30000);
	is_int(ladder_count(">>"), 0, "no copy");
	is_int(ladder_count(" > "), 3, "INVITE, ACK, BYE");
	finish();
	way_reliable = false;
}

/* Responses come by the call's own way, and its audio has its say. */
static void test_own_way(void)
{
	static const char text[] =
		"SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
		"Call-ID: x\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n";
	struct guard_message m;

	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&silent);
	dial();
	pass_ms(100);
	ok(!guard_datagram(&m, text, sizeof(text) - 1, NULL), "a response");
	way_last->events->message_h(&m, virtual_now_ns, way_last->arg);
	is_str(ladder, "0 > INVITE, ", "of nobody changes nothing");
	audio_last->events->note_h(virtual_now_ns, "hears something", audio_last->arg);
	is_str(ladder, "0 > INVITE, 100 - hears something, ", "words of its audio");
	finish();
}

static void test_longest(void)
{
	struct config_call c = {.mode = CONFIG_CALL_ECHO,
				.answer_timeout_us = 30000000,
				.duration_us = 15000000,
				.ring_for_us = 3000000};

	is_int(call_longest_us(&c), 57000000, "to the answer, the talk, its end");
	c.ring_for_us = 20000000;
	is_int(call_longest_us(&c), 62000000, "or for how long it is to ring");
	c.mode = CONFIG_CALL_LOOP;
	is_int(call_longest_us(&c), 64000000, "a loop has another end");
}

int main(void)
{
	load();
	test_not_opened();
	test_no_ports();
	test_not_sent();
	test_challenged();
	test_lost_early();
	test_lost_ringing();
	test_lost_up();
	test_lost_long();
	test_lost_late();
	test_up_later();
	test_reliable();
	test_own_way();
	test_longest();
	config_free(conf);
	return tap_done();
}
