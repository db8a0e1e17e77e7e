/* A target's inside, for target_*.c, exchange.c and the probers only. */
#ifndef SIPPROBE_TARGET_TARGET_STATE_H
#define SIPPROBE_TARGET_TARGET_STATE_H

#include "base/clock.h"
#include "sipprobe/dns/resolve.h"
#include "sipprobe/health.h"
#include "sipprobe/message/request.h"
#include "sipprobe/target/prober.h"
#include "sipprobe/target/target_group.h"

struct exchange;
struct stream;
struct target_notes;
struct unregistration;

/* The probe under way, or the last one. */
struct attempt {
	int64_t begun_ns;
	int64_t begun_unix_ns;
	int64_t rx_ns;	 /* its last final response came */
	int64_t sent_ns; /* first sending of the request; 0: not yet */
	/* When the next retransmission is due, or the next try to connect; 0: none. */
	int64_t resend_ns;
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

/* Takes the target out of its listener's sight, if it is in there. */
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
	};
}

#endif
