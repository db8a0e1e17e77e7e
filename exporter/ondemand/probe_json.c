/* For programs: one object on one line; docs/probe.md lists its members. */
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "exporter/ondemand/json_call.h"
#include "exporter/ondemand/json_chain.h"
#include "exporter/ondemand/json_trace.h"
#include "exporter/ondemand/probe_explain.h"
#include "exporter/ondemand/probe_format.h"
#include "exporter/ondemand/why.h"
#include "sipprobe/tls_failure.h"

/* Grows only by members; a change of meaning would raise it. */
#define JSON_FORMAT 1

/* @ns: negative is null */
static void probe_json_seconds(struct json *j, const char *key, int64_t ns)
{
	if (ns < 0)
		json_null(j, key);
	else
		json_number(j, key, ns, 9);
}

static void probe_json_date(struct json *j, const char *key, int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	char shown[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) && strftime(shown, sizeof(shown), "%FT%TZ", &tm))
		json_str(j, key, shown);
	else
		json_null(j, key);
}

static void probe_json_phases(struct json *j, const struct probe_result *r)
{
	json_open(j, "phases", '{');
	for (int i = 0; i < PROBE_PHASES; i++)
		probe_json_seconds(j, probe_phase_name((enum probe_phase)i),
				   r->phase_ns[i]);
	json_close(j, '}');
}

static void probe_json_certificate(struct json *j, const struct engine_certificate *c,
				   int64_t now_s)
{
	if (!c) {
		json_null(j, "certificate");
		return;
	}
	json_open(j, "certificate", '{');
	json_str(j, "subject", c->subject);
	json_str(j, "issuer", c->issuer);
	json_str(j, "names", c->names);
	probe_json_date(j, "not_before", c->not_before_s);
	probe_json_date(j, "not_after", c->not_after_s);
	probe_json_date(j, "chain_not_after", c->chain_not_after_s);
	if (c->verified_not_after_s)
		probe_json_date(j, "verified_chain_not_after", c->verified_not_after_s);
	else
		json_null(j, "verified_chain_not_after");
	json_str(j, "ends_first", c->verified_ends);
	json_number(j, "days_left", probe_explain_days(probe_explain_end_s(c), now_s), 0);
	json_str(j, "version", c->version);
	json_str(j, "cipher", c->cipher);
	json_bool(j, "verified", c->verified);
	json_close(j, '}');
}

/* The members that a result has wherever it stands. */
static void probe_json_result(struct json *j, const struct probe_result *r)
{
	json_str(j, "reason", probe_outcome_name(r->outcome));
	json_number(j, "code", r->code, 0);
	json_str(j, "phrase", r->phrase);
	json_str(j, "detail", *r->detail ? r->detail : r->err ? strerror(r->err) : "");
	json_str(j, "tls_cause",
		 r->outcome == PROBE_TLS
			 ? tls_failure_name((enum tls_failure)r->tls_cause)
			 : NULL);
	json_str(j, "tls_fault",
		 r->outcome == PROBE_TLS ? tls_fault_name((enum tls_fault)r->tls_fault)
					 : NULL);
	if (r->retry_after_s < 0)
		json_null(j, "retry_after_seconds");
	else
		json_number(j, "retry_after_seconds", r->retry_after_s, 0);
	json_number(j, "retransmissions", r->retransmissions, 0);
	probe_json_date(j, "begun", r->begun_unix_ns / 1000000000);
	json_str(j, "call_id", *r->call_id ? r->call_id : NULL);
	probe_json_phases(j, r);
}

/* The certificate that we show, and what peers will mind of it. */
static void probe_json_own(struct json *j, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;
	char why[TLS_OWN_TEXT + 96];

	if (!r->own_file) {
		json_null(j, "own_certificate");
		return;
	}
	tls_own_complaint(why, sizeof(why), &r->own, t->now_s);
	json_open(j, "own_certificate", '{');
	json_str(j, "file", r->own_file);
	json_str(j, "subject", r->own.subject);
	json_str(j, "issuer", r->own.issuer);
	probe_json_date(j, "not_after", r->own.not_after_s);
	json_bool(j, "usable", tls_own_usable(&r->own, t->now_s));
	json_str(j, "complaint", why);
	json_close(j, '}');
}

static void probe_json_rehearsal(struct json *j, const struct ondemand_answer *a)
{
	if (!a->rehearsal.done) {
		json_null(j, "trust_with");
		return;
	}
	json_open(j, "trust_with", '{');
	json_bool(j, "success", a->rehearsal.success);
	if (a->rehearsal.success)
		probe_json_date(j, "not_after", a->rehearsal.not_after_s);
	else
		json_null(j, "not_after");
	json_str(j, "detail", a->rehearsal.text);
	json_close(j, '}');
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

static const char *probe_json_direction(enum ladder_kind k)
{
	if (k == LADDER_SENT || k == LADDER_RETRANSMITTED)
		return "out";
	return ladder_is_inbound(k) ? "in" : NULL;
}

static void probe_json_ladder(struct json *j, const struct ladder *l)
{
	json_open(j, "ladder", '[');
	for (unsigned i = 0; i < l->count; i++) {
		const struct ladder_entry *e = &l->entries[i];

		json_open(j, NULL, '{');
		probe_json_seconds(j, "offset_seconds", e->at_ns);
		json_str(j, "kind", ladder_kind_name(e->kind));
		json_str(j, "direction", probe_json_direction(e->kind));
		json_text(j, "text", (struct slice){e->len ? e->text : "", e->len});
		json_number(j, "bytes", e->size, 0);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_number(j, "ladder_dropped", l->dropped, 0);
}

static void probe_json_answer(struct json *j, const struct probe_output *t,
			      const struct ondemand_answer *a)
{
	json_open(j, NULL, '{');
	json_str(j, "address", a->address);
	json_str(j, "transport", a->transport);
	json_str(j, "method", a->method);
	json_number(j, "priority", a->priority, 0);
	json_str(j, "state", verdict_name(a->result.verdict));
	probe_json_result(j, &a->result);
	probe_json_certificate(j, a->has_certificate ? &a->certificate : NULL, t->now_s);
	json_chain(j, "certificate_chain", a->chain);
	probe_json_rehearsal(j, a);
	if (a->result.call.made || a->result.call.failure)
		json_call(j, "call", &a->result.call);
	probe_json_ladder(j, &a->ladder);
	json_close(j, '}');
}

static void probe_json_answers(struct json *j, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;

	json_open(j, "answers", '[');
	for (size_t i = 0; i < r->count; i++)
		probe_json_answer(j, t, &r->answers[i]);
	json_close(j, ']');
}

static void probe_json_why(struct json *j, const struct ondemand_report *r)
{
	struct buffer line = {0};

	why_report(&line, r);
	if (line.len)
		json_text(j, "why", (struct slice){line.data, line.len});
	buffer_clear(&line);
}

int probe_tell_json(struct buffer *b, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;
	struct buffer uri = {0}, verdict = {0};
	struct json j = {.out = b, .ascii = true};
	int code = probe_exit(r);

	probe_explain_uri(&uri, r->uri);
	buffer_add(&uri, "", 1);
	probe_explain_verdict(&verdict, r);
	buffer_add(&verdict, "", 1);
	json_open(&j, NULL, '{');
	json_number(&j, "format", JSON_FORMAT, 0);
	json_str(&j, "uri", uri.err ? NULL : uri.data);
	json_str(&j, "trunk", t->trunk);
	json_str(&j, "state",
		 r->result.outcome == PROBE_INTERNAL ? "unknown"
						     : health_state_name(r->state));
	json_number(&j, "exit_code", code, 0);
	json_str(&j, "verdict", verdict.err ? NULL : verdict.data);
	json_str(&j, "advice", probe_explain_advice(r));
	probe_json_why(&j, r);
	probe_json_seconds(&j, "duration_seconds", r->took_ns);
	probe_json_seconds(&j, "timeout_seconds", r->timeout_us * 1000);
	json_number(&j, "addresses", (int64_t)r->addresses, 0);
	json_number(&j, "addresses_up", (int64_t)probe_explain_alive(r), 0);
	probe_json_own(&j, t);
	probe_json_result(&j, &r->result);
	probe_json_answers(&j, t);
	if (r->trace)
		json_trace(&j, "trace", r->trace);
	json_close(&j, '}');
	buffer_str(b, "\n");
	buffer_clear(&uri);
	buffer_clear(&verdict);
	return code;
}

void probe_fail_json(struct buffer *b, const char *why)
{
	struct json j = {.out = b, .ascii = true};

	json_open(&j, NULL, '{');
	json_number(&j, "format", JSON_FORMAT, 0);
	json_str(&j, "state", "unknown");
	json_number(&j, "exit_code", PROBE_EXIT_UNKNOWN, 0);
	json_str(&j, "verdict", why);
	json_close(&j, '}');
	buffer_str(b, "\n");
}

void probe_fail_one_json(struct buffer *b, const char *trunk, const char *why)
{
	struct json j = {.out = b, .ascii = true};

	json_open(&j, NULL, '{');
	json_number(&j, "format", JSON_FORMAT, 0);
	json_str(&j, "trunk", trunk);
	json_str(&j, "state", "unknown");
	json_number(&j, "exit_code", PROBE_EXIT_UNKNOWN, 0);
	json_str(&j, "verdict", why);
	json_close(&j, '}');
	buffer_str(b, "\n");
}

/* The objects of the trunks as they were told, without the ends of their lines. */
static void probe_json_trunks(struct json *j, const struct probe_summary *s)
{
	const char *comma = "";

	json_open(j, "trunks", '[');
	for (size_t i = 0; i < s->count; i++) {
		const struct buffer *text = &s->items[i].text;

		if (s->items[i].paused || !text->len)
			continue;
		buffer_str(j->out, comma);
		buffer_add(j->out, text->data, text->len - 1);
		comma = ",";
	}
	json_close(j, ']');
}

void probe_all_json(struct buffer *b, const struct probe_summary *s)
{
	static const char *const names[PROBE_EXIT_CODES] = {
		[PROBE_EXIT_UP] = "up",
		[PROBE_EXIT_DEGRADED] = "degraded",
		[PROBE_EXIT_DOWN] = "down",
		[PROBE_EXIT_UNKNOWN] = "unknown",
	};
	struct json j = {.out = b, .ascii = true};

	json_open(&j, NULL, '{');
	json_number(&j, "format", JSON_FORMAT, 0);
	json_number(&j, "exit_code", s->code, 0);
	probe_json_seconds(&j, "duration_seconds", s->took_ns);
	json_open(&j, "states", '{');
	for (int i = 0; i < PROBE_EXIT_CODES; i++)
		json_number(&j, names[i], (int64_t)s->codes[i], 0);
	json_close(&j, '}');
	json_open(&j, "paused", '[');
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].paused)
			json_str(&j, NULL, s->items[i].trunk);
	json_close(&j, ']');
	probe_json_trunks(&j, s);
	json_close(&j, '}');
	buffer_str(b, "\n");
}
