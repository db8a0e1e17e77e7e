#include "sipprobe/call/call_verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

const char *call_failure_name(enum call_failure f)
{
	static const char *const names[CALL_FAILURES] = {
		[CALL_FAILURE_NONE] = "",
		[CALL_FAILURE_NO_RINGING] = "no_ringing",
		[CALL_FAILURE_NO_ANSWER] = "no_answer",
		[CALL_FAILURE_REJECTED] = "rejected",
		[CALL_FAILURE_NO_MEDIA] = "no_media",
		[CALL_FAILURE_ONE_WAY] = "one_way",
		[CALL_FAILURE_NONCE] = "nonce",
		[CALL_FAILURE_CODEC] = "codec",
		[CALL_FAILURE_ENDED_EARLY] = "ended_early",
		[CALL_FAILURE_LIMIT] = "limit",
		[CALL_FAILURE_INTERNAL] = "internal",
	};

	return (unsigned)f < CALL_FAILURES ? names[f] : "";
}

const char *call_mode_name(unsigned mode)
{
	static const char *const names[] = {
		[CONFIG_CALL_RING] = "ring",
		[CONFIG_CALL_ANSWER] = "answer",
		[CONFIG_CALL_ECHO] = "echo",
		[CONFIG_CALL_LOOP] = "loop",
	};

	return mode < sizeof(names) / sizeof(*names) ? names[mode] : "";
}

__attribute__((format(printf, 2, 3))) static void say(struct call_outcome *o,
						      const char *fmt, ...)
{
	va_list ap;

	if (*o->detail)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(o->detail, sizeof(o->detail), fmt, ap);
	va_end(ap);
}

static void verdict_fail(struct call_outcome *o, enum call_failure failure,
			 const char *words)
{
	if (!o->report.failure)
		o->report.failure = (uint8_t)failure;
	say(o, "%s", words);
}

/* RFC 3261 21.4.26, and its like: what was offered does not suit. */
static bool is_codec_refusal(unsigned code)
{
	return code == 488 || code == 606 || code == 415;
}

static void judge_unanswered(struct call_outcome *o, const struct config_call *conf,
			     bool ringing)
{
	/* It rang, which was all that was asked; what became of it then is as it is. */
	if (conf->mode == CONFIG_CALL_RING && ringing)
		return;
	if (is_codec_refusal(o->code))
		verdict_fail(o, CALL_FAILURE_CODEC, "what we offer is not acceptable");
	else if (o->code >= 300 && o->code < 400)
		verdict_fail(o, CALL_FAILURE_REJECTED,
			     "the call was redirected, and redirects are not followed");
	else if (o->code >= 300 && (o->code != 487 || !o->given_up))
		verdict_fail(o, CALL_FAILURE_REJECTED, "the call was rejected");
	else if (ringing)
		verdict_fail(o, CALL_FAILURE_NO_ANSWER,
			     "it rang, and nobody answered within call.answer_timeout");
	else
		verdict_fail(o, CALL_FAILURE_NO_RINGING,
			     "it did not ring within call.answer_timeout");
}

static void judge_heard(struct call_outcome *o)
{
	switch (o->report.media->near.in.heard) {
	case MEDIA_HEARD_NOTHING:
		verdict_fail(o, CALL_FAILURE_NO_MEDIA, "no packet of audio came");
		break;
	case MEDIA_HEARD_SILENCE:
		verdict_fail(o, CALL_FAILURE_ONE_WAY,
			     "packets of audio came, and all of them were silent");
		break;
	case MEDIA_HEARD_SOUND:
		verdict_fail(
			o, CALL_FAILURE_NONCE,
			"sound came, but not what we said: an announcement, or music");
		break;
	case MEDIA_HEARD_NONCE:
	case MEDIA_HEARDS:
		break;
	}
}

/* Each end must have heard the other. */
static void judge_loop(struct call_outcome *o)
{
	bool near = o->report.media->near.in.heard == MEDIA_HEARD_NONCE;
	bool far =
		o->report.has_far && o->report.media->far.in.heard == MEDIA_HEARD_NONCE;

	if (!o->report.has_far)
		verdict_fail(o, CALL_FAILURE_NONCE,
			     "answered, but the call did not come back to us");
	else if (near != far)
		verdict_fail(o, CALL_FAILURE_ONE_WAY,
			     near ? "the called end did not hear us"
				  : "we did not hear the called end");
	else if (!near)
		judge_heard(o);
}

static void judge_answered(struct call_outcome *o, const struct config_call *conf)
{
	if (o->report.failure || conf->mode <= CONFIG_CALL_ANSWER)
		return;
	if (!o->report.has_media) {
		verdict_fail(o, CALL_FAILURE_NO_MEDIA,
			     "answered without an SDP, so without audio");
		return;
	}
	if (conf->mode == CONFIG_CALL_LOOP)
		judge_loop(o);
	else
		judge_heard(o);
}

/* Which limit what was heard at an end is past, or NULL. */
static const char *audio_past(const struct media_inbound *in,
			      const struct config_call_degraded *d)
{
	const struct {
		const char *what;
		bool past;
	} limits[] = {
		{"MOS", d->mos > 0 && in->unscored == MEDIA_SCORED && in->mos < d->mos},
		{"loss", d->loss > 0 && in->loss_ratio > d->loss},
		{"jitter",
		 d->jitter_us && in->jitter_ns > d->jitter_us * CLOCK_NS_PER_US},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].past)
			return limits[i].what;
	return NULL;
}

static bool is_dialled_slowly(const struct call_outcome *o,
			      const struct config_call_degraded *d)
{
	return d->post_dial_delay_us &&
	       o->report.post_dial_ns > d->post_dial_delay_us * CLOCK_NS_PER_US;
}

/* A loop is judged by what either end heard, an echo by what came back. */
static void judge_audio(struct call_outcome *o, const struct config_call *conf)
{
	const struct config_call_degraded *d = &conf->degraded;
	bool loop = conf->mode == CONFIG_CALL_LOOP;
	const char *what;

	if (!o->report.has_media || conf->mode <= CONFIG_CALL_ANSWER)
		return;
	what = audio_past(&o->report.media->near.in, d);
	if (what)
		say(o, "%s%s is past call.degraded", what,
		    loop ? " of what we heard" : "");
	else if (loop && (what = audio_past(&o->report.media->far.in, d)))
		say(o, "%s of what the called end heard is past call.degraded", what);
	if (what)
		o->verdict = PROBE_DEGRADED;
}

static void judge_quality(struct call_outcome *o, const struct config_call *conf)
{
	if (is_dialled_slowly(o, &conf->degraded)) {
		o->verdict = PROBE_DEGRADED;
		say(o, "post-dial delay is past call.degraded");
		return;
	}
	judge_audio(o, conf);
	if (o->verdict == PROBE_UP && !o->report.ended) {
		o->verdict = PROBE_DEGRADED;
		say(o, "the peer did not confirm the end of the call");
	}
}

void call_verdict(struct call_outcome *o, const struct config_call *conf, bool ringing)
{
	o->verdict = PROBE_UP;
	o->report.mode = (uint8_t)conf->mode;
	if (o->report.answered && !o->report.late)
		judge_answered(o, conf);
	else
		judge_unanswered(o, conf, ringing);
	if (o->outcome == PROBE_RESPONSE && !o->code)
		o->outcome = PROBE_TIMEOUT;
	if (o->report.failure)
		o->verdict = PROBE_DOWN;
	else
		judge_quality(o, conf);
	/* Of a call that rang and was cancelled, the ringing was all the answer wanted.
	 */
	if (o->outcome == PROBE_TIMEOUT && !o->report.failure) {
		o->outcome = PROBE_RESPONSE;
		o->report.response_ns = o->report.post_dial_ns;
	}
}
