/*
 * A world of two ends under virtual time: ours, and a peer that follows a script. All
 * messages between them may be lost, doubled or late. To be included by one file.
 */
#ifndef TESTS_UNIT_SIPPROBE_CALL_CALL_PEER_H
#define TESTS_UNIT_SIPPROBE_CALL_CALL_PEER_H

#include <stdlib.h>
#include <string.h>

#include "sipprobe/message/answer.h"
#include "sipprobe/message/dialog.h"
#include "tests/unit/sipprobe/virtual_time.h"

struct peer_script {
	int ring_ms;	 /* from INVITE to 180; 0: none, negative: none either */
	int answer_ms;	 /* from INVITE to the final response */
	unsigned code;	 /* of that; 0: 200 */
	int bye_ms;	 /* from the answer to its own BYE; 0: ours */
	int bye_late_ms; /* from BYE to its answer */
	unsigned bye_code;
	unsigned cancel_code; /* 0: 200, and 487 to the INVITE; else nothing more */
	bool cancel_mute;     /* 487 to the INVITE alone */
	bool prack_mute;
	const char *contact; /* of its 2xx; NULL: its address */
	const char *sdp;     /* NULL: one that is well */
	bool trying;	     /* 100 at once */
	bool dead;	     /* never says a word */
	bool mute;	     /* says none before its answer */
	bool cross;	     /* answers 200 to INVITE when CANCEL comes */
	bool fork;	     /* a second 200, with another tag */
	bool reliable;	     /* a 183 that wants PRACK; its SDP is the answer */
	bool asks;	     /* requests of its own during the call */

	/* So many of them are refused first; @refuse_fields: may count by two %u */
	unsigned refuse_invites, refuse_byes, refuse_pracks;
	unsigned refuse_code;
	const char *refuse_fields;
};

enum world_ill {
	WORLD_WELL,
	WORLD_LOST,
	WORLD_TWICE,
	WORLD_LATE,
};

enum {
	WORLD_FLIGHTS = 256,
	WORLD_BYTES = 2048,
	WORLD_T1_MS = 500,
	WORLD_WAY_MS = 5, /* of a message */
	WORLD_LATE_MS = 3000,
	WORLD_DIALOGS = 2,
};

/* A message under way. */
struct flight {
	struct wheel_timer timer;
	bool to_peer, used;
	size_t len;
	char buf[WORLD_BYTES];
};

/* A dialog as the peer has it. */
struct peer_dialog {
	bool up; /* 2xx sent, and no BYE since */
	bool acked;
	int every_ms; /* of its 2xx */
	struct wheel_timer again;
};

struct world {
	struct ticker *ticker;
	struct sa peer_sa;
	void (*to_call_h)(const char *buf, size_t len);
	struct peer_script script;
	struct flight flights[WORLD_FLIGHTS];
	enum world_ill ill;
	unsigned ill_at, sent;
	unsigned loss_percent;
	uint32_t seed;
	int dies_ms; /* 0: never */
	int64_t begun_ns;
	int64_t landed_ns; /* when the last message that was sent arrives */
	const char *fault; /* something that must not be */

	/* The peer. */
	char invite[WORLD_BYTES];
	size_t invite_len;
	char request[WORLD_BYTES]; /* the last one that came */
	unsigned refused;
	bool answered; /* a final response went out */
	bool cancelled;
	bool pracked;
	struct wheel_timer ring, answer, bye, again183, asks;
	struct peer_dialog dialogs[WORLD_DIALOGS];
	unsigned asked;
};

static struct world *world_here;

static uint32_t world_random(struct world *w)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return w->seed >> 8;
}

static inline void world_seed(struct world *w, uint32_t seed)
{
	w->seed = seed * 2654435761U + 1;
}

static bool world_is_dead(const struct world *w)
{
	return w->script.dead || (w->dies_ms && virtual_now_ns - w->begun_ns >
							w->dies_ms * CLOCK_NS_PER_MS);
}

/* Whether the peer thinks that a call is up, or rings. */
static inline bool world_is_up(const struct world *w)
{
	for (int i = 0; i < WORLD_DIALOGS; i++)
		if (w->dialogs[i].up)
			return true;
	return w->invite_len && !w->answered && !world_is_dead(w);
}

static void peer_receive(struct world *w, const char *buf, size_t len);

static void flight_lands_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct flight *f = wheel_owner(timer, struct flight, timer);
	char buf[WORLD_BYTES];
	size_t len = f->len;

	(void)now_ns;
	memcpy(buf, f->buf, len);
	f->used = false;
	if (!f->to_peer)
		world_here->to_call_h(buf, len);
	else if (!world_is_dead(world_here))
		peer_receive(world_here, buf, len);
}

static void world_fly(struct world *w, bool to_peer, const char *buf, size_t len, int ms)
{
	int64_t at_ns;

	for (int i = 0; i < WORLD_FLIGHTS; i++) {
		struct flight *f = &w->flights[i];

		if (f->used)
			continue;
		f->used = true;
		f->to_peer = to_peer;
		f->len = len;
		memcpy(f->buf, buf, len);
		/* What left together arrives in order, unless it is late. */
		at_ns = virtual_now_ns + ms * CLOCK_NS_PER_MS;
		if (ms == WORLD_WAY_MS && at_ns <= w->landed_ns)
			at_ns = w->landed_ns + WHEEL_TICK_NS;
		if (ms == WORLD_WAY_MS)
			w->landed_ns = at_ns;
		ticker_start(w->ticker, &f->timer, at_ns, flight_lands_h);
		return;
	}
	w->fault = "too many messages are under way";
}

static void world_send(struct world *w, bool to_peer, const char *buf, size_t len)
{
	bool hit = w->ill && w->sent == w->ill_at;

	w->sent++;
	if (len > WORLD_BYTES || (!to_peer && world_is_dead(w)))
		return;
	if (w->loss_percent && world_random(w) % 100 < w->loss_percent)
		return;
	if (hit && w->ill == WORLD_LOST)
		return;
	world_fly(w, to_peer, buf, len,
		  hit && w->ill == WORLD_LATE ? WORLD_LATE_MS : WORLD_WAY_MS);
	if (hit && w->ill == WORLD_TWICE)
		world_fly(w, to_peer, buf, len, WORLD_WAY_MS * 2);
}

/* Answers any request; @tag: of a response to INVITE, by dialog */
static void peer_answer(struct world *w, const struct guard_message *req, unsigned code,
			const char *fields, const char *body, const char *tag)
{
	const struct answer_dialog dialog = {
		.fields = fields, .body = body, .tag = tag, .makes = true};
	const struct answer_info info = {
		.code = code, .src = &w->peer_sa, .agent = "peer", .dialog = &dialog};
	char buf[WORLD_BYTES];
	size_t len;

	if (!answer_make(buf, sizeof(buf), &len, req, &info))
		world_send(w, false, buf, len);
	else
		w->fault = "the peer cannot answer";
}

static bool peer_invite(const struct world *w, struct guard_message *m)
{
	return w->invite_len && !guard_datagram(m, w->invite, w->invite_len, NULL);
}

static const char *const peer_tags[WORLD_DIALOGS] = {"peer-one", "peer-two"};

#define PEER_CONTACT "Contact: <sip:peer@192.0.2.9>\r\n"

static void peer_say(struct world *w, unsigned code, const char *fields, const char *body,
		     int dialog)
{
	struct guard_message m;

	if (peer_invite(w, &m))
		peer_answer(w, &m, code, fields, body, peer_tags[dialog]);
}

static void peer_say_200(struct world *w, int dialog)
{
	const char *sdp = w->script.sdp ? w->script.sdp : "v=0\r\n";

	peer_say(w, 200, w->script.contact ? w->script.contact : PEER_CONTACT,
		 w->script.reliable ? NULL : sdp, dialog);
}

static void peer_again_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct peer_dialog *d = wheel_owner(timer, struct peer_dialog, again);
	int dialog = (int)(d - world_here->dialogs);

	if (d->acked || world_is_dead(world_here))
		return;
	/* RFC 3261 13.3.1.4: 64 T1 without an ACK, and the peer ends it itself. */
	if (now_ns - world_here->begun_ns > 100 * CLOCK_NS_PER_S) {
		d->up = false;
		return;
	}
	peer_say_200(world_here, dialog);
	d->every_ms = d->every_ms * 2 > 4000 ? 4000 : d->every_ms * 2;
	ticker_start(world_here->ticker, timer, now_ns + d->every_ms * CLOCK_NS_PER_MS,
		     peer_again_h);
}

static void peer_up(struct world *w, int dialog)
{
	struct peer_dialog *d = &w->dialogs[dialog];

	d->up = true;
	d->every_ms = WORLD_T1_MS;
	peer_say_200(w, dialog);
	ticker_start(w->ticker, &d->again, virtual_now_ns + WORLD_T1_MS * CLOCK_NS_PER_MS,
		     peer_again_h);
}

/* A request of the peer's within the dialog. */
static void peer_ask(struct world *w, const char *method, unsigned cseq, const char *more)
{
	struct guard_message m;
	char buf[WORLD_BYTES];
	int len;

	if (!peer_invite(w, &m))
		return;
	len = re_snprintf(buf, sizeof(buf),
			  "%s sip:ping@192.0.2.1 SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKp%u\r\n"
			  "From: %b;tag=%s\r\nTo: %b\r\nCall-ID: %b\r\nCSeq: %u %s\r\n"
			  "%s",
			  method, cseq, m.to.p, m.to.l, peer_tags[0], m.from.p, m.from.l,
			  m.call_id.p, m.call_id.l, cseq, method, more);
	if (len > 0)
		world_send(w, false, buf, (size_t)len);
}

#define PEER_EMPTY "Content-Length: 0\r\n\r\n"

static void peer_bye_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct peer_dialog *d = &world_here->dialogs[0];

	/* Again until it is answered, which ends the dialog, or for 64 T1. */
	if (!d->up || world_is_dead(world_here))
		return;
	peer_ask(world_here, "BYE", 900, PEER_EMPTY);
	if (now_ns - world_here->begun_ns > 100 * CLOCK_NS_PER_S)
		d->up = false;
	else
		ticker_start(world_here->ticker, timer, now_ns + CLOCK_NS_PER_S,
			     peer_bye_h);
}

static void peer_asks_h(struct wheel_timer *timer, int64_t now_ns)
{
	static const struct {
		const char *method, *more;
	} all[] = {
		{"OPTIONS", PEER_EMPTY},
		{"INFO", PEER_EMPTY},
		{"UPDATE",
		 PEER_CONTACT "Session-Expires: 90;refresher=uac\r\n" PEER_EMPTY},
		{"INVITE", PEER_CONTACT "Content-Type: application/sdp\r\n"
					"Content-Length: 5\r\n\r\nv=0\r\n"},
		{"INVITE", PEER_CONTACT "Content-Type: application/sdp\r\n"
					"Content-Length: 3\r\n\r\nbad"},
		{"REFER", PEER_EMPTY},
		{"SUBSCRIBE", PEER_EMPTY},
	};
	struct world *w = world_here;

	if (w->asked == sizeof(all) / sizeof(all[0]))
		return;
	peer_ask(w, all[w->asked].method, 10 + w->asked, all[w->asked].more);
	w->asked++;
	ticker_start(w->ticker, timer, now_ns + 100 * CLOCK_NS_PER_MS, peer_asks_h);
}

static void peer_answer_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct world *w = world_here;

	(void)timer;
	if (w->answered || world_is_dead(w))
		return;
	w->answered = true;
	if (w->script.code) {
		peer_say(w, w->script.code, "", NULL, 0);
		return;
	}
	peer_up(w, 0);
	if (w->script.fork)
		peer_up(w, 1);
	if (w->script.bye_ms)
		ticker_start(w->ticker, &w->bye,
			     now_ns + w->script.bye_ms * CLOCK_NS_PER_MS, peer_bye_h);
	if (w->script.asks)
		ticker_start(w->ticker, &w->asks, now_ns + 500 * CLOCK_NS_PER_MS,
			     peer_asks_h);
}

static void peer_ring_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct world *w = world_here;
	bool reliable = w->script.reliable;

	if (w->answered || world_is_dead(w))
		return;
	if (!reliable) {
		peer_say(w, 180, PEER_CONTACT, NULL, 0);
		return;
	}
	if (w->pracked)
		return;
	peer_say(w, 183, PEER_CONTACT "Require: 100rel\r\nRSeq: 7\r\n", "v=0\r\n", 0);
	ticker_start(w->ticker, timer, now_ns + 700 * CLOCK_NS_PER_MS, peer_ring_h);
}

static bool peer_refuses(struct world *w, const struct guard_message *m, unsigned *left)
{
	char fields[256];

	if (!*left)
		return false;
	--*left;
	w->refused++;
	(void)re_snprintf(fields, sizeof(fields), w->script.refuse_fields, w->refused,
			  w->refused);
	peer_answer(w, m, w->script.refuse_code, fields, NULL, peer_tags[0]);
	return true;
}

static void peer_take_invite(struct world *w, const struct guard_message *m,
			     const char *buf, size_t len)
{
	struct peer_script *s = &w->script;

	if (peer_refuses(w, m, &s->refuse_invites))
		return;
	if (w->invite_len) {
		/* Again: the last response once more (17.2.1). */
		if (w->answered && s->code)
			peer_say(w, s->code, "", NULL, 0);
		else if (!w->answered && !s->mute)
			peer_say(w, s->ring_ms > 0 ? 180 : 100, PEER_CONTACT, NULL, 0);
		return;
	}
	memcpy(w->invite, buf, len);
	w->invite_len = len;
	if (s->trying)
		peer_say(w, 100, "", NULL, 0);
	if (s->ring_ms > 0)
		ticker_start(w->ticker, &w->ring,
			     virtual_now_ns + s->ring_ms * CLOCK_NS_PER_MS, peer_ring_h);
	ticker_start(w->ticker, &w->answer,
		     virtual_now_ns + s->answer_ms * CLOCK_NS_PER_MS, peer_answer_h);
}

static int peer_dialog_of(const struct guard_message *m)
{
	for (int i = 0; i < WORLD_DIALOGS; i++)
		if (m->to_tag.p && !pl_strcmp(&m->to_tag, peer_tags[i]))
			return i;
	return -1;
}

static void peer_take_cancel(struct world *w, const struct guard_message *m)
{
	if (!w->invite_len) {
		w->fault = "CANCEL without an INVITE";
		return;
	}
	if (w->script.cancel_code) {
		peer_answer(w, m, w->script.cancel_code, "", NULL, peer_tags[0]);
		return;
	}
	if (w->script.cross && !w->answered)
		peer_answer_h(&w->answer, virtual_now_ns);
	if (!w->script.cancel_mute)
		peer_answer(w, m, 200, "", NULL, peer_tags[0]);
	if (w->answered && !w->cancelled)
		return;
	w->answered = w->cancelled = true;
	peer_say(w, 487, "", NULL, 0);
}

static void peer_take_bye(struct world *w, const struct guard_message *m)
{
	int i = peer_dialog_of(m);
	unsigned code = w->script.bye_code ? w->script.bye_code : 200;

	if (i < 0) {
		w->fault = "BYE of no dialog";
		return;
	}
	if (!w->dialogs[i].acked && !w->ill && !w->loss_percent)
		w->fault = "BYE before ACK";
	if (peer_refuses(w, m, &w->script.refuse_byes))
		return;
	w->dialogs[i].up = false;
	/* Late: it answers only a copy that comes later. */
	if (w->script.bye_late_ms &&
	    virtual_now_ns - w->begun_ns <
		    (w->script.answer_ms + 15000 + w->script.bye_late_ms) *
			    CLOCK_NS_PER_MS)
		return;
	peer_answer(w, m, code, "", NULL, peer_tags[i]);
}

static void peer_take_ack(struct world *w, const struct guard_message *m)
{
	int i = peer_dialog_of(m);

	if (i >= 0)
		w->dialogs[i].acked = true;
}

static void peer_take_response(struct world *w, const struct guard_message *m)
{
	static const unsigned codes[] = {200, 200, 200, 200, 488, 603, 405};
	unsigned n = m->cseq - 10;

	if (!pl_strcmp(&m->cseq_method, "BYE"))
		w->dialogs[0].up = false;
	else if (n < sizeof(codes) / sizeof(codes[0]) && codes[n] != m->code)
		w->fault = "a request of the peer's is answered otherwise";
}

static void peer_receive(struct world *w, const char *buf, size_t len)
{
	struct guard_message m;
	const char *why;

	if (guard_datagram(&m, buf, len, &why) || m.fault) {
		w->fault = m.fault ? m.fault : why;
		return;
	}
	if (m.request)
		str_ncpy(w->request, buf, len < WORLD_BYTES ? len + 1 : WORLD_BYTES);
	if (!m.request)
		peer_take_response(w, &m);
	else if (!pl_strcmp(&m.method, "INVITE"))
		peer_take_invite(w, &m, buf, len);
	else if (!pl_strcmp(&m.method, "CANCEL"))
		peer_take_cancel(w, &m);
	else if (!pl_strcmp(&m.method, "BYE"))
		peer_take_bye(w, &m);
	else if (!pl_strcmp(&m.method, "ACK"))
		peer_take_ack(w, &m);
	else if (!pl_strcmp(&m.method, "PRACK")) {
		if (peer_refuses(w, &m, &w->script.refuse_pracks))
			return;
		w->pracked = true;
		if (!w->script.prack_mute)
			peer_answer(w, &m, 200, "", NULL, peer_tags[0]);
	} else {
		w->fault = "a request that nobody expects";
	}
}

static void world_begin(struct world *w, const struct peer_script *script,
			void (*to_call_h)(const char *buf, size_t len),
			struct ticker *ticker)
{
	memset(w, 0, sizeof(*w));
	w->script = *script;
	w->to_call_h = to_call_h;
	w->ticker = ticker;
	w->begun_ns = virtual_now_ns;
	(void)sa_set_str(&w->peer_sa, "192.0.2.9", 5060);
	world_here = w;
}

static void world_end(struct world *w)
{
	struct wheel_timer *timers[] = {&w->ring, &w->answer, &w->bye, &w->again183,
					&w->asks};

	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		ticker_cancel(w->ticker, timers[i]);
	for (int i = 0; i < WORLD_FLIGHTS; i++)
		ticker_cancel(w->ticker, &w->flights[i].timer);
	for (int i = 0; i < WORLD_DIALOGS; i++)
		ticker_cancel(w->ticker, &w->dialogs[i].again);
}

#endif
