#include "sipprobe/call/call_audio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sipprobe/call/call_kept.h"
#include "sipprobe/call/call_private.h"
#include "sipprobe/media/media.h"
#include "sipprobe/media/sdp.h"

struct call_audio {
	struct media_session *session; /* NULL: it is gone */
	const struct call_audio_events *events;
	void *arg;
	struct sdp_local ours;
	struct sa peer;
	struct media_report report;
	struct call_kept kept;
	bool begun, stopped, reported, quiet, keeps;
	char text[SDP_BYTES];
	char words[96];
};

static void call_audio_destructor(void *arg)
{
	struct call_audio *a = arg;

	if (a->session)
		media_session_drop(a->session);
	call_kept_clear(&a->kept);
	sdp_local_wipe(&a->ours);
}

static void call_audio_event_h(struct media_session *s, const struct media_event *e,
			       void *arg)
{
	struct call_audio *a = arg;

	(void)s;
	(void)re_snprintf(a->words, sizeof(a->words), "%s%s%s", media_event_name(e->kind),
			  *e->where ? ", " : "", e->where);
	a->events->note_h(e->at_ns, a->words, a->arg);
}

__attribute__((format(printf, 2, 3))) static void audio_note(struct call_audio *a,
							     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(a->words, sizeof(a->words), fmt, ap);
	va_end(ap);
	a->events->note_h(clock_monotonic_ns(), a->words, a->arg);
}

/* Once, at the first that ends it. */
static void audio_tell_end(struct call_audio *a)
{
	if (a->begun && !a->quiet)
		audio_note(a, "ours stops");
	a->quiet = true;
}

/* What only the end of the call can tell: that all of it was silent is one-way audio. */
static void audio_tell_heard(struct call_audio *a)
{
	static const char *const words[MEDIA_HEARDS] = {
		[MEDIA_HEARD_NOTHING] = "nothing",
		[MEDIA_HEARD_SILENCE] = "silence alone, audio goes one way",
		[MEDIA_HEARD_SOUND] = "sound",
		[MEDIA_HEARD_NONCE] = "what was to be heard",
	};
	const struct media_inbound *in = &a->report.in;

	if (a->begun)
		audio_note(a, "heard in all: %s; %u packets came, %u lost, %u sent",
			   words[in->heard], in->received, in->lost, a->report.out.sent);
}

static void call_audio_report_h(struct media_session *s, const struct media_report *r,
				void *arg)
{
	struct call_audio *a = arg;

	a->session = NULL;
	a->report = *r;
	a->reported = true;
	if (a->keeps)
		call_kept_take(&a->kept, &a->report, s);
	audio_tell_heard(a);
	a->events->done_h(a->arg);
}

static const struct media_handlers call_audio_handlers = {call_audio_event_h,
							  call_audio_report_h};

static void session_conf(struct media_session_conf *out, const struct config_call *conf,
			 const struct call_tones *tones, bool keep)
{
	*out = (struct media_session_conf){
		.inband = conf->nonce >> CONFIG_NONCE_INBAND & 1,
		.events = conf->nonce >> CONFIG_NONCE_EVENTS & 1,
		.jitter_buffer_ms = (unsigned)(conf->jitter_buffer_us / 1000),
		.concealed = true,
		.keep_audio = keep,
		.keep_packets = keep ? call_kept_packets(conf) : 0,
	};
	str_ncpy(out->nonce, tones->say, sizeof(out->nonce));
	str_ncpy(out->expect, tones->hear, sizeof(out->expect));
}

static int audio_local(struct sa *sa, const struct config_media *media,
		       const struct sa *local)
{
	int err = 0;

	*sa = *local;
	if (media->address)
		err = sa_set_str(sa, media->address, 0);
	if (!err && sa_af(sa) != sa_af(local))
		err = EAFNOSUPPORT;
	sa_set_port(sa, 0);
	return err;
}

/* Of the same order; their numbers are checked to be. */
static enum media_codec codec_of(int codec)
{
	_Static_assert((int)CONFIG_CODEC_PCMU == (int)MEDIA_PCMU &&
			       (int)CONFIG_CODEC_PCMA == (int)MEDIA_PCMA,
		       "the configuration's codecs are those of media");
	return (enum media_codec)codec;
}

static int audio_describe(struct call_audio *a, const struct config_call *conf)
{
	const struct sa *rtp = media_session_local(a->session);
	enum media_codec codecs[MEDIA_CODECS];
	unsigned count = 0;
	int err;

	for (; count < conf->codec_count && count < MEDIA_CODECS; count++)
		codecs[count] = codec_of(conf->codecs[count]);
	err = sdp_local_init(&a->ours, rtp, (uint16_t)(sa_port(rtp) + 1), codecs, count,
			     conf->srtp == CONFIG_SRTP_REQUIRED);
	if (!err)
		(void)sdp_offer_write(a->text, &a->ours);
	return err;
}

int call_audio_alloc(struct call_audio **ap, const struct call_audio_conf *conf,
		     const struct call_audio_events *events, void *arg)
{
	struct call_audio *a = mem_zalloc(sizeof(*a), call_audio_destructor);
	struct media_session_conf session;
	struct sa sa;
	int err = a ? 0 : ENOMEM;

	session_conf(&session, conf->call, conf->tones, conf->keep);
	if (!err)
		err = audio_local(&sa, conf->ports, conf->local);
	if (!err)
		err = media_session_reserve(&a->session, conf->media, &sa, &session,
					    &call_audio_handlers, a);
	if (!err)
		err = audio_describe(a, conf->call);
	if (err) {
		mem_deref(a);
		return err;
	}
	a->peer = *conf->peer;
	a->events = events;
	a->arg = arg;
	a->keeps = conf->keep;
	*ap = a;
	return 0;
}

int call_audio_pair(struct call_audio *a, struct call_audio *b)
{
	return a && a->session ? media_session_pair(a->session, b->session) : ENOTCONN;
}

const char *call_audio_offer(const struct call_audio *a)
{
	return a->text;
}

static void audio_tell_begin(struct call_audio *a, const struct sdp_remote *theirs)
{
	char to[56];

	if (a->begun)
		return;
	(void)re_snprintf(to, sizeof(to), "%J", &theirs->rtp);
	audio_note(a, "ours begins, %s to %s", media_codec_name(theirs->codec), to);
}

static const char *audio_start(struct call_audio *a, const struct sdp_remote *theirs)
{
	int err = media_session_start(a->session, &a->ours, theirs);

	if (!err) {
		audio_tell_begin(a, theirs);
		a->begun = true;
		return NULL;
	}
	if (err == EACCES)
		return "the peer's SDP names an address outside calls.media.networks";
	return "audio could not be begun";
}

const char *call_audio_answer(struct call_audio *a, const struct pl *sdp)
{
	struct sdp_remote theirs;
	enum sdp_fault fault;

	if (!a->session || a->stopped)
		return NULL;
	fault = sdp_answer_read(&theirs, &a->ours, &a->peer, sdp->p, sdp->l);
	return fault ? sdp_fault_text(fault) : audio_start(a, &theirs);
}

const char *call_audio_offered(struct call_audio *a, const char **text,
			       const struct pl *sdp)
{
	struct sdp_remote theirs;
	enum sdp_fault fault;
	const char *why;

	if (!a->session || a->stopped)
		return "the call is ending";
	fault = sdp_offer_read(&theirs, &a->ours, &a->peer, sdp->p, sdp->l);
	if (fault)
		return sdp_fault_text(fault);
	why = audio_start(a, &theirs);
	if (why)
		return why;
	a->ours.version++;
	(void)sdp_answer_write(a->text, &a->ours, &theirs);
	*text = a->text;
	return NULL;
}

void call_audio_quiet(struct call_audio *a)
{
	if (!a->session || a->stopped)
		return;
	(void)media_session_quiet(a->session);
	audio_tell_end(a);
}

void call_audio_stop(struct call_audio *a)
{
	if (!a->session || a->stopped)
		return;
	a->stopped = true;
	audio_tell_end(a);
	media_session_stop(a->session);
}

bool call_audio_begun(const struct call_audio *a)
{
	return a->begun;
}

const struct media_report *call_audio_report(const struct call_audio *a)
{
	return a->reported ? &a->report : NULL;
}
