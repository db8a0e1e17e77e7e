#include "sipprobe/media/source.h"

void source_agree(struct source *s, const struct sa *agreed, int64_t now_ns)
{
	if (!sa_cmp(&s->agreed, agreed, SA_ALL))
		*s = (struct source){.agreed = *agreed};
	if (!s->settled && !s->has_latched)
		s->until_ns = now_ns + SOURCE_LATCH_NS;
}

enum source_verdict source_judge(struct source *s, const struct sa *src, int64_t now_ns)
{
	if (sa_cmp(&s->agreed, src, SA_ALL)) {
		/* Whoever was faster than the peer itself has to go. */
		s->settled = true;
		s->has_latched = false;
		return SOURCE_TAKEN;
	}
	if (s->has_latched)
		return sa_cmp(&s->latched, src, SA_ALL) ? SOURCE_TAKEN : SOURCE_FOREIGN;
	return !s->settled && now_ns <= s->until_ns ? SOURCE_CANDIDATE : SOURCE_FOREIGN;
}

void source_latch(struct source *s, const struct sa *src)
{
	s->latched = *src;
	s->has_latched = true;
}

const struct sa *source_peer(const struct source *s)
{
	return s->has_latched ? &s->latched : &s->agreed;
}
