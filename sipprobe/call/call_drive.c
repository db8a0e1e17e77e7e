#include "sipprobe/call/call_drive.h"

#include "sipprobe/call/call_audio.h"
#include "sipprobe/call/call_guest.h"
#include "sipprobe/call/call_send.h"
#include "sipprobe/call/call_verdict.h"
#include "sipprobe/call/call_way.h"

/* So long a proxy lets an INVITE ring at least (Timer C, RFC 3261 16.6). */
#define RINGS_NS (180 * CLOCK_NS_PER_S)
#define QUIET_NS (CALL_QUIET_MS * CLOCK_NS_PER_MS)

enum { LINES_MAX = 16 }; /* dialogs of one INVITE */

static void drive_due_h(struct wheel_timer *timer, int64_t now_ns);

void call_drive_blame(struct call *c, enum call_failure failure, const char *words)
{
	if (c->out.report.failure)
		return;
	c->out.report.failure = (uint8_t)failure;
	str_ncpy(c->out.detail, words, sizeof(c->out.detail));
}

/*
 * The called end of a loop is hung up later than the caller, and has as long for it. A
 * FreeSWITCH in between ends the one five seconds after it was asked, and the other five
 * seconds after that.
 */
static int64_t drive_wait_ns(const struct call *c)
{
	return (CALL_WAIT_S + (c->guest ? CALL_GUEST_PATIENCE_S : 0)) * CLOCK_NS_PER_S;
}

/* The verdict comes now, or when all that is under way had its time. */
static void drive_wind_up(struct call *c)
{
	int64_t now_ns = clock_monotonic_ns();

	c->end_ns = c->quiet_ns = 0;
	if (!c->wait_ns) {
		c->wait_ns = now_ns + drive_wait_ns(c);
		c->out.report.talk_ns = c->up_ns ? now_ns - c->up_ns : 0;
	}
	if (c->audio && c->audio_started)
		call_audio_stop(c->audio);
	else
		/* Its ports are another's, as long as it is remembered. */
		c->audio = mem_deref(c->audio);
	call_guest_leave(c);
}

static void drive_lost(struct call *c, const char *why)
{
	c->lost = true;
	c->around->lost_h(c, why);
}

static void line_destructor(void *arg)
{
	struct call_line *line = arg;

	list_unlink(&line->le);
	mem_deref(line->dialog);
	mem_deref(line->ack);
	mem_deref(line->bye.text);
	mem_deref(line->auth);
}

static void line_act(struct call *c, struct call_line *line, unsigned acts)
{
	if (acts & CALL_TALK_ACT_ACK)
		(void)call_send_ack(c, line);
	if (acts & CALL_TALK_ACT_BYE)
		(void)call_send_bye(c, line);
	if (acts & CALL_TALK_ACT_WAIT)
		call_retry_quiet(&line->bye.retry);
	if (acts & CALL_TALK_ACT_LOST)
		drive_lost(c, "our BYE was not answered as one that ends it");
	if (line->state != CALL_TALK_OVER)
		return;
	call_retry_end(&line->bye.retry);
	if (line->wanted)
		drive_wind_up(c);
}

void call_drive_line(struct call *c, struct call_line *line, enum call_talk_event event)
{
	struct call_step step = call_talk_step(line->state, event);

	line->state = (enum call_talk)step.next;
	line_act(c, line, step.acts);
}

/* A dialog that cannot even be read cannot be ended. */
static struct call_line *line_add(struct call *c, const struct guard_message *m,
				  bool wanted)
{
	struct call_line *line = mem_zalloc(sizeof(*line), line_destructor);
	struct guard_message invite;

	if (!line || !call_invite_parts(&invite, c) ||
	    dialog_read_response(&line->dialog, &invite, m)) {
		mem_deref(line);
		drive_lost(c, "its answer cannot be answered");
		return NULL;
	}
	line->wanted = wanted;
	line->hop = call_hop(c, line->dialog);
	list_append(&c->lines, &line->le, line);
	call_drive_line(c, line, CALL_TALK_AGAIN);
	return line;
}

static void drive_talk(struct call *c, const struct guard_message *m)
{
	int64_t now_ns = clock_monotonic_ns();

	c->out.report.answered = true;
	if (!line_add(c, m, true))
		return;
	/* Who only wanted it to ring hangs up at once. */
	c->end_ns = c->settings.call->mode == CONFIG_CALL_RING
			    ? now_ns
			    : now_ns + c->settings.call->duration_us * CLOCK_NS_PER_US;
	c->quiet_ns = c->end_ns - QUIET_NS;
}

/* More often than any proxy forks: for such there is neither memory nor a BYE. */
static void drive_crowd(struct call *c)
{
	if (!c->crowded)
		drive_lost(c, "more answers came than are hung up");
	c->crowded = true;
}

/* It answered all the same: an answer that crossed our CANCEL, or a fork. */
static void drive_hang_up(struct call *c, const struct guard_message *m)
{
	struct call_line *line;

	if (list_count(&c->lines) >= LINES_MAX) {
		drive_crowd(c);
		return;
	}
	if (c->out.report.answered)
		c->out.report.forks++;
	else
		c->out.report.answered = c->out.report.late = true;
	line = line_add(c, m, false);
	if (line)
		call_drive_line(c, line, CALL_TALK_HANG_UP);
}

static void drive_act(struct call *c, unsigned acts, const struct guard_message *m)
{
	if (acts & CALL_ACT_QUIET)
		call_retry_quiet(&c->invite_retry);
	if (acts & CALL_ACT_CANCEL)
		(void)call_send_cancel(c);
	if ((acts & CALL_ACT_ACK_REJECT) && m)
		(void)call_send_ack_reject(c, m);
	if ((acts & CALL_ACT_TALK) && m)
		drive_talk(c, m);
	if ((acts & CALL_ACT_HANG_UP) && m)
		drive_hang_up(c, m);
	if (acts & CALL_ACT_LOST)
		drive_lost(c, "our CANCEL had no answer");
}

/* The transactions of INVITE and CANCEL that a state has no use for any more. */
static void drive_retire(struct call *c, enum call_event event)
{
	if (event == CALL_EVENT_PROVISIONAL || c->state == CALL_INVITE_DONE)
		call_retry_end(&c->invite_retry);
	if (event == CALL_EVENT_CANCELLED)
		call_retry_quiet(&c->cancel.retry);
	if (c->state == CALL_INVITE_DONE) {
		call_retry_end(&c->cancel.retry);
		call_retry_end(&c->prack.retry);
	}
}

/* It was given up, by silence or a failure of the way, and rings after all: once. */
static bool drive_wakes(const struct call *c, enum call_event event)
{
	return event == CALL_EVENT_PROVISIONAL && c->state == CALL_INVITE_DONE &&
	       !c->out.code && !c->cancel.text;
}

void call_drive(struct call *c, enum call_event event, const struct guard_message *m)
{
	struct call_step step;

	if (drive_wakes(c, event))
		c->state = CALL_INVITE_GIVEN_UP;
	step = call_invite_step(c->state, event);
	c->state = (enum call_invite)step.next;
	drive_act(c, step.acts, m);
	drive_retire(c, event);
	if (c->state == CALL_INVITE_DONE && !call_main_line(c))
		drive_wind_up(c);
}

static void drive_never_left(struct call *c)
{
	c->state = CALL_INVITE_DONE;
	if (c->out.outcome != PROBE_RESPONSE)
		return;
	c->out.outcome = PROBE_CONNECT;
	call_drive_blame(c, CALL_FAILURE_NO_RINGING, "no connection before the deadline");
}

void call_drive_end(struct call *c)
{
	drive_wind_up(c);
	for (struct le *le = c->lines.head; le; le = le->next)
		call_drive_line(c, le->data, CALL_TALK_HANG_UP);
	if (c->sent_ns)
		call_drive(c, CALL_EVENT_END, NULL);
	else
		drive_never_left(c);
}

void call_drive_fail(struct call *c, enum probe_outcome outcome, int err,
		     enum call_failure failure, const char *detail)
{
	c->out.outcome = outcome;
	c->out.err = err;
	call_drive_blame(c, failure, detail ? detail : "");
	c->state = CALL_INVITE_DONE;
	drive_retire(c, CALL_EVENT_SILENCE);
	drive_wind_up(c);
	call_drive_review(c);
}

static bool drive_is_settled(const struct call *c, int64_t now_ns)
{
	bool heard = (!c->audio_started || call_audio_report(c->audio)) &&
		     call_guest_is_heard(c);

	if (c->told || !c->wait_ns)
		return false;
	if (now_ns >= c->wait_ns)
		return true;
	/* Before anything came back there is nothing to wait for. */
	return heard && (!call_is_open(c) || c->state == CALL_INVITE_GIVEN_UP);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return b && b < a ? b : a;
}

static int64_t drive_next_ns(const struct call *c, int64_t now_ns)
{
	int64_t at_ns = INT64_MAX;

	if (drive_is_settled(c, now_ns))
		return now_ns;
	at_ns = earlier(at_ns, c->quiet_ns);
	at_ns = earlier(at_ns, c->end_ns);
	at_ns = earlier(at_ns, c->told ? 0 : c->wait_ns);
	at_ns = earlier(at_ns, c->told ? c->gone_ns : 0);
	at_ns = earlier(at_ns, call_guest_next_ns(c));
	at_ns = earlier(at_ns, call_retry_next_ns(&c->invite_retry));
	at_ns = earlier(at_ns, call_retry_next_ns(&c->cancel.retry));
	at_ns = earlier(at_ns, call_retry_next_ns(&c->prack.retry));
	for (struct le *le = c->lines.head; le; le = le->next) {
		const struct call_line *line = le->data;

		at_ns = earlier(at_ns, call_retry_next_ns(&line->bye.retry));
	}
	return at_ns;
}

/* One that may ring on is answered by somebody yet, and hung up then. */
static int64_t drive_memory_ns(const struct call *c)
{
	int64_t usual_ns = CALL_RETRY_SPAN * call_t1_ns(c);
	bool rings = c->sent_ns && !c->out.code;

	return rings && usual_ns < RINGS_NS ? RINGS_NS : usual_ns;
}

void call_drive_review(struct call *c)
{
	int64_t now_ns = clock_monotonic_ns(), next_ns;
	bool open = call_is_open(c);

	if (open != c->was_open) {
		c->was_open = open;
		c->around->changed_h(c);
	}
	if (open || !c->wait_ns)
		c->gone_ns = 0;
	else if (!c->gone_ns)
		c->gone_ns = now_ns + drive_memory_ns(c);
	next_ns = drive_next_ns(c, now_ns);
	if (next_ns == INT64_MAX)
		ticker_cancel(c->around->ticker, &c->timer);
	else
		ticker_start(c->around->ticker, &c->timer, next_ns, drive_due_h);
}

static void drive_report(struct call *c)
{
	struct call_report *r = &c->out.report;
	const struct media_report *heard =
		c->audio_started ? call_audio_report(c->audio) : NULL;

	r->ended = !call_is_open(c) && !c->lost;
	if (c->ring_ns)
		r->post_dial_ns = c->ring_ns - c->sent_ns;
	if (c->up_ns)
		r->answer_ns = c->up_ns - c->sent_ns;
	if (call_guest_report(c)) {
		r->has_far = true;
		c->media.far = *call_guest_report(c);
		r->media = &c->media;
	}
	if (!heard)
		return;
	r->has_media = true;
	c->media.near = *heard;
	r->media = &c->media;
	r->first_audio_ns = heard->in.first_packet_ns;
}

static void drive_tell(struct call *c)
{
	const struct call_events *events = c->events;

	c->told = true;
	drive_report(c);
	call_way_phases(c->way, &c->out.connect_ns, &c->out.tls_ns);
	c->out.ended_ns = clock_monotonic_ns();
	call_verdict(&c->out, c->settings.call, c->ring_ns);
	if (c->out.report.made)
		c->around->made_h(c);
	c->events = NULL;
	if (events && c->stopped)
		events->stopped_h(c->arg);
	else if (events)
		events->done_h(&c->out, c->arg);
}

static void drive_retries(struct call *c, int64_t now_ns)
{
	enum call_retry_due due = call_retry_look(&c->invite_retry, now_ns);

	if (due == CALL_RETRY_AGAIN)
		call_send_invite_again(c);
	else if (due == CALL_RETRY_OVER)
		call_drive(c, CALL_EVENT_SILENCE, NULL);
	due = call_retry_look(&c->cancel.retry, now_ns);
	if (due == CALL_RETRY_AGAIN && !c->cancel.text)
		(void)call_send_cancel(c);
	else if (due == CALL_RETRY_AGAIN)
		call_send_again(c, NULL, &c->cancel);
	else if (due == CALL_RETRY_OVER)
		call_drive(c, CALL_EVENT_SILENCE, NULL);
	if (call_retry_look(&c->prack.retry, now_ns) == CALL_RETRY_AGAIN)
		call_send_again(c, NULL, &c->prack);
}

static void drive_byes(struct call *c, int64_t now_ns)
{
	for (struct le *le = c->lines.head; le; le = le->next) {
		struct call_line *line = le->data;
		enum call_retry_due due = call_retry_look(&line->bye.retry, now_ns);

		if (due == CALL_RETRY_AGAIN)
			call_send_bye_again(c, line);
		else if (due == CALL_RETRY_OVER)
			call_drive_line(c, line, CALL_TALK_SILENCE);
	}
}

static void drive_due_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct call *c = wheel_owner(timer, struct call, timer);

	if (c->gone_ns && now_ns >= c->gone_ns && c->told) {
		c->around->gone_h(c);
		return;
	}
	drive_retries(c, now_ns);
	drive_byes(c, now_ns);
	call_guest_look(c, now_ns);
	if (c->quiet_ns && now_ns >= c->quiet_ns) {
		c->quiet_ns = 0;
		if (c->audio)
			call_audio_quiet(c->audio);
	}
	if (c->end_ns && now_ns >= c->end_ns)
		call_drive_end(c);
	if (drive_is_settled(c, now_ns))
		drive_tell(c);
	call_drive_review(c);
}
