/* The parts that an answer about all trunks and one about a single trunk share. */
#include "exporter/pages/api.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/ondemand/json_call.h"
#include "exporter/ondemand/json_chain.h"
#include "exporter/ondemand/json_trace.h"
#include "exporter/pages/ladders.h"
#include "exporter/pages/page_mirror.h"
#include "exporter/pages/page_why.h"
#include "exporter/store/labels.h"
#include "sipprobe/health.h"
#include "sipprobe/tls_failure.h"

static const char *api_verdict_name(unsigned verdict)
{
	static const char *const names[] = {"up", "degraded", "down"};

	return verdict < sizeof(names) / sizeof(*names) ? names[verdict] : "down";
}

static void api_put_code(struct json *j, unsigned code)
{
	if (code)
		json_number(j, "code", code, 0);
	else
		json_null(j, "code");
}

static void api_put_latency(struct json *j, const char *key, uint32_t us)
{
	if (us == HISTORY_NO_LATENCY)
		json_null(j, key);
	else
		json_number(j, key, us, 6);
}

static void api_put_probe(struct json *j, struct history_probe p)
{
	json_str(j, "outcome", probe_outcome_name((enum probe_outcome)p.outcome));
	json_str(j, "verdict", api_verdict_name(p.verdict));
	api_put_code(j, p.code);
	api_put_latency(j, "latency_s", p.latency_us);
}

static void api_put_last(struct json *j, struct slice target, struct slice said,
			 struct history_probe last, int64_t at_ns)
{
	if (!at_ns) {
		json_null(j, "last");
		return;
	}
	json_open(j, "last", '{');
	json_time(j, "at_unix_s", at_ns);
	json_label(j, "address", labels_find(target, "address"));
	json_label(j, "transport", labels_find(target, "transport"));
	api_put_probe(j, last);
	json_text(j, "text", said);
	json_close(j, '}');
}

/* The trunk's own labels, without its name. */
static void api_put_labels(struct json *j, struct slice labels)
{
	struct slice name, value;
	size_t pos = 0;

	json_open(j, "labels", '{');
	(void)labels_next(labels, &pos, &name, &value);
	while (labels_next(labels, &pos, &name, &value))
		json_member(j, name, value);
	json_close(j, '}');
}

static void api_put_names(struct json *j, struct slice labels, struct slice info)
{
	json_label(j, "name", labels_find(labels, "trunk"));
	json_label(j, "uri", labels_find(info, "uri"));
	json_label(j, "transport", labels_find(info, "transport"));
	json_label(j, "profile", labels_find(info, "profile"));
	api_put_labels(j, labels);
}

/* @at_s: 0 is null */
static void api_put_unix_s(struct json *j, const char *key, int64_t at_s)
{
	if (at_s)
		json_number(j, key, at_s, 0);
	else
		json_null(j, key);
}

static void api_put_expiry(struct json *j, int64_t at_s)
{
	api_put_unix_s(j, "certificate_not_after_unix_s", at_s);
}

/* The certificate that we show its peer, and what the peer will mind of it. */
static void api_put_own(struct json *j, const struct status_trunk *t)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	char why[TLS_OWN_TEXT + 96];

	if (!t->own_file.l) {
		json_null(j, "own_certificate");
		return;
	}
	tls_own_complaint(why, sizeof(why), &t->own, now_s);
	json_open(j, "own_certificate", '{');
	json_label(j, "file", labels_find(t->own_file, "file"));
	json_str(j, "subject", t->own.subject);
	json_str(j, "issuer", t->own.issuer);
	api_put_unix_s(j, "not_after_unix_s", t->own.not_after_s);
	json_bool(j, "usable", tls_own_usable(&t->own, now_s));
	json_str(j, "complaint", why);
	json_close(j, '}');
}

/* A character a probe: lists are long. */
static void api_put_verdicts(struct json *j, const struct status_row *row)
{
	static const char marks[] = {
		[PROBE_UP] = '+', [PROBE_DEGRADED] = '~', [PROBE_DOWN] = '-', '-'};
	char text[HISTORY_PROBES_MAX];

	for (unsigned i = 0; i < row->probe_count; i++)
		text[i] = marks[row->probes[i].verdict];
	json_text(j, "recent_verdicts", (struct slice){text, row->probe_count});
}

/* @missing: as in struct stats_trunk */
static void api_put_state(struct json *j, uint8_t state, int8_t missing)
{
	const char *reason = stats_state_reason(state, missing);

	json_str(j, "state", health_state_name((enum health_state)state));
	if (reason)
		json_str(j, "state_reason", reason);
	else
		json_null(j, "state_reason");
}

static void api_put_problems(struct json *j, unsigned problems)
{
	json_open(j, "problems", '[');
	for (int i = 0; i < PROBLEMS; i++)
		if (problems >> i & 1)
			json_str(j, NULL, problem_name((enum problem)i));
	json_close(j, ']');
}

/* Of the last half hour, over UDP. */
static void api_put_half_hour(struct json *j, uint32_t requests, uint32_t lost,
			      uint32_t flaps)
{
	json_open(j, "last_30m", '{');
	json_number(j, "udp_requests", requests, 0);
	json_number(j, "udp_lost", lost, 0);
	json_number(j, "state_changes", flaps, 0);
	json_close(j, '}');
}

void api_row(struct json *j, const struct status_row *row)
{
	json_open(j, NULL, '{');
	api_put_names(j, row->labels, row->info);
	api_put_state(j, row->state, row->inbound_missing);
	json_bool(j, "paused", row->paused);
	api_put_unix_s(j, "paused_until_unix_s", row->paused_until_s);
	json_time(j, "since_unix_s", row->since_unix_ns);
	json_number(j, "addresses", row->addresses, 0);
	json_number(j, "addresses_up", row->addresses_up, 0);
	api_put_problems(j, row->problems);
	api_put_half_hour(j, row->requests, row->lost, row->flaps);
	api_put_last(j, row->target, row->said, row->last, row->last_unix_ns);
	api_put_expiry(j, row->cert_not_after_s);
	json_open(j, "recent_latency_s", '[');
	for (unsigned i = 0; i < row->probe_count; i++)
		api_put_latency(j, NULL, row->probes[i].latency_us);
	json_close(j, ']');
	api_put_verdicts(j, row);
	json_close(j, '}');
}

static void api_put_entry(struct json *j, const struct ladder_entry *e)
{
	const char *direction =
		ladder_is_inbound(e->kind)				    ? "in"
		: e->kind == LADDER_SENT || e->kind == LADDER_RETRANSMITTED ? "out"
									    : "none";

	json_open(j, NULL, '{');
	json_number(j, "offset_s", e->at_ns / 1000, 6);
	json_str(j, "kind", ladder_kind_name(e->kind));
	json_str(j, "direction", direction);
	json_number(j, "bytes", e->size, 0);
	json_text(j, "text", (struct slice){e->len ? e->text : "", e->len});
	json_close(j, '}');
}

/* A probe with its ladder, as the member @key. */
static void api_put_ladder(struct json *j, const char *key, const struct ladders_view *v)
{
	const struct probe_result *r = v->record.result;

	json_open(j, key, '{');
	json_str(j, "id", v->id);
	json_time(j, "begun_unix_s", r->begun_unix_ns);
	json_str(j, "outcome", probe_outcome_name(r->outcome));
	json_str(j, "verdict", api_verdict_name(r->verdict));
	api_put_code(j, r->code);
	json_str(j, "phrase", r->phrase);
	json_str(j, "detail", r->detail);
	json_str(j, "tls_fault", tls_fault_name((enum tls_fault)r->tls_fault));
	json_str(j, "call_id", r->call_id);
	json_number(j, "retransmissions", r->retransmissions, 0);
	json_open(j, "phases_s", '{');
	for (int i = 0; i < PROBE_PHASES; i++)
		json_seconds(j, probe_phase_name((enum probe_phase)i), r->phase_ns[i]);
	json_close(j, '}');
	json_call(j, "call", &r->call);
	json_bool(j, "audio_kept", ladders_has_audio(v));
	json_time(j, "late_response_unix_s", v->record.late_unix_ns);
	json_number(j, "entries_left_out", v->record.dropped, 0);
	json_open(j, "entries", '[');
	for (unsigned i = 0; i < v->record.count; i++)
		api_put_entry(j, &v->record.entries[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void api_put_kept(struct json *j, const char *key, const struct status_target *t,
			 struct history_ladder *l)
{
	struct ladders_view v;

	if (!l) {
		json_null(j, key);
		return;
	}
	ladders_view(&v, "", t, l);
	api_put_ladder(j, key, &v);
}

/* Oldest first; each began its gap after the one before, counted back from the last. */
static void api_put_recent(struct json *j, const struct status_target *t)
{
	int64_t at_ns = t->last_unix_ns;

	for (unsigned i = 1; i < t->probe_count; i++)
		at_ns -= t->probes[i].gap_ds * 100000000LL;
	json_open(j, "recent", '[');
	for (unsigned i = 0; i < t->probe_count; i++) {
		if (i)
			at_ns += t->probes[i].gap_ds * 100000000LL;
		json_open(j, NULL, '{');
		json_time(j, "at_unix_s", at_ns);
		api_put_probe(j, t->probes[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Those of one way, where copies have numbers. */
static void api_put_lost(struct json *j, const char *key, bool known, uint32_t lost)
{
	if (known)
		json_number(j, key, lost, 0);
	else
		json_null(j, key);
}

static void api_put_loss(struct json *j, const struct status_target *t)
{
	const struct stats_target *s = &t->stats;

	if (!s->udp) {
		json_null(j, "udp");
		return;
	}
	json_open(j, "udp", '{');
	json_number(j, "requests", s->loss.requests, 0);
	json_number(j, "answers", s->loss.answers, 0);
	json_number(j, "lost", s->loss.lost, 0);
	api_put_lost(j, "lost_requests", t->marked, t->ways.there);
	api_put_lost(j, "lost_answers", t->marked, t->ways.back);
	json_close(j, '}');
}

static void api_put_target(struct json *j, const struct status_target *t)
{
	json_open(j, NULL, '{');
	json_label(j, "method", labels_find(t->labels, "method"));
	json_label(j, "address", labels_find(t->labels, "address"));
	json_label(j, "transport", labels_find(t->labels, "transport"));
	api_put_last(j, t->labels, t->said, t->last, t->last_unix_ns);
	json_time(j, "last_success_unix_s", t->stats.last_success_unix_ns);
	json_number(j, "priority", t->stats.priority, 0);
	json_number(j, "weight", t->stats.weight, 0);
	json_number(j, "probes", t->stats.probes, 0);
	json_number(j, "retransmissions", t->stats.retransmissions, 0);
	json_number(j, "late_responses", t->stats.late, 0);
	api_put_loss(j, t);
	api_survey(j, t);
	page_mirror_json(j, t);
	api_peer_changes(j, t);
	api_put_expiry(j, t->tls.cert_not_after_s);
	api_put_unix_s(j, "verified_chain_not_after_unix_s", t->tls.verified_not_after_s);
	json_chain(j, "certificate_chain", t->chain);
	api_put_recent(j, t);
	json_open(j, "failures", '[');
	for (int i = 0; i < HISTORY_FAILURES && t->failures[i]; i++)
		api_put_kept(j, NULL, t, t->failures[i]);
	json_close(j, ']');
	json_bool(j, "recent_left_out", t->lacks_probes);
	json_bool(j, "failures_left_out", t->lacks_failures);
	api_put_kept(j, "success", t, t->success);
	json_close(j, '}');
}

static void api_put_settings(struct json *j, const struct buffer *pairs)
{
	json_open(j, "settings", '{');
	for (size_t at = 0; at < pairs->len;) {
		const char *key = pairs->data + at;
		const char *value = key + strlen(key) + 1;

		json_str(j, key, *value ? value : NULL);
		at = (size_t)(value - pairs->data) + strlen(value) + 1;
	}
	json_close(j, '}');
}

/* The registration that lasts longest, where the trunk checks REGISTER. */
static void api_put_registration(struct json *j, const struct status_trunk *t)
{
	const struct status_target *found = status_registered(t);

	if (!t->aor.len) {
		json_null(j, "registration");
		return;
	}
	json_open(j, "registration", '{');
	json_text(j, "aor", (struct slice){t->aor.data, t->aor.len});
	json_bool(j, "bind", t->binds);
	api_put_unix_s(j, "until_unix_s", found ? found->registered_until_s : 0);
	if (found)
		json_label(j, "address", labels_find(found->labels, "address"));
	else
		json_null(j, "address");
	json_close(j, '}');
}

static void api_put_why(struct json *j, const struct status_trunk *t)
{
	struct buffer line = {0};

	if (!t->down) {
		json_null(j, "why");
		return;
	}
	page_why_line(&line, &t->outage, t->traced ? &t->traced->report : NULL);
	json_text(j, "why", (struct slice){line.data, line.len});
	buffer_clear(&line);
}

static void api_put_trunk(struct json *j, const struct status_trunk *t)
{
	json_open(j, NULL, '{');
	json_number(j, "version", API_VERSION, 0);
	api_put_names(j, t->labels, t->info);
	api_put_state(j, t->stats.state, t->stats.inbound_missing);
	json_bool(j, "paused", t->stats.paused);
	api_put_unix_s(j, "paused_until_unix_s", t->stats.paused_until_s);
	json_time(j, "since_unix_s", t->since_unix_ns);
	json_number(j, "state_changes", t->stats.state_changes, 0);
	json_number(j, "addresses", t->stats.addresses, 0);
	json_number(j, "addresses_up", t->stats.addresses_up, 0);
	api_put_problems(j, problems_of(&t->facts));
	api_put_half_hour(j, t->facts.requests, t->facts.lost, t->facts.flaps);
	json_number(j, "dns_failures", t->stats.dns_failures, 0);
	if (t->dns_said.l)
		json_text(j, "dns_last_failure", t->dns_said);
	else
		json_null(j, "dns_last_failure");
	if (t->dns_note.l)
		json_text(j, "dns_note", t->dns_note);
	else
		json_null(j, "dns_note");
	json_time(j, "inbound_options_unix_s", t->inbound_options_unix_ns);
	if (t->stats.inbound_missing < 0)
		json_null(j, "inbound_missing");
	else
		json_bool(j, "inbound_missing", t->stats.inbound_missing);
	api_put_own(j, t);
	api_put_registration(j, t);
	api_put_why(j, t);
	json_trace(j, "trace", t->traced ? &t->traced->report : NULL);
	json_open(j, "targets", '[');
	for (size_t i = 0; i < t->target_count; i++)
		api_put_target(j, &t->targets[i]);
	json_close(j, ']');
	api_put_settings(j, &t->settings);
	json_close(j, '}');
	buffer_add(j->out, "\n", 1);
}

int api_trunk(struct buffer *out, struct store *s, const char *name)
{
	struct json j = {.out = out};
	struct status_trunk *t;
	int err = status_trunk_take(&t, s, name);

	if (err == ENOENT) {
		json_open(&j, NULL, '{');
		json_number(&j, "version", API_VERSION, 0);
		json_str(&j, "error", "no trunk of this name");
		json_close(&j, '}');
		buffer_add(out, "\n", 1);
	}
	if (err)
		return err;
	api_put_trunk(&j, t);
	status_trunk_free(t);
	return 0;
}
