/*
 * Whole calls under virtual time, with a peer made here: every message of every kind of
 * call is lost, late or comes twice, the peer dies, and each time the peer is asked
 * whether it still has a call. What it has left, we must have counted.
 */
#include <errno.h>
#include "tests/unit/sipprobe/call/call_stage.h"

enum { SWEEP_MESSAGES = 24, RANDOM_CALLS = 10000 };

struct row {
	const char *name;
	enum config_call_mode mode;
	struct peer_script script;
	enum probe_verdict verdict;
	enum call_failure failure;
	unsigned code;
	enum media_heard heard;
};

static const struct row rows[] = {
	{"rung and cancelled",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 5000},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 487},
	{"answered before it rang",
	 CONFIG_CALL_RING,
	 {.answer_ms = 50},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200},
	{"busy",
	 CONFIG_CALL_RING,
	 {.ring_ms = -1, .code = 486, .answer_ms = 50},
	 PROBE_DOWN,
	 CALL_FAILURE_REJECTED,
	 486},
	{"no answer to INVITE",
	 CONFIG_CALL_RING,
	 {.dead = true},
	 PROBE_DOWN,
	 CALL_FAILURE_NO_RINGING,
	 0},
	{"100 and nothing else",
	 CONFIG_CALL_RING,
	 {.trying = true, .ring_ms = -1, .answer_ms = 100000},
	 PROBE_DOWN,
	 CALL_FAILURE_NO_RINGING,
	 487},
	{"200 crosses CANCEL",
	 CONFIG_CALL_RING,
	 {.ring_ms = 100, .answer_ms = 5000, .cross = true},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200},
	{"answered and hung up",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = 100, .answer_ms = 500},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200},
	{"echo",
	 CONFIG_CALL_ECHO,
	 {.ring_ms = 100, .answer_ms = 500},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200,
	 MEDIA_HEARD_NONCE},
	{"an announcement",
	 CONFIG_CALL_ECHO,
	 {.ring_ms = 100, .answer_ms = 500},
	 PROBE_DOWN,
	 CALL_FAILURE_NONCE,
	 200,
	 MEDIA_HEARD_SOUND},
	{"silence",
	 CONFIG_CALL_ECHO,
	 {.answer_ms = 500},
	 PROBE_DOWN,
	 CALL_FAILURE_ONE_WAY,
	 200,
	 MEDIA_HEARD_SILENCE},
	{"no packets",
	 CONFIG_CALL_ECHO,
	 {.answer_ms = 500},
	 PROBE_DOWN,
	 CALL_FAILURE_NO_MEDIA,
	 200,
	 MEDIA_HEARD_NOTHING},
	{"an SDP that cannot be",
	 CONFIG_CALL_ECHO,
	 {.answer_ms = 500, .sdp = "bad"},
	 PROBE_DOWN,
	 CALL_FAILURE_CODEC,
	 200,
	 MEDIA_HEARD_NOTHING},
	{"not acceptable",
	 CONFIG_CALL_ECHO,
	 {.ring_ms = -1, .code = 488, .answer_ms = 50},
	 PROBE_DOWN,
	 CALL_FAILURE_CODEC,
	 488},
	{"redirected",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = -1, .code = 302, .answer_ms = 50},
	 PROBE_DOWN,
	 CALL_FAILURE_REJECTED,
	 302},
	{"nobody picks up",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = 100, .answer_ms = 100000},
	 PROBE_DOWN,
	 CALL_FAILURE_NO_ANSWER,
	 487},
	{"it rings, no answer to CANCEL but a 200",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = 100, .answer_ms = 100000, .cross = true},
	 PROBE_DOWN,
	 CALL_FAILURE_NO_ANSWER,
	 200},
	{"the peer hangs up",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = 100, .answer_ms = 500, .bye_ms = 2000},
	 PROBE_DOWN,
	 CALL_FAILURE_ENDED_EARLY,
	 200},
	{"two answers, by a fork",
	 CONFIG_CALL_ANSWER,
	 {.ring_ms = 100, .answer_ms = 500, .fork = true},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200},
	{"BYE answered after five seconds",
	 CONFIG_CALL_ANSWER,
	 {.answer_ms = 500, .bye_late_ms = 5000},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200},
	{"BYE answered 481",
	 CONFIG_CALL_ANSWER,
	 {.answer_ms = 500, .bye_code = 481},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200},
	{"BYE answered 487",
	 CONFIG_CALL_ANSWER,
	 {.answer_ms = 500, .bye_code = 487},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200},
	{"BYE answered 404, as by a proxy that was passed by",
	 CONFIG_CALL_ANSWER,
	 {.answer_ms = 500, .bye_code = 404},
	 PROBE_DEGRADED,
	 CALL_FAILURE_NONE,
	 200},
	{"reliable early media",
	 CONFIG_CALL_ECHO,
	 {.ring_ms = 100, .answer_ms = 1000, .reliable = true},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200,
	 MEDIA_HEARD_NONCE},
	{"a re-INVITE, an UPDATE, INFO, OPTIONS and a REFER",
	 CONFIG_CALL_ECHO,
	 {.answer_ms = 500, .asks = true},
	 PROBE_UP,
	 CALL_FAILURE_NONE,
	 200,
	 MEDIA_HEARD_NONCE},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		call_conf.mode = r->mode;
		heard = r->heard;
		begin(&r->script);
		dial();
		pass_ms(120000);
		ok(told == 1, "%s: told once", r->name);
		ok(made[!last.report.answered] == 1 && made[0] + made[1] == 1 &&
			   made_talk_ns == last.report.talk_ns,
		   "%s: made, and of %d ms", r->name,
		   (int)(made_talk_ns / CLOCK_NS_PER_MS));
		ok(last.verdict == r->verdict && last.report.failure == r->failure &&
			   last.code == r->code,
		   "%s: verdict %d, %s, code %u, %s", r->name, (int)last.verdict,
		   call_failure_name((enum call_failure)last.report.failure), last.code,
		   last.detail);
		ok(!world_is_up(&world) && !open_now &&
			   not_ended == (r->script.bye_code == 404),
		   "%s: nothing is left, %u open, %u not ended", r->name, open_now,
		   not_ended);
		ok(!world.fault, "%s: %s", r->name,
		   world.fault ? world.fault : "no fault");
		pass_ms(40000);
		finish();
	}
}

/* Loses, doubles or delays message number @n, of either side. */
static bool sweep_one(const struct row *r, enum world_ill ill, unsigned n)
{
	bool well;

	call_conf.mode = r->mode;
	heard = r->heard;
	begin(&r->script);
	world.ill = ill;
	world.ill_at = n;
	dial();
	pass_ms(200000);
	well = told == 1 && made[0] + made[1] == 1 && !open_now && !world_is_up(&world) &&
	       (!not_ended || r->script.bye_code == 404);
	if (!well)
		printf("# %s: message %u, ill %d: told %u, open %u, up %d, not ended "
		       "%u\n",
		       r->name, n, (int)ill, told, open_now, world_is_up(&world),
		       not_ended);
	finish();
	return well;
}

/* A single message makes no difference to the end, whichever it is. */
static void test_sweep(void)
{
	static const char *const names[] = {
		[WORLD_LOST] = "lost", [WORLD_TWICE] = "twice", [WORLD_LATE] = "late"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int ill = WORLD_LOST; ill <= WORLD_LATE; ill++) {
			unsigned bad = 0;

			for (unsigned n = 0; n < SWEEP_MESSAGES; n++)
				bad += !sweep_one(&rows[i], (enum world_ill)ill, n);
			ok(!bad, "%s, each message %s", rows[i].name, names[ill]);
		}
}

/*
 * Any message may be lost, and the peer may die at any time: what it still has at the end
 * was counted, or it died.
 */
static void test_random(void)
{
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	unsigned silent = 0, counted = 0, untold = 0, open = 0;

	for (unsigned n = 0; n < RANDOM_CALLS; n++) {
		const struct row *r = &rows[n % count];

		call_conf.mode = r->mode;
		heard = r->heard;
		begin(&r->script);
		world_seed(&world, n);
		world.loss_percent = (n / count) % 60;
		if (n % 5 == 0)
			world.dies_ms = 1 + (n * 37) % 20000;
		dial();
		pass_ms(300000);
		untold += told != 1;
		open += open_now;
		counted += not_ended;
		silent += world_is_up(&world) && !not_ended && !world.dies_ms;
		finish();
	}
	ok(!untold, "%u calls at any loss, each told once", RANDOM_CALLS);
	ok(!open, "none is open with us");
	ok(!silent, "none is left at the peer that we did not count");
	printf("# %u not ended were counted\n", counted);
}

static void test_stop(void)
{
	static const struct peer_script script = {.ring_ms = 100, .answer_ms = 500};
	const char *why;

	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&script);
	dial();
	pass_ms(1000);
	ok(world_is_up(&world) && open_now == 1, "up");
	ok(calls_may(calls, "t", &why) == CALLS_BUSY, "not two at once on a trunk");
	ok(calls_may(calls, "u", &why) == CALLS_MAY, "but on another");
	calls_stop(calls);
	pass_ms(1000);
	ok(!world_is_up(&world) && !open_now && stopped == 1 && !told,
	   "stopped at once, and no verdict");
	ok(made[0] == 1 && !made[1] && made_talk_ns >= 400 * CLOCK_NS_PER_MS,
	   "but it was made");
	ok(calls_may(calls, "u", &why) == CALLS_REFUSED, "none begins");
	calls_go_on(calls);
	ok(calls_may(calls, "u", &why) == CALLS_MAY, "until they go on");
	calls_stop(calls);
	(void)calls_configure(calls, conf);
	ok(calls_may(calls, "u", &why) == CALLS_MAY, "or a configuration is applied");
	finish();
}

static void test_leave(void)
{
	static const struct peer_script script = {.ring_ms = 100, .answer_ms = 500};
	struct call *c;

	begin(&script);
	c = dial();
	pass_ms(1000);
	call_leave(c);
	pass_ms(1000);
	ok(!world_is_up(&world) && !open_now && !told, "who asked for it left");
	ok(made[0] == 1 && !made[1] && made_talk_ns >= 400 * CLOCK_NS_PER_MS,
	   "and it was made for him");
	finish();
	begin(&script);
	dial();
	pass_ms(300);
	calls = mem_deref(calls);
	is_int(not_ended, 1, "the end of the program is counted where it cut a call off");
	(void)calls_alloc(&calls, &(struct calls_conf){.ticker = world.ticker,
						       .agent = "us",
						       .events = &calls_handlers});
	finish();
}

/*
 * Who never said that it rang may ring on, as a proxy lets it for three minutes (Timer
 * C), and be answered by somebody: who is hung up then. The ports are free meanwhile.
 */
static void test_late(void)
{
	static const struct peer_script script = {
		.mute = true, .ring_ms = -1, .answer_ms = 150000};
	static const struct peer_script rings = {.ring_ms = 100, .answer_ms = 5000};

	call_conf.mode = CONFIG_CALL_ANSWER;
	begin(&script);
	dial();
	pass_ms(149000);
	ok(told == 1 && !open_now && last.report.failure == CALL_FAILURE_NO_RINGING,
	   "given up");
	is_int(audios, 0, "without its ports");
	pass_ms(1200);
	ok(world.dialogs[0].acked && !world.dialogs[0].up && !open_now,
	   "answered after two and a half minutes, and hung up");
	finish();
	call_conf.mode = CONFIG_CALL_RING;
	begin(&rings);
	dial();
	pass_ms(1000);
	ok(told == 1 && !audios, "rung and cancelled, its ports are free at once");
	finish();
}

static bool no_memory;

struct mbuf *__real_mbuf_alloc(size_t size);
struct mbuf *__wrap_mbuf_alloc(size_t size);

struct mbuf *__wrap_mbuf_alloc(size_t size)
{
	return no_memory ? NULL : __real_mbuf_alloc(size);
}

/* Its end cannot be said for a while: it is when it can. */
static void test_no_memory(void)
{
	static const struct peer_script rings = {.ring_ms = 100, .answer_ms = 60000};
	static const struct peer_script talks = {.ring_ms = 100, .answer_ms = 500};
	static const struct {
		const char *name;
		const struct peer_script *script;
		enum config_call_mode mode;
		int from_ms;
	} ends[] = {
		{"no memory for CANCEL", &rings, CONFIG_CALL_RING, 50},
		{"no memory for BYE", &talks, CONFIG_CALL_ANSWER, 10000},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		call_conf.mode = ends[i].mode;
		begin(ends[i].script);
		dial();
		pass_ms(ends[i].from_ms);
		no_memory = true;
		pass_ms(8000);
		no_memory = false;
		ok(open_now && world_is_up(&world), "%s: it goes on", ends[i].name);
		pass_ms(10000);
		ok(!open_now && !world_is_up(&world) && !not_ended,
		   "%s: ended a little later", ends[i].name);
		finish();
	}
}

/* A reload takes trunk and listener away: no answer comes to the old port any more. */
static void test_port_gone(void)
{
	static const struct peer_script script = {.answer_ms = 500};
	struct call *c;

	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&script);
	c = dial();
	pass_ms(2000);
	call_leave(c);
	way_port = 5062;
	pass_ms(15000);
	ok(!world_is_up(&world) && open_now, "it is over, and we do not know");
	pass_ms(10000);
	ok(!open_now, "a BYE that leaves from another port is another");
	pass_ms(60000);
	ok(!not_ended, "and the call is known to have ended");
	way_port = SIP_PORT;
	finish();
}

/* A call whose connection is still to come takes its place among those that may be. */
static void test_connecting(void)
{
	static const struct peer_script script = {.answer_ms = 500};
	const char *why;

	conf->calls.max_concurrent = 1;
	begin(&script);
	way_connects = true;
	dial();
	ok(!open_now && calls_may(calls, "u", &why) == CALLS_FULL,
	   "no INVITE is out, and no other call may begin");
	way_connects = false;
	finish();
	conf->calls.max_concurrent = 100;
}

int main(void)
{
	load();
	test_rows();
	test_sweep();
	test_random();
	test_stop();
	test_connecting();
	test_leave();
	test_late();
	test_no_memory();
	test_port_gone();
	config_free(conf);
	return tap_done();
}
