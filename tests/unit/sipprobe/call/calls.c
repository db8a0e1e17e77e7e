/* What bounds calls, whom their messages are for, and what media is told of them. */
#include "tests/unit/sipprobe/call/call_stage.h"

static const struct peer_script answers = {.ring_ms = 100, .answer_ms = 400};

static void test_media(void)
{
	static const uint8_t first[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2};
	static const uint8_t second[16] = {0x20, 0x01, 0x0d, 0xb8};
	struct config wide = *conf;
	static const struct config_allow many[MEDIA_NETWORKS + 1];
	const struct media *media;

	media_allocs = media_configures = 0;
	begin(&answers);
	media = calls_media(calls);
	ok(media && media_allocs == 1 && !media_configures, "there is media");
	ok(media_told.port_first == 20000 && media_told.port_last == 20199 &&
		   media_told.network_count == 2,
	   "of its ports");
	ok(!memcmp(media_told.networks[0].network, first, 16) &&
		   media_told.networks[0].prefix == 120 &&
		   !memcmp(media_told.networks[1].network, second, 16) &&
		   media_told.networks[1].prefix == 32,
	   "and its networks");
	wide.calls.media.port_max = 30000;
	is_int(calls_configure(calls, &wide), 0, "a reload");
	ok(media_allocs == 1 && media_configures == 1 && media_told.port_last == 30000 &&
		   calls_media(calls) == media,
	   "tells the same one");
	wide.calls.media.networks = many;
	wide.calls.media.network_count = MEDIA_NETWORKS;
	is_int(calls_configure(calls, &wide), 0, "as many networks as may be");
	wide.calls.media.network_count++;
	is_int(calls_configure(calls, &wide), EINVAL, "and one more");
	is_int(media_configures, 2, "of which media is not told");
	wide.calls.allowed = false;
	is_int(calls_configure(calls, &wide), 0, "none are allowed: no matter");
	is_int(media_configures, 2, "nor of that");
	finish();
}

static void test_keeps(void)
{
	for (int keep = 0; keep < 2; keep++) {
		conf->calls.keep_audio = keep;
		begin(&answers);
		dial();
		is_int(audio_keeps, keep, "what is heard is kept where that is wanted");
		finish();
	}
	conf->calls.keep_audio = false;
}

static void test_limits(void)
{
	const unsigned at_once = conf->calls.max_concurrent;
	const unsigned per_hour = conf->calls.max_per_hour;
	const char *why;

	conf->calls.max_concurrent = 1;
	conf->calls.max_per_hour = 2;
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&answers);
	ok(calls_may(calls, "u", &why) == CALLS_MAY && !calls_open(calls), "one may be");
	dial();
	ok(calls_may(calls, "u", &why) == CALLS_FULL && calls_open(calls) == 1,
	   "and no other for now");
	ok(calls_may(calls, "t", &why) == CALLS_BUSY, "least of all of its trunk");
	pass_ms(16000);
	ok(told == 1 && calls_may(calls, "t", &why) == CALLS_MAY && !calls_open(calls),
	   "until it is over, though it is remembered");
	dial();
	pass_ms(40000);
	ok(calls_may(calls, "t", &why) == CALLS_REFUSED, "two an hour");
	is_str(why, "calls.max_per_hour calls were made in the last hour", "it is said");
	finish();
	conf->calls.max_concurrent = at_once;
	conf->calls.max_per_hour = per_hour;
}

/* It has its verdict, and may be up at the peer yet. */
static void test_not_over(void)
{
	const char *why;

	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&answers);
	dial();
	pass_ms(1000);
	world.script.dead = true;
	pass_ms(30000);
	ok(told == 1 && calls_open(calls) == 1 &&
		   calls_may(calls, "t", &why) == CALLS_BUSY,
	   "its BYE has no answer: the trunk's next call waits");
	finish();
}

/* A call that ends already when all are stopped has its verdict all the same. */
static void test_stop_late(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&answers);
	dial();
	pass_ms(1000);
	world.script.dead = true;
	pass_ms(16000);
	ok(!told && !calls_are_stopped(calls), "it ends");
	calls_stop(calls);
	ok(calls_are_stopped(calls), "all are stopped");
	pass_ms(20000);
	ok(told == 1 && !stopped, "and its verdict is told");
	calls_go_on(calls);
	ok(!calls_are_stopped(calls), "they go on");
	finish();
}

/* A response that is nobody's, while a call has not sent its INVITE yet. */
static void test_nobodys(void)
{
	static const char text[] = "SIP/2.0 200 OK\r\n"
				   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
				   "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
				   "Call-ID: 0123456789abcdef0123456789abcdef\r\n"
				   "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
	struct guard_message m;

	way_connects = true;
	begin(&answers);
	dial();
	ok(!guard_datagram(&m, text, sizeof(text) - 1, NULL) &&
		   !calls_response(calls, NULL, &m, virtual_now_ns),
	   "a call without an INVITE has no response");
	finish();
	way_connects = false;
	begin(&answers);
	dial();
	ok(!calls_response(calls, NULL, &m, virtual_now_ns), "nor of another Call-ID");
	finish();
}

/* Requests of the peer's within a call are answered, others are not ours. */
static void test_requests(void)
{
	static const struct peer_script hangs_up = {.answer_ms = 400, .bye_ms = 2000};
	struct answer_dialog dialog;
	struct guard_message m;
	unsigned code;

	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&hangs_up);
	dial();
	pass_ms(2600);
	ok(told == 1 && !world_is_up(&world), "the peer's BYE is answered");
	(void)peer_invite(&world, &m);
	ok(!calls_request(calls, &m, virtual_now_ns, &code, &dialog),
	   "its own INVITE is of no dialog");
	finish();
}

int main(void)
{
	load();
	test_media();
	test_keeps();
	test_limits();
	test_not_over();
	test_stop_late();
	test_nobodys();
	test_requests();
	config_free(conf);
	return tap_done();
}
