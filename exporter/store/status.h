/*
 * Rows of the status page and its API, copied out of the store in small pieces, as a
 * scrape is: the main thread never waits for more than one piece.
 */
#ifndef EXPORTER_STORE_STATUS_H
#define EXPORTER_STORE_STATUS_H

#include "exporter/store/copy_arena.h"
#include "exporter/store/history.h"
#include "exporter/store/outage.h"
#include "exporter/store/problems.h"
#include "exporter/store/stats.h"
#include "exporter/store/store.h"
#include "exporter/store/traced.h"

/* A trunk among all of them. */
struct status_row {
	struct slice labels; /* label text, the trunk's name first */
	struct slice name;   /* in it, escaped as label text is */
	struct slice info;   /* label text: uri, transport, profile */
	/* The target that is worst off, as its label text; empty: there is none. */
	struct slice target;
	struct slice said; /* reason phrase or failure of its last probe */
	const struct history_probe *probes; /* its last ones, oldest first */
	unsigned probe_count;
	struct history_probe last;
	int64_t last_unix_ns;  /* begin of its last probe that ended; 0: none yet */
	int64_t since_unix_ns; /* of the state */
	/* Earliest end of what targets' peers show: of the verified part where there is
	 * one, else of all; 0: none. */
	int64_t cert_not_after_s;
	uint32_t addresses;
	uint32_t addresses_up;
	unsigned problems; /* bits 1 << enum problem */
	uint32_t requests; /* over UDP in the last half hour, and what was lost of them */
	uint32_t lost;
	uint32_t flaps; /* state changes in that time, counted to PROBLEMS_FLAPS */
	uint8_t state;	/* enum health_state */
	int8_t inbound_missing; /* as in struct stats_trunk */
	bool paused;		/* by its settings: not probed */
	int64_t paused_until_s; /* 0: not paused, or without an end */
};

/* Beside the bits of states: trunks that are paused, whose state is unknown. */
#define STATUS_PAUSED (1U << HEALTH_STATES)

struct status_query {
	uint64_t since;	 /* only rows that changed after this sequence; 0: all */
	unsigned states; /* bits 1 << enum health_state, and STATUS_PAUSED; 0: any */
	unsigned recent; /* probes of each row */
};

struct status_list {
	struct status_row *rows; /* by name */
	size_t count;
	size_t states[HEALTH_STATES]; /* how many of all trunks are in each */
	size_t paused;		      /* of them, also counted as unknown */
	uint64_t sequence;	      /* for `since` of the next query */
	uint64_t generation;   /* of the set of trunks; another one: ask for all again */
	int64_t begun_unix_ns; /* of the store: tells one run from the next */
	struct copy_arena_block *blocks; /* what the slices lead to */
};

/*
 * Any thread. Freed with status_list_free().
 *
 * Returns 0; ENOMEM; EBUSY when the set of trunks kept changing for half a second.
 */
int status_list_take(struct status_list **lp, struct store *s,
		     const struct status_query *q);
void status_list_free(struct status_list *l);

/* The order of names, byte by byte. */
int status_name_compare(struct slice a, struct slice b);

/* The store's set of trunks and run, for comparison with a list's. */
uint64_t status_generation(struct store *s);
int64_t status_begun_ns(const struct store *s);

struct status_target {
	struct slice labels;  /* method, address, transport */
	struct slice seen_as; /* as whom its peer sees us; empty: unknown */
	struct slice said;
	struct stats_target stats;
	struct stats_tls tls;	    /* zeroed: it is not over TLS */
	int64_t registered_until_s; /* 0: no registration known */
	struct history_probe last;
	int64_t last_unix_ns;
	struct history_probe *probes; /* oldest first; owned */
	unsigned probe_count;
	struct history_ladder *failures[HISTORY_FAILURES]; /* newest first; references */
	struct history_ladder *success;
	struct chain *chain; /* what the peer showed over TLS, or NULL; a reference */
	bool marked;	     /* copies of its requests are numbered */
	struct stats_ways ways;
	bool sized; /* what sizes pass is looked at */
	struct survey_size_report size;
	/* The last change of each trait of its peer, or NULL; references. */
	struct peer_change *changes[PEER_TRAITS];
	uint32_t change_counts[PEER_TRAITS];
	struct stats_train train; /* no trains: there was none */
	bool lacks_probes;	  /* for want of memory, as are the ladders of failures */
	bool lacks_failures;
};

/* One trunk and everything about it. */
struct status_trunk {
	struct slice labels;
	struct slice info;
	struct slice own_file; /* label text of the certificate we show, or empty */
	struct tls_own own;    /* what that is worth */
	struct slice dns_said; /* why its name did not resolve, the last time; or empty */
	uint8_t dns_hint;      /* enum dns_hint of that time */
	struct slice dns_note; /* what went wrong when it did, the last time; or empty */
	struct stats_trunk stats;
	int64_t inbound_options_unix_ns; /* its peer's last ping; 0: none yet */
	int64_t since_unix_ns;
	struct status_target *targets;
	size_t target_count;
	size_t target_cap;
	struct buffer
		aor; /* address of record of a trunk that checks REGISTER; or empty */
	struct traced *traced; /* its last trace, or NULL; a reference */
	bool down;	       /* with how it went down: */
	struct outage outage;
	bool binds; /* it registers, and does not only ask */
	struct problems_facts facts;
	unsigned memory_mib;	/* the setting */
	struct buffer settings; /* pairs of terminated strings, key and value */
	struct buffer text;	/* what the slices point into */
};

/*
 * Any thread; for the next 15 seconds the messages of every probe of the trunk are kept.
 *
 * Returns 0; ENOENT; ENOMEM; EBUSY as status_list_take().
 */
int status_trunk_take(struct status_trunk **tp, struct store *s, const char *name);
void status_trunk_free(struct status_trunk *t);

/* The target whose registration lasts, or lasted, longest; NULL: none is known. */
const struct status_target *status_registered(const struct status_trunk *t);

/*
 * A trunk's settings in force as `settings` has them, in the configuration's notation;
 * all keys but those of secrets. The value of one that is not set is "".
 */
void status_settings(struct buffer *out, const struct config_settings *s);

#endif
