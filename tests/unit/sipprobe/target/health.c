/* State from verdicts, and a trunk's state from its addresses'. */
#include <stdlib.h>
#include <string.h>

#include "sipprobe/health.h"
#include "tests/unit/tap.h"

/* Verdicts: u up, d degraded, x down. States: ? unknown, U up, D degraded, X down. */
static const struct {
	const char *name;
	unsigned fall, rise;
	const char *verdicts;
	const char *states;
} runs[] = {
	{"the first answer makes it up", 3, 2, "u", "U"},
	{"one failure of an unknown trunk tells nothing", 3, 2, "x", "?"},
	{"three failures make it down", 3, 2, "uxxx", "UUUX"},
	{"a lost probe changes nothing", 3, 2, "uxuxxu", "UUUUUU"},
	{"down from unknown after three", 3, 2, "xxx", "??X"},
	{"rise of two", 3, 2, "xxxuu", "??XXU"},
	{"a failure between begins the rise anew", 3, 2, "xxxuxuu", "??XXXXU"},
	{"degraded and up count alike for rise", 3, 2, "xxxduu", "??XXUU"},
	{"degraded at once, and back at once", 3, 2, "uduu", "UDUU"},
	{"down while degraded", 2, 1, "dxx", "DDX"},
	{"fall and rise of one follow each result", 1, 1, "uxuxd", "UXUXD"},
	{"fall of one from unknown", 1, 1, "x", "X"},
	{"unknown, a failure, then an answer: up", 3, 2, "xu", "?U"},
};

static void test_runs(void)
{
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct health h = {0};
		char got[32] = "";

		for (size_t k = 0; runs[i].verdicts[k]; k++) {
			char c = runs[i].verdicts[k];
			enum probe_verdict v = c == 'u'	  ? PROBE_UP
					       : c == 'd' ? PROBE_DEGRADED
							  : PROBE_DOWN;

			h = health_next(h, v, runs[i].fall, runs[i].rise);
			got[k] = "?UDX"[h.state];
		}
		is_str(got, runs[i].states, runs[i].name);
	}
}

static void test_streak(void)
{
	struct health h = {0};

	for (int i = 0; i < 70000; i++)
		h = health_next(h, PROBE_DOWN, 3, 2);
	is_int(h.streak, UINT16_MAX, "a streak does not wrap");
	is_int(h.state, HEALTH_DOWN, "and the state stays");
}

/* Whose place an address takes, as verdicts of its own; what follows there. */
static const struct {
	const char *name;
	char trunk;
	const char *former, *verdicts;
	const char *states; /* the first one before any verdict */
} successions[] = {
	{"a trunk not known yet: failures add up", '?', "xx", "x", "?X"},
	{"a trunk not known yet: the first answer", '?', "xx", "u", "?U"},
	{"a trunk without an address before", '?', "", "xxx", "???X"},
	{"up goes on", 'U', "uu", "uu", "UUU"},
	{"up, and failures add up", 'U', "uxx", "x", "UX"},
	{"up, and an answer between", 'U', "uxx", "uxx", "UUUU"},
	{"degraded until it answers", 'D', "d", "xu", "DDU"},
	{"one that was down among others that are up", 'D', "xxx", "xu", "DXX"},
	{"one that was down among others, and is up at once", 'D', "xxx", "u", "DU"},
	{"down, and answers add up", 'X', "xxxu", "u", "XU"},
	{"down, and a failure between", 'X', "xxxu", "xuu", "XXXU"},
	{"down goes on", 'X', "xxx", "x", "XX"},
	{"one that was up in a trunk that is down", 'X', "uuu", "uu", "XXU"},
};

static enum probe_verdict verdict_of(char c)
{
	return c == 'u' ? PROBE_UP : c == 'd' ? PROBE_DEGRADED : PROBE_DOWN;
}

static void test_successions(void)
{
	for (size_t i = 0; i < sizeof(successions) / sizeof(successions[0]); i++) {
		const char *states = "?UDX", *c;
		struct health h = {0};
		char got[16] = "";
		size_t n = 0;

		for (c = successions[i].former; *c; c++)
			h = health_next(h, verdict_of(*c), 3, 2);
		h = health_succeed(
			h, (enum health_state)(strchr(states, successions[i].trunk) -
					       states));
		got[n++] = states[h.state];
		for (c = successions[i].verdicts; *c; c++) {
			h = health_next(h, verdict_of(*c), 3, 2);
			got[n++] = states[h.state];
		}
		is_str(got, successions[i].states, successions[i].name);
	}
}

static void test_better(void)
{
	static const char *const order[] = {"uuu", "u", "", "ux", "xx", "xxxx"};

	for (size_t i = 1; i < sizeof(order) / sizeof(order[0]); i++) {
		struct health a = {0}, b = {0};

		for (const char *c = order[i - 1]; *c; c++)
			a = health_next(a, verdict_of(*c), 3, 2);
		for (const char *c = order[i]; *c; c++)
			b = health_next(b, verdict_of(*c), 3, 2);
		ok(health_is_better(a, b) && !health_is_better(b, a) &&
			   !health_is_better(a, a),
		   "%s", order[i]);
	}
}

static void test_go_on(void)
{
	for (int was = 0; was < HEALTH_STATES; was++)
		for (int is = 0; is < HEALTH_STATES; is++)
			is_int(health_go_on((enum health_state)was,
					    (enum health_state)is),
			       is == HEALTH_UNKNOWN ? was : is,
			       health_state_name((enum health_state)was));
}

/* Members as STATE PRIORITY pairs: "U0X1" is one up at 0 and one down at 1. */
static const struct {
	const char *name;
	const char *members;
	char any, all, primary;
} rollups[] = {
	{"none", "", '?', '?', '?'},
	{"one up", "U0", 'U', 'U', 'U'},
	{"one down", "X0", 'X', 'X', 'X'},
	{"one unknown", "?0", '?', '?', '?'},
	{"one degraded", "D0", 'D', 'D', 'D'},
	{"one of two down", "U0X0", 'D', 'X', 'D'},
	{"both down", "X0X0", 'X', 'X', 'X'},
	{"primary down, backup up", "X0U1", 'D', 'X', 'X'},
	{"primary up, backup down", "U0X1", 'D', 'X', 'D'},
	{"primary up, backup not heard of", "U0?1", 'U', '?', 'U'},
	{"down and not heard of", "X0?0", '?', 'X', '?'},
	{"two priorities, lowest number first", "U20X10U10", 'D', 'X', 'D'},
	{"one limps", "U0D0", 'D', 'D', 'D'},
};

static size_t parse_members(const char *text, struct health_member *m)
{
	size_t n = 0;

	while (*text) {
		const char *states = "?UDX";
		char *end;

		m[n].state = (enum health_state)(strchr(states, *text) - states);
		m[n++].priority = (unsigned)strtoul(text + 1, &end, 10);
		text = end;
	}
	return n;
}

static void test_rollups(void)
{
	static const enum config_up_when whens[] = {
		CONFIG_UP_WHEN_ANY, CONFIG_UP_WHEN_ALL, CONFIG_UP_WHEN_PRIMARY};

	for (size_t i = 0; i < sizeof(rollups) / sizeof(rollups[0]); i++) {
		struct health_member m[8];
		size_t n = parse_members(rollups[i].members, m);
		char got[4] = "",
		     want[4] = {rollups[i].any, rollups[i].all, rollups[i].primary};

		for (int k = 0; k < 3; k++)
			got[k] = "?UDX"[health_rollup(m, n, whens[k])];
		is_str(got, want, rollups[i].name);
	}
}

static void test_inbound(void)
{
	static const struct {
		const char *name;
		enum health_state state;
		enum health_state missing;
	} cases[] = {
		{"unknown stays", HEALTH_UNKNOWN, HEALTH_UNKNOWN},
		{"up limps", HEALTH_UP, HEALTH_DEGRADED},
		{"degraded stays", HEALTH_DEGRADED, HEALTH_DEGRADED},
		{"down stays", HEALTH_DOWN, HEALTH_DOWN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		is_int(health_with_inbound(cases[i].state, true), cases[i].missing,
		       cases[i].name);
		is_int(health_with_inbound(cases[i].state, false), cases[i].state,
		       cases[i].name);
	}
}

static void test_judge(void)
{
	struct config_settings s = {0};

	s.up_codes.bits[200 / 64] |= 1ULL << 200 % 64;
	s.up_codes.bits[503 / 64] |= 1ULL << 503 % 64;
	s.degraded_codes.bits[503 / 64] |= 1ULL << 503 % 64;
	is_int(health_judge(&s, PROBE_RESPONSE, 200), PROBE_UP, "a listed code is up");
	is_int(health_judge(&s, PROBE_RESPONSE, 503), PROBE_DEGRADED,
	       "degraded wins over up");
	is_int(health_judge(&s, PROBE_RESPONSE, 500), PROBE_DOWN,
	       "no listed code is down");
	is_int(health_judge(&s, PROBE_RESPONSE, 70000), PROBE_DOWN, "nor is any number");
	for (int o = PROBE_RESPONSE + 1; o < PROBE_OUTCOMES; o++)
		is_int(health_judge(&s, (enum probe_outcome)o, 200), PROBE_DOWN,
		       probe_outcome_name((enum probe_outcome)o));
}

static void test_unbound(void)
{
	static const struct {
		const char *name;
		enum probe_verdict v;
		bool held;
		enum health_state s;
		enum probe_verdict want;
	} cases[] = {
		{"up by its code", PROBE_UP, true, HEALTH_UP, PROBE_DOWN},
		{"down", PROBE_DOWN, true, HEALTH_UP, PROBE_DOWN},
		{"degraded, nothing held", PROBE_DEGRADED, false, HEALTH_UP, PROBE_DOWN},
		{"degraded, never held", PROBE_DEGRADED, false, HEALTH_UNKNOWN,
		 PROBE_DOWN},
		{"degraded while held", PROBE_DEGRADED, true, HEALTH_UP, PROBE_DEGRADED},
		{"and still so", PROBE_DEGRADED, true, HEALTH_DEGRADED, PROBE_DEGRADED},
		{"held, but down already", PROBE_DEGRADED, true, HEALTH_DOWN, PROBE_DOWN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(health_unbound(cases[i].v, cases[i].held, cases[i].s),
		       cases[i].want, cases[i].name);
}

static void test_names(void)
{
	is_str(health_state_name(HEALTH_DOWN), "down", "a state's name");
	is_str(health_state_name(HEALTH_STATES), "unknown", "what is none is not known");
}

int main(void)
{
	test_names();
	test_runs();
	test_streak();
	test_successions();
	test_better();
	test_go_on();
	test_rollups();
	test_inbound();
	test_judge();
	test_unbound();
	return tap_done();
}
