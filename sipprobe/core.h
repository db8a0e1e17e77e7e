/*
 * What the parts of the engine share, private to sipprobe/: targets, trunks, sockets and
 * what sorts arrivals get at each other's services through this one struct. engine.c
 * makes it, and once.c a copy for a probe on demand.
 */
#ifndef SIPPROBE_CORE_H
#define SIPPROBE_CORE_H

#include "sipprobe/engine.h"
#include "sipprobe/compat.h"
#include "sipprobe/schedule.h"
#include "sipprobe/siphash.h"
#include "sipprobe/ticker.h"

struct core {
	const struct engine_events *events;
	void *arg;
	char agent[64]; /* User-Agent and Server: "siptrunk_exporter/1.2.3" */
	struct siphash_key answer_tag; /* what To tags of our answers are made of */
	struct ticker *ticker;
	struct schedule schedule;
	unsigned choosy; /* trunks for which it matters where, or how often, peers ping */
	uint64_t targets_stamp; /* moves whenever a target comes or goes; never 0 */
	struct registry *registry;
	struct peers *peers; /* address → struct target, for what comes in */
	struct peers
		*guests; /* the same for probes on demand; their peers get no answer */
	struct sockets *sockets;
	struct tls_cache *tls;
	struct resolver *resolver;
	struct resolver *resolver_former; /* still answers what it was asked, or NULL */
	int64_t resolver_since_ns;
	const struct config *conf; /* in force; NULL: none yet */
	struct list leaving;	   /* targets that take back what they registered */
	void (*left_h)(void *arg); /* when the last of them is done; or NULL */
	void *left_arg;
	bool closing; /* nobody may wait for anything any more */
};

/* What the parts of an engine share; engine.c. */
struct core *engine_core(struct engine *e);

#endif
