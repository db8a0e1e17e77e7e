/* For programs: one object on one line; docs/probe.md lists its members. */
#include "exporter/probe_format.h"

#include <string.h>
#include <time.h>

#include "exporter/buffer_format.h"
#include "exporter/probe_words.h"

/* Grows only by members; a change of meaning would raise it. */
#define JSON_FORMAT 1

/* A string of any bytes: what is not ASCII is taken for Latin-1. */
static void add_string(struct buffer *b, const char *text, size_t len)
{
	buffer_str(b, "\"");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			buffer_format(b, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			buffer_format(b, "\\u%04x", c);
		else
			buffer_add(b, &text[i], 1);
	}
	buffer_str(b, "\"");
}

/* A member's name, after a comma where one is due. */
static void key(struct buffer *b, const char *name)
{
	char last = b->len ? b->data[b->len - 1] : '{';

	buffer_format(b, "%s\"%s\":", last == '{' ? "" : ",", name);
}

static void text(struct buffer *b, const char *name, const char *value)
{
	key(b, name);
	if (value)
		add_string(b, value, strlen(value));
	else
		buffer_str(b, "null");
}

static void number(struct buffer *b, const char *name, int64_t value)
{
	key(b, name);
	buffer_format(b, "%lld", (long long)value);
}

/* @ns: negative is null */
static void seconds(struct buffer *b, const char *name, int64_t ns)
{
	key(b, name);
	if (ns < 0)
		buffer_str(b, "null");
	else
		buffer_format(b, "%.9f", (double)ns / 1e9);
}

static void flag(struct buffer *b, const char *name, bool value)
{
	key(b, name);
	buffer_str(b, value ? "true" : "false");
}

static void date(struct buffer *b, const char *name, int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	char shown[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) && strftime(shown, sizeof(shown), "%FT%TZ", &tm))
		text(b, name, shown);
	else
		text(b, name, NULL);
}

static void phases(struct buffer *b, const struct probe_result *r)
{
	key(b, "phases");
	buffer_str(b, "{");
	for (int i = 0; i < PROBE_PHASES; i++)
		seconds(b, probe_phase_name((enum probe_phase)i), r->phase_ns[i]);
	buffer_str(b, "}");
}

static void certificate(struct buffer *b, const struct engine_certificate *c,
			int64_t now_s)
{
	key(b, "certificate");
	if (!c) {
		buffer_str(b, "null");
		return;
	}
	buffer_str(b, "{");
	text(b, "subject", c->subject);
	text(b, "issuer", c->issuer);
	text(b, "names", c->names);
	date(b, "not_before", c->not_before_s);
	date(b, "not_after", c->not_after_s);
	date(b, "chain_not_after", c->chain_not_after_s);
	number(b, "days_left", probe_words_days(c->chain_not_after_s, now_s));
	text(b, "version", c->version);
	text(b, "cipher", c->cipher);
	flag(b, "verified", c->verified);
	buffer_str(b, "}");
}

/* The members that a result has wherever it stands. */
static void result(struct buffer *b, const struct probe_result *r)
{
	text(b, "reason", probe_outcome_name(r->outcome));
	number(b, "code", r->code);
	text(b, "phrase", r->phrase);
	text(b, "detail", *r->detail ? r->detail : r->err ? strerror(r->err) : "");
	key(b, "retry_after_seconds");
	if (r->retry_after_s < 0)
		buffer_str(b, "null");
	else
		buffer_format(b, "%d", r->retry_after_s);
	number(b, "retransmissions", r->retransmissions);
	date(b, "begun", r->begun_unix_ns / 1000000000);
	text(b, "call_id", *r->call_id ? r->call_id : NULL);
	phases(b, r);
}

static const char *verdict_name(enum probe_verdict v)
{
	static const enum health_state states[] = {
		[PROBE_UP] = HEALTH_UP,
		[PROBE_DEGRADED] = HEALTH_DEGRADED,
		[PROBE_DOWN] = HEALTH_DOWN,
	};

	return health_state_name(states[v]);
}

static const char *direction(enum ladder_kind k)
{
	if (k == LADDER_SENT || k == LADDER_RETRANSMITTED)
		return "out";
	return ladder_is_inbound(k) ? "in" : NULL;
}

static void ladder(struct buffer *b, const struct ladder *l)
{
	key(b, "ladder");
	buffer_str(b, "[");
	for (unsigned i = 0; i < l->count; i++) {
		const struct ladder_entry *e = &l->entries[i];

		buffer_str(b, i ? ",{" : "{");
		seconds(b, "offset_seconds", e->at_ns);
		text(b, "kind", ladder_kind_name(e->kind));
		text(b, "direction", direction(e->kind));
		key(b, "text");
		add_string(b, e->text, e->len);
		number(b, "bytes", e->size);
		buffer_str(b, "}");
	}
	buffer_str(b, "]");
	number(b, "ladder_dropped", l->dropped);
}

static void answer(struct buffer *b, const struct probe_told *t,
		   const struct once_answer *a)
{
	buffer_str(b, "{");
	text(b, "address", a->address);
	text(b, "transport", a->transport);
	text(b, "method", a->method);
	number(b, "priority", a->priority);
	text(b, "state", verdict_name(a->result.verdict));
	result(b, &a->result);
	certificate(b, a->has_certificate ? &a->certificate : NULL, t->now_s);
	ladder(b, &a->ladder);
	buffer_str(b, "}");
}

static void answers(struct buffer *b, const struct probe_told *t)
{
	const struct once_report *r = t->report;

	key(b, "answers");
	buffer_str(b, "[");
	for (size_t i = 0; i < r->count; i++) {
		buffer_str(b, i ? "," : "");
		answer(b, t, &r->answers[i]);
	}
	buffer_str(b, "]");
}

int probe_tell_json(struct buffer *b, const struct probe_told *t)
{
	const struct once_report *r = t->report;
	struct buffer uri = {0}, verdict = {0};
	int code = probe_exit(r);

	probe_words_uri(&uri, r->uri);
	buffer_add(&uri, "", 1);
	probe_words_verdict(&verdict, r);
	buffer_add(&verdict, "", 1);
	buffer_str(b, "{");
	number(b, "format", JSON_FORMAT);
	text(b, "uri", uri.err ? NULL : uri.data);
	text(b, "trunk", t->trunk);
	text(b, "state",
	     code == PROBE_EXIT_UNKNOWN ? "unknown" : health_state_name(r->state));
	number(b, "exit_code", code);
	text(b, "verdict", verdict.err ? NULL : verdict.data);
	text(b, "advice", probe_words_advice(r));
	seconds(b, "duration_seconds", r->took_ns);
	seconds(b, "timeout_seconds", r->timeout_us * 1000);
	number(b, "addresses", (int64_t)r->addresses);
	number(b, "addresses_up", (int64_t)probe_words_alive(r));
	result(b, &r->result);
	answers(b, t);
	buffer_str(b, "}\n");
	buffer_clear(&uri);
	buffer_clear(&verdict);
	return code;
}

int probe_fail_json(struct buffer *b, const char *why)
{
	buffer_str(b, "{");
	number(b, "format", JSON_FORMAT);
	text(b, "state", "unknown");
	number(b, "exit_code", PROBE_EXIT_UNKNOWN);
	text(b, "verdict", why);
	buffer_str(b, "}\n");
	return PROBE_EXIT_UNKNOWN;
}
