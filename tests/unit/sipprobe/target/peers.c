#include <errno.h>

#include "base/siphash.h"
#include "sipprobe/target/peers.h"
#include "tests/unit/sipprobe/failing_mem.h"
#include "tests/unit/tap.h"

#define MANY 20000
#define UDP  CONFIG_TRANSPORT_UDP
#define TCP  CONFIG_TRANSPORT_TCP
#define TLS  CONFIG_TRANSPORT_TLS

static char rows[MANY];

static unsigned hashes; /* how often siphash_bytes() was called */

uint64_t __real_siphash_bytes(const struct siphash_key *key, const void *data,
			      size_t size);
uint64_t __wrap_siphash_bytes(const struct siphash_key *key, const void *data,
			      size_t size);

uint64_t __wrap_siphash_bytes(const struct siphash_key *key, const void *data,
			      size_t size)
{
	hashes++;
	return __real_siphash_bytes(key, data, size);
}

static const struct sa *at(const char *addr, uint16_t port)
{
	static struct sa sa;

	sa_set_str(&sa, addr, port);
	return &sa;
}

/* 192.0.2.1 as a socket of both families shows it. */
static const struct sa *mapped(uint16_t port)
{
	static const uint8_t addr[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	static struct sa sa;

	sa_set_in6(&sa, addr, port);
	return &sa;
}

/* The nth of many addresses, every other one IPv6. */
static const struct sa *nth(uint32_t n)
{
	static struct sa sa;
	uint8_t addr[16] = {0x20, 1, 0xd, 0xb8, [12] = n >> 24, n >> 16, n >> 8, n};

	if (n % 2)
		sa_set_in6(&sa, addr, 5060);
	else
		sa_set_in(&sa, 0x0a000000 + n, 5060);
	return &sa;
}

/* The example that SipHash's authors give. */
static void test_siphash(void)
{
	struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	uint8_t data[15];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	ok(siphash_bytes(&key, data, sizeof(data)) == 0xa129ca6149be45e5, "SipHash-2-4");
	ok(siphash_bytes(&key, data, 0) == 0x726fdb47dd0e0e31, "SipHash-2-4 of nothing");
}

static void test_choice(void)
{
	struct peers *p = NULL;
	struct sa none;

	ok(!peers_alloc(&p), "made");
	ok(!peers_find(p, at("192.0.2.1", 5060), UDP), "an empty table knows nobody");
	ok(!peers_add(p, at("192.0.2.1", 5060), UDP, rows), "one row");
	ok(!peers_add(p, at("192.0.2.1", 5060), TCP, rows + 1), "the same over TCP");
	ok(!peers_add(p, at("192.0.2.1", 5070), UDP, rows + 2), "another port");
	ok(!peers_add(p, at("192.0.2.1", 5070), UDP, rows + 3), "all the same, later");

	ok(peers_find(p, at("192.0.2.1", 5060), UDP) == rows, "port and transport");
	ok(peers_find(p, at("192.0.2.1", 5060), TCP) == rows + 1, "the other transport");
	ok(peers_find(p, at("192.0.2.1", 5070), UDP) == rows + 2, "the first of two");
	ok(peers_find(p, at("192.0.2.1", 5070), TCP) == rows + 1,
	   "transport before port");
	ok(peers_find(p, at("192.0.2.1", 5070), TLS) == rows + 2, "port alone");
	ok(peers_find(p, at("192.0.2.1", 0), TCP) == rows + 1, "any port");
	ok(peers_find(p, at("192.0.2.1", 0), UDP) == rows, "any port, the first of all");
	ok(peers_owns(p, at("192.0.2.1", 5060), TCP, rows + 1), "it owns that");
	ok(!peers_owns(p, at("192.0.2.1", 5060), UDP, rows + 1), "not over UDP");
	ok(!peers_owns(p, at("192.0.2.1", 5070), TCP, rows + 1), "nor at another port");
	ok(peers_find(p, at("192.0.2.1", 40000), TCP) == rows + 1, "transport alone");
	ok(peers_find(p, at("192.0.2.1", 40000), TLS) == rows, "else the first added");
	ok(peers_find(p, mapped(5070), UDP) == rows + 2, "IPv4-mapped");
	ok(!peers_find(p, at("192.0.2.2", 5060), UDP), "a stranger");
	ok(!peers_find(p, at("::192.0.2.1", 5060), UDP), "another IPv6 address");

	ok(!peers_remove(p, at("192.0.2.1", 5060), UDP, rows), "the first goes");
	ok(peers_find(p, at("192.0.2.1", 40000), TLS) == rows + 1, "the next is first");
	ok(!peers_remove(p, mapped(5070), UDP, rows + 3), "the last goes");
	ok(peers_remove(p, at("192.0.2.1", 5060), UDP, rows) == ENOENT, "not twice");
	ok(peers_remove(p, at("192.0.2.1", 5061), TCP, rows + 1) == ENOENT, "wrong port");
	ok(peers_remove(p, at("192.0.2.1", 5060), TLS, rows + 1) == ENOENT,
	   "wrong transport");
	ok(peers_remove(p, at("192.0.2.1", 5060), TCP, rows + 2) == ENOENT, "wrong row");
	is_int(peers_count(p), 2, "two are left");

	sa_init(&none, AF_UNSPEC);
	ok(peers_add(p, &none, UDP, rows) == EAFNOSUPPORT, "no address");
	ok(!peers_find(p, &none, UDP), "nobody's address");
	ok(peers_remove(p, &none, UDP, rows) == ENOENT, "never added");
	mem_deref(p);
}

static void test_refs(void)
{
	struct peers *p = NULL;
	int err = 0;

	ok(!peers_alloc(&p), "made");
	for (int i = 0; i < PEERS_REFS_MAX; i++)
		err |= peers_add(p, at("192.0.2.1", 5060), UDP, rows);
	ok(!err, "the same row many times");
	ok(peers_add(p, at("192.0.2.1", 5060), UDP, rows) == EOVERFLOW,
	   "but not for ever");
	is_int(peers_count(p), 1, "it counts once");
	for (int i = 1; i < PEERS_REFS_MAX; i++)
		err |= peers_remove(p, at("192.0.2.1", 5060), UDP, rows);
	ok(!err && peers_find(p, at("192.0.2.1", 5060), UDP) == rows, "one is left");
	ok(!peers_remove(p, at("192.0.2.1", 5060), UDP, rows) &&
		   !peers_find(p, at("192.0.2.1", 5060), UDP),
	   "none is left");
	mem_deref(p);
}

/* One row for each transport, at one address: each is found and goes alone. */
static void test_transports(void)
{
	const struct sa *sa = at("192.0.2.1", 5060);
	struct peers *p = NULL;
	int err = 0;

	ok(!peers_alloc(&p), "made");
	for (int i = 0; i < CONFIG_TRANSPORTS; i++)
		err |= peers_add(p, sa, (enum config_transport)i, &rows[i]);
	ok(!err, "one row over each transport");
	for (int i = 0; i < CONFIG_TRANSPORTS; i++) {
		ok(peers_owns(p, sa, (enum config_transport)i, &rows[i]),
		   "transport %d is its row's", i);
		ok(peers_find(p, sa, (enum config_transport)i) == &rows[i],
		   "which is found by it");
		ok(!peers_remove(p, sa, (enum config_transport)i, &rows[i]),
		   "and goes when it is taken out");
		ok(!peers_owns(p, sa, (enum config_transport)i, &rows[i]), "for good");
	}
	is_int(peers_count(p), 0, "none is left");
	mem_deref(p);
}

/* A permutation of 0 … MANY - 1: @step has no divisor in common with MANY. */
static uint32_t shuffled(uint32_t i, uint32_t step)
{
	return (uint64_t)i * step % MANY;
}

static void test_many(uint32_t step, const char *order)
{
	struct peers *p = NULL;
	unsigned wrong = 0;

	ok(!peers_alloc(&p), "made");
	for (uint32_t i = 0; i < MANY; i++)
		wrong += peers_add(p, nth(i), UDP, rows + i) != 0;
	ok(!wrong && peers_count(p) == MANY, "%d rows", MANY);
	for (uint32_t i = 0; i < MANY; i++)
		wrong += peers_find(p, nth(i), UDP) != rows + i;
	ok(!wrong && !peers_find(p, nth(MANY), UDP), "all are found, %s", order);

	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t n = shuffled(i, step), next = shuffled(i + 1, step);

		wrong += peers_remove(p, nth(n), UDP, rows + n) != 0;
		wrong += peers_find(p, nth(n), UDP) != NULL;
		if (i + 1 < MANY)
			wrong += peers_find(p, nth(next), UDP) != rows + next;
	}
	ok(!wrong && !peers_count(p), "all are removed, %s", order);
	ok(!peers_add(p, nth(1), UDP, rows) && peers_find(p, nth(1), UDP) == rows,
	   "and the table is of use again");
	mem_deref(p);
}

/* What cannot be added for want of memory is not there, and all else is. */
static void test_no_memory(void)
{
	struct peers *p = NULL;
	unsigned failures = 0, wrong = 0;
	int err = ENOMEM;

	for (long n = 0; err; n++) {
		mem_countdown = n;
		err = peers_alloc(&p);
		mem_countdown = -1;
		wrong += err && (err != ENOMEM || p);
		failures += err != 0;
	}
	ok(failures == 4 && !wrong, "none at all");
	failures = 0;
	for (uint32_t i = 0; i < 200; i++) {
		err = ENOMEM;
		for (long n = 0; err; n++) {
			mem_countdown = n;
			err = peers_add(p, nth(i), UDP, rows + i);
			mem_countdown = -1;
			failures += err != 0;
			wrong += err && (err != ENOMEM || peers_find(p, nth(i), UDP) ||
					 peers_count(p) != i);
		}
	}
	for (uint32_t i = 0; i < 200; i++)
		wrong += peers_find(p, nth(i), UDP) != rows + i;
	ok(failures > 10 && !wrong, "or all of it, whenever that is");
	for (uint32_t i = 0; i < 199; i++) {
		mem_countdown = 0;
		wrong += peers_remove(p, nth(i), UDP, rows + i) != 0;
	}
	mem_countdown = -1;
	ok(!wrong && peers_find(p, nth(199), UDP) == rows + 199, "removing needs none");
	mem_deref(p);
}

/* The tables are kept between a quarter and three quarters full. */
static void test_tables(void)
{
	struct peers *p = NULL;
	unsigned asked;

	ok(!peers_alloc(&p), "made");
	asked = mem_asked;
	for (uint32_t i = 0; i < 12; i++)
		peers_add(p, nth(i), UDP, rows + i);
	is_int(mem_asked, asked, "12 rows fit into 16 slots");
	peers_add(p, nth(12), UDP, rows + 12);
	is_int(mem_asked, asked + 2, "13 do not, in two tables");
	for (uint32_t i = 0; i < 11; i++)
		peers_add(p, nth(13 + i), UDP, rows + 13 + i);
	is_int(mem_asked, asked + 2, "24 fit into the next ones");
	for (uint32_t i = 0; i < 16; i++)
		peers_remove(p, nth(i), UDP, rows + i);
	is_int(mem_asked, asked + 2, "8 are enough for them");
	peers_remove(p, nth(16), UDP, rows + 16);
	is_int(mem_asked, asked + 4, "7 are not");
	for (uint32_t i = 17; i < 24; i++)
		peers_remove(p, nth(i), UDP, rows + i);
	is_int(mem_asked, asked + 4, "there is none smaller");
	mem_deref(p);
}

/* No single change takes long, however many there are: probes wait for it. */
static void test_growth(void)
{
	struct peers *p = NULL;
	unsigned most = 0;

	ok(!peers_alloc(&p), "made");
	for (uint32_t i = 0; i < 2 * MANY; i++) {
		bool adds = i < MANY;
		uint32_t n = adds ? i : 2 * MANY - 1 - i;

		hashes = 0;
		if (adds)
			peers_add(p, nth(n), UDP, rows + n);
		else
			peers_remove(p, nth(n), UDP, rows + n);
		if (hashes > most)
			most = hashes;
	}
	ok(!peers_count(p) && most < 200, "%u hashes at most", most);
	mem_deref(p);
}

/* Between two sizes, from whichever side: all are known, each may leave, others come. */
static void test_between(void)
{
	struct peers *p = NULL;
	unsigned wrong = 0;

	ok(!peers_alloc(&p), "made");
	for (uint32_t many = 10; many < 1600; many = many * 5 / 4) {
		for (uint32_t i = (uint32_t)peers_count(p); i < many; i++)
			wrong += peers_add(p, nth(i), UDP, rows + i) != 0;
		for (uint32_t i = 0; i < many; i += 3)
			wrong += peers_remove(p, nth(i), UDP, rows + i) != 0;
		for (uint32_t i = 0; i < many; i++)
			wrong += peers_owns(p, nth(i), UDP, rows + i) != (i % 3 != 0);
		for (uint32_t i = 0; i < many; i += 3)
			wrong += peers_add(p, nth(i), UDP, rows + i) != 0;
		for (uint32_t i = 0; i < many; i++)
			wrong += peers_find(p, nth(i), UDP) != rows + i;
	}
	ok(!wrong, "while the tables change");
	mem_deref(p);
}

/* One comes and goes, more often than there can be rows, and leaves nothing behind. */
static void test_coming_and_going(void)
{
	struct peers *p = NULL;
	unsigned wrong = 0;

	ok(!peers_alloc(&p), "made");
	wrong += peers_add(p, nth(0), UDP, rows) != 0;
	for (uint32_t i = 1; i <= PEERS_MAX + 1; i++) {
		wrong += peers_add(p, nth(i), UDP, rows + 1) != 0;
		wrong += peers_remove(p, nth(i), UDP, rows + 1) != 0;
	}
	ok(!wrong && peers_count(p) == 1, "%d times", PEERS_MAX + 1);
	ok(peers_find(p, nth(0), UDP) == rows && !peers_find(p, nth(PEERS_MAX), UDP),
	   "who stays is known");
	mem_deref(p);
}

struct shown {
	char text[64];
};

static void shown_h(void *row, int fit, void *arg)
{
	struct shown *s = arg;
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof(s->text) - len, "%d:%d ",
		 (int)((char *)row - rows), fit);
}

static void test_each(void)
{
	struct peers *p = NULL;
	struct shown all = {""}, none = {""};

	ok(!peers_alloc(&p), "made");
	peers_add(p, at("192.0.2.1", 5060), UDP, rows);
	peers_add(p, at("192.0.2.1", 5070), TCP, rows + 1);
	peers_add(p, at("192.0.2.2", 5060), UDP, rows + 2);
	peers_add(p, at("192.0.2.1", 5070), UDP, rows + 3);
	peers_each(p, at("192.0.2.1", 5070), UDP, shown_h, &all);
	is_str(all.text, "0:2 1:1 3:3 ", "rows of an address, and how well each fits");
	peers_each(p, at("192.0.2.9", 5060), UDP, shown_h, &none);
	is_str(none.text, "", "none of a stranger");
	mem_deref(p);
}

/* Who leaves, and who comes after that, in whatever order: the rest stands as it came. */
static void test_ring(void)
{
	static const struct {
		const char *name, *steps, *want;
	} cases[] = {
		{"the middle leaves, then the last", "-1 -2", "0:3 3:3 "},
		{"the middle leaves, and one comes", "-1 +1", "0:3 2:3 3:3 1:3 "},
		{"two in the middle", "-1 -2 +1", "0:3 3:3 1:3 "},
		{"two in the middle, from behind", "-2 -1 +2", "0:3 3:3 2:3 "},
		{"the middle, then the first", "-1 -0 +1", "2:3 3:3 1:3 "},
		{"the last, and one comes", "-3 +3", "0:3 1:3 2:3 3:3 "},
		{"all but one", "-2 -0 -3 +0", "1:3 0:3 "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shown left = {""};
		struct peers *p = NULL;

		if (peers_alloc(&p))
			return;
		for (int k = 0; k < 4; k++)
			peers_add(p, at("192.0.2.1", 5060), UDP, rows + k);
		for (const char *s = cases[i].steps; *s; s += s[2] ? 3 : 2) {
			if (*s == '+')
				peers_add(p, at("192.0.2.1", 5060), UDP,
					  rows + s[1] - '0');
			else
				peers_remove(p, at("192.0.2.1", 5060), UDP,
					     rows + s[1] - '0');
		}
		peers_each(p, at("192.0.2.1", 5060), UDP, shown_h, &left);
		is_str(left.text, cases[i].want, cases[i].name);
		mem_deref(p);
	}
}

/* Rows that all share one address must not slow each other down. */
static void test_crowd(void)
{
	struct peers *p = NULL;
	unsigned wrong = 0;

	ok(!peers_alloc(&p), "made");
	for (uint32_t i = 0; i < MANY; i++)
		wrong += peers_add(p, at("192.0.2.1", 5060), UDP, rows + i) != 0;
	ok(!wrong && peers_find(p, at("192.0.2.1", 5060), UDP) == rows,
	   "%d rows at one address", MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t n = shuffled(i, 99989);

		wrong += peers_remove(p, at("192.0.2.1", 5060), UDP, rows + n) != 0;
		wrong += (peers_find(p, at("192.0.2.1", 5060), UDP) != NULL) !=
			 (i + 1 < MANY);
		if (i % 1000 == 0)
			wrong += peers_remove(p, at("192.0.2.1", 5060), UDP, rows + n) ==
				 0;
	}
	ok(!wrong && !peers_count(p), "removed in no order");
	mem_deref(p);
}

int main(void)
{
	test_siphash();
	test_choice();
	test_refs();
	test_transports();
	test_many(1, "first to last");
	test_many(MANY - 1, "last to first");
	test_many(61, "in no order");
	test_no_memory();
	test_tables();
	test_growth();
	test_between();
	test_coming_and_going();
	test_each();
	test_ring();
	test_crowd();
	return tap_done();
}
