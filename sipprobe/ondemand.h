/*
 * A probe on demand: one URI, resolved now, every address of it probed once by the same
 * targets and probers as the schedule's. REGISTER only asks here, it binds nothing.
 * Nothing of it enters a trunk's state or series, and its peers are not answered when
 * they ask something of their own. Main thread only; any number may run at once.
 */
#ifndef SIPPROBE_ONDEMAND_H
#define SIPPROBE_ONDEMAND_H

#include "config/config.h"
#include "sipprobe/engine.h"
#include "sipprobe/trace.h"

struct ondemand;

enum {
	ONDEMAND_ADDRESSES_MAX = 16, /* more than these are counted, not probed */
	ONDEMAND_ANSWERS_MAX = ONDEMAND_ADDRESSES_MAX * CONFIG_METHODS,
};

struct ondemand_report;

struct ondemand_request {
	const char *uri;  /* copied */
	const char *name; /* of the trunk it is of, for placeholders; or NULL. Of @conf */
	/* Settings to probe and judge by; of @conf, which is held until the end. */
	const struct config_settings *settings;
	struct config *conf;
	const char *path;   /* of WebSocket, in place of the settings'; copied; or NULL */
	unsigned methods;   /* bits 1 << enum config_method; 0: those of the settings */
	int64_t timeout_us; /* of the whole, with names; 0: that of the settings */
	const struct config_probe *access; /* of @conf; NULL: any address may be probed */
	bool ladder;			   /* make one for each address */
	/* Authorities to judge by besides, as on the day @trust_at_s (0: now); or NULL.
	 */
	const char *trust_with;
	int64_t trust_at_s;
	bool any_port; /* leave the port to send from to an exporter beside us */
	/* This address alone is probed, and no name asked for; NULL: all that it has. */
	const struct ondemand_address *only;
	const unsigned *max_forwards; /* of requests; NULL: as the settings say */
	bool trace; /* of the way to the address that decides; the report waits for it */
	/* Told as it goes: at first, then when more is known. May be NULL. */
	void (*trace_h)(const struct ondemand_report *r, const struct trace_report *t,
			void *arg);
};

/* The answer of one address to one method. */
struct ondemand_answer {
	char address[64];      /* "192.0.2.1:5060", "[2001:db8::1]:5060" */
	const char *transport; /* "udp", "tcp", "tls", "ws", "wss" */
	const char *method;
	unsigned priority; /* SRV's; 0 without */
	bool done;
	struct probe_result result;
	enum probe_verdict address_verdict; /* the worst of all methods at this address */
	bool has_certificate;
	struct engine_certificate certificate;
	struct rehearsal rehearsal; /* with `trust_with` */
	struct chain *chain;	    /* all that the peer showed, or NULL; a reference */
	struct ladder ladder;	    /* empty when it was not asked for */
	char *ladder_text;	    /* what its entries point into */
	struct call_media *media;   /* that its result points to, or NULL */
};

enum ondemand_end {
	ONDEMAND_PROBED,    /* there are answers */
	ONDEMAND_FAILED,    /* there is none: `result` says why */
	ONDEMAND_FORBIDDEN, /* the fence is in the way: `result.detail` says where */
};

struct ondemand_report {
	enum ondemand_end end;
	enum health_state state; /* up, degraded or down, of the whole */
	const char *uri;	 /* as asked */
	int64_t took_ns;	 /* from the start to the last answer */
	int64_t resolve_ns;	 /* -1: there was no name */
	int64_t timeout_us;
	const char *trust_with; /* as asked; NULL: it was not */
	int64_t trust_at_s;
	const char *own_file; /* the certificate we show over TLS; NULL: none */
	struct tls_own own;   /* what that is worth */
	size_t addresses;     /* that the name has */
	const struct ondemand_answer *answers; /* of those that were probed, best first */
	size_t count;
	/* The answer that the state rests on, NULL for none, and its result or the
	 * failure that there is instead. */
	const struct ondemand_answer *decisive;
	struct probe_result result;
	const struct trace_report *trace; /* NULL: not asked for, or no address */
};

/* Runs exactly once, from the loop; @r is valid during the call. */
typedef void(ondemand_h)(const struct ondemand_report *r, void *arg);

/*
 * Begins a probe. It is gone after @h ran, or with ondemand_cancel() before that.
 *
 * Returns 0; EINVAL for a URI that is none; ENOENT before a configuration is in force;
 * ENOMEM or another errno value. On failure @h never runs.
 */
int ondemand_start(struct ondemand **op, struct engine *e,
		   const struct ondemand_request *rq, ondemand_h *h, void *arg);

/* Whether two answers are of one address and transport. */
bool ondemand_same_address(const struct ondemand_answer *a,
			   const struct ondemand_answer *b);

/* Ends a probe untold. NULL is ignored. */
void ondemand_cancel(struct ondemand *o);

#endif
