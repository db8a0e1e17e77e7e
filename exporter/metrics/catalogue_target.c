/* What the families of a target say. */
#include "exporter/metrics/catalogue_private.h"
#include "exporter/metrics/label_values.h"

size_t catalogue_success(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.success < 0 ? 0 : catalogue_one(out, t->stats.success);
}

size_t catalogue_probes(struct sample *out, const struct snapshot_target *t)
{
	return catalogue_one(out, t->stats.probes);
}

size_t catalogue_phases(struct sample *out, const struct snapshot_target *t)
{
	size_t i, count = 0;

	for (i = 0; i < PROBE_PHASES; i++) {
		int64_t ns = stats_phase_ns(t->stats.phases[i]);

		if (ns < 0)
			continue;
		catalogue_one_ns(&out[count], ns);
		out[count++].label = label_value(LABEL_PHASE, i);
	}
	return count;
}

size_t catalogue_responses(struct sample *out, const struct snapshot_target *t)
{
	size_t i;

	for (i = 0; i < t->code_count; i++)
		out[i] = (struct sample){
			.label = label_value(LABEL_CODE,
					     t->codes[i].how - STATS_CODES_FROM),
			.value = t->codes[i].count};
	return t->code_count;
}

size_t catalogue_failures(struct sample *out, const struct snapshot_target *t)
{
	size_t i, count = 0, seen = 0;

	for (i = 0; i < PROBE_OUTCOMES; i++) {
		bool any = seen < t->failure_count && t->failures[seen].how == i;
		uint32_t failures = any ? t->failures[seen++].count : 0;

		if (i == PROBE_WEBSOCKET && !t->stats.websocket)
			continue;
		out[count++] = (struct sample){.label = label_value(LABEL_REASON, i),
					       .value = failures};
	}
	return count;
}

size_t catalogue_retransmissions(struct sample *out, const struct snapshot_target *t)
{
	return catalogue_one(out, t->stats.retransmissions);
}

size_t catalogue_late(struct sample *out, const struct snapshot_target *t)
{
	return catalogue_one(out, t->stats.late);
}

size_t catalogue_udp_requests(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.udp ? catalogue_one(out, t->stats.loss.requests) : 0;
}

size_t catalogue_udp_answers(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.udp ? catalogue_one(out, t->stats.loss.answers) : 0;
}

/* On the way there or back: only where copies have numbers may an answer tell which. */
size_t catalogue_udp_lost(struct sample *out, const struct snapshot_target *t)
{
	static const char either[] = "direction=\"either\"";
	static const char request[] = "direction=\"request\"";
	static const char reply[] = "direction=\"reply\"";
	const struct stats_ways *w = t->ways;
	uint32_t known = w ? w->there + w->back : 0;

	if (!t->stats.udp)
		return 0;
	out[0] = (struct sample){.label = {either, sizeof(either) - 1},
				 .value = t->stats.loss.lost - known};
	if (!w)
		return 1;
	out[1] = (struct sample){.label = {request, sizeof(request) - 1},
				 .value = w->there};
	out[2] = (struct sample){.label = {reply, sizeof(reply) - 1}, .value = w->back};
	return 3;
}

size_t catalogue_reply_hops(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.reply_hops < 0 ? 0 : catalogue_one(out, t->stats.reply_hops);
}

size_t catalogue_reply_hops_changes(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.udp ? catalogue_one(out, t->stats.reply_hops_changes) : 0;
}

size_t catalogue_nat(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.seen_as_unix_ns ? catalogue_one(out, t->stats.nat) : 0;
}

size_t catalogue_nat_changes(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.seen_as_unix_ns ? catalogue_one(out, t->stats.seen_as_changes)
					: 0;
}

size_t catalogue_alg(struct sample *out, const struct snapshot_target *t)
{
	if (!t->stats.alg_known)
		return 0;
	for (size_t i = 0; i < MIRROR_SIGNS; i++)
		out[i] = (struct sample){.label = label_value(LABEL_SIGN, i),
					 .value = t->stats.alg_signs >> i & 1};
	return MIRROR_SIGNS;
}

/* What was never seen has no series: most peers lack some of it. */
size_t catalogue_peer_changes(struct sample *out, const struct snapshot_target *t)
{
	size_t count = 0;

	for (size_t i = 0; i < PEER_TRAITS; i++) {
		if (!(t->stats.traits >> i & 1))
			continue;
		out[count++] = (struct sample){.label = label_value(LABEL_TRAIT, i),
					       .value = t->changes ? t->changes[i] : 0};
	}
	return count;
}

/* Over TCP and TLS an answer comes on the connection, or not at all. */
size_t catalogue_misdirected(struct sample *out, const struct snapshot_target *t)
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

size_t catalogue_last_success(struct sample *out, const struct snapshot_target *t)
{
	return catalogue_one_time(out, t->stats.last_success_unix_ns);
}

size_t catalogue_cert_not_after(struct sample *out, const struct snapshot_target *t)
{
	return t->tls && t->tls->cert_not_after_s > 0
		       ? catalogue_one(out, t->tls->cert_not_after_s)
		       : 0;
}

size_t catalogue_verified_not_after(struct sample *out, const struct snapshot_target *t)
{
	return t->tls && t->tls->verified_not_after_s > 0
		       ? catalogue_one(out, t->tls->verified_not_after_s)
		       : 0;
}

size_t catalogue_registered_until(struct sample *out, const struct snapshot_target *t)
{
	return t->registered_until_s > 0 ? catalogue_one(out, t->registered_until_s) : 0;
}

size_t catalogue_retry_after(struct sample *out, const struct snapshot_target *t)
{
	return t->stats.retry_after_s < 0 ? 0
					  : catalogue_one(out, t->stats.retry_after_s);
}

size_t catalogue_tls_failures(struct sample *out, const struct snapshot_target *t)
{
	size_t i;

	if (!t->tls)
		return 0;
	/* The first one stands for none. */
	for (i = 1; i < TLS_FAILURES; i++)
		out[i - 1] = (struct sample){.label = label_value(LABEL_CAUSE, i),
					     .value = t->tls->failures[i]};
	return TLS_FAILURES - 1;
}

size_t catalogue_tls_resumptions(struct sample *out, const struct snapshot_target *t)
{
	return t->tls ? catalogue_one(out, t->tls->resumed) : 0;
}
