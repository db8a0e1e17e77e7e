/* The one address at which a trunk registers: which it is, and which comes after it. */
#include <string.h>

#include "config/config.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/trunk/trunk_registrar.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { MOST = 3 };

static struct config_register first = {.at = CONFIG_REGISTER_AT_FIRST};

static unsigned moves;

static void move_h(void *arg)
{
	(void)arg;
	moves++;
}

static struct resolve_address address_of(char name)
{
	struct resolve_address a = {.transport = CONFIG_TRANSPORT_UDP};

	sa_set_in(&a.sa, 0x7f000000U + (uint8_t)name, 5060);
	return a;
}

/* What the name has now: a letter an address. */
static void list(struct registrar *r, const char *names)
{
	struct resolve_address all[MOST];
	struct resolve_result res = {.addresses = all, .count = strlen(names)};

	for (size_t i = 0; i < res.count; i++)
		all[i] = address_of(names[i]);
	registrar_list(r, &res);
}

/* The letter of the address at which it registers; '?': none of these, or several. */
static char at(const struct registrar *r)
{
	char found = 0;

	for (const char *c = "abcdef"; *c; c++) {
		struct resolve_address a = address_of(*c);

		if (registrar_wants(r, CONFIG_METHOD_REGISTER, &a))
			found = found ? '?' : *c;
	}
	return found ? found : '?';
}

static char next(struct registrar *r, bool hurry)
{
	const struct resolve_address *a;

	ok(registrar_next(r, &a) == hurry, "%s", hurry ? "one is left" : "all failed");
	return at(r);
}

static struct registrar *make(unsigned methods, struct config_register *reg)
{
	struct config_settings s = {.methods = methods, .registration = reg};
	struct registrar *r = NULL;

	if (registrar_alloc(&r, &s, virtual_ticker, move_h, NULL))
		ok(false, "memory");
	return r;
}

static void test_who_has_one(void)
{
	const unsigned reg = 1U << CONFIG_METHOD_REGISTER,
		       opt = 1U << CONFIG_METHOD_OPTIONS;
	struct config_register every = {.at = CONFIG_REGISTER_AT_ALL};
	struct registrar *r = make(reg | opt, &first);

	ok(r != NULL, "a trunk that registers at the first");
	mem_deref(r);
	ok(!make(opt, &first), "not one that does not register");
	ok(!make(reg, &every), "nor one that does at all of them");
	ok(!make(reg, NULL), "nor without what to register");
	ok(registrar_wants(NULL, CONFIG_METHOD_REGISTER, NULL),
	   "which wants every check");
}

static void test_choice(void)
{
	struct registrar *r = make(1U << CONFIG_METHOD_REGISTER, &first);
	struct resolve_address b = address_of('b');

	list(r, "abc");
	is_int(registrar_count(r), 3, "all are counted");
	is_int(at(r), 'a', "the first");
	ok(registrar_wants(r, CONFIG_METHOD_OPTIONS, &b), "OPTIONS goes to each");
	is_int(next(r, true), 'b', "then the second");
	list(r, "cba");
	is_int(at(r), 'b', "which stays, wherever it stands");
	is_int(next(r, true), 'c', "the best of the new order is next");
	is_int(next(r, true), 'a', "then what was not tried since");
	is_int(next(r, false), 'c', "then from the best on");
	list(r, "ab");
	is_int(at(r), 'a', "when it is gone, the best");
	mem_deref(r);
}

/* Only one of several is another: that is another list. */
static void test_change(void)
{
	struct registrar *r = make(1U << CONFIG_METHOD_REGISTER, &first);

	list(r, "ab");
	list(r, "ac");
	is_int(at(r), 'a', "the first stays");
	is_int(next(r, true), 'c', "what came follows");
	list(r, "ac");
	is_int(next(r, false), 'a', "the same list forgets no failure");
	list(r, "ab");
	list(r, "ba");
	is_int(next(r, true), 'b', "another order does");
	list(r, "cba");
	is_int(at(r), 'b', "it stays");
	list(r, "dca");
	is_int(at(r), 'd', "and gone it is the best of the new ones");
	list(r, "eca");
	is_int(at(r), 'e', "though that alone is another");
	mem_deref(r);
}

/* What makes it move on, of a target that is down or was never up. */
static void test_moves(void)
{
	static const struct {
		const char *name, *addresses;
		const struct prober *prober;
		enum health_state state;
		enum probe_verdict verdict;
		enum probe_outcome outcome;
		unsigned code;
		unsigned moves;
	} cases[] = {
#define REGISTERS &prober_register, HEALTH_DOWN, PROBE_DOWN
		{"silence", "ab", REGISTERS, PROBE_TIMEOUT, 0, 1},
		{"a handshake that failed", "ab", REGISTERS, PROBE_TLS, 0, 1},
		{"a server that timed out", "ab", REGISTERS, PROBE_RESPONSE, 408, 1},
		{"one that is broken", "ab", REGISTERS, PROBE_RESPONSE, 500, 1},
		{"or busy", "ab", REGISTERS, PROBE_RESPONSE, 599, 1},
		{"not one that says no", "ab", REGISTERS, PROBE_RESPONSE, 404, 0},
		{"neither here", "ab", REGISTERS, PROBE_RESPONSE, 407, 0},
		{"nor there", "ab", REGISTERS, PROBE_RESPONSE, 409, 0},
		{"nor for all", "ab", REGISTERS, PROBE_RESPONSE, 600, 0},
		{"nor that we have no business there", "ab", REGISTERS, PROBE_AUTH, 0, 0},
		{"nor what is our fault", "ab", REGISTERS, PROBE_INTERNAL, 0, 0},
		{"an address without another", "a", REGISTERS, PROBE_TIMEOUT, 0, 0},
		{"one that was never up", "ab", &prober_register, HEALTH_UNKNOWN,
		 PROBE_DOWN, PROBE_TIMEOUT, 0, 1},
		{"not yet one that is", "ab", &prober_register, HEALTH_UP, PROBE_DOWN,
		 PROBE_TIMEOUT, 0, 0},
		{"or limps", "ab", &prober_register, HEALTH_DEGRADED, PROBE_DOWN,
		 PROBE_TIMEOUT, 0, 0},
		{"an answer", "ab", &prober_register, HEALTH_DOWN, PROBE_UP,
		 PROBE_RESPONSE, 200, 0},
		{"another check", "ab", &prober_options, HEALTH_DOWN, PROBE_DOWN,
		 PROBE_TIMEOUT, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct registrar *r = make(1U << CONFIG_METHOD_REGISTER, &first);
		const struct target t = {.prober = cases[i].prober,
					 .health.state = (uint8_t)cases[i].state};
		const struct probe_result last = {.outcome = cases[i].outcome,
						  .verdict = cases[i].verdict,
						  .code = (uint16_t)cases[i].code};

		list(r, cases[i].addresses);
		moves = 0;
		registrar_result(r, &t, &last);
		is_int(moves, 0, "not while its target is at work");
		pass_ns(WHEEL_TICK_NS);
		is_int(moves, cases[i].moves, cases[i].name);
		registrar_result(r, &t, &last);
		mem_deref(r);
		pass_ns(WHEEL_TICK_NS);
		is_int(moves, cases[i].moves, "nor once it is gone");
	}
}

int main(void)
{
	struct ticker *ticker;

	if (ticker_alloc(&ticker))
		return 1;
	test_who_has_one();
	test_choice();
	test_change();
	test_moves();
	mem_deref(ticker);
	return tap_done();
}
