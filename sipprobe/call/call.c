#include "sipprobe/call/call.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_drive.h"
#include "sipprobe/call/call_guest.h"
#include "sipprobe/call/call_new.h"
#include "sipprobe/call/call_receive.h"
#include "sipprobe/call/call_send.h"
#include "sipprobe/media/media.h"
#include "sipprobe/message/auth.h"
#include "sipprobe/message/call_uri.h"
#include "sipprobe/transport/stream.h"

enum {
	SESSION_S = 90,	     /* Session-Expires: the least that RFC 4028 4 allows */
	LONGEST_SLACK_S = 2, /* for what happens between the deadlines */
};

static void call_destructor(void *arg)
{
	struct call *c = arg;

	ticker_cancel(c->around->ticker, &c->timer);
	list_unlink(&c->le);
	list_flush(&c->lines);
	mem_deref(c->way);
	call_guest_free(c->guest);
	mem_deref(c->audio);
	mem_deref(c->auth);
	mem_deref(c->early);
	call_forks_clear(&c->forks);
	mem_deref(c->cancel.text);
	mem_deref(c->prack.text);
	mem_deref(c->prack_auth);
	request_free(&c->invite);
	mem_deref(c->name);
	mem_deref(c->uri);
	config_free(c->conf);
}

static void call_audio_note_h(int64_t at_ns, const char *text, void *arg)
{
	call_note(arg, LADDER_AUDIO, at_ns, text, 0);
}

static void call_audio_done_h(void *arg)
{
	call_drive_review(arg);
}

static const struct call_audio_events call_audio_handlers = {call_audio_note_h,
							     call_audio_done_h};

/*
 * Mode answer proves nothing of the audio: it says nothing. An echo is to bring back what
 * was said; the ends of a loop say each its own, so that an echo does not pass for one.
 */
static int call_choose_tones(struct call *c)
{
	enum config_call_mode mode = c->settings.call->mode;
	char one[MEDIA_NONCE + 1], two[MEDIA_NONCE + 1];

	_Static_assert(sizeof(one) <= CALL_NONCE_SIZE, "room for a nonce");
	if (mode <= CONFIG_CALL_ANSWER)
		return 0;
	do {
		if (media_nonce(one) || media_nonce(two))
			return EIO;
	} while (!strcmp(one, two));
	str_ncpy(c->tones.say, one, sizeof(c->tones.say));
	str_ncpy(c->tones.hear, mode == CONFIG_CALL_LOOP ? two : one,
		 sizeof(c->tones.hear));
	return 0;
}

static int call_take_ports(struct call *c)
{
	const struct call_audio_conf conf = {
		.media = c->around->media,
		.ports = &c->around->media_conf,
		.call = c->settings.call,
		.tones = &c->tones,
		.keep = c->around->keep_audio,
		.local = call_way_local(c->way),
		.peer = &c->peer,
	};

	if (!c->around->media)
		return ENOTSUP;
	if (call_choose_tones(c))
		return EIO;
	return call_audio_alloc(&c->audio, &conf, &call_audio_handlers, c);
}

static const char *ports_words(int err)
{
	return err == EADDRINUSE ? "no pair of calls.media.ports is free"
	       : err == EAFNOSUPPORT
		       ? "calls.media.address and the peer are of different families"
		       : "the ports for audio could not be opened";
}

static void call_way_up_h(void *arg)
{
	struct call *c = arg;
	int err = call_take_ports(c);

	if (c->wait_ns)
		return;
	if (err) {
		call_drive_fail(c, PROBE_INTERNAL, err, CALL_FAILURE_INTERNAL,
				ports_words(err));
		return;
	}
	err = call_send_invite(c);
	if (err && !c->sent_ns) {
		call_drive_fail(c, PROBE_INTERNAL, err, CALL_FAILURE_INTERNAL,
				strerror(err));
		return;
	}
	/* One that did not leave is sent again: the way may be free then. */
	c->end_ns = c->sent_ns + c->settings.call->answer_timeout_us * CLOCK_NS_PER_US;
	call_drive_review(c);
}

static void call_way_message_h(const struct guard_message *m, int64_t rx_ns, void *arg)
{
	struct call *c = arg;

	/* Where the connection of its INVITE is gone, the called end says BYE here. */
	if (!call_receive(c, m, rx_ns) && call_guest_receive(c, m))
		call_drive_review(c);
}

/* Over the next connection, at once; where that breaks as well, by its clock. */
static void call_resend_one(struct call *c, const struct sa *hop, struct call_request *r)
{
	if (r->anew)
		call_retry_lost(&r->retry, clock_monotonic_ns());
	else
		call_send_again(c, hop, r);
	r->anew = true;
}

/* What is under way goes out again, as long as it may, until there is a way again. */
static void call_resend(struct call *c)
{
	if (c->cancel.text && c->state == CALL_INVITE_CANCELLING)
		call_resend_one(c, NULL, &c->cancel);
	for (struct le *le = c->lines.head; le; le = le->next) {
		struct call_line *line = le->data;

		if (line->state == CALL_TALK_ENDING && line->bye.text)
			call_resend_one(c, &line->hop, &line->bye);
	}
}

static void call_way_lost_h(enum probe_outcome why, int err, const char *detail,
			    void *arg)
{
	struct call *c = arg;

	if (!c->sent_ns || c->state == CALL_INVITE_CALLING) {
		if (!c->wait_ns)
			call_drive_fail(c, why, err, CALL_FAILURE_NO_RINGING, detail);
		return;
	}
	/* It may ring yet, and no answer would reach us. */
	if (c->state == CALL_INVITE_PROCEEDING) {
		call_drive_blame(c, CALL_FAILURE_NO_ANSWER,
				 "the connection broke before an answer");
		call_drive_end(c);
	} else {
		call_resend(c);
	}
	call_drive_review(c);
}

static const struct call_way_events call_way_handlers = {
	call_way_up_h, call_way_message_h, call_way_lost_h};

static int call_copy(struct call *c, const struct call_setup *setup)
{
	int err = str_dup(&c->name, setup->trunk->name);

	if (!err)
		err = str_dup(&c->uri, setup->trunk->uri);
	if (err)
		return err;
	c->conf = config_keep(setup->conf);
	c->settings = *setup->trunk->settings;
	c->trunk = (struct config_trunk){
		.name = c->name, .uri = c->uri, .settings = &c->settings};
	c->peer = setup->peer;
	c->transport = setup->transport;
	if (c->settings.auth)
		err = auth_alloc(&c->auth);
	if (!err && c->auth)
		auth_begin(c->auth, true);
	if (!err)
		err = call_uri_print(c->target, sizeof(c->target), c->uri,
				     c->settings.call->to);
	return err;
}

static enum probe_outcome open_outcome(const struct call *c, int err)
{
	if (c->transport != CONFIG_TRANSPORT_UDP)
		return stream_outcome_of(err);
	return err == ENETUNREACH || err == EHOSTUNREACH ? PROBE_UNREACHABLE
							 : PROBE_INTERNAL;
}

int call_new(struct call **cp, const struct call_surroundings *around,
	     const struct call_setup *setup, const struct call_way_conf *way,
	     const struct call_events *events, void *arg)
{
	struct call *c = mem_zalloc(sizeof(*c), call_destructor);
	struct call_way_conf own = *way;
	int err;

	if (!c)
		return ENOMEM;
	c->around = around;
	c->session_s = SESSION_S;
	c->out.report = call_report_none();
	err = call_copy(c, setup);
	own.settings = &c->settings;
	if (!err)
		err = call_way_alloc(&c->way, &own, &call_way_handlers, c);
	if (err) {
		mem_deref(c);
		return err;
	}
	c->events = events;
	c->arg = arg;
	c->end_ns = clock_monotonic_ns() + c->settings.timeout_us * CLOCK_NS_PER_US;
	err = call_way_open(c->way);
	if (err && !c->wait_ns)
		call_drive_fail(c, open_outcome(c, err), err, CALL_FAILURE_INTERNAL,
				strerror(err));
	call_drive_review(c);
	*cp = c;
	return 0;
}

void call_leave(struct call *c)
{
	if (!c)
		return;
	c->events = NULL; /* its verdict is for the books alone */
	if (!c->wait_ns)
		call_drive_end(c);
	call_drive_review(c);
}

int64_t call_longest_us(const struct config_call *conf)
{
	int64_t talk_us = conf->duration_us > conf->ring_for_us ? conf->duration_us
								: conf->ring_for_us;
	int64_t wait_s = CALL_WAIT_S + LONGEST_SLACK_S;

	if (conf->mode == CONFIG_CALL_LOOP)
		wait_s += CALL_GUEST_PATIENCE_S;
	return conf->answer_timeout_us + talk_us + wait_s * INT64_C(1000000);
}
