/* A call's inside, for the files of this folder only. */
#ifndef SIPPROBE_CALL_CALL_PRIVATE_H
#define SIPPROBE_CALL_CALL_PRIVATE_H

#include "base/clock.h"
#include "sipprobe/call/call.h"
#include "sipprobe/call/call_forks.h"
#include "sipprobe/call/call_retry.h"
#include "sipprobe/call/call_steps.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/message/dialog.h"
#include "sipprobe/message/request.h"

struct auth;
struct call_audio;
struct call_guest;
struct call_way;

/* What the calls of an engine share. */
struct call_surroundings {
	struct ticker *ticker;
	const char *agent;
	struct media *media;		/* NULL: none is configured */
	struct config_media media_conf; /* texts of the configuration in force */
	bool keep_audio;
	/*
	 * The number of open calls changed; a call is not ended; one that was made has
	 * its verdict; a call may be freed.
	 */
	void (*changed_h)(struct call *c);
	void (*lost_h)(struct call *c, const char *why);
	void (*made_h)(const struct call *c);
	void (*gone_h)(struct call *c);
	/* Something of it is to be looked at again: call_drive_review(). */
	void (*review_h)(struct call *c);
};

enum { CALL_NONCE_SIZE = 8 };

/* What an end of a call says, and what it is to hear; "": silence, nothing. */
struct call_tones {
	char say[CALL_NONCE_SIZE];
	char hear[CALL_NONCE_SIZE];
};

/* Of call_guest.c: whether the called end of a loop may be up. */
bool call_guest_is_open(const struct call *c);

enum { CALL_BRANCH_SIZE = REQUEST_BRANCH_LEN + 1 };

/* A request of ours other than the INVITE: its bytes, until it is answered. */
struct call_request {
	struct mbuf *text; /* NULL: none yet */
	char branch[CALL_BRANCH_SIZE];
	uint32_t cseq;
	struct call_retry retry;
	bool anew; /* when its connection broke it went over another at once */
};

/* A dialog of the call. */
struct call_line {
	struct le le;
	struct dialog *dialog;
	struct sa hop; /* where its requests go: the peer, or whom its route names */
	enum call_talk state;
	struct mbuf *ack; /* sent again for each repeat of the 2xx */
	struct call_request bye;
	struct sa bye_local; /* that its Via names */
	bool bye_moved;	     /* it was made anew, as that is another now */
	uint32_t peer_cseq;  /* of its last request; 0: none */
	uint32_t offer_cseq; /* of its INVITE that our offer answers; 0: none */
	struct auth *auth;   /* what answers challenges to our BYE; NULL: none came */
	uint8_t challenges;  /* that it had */
	uint8_t put_offs;    /* refusals that pass, each answered by another BYE */
	bool bye_refused;    /* by one of them: its next copy is another BYE */
	bool wanted;	     /* the first one; others are forks */
};

struct call {
	struct le le;
	const struct call_surroundings *around;
	struct wheel_timer timer;
	struct call_way *way;
	const struct call_events *events; /* NULL: nobody listens */
	void *arg;

	struct config *conf;
	struct config_settings settings;
	struct config_trunk trunk; /* its name and URI are our own */
	char *name, *uri;
	struct sa peer;
	enum config_transport transport;
	char target[REQUEST_URI_SIZE]; /* who is called */

	struct auth *auth; /* NULL: no credentials */
	uint8_t challenges;
	uint32_t session_s; /* Session-Expires that is asked for */
	bool lengthened;    /* a 422 made it longer */
	struct request invite;
	enum call_invite state;
	struct call_retry invite_retry;
	struct call_request cancel;
	struct dialog *early; /* of a reliable provisional response, or NULL */
	uint32_t rseq;	      /* of the last one that had its PRACK */
	uint32_t early_cseq;  /* of the peer's last request in it; 0: none */
	struct call_forks forks;
	struct call_request prack;
	struct auth *prack_auth; /* what answers challenges to it; NULL: none came */
	uint8_t prack_challenges;
	uint32_t cseq; /* of our last request outside of dialogs, PRACK included */
	struct list lines;

	struct call_tones tones;
	struct call_guest *guest; /* of mode loop, once the call came back; or NULL */
	struct call_audio *audio; /* NULL: no ports */
	bool audio_started;

	int64_t sent_ns;  /* the first INVITE; 0: not yet */
	int64_t ring_ns;  /* the first 180 or 183; 0: none */
	int64_t up_ns;	  /* the first 2xx */
	int64_t quiet_ns; /* when to say no more; 0: not yet known, or done */
	int64_t end_ns;	  /* when we want it to end; 0: it is ending */
	int64_t wait_ns;  /* verdict at the latest; 0: not ending yet */
	int64_t gone_ns;  /* when to be freed; 0: something is open */
	bool told;	  /* the verdict, or there is nobody to tell */
	bool was_open;	  /* as counted */
	bool lost;	  /* nobody knows whether all of it ended */
	bool crowded;	  /* more answered than are hung up */
	bool stopped;	  /* by those who stop all calls */
	struct call_outcome out;
	struct call_media media; /* of its report */
};

static inline int64_t call_t1_ns(const struct call *c)
{
	return c->settings.t1_us * CLOCK_NS_PER_US;
}

/* Our INVITE's parts, in its own bytes. */
static inline bool call_invite_parts(struct guard_message *m, const struct call *c)
{
	return c->invite.buf && !guard_datagram(m, c->invite.buf, c->invite.len, NULL);
}

/* Whether an address is in calls.media.networks. */
bool call_may_reach(const struct call *c, const struct sa *sa);

/* Where requests within a dialog go; again whenever the peer says another target. */
struct sa call_hop(const struct call *c, const struct dialog *d);

/* Whether an answer may come from there: the peer, or whom a dialog's requests went to.
 */
bool call_knows(const struct call *c, const struct sa *src);

static inline struct call_line *call_main_line(const struct call *c)
{
	struct le *le = list_head(&c->lines);
	struct call_line *line = le ? le->data : NULL;

	return line && line->wanted ? line : NULL;
}

/* Whether the peer may think that something goes on. */
static inline bool call_is_open(const struct call *c)
{
	for (struct le *le = c->lines.head; le; le = le->next)
		if (((const struct call_line *)le->data)->state != CALL_TALK_OVER)
			return true;
	return (c->sent_ns && c->state != CALL_INVITE_DONE) || call_guest_is_open(c);
}

#endif
