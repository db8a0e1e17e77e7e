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
