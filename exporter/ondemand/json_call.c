#include "exporter/ondemand/json_call.h"

/* Below 0 it was not measured. */
static void json_call_seconds(struct json *j, const char *key, int64_t ns)
{
	if (ns < 0)
		json_null(j, key);
	else
		json_number(j, key, ns, 9);
}

static void json_call_ratio(struct json *j, const char *key, double ratio)
{
	if (ratio < 0)
		json_null(j, key);
	else
		json_number(j, key, (int64_t)(ratio * 1e6 + 0.5), 6);
}

static void json_call_score(struct json *j, const struct media_inbound *in)
{
	bool scored = in->unscored == MEDIA_SCORED;

	if (scored) {
		json_number(j, "mos", (int64_t)(in->mos * 1000), 3);
		json_number(j, "r_factor", (int64_t)(in->r_factor * 1000), 3);
	} else {
		json_null(j, "mos");
		json_null(j, "r_factor");
	}
	json_str(j, "unscored", scored ? NULL : media_unscored_name(in->unscored));
}

static void json_call_counts(struct json *j, const struct media_report *r)
{
	json_number(j, "sent", r->out.sent, 0);
	json_number(j, "received", r->in.received, 0);
	json_number(j, "lost", r->in.lost, 0);
	json_number(j, "discarded", r->in.discarded, 0);
	json_call_ratio(j, "loss_ratio", r->in.received ? r->in.loss_ratio : -1);
}

/* @r: NULL: that end has none */
static void json_call_audio(struct json *j, const char *key, const struct media_report *r,
			    int64_t first_ns)
{
	if (!r) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_str(j, "codec", media_codec_name(r->codec));
	json_bool(j, "secure", r->secure);
	json_str(j, "heard", media_heard_name(r->in.heard));
	json_call_counts(j, r);
	json_call_seconds(j, "first_seconds", first_ns);
	json_call_seconds(j, "jitter_seconds", r->in.jitter_ns);
	json_call_seconds(j, "delay_seconds",
			  r->in.delay_by == MEDIA_DELAY_NONE ? -1 : r->in.delay_ns);
	json_call_seconds(j, "rtcp_round_trip_seconds", r->out.round_trip_ns);
	json_call_score(j, &r->in);
	json_close(j, '}');
}

static const char *json_call_failure(const struct call_report *c)
{
	return c->failure ? call_failure_name((enum call_failure)c->failure) : NULL;
}

void json_call(struct json *j, const char *key, const struct call_report *c)
{
	if (!c->made && !c->failure) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_str(j, "mode", c->made ? call_mode_name(c->mode) : NULL);
	json_str(j, "failure", json_call_failure(c));
	json_bool(j, "answered", c->answered);
	json_bool(j, "ended", c->ended);
	json_call_seconds(j, "ringing_seconds", c->post_dial_ns);
	json_call_seconds(j, "answer_seconds", c->answer_ns);
	json_call_seconds(j, "talked_seconds", c->talk_ns);
	json_call_audio(j, "audio", c->has_media ? &c->media->near : NULL,
			c->first_audio_ns);
	json_call_audio(j, "called_end", c->has_far ? &c->media->far : NULL,
			c->has_far ? c->media->far.in.first_packet_ns : -1);
	json_str(j, "caller_id", c->has_far ? c->media->caller_id : NULL);
	json_close(j, '}');
}
