/* OpenSSL's allocations that fail are counted; what is made of them is not taken. */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "sipprobe/loop/openssl_memory.h"
#include "sipprobe/tls/tls.h"
#include "tests/support/ca.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

static void test_count(void)
{
	unsigned before = openssl_memory_failures();
	char *p = OPENSSL_malloc(8);

	ok(p && !OPENSSL_malloc(0), "as without us");
	p = OPENSSL_realloc(p, 16);
	ok(p != NULL, "larger");
	countdown = 0;
	ok(!OPENSSL_realloc(p, 1 << 20), "a failure");
	countdown = 0;
	ok(!OPENSSL_malloc(8), "another");
	countdown = -1;
	is_int(openssl_memory_failures() - before, 2, "both are counted");
	ok(!OPENSSL_realloc(p, 0), "given back");
	p = OPENSSL_realloc(NULL, 8);
	ok(p != NULL, "from nothing");
	OPENSSL_free(p);
}

/* For each allocation of a profile: it says no, or is as good as ever. */
static void test_profile(const char *path)
{
	const struct config_tls conf = {.ca_file = path};
	unsigned wrong = 0;
	bool failed;
	long n = -1;

	do {
		struct tls_profile *tp = NULL;
		unsigned before = openssl_memory_failures();
		char text[128];
		int err;

		countdown = ++n;
		err = tls_profile_alloc(&tp, &conf, false, text, sizeof(text));
		failed = countdown < 0;
		countdown = -1;
		wrong += !err && openssl_memory_failures() != before;
		wrong += !failed && err;
		mem_deref(tp);
	} while (failed);
	ok(n > 100, "%ld allocations failed in turn", n);
	is_int(wrong, 0, "no profile is made with less");
}

int main(void)
{
	struct ca_cert ca;
	char dir[64], path[128];

	openssl_memory_watch();
	libre_init();
	test_count();
	ca_make(&ca, &(struct ca_spec){"ca", .authority = true}, NULL);
	ca_write(path, ca_dir_make(dir), "ca.pem",
		 (const struct ca_cert *const[]){&ca, NULL}, NULL);
	test_profile(path);
	ca_drop(&ca);
	ca_dir_remove(dir);
	libre_close();
	return tap_done();
}
