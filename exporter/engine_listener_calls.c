#include "exporter/engine_listener_calls.h"

#include "base/log.h"
#include "exporter/store/store.h"

/* Fields whose number depends on what is known. */
struct call_fields {
	size_t count;
	struct log_field list[24]; /* the last one stays LOG_END */
};

static void call_add(struct call_fields *f, struct log_field field)
{
	if (f->count + 1 < sizeof(f->list) / sizeof(*f->list))
		f->list[f->count++] = field;
}

static void call_add_text(struct call_fields *f, const char *key, const char *text)
{
	if (text && *text)
		call_add(f, LOG_S(key, text));
}

static void call_add_time(struct call_fields *f, const char *key, int64_t ns)
{
	if (ns >= 0)
		call_add(f, LOG_SEC(key, ns));
}

static void call_add_media(struct call_fields *f, const struct call_report *r)
{
	const struct media_inbound *in;

	if (!r->has_media)
		return;
	in = &r->media->near.in;
	call_add_text(f, "codec", media_codec_name(r->media->near.codec));
	call_add_text(f, "heard", media_heard_name(in->heard));
	call_add_time(f, "first_audio", r->first_audio_ns);
	call_add(f, LOG_I("sent", r->media->near.out.sent));
	call_add(f, LOG_I("received", in->received));
	call_add(f, LOG_I("lost", in->lost));
	call_add_time(f, "jitter", in->jitter_ns);
	if (!r->has_far)
		return;
	call_add_text(f, "far_heard", media_heard_name(r->media->far.in.heard));
	call_add(f, LOG_I("far_lost", r->media->far.in.lost));
	call_add_text(f, "caller_id", r->media->caller_id);
}

void engine_listener_call_done(const struct probe_result *r, const char *trunk,
			       const char *address)
{
	const struct call_report *call = &r->call;
	struct call_fields f = {0};
	bool well = r->verdict == PROBE_UP;

	if (!call->made && !call->failure)
		return;
	call_add_text(&f, "trunk", trunk);
	call_add_text(&f, "address", address);
	call_add_text(&f, "failure", call_failure_name((enum call_failure)call->failure));
	if (r->code)
		call_add(&f, LOG_I("code", r->code));
	call_add_text(&f, "phrase", r->phrase);
	call_add_text(&f, "detail", r->detail);
	call_add_time(&f, "ringing", call->post_dial_ns);
	call_add_time(&f, "answer", call->answer_ns);
	if (call->answered)
		call_add_time(&f, "talked", call->talk_ns);
	call_add_media(&f, call);
	if (!call->ended)
		call_add_text(&f, "end", "not confirmed");
	call_add_text(&f, "call_id", r->call_id);
	log_write(well ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  well				 ? "call went through"
		  : r->verdict == PROBE_DEGRADED ? "call went through, poorly"
						 : "call failed",
		  f.list);
}

void engine_listener_call_refused(const char *why, const char *trunk, const char *address)
{
	log_event(LOG_LEVEL_WARN, "call not made", LOG_S("trunk", trunk),
		  LOG_S("address", address), LOG_S("why", why));
}

void engine_listener_calls_open_h(const char *trunk, unsigned open, void *arg)
{
	store_calls_open(arg, trunk, open);
}

void engine_listener_call_made_h(const char *trunk, const struct call_report *r,
				 void *arg)
{
	store_call_made(arg, trunk, r);
}

void engine_listener_call_not_ended_h(const char *trunk, const char *number,
				      const char *why, void *arg)
{
	store_call_not_ended(arg, trunk);
	log_event(LOG_LEVEL_ERROR, "call may not have ended at the peer",
		  LOG_S("trunk", trunk), LOG_S("to", number), LOG_S("why", why));
}

void engine_listener_media_lateness_h(const struct media_lateness *l, void *arg)
{
	store_media_lateness(arg, l);
}
