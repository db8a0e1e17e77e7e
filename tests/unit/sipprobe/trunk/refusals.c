/* What is refused: how often it is told, and by which name. */
#include "sipprobe/trunk/refusals.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

struct told {
	int why;
	char peer[64];
	uint64_t count;
	unsigned times;
};

static void refused_h(int why, const char *peer, uint64_t count, void *arg)
{
	struct told *t = arg;

	t->why = why;
	(void)snprintf(t->peer, sizeof(t->peer), "%s", peer);
	t->count = count;
	t->times++;
}

static void test_names(void)
{
	static const char *const names[] = {"stranger", "unmatched", "malformed", "rate",
					    "full",	"displaced", "shortage"};

	is_int(sizeof(names) / sizeof(names[0]), ENGINE_STRAYS, "as many as there are");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		is_str(engine_stray_name((enum engine_stray)i), names[i], names[i]);
	is_str(engine_stray_name(ENGINE_STRAYS), "malformed", "what has no name");
}

static void test_pace(void)
{
	const struct engine_events events = {.refused_h = refused_h};
	const struct engine_events deaf = {.refused_h = NULL};
	struct refusals r = {.count = {0}};
	struct told t = {.times = 0};
	struct sa peer;

	(void)sa_set_str(&peer, "192.0.2.1", 5060);
	refusals_note(&r, ENGINE_STRAY_RATE, &peer, &deaf, &t);
	refusals_note(&r, ENGINE_STRAY_RATE, &peer, &events, &t);
	is_int(t.times, 1, "told at once, when somebody asks");
	is_int(t.why, ENGINE_STRAY_RATE, "why");
	is_str(t.peer, "192.0.2.1:5060", "who");
	is_int((long long)t.count, 2, "and how often, told or not");
	refusals_note(&r, ENGINE_STRAY_FULL, &peer, &events, &t);
	ok(t.times == 2 && t.count == 1, "another kind is counted by itself");
	pass_ns(ENGINE_REFUSED_S * CLOCK_NS_PER_S - 1);
	refusals_note(&r, ENGINE_STRAY_RATE, &peer, &events, &t);
	is_int(t.times, 2, "then no sooner than so");
	pass_ns(1);
	refusals_note(&r, ENGINE_STRAY_RATE, &peer, &events, &t);
	ok(t.times == 3 && t.count == 2, "with those between");
}

int main(void)
{
	struct ticker *ticker;

	if (ticker_alloc(&ticker))
		return 1;
	test_names();
	test_pace();
	mem_deref(ticker);
	return tap_done();
}
