/* The numbers kept of a trunk, a target and the exporter: plain data, copied whole. */
#ifndef EXPORTER_STORE_STATS_H
#define EXPORTER_STORE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "exporter/store/stats_call.h"
#include "sipprobe/engine.h"
#include "sipprobe/tls_failure.h"
#include "sipprobe/tls_own.h"

/* Request methods counted by name; any other counts as "other": peers choose the word. */
enum {
	STATS_METHODS = 15,
};

/* A label's value for row @i of an array of STATS_METHODS counters. */
const char *stats_method_name(size_t i);

/* Label text of siptrunk_tls_own_certificate_usable after the file's. */
#define STATS_OWN_CLIENT ",purpose=\"client\""
#define STATS_OWN_SERVER ",purpose=\"server\""

/* What becomes of a certificate of ours at who it is shown to. */
struct stats_own {
	int64_t from_s; /* when what of its chain is needed is valid */
	int64_t until_s;
	bool unfit; /* not usable at any time */
};

static inline struct stats_own stats_own_of(const struct tls_own *own)
{
	return (struct stats_own){own->good_from_s, own->not_after_s,
				  own->unfit[0] != '\0'};
}

/* Whether peers will accept it at @now_s. */
static inline bool stats_own_usable(const struct stats_own *own, int64_t now_s)
{
	return !own->unfit && now_s >= own->from_s && now_s <= own->until_s;
}

/* All calls of a trunk, whoever asked for them. */
struct stats_bill {
	uint32_t answered;
	uint32_t unanswered;
	int64_t talk_ns;    /* from answer to end, all together */
	uint16_t open;	    /* that the peer may think are up */
	uint16_t not_ended; /* of which nobody knows whether they ended */
};

/* What a trunk's peer asked by itself. */
struct stats_inbound {
	int64_t options_unix_ns; /* the last ping; 0: none yet */
	uint32_t requests[STATS_METHODS];
};

struct stats_trunk {
	int64_t paused_until_s; /* 0: not paused, or without an end */
	uint32_t state_changes;
	uint32_t dns_failures;
	uint16_t addresses;
	uint16_t addresses_up;
	uint8_t state;		/* enum health_state */
	int8_t inbound_missing; /* 1: its peer's expected pings stay out; -1: none are */
	bool addresses_known : 1; /* a resolution told how many */
	bool named : 1;		  /* the URI's host is a name */
	bool paused : 1;
	bool calls : 1; /* it makes some */
};

/* Why the trunk is in its state, where that is not what probes say; or NULL. */
static inline const char *stats_state_reason(uint8_t state, int8_t inbound_missing)
{
	return state == HEALTH_DEGRADED && inbound_missing > 0 ? ENGINE_INBOUND_STOPPED
							       : NULL;
}

/* As struct probe_loss has it. */
struct stats_loss {
	uint32_t requests;
	uint32_t answers;
	uint32_t lost;
};

/* Those of them of which the way is known, where copies are numbered. */
struct stats_ways {
	uint32_t there;
	uint32_t back;
};

struct stats_target {
	int64_t sum_ns;		      /* of what the histogram holds */
	int64_t last_success_unix_ns; /* 0: none yet */
	int64_t seen_as_unix_ns; /* since when its peer sees us so; 0: it said none yet */
	uint32_t phases[PROBE_PHASES]; /* of the last probe; see stats_phase_ns() */
	int32_t retry_after_s;	       /* of the last answer; -1: none */
	uint32_t probes;
	uint32_t retransmissions;
	uint32_t late;
	struct stats_loss loss;			      /* of all that settled */
	uint32_t misdirected[PROBE_MISDIRECTEDS - 1]; /* over UDP: port, address */
	uint32_t reply_hops_changes;
	uint32_t seen_as_changes; /* of the address that its peer sees us at */
	uint16_t priority;	  /* by SRV at the last probe; 0 without */
	uint16_t weight;
	int8_t reply_hops;  /* routers that its last answer passed; -1: unknown */
	uint8_t traits;	    /* that its peer was seen with: bits 1 << enum peer_trait */
	uint8_t alg_signs;  /* bits 1 << enum mirror_sign */
	int8_t success : 2; /* of the last probe; -1: none yet */
	bool alg_known : 1;
	bool nat : 1;	    /* with seen_as_unix_ns: that is not what we sent from */
	bool udp : 1;	    /* what is sent may be lost */
	bool websocket : 1; /* over ws or wss */
};

/*
 * How long a phase took, in four bytes: nanoseconds as far as 31 bits reach, which is two
 * seconds, and microseconds beyond.
 */
#define STATS_NO_PHASE UINT32_MAX
#define STATS_PHASE_US (UINT32_C(1) << 31)

static inline uint32_t stats_phase(int64_t ns)
{
	int64_t us = ns / 1000;

	if (ns < 0)
		return STATS_NO_PHASE;
	if (ns < STATS_PHASE_US)
		return (uint32_t)ns;
	return us < STATS_NO_PHASE - STATS_PHASE_US ? STATS_PHASE_US | (uint32_t)us
						    : STATS_NO_PHASE - 1;
}

/* -1: there was no such phase. */
static inline int64_t stats_phase_ns(uint32_t phase)
{
	if (phase == STATS_NO_PHASE)
		return -1;
	return phase & STATS_PHASE_US ? (phase & ~STATS_PHASE_US) * INT64_C(1000) : phase;
}

/* Of a target over TLS. */
struct stats_tls {
	int64_t cert_not_after_s;     /* 0: none seen */
	int64_t verified_not_after_s; /* of what of it was verified; 0: nothing yet */
	uint32_t failures[TLS_FAILURES];
	uint32_t resumed; /* handshakes that resumed a session */
};

/*
 * When the certificates end that the peer must have; of more than that it may show, none
 * is missed. 0: it showed none.
 */
static inline int64_t stats_certificate_end_s(const struct stats_tls *tls)
{
	return tls->verified_not_after_s ? tls->verified_not_after_s
					 : tls->cert_not_after_s;
}

/* Trains of requests: counters, and what the last one showed. */
struct stats_train {
	uint32_t trains;
	uint32_t requests; /* of those that nobody cut off, as are the next two */
	uint32_t answers;
	uint32_t reordered;
	uint32_t limited; /* trains that somebody cut off */
	struct survey_train_report last;
};

/*
 * Probes that ended in one way: with a status code, or as a failure, of which
 * PROBE_RESPONSE is one whose code means down. A probe that ends in both ways counts in
 * both.
 */
struct stats_ending {
	uint16_t how; /* enum probe_outcome; from STATS_CODES_FROM on a status code */
	uint32_t count;
};

enum { STATS_CODES_FROM = 100, STATS_CODES_TO = 699 };

_Static_assert((int)PROBE_OUTCOMES <= (int)STATS_CODES_FROM,
	       "an outcome would be a code");

/* Series that scrapes are spared; zeroed: none. */
struct stats_spared {
	bool buckets; /* of classic histograms, but for +Inf where a format wants it */
	bool unseen;  /* reasons of failures that were not counted yet */
	bool others;  /* states that a trunk is not in */
};

enum { STATS_LAG_BUCKETS = 12 };

struct stats_exporter {
	uint64_t stray[ENGINE_STRAYS];
	uint64_t hep_sent;
	uint64_t hep_lost;
	bool hep;			/* messages are mirrored */
	int64_t reload_success_unix_ns; /* 0: never */
	struct stats_spared spared;
	int64_t lag_ns; /* largest of the last minute */
	uint64_t lags[STATS_LAG_BUCKETS + 1];
	int64_t lag_sum_ns;
	uint64_t media_late[MEDIA_LATENESS_BOUNDS + 1];
	int64_t media_late_sum_ns;
	bool calls; /* some trunk makes them */
	size_t trunks;
	unsigned total_shards;	    /* 0: not one of several */
	char shard[24];		    /* label text of the one that this is */
	int64_t listen_not_after_s; /* of what we show who connects; 0: nothing */
	struct stats_own listen_own;
	char listen_file[128]; /* its label text */
	char listen_use[128 + sizeof(STATS_OWN_SERVER)];
	bool tls_files_stale; /* changed ones could not be read */
	bool reload_seen;
	bool reload_successful; /* the last one */
};

/* The last probe that fell into a bucket, so that its trace can be found. */
struct stats_exemplar {
	int64_t value_ns;
	int64_t unix_ns;  /* when the probe began */
	char call_id[36]; /* needs no escapes in any format */
	uint8_t bucket;
};

/* Histogram bounds, rising, without +Inf. */
struct stats_buckets {
	size_t count;
	double *bound_s;
	int64_t *bound_ns;
	struct slice *le;	/* `le="0.001"`, count + 1 of them, the last is +Inf */
	struct slice *le_float; /* the same as OpenMetrics has it: `le="1.0"` for 1 */
};

#endif
