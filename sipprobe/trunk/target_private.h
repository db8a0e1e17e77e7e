/* A target's inside, for target*.c, exchange.c and the probers only. */
#ifndef SIPPROBE_TRUNK_TARGET_PRIVATE_H
#define SIPPROBE_TRUNK_TARGET_PRIVATE_H

#include "base/clock.h"
#include "sipprobe/trunk/exchange.h"
#include "sipprobe/health.h"
#include "sipprobe/ladder.h"
#include "sipprobe/trunk/prober.h"
#include "sipprobe/message/request.h"
#include "sipprobe/trunk/target.h"

struct stream;
struct target_notes;
struct unregistration;

/* The probe under way, or the last one. */
struct attempt {
	int64_t begun_ns;
	int64_t begun_unix_ns;
	int64_t rx_ns;	   /* its last final response came */
	int64_t sent_ns;   /* first sending of the request; 0: not yet */
	int64_t resend_ns; /* when the next retransmission is due; 0: none will be */
	int64_t resend_every_ns;
	uint16_t retransmissions;
	bool pending;
	bool answered; /* by a final response; what follows is a duplicate, not late */
	bool refused;  /* our credentials were */
	bool garbage;  /* the peer sent something that is not SIP */
	bool reused;   /* runs on a connection that an earlier probe opened */
};

struct target {
	struct wheel_timer timer; /* the next due time, retransmission or deadline */
	struct target_group *group;
	struct target_owner *owner;
	/* The trunk's, at hand: a probe needs it often. */
	const struct config_settings *settings;
	void *cell;
	const struct prober *prober;
	struct udp *udp;	   /* borrowed; NULL: to be chosen at the next probe */
	struct stream *stream;	   /* owned */
	struct exchange *exchange; /* owned; NULL: a probe is one transaction */
	struct unregistration *unregistration; /* owned; NULL: it stays */
	struct request request;
	struct target_notes *notes; /* owned; NULL: nothing worth noting yet */
	struct resolve_address address;
	int64_t due_ns;
	int64_t resolve_ns; /* how long its name took, for the next probe's phases */
	struct attempt attempt;
	uint32_t index;
	uint32_t phase;
	struct health health;
	bool stream_up;
	char previous_key[REQUEST_KEY_LEN]; /* of the last unanswered request, or zeros */
};

static inline struct target *target_of_timer(struct wheel_timer *timer)
{
	return wheel_owner(timer, struct target, timer);
}

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
	return t->attempt.begun_ns + t->settings->timeout_us * CLOCK_NS_PER_US;
}

/*
 * Sends the probe's request over the target's transport: a client transaction, over UDP
 * with retransmissions (RFC 3261 17.1.2). Returns 0 or errno.
 */
int target_transact(struct target *t);

/* The same over a connection, which is opened first where needed. */
int target_transact_stream(struct target *t);

/* A transport's errno as a probe's outcome. */
enum probe_outcome target_outcome_of(int err);

/* Everything that its requests are made from. */
void target_request_info(const struct target *t, struct request_info *info,
			 const struct sa *local);

/* Makes the request's bytes for our end's address @local. */
int target_make_request(struct target *t, const struct sa *local);

/* Gives the request fresh tokens, keeping what a late answer to the last would show. */
int target_stamp(struct target *t);

/* Arms the timer for the next retransmission or the deadline, whichever is first. */
void target_wait(struct target *t);

/* Ends the probe under way without a final response. @detail may be NULL. */
void target_fail(struct target *t, enum probe_outcome outcome, int err,
		 const char *detail);

/*
 * For the ladder: something that leaves no trace otherwise, during a probe only. @msg may
 * be NULL.
 */
void target_note(struct target *t, enum ladder_kind kind, int64_t at_ns, const char *msg,
		 size_t len);

/* The same for a response that does not end the probe. */
void target_note_response(struct target *t, const struct guard_message *m, int64_t rx_ns);

/* Before the request under way is replaced by another one of the same probe. */
void target_note_next_request(struct target *t);

/* Forgets what was noted for the ladder. */
void target_notes_free(struct target *t);

/* At a probe's end, to whoever wants it. @m: the final response, or NULL */
void target_tell_ladder(struct target *t, const struct probe_result *r,
			const struct guard_message *m);

/* Begins a probe at that time; one that is under way is dropped, untold. */
void target_probe_at(struct target *t, int64_t at_ns);

/* Takes the target out of its listener's sight, if it is in there. */
void target_tell_removed(struct target *t);

/* When a new target is probed first; sets its phase. @address: its text */
int64_t target_schedule_first_ns(struct target *t, const char *address, int64_t now_ns);

/* When it is probed next, after a result. */
int64_t target_schedule_next_ns(const struct target *t, const struct probe_result *r,
				int64_t now_ns);

/* The TLS contexts of the configuration that the target lives by. */
struct tls_cache *target_tls(const struct target *t);

/* The last probe of a target that unregisters is done. */
void target_unregistered(struct target *t);

/* Adds to a result what its connection tells: phases, certificate, cause of failure. */
void target_stream_report(const struct target *t, struct probe_result *r);

/* After a probe: closes a connection that is not to be kept. */
void target_stream_done(struct target *t, bool answered);

/* Why a probe over a connection ran out of time, by how far it had come. */
enum probe_outcome target_stream_timeout(const struct target *t, const char **detail);

#endif
