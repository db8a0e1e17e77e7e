/* Passwords: how credentials are read, who is let in, whose turn it is, what is kept. */
#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "exporter/webconfig/web_auth.h"
#include "exporter/webconfig/web_config.h"
#include "exporter/webconfig/web_credentials.h"
#include "exporter/webconfig/web_priority.h"
#include "tests/unit/tap.h"

static const struct {
	const char *field;
	bool good;
	const char *name;
	const char *password;
} credential_cases[] = {
	{"Basic YTpi", true, "a", "b"},
	{"basic   YTpi", true, "a", "b"},
	{"Basic YWI6Yzpk", true, "ab", "c:d"},
	{"Basic Og==", true, "", ""},
	{"Basic Og=", true, "", ""},
	{"Basic Og", true, "", ""},
	{"Basic Oh==", false, NULL, NULL},  /* bits are left over */
	{"Basic Og===", false, NULL, NULL}, /* too much padding */
	{"Basic Og==x", false, NULL, NULL}, /* something after it */
	{"Basic YTpiY", false, NULL, NULL}, /* six bits are no byte */
	{"Basic YT pi", false, NULL, NULL},
	{"Basic YTpi\n", false, NULL, NULL},
	{"Basic YTpiAA==", false, NULL, NULL}, /* a NUL */
	{"Basic YWI=", false, NULL, NULL},     /* no colon */
	{"Basic ", false, NULL, NULL},
	{"Basic", false, NULL, NULL},
	{"Bearer YTpi", false, NULL, NULL},
	{"", false, NULL, NULL},
	{NULL, false, NULL, NULL},
};

static void test_credentials(void)
{
	for (size_t i = 0; i < sizeof(credential_cases) / sizeof(*credential_cases);
	     i++) {
		struct web_credentials c;
		bool good = web_credentials_parse(&c, credential_cases[i].field);

		if (!ok(good == credential_cases[i].good, "credentials %zu: %s", i,
			credential_cases[i].field ? credential_cases[i].field : "none") ||
		    !good)
			continue;
		is_str(c.name, credential_cases[i].name, "name");
		is_str(c.password, credential_cases[i].password, "password");
	}
}

static void test_long_credentials(void)
{
	char field[2048] = "Basic ";
	struct web_credentials c;

	for (size_t n = 4; n < 1600; n += 4) {
		memset(field + 6, 'O', n); /* "8" and colons of sorts, no colon */
		field[6 + n] = '\0';
		if (web_credentials_parse(&c, field)) {
			ok(false, "%zu characters without a colon", n);
			return;
		}
	}
	ok(true, "credentials of any length without a colon");
}

static const struct {
	const char *hash;
	bool good;
} hash_cases[] = {
	{"$2y$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
	{"$2b$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
	{"$2a$16$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
	{"$2a$17$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	{"$2a$03$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	{"$2x$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	{"$2y$1x$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	{"$2y$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	{"$2y$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	{"$2y$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:a", false},
	{"$6$aaaaaaaa$aaaa", false},
	{"secret", false},
	{"$2$", false},
	{"", false},
};

static void test_hashes(void)
{
	for (size_t i = 0; i < sizeof(hash_cases) / sizeof(*hash_cases); i++)
		ok(!web_auth_hash_check(hash_cases[i].hash) == hash_cases[i].good,
		   "hash \"%s\"", hash_cases[i].hash);
}

static char *encode(const char *user, const char *password)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static char field[1024];
	char text[256];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s:%s", user, password), out = 6;
	unsigned bits = 0, have = 0;

	strcpy(field, "Basic ");
	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | (unsigned char)text[i];
		for (have += 8; have >= 6;) {
			have -= 6;
			field[out++] = digits[bits >> have & 63];
		}
	}
	if (have)
		field[out++] = digits[bits << (6 - have) & 63];
	field[out] = '\0';
	return field;
}

/* The order in which verdicts came. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	int order[64];
	enum web_verdict verdicts[64];
	int count;
} heard = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static void verdict_h(enum web_verdict v, void *arg)
{
	pthread_mutex_lock(&heard.lock);
	heard.order[heard.count] = (int)(intptr_t)arg;
	heard.verdicts[heard.count++] = v;
	pthread_cond_signal(&heard.more);
	pthread_mutex_unlock(&heard.lock);
}

static void wait_heard(int count)
{
	pthread_mutex_lock(&heard.lock);
	while (heard.count < count)
		pthread_cond_wait(&heard.more, &heard.lock);
	pthread_mutex_unlock(&heard.lock);
}

static struct web_pairs users_of(struct config_pair *pair, const char *salt)
{
	static struct crypt_data data;
	static char hash[64];

	snprintf(hash, sizeof(hash), "%s", crypt_r("pw", salt, &data));
	*pair = (struct config_pair){"prom", hash};
	return (struct web_pairs){pair, 1};
}

static struct web_claim claim_of(const struct web_pairs *users, const char *user,
				 const char *password, uint8_t network)
{
	struct web_claim c = {.users = users};

	c.authorization = encode(user, password);
	c.network[15] = network;
	return c;
}

static enum web_verdict judge(struct web_auth *a, const struct web_claim *claim)
{
	enum web_verdict v = web_auth_known(a, claim);

	if (v != WEB_LATER)
		return v;
	heard.count = 0;
	if (web_auth_check(a, claim, verdict_h, NULL))
		return WEB_BUSY;
	wait_heard(1);
	return heard.verdicts[0];
}

static void test_memory(void)
{
	struct config_pair pair;
	struct web_pairs users = users_of(&pair, "$2b$04$abcdefghijklmnopqrstuu");
	struct web_auth *a = NULL;
	struct web_claim claim;
	char guess[16];

	is_int(web_auth_alloc(&a), 0, "judges can be had");
	claim = claim_of(&users, "prom", "pw", 1);
	is_int(judge(a, &claim), WEB_ALLOWED, "the right password");
	is_int(judge(a, &claim), WEB_ALLOWED, "… again");
	is_int((long long)web_auth_checks(a), 1, "costs one bcrypt");
	for (int i = 0; i < 300; i++) {
		snprintf(guess, sizeof(guess), "g%d", i);
		claim = claim_of(&users, "prom", guess, 1);
		if (judge(a, &claim) != WEB_DENIED)
			ok(false, "guess %d", i);
	}
	is_int((long long)web_auth_checks(a), 301, "each guess costs one");
	claim = claim_of(&users, "prom", "pw", 1);
	is_int(web_auth_known(a, &claim), WEB_ALLOWED, "and drives out nothing");
	claim = claim_of(&users, "nobody", "pw", 1);
	is_int(judge(a, &claim), WEB_DENIED, "an unknown user");
	is_int((long long)web_auth_checks(a), 302, "costs as much");
	web_auth_free(a);
}

/*
 * A costly first job keeps the thread busy; then a network asks twelve times, and another
 * once: it need not wait for all of them.
 */
static void test_turns(void)
{
	struct config_pair slow_pair, pair;
	struct web_pairs slow = users_of(&slow_pair, "$2b$10$abcdefghijklmnopqrstuu");
	struct web_pairs users;
	char slow_hash[64];
	struct web_auth *a = NULL;
	struct web_claim claim;
	char guess[16];
	int place = -1;

	snprintf(slow_hash, sizeof(slow_hash), "%s", slow_pair.value);
	slow_pair.value = slow_hash;
	users = users_of(&pair, "$2b$04$abcdefghijklmnopqrstuu");
	is_int(web_auth_alloc(&a), 0, "judges can be had");
	heard.count = 0;
	claim = claim_of(&slow, "prom", "x", 1);
	web_auth_check(a, &claim, verdict_h, NULL);
	for (int i = 0; i < 12; i++) {
		snprintf(guess, sizeof(guess), "t%d", i);
		claim = claim_of(&users, "prom", guess, 1);
		web_auth_check(a, &claim, verdict_h, NULL);
	}
	claim = claim_of(&users, "prom", "pw", 2);
	web_auth_check(a, &claim, verdict_h, (void *)(intptr_t)7);
	wait_heard(14);
	for (int i = 0; i < 14; i++)
		if (heard.order[i] == 7)
			place = i;
	ok(place >= 1 && place <= 3, "another network comes early, as number %d", place);
	is_int(heard.verdicts[place], WEB_ALLOWED, "and is let in");
	web_auth_free(a);
}

static void test_stop(void)
{
	struct config_pair pair;
	struct web_pairs users = users_of(&pair, "$2b$10$abcdefghijklmnopqrstuu");
	struct web_auth *a = NULL;
	struct web_claim claim = {0};
	char guess[16];
	int busy = 0;

	is_int(web_auth_alloc(&a), 0, "judges can be had");
	heard.count = 0;
	for (int i = 0; i < 20; i++) {
		snprintf(guess, sizeof(guess), "s%d", i);
		claim = claim_of(&users, "prom", guess, 1);
		web_auth_check(a, &claim, verdict_h, NULL);
	}
	web_auth_stop(a);
	is_int(heard.count, 20, "all who wait are told at a stop");
	for (int i = 0; i < heard.count; i++)
		busy += heard.verdicts[i] == WEB_BUSY;
	ok(busy >= 15, "%d of them that nobody has time", busy);
	ok(web_auth_check(a, &claim, verdict_h, NULL) != 0, "and none is taken after it");
	web_auth_free(a);
}

#define BASE	 "NORMAL:-VERS-ALL"
#define V12	 ":+VERS-TLS1.2"
#define V13	 ":+VERS-TLS1.3"
#define ECDSA	 ":-KX-ALL:+ECDHE-ECDSA:-CIPHER-ALL"
#define RSA	 ":-KX-ALL:+ECDHE-RSA:-CIPHER-ALL"
#define MAC	 ":-MAC-ALL:+AEAD"
#define MODERN	 ":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
#define OUR_WISH ":%SERVER_PRECEDENCE"

/* Ciphers by their place in web_cipher_names. */
static const struct {
	const char *what;
	int min, max;
	int ciphers[4];
	size_t count;
	bool rsa;
	const char *text; /* or NULL, for an error */
} priority_cases[] = {
	{"no list",
	 WEB_TLS12,
	 WEB_TLS13,
	 {0},
	 0,
	 false,
	 BASE V13 V12 ECDSA MODERN MAC OUR_WISH},
	{"no list, RSA",
	 WEB_TLS12,
	 WEB_TLS13,
	 {0},
	 0,
	 true,
	 BASE V13 V12 RSA MODERN MAC OUR_WISH},
	{"1.3 alone",
	 WEB_TLS13,
	 WEB_TLS13,
	 {0},
	 0,
	 false,
	 BASE V13 ECDSA MODERN MAC OUR_WISH},
	{"one suite",
	 WEB_TLS12,
	 WEB_TLS13,
	 {4},
	 1,
	 true,
	 BASE V13 V12 RSA ":+AES-256-GCM" MAC OUR_WISH},
	{"suites of 1.3 do not turn on theirs in 1.2",
	 WEB_TLS12,
	 WEB_TLS13,
	 {0, 4},
	 2,
	 true,
	 BASE V13 V12 RSA ":+AES-256-GCM" MAC OUR_WISH},
	{"suites of 1.3 alone leave 1.2 out",
	 WEB_TLS12,
	 WEB_TLS13,
	 {1},
	 1,
	 true,
	 BASE V13 RSA ":+AES-256-GCM" MAC OUR_WISH},
	{"CBC alone leaves 1.3 out",
	 WEB_TLS12,
	 WEB_TLS13,
	 {6},
	 1,
	 true,
	 BASE V12 RSA ":+AES-128-CBC" MAC ":+SHA1" OUR_WISH},
	{"suites of the other key", WEB_TLS12, WEB_TLS12, {3}, 1, false, NULL},
	{"the same, with 1.3", WEB_TLS12, WEB_TLS13, {3}, 1, false, NULL},
	{"a list means nothing for 1.3 alone",
	 WEB_TLS13,
	 WEB_TLS13,
	 {3},
	 1,
	 false,
	 BASE V13 ECDSA MODERN MAC OUR_WISH},
	{"suites of 1.3, and only 1.2", WEB_TLS12, WEB_TLS12, {0}, 1, false, NULL},
};

static void test_priorities(void)
{
	for (size_t i = 0; i < sizeof(priority_cases) / sizeof(*priority_cases); i++) {
		struct web_tls_conf conf = {
			.min_version = priority_cases[i].min,
			.max_version = priority_cases[i].max,
			.server_order = true,
		};
		char text[WEB_PRIORITY_BYTES] = "";
		int list[4];

		memcpy(list, priority_cases[i].ciphers, sizeof(list));
		conf.ciphers = (struct web_numbers){list, priority_cases[i].count};
		if (web_priority_text(text, &conf, priority_cases[i].rsa))
			ok(!priority_cases[i].text, "%s: an error",
			   priority_cases[i].what);
		else
			is_str(text, priority_cases[i].text, priority_cases[i].what);
	}
}

int main(void)
{
	test_credentials();
	test_long_credentials();
	test_hashes();
	test_memory();
	test_turns();
	test_stop();
	test_priorities();
	return tap_done();
}
