/* The one address at which a trunk registers: which it is, and which comes after it. */
#include <string.h>

#include "config/config.h"
#include "sipprobe/trunk/trunk_registrar.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { MOST = 3 };

static struct config_register first = {.at = CONFIG_REGISTER_AT_FIRST};

static void move_h(void *arg)
{
	(void)arg;
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

int main(void)
{
	struct ticker *ticker;

	if (ticker_alloc(&ticker))
		return 1;
	test_who_has_one();
	test_choice();
	test_change();
	mem_deref(ticker);
	return tap_done();
}
