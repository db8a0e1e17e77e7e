#include "exporter/metrics/catalogue.h"

#include <string.h>

#include "base/clock.h"
#include "exporter/metrics/label_values.h"

#define TARGET_LABELS "trunk,method,address,transport"

static size_t catalogue_one(struct sample *out, int64_t value)
{
	*out = (struct sample){.value = value};
	return 1;
}

static size_t catalogue_one_ns(struct sample *out, int64_t ns)
{
	*out = (struct sample){.value = ns, .decimals = 9};
	return 1;
}

/* Times of the wall clock are told in milliseconds: finer would only be noise. */
static size_t catalogue_one_time(struct sample *out, int64_t unix_ns)
{
	*out = (struct sample){.value = unix_ns / 1000000, .decimals = 3};
	return unix_ns > 0;
}

static size_t catalogue_up(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.state == HEALTH_UNKNOWN || t->stats.paused
		       ? 0
		       : catalogue_one(out, t->stats.state != HEALTH_DOWN);
}

static size_t catalogue_state(struct sample *out, const struct snapshot_trunk *t)
{
	size_t i;

	if (t->stats.paused)
		return 0;
	for (i = 0; i < HEALTH_STATES; i++)
		out[i] = (struct sample){.label = label_value(LABEL_STATE, i),
					 .value = t->stats.state == i};
	return HEALTH_STATES;
}

static size_t catalogue_state_changes(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.paused ? 0 : catalogue_one(out, t->stats.state_changes);
}

static size_t catalogue_addresses(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.addresses_known ? catalogue_one(out, t->stats.addresses) : 0;
}

static size_t catalogue_addresses_up(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.addresses_known && !t->stats.paused
		       ? catalogue_one(out, t->stats.addresses_up)
		       : 0;
}

static size_t catalogue_paused(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.paused ? catalogue_one(out, 1) : 0;
}

static size_t catalogue_own_cert(struct sample *out, const struct snapshot_trunk *t)
{
	*out = (struct sample){.label = t->own_file, .value = t->stats.own_not_after_s};
	return t->stats.own_not_after_s > 0;
}

static size_t catalogue_listen_cert(struct sample *out,
				    const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	*out = (struct sample){.label = {e->listen_file, strlen(e->listen_file)},
			       .value = e->listen_not_after_s};
	return e->listen_not_after_s > 0;
}

static size_t catalogue_own_usable(struct sample *out, const struct snapshot_trunk *t)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

	*out = (struct sample){.label = t->own_use,
			       .value = stats_own_usable(&t->own, now_s)};
	return t->stats.own_not_after_s > 0;
}

static size_t catalogue_listen_usable(struct sample *out,
				      const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

	*out = (struct sample){.label = {e->listen_use, strlen(e->listen_use)},
			       .value = stats_own_usable(&e->listen_own, now_s)};
	return e->listen_not_after_s > 0;
}

static size_t catalogue_tls_files(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one(out, !src->snapshot->exporter.tls_files_stale);
}

static size_t catalogue_info(struct sample *out, const struct snapshot_trunk *t)
{
	*out = (struct sample){.label = t->info, .value = 1};
	return 1;
}

static size_t catalogue_inbound(struct sample *out, const struct snapshot_trunk *t)
{
	size_t i, count = 0;

	for (i = 0; t->inbound && i < STATS_METHODS; i++) {
		if (t->inbound[i])
			out[count++] =
				(struct sample){.label = label_value(LABEL_METHOD, i),
						.value = t->inbound[i]};
	}
	return count;
}

static size_t catalogue_inbound_last(struct sample *out, const struct snapshot_trunk *t)
{
	return catalogue_one_time(out, t->stats.inbound_options_unix_ns);
}

static size_t catalogue_inbound_missing(struct sample *out,
					const struct snapshot_trunk *t)
{
	return t->stats.inbound_missing < 0
		       ? 0
		       : catalogue_one(out, t->stats.inbound_missing);
}

static size_t catalogue_success(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.success < 0 ? 0 : catalogue_one(out, t->stats.success);
}

static size_t catalogue_probes(struct sample *out, const struct snapshot_target *t)
{
	return catalogue_one(out, t->stats.probes);
}

static size_t catalogue_phases(struct sample *out, const struct snapshot_target *t)
{
	size_t i, count = 0;

	for (i = 0; i < PROBE_PHASES; i++) {
		if (t->stats.phase_ns[i] < 0)
			continue;
		catalogue_one_ns(&out[count], t->stats.phase_ns[i]);
		out[count++].label = label_value(LABEL_PHASE, i);
	}
	return count;
}

static size_t catalogue_responses(struct sample *out, const struct snapshot_target *t)
{
	size_t i;

	for (i = 0; i < t->code_count; i++)
		out[i] = (struct sample){
			.label = label_value(LABEL_CODE, t->codes[i].code - 100U),
			.value = t->codes[i].count};
	return t->code_count;
}

static size_t catalogue_failures(struct sample *out, const struct snapshot_target *t)
{
	size_t i;

	for (i = 0; i < PROBE_OUTCOMES; i++)
		out[i] = (struct sample){.label = label_value(LABEL_REASON, i),
					 .value = t->stats.failures[i]};
	return PROBE_OUTCOMES;
}

/* A name that gives no address has no target to count under. */
static size_t catalogue_dns_failures(struct sample *out, const struct snapshot_trunk *t)
{
	*out = (struct sample){.label = label_value(LABEL_DNS, 0),
			       .value = t->stats.dns_failures};
	return t->stats.named;
}

static size_t catalogue_retransmissions(struct sample *out,
					const struct snapshot_target *t)
{
	return catalogue_one(out, t->stats.retransmissions);
}

static size_t catalogue_late(struct sample *out, const struct snapshot_target *t)
{
	return catalogue_one(out, t->stats.late);
}

static size_t catalogue_udp_requests(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.udp ? catalogue_one(out, t->stats.loss.requests) : 0;
}

static size_t catalogue_udp_answers(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.udp ? catalogue_one(out, t->stats.loss.answers) : 0;
}

/* On the way there or back: nothing in an answer tells which. */
static size_t catalogue_udp_lost(struct sample *out, const struct snapshot_target *t)
{
	static const char either[] = "direction=\"either\"";

	*out = (struct sample){.label = {either, sizeof(either) - 1},
			       .value = t->stats.loss.lost};
	return t->stats.udp;
}

/* Over TCP and TLS an answer comes on the connection, or not at all. */
static size_t catalogue_misdirected(struct sample *out, const struct snapshot_target *t)
{
	size_t i;

	if (!t->stats.udp)
		return 0;
	/* The first one stands for none. */
	for (i = 1; i < PROBE_MISDIRECTEDS; i++)
		out[i - 1] = (struct sample){.label = label_value(LABEL_KIND, i),
					     .value = t->stats.misdirected[i - 1]};
	return PROBE_MISDIRECTEDS - 1;
}

static size_t catalogue_last_success(struct sample *out, const struct snapshot_target *t)
{
	return catalogue_one_time(out, t->stats.last_success_unix_ns);
}

static size_t catalogue_cert_not_after(struct sample *out,
				       const struct snapshot_target *t)
{
	return t->stats.cert_not_after_s > 0
		       ? catalogue_one(out, t->stats.cert_not_after_s)
		       : 0;
}

static size_t catalogue_verified_not_after(struct sample *out,
					   const struct snapshot_target *t)
{
	return t->stats.verified_not_after_s > 0
		       ? catalogue_one(out, t->stats.verified_not_after_s)
		       : 0;
}

static size_t catalogue_registered_until(struct sample *out,
					 const struct snapshot_target *t)
{
	return t->stats.registered_until_s > 0
		       ? catalogue_one(out, t->stats.registered_until_s)
		       : 0;
}

static size_t catalogue_retry_after(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.retry_after_s < 0 ? 0
					  : catalogue_one(out, t->stats.retry_after_s);
}

static size_t catalogue_tls_failures(struct sample *out, const struct snapshot_target *t)
{
	size_t i;

	if (!t->tls_failures)
		return 0;
	/* The first one stands for none. */
	for (i = 1; i < TLS_FAILURES; i++)
		out[i - 1] = (struct sample){.label = label_value(LABEL_CAUSE, i),
					     .value = t->tls_failures[i]};
	return TLS_FAILURES - 1;
}

static size_t catalogue_build(struct sample *out, const struct catalogue_source *src)
{
	*out = (struct sample){.label = src->self->build, .value = 1};
	return 1;
}

static size_t catalogue_reload_ok(struct sample *out, const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	return e->reload_seen ? catalogue_one(out, e->reload_successful) : 0;
}

static size_t catalogue_reload_time(struct sample *out,
				    const struct catalogue_source *src)
{
	return catalogue_one_time(out, src->snapshot->exporter.reload_success_unix_ns);
}

static size_t catalogue_trunks(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one(out, (int64_t)src->snapshot->exporter.trunks);
}

static size_t catalogue_total_shards(struct sample *out,
				     const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	*out = (struct sample){.label = {e->shard, strlen(e->shard)},
			       .value = e->total_shards};
	return e->total_shards > 0;
}

static size_t catalogue_lag(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one_ns(out, src->snapshot->exporter.lag_ns);
}

static size_t catalogue_strays(struct sample *out, const struct catalogue_source *src)
{
	size_t i;

	for (i = 0; i < ENGINE_STRAYS; i++)
		out[i] = (struct sample){
			.label = label_value(LABEL_STRAY, i),
			.value = (int64_t)src->snapshot->exporter.stray[i]};
	return ENGINE_STRAYS;
}

static size_t catalogue_scrape_time(struct sample *out,
				    const struct catalogue_source *src)
{
	return src->self->scrape_bytes < 0 ? 0
					   : catalogue_one_ns(out, src->self->scrape_ns);
}

static size_t catalogue_scrape_size(struct sample *out,
				    const struct catalogue_source *src)
{
	return src->self->scrape_bytes < 0 ? 0
					   : catalogue_one(out, src->self->scrape_bytes);
}

static size_t catalogue_known(struct sample *out, int64_t value)
{
	return value < 0 ? 0 : catalogue_one(out, value);
}

static size_t catalogue_cpu(struct sample *out, const struct catalogue_source *src)
{
	return src->self->process.cpu_ns < 0
		       ? 0
		       : catalogue_one_ns(out, src->self->process.cpu_ns);
}

static size_t catalogue_resident(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.resident_bytes);
}

static size_t catalogue_virtual_memory(struct sample *out,
				       const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.virtual_bytes);
}

static size_t catalogue_open_fds(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.open_fds);
}

static size_t catalogue_max_fds(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.max_fds);
}

static size_t catalogue_start_time(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one_time(out, src->self->process.start_unix_ns);
}

/* clang-format off */
const struct catalogue_family catalogue[] = {
	{"siptrunk_up", CATALOGUE_GAUGE, "",
	 "Whether the trunk works, after fall and rise: 1 up or degraded, 0 down. Absent until known.",
	 "trunk", .trunk_get = catalogue_up},
	{"siptrunk_state", CATALOGUE_STATESET, "",
	 "State of the trunk: 1 for the state it is in, 0 for the others.",
	 "trunk,state", .trunk_get = catalogue_state},
	{"siptrunk_state_changes_total", CATALOGUE_COUNTER, "",
	 "Changes of the trunk's state, the first one from unknown included.",
	 "trunk", .trunk_get = catalogue_state_changes},
	{"siptrunk_addresses", CATALOGUE_GAUGE, "",
	 "Addresses that the trunk's URI resolves to now.",
	 "trunk", .trunk_get = catalogue_addresses},
	{"siptrunk_addresses_up", CATALOGUE_GAUGE, "",
	 "Addresses of the trunk that answer now.",
	 "trunk", .trunk_get = catalogue_addresses_up},
	{"siptrunk_info", CATALOGUE_INFO, "",
	 "The trunk as configured: its URI without a password, the transport that the URI names, its profile.",
	 "trunk,uri,transport,profile", .trunk_get = catalogue_info},
	{"siptrunk_paused", CATALOGUE_GAUGE, "",
	 "1 for a trunk that is paused: not probed, and without a state. Absent for others.",
	 "trunk", .trunk_get = catalogue_paused},
	{"siptrunk_inbound_requests_total", CATALOGUE_COUNTER, "",
	 "Requests that came from the trunk's addresses, by method.",
	 "trunk,method", .trunk_get = catalogue_inbound},
	{"siptrunk_inbound_options_last_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "When the last OPTIONS request came from the trunk, in seconds since the epoch.",
	 "trunk", .trunk_get = catalogue_inbound_last},
	{"siptrunk_inbound_missing", CATALOGUE_GAUGE, "",
	 "Whether the peer has sent no OPTIONS for longer than expect_inbound. Absent where that is not set.",
	 "trunk", .trunk_get = catalogue_inbound_missing},
	{"siptrunk_probe_success", CATALOGUE_GAUGE, "",
	 "Whether the last probe succeeded, before fall and rise.",
	 TARGET_LABELS, .target_get = catalogue_success},
	{"siptrunk_probes_total", CATALOGUE_COUNTER, "",
	 "Probes begun.",
	 TARGET_LABELS, .target_get = catalogue_probes},
	{"siptrunk_probe_duration_seconds", CATALOGUE_HISTOGRAM, "seconds",
	 "Time from the request sent to its final response received.",
	 TARGET_LABELS ",le", .histogram = true},
	{"siptrunk_probe_phase_duration_seconds", CATALOGUE_GAUGE, "seconds",
	 "Time that each phase of the last probe took.",
	 TARGET_LABELS ",phase", .target_get = catalogue_phases},
	{"siptrunk_probe_responses_total", CATALOGUE_COUNTER, "",
	 "Final responses that ended a probe, by status code. A challenge that was answered did not end it.",
	 TARGET_LABELS ",code", .target_get = catalogue_responses},
	{"siptrunk_probe_failures_total", CATALOGUE_COUNTER, "",
	 "Probes that failed, by reason. A trunk's failed name resolutions have an empty address.",
	 TARGET_LABELS ",reason", .trunk_get = catalogue_dns_failures, .target_get = catalogue_failures},
	{"siptrunk_probe_retransmissions_total", CATALOGUE_COUNTER, "",
	 "Requests sent again over UDP because no response had come.",
	 TARGET_LABELS, .target_get = catalogue_retransmissions},
	{"siptrunk_probe_late_responses_total", CATALOGUE_COUNTER, "",
	 "Final responses that came after the probe's timeout.",
	 TARGET_LABELS, .target_get = catalogue_late},
	{"siptrunk_probe_udp_requests_total", CATALOGUE_COUNTER, "",
	 "Requests sent over UDP, retransmissions included, that are settled: answered, or given up. Over UDP only.",
	 TARGET_LABELS, .target_get = catalogue_udp_requests},
	{"siptrunk_probe_udp_answers_total", CATALOGUE_COUNTER, "",
	 "Answers to them, first ones and duplicates, late ones too.",
	 TARGET_LABELS, .target_get = catalogue_udp_answers},
	{"siptrunk_probe_udp_lost_total", CATALOGUE_COUNTER, "",
	 "Those of them that nothing came back for: packets lost on the way there or back.",
	 TARGET_LABELS ",direction", .target_get = catalogue_udp_lost},
	{"siptrunk_probe_misdirected_responses_total", CATALOGUE_COUNTER, "",
	 "Responses to our requests that came from another address, or another port of the same, and were not taken; over UDP.",
	 TARGET_LABELS ",kind", .target_get = catalogue_misdirected},
	{"siptrunk_probe_last_success_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "When the last successful probe began, in seconds since the epoch.",
	 TARGET_LABELS, .target_get = catalogue_last_success},
	{"siptrunk_tls_certificate_not_after_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "Earliest expiry in the certificate chain that the peer presented, in seconds since the epoch.",
	 TARGET_LABELS, .target_get = catalogue_cert_not_after},
	{"siptrunk_tls_verified_chain_not_after_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "Earliest expiry in the chain that verification built from what the peer presented up to an authority that is trusted, in seconds since the epoch. Absent where nothing was verified.",
	 TARGET_LABELS, .target_get = catalogue_verified_not_after},
	{"siptrunk_registration_expires_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "When the registration ends that a REGISTER made or found, in seconds since the epoch. Absent without one.",
	 TARGET_LABELS, .target_get = catalogue_registered_until},
	{"siptrunk_probe_retry_after_seconds", CATALOGUE_GAUGE, "seconds",
	 "Retry-After of the last answer. Absent when it had none.",
	 TARGET_LABELS, .target_get = catalogue_retry_after},
	{"siptrunk_tls_failures_total", CATALOGUE_COUNTER, "",
	 "Connections over TLS that failed in the handshake or for the peer's certificate, by cause.",
	 TARGET_LABELS ",cause", .target_get = catalogue_tls_failures},
	{"siptrunk_tls_own_certificate_not_after_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "Earliest expiry in the certificate chain that we show the trunk's peer, in seconds since the epoch, by the name of its file.",
	 "trunk,file", .trunk_get = catalogue_own_cert},
	{"siptrunk_tls_own_certificate_usable", CATALOGUE_GAUGE, "",
	 "Whether peers accept a certificate of ours by its purpose, strength, times and names: as client of the trunk's peer, or, without a trunk, as server to who connects to us.",
	 "trunk,file,purpose", .self_get = catalogue_listen_usable, .trunk_get = catalogue_own_usable},
	{"siptrunk_exporter_build_info", CATALOGUE_INFO, "",
	 "The exporter's version, source revision, C compiler and libre.",
	 "version,revision,cversion,libre", .self_get = catalogue_build},
	{"siptrunk_exporter_config_last_reload_successful", CATALOGUE_GAUGE, "",
	 "Whether the last attempt to apply a configuration succeeded.",
	 "", .self_get = catalogue_reload_ok},
	{"siptrunk_exporter_config_last_reload_success_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "When a configuration was last applied, in seconds since the epoch.",
	 "", .self_get = catalogue_reload_time},
	{"siptrunk_exporter_tls_certificate_not_after_timestamp_seconds", CATALOGUE_GAUGE, "seconds",
	 "Earliest expiry in the certificate chain that we show to who connects to us, in seconds since the epoch, by the name of its file.",
	 "file", .self_get = catalogue_listen_cert},
	{"siptrunk_exporter_tls_last_reload_successful", CATALOGUE_GAUGE, "",
	 "Whether certificate files could be read when they last changed; 0: former ones stay in use.",
	 "", .self_get = catalogue_tls_files},
	{"siptrunk_exporter_trunks", CATALOGUE_GAUGE, "",
	 "Trunks that are probed.",
	 "", .self_get = catalogue_trunks},
	{"siptrunk_exporter_total_shards", CATALOGUE_GAUGE, "",
	 "Exporters that share the trunks of one configuration, of which this is number shard. Absent when it probes all of them.",
	 "shard", .self_get = catalogue_total_shards},
	{"siptrunk_exporter_schedule_lag_seconds", CATALOGUE_GAUGE, "seconds",
	 "Largest delay of a probe behind its schedule within the last minute.",
	 "", .self_get = catalogue_lag},
	{"siptrunk_exporter_stray_messages_total", CATALOGUE_COUNTER, "",
	 "SIP messages that belong to no trunk and no probe, and requests and connections of peers that were refused, by reason.",
	 "reason", .self_get = catalogue_strays},
	{"siptrunk_exporter_scrape_duration_seconds", CATALOGUE_GAUGE, "seconds",
	 "Time that it took to make the scrape before this one.",
	 "", .self_get = catalogue_scrape_time},
	{"siptrunk_exporter_scrape_size_bytes", CATALOGUE_GAUGE, "bytes",
	 "Size as sent of the scrape before this one.",
	 "", .self_get = catalogue_scrape_size},
	{"process_cpu_seconds_total", CATALOGUE_COUNTER, "seconds",
	 "Processor time that the exporter used.",
	 "", .self_get = catalogue_cpu},
	{"process_resident_memory_bytes", CATALOGUE_GAUGE, "bytes",
	 "Memory of the exporter that is in RAM.",
	 "", .self_get = catalogue_resident},
	{"process_virtual_memory_bytes", CATALOGUE_GAUGE, "bytes",
	 "Address space of the exporter.",
	 "", .self_get = catalogue_virtual_memory},
	{"process_open_fds", CATALOGUE_GAUGE, "",
	 "File descriptors that the exporter has open.",
	 "", .self_get = catalogue_open_fds},
	{"process_max_fds", CATALOGUE_GAUGE, "",
	 "File descriptors that the exporter may have open.",
	 "", .self_get = catalogue_max_fds},
	{"process_start_time_seconds", CATALOGUE_GAUGE, "seconds",
	 "When the exporter started, in seconds since the epoch.",
	 "", .self_get = catalogue_start_time},
};
/* clang-format on */

_Static_assert(sizeof(catalogue) / sizeof(catalogue[0]) <= CATALOGUE_MAX,
	       "filters have room for every row");

const size_t catalogue_count = sizeof(catalogue) / sizeof(catalogue[0]);
