/*
 * When a check of sizes asks, beside what others send to the same address: each question
 * and copy waits for room, and who finds none leaves it. Nobody answers.
 */
#include "sipprobe/survey/survey.h"

#include <stdlib.h>
#include <string.h>

#include "sipprobe/survey/survey_socket.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { SENT_MAX = 64, TIMEOUT_MS = 300 };

static struct sa peer;
static int64_t sent_ns[SENT_MAX];
static unsigned sent, told;
static int every_ms; /* somebody else asks so often; 0: nobody */

int __wrap_survey_socket_alloc(struct survey_socket **sp,
			       const struct survey_socket_info *info,
			       const struct survey_socket_events *events, void *arg);
const struct sa *__wrap_survey_socket_local(const struct survey_socket *s);
int __wrap_survey_socket_send(struct survey_socket *s, const char *buf, size_t len,
			      enum survey_cut cut, uint32_t *mtu);

int __wrap_survey_socket_alloc(struct survey_socket **sp,
			       const struct survey_socket_info *info,
			       const struct survey_socket_events *events, void *arg)
{
	(void)info, (void)events, (void)arg;
	*sp = mem_zalloc(1, NULL);
	return 0;
}

const struct sa *__wrap_survey_socket_local(const struct survey_socket *s)
{
	(void)s;
	return &peer;
}

int __wrap_survey_socket_send(struct survey_socket *s, const char *buf, size_t len,
			      enum survey_cut cut, uint32_t *mtu)
{
	(void)s, (void)buf, (void)len, (void)cut;
	*mtu = 0;
	if (sent < SENT_MAX)
		sent_ns[sent++] = virtual_now_ns;
	return 0;
}

static const struct config_size size = {.bytes = 1700, .every = 3};
static struct config_settings settings = {
	.t1_us = 20000, .timeout_us = TIMEOUT_MS * 1000, .size = &size};

static const struct config_settings *settings_h(void *arg)
{
	(void)arg;
	return &settings;
}

static int make_h(struct request *r, const struct survey_question *q, void *arg)
{
	(void)r, (void)q, (void)arg;
	return 0;
}

static void size_h(const struct survey_size_report *r, void *arg)
{
	(void)r, (void)arg;
	told++;
}

static void times_h(struct survey_times *out, int64_t ahead_ns, void *arg)
{
	const int64_t span_ns = SURVEY_BUDGET_MS * CLOCK_NS_PER_MS;

	(void)arg;
	for (int64_t at_ns = virtual_now_ns - span_ns;
	     every_ms && at_ns < virtual_now_ns + ahead_ns + span_ns;
	     at_ns += every_ms * CLOCK_NS_PER_MS)
		survey_times_add(out, at_ns);
}

static struct survey_host host = {
	.peer = &peer,
	.method = "OPTIONS",
	.settings_h = settings_h,
	.make_h = make_h,
	.size_h = size_h,
	.times_h = times_h,
};

/* The most of what was sent in any two seconds. */
static unsigned busiest(void)
{
	unsigned most = 0;

	for (unsigned i = 0; i < sent; i++) {
		unsigned n = 0;

		for (unsigned k = i; k < sent; k++)
			n += sent_ns[k] - sent_ns[i] < SURVEY_BUDGET_MS * CLOCK_NS_PER_MS;
		most = n > most ? n : most;
	}
	return most;
}

/* One check after another, as fast as may be. */
static void test_room(void)
{
	static const struct {
		const char *name;
		int every_ms;
		unsigned least, most; /* of ours in two seconds */
	} cases[] = {
		{"alone", 0, 8, 10},
		{"beside a probe each 500 ms", 500, 3, 5},
		{"where there is no room", 200, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct survey *s = NULL;

		sent = told = 0;
		every_ms = cases[i].every_ms;
		is_int(survey_alloc(&s, &host), 0, cases[i].name);
		for (int k = 0; k < 100; k++) {
			survey_probed(s, true);
			pass_ms(100);
		}
		ok(busiest() >= cases[i].least && busiest() <= cases[i].most,
		   "%u of ours in two seconds", busiest());
		is_int(told > 0, cases[i].most > 0, "told, if there was room");
		mem_deref(s);
	}
}

/* Also to come: for who asks for it. */
static void test_times(void)
{
	struct survey_times all = {.checks = true}, alone = {.checks = false};
	struct survey *s = NULL;

	every_ms = 0;
	is_int(survey_alloc(&s, &host), 0, "a survey");
	ok(survey_checks_with(s, 1) && !survey_checks_with(s, 2) &&
		   survey_checks_with(s, 4),
	   "at first, and each third probe from then on");
	survey_probed(s, true);
	pass_ms(1);
	ok(!survey_checks_with(s, 1) && survey_checks_with(s, 3), "again with the third");
	survey_times(s, &all);
	survey_times(s, &alone);
	is_int((long long)alone.count, 1, "what went out");
	is_int((long long)all.count, 1 + 6, "and what may follow");
	mem_deref(s);
}

int main(void)
{
	int err = ticker_alloc(&host.ticker);

	sa_set_str(&peer, "127.0.0.1", 5060);
	ok(!err, "a ticker");
	test_room();
	test_times();
	mem_deref(host.ticker);
	return tap_done();
}
