#include "exporter/engine_listener.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/hash.h"
#include "base/log.h"
#include "exporter/engine_listener_calls.h"
#include "exporter/engine_listener_private.h"
#include "exporter/engine_listener_self.h"
#include "exporter/engine_listener_survey.h"
#include "exporter/engine_listener_trace.h"
#include "exporter/store/store.h"
#include "sipprobe/tls_failure.h"

/* Fields whose number depends on what is known. */
struct fields {
	size_t count;
	struct log_field list[16]; /* the last one stays LOG_END */
};

static void engine_listener_add(struct fields *f, struct log_field field)
{
	if (f->count + 1 < sizeof(f->list) / sizeof(*f->list))
		f->list[f->count++] = field;
}

static void engine_listener_add_text(struct fields *f, const char *key, const char *text)
{
	if (text && *text)
		engine_listener_add(f, LOG_S(key, text));
}

static void engine_listener_add_result(struct fields *f, const struct probe_result *r)
{
	engine_listener_add_text(f, "reason", probe_outcome_name(r->outcome));
	if (r->outcome == PROBE_TLS)
		engine_listener_add_text(
			f, "cause", tls_failure_name((enum tls_failure)r->tls_cause));
	if (r->code)
		engine_listener_add(f, LOG_I("code", r->code));
	engine_listener_add_text(f, "phrase", r->phrase);
	engine_listener_add_text(f, "detail", r->detail);
	if (r->err && !r->detail[0])
		engine_listener_add_text(f, "error", strerror(r->err));
}

static void *engine_listener_trunk_add_h(const struct config_trunk *trunk, void *arg)
{
	return store_trunk_add(arg, trunk);
}

static void engine_listener_trunk_move_h(void *p, const struct config_trunk *trunk,
					 void *arg)
{
	store_trunk_move(arg, p, trunk);
}

static void engine_listener_trunk_remove_h(void *p, void *arg)
{
	store_trunk_remove(arg, p);
}

/* On the wall clock, as it goes now. */
static int64_t engine_listener_unix_ns(int64_t at_ns)
{
	return clock_wall_ns() - (clock_monotonic_ns() - at_ns);
}

static void engine_listener_trunk_state_h(void *p, const struct engine_change *change,
					  void *arg)
{
	bool worse = change->to == HEALTH_DOWN || change->to == HEALTH_DEGRADED;
	struct buffer why = {0};
	struct fields f = {0};
	struct store_trunk *row = p;

	if (!row)
		return;
	store_trunk_state(arg, row, change, engine_listener_unix_ns(change->at_ns));
	engine_listener_add_text(&f, "trunk", store_trunk_conf(row)->name);
	engine_listener_add_text(&f, "from", health_state_name(change->from));
	engine_listener_add_text(&f, "to", health_state_name(change->to));
	engine_listener_add_text(&f, "address", change->address);
	engine_listener_add_text(&f, "transport", change->transport);
	engine_listener_add_text(&f, "method", change->method);
	if (change->inbound) {
		engine_listener_add_text(&f, "reason", "inbound");
		engine_listener_add_text(&f, "detail",
					 worse ? ENGINE_INBOUND_STOPPED
					       : ENGINE_INBOUND_BACK);
	}
	if (change->last)
		engine_listener_add_result(&f, change->last);
	engine_listener_add(&f, LOG_SEC("after", change->held_ns));
	engine_listener_why(&why, arg, store_trunk_conf(row)->name, NULL);
	engine_listener_add_text(&f, "why", why.data);
	log_write(worse ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "trunk changed state", f.list);
	buffer_clear(&why);
}

/* A pause without an end is no news to whoever wrote it; one that ends is, twice. */
static void engine_listener_trunk_paused_h(void *p, bool paused, int64_t until_s,
					   void *arg)
{
	struct store_trunk *row = p;
	char until[DATE_BYTES];

	if (!row)
		return;
	store_trunk_paused(arg, row, paused, until_s);
	if (!paused)
		log_event(LOG_LEVEL_INFO, "trunk is no longer paused",
			  LOG_S("trunk", store_trunk_conf(row)->name));
	else if (until_s)
		log_event(LOG_LEVEL_INFO, "trunk is paused",
			  LOG_S("trunk", store_trunk_conf(row)->name),
			  LOG_S("until", date_print(until, until_s)));
}

static void engine_listener_trunk_addresses_h(void *p, unsigned total, unsigned up,
					      void *arg)
{
	struct store_trunk *row = p;
	struct listener_note *told;

	if (!row)
		return;
	told = store_trunk_note(row);
	store_trunk_addresses(arg, row, total, up);
	if (!told->dns_failing || !total)
		return;
	told->dns_failing = false;
	log_event(LOG_LEVEL_INFO, "name resolves again",
		  LOG_S("trunk", store_trunk_conf(row)->name), LOG_I("addresses", total));
}

/* One line when it begins: a name that stays broken must not fill the log. */
static void engine_listener_trunk_dns_failed_h(void *p, const char *detail,
					       enum dns_hint hint, void *arg)
{
	struct store_trunk *row = p;
	struct listener_note *told;

	if (!row)
		return;
	told = store_trunk_note(row);
	store_trunk_dns_failed(arg, row, detail, hint);
	if (told->dns_failing)
		return;
	told->dns_failing = true;
	log_event(LOG_LEVEL_WARN, "name does not resolve",
		  LOG_S("trunk", store_trunk_conf(row)->name), LOG_S("detail", detail));
}

/* One line when it begins, as of failures. */
static void engine_listener_trunk_resolved_h(void *p, const char *note, void *arg)
{
	struct store_trunk *row = p;
	struct listener_note *told;

	if (!row)
		return;
	told = store_trunk_note(row);
	store_trunk_resolved(arg, row, note);
	if (*note && !told->dns_noted)
		log_event(LOG_LEVEL_INFO, "name resolves in part",
			  LOG_S("trunk", store_trunk_conf(row)->name),
			  LOG_S("detail", note));
	told->dns_noted = *note;
}

static void *engine_listener_target_add_h(void *p, const struct engine_target *target,
					  void *arg)
{
	return store_target_add(arg, p, target);
}

static void engine_listener_target_remove_h(void *p, void *arg)
{
	if (p)
		store_target_remove(arg, p);
}

const char *engine_listener_trunk_name(struct store_target *cell)
{
	return store_target_conf(cell)->name;
}

static void engine_listener_probe_begin_h(void *p, int64_t lag_ns, void *arg)
{
	struct store_target *cell = p;

	if (cell)
		store_probe_begin(arg, cell, lag_ns);
}

/* Names the target as its series do; @text holds what the fields point to. */
static void engine_listener_add_target(struct fields *f, struct store *s,
				       struct store_target *cell, char text[3][64])
{
	static const char *const names[] = {"address", "transport", "method"};

	engine_listener_add_text(f, "trunk", engine_listener_trunk_name(cell));
	for (size_t i = 0; i < 3; i++)
		if (store_target_label(s, cell, names[i], text[i], sizeof(text[i])))
			engine_listener_add_text(f, names[i], text[i]);
}

const char *engine_listener_address(struct store *s, struct store_target *cell,
				    char text[64])
{
	return store_target_label(s, cell, "address", text, 64) ? text : "";
}

static void engine_listener_call_refused_h(void *p, const char *why, void *arg)
{
	struct store_target *cell = p;
	char text[64];

	if (!cell)
		return;
	store_call_refused(arg, cell);
	engine_listener_call_refused(why, engine_listener_trunk_name(cell),
				     engine_listener_address(arg, cell, text));
}

static void engine_listener_probe_done_h(void *p, const struct probe_result *result,
					 void *arg)
{
	struct fields f = {0};
	struct store_target *cell = p;
	char text[3][64];

	if (!cell)
		return;
	store_probe_done(arg, cell, result);
	if (result->call.made || result->call.failure)
		engine_listener_call_done(result, engine_listener_trunk_name(cell),
					  engine_listener_address(arg, cell, text[0]));
	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	engine_listener_add_target(&f, arg, cell, text);
	engine_listener_add_result(&f, result);
	if (result->phase_ns[PROBE_PHASE_ANSWER] >= 0)
		engine_listener_add(
			&f, LOG_SEC("took", result->phase_ns[PROBE_PHASE_ANSWER]));
	if (result->retransmissions)
		engine_listener_add(&f,
				    LOG_I("retransmissions", result->retransmissions));
	engine_listener_add_text(&f, "call_id", result->call_id);
	log_write(LOG_LEVEL_DEBUG, "probe done", f.list);
}

static bool engine_listener_ladder_wanted_h(void *p, const struct probe_result *result,
					    void *arg)
{
	struct store_target *cell = p;

	return cell && store_ladder_wanted(arg, cell, result);
}

static void engine_listener_probe_ladder_h(void *p, const struct probe_result *result,
					   const struct ladder *ladder, void *arg)
{
	struct store_target *cell = p;

	store_ladder(arg, cell, result, ladder);
}

static void engine_listener_chain_h(void *p, struct chain *chain, void *arg)
{
	struct store_target *cell = p;

	if (cell)
		store_chain(arg, cell, chain);
}

static void engine_listener_probe_late_h(void *p, void *arg)
{
	struct fields f = {0};
	struct store_target *cell = p;
	char text[3][64];

	if (!cell)
		return;
	store_probe_late(arg, cell);
	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	engine_listener_add_target(&f, arg, cell, text);
	log_write(LOG_LEVEL_DEBUG, "late response", f.list);
}

static void engine_listener_probe_settled_h(void *p, const struct probe_loss *loss,
					    void *arg)
{
	struct store_target *cell = p;

	if (cell)
		store_probe_settled(arg, cell, loss);
}

static void engine_listener_probe_misdirected_h(void *p, enum probe_misdirected how,
						void *arg)
{
	struct fields f = {0};
	struct store_target *cell = p;
	char text[3][64];

	if (!cell)
		return;
	store_probe_misdirected(arg, cell, how);
	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	engine_listener_add_target(&f, arg, cell, text);
	engine_listener_add(&f, LOG_S("other", probe_misdirected_name(how)));
	log_write(LOG_LEVEL_DEBUG, "response from elsewhere", f.list);
}

static void engine_listener_inbound_h(void *p, const char *method, unsigned code,
				      void *arg)
{
	struct store_trunk *row = p;

	if (!row)
		return;
	store_inbound(arg, row, method, clock_wall_ns());
	log_event(LOG_LEVEL_DEBUG, "request from a trunk",
		  LOG_S("trunk", store_trunk_conf(row)->name), LOG_S("method", method),
		  LOG_I("answered", code));
}

static void engine_listener_trunk_inbound_h(void *p, bool missing, void *arg)
{
	store_trunk_inbound(arg, p, missing);
}

/* Stands for a text in the 29 bits of a note; 0 for none. */
static uint32_t engine_listener_mark(const char *text)
{
	return *text ? ((uint32_t)hash_mix(hash_text(HASH_START, text)) >> 3) | 1 : 0;
}

/*
 * A certificate that was replaced while we ran, and is worse than the one before. Those
 * of the start are among the warnings about the configuration.
 */
static void engine_listener_own(struct store_trunk *row, const struct tls_own *own)
{
	struct listener_note *told = store_trunk_note(row);
	char why[TLS_OWN_TEXT + 96];
	uint32_t said;

	tls_own_complaint(why, sizeof(why), own, clock_wall_ns() / CLOCK_NS_PER_S);
	said = engine_listener_mark(why);
	if (told->own_known && said && said != told->own_unfit)
		log_event(LOG_LEVEL_WARN, "peers may refuse our certificate",
			  LOG_S("trunk", store_trunk_conf(row)->name),
			  LOG_S("file", store_trunk_conf(row)->settings->tls.cert_file),
			  LOG_S("why", why));
	told->own_known = true;
	told->own_unfit = said;
}

static void engine_listener_trunk_cert_h(void *p, const struct tls_own *own, void *arg)
{
	struct store_trunk *row = p;

	if (!row)
		return;
	store_trunk_certificate(arg, row, store_trunk_conf(row)->settings->tls.cert_file,
				own);
	engine_listener_own(row, own);
}

const struct engine_events engine_listener = {
	.trunk_add_h = engine_listener_trunk_add_h,
	.trunk_move_h = engine_listener_trunk_move_h,
	.trunk_remove_h = engine_listener_trunk_remove_h,
	.trunk_state_h = engine_listener_trunk_state_h,
	.trunk_paused_h = engine_listener_trunk_paused_h,
	.trunk_addresses_h = engine_listener_trunk_addresses_h,
	.trunk_dns_failed_h = engine_listener_trunk_dns_failed_h,
	.trunk_resolved_h = engine_listener_trunk_resolved_h,
	.resolv_conf_h = engine_listener_resolv_conf_h,
	.probe.target_add_h = engine_listener_target_add_h,
	.probe.target_remove_h = engine_listener_target_remove_h,
	.probe.probe_begin_h = engine_listener_probe_begin_h,
	.probe.probe_done_h = engine_listener_probe_done_h,
	.probe.ladder_wanted_h = engine_listener_ladder_wanted_h,
	.probe.probe_ladder_h = engine_listener_probe_ladder_h,
	.probe.chain_h = engine_listener_chain_h,
	.probe.probe_late_h = engine_listener_probe_late_h,
	.probe.probe_settled_h = engine_listener_probe_settled_h,
	.probe.survey_size_h = engine_listener_survey_size_h,
	.probe.survey_train_h = engine_listener_survey_train_h,
	.probe.probe_misdirected_h = engine_listener_probe_misdirected_h,
	.probe.seen_as_h = engine_listener_seen_as_h,
	.probe.mirrored_h = engine_listener_mirrored_h,
	.probe.peer_shown_h = engine_listener_peer_shown_h,
	.probe.peer_changed_h = engine_listener_peer_changed_h,
	.probe.call_refused_h = engine_listener_call_refused_h,
	.calls_open_h = engine_listener_calls_open_h,
	.call_made_h = engine_listener_call_made_h,
	.call_not_ended_h = engine_listener_call_not_ended_h,
	.media_lateness_h = engine_listener_media_lateness_h,
	.trunk_cert_h = engine_listener_trunk_cert_h,
	.listen_cert_h = engine_listener_listen_cert_h,
	.tls_files_h = engine_listener_tls_files_h,
	.trunk_inbound_h = engine_listener_trunk_inbound_h,
	.traced_h = engine_listener_traced_h,
	.inbound_h = engine_listener_inbound_h,
	.stray_h = engine_listener_stray_h,
	.hep_sent_h = engine_listener_hep_sent_h,
	.hep_collector_h = engine_listener_hep_collector_h,
	.refused_h = engine_listener_refused_h,
};
