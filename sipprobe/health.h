/* The state of a trunk or of one of its addresses: pure functions, no clock, no I/O. */
#ifndef SIPPROBE_HEALTH_H
#define SIPPROBE_HEALTH_H

#include "config/config.h"
#include "sipprobe/probe.h"

enum health_state {
	HEALTH_UNKNOWN,
	HEALTH_UP,
	HEALTH_DEGRADED,
	HEALTH_DOWN,
	HEALTH_STATES,
};

struct health {
	uint8_t state;	 /* enum health_state */
	uint8_t verdict; /* enum probe_verdict of the last result */
	uint16_t streak; /* results in a row on the last one's side, up or down */
};

/* The verdict on an outcome under a trunk's settings. */
enum probe_verdict health_judge(const struct config_settings *s, enum probe_outcome o,
				unsigned code);

/*
 * The verdict on a REGISTER that was to bind us and did not: whoever is not registered
 * cannot be called, and no code of up_codes or degraded_codes changes that. Only while an
 * earlier registration lasts, at an address that is not down, does degraded stay so.
 */
enum probe_verdict health_unbound(enum probe_verdict v, bool held, enum health_state s);

/*
 * The next state after one more verdict. The first success makes an unknown state
 * known at once: nobody was told it was down, so there is nothing to damp.
 */
struct health health_next(struct health h, enum probe_verdict v, unsigned fall,
			  unsigned rise);

/* One address as the roll-up sees it. */
struct health_member {
	enum health_state state;
	unsigned priority; /* RFC 2782: lower is preferred */
};

/* A trunk's state from its addresses' states. No members: unknown. */
enum health_state health_rollup(const struct health_member *m, size_t n,
				enum config_up_when when);

/* A trunk's state when its peer's own pings, expected of it, stay out. */
enum health_state health_with_inbound(enum health_state s, bool missing);

/* "unknown", "up", "degraded", "down"; a label's value. */
const char *health_state_name(enum health_state s);

#endif
