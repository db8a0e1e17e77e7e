#include "exporter/ondemand/probe_call.h"

#include "base/buffer_format.h"
#include "config/config.h"
#include "exporter/capture/record.h"
#include "exporter/ondemand/probe_explain.h"

static void call_words_end(struct buffer *b, const struct probe_result *r)
{
	if (r->call.failure)
		buffer_format(b, ", and failed (%s)",
			      call_failure_name((enum call_failure)r->call.failure));
	if (*r->detail)
		buffer_format(b, ": %s", r->detail);
}

void probe_call_words(struct buffer *b, const struct probe_result *r)
{
	const struct call_report *c = &r->call;

	if (c->answered && !c->late) {
		buffer_str(b, "answered the call after ");
		probe_explain_time(b, c->answer_ns);
		buffer_str(b, ", which lasted ");
		probe_explain_time(b, c->talk_ns);
	} else if (c->post_dial_ns >= 0) {
		buffer_str(b, "rang after ");
		probe_explain_time(b, c->post_dial_ns);
		if (r->code)
			buffer_format(b, ", the call ended with %u %s", r->code,
				      r->phrase);
	} else if (r->code) {
		buffer_format(b, "answered the call with %u %s", r->code, r->phrase);
	} else {
		buffer_str(b, "did not answer the call");
	}
	call_words_end(b, r);
}

static void probe_call_line_h(const char *name, const char *value, void *arg)
{
	buffer_format(arg, "  %-12s %s\n", name, value);
}

/* What a mode leaves open, so that nobody takes more from it. */
static const char *const proven[] = {
	[CONFIG_CALL_RING] = "that it rings; nothing of an answer or of audio",
	[CONFIG_CALL_ANSWER] = "that it is answered and ends; nothing of the audio",
	[CONFIG_CALL_ECHO] = "that what we say comes back",
	[CONFIG_CALL_LOOP] = "that each end hears the other",
};

void probe_call_story(struct buffer *b, const struct probe_result *r)
{
	const struct call_report *c = &r->call;

	if (!c->made)
		return;
	capture_call(c, probe_call_line_h, b);
	if (r->verdict != PROBE_DOWN)
		buffer_format(b, "  %-12s %s\n", "proven", proven[c->mode]);
}

static const char *const advices[CALL_FAILURES] = {
	[CALL_FAILURE_NO_RINGING] =
		"Nothing rang. If OPTIONS works, the peer's edge lives and what is "
		"behind "
		"it does not: look at its routing of the number, and whether it takes "
		"calls from our address and our From.",
	[CALL_FAILURE_NO_ANSWER] =
		"It rings and nobody picks up. Have the number answered by a machine, or "
		"use mode ring; answer_timeout is how long we wait.",
	[CALL_FAILURE_REJECTED] =
		"The call was turned down; the code and its phrase say why. Check the "
		"number's form (+47… or without), From as a number that is ours, "
		"credentials, and whether the account may call.",
	[CALL_FAILURE_NO_MEDIA] =
		"Signalling works, audio does not come. Check that firewalls pass UDP to "
		"calls.media.ports, that calls.media.address is one the peer can reach, "
		"and the peer's own media address.",
	[CALL_FAILURE_ONE_WAY] =
		"Packets come, but silent: our audio probably does not reach the other "
		"end. Check the way of UDP from us to the peer's media address.",
	[CALL_FAILURE_NONCE] = "Somebody speaks, but not our echo: an announcement "
			       "(\"not in service\"), "
			       "music, or a person. Check what answers at this number.",
	[CALL_FAILURE_CODEC] =
		"No audio that both know, or an SDP that must not be used; the reason is "
		"above. Compare call.codecs and call.srtp with what the peer takes.",
	[CALL_FAILURE_ENDED_EARLY] =
		"The peer hung up first. Check how long the number's machine stays on, "
		"and "
		"the peer's log for this Call-ID; missing audio makes some hang up.",
	[CALL_FAILURE_LIMIT] = "A limit of calls is reached: see calls in the "
			       "configuration.",
	[CALL_FAILURE_INTERNAL] =
		"This machine could not do it: the reason above is its own word.",
};

const char *probe_call_advice(const struct probe_result *r)
{
	if (r->call.failure)
		return advices[r->call.failure];
	if (!r->call.ended)
		return "The peer did not confirm the end of the call. Look there whether "
		       "it is still up, and end it.";
	return "";
}
