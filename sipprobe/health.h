/* The state of a trunk or of one of its addresses: pure functions, no clock, no I/O. */
#ifndef SIPPROBE_HEALTH_H
#define SIPPROBE_HEALTH_H

#include <stdbool.h>

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

/*
 * The health that an address of a trunk begins with when it takes the place of another,
 * or joins others: the state is the trunk's and goes on, and so does the counting for
 * `fall` and `rise`. It is not down for another that was, beside others that work; and
 * successes of one that worked in a trunk that is down are left behind.
 *
 * @former: whose place it takes; zeroed: nobody's
 * @trunk:  state of the trunk by its addresses before the change
 */
struct health health_succeed(struct health former, enum health_state trunk);

/* Whether @a is nearer to up than @b: fewer failures in a row, or more successes. */
bool health_is_better(struct health a, struct health b);

/*
 * A trunk's state goes on until its addresses tell another: once known it is never
 * unknown again.
 */
enum health_state health_go_on(enum health_state before, enum health_state now);

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
