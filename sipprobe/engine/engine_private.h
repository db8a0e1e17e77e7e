/* The engine from inside, for engine.c and the probes on demand only. */
#ifndef SIPPROBE_ENGINE_ENGINE_PRIVATE_H
#define SIPPROBE_ENGINE_ENGINE_PRIVATE_H

#include "sipprobe/engine.h"
#include "sipprobe/trunk/demux.h"
#include "sipprobe/trunk/trunk.h"

struct alarm;
struct engine_hep;
struct resolv_watch;
struct tls_watch;
struct traces;

struct engine {
	struct services services;
	struct demux_peers peers;
	struct demux *demux;
	struct trunk_group group; /* what trunks get at all of it through */
	struct wheel_timer stop_timer;
	struct wheel_timer pause_timer;
	struct wheel_timer calls_timer;
	void (*stopped_h)(void *arg); /* NULL: not stopping */
	void *stopped_arg;
	struct tls_watch *tls_watch;
	struct resolv_watch *resolv_watch;
	struct engine_hep *hep; /* NULL: nothing is mirrored */
	struct trunk **trunks;	/* in the configuration's order */
	size_t trunk_count;
	struct alarm *starts;  /* for the next trunk that waits for its turn … */
	size_t starts_at;      /* … which is this one or one behind it */
	struct traces *traces; /* of trunks that went down */
};

#endif
