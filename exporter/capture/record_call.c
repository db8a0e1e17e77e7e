/* What a call showed, in words: one list for terminals, pages, texts. */
#include <string.h>

#include "base/buffer_format.h"
#include "base/clock.h"
#include "exporter/capture/record.h"
#include "exporter/capture/record_private.h"

/* Who is told, and the words of a fact under way. */
struct telling {
	capture_fact_h *fact_h;
	void *arg;
	struct buffer text;
};

void capture_put_duration(struct buffer *b, int64_t ns)
{
	if (ns < CLOCK_NS_PER_S)
		buffer_format(b, "%.1f ms", (double)ns / CLOCK_NS_PER_MS);
	else
		buffer_format(b, "%.2f s", (double)ns / CLOCK_NS_PER_S);
}

static void record_call_tell(struct telling *t, const char *name)
{
	buffer_add(&t->text, "", 1);
	if (!t->text.err)
		t->fact_h(name, t->text.data, t->arg);
	buffer_clear(&t->text);
}

static void record_call_time(struct telling *t, const char *name, int64_t ns)
{
	if (ns < 0)
		return;
	capture_put_duration(&t->text, ns);
	record_call_tell(t, name);
}

static void record_call_words(struct telling *t, const char *name, const char *words)
{
	capture_put_safe(&t->text, words, strlen(words));
	record_call_tell(t, name);
}

static void record_call_score(struct telling *t, const struct media_inbound *in)
{
	if (in->unscored == MEDIA_SCORED)
		buffer_format(&t->text, "%.2f (R %.1f, G.107, with loss concealment%s)",
			      in->mos, in->r_factor,
			      in->delay_assumed ? ", delay not known" : "");
	else
		buffer_format(&t->text, "none: %s", media_unscored_name(in->unscored));
	record_call_tell(t, "MOS");
}

/* Of what came, a share of what was due. */
static void record_call_loss(struct telling *t, const struct media_inbound *in)
{
	if (!in->received || in->loss_ratio < 0)
		return;
	buffer_format(&t->text, "%.1f %%", in->loss_ratio * 100);
	if (in->discarded)
		buffer_format(&t->text, ", and %u too late for the jitter buffer",
			      in->discarded);
	record_call_tell(t, "lost");
}

/* What came towards an end. @delay: what its measured delay is called */
static void record_call_inbound(struct telling *t, const struct media_inbound *in,
				const char *delay)
{
	record_call_loss(t, in);
	record_call_time(t, "jitter", in->jitter_ns);
	if (in->delay_by != MEDIA_DELAY_NONE)
		record_call_time(t, delay, in->delay_ns);
}

static void record_call_near(struct telling *t, const struct call_report *c)
{
	const struct media_report *r = &c->media->near;

	buffer_format(&t->text, "%s, %u packets sent, %u received, %u lost%s",
		      media_codec_name(r->codec), r->out.sent, r->in.received, r->in.lost,
		      r->secure ? ", SRTP" : "");
	record_call_tell(t, "audio");
	record_call_time(t, "first audio", c->first_audio_ns);
	record_call_inbound(t, &r->in, c->has_far ? "one way, in" : "round trip");
	record_call_time(t, "by RTCP", r->out.round_trip_ns);
	record_call_words(t, "heard", media_heard_name(r->in.heard));
	record_call_score(t, &r->in);
}

/* In a loop, the end that was called: what we said, as it came there. */
static void record_call_far(struct telling *t, const struct call_report *c)
{
	const struct media_report *r = &c->media->far;

	buffer_format(&t->text, "%u packets sent, %u received, %u lost", r->out.sent,
		      r->in.received, r->in.lost);
	record_call_tell(t, "called end");
	record_call_inbound(t, &r->in, "one way, out");
	record_call_words(t, "heard", media_heard_name(r->in.heard));
	record_call_score(t, &r->in);
	if (*c->media->caller_id)
		record_call_words(t, "caller id", c->media->caller_id);
}

void capture_call(const struct call_report *c, capture_fact_h *fact_h, void *arg)
{
	struct telling t = {.fact_h = fact_h, .arg = arg};

	if (!c->made)
		return;
	record_call_words(&t, "mode", call_mode_name(c->mode));
	if (c->failure)
		record_call_words(&t, "failed",
				  call_failure_name((enum call_failure)c->failure));
	record_call_time(&t, "ringing", c->post_dial_ns);
	record_call_time(&t, "answer", c->answer_ns);
	if (c->answered)
		record_call_time(&t, "talked", c->talk_ns);
	if (c->has_media)
		record_call_near(&t, c);
	if (c->has_far)
		record_call_far(&t, c);
	if (c->forks) {
		buffer_format(&t.text, "%u more answers, hung up", c->forks);
		record_call_tell(&t, "forks");
	}
	if (!c->ended)
		record_call_words(&t, "end", "not confirmed by the peer");
}
