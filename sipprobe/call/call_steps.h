/*
 * How a call goes on: pure functions of (state, event), no clock and no socket. Whatever
 * is lost, late, repeated or crosses, each way leads to an end, and whoever answered is
 * acknowledged and told BYE (RFC 3261 9, 13, 15, 17.1.1).
 */
#ifndef SIPPROBE_CALL_CALL_STEPS_H
#define SIPPROBE_CALL_CALL_STEPS_H

#include <stdint.h>

/* The INVITE that we sent. */
enum call_invite {
	CALL_INVITE_CALLING,	/* nothing came back */
	CALL_INVITE_PROCEEDING, /* a provisional response did */
	CALL_INVITE_GIVEN_UP,	/* to be cancelled once one comes: not before (9.1) */
	CALL_INVITE_CANCELLING, /* CANCEL is out, and not answered itself */
	CALL_INVITE_CANCELLED,	/* it was; the INVITE's final response is still to come */
	CALL_INVITE_DONE,	/* it had one, or waited long enough */
	CALL_INVITES,
};

enum call_event {
	CALL_EVENT_PROVISIONAL,
	CALL_EVENT_ANSWER,    /* 2xx with a To tag that is new */
	CALL_EVENT_REJECT,    /* 300 to 699 */
	CALL_EVENT_END,	      /* we want it to end: it rang, time is up, or we stop */
	CALL_EVENT_CANCELLED, /* a final response to CANCEL */
	CALL_EVENT_SILENCE,   /* 64 T1 without what is waited for */
	CALL_EVENTS,
};

/* Things to do on the way. */
enum call_act {
	CALL_ACT_CANCEL = 1 << 0,     /* send CANCEL */
	CALL_ACT_ACK_REJECT = 1 << 1, /* acknowledge the refusal */
	CALL_ACT_TALK = 1 << 2,	      /* a dialog begins, acknowledge it */
	CALL_ACT_HANG_UP = 1 << 3,    /* a dialog that nobody wants: acknowledge, BYE */
	CALL_ACT_QUIET = 1 << 4,      /* send the INVITE no more */
	CALL_ACT_LOST = 1 << 5,	      /* nobody knows whether it ended: count it */
};

struct call_step {
	uint8_t next;
	uint8_t acts; /* bits of enum call_act */
};

struct call_step call_invite_step(enum call_invite state, enum call_event event);

/* One dialog: there may be several of one INVITE, by forks (13.2.2.4). */
enum call_talk {
	CALL_TALK_UP,
	CALL_TALK_ENDING, /* our BYE is out */
	CALL_TALK_TURNED, /* it was refused: theirs may be under way */
	CALL_TALK_OVER,
	CALL_TALKS,
};

enum call_talk_event {
	CALL_TALK_AGAIN,    /* the same 2xx once more: its ACK was lost */
	CALL_TALK_HANG_UP,  /* we want it to end */
	CALL_TALK_THEY_BYE, /* the peer's BYE, which is answered elsewhere */
	CALL_TALK_FINAL,    /* of our BYE, by call_bye_ends() */
	CALL_TALK_REFUSED,  /* another final response: who knows what the peer has */
	CALL_TALK_SILENCE,  /* Timer F: our BYE had none, or none that ends the call */
	CALL_TALK_EVENTS,
};

enum call_talk_act {
	CALL_TALK_ACT_ACK = 1 << 0,
	CALL_TALK_ACT_BYE = 1 << 1,
	CALL_TALK_ACT_LOST = 1 << 2,
	CALL_TALK_ACT_WAIT = 1 << 3, /* until Timer F, without copies of our BYE */
};

struct call_step call_talk_step(enum call_talk state, enum call_talk_event event);

#endif
