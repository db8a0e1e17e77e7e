/*
 * The engine: probes every trunk of a configuration on its schedule and tells what it
 * learns. Main thread only. It never logs and knows no metric; whoever starts it gets
 * told through `struct engine_events` and keeps what is worth keeping.
 */
#ifndef SIPPROBE_ENGINE_H
#define SIPPROBE_ENGINE_H

#include <stdbool.h>

#include "config/config.h"
#include "sipprobe/chain.h"
#include "sipprobe/dns_hint.h"
#include "sipprobe/health.h"
#include "sipprobe/ladder.h"
#include "sipprobe/mirror.h"
#include "sipprobe/peer_change.h"
#include "sipprobe/probe.h"
#include "sipprobe/rehearsal.h"
#include "sipprobe/survey.h"
#include "sipprobe/tls_own.h"
#include "sipprobe/trace.h"

struct config_diff;
struct engine;

/* One thing that is probed: an address of a trunk, by one method. */
struct engine_target {
	const char *method;    /* "OPTIONS" */
	const char *address;   /* "192.0.2.1:5060", "[2001:db8::1]:5060" */
	const char *transport; /* "udp", "tcp", "tls", "ws", "wss" */
};

/* The certificate that a peer showed, in its own words, made printable ASCII. */
struct engine_certificate {
	char subject[64]; /* one name to call it by */
	char issuer[64];  /* the same of who signed it */
	char names[128];  /* what it is for: "a.example, b.example and 3 more" */
	int64_t not_before_s;
	int64_t not_after_s;	      /* its own end */
	int64_t chain_not_after_s;    /* the earliest end in the chain shown */
	int64_t verified_not_after_s; /* the same in what of it was verified, or 0 */
	char verified_ends[64]; /* who ends then: "" the certificate itself, or its title
				 */
	char version[12];	/* "TLSv1.3" */
	char cipher[40];	/* "" before the handshake got that far */
	bool verified;
};

/* Why a trunk is degraded that answers well, and why it is up again: for people. */
#define ENGINE_INBOUND_STOPPED "its peer stopped pinging us"
#define ENGINE_INBOUND_BACK    "its peer pings us again"

struct engine_change {
	enum health_state from;
	enum health_state to;
	int64_t held_ns;		 /* how long `from` lasted */
	const struct probe_result *last; /* the result that tipped it; NULL: none did */
	const char *address;		 /* the address that tipped it, or "" */
	const char *method;		 /* of the check that did, or "" */
	bool inbound; /* the peer's own pings tipped it: they stay out, or are back */
	const char *transport; /* of the check that did; NULL or "" as above */
	int64_t at_ns;	       /* monotonic; when that was, however late we saw it */
};

/*
 * What is told of single probes. All handlers run on the main thread; they must not call
 * the engine back. `cell` is what target_add_h returned. Those that nobody needs may be
 * NULL, but for the first and probe_done_h.
 */
struct probe_events {
	void *(*target_add_h)(void *row, const struct engine_target *target, void *arg);
	void (*target_remove_h)(void *cell, void *arg);
	void (*probe_begin_h)(void *cell, int64_t lag_ns, void *arg);
	void (*probe_done_h)(void *cell, const struct probe_result *result, void *arg);
	/*
	 * A call was due and not made: a limit of `calls`, or they are stopped. @why:
	 * static. NULL: a refusal is the probe's result.
	 */
	void (*call_refused_h)(void *cell, const char *why, void *arg);
	/* A response came after its probe had ended without one. */
	void (*probe_late_h)(void *cell, void *arg);
	/* A response to a request of ours came from another place, and was not taken. */
	void (*probe_misdirected_h)(void *cell, enum probe_misdirected how, void *arg);
	/*
	 * What was sent over UDP is settled: answers to it are expected no more. Told
	 * once for each request; what is told adds up.
	 */
	void (*probe_settled_h)(void *cell, const struct probe_loss *loss, void *arg);
	/* What a check of sizes adds to what is known. NULL: none are made. */
	void (*survey_size_h)(void *cell, const struct survey_size_report *r, void *arg);
	/* One train. With survey_size_h. */
	void (*survey_train_h)(void *cell, const struct survey_train_report *r,
			       void *arg);
	/*
	 * Before probe_done_h, of a probe over TLS in which the peer showed a
	 * certificate, whatever became of it.
	 */
	void (*certificate_h)(void *cell, const struct engine_certificate *c, void *arg);
	/*
	 * Before probe_done_h, of a probe that shook hands over TLS: all that the peer
	 * showed, also what was refused. Whoever keeps @chain takes a reference.
	 */
	void (*chain_h)(void *cell, struct chain *chain, void *arg);
	/* Before probe_done_h, where a rehearsal was asked for. */
	void (*rehearsal_h)(void *cell, const struct rehearsal *r, void *arg);
	/* Before probe_done_h, where an answer says that we are another than before. */
	void (*seen_as_h)(void *cell, const struct mirror_view *view, void *arg);
	/* Rounds of questions found signs of an ALG, or none: bits 1 << mirror_sign. */
	void (*mirrored_h)(void *cell, unsigned signs, void *arg);
	/*
	 * Before probe_done_h, both or neither, of trunks with watch_changes: the peer
	 * shows these traits, bits 1 << enum peer_trait, told again when there are more;
	 * and one of them is none that it was seen with of late. Whoever keeps more of
	 * @c than the call lasts copies it.
	 */
	void (*peer_shown_h)(void *cell, unsigned traits, void *arg);
	void (*peer_changed_h)(void *cell, const struct peer_change *c, void *arg);
	/*
	 * Both or neither. After probe_done_h, whether the probe's ladder is to be made;
	 * and the ladder, valid during the call.
	 */
	bool (*ladder_wanted_h)(void *cell, const struct probe_result *result, void *arg);
	void (*probe_ladder_h)(void *cell, const struct probe_result *result,
			       const struct ladder *ladder, void *arg);
};

/*
 * What the engine tells. All handlers run on the main thread; they must not call the
 * engine back. `row` is what trunk_add_h returned.
 */
struct engine_events {
	void *(*trunk_add_h)(const struct config_trunk *trunk, void *arg);
	/* The trunk's description moved to a new configuration, nothing else changed. */
	void (*trunk_move_h)(void *row, const struct config_trunk *trunk, void *arg);
	void (*trunk_remove_h)(void *row, void *arg);
	void (*trunk_state_h)(void *row, const struct engine_change *change, void *arg);
	/*
	 * It is paused: after trunk_add_h, or when the wall clock was set back; or it is
	 * no more, and begins as if it were new. @until_s: when that will be, seconds
	 * since the epoch; 0: never by itself. May be NULL.
	 */
	void (*trunk_paused_h)(void *row, bool paused, int64_t until_s, void *arg);
	/*
	 * At the start, and after each resolution that changed the set of addresses or
	 * ended a failure.
	 */
	void (*trunk_addresses_h)(void *row, unsigned total, unsigned up, void *arg);
	/* A resolution failed; @detail for people, @hint: what is likely wrong. Last good
	 * addresses stay in use. */
	void (*trunk_dns_failed_h)(void *row, const char *detail, enum dns_hint hint,
				   void *arg);
	/*
	 * A resolution succeeded. @note: what went wrong on the way, for people, or "".
	 * May be NULL.
	 */
	void (*trunk_resolved_h)(void *row, const char *note, void *arg);
	struct probe_events probe; /* of the schedule's; `row` is a trunk's */
	/*
	 * What the certificate that a trunk shows is worth to its peer; told again when
	 * the file was read again. These three may be NULL. @own: valid during the call.
	 */
	void (*trunk_cert_h)(void *row, const struct tls_own *own, void *arg);
	/* The same of what we show who connects to us; both NULL: nothing any more. */
	void (*listen_cert_h)(const char *file, const struct tls_own *own, void *arg);
	/*
	 * Certificate files changed and were read. @detail: why one could not be, so
	 * that the former stay in use, or NULL.
	 */
	void (*tls_files_h)(const char *detail, void *arg);
	/* resolv.conf changed and was read, where it is of use. May be NULL. */
	void (*resolv_conf_h)(void *arg);
	/*
	 * Whether the peer's own pings stay out, of a trunk that expects them: at first
	 * and at each change, before a trunk_state_h of that. May be NULL.
	 */
	void (*trunk_inbound_h)(void *row, bool missing, void *arg);
	/*
	 * So many calls of a trunk, by its name, are open now: the peer may think that
	 * something goes on. It may be gone itself. These three may be NULL.
	 */
	void (*calls_open_h)(const char *trunk, unsigned open, void *arg);
	/* One of which nobody knows whether it ended. @why: static, for people */
	/*
	 * One of its calls has its verdict: of the schedule, on demand, or one that
	 * nobody waits for any more. All of them cost. @r: valid during the call
	 */
	void (*call_made_h)(const char *trunk, const struct call_report *r, void *arg);
	void (*call_not_ended_h)(const char *trunk, const char *number, const char *why,
				 void *arg);
	/* How late our own audio left, all calls since the start together. */
	void (*media_lateness_h)(const struct media_lateness *l, void *arg);
	/*
	 * A trace of a trunk has ended, by its name; it may be gone itself. @by_hand:
	 * somebody asked for it; else the trunk went down. May be NULL.
	 */
	void (*traced_h)(const char *trunk, const struct trace_report *r, bool by_hand,
			 void *arg);
	/* A request from a configured trunk's address. @code: our answer, 0 for none. */
	void (*inbound_h)(void *row, const char *method, unsigned code, void *arg);
	/* Something that is nobody's, or is refused: enum engine_stray. */
	void (*stray_h)(int why, void *arg);
	/* With `hep`: a message was mirrored, or one was lost. May be NULL. */
	void (*hep_sent_h)(bool sent, void *arg);
	/*
	 * Where the collector was found, an address with its port; or NULL, and why not.
	 * Told when it changes. May be NULL.
	 */
	void (*hep_collector_h)(const char *address, const char *error, void *arg);
	/*
	 * Besides stray_h, of what is refused and of strangers' connections, and not more
	 * than once in ENGINE_REFUSED_S for each kind. @peer: the last one's address;
	 * @count: how many since it was told of last. May be NULL.
	 */
	void (*refused_h)(int why, const char *peer, uint64_t count, void *arg);
};

enum {
	ENGINE_REFUSED_S = 60,
	ENGINE_ANSWERS_BURST_S = 5, /* so many seconds' answers may be had at once */
};

enum engine_stray {
	ENGINE_STRAY_STRANGER,	/* a request from an address of no trunk: not answered */
	ENGINE_STRAY_RESPONSE,	/* a response that matches no request of ours */
	ENGINE_STRAY_MALFORMED, /* bytes that are not SIP */
	ENGINE_STRAY_RATE,	/* a peer's request past sip.answers_per_second */
	ENGINE_STRAY_FULL,	/* a connection: its peer, or all, have no place left */
	ENGINE_STRAY_DISPLACED, /* an idle stranger's connection, closed for another */
	ENGINE_STRAY_SHORTAGE,	/* a connection, for want of a descriptor or memory */
	ENGINE_STRAYS,
};

/* "stranger", "unmatched", "malformed", "rate", …; a label's value. */
const char *engine_stray_name(enum engine_stray why);

/*
 * @ep:      set on success, freed with engine_free()
 * @version: for User-Agent and Server; copied
 * @events:  kept by the caller while the engine lives, as is @arg, the handlers' last
 *           argument
 *
 * Returns 0 or errno.
 */
int engine_alloc(struct engine **ep, const char *version,
		 const struct engine_events *events, void *arg);

/*
 * Puts a configuration in force: all or nothing. Trunks that did not change keep state,
 * phase, connections and counters; @conf must outlive its time in force.
 *
 * @err_text: on failure, what failed ("udp:0.0.0.0:5060: Address already in use")
 *
 * Returns 0 or errno; on failure the configuration in force stays.
 */
int engine_apply(struct engine *e, const struct config *conf, char *err_text,
		 size_t err_size);

/*
 * The same where it is known already what @conf changes.
 *
 * @diff: config_diff() from the configuration in force
 */
int engine_apply_diff(struct engine *e, const struct config *conf,
		      const struct config_diff *diff, char *err_text, size_t err_size);

/*
 * Looks again at all that the configuration in force names, which is as it was:
 * certificates, names and who resolves them, addresses to listen on. Trunks that have
 * none of it do not notice. All or nothing, returns as engine_apply().
 */
int engine_renew(struct engine *e, char *err_text, size_t err_size);

/*
 * Looks for what a configuration may say and what will yet surprise, as far as only who
 * knows SIP and certificates can tell; opens no socket. Any number of trunks: what is
 * found past CONFIG_ERRORS_MAX is counted alone.
 *
 * @warnings: zeroed by the caller at first; added to by config_warn()
 *
 * Returns 0 or ENOMEM.
 */
int engine_check(struct config_errors *warnings, const struct config *conf);

/* The addresses listened on, "udp:127.0.0.1:5060", as bound. NULL past the last one. */
const char *engine_listening(const struct engine *e, size_t n);

/*
 * Begins to stop: what targets registered at their peers is taken back. @h runs once, at
 * the latest after ENGINE_STOP_MS, perhaps inside this call; until then the loop must run
 * and nothing may be applied.
 */
void engine_stop(struct engine *e, void (*h)(void *arg), void *arg);

/*
 * Ends all calls at once, by CANCEL or BYE; no other begins until engine_calls_go_on() or
 * engine_apply(). Returns how many were open.
 */
unsigned engine_calls_stop(struct engine *e);
void engine_calls_go_on(struct engine *e);

enum { ENGINE_STOP_MS = 700 };

/* Ends all probes untold; trunks and targets are told as removed. Main thread. */
void engine_free(struct engine *e);

#endif
