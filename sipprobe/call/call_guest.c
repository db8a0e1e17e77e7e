#include "sipprobe/call/call_guest.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_back.h"
#include "sipprobe/call/call_guest_bye.h"
#include "sipprobe/call/call_guest_private.h"
#include "sipprobe/call/call_send.h"
#include "sipprobe/call/call_way.h"
#include "sipprobe/loop/token.h"
#include "sipprobe/message/siphdr.h"

#define GUEST_PATIENCE_NS (CALL_GUEST_PATIENCE_S * CLOCK_NS_PER_S)

void call_guest_free(struct call_guest *g)
{
	mem_deref(g);
}

static void call_guest_destructor(void *arg)
{
	struct call_guest *g = arg;

	call_back_close(&g->back);
	mem_deref(g->invite);
	mem_deref(g->ok);
	mem_deref(g->dialog);
	mem_deref(g->bye.text);
	mem_deref(g->audio);
}

static bool guest_invite(struct guard_message *m, const struct call_guest *g)
{
	return !guard_datagram(m, (const char *)g->invite->buf, g->invite->end, NULL);
}

static void call_guest_note_h(int64_t at_ns, const char *text, void *arg)
{
	char words[112];

	(void)re_snprintf(words, sizeof(words), "called end: %s", text);
	call_note(arg, LADDER_AUDIO, at_ns, words, 0);
}

static void call_guest_done_h(void *arg)
{
	struct call *c = arg;

	c->guest->heard = true;
	c->around->review_h(c);
}

static const struct call_audio_events call_guest_audio = {call_guest_note_h,
							  call_guest_done_h};

/* The user part of From, as it came back: what the called end would be shown. */
static void guest_caller(char *out, size_t size, const struct guard_message *invite)
{
	struct siphdr_addr from;
	const char *colon, *at;
	size_t n = 0;

	out[0] = '\0';
	if (!siphdr_addr_read_loosely(&from, &invite->from))
		return;
	colon = memchr(from.uri.p, ':', from.uri.l);
	at = memchr(from.uri.p, '@', from.uri.l);
	if (!colon || !at || at < colon)
		return;
	for (const char *p = colon + 1; p < at && n < size - 1; p++)
		out[n++] = *p > 0x20 && *p < 0x7f ? *p : '?';
	out[n] = '\0';
}

/* The 200, or what it is in place of; a lost connection leaves it to the next copy. */
static void guest_send_answer(struct call *c)
{
	struct call_guest *g = c->guest;

	if (g->ok && call_back_send(&g->back, &g->back.dst, g->ok) &&
	    call_guest_own_way_fits(c))
		(void)call_way_send(c->way, NULL, (const char *)g->ok->buf, g->ok->end);
}

/* How requests within the dialog reach us (RFC 3261 8.1.1.8), as a field. */
static void guest_contact(char *fields, size_t size, const struct call *c,
			  const struct call_back *back, const char *more)
{
	const struct request_info info = {
		.method = "INVITE",
		.trunk = &c->trunk,
		.transport = back->transport,
		.local = &back->local,
		.peer = &c->peer,
	};
	char uri[REQUEST_URI_SIZE];

	fields[0] = '\0';
	if (!request_contact(uri, sizeof(uri), &info, "loop"))
		(void)re_snprintf(fields, size, "Contact: <%s>\r\n%s", uri, more);
}

/* @body: NULL: none */
static struct mbuf *guest_answer(const struct call *c, const struct guard_message *req,
				 const struct call_back *back, unsigned code,
				 const char *tag, const char *body)
{
	struct mbuf *mb = mbuf_alloc(ANSWER_MAX);
	char fields[REQUEST_URI_SIZE + 128];
	const struct answer_dialog dialog = {
		.fields = fields, .body = body, .tag = tag, .makes = true};
	const struct answer_info info = {.code = code,
					 .src = &back->src,
					 .agent = c->around->agent,
					 .dialog = &dialog};

	guest_contact(fields, sizeof(fields), c, back,
		      "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO\r\n");
	if (!mb)
		return NULL;
	if (answer_make((char *)mb->buf, mb->size, &mb->end, req, &info))
		return mem_deref(mb);
	return mb;
}

static int guest_listen(struct call *c, const struct guard_message *invite,
			const char **sdp)
{
	struct call_guest *g = c->guest;
	struct call_tones tones;
	const struct call_audio_conf conf = {
		.media = c->around->media,
		.ports = &c->around->media_conf,
		.call = c->settings.call,
		.tones = &tones,
		.local = &g->back.local,
		.peer = &g->back.src,
	};
	struct pl offer = dialog_sdp(invite);
	int err;

	if (!c->around->media || !offer.l)
		return ENOTSUP;
	memcpy(tones.say, c->tones.hear, sizeof(tones.say));
	memcpy(tones.hear, c->tones.say, sizeof(tones.hear));
	err = call_audio_alloc(&g->audio, &conf, &call_guest_audio, c);
	if (!err)
		err = call_audio_pair(c->audio, g->audio);
	if (!err && call_audio_offered(g->audio, sdp, &offer))
		err = EBADMSG;
	return err;
}

static int guest_alloc(struct call_guest **gp, const struct guard_message *invite,
		       const struct call_arrival *at)
{
	struct call_guest *g = mem_zalloc(sizeof(*g), call_guest_destructor);
	const char *start = invite->method.p;
	int err = g ? token_hex(g->tag, CALL_GUEST_TAG) : ENOMEM;

	if (!err) {
		call_back_open(&g->back, invite, at);
		g->invite = mbuf_alloc(invite->size);
		err = g->invite ? mbuf_write_mem(g->invite, (const uint8_t *)start,
						 invite->size)
				: ENOMEM;
	}
	if (!err)
		err = dialog_read_invite(&g->dialog, invite, g->tag);
	if (err)
		mem_deref(g);
	else
		*gp = g;
	return err;
}

bool call_guest_welcome(struct call *c, const struct guard_message *invite,
			const struct call_arrival *at)
{
	struct call_guest *g;
	const char *sdp = NULL;
	unsigned code;

	if (guest_alloc(&c->guest, invite, at))
		return false;
	g = c->guest;
	g->peer_cseq = invite->cseq;
	guest_caller(c->media.caller_id, sizeof(c->media.caller_id), invite);
	code = guest_listen(c, invite, &sdp) ? 488 : 200;
	g->ok = guest_answer(c, invite, &g->back, code, g->tag, code == 200 ? sdp : NULL);
	g->state = code == 200 ? CALL_TALK_UP : CALL_TALK_OVER;
	guest_send_answer(c);
	call_note(c, LADDER_AUDIO, clock_monotonic_ns(),
		  code == 200 ? "the call came back to us and is answered"
			      : "the call came back to us, with no audio for us",
		  0);
	if (code == 200)
		call_retry_begin(&g->again, clock_monotonic_ns(), call_t1_ns(c), false,
				 false);
	return true;
}

/* RFC 3261 8.2.2.2: it came by two ways, and one is enough. Its ACK is of no dialog. */
static void guest_refuse_merged(const struct call *c, const struct guard_message *invite,
				const struct call_arrival *at)
{
	struct call_back back = {.udp = NULL};
	struct mbuf *mb;

	call_back_open(&back, invite, at);
	mb = guest_answer(c, invite, &back, 482, "merged", NULL);
	if (mb)
		(void)call_back_send(&back, &back.dst, mb);
	mem_deref(mb);
	call_back_close(&back);
}

bool call_guest_again(struct call *c, const struct guard_message *invite,
		      const struct call_arrival *at)
{
	struct guard_message first;
	struct call_guest *g = c->guest;

	if (!g || !guest_invite(&first, g) || pl_cmp(&first.call_id, &invite->call_id) ||
	    pl_cmp(&first.from_tag, &invite->from_tag) || first.cseq != invite->cseq)
		return false;
	if (pl_cmp(&first.branch, &invite->branch))
		guest_refuse_merged(c, invite, at);
	else
		guest_send_answer(c);
	return true;
}

static bool guest_is_of(const struct call_guest *g, const struct guard_message *m)
{
	struct guard_message first;

	return guest_invite(&first, g) && !pl_cmp(&first.call_id, &m->call_id);
}

void call_guest_step(struct call *c, enum call_talk_event event)
{
	struct call_guest *g = c->guest;
	struct call_step step = call_talk_step(g->state, event);

	g->state = (enum call_talk)step.next;
	if (step.acts & CALL_TALK_ACT_WAIT)
		call_retry_quiet(&g->bye.retry);
	if (step.acts & CALL_TALK_ACT_LOST) {
		c->lost = true;
		c->around->lost_h(c, "the called end's BYE had no answer");
	}
	if (g->state != CALL_TALK_UP)
		call_retry_end(&g->again);
	if (g->state == CALL_TALK_OVER)
		call_retry_end(&g->bye.retry);
}

/* What may be asked of it, and the answer; others get 405. */
static unsigned guest_code(struct call *c, const struct guard_message *m,
			   struct answer_dialog *dialog)
{
	static const char *const fine[] = {"OPTIONS", "INFO", "UPDATE", "NOTIFY",
					   "MESSAGE"};
	struct pl sdp = dialog_sdp(m);

	if (!pl_strcmp(&m->method, "BYE")) {
		call_guest_step(c, CALL_TALK_THEY_BYE);
		return 200;
	}
	if (c->guest->state == CALL_TALK_OVER)
		return 481;
	if (sdp.l && c->guest->audio &&
	    call_audio_offered(c->guest->audio, &dialog->body, &sdp))
		return 488;
	if (!pl_strcmp(&m->method, "INVITE"))
		return sdp.l ? 200 : 488;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (!pl_strcmp(&m->method, fine[i]))
			return 200;
	return pl_strcmp(&m->method, "REFER") ? 405 : 603;
}

bool call_guest_serve(struct call *c, const struct guard_message *m, int64_t rx_ns,
		      unsigned *code, struct answer_dialog *dialog)
{
	static char fields[REQUEST_URI_SIZE + 128];
	struct call_guest *g = c->guest;

	if (!g || !guest_is_of(g, m) || !dialog_has(g->dialog, m))
		return false;
	(void)rx_ns;
	guest_contact(fields, sizeof(fields), c, &g->back, "");
	*dialog = (struct answer_dialog){.fields = fields};
	*code = 0;
	if (!pl_strcmp(&m->method, "ACK")) {
		call_retry_end(&g->again);
		return true;
	}
	if (m->cseq < g->peer_cseq)
		*code = 500;
	else
		*code = guest_code(c, m, dialog);
	g->peer_cseq = m->cseq > g->peer_cseq ? m->cseq : g->peer_cseq;
	return true;
}

bool call_guest_receive(struct call *c, const struct guard_message *m)
{
	struct call_guest *g = c->guest;

	if (!g || !guest_is_of(g, m) || !call_request_answered(&g->bye, m))
		return false;
	if (m->code >= 200)
		call_guest_step(c, call_bye_ends(m->code) ? CALL_TALK_FINAL
							  : CALL_TALK_REFUSED);
	return true;
}

void call_guest_leave(struct call *c)
{
	struct call_guest *g = c->guest;

	if (!g)
		return;
	if (g->audio)
		call_audio_stop(g->audio);
	if (g->state == CALL_TALK_UP && !g->bye_ns)
		g->bye_ns = clock_monotonic_ns() +
			    (c->stopped || !c->events ? 0 : GUEST_PATIENCE_NS);
}

void call_guest_look(struct call *c, int64_t now_ns)
{
	struct call_guest *g = c->guest;
	enum call_retry_due due;

	if (!g)
		return;
	due = call_retry_look(&g->again, now_ns);
	if (due == CALL_RETRY_AGAIN)
		guest_send_answer(c);
	/* RFC 3261 13.3.1.4: no ACK came. */
	if ((due == CALL_RETRY_OVER || (g->bye_ns && now_ns >= g->bye_ns)) &&
	    g->state == CALL_TALK_UP) {
		call_guest_step(c, CALL_TALK_HANG_UP);
		call_guest_bye(c, now_ns);
	}
	due = call_retry_look(&g->bye.retry, now_ns);
	if (due == CALL_RETRY_AGAIN)
		call_guest_bye(c, now_ns);
	else if (due == CALL_RETRY_OVER)
		call_guest_step(c, CALL_TALK_SILENCE);
}

int64_t call_guest_next_ns(const struct call *c)
{
	const struct call_guest *g = c->guest;
	int64_t at_ns, bye_ns;

	if (!g)
		return INT64_MAX;
	at_ns = call_retry_next_ns(&g->again);
	bye_ns = call_retry_next_ns(&g->bye.retry);
	if (bye_ns < at_ns)
		at_ns = bye_ns;
	return g->bye_ns && g->state == CALL_TALK_UP && g->bye_ns < at_ns ? g->bye_ns
									  : at_ns;
}

const struct media_report *call_guest_report(const struct call *c)
{
	return c->guest && c->guest->audio ? call_audio_report(c->guest->audio) : NULL;
}

bool call_guest_is_heard(const struct call *c)
{
	const struct call_guest *g = c->guest;

	return !g || !g->audio || !call_audio_begun(g->audio) || g->heard;
}

bool call_guest_is_open(const struct call *c)
{
	return c->guest && c->guest->state != CALL_TALK_OVER;
}
