/* For people at a terminal. */
#include "exporter/probe_format.h"

#include <time.h>

#include "exporter/buffer_format.h"
#include "exporter/probe_words.h"

#define RED    "31"
#define GREEN  "32"
#define YELLOW "33"
#define BOLD   "1"

struct state_words {
	const char *word;
	const char *colour;
};

static const struct state_words states[HEALTH_STATES] = {
	[HEALTH_UNKNOWN] = {"unknown", YELLOW},
	[HEALTH_UP] = {"up", GREEN},
	[HEALTH_DEGRADED] = {"degraded", YELLOW},
	[HEALTH_DOWN] = {"down", RED},
};

static const enum health_state verdicts[] = {
	[PROBE_UP] = HEALTH_UP,
	[PROBE_DEGRADED] = HEALTH_DEGRADED,
	[PROBE_DOWN] = HEALTH_DOWN,
};

static void paint(struct buffer *b, const struct probe_told *t, const char *colour,
		  const char *text)
{
	if (t->colour)
		buffer_format(b, "\033[%sm%s\033[0m", colour, text);
	else
		buffer_str(b, text);
}

static void paint_state(struct buffer *b, const struct probe_told *t, enum health_state s)
{
	paint(b, t, states[s].colour, states[s].word);
}

static void phases(struct buffer *b, const struct probe_result *r)
{
	const char *comma = "  phases       ";

	for (int i = 0; i < PROBE_PHASES; i++) {
		if (r->phase_ns[i] < 0)
			continue;
		buffer_format(b, "%s%s ", comma, probe_phase_name((enum probe_phase)i));
		probe_words_time(b, r->phase_ns[i]);
		comma = ", ";
	}
	if (*comma == ',')
		buffer_str(b, "\n");
}

static void date(struct buffer *b, int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	struct tm tm;
	char text[16] = "?";

	if (gmtime_r(&at, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	buffer_str(b, text);
}

static void certificate(struct buffer *b, const struct probe_told *t,
			const struct engine_certificate *c)
{
	int64_t days = probe_words_days(c->chain_not_after_s, t->now_s);

	buffer_format(b, "  certificate  %s, signed by %s\n", c->subject, c->issuer);
	buffer_format(b, "               for %s\n", c->names);
	buffer_str(b, "               valid ");
	date(b, c->not_before_s);
	buffer_str(b, " to ");
	date(b, c->not_after_s);
	if (days >= 0)
		buffer_format(b, ", the chain for %lld more days", (long long)days);
	else
		paint(b, t, RED, ", the chain has expired");
	buffer_format(b, "\n               %s%s%s, %s\n", c->version,
		      *c->cipher ? " " : "", c->cipher,
		      c->verified ? "verified" : "not verified");
}

static void answer(struct buffer *b, const struct probe_told *t,
		   const struct once_answer *a)
{
	const struct probe_result *r = &a->result;

	paint(b, t, BOLD, a->address);
	buffer_format(b, " %s %s: ", a->transport, a->method);
	paint_state(b, t, verdicts[r->verdict]);
	buffer_str(b, ", ");
	probe_words_result(b, r, t->report->timeout_us);
	buffer_str(b, "\n");
	phases(b, r);
	if (a->has_certificate)
		certificate(b, t, &a->certificate);
	if (*r->call_id)
		buffer_format(b, "  Call-ID      %s\n", r->call_id);
	buffer_str(b, "\n");
}

static void title(struct buffer *b, const struct probe_told *t)
{
	const struct once_report *r = t->report;

	if (t->trunk)
		buffer_format(b, "%s, ", t->trunk);
	probe_words_uri(b, r->uri);
	if (r->resolve_ns >= 0) {
		buffer_format(b, ": %zu address%s in DNS after ", r->addresses,
			      r->addresses == 1 ? "" : "es");
		probe_words_time(b, r->resolve_ns);
	}
	buffer_str(b, "\n\n");
}

int probe_tell_text(struct buffer *b, const struct probe_told *t)
{
	const struct once_report *r = t->report;
	const char *advice = probe_words_advice(r);

	title(b, t);
	for (size_t i = 0; i < r->count; i++)
		answer(b, t, &r->answers[i]);
	if (r->result.outcome == PROBE_INTERNAL)
		paint(b, t, YELLOW, "unknown");
	else
		paint_state(b, t, r->state);
	buffer_str(b, ": ");
	probe_words_verdict(b, r);
	buffer_str(b, ".\n");
	if (*advice)
		buffer_format(b, "Next: %s\n", advice);
	return probe_exit(r);
}

int probe_fail_text(struct buffer *b, const char *why)
{
	buffer_format(b, "unknown: %s\n", why);
	return PROBE_EXIT_UNKNOWN;
}
