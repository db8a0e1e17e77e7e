/* Where a way ends, in words; and what ICMP means. */
#include <errno.h>

#include "sipprobe/way/way_icmp.h"
#include "tests/unit/tap.h"

#define SILENT                                                                           \
	{                                                                                \
		.rtt_ns = -1                                                             \
	}

static const struct {
	const char *want;
	struct trace_report r;
} words[] = {
	{"lost before any router spoke", {.count = 3, .hops = {SILENT, SILENT, SILENT}}},
	{"lost before any router spoke", {.count = 0}},
	{"lost after 10.70.2.2 (hop 2)",
	 {.count = 4,
	  .hops = {{.answer = TRACE_ROUTER, .address = "10.70.5.2"},
		   {.answer = TRACE_ROUTER, .address = "10.70.2.2"},
		   SILENT,
		   SILENT}}},
	{"rejected by 10.70.3.2 (hop 3): administratively prohibited",
	 {.count = 3,
	  .hops = {SILENT,
		   SILENT,
		   {.answer = TRACE_REJECTED,
		    .address = "10.70.3.2",
		    .type = 3,
		    .code = 13}}}},
	{"rejected by fd70:3::2 (hop 1): source address failed the policy",
	 {.count = 1,
	  .v6 = true,
	  .hops = {{.answer = TRACE_REJECTED,
		    .address = "fd70:3::2",
		    .type = 1,
		    .code = 5}}}},
	{"rejected by 10.70.5.2 (hop 1): host administratively prohibited",
	 {.count = 2,
	  .hops = {{.answer = TRACE_ROUTER, .address = "10.70.5.2"},
		   {.answer = TRACE_REJECTED,
		    .address = "10.70.5.2",
		    .type = 3,
		    .code = 10}}}},
	{"refused by 10.70.4.2 (hop 2): nothing listens there",
	 {.count = 2,
	  .hops = {{.answer = TRACE_ROUTER, .address = "10.70.5.2"},
		   {.answer = TRACE_REFUSED, .address = "10.70.4.2"}}}},
	{"answered by 10.70.4.2 (hop 2)",
	 {.count = 2,
	  .hops = {SILENT, {.answer = TRACE_ANSWERED, .address = "10.70.4.2"}}}},
	{"not traced: Network is unreachable", {.err = ENETUNREACH}},
};

/* @by_peer: the address that was asked says it */
static const struct {
	bool v6, by_peer;
	uint8_t type, code;
	bool ends;
	enum trace_answer answer;
	const char *words;
} icmp[] = {
	{false, false, 11, 0, true, TRACE_ROUTER, "time exceeded"},
	{false, false, 11, 1, false, TRACE_ROUTER, "unreachable"},
	{false, true, 3, 3, true, TRACE_REFUSED, "port unreachable"},
	{false, false, 3, 3, true, TRACE_REJECTED, "port unreachable"},
	{false, false, 3, 4, false, 0, "unreachable"},
	{false, false, 3, 10, true, TRACE_REJECTED, "host administratively prohibited"},
	{false, true, 3, 13, true, TRACE_REJECTED, "administratively prohibited"},
	{false, false, 0, 0, false, 0, "unreachable"},
	{true, false, 3, 0, true, TRACE_ROUTER, "time exceeded"},
	{true, false, 3, 1, false, TRACE_ROUTER, "unreachable"},
	{true, true, 1, 4, true, TRACE_REFUSED, "port unreachable"},
	{true, false, 1, 4, true, TRACE_REJECTED, "port unreachable"},
	{true, false, 1, 1, true, TRACE_REJECTED, "administratively prohibited"},
	{true, false, 2, 0, false, 0, "unreachable"},
	{true, false, 129, 0, false, 0, "unreachable"},
};

static void test_icmp(void)
{
	for (size_t i = 0; i < sizeof(icmp) / sizeof(*icmp); i++) {
		enum trace_answer answer = TRACE_SILENT;
		bool ends = way_icmp_read(&answer, icmp[i].v6, icmp[i].type, icmp[i].code,
					  icmp[i].by_peer);

		ok(ends == icmp[i].ends && (!ends || answer == icmp[i].answer),
		   "ICMP%s %u/%u", icmp[i].v6 ? "v6" : "", icmp[i].type, icmp[i].code);
		is_str(trace_icmp_words(icmp[i].v6, icmp[i].type, icmp[i].code),
		       icmp[i].words, "in words");
	}
}

static const struct {
	uint8_t ttl;
	unsigned first, hops;
} backs[] = {{64, 64, 0},   {61, 64, 3},    {1, 64, 63},     {65, 128, 63},
	     {128, 128, 0}, {117, 128, 11}, {129, 255, 126}, {255, 255, 0}};

int main(void)
{
	char text[TRACE_WORDS];

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		trace_words(text, sizeof(text), &words[i].r);
		is_str(text, words[i].want, words[i].want);
	}
	test_icmp();
	for (size_t i = 0; i < sizeof(backs) / sizeof(*backs); i++) {
		is_int(trace_first_ttl(backs[i].ttl), backs[i].first, "first TTL");
		is_int(trace_reply_hops(backs[i].ttl), backs[i].hops, "hops back");
	}
	return tap_done();
}
