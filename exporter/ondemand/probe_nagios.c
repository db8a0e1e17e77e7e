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
	int64_t days;

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
	probe_nagios_seconds(b, "websocket", p->phase_ns[PROBE_PHASE_WEBSOCKET]);
	buffer_format(b, " addresses_up=%zu;;;0;%zu", probe_explain_alive(r),
		      probe_explain_probed(r));
	if (!probe_exit_days(&days, t))
		return;
	buffer_format(b, " certificate_days=%lld", (long long)days);
	if (!t->days)
		return;
	probe_nagios_range(b, &t->days->warning);
	probe_nagios_range(b, &t->days->critical);
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
	probe_exit_explain(&text, t);
	buffer_format(b, "SIP %s: ", words[code]);
	probe_nagios_add_safe(b, &text);
	buffer_clear(&text);
	probe_nagios_performance(b, t);
	buffer_str(b, "\n");
	for (size_t i = 0; i < t->report->count && t->report->count > 1; i++)
		probe_nagios_address_line(b, t->report, &t->report->answers[i]);
	return code;
}

void probe_fail_nagios(struct buffer *b, const char *why)
{
	struct buffer text = {0};

	buffer_str(&text, why);
	buffer_str(b, "SIP UNKNOWN: ");
	probe_nagios_add_safe(b, &text);
	buffer_str(b, "\n");
	buffer_clear(&text);
}

int probe_one_nagios(struct buffer *b, const struct probe_output *t)
{
	int code = probe_exit_within(t);
	struct buffer text = {0};

	buffer_format(&text, "%s: ", t->trunk);
	probe_explain_verdict(&text, t->report);
	probe_exit_explain(&text, t);
	buffer_format(b, "%s ", words[code]);
	probe_nagios_add_safe(b, &text);
	buffer_str(b, "\n");
	buffer_clear(&text);
	return code;
}

void probe_fail_one_nagios(struct buffer *b, const char *trunk, const char *why)
{
	struct buffer text = {0};

	buffer_format(&text, "%s: %s", trunk, why);
	buffer_str(b, "UNKNOWN ");
	probe_nagios_add_safe(b, &text);
	buffer_str(b, "\n");
	buffer_clear(&text);
}

enum { NAMES_MAX = 5 }; /* in the line of status */

/* ", 2 down (isp-a, isp-b)": how many ended so, and the first of them. */
static void probe_nagios_some(struct buffer *b, const struct probe_summary *s, int code,
			      const char *word)
{
	const char *before = " (";
	size_t named = 0;

	if (!s->codes[code])
		return;
	buffer_format(b, ", %zu %s", s->codes[code], word);
	for (size_t i = 0; i < s->count && named < NAMES_MAX; i++) {
		if (s->items[i].paused || s->items[i].code != code)
			continue;
		buffer_format(b, "%s%s", before, s->items[i].trunk);
		before = ", ";
		named++;
	}
	buffer_str(b, named < s->codes[code] ? ", ...)" : ")");
}

static void probe_nagios_status(struct buffer *b, const struct probe_summary *s)
{
	struct buffer text = {0};

	buffer_format(&text, "%zu of %zu trunks up", s->codes[PROBE_EXIT_UP],
		      s->count - s->paused);
	probe_nagios_some(&text, s, PROBE_EXIT_DOWN, "critical");
	probe_nagios_some(&text, s, PROBE_EXIT_UNKNOWN, "unknown");
	probe_nagios_some(&text, s, PROBE_EXIT_DEGRADED, "warning");
	if (s->paused)
		buffer_format(&text, ", %zu paused", s->paused);
	buffer_format(b, "SIP %s: ", words[s->code]);
	probe_nagios_add_safe(b, &text);
	buffer_clear(&text);
}

static void probe_nagios_paused(struct buffer *b, const char *trunk)
{
	struct buffer text = {0};

	buffer_format(&text, "%s: paused by its settings", trunk);
	buffer_str(b, "PAUSED ");
	probe_nagios_add_safe(b, &text);
	buffer_str(b, "\n");
	buffer_clear(&text);
}

/* What is wrong comes first: some that show this cut it. */
void probe_all_nagios(struct buffer *b, const struct probe_summary *s)
{
	static const int order[] = {PROBE_EXIT_DOWN, PROBE_EXIT_UNKNOWN,
				    PROBE_EXIT_DEGRADED, PROBE_EXIT_UP};
	size_t probed = s->count - s->paused;

	probe_nagios_status(b, s);
	buffer_format(b,
		      " | ok=%zu;;;0;%zu warning=%zu;;;0;%zu critical=%zu;;;0;%zu "
		      "unknown=%zu;;;0;%zu paused=%zu;;;0;%zu time=%.3fs;;;0\n",
		      s->codes[PROBE_EXIT_UP], probed, s->codes[PROBE_EXIT_DEGRADED],
		      probed, s->codes[PROBE_EXIT_DOWN], probed,
		      s->codes[PROBE_EXIT_UNKNOWN], probed, s->paused, s->count,
		      (double)s->took_ns / 1e9);
	for (size_t k = 0; k < sizeof(order) / sizeof(*order); k++)
		for (size_t i = 0; i < s->count; i++)
			if (!s->items[i].paused && s->items[i].code == order[k])
				buffer_add(b, s->items[i].text.data,
					   s->items[i].text.len);
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].paused)
			probe_nagios_paused(b, s->items[i].trunk);
}
