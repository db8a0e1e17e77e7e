/* For people at a terminal. */
#include <string.h>
#include <time.h>

#include "base/buffer_format.h"
#include "exporter/ondemand/probe_call.h"
#include "exporter/ondemand/probe_explain.h"
#include "exporter/ondemand/probe_format.h"
#include "exporter/ondemand/why.h"

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

static void probe_text_paint(struct buffer *b, const struct probe_output *t,
			     const char *colour, const char *text)
{
	if (t->colour)
		buffer_format(b, "\033[%sm%s\033[0m", colour, text);
	else
		buffer_str(b, text);
}

static void probe_text_paint_state(struct buffer *b, const struct probe_output *t,
				   enum health_state s)
{
	probe_text_paint(b, t, states[s].colour, states[s].word);
}

static void probe_text_phases(struct buffer *b, const struct probe_result *r)
{
	const char *comma = "  phases       ";

	for (int i = 0; i < PROBE_PHASES; i++) {
		if (r->phase_ns[i] < 0)
			continue;
		buffer_format(b, "%s%s ", comma, probe_phase_name((enum probe_phase)i));
		probe_explain_time(b, r->phase_ns[i]);
		comma = ", ";
	}
	if (*comma == ',')
		buffer_str(b, "\n");
}

static void probe_text_date(struct buffer *b, int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	struct tm tm;
	char text[16] = "?";

	if (gmtime_r(&at, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	buffer_str(b, text);
}

static void probe_text_certificate(struct buffer *b, const struct probe_output *t,
				   const struct engine_certificate *c)
{
	int64_t days = probe_explain_days(probe_explain_end_s(c), t->now_s);

	buffer_format(b, "  certificate  %s, signed by %s\n", c->subject, c->issuer);
	buffer_format(b, "               for %s\n", c->names);
	buffer_str(b, "               valid ");
	probe_text_date(b, c->not_before_s);
	buffer_str(b, " to ");
	probe_text_date(b, c->not_after_s);
	if (days >= 0)
		buffer_format(b, ", the chain for %lld more days", (long long)days);
	else
		probe_text_paint(b, t, RED, ", the chain has expired");
	if (c->verified_ends[0])
		buffer_format(b, "; %s above it ends first", c->verified_ends);
	buffer_format(b, "\n               %s%s%s, %s\n", c->version,
		      *c->cipher ? " " : "", c->cipher,
		      c->verified ? "verified" : "not verified");
}

/* The whole of what the peer showed, each certificate signed by the next. */
static void probe_text_chain(struct buffer *b, const struct chain *c)
{
	buffer_str(b, "  chain\n");
	for (unsigned i = 0; i < c->count; i++) {
		const struct chain_link *l = &c->links[i];

		buffer_format(b, "  %12u %s\n               by %s\n               ",
			      i + 1, *l->subject ? l->subject : "no subject", l->issuer);
		probe_text_date(b, l->not_before_s);
		buffer_str(b, " to ");
		probe_text_date(b, l->not_after_s);
		buffer_format(b, ", %s, serial %s\n               sha256 %s\n", l->key,
			      l->serial, l->sha256);
	}
	if (c->left_out)
		buffer_format(b, "               %u more are left out\n", c->left_out);
}

/* Writes bytes of a peer to a terminal: none of them can do anything there. */
static void probe_text_shown(struct buffer *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f)
			buffer_add(b, &text[i], 1);
		else
			buffer_format(b, "\\x%02x", c);
	}
}

/* Looks of an event in the ladder: towards the peer, from it, or at our end. */
static const struct {
	const char *arrow;
	const char *words; /* before what the event itself says */
} rungs[LADDER_KINDS] = {
	[LADDER_CONNECT] = {"---", "connected"},
	[LADDER_TLS] = {"---", "TLS handshake done"},
	[LADDER_TLS_RESUMED] = {"---", "TLS session resumed"},
	[LADDER_WEBSOCKET] = {"---", "WebSocket handshake done"},
	[LADDER_SENT] = {"-->", ""},
	[LADDER_RETRANSMITTED] = {"-->", "the same again"},
	[LADDER_RECEIVED] = {"<--", ""},
	[LADDER_GARBAGE] = {"<--", "not SIP: "},
	[LADDER_ICMP] = {"<--", "ICMP: "},
	[LADDER_CLOSED] = {"-x-", ""},
	[LADDER_DEADLINE] = {"-x-", "deadline"},
	[LADDER_LATE] = {"<--", "late: "},
	[LADDER_REFUSED] = {"<--", "refused: "},
	[LADDER_ODDITY] = {"   ", "odd: "},
	[LADDER_ELSEWHERE] = {"<--", "not taken: "},
	[LADDER_REPLACED] = {"---", ""},
	[LADDER_AUDIO] = {"~~~", ""},
};

static size_t probe_text_line_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != '\r' && text[n] != '\n')
		n++;
	return n;
}

/* The lines after the first one. */
static void probe_text_more_lines(struct buffer *b, const char *text, size_t len)
{
	size_t n = probe_text_line_len(text, len);

	while (n < len) {
		size_t end = n < len && text[n] == '\r' ? n + 1 : n;

		end += end < len && text[end] == '\n';
		text += end;
		len -= end;
		n = probe_text_line_len(text, len);
		if (!n)
			break;
		buffer_str(b, "                         ");
		probe_text_shown(b, text, n);
		buffer_str(b, "\n");
	}
}

static void probe_text_rung(struct buffer *b, const struct probe_output *t,
			    const struct ladder_entry *e)
{
	size_t first = e->len ? probe_text_line_len(e->text, e->len) : 0;

	buffer_format(b, "  %12.1f ms  %s  %s", (double)e->at_ns / 1e6,
		      rungs[e->kind].arrow, rungs[e->kind].words);
	if (first && e->kind == LADDER_DEADLINE)
		buffer_str(b, ": ");
	probe_text_shown(b, e->text, first);
	if (e->size)
		buffer_format(b, " (%u bytes)", e->size);
	buffer_str(b, "\n");
	if (t->verbose && e->len)
		probe_text_more_lines(b, e->text, e->len);
}

static void probe_text_ladder(struct buffer *b, const struct probe_output *t,
			      const struct ladder *l)
{
	if (l->count)
		buffer_str(b, "  messages\n");
	for (unsigned i = 0; i < l->count; i++)
		probe_text_rung(b, t, &l->entries[i]);
	if (l->dropped)
		buffer_format(b, "               %u more are left out\n", l->dropped);
}

static void probe_text_answer(struct buffer *b, const struct probe_output *t,
			      const struct ondemand_answer *a)
{
	const struct probe_result *r = &a->result;

	probe_text_paint(b, t, BOLD, a->address);
	buffer_format(b, " %s %s: ", a->transport, a->method);
	probe_text_paint_state(b, t, verdicts[r->verdict]);
	buffer_str(b, ", ");
	probe_explain_result(b, r, t->report->timeout_us);
	buffer_str(b, "\n");
	probe_text_phases(b, r);
	probe_call_story(b, r);
	if (a->has_certificate)
		probe_text_certificate(b, t, &a->certificate);
	if (t->verbose && a->chain)
		probe_text_chain(b, a->chain);
	probe_text_ladder(b, t, &a->ladder);
	if (*r->call_id)
		buffer_format(b, "  Call-ID      %s\n", r->call_id);
	buffer_str(b, "\n");
}

static void probe_text_title(struct buffer *b, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;

	if (t->trunk)
		buffer_format(b, "%s, ", t->trunk);
	probe_explain_uri(b, r->uri);
	if (r->resolve_ns >= 0) {
		buffer_format(b, ": %zu address%s in DNS after ", r->addresses,
			      r->addresses == 1 ? "" : "es");
		probe_explain_time(b, r->resolve_ns);
	}
	buffer_str(b, "\n\n");
}

void probe_text_why(struct buffer *b, const struct ondemand_report *r)
{
	struct buffer line = {0};

	why_report(&line, r);
	if (line.len) {
		buffer_str(b, "Why:  ");
		buffer_add(b, line.data, line.len);
		buffer_str(b, "\n");
	}
	buffer_clear(&line);
}

int probe_tell_text(struct buffer *b, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;
	const char *advice = probe_explain_advice(r);

	probe_text_title(b, t);
	for (size_t i = 0; i < r->count; i++)
		probe_text_answer(b, t, &r->answers[i]);
	if (r->result.outcome == PROBE_INTERNAL)
		probe_text_paint(b, t, YELLOW, "unknown");
	else
		probe_text_paint_state(b, t, r->state);
	buffer_str(b, ": ");
	probe_explain_verdict(b, r);
	buffer_str(b, ".\n");
	if (*advice)
		buffer_format(b, "Next: %s\n", advice);
	if (!t->traces)
		probe_text_why(b, r);
	return probe_exit(r);
}

void probe_fail_text(struct buffer *b, const char *why)
{
	buffer_format(b, "unknown: %s\n", why);
}

/* "up        isp-a  192.0.2.1:5060 over udp answered 200 OK after 1.2 ms" */
static void probe_text_line(struct buffer *b, const struct probe_output *t,
			    enum health_state s, const char *trunk)
{
	probe_text_paint_state(b, t, s);
	buffer_format(b, "%*s%s: ", (int)(10 - strlen(states[s].word)), "", trunk);
}

int probe_one_text(struct buffer *b, const struct probe_output *t)
{
	bool fault = t->report->result.outcome == PROBE_INTERNAL;

	probe_text_line(b, t, fault ? HEALTH_UNKNOWN : t->report->state, t->trunk);
	probe_explain_verdict(b, t->report);
	buffer_str(b, "\n");
	return probe_exit(t->report);
}

void probe_fail_one_text(struct buffer *b, const char *trunk, const char *why)
{
	buffer_format(b, "unknown   %s: %s\n", trunk, why);
}

void probe_all_text(struct buffer *b, const struct probe_summary *s)
{
	static const struct {
		int code;
		const char *word;
	} counts[] = {{PROBE_EXIT_DOWN, "down"},
		      {PROBE_EXIT_UNKNOWN, "unknown"},
		      {PROBE_EXIT_DEGRADED, "degraded"},
		      {PROBE_EXIT_UP, "up"}};
	const char *comma = "";

	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].paused)
			buffer_format(b, "paused    %s: by its settings, not probed\n",
				      s->items[i].trunk);
		else
			buffer_add(b, s->items[i].text.data, s->items[i].text.len);
	}
	buffer_format(b, "\n%zu trunk%s: ", s->count, s->count == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		if (!s->codes[counts[i].code])
			continue;
		buffer_format(b, "%s%zu %s", comma, s->codes[counts[i].code],
			      counts[i].word);
		comma = ", ";
	}
	if (s->paused)
		buffer_format(b, "%s%zu paused", comma, s->paused);
	buffer_str(b, ", in ");
	probe_explain_time(b, s->took_ns);
	buffer_str(b, ".\n");
}
