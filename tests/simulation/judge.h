/*
 * Judges: one function and one sentence a rule, in the table of judge.c. They know what
 * really happened on the wire, and look at what the product says of it.
 */
#ifndef TESTS_SIMULATION_JUDGE_H
#define TESTS_SIMULATION_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;
struct cell;
struct dialled;
struct engine_change;
struct peer;
struct probe_result;
struct sa;
struct snapshot;
struct trunk;

/* When a rule is looked at. */
enum occasion_kind {
	ON_BEGIN = 1 << 0,     /* a probe begins: cell, number: its lag */
	ON_DONE = 1 << 1,      /* a probe ends: cell, result */
	ON_STATE = 1 << 2,     /* a trunk's state is told: trunk, change */
	ON_EVENT = 1 << 3,     /* something is told of a target: cell */
	ON_REMOVED = 1 << 4,   /* a trunk goes: trunk */
	ON_QUESTION = 1 << 5,  /* DNS is asked: trunk, number: for AAAA */
	ON_NAME = 1 << 6,      /* a name changed a while ago: trunk, since_ns */
	ON_SOUGHT = 1 << 15,   /* the same of one that was lost: trunk, since_ns */
	ON_PROMISE = 1 << 7,   /* a peer changed a while ago: peer, since_ns */
	ON_LAPSE = 1 << 8,     /* a registration ran out: peer, since_ns */
	ON_UNBOUND = 1 << 9,   /* one was taken back a while ago: peer, since_ns */
	ON_DIGEST = 1 << 10,   /* credentials were wrong: peer */
	ON_HOUR = 1 << 11,     /* now and then: cell */
	ON_SCRAPE = 1 << 12,   /* the same: trunk, snapshot, number: its row */
	ON_END = 1 << 13,      /* all is over; number: what is left */
	ON_STOPPED = 1 << 14,  /* engine_stop() is over: peer */
	ON_ANSWER = 1 << 16,   /* we answer: peer, call, text, us, to, number: the code */
	ON_CALL = 1 << 17,     /* one is over: peer, call, number: whether it is known */
	ON_REFUSED = 1 << 21,  /* refusals are told of: since_ns: when they were last */
	ON_CHARGE = 1 << 20,   /* an answer leaves: trunk */
	ON_STEADY = 1 << 19,   /* all is over: text: of what, since_ns: its mean, number:
				  how much it grew */
	ON_SHOWN = 1 << 18,    /* our certificate was: peer, since_ns, number: its end */
	ON_DIALLED = 1 << 22,  /* a call's INVITE leaves: trunk, dialled */
	ON_CALLED = 1 << 23,   /* its verdict is told: cell, result, dialled or NULL */
	ON_HUNG_UP = 1 << 24,  /* all of it must be over: trunk, dialled */
	ON_LOST = 1 << 25,     /* one is told as not ended: trunk, text: why */
	ON_AUDIO = 1 << 26,    /* audio leaves: trunk or NULL, to */
	ON_DUE = 1 << 27,      /* a call begins: cell, number: its lag */
	ON_SWITCHED = 1 << 28, /* calls were stopped a while ago: since_ns */
	ON_CALL_HOUR = 1 << 29, /* now and then: cell of calls */
};

struct occasion {
	struct trunk *trunk;
	struct peer *peer;
	struct cell *cell;
	const struct probe_result *result;
	const struct engine_change *change;
	const struct snapshot *snapshot;
	const struct call *call;
	const struct dialled *dialled;
	const char *text;
	const struct sa *us, *to;
	int64_t since_ns;
	int64_t number;
};

enum { JUDGE_WHY = 240 };

struct rule {
	const char *name;
	const char *sentence; /* what is promised */
	unsigned when;	      /* kinds */
	/* Returns whether it holds; if not, @why says what happened. */
	bool (*judge)(const struct occasion *o, char why[JUDGE_WHY]);
};

/* The table, ends with a row without a name. */
extern const struct rule judge_rules[];

/* Looks at all rules of that kind. */
void judge(enum occasion_kind kind, const struct occasion *o);

/* A broken rule ends the run, said or silent; or is counted, for judge_sum(). */
enum judge_mode { JUDGE_SAY, JUDGE_SILENT, JUDGE_COUNT };
void judge_use(enum judge_mode mode);

/* Prints rules that were broken. Returns how many. */
unsigned judge_sum(void);

/* One rule each, by file: judge_answers.c */
bool judge_heard(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_too_late(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_cause(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_refused(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_time(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_copies(const struct occasion *o, char why[JUDGE_WHY]);
/* judge_schedule.c */
bool judge_begin_once(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_end_once(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_end_comes(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_pace(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_lag(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_grid(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_patience(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_missing(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_alive(const struct occasion *o, char why[JUDGE_WHY]);
/* judge_states.c */
bool judge_tally(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_reason(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_once(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_kept(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_moment(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_promise(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_untouched(const struct occasion *o, char why[JUDGE_WHY]);
/* judge_names.c */
bool judge_asked(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_renewed(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_sought(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_lapsed(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_held(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_digest(const struct occasion *o, char why[JUDGE_WHY]);
/* judge_counts.c */
bool judge_counters(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_told(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_late(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_settled(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_left(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_steady(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_farewell(const struct occasion *o, char why[JUDGE_WHY]);
/* judge_callers.c */
bool judge_answered(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_stranger(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_turned_away(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_rate(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_code(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_echo(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_via(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_return(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_same(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_heard_of(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_seldom(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_pings(const struct occasion *o, char why[JUDGE_WHY]);
/* calls/judge_calls.c */
bool judge_alone(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_caps(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_switch(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_hush(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_agrees(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_heard_well(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_hung_up(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_lost(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_open(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_made(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_over(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_astray(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_call_pace(const struct occasion *o, char why[JUDGE_WHY]);
/* judge_tls.c */
bool judge_certified(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_ends(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_known_end(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_shown(const struct occasion *o, char why[JUDGE_WHY]);
bool judge_ranked(const struct occasion *o, char why[JUDGE_WHY]);

/* Whether a probe that TLS failed had reason to. */
bool tls_has_cause(const struct cell *c, const struct probe_result *r);

#define judge_because(why, ...) ((void)snprintf((why), JUDGE_WHY, __VA_ARGS__), false)

#endif
