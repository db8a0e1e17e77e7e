/*
 * What a target says to the survey of its peer: whether there is one, how its questions
 * are made, how its probes went, and when else that address is asked. The survey itself
 * is the test's.
 */
#include <errno.h>

#include "sipprobe/survey/survey.h"
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP  CONFIG_TRANSPORT_UDP
#define CALM ", \"interval\": \"5s\", \"timeout\": \"2s\""
#define SIZE CALM ", \"size\": {\"bytes\": 1700, \"every\": 10}"

static const struct survey_host *host; /* of the survey that was made last */
static int alloc_err;
static char probed[64];		   /* "+-": a probe that went well, one that did not */
static const struct survey *shown; /* whose own times were asked for last */

int __wrap_survey_alloc(struct survey **sp, const struct survey_host *h);
void __wrap_survey_probed(struct survey *s, bool well);
void __wrap_survey_times(const struct survey *s, struct survey_times *out);

int __wrap_survey_alloc(struct survey **sp, const struct survey_host *h)
{
	if (alloc_err)
		return alloc_err;
	host = h;
	*sp = mem_zalloc(1, NULL);
	return 0;
}

void __wrap_survey_probed(struct survey *s, bool well)
{
	(void)s;
	strcat(probed, well ? "+" : "-");
}

void __wrap_survey_times(const struct survey *s, struct survey_times *out)
{
	shown = s;
	survey_times_add(out, virtual_now_ns + 77 * CLOCK_NS_PER_MS);
}

static unsigned checks_with; /* the probe from now on that a check is due with */
bool __wrap_survey_checks_with(const struct survey *s, unsigned nth);

bool __wrap_survey_checks_with(const struct survey *s, unsigned nth)
{
	(void)s;
	return nth == checks_with;
}

static void size_h(void *cell, const struct survey_size_report *r, void *arg)
{
	(void)cell;
	fixture_tell(arg, "size %u", r->bytes);
}

static void train_h(void *cell, const struct survey_train_report *r, void *arg)
{
	(void)cell, (void)r;
	fixture_tell(arg, "train");
}

static struct target *open_with(struct fixture *f, const char *settings)
{
	struct target *t;

	host = NULL;
	alloc_err = 0;
	probed[0] = '\0';
	fixture_open(f, UDP, settings);
	f->events.probe.survey_size_h = size_h;
	f->events.probe.survey_train_h = train_h;
	t = fixture_target(f, &prober_options);
	(void)fixture_told(f);
	return t;
}

static void test_whether(void)
{
	static const struct {
		const char *name, *settings;
		enum config_transport transport;
		bool registers, told, want;
	} cases[] = {
		{"sizes", SIZE, UDP, false, true, true},
		{"trains",
		 CALM
		 ", \"train\": {\"count\": 10, \"gap\": \"20ms\", \"every\": \"5m\"}",
		 UDP, false, true, true},
		{"neither", CALM, UDP, false, true, false},
		{"another method", SIZE, UDP, true, true, false},
		{"another transport", SIZE, CONFIG_TRANSPORT_TCP, false, true, false},
		{"nobody listens", SIZE, UDP, false, false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t;

		host = NULL;
		fixture_open(&f, cases[i].transport, cases[i].settings);
		f.events.probe.survey_size_h = cases[i].told ? size_h : NULL;
		t = fixture_target(&f, cases[i].registers ? &prober_register
							  : &prober_options);
		is_int(host != NULL, cases[i].want, cases[i].name);
		is_int(t->more->surveyed != NULL, cases[i].want, "kept for it");
		mem_deref(t);
		fixture_close(&f);
	}
}

static void test_no_memory(void)
{
	struct fixture f;
	struct target *t = open_with(&f, SIZE), *none = NULL;

	alloc_err = ENOMEM;
	is_int(target_alloc(&none, &f.group, &f.owner, &prober_options, &f.address, -1),
	       ENOMEM, "no memory for a survey: no target");
	ok(!none && registry_count(f.services.registry) == 1, "and nothing of it");
	is_str(fixture_told(&f), "", "nor told");
	mem_deref(t);
	fixture_close(&f);
}

static void test_question(void)
{
	struct sa local;
	const struct survey_question q = {
		.local = &local, .fields = "X-Size: 7\r\n", .via = ";odd=1"};
	struct request one = {0}, other = {0};
	struct fixture f;
	struct target *t = open_with(&f, SIZE);

	sa_set_str(&local, "127.0.0.9", 5099);
	ok(host->settings_h(host->arg) == target_settings(t) &&
		   host->ticker == f.services.ticker &&
		   sa_cmp(host->peer, &f.address.sa, SA_ALL),
	   "what is in force");
	is_str(host->method, "OPTIONS", "its method");
	is_int(host->make_h(&one, &q, host->arg), 0, "a question");
	is_int(host->make_h(&other, &q, host->arg), 0, "and another");
	(void)snprintf(f.got, sizeof(f.got), "%.*s", (int)one.len, one.buf);
	is_str(fixture_field(&f, "X-Size"), "7", "with its fields");
	ok(!strncmp(fixture_field(&f, "Via"), "SIP/2.0/UDP 127.0.0.9:5099;", 27),
	   "from our end: %s", fixture_field(&f, "Via"));
	ok(strstr(fixture_field(&f, "Via"), ";odd=1") != NULL, "with its parameters");
	ok(one.buf && other.buf &&
		   strncmp(request_key(&one), request_key(&other), REQUEST_KEY_LEN),
	   "each with a branch of its own");
	request_free(&one);
	request_free(&other);
	mem_deref(t);
	fixture_close(&f);
}

static void test_reports(void)
{
	const struct survey_size_report size = {.bytes = 1700};
	const struct survey_train_report train = {0};
	struct fixture f;
	struct target *t = open_with(&f, SIZE);

	host->size_h(&size, host->arg);
	host->train_h(&train, host->arg);
	is_str(fixture_told(&f), "size 1700, train", "told");
	mem_deref(t);
	fixture_close(&f);

	t = open_with(&f, SIZE ", \"paused\": true");
	host->size_h(&size, host->arg);
	host->train_h(&train, host->arg);
	is_str(fixture_told(&f), "", "not of who was told to nobody");
	mem_deref(t);
	fixture_close(&f);
}

/* Only while all is well is a peer asked for more. */
static void test_probed(void)
{
	struct fixture f;
	struct target *t =
		open_with(&f, SIZE ", \"fall\": 2, \"rise\": 2, \"up_codes\": [200]");
	static const char *const answers[] = {"200 OK", "404 Not Found", NULL, "200 OK",
					      "200 OK"};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		fixture_probe(t);
		fixture_drain(&f);
		if (answers[i])
			fixture_reply(&f, answers[i], "");
		else
			pass_ms(2000);
	}
	is_str(probed, "+---+", "answered, refused, silent, still down, up again");
	mem_deref(t);
	fixture_close(&f);
}

/* "-100 0 1000": when the address is asked, in milliseconds from now. */
static const char *times(int64_t ahead_ns)
{
	static char text[512];
	struct survey_times out = {.count = 0};
	size_t n = 0;

	text[0] = '\0';
	shown = NULL;
	host->times_h(&out, ahead_ns, host->arg);
	for (size_t i = 0; i < out.count && i < SURVEY_BUDGET_TIMES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%lld", i ? " " : "",
				      (long long)(out.at_ns[i] - virtual_now_ns) /
					      CLOCK_NS_PER_MS);
	return text;
}

static void test_own_times(void)
{
	const int64_t ahead_ns = 9000 * CLOCK_NS_PER_MS;
	struct fixture f;
	struct target *t = open_with(&f, SIZE);

	target_probe_at(t, virtual_now_ns + 1000 * CLOCK_NS_PER_MS);
	is_str(times(ahead_ns), "1000 6000", "due, and by its interval");
	is_str(times(ahead_ns + 1), "1000 6000 11000", "up to two seconds after it");
	fixture_probe(t);
	pass_ns(100 * CLOCK_NS_PER_MS);
	is_str(times(ahead_ns), "-100 400", "under way, and its next copy");
	pass_ns(500 * CLOCK_NS_PER_MS);
	is_str(times(ahead_ns), "-600 -100 900", "its last copy, and the next");
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	target_probe_at(t, virtual_now_ns + 9000 * CLOCK_NS_PER_MS);
	is_str(times(ahead_ns), "-600 -100 9000", "answered: it is due again");
	pass_ns(1400 * CLOCK_NS_PER_MS);
	is_str(times(ahead_ns), "-1500 7600", "what is two seconds old counts no more");
	pass_ns(500 * CLOCK_NS_PER_MS);
	is_str(times(ahead_ns), "7100", "nor do copies");
	mem_deref(t);
	fixture_close(&f);
}

/* A check that is due counts for who asks for that: as many questions at its probe. */
static void test_due_checks(void)
{
	struct fixture f;
	struct target *t = open_with(&f, SIZE);
	struct survey_times out = {.checks = true};

	checks_with = 2;
	target_probe_at(t, virtual_now_ns + 1000 * CLOCK_NS_PER_MS);
	host->times_h(&out, 5000 * CLOCK_NS_PER_MS, host->arg);
	is_int((long long)out.count, 2 + 6, "two probes, and a check with the second");
	is_int(survey_budget_room(&out), 10 - 1 - 6, "room beside them");
	is_str(times(5000 * CLOCK_NS_PER_MS), "1000 6000", "not for who waits itself");
	checks_with = 0;
	mem_deref(t);
	fixture_close(&f);
}

/* More than there is room for is told as that. */
static void test_too_many_times(void)
{
	struct fixture f;
	struct target *t = open_with(&f, SIZE);
	struct survey_times out = {.count = 0};

	target_probe_at(t, virtual_now_ns);
	host->times_h(&out, 1000 * CLOCK_NS_PER_S, host->arg);
	is_int((long long)out.count, SURVEY_BUDGET_TIMES + 1, "no room for them");
	mem_deref(t);
	fixture_close(&f);
}

/* Others ask at the same address, too; those of a trunk that is paused do not. */
static void test_times_of_others(void)
{
	struct fixture f;
	struct target *first, *t;
	struct target_owner paused;

	first = open_with(&f, SIZE);
	t = fixture_target(&f, &prober_options);
	target_probe_at(first, virtual_now_ns + 300 * CLOCK_NS_PER_MS);
	target_probe_at(t, virtual_now_ns + 400 * CLOCK_NS_PER_MS);
	is_str(times(0), "300 77 400", "another's probes, and what its survey asks");
	ok(shown == first->more->surveyed->survey, "but not the own one");
	paused = f.owner;
	paused.paused = true;
	first->owner = &paused;
	is_str(times(0), "400", "paused");
	first->owner = &f.owner;
	mem_deref(first);
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_whether,	 test_no_memory,      test_question,
		test_reports,	 test_probed,	      test_own_times,
		test_due_checks, test_too_many_times, test_times_of_others,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
