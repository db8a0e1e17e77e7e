#include "sipprobe/call/call_steps.h"

#define STAY(state)                                                                      \
	{                                                                                \
		CALL_INVITE_##state, 0                                                   \
	}
#define DONE(acts)                                                                       \
	{                                                                                \
		CALL_INVITE_DONE, CALL_ACT_##acts                                        \
	}

static const struct call_step invite_steps[CALL_INVITES][CALL_EVENTS] = {
	[CALL_INVITE_CALLING] =
		{
			[CALL_EVENT_PROVISIONAL] = STAY(PROCEEDING),
			[CALL_EVENT_ANSWER] = DONE(TALK),
			[CALL_EVENT_REJECT] = DONE(ACK_REJECT),
			[CALL_EVENT_END] = {CALL_INVITE_GIVEN_UP, CALL_ACT_QUIET},
			[CALL_EVENT_CANCELLED] = STAY(CALLING),
			[CALL_EVENT_SILENCE] = STAY(DONE),
		},
	[CALL_INVITE_PROCEEDING] =
		{
			[CALL_EVENT_PROVISIONAL] = STAY(PROCEEDING),
			[CALL_EVENT_ANSWER] = DONE(TALK),
			[CALL_EVENT_REJECT] = DONE(ACK_REJECT),
			[CALL_EVENT_END] = {CALL_INVITE_CANCELLING, CALL_ACT_CANCEL},
			[CALL_EVENT_CANCELLED] = STAY(PROCEEDING),
			/* Whoever rings may do so for long: our own deadline ends it. */
			[CALL_EVENT_SILENCE] = STAY(PROCEEDING),
		},
	[CALL_INVITE_GIVEN_UP] =
		{
			[CALL_EVENT_PROVISIONAL] = {CALL_INVITE_CANCELLING,
						    CALL_ACT_CANCEL},
			[CALL_EVENT_ANSWER] = DONE(HANG_UP),
			[CALL_EVENT_REJECT] = DONE(ACK_REJECT),
			[CALL_EVENT_END] = STAY(GIVEN_UP),
			[CALL_EVENT_CANCELLED] = STAY(GIVEN_UP),
			[CALL_EVENT_SILENCE] = STAY(DONE),
		},
	[CALL_INVITE_CANCELLING] =
		{
			[CALL_EVENT_PROVISIONAL] = STAY(CANCELLING),
			[CALL_EVENT_ANSWER] = DONE(HANG_UP),
			[CALL_EVENT_REJECT] = DONE(ACK_REJECT),
			[CALL_EVENT_END] = STAY(CANCELLING),
			[CALL_EVENT_CANCELLED] = STAY(CANCELLED),
			[CALL_EVENT_SILENCE] = DONE(LOST),
		},
	[CALL_INVITE_CANCELLED] =
		{
			[CALL_EVENT_PROVISIONAL] = STAY(CANCELLED),
			[CALL_EVENT_ANSWER] = DONE(HANG_UP),
			[CALL_EVENT_REJECT] = DONE(ACK_REJECT),
			[CALL_EVENT_END] = STAY(CANCELLED),
			[CALL_EVENT_CANCELLED] = STAY(CANCELLED),
			/* RFC 3261 9.1: the 487 may never come, and it counts as if. */
			[CALL_EVENT_SILENCE] = STAY(DONE),
		},
	[CALL_INVITE_DONE] =
		{
			[CALL_EVENT_PROVISIONAL] = STAY(DONE),
			/* A fork, or one that thought long. */
			[CALL_EVENT_ANSWER] = DONE(HANG_UP),
			[CALL_EVENT_REJECT] = DONE(ACK_REJECT),
			[CALL_EVENT_END] = STAY(DONE),
			[CALL_EVENT_CANCELLED] = STAY(DONE),
			[CALL_EVENT_SILENCE] = STAY(DONE),
		},
};

struct call_step call_invite_step(enum call_invite state, enum call_event event)
{
	return invite_steps[state][event];
}

static const struct call_step talk_steps[CALL_TALKS][CALL_TALK_EVENTS] = {
	[CALL_TALK_UP] =
		{
			[CALL_TALK_AGAIN] = {CALL_TALK_UP, CALL_TALK_ACT_ACK},
			[CALL_TALK_HANG_UP] = {CALL_TALK_ENDING, CALL_TALK_ACT_BYE},
			[CALL_TALK_THEY_BYE] = {CALL_TALK_OVER, 0},
			[CALL_TALK_FINAL] = {CALL_TALK_UP, 0},
			[CALL_TALK_REFUSED] = {CALL_TALK_UP, 0},
			[CALL_TALK_SILENCE] = {CALL_TALK_UP, 0},
		},
	[CALL_TALK_ENDING] =
		{
			[CALL_TALK_AGAIN] = {CALL_TALK_ENDING, CALL_TALK_ACT_ACK},
			[CALL_TALK_HANG_UP] = {CALL_TALK_ENDING, 0},
			/* Both hung up at once. */
			[CALL_TALK_THEY_BYE] = {CALL_TALK_OVER, 0},
			[CALL_TALK_FINAL] = {CALL_TALK_OVER, 0},
			[CALL_TALK_REFUSED] = {CALL_TALK_TURNED, CALL_TALK_ACT_WAIT},
			[CALL_TALK_SILENCE] = {CALL_TALK_OVER, CALL_TALK_ACT_LOST},
		},
	[CALL_TALK_TURNED] =
		{
			[CALL_TALK_AGAIN] = {CALL_TALK_TURNED, CALL_TALK_ACT_ACK},
			[CALL_TALK_HANG_UP] = {CALL_TALK_TURNED, 0},
			[CALL_TALK_THEY_BYE] = {CALL_TALK_OVER, 0},
			[CALL_TALK_FINAL] = {CALL_TALK_OVER, 0},
			[CALL_TALK_REFUSED] = {CALL_TALK_TURNED, 0},
			[CALL_TALK_SILENCE] = {CALL_TALK_OVER, CALL_TALK_ACT_LOST},
		},
	[CALL_TALK_OVER] =
		{
			/* Some repeat their 2xx even after our BYE was answered. */
			[CALL_TALK_AGAIN] = {CALL_TALK_OVER, CALL_TALK_ACT_ACK},
			[CALL_TALK_HANG_UP] = {CALL_TALK_OVER, 0},
			[CALL_TALK_THEY_BYE] = {CALL_TALK_OVER, 0},
			[CALL_TALK_FINAL] = {CALL_TALK_OVER, 0},
			[CALL_TALK_REFUSED] = {CALL_TALK_OVER, 0},
			[CALL_TALK_SILENCE] = {CALL_TALK_OVER, 0},
		},
};

struct call_step call_talk_step(enum call_talk state, enum call_talk_event event)
{
	return talk_steps[state][event];
}
