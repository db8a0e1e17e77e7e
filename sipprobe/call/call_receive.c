#include "sipprobe/call/call_receive.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_drive.h"
#include "sipprobe/call/call_send.h"
#include "sipprobe/message/auth.h"

enum {
	CHALLENGES_MAX = 3,   /* answered for one INVITE, or BYE, or all PRACKs */
	SESSION_MAX_S = 7200, /* whatever a peer's Min-SE says */
	PUT_OFFS_MAX = 3,     /* BYEs after one that was refused for the moment */
	PUT_OFF_S = 4,	      /* till the next, where the peer does not say when … */
	PUT_OFF_MAX_S = 10,   /* … or says later than there is time for */
};

/* The message as it arrived: its status line stands right before the reason phrase. */
static void receive_note(const struct call *c, const struct guard_message *m,
			 int64_t rx_ns)
{
	size_t before = strlen("SIP/2.0 200") + (m->phrase.p[-1] == ' ');

	call_note(c, LADDER_RECEIVED, rx_ns, m->phrase.p - before, m->size);
}

/* SDP of an answer, early or not; of forks the last is heard, at last who answered. */
static void receive_sdp(struct call *c, const struct guard_message *m)
{
	struct pl sdp;
	const char *why;

	/* Who only wants it to ring begins no audio. */
	if (!c->audio || c->settings.call->mode == CONFIG_CALL_RING)
		return;
	sdp = call_forks_sdp(&c->forks, m);
	if (!sdp.l)
		return;
	why = call_audio_answer(c->audio, &sdp);
	if (call_audio_begun(c->audio))
		c->audio_started = true;
	if (!why)
		return;
	call_drive_blame(c, CALL_FAILURE_CODEC, why);
	call_drive_end(c);
}

/* The early dialog of a response that wants a PRACK; another fork takes its place. */
static bool receive_early(struct call *c, const struct guard_message *m)
{
	struct guard_message invite;
	struct dialog *early;

	if (!m->to_tag.p || !call_invite_parts(&invite, c) ||
	    dialog_read_response(&early, &invite, m))
		return false;
	if (c->early && pl_cmp(&c->early->remote_tag, &early->remote_tag))
		c->rseq = c->early_cseq = 0;
	mem_deref(c->early);
	c->early = early;
	return true;
}

/* RFC 3262 4: each is acknowledged once; what comes again is ours being late. */
static void receive_reliable(struct call *c, const struct guard_message *m)
{
	uint32_t rseq = dialog_rseq(m);

	if (rseq && receive_early(c, m) && rseq > c->rseq)
		(void)call_send_prack(c, rseq);
}

static void receive_ringing(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	const struct config_call *conf = c->settings.call;

	if ((m->code != 180 && m->code != 183) || c->ring_ns)
		return;
	c->ring_ns = rx_ns;
	if (conf->mode == CONFIG_CALL_RING && c->end_ns)
		c->end_ns = rx_ns + conf->ring_for_us * CLOCK_NS_PER_US;
}

static void receive_provisional(struct call *c, const struct guard_message *m,
				int64_t rx_ns)
{
	receive_ringing(c, m, rx_ns);
	if (c->state != CALL_INVITE_DONE)
		receive_reliable(c, m);
	call_drive(c, CALL_EVENT_PROVISIONAL, m);
	if (c->state == CALL_INVITE_PROCEEDING)
		receive_sdp(c, m);
}

static void receive_final(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	struct call_outcome *o = &c->out;
	size_t n = 0;

	if (o->code)
		return;
	o->code = m->code;
	o->given_up = c->wait_ns != 0;
	o->report.response_ns = rx_ns - c->sent_ns;
	for (; n < m->phrase.l && n < sizeof(o->phrase) - 1; n++)
		o->phrase[n] = m->phrase.p[n] >= 0x20 && m->phrase.p[n] < 0x7f
				       ? m->phrase.p[n]
				       : '?';
	o->phrase[n] = '\0';
}

static struct call_line *line_of(const struct call *c, const struct guard_message *m)
{
	for (struct le *le = c->lines.head; le; le = le->next) {
		struct call_line *line = le->data;
		const struct pl *tag = &line->dialog->remote_tag;

		if (m->to_tag.p && tag->p ? !pl_casecmp(tag, &m->to_tag)
					  : !m->to_tag.p == !tag->p)
			return line;
	}
	return NULL;
}

static void receive_answer(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	struct call_line *line = line_of(c, m);

	receive_final(c, m, rx_ns);
	if (line) {
		call_drive_line(c, line, CALL_TALK_AGAIN);
		return;
	}
	if (!c->up_ns)
		c->up_ns = rx_ns;
	call_drive(c, CALL_EVENT_ANSWER, m);
	line = call_main_line(c);
	if (line && line == line_of(c, m) && line->state == CALL_TALK_UP)
		receive_sdp(c, m);
}

/* Whether a refusal asks for another INVITE: credentials, or a longer session timer. */
static bool receive_asks_again(struct call *c, const struct guard_message *m,
			       const char **why)
{
	uint32_t least_s = dialog_min_se_s(m);

	if (c->state > CALL_INVITE_PROCEEDING || !c->end_ns)
		return false;
	/* Once: each 422 of a peer may ask for more than the last, and is a call. */
	if (m->code == 422 && !c->lengthened && least_s > c->session_s &&
	    least_s <= SESSION_MAX_S) {
		c->session_s = least_s;
		c->lengthened = true;
		return true;
	}
	if (!c->auth || c->challenges == CHALLENGES_MAX)
		return false;
	switch (auth_take(c->auth, c->settings.auth, m, true, why)) {
	case AUTH_AGAIN:
		c->challenges++;
		return true;
	case AUTH_REFUSED:
		c->out.outcome = PROBE_AUTH;
		return false;
	case AUTH_ANSWERED:
		break;
	}
	return false;
}

static void receive_reject(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	const char *why = NULL;

	if (c->state != CALL_INVITE_DONE && receive_asks_again(c, m, &why)) {
		(void)call_send_ack_reject(c, m);
		/* One that could not be made is asked for again, or its time is up. */
		(void)call_send_invite(c);
		return;
	}
	receive_final(c, m, rx_ns);
	if (why)
		call_drive_blame(c, CALL_FAILURE_REJECTED, why);
	call_drive(c, CALL_EVENT_REJECT, m);
}

static void receive_invite(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	receive_note(c, m, rx_ns);
	if (m->code < 200)
		receive_provisional(c, m, rx_ns);
	else if (m->code < 300)
		receive_answer(c, m, rx_ns);
	else
		receive_reject(c, m, rx_ns);
}

/*
 * A refusal of a request within the call whose sender the peer wants to know. It has
 * nonces of its own, as what the INVITE's were good for is another matter.
 */
static bool is_challenged(const struct call *c, struct auth **auth, uint8_t *challenges,
			  const struct guard_message *m)
{
	const char *why;

	if ((m->code != 401 && m->code != 407) || !c->settings.auth ||
	    *challenges == CHALLENGES_MAX)
		return false;
	if (!*auth) {
		if (auth_alloc(auth))
			return false;
		auth_begin(*auth, true);
	}
	++*challenges;
	return auth_take(*auth, c->settings.auth, m, true, &why) == AUTH_AGAIN;
}

/* It ends nothing yet. */
static bool bye_is_challenged(struct call *c, struct call_line *line,
			      const struct guard_message *m)
{
	return is_challenged(c, &line->auth, &line->challenges, m) &&
	       !call_send_bye(c, line);
}

/* Refusals of the moment: of one that is overloaded, or whose next hop does not answer.
 */
static bool is_temporary(unsigned code)
{
	return code == 500 || (code >= 502 && code <= 504);
}

/*
 * Who has no time for a BYE has the call yet: it is made anew as another request, when
 * the peer says or a little later, within the time of the first (Timer F).
 */
static bool bye_is_put_off(struct call_line *line, const struct guard_message *m,
			   int64_t rx_ns)
{
	int64_t wait_s = PUT_OFF_S;

	if (!is_temporary(m->code))
		return false;
	/* A copy of the same refusal. */
	if (line->bye_refused)
		return true;
	if (line->put_offs == PUT_OFFS_MAX)
		return false;
	if (m->retry_after_s > 0 && m->retry_after_s <= PUT_OFF_MAX_S)
		wait_s = m->retry_after_s;
	line->put_offs++;
	line->bye_refused = true;
	call_retry_put_off(&line->bye.retry, rx_ns + wait_s * CLOCK_NS_PER_S);
	return true;
}

static void receive_bye(struct call *c, struct call_line *line,
			const struct guard_message *m, int64_t rx_ns)
{
	receive_note(c, m, rx_ns);
	if (m->code < 200)
		call_retry_slow(&line->bye.retry, rx_ns);
	else if (call_bye_ends(m->code))
		call_drive_line(c, line, CALL_TALK_FINAL);
	else if (line->state != CALL_TALK_ENDING ||
		 (!bye_is_challenged(c, line, m) && !bye_is_put_off(line, m, rx_ns)))
		call_drive_line(c, line, CALL_TALK_REFUSED);
}

static bool receive_other(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	for (struct le *le = c->lines.head; le; le = le->next) {
		struct call_line *line = le->data;

		if (!call_request_answered(&line->bye, m))
			continue;
		receive_bye(c, line, m, rx_ns);
		return true;
	}
	return false;
}

static void receive_cancelled(struct call *c, const struct guard_message *m,
			      int64_t rx_ns)
{
	receive_note(c, m, rx_ns);
	if (m->code < 200)
		call_retry_slow(&c->cancel.retry, rx_ns);
	/* By 481 it knows no such call, any more: nothing rings there (RFC 3261 9.2). */
	else if (m->code < 300 || m->code == 481)
		call_drive(c, CALL_EVENT_CANCELLED, m);
	else
		call_retry_quiet(&c->cancel.retry);
}

static void receive_pracked(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	receive_note(c, m, rx_ns);
	if (m->code < 200)
		return;
	call_retry_end(&c->prack.retry);
	if (c->state != CALL_INVITE_DONE && c->rseq &&
	    is_challenged(c, &c->prack_auth, &c->prack_challenges, m))
		(void)call_send_prack(c, c->rseq);
}

static bool receive_by_method(struct call *c, const struct guard_message *m,
			      int64_t rx_ns)
{
	if (request_answered_by(&c->invite, "INVITE", m)) {
		receive_invite(c, m, rx_ns);
		return true;
	}
	if (!pl_strcmp(&m->cseq_method, "CANCEL") &&
	    call_request_answered(&c->cancel, m)) {
		receive_cancelled(c, m, rx_ns);
		return true;
	}
	if (!pl_strcmp(&m->cseq_method, "PRACK") && call_request_answered(&c->prack, m)) {
		receive_pracked(c, m, rx_ns);
		return true;
	}
	return !pl_strcmp(&m->cseq_method, "BYE") && receive_other(c, m, rx_ns);
}

bool call_receive(struct call *c, const struct guard_message *m, int64_t rx_ns)
{
	bool taken = receive_by_method(c, m, rx_ns);

	if (taken)
		call_drive_review(c);
	return taken;
}

bool call_receive_icmp(struct call *c, const struct pl *branch, int err)
{
	bool invite = c->invite.buf && branch->l == REQUEST_BRANCH_LEN &&
		      !memcmp(branch->p, c->invite.buf + c->invite.branch, branch->l);

	if (!invite || c->state != CALL_INVITE_CALLING || err == EMSGSIZE)
		return invite;
	call_drive_fail(c, err == ECONNREFUSED ? PROBE_REFUSED : PROBE_UNREACHABLE, err,
			CALL_FAILURE_NO_RINGING,
			err == ECONNREFUSED ? "port unreachable (ICMP)"
					    : "unreachable (ICMP)");
	return true;
}
