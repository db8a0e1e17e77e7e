/*
 * Probes that other threads ask for and get the reply of: the probe itself runs on the
 * main thread, and nobody waits for it with a thread. Bounded in number.
 */
#ifndef EXPORTER_ONDEMAND_PROBE_SERVICE_H
#define EXPORTER_ONDEMAND_PROBE_SERVICE_H

#include "base/buffer.h"
#include "config/config.h"
#include "exporter/ondemand/probe_format.h"
#include "sipprobe/engine.h"

struct probe_service;

/* Request for a probe; texts are copied. */
struct probe_ask {
	const char *target;  /* a trunk's name or a URI */
	const char *profile; /* or NULL */
	unsigned methods;    /* bits 1 << enum config_method; 0: as the settings say */
	int64_t timeout_us;  /* the most that the asker waits; 0: no matter */
	bool debug;	     /* the ladder for people, besides the metrics */
	/*
	 * Asked for by a person, of a trunk and nothing else, and limited: what is told
	 * in place of metrics, on the main thread; @show_arg as it stands below. NULL:
	 * no.
	 */
	void (*show)(struct buffer *b, const struct probe_output *t, const void *arg);
	bool trace;	      /* with `show`: trace the way, too */
	const void *show_arg; /* kept by the asker while the service lives */
};

struct probe_reply {
	unsigned status; /* of HTTP: 200, 400, 403, 404, 500, 503 */
	const char *content_type;
	struct buffer body; /* the handler's to free */
};

/* On the main thread; or inside probe_service_stop(). */
typedef void(probe_reply_h)(struct probe_reply *reply, void *arg);

/* @e: kept by the caller while the desk lives. Returns 0 or errno. */
int probe_service_alloc(struct probe_service **dp, struct engine *e);

/* Puts a configuration, which the caller keeps, in force after the engine did. */
void probe_service_config(struct probe_service *d, struct config *conf);

/*
 * Any thread. @h runs exactly once, perhaps before this returns.
 *
 * Returns 0; EAGAIN past probe.max_concurrent; EBUSY past what people may; ESHUTDOWN
 * after probe_service_stop(); ENOMEM or another errno value. On failure @h never runs.
 */
int probe_service_ask(struct probe_service *d, const struct probe_ask *ask,
		      probe_reply_h *h, void *arg);

/* Ends all probes with a reply that says so. Main thread, when its loop runs no more. */
void probe_service_stop(struct probe_service *d);
void probe_service_free(struct probe_service *d);

#endif
