/*
 * Memory of single probes, for people: of each target the last ones in a few
 * bytes each, the ladders of its last failures and that of a recent success. All of it
 * stays within one budget of memory. Part of the store, under its lock; only a kept
 * ladder, which does not change, outlives the lock by a reference.
 */
#ifndef EXPORTER_STORE_HISTORY_H
#define EXPORTER_STORE_HISTORY_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "sipprobe/ladder.h"
#include "sipprobe/probe.h"

enum {
	HISTORY_PROBES_MAX = 1000, /* of a target */
	HISTORY_FAILURES = 3,	   /* ladders of a target's last failures */
};

#define HISTORY_NO_LATENCY UINT32_MAX

/* One probe in eight bytes. */
struct history_probe {
	uint32_t latency_us;  /* request sent to final response, or HISTORY_NO_LATENCY */
	uint16_t gap_ds;      /* since the probe before it began, in tenths of a second */
	uint16_t code : 10;   /* final status code, or 0 */
	uint16_t outcome : 4; /* enum probe_outcome */
	uint16_t verdict : 2; /* enum probe_verdict */
};

/* A probe with its ladder. Any thread that holds a reference may read it. */
struct history_ladder {
	TAILQ_ENTRY(history_ladder) entry; /* by age, all targets */
	struct history_ladders *in;	   /* the list that it is in */
	struct history_track *track;	   /* NULL: no longer in the history */
	size_t bytes;
	atomic_uint refs;
	_Atomic int64_t late_ns; /* wall clock; a response came after the end; 0: none */
	struct probe_result result;
	struct call_media *media; /* that `result` points to, or NULL; owned */
	unsigned count;
	unsigned dropped;
	struct ladder_entry entries[]; /* their texts follow */
};

TAILQ_HEAD(history_ladders, history_ladder);

/* A target's memory; NULL where half of the budget was used up and nothing failed yet. */
struct history_track {
	TAILQ_ENTRY(history_track) entry; /* of those that may give up their ring */
	struct history_ladder *failures[HISTORY_FAILURES]; /* newest first */
	struct history_ladder *success;
	_Atomic int64_t watched_until_ns; /* wall clock: somebody looks at the target */
	struct history_probe *probes;	  /* a ring; owned; NULL: no room for it */
	uint16_t count;
	uint16_t next;
	bool forgot; /* for want of memory fewer failures are kept than could be */
};

TAILQ_HEAD(history_tracks, history_track);

/*
 * Who goes first when the budget is used up: successes, then what failed before a
 * target's last failure, then the last probes of targets without a failure, and only then
 * last failures. Of each the oldest first.
 */
struct history {
	unsigned probes;  /* kept of a target */
	size_t bytes_max; /* for tracks and ladders together */
	size_t bytes;
	struct history_ladders successes; /* oldest first, as are the others */
	struct history_ladders earlier;
	struct history_ladders last;
	struct history_tracks well; /* with a ring and without a failure */
};

/*
 * @probes: kept of each target, 0 to HISTORY_PROBES_MAX
 * @bytes:  budget; half of it is for last probes at most. 0: nothing is kept
 */
void history_init(struct history *h, unsigned probes, size_t bytes);

/*
 * With room for the last probes as long as there is some.
 *
 * Returns NULL when the budget has no room for one more, or without memory.
 */
struct history_track *history_track_alloc(struct history *h);
void history_track_free(struct history *h, struct history_track *t);

/* Adds a probe. @gap_ns: since the begin of the one before */
struct history_probe history_pack(const struct probe_result *r, int64_t gap_ns);
void history_add(struct history *h, struct history_track *t, struct history_probe probe);

/* Whether probes of the target should be kept and are not, for want of memory. */
bool history_lacks_probes(const struct history *h, const struct history_track *t);

/* The same of the ladders of its failures. */
bool history_lacks_failures(const struct history *h, const struct history_track *t);

/* The @i-th newest; @i < t->count. */
struct history_probe history_get(const struct history *h, const struct history_track *t,
				 unsigned i);

/* Whether the ladder of a probe that ended so would be kept. The writer's thread only. */
bool history_wants(const struct history *h, const struct history_track *t,
		   const struct probe_result *r);

/*
 * Copies a ladder. Without a lock; history_keep() then takes it over, under the lock, and
 * makes the track of a target without one, for a failure.
 *
 * Returns NULL without memory.
 */
struct history_ladder *history_ladder_copy(const struct probe_result *r,
					   const struct ladder *l);
void history_keep(struct history *h, struct history_track **tp, struct history_ladder *l);

/* Lets every ladder go that holds what was heard in a call. */
void history_forget_audio(struct history *h);

/* A response to the last failed probe came after all. */
void history_late(struct history_track *t, int64_t now_unix_ns);

/* Whether it holds what was heard in a call, or its packets. */
bool history_ladder_has_audio(const struct history_ladder *l);

struct history_ladder *history_ladder_ref(struct history_ladder *l); /* NULL stays NULL */
void history_ladder_unref(struct history_ladder *l);

#endif
