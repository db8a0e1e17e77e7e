#include "sipprobe/call/call_send.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_way.h"
#include "sipprobe/loop/token.h"
#include "sipprobe/message/auth.h"
#include "sipprobe/message/dialog_request.h"

enum { BRANCH_INDEX = 0xca110000U }; /* no target's number is ever as great */

void call_note(const struct call *c, enum ladder_kind kind, int64_t at_ns,
	       const char *text, size_t len)
{
	if (c->events)
		c->events->note_h(kind, at_ns, text, len, c->arg);
}

/* @hop: NULL: the peer */
static int send_to(struct call *c, const struct sa *hop, enum ladder_kind kind,
		   const char *buf, size_t len)
{
	int64_t now_ns = clock_monotonic_ns();
	int err = call_way_send(c->way, hop, buf, len);

	if (!err)
		call_note(c, kind, now_ns, buf, len);
	return err;
}

static int send_bytes(struct call *c, enum ladder_kind kind, const char *buf, size_t len)
{
	return send_to(c, NULL, kind, buf, len);
}

static int branch_make(char branch[CALL_BRANCH_SIZE])
{
	size_t head = (size_t)re_snprintf(branch, CALL_BRANCH_SIZE, "z9hG4bK%08x",
					  BRANCH_INDEX);

	branch[CALL_BRANCH_SIZE - 1] = '\0';
	return token_hex(branch + head, REQUEST_KEY_LEN);
}

/*
 * A session timer that the peer keeps (RFC 4028 7.1): should we die, its refresh finds
 * nobody, and the call ends there too.
 */
static int invite_fields(struct mbuf *mb, struct call *c, const char *uri)
{
	int err = mbuf_printf(mb,
			      "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, "
			      "INFO\r\nSupported: 100rel, timer\r\n"
			      "Session-Expires: %u;refresher=uas\r\nMin-SE: 90\r\n",
			      c->session_s);

	if (!err && c->auth)
		err = auth_print(c->auth, mb, c->settings.auth, "INVITE", uri);
	return err ? err : mbuf_write_u8(mb, 0);
}

static int invite_make(struct call *c, struct mbuf *fields)
{
	const struct request_call call = {.uri = c->target,
					  .body = call_audio_offer(c->audio)};
	struct request_info info = {
		.method = "INVITE",
		.trunk = &c->trunk,
		.transport = c->transport,
		.local = call_way_local(c->way),
		.peer = &c->peer,
		.index = BRANCH_INDEX,
		.agent = c->around->agent,
		.cseq = c->cseq + 1,
		.call = &call,
	};
	bool first = !c->invite.buf;
	int err = invite_fields(fields, c, c->target);

	info.fields = (const char *)fields->buf;
	if (!err)
		err = request_make(&c->invite, &info);
	if (!err)
		err = first ? request_stamp(&c->invite)
			    : request_stamp_branch(&c->invite);
	return err;
}

int call_send_invite(struct call *c)
{
	struct mbuf *fields = mbuf_alloc(512);
	int err = fields ? invite_make(c, fields) : ENOMEM;

	mem_deref(fields);
	if (err)
		return err;
	c->cseq++;
	if (!c->sent_ns) {
		c->sent_ns = clock_monotonic_ns();
		memcpy(c->out.call_id, c->invite.buf + c->invite.call_id,
		       REQUEST_CALL_ID_LEN);
	}
	c->state = CALL_INVITE_CALLING;
	call_retry_begin(&c->invite_retry, clock_monotonic_ns(), call_t1_ns(c), true,
			 call_way_is_reliable(c->way));
	c->out.report.made = true;
	return send_bytes(c, LADDER_SENT, c->invite.buf, c->invite.len);
}

void call_send_invite_again(struct call *c)
{
	c->out.retransmissions++;
	(void)send_bytes(c, LADDER_RETRANSMITTED, c->invite.buf, c->invite.len);
}

/* Over a connection what left needs no copy, unless that breaks. */
static int request_left(const struct call *c, struct call_request *r, int err)
{
	if (call_way_is_reliable(c->way)) {
		call_retry_quiet(&r->retry);
		if (err)
			call_retry_lost(&r->retry, clock_monotonic_ns());
	}
	return err;
}

/* Takes the printed text over and sends it first. */
static int request_begin(struct call *c, const struct sa *hop, struct call_request *r,
			 struct mbuf *mb)
{
	mem_deref(r->text);
	r->text = mb;
	r->anew = false;
	call_retry_begin(&r->retry, clock_monotonic_ns(), call_t1_ns(c), false,
			 call_way_is_reliable(c->way));
	return request_left(c, r,
			    send_to(c, hop, LADDER_SENT, (const char *)mb->buf, mb->end));
}

/* What could not be made is tried again by its clock, as if it had been lost. */
static int request_put_off(const struct call *c, struct call_request *r, int err)
{
	if (!r->retry.end_ns)
		call_retry_begin(&r->retry, clock_monotonic_ns(), call_t1_ns(c), false,
				 false);
	return err;
}

int call_send_cancel(struct call *c)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct guard_message invite;
	int err = mb ? 0 : ENOMEM;

	if (!err && !call_invite_parts(&invite, c))
		err = EINVAL;
	if (!err)
		err = dialog_print_cancel(mb, &invite);
	if (err) {
		mem_deref(mb);
		return request_put_off(c, &c->cancel, err);
	}
	c->cancel.cseq = invite.cseq;
	memcpy(c->cancel.branch, c->invite.buf + c->invite.branch, REQUEST_BRANCH_LEN);
	return request_begin(c, NULL, &c->cancel, mb);
}

int call_send_ack_reject(struct call *c, const struct guard_message *response)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct guard_message invite;
	int err = mb ? 0 : ENOMEM;

	if (!err && !call_invite_parts(&invite, c))
		err = EINVAL;
	if (!err)
		err = dialog_print_ack(mb, &invite, response);
	if (!err)
		err = send_bytes(c, LADDER_SENT, (const char *)mb->buf, mb->end);
	mem_deref(mb);
	return err;
}

/* @branch: filled in */
static int dialog_print(struct mbuf **mbp, const struct call *c, const struct dialog *d,
			const char *method, uint32_t cseq, const char *fields,
			char branch[CALL_BRANCH_SIZE])
{
	const struct pl call_id = {.p = c->invite.buf + c->invite.call_id,
				   .l = REQUEST_CALL_ID_LEN};
	const struct dialog_request r = {
		.method = method,
		.transport = call_way_transport(c->way),
		.local = call_way_local(c->way),
		.branch = branch,
		.call_id = &call_id,
		.cseq = cseq,
		.max_forwards = c->settings.max_forwards,
		.agent = c->settings.user_agent ? c->settings.user_agent
						: c->around->agent,
		.fields = fields,
	};
	struct mbuf *mb = mbuf_alloc(512);
	int err = mb ? branch_make(branch) : ENOMEM;

	if (!err)
		err = dialog_print_request(mb, d, &r);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

/* What answers a challenge to a request within a dialog, if there is one. */
static int credentials(struct mbuf *mb, const struct call *c, struct auth *auth,
		       const char *method, const struct dialog *d)
{
	int err = 0;

	if (auth)
		err = auth_print(auth, mb, c->settings.auth, method, d->target);
	return err ? err : mbuf_write_u8(mb, 0);
}

int call_send_prack(struct call *c, uint32_t rseq)
{
	struct mbuf *fields = mbuf_alloc(256), *mb;
	int err = fields ? mbuf_printf(fields, "RAck: %u %u INVITE\r\n", rseq,
				       c->invite.cseq)
			 : ENOMEM;

	if (!err)
		err = credentials(fields, c, c->prack_auth, "PRACK", c->early);
	if (!err)
		err = dialog_print(&mb, c, c->early, "PRACK", c->cseq + 1,
				   (const char *)fields->buf, c->prack.branch);
	mem_deref(fields);
	if (err)
		return err;
	c->prack.cseq = ++c->cseq;
	c->rseq = rseq;
	return request_begin(c, NULL, &c->prack, mb);
}

/* The ACK has the INVITE's number and a branch of its own (RFC 3261 13.2.2.4). */
int call_send_ack(struct call *c, struct call_line *line)
{
	char branch[CALL_BRANCH_SIZE];
	bool again = line->ack;
	int err = 0;

	if (!again)
		err = dialog_print(&line->ack, c, line->dialog, "ACK", c->invite.cseq, "",
				   branch);
	if (err)
		return err;
	return send_to(c, &line->hop, again ? LADDER_RETRANSMITTED : LADDER_SENT,
		       (const char *)line->ack->buf, line->ack->end);
}

int call_send_bye(struct call *c, struct call_line *line)
{
	struct mbuf *fields = mbuf_alloc(256), *mb;
	int err =
		fields ? credentials(fields, c, line->auth, "BYE", line->dialog) : ENOMEM;

	if (!err)
		err = dialog_print(&mb, c, line->dialog, "BYE", c->cseq + 1,
				   (const char *)fields->buf, line->bye.branch);
	mem_deref(fields);
	if (err)
		return request_put_off(c, &line->bye, err);
	line->bye.cseq = ++c->cseq;
	line->bye_local = *call_way_local(c->way);
	return request_begin(c, &line->hop, &line->bye, mb);
}

static bool bye_is_half_done(const struct call *c, const struct call_line *line)
{
	return line->bye.retry.end_ns - clock_monotonic_ns() <
	       CALL_RETRY_SPAN / 2 * call_t1_ns(c);
}

void call_send_bye_again(struct call *c, struct call_line *line)
{
	int64_t end_ns = line->bye.retry.end_ns;
	bool refused = line->bye_refused;
	bool moved = line->bye.text && !line->bye_moved &&
		     !call_way_is_reliable(c->way) && bye_is_half_done(c, line) &&
		     !sa_cmp(&line->bye_local, call_way_local(c->way), SA_ALL);

	line->bye_refused = false;
	if (!line->bye.text || moved || refused)
		(void)call_send_bye(c, line);
	else
		call_send_again(c, &line->hop, &line->bye);
	if (refused)
		line->bye.retry.end_ns = end_ns;
	line->bye_moved |= moved;
}

void call_send_again(struct call *c, const struct sa *hop, struct call_request *r)
{
	(void)request_left(c, r,
			   send_to(c, hop, LADDER_RETRANSMITTED,
				   (const char *)r->text->buf, r->text->end));
}

bool call_request_answered(const struct call_request *r, const struct guard_message *m)
{
	return r->text && m->cseq == r->cseq && m->branch.l == REQUEST_BRANCH_LEN &&
	       !strncasecmp(m->branch.p, r->branch, REQUEST_BRANCH_LEN);
}

bool call_bye_ends(unsigned code)
{
	return code < 300 || code == 481 || code == 487;
}

int call_print_bye(struct call_request *r, const struct call *c, const struct dialog *d,
		   const struct mbuf *invite, const struct call_print_way *way)
{
	struct dialog_request request = {
		.method = "BYE",
		.transport = way->transport,
		.local = way->local,
		.branch = r->branch,
		.cseq = r->cseq + 1,
		.max_forwards = c->settings.max_forwards,
		.agent = c->around->agent,
		.fields = "",
	};
	struct mbuf *mb = mbuf_alloc(512);
	struct guard_message m;
	int err = mb ? branch_make(r->branch) : ENOMEM;

	if (!err && guard_datagram(&m, (const char *)invite->buf, invite->end, NULL))
		err = EINVAL;
	request.call_id = &m.call_id;
	r->text = mem_deref(r->text);
	if (!err)
		err = dialog_print_request(mb, d, &request);
	if (err) {
		mem_deref(mb);
		return err;
	}
	r->text = mb;
	r->cseq = request.cseq;
	return 0;
}
