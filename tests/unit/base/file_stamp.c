/* Changes of a file that a stamp has to tell apart, and what is none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file_stamp.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/unit_file_stamp.XXXXXX";
static char path[64], other[64], folder[64], inside[64];

static void written(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static void rewrite(void)
{
	written(path, "two");
}

/* The time of modification can be set back, as unpacking an archive does. */
static void rewrite_with_old_time(void)
{
	struct stat st;

	stat(path, &st);
	written(path, "xyz");
	utimensat(AT_FDCWD, path, (struct timespec[]){st.st_atim, st.st_mtim}, 0);
}

static void grow(void)
{
	written(path, "longer");
}

static void replace(void)
{
	written(other, "longer");
	rename(other, path);
}

static void change_rights(void)
{
	chmod(path, 0400);
	chmod(path, 0600);
}

static void drop(void)
{
	unlink(path);
}

static void put_back(void)
{
	written(path, "one");
}

static const struct {
	const char *name;
	void (*act)(void);
} changes[] = {
	{"written anew, as long as before", rewrite},
	{"the same with the old time of modification", rewrite_with_old_time},
	{"longer", grow},
	{"replaced by rename", replace},
	{"other rights", change_rights},
	{"removed", drop},
	{"back again", put_back},
};

/* The clock of inodes is coarse: acts until its time has moved, at most a second. */
static bool seen(const struct file_stamp *before, void (*act)(void))
{
	for (int i = 0; i < 1000; i++) {
		struct file_stamp now;

		act();
		now = file_stamp_of(path);
		if (!file_stamp_equal(before, &now))
			return true;
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	return false;
}

static void test_changes(void)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct file_stamp before = file_stamp_of(path);
		struct file_stamp again = file_stamp_of(path);

		ok(file_stamp_equal(&before, &again), "two looks are equal");
		ok(seen(&before, changes[i].act), "%s", changes[i].name);
	}
}

/* Each field alone decides. */
static void test_fields(void)
{
	const struct file_stamp s = file_stamp_of(path);
	struct file_stamp other_stamps[] = {s, s, s, s, s};

	ok(!s.err && s.ino && s.size_bytes == 3 && s.changed_ns > 0, "a stamp");
	other_stamps[0].err = ENOENT;
	other_stamps[1].dev++;
	other_stamps[2].ino++;
	other_stamps[3].size_bytes++;
	other_stamps[4].changed_ns++;
	for (size_t i = 0; i < 5; i++)
		ok(!file_stamp_equal(&s, &other_stamps[i]), "field %zu counts", i);
}

static void test_absent(void)
{
	struct file_stamp none = file_stamp_of(NULL), zero = {0};
	struct file_stamp missing, wrong;

	ok(file_stamp_equal(&none, &zero), "no name, no stamp");
	snprintf(inside, sizeof(inside), "%s/one/two", dir);
	missing = file_stamp_of(folder);
	wrong = file_stamp_of(inside);
	is_int(missing.err, ENOENT, "a file that is not there");
	is_int(wrong.err, ENOTDIR, "and one that cannot be");
	ok(!file_stamp_equal(&missing, &wrong), "are not the same");
	ok(!file_stamp_equal(&missing, &zero), "nor is a missing one no name");
}

int main(void)
{
	if (!ok(mkdtemp(dir) != NULL, "a folder"))
		return tap_done();
	snprintf(path, sizeof(path), "%s/one", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(folder, sizeof(folder), "%s/nothing", dir);
	written(path, "one");
	test_changes();
	test_fields();
	test_absent();
	unlink(path);
	ok(!rmdir(dir), "removed");
	return tap_done();
}
