#include "exporter/ondemand/probe_format.h"

int probe_exit(const struct ondemand_report *r)
{
	if (r->result.outcome == PROBE_INTERNAL)
		return PROBE_EXIT_UNKNOWN;
	if (r->state == HEALTH_UP)
		return PROBE_EXIT_UP;
	return r->state == HEALTH_DEGRADED ? PROBE_EXIT_DEGRADED : PROBE_EXIT_DOWN;
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
