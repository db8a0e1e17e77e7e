/* What the families of a trunk say. */
#include "base/clock.h"
#include "exporter/metrics/catalogue_private.h"
#include "exporter/metrics/label_values.h"

size_t catalogue_up(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.state == HEALTH_UNKNOWN || t->stats.paused
		       ? 0
		       : catalogue_one(out, t->stats.state != HEALTH_DOWN);
}

size_t catalogue_state(struct sample *out, const struct snapshot_trunk *t)
{
	size_t i;

	if (t->stats.paused)
		return 0;
	for (i = 0; i < HEALTH_STATES; i++)
		out[i] = (struct sample){.label = label_value(LABEL_STATE, i),
					 .value = t->stats.state == i};
	return HEALTH_STATES;
}

size_t catalogue_state_changes(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.paused ? 0 : catalogue_one(out, t->stats.state_changes);
}

size_t catalogue_state_changed(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.state == HEALTH_UNKNOWN || t->stats.paused
		       ? 0
		       : catalogue_one_time(out, t->since_unix_ns);
}

size_t catalogue_addresses(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.addresses_known ? catalogue_one(out, t->stats.addresses) : 0;
}

size_t catalogue_addresses_up(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.addresses_known && !t->stats.paused
		       ? catalogue_one(out, t->stats.addresses_up)
		       : 0;
}

size_t catalogue_paused(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.paused ? catalogue_one(out, 1) : 0;
}

size_t catalogue_paused_until(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.paused_until_s ? catalogue_one(out, t->stats.paused_until_s) : 0;
}

size_t catalogue_own_cert(struct sample *out, const struct snapshot_trunk *t)
{
	*out = (struct sample){.label = t->own_file, .value = t->own.until_s};
	return t->own.until_s > 0;
}

size_t catalogue_own_usable(struct sample *out, const struct snapshot_trunk *t)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

	*out = (struct sample){.label = t->own_use,
			       .value = stats_own_usable(&t->own, now_s)};
	return t->own.until_s > 0;
}

size_t catalogue_info(struct sample *out, const struct snapshot_trunk *t)
{
	*out = (struct sample){.label = t->info, .value = 1};
	return 1;
}

size_t catalogue_inbound(struct sample *out, const struct snapshot_trunk *t)
{
	size_t i, count = 0;

	for (i = 0; t->inbound && i < STATS_METHODS; i++) {
		if (t->inbound->requests[i])
			out[count++] =
				(struct sample){.label = label_value(LABEL_METHOD, i),
						.value = t->inbound->requests[i]};
	}
	return count;
}

size_t catalogue_inbound_last(struct sample *out, const struct snapshot_trunk *t)
{
	return t->inbound ? catalogue_one_time(out, t->inbound->options_unix_ns) : 0;
}

size_t catalogue_inbound_missing(struct sample *out, const struct snapshot_trunk *t)
{
	return t->stats.inbound_missing < 0
		       ? 0
		       : catalogue_one(out, t->stats.inbound_missing);
}

/* A name that gives no address has no target to count under. */
size_t catalogue_dns_failures(struct sample *out, const struct snapshot_trunk *t)
{
	*out = (struct sample){.label = label_value(LABEL_DNS, 0),
			       .value = t->stats.dns_failures};
	return t->stats.named;
}
