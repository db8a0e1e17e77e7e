/* What is remembered of a trunk's going down, for as long as it is down. */
#ifndef EXPORTER_STORE_OUTAGE_H
#define EXPORTER_STORE_OUTAGE_H

#include "exporter/store/labels.h"
#include "sipprobe/engine.h"

/* By value; the result's media is not kept. */
struct outage {
	struct probe_result result; /* that tipped it */
	char address[64];	    /* that was probed */
	char transport[8];
	char method[16];
	int64_t timeout_us;
	/* The success of that check before; 0: there was none since the start. */
	int64_t success_unix_ns;
	uint32_t success_latency_us;
	uint16_t success_code;
	int8_t success_reply_hops; /* -1: unknown */
};

struct store;
struct store_trunk;

/*
 * The outage of a trunk that is down now by a result. Any thread. Returns false when it
 * is not down, or nothing tipped it.
 */
bool store_outage(struct store *s, const char *name, struct outage *o);

#endif
