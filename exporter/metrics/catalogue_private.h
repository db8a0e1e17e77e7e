/*
 * Getters of the catalogue, one a family: what its row of the table says. For
 * catalogue.c, which has the table, and catalogue_{trunk,target,self}.c.
 */
#ifndef EXPORTER_METRICS_CATALOGUE_PRIVATE_H
#define EXPORTER_METRICS_CATALOGUE_PRIVATE_H

#include "exporter/metrics/catalogue.h"

static inline size_t catalogue_one(struct sample *out, int64_t value)
{
	*out = (struct sample){.value = value};
	return 1;
}

static inline size_t catalogue_one_ns(struct sample *out, int64_t ns)
{
	*out = (struct sample){.value = ns, .decimals = 9};
	return 1;
}

/* Times of the wall clock are told in milliseconds: finer would only be noise. */
static inline size_t catalogue_one_time(struct sample *out, int64_t unix_ns)
{
	*out = (struct sample){.value = unix_ns / 1000000, .decimals = 3};
	return unix_ns > 0;
}

static inline size_t catalogue_known(struct sample *out, int64_t value)
{
	return value < 0 ? 0 : catalogue_one(out, value);
}

/* Of a trunk. */
size_t catalogue_up(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_state(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_state_changes(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_state_changed(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_addresses(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_addresses_up(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_paused(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_paused_until(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_own_cert(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_own_usable(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_info(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_inbound(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_inbound_last(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_inbound_missing(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_dns_failures(struct sample *out, const struct snapshot_trunk *t);

/* Of a target. */
size_t catalogue_success(struct sample *out, const struct snapshot_target *t);
size_t catalogue_probes(struct sample *out, const struct snapshot_target *t);
size_t catalogue_phases(struct sample *out, const struct snapshot_target *t);
size_t catalogue_responses(struct sample *out, const struct snapshot_target *t);
size_t catalogue_failures(struct sample *out, const struct snapshot_target *t);
size_t catalogue_retransmissions(struct sample *out, const struct snapshot_target *t);
size_t catalogue_late(struct sample *out, const struct snapshot_target *t);
size_t catalogue_udp_requests(struct sample *out, const struct snapshot_target *t);
size_t catalogue_udp_answers(struct sample *out, const struct snapshot_target *t);
size_t catalogue_size_success(struct sample *out, const struct snapshot_target *t);
size_t catalogue_path_mtu(struct sample *out, const struct snapshot_target *t);
size_t catalogue_train_requests(struct sample *out, const struct snapshot_target *t);
size_t catalogue_train_answers(struct sample *out, const struct snapshot_target *t);
size_t catalogue_train_reordered(struct sample *out, const struct snapshot_target *t);
size_t catalogue_train_limited(struct sample *out, const struct snapshot_target *t);
size_t catalogue_train_rtt(struct sample *out, const struct snapshot_target *t);
size_t catalogue_train_jitter(struct sample *out, const struct snapshot_target *t);
size_t catalogue_udp_lost(struct sample *out, const struct snapshot_target *t);
size_t catalogue_reply_hops(struct sample *out, const struct snapshot_target *t);
size_t catalogue_reply_hops_changes(struct sample *out, const struct snapshot_target *t);
size_t catalogue_nat(struct sample *out, const struct snapshot_target *t);
size_t catalogue_nat_changes(struct sample *out, const struct snapshot_target *t);
size_t catalogue_alg(struct sample *out, const struct snapshot_target *t);
size_t catalogue_peer_changes(struct sample *out, const struct snapshot_target *t);
size_t catalogue_misdirected(struct sample *out, const struct snapshot_target *t);
size_t catalogue_last_success(struct sample *out, const struct snapshot_target *t);
size_t catalogue_cert_not_after(struct sample *out, const struct snapshot_target *t);
size_t catalogue_verified_not_after(struct sample *out, const struct snapshot_target *t);
size_t catalogue_registered_until(struct sample *out, const struct snapshot_target *t);
size_t catalogue_retry_after(struct sample *out, const struct snapshot_target *t);
size_t catalogue_tls_failures(struct sample *out, const struct snapshot_target *t);
size_t catalogue_tls_resumptions(struct sample *out, const struct snapshot_target *t);

/* Of a target that makes calls, and of a trunk that does. */
size_t catalogue_call_first_audio(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_packets(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_jitter(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_loss(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_delay(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_round_trip(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_mos(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_r_factor(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_nonce(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_failures(struct sample *out, const struct snapshot_target *t);
size_t catalogue_call_seconds(struct sample *out, const struct snapshot_target *t);
size_t catalogue_calls(struct sample *out, const struct snapshot_target *t);
size_t catalogue_calls_open(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_calls_made(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_calls_made_seconds(struct sample *out, const struct snapshot_trunk *t);
size_t catalogue_calls_not_ended(struct sample *out, const struct snapshot_trunk *t);
bool catalogue_call_post_dial(struct snapshot_target *out,
			      const struct snapshot_target *t);
bool catalogue_call_answer(struct snapshot_target *out, const struct snapshot_target *t);
const struct stats_buckets *catalogue_media_lateness(struct snapshot_target *out,
						     const struct catalogue_source *src);

/* Of the exporter itself. */
size_t catalogue_listen_cert(struct sample *out, const struct catalogue_source *src);
size_t catalogue_listen_usable(struct sample *out, const struct catalogue_source *src);
size_t catalogue_tls_files(struct sample *out, const struct catalogue_source *src);
size_t catalogue_build(struct sample *out, const struct catalogue_source *src);
size_t catalogue_reload_ok(struct sample *out, const struct catalogue_source *src);
size_t catalogue_reload_time(struct sample *out, const struct catalogue_source *src);
size_t catalogue_trunks(struct sample *out, const struct catalogue_source *src);
size_t catalogue_total_shards(struct sample *out, const struct catalogue_source *src);
size_t catalogue_loop_turn(struct sample *out, const struct catalogue_source *src);
size_t catalogue_log_lost(struct sample *out, const struct catalogue_source *src);
size_t catalogue_web_cert(struct sample *out, const struct catalogue_source *src);
size_t catalogue_web_ok(struct sample *out, const struct catalogue_source *src);
size_t catalogue_web_time(struct sample *out, const struct catalogue_source *src);
size_t catalogue_lag(struct sample *out, const struct catalogue_source *src);
const struct stats_buckets *catalogue_lags(struct snapshot_target *out,
					   const struct catalogue_source *src);
size_t catalogue_strays(struct sample *out, const struct catalogue_source *src);
size_t catalogue_hep_sent(struct sample *out, const struct catalogue_source *src);
size_t catalogue_hep_lost(struct sample *out, const struct catalogue_source *src);
size_t catalogue_scrape_time(struct sample *out, const struct catalogue_source *src);
size_t catalogue_scrape_size(struct sample *out, const struct catalogue_source *src);
size_t catalogue_cpu(struct sample *out, const struct catalogue_source *src);
size_t catalogue_resident(struct sample *out, const struct catalogue_source *src);
size_t catalogue_virtual_memory(struct sample *out, const struct catalogue_source *src);
size_t catalogue_open_fds(struct sample *out, const struct catalogue_source *src);
size_t catalogue_max_fds(struct sample *out, const struct catalogue_source *src);
size_t catalogue_start_time(struct sample *out, const struct catalogue_source *src);

#endif
