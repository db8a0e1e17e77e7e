#include "exporter/probe_format.h"

const struct probe_format probe_formats[] = {
	{"text", false, probe_tell_text, probe_fail_text},
	{"json", false, probe_tell_json, probe_fail_json},
	{"nagios", true, probe_tell_nagios, probe_fail_nagios},
	{"solarwinds", true, probe_tell_solarwinds, probe_fail_solarwinds},
};

const size_t probe_format_count = sizeof(probe_formats) / sizeof(probe_formats[0]);

int probe_exit(const struct once_report *r)
{
	if (r->result.outcome == PROBE_INTERNAL)
		return PROBE_EXIT_UNKNOWN;
	if (r->state == HEALTH_UP)
		return PROBE_EXIT_UP;
	return r->state == HEALTH_DEGRADED ? PROBE_EXIT_DEGRADED : PROBE_EXIT_DOWN;
}

int probe_exit_within(const struct probe_told *t)
{
	const struct probe_result *r = &t->report->result;
	double answer_s = (double)r->phase_ns[PROBE_PHASE_ANSWER] / 1e9;
	int code = probe_exit(t->report);

	if (code > PROBE_EXIT_DEGRADED || r->outcome != PROBE_RESPONSE)
		return code;
	if (probe_range_alerts(&t->critical, answer_s))
		return PROBE_EXIT_DOWN;
	return probe_range_alerts(&t->warning, answer_s) ? PROBE_EXIT_DEGRADED : code;
}
