/*
 * Calls under virtual time, between the peer of call_peer.h and what the exporter would
 * be told. Way and audio are made here. To be included by one file.
 */
#ifndef TESTS_UNIT_SIPPROBE_CALL_CALL_STAGE_H
#define TESTS_UNIT_SIPPROBE_CALL_CALL_STAGE_H

#include <errno.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_private.h"
#include "sipprobe/call/call_way.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/media/media.h"
#include "tests/unit/sipprobe/call/call_peer.h"
#include "tests/unit/tap.h"

static struct world world;

/* What a loop's called end says by the caller's way; NULL: nothing. */
static int (*stage_guest_h)(const char *buf, size_t len);

/* A way that ends at the peer of the test, in place of sockets. */
struct call_way {
	const struct call_way_events *events;
	void *arg;
	struct sa local;
};

static struct call_way *way_last;

int call_way_alloc(struct call_way **wp, const struct call_way_conf *conf,
		   const struct call_way_events *events, void *arg)
{
	struct call_way *w = mem_zalloc(sizeof(*w), NULL);

	(void)conf;
	if (!w)
		return ENOMEM;
	w->events = events;
	w->arg = arg;
	way_last = w;
	(void)sa_set_str(&w->local, "192.0.2.1", 5060);
	*wp = w;
	return 0;
}

static struct sa last_hop;	     /* where the last message went */
static bool way_connects;	     /* for ever */
static uint16_t way_port = SIP_PORT; /* that messages leave from */

static int way_open_error, way_send_error, audio_error;
static bool way_reliable;

int call_way_open(struct call_way *w)
{
	if (way_open_error)
		return way_open_error;
	if (!way_connects)
		w->events->up_h(w->arg);
	return 0;
}

int call_way_send(struct call_way *w, const struct sa *hop, const char *buf, size_t len)
{
	if (way_send_error)
		return way_send_error;
	last_hop = hop ? *hop : world.peer_sa;
	sa_set_port(&w->local, way_port);
	if (stage_guest_h && memmem(buf, len, "Call-ID: other", 14))
		return stage_guest_h(buf, len);
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
	return way_reliable;
}

void call_way_phases(const struct call_way *w, int64_t *connect_ns, int64_t *tls_ns)
{
	(void)w;
	*connect_ns = 3;
	*tls_ns = 4;
}

/* Audio that hears what the test says. */
struct call_audio {
	const struct call_audio_events *events;
	void *arg;
	struct media_report report;
	bool begun, stopped, reported;
	unsigned answers; /* that it was given */
};

static enum media_heard heard = MEDIA_HEARD_NONCE;
static unsigned audios;	 /* that have ports */
static bool audio_keeps; /* what was heard, for people */
static unsigned pairs;	 /* of them that know each other */
static struct call_tones tones[2];
static unsigned tones_count; /* ends that were given some */
static unsigned quiets;
static int64_t quiet_ns;   /* when the last one was made quiet */
static bool audio_is_slow; /* its reports come when the test says so */

static struct call_audio *audio_last;
static char audio_said[64];    /* the peer's last answer */
static unsigned audio_answers; /* how often it was given one */

static void audio_destructor(void *arg)
{
	const struct call_audio *a = arg;

	audios -= !a->stopped;
}

int call_audio_alloc(struct call_audio **ap, const struct call_audio_conf *conf,
		     const struct call_audio_events *events, void *arg)
{
	struct call_audio *a;

	if (audio_error)
		return audio_error;
	a = mem_zalloc(sizeof(*a), audio_destructor);
	if (!a)
		return ENOMEM;
	audio_last = a;
	audio_keeps = conf->keep;
	if (tones_count < 2)
		tones[tones_count++] = *conf->tones;
	audios++;
	a->events = events;
	a->arg = arg;
	*ap = a;
	return 0;
}

int call_audio_pair(struct call_audio *a, struct call_audio *b)
{
	pairs++;
	return a && b ? 0 : EINVAL;
}

const char *call_audio_offer(const struct call_audio *a)
{
	(void)a;
	return "v=0\r\n";
}

const char *call_audio_answer(struct call_audio *a, const struct pl *sdp)
{
	a->answers++;
	if (!sdp->l || !pl_strcmp(sdp, "bad"))
		return "it is bad";
	a->begun = true;
	audio_answers++;
	(void)pl_strcpy(sdp, audio_said, sizeof(audio_said));
	return NULL;
}

const char *call_audio_offered(struct call_audio *a, const char **text,
			       const struct pl *sdp)
{
	if (!pl_strcmp(sdp, "bad"))
		return "it is bad";
	*text = "v=0\r\ns=answer\r\n";
	a->begun = true;
	return NULL;
}

void call_audio_quiet(struct call_audio *a)
{
	(void)a;
	quiets++;
	quiet_ns = virtual_now_ns;
}

static void audio_report(struct call_audio *a)
{
	a->reported = true;
	a->report.in.heard = a->begun ? heard : MEDIA_HEARD_NOTHING;
	a->report.in.first_packet_ns = 5;
	a->events->done_h(a->arg);
}

static struct call_audio *audio_slow[2]; /* those that were stopped, in order */
static unsigned audio_slow_count;

void call_audio_stop(struct call_audio *a)
{
	if (a->stopped)
		return;
	audios--;
	a->stopped = true;
	if (!audio_is_slow)
		audio_report(a);
	else if (audio_slow_count < 2)
		audio_slow[audio_slow_count++] = a;
}

bool call_audio_begun(const struct call_audio *a)
{
	return a->begun;
}

const struct media_report *call_audio_report(const struct call_audio *a)
{
	return a->reported ? &a->report : NULL;
}

/* No thread is needed for that: only what it would be told is. */
static struct media_conf media_told;
static unsigned media_allocs, media_configures;

int media_alloc(struct media **mp, const struct media_conf *conf)
{
	media_told = *conf;
	media_allocs++;
	*mp = mem_zalloc(1, NULL);
	return *mp ? 0 : ENOMEM;
}

int media_configure(struct media *m, const struct media_conf *conf)
{
	(void)m;
	media_told = *conf;
	media_configures++;
	return 0;
}

/* What the exporter would be told. */
static unsigned told, open_now, not_ended, stopped, made[2];
static int64_t made_talk_ns;
static struct call_outcome last;
static char last_caller[128]; /* longer than what it is copied of */

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

/* The ladder: ms since the call began, what it is, method or code; and so on. */
static char ladder[8192];

static const char *ladder_sign(enum ladder_kind kind)
{
	return kind == LADDER_SENT	      ? ">"
	       : kind == LADDER_RETRANSMITTED ? ">>"
	       : kind == LADDER_RECEIVED      ? "<"
					      : "-";
}

static void note_h(enum ladder_kind kind, int64_t at_ns, const char *text, size_t len,
		   void *arg)
{
	int ms = (int)((at_ns - world.begun_ns) / CLOCK_NS_PER_MS);
	size_t used = strlen(ladder);
	struct guard_message m;

	(void)arg;
	if (!len)
		(void)re_snprintf(ladder + used, sizeof(ladder) - used, "%d - %s, ", ms,
				  text);
	else if (guard_datagram(&m, text, len, NULL) || m.size != len)
		world.fault = "what is noted is no message";
	else if (m.request)
		(void)re_snprintf(ladder + used, sizeof(ladder) - used, "%d %s %r, ", ms,
				  ladder_sign(kind), &m.method);
	else
		(void)re_snprintf(ladder + used, sizeof(ladder) - used, "%d %s %u, ", ms,
				  ladder_sign(kind), m.code);
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
		" \"20000-20199\", \"networks\": [\"192.0.2.0/24\", \"2001:db8::/32\"]}},"
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
	ladder[0] = '\0';
	quiets = pairs = tones_count = audio_slow_count = audio_answers = 0;
	audio_said[0] = '\0';
	memset(&last, 0, sizeof(last));
	(void)ticker_alloc(&ticker);
	c.ticker = ticker;
	(void)calls_alloc(&calls, &c);
	world_begin(&world, script, to_call_h, ticker);
	(void)calls_configure(calls, conf);
}

static enum config_transport dial_transport = CONFIG_TRANSPORT_UDP;

static struct call *dial_to(const struct sa *peer, bool *came_back)
{
	struct call_setup setup = {.trunk = &trunk,
				   .conf = conf,
				   .transport = dial_transport,
				   .peer = *peer,
				   .peer_name = ""};
	struct call *c = NULL;

	if (calls_start(&c, calls, &setup, &handlers, came_back))
		world.fault = "no call";
	return c;
}

static struct call *dial(void)
{
	return dial_to(&world.peer_sa, NULL);
}

static inline unsigned ladder_count(const char *what)
{
	unsigned n = 0;

	for (const char *p = ladder; (p = strstr(p, what)); p++)
		n++;
	return n;
}

/* A response of the peer's to the INVITE, as it stands there. @tag: NULL: none */
static inline bool say_body(unsigned code, const char *phrase, const char *tag,
			    const char *fields, const char *body)
{
	struct guard_message m;
	char text[2048];
	int len;

	if (!peer_invite(&world, &m))
		return false;
	len = re_snprintf(text, sizeof(text),
			  "SIP/2.0 %u %s\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=%r\r\n"
			  "From: %r\r\nTo: <sip:x@y>%s%s\r\nCall-ID: %r\r\n"
			  "CSeq: %u INVITE\r\n%sContent-Length: %zu\r\n\r\n%s",
			  code, phrase, &m.branch, &m.from, tag ? ";tag=" : "",
			  tag ? tag : "", &m.call_id, m.cseq, fields, strlen(body), body);
	return len > 0 && !guard_datagram(&m, text, (size_t)len, NULL) &&
	       calls_response(calls, NULL, &m, virtual_now_ns);
}

static inline bool say(unsigned code, const char *phrase, const char *tag,
		       const char *fields)
{
	return say_body(code, phrase, tag, fields, "");
}

/* When the verdict was told, in ms since the call began. */
static inline int told_ms(void)
{
	return (int)((last.ended_ns - world.begun_ns) / CLOCK_NS_PER_MS);
}

static void finish(void)
{
	struct ticker *ticker = world.ticker;

	world_end(&world);
	calls = mem_deref(calls);
	mem_deref(ticker);
}

#endif
