#include "sipprobe/call/call_serve.h"

#include <string.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_drive.h"
#include "sipprobe/call/call_send.h"
#include "sipprobe/call/call_way.h"

/* Header fields of the answer under way. Main thread only. */
static char fields[REQUEST_URI_SIZE + 256];

static void serve_say(struct call_serving *out, unsigned code)
{
	out->code = code;
	out->dialog = (struct answer_dialog){.fields = fields};
}

static unsigned serve_fine(struct call *c, struct call_line *line,
			   const struct guard_message *m, struct call_serving *out)
{
	(void)c;
	(void)line;
	(void)m;
	(void)out;
	return 200;
}

static unsigned serve_bye(struct call *c, struct call_line *line,
			  const struct guard_message *m, struct call_serving *out)
{
	(void)m;
	(void)out;
	if (line->wanted && line->state == CALL_TALK_UP && !c->wait_ns)
		call_drive_blame(c, CALL_FAILURE_ENDED_EARLY,
				 "the peer hung up before we did");
	call_drive_line(c, line, CALL_TALK_THEY_BYE);
	return 200;
}

static unsigned serve_decline(struct call *c, struct call_line *line,
			      const struct guard_message *m, struct call_serving *out)
{
	(void)c;
	(void)line;
	(void)m;
	(void)out;
	return 603;
}

/* Of a re-INVITE without an SDP it has the answer to ours (RFC 3261 13.2.1). */
static unsigned serve_ack(struct call *c, struct call_line *line,
			  const struct guard_message *m, struct call_serving *out)
{
	struct pl sdp = dialog_sdp(m);
	const char *why;

	(void)out;
	if (!c->audio || !sdp.l || !line->offer_cseq || m->cseq != line->offer_cseq)
		return 0;
	line->offer_cseq = 0;
	why = call_audio_answer(c->audio, &sdp);
	if (call_audio_begun(c->audio))
		c->audio_started = true;
	if (why) {
		call_drive_blame(c, CALL_FAILURE_CODEC, why);
		call_drive_end(c);
	}
	return 0;
}

/* RFC 4028 9: who refreshes goes on doing so. */
static void serve_session(const struct guard_message *m)
{
	uint32_t seconds = dialog_session_expires_s(m);
	size_t len = strlen(fields);

	if (seconds)
		(void)re_snprintf(
			fields + len, sizeof(fields) - len,
			"Require: timer\r\nSession-Expires: %u;refresher=uac\r\n",
			seconds);
}

static void serve_contact(const struct call *c)
{
	struct request_info info = {
		.method = "INVITE",
		.trunk = &c->trunk,
		.transport = c->transport,
		.local = call_way_local(c->way),
		.peer = &c->peer,
	};
	char uri[REQUEST_URI_SIZE];

	if (!request_contact(uri, sizeof(uri), &info, "ping"))
		(void)re_snprintf(fields, sizeof(fields), "Contact: <%s>\r\n", uri);
}

/* @line: NULL: the early dialog, whose requests go to the peer */
static void serve_target(struct call *c, struct call_line *line,
			 const struct guard_message *m)
{
	(void)dialog_refresh(line ? line->dialog : c->early, m);
	if (line)
		line->hop = call_hop(c, line->dialog);
}

/* Who only wants it to ring begins no audio. */
static const char *serve_sdp(struct call *c, const struct pl *sdp, const char **body)
{
	const char *why;

	if (c->settings.call->mode == CONFIG_CALL_RING)
		return "it is to ring alone";
	why = call_audio_offered(c->audio, body, sdp);
	if (call_audio_begun(c->audio))
		c->audio_started = true;
	return why;
}

/* An offer, in an UPDATE or a re-INVITE; a re-INVITE without one asks for ours. */
static unsigned serve_offer(struct call *c, struct call_line *line,
			    const struct guard_message *m, struct call_serving *out)
{
	struct pl sdp = dialog_sdp(m);
	bool invite = !pl_strcmp(&m->method, "INVITE");

	serve_target(c, line, m);
	serve_contact(c);
	serve_session(m);
	if (!c->audio || (!sdp.l && !invite))
		return 200;
	if (!sdp.l) {
		out->dialog.body = call_audio_offer(c->audio);
		line->offer_cseq = m->cseq;
	} else if (serve_sdp(c, &sdp, &out->dialog.body)) {
		return 488;
	}
	return 200;
}

/* @early: before the call is answered as well; then @line is NULL */
static const struct {
	const char *method;
	unsigned (*serve)(struct call *c, struct call_line *line,
			  const struct guard_message *m, struct call_serving *out);
	bool early;
} methods[] = {
	{"BYE", serve_bye, false},	{"ACK", serve_ack, false},
	{"INVITE", serve_offer, false}, {"UPDATE", serve_offer, true},
	{"OPTIONS", serve_fine, true},	{"INFO", serve_fine, true},
	{"PRACK", serve_fine, false},	{"NOTIFY", serve_fine, true},
	{"MESSAGE", serve_fine, true},	{"REFER", serve_decline, false},
};

static unsigned serve_method(struct call *c, struct call_line *line,
			     const struct guard_message *m, struct call_serving *out)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!pl_strcmp(&m->method, methods[i].method))
			return methods[i].serve(c, line, m, out);
	str_ncpy(fields,
		 "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO\r\n",
		 sizeof(fields));
	return pl_strcmp(&m->method, "CANCEL") ? 405 : 481;
}

/* Of a call that is over there is nothing but the same answer to the same BYE. */
static unsigned serve_in_line(struct call *c, struct call_line *line,
			      const struct guard_message *m, struct call_serving *out)
{
	bool bye = !pl_strcmp(&m->method, "BYE"), ack = !pl_strcmp(&m->method, "ACK");

	if (line->state == CALL_TALK_OVER)
		return bye ? 200 : ack ? 0 : 481;
	/* RFC 3261 12.2.2: what is older than the last was overtaken. */
	if (line->peer_cseq && m->cseq < line->peer_cseq && !ack)
		return 500;
	if (!ack)
		line->peer_cseq = m->cseq;
	return serve_method(c, line, m, out);
}

/* RFC 3311 5.1: our Allow lets the peer ask before it answers. */
static bool serve_is_early(const struct call *c, const struct guard_message *m)
{
	if (!c->early || c->state == CALL_INVITE_DONE || !dialog_has(c->early, m))
		return false;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!pl_strcmp(&m->method, methods[i].method))
			return methods[i].early;
	return false;
}

static unsigned serve_in_early(struct call *c, const struct guard_message *m,
			       struct call_serving *out)
{
	if (m->cseq < c->early_cseq)
		return 500;
	c->early_cseq = m->cseq;
	return serve_method(c, NULL, m, out);
}

bool call_serve(struct call *c, const struct guard_message *m, int64_t rx_ns,
		struct call_serving *out)
{
	struct call_line *line = NULL;

	for (struct le *le = c->lines.head; le && !line; le = le->next)
		if (dialog_has(((struct call_line *)le->data)->dialog, m))
			line = le->data;
	if (!line && !serve_is_early(c, m))
		return false;
	fields[0] = '\0';
	serve_say(out, 0);
	call_note(c, LADDER_RECEIVED, rx_ns, m->method.p, m->size);
	out->code = line ? serve_in_line(c, line, m, out) : serve_in_early(c, m, out);
	call_drive_review(c);
	return true;
}
