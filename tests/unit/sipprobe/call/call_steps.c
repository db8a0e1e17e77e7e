/* A call's steps: whatever comes in whatever order, it ends, and nobody is left up. */
#include "sipprobe/call/call_steps.h"

#include "tests/unit/tap.h"

static const char *const event_names[CALL_EVENTS] = {
	[CALL_EVENT_PROVISIONAL] = "1xx",
	[CALL_EVENT_ANSWER] = "2xx",
	[CALL_EVENT_REJECT] = "4xx",
	[CALL_EVENT_END] = "end",
	[CALL_EVENT_CANCELLED] = "200 to CANCEL",
	[CALL_EVENT_SILENCE] = "silence",
};

/* Ways that the RFC names, each as the events and the acts that they lead to. */
static const struct {
	const char *name;
	enum call_event events[6];
	unsigned count;
	enum call_invite state;
	unsigned acts;
} ways[] = {
	{"answered",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_ANSWER},
	 2,
	 CALL_INVITE_DONE,
	 CALL_ACT_TALK},
	{"answered at once", {CALL_EVENT_ANSWER}, 1, CALL_INVITE_DONE, CALL_ACT_TALK},
	{"rejected", {CALL_EVENT_REJECT}, 1, CALL_INVITE_DONE, CALL_ACT_ACK_REJECT},
	{"rung and cancelled",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_END, CALL_EVENT_CANCELLED,
	  CALL_EVENT_REJECT},
	 4,
	 CALL_INVITE_DONE,
	 CALL_ACT_CANCEL | CALL_ACT_ACK_REJECT},
	{"487 before the answer to CANCEL",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_END, CALL_EVENT_REJECT,
	  CALL_EVENT_CANCELLED},
	 4,
	 CALL_INVITE_DONE,
	 CALL_ACT_CANCEL | CALL_ACT_ACK_REJECT},
	{"2xx crosses CANCEL",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_END, CALL_EVENT_ANSWER,
	  CALL_EVENT_CANCELLED},
	 4,
	 CALL_INVITE_DONE,
	 CALL_ACT_CANCEL | CALL_ACT_HANG_UP},
	{"2xx after the answer to CANCEL",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_END, CALL_EVENT_CANCELLED,
	  CALL_EVENT_ANSWER},
	 4,
	 CALL_INVITE_DONE,
	 CALL_ACT_CANCEL | CALL_ACT_HANG_UP},
	{"no CANCEL before a 1xx",
	 {CALL_EVENT_END},
	 1,
	 CALL_INVITE_GIVEN_UP,
	 CALL_ACT_QUIET},
	{"CANCEL with the 1xx that comes after all",
	 {CALL_EVENT_END, CALL_EVENT_PROVISIONAL},
	 2,
	 CALL_INVITE_CANCELLING,
	 CALL_ACT_QUIET | CALL_ACT_CANCEL},
	{"given up and answered",
	 {CALL_EVENT_END, CALL_EVENT_ANSWER},
	 2,
	 CALL_INVITE_DONE,
	 CALL_ACT_QUIET | CALL_ACT_HANG_UP},
	{"487 that never comes",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_END, CALL_EVENT_CANCELLED,
	  CALL_EVENT_SILENCE},
	 4,
	 CALL_INVITE_DONE,
	 CALL_ACT_CANCEL},
	{"CANCEL unheard",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_END, CALL_EVENT_SILENCE},
	 3,
	 CALL_INVITE_DONE,
	 CALL_ACT_CANCEL | CALL_ACT_LOST},
	{"nobody there", {CALL_EVENT_SILENCE}, 1, CALL_INVITE_DONE, 0},
	{"an answer after the silence",
	 {CALL_EVENT_SILENCE, CALL_EVENT_ANSWER},
	 2,
	 CALL_INVITE_DONE,
	 CALL_ACT_HANG_UP},
	{"a second answer, by a fork",
	 {CALL_EVENT_ANSWER, CALL_EVENT_ANSWER},
	 2,
	 CALL_INVITE_DONE,
	 CALL_ACT_TALK | CALL_ACT_HANG_UP},
	{"a refusal repeated",
	 {CALL_EVENT_REJECT, CALL_EVENT_REJECT},
	 2,
	 CALL_INVITE_DONE,
	 CALL_ACT_ACK_REJECT},
	{"ringing for long is no silence",
	 {CALL_EVENT_PROVISIONAL, CALL_EVENT_SILENCE},
	 2,
	 CALL_INVITE_PROCEEDING,
	 0},
};

static void test_ways(void)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		enum call_invite state = CALL_INVITE_CALLING;
		unsigned acts = 0;

		for (unsigned k = 0; k < ways[i].count; k++) {
			struct call_step s = call_invite_step(state, ways[i].events[k]);

			state = (enum call_invite)s.next;
			acts |= s.acts;
		}
		ok(state == ways[i].state && acts == ways[i].acts,
		   "%s: state %d, acts %x", ways[i].name, (int)state, acts);
	}
}

/* What must hold after any row of events; the first fault is told. */
struct sum {
	unsigned answers; /* 2xx that came */
	unsigned talks, hang_ups, cancels;
	bool ended, rang, cancel_before_ring;
};

static const char *fault_of(const struct sum *s, enum call_invite state)
{
	if (s->talks + s->hang_ups != s->answers)
		return "a 2xx is neither talked to nor hung up";
	if (s->talks > 1)
		return "two are talked to";
	if (s->cancels > 1)
		return "two CANCELs";
	if (s->cancel_before_ring)
		return "CANCEL before a provisional response";
	if (s->ended && state <= CALL_INVITE_PROCEEDING)
		return "it goes on though it was to end";
	return NULL;
}

static void take(struct sum *s, enum call_invite *state, enum call_event e)
{
	bool ended = s->ended;
	struct call_step step = call_invite_step(*state, e);

	s->rang |= e == CALL_EVENT_PROVISIONAL;
	s->ended |= e == CALL_EVENT_END;
	s->answers += e == CALL_EVENT_ANSWER;
	s->talks += !!(step.acts & CALL_ACT_TALK) + (ended && step.acts & CALL_ACT_TALK);
	s->hang_ups += !!(step.acts & CALL_ACT_HANG_UP);
	s->cancels += !!(step.acts & CALL_ACT_CANCEL);
	s->cancel_before_ring |= step.acts & CALL_ACT_CANCEL && !s->rang;
	*state = (enum call_invite)step.next;
}

/* Every row of seven events, all 279,936 of them. */
static void test_every_row(void)
{
	const char *fault = NULL;
	unsigned long rows = 1, bad = 0;

	for (int i = 0; i < 7; i++)
		rows *= CALL_EVENTS;
	for (unsigned long r = 0; r < rows && !fault; r++) {
		enum call_invite state = CALL_INVITE_CALLING;
		struct sum s = {0};
		unsigned long rest = r;

		for (int i = 0; i < 7 && !fault; i++, rest /= CALL_EVENTS) {
			take(&s, &state, (enum call_event)(rest % CALL_EVENTS));
			fault = fault_of(&s, state);
		}
		bad = r;
	}
	ok(!fault, "%lu rows of seven events", rows);
	if (!fault)
		return;
	printf("# %s:", fault);
	for (int i = 0; i < 7; i++, bad /= CALL_EVENTS)
		printf(" %s,", event_names[bad % CALL_EVENTS]);
	printf("\n");
}

/* Whatever state it is in, our wish to end and silence do end it. */
static void test_ends(void)
{
	for (int i = 0; i < CALL_INVITES; i++) {
		enum call_invite state = (enum call_invite)i;

		state = (enum call_invite)call_invite_step(state, CALL_EVENT_END).next;
		state = (enum call_invite)call_invite_step(state, CALL_EVENT_SILENCE)
				.next;
		is_int(state, CALL_INVITE_DONE, "ended from each state");
	}
	for (int i = 0; i < CALL_TALKS; i++) {
		enum call_talk talk = (enum call_talk)i;

		talk = (enum call_talk)call_talk_step(talk, CALL_TALK_HANG_UP).next;
		talk = (enum call_talk)call_talk_step(talk, CALL_TALK_SILENCE).next;
		is_int(talk, CALL_TALK_OVER, "and each dialog");
	}
}

static void test_talk(void)
{
	struct call_step s;

	for (int i = 0; i < CALL_TALKS; i++)
		ok(call_talk_step((enum call_talk)i, CALL_TALK_AGAIN).acts ==
			   CALL_TALK_ACT_ACK,
		   "a repeated 2xx is acknowledged in state %d", i);
	s = call_talk_step(CALL_TALK_UP, CALL_TALK_HANG_UP);
	ok(s.next == CALL_TALK_ENDING && s.acts == CALL_TALK_ACT_BYE, "BYE");
	s = call_talk_step(CALL_TALK_ENDING, CALL_TALK_HANG_UP);
	ok(s.next == CALL_TALK_ENDING && !s.acts, "once");
	s = call_talk_step(CALL_TALK_ENDING, CALL_TALK_THEY_BYE);
	ok(s.next == CALL_TALK_OVER && !s.acts, "both at once");
	s = call_talk_step(CALL_TALK_ENDING, CALL_TALK_SILENCE);
	ok(s.next == CALL_TALK_OVER && s.acts == CALL_TALK_ACT_LOST, "BYE unheard");
	s = call_talk_step(CALL_TALK_ENDING, CALL_TALK_REFUSED);
	ok(s.next == CALL_TALK_TURNED && s.acts == CALL_TALK_ACT_WAIT, "BYE refused");
	s = call_talk_step(CALL_TALK_TURNED, CALL_TALK_THEY_BYE);
	ok(s.next == CALL_TALK_OVER && !s.acts, "as theirs was under way");
	s = call_talk_step(CALL_TALK_TURNED, CALL_TALK_SILENCE);
	ok(s.next == CALL_TALK_OVER && s.acts == CALL_TALK_ACT_LOST, "or was not");
	s = call_talk_step(CALL_TALK_UP, CALL_TALK_THEY_BYE);
	ok(s.next == CALL_TALK_OVER && !s.acts, "the peer hangs up");
}

int main(void)
{
	test_ways();
	test_every_row();
	test_ends();
	test_talk();
	return tap_done();
}
