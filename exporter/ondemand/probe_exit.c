#include "exporter/ondemand/probe_format.h"

/* Of several addresses one that would fail is enough; none that showed anything is not
 * an answer to what was asked. */
static int probe_exit_rehearsed(const struct ondemand_report *r, int code)
{
	bool done = false;

	for (size_t i = 0; i < r->count; i++) {
		const struct rehearsal *rehearsal = &r->answers[i].rehearsal;

		if (rehearsal->done && !rehearsal->success)
			return PROBE_EXIT_DEGRADED;
		done = done || rehearsal->done;
	}
	return done ? code : PROBE_EXIT_UNKNOWN;
}

int probe_exit(const struct ondemand_report *r)
{
	int code = PROBE_EXIT_UP;

	if (r->result.outcome == PROBE_INTERNAL)
		return PROBE_EXIT_UNKNOWN;
	if (r->state == HEALTH_DEGRADED)
		code = PROBE_EXIT_DEGRADED;
	else if (r->state != HEALTH_UP)
		return PROBE_EXIT_DOWN;
	return r->trust_with ? probe_exit_rehearsed(r, code) : code;
}

int probe_exit_within(const struct probe_output *t)
{
	const struct probe_result *r = &t->report->result;
	double answer_s = (double)r->phase_ns[PROBE_PHASE_ANSWER] / 1e9;
	int code = probe_exit(t->report);

	if (code > PROBE_EXIT_DEGRADED || r->outcome != PROBE_RESPONSE)
		return code;
	if (nagios_range_alerts(&t->critical, answer_s))
		return PROBE_EXIT_DOWN;
	return nagios_range_alerts(&t->warning, answer_s) ? PROBE_EXIT_DEGRADED : code;
}
