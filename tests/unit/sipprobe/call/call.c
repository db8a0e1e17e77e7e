/*
 * Whole calls under virtual time, with a peer made here: every message of every kind of
 * call is lost, late or comes twice, the peer dies, and each time the peer is asked
 * whether it still has a call. What it has left, we must have counted.
 */
#include <errno.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_way.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/media/media.h"
#include "sipprobe/transport/stream_private.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/sipprobe/call/call_peer.h"
#include "tests/unit/tap.h"

enum { SWEEP_MESSAGES = 24, RANDOM_CALLS = 10000 };

static struct world world;

/* What a loop's called end says by the caller's way. */
static int guest_own_way(const char *buf, size_t len);

/* A way that ends at the peer of the test, in place of sockets. */
struct call_way {
	const struct call_way_events *events;
	void *arg;
	struct sa local;
};

int call_way_alloc(struct call_way **wp, const struct call_way_conf *conf,
		   const struct call_way_events *events, void *arg)
{
	struct call_way *w = mem_zalloc(sizeof(*w), NULL);

	(void)conf;
	if (!w)
		return ENOMEM;
	w->events = events;
	w->arg = arg;
	(void)sa_set_str(&w->local, "192.0.2.1", 5060);
	*wp = w;
	return 0;
}

static bool way_connects;	     /* for ever */
static uint16_t way_port = SIP_PORT; /* that messages leave from */

int call_way_open(struct call_way *w)
{
	if (!way_connects)
		w->events->up_h(w->arg);
	return 0;
}

int call_way_send(struct call_way *w, const struct sa *hop, const char *buf, size_t len)
{
	(void)hop;
	sa_set_port(&w->local, way_port);
	if (memmem(buf, len, "Call-ID: other", 14))
		return guest_own_way(buf, len);
	world_send(&world, true, buf, len);
	return 0;
}

const struct sa *call_way_local(const struct call_way *w)
{
	return &w->local;
}

const char *call_way_transport(const struct call_way *w)
{
	(void)w;
	return "UDP";
}

bool call_way_is_reliable(const struct call_way *w)
{
	(void)w;
	return false;
}

void call_way_phases(const struct call_way *w, int64_t *connect_ns, int64_t *tls_ns)
{
	(void)w;
	*connect_ns = *tls_ns = -1;
}

/* Audio that hears what the test says. */
struct call_audio {
	const struct call_audio_events *events;
	void *arg;
	struct media_report report;
	bool begun, stopped;
};

static enum media_heard heard = MEDIA_HEARD_NONCE;
static unsigned audios; /* that have ports */

static void audio_destructor(void *arg)
{
	const struct call_audio *a = arg;

	audios -= !a->stopped;
}

int call_audio_alloc(struct call_audio **ap, const struct call_audio_conf *conf,
		     const struct call_audio_events *events, void *arg)
{
	struct call_audio *a = mem_zalloc(sizeof(*a), audio_destructor);

	(void)conf;
	if (!a)
		return ENOMEM;
	audios++;
	a->events = events;
	a->arg = arg;
	*ap = a;
	return 0;
}

int call_audio_pair(struct call_audio *a, struct call_audio *b)
{
	return a && b ? 0 : EINVAL;
}

const char *call_audio_offer(const struct call_audio *a)
{
	(void)a;
	return "v=0\r\n";
}

const char *call_audio_answer(struct call_audio *a, const struct pl *sdp)
{
	if (!pl_strcmp(sdp, "bad"))
		return "it is bad";
	a->begun = true;
	return NULL;
}

const char *call_audio_offered(struct call_audio *a, const char **text,
			       const struct pl *sdp)
{
	(void)a;
	*text = "v=0\r\n";
	return pl_strcmp(sdp, "bad") ? NULL : "it is bad";
}

void call_audio_quiet(struct call_audio *a)
{
	(void)a;
}

void call_audio_stop(struct call_audio *a)
{
	audios -= !a->stopped;
	a->stopped = true;
	a->report.in.heard = heard;
	a->events->done_h(a->arg);
}

bool call_audio_begun(const struct call_audio *a)
{
	return a->begun;
}

const struct media_report *call_audio_report(const struct call_audio *a)
{
	return a->stopped ? &a->report : NULL;
}

/* No thread is needed for that. */
int media_alloc(struct media **mp, const struct media_conf *conf)
{
	(void)conf;
	*mp = mem_zalloc(1, NULL);
	return *mp ? 0 : ENOMEM;
}

int media_configure(struct media *m, const struct media_conf *conf)
{
	(void)m;
	(void)conf;
	return 0;
}

/* What the exporter would be told. */
static unsigned told, open_now, not_ended, stopped, made[2];
static int64_t made_talk_ns;
static struct call_outcome last;
static char last_caller[64];

static void open_h(const char *trunk, unsigned open, void *arg)
{
	(void)trunk;
	(void)arg;
	open_now = open;
}

static void not_ended_h(const char *trunk, const char *number, const char *why, void *arg)
{
	(void)trunk;
	(void)number;
	(void)why;
	(void)arg;
	not_ended++;
}

static void made_h(const char *trunk, const struct call_report *r, void *arg)
{
	(void)trunk;
	(void)arg;
	made[!r->answered]++;
	made_talk_ns += r->talk_ns;
}

static const struct calls_events calls_handlers = {open_h, not_ended_h, made_h};

static void note_h(enum ladder_kind kind, int64_t at_ns, const char *text, size_t len,
		   void *arg)
{
	(void)kind;
	(void)at_ns;
	(void)text;
	(void)len;
	(void)arg;
}

/* @arg: where it is noted whether the call came back to us, or NULL */
static void done_h(const struct call_outcome *o, void *arg)
{
	if (arg)
		*(bool *)arg = o->report.has_far;
	told++;
	last = *o;
	str_ncpy(last_caller, o->report.media ? o->report.media->caller_id : "",
		 sizeof(last_caller));
}

static void stopped_h(void *arg)
{
	(void)arg;
	stopped++;
}

static const struct call_events handlers = {note_h, done_h, stopped_h};

static struct config *conf;
static struct config_settings settings;
static struct config_call call_conf;
static struct config_trunk trunk = {.name = "t", .uri = "sip:192.0.2.9"};
static struct calls *calls;

static void load(void)
{
	static const char text[] =
		"{\"calls\": {\"numbers\": [\"100200\"], \"max_concurrent\": 100,"
		" \"max_per_hour\": 10000, \"max_per_day\": 100000, \"media\": "
		"{\"ports\":"
		" \"20000-20199\", \"networks\": [\"192.0.2.0/24\"]}},"
		" \"trunks\": [{\"name\": \"t\", \"uri\": \"sip:192.0.2.9\", \"method\":"
		" \"INVITE\", \"call\": {\"mode\": \"echo\", \"to\": \"100200\"}}]}";
	struct config_errors errs = {0};

	ok(!config_parse(&conf, text, sizeof(text) - 1, NULL, &errs), "configuration");
	config_errors_clear(&errs);
	settings = *conf->trunks[0].settings;
	call_conf = *settings.call;
	settings.call = &call_conf;
	trunk.settings = &settings;
}

/* To the call's end of the world. */
static void to_call_h(const char *buf, size_t len)
{
	static const char gone[] = "SIP/2.0/UDP 192.0.2.1:5060;";

	if (way_port != SIP_PORT && memmem(buf, len, gone, sizeof(gone) - 1))
		return;
	struct answer_dialog dialog;
	struct guard_message m;
	char out[4096];
	unsigned code;
	size_t size;

	if (guard_datagram(&m, buf, len, NULL))
		return;
	if (!m.request) {
		(void)calls_response(calls, NULL, &m, virtual_now_ns);
		return;
	}
	if (calls_request(calls, &m, virtual_now_ns, &code, &dialog) && code &&
	    !answer_make(out, sizeof(out), &size, &m,
			 &(struct answer_info){.code = code,
					       .src = &world.peer_sa,
					       .agent = "us",
					       .dialog = &dialog}))
		world_send(&world, true, out, size);
}

static void begin(const struct peer_script *script)
{
	struct ticker *ticker = NULL;
	struct calls_conf c = {.agent = "us", .events = &calls_handlers};

	told = open_now = not_ended = stopped = 0;
	made[0] = made[1] = 0;
	made_talk_ns = 0;
	memset(&last, 0, sizeof(last));
	(void)ticker_alloc(&ticker);
	c.ticker = ticker;
	(void)calls_alloc(&calls, &c);
	world_begin(&world, script, to_call_h, ticker);
	(void)calls_configure(calls, conf);
}

static struct call *dial_to(const struct sa *peer, bool *came_back)
{
	struct call_setup setup = {.trunk = &trunk,
				   .conf = conf,
				   .transport = CONFIG_TRANSPORT_UDP,
				   .peer = *peer,
				   .peer_name = ""};
	struct call *c = NULL;

	(void)calls_start(&c, calls, &setup, &handlers, came_back);
	return c;
}

static struct call *dial(void)
{
	return dial_to(&world.peer_sa, NULL);
}

static void finish(void)
{
	struct ticker *ticker = world.ticker;

	world_end(&world);
	calls = mem_deref(calls);
	mem_deref(ticker);
}

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
	ok(!open_now && calls_may(calls, "u", &why) == CALLS_REFUSED,
	   "no INVITE is out, and no other call may begin");
	way_connects = false;
	finish();
	conf->calls.max_concurrent = 100;
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
	test_rows();
	test_sweep();
	test_random();
	test_stop();
	test_connecting();
	test_leave();
	test_late();
	test_no_memory();
	test_loop();
	test_loops();
	test_loop_ends();
	test_loop_slow();
	test_port_gone();
	test_loop_stream();
	test_loop_stream_lost();
	config_free(conf);
	return tap_done();
}
