/* A target's inside, for target_*.c, exchange.c and the probers only. */
#ifndef SIPPROBE_TARGET_TARGET_STATE_H
#define SIPPROBE_TARGET_TARGET_STATE_H

#include "base/clock.h"
#include "sipprobe/dns/resolve.h"
#include "sipprobe/fingerprint/fingerprint_history.h"
#include "sipprobe/health.h"
#include "sipprobe/loss/loss.h"
#include "sipprobe/message/request.h"
#include "sipprobe/survey/survey_host.h"
#include "sipprobe/target/prober.h"
#include "sipprobe/target/target_group.h"

struct exchange;
struct stream;
struct survey;
struct target_call;
struct target_marks;
struct target_mirror;
struct target_notes;
struct tls_resume;
struct turns_account;
struct waiting;

/* What a target that takes back its registration holds till then: target_unregister.c. */
struct unregistration {
	struct le le;		   /* in the group's `unregistering` */
	bool outlives;		   /* its trunk goes; else that stays for now */
	struct target_owner owner; /* nobody's, in place of that trunk's */
	struct tls_cache *tls;	   /* in place of the group's; NULL: that */
	struct config *conf;
	void (*done_h)(struct target *t); /* its last probe has ended */
};

/* Our end as peers see it over UDP: one for all targets that have the same. */
struct target_local {
	struct le le; /* in the services' `locals` */
	struct sa sa;
};

/* Of a target whose peer is asked more than probes ask: target_survey.c. */
struct target_surveyed {
	struct survey_host host;
	struct survey *survey; /* owned */
};

/* A probe under way: there as long as the probe, and for its report. */
struct attempt {
	int64_t begun_unix_ns;
	int64_t rx_ns;	 /* its last final response came */
	int64_t sent_ns; /* first sending of the request; 0: not yet */
	/* When the next retransmission is due, or the next try to connect; 0: none. */
	int64_t resend_ns;
	int64_t resend_every_ns;
	int64_t copied_ns; /* last sending of the request */
	int64_t held_ns;   /* by how much later it ends: so long did we stand still */
	int64_t look_ns; /* when to see whether a kept connection lives; 0: not at all */
	int64_t replaced_ns; /* a kept connection was given up for another; 0: no */
	struct target_notes *notes; /* owned; NULL: nothing worth noting yet */
	char *elsewhere; /* owned; what came from another place, in words; or NULL */
	const char *garbage_why; /* what was wrong with bytes of the peer's; or NULL */
	const char
		*mismatch; /* what of an answer with our branch was another's; or NULL */
	int send_err;	   /* this machine refused the last copy; 0: it went out */
	uint16_t retransmissions;
	uint16_t copies;       /* of the request under way that were sent */
	uint16_t provisionals; /* provisional responses to it */
	uint16_t mark; /* copy that its final response was made for; 0: it does not say */
	uint8_t resized;  /* copies sent again since the path takes less */
	bool left;	  /* one of its copies went out */
	bool held;	  /* it was given its time once more */
	bool garbage_sip; /* the bytes that were wrong meant to be SIP */
	bool noted;	  /* its last final response is in the ladder by now */
	bool heard;	  /* a provisional response came from where it should */
	bool reused;	  /* runs on a connection that an earlier probe opened */
};

/*
 * What a target may have beside what each has: a check of OPTIONS over UDP that is
 * answered does without all of it, and most are such. It is made when it is first needed;
 * until then a target's is one that all share, and that is empty.
 */
struct target_more {
	struct stream *stream; /* owned */
	bool stream_up;
	struct turns_account
		*account;	   /* of the loop's time its connections take, or NULL */
	struct tls_resume *resume; /* owned; NULL: no session was asked for yet */
	struct exchange *exchange; /* owned; NULL: a probe is one transaction */
	struct target_call *call;  /* owned; of INVITE, else NULL */
	struct unregistration *unregistration;	/* owned; NULL: it stays */
	struct target_surveyed *surveyed;	/* owned; NULL: its peer is not */
	struct target_marks *marks;		/* owned; NULL: copies have no number */
	struct waiting *waiting;		/* owned; oldest first; not settled yet */
	struct target_mirror *mirror;		/* owned; NULL: nobody asked yet */
	struct fingerprint_history *handshakes; /* owned; NULL: there was none over TLS */
};

struct target {
	struct wheel_timer timer; /* the next due time, retransmission or deadline */
	struct target_group *group;
	struct target_owner *owner;
	/* The trunk's, at hand: a probe needs it often. */
	const struct config_settings *settings;
	void *cell;
	const struct prober *prober;
	const struct target_more *more; /* never NULL; target_more() writes to it */
	struct attempt *attempt;    /* owned; NULL: none is under way or being told of */
	struct udp *udp;	    /* borrowed; NULL: to be chosen at the next probe */
	struct target_local *local; /* our end of it; shared; NULL: none was chosen yet */
	struct request request;
	struct resolve_address address;
	int64_t due_ns;
	int64_t begun_ns;   /* the probe under way, or the last one; monotonic */
	int64_t resolve_ns; /* how long its name took, for the next probe's phases */
	uint32_t index;
	uint32_t phase;
	struct health health; /* as the trunk counts: taken over from another address */
	struct health own;    /* by its own results alone */
	struct loss loss;
	struct fingerprint_history peer; /* as its answers show it */
	/* Of the last unanswered request, packed; or zeros */
	uint32_t previous_key[REQUEST_KEY_LEN / TOKEN_DIGITS];
	uint32_t mirror_hash; /* of what the last answer said of where we are */
	uint32_t copied_us; /* from when the last probe begun to its last copy; 0: none */
	bool pending;	    /* a probe is under way */
	bool answered; /* … or the last one was: what follows is a duplicate, not late */
	bool refused;  /* our credentials were, by the last one */
};

static inline struct target *target_of_timer(struct wheel_timer *timer)
{
	return wheel_owner(timer, struct target, timer);
}

/* The target's own, to be written to; NULL: there is no memory for it. */
struct target_more *target_more(struct target *t);

/* Lets go of them, and of what is left in them. */
void target_more_free(struct target *t);

/* What those have who have none of their own. */
extern const struct target_more target_more_none;

/*
 * Begins a probe of the target, or the one under way anew (@held): sets t->attempt, and
 * t->pending.
 *
 * Returns 0 or ENOMEM; then too the probe is under way, but is to fail at once.
 */
int attempt_begin(struct target *t, bool held);

/* The probe has been told of, or is nobody's any more: what is left of it goes. */
void attempt_end(struct target *t);

/* When the request was last sent again by this probe, or the last one; 0: it was not. */
int64_t attempt_copied_ns(const struct target *t);

/* Ends the probe under way, if there is one, untold. */
void attempt_drop(struct target *t);

/* A final response to a request came: who does the peer think that we are? */
void target_mirror_note(struct target *t, const struct guard_message *m);

/* The trunk's description moved; and the end. */
void target_mirror_move(struct target *t);
void target_mirror_free(struct target *t);

/* The probe under way ends with the answer @m: is the peer what it was? */
void target_peer_note(struct target *t, const struct guard_message *m);
void target_peer_free(struct target *t);

/* The trunk's settings in force. */
static inline const struct config_settings *target_settings(const struct target *t)
{
	return t->settings;
}

static inline struct services *target_services(const struct target *t)
{
	return t->group->services;
}

/* When the probe under way ends at the latest, monotonic. */
static inline int64_t target_deadline_ns(const struct target *t)
{
	int64_t timeout_us = t->prober->timeout_us ? t->prober->timeout_us(t->settings)
						   : t->settings->timeout_us;

	return t->begun_ns + t->attempt->held_ns + timeout_us * CLOCK_NS_PER_US;
}

/* The TLS contexts of the configuration that the target lives by. */
static inline struct tls_cache *target_tls(const struct target *t)
{
	const struct unregistration *u = t->more->unregistration;

	return u && u->tls ? u->tls : t->group->tls;
}

/* Tells the listener of it where that was not done, or could not be. */
static inline void target_tell(struct target *t)
{
	char address[64];

	const struct engine_target info = {
		.method = t->prober->method,
		.address = address,
		.transport = config_transport_name(t->address.transport),
	};

	(void)re_snprintf(address, sizeof(address), "%J", &t->address.sa);
	t->cell = t->group->events->target_add_h(t->owner->row, &info, t->group->arg);
}

/* Takes it out of the listener's sight, if it is in there. */
static inline void target_tell_removed(struct target *t)
{
	const struct probe_events *events = t->group->events;

	if (t->cell && events->target_remove_h)
		events->target_remove_h(t->cell, t->group->arg);
	t->cell = NULL;
}

/* Everything that its requests are made from. */
static inline void target_request_info(const struct target *t, struct request_info *info,
				       const struct sa *local)
{
	*info = (struct request_info){
		.method = t->prober->method,
		.trunk = t->owner->conf,
		.transport = t->address.transport,
		.local = local,
		.peer = &t->address.sa,
		.index = t->index,
		.agent = target_services(t)->agent,
		.nowhere = target_services(t)->nowhere,
	};
}

#endif
