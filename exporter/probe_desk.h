/*
 * Where other threads ask for a probe and get its reply: the probe itself runs on the
 * main thread, and nobody waits for it with a thread. Bounded in number.
 */
#ifndef EXPORTER_PROBE_DESK_H
#define EXPORTER_PROBE_DESK_H

#include "config/config.h"
#include "exporter/buffer.h"
#include "sipprobe/engine.h"

struct probe_desk;

/* What is asked for; texts are copied. */
struct probe_ask {
	const char *target;  /* a trunk's name or a URI */
	const char *profile; /* or NULL */
	unsigned methods;    /* bits 1 << enum config_method; 0: as the settings say */
	int64_t timeout_us;  /* the most that the asker waits; 0: no matter */
	bool debug;	     /* the ladder for people, besides the metrics */
};

struct probe_reply {
	unsigned status; /* of HTTP: 200, 400, 403, 500, 503 */
	const char *content_type;
	struct buffer body; /* the handler's to free */
};

/* On the main thread; or inside probe_desk_stop(). */
typedef void(probe_reply_h)(struct probe_reply *reply, void *arg);

/* @e: kept by the caller while the desk lives. Returns 0 or errno. */
int probe_desk_alloc(struct probe_desk **dp, struct engine *e);

/* Puts a configuration in force, after the engine did. Main thread. Kept by the caller.
 */
void probe_desk_config(struct probe_desk *d, struct config *conf);

/*
 * Any thread. @h runs exactly once, perhaps before this returns.
 *
 * Returns 0; EAGAIN past probe.max_concurrent; ESHUTDOWN after probe_desk_stop();
 * ENOMEM or another errno value. On failure @h never runs.
 */
int probe_desk_ask(struct probe_desk *d, const struct probe_ask *ask, probe_reply_h *h,
		   void *arg);

/* Ends all probes with a reply that says so. Main thread, when its loop runs no more. */
void probe_desk_stop(struct probe_desk *d);
void probe_desk_free(struct probe_desk *d);

#endif
