/* What the families of a target say of what its peer is asked besides probes. */
#include "exporter/metrics/catalogue_private.h"

#define TEXT(s)                                                                          \
	{                                                                                \
		(s), sizeof(s) - 1                                                       \
	}

size_t catalogue_size_success(struct sample *out, const struct snapshot_target *t)
{
	static const struct slice labels[SURVEY_SIZES] = {
		[SURVEY_SMALL] = TEXT("size=\"small\""),
		[SURVEY_LARGE_REQUEST] = TEXT("size=\"large_request\""),
		[SURVEY_LARGE_BOTH] = TEXT("size=\"large_both\""),
	};
	size_t count = 0;

	for (int i = 0; t->size && i < SURVEY_SIZES; i++)
		if (t->size->success[i] >= 0)
			out[count++] = (struct sample){.label = labels[i],
						       .value = t->size->success[i]};
	return count;
}

size_t catalogue_path_mtu(struct sample *out, const struct snapshot_target *t)
{
	return t->size && t->size->path_mtu ? catalogue_one(out, t->size->path_mtu) : 0;
}

size_t catalogue_train_requests(struct sample *out, const struct snapshot_target *t)
{
	return t->train ? catalogue_one(out, t->train->requests) : 0;
}

size_t catalogue_train_answers(struct sample *out, const struct snapshot_target *t)
{
	return t->train ? catalogue_one(out, t->train->answers) : 0;
}

size_t catalogue_train_reordered(struct sample *out, const struct snapshot_target *t)
{
	return t->train ? catalogue_one(out, t->train->reordered) : 0;
}

size_t catalogue_train_limited(struct sample *out, const struct snapshot_target *t)
{
	return t->train ? catalogue_one(out, t->train->limited) : 0;
}

size_t catalogue_train_rtt(struct sample *out, const struct snapshot_target *t)
{
	static const struct slice labels[SURVEY_RTTS] = {
		[SURVEY_RTT_MIN] = TEXT("stat=\"min\""),
		[SURVEY_RTT_MEDIAN] = TEXT("stat=\"median\""),
		[SURVEY_RTT_MAX] = TEXT("stat=\"max\""),
	};

	if (!t->train || !t->train->last.answers)
		return 0;
	for (int i = 0; i < SURVEY_RTTS; i++) {
		(void)catalogue_one_ns(&out[i], t->train->last.rtt_ns[i]);
		out[i].label = labels[i];
	}
	return SURVEY_RTTS;
}

size_t catalogue_train_jitter(struct sample *out, const struct snapshot_target *t)
{
	return t->train && t->train->last.jitter_ns >= 0
		       ? catalogue_one_ns(out, t->train->last.jitter_ns)
		       : 0;
}
