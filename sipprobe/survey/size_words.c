/* Names and sentences of what questions of several sizes show. */
#include <stdio.h>
#include <string.h>

#include "sipprobe/survey.h"

const char *survey_size_name(enum survey_size s)
{
	static const char *const names[SURVEY_SIZES] = {
		[SURVEY_SMALL] = "small",
		[SURVEY_LARGE_REQUEST] = "large_request",
		[SURVEY_LARGE_BOTH] = "large_both",
	};

	return names[s];
}

const char *survey_rtt_name(enum survey_rtt r)
{
	static const char *const names[SURVEY_RTTS] = {
		[SURVEY_RTT_MIN] = "min",
		[SURVEY_RTT_MEDIAN] = "median",
		[SURVEY_RTT_MAX] = "max",
	};

	return names[r];
}

const char *survey_verdict_name(enum survey_verdict v)
{
	static const char *const names[SURVEY_VERDICTS] = {
		[SURVEY_UNKNOWN] = "unknown",
		[SURVEY_FINE] = "fine",
		[SURVEY_LIMITED] = "limited",
		[SURVEY_FRAGMENTS_OUT] = "fragments_out",
		[SURVEY_FRAGMENTS_BACK] = "fragments_back",
		[SURVEY_LARGE_OUT] = "large_out",
		[SURVEY_BLACK_HOLE] = "black_hole",
	};

	return names[v];
}

/* "1,427 B" */
static const char *size_bytes(char out[24], uint32_t bytes)
{
	if (bytes < 1000)
		(void)snprintf(out, 24, "%u B", bytes);
	else
		(void)snprintf(out, 24, "%u,%03u B", bytes / 1000, bytes % 1000);
	return out;
}

static void size_sentence(char *out, size_t size, const struct survey_size_report *r)
{
	static const char *const fixed[SURVEY_VERDICTS] = {
		[SURVEY_UNKNOWN] = "not known yet",
		[SURVEY_FRAGMENTS_OUT] = "small passes, large does not: fragments of our "
					 "requests are dropped on the way",
		[SURVEY_FRAGMENTS_BACK] = "small passes, large does not: fragments of "
					  "its answers are dropped on the way",
	};
	char bytes[24], whole[24];

	(void)size_bytes(bytes, r->bytes);
	(void)size_bytes(whole, r->whole_bytes);
	if (fixed[r->verdict])
		(void)snprintf(out, size, "%s", fixed[r->verdict]);
	else if (r->verdict == SURVEY_LIMITED)
		(void)snprintf(out, size, "the peer limits the size: it answers %u to %s",
			       r->code, bytes);
	else if (r->verdict == SURVEY_LARGE_OUT)
		(void)snprintf(out, size,
			       "small passes, large does not: requests of %s and more "
			       "get no answer",
			       r->bytes < r->whole_bytes ? bytes : whole);
	else if (r->verdict == SURVEY_BLACK_HOLE)
		(void)snprintf(
			out, size,
			r->ipv6 ? "a datagram of %s vanishes whole, larger ones pass "
				  "in fragments of 1,280 B: a path-MTU black hole"
				: "a datagram of %s with DF vanishes, without DF "
				  "it passes: a path-MTU black hole",
			whole);
	else
		(void)snprintf(out, size, "%s pass both ways", bytes);
}

void survey_size_words(char *out, size_t size, const struct survey_size_report *r)
{
	char mtu[24];
	size_t at;

	size_sentence(out, size, r);
	at = strlen(out);
	if (r->path_mtu && at < size)
		(void)snprintf(out + at, size - at, "; %s says the path takes %s",
			       r->router, size_bytes(mtu, r->path_mtu));
}
