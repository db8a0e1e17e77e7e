#include "sipprobe/health.h"

static const char *const state_names[HEALTH_STATES] = {
	[HEALTH_UNKNOWN] = "unknown",
	[HEALTH_UP] = "up",
	[HEALTH_DEGRADED] = "degraded",
	[HEALTH_DOWN] = "down",
};

const char *health_state_name(enum health_state s)
{
	return (unsigned)s < HEALTH_STATES ? state_names[s] : "unknown";
}

enum probe_verdict health_judge(const struct config_settings *s, enum probe_outcome o,
				unsigned code)
{
	if (o != PROBE_RESPONSE)
		return PROBE_DOWN;
	if (config_codes_has(&s->degraded_codes, code))
		return PROBE_DEGRADED;
	return config_codes_has(&s->up_codes, code) ? PROBE_UP : PROBE_DOWN;
}

enum probe_verdict health_unbound(enum probe_verdict v, bool held, enum health_state s)
{
	return v == PROBE_DEGRADED && held && s != HEALTH_DOWN ? PROBE_DEGRADED
							       : PROBE_DOWN;
}

static enum health_state health_alive(enum probe_verdict v)
{
	return v == PROBE_DEGRADED ? HEALTH_DEGRADED : HEALTH_UP;
}

struct health health_next(struct health h, enum probe_verdict v, unsigned fall,
			  unsigned rise)
{
	bool failed = v == PROBE_DOWN;

	if (h.streak && failed == (h.verdict == PROBE_DOWN)) {
		if (h.streak < UINT16_MAX)
			h.streak++;
	} else {
		h.streak = 1;
	}
	h.verdict = (uint8_t)v;

	if (failed) {
		if (h.streak >= fall)
			h.state = HEALTH_DOWN;
	} else if (h.state != HEALTH_DOWN || h.streak >= rise) {
		h.state = (uint8_t)health_alive(v);
	}
	return h;
}

static bool is_alive(enum health_state s)
{
	return s == HEALTH_UP || s == HEALTH_DEGRADED;
}

struct health health_succeed(struct health former, enum health_state trunk)
{
	if (trunk == HEALTH_DOWN && is_alive((enum health_state)former.state))
		former = (struct health){0};
	former.state = (uint8_t)trunk;
	return former;
}

bool health_is_better(struct health a, struct health b)
{
	int a_run = a.verdict == PROBE_DOWN ? -a.streak : a.streak;
	int b_run = b.verdict == PROBE_DOWN ? -b.streak : b.streak;

	return a_run > b_run;
}

enum health_state health_go_on(enum health_state before, enum health_state now)
{
	return now == HEALTH_UNKNOWN ? before : now;
}

struct tally {
	size_t total;
	size_t alive;
	size_t clean; /* alive and not degraded */
	size_t down;
};

static struct tally health_count(const struct health_member *m, size_t n,
				 unsigned max_priority)
{
	struct tally t = {0};

	for (size_t i = 0; i < n; i++) {
		if (m[i].priority > max_priority)
			continue;
		t.total++;
		t.alive += is_alive(m[i].state);
		t.clean += m[i].state == HEALTH_UP;
		t.down += m[i].state == HEALTH_DOWN;
	}
	return t;
}

static unsigned best_priority(const struct health_member *m, size_t n)
{
	unsigned best = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		if (m[i].priority < best)
			best = m[i].priority;
	return best;
}

enum health_state health_rollup(const struct health_member *m, size_t n,
				enum config_up_when when)
{
	struct tally all = health_count(m, n, UINT32_MAX);
	struct tally need = all;

	if (when == CONFIG_UP_WHEN_PRIMARY)
		need = health_count(m, n, best_priority(m, n));

	if (when == CONFIG_UP_WHEN_ALL ? need.down > 0
				       : need.total > 0 && need.down == need.total)
		return HEALTH_DOWN;
	if (!need.alive || (when == CONFIG_UP_WHEN_ALL && need.alive < need.total))
		return HEALTH_UNKNOWN;
	/* An address never heard of yet is no fault; one that is down, or limps, is. */
	return all.down || all.alive > all.clean ? HEALTH_DEGRADED : HEALTH_UP;
}

enum health_state health_with_inbound(enum health_state s, bool missing)
{
	return missing && s == HEALTH_UP ? HEALTH_DEGRADED : s;
}
