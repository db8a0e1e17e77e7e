/*
 * A Nagios plugin's output: one line of status with performance data, then a line for
 * each address where there are several.
 */
#include <string.h>

#include "base/buffer_format.h"
#include "exporter/ondemand/probe_explain.h"
#include "exporter/ondemand/probe_format.h"

static const char *const words[] = {
	[PROBE_EXIT_UP] = "OK",
	[PROBE_EXIT_DEGRADED] = "WARNING",
	[PROBE_EXIT_DOWN] = "CRITICAL",
	[PROBE_EXIT_UNKNOWN] = "UNKNOWN",
};

/* A bar ends the text in this format, whoever wrote it. */
static void probe_nagios_add_safe(struct buffer *b, const struct buffer *text)
{
	size_t from = b->len;

	if (text->len)
		buffer_add(b, text->data, text->len);
	for (size_t i = from; i < b->len; i++)
		if (b->data[i] == '|' || b->data[i] == '\n')
			b->data[i] = '/';
}

static void probe_nagios_range(struct buffer *b, const struct nagios_range *r)
{
	buffer_format(b, ";%s", r->text ? r->text : "");
}

static void probe_nagios_seconds(struct buffer *b, const char *name, int64_t ns)
{
	if (ns >= 0)
		buffer_format(b, " %s=%.6fs;;;0", name, (double)ns / 1e9);
}

static void probe_nagios_performance(struct buffer *b, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;
	const struct probe_result *p = &r->result;
	const struct ondemand_answer *a = r->decisive;

	buffer_str(b, " |");
	if (p->phase_ns[PROBE_PHASE_ANSWER] >= 0) {
		buffer_format(b, " time=%.6fs",
			      (double)p->phase_ns[PROBE_PHASE_ANSWER] / 1e9);
		probe_nagios_range(b, &t->warning);
		probe_nagios_range(b, &t->critical);
		buffer_format(b, ";0;%g", (double)r->timeout_us / 1e6);
	}
	probe_nagios_seconds(b, "resolve", p->phase_ns[PROBE_PHASE_RESOLVE]);
	probe_nagios_seconds(b, "connect", p->phase_ns[PROBE_PHASE_CONNECT]);
	probe_nagios_seconds(b, "tls", p->phase_ns[PROBE_PHASE_TLS]);
	buffer_format(b, " addresses_up=%zu;;;0;%zu", probe_explain_alive(r),
		      probe_explain_probed(r));
	if (a && a->has_certificate)
		buffer_format(b, " certificate_days=%lld",
			      (long long)probe_explain_days(
				      probe_explain_end_s(&a->certificate), t->now_s));
}

static void probe_nagios_address_line(struct buffer *b, const struct ondemand_report *r,
				      const struct ondemand_answer *a)
{
	struct buffer text = {0};

	probe_explain_who(&text, a);
	buffer_str(&text, ": ");
	probe_explain_result(&text, &a->result, r->timeout_us);
	probe_nagios_add_safe(b, &text);
	buffer_str(b, "\n");
	buffer_clear(&text);
}

int probe_tell_nagios(struct buffer *b, const struct probe_output *t)
{
	int code = probe_exit_within(t);
	struct buffer text = {0};

	probe_explain_verdict(&text, t->report);
	if (code != probe_exit(t->report))
		buffer_str(&text, ", which is out of the range asked for");
	buffer_format(b, "SIP %s: ", words[code]);
	probe_nagios_add_safe(b, &text);
	buffer_clear(&text);
	probe_nagios_performance(b, t);
	buffer_str(b, "\n");
	for (size_t i = 0; i < t->report->count && t->report->count > 1; i++)
		probe_nagios_address_line(b, t->report, &t->report->answers[i]);
	return code;
}

int probe_fail_nagios(struct buffer *b, const char *why)
{
	struct buffer text = {0};

	buffer_str(&text, why);
	buffer_str(b, "SIP UNKNOWN: ");
	probe_nagios_add_safe(b, &text);
	buffer_str(b, "\n");
	buffer_clear(&text);
	return PROBE_EXIT_UNKNOWN;
}
