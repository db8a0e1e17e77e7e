/* Why a trunk is down, on one line. */
#include <errno.h>

#include "base/clock.h"
#include "exporter/ondemand/why.h"
#include "tests/unit/tap.h"

#define S  CLOCK_NS_PER_S
#define MS CLOCK_NS_PER_MS

#define ADVICE_TIMEOUT                                                                   \
	"To do: see where packets are lost (a trace tells), and ask the peer whether "   \
	"it knows our address."

static const struct trace_report lost = {
	.count = 2,
	.hops = {{.answer = TRACE_ROUTER, .address = "10.70.2.2"}, {.rtt_ns = -1}},
};
static const struct trace_report failed = {.err = ENETUNREACH};

static const struct why_success never = {.reply_hops = -1};
static const struct why_success before = {
	.unix_ns = 100 * S, .latency_us = 400, .code = 200, .reply_hops = 3};
static const struct why_success by_tcp = {
	.unix_ns = 100 * S, .latency_us = 400, .code = 200, .reply_hops = -1};

static const struct {
	const char *want;
	struct probe_result result;
	const char *method;
	const struct trace_report *trace;
	const struct why_success *success;
} cases[] = {
	{"no answer: 10.70.4.2:5060 over udp gave no final answer within 5 s (4 requests "
	 "sent); lost after 10.70.2.2 (hop 1); 4.00 s before it answered 200 after 0.4 "
	 "ms, 3 "
	 "routers away. " ADVICE_TIMEOUT,
	 {.outcome = PROBE_TIMEOUT, .retransmissions = 3, .begun_unix_ns = 104 * S},
	 "OPTIONS",
	 &lost,
	 &before},
	{"no answer: 10.70.4.2:5060 over udp gave no final answer within 5 s; it has not "
	 "answered since the exporter started. " ADVICE_TIMEOUT,
	 {.outcome = PROBE_TIMEOUT, .begun_unix_ns = 104 * S},
	 "OPTIONS",
	 &failed,
	 &never},
	{"no answer: 10.70.4.2:5060 over udp by REGISTER gave no final answer within 5 "
	 "s. " ADVICE_TIMEOUT,
	 {.outcome = PROBE_TIMEOUT},
	 "REGISTER",
	 NULL,
	 NULL},
	{"answers 503: 10.70.4.2:5060 over udp answered 503 Out after 1.0 ms; 4.00 s "
	 "before "
	 "it answered 200 after 0.4 ms, 3 routers away and now 5 routers. To do: ask the "
	 "peer's operator about this code, with a Call-ID.",
	 {.outcome = PROBE_RESPONSE,
	  .code = 503,
	  .phrase = "Out",
	  .retry_after_s = -1,
	  .phase_ns = {-1, -1, -1, -1, MS},
	  .begun_unix_ns = 104 * S,
	  .reply_ttl = 59},
	 "OPTIONS",
	 NULL,
	 &before},
	{"port closed: 10.70.4.2:5060 over udp refused us: nothing listens there; 4.00 s "
	 "before it answered 200 after 0.4 ms. To do: check the port, and whether the "
	 "peer's SIP service runs.",
	 {.outcome = PROBE_REFUSED, .err = ECONNREFUSED, .begun_unix_ns = 104 * S},
	 "OPTIONS",
	 NULL,
	 &by_tcp},
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buffer b = {0};

		why_line(&b, &(struct why){.result = &cases[i].result,
					   .address = "10.70.4.2:5060",
					   .transport = "udp",
					   .method = cases[i].method,
					   .timeout_us = 5000000,
					   .trace = cases[i].trace,
					   .success = cases[i].success});
		buffer_add(&b, "", 1);
		is_str(b.data, cases[i].want, "one line");
		buffer_clear(&b);
	}
	for (int o = 0; o < PROBE_OUTCOMES; o++)
		ok(why_words((enum probe_outcome)o)->cause &&
			   why_words((enum probe_outcome)o)->advice,
		   "%s has words", probe_outcome_name((enum probe_outcome)o));
	return tap_done();
}
