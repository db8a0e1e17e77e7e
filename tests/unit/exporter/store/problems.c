/* What is wrong with a trunk, a row a case; and what was lost in the last half hour. */
#include "exporter/store/loss_window.h"
#include "exporter/store/problems.h"
#include "sipprobe/health.h"
#include "tests/unit/tap.h"

#define NOW 1700000000

static const struct {
	const char *name;
	struct problems_facts facts;
	const char *want; /* words, each before a space */
} cases[] = {
	{"all is well", {.state = HEALTH_UP, .addresses = 2, .addresses_up = 2}, ""},
	{"down", {.state = HEALTH_DOWN, .addresses = 2}, "down "},
	{"paused, whatever else",
	 {.state = HEALTH_DOWN, .paused = true, .flaps = 9, .dns_failed_s = NOW},
	 ""},
	{"degraded",
	 {.state = HEALTH_DEGRADED, .addresses = 1, .addresses_up = 1},
	 "degraded "},
	{"some addresses",
	 {.state = HEALTH_UP, .addresses = 3, .addresses_up = 2},
	 "partially_down "},
	{"degraded for that",
	 {.state = HEALTH_DEGRADED, .addresses = 3, .addresses_up = 2},
	 "partially_down "},
	{"not tried yet", {.state = HEALTH_UNKNOWN}, ""},
	{"tried, and not known",
	 {.state = HEALTH_UNKNOWN, .tried = true},
	 "state_unknown "},
	{"five changes", {.state = HEALTH_UP, .flaps = 5}, ""},
	{"six", {.state = HEALTH_UP, .flaps = 6}, "flapping "},
	{"six, down for a moment",
	 {.state = HEALTH_DOWN, .flaps = 6, .since_s = NOW - 599},
	 "down flapping "},
	{"six, and it stays down",
	 {.state = HEALTH_DOWN, .flaps = 6, .since_s = NOW - 600},
	 "down "},
	{"one in twenty is none too many",
	 {.state = HEALTH_UP, .requests = 100, .lost = 5},
	 ""},
	{"more than that",
	 {.state = HEALTH_UP, .requests = 99, .lost = 5},
	 "packet_loss "},
	{"four packets are too few", {.state = HEALTH_UP, .requests = 4, .lost = 4}, ""},
	{"of one that was down not long ago",
	 {.state = HEALTH_UP, .requests = 50, .lost = 20, .down_until_s = NOW - 2100},
	 ""},
	{"of one that was down before",
	 {.state = HEALTH_UP, .requests = 50, .lost = 20, .down_until_s = NOW - 2101},
	 "packet_loss "},
	{"of one that is down",
	 {.state = HEALTH_DOWN, .requests = 50, .lost = 50},
	 "down "},
	{"of a dead address, which is told",
	 {.state = HEALTH_UP,
	  .requests = 50,
	  .lost = 25,
	  .addresses = 2,
	  .addresses_up = 1},
	 "partially_down "},
	{"a call that failed", {.state = HEALTH_UP, .calls_failed = 1}, ""},
	{"two in a row",
	 {.state = HEALTH_UP, .calls_failed = 2, .call_not_ended_s = NOW - 3601},
	 "calls_failing "},
	{"for want of audio",
	 {.state = HEALTH_UP, .calls_failed = 2, .calls_mute = true},
	 "calls_without_audio "},
	{"one that may be up still, and bad sound",
	 {.state = HEALTH_UP, .calls_poor = 2, .call_not_ended_s = NOW - 3600},
	 "calls_not_ended call_quality_low "},
	{"one bad one", {.state = HEALTH_UP, .calls_poor = 1, .calls_mute = true}, ""},
	{"slow", {.state = HEALTH_UP, .slow = true}, "latency_high "},
	{"a registration that lasts",
	 {.state = HEALTH_UP, .registered_until_s = NOW + 1},
	 ""},
	{"one that ended",
	 {.state = HEALTH_UP, .registered_until_s = NOW},
	 "registration_lost "},
	{"one that ended, as it was not refreshed",
	 {.state = HEALTH_UP, .registered_until_s = NOW, .register_fails = true},
	 "registration_lost "},
	{"one that is not refreshed",
	 {.state = HEALTH_UP, .registered_until_s = NOW + 9, .register_fails = true},
	 "registration_lapsing "},
	{"a name that failed twice",
	 {.state = HEALTH_UP, .dns_failed_s = NOW - 900},
	 "dns_failing "},
	{"long ago", {.state = HEALTH_UP, .dns_failed_s = NOW - 901}, ""},
	{"a certificate of 30 days",
	 {.state = HEALTH_UP, .cert_end_s = NOW + 30 * 86400},
	 ""},
	{"of less",
	 {.state = HEALTH_UP, .cert_end_s = NOW + 30 * 86400 - 1},
	 "certificate_expiring "},
	{"our own",
	 {.state = HEALTH_UP, .own_end_s = NOW + 5},
	 "own_certificate_expiring "},
	{"our own, unfit",
	 {.state = HEALTH_UP, .own_end_s = NOW + 90 * 86400, .own_unfit = true},
	 "own_certificate_unfit "},
	{"our own, unfit to its last second",
	 {.state = HEALTH_UP, .own_end_s = NOW, .own_unfit = true},
	 "own_certificate_expiring own_certificate_unfit "},
	{"our own, expired and so unfit",
	 {.state = HEALTH_UP, .own_end_s = NOW - 1, .own_unfit = true},
	 "own_certificate_expiring "},
};

static void test_problems(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct problems_facts f = cases[i].facts;
		char words[256] = "";
		unsigned found;

		f.now_s = NOW;
		found = problems_of(&f);
		for (int p = 0; p < PROBLEMS; p++)
			if (found >> p & 1)
				snprintf(words + strlen(words),
					 sizeof(words) - strlen(words), "%s ",
					 problem_name((enum problem)p));
		is_str(words, cases[i].want, cases[i].name);
	}
}

static void test_slow(void)
{
	ok(!problems_is_slow(0, 0, 0), "no answer is not a slow one");
	ok(!problems_is_slow(2, 1000000, 2), "half a second is not slow");
	ok(problems_is_slow(2, 1000001, 2), "more is");
	ok(!problems_is_slow(10, 40000000, 1), "one late answer does not speak for ten");
	ok(!problems_is_slow(2, 2000000, 1), "nor one for two");
}

static void lost_now(const struct loss_window *w, int64_t at_s, uint32_t requests,
		     uint32_t lost, const char *name)
{
	struct probe_loss sum = {0};

	loss_window_sum(w, at_s, &sum);
	ok(sum.requests == requests && sum.lost == lost, "%s: %u of %u", name, sum.lost,
	   sum.requests);
}

static void lose(struct loss_window *w, int64_t at_s, uint32_t requests, uint32_t lost)
{
	loss_window_add(w, at_s,
			&(struct probe_loss){.requests = requests, .lost = lost});
}

static void test_window_ways(void)
{
	struct probe_loss l = {
		.requests = 10, .lost = 5, .lost_there = 2, .lost_back = 1};
	struct loss_window w = {0};
	struct probe_loss sum = {0};

	loss_window_add(&w, 0, &l);
	loss_window_add(&w, 600, &l);
	loss_window_sum(&w, 600, &sum);
	ok(sum.lost_there == 4 && sum.lost_back == 2, "each way by itself");
	loss_window_sum(&w, 1900, &sum);
	ok(sum.lost_there == 6 && sum.lost_back == 3, "and forgotten with the step");
}

static void test_window(void)
{
	struct loss_window w = {0};

	lost_now(&w, NOW, 0, 0, "nothing yet");
	lose(&w, 0, 10, 1);
	lose(&w, 299, 10, 1);
	lost_now(&w, 299, 20, 2, "in one step");
	lose(&w, 300, 5, 3);
	lost_now(&w, 300, 25, 5, "in two");
	lost_now(&w, 1799, 25, 5, "for half an hour");
	lost_now(&w, 1800, 5, 3, "then the first is gone");
	lost_now(&w, 2100, 0, 0, "then the second");
	lose(&w, 3000, 7, 7);
	lost_now(&w, 3000, 7, 7, "what was there is not found again");
	lose(&w, 2999 + 86400, 1, 0);
	lost_now(&w, 2999 + 86400, 1, 0, "nor after a day");
	lose(&w, 2999 + 86400, 70000, 70000);
	lost_now(&w, 2999 + 86400, 65535, 65535, "no more than it can hold");
	lose(&w, 2999 + 86400, 1000, 1000);
	lost_now(&w, 2999 + 86400, 65535, 65535, "and none that comes is too many");
	loss_window_begin(&w, 3000, 60);
	lost_now(&w, 3000, 60, 0, "what went before the first loss");
	lost_now(&w, 3300, 50, 0, "leaves it evenly");
	loss_window_begin(&w, 3000, 7);
	lost_now(&w, 3000, 7, 0, "to the last one");
	loss_window_begin(&w, 86400, 0);
	lose(&w, 5, 2, 1);
	lost_now(&w, 5, 2, 1, "a clock that was set back begins anew");
}

int main(void)
{
	test_problems();
	test_slow();
	test_window();
	test_window_ways();
	return tap_done();
}
