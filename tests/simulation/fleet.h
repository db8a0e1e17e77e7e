/*
 * Who takes part: trunks, as a seed makes them, and their peers; and what is known of
 * them. Peers, faults and judges all look at the same.
 */
#ifndef TESTS_SIMULATION_FLEET_H
#define TESTS_SIMULATION_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "sipprobe/health.h"
#include "sipprobe/loop/compat.h"
#include "tests/simulation/net.h"

enum {
	FLEET_PEERS = 3,  /* of a trunk: addresses that its name may have */
	FLEET_CHECKS = 3, /* OPTIONS, REGISTER, INVITE: */
	FLEET_CALLS = 2,
	FLEET_REQUESTS = 8, /* of a probe that are remembered */
	FLEET_ANSWERS = 2,  /* a second, to each trunk's peer */
};

enum fleet_mode {
	PEER_ANSWERS,
	PEER_SILENT,
	PEER_REFUSES, /* by ICMP, over TCP by RST */
	PEER_BUSY,    /* 503 with Retry-After */
};

struct trunk;
struct cell;
struct dialler;
struct identity;
struct registrar;

/* What SRV says of an address. */
struct rank {
	uint16_t priority, weight;
};

struct peer {
	struct trunk *trunk;
	unsigned index;
	struct sa sa;
	struct link link;
	uint64_t fate;
	enum fleet_mode mode;
	int64_t since_ns; /* of the mode */
	int64_t fin_ns;	  /* when it closed a connection of ours last */
	unsigned epoch;	  /* counts modes, and whatever else its trunk begins anew by */
	bool trying;	  /* says 100 first */
	struct registrar *registrar; /* NULL: it is none */
	struct identity *identity;   /* its certificate; NULL: it has none */
	struct rank rank;
	struct cell *cells[FLEET_CHECKS]; /* who probes it now, by each method */
	int64_t unknown_ns;		  /* when nobody did, last */
};

/* What the configuration says of a trunk, as it is to be, and as it is in force. */
struct order {
	bool present;
	bool paused;
	unsigned version; /* a label's value */
	unsigned fall, rise;
	int64_t interval_ns, timeout_ns, down_ns, t1_ns;
};

/* How a row of results adds up, written down again apart from health.c. */
struct tally {
	enum health_state state;
	bool failed;
	unsigned streak;
};

struct trunk {
	unsigned number;
	uint64_t fate;
	struct peer peers[FLEET_PEERS];
	bool named;   /* its URI has a name, else the first peer's address */
	bool several; /* that has more than one address */
	bool v6, lossy, tcp, reuse, auth, registers;
	bool tls;    /* over TCP */
	bool mutual; /* its peer wants to see our certificate */
	bool srv;    /* DNS has SRV records of the name, with a port of their own */
	bool naptr;  /* and NAPTR ones before */
	bool calls;  /* its peers ping us */
	struct dialler *dial; /* that it calls; NULL: it does not */
	unsigned set;	      /* bits: the addresses that DNS gives */
	bool dns_fails;
	unsigned dns_epoch, ttl_s;
	int64_t dns_since_ns, asked_ns[2]; /* for A and AAAA */
	struct order want, have;
	/* As told: */
	void *row; /* the exporter's; NULL: there is none */
	bool here;
	enum health_state told;
	int64_t told_ns;
	struct tally tally;
	unsigned changes;
	unsigned changed_epoch; /* of the first peer, at the last change */
	int64_t changed_ns;
	bool failed_since_up, shaken; /* memory failed: what is kept may have holes */
	uint64_t heard, heard_told;   /* requests of its peers; as told of */
	uint64_t heard_base;	      /* of those told of, before its row was made */
	uint64_t calls_stream;
	int64_t burst_ns;	   /* when they came by the dozen last */
	int64_t credit, credit_ns; /* answers that its peers may have, thousandths */
	int64_t added_ns;
	struct cell *cells; /* all there ever were, the last one first */
};

/* One request of a probe. */
struct asked {
	uint64_t branch;
	int64_t first_ns, final_ns; /* sent first; a final answer lay in the socket */
	unsigned copies, code;
	bool behind; /* it waited for room in its connection: PIPES_FULL_NS at the most */
};

/* What probes one peer by one method: the engine's target. */
struct cell {
	struct cell *older;
	struct trunk *trunk;
	struct peer *peer;
	void *inner; /* the exporter's */
	unsigned check;
	bool gone, pending, began;
	bool left_out; /* a call that was due was not made since it began */
	/* When it began; when the time that it has for an answer, and the way to the next
	 * probe, are counted from: later, where we stood still. */
	int64_t added_ns, due_ns, begun_ns, base_ns, paced_ns, ended_ns;
	struct asked asked[FLEET_REQUESTS];
	unsigned asked_count, copies, icmp, garbled, broken;
	unsigned shaken_hands; /* times that its peer showed its certificate */
	int64_t icmp_ns;
	uint64_t lost_branch; /* of the last probe that timed out; 0: none */
	uint64_t late;	      /* answers to such that came within moments */
	bool unsent;	      /* the machine would not send */
	uint64_t memory;      /* allocations that had failed when it began */
	struct tally tally;
	int64_t grid_ns, grid_pace_ns;
	int64_t pace_ns;       /* of the last probe's end; 0: not known */
	int64_t not_before_ns; /* as a 503 asked */
	bool refused;	       /* its credentials were */
	bool held;	       /* asked once more, as we had stood still */
	int64_t told_until_ns; /* registered by our word */
	/* Counted as the store does. */
	struct {
		uint64_t begun, outcomes[16], retransmissions, late;
		uint64_t requests, answers, lost;
		uint64_t copies, arrived; /* on the wire */
		uint64_t unmade;	  /* calls that had begun and were stopped */
	} sum;
};

struct fleet {
	uint64_t seed;
	unsigned count;
	unsigned faults; /* bits of enum fault */
	int only;	 /* this trunk alone; -1: all */
	bool plain;	 /* settings as they are by default */
	bool listening;
	unsigned pace;		/* intervals are so many times as long */
	int64_t outage_ns;	/* from one to the next of a peer's, in the mean */
	unsigned calls_an_hour; /* at most; 0: as the seed has it */
	int64_t crashed_ns;	/* when the process died last; 0: never */
	bool over;		/* it ends: what goes now goes by our will */
	struct trunk *trunks;
};

extern struct fleet fleet;

/* Makes trunks and peers. */
void fleet_make(void);

/* The configuration that is wanted, as JSON; to be freed with free(). */
char *fleet_config(void);

/* "udp", "tcp" or "tls". */
const char *fleet_transport(const struct trunk *t);

/* Draws a priority and a weight. */
void fleet_rank(struct rank *r, uint64_t *s);

struct trunk *fleet_trunk(const char *name); /* "t12" or "t12.sim" */
struct peer *fleet_peer(const struct sa *sa);

/* Its state is foretold result by result: one address at a time, by OPTIONS alone. */
bool fleet_is_single(const struct trunk *t);

/* Forgets cells that have gone long ago, of which nothing can be told any more. */
void fleet_prune(struct trunk *t);

/* A result is added to a row of them. */
void fleet_add(struct tally *tally, const struct order *o, bool failed);

/* Those that are simulated, one after the other: the first for NULL, NULL past the last.
 */
struct trunk *fleet_next(struct trunk *t);

#endif
