/* Inside of the store: for store*.c, which write; snapshot.c and status*.c copy. */
#ifndef EXPORTER_STORE_STORE_ROWS_H
#define EXPORTER_STORE_STORE_ROWS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/name_index.h"
#include "exporter/store/changes.h"
#include "exporter/store/history.h"
#include "exporter/store/loss_window.h"
#include "exporter/store/native_histogram.h"
#include "exporter/store/outage.h"
#include "exporter/store/problems.h"
#include "exporter/store/stats.h"
#include "exporter/store/store.h"
#include "exporter/store/store_text.h"
#include "exporter/store/traced.h"

/* Seconds over which the largest schedule lag is told, a slot each. */
#define STORE_LAG_SLOTS 60

/* Of one whose peer has changed. */
struct store_changes {
	struct peer_change *last[PEER_TRAITS]; /* references; NULL: it did not */
	uint32_t counts[PEER_TRAITS];
};

struct store_tls {
	struct stats_tls stats;
	struct chain *chain; /* what the peer showed; a reference; NULL: nothing yet */
};

/*
 * Of a target over TLS, one that registers or makes calls, has numbered copies or a
 * survey, or a peer that changed.
 */
struct store_more {
	struct store_tls *tls;		 /* owned; NULL: it is not over TLS */
	struct stats_call *call;	 /* owned; NULL: it makes no calls */
	struct survey_size_report *size; /* owned; NULL: nothing is known of sizes */
	struct stats_train *train;	 /* owned; NULL: there was none */
	struct store_changes *changes;	 /* owned; NULL: its peer did not change */
	int64_t registered_until_s;	 /* 0: no registration known */
	struct stats_ways ways;		 /* where copies of its requests … */
	bool marked;			 /* … are numbered */
	bool registers;
};

/* What most have room for without a list: one way to end, and what a probe may add. */
enum { STORE_ENDINGS = 3 };

union store_endings {
	struct stats_ending own[STORE_ENDINGS];
	struct stats_ending *list; /* owned */
};

/*
 * Of the label text of targets that have method and transport in common, what stands
 * before the address' value, `method="OPTIONS",address="`, and after it.
 */
struct store_kind {
	uint32_t before_len;
	uint32_t after_len;
	char text[];
};

/* What fits into a cell's bits; there are as many as methods and transports together. */
enum { STORE_KINDS = 1 << 15 };

struct store_target {
	SLIST_ENTRY(store_target) entry;
	struct store_trunk *row;
	struct stats_target stats;
	union store_endings endings;	  /* rising by how; see store_endings() */
	struct native_histogram *native;  /* NULL: no observation, or none is kept */
	struct stats_exemplar *exemplars; /* rising by bucket */
	struct loss_window *window;	  /* owned; NULL: nothing was lost yet */
	struct history_track *track;	  /* NULL: none, or no room for it */
	const char *seen_as; /* of `words`; as whom its peer sees us; NULL: unknown */
	char *said; /* owned; the last probe's reason phrase or failure; NULL: nothing */
	int64_t last_unix_ns; /* begin of the last probe that ended; 0: none yet */
	struct history_probe last;
	struct store_more *more;     /* owned; NULL: none of it */
	uint32_t success_latency_us; /* of the last success, as are the next two */
	uint16_t success_code;
	int8_t success_reply_hops; /* -1: unknown */
	uint8_t exemplar_count;
	uint16_t ending_count;
	uint16_t ending_cap; /* of the list; 0: they are in the cell */
	uint16_t address_len;
	uint16_t kind : 15;   /* in the store's list */
	bool native_lost : 1; /* an observation was: half a histogram is never shown */
	uint32_t counts[]; /* one a bucket and +Inf; the address' label value follows */
};

SLIST_HEAD(store_targets, store_target);

/* Texts that few trunks have; owned, each may be NULL. */
struct store_texts {
	char *own_file;	    /* label text of our certificate's file */
	struct tls_own own; /* what that is worth, with own_file */
	char *dns_failure;  /* why its name did not resolve the last time, for people */
	char *dns_note;	    /* what went wrong when it did, or "" or NULL */
};

/* What few trunks have gone through: changes of state, failures of their name. */
struct store_course {
	int64_t dns_failed_unix_ns;	    /* the last time; 0: never */
	int64_t dns_failed_before_ns;	    /* the failure before it; 0: none */
	uint32_t changes_s[PROBLEMS_FLAPS]; /* of its state, the last ones; a ring */
	uint32_t down_until_s;		    /* when it was down last; 0: never */
	uint8_t dns_hint;		    /* enum dns_hint of dns_failed_unix_ns */
};

/* What few trunks have. */
struct store_trunk_more {
	struct stats_inbound *inbound; /* owned; NULL: no request yet */
	struct traced *traced;	       /* its last trace; NULL: none */
	struct outage *outage;	       /* owned; NULL: it is not down */
	struct store_texts *texts;     /* owned; NULL: none of them */
	struct store_course *course;   /* owned; NULL: its state changed once at most */
	struct stats_bill *bill;       /* owned; NULL: it makes no calls */
};

struct store_trunk {
	TAILQ_ENTRY(store_trunk) entry;
	const struct config_trunk *conf; /* in force; only under the lock */
	struct store_targets targets;
	int64_t since_boot_ns;	       /* of the state; by clock_boot_ns() */
	uint64_t changed;	       /* the store's sequence at its last change */
	struct store_trunk_more *more; /* owned; NULL: none of it */
	struct stats_trunk stats;
	uint32_t target_count;
	uint32_t label_len;
	uint32_t info_len;
	_Alignas(4) unsigned char note[STORE_NOTE_BYTES]; /* not ours to look into */
	char text[]; /* labels, then those of siptrunk_info */
};

TAILQ_HEAD(store_trunks, store_trunk);

struct store_lag {
	int64_t second; /* monotonic */
	int64_t lag_ns;
};

struct store {
	pthread_mutex_t lock;
	atomic_bool writer_waits;
	atomic_bool ready;
	atomic_bool exemplars;	      /* some client takes them */
	struct stats_buckets buckets; /* never changes; nor do these: */
	struct stats_buckets call_buckets;
	struct stats_buckets media_buckets;
	struct stats_buckets lag_buckets;
	struct native_histogram_scale native; /* never changes once there are trunks */
	struct store_trunks trunks;
	struct store_trunks prepared; /* shown to nobody yet; the main thread's alone */
	size_t prepared_count;
	struct name_index names; /* rows by trunk; without memory some are not in */
	struct history history;
	struct traced_list traces;
	struct store_words words;  /* main thread; of addresses that we are seen at */
	struct store_kind **kinds; /* owned */
	int kind_count;
	/* Main thread; of the row that is made, or cell. Room got and given back for each
	 * would leave a hole beside it. */
	struct buffer label_text;
	struct buffer info_text;
	bool keeps_audio; /* main thread */
	size_t target_count;
	bool changing;	   /* a configuration is being applied */
	uint64_t sequence; /* moves with every change of a row */
	int64_t begun_unix_ns;
	int64_t wall_offset_ns; /* clock_wall_offset_ns() as it was last followed */
	uint64_t generation;	/* moves with every trunk added, moved or removed */
	struct stats_exporter exporter;
	struct changes changes; /* of the last reload */
	struct store_lag lag[STORE_LAG_SLOTS];
};

/* On which ways packets were lost; NULL: copies have no numbers. */
static inline const struct stats_ways *store_ways_of(const struct store_target *t)
{
	return t->more && t->more->marked ? &t->more->ways : NULL;
}

/* What a target over TLS has besides; NULL for others. */
static inline struct store_tls *store_tls_of(const struct store_target *t)
{
	return t->more ? t->more->tls : NULL;
}

/* 0: its peer showed no certificates. */
static inline int64_t store_certificate_end_s(const struct store_target *t)
{
	return store_tls_of(t) ? stats_certificate_end_s(&store_tls_of(t)->stats) : 0;
}

static inline int64_t store_registered_until_s(const struct store_target *t)
{
	return t->more ? t->more->registered_until_s : 0;
}

/* What of its peer changed; NULL: nothing. */
static inline const struct store_changes *store_changes_of(const struct store_target *t)
{
	return t->more ? t->more->changes : NULL;
}

/* With the lock held. Whether `more` is there, or could be made. */
bool store_more_room(struct store_target *cell);

/* NULL is ignored. */
void store_changes_free(struct store_changes *c);

/* What one that makes calls has; NULL for others. */
static inline struct stats_call *store_call_of(const struct store_target *t)
{
	return t->more ? t->more->call : NULL;
}

/* With the lock held. Whether `more` is there, or could be made. */
static inline bool store_trunk_more_room(struct store_trunk *row)
{
	if (!row->more)
		row->more = calloc(1, sizeof(*row->more));
	return row->more;
}

static inline struct stats_inbound *store_inbound_of(const struct store_trunk *t)
{
	return t->more ? t->more->inbound : NULL;
}

static inline struct outage *store_outage_of(const struct store_trunk *t)
{
	return t->more ? t->more->outage : NULL;
}

static inline struct store_texts *store_texts_of(const struct store_trunk *t)
{
	return t->more ? t->more->texts : NULL;
}

static inline struct store_course *store_course_of(const struct store_trunk *t)
{
	return t->more ? t->more->course : NULL;
}

static inline struct stats_bill *store_bill_of(const struct store_trunk *t)
{
	return t->more ? t->more->bill : NULL;
}

static inline const char *store_own_file(const struct store_trunk *t)
{
	return store_texts_of(t) ? store_texts_of(t)->own_file : NULL;
}

static inline const char *store_dns_failure(const struct store_trunk *t)
{
	return store_texts_of(t) ? store_texts_of(t)->dns_failure : NULL;
}

/* What went wrong when its name resolved, or NULL. */
static inline const char *store_dns_note(const struct store_trunk *t)
{
	const char *note = store_texts_of(t) ? store_texts_of(t)->dns_note : NULL;

	return note && note[0] ? note : NULL;
}

/* When its name failed the last time; 0: never. */
static inline int64_t store_dns_failed_unix_ns(const struct store_trunk *t)
{
	return store_course_of(t) ? store_course_of(t)->dns_failed_unix_ns : 0;
}

/* What of it is likely wrong. */
static inline uint8_t store_dns_hint(const struct store_trunk *t)
{
	return store_course_of(t) ? store_course_of(t)->dns_hint : DNS_HINT_NONE;
}

/* ending_count of them. */
static inline const struct stats_ending *store_endings(const struct store_target *t)
{
	return t->ending_cap ? t->endings.list : t->endings.own;
}

void store_kinds_free(struct store *s);

/* The value of a target's address as label text has it, address_len bytes. */
static inline const char *store_target_address(const struct store *s,
					       const struct store_target *t)
{
	return (const char *)(t->counts + s->buckets.count + 1);
}

/* A target's label text: its length, and copied to where there is room for it. */
size_t store_target_text_len(const struct store *s, const struct store_target *t);
void store_target_text(char *to, const struct store *s, const struct store_target *t);

/* The value of one of its labels, still escaped; empty without it. */
struct slice store_target_find(const struct store *s, const struct store_target *t,
			       const char *name);

/* With nothing in it, for the text of another row. */
static inline struct buffer *store_text_anew(struct buffer *b)
{
	b->len = 0;
	b->err = 0;
	return b;
}

/* The facts that problems_of() judges. With the lock held. @now_ns: wall clock */
void store_problems(struct problems_facts *f, const struct store *s,
		    const struct store_trunk *row, int64_t now_ns);

/* Frees a cell that is in no list any more, without the lock. */
void store_target_free(struct store *s, struct store_target *cell);

/* With the lock held: the last probe's words, "" for none. */
void store_target_say(struct store_target *cell, const char *text);

/* STATS_CALL_BUCKETS of them. */
const double *store_call_bounds(void);

/* Freed with free(); NULL without memory. */
struct stats_call *store_call_alloc(void);

/* Counts a call. With the lock held. */
void store_call_count(struct store_target *cell, const struct call_report *r);

/* Counts a response in the target's histograms. With the lock held. */
void store_observe(const struct store *s, struct store_target *t,
		   const struct probe_result *result);

/* With the lock held, at each change of a trunk's state: keeps how it went down. */
void store_outage_follow(struct store *s, struct store_trunk *row,
			 const struct engine_change *change);

/* The writer's hold on the store. There is one writer, the main thread. */
void store_write_lock(struct store *s);
void store_write_unlock(struct store *s);

/* With the lock held: whoever asks for what is new since then gets the row. */
static inline void store_touch(struct store *s, struct store_trunk *row)
{
	row->changed = ++s->sequence;
}

/*
 * A reader's hold on the store. It lets a writer that waits go first: a reader that comes
 * back at once for its next piece would else win the lock again and again.
 */
void store_read_lock(struct store *s);
void store_read_unlock(struct store *s);

/* With the lock held: when a row's state began, by the wall clock as it goes now. */
int64_t store_since_unix_ns(const struct store *s, const struct store_trunk *row);

/* With the lock held, before that: follows the wall clock where it was set. */
void store_follow_wall(struct store *s);

/* Bounds of the histogram of lags, in seconds: STATS_LAG_BUCKETS. */
const double *store_lag_bounds(void);

/* With the lock held: the largest lag of the last minute. */
int64_t store_lag_ns(const struct store *s, int64_t now_ns);

#endif
