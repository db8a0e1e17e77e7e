#include "base/buffer_format.h"
#include "exporter/ondemand/probe_explain.h"
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

static bool probe_exit_is_slow(const struct probe_output *t, const struct nagios_range *r)
{
	const struct probe_result *p = &t->report->result;

	return p->outcome == PROBE_RESPONSE &&
	       nagios_range_alerts(r, (double)p->phase_ns[PROBE_PHASE_ANSWER] / 1e9);
}

bool probe_exit_days(int64_t *days, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;
	bool found = false;

	*days = INT64_MAX;
	for (size_t i = 0; i < r->count; i++) {
		const struct ondemand_answer *a = &r->answers[i];
		int64_t left;

		if (!a->has_certificate)
			continue;
		left = probe_explain_days(probe_explain_end_s(&a->certificate), t->now_s);
		if (left < *days)
			*days = left;
		found = true;
	}
	return found;
}

/* By the certificate that ends first; none is not what was asked for. */
static int probe_exit_certificate(const struct probe_output *t)
{
	int64_t days;

	if (!t->days)
		return PROBE_EXIT_UP;
	if (!probe_exit_days(&days, t))
		return t->many ? PROBE_EXIT_UP : PROBE_EXIT_UNKNOWN;
	if (nagios_range_alerts(&t->days->critical, (double)days))
		return PROBE_EXIT_DOWN;
	return nagios_range_alerts(&t->days->warning, (double)days) ? PROBE_EXIT_DEGRADED
								    : PROBE_EXIT_UP;
}

int probe_exit_worst(int a, int b)
{
	static const int order[PROBE_EXIT_CODES] = {
		[PROBE_EXIT_UP] = 0,
		[PROBE_EXIT_DEGRADED] = 1,
		[PROBE_EXIT_UNKNOWN] = 2,
		[PROBE_EXIT_DOWN] = 3,
	};

	return order[a] > order[b] ? a : b;
}

int probe_exit_within(const struct probe_output *t)
{
	int code = probe_exit(t->report);

	if (code > PROBE_EXIT_DEGRADED)
		return code;
	if (probe_exit_is_slow(t, &t->critical))
		code = PROBE_EXIT_DOWN;
	else if (probe_exit_is_slow(t, &t->warning))
		code = PROBE_EXIT_DEGRADED;
	return probe_exit_worst(code, probe_exit_certificate(t));
}

void probe_exit_explain(struct buffer *b, const struct probe_output *t)
{
	int64_t days;

	if (probe_exit(t->report) > PROBE_EXIT_DEGRADED)
		return;
	if (probe_exit_is_slow(t, &t->critical) || probe_exit_is_slow(t, &t->warning))
		buffer_str(b, ", which is out of the range asked for");
	if (probe_exit_certificate(t) == PROBE_EXIT_UP)
		return;
	if (!probe_exit_days(&days, t))
		buffer_str(b, "; it showed no certificate");
	else if (days < 0)
		buffer_str(b, "; a certificate has expired");
	else
		buffer_format(b, "; a certificate has %lld days left", (long long)days);
}
