/* Many files, looked at in turns; what changed between two lists; memory that runs out.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_stamps.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

enum { FILES = 40 };

static char dir[] = "/tmp/unit_file_stamps.XXXXXX";

static const char *name(int n)
{
	static char path[2][64];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%d", dir, n);
	return path[turn];
}

static void write_file(int n, const char *text)
{
	FILE *f = fopen(name(n), "we");

	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static struct file_stamps many(void)
{
	struct file_stamps s = {.count = 0};

	for (int i = 0; i < FILES; i++)
		if (file_stamps_add(&s, name(i)))
			exit(1);
	return s;
}

static void test_looks(void)
{
	struct file_stamps s;

	write_file(1, "one");
	s = many();
	is_int(file_stamps_add(&s, name(1)), 0, "one that is known");
	is_int((long long)s.count, FILES, "counts once");
	ok(!file_stamps_look(&s, 1000), "nothing has changed");
	write_file(1, "longer");
	ok(file_stamps_look(&s, 1000), "one is written");
	ok(!file_stamps_look(&s, 1000), "which is told once");
	write_file(39, "new");
	ok(file_stamps_look(&s, 1000), "one comes");
	unlink(name(39));
	ok(file_stamps_look(&s, 1000), "and goes");
	ok(!file_stamps_look(&s, 1000), "and is gone");
	file_stamps_clear(&s);
	ok(!file_stamps_look(&s, 1000), "none, none changes");
}

static void test_turns(void)
{
	struct file_stamps s = many();

	write_file(20, "new");
	ok(!file_stamps_look(&s, 20), "the first twenty have not changed");
	ok(file_stamps_look(&s, 1), "the next one has");
	write_file(0, "new");
	ok(!file_stamps_look(&s, 19), "the rest has not");
	ok(file_stamps_look(&s, 1), "and then the first comes again");
	file_stamps_clear(&s);
}

static void test_differ(void)
{
	struct file_stamps a = many(), b = {.count = 0};

	is_int(file_stamps_add(&b, "/nonexistent"), 0, "another file");
	write_file(39, "only there");
	is_int(file_stamps_add(&b, name(2)), 0, "and one of them");
	ok(!file_stamps_differ(&b, &a) && !file_stamps_differ(&a, &b), "seen alike");
	is_int(file_stamps_add(&b, name(39)), 0, "one that came meanwhile");
	ok(file_stamps_differ(&b, &a) && file_stamps_differ(&a, &b), "seen as another");
	file_stamps_clear(&a);
	ok(!file_stamps_differ(&b, &a), "nothing to compare with");
	file_stamps_clear(&b);
}

static void test_no_memory(void)
{
	struct file_stamps s = {.count = 0};
	/* The list, which is kept; the name; the set. */
	static const long fail_at[] = {0, 1, 1};

	for (size_t i = 0; i < sizeof(fail_at) / sizeof(*fail_at); i++) {
		countdown = fail_at[i];
		is_int(file_stamps_add(&s, "/a"), ENOMEM, "no memory");
		ok(!s.count && !file_stamps_look(&s, 1), "nothing is added");
	}
	countdown = -1;
	is_int(file_stamps_add(&s, "/a"), 0, "there is again");
	is_int((long long)s.count, 1, "and it is added");
	file_stamps_clear(&s);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	test_looks();
	test_turns();
	test_differ();
	test_no_memory();
	for (int i = 0; i < FILES; i++)
		unlink(name(i));
	is_int(rmdir(dir), 0, "nothing is left");
	return tap_done();
}
