/* Files that appear, change and go, told once a burst. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sipprobe/watch.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/watch-XXXXXX";

struct counter {
	unsigned told;
	struct watch *watch; /* freed when told, if it is there */
};

static void told_h(void *arg)
{
	struct counter *c = arg;

	c->told++;
	watch_free(c->watch);
	c->watch = NULL;
}

static bool is_told(void *arg)
{
	return ((struct counter *)arg)->told;
}

static const char *in_dir(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name)
{
	int fd = open(in_dir(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)!write(fd, "x", 1);
	(void)close(fd);
}

static void change_write(void)
{
	write_file("a.json");
}

static void change_delete(void)
{
	(void)unlink(in_dir("a.json"));
}

static void change_rename(void)
{
	char from[256];

	write_file("a.tmp");
	(void)snprintf(from, sizeof(from), "%s", in_dir("a.tmp"));
	(void)rename(from, in_dir("a.json"));
}

static void change_link(void)
{
	(void)unlink(in_dir("..data"));
	(void)!symlink("elsewhere", in_dir("..data"));
}

static void change_link_named(void)
{
	(void)!symlink("elsewhere", in_dir("b.json"));
}

static const struct {
	const char *name;
	void (*change)(void);
} changes[] = {
	{"a file is written", change_write},
	{"one goes", change_delete},
	{"one is renamed to its place", change_rename},
	{"a link appears", change_link_named},
	{"the link of a mounted secret is bent", change_link},
};

static void test_changes(void)
{
	char pattern[256];
	const char *const patterns[] = {pattern};

	(void)snprintf(pattern, sizeof(pattern), "%s", in_dir("*.json"));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct counter c = {0};

		is_int(watch_alloc(&c.watch, patterns, 1, told_h, &c), 0, "watched");
		changes[i].change();
		ok(loop_until(is_told, &c), "%s: told", changes[i].name);
		ok(!c.watch, "and the watch may be freed there");
	}
}

/* What matters to nobody is told to nobody, for longer than what matters would take. */
static void test_no_changes(void)
{
	char pattern[256], missing[256];
	const char *const patterns[] = {pattern, missing};
	struct counter old = {0}, heir = {0};
	struct watch *w = NULL;

	(void)snprintf(pattern, sizeof(pattern), "%s", in_dir("*.json"));
	(void)snprintf(missing, sizeof(missing), "%s", in_dir("none/*.json"));
	is_int(watch_alloc(&w, patterns, 2, told_h, &old), 0,
	       "a folder that is not there is none");
	is_int(watch_alloc(&heir.watch, patterns, 1, told_h, &heir), 0, "its heir");
	write_file("a.txt");
	write_file(".hidden.json");
	loop_turn();
	watch_succeed(heir.watch, w);
	for (int i = 0; i < 700 && !heir.told; i++)
		loop_turn();
	is_int(heir.told + old.told, 0, "other names matter to nobody");

	is_int(watch_alloc(&w, patterns, 1, told_h, &old), 0, "another");
	change_write();
	watch_succeed(w, heir.watch);
	heir.watch = NULL;
	ok(loop_until(is_told, &old), "what the former was not told yet is not lost");
	is_int(heir.told, 0, "nor told by it");
	watch_free(w);
	watch_succeed(NULL, NULL);
	watch_free(NULL);
}

static void bend(const char *name, const char *to)
{
	(void)unlink(in_dir(name));
	(void)!symlink(to, in_dir(name));
}

static void change_come(void)
{
	write_file("comes");
}

static void change_go(void)
{
	(void)unlink(in_dir("goes"));
}

static void change_written(void)
{
	int fd = open(in_dir("written"), O_APPEND | O_WRONLY | O_CLOEXEC);

	(void)!write(fd, "y", 1);
	(void)close(fd);
}

static void change_replaced(void)
{
	char from[256];

	write_file("replaced.new");
	(void)snprintf(from, sizeof(from), "%s", in_dir("replaced.new"));
	(void)rename(from, in_dir("replaced"));
}

static void change_folder(void)
{
	bend("current", "2");
}

static void change_nothing(void)
{
}

static const struct {
	const char *name;
	void (*change)(void);
	bool told;
} singles[] = {
	{"comes", change_come, true},
	{"goes", change_go, true},
	{"written", change_written, true},
	{"replaced", change_replaced, true},
	{"current/secret", change_folder, true},
	{"same", change_nothing, false},
};

enum { SINGLES = sizeof(singles) / sizeof(singles[0]) };

static void make_singles(void)
{
	(void)mkdir(in_dir("1"), 0700);
	(void)mkdir(in_dir("2"), 0700);
	write_file("1/secret");
	write_file("2/secret");
	bend("current", "1");
	write_file("goes");
	write_file("written");
	write_file("replaced");
	write_file("same");
}

static void remove_singles(void)
{
	static const char *const files[] = {"1/secret", "2/secret", "current", "comes",
					    "written",	"replaced", "same"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(in_dir(files[i]));
	(void)rmdir(in_dir("1"));
	(void)rmdir(in_dir("2"));
}

static bool are_told(void *arg)
{
	const struct counter *c = arg;
	bool all = true;

	for (int i = 0; i < SINGLES; i++)
		all &= c[i].told || !singles[i].told;
	return all;
}

/* Names that no pattern has, found by looks at them. */
static void test_singles(void)
{
	char pattern[256], name[256];
	const char *const patterns[] = {pattern}, *const names[] = {name};
	struct counter c[SINGLES] = {{0}};

	make_singles();
	(void)snprintf(pattern, sizeof(pattern), "%s", in_dir("*.json"));
	for (int i = 0; i < SINGLES; i++) {
		(void)snprintf(name, sizeof(name), "%s", in_dir(singles[i].name));
		is_int(watch_alloc(&c[i].watch, patterns, 1, told_h, &c[i]), 0, name);
		is_int(watch_names(c[i].watch, names, 1), 0, "is watched");
	}
	for (int i = 0; i < SINGLES; i++)
		singles[i].change();
	ok(loop_until(are_told, c), "all that changed are told");
	for (int i = 0; i < SINGLES; i++) {
		is_int(c[i].told, singles[i].told, singles[i].name);
		watch_free(c[i].watch);
	}
	remove_singles();
}

static struct watch *watch_password(struct counter *c)
{
	char pattern[256], password[256];
	const char *const patterns[] = {pattern}, *const names[] = {password};
	struct watch *w = NULL;

	(void)snprintf(pattern, sizeof(pattern), "%s", in_dir("*.json"));
	(void)snprintf(password, sizeof(password), "%s", in_dir("password"));
	if (watch_alloc(&w, patterns, 1, told_h, c) || watch_names(w, names, 1))
		exit(1);
	return w;
}

/* From a watch to the next, as a reload hands over. */
static void test_singles_handed_over(void)
{
	struct counter c = {0};
	struct watch *old = watch_password(&c), *w;

	write_file("password");
	watch_catch_up(old);
	w = watch_password(&c);
	watch_succeed(w, old);
	for (int i = 0; i < 700 && !c.told; i++)
		loop_turn();
	is_int(c.told, 0, "what was known before the load is not told");
	old = w;
	watch_catch_up(old);
	(void)unlink(in_dir("password"));
	w = watch_password(&c);
	watch_succeed(w, old);
	ok(loop_until(is_told, &c), "what changed while it was read is");
	watch_free(w);
	watch_catch_up(NULL);
}

static void rename_in_dir(const char *from, const char *to)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s", in_dir(from));
	(void)rename(path, in_dir(to));
}

static void folder_comes(void)
{
	(void)mkdir(in_dir("sub/here"), 0700);
	write_file("sub/here/t.json");
}

static void folder_is_replaced(void)
{
	(void)mkdir(in_dir("sub/new"), 0700);
	rename_in_dir("sub/here", "old");
	rename_in_dir("sub/new", "sub/here");
}

static void file_in_it(void)
{
	write_file("sub/here/t.json");
}

static void folder_goes(void)
{
	rename_in_dir("sub/here", "gone");
}

static void file_in_the_old(void)
{
	write_file("old/t.json");
}

static const struct {
	const char *name;
	void (*change)(void);
	bool told;
} folders[] = {
	{"a folder comes", folder_comes, true},
	{"another takes its place", folder_is_replaced, true},
	{"a file in that", file_in_it, true},
	{"a file in the one before", file_in_the_old, false},
	{"the folder goes", folder_goes, true},
};

/* By one watch, which nobody renews in between. */
static void test_folders(void)
{
	static const char *const files[] = {"old/t.json", "gone/t.json"};
	static const char *const made[] = {"old", "gone", "sub"};
	char pattern[256];
	const char *const patterns[] = {pattern};
	struct counter c = {0};
	struct watch *w = NULL;

	(void)mkdir(in_dir("sub"), 0700);
	(void)snprintf(pattern, sizeof(pattern), "%s", in_dir("sub/h*/*.json"));
	is_int(watch_alloc(&w, patterns, 1, told_h, &c), 0, "watched");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		c.told = 0;
		folders[i].change();
		if (folders[i].told)
			loop_until(is_told, &c);
		else
			for (int k = 0; k < 700 && !c.told; k++)
				loop_turn();
		is_int(c.told, folders[i].told, folders[i].name);
	}
	watch_free(w);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(in_dir(files[i]));
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		(void)rmdir(in_dir(made[i]));
}

/* Folders from a watch to the next. */
static void test_folders_handed_over(void)
{
	char pattern[256];
	const char *const patterns[] = {pattern};
	struct counter c = {0};
	struct watch *old = NULL, *w = NULL;

	(void)snprintf(pattern, sizeof(pattern), "%s", in_dir("late/*.json"));
	is_int(watch_alloc(&old, patterns, 1, told_h, &c), 0, "watched");
	(void)mkdir(in_dir("late"), 0700);
	watch_catch_up(old);
	is_int(watch_alloc(&w, patterns, 1, told_h, &c), 0, "its heir");
	watch_succeed(w, old);
	for (int i = 0; i < 700 && !c.told; i++)
		loop_turn();
	is_int(c.told, 0, "a folder known before the load is not told");
	old = w;
	watch_catch_up(old);
	(void)rmdir(in_dir("late"));
	(void)mkdir(in_dir("late"), 0700);
	is_int(watch_alloc(&w, patterns, 1, told_h, &c), 0, "the next");
	watch_succeed(w, old);
	ok(loop_until(is_told, &c), "one that came while files were read is");
	watch_free(w);
	(void)rmdir(in_dir("late"));
}

static void test_names(void)
{
	char *text = malloc(6000);
	const char *patterns[] = {text, "plain.json", "/nowhere-*"};
	struct watch *w = NULL;

	if (!text)
		return;
	memset(text, 'a', 5999);
	memcpy(text, "/tmp/", 5);
	memcpy(text + 5990, "/x", 3);
	is_int(watch_alloc(&w, patterns, 1, told_h, NULL), ENAMETOOLONG,
	       "a folder with too long a name");
	is_int(watch_alloc(&w, patterns + 1, 2, told_h, NULL), 0,
	       "a name without a folder, and a folder of the root");
	watch_free(w);
	free(text);
}

int main(void)
{
	static const char *const left[] = {"a.json", "b.json", "..data", "a.txt",
					   ".hidden.json"};

	if (libre_init() || fd_setsize(1024) || !mkdtemp(dir))
		return 1;
	test_changes();
	test_no_changes();
	test_singles();
	test_singles_handed_over();
	test_folders();
	test_folders_handed_over();
	test_names();
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		(void)unlink(in_dir(left[i]));
	is_int(rmdir(dir), 0, "nothing is left");
	libre_close();
	return tap_done();
}
