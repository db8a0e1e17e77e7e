/* A call's audio as signalling has it: SDP, what media is asked for, what it tells. */
#include <arpa/inet.h>
#include <errno.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_private.h"
#include "sipprobe/media/media.h"
#include "sipprobe/media/packets.h"
#include "sipprobe/media/sdp.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

/* Media that notes what it is asked for. */
struct media_session {
	struct media_session_conf conf;
	const struct media_handlers *handlers;
	void *arg;
};

static struct media_session session;
static struct sa session_at, reserved_at;
static struct sdp_remote remote;
static unsigned reserves, starts, pairs, quiets, stops, drops;
static int reserve_error, start_error;

int media_session_reserve(struct media_session **sp, struct media *m,
			  const struct sa *local, const struct media_session_conf *conf,
			  const struct media_handlers *h, void *arg)
{
	(void)m;
	if (reserve_error)
		return reserve_error;
	reserves++;
	reserved_at = *local;
	session = (struct media_session){*conf, h, arg};
	*sp = &session;
	return 0;
}

const struct sa *media_session_local(const struct media_session *s)
{
	(void)s;
	return &session_at;
}

int media_session_start(struct media_session *s, const struct sdp_local *ours,
			const struct sdp_remote *theirs)
{
	(void)s;
	(void)ours;
	starts++;
	remote = *theirs;
	return start_error;
}

int media_session_pair(struct media_session *a, struct media_session *b)
{
	pairs++;
	return a && b ? 0 : EINVAL;
}

int media_session_quiet(struct media_session *s)
{
	(void)s;
	quiets++;
	return 0;
}

void media_session_stop(struct media_session *s)
{
	(void)s;
	stops++;
}

void media_session_drop(struct media_session *s)
{
	(void)s;
	drops++;
}

static struct media_packets *ring;

int media_session_audio(struct mbuf **wav, const struct media_session *s)
{
	(void)s;
	*wav = NULL;
	return 0;
}

struct media_packets *media_session_packets(struct media_session *s)
{
	(void)s;
	return mem_ref(ring);
}

/* What the call is told. */
static char notes[512];
static int events_arg;
static int64_t note_ns;
static unsigned dones;

static void note_h(int64_t at_ns, const char *text, void *arg)
{
	size_t used = strlen(notes);

	note_ns = arg == &events_arg ? at_ns : -1;
	(void)re_snprintf(notes + used, sizeof(notes) - used, "%s; ", text);
}

static void done_h(void *arg)
{
	(void)arg;
	dones++;
}

static const struct call_audio_events events = {note_h, done_h};
static const int codecs[] = {CONFIG_CODEC_PCMA, CONFIG_CODEC_PCMU};
static const struct call_tones tones = {.say = "12345", .hear = "ABCDA"};
static struct config_media ports;
static struct config_call call;
static struct sa local, peer;
static bool keeps;

static int open_audio(struct call_audio **ap)
{
	const struct call_audio_conf conf = {.ports = &ports,
					     .call = &call,
					     .tones = &tones,
					     .keep = keeps,
					     .local = &local,
					     .peer = &peer};

	return call_audio_alloc(ap, &conf, &events, &events_arg);
}

static struct call_audio *begin(void)
{
	struct call_audio *a = NULL;

	notes[0] = '\0';
	reserves = starts = pairs = quiets = stops = drops = dones = 0;
	ports = (struct config_media){.address = NULL};
	call = (struct config_call){.mode = CONFIG_CALL_ECHO,
				    .nonce = 1 << CONFIG_NONCE_INBAND,
				    .duration_us = 15000000,
				    .jitter_buffer_us = 45000,
				    .codecs = codecs,
				    .codec_count = 2};
	(void)sa_set_str(&local, "192.0.2.1", 5060);
	(void)sa_set_str(&session_at, "192.0.2.1", 40000);
	(void)sa_set_str(&peer, "192.0.2.9", 5060);
	ok(!open_audio(&a) && reserves == 1, "audio");
	return a;
}

static void test_conf(void)
{
	struct call_audio *a = begin();
	const struct media_session_conf *c = &session.conf;

	ok(c->inband && !c->events && c->jitter_buffer_ms == 45 && c->concealed &&
		   !c->keep_audio && !c->keep_packets,
	   "what media is asked for");
	ok(!strcmp(c->nonce, "12345") && !strcmp(c->expect, "ABCDA"),
	   "what is said, what is to be heard");
	ok(sa_cmp(&reserved_at, &local, SA_ADDR) && !sa_port(&reserved_at),
	   "at the address of the signalling");
	mem_deref(a);
	is_int(drops, 1, "given up without an end");
	a = begin();
	mem_deref(a);
	a = NULL;
	call.nonce = 1 << CONFIG_NONCE_EVENTS;
	ports.address = "192.0.2.5";
	keeps = true;
	is_int(open_audio(&a), 0, "at another address, and kept");
	ok(!c->inband && c->events && c->keep_audio && c->keep_packets == 2500 &&
		   reserved_at.u.in.sin_addr.s_addr == htonl(0xc0000205),
	   "so it is asked for");
	a = mem_deref(a);
	keeps = false;
	ports.address = "2001:db8::1";
	is_int(open_audio(&a), EAFNOSUPPORT, "of another family there is none");
	ports.address = NULL;
	reserve_error = EADDRINUSE;
	is_int(open_audio(&a), EADDRINUSE, "nor without ports");
	reserve_error = 0;
	ok(!a && drops == 2, "and nothing is left");
}

static void test_offer(void)
{
	struct call_audio *a = begin();

	ok(strstr(call_audio_offer(a), "m=audio 40000 RTP/AVP 8 0 101\r\n") != NULL,
	   "codecs in the order of the configuration");
	mem_deref(a);
	a = NULL;
	call.codec_count = 1;
	call.srtp = CONFIG_SRTP_REQUIRED;
	(void)open_audio(&a);
	ok(strstr(call_audio_offer(a), "m=audio 40000 RTP/SAVP 8 101\r\n") != NULL,
	   "under SRTP, of one");
	mem_deref(a);
}

#define HEAD  "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
#define GOOD  HEAD "m=audio 5000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
#define OTHER HEAD "m=audio 5000 RTP/AVP 3\r\n"

static const char *answer(struct call_audio *a, const char *text)
{
	struct pl sdp;

	pl_set_str(&sdp, text);
	return call_audio_answer(a, &sdp);
}

static const char *offered(struct call_audio *a, const char **ours, const char *text)
{
	struct pl sdp;

	pl_set_str(&sdp, text);
	return call_audio_offered(a, ours, &sdp);
}

static void test_answer(void)
{
	struct call_audio *a = begin();

	is_str(answer(a, OTHER), sdp_fault_text(SDP_NO_CODEC), "no codec of ours");
	ok(!call_audio_begun(a) && !starts && !*notes, "begins nothing");
	start_error = EACCES;
	is_str(answer(a, GOOD),
	       "the peer's SDP names an address outside calls.media.networks",
	       "nor does one that media may not go to");
	start_error = ENOMEM;
	is_str(answer(a, GOOD), "audio could not be begun", "or cannot");
	start_error = 0;
	ok(!call_audio_begun(a) && !*notes, "none is begun");
	is_str(answer(a, GOOD), NULL, "a good one");
	ok(call_audio_begun(a) && sa_port(&remote.rtp) == 5000 &&
		   remote.codec == MEDIA_PCMU,
	   "begins it");
	is_str(answer(a, GOOD), NULL, "again");
	is_int(starts, 4, "media is told");
	is_str(notes, "ours begins, PCMU to 192.0.2.9:5000; ", "people once");
	is_int(note_ns, virtual_now_ns, "when it was");
	call_audio_stop(a);
	is_str(answer(a, OTHER), NULL, "after its end an answer is none");
	is_int(starts, 4, "and begins nothing");
	mem_deref(a);
}

/* The number of the version in o=, of an SDP of ours. */
static unsigned version_of(const char *sdp)
{
	unsigned version = 0;
	const char *o = strstr(sdp, "o=");

	return o && sscanf(o, "o=%*s %*s %u", &version) == 1 ? version : 0;
}

static void test_offered(void)
{
	struct call_audio *a = begin();
	const char *ours = NULL;
	unsigned before = version_of(call_audio_offer(a));

	is_str(offered(a, &ours, OTHER), sdp_fault_text(SDP_NO_CODEC),
	       "no codec of ours");
	start_error = EACCES;
	ok(offered(a, &ours, GOOD) && !ours, "an address that is not allowed");
	start_error = 0;
	is_str(offered(a, &ours, GOOD), NULL, "a good one");
	ok(ours && strstr(ours, "m=audio 40000 RTP/AVP 0 101\r\n") && call_audio_begun(a),
	   "has our answer");
	is_int(version_of(ours), before + 1, "which is another SDP");
	call_audio_stop(a);
	is_str(offered(a, &ours, GOOD), "the call is ending", "after its end");
	mem_deref(a);
}

static void test_end(void)
{
	struct call_audio *a = begin(), *b;
	const struct media_report report = {
		.in = {.heard = MEDIA_HEARD_SILENCE, .received = 3, .lost = 1},
		.out = {.sent = 7}};
	const struct media_event event = {
		.kind = MEDIA_EVENT_FIRST_PACKET, .at_ns = 5, .where = "192.0.2.9:5000"};
	const struct media_event other = {.kind = MEDIA_EVENT_FIRST_SOUND, .at_ns = 6};

	(void)answer(a, GOOD);
	notes[0] = '\0';
	session.handlers->event_h(&session, &event, session.arg);
	is_int(note_ns, 5, "when media saw it");
	session.handlers->event_h(&session, &other, session.arg);
	is_str(notes, "first packet, 192.0.2.9:5000; first sound; ", "what media tells");
	notes[0] = '\0';
	call_audio_quiet(a);
	is_str(notes, "ours stops; ", "quiet");
	call_audio_quiet(a);
	call_audio_stop(a);
	call_audio_stop(a);
	call_audio_quiet(a);
	ok(quiets == 2 && stops == 1 && !call_audio_report(a), "it ends once");
	is_str(notes, "ours stops; ", "as is told");
	notes[0] = '\0';
	b = begin();
	notes[0] = '\0';
	(void)answer(b, GOOD);
	call_audio_stop(b);
	is_str(notes, "ours begins, PCMU to 192.0.2.9:5000; ours stops; ",
	       "or at its end at the latest");
	notes[0] = '\0';
	session.handlers->report_h(&session, &report, session.arg);
	is_str(notes,
	       "heard in all: silence alone, audio goes one way; 3 packets came, 1 lost, "
	       "7 sent; ",
	       "what was heard");
	ok(dones == 1 && call_audio_report(b) && call_audio_report(b)->in.received == 3 &&
		   !call_audio_report(b)->packets,
	   "the report is there");
	is_int(call_audio_pair(b, a), ENOTCONN, "of no pair any more");
	call_audio_quiet(b);
	is_str(answer(b, OTHER), NULL, "nor asked for anything");
	ok(!quiets && !pairs, "media is not told");
	mem_deref(b);
	is_int(drops, 0, "whose session is gone already");
	is_int(call_audio_pair(NULL, a), ENOTCONN, "nor is none");
	is_int(call_audio_pair(a, a), 0, "a pair");
	is_int(pairs, 1, "of media's");
	mem_deref(a);
}

/* Of one that never began people are told nothing; what is kept is in the report. */
static void test_kept(void)
{
	const struct media_report report = {.in = {.heard = MEDIA_HEARD_NOTHING}};
	struct call_audio *a;

	keeps = true;
	ring = packets_alloc(10);
	packets_add(ring, &(struct media_packet){
				  .at_ns = 1, .data = (const uint8_t *)"x", .size = 1});
	a = begin();
	call_audio_quiet(a);
	call_audio_stop(a);
	session.handlers->report_h(&session, &report, session.arg);
	ok(!*notes && dones == 1, "nothing began, nothing is told");
	is_int((int)call_audio_report(a)->packet_count, 1, "its packets are kept");
	mem_deref(a);
	is_int(mem_nrefs(ring), 1, "as long as it is");
	ring = mem_deref(ring);
	keeps = false;
}

int main(void)
{
	test_conf();
	test_offer();
	test_answer();
	test_offered();
	test_end();
	test_kept();
	return tap_done();
}
