/* What the families of calls say. */
#include "exporter/metrics/catalogue_private.h"
#include "exporter/metrics/label_values.h"

#define TEXT(text)                                                                       \
	{                                                                                \
		text, sizeof(text) - 1                                                   \
	}

static const struct slice directions[STATS_CALL_WAYS] = {
	[STATS_CALL_IN] = TEXT("direction=\"in\""),
	[STATS_CALL_OUT] = TEXT("direction=\"out\""),
};

static const struct slice events[STATS_CALL_WAYS][STATS_CALL_EVENTS] = {
	[STATS_CALL_IN] =
		{
			[STATS_CALL_SENT] = TEXT("direction=\"in\",event=\"sent\""),
			[STATS_CALL_RECEIVED] =
				TEXT("direction=\"in\",event=\"received\""),
			[STATS_CALL_LOST] = TEXT("direction=\"in\",event=\"lost\""),
			[STATS_CALL_DUPLICATE] =
				TEXT("direction=\"in\",event=\"duplicate\""),
			[STATS_CALL_REORDERED] =
				TEXT("direction=\"in\",event=\"reordered\""),
			[STATS_CALL_DISCARDED] =
				TEXT("direction=\"in\",event=\"discarded\""),
		},
	[STATS_CALL_OUT] =
		{
			[STATS_CALL_SENT] = TEXT("direction=\"out\",event=\"sent\""),
			[STATS_CALL_RECEIVED] =
				TEXT("direction=\"out\",event=\"received\""),
			[STATS_CALL_LOST] = TEXT("direction=\"out\",event=\"lost\""),
			[STATS_CALL_DUPLICATE] =
				TEXT("direction=\"out\",event=\"duplicate\""),
			[STATS_CALL_REORDERED] =
				TEXT("direction=\"out\",event=\"reordered\""),
			[STATS_CALL_DISCARDED] =
				TEXT("direction=\"out\",event=\"discarded\""),
		},
};

static const struct slice nonces[STATS_CALL_WAYS][STATS_CALL_BYS] = {
	[STATS_CALL_IN] = {TEXT("direction=\"in\",by=\"inband\""),
			   TEXT("direction=\"in\",by=\"events\"")},
	[STATS_CALL_OUT] = {TEXT("direction=\"out\",by=\"inband\""),
			    TEXT("direction=\"out\",by=\"events\"")},
};

static const struct slice sources[STATS_CALL_SOURCES] = {
	[STATS_CALL_AUDIO] = TEXT("source=\"audio\""),
	[STATS_CALL_RTCP] = TEXT("source=\"rtcp\""),
};

static const struct slice answered[] = {TEXT("answered=\"true\""),
					TEXT("answered=\"false\"")};

/* A time, unless it was not measured. */
static size_t add_ns(struct sample *out, struct slice label, int64_t ns)
{
	*out = (struct sample){.label = label, .value = ns, .decimals = 9};
	return ns >= 0;
}

/* Millionths are finer than what is behind them. */
static size_t add_share(struct sample *out, struct slice label, double v)
{
	*out = (struct sample){
		.label = label, .value = (int64_t)(v * 1e6 + 0.5), .decimals = 6};
	return v >= 0;
}

size_t catalogue_call_first_audio(struct sample *out, const struct snapshot_target *t)
{
	return t->call ? add_ns(out, (struct slice){0}, t->call->first_audio_ns) : 0;
}

size_t catalogue_call_packets(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int way = 0; t->call && way < STATS_CALL_WAYS; way++)
		for (int i = 0; i < STATS_CALL_EVENTS; i++)
			out[n++] = (struct sample){
				.label = events[way][i],
				.value = (int64_t)t->call->packets[way][i]};
	return n;
}

size_t catalogue_call_jitter(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int way = 0; t->call && way < STATS_CALL_WAYS; way++)
		n += add_ns(&out[n], directions[way], t->call->last[way].jitter_ns);
	return n;
}

size_t catalogue_call_loss(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int way = 0; t->call && way < STATS_CALL_WAYS; way++)
		n += add_share(&out[n], directions[way], t->call->last[way].loss_ratio);
	return n;
}

size_t catalogue_call_delay(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int way = 0; t->call && way < STATS_CALL_WAYS; way++)
		n += add_ns(&out[n], directions[way], t->call->last[way].delay_ns);
	return n;
}

size_t catalogue_call_round_trip(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int i = 0; t->call && i < STATS_CALL_SOURCES; i++)
		n += add_ns(&out[n], sources[i], t->call->round_trip_ns[i]);
	return n;
}

size_t catalogue_call_mos(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int way = 0; t->call && way < STATS_CALL_WAYS; way++)
		n += add_share(&out[n], directions[way], t->call->last[way].mos);
	return n;
}

size_t catalogue_call_r_factor(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int way = 0; t->call && way < STATS_CALL_WAYS; way++) {
		const struct stats_call_last *last = &t->call->last[way];

		/* R may be below 0; that it is there, the MOS tells. */
		if (last->mos < 0)
			continue;
		out[n++] = (struct sample){.label = directions[way],
					   .value = (int64_t)(last->r_factor * 1e3),
					   .decimals = 3};
	}
	return n;
}

size_t catalogue_call_nonce(struct sample *out, const struct snapshot_target *t)
{
	size_t n = 0;

	for (int way = 0; t->call && way < STATS_CALL_WAYS; way++)
		for (int by = 0; by < STATS_CALL_BYS; by++) {
			int8_t heard = t->call->last[way].heard[by];

			out[n] =
				(struct sample){.label = nonces[way][by], .value = heard};
			n += heard >= 0;
		}
	return n;
}

/* The first stands for none. */
size_t catalogue_call_failures(struct sample *out, const struct snapshot_target *t)
{
	if (!t->call)
		return 0;
	for (size_t i = 1; i < CALL_FAILURES; i++)
		out[i - 1] = (struct sample){.label = label_value(LABEL_CALL, i),
					     .value = t->call->failures[i]};
	return CALL_FAILURES - 1;
}

size_t catalogue_call_seconds(struct sample *out, const struct snapshot_target *t)
{
	return t->call ? catalogue_one_ns(out, t->call->talk_ns) : 0;
}

static size_t calls_by_answer(struct sample *out, uint32_t yes, uint32_t no)
{
	out[0] = (struct sample){.label = answered[0], .value = yes};
	out[1] = (struct sample){.label = answered[1], .value = no};
	return 2;
}

size_t catalogue_calls(struct sample *out, const struct snapshot_target *t)
{
	if (!t->call)
		return 0;
	return calls_by_answer(out, t->call->answered, t->call->unanswered);
}

size_t catalogue_calls_open(struct sample *out, const struct snapshot_trunk *t)
{
	return t->bill ? catalogue_one(out, t->bill->open) : 0;
}

size_t catalogue_calls_made(struct sample *out, const struct snapshot_trunk *t)
{
	return t->bill ? calls_by_answer(out, t->bill->answered, t->bill->unanswered) : 0;
}

size_t catalogue_calls_made_seconds(struct sample *out, const struct snapshot_trunk *t)
{
	return t->bill ? catalogue_one_ns(out, t->bill->talk_ns) : 0;
}

size_t catalogue_calls_not_ended(struct sample *out, const struct snapshot_trunk *t)
{
	return t->bill ? catalogue_one(out, t->bill->not_ended) : 0;
}

/* A histogram in the shape of the probes' own. */
static bool call_histogram(struct snapshot_target *out, const struct snapshot_target *t,
			   const struct stats_call_histogram *h)
{
	*out = (struct snapshot_target){
		.labels = t->labels,
		.counts = h->counts,
		.classic = true,
	};
	out->stats.sum_ns = h->sum_ns;
	return true;
}

bool catalogue_call_post_dial(struct snapshot_target *out,
			      const struct snapshot_target *t)
{
	return t->call && call_histogram(out, t, &t->call->post_dial);
}

bool catalogue_call_answer(struct snapshot_target *out, const struct snapshot_target *t)
{
	return t->call && call_histogram(out, t, &t->call->answer);
}

const struct stats_buckets *catalogue_media_lateness(struct snapshot_target *out,
						     const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	*out = (struct snapshot_target){
		.wide_counts = e->media_late, .wide = true, .classic = true};
	out->stats.sum_ns = e->media_late_sum_ns;
	return e->calls ? src->snapshot->media_buckets : NULL;
}
